use std::collections::BTreeMap;

use serde::Deserialize;

use super::lenient;
use crate::id::AppId;

/// `messaging_handovers` (Instagram: `messaging_handover`): the conversation went to another app or inbox, or one asked for it.
///
/// Meta sends it when a conversation's owner changes. It does not tell that control was released, or taken of a conversation
/// that no app owned.
///
/// **Window:** does not open it.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_handovers>
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Handover {
    /// The owner gave the conversation to another app.
    Pass(Control),
    /// An app with the right to do so took the conversation.
    Take(Control),
    /// An app asks the owner for the conversation.
    Request(ControlRequest),
    /// The retired protocol's roles. It concerns no person.
    Roles(Roles),
}

/// Who plays which part: app ids, each with `primary_receiver`, `secondary_receiver`.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Roles(#[serde(deserialize_with = "lenient::lists")] pub BTreeMap<String, Vec<String>>);

/// From whom a conversation went to whom.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Control {
    /// Who had it; absent when no app did.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub previous_owner_app_id: Option<AppId>,
    /// Who has it now.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub new_owner_app_id: Option<AppId>,
    /// What the one app tells the other.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub metadata: Option<String>,
}

/// Who asks for a conversation.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ControlRequest {
    /// The app that asks.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub requested_owner_app_id: Option<AppId>,
    /// What it tells the owner.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub metadata: Option<String>,
}
