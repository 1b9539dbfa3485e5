//! Meta's Graph API, as an account calls it, and as the app itself does.
//!
//! Each group of endpoints is a file of methods of the account's [`Client`] (`send`, `history`) or of the app's
//! [`AppClient`] (`token`), which make their call by `call`: with the token and its proof, to the version of the
//! settings, with an answer of bounded length. A call that fails tells what the caller can do about it ([`CallError`]). An
//! account's client keeps to Meta's rates, and stands still while Meta says that there were too many calls. It sends only on a
//! [`Permit`](crate::policy::Permit).
//!
//! Meta: <https://developers.facebook.com/docs/graph-api>

mod app;
mod breaker;
mod call;
mod client;
mod clients;
mod credentials;
mod error;
mod gate;
mod history;
mod lane;
mod pace;
mod response;
mod send;
mod token;

pub(crate) use app::AppClient;
pub(crate) use breaker::BreakerPermit;
pub(crate) use client::Client;
pub(crate) use clients::Clients;
pub(crate) use error::CallError;
#[cfg(test)]
pub(crate) use history::REACH;
pub(crate) use history::{History, HistoryMessage};
pub(crate) use response::Accepted;
pub(crate) use token::TokenInfo;
