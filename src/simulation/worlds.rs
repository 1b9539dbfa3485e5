//! Random happenings of every kind, in any order: after each of them the conversations that it touched are loaded again from what was
//! kept, and must be those in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::kept::Kept;
use super::{INSTAGRAM, PAGE, START};
use crate::clock::Timestamp;
use crate::conversation::Identity;
use crate::effect::{Effect, Effects, Memory};
use crate::event;
use crate::id::{AccountId, AppId, EventId, MessageId, PersonId, SendId, Thread};
use crate::message::{Action, Message, Recipient, Request};
use crate::policy::Standing;
use crate::settings::Platform;
use crate::store::{
    AutomaticReplies, DisclosureMessage, EventDemand, Failure, Finish, Intake, Next, Post, SendDemand, SendOutcome,
    TakenDoubt, TakenEvent, TakenSend, Takes, TurnStep, Typing, WebhookBatch,
};

const OURS: &str = "555000000000001";
const OTHERS: &str = "777000000000001";
const INBOX: &str = "263902037430900";

/// What the account or a person may say: few words, so that some say the same.
const WORDS: [&str; 4] = ["yes", "no", "well", "hello there"];

const STEPS: usize = 160;

/// What happens, and what is known of what may happen next.
struct World {
    rng: fastrand::Rng,
    kept: Kept,
    now: Timestamp,
    next: u64,
    running: Vec<TakenEvent>,
    under_way: Vec<TakenSend>,
    doubts: Vec<TakenDoubt>,
    /// The sends that were ever given, with their persons.
    sends: Vec<(SendId, AccountId, PersonId)>,
    /// The message ids that were ever told, by either side.
    mids: Vec<String>,
    last_event: i64,
    /// Of each event that a handler was ever given, its kind and when it arrived, by its id. A handler may tell others the id.
    given: BTreeMap<EventId, (String, Timestamp, PersonId)>,
}

impl World {
    fn new(seed: u64) -> World {
        let identity = Identity { apps: vec![AppId::new(OURS)], ..Identity::default() };
        World {
            rng: fastrand::Rng::with_seed(seed),
            kept: Kept::new(identity, None, true),
            now: START,
            next: 0,
            running: Vec::new(),
            under_way: Vec::new(),
            doubts: Vec::new(),
            sends: Vec::new(),
            mids: Vec::new(),
            last_event: 0,
            given: BTreeMap::new(),
        }
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())].clone()
    }

    fn sometimes(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    fn words(&mut self) -> &'static str {
        self.one(&WORDS)
    }

    fn mid(&mut self) -> String {
        if self.sometimes(25) && !self.mids.is_empty() {
            let known = self.mids.clone();
            return self.one(&known);
        }
        self.next += 1;
        let mid = format!("m_{}", self.next);
        self.mids.push(mid.clone());
        mid
    }

    fn account(&mut self) -> AccountId {
        AccountId::new(self.one(&[PAGE, INSTAGRAM]))
    }

    fn person(&mut self) -> String {
        self.one(&["7200000000000011", "7200000000000012"]).to_owned()
    }

    /// A comment of this author; of one whom Meta does not name where there is none.
    fn comment(&mut self, author: Option<&str>) -> String {
        format!("104_{}_{}", author.unwrap_or("0"), self.rng.u8(..2))
    }

    fn token(&mut self) -> String {
        format!("token{}", self.rng.u8(..3))
    }

    /// A moment near the present: late news, and a clock that is ahead.
    fn moment(&mut self) -> Timestamp {
        let around = [0, 0, 0, 500, 40_000, 90_000_000];
        let by = Duration::from_millis(self.one(&around));
        if self.sometimes(5) { self.now + by } else { self.now - by }
    }

    fn happen(&mut self) {
        match self.rng.u8(..28) {
            0..=6 => self.arrive(),
            7..=9 => self.take(),
            10..=12 => self.end_turn(),
            13 => self.step(),
            14 => self.show_typing(),
            15 => self.fall_back(),
            16 | 17 => self.post(),
            18..=20 => self.leave(),
            21 | 22 => self.settle(),
            23 => self.look(),
            24 => self.decide(),
            25 => self.replay(),
            26 => self.of_account(),
            _ => {
                let by = [10, 1_000, 30_000, 4_000_000, 90_000_000];
                self.now = self.now + Duration::from_millis(self.one(&by));
                if self.sometimes(15) {
                    self.end_the_process();
                }
            }
        }
    }

    fn end_the_process(&mut self) {
        match self.rng.bool() {
            true => self.kept.recover(self.now),
            false => self.kept.restart(self.now),
        }
        (self.running, self.under_way, self.doubts) = Default::default();
    }

    fn arrive(&mut self) {
        let account = self.account();
        let object = if account.as_str() == PAGE { "page" } else { "instagram" };
        let (list, items) = self.items(&account);
        let time = self.moment().0;
        let body = json!({"object": object, "entry": [{"id": account, "time": time, list: items}]}).to_string();
        let until = self.now + Duration::from_secs(25);
        let (handled, awaited) = (self.sometimes(85), self.sometimes(50));
        let items = event::read(body.as_bytes()).into_iter().flatten().map(|envelope| match (handled, awaited) {
            (true, true) if envelope.is_act() => Intake::Awaited(envelope, until),
            (true, _) => Intake::Handled(envelope),
            (false, _) => Intake::Kept(envelope),
        });
        let delivery = WebhookBatch::new(self.now, items.collect());
        if self.sometimes(5) {
            let happen = self.rng.usize(..2);
            self.kept.append_and_die(&delivery, happen, self.now);
            (self.running, self.under_way, self.doubts) = Default::default();
        } else {
            self.kept.append(&delivery);
        }
    }

    /// A list, and one or two items for it.
    fn items(&mut self, account: &AccountId) -> (&'static str, Vec<Value>) {
        let count = 1 + usize::from(self.sometimes(20));
        match self.rng.u8(..100) {
            0..20 => ("changes", (0..count).map(|_| self.change()).collect()),
            20..30 => ("standby", (0..count).map(|_| self.item(account)).collect()),
            _ => ("messaging", (0..count).map(|_| self.item(account)).collect()),
        }
    }

    fn change(&mut self) -> Value {
        let author = Some(self.person()).filter(|_| self.sometimes(85));
        let (comment, verb) = (self.comment(author.as_deref()), self.one(&["add", "add", "remove", "edited"]));
        let mut value = json!({"item": "comment", "verb": verb, "comment_id": comment, "post_id": "104_9",
            "created_time": self.moment().0 / 1000, "message": self.words()});
        if let Some(author) = author {
            value["from"] = json!({"id": author, "name": "Ada"});
        }
        json!({"field": "feed", "value": value})
    }

    fn item(&mut self, account: &AccountId) -> Value {
        let (person, mid, words, time) = (self.person(), self.mid(), self.words(), self.moment().0);
        let from_person = |key: &str, content: Value| json!({"sender": {"id": person}, "recipient": {"id": account}, "timestamp": time, key: content});
        match self.rng.u8(..14) {
            0..=3 => from_person("message", json!({"mid": mid, "text": words})),
            4 => from_person("message", json!({"mid": mid, "text": words, "quick_reply": {"payload": "P"}})),
            5 => from_person("message_edit", json!({"mid": mid, "text": words, "num_edit": self.rng.u8(..2)})),
            6 => from_person("postback", json!({"mid": mid, "title": "t", "payload": "P"})),
            7 => from_person("read", json!({"watermark": time})),
            8 => from_person("optin", self.optin()),
            9 => from_person("message", json!({"mid": mid, "is_deleted": true})),
            10 => {
                let (new, previous) = (self.one(&[OURS, OTHERS, INBOX]), self.one(&[OURS, OTHERS]));
                let control = json!({"new_owner_app_id": new, "previous_owner_app_id": previous});
                let key = self.one(&["pass_thread_control", "take_thread_control"]);
                from_person(key, control)
            }
            11 => {
                let action = self.one(&["block", "unblock", "warning"]);
                json!({"recipient": {"id": account}, "timestamp": time, "policy_enforcement": {"action": action}})
            }
            _ => self.echo(account, &person, &mid, time),
        }
    }

    fn optin(&mut self) -> Value {
        let token = self.token();
        match self.rng.u8(..3) {
            0 => json!({"type": "one_time_notif_req", "payload": "P", "one_time_notif_token": token}),
            1 => {
                let status = self.one(&["STOP_NOTIFICATIONS", "RESUME_NOTIFICATIONS"]);
                json!({"type": "notification_messages", "notification_messages_token": token,
                    "notification_messages_status": status, "payload": "P"})
            }
            _ => json!({"type": "notification_messages", "notification_messages_token": token, "payload": "P"}),
        }
    }

    /// An echo: of a send of ours, by its mark, its message or its words alone, or of another app's words.
    fn echo(&mut self, account: &AccountId, person: &str, mid: &str, time: i64) -> Value {
        let mut message = json!({"mid": mid, "text": self.words(), "is_echo": true});
        if self.sometimes(60) {
            message["app_id"] = json!(self.one(&[OURS, OURS, OTHERS, INBOX]));
        }
        let mut person = person.to_owned();
        if self.sometimes(40) && !self.sends.is_empty() {
            let sends = self.sends.clone();
            let (send, _, whose) = self.one(&sends);
            message["metadata"] = json!(self.kept.metadata(send));
            person = whose.to_string();
        }
        if self.sometimes(8) {
            message["is_deleted"] = json!(true);
        }
        json!({"sender": {"id": account}, "recipient": {"id": person}, "timestamp": time, "message": message})
    }

    fn accounts() -> [AccountId; 2] {
        [PAGE, INSTAGRAM].map(AccountId::new)
    }

    fn take(&mut self) {
        let slots = self.rng.usize(..3);
        let room = Self::accounts().map(|account| EventDemand { account, slots, takes: Takes::InOrder });
        let taken = self.kept.take(&room, self.now).items;
        for event in &taken {
            let person = event.person.clone().unwrap_or_else(|| PersonId::new(""));
            let this = (event.kind.clone(), event.received_at, person);
            let given = self.given.entry(event.id).or_insert_with(|| this.clone());
            assert_eq!(*given, this, "two events have the id {}", event.id);
        }
        self.last_event = taken.iter().map(|event| event.id.0).chain([self.last_event]).max().unwrap_or_default();
        // That an event of our own has begun is what is most likely not kept.
        let dies = taken.iter().any(|event| event.kind == "outcome") && self.sometimes(30);
        self.running.extend(taken);
        if dies {
            self.end_the_process();
        }
    }

    fn taken(&mut self) -> Option<TakenEvent> {
        if self.running.is_empty() {
            return None;
        }
        let place = self.rng.usize(..self.running.len());
        // Sometimes it stays: a turn that is over ends again.
        let is_over = self.sometimes(92);
        Some(if is_over { self.running.swap_remove(place) } else { self.running[place].clone() })
    }

    /// To whom a turn of this event may write.
    fn recipient(&mut self, event: &TakenEvent) -> Recipient {
        let person = event.person.clone().unwrap_or_else(|| PersonId::new(""));
        match event.thread {
            Thread::Comments => Recipient::CommentId(self.comment_of(event)),
            _ => Recipient::Id(person),
        }
    }

    fn comment_of(&mut self, event: &TakenEvent) -> String {
        let item: Value = serde_json::from_slice(&event.raw).unwrap_or_default();
        item["value"]["comment_id"].as_str().map_or_else(|| "104_0".to_owned(), str::to_owned)
    }

    fn request(&mut self, recipient: Recipient) -> Request {
        if self.sometimes(15) {
            Request::action(recipient, Action::TypingOn)
        } else {
            Request::message(recipient, Message::text(self.words()))
        }
    }

    fn effects(&mut self, event: &TakenEvent) -> Effects {
        let mut effects = Vec::new();
        let recipient = self.recipient(event);
        // What concerns the account as a whole is answered to no person.
        let is_person = event.person.is_some() || event.thread == Thread::Comments;
        let most = if is_person { 4 } else { 1 };
        for _ in 0..self.rng.usize(..most) {
            let (id, request) = (self.kept.next_send_id(), self.request(recipient.clone()));
            effects.push(Effect::Say(id, Box::new(request)));
        }
        if self.sometimes(40) {
            let memory = if self.sometimes(20) { Memory::Clear } else { Memory::Set(format!("{}", self.next)) };
            effects.push(Effect::Remember(memory));
        }
        effects.into_iter().collect()
    }

    fn owed(&mut self, event: &TakenEvent) -> AutomaticReplies {
        let recipient = match self.recipient(event) {
            Recipient::Id(id) if !id.as_str().is_empty() => Recipient::Id(id),
            _ => return AutomaticReplies::default(),
        };
        let words = |text: &str| Request::message(recipient.clone(), Message::text(text));
        let disclosing = self.sometimes(50).then(|| DisclosureMessage {
            send: self.kept.next_send_id(),
            request: words("I am a bot"),
            after: Duration::from_secs(3_600),
        });
        let fallback = self.sometimes(50).then(|| (self.kept.next_send_id(), words("later")));
        AutomaticReplies { disclosing, fallback }
    }

    fn end_turn(&mut self) {
        let Some(event) = self.taken() else { return };
        let (owed, now) = (self.owed(&event), self.now);
        if self.sometimes(70) {
            let effects = self.effects(&event);
            let leaves_at_once = self.sometimes(50);
            self.kept.finish(&Finish { event: event.id, effects, owed, leaves_at_once, now });
            return self.under_way_at_once();
        }
        let later = self.now + Duration::from_secs(2);
        let next = self.one(&[Next::Retry(self.now), Next::Retry(later), Next::Dead, Next::Done]);
        let (error, counts) = ("told to".to_owned(), self.rng.bool());
        self.kept.fail(&Failure { event: event.id, error, next, counts, owed, now });
    }

    fn step(&mut self) {
        let Some(event) = self.running.first().cloned() else { return };
        let (effects, owed) = (self.effects(&event), self.owed(&event));
        let number = event.steps.len() + usize::from(self.sometimes(10));
        let (id, attempt, hash) = (event.id, event.attempt, [7; 32]);
        let sends = effects.sends().map(|(send, _)| send).collect();
        let disclosing = owed.disclosing;
        let step = TurnStep { event: id, attempt, number, hash, effects, disclosing, now: self.now };
        if self.kept.step(&step) {
            self.running[0].steps.push(crate::conversation::TakenStep { hash, sends });
        }
    }

    fn show_typing(&mut self) {
        let Some(event) = self.running.first().filter(|event| event.person.is_some()).cloned() else { return };
        let recipient = self.recipient(&event);
        let request = Request::action(recipient, Action::TypingOn);
        let send = self.kept.next_send_id();
        self.kept.show_typing(&Typing { event: event.id, attempt: event.attempt, send, request, now: self.now });
    }

    fn fall_back(&mut self) {
        for event in self.kept.overdue(&Self::accounts(), self.now) {
            let Some(person) = self.kept.person_of(event) else { continue };
            let fallback = Request::message(Recipient::Id(person), Message::text("later"));
            let owed = AutomaticReplies { disclosing: None, fallback: Some((self.kept.next_send_id(), fallback)) };
            self.kept.fall_back(event, &owed, self.now);
        }
    }

    fn post(&mut self) {
        let (account, person) = (self.account(), PersonId::new(self.person()));
        let recipient = match self.rng.u8(..6) {
            0 => Recipient::CommentId(self.comment(Some(person.as_str()))),
            1 => Recipient::OneTimeNotifToken(self.token()),
            2 => Recipient::NotificationMessagesToken(self.token()),
            _ => Recipient::Id(person.clone()),
        };
        let count = 1 + self.rng.usize(..2);
        let sends =
            (0..count).map(|_| (self.kept.next_send_id(), Request::message(recipient.clone(), Message::text("yes"))));
        let sends = sends.collect();
        let agent = self.sometimes(40).then(|| "Bea".to_owned());
        let standing = Standing { platform: Platform::Messenger, features: Vec::new() };
        self.kept.post(&Post { account, standing, recipient, person, sends, agent, key: None, now: self.now });
    }

    /// What was marked with the end of its event leaves, or does not.
    fn under_way_at_once(&mut self) {
        for send in self.kept.take_leaving() {
            let outcome = match self.rng.u8(..4) {
                0 => SendOutcome::Later { at: self.now + Duration::from_secs(1), reason: "not yet".into() },
                1 => SendOutcome::Refused { rule: "P1".to_owned(), reason: "the window is shut".to_owned() },
                _ => {
                    if !send.request.is_action() {
                        self.sends.push((send.id, send.account.clone(), send.person.clone()));
                    }
                    self.under_way.push(send);
                    continue;
                }
            };
            self.kept.did_not_leave(send.id, &outcome, self.now);
        }
    }

    fn leave(&mut self) {
        let slots = 1 + self.rng.usize(..2);
        let room = Self::accounts().map(|account| {
            let of_account = self.under_way.iter().filter(|send| send.account == account);
            SendDemand { in_flight: of_account.map(|send| send.id).collect(), account, slots }
        });
        for send in self.kept.take_sends(&room, self.now) {
            self.kept.facts(&send.account, &send.person);
            if self.sometimes(12) {
                let (rule, reason) = ("P1".to_owned(), "the window is shut".to_owned());
                self.kept.settle(send.id, &SendOutcome::Refused { rule, reason }, self.now);
            } else if self.kept.sending(send.id, self.now) {
                if !send.request.is_action() {
                    self.sends.push((send.id, send.account.clone(), send.person.clone()));
                }
                self.under_way.push(send);
            }
        }
    }

    fn outcome(&mut self, is_action: bool) -> SendOutcome {
        let reason = || "it failed".into();
        match self.rng.u8(..9) {
            // Only a message has an id, and an echo.
            0..=2 if is_action => SendOutcome::Sent { message_id: None },
            0..=2 => SendOutcome::Sent { message_id: Some(MessageId::new(self.mid())) },
            3 => SendOutcome::Sent { message_id: None },
            4 => SendOutcome::Failed { reason: reason() },
            5 => SendOutcome::Later { at: self.now + Duration::from_secs(1), reason: reason() },
            _ => SendOutcome::InDoubt { reason: reason(), silent: self.rng.bool() },
        }
    }

    fn settle(&mut self) {
        if self.under_way.is_empty() {
            return;
        }
        let place = self.rng.usize(..self.under_way.len());
        let send = self.under_way.swap_remove(place);
        let outcome = self.outcome(send.request.is_action());
        if matches!(outcome, SendOutcome::Failed { .. }) && self.rng.bool() {
            self.kept.stop(send.id);
        }
        self.kept.settle(send.id, &outcome, self.now);
    }

    fn look(&mut self) {
        let room = Self::accounts().map(|account| SendDemand { account, slots: 1, in_flight: Vec::new() });
        for doubt in self.kept.take_doubts(&room, self.now) {
            match self.rng.u8(..4) {
                0 => {
                    let (at, counts) = (self.now + Duration::from_secs(1), self.rng.bool());
                    self.kept.look_again(doubt.id, at, counts, self.now);
                }
                1 => {
                    self.kept.settle(doubt.id, &SendOutcome::Held { reason: "unknown".into() }, self.now);
                }
                _ => {
                    let outcome = self.outcome(false);
                    let is_doubt = matches!(outcome, SendOutcome::InDoubt { .. });
                    let outcome = if is_doubt { SendOutcome::Failed { reason: "gone".into() } } else { outcome };
                    self.kept.settle(doubt.id, &outcome, self.now);
                }
            }
        }
    }

    fn decide(&mut self) {
        let held = self.kept.held();
        let Some(send) = (!held.is_empty()).then(|| self.one(&held)) else { return };
        if self.rng.bool() {
            self.kept.release(send, self.now);
        } else {
            self.kept.discard(send, self.now);
        }
    }

    fn replay(&mut self) {
        let event = EventId(self.rng.i64(1..self.last_event + 2));
        self.kept.replay(event, &Self::accounts(), self.now);
    }

    fn of_account(&mut self) {
        let account = self.account();
        self.kept.restrict(&account, self.now);
    }
}

/// How many worlds are tried: as many as `WORLDS` says, where it is set.
fn seeds() -> u64 {
    std::env::var("WORLDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(60)
}

#[test]
fn what_is_kept_is_what_is_known() {
    for seed in 0..seeds() {
        let mut world = World::new(seed);
        for step in 0..STEPS {
            let place = Place { seed, step };
            world.happen();
            world.kept.check_open();
            std::mem::forget(place);
        }
    }
}

/// Where a world was when what was kept was something else than what was known.
struct Place {
    seed: u64,
    step: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Place { seed, step } = self;
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("seed {seed}, step {step}\n"));
        }
    }
}
