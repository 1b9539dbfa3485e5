//! What public reports say that Meta refuses, each test named after the report.

use serde_json::{Value, json};

use crate::emulator::World;

use super::Bench;

const ADA: &str = "7200000000000011";

/// The error that a body gets as it is, with the Page's token.
async fn refused(bench: &Bench, body: &str) -> Value {
    let token = World::default().accounts[0].access_token.expose().to_owned();
    let request = bench.http.post(format!("{}/v26.0/me/messages?access_token={token}", bench.url));
    let request = request.header("content-type", "application/json").body(body.to_owned());
    let (status, answer) = bench.request(request).await;
    assert_eq!(status, 400, "{body}: {answer}");
    answer["error"].clone()
}

/// The same of a message to Ada, who has just written.
async fn message_refused(bench: &Bench, message: Value) -> (String, Value) {
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let error = refused(bench, &json!({"recipient": {"id": ADA}, "message": message}).to_string()).await;
    assert_eq!(error["code"], 100, "{error}");
    (error["message"].as_str().expect("a message").to_owned(), error["error_subcode"].clone())
}

#[tokio::test]
async fn botpress_559_an_id_is_a_string_of_digits() {
    let bench = Bench::new().await;
    let said = "(#100) Param recipient[id] must be a valid ID string (e.g., \"123\")";
    for id in ["\"undefined\"", "\"\"", "\"72 00\"", "\"PSID\"", "\"null\"", "7.5", "true"] {
        let error = refused(&bench, &format!(r#"{{"recipient":{{"id":{id}}},"message":{{"text":"x"}}}}"#)).await;
        assert_eq!((&error["code"], &error["message"]), (&json!(100), &json!(said)), "{id}");
    }
    let token = World::default().accounts[0].access_token.expose().to_owned();
    let owner = format!("{}/me/thread_owner?recipient=undefined&access_token={token}", bench.url);
    assert_eq!(bench.request(bench.http.get(owner)).await.1["error"]["message"], said);
    bench.end().await;
}

#[tokio::test]
async fn messaging_apis_260_an_empty_list_of_quick_replies_is_refused() {
    let bench = Bench::new().await;
    let (said, _) = message_refused(&bench, json!({"text": "x", "quick_replies": []})).await;
    assert_eq!(said, "(#100) Param message[quick_replies] must be a non-empty array");
    assert_eq!(bench.send(json!({"message": {"text": "x", "quick_replies": null}})).await.0, 200);
    bench.end().await;
}

#[tokio::test]
async fn restfb_541_unknown_keys_are_refused_wherever_they_stand() {
    let bench = Bench::new().await;
    let chip = |key: &str| json!({"content_type": "text", "title": "A", key: "A"});
    let button = json!({"type": "postback", "title": "A", "payload": "A", "share_contents": {}});
    let template = |payload: Value| json!({"attachment": {"type": "template", "payload": payload}});
    let card = json!({"title": "Cup", "subtitle": "9.50", "imageUrl": "https://shop.example/a.jpg"});
    for (message, keys, place) in [
        (json!({"text": "x", "quickReplies": [chip("payload")]}), "quickReplies", "message"),
        (json!({"text": "x", "preview": "x", "reply_to": {}}), "preview, reply_to", "message"),
        (json!({"text": "x", "quick_replies": [chip("playload")]}), "playload", "message[quick_replies][0]"),
        (
            template(json!({"template_type": "button", "text": "x", "buttons": [button]})),
            "share_contents",
            "message[attachment][payload][buttons][0]",
        ),
        (
            template(json!({"template_type": "generic", "elements": [card]})),
            "imageUrl",
            "message[attachment][payload][elements][0]",
        ),
        (
            json!({"attachment": {"type": "image", "payload": {"url": "https://shop.example/a.jpg", "isReusable": true}}}),
            "isReusable",
            "message[attachment][payload]",
        ),
        (
            json!({"attachment": {"type": "image", "payload": {"url": "https://shop.example/a.jpg"}, "name": "a"}}),
            "name",
            "message[attachment]",
        ),
    ] {
        let (said, _) = message_refused(&bench, message).await;
        assert_eq!(said, format!("(#100) Invalid keys \"{keys}\" were found in param \"{place}\"."));
    }
    let named = json!({"recipient": {"id": ADA, "name": "Ada"}, "message": {"text": "x"}}).to_string();
    assert_eq!(
        refused(&bench, &named).await["message"],
        "(#100) Invalid keys \"name\" were found in param \"recipient\"."
    );
    // The call itself may carry what this endpoint does not know, as all of the Graph API does.
    assert_eq!(bench.send(json!({"message": {"text": "x"}, "pretty": 1, "sdk": "php"})).await.0, 200);
    bench.end().await;
}

#[tokio::test]
async fn botframework_sdk_238_what_meta_cannot_reach_is_not_fetched() {
    let bench = Bench::new().await;
    let failed = ("(#100) Failed to fetch the file from the url".to_owned(), json!(2_018_008));
    let image = |url: &str| json!({"attachment": {"type": "image", "payload": {"url": url}}});
    for url in [
        "http://localhost:3000/a.jpg",
        "http://bot.localhost/a.jpg",
        "http://127.0.0.1/a.jpg",
        "http://10.0.0.7/a.jpg",
        "http://172.16.1.1/a.jpg",
        "http://192.168.1.10:8080/a.jpg",
        "http://169.254.169.254/a.jpg",
        "http://100.64.0.1/a.jpg",
        "http://0.0.0.0/a.jpg",
        "http://[::1]/a.jpg",
        "http://[fd00::1]/a.jpg",
        "http://[fe80::1]/a.jpg",
        "http://[::ffff:127.0.0.1]/a.jpg",
        "http://media/a.jpg",
        "http://printer.local/a.jpg",
        "https://shop.example/my picture.jpg",
        "https://shop.example/a.jpg ",
    ] {
        assert_eq!(message_refused(&bench, image(url)).await, failed, "{url}");
    }
    let many = json!({"attachments": [{"type": "image", "payload": {"url": "http://localhost/a.jpg"}}]});
    assert_eq!(message_refused(&bench, many).await, failed);
    for url in ["https://shop.example/my%20picture.jpg", "http://93.184.216.34/a.jpg", "https://shop.example:8443/a"] {
        assert_eq!(bench.send(json!({"message": image(url)})).await.0, 200, "{url}");
    }
    bench.end().await;
}

#[tokio::test]
async fn where_the_world_says_so_files_on_this_machine_can_be_sent() {
    let mut world = World::default();
    world.app.local_media = true;
    let bench = Bench::unsubscribed(world).await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let image = |url: &str| json!({"message": {"attachment": {"type": "image", "payload": {"url": url}}}});
    assert_eq!(bench.send(image("http://127.0.0.1:3000/a.jpg")).await.0, 200);
    assert_eq!(bench.send_error(image("http://127.0.0.1:3000/my picture.jpg")).await.1, 2_018_008);
    bench.end().await;
}

#[tokio::test]
async fn messaging_apis_334_media_without_its_file_is_refused() {
    let bench = Bench::new().await;
    let said =
        ("(#100) Incorrect number of files uploaded. Must upload exactly one file.".to_owned(), json!(2_018_005));
    let empty = json!({"attachment": {"type": "file", "payload": {"is_reusable": true}}});
    assert_eq!(message_refused(&bench, empty.clone()).await, said);
    let token = World::default().accounts[0].access_token.expose().to_owned();
    let (_, answer) = bench.post("/me/message_attachments", json!({"message": empty, "access_token": token})).await;
    assert_eq!(answer["error"]["error_subcode"], said.1);
    let part = "--b\r\ncontent-disposition: form-data; name=\"filedata\"; filename=\"a.png\"\r\n\
        content-type: image/png\r\n\r\n123\r\n";
    let fields = format!(
        "--b\r\ncontent-disposition: form-data; name=\"recipient\"\r\n\r\n{{\"id\":\"{ADA}\"}}\r\n\
        --b\r\ncontent-disposition: form-data; name=\"message\"\r\n\r\n\
        {{\"attachment\":{{\"type\":\"image\",\"payload\":{{}}}}}}\r\n"
    );
    for (files, expected) in [(part.to_owned(), 200), (format!("{part}{part}"), 400)] {
        let request = bench.http.post(format!("{}/me/messages?access_token={token}", bench.url));
        let request = request.header("content-type", "multipart/form-data; boundary=b");
        let (status, answer) = bench.request(request.body(format!("{fields}{files}--b--\r\n"))).await;
        assert_eq!(status, expected, "{answer}");
        assert!(status == 200 || answer["error"]["error_subcode"] == said.1, "{answer}");
    }
    bench.end().await;
}
