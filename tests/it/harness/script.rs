//! A relay that does as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;

use super::schema::request_faults;

type Answer = futures_util::future::BoxFuture<'static, Response>;

/// What it was asked, what it will answer, once each, and what it answers otherwise: nothing, unless [`Script::always`] says
/// more.
#[derive(Clone, Default)]
pub struct Script {
    pub asked: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    otherwise: Arc<Mutex<(StatusCode, String)>>,
}

impl Script {
    /// A relay that answers everything so.
    pub fn always(status: u16, body: &str) -> Script {
        let status = StatusCode::from_u16(status).expect("a status");
        Script { otherwise: Arc::new(Mutex::new((status, body.to_owned()))), ..Script::default() }
    }

    pub fn answer(&self, answer: impl FnOnce() -> Response + Send + 'static) {
        self.answer_later(async move { answer() });
    }

    pub fn answer_later(&self, answer: impl Future<Output = Response> + Send + 'static) {
        self.answers.lock().expect("answers").push_back(Box::pin(answer));
    }

    pub fn says(&self, answer: Value) {
        self.answer(move || answer.to_string().into_response());
    }

    /// What it was asked. All of it is as the relay's schema says.
    pub fn asked(&self) -> Vec<Value> {
        let asked = self.asked.lock().expect("what was asked");
        let asked: Vec<_> = asked.iter().map(|(_, body)| serde_json::from_slice(body).expect("JSON")).collect();
        asked.iter().for_each(|asked| assert_eq!(request_faults(asked), [""; 0], "{asked}"));
        asked
    }

    pub async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/bot", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(Self::hear).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    pub async fn hear(State(script): State<Script>, headers: HeaderMap, body: Bytes) -> Response {
        script.asked.lock().expect("what was asked").push((headers, body));
        let answer = script.answers.lock().expect("answers").pop_front();
        match answer {
            Some(answer) => answer.await,
            None => script.otherwise.lock().expect("an answer").clone().into_response(),
        }
    }
}
