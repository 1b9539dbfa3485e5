//! Tokens in what is shown: masked, wherever they stand, and every other byte as it is.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::secret;

/// The names under which Meta's JSON carries what lets its holder act.
const SECRET: [&str; 7] = [
    "one_time_notif_token",
    "notification_messages_token",
    "messenger_subscription_token",
    "subscription_token",
    "authorization_code",
    "access_token",
    "appsecret_proof",
];

/// JSON, or what was meant to be JSON, with every token in it masked: `"…a1b2"`. Every string and number under such a
/// key is masked.
pub(super) fn text(json: &str) -> Cow<'_, str> {
    let mut scan = Scan { json, at: 0, copied: 0, masked: String::new() };
    scan.run();
    if scan.copied == 0 {
        return Cow::Borrowed(json);
    }
    scan.masked.push_str(&json[scan.copied..]);
    Cow::Owned(scan.masked)
}

/// The same of a value.
pub(super) fn value(value: &Value) -> Value {
    match value {
        // What was kept and cannot be read.
        Value::String(kept) => text(kept).into(),
        value => serde_json::from_str(&text(&value.to_string())).unwrap_or_default(),
    }
}

/// The same of an item as it was kept: JSON, or a string where it is not JSON.
pub(super) fn item(raw: &[u8]) -> Box<RawValue> {
    let lossy = String::from_utf8_lossy(raw);
    let shown = text(&lossy);
    let json = std::str::from_utf8(raw).is_ok().then(|| serde_json::from_str(&shown).ok()).flatten();
    json.or_else(|| serde_json::value::to_raw_value(&shown).ok()).unwrap_or_default()
}

/// A walk over a text, by its tokens: what cannot be read as JSON as a whole is masked too.
struct Scan<'a> {
    json: &'a str,
    at: usize,
    /// Up to where the text has been taken over.
    copied: usize,
    masked: String,
}

impl Scan<'_> {
    fn run(&mut self) {
        while let Some(quote) = self.json[self.at..].find('"') {
            self.at += quote;
            let name = self.string();
            if self.next_is(b':') && is_secret(&self.json[name.0..name.1]) {
                self.at += 1;
                self.mask_value();
            }
        }
    }

    /// Masks every string and number of the value that begins here, but for the names in it.
    fn mask_value(&mut self) {
        let mut depth = 0_usize;
        loop {
            self.skip_blanks();
            match self.json.as_bytes().get(self.at) {
                Some(b'"') => {
                    let (start, end) = self.string();
                    if depth == 0 || !self.next_is(b':') {
                        self.mask(start, end);
                    }
                }
                Some(b'-' | b'0'..=b'9') => {
                    let start = self.at;
                    self.at += self.json[start..]
                        .find([',', '}', ']', ' ', '\n', '\r', '\t'])
                        .unwrap_or(self.json.len() - start);
                    self.mask(start, self.at);
                }
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(b',' | b':') if depth > 0 => self.at += 1,
                // A word such as null, or the end.
                _ => {
                    let word = self.json[self.at..].find(|letter: char| !letter.is_ascii_alphabetic());
                    let length = word.unwrap_or(self.json.len() - self.at);
                    if length == 0 {
                        return;
                    }
                    self.at += length;
                }
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// Passes the string that begins here, and says where it starts and ends, its quotes included.
    fn string(&mut self) -> (usize, usize) {
        let (start, bytes) = (self.at, self.json.as_bytes());
        let mut end = start + 1;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'"' => {
                    end += 1;
                    break;
                }
                // The character behind a backslash belongs to it.
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        // A text may end behind a backslash, or inside the character that it escapes.
        while end < bytes.len() && !self.json.is_char_boundary(end) {
            end += 1;
        }
        self.at = end.min(bytes.len());
        (start, self.at)
    }

    fn mask(&mut self, start: usize, end: usize) {
        let written = &self.json[start..end];
        let token = serde_json::from_str::<String>(written).unwrap_or_else(|_| written.trim_matches('"').to_owned());
        self.masked.push_str(&self.json[self.copied..start]);
        self.masked.push_str(&Value::String(secret::masked(&token)).to_string());
        self.copied = end;
    }

    fn next_is(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        self.json.as_bytes().get(self.at) == Some(&byte)
    }

    fn skip_blanks(&mut self) {
        let blanks = self.json[self.at..].bytes().take_while(u8::is_ascii_whitespace).count();
        self.at += blanks;
    }
}

/// Whether a name, in quotes, is that of a token, however it is escaped.
fn is_secret(name: &str) -> bool {
    let named = |name: &str| SECRET.contains(&name);
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => named(plain),
        _ => serde_json::from_str::<String>(name).is_ok_and(|name| named(&name)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_masked_wherever_it_stands_and_nothing_else_is_touched() {
        for (json, shown) in [
            (
                r#"{"optin":{ "one_time_notif_token" :  "6012345678a1b2" ,"a":1,"a":2.50}}"#,
                r#"{"optin":{ "one_time_notif_token" :  "…a1b2" ,"a":1,"a":2.50}}"#,
            ),
            (r#"{"access_token":12345678901,"x":[1]}"#, r#"{"access_token":"…8901","x":[1]}"#),
            (r#"{"access_token":"short"}"#, r#"{"access_token":"…"}"#),
            (
                r#"{"messenger_subscription_token":"6012345678a1b2","mid":"m_1"}"#,
                r#"{"messenger_subscription_token":"…a1b2","mid":"m_1"}"#,
            ),
            (
                r#"{"messenger_delivery_data":{"subscription_token":"6012345678a1b2"}}"#,
                r#"{"messenger_delivery_data":{"subscription_token":"…a1b2"}}"#,
            ),
            (r#"{"access_token":null,"b":"access_token"}"#, r#"{"access_token":null,"b":"access_token"}"#),
            (
                r#"[{"authorization_code":{"value":["6012345678c3d4"],"n":12345678901,"b":true}},"6012345678a1b2"]"#,
                r#"[{"authorization_code":{"value":["…c3d4"],"n":"…8901","b":true}},"6012345678a1b2"]"#,
            ),
            (
                r#"{"notification\u005fmessages_token":"60123456\u0037\ud83da1b2"}"#,
                r#"{"notification\u005fmessages_token":"…a1b2"}"#,
            ),
            (r#"{"text":"\"access_token\":\"6012345678a1b2\""}"#, r#"{"text":"\"access_token\":\"6012345678a1b2\""}"#),
            (r#"{"a":"\\","access_token":"6012345678a1b2"}"#, r#"{"a":"\\","access_token":"…a1b2"}"#),
            // What is no JSON any more.
            (r#"{"access_token":"6012345678a1b2"#, r#"{"access_token":"…a1b2""#),
            (r#"{"access_token":["6012345678a1b2","#, r#"{"access_token":["…a1b2","#),
            (r#"not {"access_token" "6012345678a1b2" \"#, r#"not {"access_token" "6012345678a1b2" \"#),
            (r#"{"access_token":"#, r#"{"access_token":"#),
            (r#""\"#, r#""\"#),
            ("", ""),
        ] {
            assert_eq!(text(json), shown);
        }
    }

    #[test]
    fn an_item_that_is_no_json_is_shown_as_a_string() {
        assert_eq!(item(br#"{"a":1,"a":2.50}"#).get(), r#"{"a":1,"a":2.50}"#);
        assert_eq!(item(br#"{"access_token":"6012345678a1b2"#).get(), r#""{\"access_token\":\"…a1b2\"""#);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let word = prop_oneof![Just("access_token".to_owned()), "[a-z\"\\\\ö:{,]{0,6}"];
        let leaf =
            prop_oneof![Just(json!(null)), any::<i32>().prop_map(Value::from), word.clone().prop_map(Value::from)];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(word.clone(), inner, 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    /// What the text ought to be, by another way.
    fn masked(value: &Value, under: bool) -> Value {
        match value {
            Value::String(token) if under => secret::masked(token).into(),
            Value::Number(token) if under => secret::masked(&token.to_string()).into(),
            Value::Array(entries) => entries.iter().map(|entry| masked(entry, under)).collect(),
            Value::Object(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(name, entry)| (name.clone(), masked(entry, under || is_secret(&json!(name).to_string()))))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn every_text_is_masked_as_its_value_would_be(json in any_json(), cut in any::<prop::sample::Index>()) {
            if !json.is_string() {
                prop_assert_eq!(value(&json), masked(&json, false));
            }
            let (compact, laid_out) = (json.to_string(), format!("{json:#}"));
            prop_assert_eq!(serde_json::from_str::<Value>(&text(&laid_out)).expect("JSON"), masked(&json, false));
            // However it is cut, it is walked to its end.
            let end = (0..=cut.index(compact.len() + 1)).rev().find(|end| compact.is_char_boundary(*end)).unwrap_or(0);
            text(&compact[..end]);
        }
    }
}
