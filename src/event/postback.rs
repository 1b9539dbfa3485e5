use serde::Deserialize;

use super::{Referral, lenient};
use crate::id::MessageId;

/// `messaging_postbacks`: a person tapped a button, a persistent menu item, an ice breaker or Get Started.
///
/// Meta sends it for each tap on something that carries a payload of the developer's. While another app owns the conversation
/// it comes on `standby`, without the payload.
///
/// **Window:** opens the 24 hours.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_postbacks>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Postback {
    /// The id of the tap; absent in old API versions.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub mid: Option<MessageId>,
    /// What stood on the button.
    #[serde(default, deserialize_with = "lenient::text")]
    pub title: String,
    /// The developer's own text behind the button. Empty when another app made the button: Meta strips it then.
    #[serde(default, deserialize_with = "lenient::text")]
    pub payload: String,
    /// What brought the person here, when this tap began the conversation.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub referral: Option<Referral>,
}
