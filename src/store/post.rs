//! Sends that do not come from a handler, and what becomes of them.

use crate::clock::Timestamp;
use crate::id::{AccountId, PersonId, SendId};
use crate::message::{Content, Recipient, Request};
use crate::policy::{Origin, Refusal, Standing};

/// Sends that did not come from a handler.
#[derive(Debug)]
pub struct Post {
    /// From whom.
    pub account: AccountId,
    /// What the settings say of the account to policy.
    pub standing: Standing,
    /// To whom all of it goes.
    pub recipient: Recipient,
    /// The person, where the recipient names one.
    pub person: PersonId,
    /// The parts, in order.
    pub sends: Vec<(SendId, Request)>,
    /// The person who wrote it, where one did.
    pub agent: Option<String>,
    /// By what the poster knows it again, and a hash of what was posted.
    pub key: Option<(String, [u8; 32])>,
    /// The present moment.
    pub now: Timestamp,
}

impl Post {
    /// Who speaks: a person where one is named.
    pub fn origin(&self) -> Origin {
        if self.agent.is_some() { Origin::Agent } else { Origin::Bot }
    }

    /// A refusal of this post: policy's words, and of a value that Meta does not know also where it is.
    pub fn refused(&self, refusal: Refusal) -> RefusedPost {
        let (id, _) = self.sends.first().expect("what policy refuses is one of the sends");
        let unknown_at = self.sends.iter().find_map(|(_, request)| match &request.content {
            Content::Unknown(unknown) => Some(&unknown.at),
            Content::Message(_) | Content::Action(_) => None,
        });
        let reason = match unknown_at {
            Some(at) if refusal.rule == FORM => format!("Meta does not know the value at {at}"),
            _ => refusal.reason.to_owned(),
        };
        RefusedPost { id: *id, rule: refusal.rule, reason }
    }
}

/// The rule of what Meta refuses for its form alone: its error code.
const FORM: &str = "100";

/// A post that policy forbids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedPost {
    /// The first of its sends.
    pub id: SendId,
    /// The rule's number.
    pub rule: &'static str,
    /// The rule.
    pub reason: String,
}

/// What became of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is planned: now, or under the same key before.
    Planned(Vec<SendId>),
    /// Policy forbids it. It is listed as refused, and its key stays free: what is shut now may be open the next time.
    Refused(RefusedPost),
    /// Something else was posted under this key.
    Conflict,
}
