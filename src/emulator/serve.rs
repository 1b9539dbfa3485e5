//! The listener: accepts connections, answers them by the router, and closes when it is told to.
//!
//! The loop is its own rather than axum's because of one fault: an answer that is lost. It closes the connection without a
//! byte, which a handler of axum's cannot.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::state::Shared;

/// How many connections are open at the same time; more wait.
const CONNECTIONS: usize = 1024;

/// How long a client may take for the head of a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a request that is being answered may still take at the end.
const GRACE: Duration = Duration::from_secs(5);

/// How long to rest when no connection can be accepted.
const REST: Duration = Duration::from_millis(50);

/// What every handler is given.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) shared: Arc<Shared>,
    /// Ends what would otherwise go on for ever.
    pub(super) stop: CancellationToken,
}

/// The mark on a response that is not to be sent.
#[derive(Clone)]
pub(super) struct NoAnswer;

#[derive(Debug, thiserror::Error)]
#[error("the answer is lost: a scripted fault")]
struct Lost;

impl NoAnswer {
    /// Closes the connection instead of sending `response`.
    pub(super) fn instead_of(mut response: Response) -> Response {
        response.extensions_mut().insert(NoAnswer);
        response
    }
}

/// Serves until `stop`, then lets the requests that are being answered end.
pub(super) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &permits) => accepted,
        };
        let Ok((stream, permit)) = accepted else {
            // Out of file descriptors, or a client that went away at once: neither is a reason to end.
            tokio::time::sleep(REST).await;
            continue;
        };
        let (router, stop) = (router.clone(), stop.clone());
        connections.spawn(async move {
            connection(stream, router, stop).await;
            drop(permit);
        });
    }
    // Who is still sending a request by then is cut off, with the set.
    let _ = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}

async fn connection(stream: TcpStream, router: Router, stop: CancellationToken) {
    // A delay is not worth an error: the connection works without.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| answer(router.clone(), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the emulator broke off");
    }
}

async fn answer(router: Router, request: Request<Incoming>) -> Result<Response, Lost> {
    let answered: Result<Response, Infallible> = router.oneshot(request.map(Body::new)).await;
    let Ok(response) = answered;
    if response.extensions().get::<NoAnswer>().is_some() { Err(Lost) } else { Ok(response) }
}
