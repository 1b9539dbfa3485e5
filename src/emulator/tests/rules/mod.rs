//! Every rule of the Send API as a row: the call that it refuses and with which error, and the nearest call that goes through.
//!
//! A row's name is the section of Meta's reference that it follows, or the number of the policy's rule. Each row has an
//! emulator of its own, in which Ada has just written to both accounts.

mod form;
mod grounds;
mod message;
mod templates;

use std::time::Duration;

use serde_json::{Value, json};

use crate::emulator::rights::{Token, TokenKind, Writing};
use crate::emulator::routing::CONTROL;
use crate::emulator::uploads::MediaKind;
use crate::emulator::world::ChatKey;
use crate::emulator::{Feature, World};

use super::{Bench, with};

const SHOP: ChatKey = ChatKey { account: 0, person: 0 };
const SHOP_IG: ChatKey = ChatKey { account: 1, person: 0 };

/// The first id that is handed out for a file.
const FIRST_UPLOAD: &str = "1857777774821032";

/// Another app that a conversation can belong to.
const ANOTHER_APP: &str = "555000000000002";

/// A rule.
struct Row {
    rule: &'static str,
    error: (u32, Option<u32>),
    refused: Value,
    allowed: Option<Value>,
    chat: ChatKey,
    given: Vec<Step>,
    then: Vec<Step>,
    features: Option<Vec<Feature>>,
}

/// Something that happens before a call.
enum Step {
    /// Ada does something.
    Act(Value),
    /// The clock moves.
    Wait(Duration),
    /// Ada comments, under this id.
    Comment(&'static str),
    /// Ada comments below a broadcast, under this id.
    LiveComment(&'static str),
    /// Ada posts on the Page, under this id.
    Post(&'static str),
    /// The account's broadcast ends.
    EndBroadcast,
    /// Ada agrees to be written to on this token.
    Optin(TokenKind, &'static str),
    /// Ada wants no more of what comes on this token.
    Stop(&'static str),
    /// Another app gets the conversation.
    AnotherApp,
    /// The account uploads a file.
    Upload(MediaKind),
    /// The account has a template approved, of this name and in this language.
    Template(&'static str, &'static str),
    /// The account sends something, so many times.
    Send(Value, usize),
    /// A call goes wrong.
    Fault(&'static str),
}

/// The rule of this name refuses a call with `code`, and nothing more.
fn row(rule: &'static str, code: u32, refused: Value) -> Row {
    Row {
        rule,
        error: (code, None),
        refused,
        allowed: None,
        chat: SHOP,
        given: vec![Step::Act(json!({"do": "message", "text": "hi"}))],
        then: Vec::new(),
        features: None,
    }
}

impl Row {
    /// The error has this subcode.
    fn with(self, subcode: u32) -> Row {
        Row { error: (self.error.0, Some(subcode)), ..self }
    }

    /// The nearest call that goes through.
    fn but(self, allowed: Value) -> Row {
        Row { allowed: Some(allowed), ..self }
    }

    /// The refused call goes through as well, before `then` happens.
    fn until(self, then: Vec<Step>) -> Row {
        let allowed = Some(self.refused.clone());
        Row { allowed, then, ..self }
    }

    /// What happens between the call that goes through and the one that is refused.
    fn then(self, then: Vec<Step>) -> Row {
        Row { then, ..self }
    }

    /// On Instagram.
    fn on_instagram(self) -> Row {
        Row { chat: SHOP_IG, ..self }
    }

    /// What happens first, instead of Ada's message.
    fn given(self, given: Vec<Step>) -> Row {
        Row { given, ..self }
    }

    /// The app has these features and no others.
    fn granted(self, features: Vec<Feature>) -> Row {
        Row { features: Some(features), ..self }
    }
}

async fn hold(rows: Vec<Row>) {
    for row in rows {
        let mut world = World::default();
        world.app.features = row.features.clone();
        // What is retired has a rule of its own in `consent`.
        world.app.marketing_tokens = true;
        let bench = Bench::unsubscribed(world).await;
        for step in row.given {
            take(&bench, row.chat, row.rule, step).await;
        }
        if let Some(allowed) = row.allowed {
            let (status, answer) = send(&bench, row.chat, allowed.clone()).await;
            assert_eq!(status, 200, "{}: {allowed}: {answer}", row.rule);
        }
        for step in row.then {
            take(&bench, row.chat, row.rule, step).await;
        }
        let (status, answer) = send(&bench, row.chat, row.refused.clone()).await;
        let (code, subcode) = row.error;
        let error = &answer["error"];
        let expected = (400, &json!(code), &subcode.map_or(Value::Null, |subcode| json!(subcode)));
        assert_eq!(
            (status, &error["code"], &error["error_subcode"]),
            expected,
            "{}: {}: {answer}",
            row.rule,
            row.refused
        );
        bench.end().await;
    }
}

async fn send(bench: &Bench, chat: ChatKey, call: Value) -> (u16, Value) {
    let ada = if chat == SHOP { "7200000000000011" } else { "9100000000000021" };
    bench.send(with(json!({"recipient": {"id": ada}}), call)).await
}

async fn take(bench: &Bench, chat: ChatKey, rule: &str, step: Step) {
    let now = bench.clock.now();
    let (mut state, is_post) = (bench.emulator.shared.state(), matches!(step, Step::Post(_)));
    let writing = |is_live| Writing { chat, at: now, is_post, is_live, is_over: false, is_answered: false };
    match step {
        Step::Wait(duration) => bench.clock.advance(duration),
        Step::Comment(id) | Step::Post(id) => drop(state.rights.writings.insert(id.into(), writing(false))),
        Step::LiveComment(id) => drop(state.rights.writings.insert(id.into(), writing(true))),
        Step::EndBroadcast => state.rights.end_broadcasts(chat.account),
        Step::Optin(kind, token) => {
            state.rights.tokens.insert(token.into(), Token::new(chat, now, kind));
        }
        Step::Stop(token) => state.rights.tokens.get_mut(token).expect("Ada has agreed").is_stopped = true,
        Step::AnotherApp => state.routing.give(chat, ANOTHER_APP, now + CONTROL),
        Step::Upload(kind) => drop(state.uploads.add(chat.account, kind, now)),
        Step::Act(act) => {
            drop(state);
            let account = if chat == SHOP { "shop" } else { "shop_ig" };
            bench.act(with(json!({"account": account}), act)).await;
        }
        Step::Send(call, times) => {
            drop(state);
            for _ in 0..times {
                let (status, answer) = send(bench, chat, call.clone()).await;
                assert_eq!(status, 200, "{rule}: {call}: {answer}");
            }
        }
        Step::Template(name, language) => {
            drop(state);
            let token = World::default().accounts[0].access_token.expose().to_owned();
            let components = json!([{"type": "BODY", "text": "Your order left."}]);
            let template = json!({"name": name, "language": language, "category": "UTILITY", "components": components});
            bench.control("/me/message_templates", with(template, json!({"access_token": token}))).await;
        }
        Step::Fault(fault) => {
            drop(state);
            bench.control("/emulator/faults", json!({"send": fault})).await;
        }
    }
}

fn text(text: &str) -> Value {
    json!({"message": {"text": text}})
}

fn attachment(kind: &str, payload: Value) -> Value {
    json!({"message": {"attachment": {"type": kind, "payload": payload}}})
}

fn template(payload: Value) -> Value {
    attachment("template", payload)
}

fn hours(hours: u64) -> Step {
    Step::Wait(Duration::from_secs(hours * 3600))
}

fn days(days: u64) -> Step {
    hours(days * 24)
}

fn seconds(seconds: u64) -> Step {
    Step::Wait(Duration::from_secs(seconds))
}
