//! What is scripted to go wrong, in the order in which it was asked for.
//!
//! A send fault strikes the next Graph calls that carry a message; sender actions pass it by, so that a bot that shows
//! itself typing does not use it up. A fault under which the message goes out waits for one that can: a call that is refused
//! for another reason is answered as ever. A push fault strikes the next events that are queued for delivery.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The most faults that can be pending; more are not taken.
pub(super) const MOST: usize = 100;

/// How a send goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SendFault {
    /// Code 613.
    RateLimit,
    /// Code 190, subcode 463.
    TokenExpired,
    /// Code 2.
    Temporary,
    /// Code 368.
    Blocked,
    /// The message goes out, and the connection closes without an answer.
    LostAnswer,
    /// The message goes out, and the answer comes after 3 s.
    Slow,
}

/// How a delivery goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PushFault {
    /// Delivered twice.
    Duplicate,
    /// Delivered after the conversation's next event.
    Reorder,
    /// Delivered late.
    Delay,
    /// The first attempt is lost on the way.
    DropThenRetry,
    /// Delivered in one request with the next event of any Page, or of any Instagram account.
    Batch,
    /// Strikes the next echo: delivered late.
    EchoLate,
    /// Strikes the next echo: never delivered.
    EchoLost,
    /// Strikes the next echo on Instagram: it names the account by its other id.
    EchoOtherId,
    /// Strikes a person's next message on Instagram: an edit with the number 0 comes after it.
    EditBeside,
    /// The same: such an edit comes in its place.
    EditAlone,
    /// The same, without the sender and the text.
    EditBare,
    /// Strikes a person's next text: it ends in half a surrogate pair.
    HalfSurrogate,
}

/// What a push fault looks at in an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits {
    pub(super) is_echo: bool,
    pub(super) is_on_instagram: bool,
    /// A person has written.
    pub(super) is_message: bool,
    /// The same, and it has a text.
    pub(super) has_text: bool,
    /// The app is subscribed to edits: without that, a message that is told as one would vanish.
    pub(super) takes_edits: bool,
}

impl PushFault {
    fn strikes(self, event: Traits) -> bool {
        match self {
            PushFault::EchoLate | PushFault::EchoLost => event.is_echo,
            PushFault::EchoOtherId => event.is_echo && event.is_on_instagram,
            PushFault::EditBeside | PushFault::EditAlone | PushFault::EditBare => {
                event.is_message && event.is_on_instagram && event.takes_edits
            }
            PushFault::HalfSurrogate => event.has_text,
            PushFault::Duplicate
            | PushFault::Reorder
            | PushFault::Delay
            | PushFault::DropThenRetry
            | PushFault::Batch => true,
        }
    }
}

/// The pending faults.
#[derive(Default)]
pub(super) struct Faults {
    send: VecDeque<(SendFault, u32)>,
    push: VecDeque<(PushFault, u32)>,
}

impl Faults {
    /// Puts a fault at the end, to strike `times` times. False when no more are taken.
    pub(super) fn add_send(&mut self, fault: SendFault, times: u32) -> bool {
        add(&mut self.send, fault, times)
    }

    /// As [`Faults::add_send`], for deliveries.
    pub(super) fn add_push(&mut self, fault: PushFault, times: u32) -> bool {
        add(&mut self.push, fault, times)
    }

    /// What is to strike the next send.
    pub(super) fn due_send(&self) -> Option<SendFault> {
        self.send.front().map(|(fault, _)| *fault)
    }

    /// What strikes this send.
    pub(super) fn next_send(&mut self) -> Option<SendFault> {
        next(&mut self.send, |_| true)
    }

    /// What strikes this delivery. Faults that wait for an event of one kind let everything else pass.
    pub(super) fn next_push(&mut self, event: Traits) -> Option<PushFault> {
        next(&mut self.push, |fault| fault.strikes(event))
    }

    /// The pending faults, as the control route lists them.
    pub(super) fn list(&self) -> Vec<Value> {
        let send = self.send.iter().map(|(fault, times)| json!({"send": fault, "times": times}));
        let push = self.push.iter().map(|(fault, times)| json!({"push": fault, "times": times}));
        send.chain(push).collect()
    }
}

fn add<F>(list: &mut VecDeque<(F, u32)>, fault: F, times: u32) -> bool {
    let room = list.len() < MOST;
    if room && times > 0 {
        list.push_back((fault, times));
    }
    room
}

fn next<F: Copy>(list: &mut VecDeque<(F, u32)>, strikes: impl Fn(F) -> bool) -> Option<F> {
    let place = list.iter().position(|(fault, _)| strikes(*fault))?;
    let (fault, left) = &mut list[place];
    let struck = *fault;
    *left -= 1;
    if *left == 0 {
        list.remove(place);
    }
    Some(struck)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_strike_in_order_as_often_as_asked() {
        let mut faults = Faults::default();
        assert!(faults.add_send(SendFault::RateLimit, 2));
        assert!(faults.add_send(SendFault::Slow, 1));
        assert!(faults.add_push(PushFault::DropThenRetry, 1));
        assert_eq!(faults.next_send(), Some(SendFault::RateLimit));
        assert_eq!(
            faults.list(),
            [
                json!({"send": "rate_limit", "times": 1}),
                json!({"send": "slow", "times": 1}),
                json!({"push": "drop_then_retry", "times": 1})
            ]
        );
        assert_eq!(faults.next_send(), Some(SendFault::RateLimit));
        assert_eq!(faults.next_send(), Some(SendFault::Slow));
        assert_eq!(faults.next_send(), None);
        assert_eq!(faults.next_push(Traits::default()), Some(PushFault::DropThenRetry));
        assert!(faults.list().is_empty());
    }

    #[test]
    fn faults_of_echoes_wait_for_an_echo() {
        let mut faults = Faults::default();
        assert!(faults.add_push(PushFault::EchoLost, 1) && faults.add_push(PushFault::Delay, 1));
        let (other, echo) = (Traits::default(), Traits { is_echo: true, ..Traits::default() });
        assert_eq!(faults.next_push(other), Some(PushFault::Delay));
        assert_eq!(faults.next_push(other), None);
        assert_eq!(faults.next_push(echo), Some(PushFault::EchoLost));
        assert_eq!(faults.next_push(echo), None);
    }

    #[test]
    fn faults_of_one_kind_of_event_wait_for_it() {
        let instagram = Traits { is_on_instagram: true, takes_edits: true, ..Traits::default() };
        let message = Traits { is_message: true, has_text: true, ..instagram };
        let check = |fault: PushFault, events: [Traits; 2], struck: Traits| {
            for event in events {
                assert!(!fault.strikes(event), "{fault:?} {event:?}");
            }
            assert!(fault.strikes(struck), "{fault:?}");
        };
        let echo = Traits { is_echo: true, ..Traits::default() };
        check(PushFault::EchoOtherId, [echo, message], Traits { is_on_instagram: true, ..echo });
        let on_messenger = Traits { is_on_instagram: false, ..message };
        for fault in [PushFault::EditBeside, PushFault::EditAlone, PushFault::EditBare] {
            check(fault, [on_messenger, instagram], Traits { has_text: false, ..message });
            check(fault, [on_messenger, Traits { takes_edits: false, ..message }], message);
        }
        check(PushFault::HalfSurrogate, [instagram, Traits { has_text: false, ..message }], on_messenger);
    }

    #[test]
    fn no_more_faults_are_taken_than_can_be_listed() {
        let mut faults = Faults::default();
        for _ in 0..MOST {
            assert!(faults.add_push(PushFault::Delay, 1));
        }
        assert!(!faults.add_push(PushFault::Delay, 1));
        assert_eq!(faults.list().len(), MOST);
    }
}
