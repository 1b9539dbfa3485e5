//! Bodies that Meta would never send: nothing panics, nothing is lost, no neighbour suffers.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use rejoinder::event::{self, Envelope, Event, Unreadable};
use serde_json::{Map, Value, json};

use crate::harness::{ADA, SHOP, delivery, message};
use crate::payloads::payloads;

#[path = "../../fuzz/src/lib.rs"]
mod bodies;

type Read = Vec<Result<Envelope, Unreadable>>;

/// Words that mean something to the parser, and some that do not.
const WORDS: [&str; 40] = [
    "object",
    "entry",
    "id",
    "time",
    "messaging",
    "standby",
    "changes",
    "field",
    "value",
    "sender",
    "recipient",
    "timestamp",
    "message",
    "mid",
    "text",
    "attachments",
    "type",
    "payload",
    "quick_reply",
    "reply_to",
    "referral",
    "is_echo",
    "postback",
    "reaction",
    "action",
    "read",
    "watermark",
    "delivery",
    "mids",
    "optin",
    "user_ref",
    "feed",
    "comments",
    "from",
    "item",
    "verb",
    "comment_id",
    "post_id",
    SHOP,
    ADA,
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => ".{0,8}"]
}

/// Any JSON, inclined to look like Meta's.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..6)
                .prop_map(|pairs| pairs.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// A documented item in which something somewhere is something else, or gone.
fn mutated() -> impl Strategy<Value = Value> {
    let documented: Vec<Value> = payloads().iter().flat_map(|payload| items(&payload.body)).collect();
    (
        prop::sample::select(documented),
        prop::collection::vec(any::<prop::sample::Index>(), 1..6),
        prop::option::of(json()),
    )
        .prop_map(|(mut item, path, put)| {
            mutate(&mut item, &path, put);
            item
        })
}

fn items(body: &[u8]) -> Vec<Value> {
    event::read(body).into_iter().flatten().filter_map(|item| serde_json::from_str(item.raw.get()).ok()).collect()
}

fn mutate(value: &mut Value, path: &[prop::sample::Index], put: Option<Value>) {
    let [here, deeper @ ..] = path else { return };
    let length = value.as_object().map(Map::len).or(value.as_array().map(Vec::len)).unwrap_or(0);
    if length == 0 {
        *value = put.unwrap_or_default();
        return;
    }
    let index = here.index(length);
    match value {
        Value::Object(map) => {
            let key = map.keys().nth(index).expect("a key").clone();
            match (deeper, put) {
                ([], None) => drop(map.remove(&key)),
                ([], Some(put)) => drop(map.insert(key, put)),
                (deeper, put) => mutate(&mut map[&key], deeper, put),
            }
        }
        Value::Array(list) => match (deeper, put) {
            ([], None) => drop(list.remove(index)),
            ([], Some(put)) => list[index] = put,
            (deeper, put) => mutate(&mut list[index], deeper, put),
        },
        _ => {}
    }
}

/// Two good messages with something between them: both are read, and what is between is one piece with its bytes.
fn neighbours_are_read(read: fn(&[u8]) -> Read, between: &Value) -> Result<(), TestCaseError> {
    let good = |mid: &str| message(ADA, mid, mid, rejoinder::clock::Timestamp(1_790_000_000_001));
    let is = |piece: &Result<Envelope, Unreadable>, mid: &str| matches!(piece, Ok(Envelope { event: Event::Message(message), .. }) if message.text() == Some(mid));
    let entry = |items: &[Value]| json!({"id": SHOP, "time": 1, "messaging": items});
    for entries in [
        vec![entry(&[good("m_1"), between.clone(), good("m_2")])],
        vec![entry(&[good("m_1")]), entry(std::slice::from_ref(between)), entry(&[good("m_2")])],
    ] {
        let body = json!({"object": "page", "entry": entries}).to_string();
        let pieces = read(body.as_bytes());
        prop_assert_eq!(pieces.len(), 3);
        prop_assert!(is(&pieces[0], "m_1") && is(&pieces[2], "m_2"));
        let raw = match &pieces[1] {
            Ok(envelope) => envelope.raw.get().as_bytes(),
            Err(piece) => &piece.raw,
        };
        let expected = between.to_string();
        prop_assert_eq!(raw, expected.as_bytes());
    }
    // In the place of an entry, and of a list.
    for entries in [
        vec![entry(&[good("m_1")]), between.clone(), entry(&[good("m_2")])],
        vec![entry(&[good("m_1")]), json!({"id": SHOP, "standby": between}), entry(&[good("m_2")])],
    ] {
        let body = json!({"object": "page", "entry": entries}).to_string();
        let pieces = read(body.as_bytes());
        prop_assert!(is(pieces.first().expect("a piece"), "m_1") && is(pieces.last().expect("a piece"), "m_2"));
        bodies::read(body.as_bytes());
    }
    Ok(())
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

fn hold(read: fn(&[u8]) -> Read, cases: u32) -> Result<(), TestError<Value>> {
    runner(cases).run(&prop_oneof![json(), mutated()], |item| neighbours_are_read(read, &item))
}

#[test]
fn no_item_costs_its_neighbours() {
    hold(event::read, 2_000).unwrap_or_else(|fault| panic!("{fault}"));
}

/// The faults that are known from elsewhere, planted here: the property finds each of them.
#[test]
fn a_planted_fault_is_found() {
    let faults: [fn(&[u8]) -> Read; 4] = [
        |body| event::read(body).into_iter().take(1).collect(),
        |body| event::read(body).into_iter().take_while(Result::is_ok).collect(),
        |body| {
            event::read(body)
                .into_iter()
                .filter(|piece| !matches!(piece, Ok(Envelope { event: Event::Other(_), .. })))
                .collect()
        },
        |body| {
            let read = event::read(body);
            for envelope in read.iter().flatten() {
                if let Event::Message(message) = &envelope.event {
                    let known = |kind: &str| ["image", "video", "audio", "file", "fallback"].contains(&kind);
                    assert!(message.attachments().iter().all(|attachment| known(attachment.kind.as_str())));
                }
            }
            read
        },
    ];
    let found = faults.map(|fault| hold(fault, 2_000).is_err());
    assert_eq!(found, [true; 4]);
}

#[test]
fn every_documented_body_is_answered_and_known_again() {
    let server = bodies::Server::start();
    for payload in payloads() {
        bodies::read(&payload.body);
        server.signed(&payload.body);
    }
}

#[test]
fn any_body_is_answered_and_known_again() {
    let server = bodies::Server::start();
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    let delivered = prop_oneof![json(), mutated()].prop_map(|item| delivery(&[item]));
    let body = prop_oneof![delivered, json()].prop_map(|json| json.to_string().into_bytes());
    let body = prop_oneof![1 => bytes, 4 => body];
    let held = runner(500).run(&body, |body| {
        bodies::read(&body);
        server.signed(&body);
        Ok(())
    });
    held.unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn no_header_signs_what_it_does_not() {
    let both = (prop::collection::vec(any::<u8>(), 0..80), prop::collection::vec(any::<u8>(), 0..80));
    let held = runner(500).run(&both, |(header, body)| {
        bodies::signature(&header, &body);
        Ok(())
    });
    held.unwrap_or_else(|fault| panic!("{fault}"));
}
