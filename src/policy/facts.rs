//! What is known when a send is decided: of the account from the settings, of the conversation from the ledger.

use crate::clock::Timestamp;
use crate::event::Kind;
use crate::id::{PersonId, SendId};
use crate::settings::{Account, Feature, Platform};

/// What the settings say of an account.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Where it is.
    pub platform: Platform,
    /// What Meta granted it.
    pub features: Vec<Feature>,
}

impl Standing {
    /// That of an account in the settings.
    pub fn of(account: &Account) -> Standing {
        Standing { platform: account.platform, features: account.features.clone() }
    }

    /// Whether Meta granted the account a feature.
    pub fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }
}

/// What the ledger knows of one conversation, and of the right that the request's recipient names.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Whose conversation it is.
    pub person: Option<PersonId>,
    /// The standard messaging window, where the person ever opened it.
    pub window: Option<Window>,
    /// When the person last wrote, by Meta's clock, and never later than its arrival here: people may answer that for
    /// seven days.
    pub last_message_at: Option<Timestamp>,
    /// Meta has blocked the account's sends, and said nothing else since.
    pub blocked: Option<Enforcement>,
    /// The right that the recipient names: a comment's, a post's, a token's. `None` for one that was never given.
    pub right: Option<Right>,
}

/// When the person last did something that opens the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The time of that event, by Meta's clock, and never later than its arrival here.
    pub opened_at: Timestamp,
    /// What the person did.
    pub opened_by: Kind,
}

impl Window {
    /// When it shuts.
    pub fn closes_at(&self) -> Timestamp {
        self.opened_at + super::periods::WINDOW
    }

    /// Whether it is open at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.closes_at()
    }
}

/// Meta's block of an account's sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enforcement {
    /// Since when.
    pub since: Timestamp,
    /// How Meta told of it.
    pub signal: Signal,
}

/// How Meta tells that an account's sends are blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// By the webhook `messaging_policy_enforcement`.
    Webhook,
    /// In answer to a send.
    Answer,
}

/// What a person gave beside the window: leave to send to a comment, a post, a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// One private reply to a comment or a visitor's post.
    PrivateReply {
        /// When that was written. An edit does not renew it.
        at: Timestamp,
        /// Whether it was written below a broadcast.
        live: bool,
        /// The send that has used it.
        taken_by: Option<SendId>,
    },
    /// One notification.
    OneTime {
        /// When the person agreed.
        created_at: Timestamp,
        /// The send that has used it.
        taken_by: Option<SendId>,
    },
    /// Marketing messages.
    Marketing {
        /// When the last one was sent.
        last_sent: LastSent,
        /// Which send that was.
        last_sent_by: Option<SendId>,
        /// When the right ends, where Meta said so.
        expires_at: Option<Timestamp>,
        /// Whether the person wants no more.
        stopped: bool,
    },
}

/// When the last marketing message on a token was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastSent {
    /// None ever was.
    Never,
    /// Then, or it may have been.
    At(Timestamp),
    /// It may leave at any moment: there is no room for another beside it.
    Unsettled,
}
