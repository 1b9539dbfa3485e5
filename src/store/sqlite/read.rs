//! Lists and single reads, beside the writer.

use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::outbox::request;
use crate::clock::Timestamp;
use crate::id::{AccountId, EventId, MessageId, PersonId, SendId};
use crate::store::{EventQuery, EventRow, EventStatus, SendQuery, SendRow, SendStatus};

const EVENT: &str = "id, account, person, kind, status, standby, received_at, attempts, error";
const SEND: &str = "id, account, person, request, status, rule, reason, message_id, attempts, event, at";

pub(in crate::store) fn events(db: &Connection, query: &EventQuery) -> rusqlite::Result<Vec<EventRow>> {
    let mut filter = Filter::default();
    filter.equals("account", query.account.as_ref().map(AccountId::as_str));
    filter.equals("person", query.person.as_ref().map(PersonId::as_str));
    filter.equals("kind", query.kind.as_deref());
    filter.status(query.statuses.iter().map(|status| *status as i64));
    filter.before(query.before.map(|id| id.0));
    filter.list(db, "event", EVENT, query.limit, event_row)
}

pub(in crate::store) fn event(db: &Connection, id: EventId) -> rusqlite::Result<Option<(EventRow, Vec<u8>)>> {
    db.prepare_cached(&format!("SELECT {EVENT}, raw FROM event WHERE id = ?1"))?
        .query_row([id.0], |row| Ok((event_row(row)?, row.get(9)?)))
        .optional()
}

pub(in crate::store) fn sends(db: &Connection, query: &SendQuery) -> rusqlite::Result<Vec<SendRow>> {
    let mut filter = Filter::default();
    filter.equals("account", query.account.as_ref().map(AccountId::as_str));
    filter.equals("person", query.person.as_ref().map(PersonId::as_str));
    filter.status(query.statuses.iter().map(|status| *status as i64));
    filter.before(query.before.map(|id| id.0));
    filter.list(db, "send", SEND, query.limit, send_row)
}

pub(in crate::store) fn send(db: &Connection, id: SendId) -> rusqlite::Result<Option<SendRow>> {
    db.prepare_cached(&format!("SELECT {SEND} FROM send WHERE id = ?1"))?.query_row([id.0], send_row).optional()
}

/// Conditions on a list, each with its value bound, never written into the statement.
#[derive(Default)]
struct Filter {
    conditions: Vec<String>,
    values: Vec<Box<dyn ToSql>>,
}

impl Filter {
    fn equals(&mut self, column: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.values.push(Box::new(value.to_owned()));
            self.conditions.push(format!("{column} = ?{}", self.values.len()));
        }
    }

    fn status(&mut self, statuses: impl Iterator<Item = i64>) {
        let numbers: Vec<_> = statuses.map(|status| status.to_string()).collect();
        if !numbers.is_empty() {
            self.conditions.push(format!("status IN ({})", numbers.join(", ")));
        }
    }

    fn before(&mut self, id: Option<i64>) {
        if let Some(id) = id {
            self.values.push(Box::new(id));
            self.conditions.push(format!("id < ?{}", self.values.len()));
        }
    }

    fn list<T>(
        self,
        db: &Connection,
        table: &str,
        columns: &str,
        limit: usize,
        row: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let conditions = if self.conditions.is_empty() { "1".to_owned() } else { self.conditions.join(" AND ") };
        let sql = format!("SELECT {columns} FROM {table} WHERE {conditions} ORDER BY id DESC LIMIT {limit}");
        let values: Vec<&dyn ToSql> = self.values.iter().map(AsRef::as_ref).collect();
        db.prepare_cached(&sql)?.query_map(values.as_slice(), row)?.collect()
    }
}

fn event_row(row: &Row<'_>) -> rusqlite::Result<EventRow> {
    Ok(EventRow {
        id: EventId(row.get(0)?),
        account: row.get::<_, Option<String>>(1)?.map(AccountId::new),
        person: row.get::<_, Option<String>>(2)?.map(PersonId::new),
        kind: row.get(3)?,
        status: EventStatus::from_number(row.get(4)?).ok_or(rusqlite::Error::InvalidQuery)?,
        standby: row.get(5)?,
        received_at: Timestamp(row.get(6)?),
        attempts: row.get(7)?,
        error: row.get(8)?,
    })
}

fn send_row(row: &Row<'_>) -> rusqlite::Result<SendRow> {
    Ok(SendRow {
        id: SendId(row.get(0)?),
        account: AccountId::new(row.get::<_, String>(1)?),
        person: PersonId::new(row.get::<_, String>(2)?),
        request: request(&row.get::<_, String>(3)?)?,
        status: SendStatus::from_number(row.get(4)?).ok_or(rusqlite::Error::InvalidQuery)?,
        rule: row.get(5)?,
        reason: row.get(6)?,
        message_id: row.get::<_, Option<String>>(7)?.map(MessageId::new),
        attempts: row.get(8)?,
        event: row.get::<_, Option<i64>>(9)?.map(EventId),
        at: Timestamp(row.get(10)?),
    })
}
