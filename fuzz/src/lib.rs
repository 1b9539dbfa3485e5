//! What each fuzz target does with its bytes. The same bodies run as ordinary tests, over every payload of `tests/payloads/`
//! and over generated ones.

use std::collections::BTreeMap;
use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use rejoinder::accounts::Accounts;
use rejoinder::clock::{Clock, Timestamp};
use rejoinder::conversations::Conversations;
use rejoinder::event::{self, Envelope, Event, Origin};
use rejoinder::secret::Secret;
use rejoinder::settings::{Settings, Sources};
use rejoinder::store::{EventQuery, Identity};
use rejoinder::telemetry::Metrics;
use rejoinder::{signature, webhook};
use serde_json::value::RawValue;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// Whatever a body says, it is read without a panic; each piece keeps its bytes, and what is kept is read again as the same.
pub fn read(body: &[u8]) {
    for piece in event::read(body) {
        match piece {
            Ok(envelope) => {
                assert!(holds(body, envelope.raw.get()));
                read_again(&envelope);
            }
            Err(piece) => {
                assert!(contains(body, &piece.raw));
                let again = event::read_piece(piece.piece, piece.origin.as_deref(), &piece.raw);
                assert!(again.iter().any(|again| again.as_ref().is_err_and(|again| again.key == piece.key)));
            }
        }
    }
}

fn read_again(envelope: &Envelope) {
    let Envelope { account, standby, at, raw, list, .. } = envelope;
    let origin = Origin { account: account.clone(), standby: *standby, time: *at, list: list.clone() };
    let again = Envelope::read(&origin, raw).expect("what was read is read again");
    assert_eq!((again.kind(), again.key, again.at), (envelope.kind(), envelope.key, envelope.at));
    assert_eq!((&again.person, again.thread), (&envelope.person, envelope.thread));
    assert!(!envelope.by_account || !(envelope.is_act() || envelope.opened_at().is_some()));
    match &envelope.event {
        Event::Message(message) => {
            let _ = (message.text(), message.quick_reply(), message.reply_to(), message.referral());
            for attachment in message.attachments() {
                let _ = (attachment.url(), attachment.title(), attachment.sticker_id(), attachment.coordinates());
            }
        }
        Event::Other(other) => {
            let _ = other.name();
            assert_eq!(other.raw().get(), raw.get());
        }
        _ => {}
    }
}

/// Whether a body holds an item: in one piece, or, where it stood beside lists, in its members.
fn holds(body: &[u8], item: &str) -> bool {
    let members = |item| serde_json::from_str::<BTreeMap<String, &RawValue>>(item).unwrap_or_default();
    contains(body, item.as_bytes()) || members(item).values().all(|value| contains(body, value.get().as_bytes()))
}

fn contains(body: &[u8], piece: &[u8]) -> bool {
    piece.is_empty() || body.windows(piece.len()).any(|window| window == piece)
}

/// Whatever stands in the header, it signs a body only if it is that body's signature.
pub fn signature(header: &[u8], body: &[u8]) {
    let secrets = [Secret::new("the app's secret"), Secret::new("an old secret")];
    let right = secrets.each_ref().map(|secret| signature::sign(secret, body));
    let verifier = signature::Verifier::of(&secrets);
    let verified = verifier.verify(header, body);
    let same = |right: &String| {
        let (prefix, digits) = right.split_at("sha256=".len());
        header.strip_prefix(prefix.as_bytes()).is_some_and(|given| given.eq_ignore_ascii_case(digits.as_bytes()))
    };
    assert_eq!(verified, right.iter().any(same));
    for right in &right {
        assert!(verifier.verify(right.as_bytes(), body));
        let (prefix, digits) = right.split_at("sha256=".len());
        assert!(verifier.verify(format!("{prefix}{}", digits.to_uppercase()).as_bytes(), body));
        assert!(!verifier.verify(right.as_bytes(), &[body, b"x"].concat()));
    }
}

/// The webhook over a store of its own.
pub struct Server {
    runtime: Runtime,
    routes: Router,
    store: Conversations,
    secret: Secret,
    _folder: TempDir,
}

impl Server {
    /// Opens the store.
    pub fn start() -> Server {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings(&folder.path().join("rejoinder.db"));
        let now = Clock::system().now();
        let store = runtime.block_on(Conversations::open(&settings.store, Identity::default(), now)).expect("a store");
        let clock = Clock::standing(Timestamp(now.0));
        let accounts = Accounts::of(&settings, clock.clone()).expect("an HTTP client");
        let webhook = webhook::Webhook::new(
            &settings,
            accounts,
            rejoinder::Interests::default(),
            store.clone(),
            clock,
            Metrics::new(),
        );
        Server { runtime, routes: webhook::routes(webhook), store, secret: settings.app.secret, _folder: folder }
    }

    /// Whatever a signed body says, it is answered 200, and when it comes again nothing is new.
    pub fn signed(&self, body: &[u8]) {
        self.runtime.block_on(async {
            assert_eq!(self.post(body).await, StatusCode::OK);
            let newest = self.newest().await;
            assert_eq!(self.post(body).await, StatusCode::OK);
            assert_eq!(self.newest().await, newest);
        });
    }

    async fn post(&self, body: &[u8]) -> StatusCode {
        let request = Request::post("/webhook").header(signature::HEADER, signature::sign(&self.secret, body));
        let request = request.body(Body::from(body.to_vec())).expect("a request");
        self.routes.clone().oneshot(request).await.expect("an answer").status()
    }

    async fn newest(&self) -> Option<String> {
        let events = self.store.events(EventQuery { limit: 1, ..EventQuery::default() }).await.expect("a list");
        events.first().map(|event| event.id.to_string())
    }
}

fn settings(store: &Path) -> Settings {
    let environment = [
        ("APP__ID", "555000000000001".to_owned()),
        ("APP__SECRET", "the app's secret".to_owned()),
        ("APP__VERIFY_TOKEN", "the verify token".to_owned()),
        ("STORE__URL", format!("sqlite://{}", store.display())),
        ("ACCOUNTS__SHOP__PLATFORM", "messenger".to_owned()),
        ("ACCOUNTS__SHOP__ID", "104000000000001".to_owned()),
        ("ACCOUNTS__SHOP__ACCESS_TOKEN", "EAAToken".to_owned()),
        ("ACCOUNTS__SHOP__HANDLER", "echo".to_owned()),
    ];
    let environment = environment.map(|(key, value)| (format!("REJOINDER_{key}"), value)).to_vec();
    Settings::load(&Sources { environment, ..Sources::default() }, &["echo"])
        .unwrap_or_else(|faults| panic!("{faults}"))
}
