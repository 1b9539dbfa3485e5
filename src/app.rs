//! The server: every part built once, run together, shut down in reverse.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::admin::{self, Admin, Readiness};
use crate::bot::Handlers;
use crate::clock::Clock;
use crate::dispatch::{Dispatch, Served};
use crate::graph::{self, Client};
use crate::id::AccountId;
use crate::listener::{self, Limits};
use crate::sender::Sender;
use crate::settings::Settings;
use crate::store::{KeepSince, OpenError, Store};
use crate::telemetry::Metrics;
use crate::webhook::{self, Webhook};

/// How long each of the three steps of a shutdown may take. Together with the store's they stay below the ten seconds that
/// orchestrators give before they kill.
const PATIENCE: Duration = Duration::from_millis(2_500);

const PRUNE_EVERY: Duration = Duration::from_secs(60);

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
    store: Store,
    readiness: Readiness,
    intake: Step,
    dispatch: Step,
    sender: Step,
    background: Step,
}

/// One part of the server, or a few that stop together.
#[derive(Debug)]
struct Step {
    name: &'static str,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl App {
    /// Starts a server. It is ready when this returns.
    ///
    /// # Errors
    ///
    /// When the store, a listener or the client cannot be had: [`StartError`]. Nothing is left running then.
    pub async fn start(settings: Settings, handlers: &Handlers, clock: Clock) -> Result<App, StartError> {
        let public = bind("server.listen", settings.server.listen).await?;
        let operator = bind("admin.listen", settings.admin.listen).await?;
        let store = Store::open(&settings.store, clock.now()).await?;
        let (metrics, readiness) = (Metrics::new(), Readiness::default());

        let dispatch = Dispatch::new(
            store.clone(),
            served(&settings, handlers),
            settings.dispatch.clone(),
            clock.clone(),
            metrics.clone(),
        )
        .map_err(StartError::Runtime)?;
        let sender = Sender {
            store: store.clone(),
            clients: clients(&settings, &clock)?,
            settings: settings.sender.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let webhook = webhook::routes(Webhook {
            app: settings.app.clone(),
            accounts: settings.accounts.values().map(|account| account.id.clone()).collect(),
            max_body: settings.server.max_body,
            timeout: settings.server.timeout,
            store: store.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
        });
        let admin = admin::routes(Admin {
            token: settings.admin.token.clone(),
            accounts: settings.accounts.iter().map(|(name, account)| (name.clone(), account.id.clone())).collect(),
            store: store.clone(),
            metrics: metrics.clone(),
            readiness: readiness.clone(),
        });

        let limits = Limits { connections: settings.server.max_connections, timeout: settings.server.timeout };
        let app = App {
            public: public.address,
            admin: operator.address,
            sender: Step::start("the sends", |stop| vec![tokio::spawn(sender.run(stop))]),
            dispatch: Step::start("the handlers", |stop| vec![tokio::spawn(dispatch.run(stop))]),
            intake: Step::start("the intake", |stop| {
                vec![tokio::spawn(listener::serve(public.listener, webhook, limits, stop))]
            }),
            background: Step::start("the operator's listener", |stop| {
                let prune = prune(store.clone(), settings.store.clone(), clock, metrics, stop.clone());
                vec![tokio::spawn(listener::serve(operator.listener, admin, limits, stop)), tokio::spawn(prune)]
            }),
            store,
            readiness,
        };
        app.readiness.set(true);
        tracing::info!(public = %app.public, admin = %app.admin, store = %app.store.path().display(), "ready");
        Ok(app)
    }

    /// Returns when a part of the server has ended that should not have.
    pub async fn failed(&mut self) {
        let steps = [&mut self.intake, &mut self.dispatch, &mut self.sender, &mut self.background];
        let tasks = steps.into_iter().flat_map(|step| step.tasks.iter_mut());
        let _ = futures_util::future::select_all(tasks).await;
        tracing::error!("a part of the server has ended unexpectedly");
    }

    /// Stops taking deliveries, lets handlers and sends that are under way end, and closes the store. What could not end in
    /// time is taken up at the next start.
    pub async fn stop(self) {
        self.readiness.set(false);
        tracing::info!("stopping");
        for step in [self.intake, self.dispatch, self.sender, self.background] {
            step.end().await;
        }
        self.store.close().await;
        tracing::info!("stopped");
    }
}

impl Step {
    fn start(name: &'static str, tasks: impl FnOnce(CancellationToken) -> Vec<JoinHandle<()>>) -> Step {
        let stop = CancellationToken::new();
        Step { name, tasks: tasks(stop.clone()), stop }
    }

    async fn end(self) {
        self.stop.cancel();
        let aborts: Vec<_> = self.tasks.iter().map(JoinHandle::abort_handle).collect();
        let ended = tokio::time::timeout(PATIENCE, futures_util::future::join_all(self.tasks)).await;
        if ended.is_err() {
            tracing::warn!("{} did not end in time; what is unfinished is taken up at the next start", self.name);
            aborts.iter().for_each(tokio::task::AbortHandle::abort);
        }
    }
}

struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

async fn bind(key: &'static str, address: SocketAddr) -> Result<Bound, StartError> {
    let fault = |source| StartError::Listen { key, address, source };
    let listener = TcpListener::bind(address).await.map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    Ok(Bound { listener, address })
}

fn served(settings: &Settings, handlers: &Handlers) -> HashMap<AccountId, Arc<Served>> {
    let served = settings.accounts.iter().filter_map(|(name, account)| {
        // The settings were checked against the same list.
        let handler = handlers.get(&account.handler)?;
        let served = Served::new(name, account, handler, settings.dispatch.slots_per_account);
        Some((account.id.clone(), Arc::new(served)))
    });
    served.collect()
}

fn clients(settings: &Settings, clock: &Clock) -> Result<HashMap<AccountId, Arc<Client>>, reqwest::Error> {
    let http = graph::http(&settings.graph)?;
    let client = |account| Arc::new(Client::new(http.clone(), settings, account, clock.clone()));
    Ok(BTreeMap::iter(&settings.accounts).map(|(_, account)| (account.id.clone(), client(account))).collect())
}

/// Forgets what has outlived its keeping time, in small steps, until `stop`.
async fn prune(
    store: Store,
    settings: crate::settings::Store,
    clock: Clock,
    metrics: Metrics,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.sleep(PRUNE_EVERY) => {}
        }
        metrics.upkeep();
        let now = clock.now();
        let before = KeepSince { events: now - settings.keep_events, keys: now - settings.keep_keys };
        while !stop.is_cancelled() {
            match store.prune(before).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "old events could not be forgotten yet");
                    break;
                }
            }
        }
    }
}
