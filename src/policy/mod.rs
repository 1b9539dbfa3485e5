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
mod permit;
mod private_reply;
pub mod responsiveness;
mod sponsored;
mod start;
mod tags;
mod taking;
mod utility;
mod window;

use std::time::Duration;

pub use enforcement::restricts;
pub use facts::{Enforcement, Facts, LastSent, Right, Signal, Standing, Window};
pub use marketing::says_stopped;
pub use one_time::YEAR;
pub use permit::{Intent, Origin, Outgoing, Permit};
pub use taking::{check_parts, may_take};
pub use window::LENGTH as WINDOW;

use crate::clock::Timestamp;
use crate::message::{Recipient, Request};
use ground::Ground;

/// How long a person may answer a message or a comment: P2.6, P3.1, P4.2.
pub const SEVEN_DAYS: Duration = Duration::from_secs(7 * 24 * 3600);

/// What may be done with a send.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every decision is a permit")]
pub enum Decision {
    /// It may leave, now.
    Permit(Permit),
    /// It may not leave.
    Refusal(Refusal),
}

/// Why a send may not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule's number.
    pub rule: &'static str,
    /// The rule in one sentence.
    pub reason: &'static str,
}

/// Decides one send just before it leaves. The permit carries the body, so that nothing else can be sent on it.
pub fn decide(standing: &Standing, facts: &Facts, outgoing: Outgoing, now: Timestamp) -> Decision {
    match check(standing, facts, outgoing.intent(), now) {
        Ok(()) => Decision::Permit(Permit::issue(outgoing, now)),
        Err(refusal) => Decision::Refusal(refusal),
    }
}

/// The same decision with nothing to send: would this be allowed?
///
/// In this order: the account's block; what no fact can mend, Instagram's exclusions and opt-in requests without their feature
/// among it; then the right that the recipient names, or the person's window, or what else excuses a message to them. What
/// none of these allows is refused; nothing is sent to see what happens.
pub fn check(standing: &Standing, facts: &Facts, intent: Intent<'_>, now: Timestamp) -> Result<(), Refusal> {
    enforcement::check(facts, now)?;
    whatever_the_facts(standing, intent.request)?;
    match &intent.request.recipient {
        Recipient::CommentId(_) | Recipient::PostId(_) => private_reply::check(facts, intent, now),
        Recipient::OneTimeNotifToken(_) => one_time::check(standing, facts, intent, now),
        Recipient::NotificationMessagesToken(_) => marketing::check(standing, facts, intent, now),
        Recipient::Id(person) | Recipient::UserRef(person) => {
            start::same_person(facts, person)?;
            to_the_person(standing, facts, intent, now)
        }
    }
}

/// What no fact can mend, at no time.
fn whatever_the_facts(standing: &Standing, request: &Request) -> Result<(), Refusal> {
    sponsored::check(standing, request)?;
    form::check(request)?;
    instagram::check(standing, request)?;
    limits::check(standing, request)?;
    opt_in::asking(standing, request)
}

fn to_the_person(standing: &Standing, facts: &Facts, intent: Intent<'_>, now: Timestamp) -> Result<(), Refusal> {
    match Ground::of(intent.request)? {
        Ground::Utility => utility::check(standing, facts, intent.request),
        Ground::Tag(tag) => tags::check(tag, standing, facts, intent, now),
        Ground::Recipient => window::check(start::opened(facts)?, now),
    }
}

fn refuse<T>(rule: &'static str, reason: &'static str) -> Result<T, Refusal> {
    Err(Refusal { rule, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;
    use crate::id::{AccountId, PersonId, SendId};
    use crate::message::Message;
    use crate::settings::Platform;
    use fixture::OPENED;

    #[test]
    fn a_permit_is_for_one_send_and_dies_after_a_second() {
        let standing = Standing { platform: Platform::Messenger, features: Vec::new() };
        let ada = PersonId::new("7200000000000011");
        let window = Some(Window { opened_at: OPENED, opened_by: Kind::Message });
        let facts = Facts { person: Some(ada.clone()), window, ..Facts::default() };
        let outgoing = || Outgoing {
            account: AccountId::new("104"),
            send: SendId(1),
            origin: Origin::Bot,
            request: Request::message(Recipient::Id(ada.clone()), Message::text("hello")),
        };
        let Decision::Permit(permit) = decide(&standing, &facts, outgoing(), OPENED) else { panic!("allowed") };
        assert!(permit.is_valid(OPENED));
        assert!(permit.is_valid(Timestamp(OPENED.0 + 1000)));
        assert!(!permit.is_valid(Timestamp(OPENED.0 + 1001)));
        assert!(!permit.is_valid(Timestamp(OPENED.0 - 1)), "not before it was issued either");
        let Decision::Refusal(refusal) = decide(&standing, &Facts::default(), outgoing(), OPENED) else {
            panic!("nothing is known, so nothing is allowed")
        };
        assert_eq!(refusal.rule, "P0.2");
    }
}
