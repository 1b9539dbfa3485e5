//! Prepared statements.

use std::ops::{Deref, DerefMut};

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use rusqlite::{CachedStatement, Connection, Statement};

/// A connection with its prepared statements.
pub(crate) struct Statements<'db> {
    db: &'db Connection,
    /// Those that stay, by where their texts are; `None` where the connection's own cache has them.
    prepared: Option<HashMap<(*const u8, usize), Statement<'db>>>,
}

impl<'db> Statements<'db> {
    /// For a caller who writes all the time: statements are prepared once and stay as long as this. The connection's cache takes a
    /// statement out and puts it back each time, which is a fourth of what a row costs. Each keeps what was last bound to it.
    pub(super) fn that_stay(db: &'db Connection) -> Statements<'db> {
        Statements { db, prepared: Some(HashMap::new()) }
    }

    /// For a caller who writes now and then.
    pub(crate) fn of(db: &'db Connection) -> Statements<'db> {
        Statements { db, prepared: None }
    }

    /// The statement of this text.
    pub(super) fn get(&mut self, sql: &'static str) -> rusqlite::Result<Prepared<'_, 'db>> {
        let Some(prepared) = &mut self.prepared else { return self.db.prepare_cached(sql).map(Prepared::Cached) };
        let place = (sql.as_ptr(), sql.len());
        Ok(Prepared::Stays(match prepared.entry(place) {
            Entry::Occupied(prepared) => prepared.into_mut(),
            Entry::Vacant(place) => place.insert(self.db.prepare(sql)?),
        }))
    }
}

impl Deref for Statements<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.db
    }
}

/// A statement, ready.
pub(super) enum Prepared<'a, 'db> {
    Stays(&'a mut Statement<'db>),
    Cached(CachedStatement<'db>),
}

impl<'db> Deref for Prepared<'_, 'db> {
    type Target = Statement<'db>;

    fn deref(&self) -> &Statement<'db> {
        match self {
            Prepared::Stays(statement) => statement,
            Prepared::Cached(statement) => statement,
        }
    }
}

impl<'db> DerefMut for Prepared<'_, 'db> {
    fn deref_mut(&mut self) -> &mut Statement<'db> {
        match self {
            Prepared::Stays(statement) => statement,
            Prepared::Cached(statement) => statement,
        }
    }
}
