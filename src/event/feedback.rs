use std::collections::BTreeMap;

use serde::Deserialize;

use super::lenient;
use super::words::words;
use crate::id::MessageId;

/// `messaging_feedback` and `response_feedback`: a person told what they think.
///
/// Meta sends the first when a person has filled in a customer feedback template, the second when they have rated one message
/// with a thumb (Facebook Pages, and Instagram through its Page).
///
/// **Window:** does not open it.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_feedback>,
/// <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/response_feedback>
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Feedback {
    /// The answers to a feedback template.
    Survey(Survey),
    /// A thumb on one message.
    Response(ResponseFeedback),
}

/// The answers to a feedback template.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Survey {
    /// Screen by screen; today there is one.
    #[serde(default, rename = "feedback_screens", deserialize_with = "lenient::readable")]
    pub screens: Vec<FeedbackScreen>,
}

/// One screen of a feedback template.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct FeedbackScreen {
    /// Its number.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub screen_id: Option<i64>,
    /// The answers, by the questions' ids.
    #[serde(default, deserialize_with = "lenient::entries")]
    pub questions: BTreeMap<String, FeedbackAnswer>,
}

/// An answer in a feedback template.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct FeedbackAnswer {
    /// Meta's word for the question's kind: `csat`, `nps`, `ces`; of a follow-up `free_form`.
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    pub kind: String,
    /// The score, or the free text.
    #[serde(default, deserialize_with = "lenient::text")]
    pub payload: String,
    /// What the person added.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub follow_up: Option<Box<FeedbackAnswer>>,
}

/// A thumb on one message.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ResponseFeedback {
    /// Which way it points.
    #[serde(default)]
    pub feedback: Rating,
    /// The rated message.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub mid: Option<MessageId>,
}

words! {
    /// Which way a thumb points.
    Rating {
        /// Up.
        Good = "Good response",
        /// Down.
        Bad = "Bad response",
    }
}
