//! What every server pays that keeps nothing: HTTP alone, or HTTP, the signature and one typed reading.

use std::borrow::Cow;
use std::io::Write as _;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::serve::ListenerExt as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

use crate::delivery::SECRET;

/// How much it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Floor {
    /// Answers 200.
    Bare,
    /// Checks the signature, reads the items, answers 200.
    Floor,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    messaging: Vec<Item<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    sender: Id<'a>,
    timestamp: u64,
    #[serde(borrow)]
    message: Option<Message<'a>>,
}

#[derive(Deserialize)]
struct Id<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    mid: Cow<'a, str>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
}

/// Serves on a free port, which it prints, until it is killed.
pub async fn serve(floor: Floor) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    let webhook = match floor {
        Floor::Bare => post(async |_: Bytes| StatusCode::OK),
        Floor::Floor => post(async |headers: HeaderMap, body: Bytes| check(&headers, &body)),
    };
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, Router::new().route("/webhook", webhook)).await?;
    Ok(())
}

fn check(headers: &HeaderMap, body: &[u8]) -> StatusCode {
    let mut claimed = [0; 32];
    let header = headers.get("x-hub-signature-256").and_then(|value| value.as_bytes().strip_prefix(b"sha256="));
    let is_hex = header.is_some_and(|header| hex::decode_to_slice(header, &mut claimed).is_ok());
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length");
    mac.update(body);
    if !is_hex || mac.verify_slice(&claimed).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    match serde_json::from_slice::<Batch<'_>>(body) {
        Ok(batch) if batch.entry.iter().flat_map(|entry| &entry.messaging).all(is_readable) => StatusCode::OK,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn is_readable(item: &Item<'_>) -> bool {
    let is_message = |message: &Message<'_>| !message.mid.is_empty() && message.text.is_some();
    !item.sender.id.is_empty() && item.timestamp > 0 && item.message.as_ref().is_none_or(is_message)
}
