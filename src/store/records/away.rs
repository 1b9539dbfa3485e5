//! Conversations that have something open and are not in memory: what is open in each, and when it is due. Of a conversation in memory
//! whose queue is long, the events that wait on disk.
//!
//! It stands in a file of its own, which has no name and ends with the process: a start finds all of it in the store.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, ffi, params};

use super::recover::{LeftOpen, Open, OpenEvent, left_open};
use super::row::thread;
use crate::clock::Timestamp;
use crate::conversation::live::{Conversation, ConversationId, ConversationKey};
use crate::conversation::{EventStatus, SendStatus};
use crate::id::{AccountId, EventId, SendId};

const TABLES: &str = "
    CREATE TABLE conversation (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        thread INTEGER NOT NULL,
        name TEXT NOT NULL,
        unseen INTEGER,       -- its first event, until it is loaded for the first time since the process began
        passed INTEGER,       -- set where it was not loaded for the first time because it could not be
        fresh INTEGER,        -- when what is open in it is due: an event, an event that has failed, a send, a doubt, an answer
        failed INTEGER,
        send INTEGER,
        doubt INTEGER,
        answer INTEGER,
        first_event INTEGER,  -- of those that are due at the same time, the one of the lowest id comes first
        first_send INTEGER
    );
    CREATE TABLE event (
        conversation INTEGER NOT NULL,
        behind INTEGER NOT NULL,  -- its place in the queue
        rank INTEGER NOT NULL,
        id INTEGER NOT NULL,
        account TEXT NOT NULL,
        status INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        own INTEGER NOT NULL,     -- whether it tells of a send of ours
        left_open INTEGER NOT NULL, -- whether the process before left it open, and it has not arrived again
        PRIMARY KEY (conversation, behind, rank, id)
    ) WITHOUT ROWID;
    CREATE TABLE send (
        conversation INTEGER NOT NULL,
        id INTEGER NOT NULL,
        account TEXT NOT NULL,
        status INTEGER NOT NULL,
        PRIMARY KEY (conversation, id)
    ) WITHOUT ROWID;
    CREATE INDEX fresh ON conversation (account, fresh, first_event) WHERE fresh IS NOT NULL;
    CREATE INDEX failed ON conversation (account, failed, first_event) WHERE failed IS NOT NULL;
    CREATE INDEX send_due ON conversation (account, send, first_send) WHERE send IS NOT NULL;
    CREATE INDEX doubt ON conversation (account, doubt, first_send) WHERE doubt IS NOT NULL;
    CREATE INDEX answer ON conversation (account, answer, first_event) WHERE answer IS NOT NULL;";

/// Made once what a process left open stands in the tables: so many rows are sorted faster than they are put in their places.
const INDEXES: &str = "
    CREATE INDEX unseen ON conversation (unseen) WHERE unseen IS NOT NULL;
    CREATE INDEX event_of ON event (account, received_at);
    CREATE INDEX event_by_id ON event (id);
    CREATE INDEX send_by_id ON send (id);";

/// What can be due in a conversation: the columns of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Fresh,
    Failed,
    Send,
    Doubt,
    Answer,
}

/// The conversations that are away.
#[derive(Debug)]
pub(crate) struct Away {
    pub(super) db: Connection,
    pub(super) conversations: usize,
    pub(super) unseen: usize,
    pub(super) events: HashMap<(AccountId, i64), u64>,
    pub(super) sends: HashMap<(AccountId, i64), u64>,
}

impl Due {
    pub(crate) const ALL: [Due; 5] = [Due::Fresh, Due::Failed, Due::Send, Due::Doubt, Due::Answer];

    fn column(self) -> &'static str {
        match self {
            Due::Fresh => "fresh",
            Due::Failed => "failed",
            Due::Send => "send",
            Due::Doubt => "doubt",
            Due::Answer => "answer",
        }
    }

    fn first(self) -> &'static str {
        match self {
            Due::Fresh | Due::Failed | Due::Answer => "first_event",
            Due::Send | Due::Doubt => "first_send",
        }
    }
}

impl Away {
    /// All is away that a process left open in `store`, the file at `path`.
    pub(crate) fn begin(path: &Path, store: &Connection) -> rusqlite::Result<Away> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let cannot_open = |error: std::io::Error| {
            let because = ffi::Error::new(ffi::SQLITE_CANTOPEN);
            rusqlite::Error::SqliteFailure(because, Some(error.to_string()))
        };
        let named = tempfile::Builder::new().prefix("rejoinder-away-").tempfile_in(folder).map_err(cannot_open)?;
        let mut away = Away::new(Connection::open(named.path())?)?;
        // From here on it has no name, and goes with the process, however that ends.
        drop(named);
        away.fill(store)?;
        Ok(away)
    }

    /// The same in memory.
    #[cfg(test)]
    pub(crate) fn in_memory(store: &Connection) -> rusqlite::Result<Away> {
        let mut away = Away::new(Connection::open_in_memory()?)?;
        away.fill(store)?;
        Ok(away)
    }

    fn new(db: Connection) -> rusqlite::Result<Away> {
        db.set_prepared_statement_cache_capacity(64);
        db.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(()))?;
        db.pragma_update(None, "synchronous", "OFF")?;
        db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        db.pragma_update(None, "cache_size", -2_048)?;
        db.execute_batch(TABLES)?;
        Ok(Away { db, conversations: 0, unseen: 0, events: HashMap::new(), sends: HashMap::new() })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.conversations == 0
    }

    pub(crate) fn has_unseen(&self) -> bool {
        self.unseen > 0
    }

    /// Puts all here that a process left open.
    fn fill(&mut self, store: &Connection) -> rusqlite::Result<()> {
        self.db.execute_batch("PRAGMA cache_size = -8192; BEGIN")?;
        left_open(store, |open| self.left_open(&open))?;
        self.db.execute_batch("COMMIT")?;
        self.db.execute_batch(INDEXES)?;
        self.db.execute_batch("PRAGMA cache_size = -2048; PRAGMA shrink_memory")
    }

    fn left_open(&mut self, open: &LeftOpen) -> rusqlite::Result<()> {
        let LeftOpen { id, key, what } = open;
        let first = match what {
            Open::Event(event) => event.id.0,
            Open::Send(..) => i64::MAX,
        };
        let new = self
            .db
            .prepare_cached(
                "INSERT OR IGNORE INTO conversation (id, account, thread, name, unseen) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![id.0, key.account.as_str(), key.thread as i64, key.name, first])?;
        self.conversations += new;
        self.unseen += new;
        match *what {
            Open::Event(event) => {
                // Which of them its handler may have had is found out when it is loaded.
                let status = match (event.is_parked, new > 0) {
                    (true, _) => EventStatus::Parked,
                    (false, true) => EventStatus::Ready,
                    (false, false) => EventStatus::Waiting,
                };
                self.add_event(&event, *id, &key.account, status, true)?;
                self.count_event(&key.account, status);
                Ok(())
            }
            Open::Send(send, status) => {
                *self.sends.entry((key.account.clone(), status as i64)).or_default() += 1;
                self.add_send(send, *id, &key.account, status)
            }
        }
    }

    /// Adds an event to the table alone.
    pub(super) fn add_event(
        &self,
        event: &OpenEvent,
        id: ConversationId,
        account: &AccountId,
        status: EventStatus,
        is_left_open: bool,
    ) -> rusqlite::Result<()> {
        let OpenEvent { id: event, place, received_at, is_own, .. } = *event;
        let place = (place.behind.0, place.rank);
        self.db
            .prepare_cached(
                "INSERT INTO event (conversation, behind, rank, id, account, status, received_at, own, left_open)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                id.0,
                place.0,
                place.1,
                event.0,
                account.as_str(),
                status as i64,
                received_at.0,
                is_own,
                is_left_open
            ])
            .map(drop)
    }

    /// One more is in the table.
    pub(super) fn count_event(&mut self, account: &AccountId, status: EventStatus) {
        *self.events.entry((account.clone(), status as i64)).or_default() += 1;
    }

    fn add_send(
        &self,
        send: SendId,
        id: ConversationId,
        account: &AccountId,
        status: SendStatus,
    ) -> rusqlite::Result<()> {
        self.db
            .prepare_cached("INSERT INTO send (id, conversation, account, status) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![send.0, id.0, account.as_str(), status as i64])
            .map(drop)
    }

    /// A conversation goes. `due`: when something is due in it.
    pub(crate) fn put(
        &mut self,
        id: ConversationId,
        one: &Conversation,
        due: impl Fn(Due) -> Option<Timestamp>,
    ) -> rusqlite::Result<()> {
        let ConversationKey { account, thread, name } = &one.key;
        let events: Vec<_> = one.events.iter().filter_map(|event| Some((event, one.status(event.id)?))).collect();
        let sends: Vec<_> = one.whole_sends().filter(|send| send.state.is_open()).collect();
        let [fresh, failed, send, doubt, answer] = Due::ALL.map(|of| due(of).map(|time| time.0));
        let transaction = self.db.unchecked_transaction()?;
        self.db
            .prepare_cached(
                "INSERT INTO conversation (id, account, thread, name, fresh, failed, send, doubt, answer, first_event, first_send)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                id.0,
                account.as_str(),
                *thread as i64,
                name,
                fresh,
                failed,
                send,
                doubt,
                answer,
                one.events.front().map(|event| event.id.0),
                one.front_send().map(|send| send.id.0),
            ])?;
        for (event, status) in &events {
            self.add_event(&OpenEvent::of(event), id, account, *status, false)?;
        }
        for send in &sends {
            self.add_send(send.id, id, account, send.state.status)?;
        }
        transaction.commit()?;
        self.conversations += 1;
        for (_, status) in events {
            self.count_event(account, status);
        }
        for send in sends {
            *self.sends.entry((account.clone(), send.state.status as i64)).or_default() += 1;
        }
        Ok(())
    }

    /// The conversations of an account of which something is due, the first of them.
    pub(crate) fn due(
        &self,
        account: &AccountId,
        due: Due,
        until: Timestamp,
        most: usize,
    ) -> rusqlite::Result<Vec<ConversationKey>> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let (column, first) = (due.column(), due.first());
        let sql = format!(
            "SELECT account, thread, name FROM conversation WHERE account = ?1 AND {column} <= ?2 ORDER BY {column}, {first} LIMIT ?3"
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.db.prepare_cached(&sql)?.query_map(params![account.as_str(), until.0, most], key)?.collect()
    }

    /// When something of an account is due next, later than `after`.
    pub(crate) fn next_due(
        &self,
        account: &AccountId,
        due: Due,
        after: Timestamp,
    ) -> rusqlite::Result<Option<Timestamp>> {
        if self.is_empty() {
            return Ok(None);
        }
        let column = due.column();
        let sql = format!("SELECT min({column}) FROM conversation WHERE account = ?1 AND {column} > ?2");
        let next = |row: &rusqlite::Row<'_>| Ok(row.get::<_, Option<i64>>(0)?.map(Timestamp));
        self.db.prepare_cached(&sql)?.query_row(params![account.as_str(), after.0], next)
    }

    /// Conversations that this process has not yet loaded, those first whose events came first.
    pub(crate) fn unseen(&self, most: usize) -> rusqlite::Result<Vec<ConversationKey>> {
        let sql = "SELECT account, thread, name FROM conversation WHERE unseen IS NOT NULL ORDER BY unseen LIMIT ?1";
        self.db.prepare_cached(sql)?.query_map([most], key)?.collect()
    }

    /// All of them.
    pub(crate) fn all(&self) -> rusqlite::Result<Vec<ConversationId>> {
        self.db
            .prepare_cached("SELECT id FROM conversation")?
            .query_map([], |row| row.get(0).map(ConversationId))?
            .collect()
    }

    /// Whose conversation this is; none where it is not away.
    pub(crate) fn key(&self, id: ConversationId) -> rusqlite::Result<Option<ConversationKey>> {
        if self.is_empty() {
            return Ok(None);
        }
        self.db
            .prepare_cached("SELECT account, thread, name FROM conversation WHERE id = ?1")?
            .query_row([id.0], key)
            .optional()
    }

    /// How many events of each account and status are away.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&AccountId, EventStatus, u64)> {
        let counted = self.events.iter().filter(|(_, count)| **count > 0);
        counted.filter_map(|((account, status), count)| Some((account, EventStatus::from_number(*status)?, *count)))
    }

    pub(crate) fn sends(&self) -> impl Iterator<Item = (&AccountId, SendStatus, u64)> {
        let counted = self.sends.iter().filter(|(_, count)| **count > 0);
        counted.filter_map(|((account, status), count)| Some((account, SendStatus::from_number(*status)?, *count)))
    }

    /// How many conversations of an account wait for a later moment with this.
    pub(crate) fn later(&self, account: &AccountId, due: Due, now: Timestamp) -> rusqlite::Result<u64> {
        let column = due.column();
        let sql = format!("SELECT count(*) FROM conversation WHERE account = ?1 AND {column} > ?2");
        self.db.prepare_cached(&sql)?.query_row(params![account.as_str(), now.0], |row| row.get(0))
    }

    /// When the oldest of an account's events arrived.
    pub(crate) fn oldest(&self, account: &AccountId) -> rusqlite::Result<Option<Timestamp>> {
        let sql = "SELECT min(received_at) FROM event WHERE account = ?1";
        let oldest = |row: &rusqlite::Row<'_>| Ok(row.get::<_, Option<i64>>(0)?.map(Timestamp));
        self.db.prepare_cached(sql)?.query_row([account.as_str()], oldest)
    }

    /// The newest events of these statuses below `before`.
    pub(crate) fn newest_events(
        &self,
        accounts: &[AccountId],
        statuses: &[EventStatus],
        before: Option<i64>,
        most: usize,
    ) -> rusqlite::Result<Vec<EventId>> {
        let statuses = statuses.iter().map(|status| *status as i64).collect();
        Ok(self.newest("event", accounts, statuses, before, most)?.into_iter().map(EventId).collect())
    }

    pub(crate) fn newest_sends(
        &self,
        accounts: &[AccountId],
        statuses: &[SendStatus],
        before: Option<i64>,
        most: usize,
    ) -> rusqlite::Result<Vec<SendId>> {
        let statuses = statuses.iter().map(|status| *status as i64).collect();
        Ok(self.newest("send", accounts, statuses, before, most)?.into_iter().map(SendId).collect())
    }

    fn newest(
        &self,
        table: &str,
        accounts: &[AccountId],
        statuses: Vec<i64>,
        before: Option<i64>,
        most: usize,
    ) -> rusqlite::Result<Vec<i64>> {
        if self.is_empty() && self.events.values().all(|count| *count == 0) {
            return Ok(Vec::new());
        }
        let mut statement = self
            .db
            .prepare_cached(&format!("SELECT id, account, status FROM {table} WHERE id < ?1 ORDER BY id DESC"))?;
        let mut rows = statement.query([before.unwrap_or(i64::MAX)])?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()?
            && ids.len() < most
        {
            let account = row.get_ref(1)?.as_str()?;
            let is_of = accounts.is_empty() || accounts.iter().any(|one| one.as_str() == account);
            if is_of && statuses.contains(&row.get(2)?) {
                ids.push(row.get(0)?);
            }
        }
        Ok(ids)
    }
}

fn key(row: &rusqlite::Row<'_>) -> rusqlite::Result<ConversationKey> {
    let (account, of) = (AccountId::new(row.get::<_, String>(0)?), thread(row.get(1)?)?);
    Ok(ConversationKey { account, thread: of, name: row.get(2)? })
}

/// So many are not in the table any more, by their statuses.
pub(super) fn count_off(counts: &mut HashMap<(AccountId, i64), u64>, account: &AccountId, statuses: &[i64]) {
    for status in statuses {
        if let Some(count) = counts.get_mut(&(account.clone(), *status)) {
            *count = count.saturating_sub(1);
        }
    }
}
