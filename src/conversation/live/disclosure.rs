//! What was said since the bot last disclosed itself (policy P6).
//!
//! The pause that counts is between two things said, by whichever side: what a person did that can be answered, what the
//! account said by whichever app, and what is planned to be said. Receipts say nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::SendId;
use crate::policy::disclosure::SinceDisclosed;

/// What was said, and since when the bot is known to be one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// When either side last said something.
    pub(super) at: Option<Timestamp>,
    /// The send by which the bot last disclosed itself, or was to.
    pub(super) disclosed_by: Option<SendId>,
    /// When it did; none where that send did not happen. Since then:
    pub(super) disclosed_at: Option<Timestamp>,
    /// the longest pause,
    pub(super) silence: Duration,
    /// whether a person or another app spoke for the account, or had the conversation.
    pub(super) others_spoke: bool,
}

impl Said {
    /// Something is said. Late and repeated events make no pause.
    pub(super) fn said(&mut self, at: Timestamp) {
        if let Some(last) = self.at {
            self.silence = self.silence.max(at.since(last));
        }
        self.at = self.at.max(Some(at));
    }

    /// A person, or another app, has spoken for the account, or had the conversation. What they did before the bot disclosed
    /// itself was over by then, however late the news of it is.
    pub(super) fn others_spoke(&mut self, at: Timestamp) {
        self.others_spoke |= self.disclosed_at.is_none_or(|disclosed| at >= disclosed);
    }

    /// The bot discloses itself by this send. Whatever was before is over.
    pub(super) fn disclosed(&mut self, send: SendId, now: Timestamp) {
        let at = self.at.max(Some(now));
        *self = Said { at, disclosed_by: Some(send), disclosed_at: Some(now), ..Said::default() };
    }

    /// The send seems not to have happened. If the bot was to disclose itself by it, it has not.
    pub(super) fn undone(&mut self, send: SendId) {
        if self.disclosed_by == Some(send) {
            self.disclosed_at = None;
        }
    }

    /// The send has happened after all. If the bot was to disclose itself by it, and has not done so by another, it has.
    pub(super) fn redone(&mut self, send: SendId, left_at: Option<Timestamp>) {
        if self.disclosed_by == Some(send) && self.disclosed_at.is_none() {
            self.disclosed_at = left_at;
        }
    }

    /// What policy decides from.
    pub(super) fn since(&self) -> SinceDisclosed {
        SinceDisclosed {
            disclosed: self.disclosed_at.is_some(),
            said_at: self.at,
            silence: self.silence,
            others_spoke: self.others_spoke,
        }
    }
}
