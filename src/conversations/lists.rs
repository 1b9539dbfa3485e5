//! What an operator sees: lists, single rows and counts. What is open is known in memory, and the rest is read.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::handle::Conversations;
use super::live::Live;
use crate::clock::Timestamp;
use crate::conversation::live::{Conversation, ConversationId, ConversationKey, QueuedEvent};
use crate::conversation::{EventStatus, SendStatus};
use crate::id::{AccountId, EventId, PersonId, SendId, Thread};
use crate::store::records::{self, Aside, Due, Filter, ListedEvent, ListedSend};
use crate::store::{
    Backlog, ConversationRow, EventQuery, EventRow, OpenEvents, OpenSends, SendQuery, SendRow, StoreError,
    UnableAccounts,
};

/// How often a list is read again while events end.
const TRIES: usize = 4;

impl Conversations {
    /// Returns when what has happened is on disk, so that a read finds it. Where the disk fails, it finds what was kept before.
    async fn catch_up(&self) {
        let is_behind = |(number, kept): (u64, Option<_>)| kept.is_some() || number > self.records.kept();
        if self.happen(|live, _| Ok(live.number())).is_ok_and(is_behind) {
            // Unlike what has happened, this does not wait for a disk that fails.
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
            let (mut listed, mut before) = (Vec::new(), query.before);
            while listed.len() < query.limit {
                let ids = self.inner.lock().0.open_events(query, before)?;
                let Some(last) = ids.last().copied() else { break };
                // Those that the page before has brought into memory may go.
                let _ = self.happen(|_, _| Ok(()));
                before = Some(last);
                for id in ids {
                    let event = records::listed(db, id)?.map(|event| self.now(event)).transpose()?;
                    listed.extend(event.filter(|event| is_shown(&event.row)));
                }
            }
            listed.truncate(query.limit);
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
            records::events(db, &filter)?.into_iter().map(|event| self.now(event)).collect::<Result<_, _>>()?
        };
        Ok(listed)
    }

    /// Brings a row up to date with what is known in memory.
    fn now(&self, mut event: ListedEvent) -> rusqlite::Result<ListedEvent> {
        let mut guard = self.inner.lock();
        let (live, db) = &mut *guard;
        if let Some(key) = live.away.key(event.conversation)? {
            live.open(db, &key)?;
        }
        if let Some(one) = live.conversation(event.conversation) {
            match live.away.before_on_disk(event.conversation, event.row.id)? {
                Some(before) => waits_on_disk(&mut event, before.or_else(|| one.events.back().map(|last| last.id))),
                None => bring_up_to_date(&mut event, one),
            }
        }
        Ok(event)
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
            && let Some(event) = records::listed(db, EventId(before))?.map(|event| self.now(event)).transpose()?
            && event.conversation == id
        {
            next = event.previous;
        }
        while let Some(event) = next.filter(|_| rows.len() < limit) {
            let Some(event) = records::listed(db, event)?.map(|event| self.now(event)).transpose()? else {
                // A gap that pruning left. Of what is older, only the few rows are left that pruning passes over.
                let before = before.map_or(event.0, |before| before.min(event.0));
                let aside = vec![Aside::Dead, Aside::Quarantined, Aside::LateEvent];
                let limit = limit - rows.len();
                let filter = Filter { conversation: Some(id), aside, before: Some(before), limit, ..Filter::default() };
                let left = records::events(db, &filter)?.into_iter().map(|event| self.now(event));
                rows.extend(left.collect::<Result<Vec<_>, _>>()?.into_iter().filter(|event| is_shown(&event.row)));
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
            Ok(Some((this.now(event)?.row, raw)))
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
            let ids = self.inner.lock().0.open_sends(query)?;
            let mut listed = Vec::new();
            for id in ids.into_iter().take(query.limit) {
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
        let mut backlog = self.inner.lock().0.backlog(now)?;
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
        self.look(|live, _| live.is_at_rest(&unable, now))
    }
}

/// How many there are of an account and a status, of those that are due and of those that are not; of events, when the oldest arrived.
type EventCounts = BTreeMap<(AccountId, i64, bool), (EventStatus, u64, Timestamp)>;
type SendCounts = BTreeMap<(AccountId, i64, bool), (SendStatus, u64)>;

/// The event waits on disk, behind `before`.
fn waits_on_disk(event: &mut ListedEvent, before: Option<EventId>) {
    event.row.status = EventStatus::Waiting;
    event.row.waits_for = before;
    event.previous = event.previous.or(before);
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
    /// The next open events that a list may show, newest first.
    fn open_events(&self, query: &EventQuery, before: Option<EventId>) -> rusqlite::Result<Vec<EventId>> {
        let EventQuery { accounts, statuses, limit, .. } = query;
        let mut ids = self.away.newest_events(accounts, statuses, before.map(|id| id.0), *limit)?;
        for one in self.of_accounts(accounts) {
            let queued = one.events.iter().map(|event| event.id);
            ids.extend(queued.filter(|id| one.status(*id).is_some_and(|status| statuses.contains(&status))));
            if statuses.contains(&EventStatus::Parked) {
                ids.extend(one.parked().map(|(id, ..)| id));
            }
        }
        ids.retain(|id| before.is_none_or(|before| *id < before));
        ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
        ids.truncate(*limit);
        Ok(ids)
    }

    /// The open sends of which a list asks, newest first.
    fn open_sends(&self, query: &SendQuery) -> rusqlite::Result<Vec<SendId>> {
        let SendQuery { accounts, statuses, before, limit, .. } = query;
        let mut ids = self.away.newest_sends(accounts, statuses, before.map(|id| id.0), *limit)?;
        let sends = self.of_accounts(accounts).flat_map(Conversation::whole_sends);
        ids.extend(sends.filter(|send| statuses.contains(&send.state.status)).map(|send| send.id));
        ids.retain(|id| before.is_none_or(|before| *id < before));
        ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
        Ok(ids)
    }

    fn of_accounts<'a>(&'a self, accounts: &'a [AccountId]) -> impl Iterator<Item = &'a Conversation> {
        let all = self.entries.values().map(|entry| &entry.conversation);
        all.filter(|one| accounts.is_empty() || accounts.contains(&one.key.account))
    }

    fn backlog(&self, now: Timestamp) -> rusqlite::Result<Backlog> {
        let (mut events, mut sends) = (EventCounts::new(), SendCounts::new());
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
        self.count_away(now, &mut events, &mut sends)?;
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
        Ok(Backlog { events: events.collect(), sends: sends.collect() })
    }

    /// Adds those that are not in memory.
    fn count_away(&self, now: Timestamp, events: &mut EventCounts, sends: &mut SendCounts) -> rusqlite::Result<()> {
        for (account, status, count) in self.away.events() {
            let later = match status {
                EventStatus::Ready => {
                    self.away.later(account, Due::Fresh, now)? + self.away.later(account, Due::Failed, now)?
                }
                _ => 0,
            };
            let oldest = self.away.oldest(account)?.unwrap_or(now);
            for (is_later, count) in [(false, count.saturating_sub(later)), (true, later)] {
                if count > 0 {
                    let counted = events.entry((account.clone(), status as i64, is_later));
                    let counted = counted.or_insert((status, 0, oldest));
                    (counted.1, counted.2) = (counted.1 + count, counted.2.min(oldest));
                }
            }
        }
        for (account, status, count) in self.away.sends() {
            let later = if status == SendStatus::Ready { self.away.later(account, Due::Send, now)? } else { 0 };
            for (is_later, count) in [(false, count.saturating_sub(later)), (true, later)] {
                if count > 0 {
                    sends.entry((account.clone(), status as i64, is_later)).or_insert((status, 0)).1 += count;
                }
            }
        }
        Ok(())
    }

    fn is_at_rest(&self, unable: &UnableAccounts, now: Timestamp) -> rusqlite::Result<bool> {
        let is_sending = |one: &Conversation| one.whole_sends().any(|send| send.state.status == SendStatus::Sending);
        if self.has_more_to_sort_out() || !self.running.is_empty() || self.of_accounts(&[]).any(is_sending) {
            return Ok(false);
        }
        let may_go_on =
            |id: &ConversationId| self.entries.get(id).is_some_and(|entry| !unable.events.contains(&entry.key.account));
        if self.short.iter().any(may_go_on) {
            return Ok(false);
        }
        for (id, account) in &self.accounts {
            let takes = |due: Due| match due {
                Due::Fresh => !unable.events.contains(id),
                Due::Failed => !unable.events.contains(id) && !unable.failed_events.contains(id),
                Due::Send => !unable.sends.contains(id),
                Due::Doubt | Due::Answer => true,
            };
            for due in Due::ALL.into_iter().filter(|due| takes(*due)) {
                let is_due = account.agenda.first(due).is_some_and(|first| first <= now);
                if is_due || !self.away.due(id, due, now, 1)?.is_empty() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The conversation of this key, loaded where it is not in memory; none where it is not known.
    pub(super) fn open_if_known(
        &mut self,
        db: &Connection,
        key: &ConversationKey,
    ) -> rusqlite::Result<Option<ConversationId>> {
        let id = key.id();
        let is_known = self.entries.contains_key(&id)
            || self.image_of(id).is_some()
            || self.away.key(id)?.is_some()
            || records::is_known(db, id)?;
        if !is_known {
            return Ok(None);
        }
        self.open(db, key).map(Some)
    }
}
