//! A wall before Meta: what a server asks of it does not always get through.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use reqwest::Client;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What gets through. The rest is answered with 500.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lets {
    Everything,
    /// Sends, and nothing that reads.
    Sends,
    Nothing,
}

pub struct Wall {
    pub url: String,
    way: Arc<Way>,
    _stop: DropGuard,
}

struct Way {
    http: Client,
    meta: Mutex<String>,
    lets: Mutex<Lets>,
    /// Tokens that Meta gave out anew, each with the one that the emulated Meta knows.
    renewed: Mutex<HashMap<String, String>>,
    /// Every token that was shown, in order.
    shown: Mutex<Vec<String>>,
}

impl Wall {
    pub async fn new(lets: Lets) -> Wall {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let way = Arc::new(Way {
            http: Client::new(),
            meta: Mutex::default(),
            lets: Mutex::new(lets),
            renewed: Mutex::default(),
            shown: Mutex::default(),
        });
        let app = Router::new().fallback(pass).with_state(Arc::clone(&way));
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(stopped).await });
        Wall { url, way, _stop: stop.drop_guard() }
    }

    /// Where Meta is.
    pub fn stands_before(&self, meta: &str) {
        meta.clone_into(&mut self.way.meta.lock().expect("no panic"));
    }

    /// From here on `new` is as good as `old`.
    pub fn renews(&self, old: &str, new: &str) {
        self.way.renewed.lock().expect("no panic").insert(new.to_owned(), old.to_owned());
    }

    /// How many calls have shown this token.
    pub fn shown(&self, token: &str) -> usize {
        self.way.shown.lock().expect("no panic").iter().filter(|shown| *shown == token).count()
    }

    pub fn lets(&self, lets: Lets) {
        *self.way.lets.lock().expect("no panic") = lets;
    }
}

impl Way {
    /// The token that the emulated Meta knows in the place of the one that is shown; none where that is the one.
    fn known_token(&self, headers: &HeaderMap) -> Option<String> {
        let shown = headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")?;
        self.shown.lock().expect("no panic").push(shown.to_owned());
        self.renewed.lock().expect("no panic").get(shown).cloned()
    }
}

async fn pass(
    State(way): State<Arc<Way>>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    let lets = *way.lets.lock().expect("no panic");
    if lets == Lets::Nothing || (lets == Lets::Sends && method != Method::POST) {
        return (StatusCode::INTERNAL_SERVER_ERROR, Vec::new());
    }
    headers.remove("host");
    let mut url = format!("{}{uri}", way.meta.lock().expect("no panic"));
    if let Some(known) = way.known_token(&headers) {
        headers.insert("authorization", format!("Bearer {known}").parse().expect("a header"));
        // The proof is of the other token.
        url.truncate(url.find('?').unwrap_or(url.len()));
    }
    let answer = match way.http.request(method, url).headers(headers).body(body).send().await {
        Ok(answer) => (answer.status(), answer.bytes().await),
        Err(_) => return (StatusCode::BAD_GATEWAY, Vec::new()),
    };
    match answer {
        (status, Ok(body)) => (status, body.into()),
        (_, Err(_)) => (StatusCode::BAD_GATEWAY, Vec::new()),
    }
}
