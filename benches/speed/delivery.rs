//! Deliveries as Meta sends them: signed, each with an id of its own.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::Hmac;
use sha2::Sha256;

/// The app secret of every server that is measured.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The app, as echoes name it.
pub const APP: u64 = 555_000_000_000_077;

/// The id of the first account; the others follow.
pub const PAGE: u64 = 104_523_697_812_345;

const TEXT: &str = "Hello there, I would like to know whether the blue jacket in size M is still in stock, and whether you deliver \
    on Saturdays to the old town. Thank you very much in advance! Also: is there a discount for two?";

/// The milliseconds of now, as Meta stamps them.
pub fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_millis()).unwrap_or_default()
}

/// A number that looks random, always the same for the same `number`.
pub fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The person of a conversation.
pub fn person(conversation: u64) -> u64 {
    2_000_000_000_000_000 + mix(conversation) % 1_000_000_000_000_000
}

/// An id of a message in the form of Meta's.
pub fn mid(number: u64) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut id = String::from("m_");
    let mut state = number;
    while id.len() < 88 {
        state = mix(state);
        let digits = (0..10).map(|place| char::from(DIGITS[(state >> (6 * place)) as usize & 63]));
        id.extend(digits.take(88 - id.len()));
    }
    id
}

/// A message of a person, number `number` of all.
pub fn message(number: u64, page: u64, person: u64) -> String {
    let (mid, now) = (mid(number), now());
    format!(
        r#"{{"sender":{{"id":"{person}"}},"recipient":{{"id":"{page}"}},"timestamp":{now},"message":{{"mid":"{mid}","text":"{TEXT} #{number}","nlp":{{"intents":[],"entities":{{}},"traits":{{}},"detected_locales":[{{"locale":"en_XX","confidence":0.9981}}]}}}}}}"#
    )
}

/// What Meta tells of a reply: its echo, that it was delivered, that it was read.
pub fn receipts(page: u64, person: &str, mid: &str, text: &str, metadata: Option<&str>) -> [String; 3] {
    let now = now();
    let json = |text: &str| serde_json::Value::from(text).to_string();
    let mut echo = format!(r#"{{"is_echo":true,"app_id":{APP},"mid":"{mid}","text":{}"#, json(text));
    if let Some(metadata) = metadata {
        let _ = write!(echo, r#","metadata":{}"#, json(metadata));
    }
    let of_person = format!(r#""sender":{{"id":"{person}"}},"recipient":{{"id":"{page}"}},"timestamp":{now}"#);
    [
        format!(
            r#"{{"sender":{{"id":"{page}"}},"recipient":{{"id":"{person}"}},"timestamp":{now},"message":{echo}}}}}"#
        ),
        format!(r#"{{{of_person},"delivery":{{"mids":["{mid}"],"watermark":{now}}}}}"#),
        format!(r#"{{{of_person},"read":{{"watermark":{now}}}}}"#),
    ]
}

/// The request that delivers these items of one account, with the older signature too where `sha1` says so.
pub fn request(page: u64, items: &[String], sha1: bool, request: &mut Vec<u8>) {
    let body = format!(
        r#"{{"object":"page","entry":[{{"time":{},"id":"{page}","messaging":[{}]}}]}}"#,
        now(),
        items.join(",")
    );
    let signature = hex::encode(signed::<Hmac<Sha256>>(&body));
    request.clear();
    let _ = write!(
        request,
        "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-Hub-Signature-256: sha256={signature}\r\n"
    );
    if sha1 {
        let _ = write!(request, "X-Hub-Signature: sha1={}\r\n", hex::encode(signed::<Hmac<sha1::Sha1>>(&body)));
    }
    let _ = write!(request, "Content-Length: {}\r\n\r\n{body}", body.len());
}

fn signed<M: hmac::Mac + hmac::KeyInit>(body: &str) -> Vec<u8> {
    let mut mac = <M as hmac::KeyInit>::new_from_slice(SECRET.as_bytes()).expect("a key of any length");
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
