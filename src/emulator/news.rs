//! What is told to the callback: an item, the list of an entry that it stands in, the field that must be subscribed for it, and
//! the body that carries it.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/webhooks#event-notifications>

use serde_json::{Value, json};

use crate::clock::Timestamp;

use super::faults::Traits;
use super::world::{Platform, World};

/// The keys that tell what a messaging item is, with the field of a Page and of an Instagram account; null where nothing is
/// told of it there. The first that an item has decides.
const FIELDS: [(&str, Option<&str>, Option<&str>); 20] = [
    ("message", Some("messages"), Some("messages")),
    ("message_edit", Some("message_edits"), Some("message_edit")),
    ("postback", Some("messaging_postbacks"), Some("messaging_postbacks")),
    ("reaction", Some("message_reactions"), Some("message_reactions")),
    ("read", Some("message_reads"), Some("messaging_seen")),
    ("delivery", Some("message_deliveries"), None),
    ("optin", Some("messaging_optins"), Some("messaging_optins")),
    ("referral", Some("messaging_referrals"), Some("messaging_referral")),
    ("pass_thread_control", Some("messaging_handovers"), Some("messaging_handover")),
    ("take_thread_control", Some("messaging_handovers"), Some("messaging_handover")),
    ("request_thread_control", Some("messaging_handovers"), Some("messaging_handover")),
    ("policy_enforcement", Some("messaging_policy_enforcement"), Some("messaging_policy_enforcement")),
    ("account_linking", Some("messaging_account_linking"), None),
    ("messaging_feedback", Some("messaging_feedback"), None),
    ("response_feedback", Some("response_feedback"), Some("response_feedback")),
    ("messaging_customer_information", Some("messaging_customer_information"), None),
    ("order", Some("send_cart"), None),
    ("form", Some("messaging_in_thread_lead_form_submit"), None),
    ("call_permission_reply", Some("call_permission_reply"), None),
    ("game_play", Some("messaging_game_plays"), None),
];

/// What an app hears of a conversation that belongs to another.
const ON_STANDBY: [&str; 4] = ["message", "postback", "read", "delivery"];

/// An item in its list.
#[derive(Clone, Debug)]
pub(super) struct News {
    /// `object` of the body: items of one object can share a body.
    pub(super) object: &'static str,
    pub(super) list: List,
    field: Option<String>,
    item: Value,
}

/// The lists of an entry; an entry has one of them, or is an item itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Messaging,
    /// As `Messaging`, while another app owns the conversation.
    Standby,
    /// `{"field","value"}`: what happens beside the conversations.
    Changes,
    Calls,
    /// No list: the entry is the item, and has neither the account's id nor a time.
    Flat,
}

impl List {
    fn key(self) -> &'static str {
        match self {
            List::Messaging => "messaging",
            List::Standby => "standby",
            List::Changes => "changes",
            List::Calls => "calls",
            List::Flat => "",
        }
    }
}

impl News {
    /// An item as an account of this platform tells it. Where the conversation is another app's, a postback loses its
    /// payload: it is for the app that set it.
    pub(super) fn of(platform: Platform, mut item: Value, is_anothers: bool) -> News {
        let list = if item["value"].is_object() && item["field"].is_string() {
            List::Changes
        } else if item.get("call_direction").is_some() {
            List::Calls
        } else if item.get("call_permission_reply").is_some() {
            List::Flat
        } else if is_anothers && ON_STANDBY.iter().any(|key| item.get(key).is_some()) {
            List::Standby
        } else {
            List::Messaging
        };
        if list == List::Standby
            && let Some(postback) = item.get_mut("postback").and_then(Value::as_object_mut)
        {
            postback.shift_remove("payload");
        }
        News { object: platform.object(), list, field: field(platform, list, &item).map(str::to_owned), item }
    }

    /// The field that must be subscribed; none where the platform does not tell of this at all.
    pub(super) fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// Whether it is a message of the business, told to the app.
    pub(super) fn is_echo(&self) -> bool {
        is_echo(&self.item)
    }

    /// The item itself.
    pub(super) fn item(&self) -> &Value {
        &self.item
    }

    /// What a fault of deliveries looks at in it; what the app is subscribed to does not show here.
    pub(super) fn traits(&self) -> Traits {
        let message = &self.item["message"];
        let is_by_person = self.list == List::Messaging && message["mid"].is_string() && !self.is_echo();
        Traits {
            is_echo: self.is_echo(),
            is_on_instagram: self.object == "instagram",
            is_message: is_by_person && message.get("is_deleted").is_none(),
            has_text: is_by_person && message["text"].is_string(),
            takes_edits: false,
        }
    }

    /// The id of the person's message that it brings, if it brings one.
    pub(super) fn brings(&self) -> Option<&str> {
        let mid = |key: &str| self.item[key]["mid"].as_str();
        let unedited = || mid("message_edit").filter(|_| self.item["message_edit"]["num_edit"] == 0);
        mid("message").or_else(|| mid("postback")).or_else(unedited).filter(|_| !self.is_echo())
    }
}

fn is_echo(item: &Value) -> bool {
    item["message"]["is_echo"] == true
}

fn field(platform: Platform, list: List, item: &Value) -> Option<&str> {
    match list {
        List::Changes => item["field"].as_str(),
        List::Standby => Some("standby"),
        List::Calls => (!platform.is_instagram()).then_some("calls"),
        List::Messaging if is_echo(item) && !platform.is_instagram() => Some("message_echoes"),
        List::Messaging | List::Flat => {
            let (_, page, instagram) = FIELDS.iter().find(|(key, _, _)| item.get(key).is_some())?;
            *if platform.is_instagram() { instagram } else { page }
        }
    }
}

/// The body of a delivery: an entry for each inner list, of the account at this place in the world. An entry's items stand in
/// the same list. Where they are changes, its time is in seconds.
pub(super) fn envelope(world: &World, time: Timestamp, entries: &[(usize, Vec<&News>)]) -> Value {
    let entry = |(account, news): &(usize, Vec<&News>)| {
        let list = news.first().map_or(List::Messaging, |first| first.list);
        if list == List::Flat {
            return news.iter().map(|news| news.item.clone()).collect::<Vec<_>>();
        }
        let time = if list == List::Changes { time.0 / 1000 } else { time.0 };
        let items: Vec<&Value> = news.iter().map(|news| &news.item).collect();
        vec![json!({"id": world.accounts[*account].id, "time": time, list.key(): items})]
    };
    let object = entries.first().map(|(account, _)| world.accounts[*account].platform.object());
    json!({"object": object, "entry": entries.iter().flat_map(entry).collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::subscriptions::{OBJECTS, names};

    #[test]
    fn each_item_has_the_field_of_its_platform() {
        let check = |item: Value, page: Option<&str>, instagram: Option<&str>| {
            for (platform, expected) in [(Platform::Messenger, page), (Platform::InstagramLogin, instagram)] {
                assert_eq!(News::of(platform, item.clone(), false).field(), expected, "{item} on {platform:?}");
            }
        };
        check(json!({"message": {"text": "hi"}}), Some("messages"), Some("messages"));
        check(json!({"message": {"is_echo": true}}), Some("message_echoes"), Some("messages"));
        check(json!({"message_edit": {}}), Some("message_edits"), Some("message_edit"));
        check(json!({"read": {}}), Some("message_reads"), Some("messaging_seen"));
        check(json!({"delivery": {}}), Some("message_deliveries"), None);
        check(json!({"referral": {}}), Some("messaging_referrals"), Some("messaging_referral"));
        check(json!({"take_thread_control": {}}), Some("messaging_handovers"), Some("messaging_handover"));
        check(json!({"account_linking": {}}), Some("messaging_account_linking"), None);
        check(json!({"field": "feed", "value": {}}), Some("feed"), Some("feed"));
        check(json!({"unheard_of": {}}), None, None);
    }

    #[test]
    fn each_field_can_be_subscribed() {
        for (key, page, instagram) in FIELDS {
            for (object, field) in [("page", page), ("instagram", instagram)] {
                assert!(field.is_none_or(|field| names(object).contains(&field)), "{key}: {field:?} of {object}");
            }
        }
        for object in OBJECTS {
            let sorted = names(object).is_sorted_by(|one, other| one < other);
            assert!(sorted && names(object).contains(&"standby"), "{object}");
        }
    }

    #[test]
    fn standby_hides_the_payload_and_takes_no_handover() {
        let check = |item: Value, list: List, field: &str, told: Value| {
            let news = News::of(Platform::Messenger, item, true);
            assert_eq!((news.list, news.field(), &news.item), (list, Some(field), &told));
        };
        let postback = json!({"postback": {"title": "Help", "payload": "HELP"}});
        check(postback, List::Standby, "standby", json!({"postback": {"title": "Help"}}));
        let echo = json!({"message": {"is_echo": true}});
        check(echo.clone(), List::Standby, "standby", echo);
        let taken = json!({"take_thread_control": {}});
        check(taken.clone(), List::Messaging, "messaging_handovers", taken);
        let comment = json!({"field": "feed", "value": {}});
        check(comment.clone(), List::Changes, "feed", comment);
    }

    #[test]
    fn an_envelope_has_the_unit_of_time_of_each_list() {
        let world = World::default();
        let message = News::of(Platform::Instagram, json!({"message": {}}), false);
        let comment = News::of(Platform::Instagram, json!({"field": "comments", "value": {}}), false);
        assert_eq!(
            envelope(&world, Timestamp(7_001), &[(1, vec![&message, &message]), (1, vec![&comment])]),
            json!({"object": "instagram", "entry": [
                {"id": "17841400000000001", "time": 7001, "messaging": [{"message": {}}, {"message": {}}]},
                {"id": "17841400000000001", "time": 7, "changes": [{"field": "comments", "value": {}}]},
            ]})
        );
    }
}
