//! What became of sends, once it is known.

use std::time::Duration;

use anyhow::ensure;
use reqwest::StatusCode;
use serde_json::Value;

use super::client::Client;
use super::failure::Failure;
use super::output::{self, cell};
use super::sends::why;

/// How often a send is looked at.
const PAUSE: Duration = Duration::from_millis(250);

/// Where a send comes to its end. One that is held waits for the operator.
const ENDS: [&str; 4] = ["sent", "refused", "failed", "held"];

/// Prints each of these sends once it is settled; an error when one of them was not sent.
pub(super) async fn for_outcome(client: &Client, ids: &[String], json: bool) -> anyhow::Result<()> {
    let mut not_sent = Vec::new();
    for id in ids {
        let send = settled(client, id).await?;
        if json {
            output::line(&send)?;
        } else {
            told(&send).iter().try_for_each(output::line)?;
        }
        if send["status"] != "sent" {
            not_sent.push(id.as_str());
        }
    }
    let (left, of) = (not_sent.len(), ids.len());
    let first = not_sent.first().copied().unwrap_or_default();
    ensure!(
        not_sent.is_empty(),
        "{left} of {of} not sent\n  hint: `rejoinder sends show {first}` shows all that is known"
    );
    Ok(())
}

async fn settled(client: &Client, id: &str) -> Result<Value, Failure> {
    let mut is_told_of = false;
    loop {
        let hint = "it was settled, and forgotten after store.keep_events";
        let send = client.get(&["sends", id], &[]).await;
        let send = send.map_err(|failure| failure.or_hint(StatusCode::NOT_FOUND, hint))?;
        let Some(status) = send["status"].as_str() else { return Err(client.not_an_answer()) };
        if ENDS.contains(&status) {
            return Ok(send);
        }
        if status == "in_doubt" && !is_told_of {
            is_told_of = true;
            output::talk(format_args!("send {id} is in doubt: {}; evidence is looked for", cell(&send["reason"])));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A line for the send, and one for each thing that Meta said about it.
fn told(send: &Value) -> Vec<String> {
    let why = if send["status"] == "sent" { String::new() } else { format!("  {}", why(send)) };
    let mut lines = vec![format!("{}  {}{why}", cell(&send["id"]), cell(&send["status"]))];
    let words = send["error"].as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    lines.extend(words.map(|(key, value)| format!("  {key:<16}  {}", cell(value))));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_outcome_is_told_with_its_rule_and_metas_words() {
        let sent = json!({"id": "1", "status": "sent", "rule": null, "reason": null, "error": null});
        assert_eq!(told(&sent), ["1  sent"]);
        let refused = json!({"id": "1", "status": "refused", "rule": "P1.1", "reason": "closed", "error": null});
        assert_eq!(told(&refused), ["1  refused  P1.1: closed"]);
        let error = json!({"code": 100, "error_user_msg": null, "message": "(#100) No\nmatch"});
        let failed = json!({"id": "1", "status": "failed", "rule": null, "reason": "error 100", "error": error});
        assert_eq!(
            told(&failed),
            ["1  failed  error 100", "  code              100", "  message           (#100) No match"]
        );
    }
}
