//! Did it arrive? What a look into the conversation says of a send in doubt. Pure.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::graph::{REACH, Said};
use crate::id::MessageId;
use crate::message::Message;
use crate::settings::{self, OnDoubt};
use crate::store::TakenDoubt;

/// Meta's clock and ours differ by a little, and the conversation's times are whole seconds.
const SKEW: Duration = Duration::from_secs(2);

/// The pause between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What a look brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// It stands there.
    Arrived(MessageId),
    /// It does not.
    Absent,
    /// Nothing can be told.
    None,
}

/// What becomes of the send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has arrived.
    Sent(MessageId),
    /// It has not, and is sent again.
    NotSent,
    /// It is looked at again.
    Look(Timestamp),
    /// Nothing will ever be known: it is held.
    Hold,
    /// Nothing will ever be known: it is sent again all the same, as the account wants it.
    Resend,
}

/// What is known besides the conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around {
    /// When a signed delivery was last kept.
    pub(crate) last_delivery_at: Timestamp,
    /// Whether one send of the account after another comes into doubt.
    pub(crate) is_failing: bool,
    /// What the account wants done in the end.
    pub(crate) on_doubt: OnDoubt,
}

/// What a conversation says of a send: the same words by the account, after it left, in a message that no other send became.
pub(crate) fn weigh(doubt: &TakenDoubt, history: &[Said]) -> Evidence {
    let since = doubt.attempted_at - SKEW;
    let Some(message) = doubt.request.as_message() else { return Evidence::None };
    let may_be =
        |said: &&Said| said.by_account && said.at >= since && !doubt.bound.contains(&said.id) && is_said(message, said);
    // The oldest: what came later with the same words is a later one.
    if let Some(said) = history.iter().rev().find(may_be) {
        return Evidence::Arrived(said.id.clone());
    }
    let reaches_back = history.len() < REACH || history.last().is_some_and(|oldest| oldest.at < since);
    if reaches_back { Evidence::Absent } else { Evidence::None }
}

fn is_said(message: &Message, said: &Said) -> bool {
    match message.as_text() {
        Some(text) => text.trim() == said.text.trim(),
        // Templates show their words or none, media come under another address: something without words, or its own.
        None => said.has_attachments || said.text.is_empty() || template_text(message) == Some(said.text.trim()),
    }
}

fn template_text(message: &Message) -> Option<&str> {
    message.attachment()?.payload.get("text")?.as_str().map(str::trim)
}

/// What becomes of a send in doubt on this evidence.
pub(crate) fn judge(
    doubt: &TakenDoubt,
    evidence: Evidence,
    around: Around,
    settings: &settings::Sender,
    now: Timestamp,
) -> Verdict {
    match evidence {
        Evidence::Arrived(id) => return Verdict::Sent(id),
        // An intake that hears nothing may have missed the echo; one that hears would have heard it.
        Evidence::Absent if around.last_delivery_at > doubt.attempted_at => return Verdict::NotSent,
        Evidence::Absent | Evidence::None => {}
    }
    let give_up_at = doubt.attempted_at + settings.give_up_after;
    // While Meta as a whole does not answer, no evidence is no sign: it will come with Meta.
    if now < give_up_at || around.is_failing {
        let next = now + LOOK_EVERY;
        return Verdict::Look(if now < give_up_at { next.min(give_up_at) } else { next });
    }
    match around.on_doubt {
        OnDoubt::Hold => Verdict::Hold,
        OnDoubt::Resend => Verdict::Resend,
    }
}

/// When a send in doubt is first looked at: one without an answer may still be told of by its echo.
pub(crate) fn first_look(doubt: &TakenDoubt, settings: &settings::Sender) -> Timestamp {
    if doubt.silent { doubt.attempted_at + settings.echo_wait } else { doubt.attempted_at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AccountId, PersonId, SendId};
    use crate::message::{Recipient, Request};

    const LEFT: Timestamp = Timestamp(1_790_000_000_400);
    const SECOND: Duration = Duration::from_secs(1);

    fn doubt(message: Message) -> TakenDoubt {
        let ada = PersonId::new("7200000000000011");
        TakenDoubt {
            id: SendId(1),
            account: AccountId::new("104000000000001"),
            person: ada.clone(),
            request: Request::message(Recipient::Id(ada), message),
            attempted_at: LEFT,
            silent: false,
            bound: vec![MessageId::new("m_bound")],
        }
    }

    fn said(id: &str, at: Timestamp, by_account: bool, text: &str) -> Said {
        Said { id: MessageId::new(id), at, by_account, text: text.into(), has_attachments: text.is_empty() }
    }

    #[test]
    fn only_the_same_words_by_the_account_after_it_left_are_evidence() {
        let doubt = doubt(Message::text("hello "));
        let arrived = |history: &[Said]| weigh(&doubt, history);
        let found = Evidence::Arrived(MessageId::new("m_1"));
        assert_eq!(arrived(&[said("m_1", LEFT + SECOND, true, "hello")]), found);
        // The conversation's times are whole seconds.
        assert_eq!(arrived(&[said("m_1", Timestamp(1_790_000_000_000), true, "hello")]), found);
        for other in [
            said("m_1", LEFT - 3 * SECOND, true, "hello"),
            said("m_1", LEFT + SECOND, false, "hello"),
            said("m_1", LEFT + SECOND, true, "hello!"),
            said("m_bound", LEFT + SECOND, true, "hello"),
        ] {
            assert_eq!(arrived(std::slice::from_ref(&other)), Evidence::Absent, "{other:?}");
        }
        let twice = [said("m_2", LEFT + 2 * SECOND, true, "hello"), said("m_1", LEFT + SECOND, true, "hello")];
        assert_eq!(arrived(&twice), found, "the first of two is ours, newest first as they come");
    }

    #[test]
    fn a_history_that_does_not_reach_back_is_no_evidence() {
        let doubt = doubt(Message::text("hello"));
        let later = |_| said("m_x", LEFT + 60 * SECOND, true, "something else");
        let mut history: Vec<_> = (0..REACH).map(later).collect();
        assert_eq!(weigh(&doubt, &history), Evidence::None);
        history[REACH - 1].at = LEFT - 60 * SECOND;
        assert_eq!(weigh(&doubt, &history), Evidence::Absent);
        assert_eq!(weigh(&doubt, &[]), Evidence::Absent);
    }

    #[test]
    fn what_has_no_words_is_found_by_having_none() {
        let button = serde_json::json!({"template_type": "button", "text": "Red?", "buttons": []});
        for message in [Message::image("https://shop.example/a.jpg"), Message::template(button.clone())] {
            let found = weigh(&doubt(message), &[said("m_1", LEFT, true, "")]);
            assert_eq!(found, Evidence::Arrived(MessageId::new("m_1")));
        }
        let words = Said { has_attachments: false, ..said("m_1", LEFT, true, "Red?") };
        assert_eq!(weigh(&doubt(Message::template(button)), &[words]), Evidence::Arrived(MessageId::new("m_1")));
    }

    #[test]
    fn it_is_sent_again_only_where_its_absence_is_certain() {
        let settings = settings::Sender {
            echo_wait: 10 * SECOND,
            give_up_after: 120 * SECOND,
            retry: settings::Retry { first: SECOND, most: SECOND, jitter: settings::Percent(0) },
            slots_per_account: 1,
            texts_per_second: 1,
            instagram_texts_per_second: 1,
            media_per_second: 1,
        };
        let doubt = doubt(Message::text("hello"));
        let around = |heard: i64, is_failing, on_doubt| Around {
            last_delivery_at: Timestamp(LEFT.0 + heard),
            is_failing,
            on_doubt,
        };
        let check = |evidence: Evidence, around: Around, after: u64, expected: Verdict| {
            let now = LEFT + Duration::from_secs(after);
            assert_eq!(judge(&doubt, evidence, around, &settings, now), expected);
        };
        let look = |after: u64| Verdict::Look(LEFT + Duration::from_secs(after));
        let arrived = || Evidence::Arrived(MessageId::new("m_1"));
        check(arrived(), around(-1, true, OnDoubt::Hold), 500, Verdict::Sent(MessageId::new("m_1")));
        check(Evidence::Absent, around(1, false, OnDoubt::Hold), 1, Verdict::NotSent);
        check(Evidence::Absent, around(0, false, OnDoubt::Hold), 1, look(6));
        check(Evidence::None, around(1, false, OnDoubt::Hold), 1, look(6));
        check(Evidence::None, around(1, false, OnDoubt::Hold), 118, look(120));
        check(Evidence::None, around(1, false, OnDoubt::Hold), 120, Verdict::Hold);
        check(Evidence::Absent, around(0, false, OnDoubt::Hold), 120, Verdict::Hold);
        check(Evidence::None, around(1, false, OnDoubt::Resend), 120, Verdict::Resend);
        check(Evidence::None, around(1, true, OnDoubt::Resend), 500, look(505));
    }
}
