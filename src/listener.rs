//! Accepting connections, with a limit on everything: how many, how long a header may take, how long one may be idle.
//!
//! The accept loop is our own because the one that comes with the router knows no such limits: a few thousand silent
//! connections would be the end of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// How long the loop waits when the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A listener's limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most connections at a time.
    pub connections: usize,
    /// How long a header may take to arrive, from the connection or from the answer before it.
    pub timeout: Duration,
}

/// Serves `router` on `listener` until `stop`, then lets the requests that are under way end.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) {
    let connections = Arc::new(Connections::default());
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) if connections.make_room(limits.connections) => {
                let connection = Connection::open(&connections);
                tasks.spawn(connection.serve(stream, router.clone(), limits.timeout, stop.clone()));
            }
            // Every connection is at work on a request: the newcomer is the one to go.
            Ok(_) => tracing::warn!("a connection was turned away: there are as many as allowed, all at work"),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

/// The open connections, and since when each is idle.
#[derive(Debug, Default)]
struct Connections(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: HashMap<u64, State>,
}

#[derive(Debug)]
struct State {
    /// `None` while a request is under way.
    idle_since: Option<Instant>,
    evicted: CancellationToken,
}

impl Connections {
    /// Whether one more may come, having sent away the longest idle one if need be.
    fn make_room(&self, limit: usize) -> bool {
        let mut open = self.lock();
        if open.all.len() < limit {
            return true;
        }
        let idle = open.all.iter().filter_map(|(id, state)| Some((state.idle_since?, *id)));
        let Some((_, longest)) = idle.min() else { return false };
        if let Some(state) = open.all.remove(&longest) {
            state.evicted.cancel();
        }
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Connection {
    id: u64,
    evicted: CancellationToken,
    connections: Arc<Connections>,
}

impl Connection {
    fn open(connections: &Arc<Connections>) -> Connection {
        let mut open = connections.lock();
        let (id, evicted) = (open.next, CancellationToken::new());
        open.next += 1;
        open.all.insert(id, State { idle_since: Some(Instant::now()), evicted: evicted.clone() });
        drop(open);
        Connection { id, evicted, connections: Arc::clone(connections) }
    }

    async fn serve(self, stream: TcpStream, router: Router, timeout: Duration, stop: CancellationToken) {
        let _ = stream.set_nodelay(true);
        let this = &self;
        let service = service_fn(move |request: Request<Incoming>| {
            let router = router.clone();
            async move {
                let _busy = Busy::mark(this);
                Ok::<Response<Body>, std::convert::Infallible>(answer(router, request).await)
            }
        });
        let mut connection = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(timeout)
                .serve_connection(TokioIo::new(stream), service)
        );
        tokio::select! {
            // How a connection ended is the client's affair.
            _ = connection.as_mut() => return,
            () = self.evicted.cancelled() => return,
            () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }

    fn set_idle(&self, idle_since: Option<Instant>) {
        if let Some(state) = self.connections.lock().all.get_mut(&self.id) {
            state.idle_since = idle_since;
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.lock().all.remove(&self.id);
    }
}

/// A request under way; idle again when it ends, or is given up.
struct Busy<'a>(&'a Connection);

impl<'a> Busy<'a> {
    fn mark(connection: &'a Connection) -> Busy<'a> {
        connection.set_idle(None);
        Busy(connection)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.set_idle(Some(Instant::now()));
    }
}

async fn answer(router: Router, request: Request<Incoming>) -> Response<Body> {
    match router.oneshot(request.map(Body::new)).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
