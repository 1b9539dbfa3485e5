//! Why a server did not do what a command asked: what is wrong, where, and a hint.

use std::error::Error;
use std::fmt;

use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

/// A call that brought no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// Policy forbids the send.
    Refused {
        /// The rule's number.
        rule: String,
        /// The rule.
        reason: String,
        /// The refused send, where it is listed.
        id: Option<String>,
    },
    /// The server said no.
    Denied {
        /// Its status.
        status: StatusCode,
        /// What it said.
        told: Told,
    },
    /// No answer came, or one that is not of Rejoinder's `/api`.
    NoServer {
        /// Whether the request may have come to the server all the same.
        may_have_arrived: bool,
        /// What is told.
        told: Told,
    },
}

/// Whether something is sent, or will be, could not be found out. To send it again may say it twice.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct OutcomeUnknown(pub(super) String);

/// What is told of a failure.
#[derive(Debug)]
pub(super) struct Told {
    place: String,
    problem: String,
    hint: Option<String>,
}

impl Failure {
    /// No answer came from `place`.
    pub(super) fn unreachable(place: &Url, error: reqwest::Error) -> Failure {
        let mut root: &dyn Error = &error;
        while let Some(source) = root.source() {
            root = source;
        }
        let hint = "is the server running there? --config, --env-file or --url name another";
        let may_have_arrived = !(error.is_connect() || error.is_builder());
        Failure::no_server(place, format!("the server does not answer: {root}"), hint, may_have_arrived)
    }

    /// What answered at `place` does not speak as the admin listener does.
    pub(super) fn foreign(place: &Url, status: StatusCode) -> Failure {
        let problem = format!("answers {status}, and not as Rejoinder's /api does");
        let hint =
            "is this the address of the admin listener (admin.listen), and is the server as new as this command?";
        // A gateway in front may have lost the answer; anything else is no Rejoinder.
        Failure::no_server(place, problem, hint, status.is_server_error())
    }

    fn no_server(place: &Url, problem: String, hint: &str, may_have_arrived: bool) -> Failure {
        let told = Told { place: place.to_string(), problem, hint: Some(hint.to_owned()) };
        Failure::NoServer { may_have_arrived, told }
    }

    /// The server at `place` answered that it cannot; `with_token` when it was given a token.
    pub(super) fn answered(place: &Url, status: StatusCode, answer: &Value, with_token: bool) -> Failure {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let refused = &answer["refused"];
        if let (Some(rule), Some(reason)) = (text(&refused["rule"]), text(&refused["reason"])) {
            return Failure::Refused { rule, reason, id: text(&answer["id"]) };
        }
        let error = &answer["error"];
        let hint = match status {
            StatusCode::UNAUTHORIZED if with_token => Some(
                "the token given (REJOINDER_ADMIN__TOKEN, or admin.token in the settings) is not this server's".into(),
            ),
            StatusCode::UNAUTHORIZED => Some("set REJOINDER_ADMIN__TOKEN to the server's admin.token".into()),
            _ => text(&error["hint"]),
        };
        let problem = text(&error["message"]).unwrap_or_else(|| format!("the server answers {status}"));
        Failure::Denied { status, told: Told { place: place.to_string(), problem, hint } }
    }

    /// The same with `hint`, where the server answered `status` and gave none.
    pub(super) fn or_hint(mut self, status: StatusCode, hint: &str) -> Failure {
        if let Failure::Denied { status: answered, told } = &mut self
            && *answered == status
        {
            told.hint.get_or_insert_with(|| hint.to_owned());
        }
        self
    }

    /// Whether it concerns the one thing that was asked for: another one may be had.
    pub(super) fn is_of_one(&self) -> bool {
        matches!(self, Failure::Denied { status, .. } if matches!(*status, StatusCode::NOT_FOUND | StatusCode::CONFLICT))
    }

    /// Whether the request may have been taken although no answer says so.
    pub(super) fn may_have_arrived(&self) -> bool {
        matches!(self, Failure::NoServer { may_have_arrived: true, .. })
    }

    /// Whether the same question may be answered soon: the server is being restarted, or its store is busy.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Failure::NoServer { .. } => true,
            Failure::Denied { status, .. } => status.is_server_error(),
            Failure::Refused { .. } => false,
        }
    }

    /// As the server wrote it, where policy refused.
    pub(super) fn refusal(&self) -> Option<Value> {
        match self {
            Failure::Refused { rule, reason, id } => {
                let mut refusal = json!({"refused": {"rule": rule, "reason": reason}});
                if let Some(id) = id {
                    refusal["id"] = id.as_str().into();
                }
                Some(refusal)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused { rule, reason, .. } => {
                write!(
                    out,
                    "refused by {rule}: {reason}\n  hint: nothing was sent; `rejoinder events --person …` shows what the person last did"
                )
            }
            Failure::Denied { told, .. } | Failure::NoServer { told, .. } => told.fmt(out),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.problem)?;
        match &self.hint {
            Some(hint) => write!(out, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl Error for Failure {}

/// Options that do not go together.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct BadOptions(pub(super) String);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: StatusCode, answer: Value, with_token: bool, expected: &str) {
        let place = Url::parse("http://127.0.0.1:8081/api/x").expect("a URL");
        let failure =
            Failure::answered(&place, status, &answer, with_token).or_hint(StatusCode::CONFLICT, "another key");
        let told = failure.to_string();
        assert!(told.contains(expected), "{told}");
    }

    #[test]
    fn each_answer_is_told_with_a_way_out() {
        let error = |hint: Option<&str>| json!({"error": {"message": "no", "hint": hint}});
        check(StatusCode::UNAUTHORIZED, error(Some("x")), false, "no\n  hint: set REJOINDER_ADMIN__TOKEN");
        check(StatusCode::UNAUTHORIZED, Value::Null, true, "is not this server's");
        check(StatusCode::CONFLICT, error(None), false, "/api/x: no\n  hint: another key");
        check(StatusCode::CONFLICT, error(Some("theirs")), false, "hint: theirs");
        check(StatusCode::BAD_REQUEST, json!({}), false, "the server answers 400 Bad Request");
        let refused = json!({"refused": {"rule": "P1.1", "reason": "the window is shut"}});
        check(StatusCode::UNPROCESSABLE_ENTITY, refused, false, "refused by P1.1: the window is shut\n  hint:");
    }
}
