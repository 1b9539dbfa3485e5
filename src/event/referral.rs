//! `messaging_referrals` (Instagram: `messaging_referral`): a link or an ad brought the person to a conversation that exists.
//!
//! An `m.me` or `ig.me` link opens the 24-hour window; an ad does so only once the person writes.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_referrals>

use serde::Deserialize;
use serde_json::Value;

use super::lenient;

/// Where a person came from.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Referral {
    /// The developer's own text in the link.
    #[serde(default, rename = "ref", deserialize_with = "lenient::or_absent")]
    pub reference: Option<String>,
    /// Meta's word for the origin: `SHORTLINK`, `ADS`, ….
    #[serde(default, deserialize_with = "lenient::or_absent")]
    pub source: Option<String>,
    /// Meta's word for what happened: `OPEN_THREAD`, ….
    #[serde(default, rename = "type", deserialize_with = "lenient::or_absent")]
    pub kind: Option<String>,
    /// The ad's id; a number in places.
    #[serde(default)]
    pub ad_id: Option<Value>,
    /// The product that the person asks about, on a Shops page.
    #[serde(default)]
    pub product: Option<Value>,
}

impl Referral {
    /// Whether an ad brought the person here. What is not plainly a link counts as an ad, so that the window stays shut.
    pub fn is_ad(&self) -> bool {
        self.ad_id.is_some() || !matches!(self.source.as_deref(), Some("SHORTLINK" | "SHORTLINKS"))
    }
}
