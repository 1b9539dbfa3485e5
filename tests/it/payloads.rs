//! Every shape that Meta documents, one file each in `tests/payloads/`, in a folder named after its kind. Beside each stands
//! its typed form, as a snapshot: `INSTA_UPDATE=always cargo test payloads` writes them anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rejoinder::event::{self, Envelope, Event, Kind};
use rejoinder::signature;
use rejoinder::{Context, Handler, Handlers, Observation};
use reqwest::StatusCode;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::harness::{ADA, ADA_ON_INSTAGRAM, Rig, RigOptions, SHOP, delivery, message, world};

/// The author of the comments on the Page: no scoped id.
const AUTHOR: &str = "8800000000000031";

/// What concerns no person.
const NOBODY: [&str; 19] = [
    "comment/instagram-own-comment",
    "comment/page-comment-without-author",
    "comment/page-own-comment",
    "edit/instagram-first-version-without-sender",
    "handover/page-app-roles",
    "mention/instagram-comment",
    "mention/instagram-media",
    "message/page-without-sender",
    "other/application-business-integration",
    "other/instagram-story-insights",
    "other/page-business-integrity",
    "other/page-changed-fields",
    "other/page-leadgen",
    "other/page-marketing-message-failed",
    "other/page-own-post",
    "policy_enforcement/page-block",
    "policy_enforcement/page-old-name",
    "policy_enforcement/page-unblock",
    "policy_enforcement/page-warning",
];

/// One file.
pub struct Payload {
    path: PathBuf,
    /// `message/page-text`.
    pub name: String,
    pub body: Vec<u8>,
}

impl Payload {
    /// The folder's name.
    fn kind(&self) -> &str {
        self.name.split_once('/').expect("a folder").0
    }

    fn person(&self) -> Option<&'static str> {
        match self.name.as_str() {
            name if NOBODY.contains(&name) => None,
            "message/page-test-button" => Some("12334"),
            "postback/page-of-a-user-ref" | "optin/page-checkbox" => Some("u-5f1c"),
            "echo/instagram-to-itself" | "postback/instagram-by-itself" => Some("9100000000000099"),
            "mention/page" | "other/page-reaction-to-a-post" => Some(AUTHOR),
            name if name.starts_with("comment/page") => Some(AUTHOR),
            name if name.contains("/instagram") => Some(ADA_ON_INSTAGRAM),
            _ => Some(ADA),
        }
    }

    fn account(&self) -> Option<&'static str> {
        match self.name.as_str() {
            "message/page-test-button" | "other/application-business-integration" => None,
            name if name.contains("/instagram") => Some("shop_ig"),
            _ => Some("shop"),
        }
    }
}

/// All files, in the order of their names.
pub fn payloads() -> Vec<Payload> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/payloads");
    let entries = |folder: &Path| {
        let mut entries: Vec<_> =
            std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        entries.sort();
        entries
    };
    let files = entries(&root).into_iter().flat_map(|folder| entries(&folder));
    let json = files.filter(|file| file.extension().is_some_and(|extension| extension == "json"));
    let payload = |path: PathBuf| Payload {
        name: path.strip_prefix(&root).expect("a file below").with_extension("").display().to_string(),
        body: std::fs::read(&path).expect("a file"),
        path,
    };
    json.map(payload).collect()
}

/// What is read from a file, but for its key and its raw form.
#[derive(Debug)]
#[expect(dead_code, reason = "for its Debug form")]
struct Typed {
    account: String,
    person: Option<String>,
    thread: rejoinder::id::Thread,
    standby: bool,
    at: Option<String>,
    is_act: bool,
    opens: bool,
    event: Event,
}

#[test]
fn every_shape_is_read_as_its_snapshot_says() {
    let payloads = payloads();
    assert!(payloads.len() >= 80, "{}", payloads.len());
    for payload in payloads {
        let mut read = event::read(&payload.body);
        assert_eq!(read.len(), 1, "{}", payload.name);
        let envelope = read.remove(0).unwrap_or_else(|piece| panic!("{}: {}", payload.name, piece.reason));
        let (is_act, opens) = (envelope.is_act(), envelope.event.opens());
        let Envelope { account, person, thread, standby, at, event, .. } = envelope;
        let typed = Typed {
            account: account.to_string(),
            person: person.map(|person| person.to_string()),
            thread,
            standby,
            at: at.map(|at| at.to_string()),
            is_act,
            opens,
            event,
        };
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(payload.path.parent().expect("a folder"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_debug_snapshot!(payload.path.file_stem().expect("a name").to_str(), typed));
    }
}

/// Answers whatever may be answered.
struct Polite;

impl Handler for Polite {
    async fn handle(&self, ctx: &mut Context, _: &Event) -> anyhow::Result<()> {
        ctx.reply("Thank you");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_to_whom_the_event_came_from() {
    let handlers = Handlers::new().with("polite", Polite);
    let rig = Rig::with(RigOptions { handler: "polite", handlers, ..RigOptions::default() }).await;
    let named = |name: &str| payloads().into_iter().find(|payload| payload.name == name).expect("a payload");
    let mut count = 0;
    for (name, recipient) in [
        ("message/page-text", Some(json!({"id": ADA}))),
        ("feedback/page-survey", Some(json!({"id": ADA}))),
        ("optin/page-checkbox", Some(json!({"user_ref": "u-5f1c"}))),
        ("postback/page-of-a-user-ref", Some(json!({"user_ref": "u-5f1c"}))),
        ("comment/page-comment", Some(json!({"comment_id": "9_77"}))),
        ("comment/page-group-comment", Some(json!({"comment_id": "5_6"}))),
        ("comment/page-comment-without-author", Some(json!({"comment_id": "9_78"}))),
        ("comment/page-visitor-post", Some(json!({"post_id": "104000000000001_10"}))),
        ("comment/instagram-comment", Some(json!({"comment_id": "1790001"}))),
        ("comment/page-own-comment", None),
        ("comment/page-comment-edited", None),
        ("reaction/page-by-the-account", None),
        ("message/instagram-first-version", Some(json!({"id": ADA_ON_INSTAGRAM}))),
        ("edit/instagram-without-text", None),
        ("message/page-without-sender", None),
        ("message/page-standby", None),
    ] {
        deliver(&rig, &named(name).body).await;
        rig.events_are("pending", 0).await;
        rig.events_are("running", 0).await;
        let sends = rig.sends("").await;
        count += usize::from(recipient.is_some());
        assert_eq!(sends.len(), count, "{name}");
        if let Some(recipient) = recipient {
            assert_eq!(sends[0]["recipient"], recipient, "{name}");
            assert_eq!(sends[0]["person"], json!(named(name).person()), "{name}");
        }
    }
    rig.end().await;
}

/// Says nothing, and knows what it was given.
#[derive(Clone, Default)]
struct Given(Arc<Mutex<Vec<Value>>>);

impl Given {
    async fn note(&self, observation: &Observation, act: bool) {
        self.0.lock().await.push(json!({
            "account": observation.account(),
            "person": observation.person().map(ToString::to_string),
            "act": act,
            "raw": serde_json::from_str::<Value>(observation.raw().get()).unwrap_or_default(),
        }));
    }
}

impl Handler for Given {
    async fn handle(&self, ctx: &mut Context, _: &Event) -> anyhow::Result<()> {
        self.note(ctx, true).await;
        Ok(())
    }

    async fn observe(&self, ctx: &mut Observation, _: &Event) -> anyhow::Result<()> {
        self.note(ctx, false).await;
        Ok(())
    }
}

/// All entries in one delivery, as they were written.
fn in_one<'a>(payloads: impl Iterator<Item = &'a Payload>) -> Vec<u8> {
    #[derive(serde::Deserialize)]
    struct Delivery<'a> {
        #[serde(borrow)]
        entry: Vec<&'a RawValue>,
    }
    let mut entries = Vec::new();
    for payload in payloads {
        let text = std::str::from_utf8(&payload.body).expect("text").trim();
        let object = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let delivery: Delivery<'_> = serde_json::from_str(object).expect("a delivery");
        entries.extend(delivery.entry.into_iter().map(RawValue::get));
    }
    format!(r#"{{"object":"page","entry":[{}]}}"#, entries.join(",")).into_bytes()
}

async fn rig_of(given: &Given) -> Rig {
    let handlers = Handlers::new().with("given", given.clone());
    Rig::with(RigOptions { handler: "given", handlers, ..RigOptions::default() }).await
}

async fn deliver(rig: &Rig, body: &[u8]) {
    let header = signature::sign(&world().app.secret, body);
    assert_eq!(rig.post_webhook(&[(signature::HEADER, &header)], body.to_vec()).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shape_is_one_event_of_its_kind_however_often_it_comes() {
    let given = Given::default();
    let rig = rig_of(&given).await;
    let payloads = payloads();
    for (count, payload) in payloads.iter().enumerate() {
        deliver(&rig, &payload.body).await;
        let events = rig.events("").await;
        assert_eq!(events.len(), count + 1, "{}", payload.name);
        let event = &events[0];
        assert_eq!(
            (&event["kind"], &event["person"], &event["account"]),
            (&json!(payload.kind()), &json!(payload.person()), &json!(payload.account())),
            "{}",
            payload.name
        );
        assert_eq!(event["standby"], payload.name.ends_with("-standby"), "{}", payload.name);
    }
    // Once more, all in one delivery and the other way round.
    deliver(&rig, &in_one(payloads.iter().rev())).await;
    rig.events_are("done", payloads.len()).await;
    assert_eq!(rig.events("").await.len(), payloads.len());
    // All but what came for nobody here were given to the handler, once.
    let configured = payloads.iter().filter(|payload| payload.account().is_some()).count();
    assert_eq!(given.0.lock().await.len(), configured);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_item_does_not_cost_its_neighbours() {
    let given = Given::default();
    let rig = rig_of(&given).await;
    let good = |mid: &str| message(ADA, mid, mid, rig.now());
    let deep = format!("{{\"message\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let body =
        delivery(&[json!(7), good("m_1"), json!(null), json!("x"), json!([good("m_2")]), json!("DEEP"), good("m_3")]);
    let body = body.to_string().replace("\"DEEP\"", &deep);
    deliver(&rig, body.as_bytes()).await;
    let more = json!({"object": "page", "entry": [3, {"no_id": true}, {"id": SHOP, "messaging": {"0": good("m_4")},
        "standby": [good("m_5")]}, {"id": SHOP, "messaging": [good("m_6")]}]});
    deliver(&rig, more.to_string().as_bytes()).await;
    let done: Vec<_> = rig.messages_are("done", 4).await.iter().map(|event| event["standby"] == true).collect();
    assert_eq!(done, [false, true, false, false]);
    let kept = rig.events_are("quarantined", 8).await;
    assert!(kept.iter().all(|event| !event["error"].as_str().expect("a reason").is_empty()));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_events_in_one_delivery_are_handled_in_order() {
    let given = Given::default();
    let rig = rig_of(&given).await;
    let person = |number: usize| format!("72000000000{:05}", number % 40);
    let items: Vec<_> =
        (0..1000).map(|number| message(&person(number), &format!("m_{number}"), "x", rig.now())).collect();
    assert_eq!(rig.deliver(&delivery(&items)).await, StatusCode::OK);
    rig.until(|| async {
        let count = given.0.lock().await.len();
        if count == 1000 { Ok(()) } else { Err(count.to_string()) }
    })
    .await;
    let given = given.0.lock().await;
    for number in 0..40 {
        let person = json!(person(number));
        let of_person = given.iter().filter(|given| given["person"] == person);
        let mids: Vec<_> = of_person.map(|given| given["raw"]["message"]["mid"].as_str().expect("a mid")).collect();
        let expected: Vec<_> = (number..1000).step_by(40).map(|number| format!("m_{number}")).collect();
        assert_eq!(mids, expected);
    }
    rig.end().await;
}

#[test]
fn every_kinds_page_says_when_meta_sends_it_and_what_it_means() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/event");
    for kind in Kind::ALL {
        let page = std::fs::read_to_string(source.join(format!("{kind}.rs"))).expect("a file for each kind");
        let docs: String = page.lines().filter_map(|line| line.strip_prefix("/// ")).collect();
        for said in ["Meta sends", "**Window:**", "<https://developers.facebook.com/docs/"] {
            assert!(docs.contains(said) || (*kind == Kind::Outcome && said == "Meta sends"), "{kind}: {said}");
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/payloads").join(kind.as_str());
        assert!(folder.is_dir() || *kind == Kind::Outcome, "{kind} has no payload");
    }
}
