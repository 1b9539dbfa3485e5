//! What became of sends, once it is known.

use std::time::Duration;

use anyhow::ensure;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::client::Client;
use super::failure::{Failure, OutcomeUnknown};
use super::output::{self, cell};
use super::sends::why;

/// How often a send is looked at.
const PAUSE: Duration = Duration::from_millis(250);

/// How long the server may be away, as while it is restarted.
const LONGEST_ABSENCE: Duration = Duration::from_secs(30);

/// Where a send comes to its end. One that is held waits for the operator.
const ENDS: [&str; 4] = ["sent", "refused", "failed", "held"];

/// Prints each of these sends once it is settled; an error when one of them was not sent, or when it is not known within
/// `timeout`.
pub(super) async fn for_outcome(client: &Client, ids: &[String], json: bool, timeout: Duration) -> anyhow::Result<()> {
    // Whatever becomes of the wait, the operator has them.
    ids.iter().for_each(|id| output::talk(format_args!("send {id} is planned")));
    // A timeout beyond what the clock can count is none.
    let now = Instant::now();
    let deadline = now.checked_add(timeout).unwrap_or(now + Duration::from_secs(u64::from(u32::MAX)));
    let (mut not_sent, mut held) = (Vec::new(), Vec::new());
    for id in ids {
        let settled = timeout_at(deadline, settled(client, id)).await;
        let over = || format!("it is not settled after {}", humantime::format_duration(timeout));
        let send = settled.map_err(|_| over()).and_then(|settled| settled.map_err(|failure| failure.to_string()));
        let send = send.map_err(|problem| unknown(id, &problem))?;
        if json {
            output::line(&send)?;
        } else {
            told(&send).iter().try_for_each(output::line)?;
        }
        match send["status"].as_str() {
            Some("sent") => {}
            Some("held") => held.push(id.as_str()),
            _ => not_sent.push(id.as_str()),
        }
    }
    if let Some(first) = held.first() {
        let hint = format!("look into the conversation, then `rejoinder sends release {first}` or `drop {first}`");
        let problem = format!("send {first} is held: it is not known whether it arrived\n  hint: {hint}");
        return Err(OutcomeUnknown(problem).into());
    }
    let (left, of) = (not_sent.len(), ids.len());
    let first = not_sent.first().copied().unwrap_or_default();
    ensure!(
        not_sent.is_empty(),
        "{left} of {of} not sent\n  hint: `rejoinder sends show {first}` shows all that is known"
    );
    Ok(())
}

fn unknown(id: &str, problem: &str) -> OutcomeUnknown {
    OutcomeUnknown(format!(
        "the outcome of send {id} is not known: {problem}\n  hint: do not send it again; `rejoinder sends show {id}` shows what became of it"
    ))
}

async fn settled(client: &Client, id: &str) -> Result<Value, Failure> {
    let mut is_told_of = false;
    let mut away_since = None;
    loop {
        match client.get(&["sends", id], &[]).await {
            Ok(send) => {
                away_since = None;
                let Some(status) = send["status"].as_str() else { return Err(client.not_an_answer()) };
                if ENDS.contains(&status) {
                    return Ok(send);
                }
                if status == "in_doubt" && !is_told_of {
                    is_told_of = true;
                    let reason = cell(&send["reason"]);
                    output::talk(format_args!("send {id} is in doubt: {reason}; evidence is looked for"));
                }
            }
            Err(failure) => {
                if away_since.is_none() && failure.may_pass() {
                    output::talk("the server does not answer; it is asked again");
                }
                let since = *away_since.get_or_insert_with(Instant::now);
                if !failure.may_pass() || since.elapsed() >= LONGEST_ABSENCE {
                    let hint = "it was settled, and forgotten after store.keep_events";
                    return Err(failure.or_hint(StatusCode::NOT_FOUND, hint));
                }
            }
        }
        sleep(PAUSE).await;
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
