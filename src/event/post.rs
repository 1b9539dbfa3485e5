//! One POST from Meta: a batch of entries, each of one account, each a list of items.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/webhooks#event-notifications>

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::members::Members;
use super::{Envelope, Event, Object, Origin, Piece, Unreadable, entry, lenient, usual};

/// Reads a body: every item of every entry, each for itself, the known lists of each entry first. Some of Meta's pages print a list
/// around the body.
pub fn read(body: &[u8]) -> Vec<Result<Envelope, Unreadable>> {
    with_messages_beside_their_edits(read_usual(body).unwrap_or_else(|| read_leniently(body)))
}

/// The same for a body of the usual shape alone.
pub(super) fn read_usual(body: &[u8]) -> Option<Vec<Result<Envelope, Unreadable>>> {
    let (object, entries) = usual::delivery(body)?;
    let items = entries.iter().flat_map(|(origin, items)| items.iter().map(move |item| entry::read_item(origin, item)));
    let mut read: Vec<_> = items.collect();
    read.iter_mut().flatten().for_each(|envelope| envelope.object = object);
    Some(read)
}

/// The same for a body of any shape, each item for itself.
pub(super) fn read_leniently(body: &[u8]) -> Vec<Result<Envelope, Unreadable>> {
    let Ok(whole) = serde_json::from_slice::<&RawValue>(body) else { return vec![Err(no_delivery(body))] };
    match lenient::list(whole) {
        Some(deliveries) => deliveries.into_iter().flat_map(read_delivery).collect(),
        None => read_delivery(whole),
    }
}

/// Reads again what could not be read before.
pub fn read_piece(piece: Piece, origin: Option<&Origin>, raw: &[u8]) -> Vec<Result<Envelope, Unreadable>> {
    match (piece, origin, serde_json::from_slice::<&RawValue>(raw)) {
        (Piece::Entry, _, Ok(entry)) => entry::read(entry),
        (Piece::List, Some(origin), Ok(list)) => entry::read_list(origin, list),
        (Piece::Item, Some(origin), Ok(item)) => vec![entry::read_item(origin, item)],
        (Piece::OtherItem, Some(origin), Ok(item)) => {
            // Which list it was is not kept; that it was none that Meta documents is.
            let list = Some(origin.list.clone().unwrap_or_default());
            vec![entry::read_item(&Origin { list, ..origin.clone() }, item)]
        }
        (_, _, Ok(delivery)) => read_delivery(delivery),
        (_, _, Err(_)) => vec![Err(no_delivery(raw))],
    }
}

fn read_delivery(raw: &RawValue) -> Vec<Result<Envelope, Unreadable>> {
    let members = lenient::object::<Members<'_>>(raw);
    let entries = members.as_ref().map(|members| members.named("entry").map(lenient::list).collect::<Option<Vec<_>>>());
    let (Some(members), Some(Some(entries))) = (&members, entries) else {
        return vec![Err(no_delivery(raw.get().as_bytes()))];
    };
    if entries.is_empty() {
        return vec![Err(no_delivery(raw.get().as_bytes()))];
    }
    let object = members.named("object").find_map(|object| Object::named(&lenient::word(object)));
    let mut read: Vec<_> = entries.into_iter().flatten().flat_map(entry::read).collect();
    read.iter_mut().flatten().for_each(|envelope| envelope.object = object);
    read
}

fn no_delivery(raw: &[u8]) -> Unreadable {
    Unreadable::new(Piece::Body, None, "the body is not a webhook's JSON object", raw)
}

/// Where a message and its first version ([`Envelope::first_version`]) come in one delivery, in whatever order, the message is
/// the richer of the two.
fn with_messages_beside_their_edits(read: Vec<Result<Envelope, Unreadable>>) -> Vec<Result<Envelope, Unreadable>> {
    if !read.iter().flatten().any(|envelope| envelope.first_version.is_some()) {
        return read;
    }
    let name = |envelope: &Envelope| match &envelope.event {
        Event::Message(message) => Some((envelope.account.clone(), message.mid.clone()?)),
        _ => None,
    };
    let messages = read.iter().flatten().filter(|envelope| envelope.first_version.is_none());
    let messages: HashSet<_> = messages.filter_map(name).collect();
    let is_beside = |envelope: &Envelope| {
        envelope.first_version.is_some() && name(envelope).is_some_and(|name| messages.contains(&name))
    };
    let judged = |envelope: Envelope| if is_beside(&envelope) { envelope.beside_its_message() } else { envelope };
    read.into_iter().map(|item| item.map(judged)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::Timestamp;
    use crate::event::{Event, Kind};
    use crate::id::Thread;

    const PAGE: &str = "104000000000001";
    const ADA: &str = "7200000000000011";

    fn item(extra: serde_json::Value) -> serde_json::Value {
        let mut item = json!({"sender": {"id": ADA}, "recipient": {"id": PAGE}, "timestamp": 1_790_000_000_001_i64});
        for (key, value) in extra.as_object().expect("an object") {
            item[key] = value.clone();
        }
        item
    }

    fn read_one(list: &str, item: serde_json::Value) -> Envelope {
        let body = json!({"object": "page", "entry": [{"id": PAGE, "time": 1, list: [item]}]}).to_string();
        let mut read = read(body.as_bytes());
        assert_eq!(read.len(), 1);
        read.remove(0).expect("a readable item")
    }

    #[track_caller]
    fn check(item: serde_json::Value, kind: Kind, act: bool, opens: bool) {
        let read = read_one("messaging", item);
        assert_eq!((read.kind(), read.is_act(), read.event.opens()), (kind, act, opens));
        assert_eq!(read.person.expect("a person").as_str(), ADA);
    }

    #[test]
    fn the_kind_says_whether_it_may_be_answered_and_whether_it_opens_the_window() {
        check(item(json!({"message": {"mid": "m1", "text": "hi"}})), Kind::Message, true, true);
        check(item(json!({"message": {"mid": "m1", "is_deleted": true}})), Kind::Message, false, false);
        check(item(json!({"message": {"mid": "m1", "text": 7}})), Kind::Message, true, true);
        check(item(json!({"message_edit": {"mid": "m1", "text": "x"}})), Kind::Edit, true, false);
        check(item(json!({"postback": {"title": "Go", "payload": "GO"}})), Kind::Postback, true, true);
        check(item(json!({"reaction": {"action": "react", "mid": "m"}})), Kind::Reaction, true, true);
        check(item(json!({"reaction": {"action": "unreact", "mid": "m"}})), Kind::Reaction, false, false);
        check(item(json!({"referral": {"ref": "r", "source": "SHORTLINK"}})), Kind::Referral, true, true);
        check(item(json!({"referral": {"ad_id": 6045, "source": "ADS"}})), Kind::Referral, true, false);
        check(item(json!({"referral": {"ref": "r"}})), Kind::Referral, true, false);
        check(item(json!({"optin": {"ref": "r"}})), Kind::Optin, true, true);
        check(item(json!({"optin": {"type": "one_time_notif_req"}})), Kind::Optin, true, false);
        check(item(json!({"read": {"watermark": 1}})), Kind::Read, false, false);
        check(item(json!({"something_new": true})), Kind::Other, false, false);
        check(item(json!({"message": "not an object"})), Kind::Other, false, false);
    }

    #[test]
    fn what_the_account_said_is_an_echo_in_the_persons_conversation() {
        for message in [json!({"is_echo": true, "mid": "m1"}), json!({"mid": "m1", "text": "hi"})] {
            let echo = read_one(
                "messaging",
                json!({"sender": {"id": PAGE}, "recipient": {"id": ADA}, "timestamp": 1, "message": message}),
            );
            assert_eq!((echo.kind(), echo.is_act(), echo.event.opens()), (Kind::Echo, false, false));
            assert_eq!(echo.person.expect("a person").as_str(), ADA);
        }
    }

    #[test]
    fn standby_is_observed_only_and_still_opens() {
        let read = read_one("standby", item(json!({"message": {"mid": "m1", "text": "hi"}})));
        assert!(read.standby && !read.is_act() && read.event.opens());
    }

    #[test]
    fn the_dashboards_test_form_is_a_message() {
        let read = read_one(
            "changes",
            json!({"field": "messages", "value": {"sender": {"id": "12334"}, "recipient": {"id": "23245"},
                "timestamp": "1527459824", "message": {"mid": "random_mid", "text": "random_text"}}}),
        );
        assert_eq!(read.kind(), Kind::Message);
        assert_eq!(read.at, Some(Timestamp(1_527_459_824_000)));
        assert!(read.raw.get().contains("\"field\""));
    }

    #[test]
    fn who_came_by_a_checkbox_is_known_by_their_user_ref() {
        let optin = json!({"recipient": {"id": PAGE}, "timestamp": 1, "optin": {"ref": "c", "user_ref": "u-5f1c"}});
        let tap = json!({"sender": {"user_ref": "u-5f1c"}, "recipient": {"id": PAGE}, "timestamp": 1,
            "postback": {"title": "Go", "payload": "GO"}});
        for item in [optin, tap] {
            let read = read_one("messaging", item);
            assert_eq!((read.person.expect("a person").as_str(), read.thread), ("u-5f1c", Thread::UserRef));
        }
    }

    #[test]
    fn a_bad_item_does_not_cost_its_neighbours() {
        let good = item(json!({"message": {"mid": "m1", "text": "hi"}}));
        let body = json!({"object": "page", "entry": [
            {"id": PAGE, "messaging": [7, good, null, "x", [good]]}, {"no_id": true}, 3,
            {"id": PAGE, "changed_fields": ["feed"]}, {"id": 104_000_000_000_001_i64, "messaging": [good]}]});
        let read = read(body.to_string().as_bytes());
        let readable = read.iter().filter_map(|item| item.as_ref().ok().map(Envelope::kind)).collect::<Vec<_>>();
        assert_eq!(readable, [Kind::Message, Kind::Other, Kind::Message]);
        assert_eq!(read.len(), 9);
    }

    #[test]
    fn what_is_no_delivery_is_kept_whole() {
        for body in [&b"junk"[..], b"", b"{}", b"{\"entry\":7}", b"null", b"\xff\xfe", b"7"] {
            let read = read(body);
            assert_eq!(read.len(), 1, "{body:?}");
            assert_eq!(read[0].as_ref().expect_err("unreadable").raw.as_ref(), body);
        }
        assert!(super::read(b"{\"object\":\"page\",\"entry\":[]}").is_empty());
        assert!(super::read(b" [{\"object\":\"page\",\"entry\":[]}]").is_empty());
    }

    #[test]
    fn keys_tell_events_apart_and_recognise_a_redelivery() {
        let key = |extra| read_one("messaging", item(extra)).key;
        let message = key(json!({"message": {"mid": "m1", "text": "hi"}}));
        assert_eq!(message, key(json!({"message": {"text": "hi", "mid": "m1"}})), "written in another order");
        assert_ne!(message, key(json!({"message": {"mid": "m2", "text": "hi"}})));
        assert_ne!(message, key(json!({"message": {"mid": "m1", "is_deleted": true}})));
        assert_ne!(message, key(json!({"postback": {"mid": "m1", "title": "t", "payload": "p"}})));
        let react = |action| key(json!({"reaction": {"mid": "m1", "action": action}}));
        assert_ne!(react("react"), react("unreact"));
        assert_ne!(key(json!({"referral": {"ref": "a"}})), key(json!({"referral": {"ref": "b"}})));
        assert!(matches!(read_one("messaging", item(json!({"x": 1}))).event, Event::Other(_)));
    }
}
