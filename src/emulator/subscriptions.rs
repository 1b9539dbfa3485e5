//! What the app is told of: the fields of its own subscription and of each account's.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps>

use std::collections::{BTreeMap, BTreeSet};

use super::world::World;

/// The fields of a Page.
pub(super) const OF_PAGES: [&str; 50] = [
    "business_integrity",
    "call_permission_reply",
    "call_settings_update",
    "calls",
    "conversations",
    "feed",
    "follow",
    "group_feed",
    "inbox_labels",
    "leadgen",
    "marketing_message_clicks",
    "marketing_message_deliveries",
    "marketing_message_delivery_failed",
    "marketing_message_echoes",
    "marketing_message_reads",
    "mention",
    "message_context",
    "message_deliveries",
    "message_echoes",
    "message_edits",
    "message_mention",
    "message_reactions",
    "message_reads",
    "message_template_status_update",
    "messages",
    "messaging_account_linking",
    "messaging_appointments",
    "messaging_checkout_updates",
    "messaging_customer_information",
    "messaging_direct_sends",
    "messaging_fblogin_account_linking",
    "messaging_feedback",
    "messaging_game_plays",
    "messaging_handovers",
    "messaging_in_thread_lead_form_submit",
    "messaging_integrity",
    "messaging_optins",
    "messaging_optouts",
    "messaging_payments",
    "messaging_policy_enforcement",
    "messaging_postbacks",
    "messaging_pre_checkouts",
    "messaging_referrals",
    "messenger_template_status_update",
    "ratings",
    "response_feedback",
    "send_cart",
    "standby",
    "story_share",
    "user_action",
];

/// The fields of an Instagram account.
pub(super) const OF_INSTAGRAM: [&str; 25] = [
    "agent_messages",
    "comment_poll_response",
    "comments",
    "creator_marketplace_invited_creator_onboarding",
    "creator_marketplace_projects",
    "delta",
    "follow",
    "live_comments",
    "mentions",
    "message_edit",
    "message_reactions",
    "messages",
    "messaging_handover",
    "messaging_optins",
    "messaging_policy_enforcement",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "onboarding_welcome_message_series",
    "response_feedback",
    "share_to_story",
    "standby",
    "story_insights",
    "story_poll_response",
    "story_reactions",
];

/// The kinds of object that accounts are of.
pub(super) const OBJECTS: [&str; 2] = ["page", "instagram"];

/// The subscriptions. What happens before the app has any waits for it.
#[derive(Default)]
pub(super) struct Subscriptions {
    /// The app's own, by `object`; none before its first. From then on an object without one is told nothing.
    app: Option<BTreeMap<&'static str, Subscription>>,
    /// The accounts (by their place in the world) that are not as in the beginning: connected with all fields.
    accounts: BTreeMap<usize, Connection>,
}

/// The app's subscription to one kind of object.
#[derive(Clone)]
pub(super) struct Subscription {
    pub(super) callback: String,
    /// None is every field, where the app has not said which.
    pub(super) fields: Option<BTreeSet<String>>,
}

impl Subscription {
    /// To every field.
    fn to_all(callback: &str) -> Subscription {
        Subscription { callback: callback.to_owned(), fields: None }
    }

    /// The fields by name.
    pub(super) fn names(&self, object: &str) -> BTreeSet<String> {
        self.fields.clone().unwrap_or_else(|| all(object).collect())
    }
}

/// How the app stands with an account.
enum Connection {
    /// Subscribed to these fields.
    Fields(BTreeSet<String>),
    /// Not subscribed, as the app has wanted it.
    Ended,
    /// Not subscribed any more: the callback has failed for an hour.
    CutOff,
}

impl Subscriptions {
    /// Whether the app has ever subscribed, so that there is somewhere to deliver to.
    pub(super) fn has_begun(&self) -> bool {
        self.app.is_some()
    }

    /// Where the events of a kind of object go.
    pub(super) fn callback(&self, object: &str) -> Option<&str> {
        self.of_app(object).map(|subscription| subscription.callback.as_str())
    }

    /// Whether events of `field` at the account (by its place in the world), which is of the kind `object`, are delivered.
    pub(super) fn wants(&self, account: usize, object: &str, field: &str) -> bool {
        let has = |fields: &BTreeSet<String>| fields.contains(field);
        let by_app = !self.has_begun()
            || self.of_app(object).is_some_and(|subscription| subscription.fields.as_ref().is_none_or(has));
        by_app
            && match self.accounts.get(&account) {
                // On Instagram an account has no choice of its own: it is told of whatever the app is subscribed to.
                None => true,
                Some(Connection::Fields(fields)) => object == "instagram" || has(fields),
                Some(Connection::Ended | Connection::CutOff) => false,
            }
    }

    /// The callback has failed for too long: nothing of the account is delivered any more.
    pub(super) fn cut_off(&mut self, account: usize) {
        self.accounts.insert(account, Connection::CutOff);
    }

    /// Whether the account was cut off.
    pub(super) fn is_cut_off(&self, account: usize) -> bool {
        matches!(self.accounts.get(&account), Some(Connection::CutOff))
    }

    /// Subscribes the app to every field of every account, as in the beginning.
    pub(super) fn connect_all(&mut self) {
        self.accounts.clear();
    }

    /// Subscribes the app to an account, in the place of what it was subscribed to there.
    pub(super) fn connect(&mut self, world: &World, account: usize, fields: &BTreeSet<String>) {
        for at in behind(world, account) {
            self.accounts.insert(at, Connection::Fields(fields.clone()));
        }
    }

    /// Ends the subscription to an account.
    pub(super) fn disconnect(&mut self, world: &World, account: usize) {
        for at in behind(world, account) {
            self.accounts.insert(at, Connection::Ended);
        }
    }

    /// The fields of an account's subscription; none where there is none.
    pub(super) fn connected(&self, world: &World, account: usize) -> Option<Vec<String>> {
        let object = world.accounts[account].platform.object();
        match self.accounts.get(&account) {
            Some(Connection::Fields(fields)) if object == "page" => Some(fields.iter().cloned().collect()),
            None | Some(Connection::Fields(_)) => Some(all(object).collect()),
            Some(Connection::Ended | Connection::CutOff) => None,
        }
    }

    /// Puts a subscription of the app in the place of the one it had, none to end it.
    pub(super) fn set_app(&mut self, object: &'static str, subscription: Option<Subscription>) {
        let app = self.app.get_or_insert_default();
        match subscription {
            Some(subscription) => drop(app.insert(object, subscription)),
            None => drop(app.remove(object)),
        }
    }

    /// Subscribes the app to everything there is, with one callback.
    pub(super) fn set_all(&mut self, callback: &str) {
        self.app = Some(OBJECTS.into_iter().map(|object| (object, Subscription::to_all(callback))).collect());
        self.connect_all();
    }

    /// The app's subscription to a kind of object.
    pub(super) fn of_app(&self, object: &str) -> Option<&Subscription> {
        self.app.as_ref()?.get(object)
    }
}

fn all(object: &str) -> impl Iterator<Item = String> {
    names(object).iter().map(|name| (*name).to_owned())
}

/// The fields of a kind of object.
pub(super) fn names(object: &str) -> &'static [&'static str] {
    if object == "instagram" { &OF_INSTAGRAM } else { &OF_PAGES }
}

/// The account, and the Instagram accounts that are reached through it.
fn behind(world: &World, account: usize) -> impl Iterator<Item = usize> {
    let node = world.accounts[account].node();
    (0..world.accounts.len()).filter(move |&at| at == account || (node.is_some() && world.accounts[at].node() == node))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// What is wanted of the Page, then of the Instagram account behind it.
    fn check(subscriptions: &Subscriptions, expected: [bool; 4]) {
        let asked = [(0, "page", "messages"), (0, "page", "feed")].into_iter();
        let asked = asked.chain([(1, "instagram", "messages"), (1, "instagram", "comments")]);
        let wanted: Vec<bool> = asked.map(|(at, object, field)| subscriptions.wants(at, object, field)).collect();
        assert_eq!(wanted, expected);
    }

    #[test]
    fn an_app_is_told_what_it_and_the_account_are_subscribed_to() {
        let (world, mut subscriptions) = (World::default(), Subscriptions::default());
        let app = |names: &[&str]| Some(Subscription { callback: "http://bot/".into(), fields: Some(fields(names)) });
        check(&subscriptions, [true; 4]);
        subscriptions.connect(&world, 0, &fields(&["messages"]));
        check(&subscriptions, [true, false, true, true]);
        subscriptions.set_app("instagram", app(&["comments"]));
        check(&subscriptions, [false, false, false, true]);
        subscriptions.set_app("page", app(&["feed"]));
        check(&subscriptions, [false, false, false, true]);
        subscriptions.connect(&world, 0, &fields(&["feed", "messages"]));
        check(&subscriptions, [false, true, false, true]);
        subscriptions.set_app("instagram", None);
        check(&subscriptions, [false, true, false, false]);
        subscriptions.set_all("http://other/");
        check(&subscriptions, [true; 4]);
        assert_eq!(subscriptions.callback("instagram"), Some("http://other/"));
    }

    #[test]
    fn an_account_is_connected_or_ended_or_cut_off() {
        let (world, mut subscriptions) = (World::default(), Subscriptions::default());
        let is_connected =
            |subscriptions: &Subscriptions| [0, 1].map(|at| subscriptions.connected(&world, at).is_some());
        assert_eq!(is_connected(&subscriptions), [true, true]);
        subscriptions.cut_off(0);
        assert_eq!((is_connected(&subscriptions), subscriptions.is_cut_off(0)), ([false, true], true));
        check(&subscriptions, [false, false, true, true]);
        subscriptions.disconnect(&world, 0);
        assert_eq!((is_connected(&subscriptions), subscriptions.is_cut_off(0)), ([false, false], false));
        check(&subscriptions, [false; 4]);
        subscriptions.connect(&world, 0, &fields(&["messages"]));
        assert_eq!(subscriptions.connected(&world, 0), Some(vec!["messages".to_owned()]));
        subscriptions.connect_all();
        assert_eq!(subscriptions.connected(&world, 0).map(|fields| fields.len()), Some(OF_PAGES.len()));
        check(&subscriptions, [true; 4]);
    }
}
