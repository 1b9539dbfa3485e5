//! Accepting connections, with a limit on everything: how many, how long a header may take, how long one may be idle. Which
//! names and which pages may call: `guard`. The emulated Meta can also lose an answer: `no_answer`.
//!
//! The accept loop is our own because the one that comes with the router knows no such limits: a few thousand silent
//! connections would be the end of it.

mod connections;
mod guard;
mod no_answer;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::telemetry::Seldom;
use connections::{Connection, Connections};
pub use guard::{Guard, guard};
pub use no_answer::NoAnswer;

/// How long the loop waits when the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The same when a connection was closed for one: until the system has it back.
const SHORT_PAUSE: Duration = Duration::from_millis(1);

/// A listener's limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most connections at a time.
    pub connections: usize,
    /// How long a header may take to arrive, from the connection or from the answer before it.
    pub timeout: Duration,
}

/// Serves `router` on `listener` until `stop`, then lets the requests that are under way end. A caller that does not wait for
/// them drops the future: every connection is cut off with it.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) {
    let connections = Arc::new(Connections::default());
    let mut tasks = JoinSet::new();
    let (turned_away, not_accepted) = (Seldom::default(), Seldom::default());
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = tasks.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) if connections.make_room(limits.connections) => {
                let connection = Connection::open(&connections);
                tasks.spawn(serve_one(connection, stream, router.clone(), limits.timeout, stop.clone()));
            }
            // Every connection is at work on a request: the newcomer is the one to go.
            Ok(_) => {
                if let Some(times) = turned_away.times() {
                    tracing::warn!(times, "a connection was turned away: there are as many as allowed, all at work");
                }
            }
            Err(error) => {
                if let Some(times) = not_accepted.times() {
                    tracing::warn!(%error, times, "a connection could not be accepted");
                }
                // Where no descriptor is left, those that wait for their clients have some.
                let made_room = is_out_of_descriptors(&error) && connections.evict();
                tokio::time::sleep(if made_room { SHORT_PAUSE } else { ACCEPT_PAUSE }).await;
            }
        }
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
}

/// Whether the process, or the system, has as many files open as it may. Other errors concern the connection that was to come.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

async fn serve_one(
    connection: Arc<Connection>,
    stream: TcpStream,
    router: Router,
    timeout: Duration,
    stop: CancellationToken,
) {
    let _ = stream.set_nodelay(true);
    let answering = Arc::clone(&connection);
    let service = service_fn(move |request: Request<Incoming>| {
        let (connection, router) = (Arc::clone(&answering), router.clone());
        async move { no_answer::checked(connection.answer(router, request).await) }
    });
    let mut served = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(timeout)
            .serve_connection(TokioIo::new(stream), service)
    );
    tokio::select! {
        // How a connection ended is the client's affair.
        _ = served.as_mut() => return,
        () = connection.evicted() => return,
        () = stop.cancelled() => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}
