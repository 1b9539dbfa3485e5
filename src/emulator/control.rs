//! The control routes, `/emulator/…`: read the world, act in it, break it, move its time.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State as Given};
use axum::http::{StatusCode, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::act::{Asked, chat_key};
use super::chat::Chat;
use super::deed::perform;
use super::exchange::{Exchange, KEPT};
use super::faults::{self, PushFault, SendFault};
use super::refusal::Refusal;
use super::site::Site;
use super::state::Notice;
use super::subscriptions::OBJECTS;

type Body = Result<Bytes, BytesRejection>;
type Answer = Result<Json<Value>, Refusal>;

const ADVANCE: &str = r#"{"advance":"25h"}; units are ms, s, m, h, d"#;
const FAULTS: &str = r#"{"send":"rate_limit|token_expired|temporary|blocked|lost_answer|slow","times":1} or {"push":"duplicate|reorder|delay|drop_then_retry|batch|echo_late|echo_lost|echo_other_id|edit_beside|edit_alone|edit_bare|half_surrogate","times":1}"#;
const SUBSCRIBE: &str = r#"{"callback":"http://127.0.0.1:8080/webhook"}"#;

/// The furthest the clock moves at once; beyond ten years nothing here changes any more.
const FURTHEST: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// `GET /emulator/world`.
pub(super) async fn world(Given(site): Given<Site>) -> Json<Value> {
    Json(json!(site.shared.world))
}

/// `POST /emulator/act`.
pub(super) async fn act(Given(site): Given<Site>, body: Body) -> Answer {
    let asked = Asked::read(&site.shared.world, &read(body)?)?;
    let pushed = perform(&site.shared, asked)?;
    Ok(Json(json!({"pushed": pushed})))
}

/// `GET /emulator/chats/{account}/{person}`.
pub(super) async fn chat(Given(site): Given<Site>, Path((account, person)): Path<(String, String)>) -> Answer {
    let shared = &site.shared;
    let key = chat_key(&shared.world, Some(&account), Some(&person))
        .map_err(|refusal| refusal.status(StatusCode::NOT_FOUND))?;
    let (account, person) = (&shared.world.accounts[key.account].name, &shared.world.people[key.person].name);
    let now = shared.clock.now();
    let state = shared.state();
    let view = |chat: &Chat| chat.view(account, person, now);
    let mut view = state.chats.get(&key).map_or_else(|| view(&Chat::default()), view);
    view["owner"] = json!(state.routing.owner(key, now));
    Ok(Json(view))
}

/// The query of [`exchanges`].
#[derive(Deserialize)]
pub(super) struct Last {
    limit: Option<usize>,
}

/// `GET /emulator/exchanges?limit=`.
pub(super) async fn exchanges(Given(site): Given<Site>, last: Result<Query<Last>, QueryRejection>) -> Answer {
    let Query(last) = last.map_err(|_| Refusal::new("\"limit\" is not a number", "as in ?limit=50"))?;
    let kept: Vec<Arc<Exchange>> = site.shared.state().exchanges.last(last.limit.unwrap_or(KEPT));
    let shown: Vec<&Exchange> = kept.iter().map(AsRef::as_ref).collect();
    Ok(Json(json!({"exchanges": shown})))
}

/// `GET /emulator/clock`.
pub(super) async fn clock(Given(site): Given<Site>) -> Json<Value> {
    Json(json!({"now": site.shared.clock.now()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance: String,
}

/// `POST /emulator/clock`.
pub(super) async fn advance(Given(site): Given<Site>, body: Body) -> Answer {
    let Advance { advance } = parse(&read(body)?, ADVANCE)?;
    let by = humantime::parse_duration(&advance).map_err(|error| Refusal::new(error.to_string(), ADVANCE))?;
    if by > FURTHEST {
        return Err(Refusal::new("the clock does not move that far", "at most ten years at once"));
    }
    site.shared.server.advance(&site.shared.clock, by);
    let now = site.shared.clock.now();
    site.shared.tell(Notice::Clock(now));
    Ok(Json(json!({"now": now})))
}

/// `GET /emulator/faults`.
pub(super) async fn pending(Given(site): Given<Site>) -> Json<Value> {
    Json(json!({"faults": site.shared.state().faults.list()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    send: Option<SendFault>,
    push: Option<PushFault>,
    times: Option<u32>,
}

/// `POST /emulator/faults`.
pub(super) async fn faults(Given(site): Given<Site>, body: Body) -> Answer {
    let Fault { send, push, times } = parse(&read(body)?, FAULTS)?;
    let times = times.unwrap_or(1);
    if times == 0 {
        return Err(Refusal::new("\"times\" is 0", "leave it out for 1; POST /emulator/reset takes all faults away"));
    }
    let mut state = site.shared.state();
    let taken = match (send, push) {
        (Some(send), None) => state.faults.add_send(send, times),
        (None, Some(push)) => state.faults.add_push(push, times),
        _ => return Err(Refusal::new("give either \"send\" or \"push\"", FAULTS)),
    };
    if !taken {
        let hint = "raise \"times\", or take all faults away with POST /emulator/reset";
        return Err(Refusal::new(format!("there are {} faults already", faults::MOST), hint));
    }
    Ok(Json(json!({"faults": state.faults.list()})))
}

/// `GET /emulator/subscribe`.
pub(super) async fn subscription(Given(site): Given<Site>) -> Json<Value> {
    let (world, state) = (&site.shared.world, site.shared.state());
    let cut_off = world.accounts.iter().enumerate().filter(|(at, _)| state.subscriptions.is_cut_off(*at));
    let unsubscribed: Vec<&str> = cut_off.map(|(_, account)| account.name.as_str()).collect();
    let callback = OBJECTS.into_iter().find_map(|object| state.subscriptions.callback(object));
    Json(json!({"callback": callback, "unsubscribed": unsubscribed}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Callback {
    callback: String,
}

/// `POST /emulator/subscribe`: what is done in the app's dashboard, all at once.
pub(super) async fn subscribe(Given(site): Given<Site>, body: Body) -> Answer {
    let Callback { callback } = parse(&read(body)?, SUBSCRIBE)?;
    if site.shared.callbacks.is_unnamed(&callback) {
        let hint =
            "name it when the emulator starts: rejoinder emulator --webhook URL, or app.webhooks in the world file";
        let message = format!("the callback {callback:?} was not named, and is not called");
        return Err(Refusal::new(message, hint).status(StatusCode::FORBIDDEN));
    }
    super::subscribe::subscribe(&site.shared, &callback).await.map_err(|error| {
        let hint = "GET /emulator/exchanges shows what was asked and answered; GET /emulator/world the verify token";
        Refusal::new(error.to_string(), hint)
    })?;
    Ok(subscription(Given(site)).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    account: String,
}

/// `POST /emulator/terms`: an admin accepts the Page Contact Terms, without which custom labels do not work.
pub(super) async fn terms(Given(site): Given<Site>, body: Body) -> Answer {
    let Terms { account } = parse(&read(body)?, r#"for example {"account":"shop"}"#)?;
    let names =
        || site.shared.world.accounts.iter().map(|account| account.name.as_str()).collect::<Vec<_>>().join(", ");
    let at =
        site.shared.world.account(&account).ok_or_else(|| {
            Refusal::new(format!("there is no account {account:?}"), format!("there are: {}", names()))
        })?;
    site.shared.state().setup.terms.insert(at);
    Ok(Json(json!({})))
}

/// `POST /emulator/reset`.
pub(super) async fn reset(Given(site): Given<Site>) -> Json<Value> {
    site.shared.reset();
    Json(json!({}))
}

/// Everything else.
pub(super) async fn nothing(uri: Uri) -> Refusal {
    Refusal::not_found(uri.path())
}

fn read(body: Body) -> Result<Bytes, Refusal> {
    body.map_err(|rejection| {
        Refusal::new("the body cannot be read", "send at most 1 MiB of JSON").status(rejection.status())
    })
}

fn parse<T: DeserializeOwned>(body: &[u8], hint: &str) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::new(error.to_string(), hint))
}
