//! The utility templates of the Pages.

use serde_json::Value;

use crate::clock::Timestamp;

/// The templates of all Pages, oldest first.
#[derive(Default)]
pub(in crate::emulator) struct Templates {
    pub(in crate::emulator) kept: Vec<Template>,
}

/// One of them.
pub(in crate::emulator) struct Template {
    pub(in crate::emulator) id: String,
    pub(in crate::emulator) account: usize,
    pub(in crate::emulator) name: String,
    pub(in crate::emulator) language: String,
    pub(in crate::emulator) components: Value,
    pub(in crate::emulator) parameter_format: Value,
    pub(in crate::emulator) at: Timestamp,
}

impl Templates {
    /// Whether the account has a template of this name in this language.
    pub(in crate::emulator) fn has(&self, account: usize, name: &str, language: &str) -> bool {
        self.kept.iter().any(|kept| kept.account == account && kept.name == name && kept.language == language)
    }

    /// The template with this id, of one of these accounts.
    pub(in crate::emulator) fn find(&self, accounts: &[usize], id: &str) -> Option<&Template> {
        self.kept.iter().find(|template| template.id == id && accounts.contains(&template.account))
    }
}
