//! The persistent menus of single people.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::world::ChatKey;
use super::profiles::Pace;

/// The menus that differ from the Page's.
#[derive(Default)]
pub(in crate::emulator) struct Menus {
    pub(in crate::emulator) set: BTreeMap<ChatKey, Value>,
    pub(in crate::emulator) pace: BTreeMap<ChatKey, Pace>,
}
