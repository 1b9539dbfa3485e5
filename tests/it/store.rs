//! What every store promises, whatever database is behind it.
//!
//! The contract is a list of functions over an open store; [`contract`] runs them all for one way of opening it. A second
//! database is one more line.

use std::time::Duration;

use rejoinder::clock::Timestamp;
use rejoinder::event::{self, Kind};
use rejoinder::id::{AccountId, AppId, EventId, MessageId, PersonId, SendId};
use rejoinder::message::{Action, Message, Recipient, Request};
use rejoinder::settings;
use rejoinder::store::{
    Appended, Delivery, EventQuery, EventRow, Failure, Finish, Intake, KeepSince, OpenError, Outcome, Room, SendQuery,
    SendRoom, SendRow, StateChange, Store, Taken, TakenEvent, TakenSend,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{ADA, BEN, SHOP, delivery, message};

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const HOUR: Duration = Duration::from_secs(3600);

/// Every promise, for one way of opening a store.
macro_rules! contract {
    ($name:ident: $open:path) => {
        mod $name {
            contract!(@each $open:
                an_event_is_known_again_however_it_comes
                what_comes_after_standby_is_new_and_before_it_is_not
                events_of_a_conversation_are_taken_one_after_the_other
                there_is_no_more_taken_than_there_is_room
                a_failed_event_waits_for_its_time_and_holds_back_its_conversation
                a_dead_event_lets_its_conversation_go_on
                what_a_handler_did_is_kept_with_the_events_end
                a_turn_that_was_over_changes_nothing
                sends_of_a_conversation_leave_one_after_the_other
                a_send_that_left_is_never_planned_again
                a_send_that_did_not_leave_is_tried_later
                an_echo_settles_its_send_and_a_late_answer_changes_nothing
                an_echo_without_metadata_waits_for_the_send_in_flight
                an_echo_of_somebody_else_is_an_event
                a_doubted_send_is_settled_by_what_its_echo_says
                a_doubted_picture_is_settled_by_the_echo_of_one
                parked_echoes_of_several_speakers_are_told_apart
                an_echo_is_believed_more_than_a_refusal
                what_cannot_be_read_as_a_request_does_not_stop_the_others
                what_was_cut_off_by_a_shutdown_does_not_count_as_a_death
                a_window_opens_by_the_events_own_time_and_never_turns_back
                a_death_of_the_process_loses_nothing
                the_third_death_with_an_event_in_hand_is_its_last
                what_cannot_be_read_is_kept_and_not_handled
                what_has_outlived_its_time_is_forgotten_and_nothing_else
                ids_are_never_given_twice
            );
        }
    };
    (@each $open:path: $($promise:ident)*) => {
        $(#[tokio::test] async fn $promise() { super::$promise(&super::Opened::new($open).await).await; })*
    };
}

contract!(sqlite: super::sqlite);

type Open = fn(&TempDir) -> settings::Store;

fn sqlite(folder: &TempDir) -> settings::Store {
    settings::Store {
        path: folder.path().join("rejoinder.db"),
        keep_events: 48 * HOUR,
        keep_keys: 168 * HOUR,
        queue: 64,
        batch: 16,
    }
}

/// A store of its own for one test, which can die and be opened again.
struct Opened {
    store: std::sync::Mutex<Option<Store>>,
    folder: TempDir,
    open: Open,
}

impl Opened {
    async fn new(open: Open) -> Opened {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&open(&folder), own_apps(), NOW).await.expect("a store");
        Opened { store: std::sync::Mutex::new(Some(store)), folder, open }
    }

    fn store(&self) -> Store {
        self.store.lock().expect("a store").clone().expect("an open store")
    }

    /// The process dies, and another opens what it left behind.
    async fn die(&self, now: Timestamp) {
        drop(self.store.lock().expect("a store").take());
        let store = Store::open(&(self.open)(&self.folder), own_apps(), now).await.expect("the store again");
        *self.store.lock().expect("a store") = Some(store);
    }

    async fn append(&self, body: &Value, now: Timestamp) -> Appended {
        let items = event::read(body.to_string().as_bytes()).into_iter().map(|item| match item {
            Ok(envelope) => Intake::Handled(envelope),
            Err(piece) => Intake::Unreadable(piece),
        });
        self.store().append(Delivery { received_at: now, items: items.collect() }).await.expect("kept")
    }

    /// A message of a person arrives.
    async fn says(&self, person: &str, mid: &str) -> Appended {
        self.append(&delivery(&[message(person, mid, mid, NOW)]), NOW).await
    }

    async fn take(&self, slots: usize, now: Timestamp) -> Taken<TakenEvent> {
        self.store().take(room(slots), now).await.expect("taken")
    }

    async fn take_one(&self) -> TakenEvent {
        let mut taken = self.take(9, NOW).await.items;
        assert_eq!(taken.len(), 1);
        taken.remove(0)
    }

    /// Takes the one event there is, and ends its turn with these sends.
    async fn answer(&self, requests: Vec<Request>) -> Vec<SendId> {
        let event = self.take_one().await.id;
        let store = self.store();
        let sends: Vec<_> = requests.into_iter().map(|request| (store.next_send_id(), request)).collect();
        let ids = sends.iter().map(|(id, _)| *id).collect();
        store.finish(Finish { event, sends, state: StateChange::Keep, now: NOW }).await;
        ids
    }

    async fn take_sends(&self, now: Timestamp) -> Taken<TakenSend> {
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
        let facts = self.store().facts(AccountId::new(SHOP), PersonId::new(ADA)).await.expect("facts");
        facts.window.map(|window| (window.opened_at, window.opened_by))
    }
}

fn room(slots: usize) -> Vec<Room> {
    vec![Room { account: AccountId::new(SHOP), slots }]
}

fn send_room(slots: usize, in_flight: &[SendId]) -> Vec<SendRoom> {
    vec![SendRoom { account: AccountId::new(SHOP), slots, in_flight: in_flight.to_vec() }]
}

fn own_apps() -> Vec<AppId> {
    vec![AppId::new("555")]
}

fn text(text: &str) -> Request {
    Request::message(Recipient::Id(PersonId::new(ADA)), Message::text(text))
}

fn sent(mid: &str) -> Outcome {
    Outcome::Sent { message_id: Some(MessageId::new(mid)) }
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

async fn an_event_is_known_again_however_it_comes(opened: &Opened) {
    let one = message(ADA, "m1", "hi", NOW);
    let untimed = json!({"sender": {"id": ADA}, "recipient": {"id": SHOP}, "read": {"watermark": 7}});
    let both = [one.clone(), untimed.clone()];
    assert_eq!(opened.append(&delivery(&both), NOW).await, Appended { new: 2, ..Appended::default() });
    let late = NOW + 100 * HOUR;
    opened.die(late).await;
    let again = [untimed.clone(), one.clone(), one, untimed, message(ADA, "m2", "hi", NOW)];
    let appended = opened.append(&delivery(&again), late).await;
    assert_eq!(appended, Appended { new: 1, repeated: 4, ..Appended::default() });
}

async fn what_comes_after_standby_is_new_and_before_it_is_not(opened: &Opened) {
    let timed = message(ADA, "m1", "hi", NOW);
    let untimed = json!({"sender": {"id": ADA}, "recipient": {"id": SHOP}, "postback": {"title": "Go"}});
    for item in [timed, untimed] {
        let standby = json!({"object": "page", "entry": [{"id": SHOP, "standby": [item]}]});
        let ours = delivery(std::slice::from_ref(&item));
        for (body, new) in [(&standby, 1), (&standby, 0), (&ours, 1), (&ours, 0), (&standby, 0)] {
            assert_eq!(opened.append(body, NOW).await.new, new);
        }
    }
}

async fn events_of_a_conversation_are_taken_one_after_the_other(opened: &Opened) {
    for (person, mid) in [(ADA, "a1"), (ADA, "a2"), (BEN, "b1"), (ADA, "a3")] {
        opened.says(person, mid).await;
    }
    let mut seen = Vec::new();
    loop {
        let taken = opened.take(9, NOW).await.items;
        if taken.is_empty() {
            break;
        }
        seen.push(ids(&taken));
        for event in taken {
            opened.store().finish(Finish { event: event.id, sends: vec![], state: StateChange::Keep, now: NOW }).await;
        }
    }
    assert_eq!(seen, [vec![r#""a1""#, r#""b1""#], vec![r#""a2""#], vec![r#""a3""#]]);
}

async fn there_is_no_more_taken_than_there_is_room(opened: &Opened) {
    for n in 0..5 {
        opened.says(&format!("72{n}"), &format!("m{n}")).await;
    }
    assert_eq!(opened.take(3, NOW).await.items.len(), 3);
    assert_eq!(opened.take(9, NOW).await.items.len(), 2);
    let nobody = vec![Room { account: AccountId::new("999"), slots: 9 }];
    assert!(opened.store().take(nobody, NOW).await.expect("taken").items.is_empty());
}

async fn a_failed_event_waits_for_its_time_and_holds_back_its_conversation(opened: &Opened) {
    opened.says(ADA, "a1").await;
    opened.says(ADA, "a2").await;
    let event = opened.take_one().await;
    assert_eq!((event.attempt, event.first_failed_at), (1, None));
    let later = NOW + HOUR;
    let failure = Failure { event: event.id, error: "told to".into(), retry_at: Some(later), now: NOW };
    opened.store().fail(failure).await;
    let waiting = opened.take(9, NOW).await;
    assert_eq!((waiting.items.len(), waiting.next_due), (0, Some(later)));
    let again = opened.take(9, later).await.items.remove(0);
    assert_eq!((again.id, again.attempt, again.first_failed_at), (event.id, 2, Some(NOW)));
}

async fn a_dead_event_lets_its_conversation_go_on(opened: &Opened) {
    opened.says(ADA, "a1").await;
    opened.says(ADA, "a2").await;
    let event = opened.take_one().await.id;
    opened.store().fail(Failure { event, error: "told to".into(), retry_at: None, now: NOW }).await;
    assert_eq!(opened.event_status(event).await, "dead");
    assert_eq!(ids(&opened.take(9, NOW).await.items), [r#""a2""#]);
}

async fn what_a_handler_did_is_kept_with_the_events_end(opened: &Opened) {
    opened.says(ADA, "a1").await;
    opened.says(ADA, "a2").await;
    let event = opened.take_one().await;
    assert_eq!(event.state, None);
    let send = opened.store().next_send_id();
    let state = StateChange::Set(r#"{"step":2}"#.into());
    opened.store().finish(Finish { event: event.id, sends: vec![(send, text("hi"))], state, now: NOW }).await;
    let row = opened.send(send).await;
    assert_eq!((row.status.as_str(), row.event, row.request), ("planned", Some(event.id), json!(text("hi"))));
    let next = opened.take_one().await;
    assert_eq!(next.state.as_deref(), Some(r#"{"step":2}"#));
    opened.store().finish(Finish { event: next.id, sends: vec![], state: StateChange::Clear, now: NOW }).await;
    opened.says(ADA, "a3").await;
    assert_eq!(opened.take_one().await.state, None);
}

async fn a_turn_that_was_over_changes_nothing(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let event = opened.take_one().await.id;
    let store = opened.store();
    store.fail(Failure { event, error: "late".into(), retry_at: Some(NOW + HOUR), now: NOW }).await;
    let send = store.next_send_id();
    store.finish(Finish { event, sends: vec![(send, text("hi"))], state: StateChange::Keep, now: NOW }).await;
    assert_eq!(opened.event_status(event).await, "pending");
    assert!(store.send(send).await.expect("read").is_none());
}

async fn sends_of_a_conversation_leave_one_after_the_other(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let sends = opened.answer(vec![text("1"), text("2"), text("3")]).await;
    opened.says(BEN, "b1").await;
    let other = opened.answer(vec![text("for Ben")]).await;
    assert_eq!(opened.sendable().await, [sends[0], other[0]]);
    let skipped = opened.store().take_sends(send_room(1, &sends[..1]), NOW).await.expect("taken");
    assert_eq!(skipped.items.iter().map(|send| send.id).collect::<Vec<_>>(), other);
    for (send, outcome, next) in
        [(sends[0], sent("m_1"), sends[1]), (sends[1], Outcome::Failed { reason: "error 100".into() }, sends[2])]
    {
        opened.sending(send).await;
        assert_eq!(opened.sendable().await, other);
        opened.store().settle(send, Outcome::InDoubt { reason: "silence".into() }, NOW).await;
        assert_eq!(opened.sendable().await, other, "doubt holds back");
        opened.store().settle(send, outcome, NOW).await;
        assert_eq!(opened.sendable().await.iter().max(), Some(&next.max(other[0])));
        assert!(opened.sendable().await.contains(&next));
    }
    let refused = Outcome::Refused { rule: "P1.1".into(), reason: "shut".into() };
    opened.store().settle(sends[2], refused, NOW).await;
    let row = opened.send(sends[2]).await;
    assert_eq!(
        (row.status.as_str(), row.rule.as_deref(), row.reason.as_deref()),
        ("refused", Some("P1.1"), Some("shut"))
    );
}

async fn a_send_that_left_is_never_planned_again(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("hi")]).await[0];
    opened.sending(send).await;
    assert!(!opened.store().sending(send, NOW).await.expect("marked"));
    assert!(opened.sendable().await.is_empty());
    opened.store().settle(send, sent("m_1"), NOW).await;
    opened.store().settle(send, Outcome::Later { at: NOW, reason: "late word".into() }, NOW).await;
    assert!(opened.sendable().await.is_empty());
    assert_eq!(opened.send(send).await.status.as_str(), "sent");
}

async fn a_send_that_did_not_leave_is_tried_later(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("hi")]).await[0];
    opened.sending(send).await;
    let later = NOW + HOUR;
    opened.store().settle(send, Outcome::Later { at: later, reason: "error 613".into() }, NOW).await;
    let waiting = opened.take_sends(NOW).await;
    assert_eq!((waiting.items.len(), waiting.next_due), (0, Some(later)));
    let due = opened.take_sends(later).await.items.remove(0);
    assert_eq!((due.id, due.attempts), (send, 1));
}

async fn an_echo_settles_its_send_and_a_late_answer_changes_nothing(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let sends = opened.answer(vec![text("1"), text("2")]).await;
    opened.sending(sends[0]).await;
    let metadata = opened.store().metadata(sends[0], Some("the author's own"));
    let body = echo("m_1", json!({"app_id": 555, "metadata": metadata, "text": "1"}));
    let appended = opened.append(&body, NOW).await;
    assert_eq!(appended, Appended { own_echoes: 1, ..Appended::default() });
    assert_eq!(opened.append(&body, NOW).await.repeated, 1);
    opened.store().settle(sends[0], Outcome::InDoubt { reason: "silence".into() }, NOW).await;
    let row = opened.send(sends[0]).await;
    assert_eq!((row.status.as_str(), row.message_id), ("sent", Some(MessageId::new("m_1"))));
    assert_eq!(opened.sendable().await, [sends[1]]);
    assert!(opened.take(9, NOW).await.items.is_empty(), "our own echo is not handed on");
}

async fn an_echo_without_metadata_waits_for_the_send_in_flight(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let sends = opened.answer(vec![text("1"), text("2")]).await;
    opened.sending(sends[0]).await;
    opened.append(&echo("m_1", json!({"text": "1"})), NOW).await;
    opened.append(&echo("m_other", json!({"text": "1"})), NOW).await;
    assert!(opened.take(9, NOW).await.items.is_empty(), "nobody can tell yet whose they are");
    opened.store().settle(sends[0], sent("m_1"), NOW).await;
    assert_eq!(ids(&opened.take(9, NOW).await.items), [r#""m_other""#]);
    // Once the answer told the `mid`, an echo is known by it.
    opened.sending(sends[1]).await;
    opened.store().settle(sends[1], sent("m_2"), NOW).await;
    assert_eq!(opened.append(&echo("m_2", json!({"text": "2"})), NOW).await.own_echoes, 1);
}

async fn an_echo_of_somebody_else_is_an_event(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.sending(send).await;
    let inbox = echo("m_x", json!({"app_id": 263_902_037_430_900_i64, "text": "1"}));
    let stranger = echo("m_y", json!({"app_id": 555, "metadata": "rejoinder:000000000000:1", "text": "1"}));
    for body in [inbox, stranger] {
        assert_eq!(opened.append(&body, NOW).await.new, 1);
    }
    assert_eq!(ids(&opened.take(9, NOW).await.items), [r#""m_x""#], "another app's is no question");
    assert_eq!(opened.send(send).await.status.as_str(), "sending");
    opened.store().settle(send, sent("m_1"), NOW).await;
    assert_eq!(
        opened.event_status(EventId(3)).await,
        "pending",
        "our app's, by another store: when nothing is in flight"
    );
}

async fn a_doubted_send_is_settled_by_what_its_echo_says(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.sending(send).await;
    // One echo came before the doubt, one comes after it; each says what it says.
    opened.append(&echo("m_1", json!({"text": "something else"})), NOW).await;
    opened.store().settle(send, Outcome::InDoubt { reason: "silence".into() }, NOW).await;
    assert!(opened.take(9, NOW).await.items.is_empty(), "it might be ours, changed on the way");
    assert_eq!(opened.append(&echo("m_2", json!({"text": "1"})), NOW).await.own_echoes, 1);
    assert_eq!(ids(&opened.take(9, NOW).await.items), [r#""m_1""#]);
    let row = opened.send(send).await;
    assert_eq!((row.status.as_str(), row.message_id), ("sent", Some(MessageId::new("m_2"))));
}

async fn a_doubted_picture_is_settled_by_the_echo_of_one(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let picture = Message::image("https://shop.example/a.jpg");
    let send = opened.answer(vec![Request::message(Recipient::Id(PersonId::new(ADA)), picture)]).await[0];
    opened.sending(send).await;
    opened.store().settle(send, Outcome::InDoubt { reason: "silence".into() }, NOW).await;
    let repeated = |kind: &str| json!({"attachments": [{"type": kind, "payload": {"url": "https://cdn.example/1"}}]});
    opened.append(&echo("m_other", repeated("video")), NOW).await;
    assert_eq!(opened.send(send).await.status.as_str(), "in_doubt");
    opened.append(&echo("m_1", repeated("image")), NOW).await;
    assert_eq!(opened.send(send).await.status.as_str(), "sent");
}

async fn parked_echoes_of_several_speakers_are_told_apart(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.sending(send).await;
    for (mid, said) in [("m_1", "1"), ("m_agent", "A person here."), ("m_other", "Another one.")] {
        opened.append(&echo(mid, json!({"text": said})), NOW).await;
    }
    opened.store().settle(send, Outcome::InDoubt { reason: "silence".into() }, NOW).await;
    assert_eq!(opened.send(send).await.status.as_str(), "sent");
    for expected in [r#""m_agent""#, r#""m_other""#] {
        let event = opened.take_one().await;
        assert_eq!(ids(std::slice::from_ref(&event)), [expected]);
        let finish = Finish { event: event.id, sends: vec![], state: StateChange::Keep, now: NOW };
        opened.store().finish(finish).await;
    }
}

async fn an_echo_is_believed_more_than_a_refusal(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.sending(send).await;
    opened.store().settle(send, Outcome::Failed { reason: "error 1/1357046".into() }, NOW).await;
    let metadata = opened.store().metadata(send, None);
    opened.append(&echo("m_1", json!({"metadata": metadata})), NOW).await;
    let row = opened.send(send).await;
    assert_eq!((row.status.as_str(), row.reason, row.message_id), ("sent", None, Some(MessageId::new("m_1"))));
}

async fn what_cannot_be_read_as_a_request_does_not_stop_the_others(opened: &Opened) {
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    opened.says(ADA, "a1").await;
    let template = Request::message(Recipient::Id(PersonId::new(ADA)), Message::template(deep));
    let sends = opened.answer(vec![template, text("2")]).await;
    assert_eq!(opened.sendable().await, Vec::new());
    assert_eq!(opened.sendable().await, [sends[1]]);
    let row = opened.send(sends[0]).await;
    assert_eq!((row.status.as_str(), row.reason.as_deref()), ("failed", Some("the kept request cannot be read")));
}

async fn what_was_cut_off_by_a_shutdown_does_not_count_as_a_death(opened: &Opened) {
    opened.says(ADA, "a1").await;
    for attempt in 1..=5 {
        assert_eq!(opened.take_one().await.attempt, attempt);
        opened.store().release().await.expect("released");
        opened.die(NOW).await;
    }
}

async fn a_window_opens_by_the_events_own_time_and_never_turns_back(opened: &Opened) {
    assert_eq!(opened.opened_at().await, None);
    let early = NOW - HOUR;
    for (item, expected) in [
        (json!({"timestamp": early.0, "delivery": {"watermark": 1}}), None),
        (json!({"message": {"mid": "no-time", "text": "x"}}), None),
        (json!({"timestamp": early.0, "postback": {"mid": "p", "title": "Go"}}), Some((early, Kind::Postback))),
        (json!({"timestamp": (early - HOUR).0, "message": {"mid": "old"}}), Some((early, Kind::Postback))),
        (json!({"timestamp": (NOW + HOUR).0, "message": {"mid": "ahead"}}), Some((NOW, Kind::Message))),
        (json!({"timestamp": NOW.0, "reaction": {"action": "unreact", "mid": "x"}}), Some((NOW, Kind::Message))),
    ] {
        let mut item = item;
        item["sender"] = json!({"id": ADA});
        item["recipient"] = json!({"id": SHOP});
        opened.append(&delivery(&[item]), NOW).await;
        assert_eq!(opened.opened_at().await, expected);
    }
    opened.die(NOW).await;
    assert_eq!(opened.opened_at().await, Some((NOW, Kind::Message)));
}

async fn a_death_of_the_process_loses_nothing(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let action = Request::action(Recipient::Id(PersonId::new(ADA)), Action::TypingOn);
    let sends = opened.answer(vec![text("1"), text("2")]).await;
    opened.says(BEN, "b1").await;
    let typing = opened.answer(vec![action]).await[0];
    opened.says("7299", "c1").await;
    let planned = opened.answer(vec![text("3")]).await[0];
    opened.sending(sends[0]).await;
    opened.sending(typing).await;
    opened.says(ADA, "a2").await;
    let running = opened.take_one().await;
    opened.die(NOW).await;
    assert_eq!(opened.take_one().await.id, running.id);
    let status = async |id| opened.send(id).await.status.as_str();
    assert_eq!(status(sends[0]).await, "in_doubt", "its bytes may have left");
    assert_eq!(status(sends[1]).await, "planned");
    assert_eq!(status(typing).await, "failed", "sender actions are never in doubt");
    assert_eq!(opened.sendable().await, [planned], "what is in doubt holds back what is behind it");
    let metadata = opened.store().metadata(sends[0], None);
    opened.append(&echo("m_1", json!({"metadata": metadata, "app_id": 1})), NOW).await;
    assert_eq!(status(sends[0]).await, "sent", "the name of the store outlives the process");
}

async fn the_third_death_with_an_event_in_hand_is_its_last(opened: &Opened) {
    opened.says(ADA, "a1").await;
    opened.says(ADA, "a2").await;
    let poison = opened.take_one().await.id;
    for _ in 0..2 {
        opened.die(NOW).await;
        assert_eq!(opened.take_one().await.id, poison);
    }
    opened.die(NOW).await;
    assert_eq!(opened.event_status(poison).await, "dead");
    assert_eq!(ids(&[opened.take_one().await]), [r#""a2""#]);
}

async fn what_cannot_be_read_is_kept_and_not_handled(opened: &Opened) {
    let body = json!({"object": "page", "entry": [{"id": SHOP, "messaging": [7]}]});
    assert_eq!(opened.append(&body, NOW).await, Appended { quarantined: 1, ..Appended::default() });
    assert_eq!(opened.append(&body, NOW).await.repeated, 1);
    assert!(opened.take(9, NOW).await.items.is_empty());
    let events = opened.events().await;
    assert_eq!((events.len(), events[0].status.as_str()), (1, "quarantined"));
    let (_, raw) = opened.store().event(events[0].id).await.expect("read").expect("an event");
    assert_eq!(raw, b"7");
}

async fn what_has_outlived_its_time_is_forgotten_and_nothing_else(opened: &Opened) {
    let young = NOW + 50 * HOUR;
    for n in 0..250 {
        opened.append(&delivery(&[message("7299", &format!("o{n}"), "x", NOW)]), NOW).await;
    }
    let waiting = opened.take(1, NOW).await.items.remove(0);
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.append(&json!({"entry": [{"id": SHOP, "messaging": [1, 2, 3]}]}), NOW).await;
    opened.append(&delivery(&[message(BEN, "young", "x", young)]), young).await;
    let store = opened.store();
    let forget = async |events: Timestamp, keys: Timestamp| {
        store.prune(KeepSince { events, keys }).await.expect("pruned");
    };
    forget(young, NOW).await;
    assert_eq!(opened.events().await.len(), 100, "more than a page of what is not done, and what is young");
    assert_eq!(opened.event_status(waiting.id).await, "running");
    assert_eq!(opened.send(send).await.status.as_str(), "planned", "a send that is not settled stays");
    let again = delivery(&[message(ADA, "a1", "x", NOW)]);
    assert_eq!(opened.append(&again, young).await.repeated, 1, "keys outlive their events");
    opened.sending(send).await;
    store.settle(send, sent("m_1"), NOW).await;
    forget(young, young).await;
    assert!(store.send(send).await.expect("read").is_none());
    assert_eq!(opened.append(&again, young).await.new, 1);
}

async fn ids_are_never_given_twice(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.sending(send).await;
    opened.store().settle(send, sent("m_1"), NOW).await;
    let event = opened.events().await[0].id;
    let later = NOW + 100 * HOUR;
    opened.store().prune(KeepSince { events: later, keys: later }).await.expect("pruned");
    assert!(opened.events().await.is_empty());
    opened.die(later).await;
    opened.says(BEN, "b1").await;
    assert!(opened.events().await[0].id > event);
    assert!(opened.store().next_send_id() > send);
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
async fn a_file_that_is_no_store_or_a_later_one_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = sqlite(&folder);
    std::fs::write(&settings.path, "this is a letter, and a long one at that").expect("a file");
    assert!(matches!(Store::open(&settings, own_apps(), NOW).await, Err(OpenError::Unreadable { .. })));
    assert!(std::fs::read_to_string(&settings.path).expect("the file").starts_with("this is a letter"));
    std::fs::remove_file(&settings.path).expect("removed");

    drop(Store::open(&settings, own_apps(), NOW).await.expect("a store"));
    let raw = rusqlite::Connection::open(&settings.path).expect("the file");
    raw.pragma_update(None, "user_version", 99).expect("written");
    drop(raw);
    assert!(matches!(Store::open(&settings, own_apps(), NOW).await, Err(OpenError::Newer { found: 99, .. })));
}
