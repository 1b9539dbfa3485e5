//! Which callbacks may be subscribed by a control call.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use reqwest::Url;

use super::world::World;

/// The callbacks that the world or the emulator's start named. A control call subscribes no other: else it could have any
/// address called.
pub(super) struct Callbacks(Mutex<BTreeSet<String>>);

impl Callbacks {
    pub(super) fn of(world: &World) -> Callbacks {
        Callbacks(Mutex::new(world.app.webhooks.iter().map(|callback| in_one_form(callback)).collect()))
    }

    /// From here on `callback` is one of them.
    pub(super) fn name(&self, callback: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(in_one_form(callback));
    }

    /// Whether `callback` is an address that was not named.
    pub(super) fn is_unnamed(&self, callback: &str) -> bool {
        let named = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Url::parse(callback).is_ok() && !named.contains(&in_one_form(callback))
    }
}

fn in_one_form(callback: &str) -> String {
    Url::parse(callback).map_or_else(|_| callback.to_owned(), String::from)
}
