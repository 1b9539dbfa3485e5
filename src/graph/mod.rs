//! Meta's Graph API, as one account calls it.
//!
//! Each group of endpoints is a file (`send`, `history`) of methods of the [`Client`], which make their call by `call`: with the
//! account's token and proof, to the version of the settings, with an answer of bounded length. A call that fails tells what
//! the caller can do about it ([`CallError`]). The client keeps to Meta's rates, and stands still while Meta says that there were too
//! many calls. It sends only on a [`Permit`](crate::policy::Permit).
//!
//! Meta: <https://developers.facebook.com/docs/graph-api>

mod breaker;
mod call;
mod client;
mod clients;
mod credentials;
mod error;
mod gate;
mod history;
mod pace;
mod response;
mod send;

pub(crate) use breaker::BreakerPermit;
pub(crate) use client::Client;
pub(crate) use clients::Clients;
pub(crate) use error::CallError;
#[cfg(test)]
pub(crate) use history::REACH;
pub(crate) use history::{History, HistoryMessage};
pub(crate) use response::Accepted;
