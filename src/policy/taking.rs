//! Rights that one send uses up: whose are they?

use super::{Facts, Intent, Origin, Refusal, Right, Standing, private_reply};
use crate::clock::Timestamp;
use crate::id::SendId;
use crate::message::{Recipient, Request};

/// Whether a send that is being planned may take the right that its recipient names. A private reply is decided here already,
/// so that of several replies in one turn the first is sent and the others are refused at once. A token can only be used
/// from outside, by a post, and a post is decided whole.
pub fn may_take(facts: &Facts, intent: Intent<'_>, now: Timestamp) -> Result<(), Refusal> {
    match intent.request.recipient {
        Recipient::CommentId(_) | Recipient::PostId(_) => private_reply::check(facts, intent, now),
        _ => Ok(()),
    }
}

/// The decision on all parts of one request, in their order: the right that one part takes the next has not.
pub fn check_parts(
    standing: &Standing,
    mut facts: Facts,
    origin: Origin,
    parts: &[(SendId, Request)],
    now: Timestamp,
) -> Result<(), Refusal> {
    for (send, request) in parts {
        super::check(standing, &facts, Intent { send: Some(*send), origin, request }, now)?;
        facts.right = facts.right.map(|right| right.taken(*send, now));
    }
    Ok(())
}

impl Right {
    /// The right once `send` has taken it.
    pub(crate) fn taken(self, send: SendId, now: Timestamp) -> Right {
        let taken_by = Some(send);
        match self {
            Right::PrivateReply { at, live, .. } => Right::PrivateReply { at, live, taken_by },
            Right::OneTime { created_at, .. } => Right::OneTime { created_at, taken_by },
            Right::Marketing { expires_at, stopped, .. } => {
                Right::Marketing { last_sent_at: Some(now), last_sent_by: taken_by, expires_at, stopped }
            }
        }
    }

    /// The right as it was before any of these sends took it.
    pub(crate) fn before<'a>(self, sends: impl IntoIterator<Item = &'a SendId>) -> Right {
        match self {
            Right::PrivateReply { at, live, taken_by: Some(taken_by) } => {
                let is_own = sends.into_iter().any(|send| *send == taken_by);
                Right::PrivateReply { at, live, taken_by: (!is_own).then_some(taken_by) }
            }
            right => right,
        }
    }
}
