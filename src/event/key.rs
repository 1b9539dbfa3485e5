//! What makes an event the same event when Meta delivers it again.
//!
//! Meta delivers at least once, in other batches and other orders. A key is the time inside the item, which a redelivery
//! repeats, and a hash of what identifies it; ordering keys by that time lets the store append them at one edge of a table
//! instead of writing all over it.

use sha2::{Digest, Sha256};

use super::{Event, Kind};
use crate::clock::Timestamp;
use crate::id::AccountId;

/// An event's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The time that the item carries; `None` for kinds without one.
    pub time: Option<Timestamp>,
    /// A hash of account, kind and what tells this event from others of its kind.
    pub hash: [u8; 16],
}

impl Key {
    /// The key of an event: by message id where its kind has one, else by the whole item.
    pub(super) fn of(account: &AccountId, person: &str, time: Option<Timestamp>, event: &Event, raw: &str) -> Key {
        let mid = match event {
            Event::Message(message) => message.mid.as_ref(),
            Event::Echo(echo) => echo.mid.as_ref(),
            Event::Postback(postback) => postback.mid.as_ref(),
            Event::Reaction(reaction) => reaction.mid.as_ref(),
            _ => None,
        };
        let Some(mid) = mid else { return Key::of_raw(account.as_str(), time, raw.as_bytes()) };
        // A deleted message, a reaction given and the same taken back share the `mid`, not the identity.
        let what = match event {
            Event::Message(message) if message.is_deleted => "deleted",
            Event::Reaction(reaction) => reaction.action.as_str(),
            event => event.kind().as_str(),
        };
        let moment = match event.kind() {
            Kind::Reaction => time.map(|time| time.0.to_string()).unwrap_or_default(),
            _ => String::new(),
        };
        Key { time, hash: hash(&[account.as_str(), what, mid.as_str(), person, &moment].map(str::as_bytes)) }
    }

    /// The key of what can only be told apart by its bytes.
    pub(super) fn of_raw(account: &str, time: Option<Timestamp>, raw: &[u8]) -> Key {
        Key { time, hash: hash(&[account.as_bytes(), b"raw", raw]) }
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        // The length first: no two lists of parts run together into the same bytes.
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize()[..16]);
    short
}
