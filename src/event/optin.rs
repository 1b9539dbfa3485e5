use serde::Deserialize;

use super::lenient;
use super::words::words;
use crate::clock::Timestamp;
use crate::id::PersonId;
use crate::secret::Secret;

/// `messaging_optins`: a person opted in, through a plugin on a web page or an opt-in message.
///
/// Meta sends it for the Send-to-Messenger and checkbox plugins ([`kind`](Optin::kind) absent), and for what a person answers
/// to a request for one-time or marketing notifications, which then carries a token. By the checkbox plugin a person is known
/// by [`user_ref`](Optin::user_ref) alone, and a reply goes there.
///
/// **Window:** the plugins open the 24 hours; an opt-in to notifications does not.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_optins>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Optin {
    /// What was agreed to; absent for a plugin.
    #[serde(default, rename = "type")]
    pub kind: Option<OptinKind>,
    /// The developer's own text in the plugin or link.
    #[serde(default, rename = "ref", deserialize_with = "lenient::or_absent")]
    pub reference: Option<String>,
    /// Checkbox plugin: the only name by which the person is known until they write.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub user_ref: Option<PersonId>,
    /// The developer's own text in the opt-in message.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub payload: Option<String>,
    /// The title of the opt-in message.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub title: Option<String>,
    /// The right to one notification.
    #[serde(default, deserialize_with = "lenient::secret")]
    pub one_time_notif_token: Option<Secret>,
    /// The right to marketing messages.
    #[serde(default, deserialize_with = "lenient::secret")]
    pub notification_messages_token: Option<Secret>,
    /// How often marketing messages were agreed to, before API version 16: `DAILY`, `WEEKLY`, `MONTHLY`.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub notification_messages_frequency: Option<String>,
    /// The person's time zone: `Europe/Berlin`.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub notification_messages_timezone: Option<String>,
    /// The topic of the opt-in link.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub notification_messages_topic: Option<String>,
    /// Whether marketing messages were stopped or resumed; absent when they were first agreed to.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub notification_messages_status: Option<NotificationStatus>,
    /// When the token for marketing messages ends.
    #[serde(default, rename = "token_expiry_timestamp", deserialize_with = "lenient::timestamp")]
    pub token_expires_at: Option<Timestamp>,
    /// Whether the token was renewed: `REFRESHED`, `NOT_REFRESHED`.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub user_token_status: Option<String>,
    /// Where an opt-in link was: `SHORTLINK`.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub source: Option<String>,
}

impl Optin {
    /// Whether it came from a plugin on a web page. What carries a token did not, whatever it says of itself.
    pub fn is_plugin(&self) -> bool {
        self.kind.is_none() && self.one_time_notif_token.is_none() && self.notification_messages_token.is_none()
    }
}

words! {
    /// What was agreed to.
    OptinKind {
        /// One notification.
        OneTimeNotification = "one_time_notif_req",
        /// Marketing messages.
        NotificationMessages = "notification_messages",
    }
}

words! {
    /// What became of an agreement to marketing messages.
    NotificationStatus {
        /// No more of them.
        Stop = "STOP NOTIFICATIONS" | "STOP_NOTIFICATIONS",
        /// They may come again.
        Resume = "RESUME NOTIFICATIONS" | "RESUME_NOTIFICATIONS",
    }
}
