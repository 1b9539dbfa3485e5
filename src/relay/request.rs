//! What is posted to a relay, and its signature.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::value::RawValue;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};
use utoipa::ToSchema;

use crate::bot::{Observation, Turn};
use crate::clock::{Rfc3339, Timestamp};
use crate::event::Kind;
use crate::id::{EventId, PersonId};
use crate::secret::Secret;
use crate::settings::Platform;
use crate::trace;

/// What a relay is asked: one event of one conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = Request)]
pub(super) struct Body<'a> {
    /// The event. It stays the same when the event comes again.
    id: EventId,
    /// Which try this is, from 1.
    #[schema(minimum = 1)]
    attempt: u32,
    /// The account's name.
    account: &'a str,
    platform: Platform,
    /// The person, as the account knows them; null where there is none.
    #[schema(required)]
    person: Option<&'a PersonId>,
    kind: Kind,
    /// Whether another app has the conversation: what is said then is ignored.
    standby: bool,
    /// When it happened, by Meta's clock; null where Meta does not say.
    #[schema(required)]
    at: Option<Rfc3339>,
    window: Window,
    /// What the bot last remembered of this conversation; null for nothing.
    #[schema(value_type = Value, required)]
    state: Option<&'a RawValue>,
    /// The item as Meta sent it; an outcome as this server tells it.
    #[schema(value_type = Object)]
    event: &'a RawValue,
}

/// When the account may write.
#[derive(Serialize, ToSchema)]
pub(super) struct Window {
    /// Whether the account may write now.
    open: bool,
    /// When the window closes, or has closed; null where it was never opened.
    #[schema(required)]
    closes_at: Option<Rfc3339>,
}

/// The JSON that is posted.
pub(super) fn body(observation: &Observation) -> serde_json::Result<Vec<u8>> {
    let turn = observation.turn();
    let window = turn.facts.window.map(|window| (window.is_open(observation.now()), window.closes_at().into()));
    let (open, closes_at) = window.unzip();
    serde_json::to_vec(&Body {
        id: turn.id,
        attempt: turn.attempt,
        account: &turn.account,
        platform: turn.standing.platform,
        person: turn.person.as_ref(),
        kind: turn.kind,
        standby: turn.standby,
        at: turn.at.map(Rfc3339::from),
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
