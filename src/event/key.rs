//! What makes an event the same event when Meta delivers it again.
//!
//! Meta delivers at least once, in other batches and other orders. A key is the time inside the item, which a redelivery
//! repeats, and a hash of what identifies it; ordering keys by that time lets the store append them at one edge of a table
//! instead of writing all over it.

use sha2::{Digest, Sha256};

use super::{Comment, CommentVerb, Event};
use crate::clock::Timestamp;
use crate::id::{AccountId, MessageId};

/// An event's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The time that the item carries; `None` for kinds without one.
    pub time: Option<Timestamp>,
    /// A hash of account, kind and what tells this event from others of its kind.
    pub hash: [u8; 16],
}

impl Key {
    /// The key of an event: by the id of what it is about where that tells it from others of its kind, else by the whole item.
    pub(super) fn of(account: &AccountId, person: &str, time: Option<Timestamp>, event: &Event, raw: &str) -> Key {
        let of = |kind: &str, id: &str, more: &str| {
            let parts = [account.as_str(), kind, id, person, more];
            Key { time, hash: hash(&parts.map(str::as_bytes)) }
        };
        let known = match event {
            // A message that was taken back, a reaction given and the same taken back share the `mid`, not the identity.
            Event::Message(message) => {
                mid(&message.mid).map(|mid| of(if message.is_deleted { "deleted" } else { "message" }, mid, ""))
            }
            Event::Echo(echo) => {
                mid(&echo.mid).map(|mid| of(if echo.is_deleted { "echo deleted" } else { "echo" }, mid, ""))
            }
            Event::Postback(postback) => mid(&postback.mid).map(|mid| of("postback", mid, "")),
            Event::Reaction(reaction) => mid(&reaction.mid).map(|mid| {
                let moment = time.map(|time| time.0.to_string()).unwrap_or_default();
                of(reaction.action.as_str(), mid, &moment)
            }),
            Event::Comment(comment) => Key::of_comment(comment, raw).map(|(id, more)| of("comment", &id, &more)),
            // The same item in two lists is two items.
            Event::Other(other) => other.list().map(|list| of("list", list, raw)),
            Event::Edit(_)
            | Event::Referral(_)
            | Event::Optin(_)
            | Event::AccountLinking(_)
            | Event::Feedback(_)
            | Event::Read(_)
            | Event::Delivery(_)
            | Event::Handover(_)
            | Event::Mention(_)
            | Event::PolicyEnforcement(_)
            | Event::Outcome(_) => None,
        };
        known.unwrap_or_else(|| Key::of_raw(account, time, raw))
    }

    /// A comment is written and removed once, and may be changed many times. A visitor's post is told of once for each of its
    /// pictures.
    fn of_comment(comment: &Comment, raw: &str) -> Option<(String, String)> {
        let id = comment.comment_id.as_ref()?.as_str().to_owned();
        let verb = comment.verb.as_str();
        let more = match comment.verb {
            CommentVerb::Add | CommentVerb::Remove => verb.to_owned(),
            CommentVerb::Edited | CommentVerb::Hide | CommentVerb::Unhide | CommentVerb::Unknown(_) => {
                format!("{verb} {}", hex::encode(hash(&[raw.as_bytes()])))
            }
        };
        Some((id, more))
    }

    /// The key of what can only be told apart by its bytes.
    fn of_raw(account: &AccountId, time: Option<Timestamp>, raw: &str) -> Key {
        Key { time, hash: hash(&[account.as_str().as_bytes(), b"raw", raw.as_bytes()]) }
    }

    /// The key of what is no event: another than any event in it will have, once it can be read.
    pub(super) fn of_piece(account: Option<&AccountId>, raw: &[u8]) -> Key {
        Key { time: None, hash: hash(&[account.map_or("", AccountId::as_str).as_bytes(), b"piece", raw]) }
    }
}

fn mid(mid: &Option<MessageId>) -> Option<&str> {
    mid.as_ref().map(MessageId::as_str)
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
