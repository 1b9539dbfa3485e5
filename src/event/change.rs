//! The items of a `changes` list: `field` says what the `value` is about.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::item::Item;
use super::{Event, comment, lenient};
use crate::id::AccountId;

/// A change, whether it stands in a list or, as some of Meta's pages print it, flat in its entry. What a group's feed tells
/// comes flat too, in a `messaging` list.
#[derive(Deserialize)]
pub(super) struct Change<'a> {
    #[serde(default, deserialize_with = "lenient::or_absent")]
    field: Option<String>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

impl<'a> Change<'a> {
    /// What the item's people and times are read from: the `value`, where it has one.
    pub(super) fn of(item: &'a RawValue) -> Option<(Change<'a>, &'a RawValue)> {
        let change: Change<'a> = lenient::object(item)?;
        let content = match change.value {
            Some(value) if change.field.is_some() && value.get().starts_with('{') => value,
            _ => item,
        };
        Some((change, content))
    }

    /// Whether it tells of another app's conversation, in the form that the dashboard's test button sends.
    pub(super) fn is_standby(&self) -> bool {
        self.field.as_deref() == Some("standby")
    }

    /// The event: by the field's name where it tells of posts, else by the keys of the content. The dashboard's test button
    /// sends what `messaging` lists in this form too, whatever its field.
    pub(super) fn event(&self, account: &AccountId, content: &RawValue, item: &Item<'_>) -> Option<Event> {
        let comment = match self.field.as_deref() {
            Some("feed" | "group_feed") => {
                lenient::object(content).and_then(|feed: comment::Wire| feed.of_feed(account))
            }
            Some(field @ ("comments" | "live_comments")) => {
                let is_live = field == "live_comments";
                lenient::object(content).and_then(|comment: comment::Wire| comment.of_instagram(account, is_live))
            }
            Some("mention" | "mentions") => return lenient::object(content).map(Event::Mention),
            // A test delivery has both ends; what else has a `message` in it, say a rating, has not.
            Some(_) if item.sender.is_none() && item.recipient.is_none() => return None,
            _ => return item.event(account),
        };
        comment.map(Event::Comment)
    }
}
