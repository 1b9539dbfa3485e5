//! May this be sent, now, to this person? Facts and `now` in, a decision out; no I/O.
//!
//! [`decide`] is the only way to a [`Permit`], and a permit the only way to the wire. What is not known is refused. The
//! rules' numbers are ours, the rules are Meta's; `docs/policy.md` lists every one, what is done about it, and the test that
//! holds it. A chapter of theirs is a file here:
//!
//! | Chapter | |
//! | --- | --- |
//! | 100 | `form`: Meta's own code for a value that it does not know |
//! | limits | `limits`: what is too long to be sent whole |
//! | P0 | `start`: the person speaks first |
//! | P1 | `window`: the 24 hours; `ground`: the messaging types |
//! | P2 | `tags` |
//! | P3 | `human_agent` |
//! | P4 | `private_reply`: to a comment or a visitor's post |
//! | P5 | `one_time`: one-time notifications; `opt_in`: asking for them, and for marketing messages |
//! | P8 | `utility`: utility templates |
//! | P9 | `news` |
//! | P10 | `sponsored`: advertisements, which are not sent |
//! | P11 | `marketing`: marketing messages |
//! | P12 | `instagram`: what is not there |
//! | P16 | `enforcement`: blocks |
//!
//! Two chapters say what a bot owes the person instead of what it may not say: P6 ([`disclosure`]) and P7 ([`responsiveness`]).
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/policy/policy-overview>

mod decision;
pub mod disclosure;
mod enforcement;
mod facts;
#[cfg(test)]
mod fixture;
mod form;
mod ground;
mod human_agent;
mod instagram;
mod limits;
mod marketing;
mod news;
mod one_time;
mod opt_in;
mod periods;
mod permit;
mod private_reply;
mod refusal;
pub mod responsiveness;
mod sponsored;
mod start;
mod tags;
mod taking;
mod utility;
mod window;

pub use decision::{Decision, check, decide};
pub use enforcement::restricts;
pub use facts::{Enforcement, Facts, LastSent, Right, Signal, Standing, Window};
pub use marketing::says_stopped;
pub use one_time::YEAR;
pub use periods::{SEVEN_DAYS, WINDOW};
pub use permit::{Intent, Origin, Outgoing, Permit};
pub use refusal::Refusal;
pub use taking::{check_parts, may_take};
