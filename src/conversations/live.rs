//! The conversations that are in memory, and the accounts' values: what happens to one of them happens here, and what it brings about
//! in another one.
//!
//! Nothing is written here. What is to be written collects in a batch, which is taken after each happening: its writes are one
//! commit.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::agenda::{Agenda, Next, Woken};
use crate::clock::Timestamp;
use crate::conversation::StoreIdentity;
use crate::conversation::live::{
    AccountImage, AccountValue, Arrival, Arrived, Changes, Conversation, ConversationId, ConversationKey, KeptEvent,
    Recognised, Record, RightKey, Scene,
};
use crate::event::Envelope;
use crate::id::{AccountId, EventId, SendId, Thread};
use crate::store::records;

/// Something to be written.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    Record(ConversationId, Arc<ConversationKey>, Record),
    Account(AccountId, Box<AccountImage>),
}

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
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Live {
    pub(super) ours: Arc<StoreIdentity>,
    pub(super) entries: HashMap<ConversationId, Entry>,
    pub(super) accounts: HashMap<AccountId, Account>,
    /// Where the events stand that are with a handler.
    pub(super) running: HashMap<EventId, ConversationId>,
    /// Where the sends stand that are not over.
    sends: HashMap<SendId, ConversationId>,
    /// Who gave the rights of the conversations in memory.
    rights: HashMap<(AccountId, RightKey), ConversationId>,
    pub(super) last_event: EventId,
    /// The numbers of images that are not in `conversation` yet.
    pub(super) images: HashMap<ConversationId, i64>,
    batch: Vec<Write>,
    woken: Woken,
}

impl Live {
    /// With nothing in memory but the accounts' values. `last_event`: no event was given a higher id.
    pub(crate) fn new(ours: Arc<StoreIdentity>, accounts: Vec<(AccountId, AccountValue)>, last_event: EventId) -> Live {
        let accounts = accounts.into_iter().map(|(id, value)| (id, Account { value, ..Account::default() }));
        Live {
            ours,
            entries: HashMap::new(),
            accounts: accounts.collect(),
            running: HashMap::new(),
            sends: HashMap::new(),
            rights: HashMap::new(),
            last_event,
            images: HashMap::new(),
            batch: Vec::new(),
            woken: Woken::default(),
        }
    }

    /// What is to be written since the last call, and who is to be woken when it is.
    pub(crate) fn take_batch(&mut self) -> (Vec<Write>, Woken) {
        (std::mem::take(&mut self.batch), std::mem::take(&mut self.woken))
    }

    /// The id of an event that arrives.
    pub(crate) fn next_event(&mut self) -> EventId {
        self.last_event.0 += 1;
        self.last_event
    }

    /// The number of an image was given out.
    pub(crate) fn image_is_kept(&mut self, conversation: ConversationId, number: i64) {
        self.images.insert(conversation, number);
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
        let rows = records::load(db, id, self.images.get(&id).copied(), events)?;
        let (conversation, later) = Conversation::load(key.clone(), rows);
        for right in conversation.rights() {
            self.rights.insert((key.account.clone(), *right), id);
        }
        for send in conversation.whole_sends() {
            self.sends.insert(send.id, id);
        }
        let key = Arc::new(key.clone());
        self.entries.insert(id, Entry { conversation, key, next: Next::default() });
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
        let Live { ours, entries, accounts, last_event, batch, .. } = self;
        let entry = entries.get_mut(&id).expect("a conversation in memory");
        let conversation = &mut entry.conversation;
        let account = accounts.entry(entry.key.account.clone()).or_default();
        let mut next_event = || {
            last_event.0 += 1;
            *last_event
        };
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
    pub(crate) fn recover(
        &mut self,
        db: &Connection,
        open: HashMap<ConversationId, (ConversationKey, Vec<EventId>)>,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let mut later = Vec::new();
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
        let all: Vec<_> = self.entries.keys().copied().collect();
        for id in all {
            self.at(db, id, now, |one, scene| one.recover(scene))?;
        }
        Ok(())
    }

    /// Lets go of the conversations in which nothing is open. What is kept of them is written.
    pub(crate) fn let_go_of_idle(&mut self) {
        let idle = self.entries.iter().filter(|(_, entry)| entry.conversation.is_idle()).map(|(id, _)| *id);
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

    pub(super) fn write_account(&mut self, account: &AccountId, image: AccountImage) {
        self.batch.push(Write::Account(account.clone(), Box::new(image)));
    }

    /// The number of a conversation's last image, where that is not in `conversation` yet.
    #[cfg(test)]
    pub(crate) fn image(&self, id: ConversationId) -> Option<i64> {
        self.images.get(&id).copied()
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

    /// Sets when events are due that nothing is kept of but their arrival.
    #[cfg(test)]
    pub(crate) fn set_dues(&mut self, dues: &[(EventId, Timestamp)]) {
        let ids: Vec<_> = self.entries.keys().copied().collect();
        for id in ids {
            let entry = self.entries.get_mut(&id).expect("a conversation in memory");
            for event in entry.conversation.events.iter_mut().filter(|event| !event.is_noted) {
                if let Some((_, due)) = dues.iter().find(|(id, _)| *id == event.id) {
                    event.due = *due;
                }
            }
            self.follow_agenda(id);
        }
    }

    /// The conversation of this id, where it is in memory.
    pub(crate) fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.entries.get(&id).map(|entry| &entry.conversation)
    }
}
