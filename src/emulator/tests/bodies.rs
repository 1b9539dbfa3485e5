//! The forms in which a call comes: JSON, a form, several parts with a file, parameters in the query.

use serde_json::{Value, json};

use crate::emulator::World;

use super::Bench;

async fn post(bench: &Bench, content_type: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    post_to(bench, "/me/messages?messaging_type=UPDATE", content_type, body).await
}

async fn post_to(bench: &Bench, path: &str, content_type: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let token = World::default().accounts[0].access_token.expose().to_owned();
    let request = bench.http.post(format!("{}{path}", bench.url));
    let request = request.header("authorization", format!("Bearer {token}")).header("content-type", content_type);
    bench.request(request.body(body)).await
}

/// A body of several parts: texts, and a file of `size` bytes where a type is given.
fn parts(texts: &[(&str, &str)], file: Option<(&str, usize)>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, text) in texts {
        let part = format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        body.extend(part.into_bytes());
    }
    if let Some((content_type, size)) = file {
        let head = "--b\r\ncontent-disposition: form-data; name=\"filedata\"; filename=\"f\"\r\n";
        body.extend(format!("{head}content-type: {content_type}\r\n\r\n").into_bytes());
        body.extend(vec![b'x'; size]);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    body
}

#[tokio::test]
async fn forms_hold_json_even_in_apostrophes() {
    let bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let form = "application/x-www-form-urlencoded";
    for body in [
        "recipient=%7B%22id%22%3A%227200000000000011%22%7D&message=%7B%22text%22%3A%22caf%C3%A9%22%7D",
        "recipient={'id':'7200000000000011'}&message={'text':'caf%C3%A9'}",
    ] {
        let (status, answer) = post(&bench, form, body).await;
        assert_eq!(status, 200, "{body}: {answer}");
    }
    let chat = bench.chat().await;
    assert_eq!((&chat["messages"][1]["text"], &chat["messages"][2]["text"]), (&json!("café"), &json!("café")));
    let (_, answer) = post(&bench, form, "recipient=Ada&message={'text':'x'}").await;
    assert_eq!(answer["error"]["code"], 100);
    bench.end().await;
}

#[tokio::test]
async fn a_file_comes_in_parts_and_is_sent_again_by_its_id() {
    let bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let multipart = "multipart/form-data; boundary=b";
    let recipient = ("recipient", r#"{"id":"7200000000000011"}"#);
    let image = ("message", r#"{"attachment":{"type":"image","payload":{"is_reusable":true}}}"#);
    let (status, answer) = post(&bench, multipart, parts(&[recipient, image], Some(("image/png", 2_000_000)))).await;
    assert_eq!(status, 200, "{answer}");
    let again =
        json!({"message": {"attachment": {"type": "image", "payload": {"attachment_id": answer["attachment_id"]}}}});
    assert_eq!(bench.send(again).await.0, 200);
    let recorded = bench.get("/emulator/exchanges").await["exchanges"].clone();
    let recorded =
        recorded.as_array().expect("a list").iter().find(|exchange| exchange["request"]["filedata"].is_object());
    let recorded = recorded.expect("the call is on record");
    assert_eq!(
        recorded["request"]["filedata"],
        json!({"filename": "f", "content_type": "image/png", "size": 2_000_000})
    );
    bench.end().await;
}

#[tokio::test]
async fn files_that_do_not_fit_are_refused() {
    let bench = Bench::new().await;
    bench.act(json!({"do": "message", "text": "hi"})).await;
    let multipart = "multipart/form-data; boundary=b";
    let recipient = ("recipient", r#"{"id":"7200000000000011"}"#);
    let check = async |message: &str, file: Option<(&str, usize)>, subcode: Value| {
        let (status, answer) = post(&bench, multipart, parts(&[recipient, ("message", message)], file)).await;
        let error = &answer["error"];
        assert_eq!(
            (status, &error["code"], &error["error_subcode"]),
            (400, &json!(100), &subcode),
            "{message}: {answer}"
        );
    };
    let image = r#"{"attachment":{"type":"image","payload":{}}}"#;
    check(image, None, json!(2_018_005)).await;
    check(image, Some(("audio/mpeg", 10)), json!(2_018_047)).await;
    check(image, Some(("image/png", 25 * 1024 * 1024 + 1)), json!(2_018_109)).await;
    check(image, Some(("image/png", 27 * 1024 * 1024)), Value::Null).await;
    check(r#"{"text":"x"}"#, Some(("image/png", 10)), Value::Null).await;
    let both = r#"{"attachment":{"type":"image","payload":{"url":"https://shop.example/1.jpg"}}}"#;
    check(both, Some(("image/png", 10)), Value::Null).await;
    let (_, answer) = post(&bench, multipart, "--b\r\ncut off").await;
    assert_eq!(answer["error"]["code"], 100);
    bench.end().await;
}

#[tokio::test]
async fn an_uploaded_file_must_fit_as_one_that_is_sent() {
    let bench = Bench::new().await;
    let check = async |path: &str, kind: &str, file: Option<(&str, usize)>, status: u16, subcode: Value| {
        let message = json!({"attachment": {"type": kind, "payload": {}}}).to_string();
        let body = parts(&[("message", &message)], file);
        let (answered, answer) = post_to(&bench, path, "multipart/form-data; boundary=b", body).await;
        let error = &answer["error"];
        assert_eq!((answered, &error["error_subcode"]), (status, &subcode), "{path} {kind} {file:?}: {answer}");
        error["message"].as_str().unwrap_or_default().to_owned()
    };
    let upload = "/me/message_attachments";
    check(upload, "image", Some(("image/png", 10)), 200, Value::Null).await;
    check(upload, "image", None, 400, json!(2_018_005)).await;
    check(upload, "image", Some(("audio/mpeg", 10)), 400, json!(2_018_047)).await;
    check(upload, "image", Some(("image/png", 25 * 1024 * 1024 + 1)), 400, json!(2_018_109)).await;
    check(upload, "file", Some(("text/plain", 10)), 200, Value::Null).await;
    let on_instagram = format!("{upload}?platform=instagram");
    check(&on_instagram, "file", Some(("text/plain", 10)), 400, json!(2_018_047)).await;
    check(upload, "template", None, 400, Value::Null).await;
    for path in [upload, "/"] {
        let said = check(path, "image", Some(("image/png", 27 * 1024 * 1024)), 400, Value::Null).await;
        assert!(said.contains("26 MiB"), "{path}: {said}");
    }
    bench.end().await;
}
