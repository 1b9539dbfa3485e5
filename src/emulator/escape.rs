//! JSON as Meta puts it on the wire: ASCII only, and a slash with a backslash before it.
//!
//! The signature is made over these bytes. A server that verifies what it has parsed and written anew computes another
//! digest, and finds out here rather than in production.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/webhooks#validate-payloads>

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// Stands for half a surrogate pair, which no text can hold: two of the characters that Unicode keeps out of texts.
pub(super) const HALF: &str = "\u{fdd0}\u{fdd1}";

/// `value` in Meta's escaping: `/` as `\/`, everything beyond ASCII as `\uXXXX`, in surrogate pairs where one is not enough.
pub(crate) fn escape(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, AsMeta);
    value.serialize(&mut serializer).expect("a JSON value can be written to memory");
    halved(bytes)
}

/// Writes half a pair wherever one is meant.
fn halved(bytes: Vec<u8>) -> Vec<u8> {
    match std::str::from_utf8(&bytes) {
        Ok(text) if text.contains(r"\ufdd0\ufdd1") => text.replace(r"\ufdd0\ufdd1", r"\ud83c").into_bytes(),
        _ => bytes,
    }
}

struct AsMeta;

impl Formatter for AsMeta {
    // Quotes, backslashes and control characters are escaped before: a fragment holds none.
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut units = [0; 2];
        for character in fragment.chars() {
            match character {
                '/' => writer.write_all(b"\\/")?,
                ' '..='\u{7f}' => writer.write_all(&[character as u8])?,
                _ => {
                    for unit in character.encode_utf16(&mut units) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn is_ascii_with_escaped_slashes() {
        let check = |text: &str, expected: &str| {
            let escaped = escape(&json!(text));
            assert_eq!(String::from_utf8(escaped.clone()).expect("the result is ASCII"), expected);
            assert_eq!(serde_json::from_slice::<String>(&escaped).expect("the result is JSON"), text);
        };
        check("plain", r#""plain""#);
        check("Grüße 😀 https://example.com/a", r#""Gr\u00fc\u00dfe \ud83d\ude00 https:\/\/example.com\/a""#);
        check("❤️", r#""\u2764\ufe0f""#);
        check("\"\\\n\u{1}", r#""\"\\\n\u0001""#);
        check("\u{7f}\u{80}\u{ffff}\u{10000}", "\"\u{7f}\\u0080\\uffff\\ud800\\udc00\"");
        assert_eq!(escape(&json!(format!("cut {HALF}"))), br#""cut \ud83c""#);
        assert_eq!(escape(&json!({"ä/": [1, null]})), br#"{"\u00e4\/":[1,null]}"#);
    }
}
