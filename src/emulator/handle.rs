//! The emulated Meta, as a program holds it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::listener::{self, Guard, Limits};
use crate::secret::Secret;

use super::site::Site;
use super::state::{Notice, Shared};
use super::subscribe::{self, SubscribeError};
use super::world::World;
use super::{push, routes};

/// How many connections are open at the same time, and how long a client may take for the head of a request.
const LIMITS: Limits = Limits { connections: 1024, timeout: Duration::from_secs(30) };

/// How long a request that is being answered may still take at the end.
const GRACE: Duration = Duration::from_secs(5);

/// An emulated Meta. Clones are handles to the same one.
#[derive(Clone)]
pub struct Emulator {
    pub(super) shared: Arc<Shared>,
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
    /// Fails when the listener does not know its own address.
    pub async fn serve(&self, listener: TcpListener, stop: CancellationToken) -> io::Result<()> {
        let guard =
            Guard::new(listener.local_addr()?, &self.shared.world.app.hosts, "--host, or app.hosts of the world");
        let router = routes::router(Site { shared: self.shared.clone(), stop: stop.clone() }, guard);
        let answers = async {
            tokio::select! {
                () = listener::serve(listener, router, LIMITS, stop.clone()) => {}
                // Who is still sending a request by then is cut off.
                () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => {}
            }
        };
        tokio::join!(answers, push::run(self.shared.clone(), stop.clone()));
        Ok(())
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
