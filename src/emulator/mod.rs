//! An emulated Meta: Messenger and Instagram on this machine, for any bot in any language.
//!
//! People of a [`World`] write, tap and react; their events are signed and pushed to the bot's callback as Meta pushes
//! them, and the bot answers through a Graph API that refuses what Meta refuses. It is driven by HTTP (`/emulator/…`), by
//! hand or by a test, and can be made to fail in the ways Meta fails.
//!
//! It knows nothing of the server in this crate: it has its own types and its own reading of the rules, and meets every bot
//! by HTTP alone, so that it can contradict them all. Where it is told of a server's operator's API, its page shows what that
//! says; nothing else here looks at it. What it does not emulate is what stands behind the addresses it is
//! given, which are never called.
//!
//! In reading order:
//!
//! - `world`: the app, the accounts, the people; `world_file` reads one. `state`: what has happened, behind one lock. `chat`:
//!   one conversation.
//! - `act` reads what shall be done, `deed` does it, `items` has the shapes of what is told of it. `reactions`: their names.
//! - `news` knows the list and the field of an item, `subscriptions` whether the app wants it, `queue` which delivery goes when;
//!   `escape` writes it as Meta does, `push` delivers it, `legacy` is the older of its two signatures. `subscribe`: the
//!   verification before the first, `callbacks` who may be verified.
//! - `graph`: the Send API, and what else a bot asks of Meta. `rights`, `routing`, `uploads`, `rates`: what a send goes by
//!   besides the conversation; `setup`: what apps have set up by Graph calls; `linking`, `links`: the login page of a business.
//! - `faults`: what is scripted to go wrong; `oddity`: what an event says then. `exchange`: the record of everything on the wire.
//! - `server`, `server_api`: what the server behind the callback says of itself, where the emulator was told whom to ask; for the page alone.
//! - `serve`, `control`, `stream`, `page`, `refusal`: the HTTP side. It answers only under the machine's own names and no web page
//!   but its own; the Graph API answers programs under every name ([`listener::guard`]).

mod act;
mod callbacks;
mod chat;
mod control;
mod deed;
mod escape;
mod exchange;
mod faults;
mod graph;
mod items;
mod legacy;
mod linking;
mod links;
mod news;
mod oddity;
mod page;
mod push;
mod queue;
mod rates;
mod reactions;
mod refusal;
mod rights;
mod routing;
mod serve;
mod server;
mod server_api;
mod setup;
mod state;
mod stream;
mod subscribe;
mod subscriptions;
mod uploads;
mod version;
mod world;
mod world_file;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use reqwest::Url;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::listener::{self, Guard};
use crate::secret::Secret;

use serve::Site;
use state::{Notice, Shared};

pub(crate) use escape::escape;
pub use refusal::ActFault;
pub use subscribe::SubscribeError;
pub use world::{Account, App, Feature, Person, Platform, World};
pub use world_file::{WorldError, WorldFault};

/// The largest request that is read.
const LARGEST_BODY: usize = 1024 * 1024;

/// An emulated Meta. Clones are handles to the same one.
#[derive(Clone)]
pub struct Emulator {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Emulator")
    }
}

impl Emulator {
    /// An emulated Meta with nothing in it but `world`, living by `clock`.
    ///
    /// The clock's time is its seed: under a standing clock a run repeats itself, id by id; under the machine's no message gets
    /// the id of a message of an earlier run, which a bot with a memory would take for a repeated delivery.
    pub fn new(world: World, clock: Clock) -> Emulator {
        let seed = clock.now().0.unsigned_abs();
        Emulator::seeded(world, clock, seed)
    }

    /// The same with a seed: the same acts and calls in the same order get the same ids from it.
    pub fn seeded(world: World, clock: Clock, seed: u64) -> Emulator {
        Emulator { shared: Arc::new(Shared::new(world, clock, push::client(), seed)) }
    }

    /// Whether no webhook is under way or due before the clock moves.
    pub fn is_at_rest(&self) -> bool {
        let now = self.shared.clock.now();
        let state = self.shared.state();
        !state.subscriptions.has_begun() || state.queue.is_at_rest(now)
    }

    /// Whether every webhook has been delivered, those too that are due later.
    pub fn has_told_all(&self) -> bool {
        self.shared.state().queue.is_done()
    }

    /// Serves the control routes, the Graph API and the playground on `listener`, and delivers webhooks, until `stop`; then
    /// answers what is being asked and returns. Deliveries that have not gone out by then are forgotten.
    ///
    /// # Errors
    ///
    /// Fails when the listener can no longer be used.
    pub async fn serve(&self, listener: TcpListener, stop: CancellationToken) -> io::Result<()> {
        let guard =
            Guard::new(listener.local_addr()?, &self.shared.world.app.hosts, "--host, or app.hosts of the world");
        let router = router(Site { shared: self.shared.clone(), stop: stop.clone() }, guard);
        let pushes = push::run(self.shared.clone(), stop.clone());
        let (served, ()) = tokio::join!(serve::serve(listener, router, stop), pushes);
        served
    }

    /// Verifies `callback` as Meta does, with a GET that carries the verify token and a challenge. The webhooks of Pages and of
    /// Instagram go there from then on, of every account and every field, those first that have waited; a callback
    /// verified earlier gets no more.
    ///
    /// # Errors
    ///
    /// Fails when the callback cannot be reached or does not answer with the challenge; everything stays as it was.
    pub async fn subscribe(&self, callback: &str) -> Result<(), SubscribeError> {
        self.shared.callbacks.name(callback);
        subscribe::subscribe(&self.shared, callback).await
    }

    /// The server behind the callback is a Rejoinder server whose operator's API is at `base`, which is http or https, and which
    /// lives by `clock`: that of the emulator, or [`Clock::system`] where it is a process of its own. From here on the playground
    /// shows what never left it.
    ///
    /// Every caller of the emulator's listener then uses that API with `token`: let it listen on loopback.
    pub fn shows_server(&self, base: Url, token: Option<Secret>, clock: Clock) {
        self.shared.server.is_at(base, token, clock);
        self.shared.tell(Notice::Server);
    }
}

/// What calls the address itself: a program that asks about several objects, or a person's browser.
async fn root(site: axum::extract::State<Site>, request: axum::extract::Request) -> axum::response::Response {
    if !graph::is_about_several(request.uri()) {
        return page::root().await.into_response();
    }
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    graph::graph(site, method, uri, headers, Ok(Bytes::new())).await
}

/// The Graph API is for bots anywhere, and for no page of strangers; the rest is for a person at this machine.
fn router(site: Site, guard: Guard) -> Router {
    let pages = Router::new()
        .route("/playground/", get(page::html))
        .route("/playground/{*file}", get(page::file).fallback(control::nothing))
        // The way back from a login page, which is elsewhere. Its token cannot be guessed.
        .route("/emulator/linking/{token}", get(linking::finish))
        .route_layer(from_fn_with_state(guard.clone().with_links(), listener::guard));
    let control = Router::new()
        .route("/emulator/world", get(control::world))
        .route("/emulator/act", post(control::act))
        .route("/emulator/chats/{account}/{person}", get(control::chat))
        .route("/emulator/exchanges", get(control::exchanges))
        .route("/emulator/stream", get(stream::stream))
        .route("/emulator/clock", get(control::clock).post(control::advance))
        .route("/emulator/faults", get(control::pending).post(control::faults))
        .route("/emulator/subscribe", get(control::subscription).post(control::subscribe))
        .route("/emulator/reset", post(control::reset))
        .route("/emulator/terms", post(control::terms))
        .route("/emulator/linking", post(linking::begin))
        .route("/emulator/server", get(server::newest))
        .route("/emulator/server/events/{id}/replay", post(server::replay))
        .route("/emulator/{*rest}", any(control::nothing))
        .route_layer(from_fn_with_state(guard.clone(), listener::guard));
    let graph = Router::new()
        .route("/", get(root).post(graph::graph))
        .fallback(any(graph::graph))
        .layer(DefaultBodyLimit::max(graph::LARGEST_UPLOAD))
        // A link leads to the playground by `/`.
        .layer(from_fn_with_state(guard.for_programs().with_links(), listener::guard));
    Router::new()
        .route("/favicon.ico", get(page::favicon))
        .merge(pages)
        .merge(control)
        .merge(graph)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(site)
}
