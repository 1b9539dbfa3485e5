use std::cell::Cell;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::event::{Envelope, Unreadable, post};

const PAGE: &str = "104";

fn origin() -> Origin {
    Origin { account: AccountId::new(PAGE), standby: false, time: Some(Timestamp(1_790_000_000_123)), list: None }
}

/// Two readings are equal where this is: `Debug` prints each field of an envelope, but of the item only the length.
fn told<'a>(read: impl IntoIterator<Item = &'a Result<Envelope, Unreadable>>) -> Vec<String> {
    let raw = |item: &Result<Envelope, Unreadable>| item.as_ref().ok().map(|item| item.raw.get().to_owned());
    read.into_iter().map(|item| format!("{item:#?}\n{:?}", raw(item))).collect()
}

/// Whether an item is read here, and then as the lenient readers read it.
fn is_usual(origin: &Origin, raw: &RawValue) -> bool {
    let read = Envelope::read_usual(origin, raw).map(Ok);
    let is_usual = read.is_some();
    if is_usual {
        assert_eq!(told(&read), told(&Envelope::read_leniently(origin, raw).map(Ok)), "{raw}");
    }
    is_usual
}

/// The same of a body.
fn is_usual_delivery(body: &[u8]) -> bool {
    let read = post::read_usual(body);
    if let Some(read) = &read {
        assert_eq!(told(read), told(&post::read_leniently(body)), "{}", String::from_utf8_lossy(body));
    }
    read.is_some()
}

/// The documented shapes of the kinds that are read here, but which the lenient readers read.
const UNUSUAL: &[&str] = &[
    "echo/instagram-other-id",
    "echo/page-without-the-flag",
    "message/instagram-deleted-in-quotes",
    "message/instagram-first-version",
    "message/page-cut-emoji",
    "message/page-hop-context",
    "message/page-ids-as-numbers",
    "message/page-in-a-list",
    "message/page-standby",
    "message/page-test-button",
    "message/page-unknown-keys",
    "message/page-without-sender",
    "postback/instagram-by-itself",
    "postback/page-of-a-user-ref",
    "postback/page-standby",
    "reaction/page-by-the-account",
];

#[test]
fn the_documented_shapes_are_usual() {
    let files = |folder: &Path| -> Vec<PathBuf> {
        folder.read_dir().expect("a folder").map(|file| file.expect("a file").path()).collect()
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/payloads");
    let mut unusual = Vec::new();
    for file in files(&root).iter().flat_map(|folder| files(folder)) {
        let name = file.strip_prefix(&root).expect("a file below").display().to_string();
        let Some((kind, name)) = name.strip_suffix(".json").and_then(|name| Some((name.split_once('/')?.0, name)))
        else {
            continue;
        };
        let body = std::fs::read(&file).expect("a file");
        let is_delivery = is_usual_delivery(&body);
        let are_items = post::read_leniently(&body).into_iter().flatten().all(|read| {
            is_usual(&Origin { account: read.account, standby: read.standby, time: None, list: read.list }, &read.raw)
        });
        let is_kind = ["delivery", "echo", "message", "postback", "reaction", "read"].contains(&kind);
        if is_kind && !(is_delivery && are_items) {
            unusual.push(name.to_owned());
        }
    }
    unusual.sort();
    assert_eq!(unusual, UNUSUAL);
}

#[test]
fn what_comes_most_is_usual() {
    let of_ada = r#""sender":{"id":"72"},"recipient":{"id":"104"},"timestamp":1790000000001"#;
    let of_page = r#""sender":{"id":"104"},"recipient":{"id":"72"},"timestamp":1790000000001"#;
    for (ends, content) in [
        (of_ada, r#""message":{"mid":"m_1","text":"\u00e4","nlp":{"intents":[],"entities":{},"traits":{}}}"#),
        (of_page, r#""message":{"is_echo":true,"app_id":5,"mid":"m_2","text":"x","metadata":"rejoinder:7f:1.c0"}"#),
        (of_ada, r#""delivery":{"mids":["m_2"],"watermark":1790000000001}"#),
        (of_ada, r#""read":{"watermark":1790000000001}"#),
    ] {
        let item = format!("{{{ends},{content}}}");
        assert!(is_usual(&origin(), serde_json::from_str(&item).expect("JSON")), "{item}");
        let body = format!(r#"{{"object":"page","entry":[{{"time":1,"id":"104","messaging":[{item},7,{item}]}}]}}"#);
        assert!(is_usual_delivery(body.as_bytes()), "{body}");
    }
}

// What may stand in the place of a value, with spaces between: first what is usual there, then what is not.
const ID: [&str; 2] =
    [r#""72" "72" "104" 72"#, r#""0" 0 "" "\u0020" null 1.5 [72] "\u0037" "\ud83d" {} -7 1e9 ["72"]"#];
const TIME: [&str; 2] = [
    "1790000000001 1790000000 99999999999 100000000000",
    r#""1790000000001" 0 -5 null 1.5 9223372036854775807 9223372036854775808 -9223372036854775808 "x" [1] {"a":1} 1e3 -0"#,
];
const TEXT: [&str; 2] = [r#""hi" "\u00e4\n\/" "\ud83d\ude00" "rejoinder:7f:18.c0:x" "react""#, ODD];
const FLAG: [&str; 2] = ["true false", ODD];
const LIST: [&str; 2] = [r#"[{"type":"image","payload":{"url":"u"}}] [{"name":"n"},7] ["m_1","m_2"] []"#, ODD];
const OBJECT: [&str; 2] = [
    r#"{"payload":"P"} {"mid":"m_0","story":{"id":7},"is_self_reply":"true"} {"ref":"r","ad_id":7,"source":"ADS"}"#,
    ODD,
];
const ODD: &str =
    r#"null 7 0 1 "" "true" "1" [] {} "\ud83d" ["m_1"] [true] {"type":"a\ude00"} ["P"] [["P"]] {"a":1,"a":2} -1.5"#;

fn among([usual, odd]: [&'static str; 2]) -> BoxedStrategy<String> {
    let deep = format!("{}{}", "[".repeat(62), "]".repeat(62));
    let bad = [
        r#""\ud83d""#,
        r#"[{"type":"\ud83d"}]"#,
        r#"{"payload":"\ud83d","mid":"\ude00"}"#,
        &deep,
        &format!("[{deep}]"),
    ];
    let one_of = |values: &str| select(values.split(' ').map(str::to_owned).collect::<Vec<_>>());
    prop_oneof![60 => one_of(usual), 2 => one_of(odd), 1 => select(bad.map(str::to_owned).to_vec())].boxed()
}

/// A member that is there so many times of a hundred, now and then twice, or with an escape in its name.
fn member(name: &'static str, likely: u32, value: BoxedStrategy<String>) -> BoxedStrategy<Vec<String>> {
    let escaped = format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]);
    let name = prop_oneof![50 => Just(name.to_owned()), 1 => Just(escaped)];
    let written = (name, value).prop_map(|(name, value)| format!("\"{name}\":{value}"));
    let members = |count: usize| prop::collection::vec(written.clone(), count);
    prop_oneof![200 - 2 * likely => members(0), 2 * likely => members(1), 1 => members(2)].boxed()
}

/// These members in any order, and now and then another.
fn object(members: Vec<BoxedStrategy<Vec<String>>>) -> BoxedStrategy<String> {
    let others = [
        r#""is_self":true"#,
        r#""user_ref":"u""#,
        r#""x":{"y":"\ud83d"}"#,
        r#""field":"messages""#,
        r#""value":{}"#,
        r#""message_edit":{"mid":"m_1","text":"hi","num_edit":0}"#,
        r#""created_time":5"#,
        r#""hop_context":[{}]"#,
        r#""standby":[{"message":{}}]"#,
        r#""optin":{"ref":"r"}"#,
        r#""from":"72""#,
    ];
    let other =
        prop_oneof![40 => Just(Vec::new()), 1 => select(others.to_vec()).prop_map(|other| vec![other.to_owned()])];
    let members = (members, other).prop_map(|(members, other)| [members.concat(), other].concat());
    let around =
        prop_oneof![40 => Just(["{", ",", "}"]), 4 => Just([" {\n", " , ", "\t} "]), 1 => Just(["[{", ",", "}]"])];
    let written =
        |(members, [open, comma, close]): (Vec<String>, [_; 3])| format!("{open}{}{close}", members.join(comma));
    (members.prop_shuffle(), around).prop_map(written).boxed()
}

fn an_item() -> BoxedStrategy<String> {
    let end = || prop_oneof![60 => object(vec![member("id", 99, among(ID))]), 1 => among(ID)].boxed();
    let content = |name, members: &[(&'static str, u32, [&'static str; 2])]| {
        let members = members.iter().map(|(name, likely, values)| member(name, *likely, among(*values)));
        member(name, 98, prop_oneof![40 => object(members.collect()), 1 => among(OBJECT)].boxed())
    };
    let message = content(
        "message",
        &[
            ("mid", 95, TEXT),
            ("text", 85, TEXT),
            ("is_echo", 40, FLAG),
            ("app_id", 15, ID),
            ("metadata", 20, TEXT),
            ("is_self", 5, FLAG),
            ("is_deleted", 10, FLAG),
            ("is_unsupported", 5, FLAG),
            ("attachments", 15, LIST),
            ("quick_reply", 15, OBJECT),
            ("reply_to", 15, OBJECT),
            ("referral", 15, OBJECT),
            ("commands", 15, LIST),
            ("nlp", 20, OBJECT),
        ],
    );
    let postback =
        content("postback", &[("mid", 90, TEXT), ("title", 90, TEXT), ("payload", 90, TEXT), ("referral", 20, OBJECT)]);
    let reaction =
        content("reaction", &[("mid", 90, TEXT), ("action", 90, TEXT), ("reaction", 80, TEXT), ("emoji", 80, TEXT)]);
    let read = content("read", &[("watermark", 80, TIME), ("mid", 30, TEXT), ("seq", 10, TIME)]);
    let delivery = content("delivery", &[("watermark", 80, TIME), ("mids", 80, LIST)]);
    let one = prop_oneof![5 => message.clone(), 1 => postback, 1 => reaction, 1 => read.clone(), 1 => delivery];
    let contents = prop_oneof![40 => one, 1 => (message, read).prop_map(|(one, other)| [one, other].concat())].boxed();
    let ends = [member("sender", 98, end()), member("recipient", 98, end()), member("timestamp", 95, among(TIME))];
    object(ends.into_iter().chain([contents]).collect())
}

fn a_body() -> BoxedStrategy<String> {
    fn list(entry: BoxedStrategy<String>) -> BoxedStrategy<String> {
        prop::collection::vec(entry, 0..3).prop_map(|entries| format!("[{}]", entries.join(","))).boxed()
    }
    let item = prop_oneof![10 => an_item(), 1 => among(OBJECT)].boxed();
    let items = prop_oneof![40 => list(item), 1 => among(LIST)].boxed();
    let entry =
        object(vec![member("id", 98, among(ID)), member("time", 95, among(TIME)), member("messaging", 98, items)]);
    let name = among([r#""page" "instagram""#, r#""user" null 7 "\u0070age" "" ["page"]"#]);
    object(vec![member("object", 98, name), member("entry", 98, list(entry))])
}

/// Tries invented texts, some of them with one byte changed. Of a hundred, so many have to be usual.
fn try_all(texts: BoxedStrategy<String>, least: u32, is_usual: impl Fn(&[u8]) -> bool) {
    const CASES: u32 = 2_000;
    let usual = Cell::new(0);
    let fault = prop::option::weighted(0.2, (any::<Index>(), select(&b"{}[],:\"\\ 0n\xff"[..])));
    let run = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() }).run(
        &(texts, fault),
        |(text, fault)| {
            let mut text = text.into_bytes();
            if let Some((place, byte)) = fault {
                let place = place.index(text.len());
                text[place] = byte;
            }
            usual.set(usual.get() + u32::from(is_usual(&text)));
            Ok(())
        },
    );
    run.unwrap_or_else(|fault| panic!("{fault}"));
    assert!(usual.get() * 100 > least * CASES, "{} of {CASES}", usual.get());
}

#[test]
fn whatever_is_usual_is_read_as_the_lenient_readers_read_it() {
    let origins =
        [origin(), Origin { standby: true, time: None, ..origin() }, Origin { list: Some("calls".into()), ..origin() }];
    try_all(an_item(), 20, |text| {
        let Ok(raw) = serde_json::from_slice(text) else { return false };
        origins.iter().filter(|origin| is_usual(origin, raw)).count() > 0
    });
    try_all(a_body(), 20, is_usual_delivery);
}
