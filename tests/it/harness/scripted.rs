//! A Graph API that answers what a test scripts, for answers that were reported and that the emulated Meta does not give.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Response, StatusCode};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What becomes of a send.
pub enum Answer {
    /// The line is cut before the answer is there.
    Cut,
    /// This is answered.
    Says(u16, Value),
}

pub struct Scripted {
    pub url: String,
    script: Arc<Script>,
    _stop: DropGuard,
}

#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    conversations: Mutex<Value>,
    sends: Mutex<Vec<Value>>,
}

impl Scripted {
    /// Gives these answers to the first sends, and takes every later one. No conversation is listed.
    pub async fn answering(answers: impl IntoIterator<Item = Answer>) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let script = Arc::new(Script::default());
        script.answers.lock().expect("no panic").extend(answers);
        let scripted = Scripted { url, script: Arc::clone(&script), _stop: CancellationToken::new().drop_guard() };
        scripted.lists(json!({"data": []}));
        let app = Router::new().fallback(answer).with_state(script);
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(stopped).await });
        Scripted { _stop: stop.drop_guard(), ..scripted }
    }

    /// What the Conversations API answers from here on.
    pub fn lists(&self, conversations: Value) {
        *self.script.conversations.lock().expect("no panic") = conversations;
    }

    /// The bodies of the sends that came.
    pub fn sends(&self) -> Vec<Value> {
        self.script.sends.lock().expect("no panic").clone()
    }
}

async fn answer(State(script): State<Arc<Script>>, method: Method, body: String) -> Response<Body> {
    let says = |status: u16, json: &Value| {
        let answer = Response::builder().status(StatusCode::from_u16(status).expect("a status"));
        answer.header(CONTENT_TYPE, "application/json").body(Body::from(json.to_string())).expect("an answer")
    };
    if method == Method::GET {
        return says(200, &script.conversations.lock().expect("no panic"));
    }
    let mut sends = script.sends.lock().expect("no panic");
    sends.push(serde_json::from_str(&body).expect("JSON"));
    match script.answers.lock().expect("no panic").pop_front() {
        Some(Answer::Cut) => {
            Response::new(Body::from_stream(stream::once(async { Err::<String, _>(io::Error::other("cut")) })))
        }
        Some(Answer::Says(status, json)) => says(status, &json),
        None => {
            says(200, &json!({"recipient_id": "7200000000000011", "message_id": format!("m_taken_{}", sends.len())}))
        }
    }
}
