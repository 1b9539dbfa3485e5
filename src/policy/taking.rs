//! Rights of which there is one, or one at a time: whose are they?

use std::time::Duration;

use super::{Facts, Intent, Origin, Refusal, Right, Standing};
use crate::clock::Timestamp;
use crate::id::SendId;
use crate::message::Request;

/// P4.2. How long a comment or post can be answered in private.
pub const PRIVATE_REPLY: Duration = Duration::from_secs(7 * 24 * 3600);

/// P5.3. How long a token for one notification lasts.
pub const ONE_TIME_TOKEN: Duration = Duration::from_secs(365 * 24 * 3600);

/// P11.2. How far apart the messages on one marketing token are.
pub const MARKETING_PAUSE: Duration = Duration::from_secs(12 * 3600);

impl Right {
    /// Whether no other send than `send` has the right.
    pub(crate) fn check_free(&self, send: SendId, now: Timestamp) -> Result<(), Refusal> {
        let anothers = |by: &Option<SendId>| by.is_some_and(|by| by != send);
        match self {
            Right::PrivateReply { taken_by, .. } if anothers(taken_by) => {
                Err(Refusal { rule: "P4.1", reason: "this comment or post has had its one private reply" })
            }
            Right::OneTime { taken_by, .. } if anothers(taken_by) => {
                Err(Refusal { rule: "P5.2", reason: "this token has been used for its one notification" })
            }
            Right::Marketing { last_sent_at: Some(at), last_sent_by, .. }
                if *last_sent_by != Some(send) && now < *at + MARKETING_PAUSE =>
            {
                Err(Refusal { rule: "P11.2", reason: "messages on this token are 12 hours apart" })
            }
            _ => Ok(()),
        }
    }

    /// The right once `send` has taken it.
    pub(crate) fn taken(self, send: SendId, now: Timestamp) -> Right {
        let (taken_by, now) = (Some(send), Some(now));
        match self {
            Right::PrivateReply { at, live, .. } => Right::PrivateReply { at, live, taken_by },
            Right::OneTime { created_at, .. } => Right::OneTime { created_at, taken_by },
            Right::Marketing { expires_at, stopped, .. } => {
                Right::Marketing { last_sent_at: now, last_sent_by: taken_by, expires_at, stopped }
            }
        }
    }
}

/// The decision on all parts of one request, which go to the same recipient: what one part takes the next has not.
pub fn check_all(
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
