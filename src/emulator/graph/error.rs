//! Graph errors, in Meta's shape and words.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/error-codes>

use serde_json::{Value, json};

/// How much of a message `WWW-Authenticate` repeats, in characters. Many clients take no header of more than some kilobytes.
const LONGEST_IN_HEADER: usize = 1_000;

/// An answer that refuses. HTTP 400, as nearly all of Meta's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GraphError {
    pub(super) code: u32,
    pub(super) subcode: Option<u32>,
    kind: &'static str,
    message: String,
    /// Whether it is said to pass; most errors do not say.
    transient: Option<bool>,
    /// What a person should be told: a title and a text.
    for_people: Option<(String, String)>,
}

impl GraphError {
    /// An error whose message begins with its code, as those of the API do.
    pub(super) fn api(code: u32, message: impl AsRef<str>) -> GraphError {
        GraphError { message: format!("(#{code}) {}", message.as_ref()), ..GraphError::plain(code, "") }
    }

    /// An error about the token, whose message stands alone.
    pub(super) fn plain(code: u32, message: &str) -> GraphError {
        GraphError {
            code,
            subcode: None,
            kind: "OAuthException",
            message: message.into(),
            transient: None,
            for_people: None,
        }
    }

    /// An error about the object or the proof.
    pub(super) fn method(code: u32, message: &str) -> GraphError {
        GraphError { kind: "GraphMethodException", ..GraphError::plain(code, message) }
    }

    /// An object that is not there, is another's, or cannot do what is asked of it: Meta does not say which.
    pub(super) fn unsupported(verb: &str, node: &str) -> GraphError {
        let message = format!(
            "Unsupported {verb} request. Object with ID '{node}' does not exist, cannot be loaded due to missing permissions, \
            or does not support this operation"
        );
        GraphError::method(100, &message).with(33)
    }

    /// A parameter that is not as it must be.
    pub(super) fn parameter(message: impl AsRef<str>) -> GraphError {
        GraphError::api(100, message)
    }

    /// An id that no person has.
    pub(super) fn no_user(instagram: bool) -> GraphError {
        GraphError::parameter("No matching user found").with(if instagram { 2_534_014 } else { 2_018_001 })
    }

    /// A parameter that is not there.
    pub(super) fn required(parameter: &str) -> GraphError {
        GraphError::parameter(format!("The parameter {parameter} is required"))
    }

    /// A parameter that is too long.
    pub(super) fn length(parameter: &str, most: usize) -> GraphError {
        GraphError::parameter(format!("Length of param {parameter} must be less than or equal to {most}"))
    }

    /// The same with a subcode.
    pub(super) fn with(self, subcode: u32) -> GraphError {
        GraphError { subcode: Some(subcode), ..self }
    }

    /// The same with words for a person.
    pub(super) fn for_people(self, title: &str, text: &str) -> GraphError {
        GraphError { for_people: Some((title.into(), text.into())), ..self }
    }

    /// The same, said to pass.
    pub(super) fn transient(self) -> GraphError {
        GraphError { transient: Some(true), ..self }
    }

    /// The same, said not to pass, against what its code means elsewhere.
    pub(super) fn lasting(self) -> GraphError {
        GraphError { transient: Some(false), ..self }
    }

    /// The same as from Instagram's host: type `IGApiException` and no code prefix, except token errors.
    pub(super) fn of_instagram(self) -> GraphError {
        if self.is_about_the_token() {
            return self;
        }
        let bare = self.message.strip_prefix(&format!("(#{}) ", self.code)).map(str::to_owned);
        GraphError { kind: "IGApiException", message: bare.unwrap_or(self.message), ..self }
    }

    fn is_about_the_token(&self) -> bool {
        matches!(self.code, 102 | 190)
    }

    /// The header `WWW-Authenticate` of the answer.
    pub(super) fn challenge(&self) -> String {
        let kind = match (self.code, self.subcode) {
            _ if self.is_about_the_token() => "invalid_token",
            (803, _) => "not_found",
            (100, Some(36_007..=36_009)) => "invalid_code",
            _ => "invalid_request",
        };
        let message = match self.message.char_indices().nth(LONGEST_IN_HEADER) {
            Some((end, _)) => format!("{}…", &self.message[..end]),
            None => self.message.clone(),
        };
        format!("OAuth \"Facebook Platform\" \"{kind}\" \"{message}\"")
    }

    /// The body of the answer.
    pub(super) fn body(&self, fbtrace_id: &str) -> Value {
        let mut error =
            json!({"message": self.message, "type": self.kind, "code": self.code, "fbtrace_id": fbtrace_id});
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if let Some(transient) = self.transient {
            error["is_transient"] = json!(transient);
        }
        if let Some((title, text)) = &self.for_people {
            error["error_user_title"] = json!(title);
            error["error_user_msg"] = json!(text);
        }
        json!({"error": error})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_metas_shape() {
        assert_eq!(
            GraphError::api(10, "no").with(2_018_278).body("T"),
            json!({"error": {"message": "(#10) no", "type": "OAuthException", "code": 10, "error_subcode": 2_018_278, "fbtrace_id": "T"}})
        );
        assert_eq!(
            GraphError::plain(190, "Invalid").body("T"),
            json!({"error": {"message": "Invalid", "type": "OAuthException", "code": 190, "fbtrace_id": "T"}})
        );
        assert_eq!(GraphError::api(2, "later").transient().body("T")["error"]["is_transient"], true);
    }

    #[test]
    fn a_header_has_the_beginning_of_a_long_message() {
        let challenge = GraphError::plain(2500, &"ü".repeat(5_000)).challenge();
        let message = challenge.rsplit('"').nth(1).expect("a message");
        assert_eq!(message, format!("{}…", "ü".repeat(1_000)));
        assert!(GraphError::plain(2500, &"ü".repeat(1_000)).challenge().ends_with("üü\""));
    }

    #[test]
    fn instagrams_own_host_has_another_type() {
        let of_instagram = |error: GraphError| error.of_instagram().body("T")["error"].clone();
        let refused = of_instagram(GraphError::api(10, "no"));
        assert_eq!((&refused["type"], &refused["message"]), (&json!("IGApiException"), &json!("no")));
        assert_eq!(of_instagram(GraphError::plain(190, "Invalid"))["type"], "OAuthException");
    }
}
