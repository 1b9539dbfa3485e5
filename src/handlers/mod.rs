//! The bots of this binary: one file each, and one line in [`all`].
//!
//! A bot uses the crate as anybody would from outside, through the names at its root.

#![allow(unreachable_pub, reason = "a bot may be public whether or not anybody outside uses it")]

mod echo;
mod none;

pub use echo::Echo;
pub use none::None;

use crate::Handlers;

/// Every handler, by the name that an account gives in the settings.
pub fn all() -> Handlers {
    Handlers::new().with("echo", Echo).with("none", None)
}
