//! One entry of a delivery: what of it is an item.
//!
//! - Each entry of a list is an item. Those of `messaging`, `standby` and `changes` are read as events of their kinds; those of
//!   any other list in which an object stands are [`Other`](super::Other), named after their list. Any list may stand beside
//!   any other, and the same name may stand twice.
//! - What is not in such a list is one more item (a *flat* one) where it has content of its own: a `field`, as some of Meta's
//!   pages print a change; an object, as the answer to a request for calls comes; a list of names, as a change without its
//!   values comes; and whatever it is, where the entry has no list of items at all.
//! - Numbers, words and flags beside lists (`id`, `time`, `uid`) describe the entry, and so does `hop_context`, which tells
//!   through which apps a conversation came. They are no items.
//! - An entry belongs to the account that its `id` names. One without an `id` belongs to the `recipient` that it names itself,
//!   and where it is an echo to the `sender`.

use serde_json::value::RawValue;

use super::members::{Member, Members};
use super::{Envelope, Origin, Piece, Unreadable, item, lenient};
use crate::clock::Timestamp;
use crate::id::AccountId;
use crate::json;

/// The lists whose items are read as events of their kinds.
const LISTS: [&str; 3] = ["messaging", "standby", "changes"];

/// What describes an entry, although it looks like an item or a list of items.
const DESCRIBES: &str = "hop_context";

/// Every item of an entry, each for itself: list by list, then what is flat.
pub(super) fn read(raw: &RawValue) -> Vec<Result<Envelope, Unreadable>> {
    let read = lenient::object::<Members<'_>>(raw).and_then(|members| Some((account(&members)?, members)));
    let Some((account, Members(members))) = read else {
        let reason = "an entry without an id or of an unknown shape";
        return vec![Err(Unreadable::new(Piece::Entry, None, reason, raw.get().as_bytes()))];
    };
    let members: Vec<_> = members.into_iter().filter(|member| member.value.get() != "null").collect();
    let (mut lists, rest): (Vec<_>, Vec<_>) = members.into_iter().partition(is_list_of_items);
    // The known lists first: of two that name the same message, the one that says more.
    lists.sort_by_key(|list| LISTS.iter().position(|known| list.name() == *known).unwrap_or(LISTS.len()));
    let origin = Origin { account, standby: false, time: time(&rest), list: None };
    let mut read = Vec::new();
    for list in &lists {
        let name = list.name();
        let is_known = LISTS.contains(&name.as_ref());
        let (standby, named) = (name == "standby", (!is_known).then(|| name.into_owned()));
        read.extend(read_list(&Origin { standby, list: named, ..origin.clone() }, list.value));
    }
    if lists.is_empty() {
        read.push(read_item(&origin, raw));
    } else if rest.iter().any(is_content) {
        read.push(read_item(&origin, &Members(rest).written(|_| None)));
    }
    read
}

/// The account of an entry. A name that is given twice and means two accounts means none.
fn account(members: &Members<'_>) -> Option<AccountId> {
    let mut named = members.named("id").filter_map(|id| serde_json::from_str::<AccountId>(id.get()).ok());
    if let Some(account) = named.next() {
        return named.all(|other| other == account).then_some(account);
    }
    // The account is who is written to, and of an echo who has written.
    let is_echo = members.named("message").filter_map(lenient::object).any(|echo: item::Flag| echo.is_echo);
    let party = if is_echo { "sender" } else { "recipient" };
    let party: Members<'_> = members.named(party).next().and_then(lenient::object)?;
    party.named("id").find_map(|id| serde_json::from_str(id.get()).ok())
}

fn time(rest: &[Member<'_>]) -> Option<Timestamp> {
    let times = rest.iter().filter(|member| member.name() == "time");
    times.filter_map(|time| lenient::timestamp(time.value).ok()?).next()
}

/// Whether each of a member's entries is an item. What should be such a list and is none is told for itself.
fn is_list_of_items(member: &Member<'_>) -> bool {
    let name = member.name();
    LISTS.contains(&name.as_ref()) || (name != DESCRIBES && list_has(member.value, |entry| entry.starts_with('{')))
}

/// Whether what stands beside lists is more than a description of the entry.
fn is_content(member: &Member<'_>) -> bool {
    let (name, value) = (member.name(), member.value);
    name == "field" || (name != DESCRIBES && (value.get().starts_with('{') || list_has(value, |_| true)))
}

fn list_has(raw: &RawValue, wanted: impl Fn(&str) -> bool) -> bool {
    lenient::list(raw).is_some_and(|entries| entries.iter().any(|entry| wanted(entry.get())))
}

pub(super) fn read_list(origin: &Origin, raw: &RawValue) -> Vec<Result<Envelope, Unreadable>> {
    match lenient::list(raw) {
        Some(items) => items.into_iter().map(|item| read_item(origin, item)).collect(),
        None => {
            let reason = "what should be a list of items is none";
            vec![Err(Unreadable::new(Piece::List, Some(origin), reason, raw.get().as_bytes()))]
        }
    }
}

pub(super) fn read_item(origin: &Origin, raw: &RawValue) -> Result<Envelope, Unreadable> {
    let piece = if origin.list.is_some() { Piece::OtherItem } else { Piece::Item };
    let unreadable = |reason| Unreadable::new(piece, Some(origin), reason, raw.get().as_bytes());
    if json::is_too_deep(raw.get()) {
        return Err(unreadable("an item that is nested too deep"));
    }
    let reason = match raw.get().starts_with('{') {
        true => "an item with a key that is given twice",
        false => "an item that is not a JSON object",
    };
    Envelope::read(origin, raw).ok_or_else(|| unreadable(reason))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::{Event, Kind, read};
    use super::*;
    use crate::id::Thread;

    const PAGE: &str = "104000000000001";
    const ADA: &str = "7200000000000011";

    fn message(mid: &str) -> Value {
        json!({"sender": {"id": ADA}, "recipient": {"id": PAGE}, "timestamp": 1_790_000_000_001_i64,
            "message": {"mid": mid, "text": "hi"}})
    }

    fn read_text(entry: &str) -> Vec<Result<Envelope, Unreadable>> {
        read(format!(r#"{{"object":"page","entry":[{entry}]}}"#).as_bytes())
    }

    /// What each item of an entry is: its kind, of what is `other` also its name.
    #[track_caller]
    fn check(entry: &str, expected: &[&str]) {
        let name = |item: &Result<Envelope, Unreadable>| match item {
            Ok(Envelope { event: Event::Other(other), .. }) => format!("other {}", other.name().unwrap_or_default()),
            Ok(envelope) => envelope.kind().to_string(),
            Err(piece) => piece.piece.as_str().to_owned(),
        };
        assert_eq!(read_text(entry).iter().map(name).collect::<Vec<_>>(), expected, "{entry}");
    }

    #[test]
    fn every_item_of_every_list_is_an_event_and_what_describes_the_entry_is_none() {
        let (one, two) = (message("m_1"), message("m_2"));
        let change = r#""field":"inbox_labels","value":{"user":{"id":"72"}}"#;
        for (members, expected) in [
            (
                format!(r#""messaging":[{one}],"calls":[{{"id":"c1"}},{{"id":"c2"}}]"#),
                &["message", "other calls", "other calls"][..],
            ),
            (format!(r#""calls":[{two}]"#), &["other calls"]),
            (format!(r#""messaging":[{one}],"messaging":[{two}]"#), &["message", "message"]),
            (format!(r#""messaging":[{one}],{change}"#), &["message", "other inbox_labels"]),
            (format!(r#""standby":[{one}],"calls":[],"uid":"7""#), &["message"]),
            (format!(r#""messaging":[{one}],"hop_context":[{{"app_id":4}}]"#), &["message"]),
            (format!(r#""messaging":[{one}],"changed_fields":["feed"]"#), &["message", "other changed_fields"]),
            (format!(r#""messaging":[{one}],"news":{{"a":1}}"#), &["message", "other news"]),
            (format!(r#""messaging":[{one}],"news":[[{two}]]"#), &["message", "other news"]),
            (format!(r#""hop_context":[],"uid":"7","messaging":[{one}],"news":{{}}"#), &["message", "other news"]),
            (r#""calls":[{"id":"c1"},7,[8]]"#.to_owned(), &["other calls", "other item", "other item"]),
            (r#""calls":{"id":"c1"}"#.to_owned(), &["other calls"]),
            (r#""messaging":{"0":1}"#.to_owned(), &["list"]),
            (r#""messaging":[],"changes":null"#.to_owned(), &[]),
            (r#""uid":"7""#.to_owned(), &["other uid"]),
        ] {
            check(&format!(r#"{{"id":"{PAGE}","time":1,{members}}}"#), expected);
        }
        check(&format!(r#"{{"id":"{PAGE}","id":"105","messaging":[{one}]}}"#), &["entry"]);
        check(&format!(r#"{{"id":"","messaging":[{one}]}}"#), &["entry"]);
        let twice = format!(
            r#"{{"entry":[{{"id":"{PAGE}","messaging":[{one}]}}],"entry":[{{"id":"{PAGE}","messaging":[{two}]}}]}}"#
        );
        assert_eq!(read(twice.as_bytes()).iter().flatten().count(), 2);
    }

    #[test]
    fn a_call_and_the_answer_to_a_request_for_calls_have_their_person() {
        let call = format!(
            r#"{{"id":"{PAGE}","time":1,"calls":[{{"id":"c1","to":"{PAGE}","from":"{ADA}","event":"connect"}}]}}"#
        );
        let answer = format!(
            r#"{{"sender":{{"id":"{ADA}"}},"recipient":{{"id":"{PAGE}"}},"timestamp":1790000000001,
                "call_permission_reply":{{"response":"approve"}}}}"#
        );
        for entry in [call, answer] {
            let mut read = read_text(&entry);
            let envelope = read.remove(0).expect("an item");
            assert_eq!((read.len(), envelope.kind(), envelope.is_act()), (0, Kind::Other, false));
            assert_eq!((envelope.account.as_str(), envelope.thread), (PAGE, Thread::Chat));
            assert_eq!(envelope.person.expect("a person").as_str(), ADA);
        }
    }

    #[test]
    fn what_stands_in_an_unknown_list_is_never_an_act_and_is_read_again_as_the_same() {
        let entry =
            format!(r#"{{"id":"{PAGE}","time":1,"news":[{}],"messaging":[{}]}}"#, message("m_1"), message("m_1"));
        let read: Vec<_> = read_text(&entry).into_iter().flatten().collect();
        assert_eq!(read.iter().map(Envelope::is_act).collect::<Vec<_>>(), [true, false], "the known lists first");
        assert_ne!(read[0].key, read[1].key);
        let origin = Origin { account: AccountId::new(PAGE), standby: false, time: None, list: read[1].list.clone() };
        let again = Envelope::read_kept(&origin, None, "other", &read[1].raw).expect("an item");
        assert_eq!((again.kind(), again.key), (Kind::Other, read[1].key));
    }

    /// JSON of invented lists, names and nestings. Each `#` is a leaf.
    fn shape() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![4 => Just(r##"{"leaf":"#"}"##.to_owned()), 1 => Just("7".to_owned()), 1 => Just("null".to_owned())];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                3 => prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[{}]", list.join(","))),
                1 => prop::collection::vec((name(), inner), 0..3).prop_map(|members| object(&members)),
            ]
        })
    }

    fn name() -> impl Strategy<Value = String> {
        const KNOWN: &[&str] = &[
            "messaging",
            "standby",
            "changes",
            "changed_fields",
            "field",
            "value",
            "message",
            "recipient",
            "timestamp",
        ];
        prop_oneof![3 => prop::sample::select(KNOWN).prop_map(str::to_owned), 2 => "[a-z]{1,3}"]
    }

    fn object(members: &[(String, String)]) -> String {
        let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    }

    proptest! {
        #[test]
        fn no_signed_item_disappears(
            members in prop::collection::vec((name(), shape()), 0..6),
            has_id in prop::bool::weighted(0.9),
        ) {
            let id = ("id".to_owned(), format!("\"{PAGE}\""));
            let members: Vec<_> = has_id.then_some(id).into_iter().chain(members).collect();
            let (mut entry, mut count) = (object(&members), 0);
            while let Some(at) = entry.find('#') {
                entry.replace_range(at..=at, &format!("<{count}>"));
                count += 1;
            }
            let read = read_text(&entry);
            let raw = |item: &Result<Envelope, Unreadable>| match item {
                Ok(envelope) => envelope.raw.get().to_owned(),
                Err(piece) => String::from_utf8_lossy(&piece.raw).into_owned(),
            };
            let raw: Vec<_> = read.iter().map(raw).collect();
            for leaf in 0..count {
                let found = raw.iter().map(|raw| raw.matches(&format!("<{leaf}>")).count()).sum::<usize>();
                prop_assert_eq!(found, 1, "leaf {} of {}", leaf, entry);
            }
        }
    }
}
