//! Why a send is where it is, and what Meta said about it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::secret;

/// The most characters that are kept of each of Meta's texts.
const MOST: usize = 2000;

/// The least length of a run of letters and digits that is taken for a token. Meta quotes a token that it cannot read.
const TOKEN: usize = 40;

/// Why a send is where it is: short, and safe to log. Where Meta's answer had an error, Meta's words come with it; neither
/// `Display` nor `Debug` prints those.
#[derive(Clone, PartialEq, Eq)]
pub struct Reason {
    text: String,
    meta: Option<Box<MetaError>>,
}

impl Reason {
    /// The short reason, and the error of Meta's answer where it had one.
    pub fn new(text: impl Into<String>, meta: Option<MetaError>) -> Reason {
        Reason { text: text.into(), meta: meta.map(Box::new) }
    }

    /// The short reason alone.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The error of Meta's answer.
    pub fn meta(&self) -> Option<&MetaError> {
        self.meta.as_deref()
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Reason {
        Reason::new(text, None)
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Reason {
        Reason::new(text, None)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, out)
    }
}

/// The `error` of an answer, in Meta's names. Its texts are localised, change, and may quote what was sent: they are for the
/// operator's eyes, and `Debug` prints none of them.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/error-codes>
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(description = "Meta's words about an attempt, in Meta's names.")]
pub struct MetaError {
    /// What went wrong.
    #[serde(deserialize_with = "text")]
    #[schema(required)]
    pub message: Option<String>,
    /// `OAuthException`, `GraphMethodException`, ….
    #[serde(rename = "type", deserialize_with = "text")]
    #[schema(required)]
    pub kind: Option<String>,
    /// The code.
    #[serde(deserialize_with = "number")]
    #[schema(required)]
    pub code: Option<i64>,
    /// The subcode.
    #[serde(deserialize_with = "number")]
    #[schema(required)]
    pub error_subcode: Option<i64>,
    /// The title of what a person may be told.
    #[serde(deserialize_with = "text")]
    #[schema(required)]
    pub error_user_title: Option<String>,
    /// What a person may be told.
    #[serde(deserialize_with = "text")]
    #[schema(required)]
    pub error_user_msg: Option<String>,
    /// By which Meta's support finds the call.
    #[serde(deserialize_with = "text")]
    #[schema(required)]
    pub fbtrace_id: Option<String>,
    /// Whether it passes, where Meta says so.
    #[serde(skip_serializing, deserialize_with = "flag")]
    #[schema(ignore)]
    pub is_transient: Option<bool>,
}

impl fmt::Debug for MetaError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "[error {:?}/{:?}]", self.code, self.error_subcode)
    }
}

/// A text, cut where it is longer than any of Meta's, and without the tokens in it. A number counts as its digits; anything else
/// as absent.
fn text<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    let text = match Value::deserialize(input)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return Ok(None),
    };
    Ok(Some(without_tokens(&text).chars().take(MOST).collect()))
}

/// A whole number, or the same in quotes. Anything else counts as absent.
fn number<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(input)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// A flag, in the forms that Meta writes. Anything else counts as absent.
fn flag<'de, D: Deserializer<'de>>(input: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(input)? {
        Value::Bool(flag) => Some(flag),
        Value::Number(number) => number.as_i64().map(|number| number == 1),
        Value::String(text) => match text.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    })
}

/// "Malformed access token EAAB…": the token is masked.
fn without_tokens(text: &str) -> String {
    let is_token = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_token) {
        let end = rest[start..].find(|letter| !is_token(letter)).map_or(rest.len(), |length| start + length);
        shown.push_str(&rest[..start]);
        match &rest[start..end] {
            long if long.len() >= TOKEN => shown.push_str(&secret::masked(long)),
            word => shown.push_str(word),
        }
        rest = &rest[end..];
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(error: Value) -> MetaError {
        serde_json::from_value(error).expect("an error")
    }

    #[test]
    fn metas_words_are_kept_in_metas_names_and_never_printed() {
        let words = json!({"message": "(#100) No matching user found", "type": "OAuthException", "code": 100,
            "error_subcode": 2_018_001, "error_user_title": "Not sent", "error_user_msg": "Ask Ada", "fbtrace_id": "AbC"});
        assert_eq!(serde_json::to_value(read(words.clone())).expect("JSON"), words);
        let reason = Reason::new("error 100/2018001", Some(read(words)));
        assert_eq!(format!("{reason} {reason:?}"), r#"error 100/2018001 "error 100/2018001""#);
        assert_eq!(format!("{:?}", reason.meta()), "Some([error Some(100)/Some(2018001)])");
    }

    #[test]
    fn each_field_is_read_for_itself() {
        let odd =
            read(json!({"message": ["x"], "type": null, "code": "190", "error_subcode": " 463", "error_user_msg": 7,
            "fbtrace_id": {}, "is_transient": "true", "new": 1}));
        let expected = MetaError {
            code: Some(190),
            error_subcode: Some(463),
            error_user_msg: Some("7".into()),
            is_transient: Some(true),
            ..MetaError::default()
        };
        assert!(odd == expected, "{odd:?}");
        assert!(read(json!({})) == MetaError::default());
    }

    #[test]
    fn a_text_is_bounded_and_quotes_no_token() {
        let long = read(json!({"message": "ö ".repeat(5000)})).message.expect("a text");
        assert_eq!(long.chars().count(), MOST);
        let token = format!("EAA{}wxyz", "b7".repeat(30));
        let quoted = read(json!({"message": format!("Malformed access token {token}.")})).message.expect("a text");
        assert_eq!(quoted, "Malformed access token …wxyz.");
    }
}
