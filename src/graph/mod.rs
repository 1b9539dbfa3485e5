//! Meta's Graph API, as one account calls it.
//!
//! A [`Client`] holds the account's token and proof, keeps to Meta's rates, and stands still while Meta says that there
//! were too many calls. It sends only on a [`Permit`](crate::policy::Permit), and tells how a call ended by what the caller
//! can do about it ([`SendError`]).
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/send-api>

mod answer;
mod breaker;
mod client;
mod error;
mod gate;
mod history;
mod pace;

pub use breaker::Pass;
pub use client::{Accepted, Client, http};
pub use error::SendError;
pub use history::{History, HistoryError, REACH, Said};
