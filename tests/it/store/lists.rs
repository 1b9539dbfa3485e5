//! What a list shows is found by what it shows.

use std::collections::BTreeSet;

use rejoinder::policy::Standing;
use rejoinder::settings::Platform;
use rejoinder::store::{EventStatus, Post, Posted, SendStatus};

use super::*;

/// An account of the same app that the settings do not name.
const STRANGE: &str = "104000000000077";

const SEEDS: u64 = 4;
const STEPS: usize = 120;

/// How long a page is: short, so that there are several.
const PAGE: usize = 7;

/// A store that random hands fill, answer, fail, forget and open again: whatever stands in a list is found by each of its values
/// and by all of them together, page by page, and nothing else is.
pub async fn whatever_a_list_shows_is_found_by_what_it_shows(opened: &Opened) {
    for seed in 0..SEEDS {
        let folder = tempfile::tempdir().expect("a folder");
        let opened = Opened::in_folder(opened.open, folder).await;
        let mut hands = Hands { opened: &opened, random: fastrand::Rng::with_seed(seed), now: NOW, count: 0 };
        for _ in 0..STEPS {
            hands.step().await;
        }
        events_are_found(&opened.store(), seed).await;
        sends_are_found(&opened.store(), seed).await;
    }
}

/// Who does something at random.
struct Hands<'a> {
    opened: &'a Opened,
    random: fastrand::Rng,
    now: Timestamp,
    count: usize,
}

impl Hands<'_> {
    async fn step(&mut self) {
        let store = self.opened.store();
        match self.random.u8(..16) {
            0..4 => self.is_told().await,
            4..7 => self.ends_a_turn(&store).await,
            7..10 => self.settles_a_send(&store).await,
            10 => {
                let events = self.opened.events().await;
                if let Some(event) = self.random.choice(&events) {
                    store.replay(event.id, vec![AccountId::new(SHOP)], self.now).await.expect("an answer");
                }
            }
            11 => self.posts_what_is_refused(&store).await,
            12..15 => {
                self.now = self.now + self.random.u32(1..20) * HOUR;
                let keep = KeepSince {
                    events: Timestamp(self.now.0 - 48 * 3_600_000),
                    keys: Timestamp(self.now.0 - 168 * 3_600_000),
                };
                store.prune(keep, keep.keys + HOUR).await.expect("pruned");
            }
            _ => {
                drop(store);
                self.opened.die(self.now).await;
            }
        }
    }

    async fn is_told(&mut self) {
        self.count += 1;
        let person = self.random.choice([ADA, BEN]).expect("a person");
        let person = person.to_owned();
        let (name, count, at) = (format!("m_{}", self.count), self.count, self.now);
        let body = match self.random.u8(..6) {
            0 => {
                json!({"object": "page", "entry": [{"id": SHOP, "time": at.0 / 1000, "changes": [{"field": "feed", "value":
                {"item": "comment", "verb": "add", "comment_id": format!("9_{count}"), "post_id": "9", "created_time": at.0 / 1000,
                "from": {"id": person, "name": "x"}, "message": "x"}}]}]})
            }
            1 => json!({"entry": [{"id": SHOP, "messaging": [count]}]}),
            2 => {
                let mut body = delivery(&[message(&person, &name, "x", at)]);
                body["entry"][0]["id"] = json!(STRANGE);
                body
            }
            _ => delivery(&[message(&person, &name, "x", at)]),
        };
        let items = event::read(body.to_string().as_bytes()).into_iter().map(|item| match item {
            Ok(envelope) if envelope.account.as_str() == STRANGE => Intake::Kept(envelope),
            Ok(envelope) => Intake::Handled(envelope),
            Err(piece) => Intake::Unreadable(piece),
        });
        let delivery = WebhookBatch::new(at, items.collect());
        self.opened.store().append(delivery).await.expect("kept");
    }

    async fn ends_a_turn(&mut self, store: &Store) {
        let Some(event) = self.opened.take(1, self.now).await.items.pop() else { return };
        let (event, now) = (event.id, self.now);
        if self.random.u8(..4) == 0 {
            let (error, owed) = ("it failed".to_owned(), AutomaticReplies::default());
            return store.fail(Failure { event, error, next: Next::Dead, counts: true, owed, now }).await;
        }
        let sends: Vec<_> = (0..self.random.usize(..3)).map(|_| (store.next_send_id(), text("x"))).collect();
        store
            .finish(&Finish {
                event,
                effects: saying(sends),
                owed: AutomaticReplies::default(),
                leaves_at_once: false,
                now,
            })
            .await;
    }

    async fn settles_a_send(&mut self, store: &Store) {
        let taken = self.opened.take_sends(self.now).await.items;
        let Some(send) = self.random.choice(&taken).map(|send| send.id) else { return };
        assert!(store.sending(send, self.now).await.expect("marked"));
        let outcome = match self.random.u8(..6) {
            0 => SendOutcome::Refused { rule: "P1.1".into(), reason: "x".into() },
            1 => SendOutcome::Failed { reason: "x".into() },
            2 => SendOutcome::Held { reason: "x".into() },
            3 => SendOutcome::InDoubt { reason: "x".into(), silent: true },
            _ => sent(&format!("m_{send}")),
        };
        store.settle(send, outcome, self.now).await;
    }

    async fn posts_what_is_refused(&mut self, store: &Store) {
        self.count += 1;
        let unknown = json!({"recipient": {"id": ADA}, "message": {"text": 7}});
        let request = match self.count % 2 {
            0 => Request::message(Recipient::CommentId(format!("8_{}", self.count)), Message::text("x")),
            _ => serde_json::from_value(unknown).expect("a request with a value that Meta does not know"),
        };
        let (recipient, sends) = (request.recipient.clone(), vec![(store.next_send_id(), request)]);
        let standing = Standing { platform: Platform::Messenger, features: Vec::new() };
        let person = PersonId::new(if matches!(recipient, Recipient::Id(_)) { ADA } else { "" });
        let (account, agent, key, now) = (AccountId::new(SHOP), None, None, self.now);
        let post = Post { account, standing, recipient, person, sends, agent, key, now };
        assert!(matches!(store.post(post).await.expect("decided"), Posted::Refused(_)));
    }
}

async fn events_are_found(store: &Store, seed: u64) {
    let all = store.events(EventQuery { limit: 10_000, ..EventQuery::default() }).await.expect("events");
    assert!(!all.is_empty());
    let mut asked = BTreeSet::new();
    for row in &all {
        for mask in 0..16_u8 {
            let by = |bit: u8| mask & 1 << bit != 0;
            let account = row.account.clone().filter(|_| by(0));
            let person = row.person.clone().filter(|_| by(1));
            let kind = Some(row.kind.clone()).filter(|_| by(2));
            let status = Some(row.status.as_str()).filter(|_| by(3));
            if !asked.insert(format!("{account:?} {person:?} {kind:?} {status:?}")) {
                continue;
            }
            let statuses = status.map(EventStatus::named).unwrap_or_default();
            let accounts = account.clone().into_iter().collect();
            let query =
                EventQuery { accounts, person: person.clone(), kind: kind.clone(), statuses, ..EventQuery::default() };
            let mut found = Vec::new();
            loop {
                let query = EventQuery { limit: PAGE, before: found.last().copied(), ..query.clone() };
                let page = store.events(query).await.expect("a page");
                found.extend(page.iter().map(|row| row.id));
                if page.len() < PAGE {
                    break;
                }
            }
            let shown = all.iter().filter(|row| {
                account.as_ref().is_none_or(|account| row.account.as_ref() == Some(account))
                    && person.as_ref().is_none_or(|person| row.person.as_ref() == Some(person))
                    && kind.as_ref().is_none_or(|kind| row.kind == *kind)
                    && status.is_none_or(|status| row.status.as_str() == status)
            });
            assert_eq!(found, shown.map(|row| row.id).collect::<Vec<_>>(), "seed {seed}: {query:?}");
        }
    }
}

async fn sends_are_found(store: &Store, seed: u64) {
    let all = store.sends(SendQuery { limit: 10_000, ..SendQuery::default() }).await.expect("sends");
    let mut asked = BTreeSet::new();
    for row in &all {
        for mask in 0..8_u8 {
            let by = |bit: u8| mask & 1 << bit != 0;
            let account = Some(&row.account).filter(|_| by(0));
            // A private reply to a comment that is not known has no person.
            let person = row.person.as_ref().filter(|_| by(1));
            let status = Some(row.status.as_str()).filter(|_| by(2));
            if !asked.insert(format!("{account:?} {person:?} {status:?}")) {
                continue;
            }
            let statuses = status.map(SendStatus::named).unwrap_or_default();
            let query = SendQuery {
                accounts: account.cloned().into_iter().collect(),
                person: person.cloned(),
                statuses,
                ..SendQuery::default()
            };
            let mut found = Vec::new();
            loop {
                let query = SendQuery { limit: PAGE, before: found.last().copied(), ..query.clone() };
                let page = store.sends(query).await.expect("a page");
                found.extend(page.iter().map(|row| row.id));
                if page.len() < PAGE {
                    break;
                }
            }
            let shown = all.iter().filter(|row| {
                account.is_none_or(|account| row.account == *account)
                    && person.is_none_or(|person| row.person.as_ref() == Some(person))
                    && status.is_none_or(|status| row.status.as_str() == status)
            });
            assert_eq!(found, shown.map(|row| row.id).collect::<Vec<_>>(), "seed {seed}: {query:?}");
        }
    }
}

/// The words of Meta's answer stay with the send until the next attempt, and go once it has arrived.
pub async fn metas_words_stay_with_what_they_are_about(opened: &Opened) {
    let store = opened.store();
    let said = |code: i64, words: &str| -> Reason {
        let error = json!({"message": words, "type": "OAuthException", "code": code, "fbtrace_id": "AbC"});
        Reason::new(format!("error {code}"), Some(serde_json::from_value(error).expect("an error")))
    };
    let message = async |send| opened.send(send).await.error.map(|error| error["message"].clone());
    opened.says(ADA, "a1").await;
    let send = opened.answer(vec![text("1")]).await[0];
    opened.sending(send).await;
    store.settle(send, SendOutcome::Later { at: NOW, reason: said(613, "too many") }, NOW).await;
    assert_eq!(message(send).await, Some(json!("too many")));
    opened.sending(send).await;
    assert_eq!(message(send).await, None, "another attempt, of which Meta has said nothing yet");
    store.settle(send, SendOutcome::InDoubt { reason: said(2, "try later"), silent: false }, NOW).await;
    store.settle(send, SendOutcome::Held { reason: "nobody can tell".into() }, NOW).await;
    let held = opened.send(send).await;
    assert_eq!((held.reason.as_deref(), message(send).await), (Some("nobody can tell"), Some(json!("try later"))));
    store.settle(send, sent("m_1"), NOW).await;
    assert_eq!(message(send).await, None);

    // An echo is believed more than a refusal.
    opened.says(BEN, "b1").await;
    let send = opened.answer_of("message", vec![text("2")]).await[0];
    opened.sending(send).await;
    store.settle(send, SendOutcome::Failed { reason: said(100, "no such person") }, NOW).await;
    let whole = opened.send(send).await.error.expect("Meta's words");
    assert_eq!(
        whole,
        json!({"message": "no such person", "type": "OAuthException", "code": 100, "error_subcode": null,
            "error_user_title": null, "error_user_msg": null, "fbtrace_id": "AbC"})
    );
    opened.append(&echo("m_2", json!({"metadata": store.metadata(send, None), "app_id": 1})), NOW).await;
    assert_eq!((opened.send(send).await.status.as_str(), message(send).await), ("sent", None));
}
