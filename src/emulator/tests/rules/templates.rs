//! The templates and their buttons, as far as a call meets them; the limits of each are tables beside its own code.

use serde_json::{Value, json};

use super::{hold, row, template};

fn button(button: Value) -> Value {
    template(json!({"template_type": "button", "text": "Help?", "buttons": [button]}))
}

fn generic(elements: Value) -> Value {
    template(json!({"template_type": "generic", "elements": elements}))
}

#[tokio::test]
async fn templates() {
    let card = |title: usize| json!({"title": "t".repeat(title), "subtitle": "9.50 EUR"});
    let coupon = |code: &str| template(json!({"template_type": "coupon", "title": "10% off", "coupon_code": code}));
    let text = |length: usize| {
        let buttons = json!([{"type": "postback", "title": "Yes", "payload": "HELP"}]);
        template(json!({"template_type": "button", "text": "x".repeat(length), "buttons": buttons}))
    };
    let receipt = |number: Value| {
        template(json!({"template_type": "receipt", "recipient_name": "Ada", "order_number": number, "currency": "EUR",
            "payment_method": "Visa 1234", "summary": {"total_cost": 9.5}}))
    };
    let media =
        |url: &str| template(json!({"template_type": "media", "elements": [{"media_type": "video", "url": url}]}));
    let feedback = |kind: &str| {
        template(json!({"template_type": "customer_feedback", "title": "Rate us", "subtitle": "One question",
            "button_title": "Rate", "feedback_screens": [{"questions": [{"id": "q1", "type": kind}]}],
            "business_privacy": {"url": "https://shop.example/privacy"}}))
    };
    let grid = |count: usize| {
        let images = vec![json!({"url": "https://shop.example/1.jpg"}); count];
        template(json!({"template_type": "image_grid", "elements": [{"images": images}]}))
    };
    let product = |id: &str| template(json!({"template_type": "product", "elements": [{"id": id}]}));
    let one_time = |title: usize| {
        template(json!({"template_type": "one_time_notif_req", "title": "t".repeat(title), "payload": "RESTOCK_77"}))
    };
    let marketing = |cta: &str| {
        template(
            json!({"template_type": "notification_messages", "payload": "NEWS", "notification_messages_cta_text": cta}),
        )
    };
    let customer = |days: u32| {
        template(json!({"template_type": "customer_information", "countries": ["US"], "expires_in_days": days,
            "business_privacy": {"url": "https://shop.example/privacy"}}))
    };
    let form = |id: &str| template(json!({"template_type": "instant_form", "form_id": id}));
    hold(vec![
        row("§4.1 title", 100, generic(json!([card(81)]))).but(generic(json!([card(80)]))),
        row("§4.1 ten cards", 100, generic(json!(vec![card(1); 11]))).but(generic(json!(vec![card(1); 10]))),
        row("§4.1 another property", 100, generic(json!([{"title": "Cup"}]))),
        row("§4.2 text", 100, text(641)).but(text(640)),
        row("§4.3 on Facebook", 100, media("https://shop.example/v.mp4"))
            .but(media("https://www.facebook.com/ada/videos/1")),
        row("§4.4 order_number", 100, receipt(Value::Null)).but(receipt(json!("9"))),
        row("§4.5 coupon_code", 100, coupon("TEN OFF")).but(coupon("TEN")),
        row("§4.6 type", 100, feedback("stars")).but(feedback("csat")),
        row("§4.7 product", 100, product("cup")).with(2_018_320).but(product("77")),
        row("§4.7 image_grid", 100, grid(7)).but(grid(6)),
        row("§4.7 one_time_notif_req", 100, one_time(66)).but(one_time(65)),
        row("§4.7 notification_messages", 100, marketing("BUY")).but(marketing("SIGN_UP")),
        row("§4.7 customer_information", 100, customer(8)).but(customer(7)),
        row("§4.7 instant_form", 1, form("signup")).with(2_018_382).but(form("6001")),
        row("§4.7 list was removed", 100, template(json!({"template_type": "list"}))),
        row("§4.7 open_graph was removed", 100, template(json!({"template_type": "open_graph"}))),
        row("§4.7 airlines were retired", 100, template(json!({"template_type": "airline_checkin"}))),
        row("§11 no receipt on Instagram", 100, receipt(json!("9"))).on_instagram().but(product("77")),
        row("§11 no coupon on Instagram", 100, coupon("TEN")).on_instagram().but(marketing("SIGN_UP")),
        row("§11 no media template on Instagram", 100, media("https://www.facebook.com/ada/videos/1"))
            .on_instagram()
            .but(text(640)),
        row("§11 no feedback on Instagram", 100, feedback("csat")).on_instagram().but(generic(json!([card(80)]))),
        row("P5.5 no one-time request on Instagram", 100, one_time(65)).on_instagram(),
    ])
    .await;
}

#[tokio::test]
async fn buttons() {
    let postback = |title: usize, payload: usize| {
        button(json!({"type": "postback", "title": "t".repeat(title), "payload": "p".repeat(payload)}))
    };
    let call = |number: &str| button(json!({"type": "phone_number", "title": "Call", "payload": number}));
    let url = |ratio: &str| {
        button(
            json!({"type": "web_url", "title": "Open", "url": "https://shop.example", "webview_height_ratio": ratio}),
        )
    };
    let log_in = |url: &str| button(json!({"type": "account_link", "url": url}));
    hold(vec![
        row("§7 title", 100, postback(21, 1)).but(postback(20, 1)),
        row("§7 payload", 100, postback(1, 1001)).but(postback(1, 1000)),
        row("§7 phone_number", 100, call("030 123456")).but(call("+4930123456")),
        row("§7 webview_height_ratio", 100, url("half")).but(url("tall")),
        row("§7 account_link", 100, log_in("http://shop.example/login")).but(log_in("https://shop.example/login")),
        row("§7 element_share was removed", 100, button(json!({"type": "element_share"}))),
        row("§4 no call button on Instagram", 100, call("+4930123456")).on_instagram().but(postback(20, 1000)),
        row("§4 no webview on Instagram", 100, url("tall")).on_instagram(),
    ])
    .await;
}
