//! Did it arrive? What a look into the conversation says of a send in doubt. Pure.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::graph::{History, Said};
use crate::id::MessageId;
use crate::message::Message;
use crate::store::TakenDoubt;

/// By how much Meta's clock may be behind ours; the conversation's times are whole seconds besides.
const SKEW: Duration = Duration::from_secs(10);

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
/// became.
pub(crate) fn weigh(doubt: &TakenDoubt, history: &History) -> Evidence {
    let since = doubt.doubted_since - SKEW;
    let Some(message) = doubt.request.as_message() else { return Evidence::None };
    let says_it = |said: &&Said| said.at >= since && !doubt.bound.contains(&said.id) && is_said(message, said);
    let candidates = || history.said.iter().rev().filter(says_it);
    // The oldest: what came later with the same words is a later one.
    if let Some(said) = candidates().find(|said| said.by_account == Some(true)) {
        return Evidence::Arrived(said.id.clone());
    }
    // Somebody says the same, and Meta does not tell who.
    if candidates().any(|said| said.by_account.is_none()) {
        return Evidence::None;
    }
    if reaches_back(history, doubt, since) { Evidence::Absent } else { Evidence::None }
}

/// Whether all that was said since the send first left is told of: there is nothing else, or something older stands there, by its
/// time or because it is what an earlier send became.
fn reaches_back(history: &History, doubt: &TakenDoubt, since: Timestamp) -> bool {
    history.is_whole || history.said.iter().any(|said| said.at < since || doubt.bound.before.contains(&said.id))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::REACH;
    use crate::id::{AccountId, PersonId, SendId};
    use crate::message::{Recipient, Request};
    use crate::store::Bound;

    const LEFT: Timestamp = Timestamp(1_790_000_000_400);
    const SECOND: Duration = Duration::from_secs(1);

    fn doubt(message: Message) -> TakenDoubt {
        let ada = PersonId::new("7200000000000011");
        TakenDoubt {
            id: SendId(1),
            account: AccountId::new("104000000000001"),
            person: ada.clone(),
            request: Request::message(Recipient::Id(ada), message),
            attempts: 1,
            attempted_at: LEFT + 60 * SECOND,
            doubted_since: LEFT,
            silent: false,
            reason: String::new(),
            bound: Bound { before: vec![MessageId::new("m_before")], after: vec![MessageId::new("m_after")] },
        }
    }

    fn said(id: &str, at: Timestamp, by_account: bool, text: &str) -> Said {
        let by_account = Some(by_account);
        Said { id: MessageId::new(id), at, by_account, text: text.into(), has_attachments: text.is_empty() }
    }

    fn whole(said: &[Said]) -> History {
        History { said: said.to_vec(), is_whole: true }
    }

    #[test]
    fn only_the_same_words_by_the_account_after_it_left_are_evidence() {
        let doubt = doubt(Message::text("hello "));
        let arrived = |history: &[Said]| weigh(&doubt, &whole(history));
        let found = Evidence::Arrived(MessageId::new("m_1"));
        assert_eq!(arrived(&[said("m_1", LEFT + SECOND, true, "hello")]), found);
        // The conversation's times are whole seconds, by another clock.
        assert_eq!(arrived(&[said("m_1", LEFT - 9 * SECOND, true, "hello")]), found);
        for other in [
            said("m_1", LEFT - 11 * SECOND, true, "hello"),
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
    fn a_history_that_does_not_reach_back_is_no_evidence() {
        let doubt = doubt(Message::text("hello"));
        let later = |_| said("m_x", LEFT + 60 * SECOND, true, "something else");
        let mut history = History { said: (0..REACH).map(later).collect(), is_whole: false };
        assert_eq!(weigh(&doubt, &history), Evidence::None);
        history.said[REACH - 1].at = LEFT - 60 * SECOND;
        assert_eq!(weigh(&doubt, &history), Evidence::Absent);
        history.said[REACH - 1] = said("m_after", LEFT + SECOND, true, "something else");
        assert_eq!(weigh(&doubt, &history), Evidence::None);
        // Whatever the clocks say: an earlier send of the conversation became this.
        history.said[REACH - 1] = said("m_before", LEFT + SECOND, true, "something else");
        assert_eq!(weigh(&doubt, &history), Evidence::Absent);
        assert_eq!(weigh(&doubt, &whole(&[])), Evidence::Absent);
        assert_eq!(weigh(&doubt, &History { said: Vec::new(), is_whole: false }), Evidence::None);
    }

    #[test]
    fn what_nobody_is_said_to_have_written_is_no_evidence() {
        let doubt = doubt(Message::text("hello"));
        let unsigned = |text: &str| Said { by_account: None, ..said("m_1", LEFT + SECOND, true, text) };
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
        let words = Said { has_attachments: false, ..said("m_1", LEFT, true, "Red?") };
        assert_eq!(
            weigh(&doubt(Message::template(button)), &whole(&[words])),
            Evidence::Arrived(MessageId::new("m_1"))
        );
    }
}
