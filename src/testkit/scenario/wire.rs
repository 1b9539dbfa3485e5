//! What went wrong between the bot and Meta: webhooks that it did not take, calls that the Graph API refused.

use super::control::{Control, Lost};
use super::exchange::Exchange;

/// As many as the emulator keeps.
const ALL: usize = 500;

/// The exchanges since it was last looked.
#[derive(Default)]
pub(super) struct Wire {
    seen: u64,
}

/// What went wrong.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Trouble {
    /// The last exchange that was looked at.
    until: u64,
    /// All of it, in order, a line for each.
    pub(super) lines: Vec<String>,
    /// A webhook that the bot has not taken so far, not even when it was tried again.
    pub(super) untaken: Option<String>,
}

impl Wire {
    /// What has gone wrong since what was told last.
    pub(super) async fn trouble(&self, control: &Control) -> Result<Trouble, Lost> {
        let exchanges = control.exchanges(ALL).await?;
        Ok(trouble(exchanges.into_iter().filter(|exchange| exchange.id > self.seen).collect()))
    }

    /// Lets it be told: it does not come again.
    pub(super) fn told(&mut self, trouble: Trouble) -> Vec<String> {
        self.seen = self.seen.max(trouble.until);
        trouble.lines
    }
}

fn trouble(exchanges: Vec<Exchange>) -> Trouble {
    let webhooks = || exchanges.iter().filter(|exchange| exchange.kind == "webhook");
    // A conversation's deliveries go one after the other: the last tells whether one is still being tried.
    let is_last = |one: &Exchange| {
        let of_same = |other: &&Exchange| (&other.account, &other.person) == (&one.account, &one.person);
        webhooks().rfind(of_same).is_some_and(|last| last.id == one.id)
    };
    Trouble {
        until: exchanges.last().map_or(0, |exchange| exchange.id),
        lines: exchanges.iter().filter(|exchange| exchange.has_failed()).map(ToString::to_string).collect(),
        untaken: webhooks().find(|one| one.has_failed() && is_last(one)).map(ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn exchange(id: u64, kind: &str, person: &str, status: Option<u16>) -> Exchange {
        Exchange {
            id,
            kind: kind.into(),
            account: Some("shop".into()),
            person: Some(person.into()),
            method: "POST".into(),
            url: "/v26.0/1/messages?appsecret_proof=[secret]".into(),
            status,
            response: Value::Null,
            error: None,
        }
    }

    #[test]
    fn a_webhook_that_was_taken_in_the_end_is_no_reason_to_fail() {
        let webhook = |id, person, status| exchange(id, "webhook", person, Some(status));
        let taken = trouble(vec![webhook(1, "Ada", 500), webhook(2, "Ada", 200)]);
        assert_eq!(
            taken,
            Trouble { until: 2, lines: vec!["the bot answered a webhook with 500".into()], untaken: None }
        );
        let untaken = trouble(vec![webhook(1, "Ada", 500), webhook(2, "Ben", 200)]);
        assert_eq!(untaken.untaken.as_deref(), Some("the bot answered a webhook with 500"));
    }

    #[test]
    fn a_refusal_is_told_in_metas_words() {
        let error = json!({"error": {"message": "(#10) outside", "code": 10, "error_subcode": 2_018_278}});
        let refused = Exchange { response: error, ..exchange(1, "graph", "Ada", Some(400)) };
        let lost = Exchange { error: Some("a scripted fault".into()), ..exchange(2, "graph", "Ada", None) };
        let lines = trouble(vec![refused, lost, exchange(3, "graph", "Ada", Some(200))]).lines;
        assert_eq!(
            lines,
            [
                "the Graph API answered POST /v26.0/1/messages with 400: (#10) outside (code 10, subcode 2018278)",
                "the Graph API did not answer POST /v26.0/1/messages: a scripted fault"
            ]
        );
    }
}
