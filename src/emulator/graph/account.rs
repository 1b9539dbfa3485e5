//! The objects behind the accounts: the Page, the Instagram account, the person who runs them, the app.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/page>,
//! <https://developers.facebook.com/docs/instagram-platform/reference/instagram-user>

use serde_json::{Value, json};

use super::super::world::{Account, Platform, username};
use super::accounts::USER;
use super::ask::Ask;
use super::conversations;
use super::object::{Object, Part};
use super::threads;

const TASKS: [&str; 6] = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"];

/// Fields that a Page has and nothing here fills: they are known, and left out.
const UNFILLED: [&str; 14] = [
    "bio",
    "business",
    "company_overview",
    "cover",
    "emails",
    "global_brand_page_name",
    "hours",
    "location",
    "mission",
    "overall_star_rating",
    "page_token",
    "phone",
    "single_line_address",
    "whatsapp_number",
];

/// The account at this place in the world.
pub(super) fn of<'a>(ask: &'a Ask<'_>, at: usize) -> Object<'a> {
    match ask.shared.world.accounts[at].platform {
        Platform::Messenger => page(ask, at),
        Platform::Instagram => instagram(ask, at),
        Platform::InstagramLogin => by_login(ask, at),
    }
}

/// A Page.
pub(super) fn page<'a>(ask: &'a Ask<'_>, at: usize) -> Object<'a> {
    let account = &ask.shared.world.accounts[at];
    let followers = ask.shared.world.chats_of(at).count();
    let values = [
        ("name", json!(account.name)),
        ("access_token", json!(account.access_token.expose())),
        ("category", json!("Shopping & retail")),
        ("category_list", json!([{"id": "2201", "name": "Shopping & retail"}])),
        ("tasks", json!(TASKS)),
        ("username", json!(username(&account.name))),
        ("link", json!(format!("https://www.facebook.com/{}", account.id))),
        ("about", json!("An emulated Page")),
        ("description", json!("It stands in for a Page at Meta while a bot is written.")),
        ("website", json!("https://shop.example/")),
        ("picture", picture(&account.id)),
        ("fan_count", json!(followers)),
        ("followers_count", json!(followers)),
        ("new_like_count", json!(0)),
        ("talking_about_count", json!(0)),
        ("rating_count", json!(0)),
        ("unread_message_count", json!(0)),
        ("unread_notif_count", json!(0)),
        ("is_published", json!(true)),
        ("is_webhooks_subscribed", json!(ask.state.subscriptions.connected(&ask.shared.world, at).is_some())),
        ("verification_status", json!("not_verified")),
        ("can_post", json!(true)),
        ("has_added_app", json!(true)),
        ("messaging_feature_status", threads::features(ask.shared.world.app.routing_default)),
    ];
    let unfilled = UNFILLED.into_iter().map(|name| (name, Value::Null));
    let mut object = Object::plain("Page", &account.id, &["name"], values.into_iter().chain(unfilled));
    for name in ["instagram_business_account", "connected_instagram_account"] {
        let linked = linked(ask, account).map(|at| Part::Object(instagram(ask, at)));
        object.parts.push((name, linked.unwrap_or(Part::Value(Value::Null))));
    }
    object.parts.push(conversations_of(ask, at));
    object
}

fn linked(ask: &Ask<'_>, page: &Account) -> Option<usize> {
    let is_linked =
        |account: &Account| account.platform == Platform::Instagram && account.page_id.as_ref() == Some(&page.id);
    ask.shared.world.accounts.iter().position(is_linked)
}

/// An Instagram account as it shows behind its Page.
fn instagram<'a>(ask: &'a Ask<'_>, at: usize) -> Object<'a> {
    let account = &ask.shared.world.accounts[at];
    let mut object = Object::plain("IGUser", &account.id, &[], on_instagram(ask, at));
    object.parts.push(("ig_id", Part::Value(json!(account.id.parse::<u64>().ok()))));
    object.parts.push(conversations_of(ask, at));
    object
}

/// An Instagram account as it shows to a login of its own: `id` is the app's own name for it, `user_id` that of the webhooks.
fn by_login<'a>(ask: &'a Ask<'_>, at: usize) -> Object<'a> {
    let account = &ask.shared.world.accounts[at];
    // Who asks for `me` wants to know whose the token is.
    let usual: &[&str] = if ask.node == "me" { &["user_id", "username"] } else { &[] };
    let mut object = Object::plain("IGUser", account.other_id(), usual, on_instagram(ask, at));
    object.parts.push(("user_id", Part::Value(json!(account.id))));
    object.parts.push(("account_type", Part::Value(json!("BUSINESS"))));
    object.parts.push(conversations_of(ask, at));
    object
}

fn on_instagram(ask: &Ask<'_>, at: usize) -> [(&'static str, Value); 8] {
    let account = &ask.shared.world.accounts[at];
    [
        ("username", json!(username(&account.name))),
        ("name", json!(account.name)),
        ("biography", json!("An emulated Instagram account")),
        ("website", json!("https://shop.example/")),
        ("profile_picture_url", json!(format!("https://scontent.cdninstagram.com/profilepic/{}", account.id))),
        ("followers_count", json!(ask.shared.world.chats_of(at).count())),
        ("follows_count", json!(0)),
        // What people comment on.
        ("media_count", json!(1)),
    ]
}

/// The person who runs the Pages.
pub(super) fn user() -> Object<'static> {
    let values = [
        ("name", json!("Emulated Admin")),
        ("first_name", json!("Emulated")),
        ("last_name", json!("Admin")),
        ("email", Value::Null),
        ("picture", picture(USER)),
    ];
    Object::plain("User", USER, &["name"], values)
}

/// The app.
pub(super) fn application(id: &str) -> Object<'static> {
    let link = format!("https://www.facebook.com/games/?app_id={id}");
    let values = [
        ("name", json!("Emulated App")),
        ("category", json!("Business")),
        ("link", json!(link)),
        ("namespace", Value::Null),
    ];
    Object::plain("Application", id, &["name"], values)
}

fn picture(id: &str) -> Value {
    let url = format!("https://platform-lookaside.fbsbx.com/platform/profilepic/?asid={id}");
    json!({"data": {"height": 50, "is_silhouette": false, "url": url, "width": 50}})
}

fn conversations_of<'a>(ask: &'a Ask<'_>, at: usize) -> (&'static str, Part<'a>) {
    let list = move || {
        let found = conversations::of(ask.shared, ask.state, at);
        found.into_iter().map(|one| one.object(ask.now)).collect()
    };
    ("conversations", Part::List(Box::new(list)))
}
