//! Which conversations are in memory. One is loaded when something happens in it or is due in it; when memory is short, those go that
//! were not used for longest.

use std::sync::Arc;

use rusqlite::Connection;

use super::agenda::{Next, Work};
use super::live::{Entry, Going, Live};
use crate::clock::Timestamp;
use crate::conversation::live::{Arrived, Conversation, ConversationId, ConversationKey};
use crate::id::{AccountId, EventId};
use crate::store::TakenEvent;
use crate::store::records::{self, Due, Write};

/// How many conversations a step sorts out: others wait meanwhile.
const STEP: usize = 32;

/// So many writes of a start are kept together, and more only by what one step adds.
const PART: usize = 1000;

/// How often it may take a look at a conversation until one can leave memory.
const LOOKS: usize = 8;

/// How many conversations count as those that were used last.
const USED_LAST: u64 = 256;

/// For how many that were loaded there is looked for room at a time.
const MOST_LOADED: usize = 1000;

impl Live {
    /// The conversation of this key, loaded where it is not in memory.
    pub(super) fn open(&mut self, db: &Connection, key: &ConversationKey) -> rusqlite::Result<ConversationId> {
        let id = key.id();
        self.open_as(db, id, key)?;
        Ok(id)
    }

    /// The same where its number is known.
    pub(super) fn open_as(
        &mut self,
        db: &Connection,
        id: ConversationId,
        key: &ConversationKey,
    ) -> rusqlite::Result<()> {
        if !self.entries.contains_key(&id) {
            match self.away.find(id)? {
                Some(back) => self.come_back(db, key, &back)?,
                None => drop(self.load(db, id, key, &[])?),
            }
        }
        Ok(())
    }

    /// Loads a conversation with these of its open events. Returns those that are to arrive again.
    pub(super) fn load(
        &mut self,
        db: &Connection,
        id: ConversationId,
        key: &ConversationKey,
        events: &[EventId],
    ) -> rusqlite::Result<Vec<Arrived>> {
        let rows = records::load(db, id, self.image_of(id), events)?;
        let (conversation, later) = Conversation::load(key.clone(), rows);
        for right in conversation.rights() {
            self.rights.insert((key.account.clone(), *right), id);
        }
        for send in conversation.whole_sends() {
            self.sends.insert(send.id, id);
        }
        let key = Arc::new(key.clone());
        self.entries.insert(id, Box::new(Entry::of(conversation, key)));
        self.loaded += 1;
        self.follow_agenda(id);
        Ok(later)
    }

    /// A process begins: accounts are brought up to date, and as much of what the one before left open is sorted out at once as has
    /// room, `most` bytes. The rest follows by [`sort_out`](Live::sort_out). `keep` writes what this brings about, a part at a time.
    pub(crate) fn begin(
        &mut self,
        db: &Connection,
        most: usize,
        mut keep: impl FnMut(Vec<Write>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let accounts: Vec<_> = self.accounts.keys().cloned().collect();
        for account in accounts {
            let now = self.began.at;
            self.change_account(&account, |value| value.due_at_a_start(now));
        }
        while self.weight < most && self.sort_out(db)? {
            if self.batch.len() >= PART {
                keep(self.take_batch().1)?;
            }
        }
        keep(self.take_batch().1)
    }

    /// Sorts out some more of what a process left open. True when there is more.
    pub(crate) fn sort_out(&mut self, db: &Connection) -> rusqlite::Result<bool> {
        for key in self.away.unseen(STEP)? {
            if let Err(error) = self.open(db, &key) {
                // Others do not wait for it. It is tried again when something happens in it, and at the next start.
                tracing::error!(account_id = %key.account, %error, "a conversation cannot be loaded; what is open in it waits");
                self.away.pass_over(key.id())?;
            }
        }
        Ok(self.away.has_unseen())
    }

    pub(super) fn has_more_to_sort_out(&self) -> bool {
        self.away.has_unseen()
    }

    /// Whether one of these was open already when the process began: it may have been with its handler when the one before died.
    pub(super) fn has_taken_what_was_left_open(&self, taken: &[TakenEvent]) -> bool {
        taken.iter().any(|event| event.id <= self.began.last_event)
    }

    /// Loads what is due of an account, as far as it is due earlier than what is in memory, and there is room for it.
    pub(super) fn fetch(
        &mut self,
        db: &Connection,
        account: &AccountId,
        due: Due,
        most: usize,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        if self.away.is_empty() || most == 0 {
            return Ok(());
        }
        let until = self.accounts.get(account).map_or(now, |account| account.agenda.until(due, most, now));
        for key in self.away.due(account, due, until, most)? {
            self.open(db, &key)?;
        }
        Ok(())
    }

    /// It was used just now. Where it is among those that were used last, its place there does not matter.
    pub(super) fn touch(&mut self, id: ConversationId) {
        let last = self.used.last_key_value().map_or(0, |(last, _)| *last);
        let used = self.entries[&id].used;
        if used == 0 || used + USED_LAST <= last {
            self.put_last(id);
        }
    }

    /// The others leave memory before it.
    fn put_last(&mut self, id: ConversationId) {
        let next = self.used.last_key_value().map_or(1, |(last, _)| last + 1);
        let entry = self.entries.get_mut(&id).expect("a conversation in memory");
        self.used.remove(&entry.used);
        entry.used = next;
        self.used.insert(next, id);
    }

    /// Lets conversations go, the ones first that were not used for longest, until those that stay take no more than `most` bytes. One
    /// goes when all of it is on disk, up to the happening of the number `kept`.
    pub(crate) fn make_room(&mut self, db: &Connection, most: usize, kept: u64) -> rusqlite::Result<()> {
        while let Some(going) = self.going.pop_front_if(|going| going.number <= kept) {
            self.going_weight -= going.weight;
            let Some(entry) = self.entries.get_mut(&going.id) else { continue };
            entry.is_going = false;
            // One in which something has happened since stays.
            if entry.is_on_disk(going.number) && self.weight > most {
                self.leave(going.id)?;
            }
        }
        // Others wait meanwhile, and for those that were loaded there is to be room again.
        let looks = STEP + LOOKS * std::mem::take(&mut self.loaded).min(MOST_LOADED);
        let looked_at: Vec<_> = self.used.values().take(looks).copied().collect();
        for id in looked_at {
            if self.weight <= most + self.going_weight {
                break;
            }
            // First: one that cannot leave must not keep the others from it.
            self.put_last(id);
            let entry = &self.entries[&id];
            if entry.is_on_disk(kept) {
                self.leave(id)?;
            } else if entry.conversation.may_leave() && !entry.is_going {
                self.goes(db, id)?;
            }
        }
        Ok(())
    }

    /// A conversation is to go once it is on disk as it is now.
    fn goes(&mut self, db: &Connection, id: ConversationId) -> rusqlite::Result<()> {
        self.at(db, id, Timestamp(0), |one, _| one.bring_image_forward())?;
        let number = self.number() + 1;
        let entry = self.entries.get_mut(&id).expect("a conversation in memory");
        entry.is_going = true;
        self.going_weight += entry.weight;
        self.going.push_back(Going { id, number, weight: entry.weight });
        Ok(())
    }

    fn leave(&mut self, id: ConversationId) -> rusqlite::Result<()> {
        let entry = &self.entries[&id];
        if !entry.conversation.is_idle() {
            self.away.put(id, &entry.conversation, |due| entry.next.time(due))?;
        }
        self.forget(id);
        Ok(())
    }

    /// It is not in memory any more.
    pub(super) fn forget(&mut self, id: ConversationId) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.used.remove(&entry.used);
        self.weight -= entry.weight;
        for right in entry.conversation.rights() {
            self.rights.remove(&(entry.key.account.clone(), *right));
        }
        for send in entry.conversation.whole_sends() {
            self.sends.remove(&send.id);
        }
        if let Some(account) = self.accounts.get_mut(&entry.key.account) {
            account.agenda.change(id, entry.next, Next::default(), &mut self.woken);
            account.parked.retain(|parked| *parked != id);
            self.busy.follow(&entry.key.account, &mut account.agenda);
        }
    }

    /// The accounts that may have work of this kind.
    pub(super) fn accounts_with(&self, work: Work) -> Vec<AccountId> {
        let mut accounts: Vec<_> = self.busy.with(work).cloned().collect();
        match work {
            Work::Events => accounts.extend(self.away.events().map(|(account, ..)| account.clone())),
            Work::Sends | Work::Doubts => accounts.extend(self.away.sends().map(|(account, ..)| account.clone())),
        }
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }

    /// How many events and sends are open in conversations that are not in memory.
    #[cfg(test)]
    pub(crate) fn open_elsewhere(&self) -> usize {
        let events = self.away.events().map(|(_, _, count)| count);
        let sends = self.away.sends().map(|(_, _, count)| count);
        usize::try_from(events.chain(sends).sum::<u64>()).expect("as many as fit into memory")
    }

    /// Whether those in memory take more than so many bytes.
    pub(super) fn takes_more_than(&self, most: usize) -> bool {
        self.weight > most
    }
}
