//! What is posted to a relay, and its signature.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::value::RawValue;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

use crate::bot::{Observation, Turn};
use crate::clock::Timestamp;
use crate::event::Kind;
use crate::id::{EventId, PersonId};
use crate::secret::Secret;
use crate::trace;

/// One event, as the relay is told of it.
#[derive(Serialize)]
struct Body<'a> {
    id: EventId,
    attempt: u32,
    account: &'a str,
    platform: &'a str,
    person: Option<&'a PersonId>,
    kind: Kind,
    standby: bool,
    at: Option<String>,
    window: Window,
    state: Option<&'a RawValue>,
    event: &'a RawValue,
}

#[derive(Serialize)]
struct Window {
    open: bool,
    closes_at: Option<String>,
}

/// The JSON that is posted.
pub(super) fn body(observation: &Observation) -> serde_json::Result<Vec<u8>> {
    let turn = observation.turn();
    let window = turn.facts.window.map(|window| (window.is_open(observation.now()), window.closes_at().to_string()));
    let (open, closes_at) = window.unzip();
    serde_json::to_vec(&Body {
        id: turn.id,
        attempt: turn.attempt,
        account: &turn.account,
        platform: turn.standing.platform.as_str(),
        person: turn.person.as_ref(),
        kind: turn.kind,
        standby: turn.standby,
        at: turn.at.map(|at| at.to_string()),
        window: Window { open: open == Some(true), closes_at },
        state: turn.state.as_deref().map(serde_json::from_str).transpose()?,
        event: &turn.raw,
    })
}

/// Signs requests as the Standard Webhooks specification says.
pub(super) struct Signer(Webhook);

impl Signer {
    /// `None` for what is no secret of the specification's form, which the settings refuse.
    pub(super) fn new(secret: &Secret) -> Option<Signer> {
        Webhook::new(secret.expose()).ok().map(Signer)
    }
}

/// The headers: the event's id, which a repetition keeps, the time, the signature where there is a secret, and the event's trace.
pub(super) fn headers(signer: Option<&Signer>, turn: &Turn, now: Timestamp, body: &[u8]) -> anyhow::Result<HeaderMap> {
    let (id, seconds) = (turn.id.to_string(), now.0.div_euclid(1000));
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static(HEADER_WEBHOOK_ID), HeaderValue::try_from(&id)?);
    headers.insert(HeaderName::from_static(HEADER_WEBHOOK_TIMESTAMP), HeaderValue::from(seconds));
    if let Some(Signer(webhook)) = signer {
        let mut signature = HeaderValue::try_from(webhook.sign(&id, seconds, body)?)?;
        signature.set_sensitive(true);
        headers.insert(HeaderName::from_static(HEADER_WEBHOOK_SIGNATURE), signature);
    }
    headers.insert(HeaderName::from_static(trace::HEADER), HeaderValue::try_from(turn.trace.header())?);
    Ok(headers)
}
