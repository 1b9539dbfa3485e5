//! Lists and single reads. Where an open event stands is known in memory; a list is read first and brought up to date there.

use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde_json::Value;

use super::row::{Columns, no, thread};
use super::write::Aside;
use crate::conversation::live::{ConversationId, ConversationKey};
use crate::conversation::{EventStatus, SendStatus};
use crate::id::{AccountId, EventId, MessageId, PersonId, SendId};
use crate::message::Request;
use crate::store::{EventRow, SendRow};

/// An event in a list, and its conversation.
pub(crate) struct ListedEvent {
    pub(crate) row: EventRow,
    pub(crate) conversation: ConversationId,
    /// The conversation's event before it.
    pub(crate) previous: Option<EventId>,
    /// Whether it stands elsewhere by now than the row says, and memory does not know it any more.
    pub(crate) is_behind: bool,
}

/// A send in a list.
pub(crate) struct ListedSend {
    pub(crate) row: SendRow,
    pub(crate) conversation: ConversationId,
    pub(crate) previous: Option<SendId>,
}

const EVENT: &str =
    "SELECT event.id, account, person, kind, ifnull(event_state.status, event.status), standby, received_at,
        ifnull(attempts, 0), error, conversation, ifnull(event_state.previous, event.previous)
    FROM event LEFT JOIN event_state USING (id)";

const SEND: &str =
    "SELECT send.id, account, thread, name, agent, request, status, rule, reason, error, message_id, attempts,
        repeats, event, at, conversation, previous
    FROM send JOIN send_state USING (id)";

/// What a list is narrowed to, in a form that the tables can follow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) account: Option<AccountId>,
    pub(crate) kind: Option<String>,
    pub(crate) conversation: Option<ConversationId>,
    /// Only those ids that stand aside so; none for a walk through the table.
    pub(crate) aside: Vec<Aside>,
    /// Of these statuses; none for all.
    pub(crate) statuses: Vec<i64>,
    /// Below this id.
    pub(crate) before: Option<i64>,
    pub(crate) limit: usize,
}

impl Filter {
    fn sql(&self, columns: &str, table: &str, status: &str) -> (String, Vec<rusqlite::types::Value>) {
        use rusqlite::types::Value;
        let mut values = vec![Value::from(self.before.unwrap_or(i64::MAX))];
        let mut conditions = vec![format!("{table}.id < ?1")];
        let mut bind = |value: Value| {
            values.push(value);
            values.len()
        };
        if let Some(account) = &self.account {
            conditions.push(format!("account = ?{}", bind(account.as_str().to_owned().into())));
        }
        if let Some(kind) = &self.kind {
            conditions.push(format!("kind = ?{}", bind(kind.clone().into())));
        }
        if let Some(conversation) = self.conversation {
            conditions.push(format!("conversation = ?{}", bind(conversation.0.into())));
        }
        let numbers = |numbers: Vec<i64>| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        if !self.aside.is_empty() {
            let kinds = numbers(self.aside.iter().map(|kind| *kind as i64).collect());
            conditions.push(format!("{table}.id IN (SELECT id FROM aside WHERE kind IN ({kinds}))"));
        }
        if !self.statuses.is_empty() {
            conditions.push(format!("{status} IN ({})", numbers(self.statuses.clone())));
        }
        let (conditions, limit) = (conditions.join(" AND "), self.limit);
        (format!("{columns} WHERE {conditions} ORDER BY {table}.id DESC LIMIT {limit}"), values)
    }
}

/// Events, newest first.
pub(crate) fn events(db: &Connection, filter: &Filter) -> rusqlite::Result<Vec<ListedEvent>> {
    let (sql, values) = filter.sql(EVENT, "event", "ifnull(event_state.status, event.status)");
    db.prepare_cached(&sql)?.query_map(params_from_iter(values), listed_event)?.collect()
}

/// One event.
pub(crate) fn listed(db: &Connection, id: EventId) -> rusqlite::Result<Option<ListedEvent>> {
    db.prepare_cached(&format!("{EVENT} WHERE event.id = ?1"))?.query_row([id.0], listed_event).optional()
}

/// The item of an event, as Meta sent it.
pub(crate) fn raw(db: &Connection, id: EventId) -> rusqlite::Result<Option<Vec<u8>>> {
    db.prepare_cached("SELECT raw FROM event WHERE id = ?1")?.query_row([id.0], |row| row.get(0)).optional()
}

/// Sends, newest first.
pub(crate) fn sends(db: &Connection, filter: &Filter) -> rusqlite::Result<Vec<ListedSend>> {
    let (sql, values) = filter.sql(SEND, "send", "status");
    db.prepare_cached(&sql)?.query_map(params_from_iter(values), listed_send)?.collect()
}

/// One send.
pub(crate) fn listed_one(db: &Connection, id: SendId) -> rusqlite::Result<Option<ListedSend>> {
    db.prepare_cached(&format!("{SEND} WHERE send.id = ?1"))?.query_row([id.0], listed_send).optional()
}

fn listed_event(row: &Row<'_>) -> rusqlite::Result<ListedEvent> {
    let mut columns = Columns::of(row);
    let id = EventId(columns.get()?);
    let (account, person): (Option<String>, Option<String>) = (columns.get()?, columns.get()?);
    let (kind, status) = (columns.get()?, columns.get()?);
    let row = EventRow {
        id,
        account: account.map(AccountId::new),
        person: person.map(PersonId::new),
        kind,
        status: EventStatus::from_number(status).ok_or_else(|| no("an event's status", status))?,
        standby: columns.get()?,
        received_at: columns.time()?,
        attempts: columns.get()?,
        error: columns.get()?,
        waits_for: None,
    };
    Ok(ListedEvent {
        row,
        conversation: ConversationId(columns.get()?),
        previous: columns.maybe_event()?,
        is_behind: false,
    })
}

fn listed_send(row: &Row<'_>) -> rusqlite::Result<ListedSend> {
    let mut columns = Columns::of(row);
    let (id, account) = (SendId(columns.get()?), AccountId::new(columns.get::<String>()?));
    let key = ConversationKey { account: account.clone(), thread: thread(columns.get()?)?, name: columns.get()? };
    let (agent, request): (_, String) = (columns.get()?, columns.get()?);
    // A comment whose author Meta does not name is a conversation of its own, whose name is the comment's.
    let person = match serde_json::from_str::<Request>(&request) {
        Ok(request) => key.person(&request.recipient),
        Err(_) => Some(key.name.as_str()).filter(|name| !name.is_empty()).map(PersonId::new),
    };
    let status = columns.get()?;
    let row = SendRow {
        id,
        account,
        person,
        agent,
        request: readable(request),
        status: SendStatus::from_number(status).ok_or_else(|| no("a send's status", status))?,
        rule: columns.get()?,
        reason: columns.get()?,
        error: columns.get::<Option<String>>()?.map(readable),
        message_id: columns.get::<Option<String>>()?.map(MessageId::new),
        attempts: columns.get()?,
        repeats: columns.get()?,
        event: columns.maybe_event()?,
        at: columns.time()?,
    };
    Ok(ListedSend { row, conversation: ConversationId(columns.get()?), previous: columns.maybe_send()? })
}

/// What was kept as JSON; what cannot be read as that, as text.
fn readable(json: String) -> Value {
    serde_json::from_str(&json).unwrap_or(Value::String(json))
}

/// How many events of each account stand aside so, and when the oldest arrived.
pub(crate) fn events_aside(db: &Connection, kind: Aside) -> rusqlite::Result<Vec<(Option<AccountId>, u64, i64)>> {
    db.prepare_cached(
        "SELECT account, count(*), min(received_at) FROM aside JOIN event USING (id) WHERE aside.kind = ?1 GROUP BY account",
    )?
    .query_map([kind as i64], |row| Ok((row.get::<_, Option<String>>(0)?.map(AccountId::new), row.get(1)?, row.get(2)?)))?
    .collect()
}

/// How many sends of each account are held.
pub(crate) fn sends_held(db: &Connection) -> rusqlite::Result<Vec<(AccountId, u64)>> {
    db.prepare_cached(
        "SELECT account, count(*) FROM aside JOIN send USING (id) WHERE aside.kind = ?1 GROUP BY account",
    )?
    .query_map([Aside::Held as i64], |row| Ok((AccountId::new(row.get::<_, String>(0)?), row.get(1)?)))?
    .collect()
}
