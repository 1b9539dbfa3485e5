//! What the app is told of: the fields of its own subscription and of each account's.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps>

use std::collections::{BTreeMap, BTreeSet};

use super::world::World;

/// The fields of a Page.
pub(super) const OF_PAGES: [&str; 47] = [
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
    "messaging_referrals",
    "ratings",
    "response_feedback",
    "send_cart",
    "standby",
    "story_share",
    "user_action",
];

/// The fields of an Instagram account.
pub(super) const OF_INSTAGRAM: [&str; 17] = [
    "agent_messages",
    "comments",
    "follow",
    "live_comments",
    "mentions",
    "message_edit",
    "message_reactions",
    "messages",
    "messaging_handover",
    "messaging_optins",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "share_to_story",
    "standby",
    "story_insights",
    "story_reactions",
];

/// The kinds of object that accounts are of.
pub(super) const OBJECTS: [&str; 2] = ["page", "instagram"];

/// The subscriptions. An app that has said nothing yet is told everything.
#[derive(Default)]
pub(super) struct Subscriptions {
    /// What the app has subscribed to, by `object`.
    app: BTreeMap<&'static str, Subscription>,
    /// What it is told of each account, by its place in the world: of the app's own subscription, and of the account's.
    told: BTreeMap<usize, Told>,
    /// The accounts for which the callback has failed for an hour.
    cut_off: BTreeSet<usize>,
}

/// The app's subscription to one kind of object.
#[derive(Clone, Default)]
pub(super) struct Subscription {
    pub(super) callback: String,
    pub(super) fields: BTreeSet<String>,
}

/// What an app is told of an account; none where it has said nothing.
#[derive(Default)]
struct Told {
    by_app: Option<BTreeSet<String>>,
    by_account: Option<Fields>,
}

/// What an account is subscribed to.
enum Fields {
    /// Whatever the app is: on Instagram an account has no choice of its own.
    All,
    These(BTreeSet<String>),
}

impl Subscriptions {
    /// Whether events of `field` at the account (by its place in the world) are delivered.
    pub(super) fn wants(&self, account: usize, field: &str) -> bool {
        if self.is_cut_off(account) {
            return false;
        }
        let Some(told) = self.told.get(&account) else { return true };
        let by_account = match &told.by_account {
            None | Some(Fields::All) => true,
            Some(Fields::These(fields)) => fields.contains(field),
        };
        by_account && told.by_app.as_ref().is_none_or(|fields| fields.contains(field))
    }

    /// The callback has failed for too long: nothing of the account is delivered any more.
    pub(super) fn cut_off(&mut self, account: usize) {
        self.cut_off.insert(account);
    }

    /// Whether the account was cut off.
    pub(super) fn is_cut_off(&self, account: usize) -> bool {
        self.cut_off.contains(&account)
    }

    /// The account is subscribed again.
    pub(super) fn restore(&mut self, account: usize) {
        self.cut_off.remove(&account);
    }

    /// Subscribes the app to an account, in the place of what it was subscribed to there.
    pub(super) fn connect(&mut self, world: &World, account: usize, fields: BTreeSet<String>) {
        for at in behind(world, account) {
            let instagram = world.accounts[at].platform.is_instagram();
            let fields = if instagram { Fields::All } else { Fields::These(fields.clone()) };
            self.told.entry(at).or_default().by_account = Some(fields);
            self.restore(at);
        }
    }

    /// Ends the subscription to an account.
    pub(super) fn disconnect(&mut self, world: &World, account: usize) {
        for at in behind(world, account) {
            self.told.entry(at).or_default().by_account = Some(Fields::These(BTreeSet::new()));
        }
    }

    /// The fields of an account's subscription; none where there is none.
    pub(super) fn connected(&self, world: &World, account: usize) -> Option<Vec<String>> {
        let all = || names(world.accounts[account].platform.object()).iter().map(|name| (*name).to_owned()).collect();
        match self.told.get(&account).and_then(|told| told.by_account.as_ref()) {
            None | Some(Fields::All) => Some(all()),
            Some(Fields::These(fields)) if fields.is_empty() => None,
            Some(Fields::These(fields)) => Some(fields.iter().cloned().collect()),
        }
    }

    /// Puts a subscription of the app in the place of the one it had, none to end it.
    pub(super) fn set_app(&mut self, world: &World, object: &'static str, subscription: Option<Subscription>) {
        let fields = subscription.as_ref().map(|subscription| subscription.fields.clone()).unwrap_or_default();
        for (at, account) in world.accounts.iter().enumerate() {
            if account.platform.object() == object {
                self.told.entry(at).or_default().by_app = Some(fields.clone());
            }
        }
        self.app.insert(object, subscription.unwrap_or_default());
    }

    /// What the app has said of a kind of object: an empty subscription once it is ended.
    pub(super) fn of_app(&self, object: &str) -> Option<&Subscription> {
        self.app.get(object)
    }
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

    #[test]
    fn an_app_is_told_what_it_and_the_account_are_subscribed_to() {
        let (world, mut subscriptions) = (World::default(), Subscriptions::default());
        let fields = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let check = |subscriptions: &Subscriptions, expected: [bool; 4]| {
            let asked = [(0, "messages"), (0, "feed"), (1, "messages"), (1, "comments")];
            assert_eq!(asked.map(|(account, field)| subscriptions.wants(account, field)), expected);
        };
        check(&subscriptions, [true; 4]);
        subscriptions.connect(&world, 0, fields(&["messages"]));
        check(&subscriptions, [true, false, true, true]);
        let app = |names: &[&str]| Some(Subscription { callback: "http://bot/".into(), fields: fields(names) });
        subscriptions.set_app(&world, "instagram", app(&["comments"]));
        check(&subscriptions, [true, false, false, true]);
        subscriptions.set_app(&world, "page", app(&["feed"]));
        check(&subscriptions, [false, false, false, true]);
        subscriptions.connect(&world, 0, fields(&["feed", "messages"]));
        check(&subscriptions, [false, true, false, true]);
        subscriptions.disconnect(&world, 0);
        check(&subscriptions, [false; 4]);
        assert_eq!(subscriptions.connected(&world, 0), None);
    }
}
