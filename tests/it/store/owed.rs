//! What is said beside a handler's words: that a bot speaks, and an answer to those who wait for one.

use rejoinder::policy::Standing;
use rejoinder::store::{DisclosureMessage, Post, Posted, TurnStep};

use super::*;

const SECOND: std::time::Duration = std::time::Duration::from_secs(1);
const UNTIL: Timestamp = Timestamp(NOW.0 + 25_000);

fn disclosing(opened: &Opened) -> Option<DisclosureMessage> {
    Some(DisclosureMessage { send: opened.store().next_send_id(), request: text("a bot"), after: 168 * HOUR })
}

fn owed(opened: &Opened) -> AutomaticReplies {
    AutomaticReplies { disclosing: disclosing(opened), fallback: Some((opened.store().next_send_id(), text("sorry"))) }
}

/// A person's message arrives, and is to be answered.
async fn asks(opened: &Opened, mid: &str) {
    let body = delivery(&[message(ADA, mid, mid, NOW)]);
    let items = event::read(body.to_string().as_bytes()).into_iter().flatten();
    let items = items.map(|envelope| Intake::Awaited(envelope, UNTIL)).collect();
    opened.store().append(WebhookBatch::new(NOW, items)).await.expect("kept");
}

async fn overdue(opened: &Opened) -> Vec<EventId> {
    let overdue = opened.store().overdue(vec![AccountId::new(SHOP)], 9, UNTIL).await.expect("read");
    overdue.items.into_iter().map(|overdue| overdue.event).collect()
}

async fn finish(opened: &Opened, sends: Vec<Request>, owed: AutomaticReplies) {
    let event = opened.take_one().await.id;
    let sends = sends.into_iter().map(|request| (opened.store().next_send_id(), request));
    opened.store().finish(&Finish { event, effects: saying(sends), owed, leaves_at_once: false, now: NOW }).await;
}

/// Every text that is planned or held, in order.
async fn said(opened: &Opened) -> Vec<String> {
    let query = SendQuery { accounts: vec![AccountId::new(SHOP)], limit: 100, ..SendQuery::default() };
    let sends = opened.store().sends(query).await.expect("sends");
    sends.iter().rev().map(|send| send.request["message"]["text"].as_str().unwrap_or("…").to_owned()).collect()
}

pub async fn the_bot_discloses_itself_once_in_a_conversation(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let event = opened.take_one().await;
    let store = opened.store();
    let first = disclosing(opened);
    let step = |number: usize, words: &str| TurnStep {
        event: event.id,
        attempt: 1,
        number,
        hash: [0; 32],
        effects: saying([(store.next_send_id(), text(words))]),
        disclosing: first.clone(),
        now: NOW,
    };
    assert!(store.step(step(0, "one")).await.expect("kept"));
    // Refused meanwhile: the same turn does not say it again, the next one does.
    let sends = opened.sendable().await;
    let refused = SendOutcome::Refused { rule: "P1.1".into(), reason: "too late".into() };
    store.settle(sends[0], refused, NOW).await;
    assert!(store.step(step(1, "two")).await.expect("kept"));
    assert_eq!(said(opened).await, ["a bot", "one", "two"]);
    opened.finish(event.id).await;
    let outcome = opened.take_one().await;
    opened.finish(outcome.id).await;
    for mid in ["a2", "a3"] {
        opened.says(ADA, mid).await;
        finish(opened, vec![text(mid)], AutomaticReplies { disclosing: disclosing(opened), fallback: None }).await;
    }
    assert_eq!(said(opened).await, ["a bot", "one", "two", "a bot", "a2", "a3"]);
}

/// Ends a turn, and says whether the bot has disclosed itself in it.
async fn discloses_before(opened: &Opened, mid: &str) -> bool {
    let before = said(opened).await.len();
    opened.says(ADA, mid).await;
    finish(opened, vec![text(mid)], AutomaticReplies { disclosing: disclosing(opened), fallback: None }).await;
    said(opened).await[before..].contains(&"a bot".to_owned())
}

/// Somebody at the inbox says something.
fn inbox(mid: &str, at: Timestamp) -> Value {
    let mut echo = echo(mid, json!({"app_id": 263_902_037_430_900_i64, "text": "I am Eve."}));
    echo["entry"][0]["messaging"][0]["timestamp"] = json!(at.0);
    echo
}

pub async fn what_others_said_before_the_disclosure_does_not_repeat_it_however_late_it_is_told(opened: &Opened) {
    assert!(discloses_before(opened, "a1").await);
    for (mid, at, again) in [("m_1", NOW - SECOND, false), ("m_2", NOW, true)] {
        opened.append(&inbox(mid, at), NOW).await;
        let echo = opened.take_one().await.id;
        opened.finish(echo).await;
        assert_eq!(discloses_before(opened, mid).await, again, "{mid}");
    }
}

pub async fn a_disclosing_message_that_arrived_after_all_is_not_said_again(opened: &Opened) {
    assert!(discloses_before(opened, "a1").await);
    let send = opened.sendable().await[0];
    opened.sending(send).await;
    opened.store().settle(send, SendOutcome::Failed { reason: "error 1/1357046".into() }, NOW).await;
    let outcome = opened.take_one().await.id;
    opened.finish(outcome).await;
    let metadata = opened.store().metadata(send, None);
    opened.append(&echo("m_1", json!({"metadata": metadata, "app_id": 555, "text": "a bot"})), NOW).await;
    assert!(!discloses_before(opened, "a2").await);
}

pub async fn what_the_disclosing_message_holds_is_its_whole_turn(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let event = opened.take_one().await.id;
    let store = opened.store();
    let disclosing = disclosing(opened);
    for (number, words) in ["one", "two"].into_iter().enumerate() {
        let effects = saying([(store.next_send_id(), text(words))]);
        let disclosing = disclosing.clone();
        let step = TurnStep { event, attempt: 1, number, hash: [0; 32], effects, disclosing, now: NOW };
        assert!(store.step(step).await.expect("kept"));
    }
    let first = opened.sendable().await[0];
    opened.sending(first).await;
    store.settle(first, SendOutcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
    store.settle(first, SendOutcome::Held { reason: "nobody can tell".into() }, NOW).await;
    assert_eq!(said(opened).await, ["a bot", "one", "two"]);
    assert!(opened.sendable().await.is_empty(), "what is behind it waits with it");
}

pub async fn nothing_is_disclosed_before_the_one_message_of_a_token(opened: &Opened) {
    opened.says(ADA, "a1").await;
    let token = Request::message(Recipient::OneTimeNotifToken("t".into()), Message::text("it is back"));
    finish(opened, vec![token], AutomaticReplies { disclosing: disclosing(opened), fallback: None }).await;
    assert_eq!(said(opened).await, ["it is back"]);
}

pub async fn who_waits_is_answered_once(opened: &Opened) {
    for mid in ["a1", "a2", "a3"] {
        asks(opened, mid).await;
    }
    let early = opened.store().overdue(vec![AccountId::new(SHOP)], 9, UNTIL - SECOND).await.expect("read");
    assert_eq!((early.items.len(), early.next_due), (0, Some(UNTIL)));
    assert_eq!(overdue(opened).await.len(), 3);
    // What a handler has in hand is left to its deadline; one answer is for all that wait.
    finish(opened, vec![text("one")], owed(opened)).await;
    let waiting = overdue(opened).await;
    assert_eq!(waiting.len(), 2);
    for event in waiting {
        opened.store().fall_back(event, owed(opened), UNTIL).await.expect("kept");
    }
    assert!(overdue(opened).await.is_empty());
    assert_eq!(said(opened).await, ["a bot", "one", "sorry"]);
    // They are handled all the same, and a handler with nothing to say says nothing.
    finish(opened, vec![], owed(opened)).await;
    finish(opened, vec![text("three")], owed(opened)).await;
    assert_eq!(said(opened).await, ["a bot", "one", "sorry", "three"]);
}

pub async fn whoever_speaks_for_the_account_answers_what_was_asked_before(opened: &Opened) {
    asks(opened, "a1").await;
    opened.append(&inbox("m_1", NOW - SECOND), NOW).await;
    assert_eq!(overdue(opened).await.len(), 1, "that was said before they asked");
    opened.append(&inbox("m_2", NOW), NOW).await;
    assert!(overdue(opened).await.is_empty());
}

pub async fn what_is_given_up_is_answered_all_the_same(opened: &Opened) {
    asks(opened, "a1").await;
    let event = opened.take_one().await.id;
    for _ in 0..3 {
        opened.die(NOW).await;
        opened.take_one().await;
    }
    assert!(overdue(opened).await.is_empty(), "a handler has it in hand");
    opened.die(NOW).await;
    assert_eq!(opened.event_status(event).await, "dead");
    assert_eq!(overdue(opened).await, [event]);
    opened.store().fall_back(event, owed(opened), UNTIL).await.expect("kept");
    assert_eq!((said(opened).await, overdue(opened).await), (vec!["a bot".to_owned(), "sorry".to_owned()], vec![]));
}

async fn fails(opened: &Opened, send: SendId) {
    opened.sending(send).await;
    opened.store().settle(send, SendOutcome::Failed { reason: "error 100".into() }, NOW).await;
}

/// A person asks, and the handler answers with these words.
async fn asks_and_is_told(opened: &Opened, mid: &str, words: &[&str]) -> Vec<SendId> {
    asks(opened, mid).await;
    opened.answer_of("message", words.iter().map(|words| text(words)).collect()).await
}

async fn agent_says(opened: &Opened, words: &str) -> SendId {
    let (account, person) = (AccountId::new(SHOP), PersonId::new(ADA));
    let standing = Standing { platform: settings::Platform::Messenger, features: Vec::new() };
    let send = opened.store().next_send_id();
    let (recipient, sends, agent) =
        (Recipient::Id(person.clone()), vec![(send, text(words))], Some("Grace".to_owned()));
    let post = Post { account, standing, recipient, person, sends, agent, key: None, now: NOW };
    assert_eq!(opened.store().post(post).await.expect("posted"), Posted::Planned(vec![send]));
    send
}

pub async fn an_answer_that_is_not_sent_gives_the_wait_back_once(opened: &Opened) {
    let sends = asks_and_is_told(opened, "a1", &["one", "two"]).await;
    fails(opened, sends[0]).await;
    assert!(overdue(opened).await.is_empty(), "the second is the answer");
    fails(opened, sends[1]).await;
    let waiting = overdue(opened).await;
    assert_eq!(waiting.len(), 1);
    opened.store().fall_back(waiting[0], owed(opened), UNTIL).await.expect("kept");
    assert!(overdue(opened).await.is_empty());
    let mut failed = 0;
    for _ in 0..2 {
        for send in opened.take_sends(UNTIL).await.items {
            fails(opened, send.id).await;
            failed += 1;
        }
    }
    assert_eq!(failed, 2, "the disclosure and the fallback");
    assert!(overdue(opened).await.is_empty(), "a fallback that is not sent ends the wait");
}

pub async fn where_the_account_has_spoken_otherwise_nobody_waits_again(opened: &Opened) {
    // From the inbox, while the answer waited.
    let one = asks_and_is_told(opened, "a1", &["one"]).await[0];
    opened.append(&inbox("m_1", NOW), NOW).await;
    fails(opened, one).await;
    assert!(overdue(opened).await.is_empty());
    // What the account takes back is no word to the person.
    let zero = asks_and_is_told(opened, "a0", &["zero"]).await[0];
    opened.append(&echo("m_9", json!({"is_deleted": true})), NOW).await;
    fails(opened, zero).await;
    let waiting = overdue(opened).await;
    assert_eq!(waiting.len(), 1);
    opened.append(&inbox("m_2", NOW), NOW).await;
    assert!(overdue(opened).await.is_empty());
    // By the handler, whose words stand behind those of an agent that fail.
    asks(opened, "a2").await;
    let grace = agent_says(opened, "I am Grace").await;
    opened.answer_of("message", vec![text("two")]).await;
    fails(opened, grace).await;
    assert!(overdue(opened).await.is_empty());
    assert_eq!(opened.leave_one_by_one().await.len(), 1);
    // By the operator, who gives up what is held.
    let three = asks_and_is_told(opened, "a3", &["three"]).await[0];
    opened.sending(three).await;
    opened.store().settle(three, SendOutcome::InDoubt { reason: "silence".into(), silent: true }, NOW).await;
    opened.store().settle(three, SendOutcome::Held { reason: "nobody can tell".into() }, NOW).await;
    opened.store().drop_send(three, NOW).await.expect("dropped");
    assert!(overdue(opened).await.is_empty());
}

pub async fn a_late_echo_ends_the_wait_for_good(opened: &Opened) {
    let sends = asks_and_is_told(opened, "a1", &["one", "two"]).await;
    fails(opened, sends[0]).await;
    let metadata = opened.store().metadata(sends[0], None);
    opened.append(&echo("m_1", json!({"metadata": metadata, "app_id": 555, "text": "one"})), NOW).await;
    assert_eq!(opened.send(sends[0]).await.status.as_str(), "sent", "Meta had taken it all the same");
    fails(opened, sends[1]).await;
    assert!(overdue(opened).await.is_empty());
    // The same of an agent's post.
    asks(opened, "a2").await;
    let grace = agent_says(opened, "I am Grace").await;
    fails(opened, grace).await;
    assert_eq!(overdue(opened).await.len(), 1);
    let metadata = opened.store().metadata(grace, None);
    opened.append(&echo("m_2", json!({"metadata": metadata, "app_id": 555, "text": "I am Grace"})), NOW).await;
    assert_eq!(opened.send(grace).await.status.as_str(), "sent");
    assert!(overdue(opened).await.is_empty());
}

pub async fn what_is_due_moves_with_the_clock_but_for_what_came_after_the_step(opened: &Opened) {
    asks(opened, "a1").await;
    // The clock goes back, and a message comes before the server knows of it.
    let earlier = NOW - 3 * HOUR;
    let body = delivery(&[message(BEN, "b1", "b1", earlier)]);
    let items = event::read(body.to_string().as_bytes()).into_iter().flatten();
    let items = items.map(|envelope| Intake::Awaited(envelope, earlier + 25 * SECOND)).collect();
    opened.store().append(WebhookBatch::new(earlier, items)).await.expect("kept");
    opened.store().clock_was_set_back(3 * HOUR, earlier + SECOND).await;
    let overdue = async |at: Timestamp| {
        opened.store().overdue(vec![AccountId::new(SHOP)], 9, at).await.expect("read").items.len()
    };
    assert_eq!(overdue(earlier + 24 * SECOND).await, 0);
    assert_eq!(overdue(earlier + 25 * SECOND).await, 2, "each 25 seconds after it was written");
}
