//! The server: every part built once, run together, shut down in reverse.

mod background;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
use crate::admin::{self, Admin, Readiness};
use crate::bot::{Handlers, Interests};
use crate::clock::Clock;
use crate::conversations::Conversations;
use crate::dispatch::{Audience, Dispatch, FindHandler, HandledAccounts};
use crate::fetch::Fetch;
use crate::id::AccountId;
use crate::listener::{self, Guard, Limits};
use crate::policy::Standing;
use crate::relay::{self, Relay};
use crate::sender::{self, Sender};
use crate::settings::{self, RELAY, Settings};
use crate::store::{Identity, OpenError, Standings, Takes, UnableAccounts};
use crate::telemetry::{Metrics, Relays};
use crate::webhook::{self, Webhook};

/// How long a shutdown may take in all; orchestrators give ten seconds before they kill.
const PATIENCE: Duration = Duration::from_secs(9);

/// How much of it is left for the sends when the handlers have had theirs, and for the store after the sends.
const FOR_SENDS: Duration = Duration::from_secs(4);
const FOR_STORE: Duration = Duration::from_secs(2);

/// The server could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The store could not be opened.
    #[error("the store could not be opened")]
    Store(#[from] OpenError),
    /// An address could not be listened on.
    #[error("{key} {address} cannot be listened on")]
    Listen {
        /// The setting that names it.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The client for Meta's API could not be made.
    #[error("the HTTP client could not be made")]
    Http(#[from] reqwest::Error),
    /// An account names a handler that was not given.
    #[error("accounts.{account}.handler: there is no handler {handler:?}")]
    NoHandler {
        /// The account's name.
        account: String,
        /// The handler's name.
        handler: String,
    },
    /// The handlers' threads could not be started.
    #[error("the handlers' runtime could not be started")]
    Runtime(#[source] std::io::Error),
}

/// A server that runs.
#[derive(Debug)]
pub struct App {
    /// Where Meta's calls are taken.
    pub public: SocketAddr,
    /// Where the operator's calls are taken.
    pub admin: SocketAddr,
    store: Conversations,
    clock: Clock,
    accounts: Accounts,
    handled: HandledAccounts,
    readiness: Readiness,
    intake: Part,
    dispatch: Part,
    sender: Part,
    background: Part,
    failed: CancellationToken,
}

/// One part of the server, or a few that stop together.
#[derive(Debug)]
struct Part {
    name: &'static str,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

/// Starts the parts, and knows when one ends that should not.
struct Starter {
    failed: CancellationToken,
}

impl App {
    /// Starts a server. It is ready when this returns.
    ///
    /// # Errors
    ///
    /// When the store, a listener or the client cannot be had: [`StartError`]. Nothing is left running then.
    pub async fn start(settings: Settings, handlers: &Handlers, clock: Clock) -> Result<App, StartError> {
        App::start_for(Audience::Real, settings, handlers, clock).await
    }

    /// As [`App::start`], for people who are all invented: the log then has the errors of handlers, whole, and where an address is
    /// taken, the server takes a free port. No setting says so, or an operator might do it by accident.
    pub(crate) async fn start_for_invented_people(
        settings: Settings,
        handlers: &Handlers,
        clock: Clock,
    ) -> Result<App, StartError> {
        App::start_for(Audience::Invented, settings, handlers, clock).await
    }

    async fn start_for(
        audience: Audience,
        settings: Settings,
        handlers: &Handlers,
        clock: Clock,
    ) -> Result<App, StartError> {
        tell_of_doubtful(&settings);
        let (metrics, relays, readiness) = (Metrics::new(), Relays::default(), Readiness::default());
        let handlers = find_handler(&settings, handlers, relays.clone(), &clock, &metrics)?;
        let accounts = Accounts::of(&settings, clock.clone())?;
        // The store first: a server that takes over from another one waits here, and has its addresses afterwards.
        let store = Conversations::open(&settings.store, ours(&settings, &accounts), clock.now()).await?;
        let public = bind("server.listen", settings.server.listen, audience).await?;
        let operator = bind("admin.listen", settings.admin.listen, audience).await?;

        let dispatch = Dispatch::new(
            store.clone(),
            accounts.clone(),
            (handlers, audience),
            settings.dispatch.clone(),
            clock.clone(),
            metrics.clone(),
        )
        .map_err(StartError::Runtime)?;
        let handled = dispatch.handled();
        let interests = {
            let handled = handled.clone();
            Interests::by(move |account| handled.interest(account))
        };
        let sender = Sender {
            store: store.clone(),
            accounts: accounts.clone(),
            settings: settings.sender.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let webhook = webhook::routes(Webhook::new(
            &settings,
            accounts.clone(),
            interests,
            store.clone(),
            clock.clone(),
            metrics.clone(),
        ));
        let admin = admin::routes(Admin {
            token: settings.admin.token.clone(),
            guard: Guard::new(
                operator.address,
                &settings.admin.hosts,
                "the setting admin.hosts, or --host of rejoinder dev",
            ),
            accounts: accounts.clone(),
            clock: clock.clone(),
            store: store.clone(),
            metrics: metrics.clone(),
            readiness: readiness.clone(),
            relays,
            relay_schema: relay::schema(),
        });

        let limits = Limits { connections: settings.server.max_connections, timeout: settings.server.timeout };
        let starter = Starter { failed: CancellationToken::new() };
        let app = App {
            public: public.address,
            admin: operator.address,
            sender: starter.start("the sends", |stop| vec![starter.spawn(sender.run(stop))]),
            dispatch: starter.start("the handlers", |stop| vec![starter.spawn(dispatch.run(stop))]),
            intake: starter.start("the intake", |stop| {
                vec![starter.spawn(listener::serve(public.listener, webhook, limits, stop))]
            }),
            background: starter.start("the operator's listener", |stop| {
                let prune =
                    background::prune(store.clone(), settings.store.clone(), clock.clone(), metrics, stop.clone());
                let watch = background::watch(store.clone(), stop.clone());
                let inspect = background::inspect(audience, accounts.clone(), clock.clone(), stop.clone());
                let clock = background::follow(clock.clone(), store.clone(), stop.clone());
                let listener = listener::serve(operator.listener, admin, limits, stop);
                vec![
                    starter.spawn(listener),
                    starter.spawn(prune),
                    starter.spawn(watch),
                    starter.spawn(clock),
                    starter.spawn(inspect),
                ]
            }),
            store,
            clock,
            accounts,
            handled,
            readiness,
            failed: starter.failed,
        };
        app.readiness.set(true);
        tracing::info!(public = %app.public, admin = %app.admin, store = %app.store.path().display(), "ready");
        Ok(app)
    }

    /// Whether nothing is left to do before the clock moves: no event with its handler or due, no send under way or due.
    pub async fn is_at_rest(&self) -> bool {
        let now = self.clock.now();
        let accounts = self.accounts.now();
        let takes = self.handled.take(&accounts, now);
        let taking = |wanted: Option<Takes>| {
            let taking = takes.iter().filter(|(_, takes)| *takes == wanted);
            taking.map(|(account, _)| account.clone()).collect()
        };
        let waiting = accounts.iter().filter(|account| account.is_paused || account.client.open_at() > now);
        let (events, failed_events) = (taking(None), taking(Some(Takes::FreshOnly)));
        let shut =
            UnableAccounts { events, failed_events, sends: waiting.map(|account| account.id().clone()).collect() };
        self.store.is_at_rest(shut, now).await.unwrap_or(false)
    }

    /// The accounts: they can appear, change and leave while the server runs.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What is kept: events, sends, conversations.
    pub(crate) fn store(&self) -> &Conversations {
        &self.store
    }

    /// Returns when a part of the server has ended that should not have.
    pub async fn failed(&self) {
        self.failed.cancelled().await;
        tracing::error!("a part of the server has ended unexpectedly");
    }

    /// Stops taking deliveries, lets handlers and sends that are under way end, and closes the store. What could not end in
    /// time is taken up at the next start.
    pub async fn stop(self) {
        self.readiness.set(false);
        tracing::info!("stopping");
        let end = Instant::now() + PATIENCE;
        let handled = end - FOR_SENDS - FOR_STORE;
        tokio::join!(self.intake.end(handled), self.dispatch.end(handled));
        self.sender.end(end - FOR_STORE).await;
        self.background.end(end - FOR_STORE).await;
        let closing = async {
            if let Err(error) = self.store.release().await {
                tracing::warn!(%error, "events that are still with a handler count this end as a death");
            }
            self.store.close().await;
        };
        match tokio::time::timeout_at(end, closing).await {
            Ok(()) => tracing::info!("stopped"),
            Err(_) => tracing::warn!("the store did not close in time; the next start takes it as it is"),
        }
    }
}

impl Starter {
    fn start(&self, name: &'static str, tasks: impl FnOnce(CancellationToken) -> Vec<JoinHandle<()>>) -> Part {
        let stop = CancellationToken::new();
        Part { name, tasks: tasks(stop.clone()), stop }
    }

    fn spawn(&self, part: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let ended = self.failed.clone().drop_guard();
        tokio::spawn(async move {
            // Dropped when the part ends, be it by a panic. While the server is being stopped this is not looked at.
            let _ended = ended;
            part.await;
        })
    }
}

impl Part {
    async fn end(self, deadline: Instant) {
        self.stop.cancel();
        let aborts: Vec<_> = self.tasks.iter().map(JoinHandle::abort_handle).collect();
        let ended = tokio::time::timeout_at(deadline, futures_util::future::join_all(self.tasks)).await;
        if ended.is_err() {
            tracing::warn!("{} did not end in time; what is unfinished is taken up at the next start", self.name);
            aborts.iter().for_each(tokio::task::AbortHandle::abort);
        }
    }
}

struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

/// What the settings say and is most likely a mistake.
fn tell_of_doubtful(settings: &Settings) {
    for (account, doubtful) in settings.accounts.iter().filter_map(|(name, account)| Some((name, account.doubtful()?)))
    {
        let (problem, hint) = doubtful;
        tracing::warn!(account, hint, "{problem}");
    }
}

async fn bind(key: &'static str, address: SocketAddr, audience: Audience) -> Result<Listening, StartError> {
    let fault = |source| StartError::Listen { key, address, source };
    let listener = match TcpListener::bind(address).await {
        Err(error) if audience == Audience::Invented && error.kind() == ErrorKind::AddrInUse => {
            TcpListener::bind(SocketAddr::new(address.ip(), 0)).await
        }
        bound => bound,
    };
    let listener = listener.map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    Ok(Listening { listener, address })
}

/// What makes an account's handler. Every account of the settings must name one that is there.
fn find_handler(
    settings: &Settings,
    handlers: &Handlers,
    relays: Relays,
    clock: &Clock,
    metrics: &Metrics,
) -> Result<FindHandler, StartError> {
    let nameless = |account: &settings::Account| match account.handler.as_str() {
        RELAY => account.relay.url.is_none() && settings.relay.url.is_none(),
        own => handlers.get(own).is_none(),
    };
    if let Some((name, account)) = settings.accounts.iter().find(|(_, account)| nameless(account)) {
        return Err(StartError::NoHandler { account: name.clone(), handler: account.handler.clone() });
    }
    let fetch = Fetch::new()?;
    let (handlers, common) = (handlers.clone(), settings.relay.clone());
    let (clock, metrics) = (clock.clone(), metrics.clone());
    Ok(Box::new(move |name, account| match account.handler.as_str() {
        RELAY => {
            let sign = relays.sign(name, &metrics);
            let relay = Relay::of(account, &common, sign, fetch.clone(), clock.clone());
            relay.map(|relay| Arc::new(relay) as _)
        }
        own => handlers.get(own),
    }))
}

fn ours(settings: &Settings, accounts: &Accounts) -> Identity {
    let registry = accounts.clone();
    let standing = move |id: &AccountId| registry.now().with_id(id).map(|account| Standing::clone(&account.standing));
    Identity {
        apps: [&settings.app.id, &settings.app.instagram_id].into_iter().flatten().cloned().collect(),
        accounts: accounts.now().iter().map(|account| account.id().clone()).collect(),
        standings: Standings::by(standing),
        longest_wait: settings.dispatch.retry.most.max(sender::longest_wait(&settings.sender)),
    }
}
