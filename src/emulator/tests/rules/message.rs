//! What a message may consist of.

use serde_json::{Value, json};

use crate::emulator::uploads::MediaKind;

use super::{FIRST_UPLOAD, SHOP, SHOP_IG, Step, attachment, days, hold, row, seconds, take, text};

fn wrote() -> Step {
    Step::Act(json!({"do": "message", "text": "hi"}))
}

#[tokio::test]
async fn texts() {
    hold(vec![
        row("§3 2000 characters", 100, text(&"ü".repeat(2001))).but(text(&"ü".repeat(2000))),
        row("§3 1000 bytes on Instagram", 100, text(&"ü".repeat(501))).on_instagram().but(text(&"ü".repeat(500))),
        row("§3 an empty text", 100, text("")).with(2_018_034).but(text("x")),
        row("§3 nothing but metadata", 100, json!({"message": {"metadata": "m"}})).with(2_018_034),
        row("§3 an empty message", 100, json!({"message": {}})),
        row("§3 no message", 100, json!({})),
        row("§3 a text is a text", 100, json!({"message": {"text": 1}})),
        row("§3 metadata", 100, json!({"message": {"text": "x", "metadata": "m".repeat(1000)}}))
            .but(json!({"message": {"text": "x", "metadata": "m".repeat(999)}})),
    ])
    .await;
}

#[tokio::test]
async fn attachments() {
    let image = || json!({"type": "image", "payload": {"url": "https://shop.example/1.jpg"}});
    let images = |count| json!({"message": {"attachments": vec![image(); count]}});
    let by_id = |kind: &str, id: &str| attachment(kind, json!({"attachment_id": id}));
    let video = || vec![wrote(), Step::Upload(MediaKind::Video)];
    hold(vec![
        row("§3 text or attachment", 100, json!({"message": {"text": "x", "attachment": image()}}))
            .but(json!({"message": {"attachment": image()}})),
        row("§3.1 type", 100, attachment("gif", json!({"url": "https://shop.example/a.gif"})))
            .but(attachment("image", json!({"url": "https://shop.example/a.gif"}))),
        row("§3.1 url", 100, attachment("image", json!({"url": "a.jpg"}))),
        row("§3.1 url, id or file", 100, attachment("file", json!({}))).with(2_018_005),
        row("§3.1 url or id", 100, attachment("file", json!({"url": "https://a.example", "attachment_id": "1"}))),
        row("§3.1 what can be fetched", 100, attachment("image", json!({"url": "http://localhost/a.jpg"})))
            .with(2_018_008)
            .but(attachment("image", json!({"url": "https://shop.example/a.jpg"}))),
        row("§3 thirty pictures", 100, images(31)).but(images(30)),
        row("§3 ten pictures on Instagram", 100, images(11)).on_instagram().but(images(10)),
        row(
            "§3 pictures only",
            100,
            json!({"message": {"attachments": [{"type": "video", "payload": {"url": "https://a.example"}}]}}),
        ),
        row("§3.1 an unknown id", 100, by_id("video", "1"))
            .with(2_018_074)
            .given(video())
            .but(by_id("video", FIRST_UPLOAD)),
        row("§3.1 another type", 100, by_id("image", FIRST_UPLOAD)).with(2_018_047).given(video()),
        row("limits §6 ninety days", 100, by_id("video", FIRST_UPLOAD))
            .with(2_018_074)
            .given(vec![Step::Upload(MediaKind::Video), days(90), wrote()])
            .until(vec![seconds(1)]),
        row("§3.1 a foreign id", 100, by_id("video", FIRST_UPLOAD)).with(2_018_074).on_instagram(),
        row("§3 sticker_id on Instagram", 100, json!({"message": {"sticker_id": 369_239_263_222_822_u64}}))
            .on_instagram()
            .but(json!({"message": {"attachment": {"type": "like_heart"}}})),
        row("§3 sticker_id", 100, json!({"message": {"sticker_id": {}}}))
            .but(json!({"message": {"sticker_id": "369"}})),
        row("§3.1 like_heart on Messenger", 100, json!({"message": {"attachment": {"type": "like_heart"}}})),
        row("§3.1 MEDIA_SHARE on Messenger", 100, attachment("MEDIA_SHARE", json!({"id": "179"}))),
        row("§3.1 MEDIA_SHARE", 100, attachment("MEDIA_SHARE", json!({})))
            .on_instagram()
            .but(attachment("MEDIA_SHARE", json!({"id": "179"}))),
    ])
    .await;
}

#[tokio::test]
async fn quick_replies() {
    let chip = |title: &str, payload: Value| json!({"content_type": "text", "title": title, "payload": payload});
    let chips = |chips: Vec<Value>| json!({"message": {"text": "x", "quick_replies": chips}});
    let one = |title: &str, payload: &str| chips(vec![chip(title, json!(payload))]);
    let image = json!({"content_type": "text", "title": "", "payload": "", "image_url": "https://shop.example/r.png"});
    let kind = |kind: &str| chips(vec![json!({"content_type": kind})]);
    let below = json!({"attachment": {"type": "image", "payload": {"url": "https://shop.example/1.jpg"}}, "quick_replies": [chip("t", json!("P"))]});
    hold(vec![
        row("§6 thirteen", 100, chips(vec![chip("t", json!("P")); 14])).but(chips(vec![chip("t", json!("P")); 13])),
        row("§6 title", 100, one(&"t".repeat(21), "P")).but(one(&"t".repeat(20), "P")),
        row("§6 title required", 100, one("", "P")).but(chips(vec![image.clone()])),
        row("§6 payload", 100, one("t", &"p".repeat(1001))).but(one("t", &"p".repeat(1000))),
        row("§6 payload is said", 100, one("t", "")).but(chips(vec![chip("t", json!(7))])),
        row("§6 location was removed", 100, kind("location")).but(kind("user_email")),
        row("§6 image_url on Instagram", 100, chips(vec![image])).on_instagram().but(kind("user_phone_number")),
        row("§6 below a text on Instagram", 100, json!({"message": below})).on_instagram().but(one("t", "P")),
    ])
    .await;
}

#[tokio::test]
async fn an_answer_names_its_file_and_only_its_account_sends_it() {
    let bench = super::Bench::unsubscribed(crate::emulator::World::default()).await;
    take(&bench, SHOP, "", wrote()).await;
    take(&bench, SHOP_IG, "", wrote()).await;
    let reusable = attachment("image", json!({"url": "https://shop.example/1.jpg", "is_reusable": true}));
    let (_, answer) = super::send(&bench, SHOP, reusable).await;
    let again = attachment("image", json!({"attachment_id": answer["attachment_id"]}));
    assert_eq!(super::send(&bench, SHOP, again.clone()).await.0, 200);
    let (_, refused) = super::send(&bench, SHOP_IG, again).await;
    assert_eq!(refused["error"]["error_subcode"], 2_018_074);
    bench.end().await;
}
