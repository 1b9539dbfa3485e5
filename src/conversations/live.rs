//! The conversations that are in memory, and the accounts' values: what happens to one of them happens here, and what it brings about
//! in another one.
//!
//! Nothing is written here. What is to be written collects in a batch, which is taken after each happening: its writes are one
//! commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::Connection;

use super::agenda::{Agenda, Next};
use crate::clock::Timestamp;
use crate::conversation::StoreIdentity;
use crate::conversation::live::{
    AccountValue, Arrival, Arrived, Changes, Conversation, ConversationId, ConversationKey, KeptEvent, Recognised,
    Record, RightKey, Scene,
};
use crate::event::Envelope;
use crate::id::{AccountId, EventId, SendId, Thread};
use crate::policy::responsiveness;
use crate::store::TakenEvent;
use crate::store::records::{self, Images, LeftOpen, Woken, Write};

/// An account's value, and what is due in its conversations.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) value: AccountValue,
    pub(super) agenda: Agenda,
    /// Chats in which an echo waits to be recognised.
    parked: Vec<ConversationId>,
}

/// A conversation in memory.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) conversation: Conversation,
    key: Arc<ConversationKey>,
    next: Next,
    /// The number of the last happening in it.
    happened: u64,
}

/// What was posted: a hash of it, its sends, and the number of its happening.
type PostedLately = ([u8; 32], Vec<SendId>, u64);

/// All of them.
#[derive(Debug)]
pub(crate) struct Live {
    pub(super) ours: Arc<StoreIdentity>,
    pub(super) entries: HashMap<ConversationId, Entry>,
    pub(super) accounts: HashMap<AccountId, Account>,
    /// Events that a process which died may have left with a handler: the next time they are taken is kept before they run.
    left_open: HashSet<EventId>,
    /// Where the events stand that are with a handler.
    pub(super) running: HashMap<EventId, ConversationId>,
    /// Where the sends stand that are not over.
    sends: HashMap<SendId, ConversationId>,
    /// Who gave the rights of the conversations in memory.
    rights: HashMap<(AccountId, RightKey), ConversationId>,
    /// No event was given a higher id.
    pub(super) last_event: Arc<AtomicI64>,
    images: Images,
    /// What was posted under which key and is perhaps not on disk yet: a hash of it, its sends, and the number of its happening.
    pub(super) posted: HashMap<(AccountId, String), PostedLately>,
    /// How many happenings were taken to be written.
    number: u64,
    batch: Vec<Write>,
    woken: Woken,
}

impl Live {
    /// With nothing in memory but the accounts' values.
    pub(crate) fn new(
        ours: Arc<StoreIdentity>,
        accounts: Vec<(AccountId, AccountValue)>,
        last_event: Arc<AtomicI64>,
        images: Images,
    ) -> Live {
        let accounts = accounts.into_iter().map(|(id, value)| (id, Account { value, ..Account::default() }));
        Live {
            ours,
            entries: HashMap::new(),
            accounts: accounts.collect(),
            left_open: HashSet::new(),
            running: HashMap::new(),
            sends: HashMap::new(),
            rights: HashMap::new(),
            last_event,
            images,
            posted: HashMap::new(),
            number: 0,
            batch: Vec::new(),
            woken: Woken::default(),
        }
    }

    /// What is to be written since the last call, and the number of the happening that this completes. Of what is told twice of an
    /// event the last counts.
    pub(crate) fn take_batch(&mut self) -> (u64, Vec<Write>) {
        let mut batch = std::mem::take(&mut self.batch);
        let mut told = HashSet::new();
        let is_last = batch.iter().rev().map(|write| match write {
            Write::Record(_, _, Record::Event(row)) => told.insert(row.id),
            _ => true,
        });
        let mut is_last: Vec<_> = is_last.collect();
        is_last.reverse();
        let mut is_last = is_last.into_iter();
        batch.retain(|_| is_last.next().unwrap_or(true));
        if !batch.is_empty() {
            self.number += 1;
        }
        (self.number, batch)
    }

    /// Which loops have something new to look at since the last call.
    pub(crate) fn take_woken(&mut self) -> Woken {
        std::mem::take(&mut self.woken)
    }

    /// The conversation of this key, loaded where it is not in memory. It has no open events then: those that have are in memory.
    pub(super) fn open(&mut self, db: &Connection, key: &ConversationKey) -> rusqlite::Result<ConversationId> {
        let id = key.id();
        if !self.entries.contains_key(&id) {
            self.load(db, id, key, &[])?;
        }
        Ok(id)
    }

    /// Loads a conversation with its open events. Returns those that are to arrive again.
    pub(super) fn load(
        &mut self,
        db: &Connection,
        id: ConversationId,
        key: &ConversationKey,
        events: &[EventId],
    ) -> rusqlite::Result<Vec<Arrived>> {
        let rows = records::load(db, id, self.images.get(id), events)?;
        let (conversation, later) = Conversation::load(key.clone(), rows);
        for right in conversation.rights() {
            self.rights.insert((key.account.clone(), *right), id);
        }
        for send in conversation.whole_sends() {
            self.sends.insert(send.id, id);
        }
        let key = Arc::new(key.clone());
        self.entries.insert(id, Entry { conversation, key, next: Next::default(), happened: 0 });
        self.follow_agenda(id);
        Ok(later)
    }

    /// Lets something happen in a conversation that is in memory, and follows what it brings about elsewhere.
    pub(super) fn at<T>(
        &mut self,
        db: &Connection,
        id: ConversationId,
        now: Timestamp,
        happening: impl FnOnce(&mut Conversation, &mut Scene<'_>) -> T,
    ) -> rusqlite::Result<T> {
        let Live { ours, entries, accounts, last_event, batch, number, .. } = self;
        let entry = entries.get_mut(&id).expect("a conversation in memory");
        entry.happened = *number + 1;
        let conversation = &mut entry.conversation;
        let account = accounts.entry(entry.key.account.clone()).or_default();
        let mut next_event = || EventId(last_event.fetch_add(1, Ordering::Relaxed) + 1);
        let standing = ours.standing(&entry.key.account);
        let mut scene = Scene { now, ours, standing, account: &mut account.value, next_event: &mut next_event };
        let result = happening(conversation, &mut scene);
        let (records, changes) = conversation.end(&mut account.value);
        if let Some(image) = account.value.changed() {
            batch.push(Write::Account(entry.key.account.clone(), Box::new(image)));
        }
        for right in changes.rights() {
            let of_account = (entry.key.account.clone(), *right);
            match conversation.has_right(right) {
                true => self.rights.insert(of_account, id),
                false => self.rights.remove(&of_account),
            };
        }
        for send in &changes.over {
            self.sends.remove(send);
        }
        for send in records.iter().filter_map(|record| match record {
            Record::Planned(send) => conversation.send(send.id),
            _ => None,
        }) {
            self.sends.insert(send.id, id);
        }
        let key = Arc::clone(&entry.key);
        batch.extend(records.into_iter().map(|record| Write::Record(id, Arc::clone(&key), record)));
        self.follow_agenda(id);
        self.follow(db, id, &key, changes, now)?;
        Ok(result)
    }

    fn follow_agenda(&mut self, id: ConversationId) {
        let entry = self.entries.get_mut(&id).expect("a conversation in memory");
        let account = self.accounts.entry(entry.key.account.clone()).or_default();
        let next = Next::of(&entry.conversation);
        account.agenda.change(id, entry.next, next, &mut self.woken);
        entry.next = next;
        let place = account.parked.iter().position(|parked| *parked == id);
        match (place, entry.conversation.has_parked()) {
            (None, true) => account.parked.push(id),
            (Some(place), false) => drop(account.parked.remove(place)),
            _ => {}
        }
    }

    /// What a happening brings about in other conversations: an echo with our mark settles the send of a private reply, whose echo
    /// comes in the person's chat.
    fn follow(
        &mut self,
        db: &Connection,
        id: ConversationId,
        key: &ConversationKey,
        changes: Changes,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let settles = key.thread == Thread::Comments && changes.has_sends();
        for (mark, person, mid) in changes.echoed {
            // A send of this very conversation has ended long ago.
            let other = self.of_send(db, mark.send)?.filter(|other| *other != id);
            if let Some(other) = other.filter(|other| self.entries[other].key.account == key.account) {
                self.at(db, other, now, |other, scene| other.marked(scene, &mark, person.as_ref(), mid.as_ref()))?;
            }
        }
        for (send, mid) in changes.repeated {
            if let Some(other) = self.of_send(db, send)? {
                self.at(db, other, now, |other, scene| other.settle_as_sent(scene, send, mid.as_ref()))?;
            }
        }
        if settles {
            let waiting = self.accounts.get(&key.account).map(|account| account.parked.clone()).unwrap_or_default();
            for chat in waiting {
                self.at(db, chat, now, |chat, scene| chat.look_at_parked(scene))?;
            }
        }
        Ok(())
    }

    /// The conversation in which a send stands, in memory.
    pub(super) fn of_send(&mut self, db: &Connection, send: SendId) -> rusqlite::Result<Option<ConversationId>> {
        if let Some(id) = self.sends.get(&send) {
            return Ok(Some(*id));
        }
        match records::send(db, send)? {
            Some((_, key)) => self.open(db, &key).map(Some),
            None => Ok(None),
        }
    }

    /// The conversation that gave a right, in memory.
    pub(super) fn giver(
        &mut self,
        db: &Connection,
        account: &AccountId,
        right: &RightKey,
    ) -> rusqlite::Result<Option<ConversationId>> {
        if let Some(id) = self.rights.get(&(account.clone(), *right)) {
            return Ok(Some(*id));
        }
        match records::giver(db, account, right)? {
            Some(key) => self.open(db, &key).map(Some),
            None => Ok(None),
        }
    }

    /// An event that is kept happens to its conversation, and to the one that gave the right of which it tells.
    pub(crate) fn arrived(
        &mut self,
        db: &Connection,
        key: &ConversationKey,
        kept: &KeptEvent,
        envelope: &Envelope,
    ) -> rusqlite::Result<Recognised> {
        let (id, now) = (self.open(db, key)?, kept.item.received_at);
        let giver = match RightKey::of_news(&envelope.event) {
            Some(right) => self.giver(db, &key.account, &right)?.filter(|giver| *giver != id),
            None => None,
        };
        let arrival = Arrival { kept, envelope, is_of_another: giver.is_some() };
        let recognised = self.at(db, id, now, |one, scene| one.arrived(scene, &arrival))?;
        if let Some(giver) = giver {
            self.at(db, giver, now, |one, scene| one.hear_of_right(envelope, kept.id, scene.now))?;
        }
        Ok(recognised)
    }

    /// A process begins. `open`: the events without an end and the sends that are not over, each with its conversation.
    pub(crate) fn recover(&mut self, db: &Connection, open: LeftOpen, now: Timestamp) -> rusqlite::Result<()> {
        let mut later = Vec::new();
        self.left_open = open.values().flat_map(|(_, events)| events.iter().copied()).collect();
        for (id, (key, events)) in &open {
            let arrived = self.load(db, *id, key, events)?;
            later.extend(arrived.into_iter().map(|arrived| (key, arrived)));
        }
        later.sort_by_key(|(_, arrived)| arrived.kept.id);
        for (key, Arrived { kept, row, steps }) in later {
            let Some(envelope) = kept.envelope(key) else {
                // What cannot be read as an event any more is a handler's to fail on.
                self.at(db, key.id(), now, |one, _| one.stands_unread(kept, row, steps))?;
                continue;
            };
            self.arrived(db, key, &kept, &envelope)?;
            if let Some(row) = row {
                self.at(db, key.id(), now, |one, _| one.stands_again(kept.id, row, steps))?;
            }
        }
        let latest = now + self.ours.longest_wait().max(responsiveness::LIMIT);
        let accounts: Vec<_> = self.accounts.keys().cloned().collect();
        for account in accounts {
            self.change_account(&account, |value| value.due_at_a_start(now));
        }
        let all: Vec<_> = self.entries.keys().copied().collect();
        for id in all {
            self.at(db, id, now, |one, scene| {
                one.due_at_a_start(latest, now);
                one.recover(scene);
            })?;
        }
        Ok(())
    }

    /// Whether one of these was open already when the process began.
    pub(super) fn has_taken_what_was_left_open(&mut self, taken: &[TakenEvent]) -> bool {
        taken.iter().filter(|event| self.left_open.contains(&event.id)).count() > 0
    }

    /// Lets go of the conversations in which nothing is open and of which everything is on disk, up to the happening of this number.
    pub(crate) fn let_go_of_idle(&mut self, kept: u64) {
        self.posted.retain(|_, (.., number)| *number > kept);
        let is_idle = |entry: &Entry| {
            let one = &entry.conversation;
            entry.happened <= kept && one.is_idle() && !one.is_image_behind()
        };
        let idle = self.entries.iter().filter(|(_, entry)| is_idle(entry)).map(|(id, _)| *id);
        for id in idle.collect::<Vec<_>>() {
            let Some(entry) = self.entries.remove(&id) else { continue };
            for right in entry.conversation.rights() {
                self.rights.remove(&(entry.key.account.clone(), *right));
            }
            for send in entry.conversation.whole_sends() {
                self.sends.remove(&send.id);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn ours(&self) -> &StoreIdentity {
        &self.ours
    }

    #[cfg(test)]
    pub(crate) fn account_value(&self, account: &AccountId) -> AccountValue {
        self.accounts.get(account).map(|account| account.value.clone()).unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn conversations(&self) -> impl Iterator<Item = &Conversation> {
        self.entries.values().map(|entry| &entry.conversation)
    }

    /// The numbers of the images that are not in `conversation` yet.
    pub(super) fn images(&self) -> Images {
        self.images.clone()
    }

    pub(super) fn image_of(&self, id: ConversationId) -> Option<i64> {
        self.images.get(id)
    }

    /// How many happenings were taken to be written.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn write(&mut self, write: Write) {
        self.batch.push(write);
    }

    /// Writes a record that changes nothing in memory.
    pub(super) fn record(&mut self, id: ConversationId, record: Record) {
        let key = Arc::clone(&self.entries[&id].key);
        self.batch.push(Write::Record(id, key, record));
    }

    /// Changes an account's value.
    pub(super) fn change_account(&mut self, account: &AccountId, change: impl FnOnce(&mut AccountValue)) {
        let value = &mut self.accounts.entry(account.clone()).or_default().value;
        change(value);
        if let Some(image) = value.changed() {
            self.batch.push(Write::Account(account.clone(), Box::new(image)));
        }
    }

    /// Lets go of conversations in which nothing is open, where there are more than `most` in memory.
    pub(super) fn let_go(&mut self, db: &Connection, kept: u64, most: usize, now: Timestamp) -> rusqlite::Result<()> {
        if self.entries.len() > most {
            self.let_go_of_idle(kept);
            self.bring_images_forward(db, now)?;
        }
        Ok(())
    }

    /// Has the images written of conversations in which nothing is open and more has happened than the last image says.
    pub(super) fn bring_images_forward(&mut self, db: &Connection, now: Timestamp) -> rusqlite::Result<()> {
        let behind = self.entries.iter().filter(|(_, entry)| entry.conversation.is_image_behind());
        let behind: Vec<_> = behind.map(|(id, _)| *id).collect();
        behind.into_iter().try_for_each(|id| self.at(db, id, now, |one, _| one.bring_image_forward()))
    }

    /// Forgets rights that were over before `time`.
    pub(super) fn forget_rights(&mut self, time: Timestamp) {
        let Live { entries, rights, .. } = self;
        for entry in entries.values_mut() {
            for right in entry.conversation.forget_rights_before(time) {
                rights.remove(&(entry.key.account.clone(), right));
            }
        }
    }

    /// The conversation of this id, where it is in memory.
    pub(crate) fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.entries.get(&id).map(|entry| &entry.conversation)
    }
}
