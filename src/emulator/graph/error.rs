//! Graph errors, in Meta's shape and words.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/error-codes>

use serde_json::{Value, json};

/// An answer that refuses. HTTP 400, as nearly all of Meta's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GraphError {
    pub(super) code: u32,
    pub(super) subcode: Option<u32>,
    kind: &'static str,
    message: String,
    transient: bool,
}

impl GraphError {
    /// An error whose message begins with its code, as those of the API do.
    pub(super) fn api(code: u32, message: impl AsRef<str>) -> GraphError {
        GraphError { message: format!("(#{code}) {}", message.as_ref()), ..GraphError::plain(code, "") }
    }

    /// An error about the token, whose message stands alone.
    pub(super) fn plain(code: u32, message: &str) -> GraphError {
        GraphError { code, subcode: None, kind: "OAuthException", message: message.into(), transient: false }
    }

    /// An error about the object or the proof.
    pub(super) fn method(code: u32, message: &str) -> GraphError {
        GraphError { kind: "GraphMethodException", ..GraphError::plain(code, message) }
    }

    /// A parameter that is not as it must be.
    pub(super) fn parameter(message: impl AsRef<str>) -> GraphError {
        GraphError::api(100, message)
    }

    /// A parameter that is too long.
    pub(super) fn length(parameter: &str, most: usize) -> GraphError {
        GraphError::parameter(format!("Length of param {parameter} must be less than or equal to {most}"))
    }

    /// The same with a subcode.
    pub(super) fn with(self, subcode: u32) -> GraphError {
        GraphError { subcode: Some(subcode), ..self }
    }

    /// The same, said to pass.
    pub(super) fn transient(self) -> GraphError {
        GraphError { transient: true, ..self }
    }

    /// The body of the answer.
    pub(super) fn body(&self, fbtrace_id: &str) -> Value {
        let mut error =
            json!({"message": self.message, "type": self.kind, "code": self.code, "fbtrace_id": fbtrace_id});
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if self.transient {
            error["is_transient"] = json!(true);
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
}
