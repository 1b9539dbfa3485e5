//! What a turn wants done: an ordered list of effects.
//!
//! A handler adds to the list through its context; the store carries it out in the transaction that ends the turn, or one of
//! its steps. A new kind of effect is a variant here, and a match on it does not compile until it is decided there.

use crate::id::SendId;
use crate::message::Request;

/// One thing that a turn wants done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Sends this request, where policy allows it when its time comes.
    Say(SendId, Box<Request>),
    /// Changes what is remembered of the conversation.
    Remember(Memory),
}

/// What is remembered of a conversation from here on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// This JSON.
    Set(String),
    /// Nothing.
    Clear,
}

impl Memory {
    /// The JSON; `None` where nothing is remembered.
    pub fn json(&self) -> Option<&str> {
        match self {
            Memory::Set(json) => Some(json),
            Memory::Clear => None,
        }
    }
}

/// What a turn, or one of its steps, wants done, in order.
#[derive(Clone, Debug, Default)]
pub struct Effects(Vec<Effect>);

impl Effects {
    /// Adds a send.
    pub fn say(&mut self, id: SendId, request: Request) {
        self.0.push(Effect::Say(id, Box::new(request)));
    }

    /// Adds a change of what is remembered. It replaces an earlier one of the same list: only the last could ever be read.
    pub fn remember(&mut self, memory: Memory) {
        self.0.retain(|effect| !matches!(effect, Effect::Remember(_)));
        self.0.push(Effect::Remember(memory));
    }

    /// The sends, in order.
    pub fn sends(&self) -> impl Iterator<Item = (SendId, &Request)> {
        self.0.iter().filter_map(|effect| match effect {
            Effect::Say(id, request) => Some((*id, &**request)),
            Effect::Remember(_) => None,
        })
    }

    /// The change of what is remembered, where there is one.
    pub fn memory(&self) -> Option<&Memory> {
        self.0.iter().find_map(|effect| match effect {
            Effect::Remember(memory) => Some(memory),
            Effect::Say(..) => None,
        })
    }

    /// Whether one of the sends is a message: sender actions and reactions are none.
    pub fn has_message(&self) -> bool {
        self.sends().any(|(_, request)| request.as_message().is_some())
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Effects {
    type Item = &'a Effect;
    type IntoIter = std::slice::Iter<'a, Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl FromIterator<Effect> for Effects {
    fn from_iter<I: IntoIterator<Item = Effect>>(effects: I) -> Effects {
        let mut list = Effects::default();
        for effect in effects {
            match effect {
                Effect::Say(id, request) => list.0.push(Effect::Say(id, request)),
                Effect::Remember(memory) => list.remember(memory),
            }
        }
        list
    }
}
