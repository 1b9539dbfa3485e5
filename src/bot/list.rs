//! The handlers, by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{AnyHandler, Handler};

/// The handlers that accounts can name in the settings.
///
/// ```
/// # use rejoinder::{Context, Event, Handler};
/// # struct Shop;
/// # impl Handler for Shop {
/// #     async fn handle(&self, _: &mut Context, _: &Event) -> anyhow::Result<()> { Ok(()) }
/// # }
/// let handlers = rejoinder::handlers::all().with("shop", Shop);
/// assert_eq!(handlers.names(), ["echo", "none", "shop"]);
/// ```
#[derive(Clone, Default)]
pub struct Handlers(BTreeMap<String, Arc<dyn AnyHandler>>);

impl Handlers {
    /// No handlers.
    pub fn new() -> Handlers {
        Handlers::default()
    }

    /// Adds a handler under a name, in place of another of that name.
    pub fn with(mut self, name: impl Into<String>, handler: impl Handler) -> Handlers {
        self.0.insert(name.into(), Arc::new(handler));
        self
    }

    /// The names, in order.
    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<dyn AnyHandler>> {
        self.0.get(name).cloned()
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.0.keys()).finish()
    }
}
