//! Lists and single reads, beside the writer.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde_json::Value;

use super::{conversation, ledger};
use crate::clock::Timestamp;
use crate::id::{AccountId, AppId, EventId, MessageId, PersonId, SendId, Thread};
use crate::store::{ConversationRow, EventQuery, EventRow, EventStatus, SendQuery, SendRow, SendStatus};

// An event that is put back waits for the end of its conversation's queue, which is not the event before it; which one that is,
// no index tells.
const EVENT: &str = "id, account, person, kind, status, standby, received_at, attempts, error,
     (SELECT ahead.id FROM event AS ahead WHERE event.status = 1 AND ahead.id = event.previous AND ahead.status < 3)";
const SEND: &str =
    "id, account, person, request, status, rule, reason, message_id, attempts, event, at, agent, repeats,
     error";

pub(in crate::store) fn events(db: &Connection, query: &EventQuery) -> rusqlite::Result<Vec<EventRow>> {
    let numbers: Vec<_> = query.statuses.iter().map(|status| *status as i64).collect();
    let statuses = Statuses { numbers, open: 3, parked: Some(6) };
    let list = List { table: "event", columns: EVENT, statuses, kind: query.kind.as_deref(), beside: None };
    let before = query.before.map(|id| id.0);
    match &query.person {
        Some(person) => list.of_person(db, &query.accounts, person.as_str(), before, query.limit, event_row),
        None => list.of_all(db, &query.accounts, before, query.limit, event_row),
    }
}

pub(in crate::store) fn event(db: &Connection, id: EventId) -> rusqlite::Result<Option<(EventRow, Vec<u8>)>> {
    db.prepare_cached(&format!("SELECT {EVENT}, raw FROM event WHERE id = ?1"))?
        .query_row([id.0], |row| Ok((event_row(row)?, row.get("raw")?)))
        .optional()
}

pub(in crate::store) fn sends(db: &Connection, query: &SendQuery) -> rusqlite::Result<Vec<SendRow>> {
    let numbers: Vec<_> = query.statuses.iter().map(|status| *status as i64).collect();
    let statuses = Statuses { numbers, open: 4, parked: None };
    let beside = Some(SendStatus::Refused as i64);
    let list = List { table: "send", columns: SEND, statuses, kind: None, beside };
    let before = query.before.map(|id| id.0);
    match &query.person {
        Some(person) => list.of_person(db, &query.accounts, person.as_str(), before, query.limit, send_row),
        None => list.of_all(db, &query.accounts, before, query.limit, send_row),
    }
}

pub(in crate::store) fn send(db: &Connection, id: SendId) -> rusqlite::Result<Option<SendRow>> {
    db.prepare_cached(&format!("SELECT {SEND} FROM send WHERE id = ?1"))?.query_row([id.0], send_row).optional()
}

pub(in crate::store) fn conversation(
    db: &Connection,
    account: &AccountId,
    person: &PersonId,
) -> rusqlite::Result<ConversationRow> {
    let Some(id) = of_name(db, account, person.as_str())?.into_iter().next() else {
        return Ok(ConversationRow::default());
    };
    let sql = "SELECT opened_at, opened_by, last_message_at, last_event_at, owner FROM conversation WHERE id = ?1";
    db.prepare_cached(sql)?.query_row([id], |row| {
        let time = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp));
        Ok(ConversationRow {
            window: ledger::window(row, 0)?,
            last_message_at: time(2)?,
            last_event_at: time(3)?,
            owner: row.get::<_, Option<String>>(4)?.map(AppId::new),
        })
    })
}

/// The conversations under a name: a person's chat first, then those of whom else the name may stand for.
fn of_name(db: &Connection, account: &AccountId, person: &str) -> rusqlite::Result<Vec<i64>> {
    let find = |thread| conversation::find(db, account.as_str(), thread, person).transpose();
    Thread::ALL.into_iter().filter_map(find).collect()
}

/// A list, newest first.
struct List<'a> {
    table: &'static str,
    columns: &'static str,
    statuses: Statuses,
    kind: Option<&'a str>,
    /// A status whose rows may stand beside their conversation's history: refused posts.
    beside: Option<i64>,
}

/// The statuses that a list is narrowed to; none for all of them.
struct Statuses {
    numbers: Vec<i64>,
    /// Statuses below this one are in the table's index of what is not done.
    open: i64,
    /// A status outside it that counts as not done too.
    parked: Option<i64>,
}

impl Statuses {
    /// Whether every one of them has an index of its own, over few rows.
    fn are_few(&self) -> bool {
        !self.numbers.is_empty() && self.numbers.iter().all(|number| *number != self.open)
    }

    /// Whether a row of this status is in the list.
    fn has(&self, status: i64) -> bool {
        self.numbers.is_empty() || self.numbers.contains(&status)
    }

    /// The condition in words that let SQLite use the index over just those rows.
    fn condition(&self, table: &str) -> Option<String> {
        let list = self.numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match self.numbers.as_slice() {
            [] => None,
            [one] if *one > self.open => Some(format!("status = {one}")),
            several if several.iter().all(|number| *number < self.open || Some(*number) == self.parked) => {
                let open = self.open;
                let parked =
                    self.parked.filter(|parked| self.numbers.contains(parked)).map_or_else(String::new, |parked| {
                        format!(" UNION ALL SELECT id FROM {table} WHERE status = {parked}")
                    });
                Some(format!("id IN (SELECT id FROM {table} WHERE status < {open} AND status IN ({list}){parked})"))
            }
            _ => Some(format!("status IN ({list})")),
        }
    }
}

type ReadRow<T> = fn(&Row<'_>) -> rusqlite::Result<T>;

impl List<'_> {
    /// Backwards through the table.
    fn of_all<T>(
        &self,
        db: &Connection,
        accounts: &[AccountId],
        before: Option<i64>,
        limit: usize,
        row: ReadRow<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut conditions = vec!["id < ?1".to_owned()];
        conditions.extend(self.statuses.condition(self.table));
        let account_name;
        let (before, kind) = (before.unwrap_or(i64::MAX), self.kind);
        let mut values: Vec<&dyn ToSql> = vec![&before];
        if kind.is_some() {
            values.push(&kind);
            conditions.push(format!("kind = ?{}", values.len()));
        }
        if let [account] = accounts {
            account_name = account.as_str();
            values.push(&account_name);
            conditions.push(format!("account = ?{}", values.len()));
        }
        let (columns, table, conditions) = (self.columns, self.table, conditions.join(" AND "));
        let sql = format!("SELECT {columns} FROM {table} WHERE {conditions} ORDER BY id DESC LIMIT {limit}");
        db.prepare_cached(&sql)?.query_map(values.as_slice(), row)?.collect()
    }

    /// Along each conversation, from its newest row backwards: there is no index by person over all rows. What is dead, open
    /// or refused has small indexes of its own.
    fn of_person<T>(
        &self,
        db: &Connection,
        accounts: &[AccountId],
        person: &str,
        before: Option<i64>,
        limit: usize,
        row: ReadRow<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut found = Vec::new();
        let mut conversations = Vec::new();
        let all = if accounts.is_empty() { ledger::known_accounts(db)? } else { Vec::new() };
        for account in accounts.iter().chain(&all) {
            conversations.extend(of_name(db, account, person)?);
        }
        for conversation in conversations {
            match self.statuses.condition(self.table).filter(|_| self.statuses.are_few()) {
                Some(condition) => self.picked(db, conversation, &condition, before, limit, row, &mut found)?,
                None => {
                    self.walked(db, conversation, before, limit, row, &mut found)?;
                    if let Some(beside) = self.beside.filter(|status| self.statuses.has(*status)) {
                        let condition = format!("status = {beside}");
                        self.picked(db, conversation, &condition, before, limit, row, &mut found)?;
                    }
                }
            }
        }
        found.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        found.dedup_by_key(|(id, _)| *id);
        Ok(found.into_iter().take(limit).map(|(_, item)| item).collect())
    }

    #[expect(clippy::too_many_arguments, reason = "a query and where its rows go")]
    fn picked<T>(
        &self,
        db: &Connection,
        conversation: i64,
        condition: &str,
        before: Option<i64>,
        limit: usize,
        row: ReadRow<T>,
        found: &mut Vec<(i64, T)>,
    ) -> rusqlite::Result<()> {
        let (columns, table) = (self.columns, self.table);
        let sql = format!(
            "SELECT {columns}, previous AS row_previous, id AS row_id, status AS row_status FROM {table}
             WHERE {condition} AND conversation = ?1 AND id < ?2 ORDER BY id DESC"
        );
        let mut statement = db.prepare_cached(&sql)?;
        let mut rows = statement.query(params![conversation, before.unwrap_or(i64::MAX)])?;
        let start = found.len();
        while let Some(one) = rows.next()? {
            if found.len() - start == limit {
                break;
            }
            if self.shows(one, before)? {
                found.push((one.get("row_id")?, row(one)?));
            }
        }
        Ok(())
    }

    fn walked<T>(
        &self,
        db: &Connection,
        conversation: i64,
        before: Option<i64>,
        limit: usize,
        row: ReadRow<T>,
        found: &mut Vec<(i64, T)>,
    ) -> rusqlite::Result<()> {
        let (columns, table) = (self.columns, self.table);
        let step = format!(
            "SELECT {columns}, previous AS row_previous, id AS row_id, status AS row_status FROM {table} WHERE id = ?1"
        );
        let mut next = self.start(db, conversation, before)?;
        let start = found.len();
        while let Some(id) = next.filter(|_| found.len() - start < limit) {
            let read = |one: &Row<'_>| {
                let shown = self.shows(one, before)?;
                Ok((one.get("row_previous")?, if shown { Some(row(one)?) } else { None }))
            };
            let Some((previous, item)) = db.prepare_cached(&step)?.query_row([id], read).optional()? else {
                // A gap that pruning left. Of what is older, only the few rows are left that pruning passes over.
                let (left, before) = (limit + start - found.len(), Some(before.map_or(id, |before| before.min(id))));
                return self.picked(db, conversation, "TRUE", before, left, row, found);
            };
            found.extend(item.map(|item| (id, item)));
            next = previous;
        }
        Ok(())
    }

    /// Where a walk starts: at the conversation's newest row, or right behind the row where the page before ended.
    fn start(&self, db: &Connection, conversation: i64, before: Option<i64>) -> rusqlite::Result<Option<i64>> {
        let table = self.table;
        if let Some(before) = before {
            let sql = format!("SELECT previous FROM {table} WHERE id = ?1 AND conversation = ?2");
            let behind = db.prepare_cached(&sql)?.query_row([before, conversation], |row| row.get(0)).optional()?;
            if let Some(behind) = behind {
                return Ok(behind);
            }
        }
        let newest = format!("SELECT last_{table} FROM conversation WHERE id = ?1");
        db.prepare_cached(&newest)?.query_row([conversation], |row| row.get(0))
    }

    fn shows(&self, row: &Row<'_>, before: Option<i64>) -> rusqlite::Result<bool> {
        Ok(before.is_none_or(|before| row.get("row_id").is_ok_and(|id: i64| id < before))
            && self.statuses.has(row.get("row_status")?)
            && match self.kind {
                Some(kind) => row.get::<_, String>("kind")? == kind,
                None => true,
            })
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
        waits_for: row.get::<_, Option<i64>>(9)?.map(EventId),
    })
}

fn send_row(row: &Row<'_>) -> rusqlite::Result<SendRow> {
    Ok(SendRow {
        id: SendId(row.get(0)?),
        account: AccountId::new(row.get::<_, String>(1)?),
        person: Some(row.get::<_, String>(2)?).filter(|person| !person.is_empty()).map(PersonId::new),
        request: readable(row.get(3)?),
        status: SendStatus::from_number(row.get(4)?).ok_or(rusqlite::Error::InvalidQuery)?,
        rule: row.get(5)?,
        reason: row.get(6)?,
        message_id: row.get::<_, Option<String>>(7)?.map(MessageId::new),
        attempts: row.get(8)?,
        event: row.get::<_, Option<i64>>(9)?.map(EventId),
        at: Timestamp(row.get(10)?),
        agent: row.get(11)?,
        repeats: row.get(12)?,
        error: row.get::<_, Option<String>>(13)?.map(readable),
    })
}

/// What was kept as JSON; what cannot be read as that, as text.
fn readable(json: String) -> Value {
    serde_json::from_str(&json).unwrap_or(Value::String(json))
}
