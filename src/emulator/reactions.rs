//! The names that Meta has for reactions, and the emoji that each is drawn as.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/message-reactions>

use super::world::Platform;

/// Any emoji without a name of its own; a person's reaction can have it, a business names the emoji.
pub(super) const OTHER: &str = "other";

const ON_MESSENGER: [(&str, &str); 8] = [
    ("smile", "😆"),
    ("angry", "😠"),
    ("sad", "😢"),
    ("wow", "😮"),
    ("love", "❤️"),
    ("like", "👍"),
    ("dislike", "👎"),
    (OTHER, "🚀"),
];

const ON_INSTAGRAM: [(&str, &str); 7] =
    [("angry", "😠"), ("sad", "😢"), ("wow", "😮"), ("love", "❤️"), ("like", "👍"), ("laugh", "😂"), (OTHER, "🚀")];

/// The names of a platform.
pub(super) fn names(platform: Platform) -> impl Iterator<Item = &'static str> {
    table(platform).iter().map(|(name, _)| *name)
}

/// The emoji of a name.
pub(super) fn emoji(platform: Platform, name: &str) -> Option<&'static str> {
    table(platform).iter().find(|(known, _)| *known == name).map(|(_, emoji)| *emoji)
}

fn table(platform: Platform) -> &'static [(&'static str, &'static str)] {
    if platform.is_instagram() { &ON_INSTAGRAM } else { &ON_MESSENGER }
}
