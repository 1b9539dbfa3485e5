//! The conversations in memory.

mod agenda;
mod live;
mod work;

pub(crate) use agenda::Woken;
pub(crate) use live::{Live, Write};
