//! The custom labels of the Pages.

use std::collections::BTreeSet;

use super::super::world::ChatKey;

/// The labels of all Pages, oldest first.
#[derive(Default)]
pub(in crate::emulator) struct Labels {
    pub(in crate::emulator) kept: Vec<Label>,
}

/// One of them, and who has it.
pub(in crate::emulator) struct Label {
    pub(in crate::emulator) id: String,
    pub(in crate::emulator) account: usize,
    pub(in crate::emulator) name: String,
    pub(in crate::emulator) people: BTreeSet<ChatKey>,
}

impl Labels {
    /// The label with this id, of one of these accounts.
    pub(in crate::emulator) fn find(&self, accounts: &[usize], id: &str) -> Option<&Label> {
        self.kept.iter().find(|label| label.id == id && accounts.contains(&label.account))
    }
}
