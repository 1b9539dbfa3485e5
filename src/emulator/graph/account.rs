//! The objects behind the accounts: the Page, the Instagram account, the person who runs them, the app.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/page>,
//! <https://developers.facebook.com/docs/instagram-platform/reference/instagram-user>

use serde_json::{Value, json};

use super::super::world::{Account, Platform, username};
use super::ask::Ask;
use super::conversations;
use super::object::{Object, Part};
use super::threads;

/// The person who is logged in to the app.
pub(super) const USER: &str = "218471000000001";

const TASKS: [&str; 6] = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"];

/// Fields that a Page has and nothing here fills: they are known, and left out.
const UNFILLED: &str = "ad_campaign affiliation app_id artists_we_like attire available_promo_offer_ids awards band_interests \
    band_members best_page bio birthday booking_agent breaking_news_usage built business can_checkin checkins \
    company_overview connected_page_backed_instagram_account contact_address copyright_attribution_insights \
    copyright_whitelisted_ig_partners country_page_likes cover culinary_team current_location \
    delivery_and_pickup_option_info description_html differently_open_offerings directed_by display_subtext \
    displayed_message_response_time does_viewer_have_page_permission_link_ig emails engagement featured_video \
    features food_styles founded general_info general_manager genre global_brand_page_name global_brand_root_id \
    has_lead_access has_transitioned_to_new_page_experience has_whatsapp_business_number has_whatsapp_number \
    hometown hours impressum influences is_always_open is_calling_eligible is_chain is_community_page \
    is_eligible_for_branded_content is_eligible_for_disable_connect_ig_btn_for_non_page_admin_am_web \
    is_messenger_bot_get_started_enabled is_messenger_platform_bot is_owned is_permanently_closed is_unclaimed \
    is_verified keywords leadgen_tos_acceptance_time leadgen_tos_accepted leadgen_tos_accepting_user location \
    members merchant_id merchant_review_status messenger_ads_default_icebreakers \
    messenger_ads_default_quick_replies messenger_ads_quick_replies_type mini_shop_storefront mission mpg \
    name_with_location_descriptor network offer_eligible overall_star_rating owner_business \
    page_backed_threads_account_id page_token parent_page parking payment_options personal_info personal_interests \
    pharma_safety_info phone pickup_options place_type plot_outline preferred_audience press_contact price_range \
    priority_hours privacy_info_url produced_by products promotion_eligible promotion_ineligible_reason \
    public_transit recipient record_label release_date restaurant_services restaurant_specialties schedule \
    screenplay_by season single_line_address starring start_info store_code store_location_descriptor store_number \
    studio supports_donate_button_in_live_video temporary_status unseen_message_count user_access_expire_time \
    voip_info were_here_count whatsapp_number written_by";

/// The same of an Instagram account.
const UNFILLED_ON_INSTAGRAM: &str = "business_discovery collaborative_media_search legacy_instagram_user_id mentioned_comment \
    mentioned_media mini_shop_storefront owner_business shopping_product_tag_eligibility shopping_review_status";

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
    let mut object = Object::plain("Page", &account.id, &["name"], values.into_iter().chain(unfilled(UNFILLED)));
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
    object.parts.extend(unfilled(UNFILLED_ON_INSTAGRAM).map(|(name, value)| (name, Part::Value(value))));
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

fn unfilled(names: &'static str) -> impl Iterator<Item = (&'static str, Value)> {
    names.split_whitespace().map(|name| (name, Value::Null))
}

fn on_instagram(ask: &Ask<'_>, at: usize) -> [(&'static str, Value); 10] {
    let account = &ask.shared.world.accounts[at];
    [
        ("username", json!(username(&account.name))),
        ("name", json!(account.name)),
        ("biography", json!("An emulated Instagram account")),
        ("website", json!("https://shop.example/")),
        ("profile_picture_url", json!(format!("https://scontent.cdninstagram.com/profilepic/{}", account.id))),
        ("followers_count", json!(ask.shared.world.chats_of(at).count())),
        ("follows_count", json!(0)),
        ("has_profile_pic", json!(true)),
        ("is_published", json!(true)),
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
        found.into_iter().map(|one| conversations::object(one, ask.now)).collect()
    };
    ("conversations", Part::List(Box::new(list)))
}
