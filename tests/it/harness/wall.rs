//! A wall before Meta: what a server asks of it does not always get through.

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
}

impl Wall {
    pub async fn new(lets: Lets) -> Wall {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let way = Arc::new(Way { http: Client::new(), meta: Mutex::default(), lets: Mutex::new(lets) });
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

    pub fn lets(&self, lets: Lets) {
        *self.way.lets.lock().expect("no panic") = lets;
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
    let url = format!("{}{uri}", way.meta.lock().expect("no panic"));
    let answer = match way.http.request(method, url).headers(headers).body(body).send().await {
        Ok(answer) => (answer.status(), answer.bytes().await),
        Err(_) => return (StatusCode::BAD_GATEWAY, Vec::new()),
    };
    match answer {
        (status, Ok(body)) => (status, body.into()),
        (_, Err(_)) => (StatusCode::BAD_GATEWAY, Vec::new()),
    }
}
