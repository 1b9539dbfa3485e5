//! Everything the emulator holds, behind one handle: the world, which stays as it is, and what has happened in it.
//!
//! What changes is in one [`State`] under one lock, which is never held while something is awaited.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{Notify, broadcast};

use crate::clock::{Clock, Timestamp};

use super::callbacks::Callbacks;
use super::chat::{Chat, mid};
use super::exchange::{Exchange, Exchanges};
use super::faults::{Faults, PushFault, Traits};
use super::items::Ends;
use super::links::Links;
use super::news::{News, envelope};
use super::oddity;
use super::queue::Queue;
use super::rates::Rates;
use super::rights::Rights;
use super::routing::Routing;
use super::server_api::Server;
use super::setup::Setup;
use super::subscriptions::{OBJECTS, Subscriptions};
use super::uploads::Uploads;
use super::world::{ChatKey, Lane, World};

/// How many notices a slow listener may be behind before it is told to start over.
const NOTICES: usize = 1024;

/// The world, the clock, and what has happened so far.
pub(super) struct Shared {
    pub(super) world: World,
    pub(super) clock: Clock,
    /// Those that a control call may subscribe.
    pub(super) callbacks: Callbacks,
    /// The server behind them, where its own view can be asked for.
    pub(super) server: Server,
    /// For the callback.
    pub(super) http: reqwest::Client,
    /// There may be something to deliver.
    pub(super) wake: Notify,
    notices: broadcast::Sender<Notice>,
    state: Mutex<State>,
}

/// What has happened.
pub(super) struct State {
    /// When it began: at the emulator's start, or the last reset.
    pub(super) began: Timestamp,
    /// Where ids and tokens come from.
    pub(super) rng: fastrand::Rng,
    /// Where traces and challenges come from: how often somebody asks, or a bot is verified, changes no id.
    pub(super) wire_rng: fastrand::Rng,
    pub(super) chats: BTreeMap<ChatKey, Chat>,
    pub(super) exchanges: Exchanges,
    pub(super) faults: Faults,
    pub(super) queue: Queue,
    pub(super) rates: Rates,
    pub(super) rights: Rights,
    pub(super) routing: Routing,
    pub(super) subscriptions: Subscriptions,
    /// The accounts that Meta has blocked from sending, and since when.
    pub(super) enforced: BTreeMap<usize, Timestamp>,
    pub(super) uploads: Uploads,
    /// What the app has set up by Graph calls.
    pub(super) setup: Setup,
    pub(super) links: Links,
}

/// What those who watch are told.
#[derive(Clone)]
pub(super) enum Notice {
    /// A conversation has changed.
    Chat(ChatKey),
    /// An exchange is on record.
    Exchange(Arc<Exchange>),
    /// The clock was advanced.
    Clock(Timestamp),
    /// Everything is as in the beginning.
    Reset,
    /// There is a server whose own view can be asked for.
    Server,
}

impl Shared {
    /// A world in which nothing has happened yet.
    ///
    /// From one seed come the same ids, one after the other.
    pub(super) fn new(world: World, clock: Clock, http: reqwest::Client, seed: u64) -> Shared {
        let mut rng = fastrand::Rng::with_seed(seed);
        let state = State {
            began: clock.now(),
            wire_rng: rng.fork(),
            rng,
            chats: BTreeMap::new(),
            exchanges: Exchanges::default(),
            faults: Faults::default(),
            queue: Queue::default(),
            rates: Rates::default(),
            rights: Rights::default(),
            routing: Routing::default(),
            subscriptions: Subscriptions::default(),
            enforced: BTreeMap::new(),
            uploads: Uploads::default(),
            setup: Setup::default(),
            links: Links::default(),
        };
        let notices = broadcast::Sender::new(NOTICES);
        let callbacks = Callbacks::of(&world);
        let (server, wake) = (Server::default(), Notify::new());
        Shared { world, clock, callbacks, server, http, wake, notices, state: Mutex::new(state) }
    }

    /// What has happened. A panic elsewhere leaves nothing half done that would matter to a test.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells those who watch. Nobody may be watching.
    pub(super) fn tell(&self, notice: Notice) {
        let _ = self.notices.send(notice);
    }

    /// From here on, everything that is told.
    pub(super) fn watch(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// Puts an exchange on record and tells of it.
    pub(super) fn record(&self, exchange: Exchange) {
        let kept = self.state().exchanges.keep(exchange);
        self.tell(Notice::Exchange(kept));
    }

    /// Queues an item for the callback, where the app is subscribed to it; the fault that is due strikes it. Returns the body
    /// that would carry it alone.
    pub(super) fn push(&self, state: &mut State, lane: impl Into<Lane>, item: Value) -> Option<Value> {
        let lane = lane.into();
        let news = self.news(state, lane, item)?;
        let takes_edits = state.subscriptions.wants(lane.account, news.object, "message_edit");
        let fault = state.faults.next_push(Traits { takes_edits, ..news.traits() });
        let bent = fault.and_then(|fault| oddity::bent(fault, &self.world.accounts[lane.account], news.item()));
        let Some(bent) = bent else { return Some(self.queue(state, lane, news, fault)) };
        let mut bodies = Vec::new();
        for item in bent {
            let news = self.news(state, lane, item);
            bodies.extend(news.map(|news| self.queue(state, lane, news, None)));
        }
        bodies.into_iter().next()
    }

    /// An item as it is told now. None where the app is not subscribed to it.
    fn news(&self, state: &State, lane: Lane, item: Value) -> Option<News> {
        let owned = |chat| state.routing.is_anothers(chat, &self.world.app.id, self.clock.now());
        let is_anothers = lane.chat().is_some_and(owned);
        let news = News::of(self.world.accounts[lane.account].platform, item, is_anothers);
        let is_wanted = |field: &str| state.subscriptions.wants(lane.account, news.object, field);
        news.field().is_some_and(is_wanted).then_some(news)
    }

    fn queue(&self, state: &mut State, lane: Lane, news: News, fault: Option<PushFault>) -> Value {
        let now = self.clock.now();
        let body = envelope(&self.world, now, &[(lane.account, vec![&news])]);
        if fault != Some(PushFault::EchoLost) {
            state.queue.push(lane, news, fault, now);
            self.wake.notify_one();
        }
        body
    }

    /// The two ends of an item of this conversation. None when the person has no id at the account.
    pub(super) fn ends(&self, key: ChatKey, at: Timestamp) -> Option<Ends<'_>> {
        Some(Ends { account: self.world.accounts.get(key.account)?, person: self.world.scoped_id(key)?, at })
    }

    /// Back to the beginning, with every account connected with all fields again. What the app itself is subscribed to stays,
    /// the clock where it is, and new ids stay new.
    pub(super) fn reset(&self) {
        let mut state = self.state();
        state.began = self.clock.now();
        state.chats.clear();
        state.exchanges.clear();
        state.faults = Faults::default();
        state.queue.clear();
        state.rights = Rights::default();
        state.routing = Routing::default();
        state.enforced.clear();
        state.subscriptions.connect_all();
        state.rates = Rates::default();
        state.uploads.clear();
        state.setup = Setup::default();
        state.links = Links::default();
        drop(state);
        self.tell(Notice::Reset);
    }
}

impl State {
    /// The conversation, which begins when it is first spoken of.
    pub(super) fn chat(&mut self, key: ChatKey) -> &mut Chat {
        self.chats.entry(key).or_default()
    }

    /// The app's own subscriptions change. What has waited for one that is not there is forgotten.
    pub(super) fn subscribe(&mut self, set: impl FnOnce(&mut Subscriptions)) {
        set(&mut self.subscriptions);
        for object in OBJECTS.into_iter().filter(|object| self.subscriptions.callback(object).is_none()) {
            self.queue.forget_object(object);
        }
    }

    /// A new message id for a conversation of this account.
    pub(super) fn mid(&mut self, world: &World, account: usize) -> String {
        mid(&mut self.rng, world.accounts[account].platform)
    }
}
