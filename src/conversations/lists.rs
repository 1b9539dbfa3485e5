//! What an operator sees: lists, single rows and counts. What is open is known in memory, and the rest is read.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::handle::Conversations;
use super::live::Live;
use crate::clock::Timestamp;
use crate::conversation::live::{Conversation, ConversationId, ConversationKey, QueuedEvent};
use crate::conversation::{EventStatus, SendStatus};
use crate::id::{AccountId, EventId, PersonId, SendId, Thread};
use crate::store::records::{self, Aside, Filter, ListedEvent, ListedSend};
use crate::store::{
    Backlog, ConversationRow, EventQuery, EventRow, OpenEvents, OpenSends, SendQuery, SendRow, StoreError,
    UnableAccounts,
};

/// How often a list is read again while events end.
const TRIES: usize = 4;

impl Conversations {
    /// Returns when what has happened is on disk, so that a read finds it. Where the disk fails, it finds what was kept before.
    async fn catch_up(&self) {
        let is_behind = self.happen(|live, _| Ok(live.number())).is_ok_and(|(number, _)| number > self.records.kept());
        if is_behind {
            let _ = self.records.change(|_, _| Ok(())).await;
        }
    }

    /// Events, newest first.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn events(&self, query: EventQuery) -> Result<Vec<EventRow>, StoreError> {
        // An event may end while the list is read, and be neither in memory then nor on disk as it is: the list is read again.
        for _ in 0..TRIES {
            self.catch_up().await;
            let (this, query) = (self.clone(), query.clone());
            let list = move |db: &Connection| {
                let rows = this.list_events(db, &query)?;
                Ok(rows.into_iter().map(|row| (!row.is_behind).then_some(row.row)).collect::<Option<Vec<_>>>())
            };
            if let Some(rows) = self.records.read(list).await? {
                return Ok(rows);
            }
        }
        let this = self.clone();
        let rows = self.records.read(move |db| this.list_events(db, &query)).await?;
        Ok(rows.into_iter().map(|row| row.row).collect())
    }

    fn list_events(&self, db: &Connection, query: &EventQuery) -> rusqlite::Result<Vec<ListedEvent>> {
        let before = query.before.map(|id| id.0);
        let is_shown = |row: &EventRow| {
            (query.statuses.is_empty() || query.statuses.contains(&row.status))
                && query.kind.as_ref().is_none_or(|kind| *kind == row.kind)
                && (query.accounts.is_empty()
                    || row.account.as_ref().is_some_and(|account| query.accounts.contains(account)))
        };
        if let Some(person) = &query.person {
            let mut rows = Vec::new();
            for key in self.of_person(&query.accounts, person) {
                let walked = self.walk_events(db, &key, before, query.limit, &is_shown)?;
                rows.extend(walked);
            }
            rows.sort_by_key(|event: &ListedEvent| std::cmp::Reverse(event.row.id));
            rows.dedup_by_key(|event| event.row.id);
            rows.truncate(query.limit);
            return Ok(rows);
        }
        let open = |status: &EventStatus| {
            matches!(status, EventStatus::Ready | EventStatus::Waiting | EventStatus::Running | EventStatus::Parked)
        };
        let listed = if !query.statuses.is_empty() && query.statuses.iter().all(open) {
            let ids = self.inner.lock().0.open_events(&query.accounts, &query.statuses);
            let ids = ids.into_iter().rev().filter(|id| before.is_none_or(|before| id.0 < before));
            let mut listed = Vec::new();
            for id in ids {
                if listed.len() == query.limit {
                    break;
                }
                let event = records::listed(db, id)?.map(|event| self.now(event));
                listed.extend(event.filter(|event| is_shown(&event.row)));
            }
            listed
        } else {
            let aside = query.statuses.iter().filter_map(|status| match status {
                EventStatus::Dead => Some(Aside::Dead),
                EventStatus::Quarantined => Some(Aside::Quarantined),
                _ => None,
            });
            let aside: Vec<_> = aside.collect();
            let is_aside = aside.len() == query.statuses.len();
            let filter = Filter {
                account: query.accounts.first().filter(|_| query.accounts.len() == 1).cloned(),
                kind: query.kind.clone(),
                statuses: query.statuses.iter().map(|status| *status as i64).collect(),
                aside: if is_aside { aside } else { Vec::new() },
                before,
                limit: query.limit,
                ..Filter::default()
            };
            records::events(db, &filter)?.into_iter().map(|event| self.now(event)).collect()
        };
        Ok(listed)
    }

    /// Brings a row up to date with what is known in memory.
    fn now(&self, mut event: ListedEvent) -> ListedEvent {
        let guard = self.inner.lock();
        if let Some(one) = guard.0.conversation(event.conversation) {
            bring_up_to_date(&mut event, one);
        }
        event
    }

    /// The conversations of a person: the chat first, then those of whom else the name may stand for.
    fn of_person(&self, accounts: &[AccountId], person: &PersonId) -> Vec<ConversationKey> {
        let accounts = match accounts {
            [] => self.inner.lock().0.accounts.keys().cloned().collect(),
            accounts => accounts.to_vec(),
        };
        let keys = accounts.into_iter().flat_map(|account| {
            Thread::ALL.map(|thread| {
                let (account, name) = (account.clone(), person.as_str().to_owned());
                ConversationKey { account, thread, name }
            })
        });
        keys.collect()
    }

    /// The newest event and send of a conversation.
    fn newest(&self, key: &ConversationKey) -> rusqlite::Result<(Option<EventId>, Option<SendId>)> {
        let mut guard = self.inner.lock();
        let (live, db) = &mut *guard;
        let id = live.open_if_known(db, key)?;
        let one = id.and_then(|id| live.conversation(id));
        Ok(one.map_or((None, None), |one| (one.last_event, one.last_send)))
    }

    /// Along a conversation, from its newest event backwards.
    fn walk_events(
        &self,
        db: &Connection,
        key: &ConversationKey,
        before: Option<i64>,
        limit: usize,
        is_shown: &impl Fn(&EventRow) -> bool,
    ) -> rusqlite::Result<Vec<ListedEvent>> {
        let (newest, _) = self.newest(key)?;
        let (mut next, mut rows) = (newest, Vec::new());
        let id = key.id();
        if let Some(before) = before
            && let Some(event) = records::listed(db, EventId(before))?.map(|event| self.now(event))
            && event.conversation == id
        {
            next = event.previous;
        }
        while let Some(event) = next.filter(|_| rows.len() < limit) {
            let Some(event) = records::listed(db, event)?.map(|event| self.now(event)) else {
                // A gap that pruning left. Of what is older, only the few rows are left that pruning passes over.
                let before = before.map_or(event.0, |before| before.min(event.0));
                let aside = vec![Aside::Dead, Aside::Quarantined, Aside::LateEvent];
                let limit = limit - rows.len();
                let filter = Filter { conversation: Some(id), aside, before: Some(before), limit, ..Filter::default() };
                let left = records::events(db, &filter)?.into_iter().map(|event| self.now(event));
                rows.extend(left.filter(|event| is_shown(&event.row)));
                break;
            };
            next = event.previous;
            if event.is_behind || (before.is_none_or(|before| event.row.id.0 < before) && is_shown(&event.row)) {
                rows.push(event);
            }
        }
        Ok(rows)
    }

    /// One event, with the item as Meta sent it.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn event(&self, id: EventId) -> Result<Option<(EventRow, Vec<u8>)>, StoreError> {
        self.catch_up().await;
        let this = self.clone();
        let read = move |db: &Connection| {
            let Some(event) = records::listed(db, id)? else { return Ok(None) };
            let raw = records::raw(db, id)?.unwrap_or_default();
            Ok(Some((this.now(event).row, raw)))
        };
        self.records.read(read).await
    }

    /// Sends, newest first.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn sends(&self, query: SendQuery) -> Result<Vec<SendRow>, StoreError> {
        self.catch_up().await;
        let this = self.clone();
        self.records.read(move |db| this.list_sends(db, &query)).await
    }

    fn list_sends(&self, db: &Connection, query: &SendQuery) -> rusqlite::Result<Vec<SendRow>> {
        let before = query.before.map(|id| id.0);
        let is_shown = |row: &SendRow| {
            (query.statuses.is_empty() || query.statuses.contains(&row.status))
                && (query.accounts.is_empty() || query.accounts.contains(&row.account))
        };
        if let Some(person) = &query.person {
            let mut rows = Vec::new();
            for key in self.of_person(&query.accounts, person) {
                rows.extend(self.walk_sends(db, &key, before, query.limit, &is_shown)?);
            }
            rows.sort_by_key(|row: &SendRow| std::cmp::Reverse(row.id));
            rows.dedup_by_key(|row| row.id);
            rows.truncate(query.limit);
            return Ok(rows);
        }
        let open = |status: &SendStatus| {
            matches!(status, SendStatus::Ready | SendStatus::Waiting | SendStatus::Sending | SendStatus::InDoubt)
        };
        let listed: Vec<ListedSend> = if !query.statuses.is_empty() && query.statuses.iter().all(open) {
            let ids = self.inner.lock().0.open_sends(&query.accounts, &query.statuses);
            let ids = ids.into_iter().rev().filter(|id| before.is_none_or(|before| id.0 < before));
            let mut listed = Vec::new();
            for id in ids.take(query.limit) {
                listed.extend(records::listed_one(db, id)?);
            }
            listed
        } else {
            let aside: Vec<_> = query.statuses.iter().filter_map(|status| Aside::of_send(*status)).collect();
            let is_aside = aside.len() == query.statuses.len();
            let filter = Filter {
                account: query.accounts.first().filter(|_| query.accounts.len() == 1).cloned(),
                statuses: query.statuses.iter().map(|status| *status as i64).collect(),
                aside: if is_aside { aside } else { Vec::new() },
                before,
                limit: query.limit,
                ..Filter::default()
            };
            records::sends(db, &filter)?
        };
        Ok(listed.into_iter().map(|send| send.row).collect())
    }

    fn walk_sends(
        &self,
        db: &Connection,
        key: &ConversationKey,
        before: Option<i64>,
        limit: usize,
        is_shown: &impl Fn(&SendRow) -> bool,
    ) -> rusqlite::Result<Vec<SendRow>> {
        let (_, newest) = self.newest(key)?;
        let (mut next, mut rows) = (newest, Vec::new());
        let id = key.id();
        if let Some(before) = before
            && let Some(send) = records::listed_one(db, SendId(before))?
            && send.conversation == id
        {
            next = send.previous;
        }
        // Refused posts are in no conversation's history.
        let beside = |below: Option<i64>, aside: Vec<Aside>| {
            let filter = Filter { conversation: Some(id), aside, before: below, limit, ..Filter::default() };
            records::sends(db, &filter)
        };
        rows.extend(beside(before, vec![Aside::Refused])?.into_iter().map(|send| send.row).filter(is_shown));
        let mut walked = 0;
        while let Some(send) = next.filter(|_| walked < limit) {
            let Some(send) = records::listed_one(db, send)? else {
                // A gap that pruning left. Of what is older, only the few rows are left that pruning passes over.
                let below = before.map_or(send.0, |before| before.min(send.0));
                let left = beside(Some(below), vec![Aside::Held, Aside::LateSend])?;
                rows.extend(left.into_iter().map(|send| send.row).filter(is_shown));
                break;
            };
            next = send.previous;
            if before.is_none_or(|before| send.row.id.0 < before) && is_shown(&send.row) {
                rows.push(send.row);
                walked += 1;
            }
        }
        Ok(rows)
    }

    /// One send.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn send(&self, id: SendId) -> Result<Option<SendRow>, StoreError> {
        self.catch_up().await;
        Ok(self.records.read(move |db| records::listed_one(db, id)).await?.map(|send| send.row))
    }

    /// What is known of a conversation; of one that is not known, nothing.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    #[expect(clippy::unused_async, reason = "a conversation may come to be loaded beside the others")]
    pub async fn conversation(&self, account: AccountId, person: PersonId) -> Result<ConversationRow, StoreError> {
        let mut guard = self.inner.lock();
        let (live, db) = &mut *guard;
        for thread in Thread::ALL {
            let key = ConversationKey { account: account.clone(), thread, name: person.as_str().to_owned() };
            if let Some(one) = live.open_if_known(db, &key)?.and_then(|id| live.conversation(id)) {
                return Ok(ConversationRow {
                    window: one.window,
                    last_message_at: one.last_message_at,
                    owner: one.owner().cloned(),
                    last_event_at: one.last_event_at,
                });
            }
        }
        Ok(ConversationRow::default())
    }

    /// How much is open, dead, quarantined or held.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn backlog(&self, now: Timestamp) -> Result<Backlog, StoreError> {
        let mut backlog = self.inner.lock().0.backlog(now);
        let aside = move |db: &Connection| {
            let dead = records::events_aside(db, Aside::Dead)?;
            let quarantined = records::events_aside(db, Aside::Quarantined)?;
            Ok((dead, quarantined, records::sends_held(db)?))
        };
        let (dead, quarantined, held) = self.records.count(aside).await?;
        for (status, counts) in [(EventStatus::Dead, dead), (EventStatus::Quarantined, quarantined)] {
            backlog.events.extend(counts.into_iter().map(|(account, count, oldest)| OpenEvents {
                account,
                status,
                is_later: false,
                count,
                oldest: Timestamp(oldest),
            }));
        }
        backlog.sends.extend(held.into_iter().map(|(account, count)| OpenSends {
            account,
            status: SendStatus::Held,
            is_later: false,
            count,
        }));
        Ok(backlog)
    }

    /// Whether nothing is left to do before `now` moves: what is open waits for its time, or behind what does.
    ///
    /// # Errors
    ///
    /// When the store is lost or closed.
    #[expect(clippy::unused_async, reason = "what is due may come to be read from disk")]
    pub async fn is_at_rest(&self, unable: UnableAccounts, now: Timestamp) -> Result<bool, StoreError> {
        self.records.is_held()?;
        Ok(self.inner.lock().0.is_at_rest(&unable, now))
    }
}

fn bring_up_to_date(event: &mut ListedEvent, one: &Conversation) {
    let id = event.row.id;
    let Some(place) = one.events.iter().position(|queued| queued.id == id) else {
        event.is_behind = matches!(event.row.status, EventStatus::Ready | EventStatus::Waiting | EventStatus::Running);
        if let Some((_, _, previous)) = one.parked().find(|(parked, ..)| *parked == id) {
            (event.row.status, event.previous) = (EventStatus::Parked, previous);
            event.is_behind = false;
        }
        return;
    };
    let QueuedEvent { attempts, error, previous, .. } = &one.events[place];
    event.row.status = one.status(id).unwrap_or(event.row.status);
    (event.row.attempts, event.row.error, event.previous) = (*attempts, error.clone(), *previous);
    event.row.waits_for = place.checked_sub(1).map(|before| one.events[before].id);
}

impl Live {
    /// The open events of these statuses, of these accounts or of all, in the order of their ids.
    fn open_events(&self, accounts: &[AccountId], statuses: &[EventStatus]) -> Vec<EventId> {
        let mut ids = Vec::new();
        for one in self.of_accounts(accounts) {
            let queued = one.events.iter().map(|event| event.id);
            ids.extend(queued.filter(|id| one.status(*id).is_some_and(|status| statuses.contains(&status))));
            if statuses.contains(&EventStatus::Parked) {
                ids.extend(one.parked().map(|(id, ..)| id));
            }
        }
        ids.sort_unstable();
        ids
    }

    fn open_sends(&self, accounts: &[AccountId], statuses: &[SendStatus]) -> Vec<SendId> {
        let sends = self.of_accounts(accounts).flat_map(Conversation::whole_sends);
        let mut ids: Vec<_> = sends.filter(|send| statuses.contains(&send.state.status)).map(|send| send.id).collect();
        ids.sort_unstable();
        ids
    }

    fn of_accounts<'a>(&'a self, accounts: &'a [AccountId]) -> impl Iterator<Item = &'a Conversation> {
        let all = self.entries.values().map(|entry| &entry.conversation);
        all.filter(|one| accounts.is_empty() || accounts.contains(&one.key.account))
    }

    fn backlog(&self, now: Timestamp) -> Backlog {
        let mut events: BTreeMap<(AccountId, i64, bool), (EventStatus, u64, Timestamp)> = BTreeMap::new();
        let mut sends: BTreeMap<(AccountId, i64, bool), (SendStatus, u64)> = BTreeMap::new();
        for one in self.of_accounts(&[]) {
            let account = &one.key.account;
            let queued = one.events.iter().filter_map(|event| {
                let status = one.status(event.id)?;
                Some((status, status == EventStatus::Ready && event.due > now, event.item.received_at))
            });
            let parked = one.parked().map(|(_, item, _)| (EventStatus::Parked, false, item.received_at));
            for (status, is_later, received_at) in queued.chain(parked) {
                let count = events.entry((account.clone(), status as i64, is_later));
                let count = count.or_insert((status, 0, received_at));
                (count.1, count.2) = (count.1 + 1, count.2.min(received_at));
            }
            for send in one.whole_sends().filter(|send| !send.state.has_ended()) {
                let status = send.state.status;
                if status != SendStatus::Held {
                    let is_later = status == SendStatus::Ready && send.state.due > now;
                    sends.entry((account.clone(), status as i64, is_later)).or_insert((status, 0)).1 += 1;
                }
            }
        }
        let events = events.into_iter().map(|((account, _, is_later), (status, count, oldest))| OpenEvents {
            account: Some(account),
            status,
            is_later,
            count,
            oldest,
        });
        let sends = sends.into_iter().map(|((account, _, is_later), (status, count))| OpenSends {
            account,
            status,
            is_later,
            count,
        });
        Backlog { events: events.collect(), sends: sends.collect() }
    }

    fn is_at_rest(&self, unable: &UnableAccounts, now: Timestamp) -> bool {
        let is_sending =
            |one: &Conversation| one.front_send().is_some_and(|send| send.state.status == SendStatus::Sending);
        if !self.running.is_empty() || self.of_accounts(&[]).any(is_sending) {
            return false;
        }
        self.accounts.iter().all(|(id, account)| {
            let agenda = &account.agenda;
            let is_due = |first: Option<Timestamp>| first.is_some_and(|due| due <= now);
            let takes_fresh = !unable.events.contains(id);
            let takes_failed = takes_fresh && !unable.failed_events.contains(id);
            !(is_due(agenda.answers.first().map(|(by, ..)| *by))
                || is_due(agenda.doubts.first().map(|(due, ..)| *due))
                || (takes_fresh && is_due(agenda.fresh_events.first().map(|(due, ..)| *due)))
                || (takes_failed && is_due(agenda.failed_events.first().map(|(due, ..)| *due)))
                || (!unable.sends.contains(id) && is_due(agenda.sends.first().map(|(due, ..)| *due))))
        })
    }

    /// The conversation of this key, loaded where it is not in memory; none where it is not known.
    pub(super) fn open_if_known(
        &mut self,
        db: &Connection,
        key: &ConversationKey,
    ) -> rusqlite::Result<Option<ConversationId>> {
        let id = key.id();
        if !self.entries.contains_key(&id) && self.image_of(id).is_none() && !records::is_known(db, id)? {
            return Ok(None);
        }
        self.open(db, key).map(Some)
    }
}
