//! Account linking: a person taps a Log In button and comes back from the bot's login page.
//!
//! `POST /emulator/linking` `{"person","account"}` is the tap. It says where the person's browser goes, and where the login
//! page is to send it back to: with `authorization_code` when the login worked, without when it did not.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/identity/account-linking>

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State as Given};
use axum::http::HeaderMap;
use axum::http::header::HOST;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};

use super::act::{Act, Asked, chat_key};
use super::deed::perform;
use super::refusal::Refusal;
use super::site::Site;
use super::world::Platform;

/// Who taps, and where.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tap {
    person: String,
    account: String,
}

/// `POST /emulator/linking`.
pub(super) async fn begin(Given(site): Given<Site>, headers: HeaderMap, body: Bytes) -> Result<Json<Value>, Refusal> {
    let hint = r#"for example {"person":"Ada","account":"shop"}"#;
    let Tap { person, account } =
        serde_json::from_slice(&body).map_err(|error| Refusal::new(error.to_string(), hint))?;
    let shared = &site.shared;
    let chat = chat_key(&shared.world, Some(&account), Some(&person))?;
    if shared.world.accounts[chat.account].platform != Platform::Messenger {
        return Err(Refusal::new("accounts are linked on Messenger only", "name a Page as \"account\""));
    }
    let mut state = shared.state();
    let token: String = (0..40).map(|_| state.rng.alphanumeric()).collect();
    state.links.begin(token.clone(), chat, shared.clock.now());
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let back = format!("http://{host}/emulator/linking/{token}?linked=1");
    let login = state.setup.linking_url(chat.account).and_then(|url| Url::parse(url).ok()).map(|mut url| {
        url.query_pairs_mut().append_pair("account_linking_token", &token).append_pair("redirect_uri", &back);
        String::from(url)
    });
    Ok(Json(json!({"url": login, "account_linking_token": token, "redirect_uri": back})))
}

/// What the login page adds to the address it sends the browser back to.
#[derive(Deserialize)]
pub(super) struct LinkingResult {
    authorization_code: Option<String>,
}

/// `GET /emulator/linking/{token}`: the person comes back.
pub(super) async fn finish(
    Given(site): Given<Site>,
    Path(token): Path<String>,
    Query(outcome): Query<LinkingResult>,
) -> Result<Json<Value>, Refusal> {
    let shared = &site.shared;
    let chat = shared.state().links.end(&token, shared.clock.now()).ok_or_else(|| {
        Refusal::new(
            "this login has not begun, or has ended",
            "tap again: POST /emulator/linking; it lasts five minutes",
        )
    })?;
    let pushed = match outcome.authorization_code {
        Some(code) => {
            let act = Act::AccountLink { code: Some(code) };
            perform(shared, Asked::InChat { chat, act, timestamp: None })?
        }
        None => Vec::new(),
    };
    Ok(Json(json!({"pushed": pushed})))
}
