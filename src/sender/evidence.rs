//! Did it arrive? What a look into the conversation says of a send in doubt. Pure.

use std::time::Duration;

use crate::graph::{History, HistoryMessage};
use crate::id::MessageId;
use crate::message::Message;
use crate::store::TakenDoubt;

/// By how much Meta's clock may usually be behind ours; the conversation's times are whole seconds besides.
const SKEW: Duration = Duration::from_secs(10);

/// By how much it may be at the worst: what lies between says nothing.
const WORST_SKEW: Duration = Duration::from_secs(600);

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

/// What a conversation says of a send: the same words by the account, after it first left, in a message that no other send
/// became. Where the clocks may be wrong, or another may have written, it says nothing. A message that cannot be read may be the
/// send, and an empty conversation in which a message is known contradicts the store: neither proves that the send is absent.
pub(crate) fn weigh(doubt: &TakenDoubt, history: &History) -> Evidence {
    let Some(message) = doubt.request.as_message() else { return Evidence::None };
    let is_earlier = |said: &HistoryMessage| doubt.bound.has_before(&said.id);
    let reaches_an_earlier_send = history.said.iter().any(is_earlier);
    let earliest = doubt.doubted_since - WORST_SKEW;
    // Newest first, down to what an earlier send became.
    let candidates = history.said.iter().take_while(|said| !is_earlier(said)).filter(|said| {
        let may_be_later = reaches_an_earlier_send || said.at >= earliest;
        may_be_later && said.by_account != Some(false) && !doubt.bound.contains(&said.id) && may_say(message, said)
    });
    let is_certain = |said: &&HistoryMessage| {
        said.at >= doubt.doubted_since - SKEW && said.by_account == Some(true) && is_said(message, said)
    };
    let candidates: Vec<_> = candidates.collect();
    // The oldest: what came later with the same words is a later one.
    if let Some(said) = candidates.iter().rfind(|said| is_certain(said)) {
        return Evidence::Arrived(said.id.clone());
    }
    let reaches_back =
        history.is_whole || reaches_an_earlier_send || history.said.iter().any(|said| said.at < earliest);
    let contradicts = history.said.is_empty() && doubt.has_messages;
    let is_absent = candidates.is_empty() && reaches_back && history.is_readable && !contradicts;
    if is_absent { Evidence::Absent } else { Evidence::None }
}

fn is_said(message: &Message, said: &HistoryMessage) -> bool {
    match message.as_text() {
        Some(text) => are_same(text, &said.text),
        // Templates show their words or none, media come under another address: something without words, or its own.
        None => {
            said.has_attachments
                || said.text.is_empty()
                || template_text(message).is_some_and(|text| are_same(text, &said.text))
        }
    }
}

/// Whether it cannot be told for sure that this is something else. How Meta shows a template in a conversation is not known for all.
fn may_say(message: &Message, said: &HistoryMessage) -> bool {
    message.as_text().is_none() || is_said(message, said)
}

/// The same words, however they are spaced.
fn are_same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

fn template_text(message: &Message) -> Option<&str> {
    message.attachment()?.payload.get("text")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::graph::REACH;
    use crate::id::{AccountId, PersonId, SendId};
    use crate::message::{Recipient, Request};
    use crate::store::{KnownMessages, MessageHash};

    const LEFT: Timestamp = Timestamp(1_790_000_000_400);
    const SECOND: Duration = Duration::from_secs(1);

    fn doubt(message: Message) -> TakenDoubt {
        let ada = PersonId::new("7200000000000011");
        let hash = |mid| MessageHash::of(&MessageId::new(mid));
        TakenDoubt {
            id: SendId(1),
            account: AccountId::new("104000000000001"),
            person: ada.clone(),
            request: Request::message(Recipient::Id(ada), message),
            attempts: 1,
            attempted_at: LEFT + 60 * SECOND,
            since: LEFT + 60 * SECOND,
            doubted_since: LEFT,
            doubts: 1,
            looks: 0,
            silent: false,
            reason: String::new(),
            has_messages: false,
            bound: KnownMessages { before: vec![hash("m_before")], after: vec![hash("m_after")] },
            cause: None,
        }
    }

    fn said(id: &str, at: Timestamp, by_account: bool, text: &str) -> HistoryMessage {
        let by_account = Some(by_account);
        HistoryMessage { id: MessageId::new(id), at, by_account, text: text.into(), has_attachments: text.is_empty() }
    }

    fn whole(said: &[HistoryMessage]) -> History {
        History { said: said.to_vec(), is_whole: true, is_readable: true }
    }

    #[test]
    fn only_the_same_words_by_the_account_after_it_left_are_evidence() {
        let doubt = doubt(Message::text("hello "));
        let arrived = |history: &[HistoryMessage]| weigh(&doubt, &whole(history));
        let found = Evidence::Arrived(MessageId::new("m_1"));
        assert_eq!(arrived(&[said("m_1", LEFT + SECOND, true, "hello")]), found);
        // The conversation's times are whole seconds, by another clock.
        assert_eq!(arrived(&[said("m_1", LEFT - 9 * SECOND, true, "hello")]), found);
        assert_eq!(arrived(&[said("m_1", LEFT + SECOND, true, "\nhello")]), found, "spacing is no difference");
        for other in [
            said("m_1", LEFT - 601 * SECOND, true, "hello"),
            said("m_1", LEFT + SECOND, false, "hello"),
            said("m_1", LEFT + SECOND, true, "hello!"),
            said("m_before", LEFT + SECOND, true, "hello"),
            said("m_after", LEFT + SECOND, true, "hello"),
        ] {
            assert_eq!(arrived(std::slice::from_ref(&other)), Evidence::Absent, "{other:?}");
        }
        let twice = [said("m_2", LEFT + 2 * SECOND, true, "hello"), said("m_1", LEFT + SECOND, true, "hello")];
        assert_eq!(arrived(&twice), found, "the first of two is ours, newest first as they come");
    }

    #[test]
    fn where_the_clocks_may_be_wrong_nothing_is_certain() {
        let doubt = doubt(Message::text("hello"));
        let minute_before = said("m_1", LEFT - 60 * SECOND, true, "hello");
        assert_eq!(weigh(&doubt, &whole(std::slice::from_ref(&minute_before))), Evidence::None);
        // What came before an earlier send is no later one, whatever the clocks say.
        let earlier = said("m_before", LEFT - 90 * SECOND, true, "before");
        assert_eq!(weigh(&doubt, &whole(&[earlier.clone(), minute_before.clone()])), Evidence::Absent);
        assert_eq!(weigh(&doubt, &whole(&[minute_before, earlier.clone()])), Evidence::None);
        let ours = said("m_1", LEFT, true, "hello");
        assert_eq!(weigh(&doubt, &whole(&[ours, earlier])), Evidence::Arrived(MessageId::new("m_1")));
    }

    #[test]
    fn a_history_that_does_not_reach_back_is_no_evidence() {
        let doubt = doubt(Message::text("hello"));
        let later = |_| said("m_x", LEFT + 60 * SECOND, true, "something else");
        let mut history = History { said: (0..REACH).map(later).collect(), is_whole: false, is_readable: true };
        let mut ends_with = |last| {
            history.said[REACH - 1] = last;
            weigh(&doubt, &history)
        };
        let other = "something else";
        assert_eq!(ends_with(said("m_x", LEFT + SECOND, true, other)), Evidence::None);
        assert_eq!(ends_with(said("m_x", LEFT - 600 * SECOND, true, other)), Evidence::None);
        assert_eq!(ends_with(said("m_x", LEFT - 601 * SECOND, true, other)), Evidence::Absent);
        assert_eq!(ends_with(said("m_after", LEFT + SECOND, true, other)), Evidence::None);
        // Whatever the clocks say: an earlier send of the conversation became this.
        assert_eq!(ends_with(said("m_before", LEFT + SECOND, true, other)), Evidence::Absent);
        assert_eq!(weigh(&doubt, &whole(&[])), Evidence::Absent);
        assert_eq!(weigh(&doubt, &History { is_whole: false, ..whole(&[]) }), Evidence::None);
    }

    #[test]
    fn what_cannot_be_read_or_contradicts_the_store_does_not_prove_absence() {
        let doubt = doubt(Message::text("hello"));
        let partly = |said: &[HistoryMessage]| History { is_readable: false, ..whole(said) };
        let (ours, another) = (said("m_1", LEFT, true, "hello"), said("m_2", LEFT, true, "something else"));
        assert_eq!(weigh(&doubt, &partly(std::slice::from_ref(&another))), Evidence::None);
        assert_eq!(weigh(&doubt, &partly(&[another.clone(), ours])), Evidence::Arrived(MessageId::new("m_1")));
        let known = TakenDoubt { has_messages: true, ..doubt };
        assert_eq!(weigh(&known, &whole(&[])), Evidence::None);
        assert_eq!(weigh(&known, &whole(&[another])), Evidence::Absent);
    }

    #[test]
    fn what_nobody_is_said_to_have_written_is_no_evidence() {
        let doubt = doubt(Message::text("hello"));
        let unsigned = |text: &str| HistoryMessage { by_account: None, ..said("m_1", LEFT + SECOND, true, text) };
        assert_eq!(weigh(&doubt, &whole(&[unsigned("hello")])), Evidence::None);
        assert_eq!(weigh(&doubt, &whole(&[unsigned("something else")])), Evidence::Absent);
    }

    #[test]
    fn what_has_no_words_is_found_by_having_none() {
        let button = serde_json::json!({"template_type": "button", "text": "Red?", "buttons": []});
        for message in [Message::image("https://shop.example/a.jpg"), Message::template(button.clone())] {
            let found = weigh(&doubt(message), &whole(&[said("m_1", LEFT, true, "")]));
            assert_eq!(found, Evidence::Arrived(MessageId::new("m_1")));
        }
        let titled = HistoryMessage { has_attachments: false, ..said("m_1", LEFT, true, "Choose") };
        assert_eq!(weigh(&doubt(Message::template(button.clone())), &whole(&[titled])), Evidence::None);
        let words = HistoryMessage { has_attachments: false, ..said("m_1", LEFT, true, "Red?") };
        assert_eq!(
            weigh(&doubt(Message::template(button)), &whole(&[words])),
            Evidence::Arrived(MessageId::new("m_1"))
        );
    }
}
