//! The conversations that are in memory, and the accounts' values: what happens to one of them happens here, and what it brings about
//! in another one.
//!
//! Nothing is written here. What is to be written collects in a batch, which is taken after each happening: its writes are one
//! commit.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hashbrown::{HashMap, HashSet};
use rusqlite::Connection;

use super::agenda::{Agenda, Busy, Next};
use super::read::LatelyRead;
use crate::clock::Timestamp;
use crate::conversation::StoreIdentity;
use crate::conversation::live::{
    AccountValue, Arrival, Changes, Conversation, ConversationId, ConversationKey, KeptEvent, QueuedEvent, Recognised,
    Record, RightKey, Scene,
};
use crate::event::Envelope;
use crate::id::{AccountId, EventId, SendId, Thread};
use crate::store::TakenSend;
use crate::store::records::{self, Away, Images, Woken, Write};
use crate::telemetry::Seldom;

/// An account's value, and what is due in its conversations.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) value: AccountValue,
    pub(super) agenda: Agenda,
    /// Chats in which an echo waits to be recognised.
    pub(super) parked: Vec<ConversationId>,
}

/// A conversation in memory.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) conversation: Conversation,
    pub(super) key: Arc<ConversationKey>,
    pub(super) next: Next,
    /// The number of the last happening in it.
    pub(super) happened: u64,
    /// The last happening of which records tell more of events that wait on disk than that they arrived.
    pub(super) noted_on_disk: u64,
    /// Events that are to wait on disk and could not be written there yet.
    pub(super) to_place: Vec<QueuedEvent>,
    pub(super) weight: usize,
    /// Its place among those in memory, the one first that was not used for longest.
    pub(super) used: u64,
    /// Whether it is to go once it is on disk.
    pub(super) is_going: bool,
}

impl Entry {
    pub(super) fn of(conversation: Conversation, key: Arc<ConversationKey>) -> Entry {
        let next = Next::default();
        Entry {
            conversation,
            key,
            next,
            happened: 0,
            noted_on_disk: 0,
            to_place: Vec::new(),
            weight: 0,
            used: 0,
            is_going: false,
        }
    }

    /// Whether it may leave memory where what has happened up to this number is on disk.
    pub(super) fn is_on_disk(&self, number: u64) -> bool {
        let Entry { conversation, happened, to_place, .. } = self;
        *happened <= number && to_place.is_empty() && !conversation.is_image_behind() && conversation.may_leave()
    }
}

/// A conversation that is to go once the happening of this number is on disk, and about how many bytes that gives back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Going {
    pub(super) id: ConversationId,
    pub(super) number: u64,
    pub(super) weight: usize,
}

/// What was posted: a hash of it, its sends, and the number of its happening.
type PostedLately = ([u8; 32], Vec<SendId>, u64);

/// When a process began, and the last event that was given an id before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    pub(super) at: Timestamp,
    pub(super) last_event: EventId,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Live {
    pub(super) ours: Arc<StoreIdentity>,
    /// In boxes: a table that has grown keeps its size.
    pub(super) entries: HashMap<ConversationId, Box<Entry>>,
    /// Those in memory, in the order in which they were last used, and how many bytes they take.
    pub(super) used: BTreeMap<u64, ConversationId>,
    pub(super) weight: usize,
    /// Those that are to go once they are on disk, and how many bytes they take.
    pub(super) going: VecDeque<Going>,
    pub(super) going_weight: usize,
    /// How many were loaded since there was last looked for room.
    pub(super) loaded: usize,
    /// Those with something open that are not in memory.
    pub(super) away: Away,
    /// Those in memory of which the next events are to come from disk.
    pub(super) short: HashSet<ConversationId>,
    /// How often they could not.
    pub(super) failures: Seldom,
    pub(super) accounts: HashMap<AccountId, Account>,
    /// Those of them that have something open in memory.
    pub(super) busy: Busy,
    pub(super) began: Beginning,
    /// Where the events stand that are with a handler.
    pub(super) running: HashMap<EventId, ConversationId>,
    /// Where the sends stand that are not over.
    pub(super) sends: HashMap<SendId, ConversationId>,
    /// Who gave the rights of the conversations in memory.
    pub(super) rights: HashMap<(AccountId, RightKey), ConversationId>,
    /// No event was given a higher id.
    pub(super) last_event: Arc<AtomicI64>,
    images: Images,
    pub(super) lately_read: LatelyRead,
    /// Sends that are marked as on their way with the end of their event, each with the number of the happening that says so.
    pub(super) leaving: VecDeque<(u64, TakenSend)>,
    /// Events of our own that are perhaps not on disk yet, each with the number of the happening in which it began.
    pub(super) begun: VecDeque<(u64, EventId)>,
    /// What was posted under which key and is perhaps not on disk yet: a hash of it, its sends, and the number of its happening.
    pub(super) posted: HashMap<(AccountId, String), PostedLately>,
    /// How many happenings were taken to be written.
    number: u64,
    pub(super) batch: Vec<Write>,
    pub(super) woken: Woken,
}

/// The account of this id, which is made where there is none. Without a copy of the id where there is one.
pub(super) fn account_of<'a>(accounts: &'a mut HashMap<AccountId, Account>, id: &AccountId) -> &'a mut Account {
    if !accounts.contains_key(id) {
        accounts.insert(id.clone(), Account::default());
    }
    accounts.get_mut(id).expect("it was made")
}

impl Live {
    /// With nothing in memory but the accounts' values.
    pub(crate) fn new(
        ours: Arc<StoreIdentity>,
        accounts: Vec<(AccountId, AccountValue)>,
        last_event: Arc<AtomicI64>,
        images: Images,
        away: Away,
        now: Timestamp,
    ) -> Live {
        let began = Beginning { at: now, last_event: EventId(last_event.load(Ordering::Relaxed)) };
        let accounts = accounts.into_iter().map(|(id, value)| (id, Account { value, ..Account::default() }));
        Live {
            ours,
            entries: HashMap::new(),
            accounts: accounts.collect(),
            busy: Busy::default(),
            used: BTreeMap::new(),
            weight: 0,
            going: VecDeque::new(),
            going_weight: 0,
            loaded: 0,
            away,
            short: HashSet::new(),
            failures: Seldom::default(),
            began,
            running: HashMap::new(),
            sends: HashMap::new(),
            rights: HashMap::new(),
            last_event,
            images,
            lately_read: LatelyRead::default(),
            leaving: VecDeque::new(),
            begun: VecDeque::new(),
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

    /// Lets something happen in a conversation that is in memory, and follows what it brings about elsewhere.
    pub(super) fn at<T>(
        &mut self,
        db: &Connection,
        id: ConversationId,
        now: Timestamp,
        happening: impl FnOnce(&mut Conversation, &mut Scene<'_>) -> T,
    ) -> rusqlite::Result<T> {
        let Live { ours, entries, accounts, last_event, batch, number, begun, .. } = self;
        let entry = entries.get_mut(&id).expect("a conversation in memory");
        let conversation = &mut entry.conversation;
        let account = account_of(accounts, &entry.key.account);
        let mut next_event = || EventId(last_event.fetch_add(1, Ordering::Relaxed) + 1);
        let standing = ours.standing(&entry.key.account);
        let mut scene = Scene { now, ours, standing, account: &mut account.value, next_event: &mut next_event };
        let result = happening(conversation, &mut scene);
        let (records, mut changes) = conversation.end(&mut account.value);
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
        if !records.is_empty() {
            entry.happened = *number + 1;
        }
        if !records.is_empty() && changes.tell_of_those_on_disk() {
            entry.noted_on_disk = *number + 1;
        }
        begun.extend(records.iter().filter_map(|record| match record {
            Record::Begun(event, _) => Some((*number + 1, *event)),
            _ => None,
        }));
        let key = Arc::clone(&entry.key);
        batch.extend(records.into_iter().map(|record| Write::Record(id, Arc::clone(&key), record)));
        let to_disk = std::mem::take(&mut changes.to_disk);
        if !to_disk.is_empty() {
            self.let_wait_on_disk(id, to_disk);
        }
        self.follow_agenda(id);
        self.follow(db, id, &key, changes, now)?;
        Ok(result)
    }

    pub(super) fn follow_agenda(&mut self, id: ConversationId) {
        let entry = self.entries.get_mut(&id).expect("a conversation in memory");
        let account = account_of(&mut self.accounts, &entry.key.account);
        let next = Next::of(&entry.conversation);
        account.agenda.change(id, entry.next, next, &mut self.woken);
        self.busy.follow(&entry.key.account, &mut account.agenda);
        entry.next = next;
        if entry.conversation.room_for_those_on_disk().is_some() && self.short.insert(id) {
            self.woken.events = true;
        }
        let weight = entry.conversation.weight();
        self.weight = self.weight - entry.weight + weight;
        entry.weight = weight;
        let place = account.parked.iter().position(|parked| *parked == id);
        match (place, entry.conversation.has_parked()) {
            (None, true) => account.parked.push(id),
            (Some(place), false) => drop(account.parked.remove(place)),
            _ => {}
        }
        self.touch(id);
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
            self.at_send(db, send, now, |other, scene| other.settle_as_sent(scene, send, mid.as_ref()))?;
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
        (id, key): (ConversationId, &ConversationKey),
        kept: &KeptEvent,
        envelope: &Envelope,
    ) -> rusqlite::Result<Recognised> {
        self.open_as(db, id, key)?;
        let now = kept.item.received_at;
        let giver = match RightKey::of_news(&envelope.event) {
            Some(right) => self.giver(db, &key.account, &right)?.filter(|giver| *giver != id),
            None => None,
        };
        let arrival = Arrival { kept, envelope, is_of_another: giver.is_some() };
        let recognised = self.at(db, id, now, |one, scene| one.arrived(scene, &arrival))?;
        if self.entries[&id].next.is_fresh(kept.id) {
            self.lately_read.remember(kept.id, envelope);
        }
        if let Some(giver) = giver {
            self.at(db, giver, now, |one, scene| one.hear_of_right(envelope, kept.id, scene.now))?;
        }
        Ok(recognised)
    }

    /// What was posted up to the happening of this number is on disk.
    pub(super) fn forget_posted(&mut self, kept: u64) {
        self.posted.retain(|_, (.., number)| *number > kept);
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
        let value = &mut account_of(&mut self.accounts, account).value;
        change(value);
        if let Some(image) = value.changed() {
            self.batch.push(Write::Account(account.clone(), Box::new(image)));
        }
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
