//! What is done to JSON from outside before it is read, the same wherever it comes from: webhooks, the Graph API, relays and
//! callers of `/api`.
//!
//! A text that was cut in the middle of an emoji ends in half of a surrogate pair. Most programs write that as `\ud83d` and
//! read it again; serde_json refuses it, and with it everything around it. Here it becomes U+FFFD ([`mended`]).

use std::borrow::Cow;

use serde_json::Value;

/// How deep an item may be nested. Meta's deepest have some fifteen levels; whatever reads an item after us, in whatever
/// language, may have a limit of its own.
const DEEPEST: u32 = 64;

/// Whether a text of well-formed JSON is nested deeper than anything that Meta sends.
pub(crate) fn is_too_deep(json: &str) -> bool {
    // Nearly every item has fewer brackets in all, and these are quick to count.
    if json.bytes().map(|byte| u32::from(matches!(byte, b'{' | b'['))).sum::<u32>() <= DEEPEST {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The same bytes with each half of a surrogate pair that stands alone made `\ufffd`. What is no UTF-8 stays as it is: the
/// parser says what is wrong with it.
pub(crate) fn mended_bytes(json: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(json).map(mended) {
        Ok(Cow::Owned(mended)) => Cow::Owned(mended.into_bytes()),
        Ok(Cow::Borrowed(_)) | Err(_) => Cow::Borrowed(json),
    }
}

/// Takes every member out that is null, however deep: a writer that always writes all of its fields means that it is absent.
/// In a list null keeps its place, since the places of its neighbours mean something.
pub(crate) fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(entries) => entries.iter_mut().for_each(without_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The same text with each half of a surrogate pair that stands alone made `\ufffd`.
pub(crate) fn mended(json: &str) -> Cow<'_, str> {
    let mut mended = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = json[at..].find('\\') {
        let start = at + found;
        let pair = surrogate(json, start);
        let low = pair.filter(is_high).and_then(|_| surrogate(json, start + 6)).filter(is_low);
        at = match (pair, low) {
            (Some(_), Some(_)) => start + 12,
            (Some(_), None) => {
                mended.push_str(&json[copied..start]);
                mended.push_str("\\ufffd");
                copied = start + 6;
                copied
            }
            // Another escape: the character behind the backslash belongs to it.
            (None, _) => start + 1 + json[start + 1..].chars().next().map_or(0, char::len_utf8),
        };
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    mended.push_str(&json[copied..]);
    Cow::Owned(mended)
}

fn is_high(unit: &u32) -> bool {
    (0xd800..0xdc00).contains(unit)
}

fn is_low(unit: &u32) -> bool {
    (0xdc00..0xe000).contains(unit)
}

/// The half of a surrogate pair that is escaped at this place, where one is.
fn surrogate(json: &str, at: usize) -> Option<u32> {
    let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
    u32::from_str_radix(digits, 16).ok().filter(|unit| is_high(unit) || is_low(unit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_lone_half_of_a_pair_is_replaced_and_a_whole_one_is_not() {
        for (text, expected) in [
            (r#""plain""#, r#""plain""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""cut \ud83d""#, r#""cut \ufffd""#),
            (r#""\ude00 cut""#, r#""\ufffd cut""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83d\n""#, r#""\ufffd\n""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\u00e4""#, r#""\u00e4""#),
        ] {
            assert_eq!(mended(text), expected);
            assert!(serde_json::from_str::<String>(&mended(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn depth_is_counted_outside_of_strings() {
        let nested = |levels: u32| format!("{}{}", "[".repeat(levels as usize), "]".repeat(levels as usize));
        assert!(!is_too_deep(&nested(DEEPEST)));
        assert!(is_too_deep(&nested(DEEPEST + 1)));
        assert!(!is_too_deep(&format!("\"{}\"", "[".repeat(200))));
        assert!(!is_too_deep(&format!(r#"["\"{}"]"#, "[".repeat(200))));
        assert!(!is_too_deep(&"[],".repeat(200)));
    }

    #[test]
    fn null_members_are_absent_and_null_entries_keep_their_place() {
        let mut value = serde_json::json!({"a": null, "b": {"c": null, "d": [null, {"e": null, "f": 1}]}, "g": false});
        without_nulls(&mut value);
        assert_eq!(value, serde_json::json!({"b": {"d": [null, {"f": 1}]}, "g": false}));
    }

    #[test]
    fn bytes_are_mended_like_text_and_what_is_no_text_is_left() {
        assert_eq!(mended_bytes(br#""\ud83d""#).as_ref(), br#""\ufffd""#);
        assert_eq!(mended_bytes(b"\xff\\ud83d").as_ref(), b"\xff\\ud83d");
    }

    const PARTS: &[&str] =
        &[r"\ud83d", r"\ude00", r"\uD83D", r"\u00e4", r"\\", r#"\""#, r"\n", r"\/", "u", "d83d", "ä", "😀"];

    proptest! {
        #[test]
        fn whatever_is_escaped_it_is_mended(parts in prop::collection::vec(prop::sample::select(PARTS), 0..12)) {
            let text = format!("\"{}\"", parts.concat());
            let once = mended(&text).into_owned();
            prop_assert!(serde_json::from_str::<String>(&once).is_ok(), "{}", text);
            let again = mended(&once).into_owned();
            prop_assert_eq!(again, once);
        }
    }
}
