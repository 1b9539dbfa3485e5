//! The personas of the Pages.

use serde_json::{Value, json};

/// The personas of all Pages, oldest first.
#[derive(Default)]
pub(in crate::emulator) struct Personas {
    pub(in crate::emulator) kept: Vec<Persona>,
}

/// One of them.
pub(in crate::emulator) struct Persona {
    pub(in crate::emulator) id: String,
    pub(in crate::emulator) account: usize,
    pub(in crate::emulator) name: String,
    pub(in crate::emulator) picture: String,
}

impl Personas {
    /// The persona with this id, of one of these accounts.
    pub(in crate::emulator) fn find(&self, accounts: &[usize], id: &str) -> Option<&Persona> {
        self.kept.iter().find(|persona| persona.id == id && accounts.contains(&persona.account))
    }
}

impl Persona {
    /// As the person sees it.
    pub(in crate::emulator) fn seen(&self) -> Value {
        json!({"id": self.id, "name": self.name, "profile_picture_url": self.picture})
    }
}
