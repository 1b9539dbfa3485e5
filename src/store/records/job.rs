//! What the writer is given.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::tables::Marks;
use crate::clock::Timestamp;
use crate::conversation::live::{AccountImage, ConversationId, ConversationKey, KeptEvent, Record};
use crate::id::{AccountId, EventId, SendId};
use crate::store::{Appended, StoreError, WebhookBatch};

/// Something to be written.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    Record(ConversationId, Arc<ConversationKey>, Record),
    Account(AccountId, Box<AccountImage>),
    /// What was posted under a key.
    Posted {
        account: AccountId,
        key: String,
        body: [u8; 32],
        sends: Vec<SendId>,
        at: Timestamp,
    },
}

/// Which loops have something new to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Woken {
    pub(crate) events: bool,
    pub(crate) sends: bool,
    pub(crate) doubts: bool,
    pub(crate) answers: bool,
}

impl std::ops::BitOrAssign for Woken {
    fn bitor_assign(&mut self, more: Woken) {
        self.events |= more.events;
        self.sends |= more.sends;
        self.doubts |= more.doubts;
        self.answers |= more.answers;
    }
}

/// An operation on its way through the writer.
pub(super) enum Job {
    Deliver(Deliver),
    Write(Written),
    Other(Box<dyn Other>),
}

/// Some of a delivery's events. It may fail.
pub(super) struct Deliver {
    pub(super) delivery: Arc<WebhookBatch>,
    /// What of it could not be read when it came first, under this id.
    pub(super) read_anew: Option<EventId>,
    pub(super) appended: Appended,
    pub(super) fresh: Vec<Fresh>,
    pub(super) caller: oneshot::Sender<Result<Appended, StoreError>>,
}

/// An event that is new, kept, and has not yet happened to its conversation.
pub(crate) struct Fresh {
    pub(crate) delivery: Arc<WebhookBatch>,
    /// Its place in the delivery.
    pub(crate) place: usize,
    pub(crate) id: ConversationId,
    pub(crate) key: ConversationKey,
    pub(crate) kept: KeptEvent,
}

/// What a happening brought about. It has happened: it is written however long the disk takes.
pub(super) struct Written {
    pub(super) number: u64,
    pub(super) writes: Vec<Write>,
    pub(super) images: Vec<(ConversationId, i64)>,
    /// Who is to look once it is on disk.
    pub(super) woken: Woken,
    pub(super) caller: Option<oneshot::Sender<Result<(), StoreError>>>,
}

/// Upkeep. It may fail.
pub(super) trait Other: Send {
    fn run(&mut self, db: &Connection, marks: &mut Marks) -> rusqlite::Result<()>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// An operation and who waits for it.
pub(super) struct Call<F, T> {
    pub(super) run: F,
    pub(super) result: Option<T>,
    pub(super) caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Other for Call<F, T>
where
    F: FnMut(&Connection, &mut Marks) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, db: &Connection, marks: &mut Marks) -> rusqlite::Result<()> {
        self.result = Some((self.run)(db, marks)?);
        Ok(())
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

impl Job {
    /// What of it is new.
    pub(super) fn fresh(&self) -> &[Fresh] {
        match self {
            Job::Deliver(deliver) => &deliver.fresh,
            Job::Write(_) | Job::Other(_) => &[],
        }
    }

    /// How many usual operations it is worth.
    pub(super) fn weight(&self) -> usize {
        match self {
            Job::Deliver(deliver) => deliver.delivery.items.len().max(1),
            Job::Write(written) => written.writes.len().max(1),
            Job::Other(_) => 100,
        }
    }

    /// Whether a caller waits for it.
    pub(super) fn is_awaited(&self) -> bool {
        match self {
            Job::Deliver(_) | Job::Other(_) => true,
            Job::Write(written) => written.caller.is_some(),
        }
    }

    /// It was not kept, and will not be.
    pub(super) fn fail(self, error: StoreError) {
        match self {
            Job::Deliver(deliver) => drop(deliver.caller.send(Err(error))),
            Job::Write(written) => drop(written.caller.map(|caller| caller.send(Err(error)))),
            Job::Other(other) => other.answer(Err(error)),
        }
    }
}
