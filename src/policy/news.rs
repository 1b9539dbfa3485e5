//! P9: news, from Pages in Meta's News Page Index.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/policy/policy-overview#news_messaging>

use super::refusal::{Refusal, refuse};
use super::{Facts, Standing, start};
use crate::message::Message;
use crate::settings::Feature;

/// P9.2.
pub(super) const TAG: &str = "NON_PROMOTIONAL_SUBSCRIPTION";

/// P9.1, P9.3. A news Page may send news, and nothing that sells, to who once wrote to it. Whether that person has subscribed
/// is told by no webhook: it is the author's to know.
pub(super) fn check(standing: &Standing, facts: &Facts, message: &Message) -> Result<(), Refusal> {
    if !standing.has(Feature::News) {
        return refuse("P9.1", "the account does not have the feature news");
    }
    if matches!(message.template_type(), Some("coupon" | "product")) {
        return refuse("P9.3", "a coupon or product is no news");
    }
    start::opened(facts).map(drop)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::policy::fixture::{Case, DAY, template};
    use crate::settings::Feature;

    fn news(mut wish: Value) -> Case {
        wish["messaging_type"] = json!("MESSAGE_TAG");
        wish["tag"] = json!("NON_PROMOTIONAL_SUBSCRIPTION");
        Case::of(wish)
    }

    #[test]
    fn p9_1_news_is_for_news_pages() {
        news(json!({})).is(0, None);
        news(json!({})).is(400 * DAY, None);
        news(json!({})).without(Feature::News).is(0, Some("P9.1"));
        news(json!({})).never_opened().is(0, Some("P0.1"));
    }

    #[test]
    fn p9_3_what_sells_is_no_news() {
        for (kind, rule) in [("coupon", Some("P9.3")), ("product", Some("P9.3")), ("generic", None)] {
            news(template(kind)).is(0, rule);
        }
    }
}
