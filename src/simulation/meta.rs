//! Meta as the simulation has it: it delivers at least once, in any order, and answers what it likes.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{PAGE, Person};
use crate::clock::Timestamp;
use crate::graph::{Accepted, CallError, History, HistoryMessage, REACH};
use crate::id::{MessageId, SendId};

/// The longest that a call without an answer is on its way: less than anybody waits for its echo.
const LATE: Duration = Duration::from_secs(4);

/// What Meta does wrong, in percent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faults {
    pub(super) duplicate: u8,
    pub(super) lose_echo: u8,
    pub(super) error: u8,
    pub(super) silence: u8,
    pub(super) refuse_connection: u8,
    pub(super) throttle: u8,
    /// How many of the calls that fail have arrived all the same.
    pub(super) arrived: u8,
    /// How many of the calls without an answer arrive later.
    pub(super) late: u8,
    pub(super) unreadable: u8,
}

impl Faults {
    pub(super) const NONE: Faults = Faults {
        duplicate: 0,
        lose_echo: 0,
        error: 0,
        silence: 0,
        refuse_connection: 0,
        throttle: 0,
        arrived: 0,
        late: 0,
        unreadable: 0,
    };
}

/// A webhook that waits to be delivered.
#[derive(Clone, Debug)]
pub(super) struct Push {
    pub(super) body: String,
    /// The send that it echoes, where it is an echo.
    pub(super) echoes: Option<SendId>,
}

/// A call that has not arrived yet.
struct Late {
    at: Timestamp,
    call: Call,
}

/// What a send says to whom.
#[derive(Clone)]
struct Call {
    person: usize,
    text: String,
    send: SendId,
    metadata: String,
}

/// What people see, and what waits to be told.
pub(super) struct Meta {
    pub(super) rng: fastrand::Rng,
    pub(super) faults: Faults,
    pub(super) pushes: Vec<Push>,
    /// By person: what stands in the chat, with who wrote it.
    pub(super) chats: Vec<Vec<HistoryMessage>>,
    /// The sends that have arrived: what an operator sees who asks the person.
    pub(super) arrived: HashSet<SendId>,
    late: Vec<Late>,
    next: u64,
}

impl Meta {
    pub(super) fn new(seed: u64, faults: Faults, people: usize) -> Meta {
        let rng = fastrand::Rng::with_seed(seed ^ 0x5eed);
        Meta {
            rng,
            faults,
            pushes: Vec::new(),
            chats: vec![Vec::new(); people],
            arrived: HashSet::new(),
            late: Vec::new(),
            next: 0,
        }
    }

    fn happens(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    /// A person writes.
    pub(super) fn write(&mut self, person: &Person, text: &str, now: Timestamp) {
        let mid = self.mid();
        let message = json!({"mid": mid, "text": text});
        self.add(person, &mid, text, false, now);
        self.push(person, None, (&person.id, person.account()), message, now);
    }

    /// What a person reads of the account, in order.
    pub(super) fn heard(&self, person: usize) -> Vec<&str> {
        self.chats[person].iter().filter(|said| said.by_account == Some(true)).map(|said| said.text.as_str()).collect()
    }

    /// The account sends: what becomes of it, and what is answered.
    pub(super) fn send(
        &mut self,
        person: &Person,
        text: &str,
        (send, metadata): (SendId, String),
        now: Timestamp,
    ) -> Result<Accepted, CallError> {
        let Faults { error, silence, refuse_connection, throttle, arrived, .. } = self.faults;
        if self.happens(refuse_connection) {
            return Err(CallError::NotSent { reason: "no connection".into() });
        }
        if self.happens(throttle) {
            return Err(CallError::Throttled { after: None, reason: "error 613".into() });
        }
        let (fails, is_silent) = (self.happens(error), self.happens(silence));
        let call = Call { person: person.index, text: text.to_owned(), send, metadata };
        if (fails || is_silent) && !self.happens(arrived) {
            let comes_later = is_silent && !fails && self.happens(self.faults.late);
            if comes_later {
                let at = now + Duration::from_millis(self.rng.u64(..LATE.as_millis() as u64));
                self.late.push(Late { at, call });
            }
            return Err(CallError::Doubt { answered: fails, reason: "it failed".into() });
        }
        let mid = self.take(person, &call, now);
        match fails || is_silent {
            true => Err(CallError::Doubt { answered: fails, reason: "it arrived".into() }),
            false => Ok(Accepted { message_id: Some(MessageId::new(mid)) }),
        }
    }

    /// What was on its way arrives.
    pub(super) fn go_on(&mut self, people: &[Person], now: Timestamp) {
        while let Some(index) = self.late.iter().position(|late| late.at <= now) {
            let Late { at, call } = self.late.swap_remove(index);
            self.take(&people[call.person], &call, at);
        }
    }

    /// Whether nothing is on its way.
    pub(super) fn is_at_rest(&self) -> bool {
        self.pushes.is_empty() && self.late.is_empty()
    }

    fn take(&mut self, person: &Person, call: &Call, now: Timestamp) -> String {
        let mid = self.mid();
        self.add(person, &mid, &call.text, true, now);
        self.arrived.insert(call.send);
        if !self.happens(self.faults.lose_echo) {
            let mut message = json!({"mid": mid, "text": call.text, "is_echo": true});
            if !person.on_instagram {
                message["metadata"] = json!(call.metadata);
            }
            self.push(person, Some(call.send), (person.account(), &person.id), message, now);
        }
        mid
    }

    /// The newest messages of a conversation, where it can be read.
    pub(super) fn history(&mut self, person: usize) -> Option<History> {
        if self.happens(self.faults.unreadable) {
            return None;
        }
        let chat = &self.chats[person];
        let said = chat.iter().rev().take(REACH).cloned().collect();
        Some(History { said, is_whole: chat.len() < REACH, is_readable: true })
    }

    /// Takes any webhook to be delivered, now or once more later.
    pub(super) fn next_push(&mut self) -> Option<Push> {
        if self.pushes.is_empty() {
            return None;
        }
        let index = self.rng.usize(..self.pushes.len());
        Some(if self.happens(self.faults.duplicate) { self.pushes[index].clone() } else { self.pushes.remove(index) })
    }

    fn add(&mut self, person: &Person, mid: &str, text: &str, by_account: bool, now: Timestamp) {
        // Whole seconds, as the Conversations API tells them.
        let at = Timestamp(now.0 / 1000 * 1000);
        let (id, by_account) = (MessageId::new(mid), Some(by_account));
        let said = HistoryMessage { id, at, by_account, text: text.into(), has_attachments: false };
        self.chats[person.index].push(said);
    }

    fn push(
        &mut self,
        person: &Person,
        echoes: Option<SendId>,
        (from, to): (&str, &str),
        message: Value,
        now: Timestamp,
    ) {
        let item = json!({"sender": {"id": from}, "recipient": {"id": to}, "timestamp": now.0, "message": message});
        let object = if person.account() == PAGE { "page" } else { "instagram" };
        let entry = json!({"id": person.account(), "time": now.0, "messaging": [item]});
        let body = json!({"object": object, "entry": [entry]}).to_string();
        self.pushes.push(Push { body, echoes });
    }

    fn mid(&mut self) -> String {
        self.next += 1;
        format!("m_{}", self.next)
    }
}
