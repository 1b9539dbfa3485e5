//! What the server could not do: why a person on the stage has not heard something.

use crate::store::{EventQuery, EventRow, EventStatus, SendQuery, SendRow, SendStatus, Store, StoreError};

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

/// The events that failed and the sends that were refused, failed or held, oldest first.
pub(super) async fn troubles(store: &Store) -> Result<Vec<Trouble>, StoreError> {
    let mut events = store.events(EventQuery { limit: NEWEST, ..EventQuery::default() }).await?;
    let mut sends = store.sends(SendQuery { limit: NEWEST, ..SendQuery::default() }).await?;
    events.reverse();
    sends.reverse();
    Ok(events.iter().filter_map(of_event).chain(sends.iter().filter_map(of_send)).collect())
}

fn of_event(event: &EventRow) -> Option<Trouble> {
    let (id, kind, attempt) = (event.id, &event.kind, event.attempts);
    let error = event.error.as_deref()?;
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
