//! What the server could not do: why a person on the stage has not heard something.

use crate::conversations::Conversations;
use crate::store::{EventQuery, EventRow, EventStatus, SendQuery, SendRow, SendStatus, StoreError};

/// How many of the newest events and sends are looked at.
const NEWEST: usize = 500;

/// An event or a send for which something went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// What went wrong, as a sentence without a full stop.
    pub(crate) line: String,
    /// Whether Meta was asked, so that the wire tells of it too.
    pub(crate) is_on_wire: bool,
}

/// The events that failed, and the sends that were refused, have failed, are held or are in doubt: the events first, each list
/// oldest first.
pub(super) async fn troubles(store: &Conversations) -> Result<Vec<Trouble>, StoreError> {
    let mut events = store.events(EventQuery { limit: NEWEST, ..EventQuery::default() }).await?;
    let mut sends = store.sends(SendQuery { limit: NEWEST, ..SendQuery::default() }).await?;
    events.reverse();
    sends.reverse();
    Ok(events.iter().filter_map(of_event).chain(sends.iter().filter_map(of_send)).collect())
}

fn of_event(event: &EventRow) -> Option<Trouble> {
    let (id, kind) = (event.id, &event.kind);
    let error = event.error.as_deref()?;
    // While an attempt runs, the error is that of the attempt before.
    let attempt = event.attempts.saturating_sub(u32::from(event.status == EventStatus::Running));
    let line = match event.status {
        EventStatus::Quarantined => format!("event {id} could not be read: {error}"),
        EventStatus::Dead => format!("event {id} ({kind}) is dead: attempt {attempt} failed: {error}"),
        _ if attempt == 0 => return None,
        _ => format!("event {id} ({kind}): attempt {attempt} failed: {error}"),
    };
    Some(Trouble { line, is_on_wire: false })
}

fn of_send(send: &SendRow) -> Option<Trouble> {
    let what = match send.status {
        SendStatus::Refused => "was refused",
        SendStatus::Failed => "failed",
        SendStatus::InDoubt => "is in doubt",
        SendStatus::Held => "is held",
        _ => return None,
    };
    let by = send.rule.as_ref().map(|rule| format!(" by {rule}")).unwrap_or_default();
    let meta = send.error.as_ref().and_then(|error| error["message"].as_str());
    let why = [send.reason.as_deref(), meta].into_iter().flatten().map(|words| format!(": {words}"));
    let line = format!("send {} {what}{by}{}", send.id, why.collect::<String>());
    Some(Trouble { line, is_on_wire: send.attempts > 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::EventId;

    #[track_caller]
    fn check(status: EventStatus, attempts: u32, expected: Option<&str>) {
        let event = EventRow {
            id: EventId(2),
            account: None,
            person: None,
            kind: "message".into(),
            status,
            standby: false,
            received_at: Timestamp(0),
            attempts,
            error: Some("no cup".into()),
            waits_for: None,
        };
        assert_eq!(of_event(&event).map(|trouble| trouble.line).as_deref(), expected);
    }

    #[test]
    fn the_number_is_that_of_the_attempt_that_failed() {
        check(EventStatus::Ready, 1, Some("event 2 (message): attempt 1 failed: no cup"));
        check(EventStatus::Running, 2, Some("event 2 (message): attempt 1 failed: no cup"));
        check(EventStatus::Running, 1, None);
        check(EventStatus::Ready, 0, None);
        check(EventStatus::Dead, 3, Some("event 2 (message) is dead: attempt 3 failed: no cup"));
        check(EventStatus::Quarantined, 0, Some("event 2 could not be read: no cup"));
    }
}
