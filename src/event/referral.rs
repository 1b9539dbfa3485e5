use serde::Deserialize;

use super::lenient;
use crate::id::ObjectId;

/// `messaging_referrals` (Instagram: `messaging_referral`): a link or an ad brought the person to a conversation that exists.
///
/// Meta sends it when a person follows an `m.me` or `ig.me` link with a `ref`, or clicks an ad, and has written before. In a
/// new conversation it comes inside the Get Started postback or the first message.
///
/// **Window:** an `m.me` or `ig.me` link opens the 24 hours; an ad does so only once the person writes.
///
/// Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_referrals>
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Referral {
    /// The developer's own text in the link.
    #[serde(default, rename = "ref", deserialize_with = "lenient::or_absent")]
    pub reference: Option<String>,
    /// Meta's word for the origin: `SHORTLINK`, `ADS`, ….
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub source: Option<String>,
    /// Meta's word for what happened: `OPEN_THREAD`; for lead ads `LEAD_COMPLETE`, `LEAD_INCOMPLETE`.
    #[serde(default, rename = "type", deserialize_with = "lenient::or_absent")]
    pub kind: Option<String>,
    /// The ad.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub ad_id: Option<ObjectId>,
    /// The web page from which a chat plugin was used.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub referer_uri: Option<String>,
    /// What the ad showed.
    #[serde(default, rename = "ads_context_data", deserialize_with = "lenient::or_absent")]
    pub ad: Option<AdContext>,
    /// The product that the person asks about, on a Shops page.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub product: Option<Product>,
    /// Lead ads: what the person answered so far.
    #[serde(skip)]
    pub answers: Vec<LeadAnswer>,
}

impl Referral {
    /// Whether an ad brought the person here. What is not plainly a link counts as an ad, so that the window stays shut.
    pub fn is_ad(&self) -> bool {
        self.ad_id.is_some() || !matches!(self.source.as_deref(), Some("SHORTLINK" | "SHORTLINKS"))
    }
}

/// What an ad showed.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AdContext {
    /// Its title.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub ad_title: Option<String>,
    /// Its picture.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub photo_url: Option<String>,
    /// Its video's picture.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub video_url: Option<String>,
    /// The post that was advertised.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub post_id: Option<ObjectId>,
    /// The product that was advertised.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub product_id: Option<ObjectId>,
    /// The message flow behind the ad.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub flow_id: Option<ObjectId>,
}

/// A product of a shop.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Product {
    /// Its id.
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub id: Option<ObjectId>,
}

/// A question of a lead ad, and what was answered.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct LeadAnswer {
    /// What was asked.
    #[serde(default, deserialize_with = "lenient::text")]
    pub question: String,
    /// What was answered.
    #[serde(default, deserialize_with = "lenient::text")]
    pub answer: String,
}

/// The `lead` beside a lead ad's `referral`.
#[derive(Deserialize)]
pub(super) struct Lead {
    #[serde(default, deserialize_with = "lenient::readable")]
    pub(super) data: Vec<LeadAnswer>,
}
