//! One account's client: who calls, and when it may.

use reqwest::Url;

use super::breaker::{Breaker, BreakerPermit};
use super::call::Caller;
use super::credentials::Credentials;
use super::gate::Gate;
use super::lane::{Lane, OnItsWay};
use super::pace::Pace;
use crate::clock::{Clock, Timestamp};
use crate::id::AccountId;
use crate::message::Request;
use crate::settings::Platform;

/// The Graph API as one account calls it.
#[derive(Debug)]
pub struct Client {
    pub(super) account: AccountId,
    pub(super) platform: Platform,
    pub(super) caller: Caller,
    /// The account's own node.
    pub(super) node: String,
    pub(super) pace: Pace,
    /// Shut while Meta says that there were too many sends.
    pub(super) gate: Gate,
    /// Shut while Meta says that the account's conversations were read too often.
    pub(super) looks: Gate,
    pub(super) breaker: Breaker,
    lane: Lane,
    /// The most sends that are on their way at a time.
    slots: usize,
    pub(super) clock: Clock,
}

/// Which account a client calls as, and where Meta finds it.
pub(super) struct CallsAs {
    pub(super) account: AccountId,
    pub(super) platform: Platform,
    /// `{host}/{version}`, and the account's node there.
    pub(super) api: Url,
    pub(super) node: String,
    pub(super) credentials: Credentials,
}

impl Client {
    /// `slots`: the most sends that are on their way at a time.
    pub(super) fn new(http: reqwest::Client, identity: CallsAs, (pace, slots): (Pace, usize), clock: Clock) -> Client {
        let CallsAs { account, platform, api, node, credentials } = identity;
        let (gate, looks, breaker) = (Gate::open(), Gate::open(), Breaker::default());
        // Of all calls, sends are made most.
        let caller = Caller::new(http, api, &[&node, "messages"], credentials);
        let lane = Lane::default();
        Client { account, platform, caller, node, pace, gate, looks, breaker, lane, slots, clock }
    }

    /// Whether the account's platform gives `message.metadata` back in the echo.
    pub fn returns_metadata(&self) -> bool {
        !self.platform.is_instagram()
    }

    /// When the account may send again; in the past when it may now.
    pub fn open_at(&self) -> Timestamp {
        self.clock.at(self.gate.open_at().max(self.breaker.probe_at().unwrap_or_default()))
    }

    /// When Meta was last seen to be down: one send after another fails, and one at a time leaves, to see whether it has come
    /// back. `None` while it answers.
    pub fn down_at(&self) -> Option<Timestamp> {
        self.breaker.down_at().map(|moment| self.clock.at(moment))
    }

    /// Leave to send, where the account may now.
    pub fn enter(&self) -> Option<BreakerPermit> {
        let now = self.clock.steady();
        if self.gate.open_at() > now { None } else { self.breaker.enter(now) }
    }

    /// A send of the account is on its way, for as long as what is returned is held.
    pub(crate) fn on_its_way(&self) -> OnItsWay {
        self.lane.enter()
    }

    /// Whether a send could leave at once, as far as can be foreseen. Where it says so, the request has had its turn.
    pub fn can_leave_at_once(&self, request: &Request) -> bool {
        let is_open = self.open_at() <= self.clock.now() && self.down_at().is_none();
        is_open && self.lane.has_room(self.slots) && self.pace.has_turn(request)
    }

    /// Waits for the request's turn among the account's sends.
    pub async fn turn(&self, request: &Request) {
        self.pace.turn(request).await;
    }
}
