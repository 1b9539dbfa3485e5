//! One operation on its way through the writer.

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::conversation::StoreIdentity;
use crate::store::StoreError;

/// The open transaction, and whom to wake once it is on disk.
pub(in crate::store) struct Work<'a> {
    pub(in crate::store) db: &'a Connection,
    pub(in crate::store) own: &'a StoreIdentity,
    /// The newest event's id. A failed batch leaves a gap in the ids; ids need only be increasing.
    pub(in crate::store) last_event: &'a mut i64,
    pub(in crate::store) woke: Woke,
}

/// Which loops have something to take.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::store) struct Woke {
    pub(super) events: bool,
    pub(super) sends: bool,
    pub(super) doubts: bool,
    pub(super) answers: bool,
}

/// An operation, whatever it returns.
pub(super) trait Job: Send {
    /// Runs inside a transaction. May be called again after a failure, in a new one.
    fn run(&mut self, work: &mut Work<'_>) -> Result<(), rusqlite::Error>;

    /// How many usual operations it is worth.
    fn weight(&self) -> usize;

    /// Tells the caller, after the commit or the failure.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// An operation and who waits for it.
pub(super) struct Call<F, T> {
    run: F,
    weight: usize,
    result: Option<T>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Call<F, T>
where
    F: FnMut(&mut Work<'_>) -> rusqlite::Result<T> + Send + 'static,
    T: Send + 'static,
{
    pub(super) fn of(weight: usize, run: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T, StoreError>>) {
        let (caller, answer) = oneshot::channel();
        (Box::new(Call { run, weight, result: None, caller }), answer)
    }
}

impl<F, T> Job for Call<F, T>
where
    F: FnMut(&mut Work<'_>) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, work: &mut Work<'_>) -> Result<(), rusqlite::Error> {
        self.result = Some((self.run)(work)?);
        Ok(())
    }

    fn weight(&self) -> usize {
        self.weight
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        // A caller who went away meanwhile does not change what is on disk.
        let _ = match (outcome, self.result) {
            (Ok(()), Some(result)) => self.caller.send(Ok(result)),
            (Err(error), _) => self.caller.send(Err(error)),
            (Ok(()), None) => return,
        };
    }
}

/// Writes `bytes` of no consequence, to learn whether as much as a delivery can be written: where the disk is full, a smaller
/// write may still find room. Each probe overwrites the same row of `posted`, under an empty account.
pub(in crate::store) fn probe(work: &mut Work<'_>, bytes: usize) -> rusqlite::Result<()> {
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    // Random: SQLite does not write a page that stays the same.
    let sql = "INSERT INTO posted (account, key, body, sends, at) VALUES ('', 'probe', randomblob(?1), '[]', ?2)
               ON CONFLICT DO UPDATE SET body = excluded.body";
    work.db.prepare_cached(sql)?.execute([bytes, i64::MAX]).map(drop)
}
