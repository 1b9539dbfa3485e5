//! The decision on one send: which chapter is asked when.

use super::ground::Ground;
use super::{
    Facts, Intent, Outgoing, Permit, Refusal, Standing, enforcement, form, instagram, limits, marketing, one_time,
    opt_in, private_reply, sponsored, start, tags, utility, window,
};
use crate::clock::Timestamp;
use crate::message::{Recipient, Request};

/// What may be done with a send.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every decision is a permit")]
pub enum Decision {
    /// It may leave, now.
    Permit(Permit),
    /// It may not leave.
    Refusal(Refusal),
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
pub(super) fn whatever_the_facts(standing: &Standing, request: &Request) -> Result<(), Refusal> {
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

#[cfg(test)]
mod tests {
    use super::super::fixture::OPENED;
    use super::super::{Origin, Window};
    use super::*;
    use crate::event::Kind;
    use crate::id::{AccountId, PersonId, SendId};
    use crate::message::Message;
    use crate::settings::Platform;

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
