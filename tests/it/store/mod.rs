//! What every store promises, whatever database is behind it.
//!
//! The contract is a list of functions over an open store; [`contract`] runs them all for one way of opening it. A second
//! database is one more line.

use std::time::Duration;

use rejoinder::clock::Timestamp;
use rejoinder::conversations::Conversations as Store;
use rejoinder::effect::{Effect, Effects, Memory};
use rejoinder::event::{self, Key, Kind, Origin, Piece, Unreadable};
use rejoinder::id::{AccountId, AppId, EventId, MessageId, PersonId, SendId};
use rejoinder::message::{Action, Message, Reason, Recipient, Request};
use rejoinder::settings;
use rejoinder::store::{
    Appended, AutomaticReplies, Batch, Cause, EventDemand, EventQuery, EventRow, Failure, Finish, Identity, Intake,
    KeepSince, Next, OpenError, Replayed, SendDemand, SendOutcome, SendQuery, SendRow, TakenEvent, TakenSend, Takes,
    WebhookBatch,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{ADA, BEN, SHOP, delivery, message};

mod doubts;
mod echoes;
mod inbox;
mod lifetime;
mod lists;
mod migration;
mod outbox;
mod owed;
mod rights;

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const HOUR: Duration = Duration::from_secs(3600);

/// Every promise, for one way of opening a store.
macro_rules! contract {
    ($name:ident: $open:path) => {
        mod $name {
            contract!(@each $open;
                inbox:
                    an_event_is_known_again_however_it_comes
                    what_comes_after_standby_is_new_and_before_it_is_not
                    events_of_a_conversation_are_taken_one_after_the_other
                    there_is_no_more_taken_than_there_is_room
                    a_failed_event_waits_for_its_time_and_holds_back_its_conversation
                    one_that_has_not_failed_is_found_among_any_number_that_have
                    a_failure_that_does_not_count_leaves_the_first_one_that_did
                    a_dead_event_lets_its_conversation_go_on
                    what_a_handler_did_is_kept_with_the_events_end
                    a_trace_goes_from_the_delivery_to_its_events_and_what_is_said_to_them
                    a_turn_that_was_over_changes_nothing
                    what_cannot_be_read_is_kept_and_not_handled
                    what_could_not_be_read_comes_forward_once_it_can
                    conversations_under_one_name_are_kept_apart
                    a_window_opens_by_the_events_own_time_and_never_turns_back;
                outbox:
                    sends_of_a_conversation_leave_one_after_the_other
                    a_send_that_left_is_never_planned_again
                    a_send_that_did_not_leave_is_tried_later
                    a_send_that_is_marked_with_its_turn_is_on_its_way_and_can_still_stay
                    what_cannot_be_read_as_a_request_does_not_stop_the_others;
                echoes:
                    an_echo_settles_its_send_and_a_late_answer_changes_nothing
                    an_echo_without_metadata_waits_for_the_send_in_flight
                    an_echo_settles_only_the_send_that_left_so
                    an_echo_of_somebody_else_is_an_event
                    a_doubted_send_is_settled_by_what_its_echo_says
                    a_doubted_picture_is_settled_by_the_echo_of_one
                    parked_echoes_of_several_speakers_are_told_apart
                    an_echo_is_believed_more_than_a_refusal
                    the_echo_of_a_private_reply_is_known_though_it_comes_in_the_chat
                    a_private_reply_in_doubt_is_waited_for_until_it_is_settled_or_held;
                doubts:
                    a_doubt_is_given_when_it_is_due
                    a_held_send_holds_its_turn_and_lets_later_turns_go
                    a_released_send_stands_at_the_end_and_its_turn_behind_it
                    a_dropped_send_has_failed_and_its_turn_goes_on
                    a_held_send_that_arrived_after_all_is_sent_and_its_turn_goes_on
                    the_last_turn_can_be_held_and_released_too
                    a_step_is_kept_and_not_taken_twice;
                rights:
                    of_two_who_race_for_one_private_reply_one_wins_each_time
                    a_right_is_taken_when_the_send_is_planned_and_given_back_when_it_did_not_happen
                    one_that_was_ever_in_doubt_keeps_its_right
                    an_echo_takes_the_right_of_a_send_that_seemed_refused
                    what_is_told_late_or_again_gives_nothing_back
                    what_was_written_below_a_broadcast_is_over_with_the_next_where_meta_names_them
                    a_token_without_an_end_is_forgotten_a_year_after_the_last_news_or_use_of_it
                    of_what_meta_enforces_the_latest_counts_and_a_webhook_more_than_an_answer;
                owed:
                    the_bot_discloses_itself_once_in_a_conversation
                    what_others_said_before_the_disclosure_does_not_repeat_it_however_late_it_is_told
                    a_disclosing_message_that_arrived_after_all_is_not_said_again
                    what_the_disclosing_message_holds_is_its_whole_turn
                    nothing_is_disclosed_before_the_one_message_of_a_token
                    who_waits_is_answered_once
                    whoever_speaks_for_the_account_answers_what_was_asked_before
                    what_is_given_up_is_answered_all_the_same
                    an_answer_that_is_not_sent_gives_the_wait_back_once
                    where_the_account_has_spoken_otherwise_nobody_waits_again
                    a_late_echo_ends_the_wait_for_good
                    what_is_due_moves_with_the_clock_but_for_what_came_after_the_step;
                lists:
                    whatever_a_list_shows_is_found_by_what_it_shows
                    metas_words_stay_with_what_they_are_about;
                lifetime:
                    a_death_of_the_process_loses_nothing
                    what_very_many_left_open_is_listed_at_once_and_handled_once
                    the_fourth_death_with_an_event_in_hand_is_its_last
                    what_was_cut_off_by_a_shutdown_does_not_count_as_a_death
                    what_has_outlived_its_time_is_forgotten_and_nothing_else
                    what_a_clock_that_was_ahead_wrote_is_kept_until_what_is_later_is_old
                    ids_are_never_given_twice;
            );
        }
    };
    (@each $open:path; $($room:ident: $($promise:ident)*;)*) => {
        $($(#[tokio::test] async fn $promise() { super::$room::$promise(&super::Opened::new($open).await).await; })*)*
    };
}

contract!(sqlite: super::sqlite);
contract!(sqlite_with_hardly_any_memory: super::sqlite_with_hardly_any_memory);

type Open = fn(&TempDir) -> settings::Store;

fn sqlite(folder: &TempDir) -> settings::Store {
    settings::Store {
        path: folder.path().join("rejoinder.db"),
        keep_events: 48 * HOUR,
        keep_keys: 168 * HOUR,
        queue: 64,
        batch: 16,
        memory: 1 << 20,
    }
}

/// Each conversation leaves memory as soon as it can.
fn sqlite_with_hardly_any_memory(folder: &TempDir) -> settings::Store {
    settings::Store { memory: 1, ..sqlite(folder) }
}

/// A store of its own for one test, which can die and be opened again.
struct Opened {
    store: std::sync::Mutex<Option<Store>>,
    folder: TempDir,
    open: Open,
}

impl Opened {
    async fn new(open: Open) -> Opened {
        Opened::in_folder(open, tempfile::tempdir().expect("a folder")).await
    }

    async fn in_folder(open: Open, folder: TempDir) -> Opened {
        let store = Store::open(&open(&folder), ours(), NOW).await.expect("a store");
        Opened { store: std::sync::Mutex::new(Some(store)), folder, open }
    }

    fn store(&self) -> Store {
        self.store.lock().expect("a store").clone().expect("an open store")
    }

    /// The process dies, and another opens what it left behind.
    async fn die(&self, now: Timestamp) {
        drop(self.store.lock().expect("a store").take());
        let store = Store::open(&(self.open)(&self.folder), ours(), now).await.expect("the store again");
        *self.store.lock().expect("a store") = Some(store);
    }

    async fn append(&self, body: &Value, now: Timestamp) -> Appended {
        let items = event::read(body.to_string().as_bytes()).into_iter().map(|item| match item {
            Ok(envelope) => Intake::Handled(envelope),
            Err(piece) => Intake::Unreadable(piece),
        });
        self.store().append(WebhookBatch::new(now, items.collect())).await.expect("kept")
    }

    /// A message of a person arrives.
    async fn says(&self, person: &str, mid: &str) -> Appended {
        self.append(&delivery(&[message(person, mid, mid, NOW)]), NOW).await
    }

    /// The same, where the store may have ended.
    async fn says_in_vain(&self, person: &str, mid: &str) {
        let body = delivery(&[message(person, mid, mid, NOW)]).to_string();
        let items = event::read(body.as_bytes()).into_iter().filter_map(Result::ok).map(Intake::Kept);
        let _ = self.store().append(WebhookBatch::new(NOW, items.collect())).await;
    }

    async fn take(&self, slots: usize, now: Timestamp) -> Batch<TakenEvent> {
        self.store().take(room(slots), now).await.expect("taken")
    }

    async fn take_one(&self) -> TakenEvent {
        self.wait_for_the_disk().await;
        let mut taken = self.take(9, NOW).await.items;
        assert_eq!(taken.len(), 1);
        taken.remove(0)
    }

    /// Returns when all that has happened is on disk: an event of our own is not taken before.
    async fn wait_for_the_disk(&self) {
        let nothing = WebhookBatch { received_at: NOW, trace: rejoinder::trace::Trace::random(), items: Vec::new() };
        self.store().append(nothing).await.expect("kept");
    }

    /// Takes the one event there is, and ends its turn with these sends.
    async fn answer(&self, requests: Vec<Request>) -> Vec<SendId> {
        let event = self.take_one().await.id;
        let store = self.store();
        let sends: Vec<_> = requests.into_iter().map(|request| (store.next_send_id(), request)).collect();
        let ids = sends.iter().map(|(id, _)| *id).collect();
        store
            .finish(&Finish {
                event,
                effects: saying(sends),
                owed: AutomaticReplies::default(),
                leaves_at_once: false,
                now: NOW,
            })
            .await;
        ids
    }

    /// The same among others, which end with nothing said.
    async fn answer_of(&self, kind: &str, requests: Vec<Request>) -> Vec<SendId> {
        loop {
            let taken = self.take(1, NOW).await.items.remove(0);
            if taken.kind == kind {
                let sends: Vec<_> =
                    requests.into_iter().map(|request| (self.store().next_send_id(), request)).collect();
                let ids = sends.iter().map(|(id, _)| *id).collect();
                self.store()
                    .finish(&Finish {
                        event: taken.id,
                        effects: saying(sends),
                        owed: AutomaticReplies::default(),
                        leaves_at_once: false,
                        now: NOW,
                    })
                    .await;
                return ids;
            }
            self.finish(taken.id).await;
        }
    }

    async fn finish(&self, event: EventId) {
        let finish = Finish {
            event,
            effects: Effects::default(),
            owed: AutomaticReplies::default(),
            leaves_at_once: false,
            now: NOW,
        };
        self.store().finish(&finish).await;
    }

    /// Sends whatever can be sent, and says in which order it left.
    async fn leave_one_by_one(&self) -> Vec<SendId> {
        let mut left = Vec::new();
        while let [send] = self.sendable().await[..] {
            self.sending(send).await;
            self.store().settle(send, sent(&format!("m_{send}")), NOW).await;
            left.push(send);
        }
        left
    }

    async fn take_sends(&self, now: Timestamp) -> Batch<TakenSend> {
        self.store().take_sends(send_room(9, &[]), now).await.expect("taken")
    }

    async fn sendable(&self) -> Vec<SendId> {
        self.take_sends(NOW).await.items.into_iter().map(|send| send.id).collect()
    }

    async fn sending(&self, send: SendId) {
        assert!(self.store().sending(send, NOW).await.expect("marked"));
    }

    async fn events(&self) -> Vec<EventRow> {
        self.store().events(EventQuery { limit: 100, ..EventQuery::default() }).await.expect("events")
    }

    async fn event_status(&self, id: EventId) -> &'static str {
        self.store().event(id).await.expect("read").expect("an event").0.status.as_str()
    }

    async fn send(&self, id: SendId) -> SendRow {
        self.store().send(id).await.expect("read").expect("a send")
    }

    async fn opened_at(&self) -> Option<(Timestamp, Kind)> {
        let facts = self
            .store()
            .facts(AccountId::new(SHOP), PersonId::new(ADA), Recipient::Id(PersonId::new(ADA)))
            .await
            .expect("facts");
        facts.window.map(|window| (window.opened_at, window.opened_by))
    }
}

fn room(slots: usize) -> Vec<EventDemand> {
    vec![EventDemand { account: AccountId::new(SHOP), slots, takes: Takes::InOrder }]
}

fn send_room(slots: usize, in_flight: &[SendId]) -> Vec<SendDemand> {
    vec![SendDemand { account: AccountId::new(SHOP), slots, in_flight: in_flight.to_vec() }]
}

fn ours() -> Identity {
    Identity { apps: vec![AppId::new("555")], ..Identity::default() }
}

fn text(text: &str) -> Request {
    Request::message(Recipient::Id(PersonId::new(ADA)), Message::text(text))
}

fn sent(mid: &str) -> SendOutcome {
    SendOutcome::Sent { message_id: Some(MessageId::new(mid)) }
}

fn echo(mid: &str, extra: Value) -> Value {
    let mut message = json!({"mid": mid, "is_echo": true});
    message.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
    delivery(&[json!({"sender": {"id": SHOP}, "recipient": {"id": ADA}, "timestamp": NOW.0, "message": message})])
}

fn ids(events: &[TakenEvent]) -> Vec<String> {
    events
        .iter()
        .map(|event| serde_json::from_slice::<Value>(&event.raw).expect("JSON")["message"]["mid"].to_string())
        .collect()
}

#[tokio::test]
async fn sends_can_be_listed_by_status_and_person() {
    let opened = Opened::new(sqlite).await;
    opened.says(ADA, "a1").await;
    let sends = opened.answer(vec![text("1"), text("2")]).await;
    let accounts = vec![AccountId::new(SHOP)];
    let query = SendQuery { accounts, person: Some(PersonId::new(ADA)), limit: 1, ..SendQuery::default() };
    let first = opened.store().sends(query.clone()).await.expect("sends");
    let rest = opened.store().sends(SendQuery { before: Some(first[0].id), ..query }).await.expect("sends");
    assert_eq!([first[0].id, rest[0].id], [sends[1], sends[0]]);
}

#[tokio::test]
async fn what_has_happened_and_cannot_be_written_ends_the_store_before_anything_comes_of_it() {
    let opened = Opened::new(sqlite).await;
    opened.says(ADA, "a1").await;
    let event = opened.take_one().await.id;
    let file = rusqlite::Connection::open(sqlite(&opened.folder).path).expect("the file");
    let refused = "CREATE TRIGGER refused BEFORE INSERT ON send BEGIN SELECT RAISE(ABORT, 'refused'); END";
    file.execute_batch(refused).expect("a trigger");
    let store = opened.store();
    let effects = saying([(store.next_send_id(), text("1"))]);
    let finish = Finish { event, effects, owed: AutomaticReplies::default(), leaves_at_once: true, now: NOW };
    // Another is written in the same transaction, or after it.
    tokio::join!(store.finish(&finish), opened.says_in_vain(BEN, "b1"));
    store.ended().await;
    assert!(store.take_leaving().is_empty(), "nothing leaves of which nothing is on disk");
    assert!(store.take(room(9), NOW).await.is_err() && store.take_sends(send_room(9, &[]), NOW).await.is_err());
    file.execute_batch("DROP TRIGGER refused").expect("dropped");
    drop((store, file));
    opened.die(NOW).await;
    assert_eq!(opened.take_one().await.id, event, "it is handled again");
}

#[tokio::test]
async fn a_file_that_is_no_store_or_of_another_release_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = sqlite(&folder);
    std::fs::write(&settings.path, "this is a letter, and a long one at that").expect("a file");
    assert!(matches!(Store::open(&settings, ours(), NOW).await, Err(OpenError::Unreadable { .. })));
    assert!(std::fs::read_to_string(&settings.path).expect("the file").starts_with("this is a letter"));
    std::fs::remove_file(&settings.path).expect("removed");

    drop(Store::open(&settings, ours(), NOW).await.expect("a store"));
    rusqlite::Connection::open(&settings.path)
        .expect("the file")
        .pragma_update(None, "user_version", 99)
        .expect("written");
    assert!(matches!(Store::open(&settings, ours(), NOW).await, Err(OpenError::Newer { found: 99, .. })));
    std::fs::remove_file(&settings.path).expect("removed");

    // Other programs count their versions too.
    for version in [0, 2, 99] {
        let theirs = rusqlite::Connection::open(&settings.path).expect("a file");
        theirs.execute_batch("CREATE TABLE IF NOT EXISTS song (title TEXT)").expect("a table");
        theirs.pragma_update(None, "user_version", version).expect("written");
        drop(theirs);
        let before = std::fs::read(&settings.path).expect("the file");
        assert!(matches!(Store::open(&settings, ours(), NOW).await, Err(OpenError::NotAStore(_))));
        assert_eq!(std::fs::read(&settings.path).expect("the file"), before);
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_told_with_what_to_look_at_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("file"), "not a folder").expect("a file");
    std::fs::create_dir(folder.path().join("folder")).expect("a folder");
    for (path, place) in [("missing/rejoinder.db", "folder"), ("file/rejoinder.db", "folder"), ("folder", "a file")] {
        let settings = settings::Store { path: folder.path().join(path), ..sqlite(&folder) };
        let told = Store::open(&settings, ours(), NOW).await.expect_err("no store").to_string();
        assert!(told.contains(path) && told.contains("cannot be opened") && told.contains(place), "{told}");
        assert!(told.contains("allowed to write"), "{told}");
        assert!(!settings.path.is_file());
    }
}

/// What a turn brings about that says this.
fn saying(sends: impl IntoIterator<Item = (SendId, Request)>) -> Effects {
    sends.into_iter().map(|(id, request)| Effect::Say(id, Box::new(request))).collect()
}

fn saying_and_remembering<const N: usize>(sends: [(SendId, Request); N], memory: Memory) -> Effects {
    let mut effects = saying(sends);
    effects.remember(memory);
    effects
}
