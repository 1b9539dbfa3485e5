//! Everything a bot can show, on both platforms, at every width.

use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{bot, bubbles, end, go, open, told};
use crate::harness::chromium::Chromium;
use crate::harness::{Rig, SHOP, send_json, world};

/// Serves one picture under every name; its address ends where the name begins.
async fn pictures() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='480' height='300'><rect width='480' height='300' fill='#9bc'/></svg>";
    let router = axum::Router::new().route("/{name}", get(async move || ([("content-type", "image/svg+xml")], svg)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// The id that the emulated Meta gives to the first file that it is brought.
const FIRST_UPLOAD: &str = "1857777774821032";

/// Brings a picture that can be sent by its id.
async fn upload(rig: &Rig, url: &str) -> String {
    let message = json!({"attachment": {"type": "image", "payload": {"url": url}}});
    let request = rig.http.post(format!("{}/v26.0/{SHOP}/message_attachments", rig.meta));
    let request = request.bearer_auth(world().accounts[0].access_token.expose());
    let answer = send_json(request, &json!({"message": message})).send().await.expect("an answer");
    let answer: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    answer["attachment_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Has a text approved that utility messages fill in.
async fn approve(rig: &Rig, name: &str, language: &str) {
    let request = rig.http.post(format!("{}/v26.0/{SHOP}/message_templates", rig.meta));
    let request = request.bearer_auth(world().accounts[0].access_token.expose());
    let components = json!([{"type": "BODY", "text": "Your order {{1}} left."}]);
    let text = json!({"name": name, "language": language, "category": "UTILITY", "components": components});
    let answer = send_json(request, &text).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{name}: {}", answer.status());
}

fn template(payload: Value) -> Value {
    json!({"attachment": {"type": "template", "payload": payload}})
}

fn postback(title: &str) -> Value {
    json!({"type": "postback", "title": title, "payload": title.to_uppercase()})
}

/// A message, what of it is drawn, and words it must show.
type Case = (Value, &'static str, &'static [&'static str]);

/// What both platforms show.
fn everywhere(at: &str) -> Vec<Case> {
    let image = |name: &str| json!({"type": "image", "payload": {"url": format!("{at}{name}.svg")}});
    let element = |title: &str| {
        json!({"title": title, "subtitle": "9.50 EUR", "image_url": format!("{at}c.svg"),
        "default_action": {"type": "web_url", "url": "https://shop.example/c"},
        "buttons": [{"type": "web_url", "title": "Open", "url": "https://shop.example"}, postback("Buy")]})
    };
    let news = json!({"template_type": "notification_messages", "title": "Weekly offers", "image_url": format!("{at}o.svg"),
        "image_aspect_ratio": "SQUARE", "payload": "NEWS", "notification_messages_cta_text": "SIGN_UP"});
    vec![
        (json!({"text": "See https://shop.example/a."}), ".said a[href='https://shop.example/a']", &["See"]),
        (json!({"attachment": image("one")}), "img.media", &[]),
        (json!({"attachments": [image("1"), image("2"), image("3")]}), ".album img + img + img", &[]),
        (json!({"attachment": {"type": "video", "payload": {"url": format!("{at}v")}}}), "video[controls]", &[]),
        (json!({"attachment": {"type": "audio", "payload": {"url": format!("{at}a")}}}), "audio[controls]", &[]),
        (
            json!({"attachment": {"type": "file", "payload": {"url": format!("{at}terms.pdf")}}}),
            "a.chip-file",
            &["terms.pdf"],
        ),
        (
            template(json!({"template_type": "generic", "elements": [element("Cup"), element("Pot"), element("Jug")]})),
            "[data-template=generic] .cards .card + .card + .card a.card-face img",
            &["Cup", "9.50 EUR", "Open", "Buy"],
        ),
        (
            template(json!({"template_type": "button", "text": "Help?", "buttons": [postback("Yes")]})),
            "[data-template=button] button[data-payload=YES]",
            &["Help?", "Yes"],
        ),
        (
            template(json!({"template_type": "product", "elements": [{"id": "77"}, {"id": "78"}]})),
            "[data-template=product] .card + .card",
            &["77", "78"],
        ),
        (template(news), "[data-template=notification_messages] img.square", &["Weekly offers", "Sign up"]),
        (
            json!({"text": "Which?", "quick_replies": [{"content_type": "text", "title": "Red", "payload": "RED"}]}),
            ".said",
            &["Which?"],
        ),
    ]
}

fn on_messenger(at: &str, uploaded: &str) -> Vec<Case> {
    let buttons = json!([{"type": "phone_number", "title": "Call", "payload": "+4930123456"},
        {"type": "web_url", "title": "Site", "url": "https://shop.example"}, {"type": "account_link", "url": "https://shop.example/login"}]);
    let others = json!([{"type": "account_unlink"}, {"type": "game_play", "title": "Play", "payload": "P"}, {"type": "audio_call", "title": "Ring"}]);
    let receipt = json!({"template_type": "receipt", "recipient_name": "Ada", "merchant_name": "Shop", "order_number": "9",
        "currency": "EUR", "payment_method": "Visa 1234", "order_url": "https://shop.example/o/9", "timestamp": "1790000000",
        "address": {"street_1": "A 1", "city": "Berlin", "postal_code": "10115", "state": "BE", "country": "DE"},
        "summary": {"subtotal": 10, "shipping_cost": 0, "total_tax": 0.5, "total_cost": 9.5},
        "adjustments": [{"name": "Welcome", "amount": 1}],
        "elements": [{"title": "Cup", "subtitle": "white", "quantity": 2, "price": 10, "currency": "EUR", "image_url": format!("{at}c.svg")}]});
    let coupon = json!({"template_type": "coupon", "title": "10% off", "subtitle": "until Friday", "coupon_code": "TEN",
        "coupon_url": "https://shop.example", "coupon_url_button_title": "Shop", "coupon_pre_message": "For you", "image_url": format!("{at}x.svg")});
    let feedback = json!({"template_type": "customer_feedback", "title": "Rate us", "subtitle": "One question", "button_title": "Rate",
        "feedback_screens": [{"questions": [{"id": "q1", "type": "csat", "title": "How was it?", "score_label": "neg_pos",
            "score_option": "five_stars", "follow_up": {"type": "free_form", "placeholder": "Tell us more"}}]}],
        "business_privacy": {"url": "https://shop.example/privacy"}});
    let grid = json!({"template_type": "image_grid", "elements": [{"title": "Spring", "subtitle": "Tap one",
        "images": [{"url": format!("{at}1.svg"), "is_hero_image": true, "action": {"type": "web_url", "url": "https://shop.example/1"}},
            {"url": format!("{at}2.svg"), "action": {"type": "postback", "payload": "P2", "text": "About the boots"}}, {"url": format!("{at}3.svg")}],
        "buttons": [{"type": "web_url", "url": "https://shop.example", "title": "All"}]}]});
    let information = json!({"template_type": "customer_information", "countries": ["US"], "purpose": "SHIPPING",
        "business_privacy": {"url": "https://shop.example/privacy"}});
    let utility = json!({"name": "order_update", "language": {"code": "en"}, "components": [
        {"type": "header", "parameters": [{"type": "text", "parameter_name": "order_type", "text": "Order"}]},
        {"type": "body", "parameters": [{"type": "text", "parameter_name": "order_id", "text": "9"}]},
        {"type": "buttons", "parameters": [{"type": "URL", "url": "https://shop.example/o/9"}, {"type": "POSTBACK", "payload": "TRACK"}]}]});
    let media = |element: Value| template(json!({"template_type": "media", "elements": [element]}));
    vec![
        (json!({"sticker_id": "369239263222822"}), ".sticker.like", &[]),
        (json!({"sticker_id": "144884852352448"}), ".sticker-tile", &["144884852352448"]),
        (
            template(json!({"template_type": "button", "text": "Kinds", "buttons": buttons})),
            "a[data-type=phone_number][href='tel:+4930123456'] ~ a[data-type=web_url] ~ a[data-type=account_link]",
            &["Call", "Site", "Log in"],
        ),
        (
            template(json!({"template_type": "button", "text": "More kinds", "buttons": others})),
            "button[data-type=account_unlink]:disabled ~ button[data-type=game_play] ~ button[data-type=audio_call]",
            &["Log out", "Play", "Ring"],
        ),
        (
            media(
                json!({"media_type": "video", "url": "https://www.facebook.com/ada/videos/123", "buttons": [postback("More")]}),
            ),
            "[data-template=media] a.chip-file",
            &["Video", "More"],
        ),
        (
            media(json!({"media_type": "image", "attachment_id": uploaded})),
            "[data-template=media] .placeholder",
            &[FIRST_UPLOAD],
        ),
        (
            template(receipt),
            "[data-template=receipt] .line img",
            &["Receipt from Shop", "2 × white", "€10.00", "10115 Berlin", "-€1.00", "€9.50", "View order"],
        ),
        (template(coupon), "[data-template=coupon] .code-slip", &["For you", "10% off", "TEN", "Copy code", "Shop"]),
        (
            template(feedback),
            "[data-template=customer_feedback]:has([placeholder='Tell us more']) .scale label:nth-child(5)",
            &["How was it?", "Negative", "Privacy policy", "Rate"],
        ),
        (template(grid), "[data-template=image_grid] .grid .hero + button[data-payload=P2]", &["Spring", "All"]),
        (
            template(json!({"template_type": "one_time_notif_req", "title": "When back", "payload": "R"})),
            "[data-template=one_time_notif_req] button[data-payload=R]",
            &["When back", "Notify me"],
        ),
        (
            template(information),
            "[data-template=customer_information]",
            &["Share your details", "shipping · US", "Privacy policy"],
        ),
        (
            template(json!({"template_type": "instant_form", "form_id": "6001"})),
            "[data-template=instant_form]",
            &["6001"],
        ),
        (
            json!({"template": utility}),
            "[data-template=utility] a[data-type=url] + button[data-payload=TRACK]",
            &["order_update", "order_id", "9"],
        ),
    ]
}

/// Sends each message and waits until it is drawn with its words.
async fn show(browser: &Chromium, rig: &Rig, account: &str, cases: Vec<Case>) {
    for (message, css, words) in cases {
        let utility = message.get("template").is_some();
        let call = if utility {
            json!({"messaging_type": "UTILITY", "message": message})
        } else {
            json!({"message": message})
        };
        let mid = bot(rig, account, call).await["message_id"].as_str().expect("an id").to_owned();
        let bubble = format!(".bubble[data-mid='{mid}']");
        browser.element(&format!("{bubble} {css}")).await;
        for word in words {
            browser.says(&bubble, word).await;
        }
    }
}

/// Nothing is cut off, in either light, at any width.
async fn fits_everywhere(browser: &Chromium, platform: &str) {
    for theme in ["dark", "light"] {
        browser.click("#theme").await;
        browser.holds(&format!("(document.documentElement.dataset.theme ?? 'light') === '{theme}'")).await;
        for (width, height) in [(360, 740), (768, 1024), (1280, 860), (1920, 1080)] {
            browser.fits(width, height).await;
            browser.picture(&format!("{platform}-{width}-{theme}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_a_bot_can_show_on_messenger() {
    let Some((browser, rig)) = open().await else { return };
    let at = pictures().await;
    rig.says("Ada", "shop", "show me").await;
    approve(&rig, "order_update", "en").await;
    show(&browser, &rig, "shop", on_messenger(&at, &upload(&rig, &at).await)).await;
    show(&browser, &rig, "shop", everywhere(&at)).await;
    fits_everywhere(&browser, "messenger").await;

    // What can be pressed does what it says.
    browser.click("[data-template=image_grid] button[data-payload=P2]").await;
    told(&browser, "button pressed by Ada").await;
    browser.click("[data-template=button] button[data-payload=YES]").await;
    browser.click("[data-template=generic] .card button[data-payload=BUY]").await;
    let pressed = ["person: About the boots", "person: Yes", "person: Buy"];
    rig.until(|| async {
        let chat = rig.chat("shop", "Ada").await;
        if chat.ends_with(&pressed.map(str::to_owned)) { Ok(()) } else { Err(format!("{chat:#?}")) }
    })
    .await;
    browser
        .script("document.querySelector('[data-template=generic] .cards').scrollIntoView({ block: 'center' })")
        .await;
    browser.click("[data-template=generic] .on").await;
    browser.holds("document.querySelector('[data-template=generic] .cards').scrollLeft > 100").await;
    browser.element("[data-template=generic] .back:not([hidden])").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_a_bot_can_show_on_instagram() {
    let Some((browser, rig)) = open().await else { return };
    let at = pictures().await;
    go(&browser, &rig, "shop_ig", "Ada", "light").await;
    rig.says("Ada", "shop_ig", "show me").await;
    let own: Vec<Case> = vec![
        (json!({"attachment": {"type": "like_heart"}}), ".sticker.heart", &[]),
        (json!({"attachment": {"type": "MEDIA_SHARE", "payload": {"id": "179"}}}), ".chip-file", &["Shared post 179"]),
    ];
    show(&browser, &rig, "shop_ig", own).await;
    show(&browser, &rig, "shop_ig", everywhere(&at)).await;
    browser.says("#quick-replies", "Red").await;
    fits_everywhere(&browser, "instagram").await;
    end(browser, rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_oddly_made_does_not_hide_what_comes_after() {
    let Some((browser, rig)) = open().await else { return };
    rig.says("Ada", "shop", "show me").await;
    let cup = json!({"title": "Cup", "subtitle": "s", "image_url": null, "buttons": null});
    let generic = template(json!({"template_type": "generic", "elements": [cup]}));
    show(&browser, &rig, "shop", vec![(generic, "[data-template=generic] .card", &["Cup"])]).await;
    for payload in [json!({"template_type": "constructor"}), json!({"template_type": "button", "buttons": 5})] {
        let attachments = json!([{"type": "template", "payload": payload}]);
        rig.act(json!({"person": "Ada", "account": "shop", "do": "message", "attachments": attachments})).await;
    }
    rig.says("Ada", "shop", "the last").await;
    let drawn = bubbles(&browser, "person", 4).await;
    let expected = ["show me", "Constructor template", "A message that cannot be drawn here", "the last"];
    assert!(drawn.iter().zip(expected).all(|(drawn, expected)| drawn.contains(expected)), "{drawn:?}");
    // Only what could not be drawn is complained of, as often as it is drawn.
    let noted = browser.console().await;
    let by_page = noted.iter().all(|one| one["source"] == "console-api");
    assert!(!noted.is_empty() && by_page, "{noted:?}");
    browser.end().await;
    rig.stop_and_end().await;
}
