//! `messaging_optins`: a person opted in, through a plugin on a web page or an opt-in message.
//!
//! The Send-to-Messenger and checkbox plugins open the 24-hour window; an opt-in to notifications gives a token instead.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_optins>

use serde::Deserialize;

use super::lenient;
use crate::id::PersonId;

/// An opt-in.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Optin {
    /// `one_time_notif_req`, `notification_messages`; absent for a plugin.
    #[serde(default, rename = "type", deserialize_with = "lenient::or_absent")]
    pub kind: Option<String>,
    /// The developer's own text in the plugin or link.
    #[serde(default, rename = "ref", deserialize_with = "lenient::or_absent")]
    pub reference: Option<String>,
    /// Checkbox plugin: the only name by which the person is known until they write.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub user_ref: Option<PersonId>,
    /// The developer's own text in the opt-in message.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub payload: Option<String>,
}

impl Optin {
    /// Whether it came from a plugin on a web page.
    pub fn is_plugin(&self) -> bool {
        self.kind.is_none()
    }
}
