//! Calls of the API as a program makes them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Rig, RigOptions, send_json};

/// Where sends are posted for the account `shop`.
pub const SENDS: &str = "/api/accounts/shop/sends";

pub async fn ask(rig: &Rig, method: Method, path: &str, body: &Value, key: Option<&str>) -> (u16, Value) {
    let mut request = send_json(rig.http.request(method, rig.admin(path)), body);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("JSON, not {bytes:?}")))
}

pub async fn post(rig: &Rig, path: &str, body: Value, key: Option<&str>) -> (u16, Value) {
    ask(rig, Method::POST, path, &body, key).await
}

pub fn text(person: &str, text: &str) -> Value {
    json!({"recipient": {"id": person}, "message": {"text": text}})
}

/// A server whose handler says nothing, so that all that is said comes from outside.
pub async fn quiet() -> Rig {
    Rig::with(RigOptions { handler: "none", ..RigOptions::default() }).await
}
