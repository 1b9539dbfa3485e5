//! Where the server behind the callback can be asked, and by which clock it lives.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use reqwest::Url;
use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::clock::{Clock, Timestamp};
use crate::secret::Secret;

/// Where a server's operator's API is, as soon as the emulator was told.
#[derive(Default)]
pub(super) struct Server(Mutex<Option<Api>>);

/// The API, as it is at the moment.
#[derive(Clone)]
pub(super) struct Api {
    base: Url,
    pub(super) token: Option<Secret>,
    /// What the server lives by: the emulator's clock, or one that does not move with it.
    clock: Clock,
    /// When, by that clock, the emulator's was moved and that one was not, and how far.
    moves: Vec<(Timestamp, Duration)>,
}

impl Server {
    /// From here on the API at `base` is asked, with `token` where there is one. The server lives by `clock`.
    pub(super) fn is_at(&self, base: Url, token: Option<Secret>, clock: Clock) {
        *self.lock() = Some(Api { base, token, clock, moves: Vec::new() });
    }

    /// Moves the emulator's clock. What then happens at a server with another clock is told with a time as much later.
    pub(super) fn advance(&self, clock: &Clock, by: Duration) {
        let mut api = self.lock();
        let before = api.as_ref().map(|api| api.clock.now());
        clock.advance(by);
        if let (Some(api), Some(before)) = (api.as_mut(), before)
            && api.clock.now().since(before) < by
        {
            api.moves.push((before, by));
        }
    }

    /// Whether there is one to ask.
    pub(super) fn is_known(&self) -> bool {
        self.api().is_some()
    }

    /// What is asked, where the emulator was told.
    pub(super) fn api(&self) -> Option<Api> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Api>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Api {
    /// An address in it.
    pub(super) fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("an http address has a path").pop_if_empty().push("api").extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Writes a time of the server's as the emulator's clock has it.
    pub(super) fn tell_by_our_clock(&self, time: &mut Value) {
        let theirs = time.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        if let Some(theirs) = theirs.map(|time| Timestamp(time.as_millisecond())) {
            let moves = self.moves.iter().filter(|(at, _)| *at <= theirs);
            *time = json!(moves.fold(theirs, |time, (_, by)| time + *by).to_string());
        }
    }

    /// The refusal where it gave no answer that can be shown.
    pub(super) fn lost(&self, what: &str) -> Refusal {
        let hint = "does it run, and is this its admin.listen?";
        Refusal::new(format!("the server's API at {} {what}", self.base), hint).status(StatusCode::BAD_GATEWAY)
    }
}
