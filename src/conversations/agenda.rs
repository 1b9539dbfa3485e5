//! What is due in which conversation, in the order of its time.

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::conversation::SendStatus;
use crate::conversation::live::{Conversation, ConversationId};
use crate::id::{AccountId, EventId, SendId, Thread};
use crate::store::records::{Due, Woken};

/// What one conversation has next of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Next {
    event: Option<(Timestamp, EventId)>,
    /// Whether that event has failed before.
    has_failed: bool,
    send: Option<(Timestamp, SendId)>,
    doubt: Option<(Timestamp, SendId)>,
    /// The first event that must be answered and is with no handler, and by when.
    answer: Option<(Timestamp, EventId)>,
}

impl Next {
    pub(super) fn of(conversation: &Conversation) -> Next {
        let event = conversation.events.front().filter(|front| !front.is_running);
        let front = conversation.front_send();
        let of_status = |status| front.filter(|send| send.state.status == status).map(|send| (send.state.due, send.id));
        // An author of comments cannot be written to but through a comment.
        let may_be_answered = conversation.key.thread != Thread::Comments;
        Next {
            event: event.map(|event| (event.due, event.id)),
            has_failed: event.is_some_and(|event| event.error.is_some()),
            send: of_status(SendStatus::Ready),
            doubt: of_status(SendStatus::InDoubt),
            answer: may_be_answered.then(|| conversation.next_answer()).flatten(),
        }
    }

    /// Whether this event is the next that a handler is given, for the first time.
    pub(super) fn is_fresh(&self, event: EventId) -> bool {
        self.event.is_some_and(|(_, next)| next == event) && !self.has_failed
    }

    /// When this is due.
    pub(super) fn time(&self, of: Due) -> Option<Timestamp> {
        match of {
            Due::Fresh => self.event.filter(|_| !self.has_failed).map(|(due, _)| due),
            Due::Failed => self.event.filter(|_| self.has_failed).map(|(due, _)| due),
            Due::Send => self.send.map(|(due, _)| due),
            Due::Doubt => self.doubt.map(|(due, _)| due),
            Due::Answer => self.answer.map(|(by, _)| by),
        }
    }
}

/// The loops among which the work is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Events,
    Sends,
    Doubts,
}

/// The accounts that have work for each of the loops: most of very many have none.
#[derive(Debug, Default)]
pub(super) struct Busy([BTreeSet<AccountId>; 3]);

impl Busy {
    /// Follows what an account has in memory.
    pub(super) fn follow(&mut self, account: &AccountId, agenda: &mut Agenda) {
        for work in [Work::Events, Work::Sends, Work::Doubts] {
            let (has, place) = (agenda.has(work), work as usize);
            if has != agenda.told[place] {
                agenda.told[place] = has;
                match has {
                    true => self.0[place].insert(account.clone()),
                    false => self.0[place].remove(account),
                };
            }
        }
    }

    pub(super) fn with(&self, work: Work) -> impl Iterator<Item = &AccountId> {
        self.0[work as usize].iter()
    }
}

/// What is due in an account's conversations.
#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    pub(super) fresh_events: BTreeSet<(Timestamp, EventId, ConversationId)>,
    pub(super) failed_events: BTreeSet<(Timestamp, EventId, ConversationId)>,
    pub(super) sends: BTreeSet<(Timestamp, SendId, ConversationId)>,
    pub(super) doubts: BTreeSet<(Timestamp, SendId, ConversationId)>,
    pub(super) answers: BTreeSet<(Timestamp, EventId, ConversationId)>,
    /// Whether it is known to have work for each of the loops.
    told: [bool; 3],
}

impl Agenda {
    /// Puts what a conversation has next in the place of what it had.
    pub(super) fn change(&mut self, id: ConversationId, had: Next, has: Next, woken: &mut Woken) {
        if (had.event, had.has_failed) != (has.event, has.has_failed) {
            if let Some((due, event)) = had.event {
                self.events(had.has_failed).remove(&(due, event, id));
            }
            if let Some((due, event)) = has.event {
                self.events(has.has_failed).insert((due, event, id));
                woken.events = true;
            }
        }
        woken.sends |= replace(&mut self.sends, id, had.send, has.send);
        woken.doubts |= replace(&mut self.doubts, id, had.doubt, has.doubt);
        woken.answers |= replace(&mut self.answers, id, had.answer, has.answer);
    }

    fn has(&self, work: Work) -> bool {
        match work {
            Work::Events => !self.fresh_events.is_empty() || !self.failed_events.is_empty(),
            Work::Sends => !self.sends.is_empty(),
            Work::Doubts => !self.doubts.is_empty(),
        }
    }

    /// Up to when the first `most` of those are due that are due at `now`; `now` where there are fewer.
    pub(super) fn until(&self, of: Due, most: usize, now: Timestamp) -> Timestamp {
        let last = most.checked_sub(1).and_then(|before| self.nth(of, before));
        last.filter(|last| *last < now).unwrap_or(now)
    }

    /// When the first is due.
    pub(super) fn first(&self, of: Due) -> Option<Timestamp> {
        self.nth(of, 0)
    }

    fn nth(&self, of: Due, number: usize) -> Option<Timestamp> {
        match of {
            Due::Fresh => nth(&self.fresh_events, number),
            Due::Failed => nth(&self.failed_events, number),
            Due::Send => nth(&self.sends, number),
            Due::Doubt => nth(&self.doubts, number),
            Due::Answer => nth(&self.answers, number),
        }
    }

    fn events(&mut self, failed: bool) -> &mut BTreeSet<(Timestamp, EventId, ConversationId)> {
        if failed { &mut self.failed_events } else { &mut self.fresh_events }
    }
}

/// True where there is something new.
fn replace<T: Copy + Ord>(
    set: &mut BTreeSet<(Timestamp, T, ConversationId)>,
    id: ConversationId,
    had: Option<(Timestamp, T)>,
    has: Option<(Timestamp, T)>,
) -> bool {
    if had == has {
        return false;
    }
    if let Some((due, item)) = had {
        set.remove(&(due, item, id));
    }
    if let Some((due, item)) = has {
        set.insert((due, item, id));
    }
    has.is_some()
}

fn nth<T>(set: &BTreeSet<(Timestamp, T, ConversationId)>, number: usize) -> Option<Timestamp> {
    set.iter().nth(number).map(|(due, ..)| *due)
}

/// The earlier of two moments.
pub(super) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}
