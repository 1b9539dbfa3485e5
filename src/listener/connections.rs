//! The open connections: which of them goes when there is one too many.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use hashbrown::HashMap;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The open connections, and what each is doing.
#[derive(Debug, Default)]
pub(super) struct Connections(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: HashMap<u64, State>,
}

#[derive(Debug)]
struct State {
    /// `None` while the server works on a request that it has whole.
    waits: Option<Wait>,
    /// Whether a request on it has succeeded.
    served: bool,
    evicted: CancellationToken,
}

/// A connection that waits for its client: for a request, or for the rest of one. The least goes first: one on which nothing
/// has succeeded yet before one that is known, and of these the one that has waited longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wait {
    served: bool,
    since: Instant,
}

impl Connections {
    /// Whether one more may come, having sent one away if need be.
    pub(super) fn make_room(&self, limit: usize) -> bool {
        self.lock().all.len() < limit || self.evict()
    }

    /// Sends away the connection that is the first to go. False when every one is at work.
    pub(super) fn evict(&self) -> bool {
        let mut open = self.lock();
        let waiting = open.all.iter().filter_map(|(id, state)| Some((state.waits?, *id)));
        let Some(state) = waiting.min().and_then(|(_, id)| open.all.remove(&id)) else { return false };
        state.evicted.cancel();
        true
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of them.
pub(super) struct Connection {
    id: u64,
    evicted: CancellationToken,
    connections: Arc<Connections>,
}

impl Connection {
    pub(super) fn open(connections: &Arc<Connections>) -> Arc<Connection> {
        let mut open = connections.lock();
        let (id, evicted) = (open.next, CancellationToken::new());
        open.next += 1;
        let waits = Some(Wait { served: false, since: Instant::now() });
        open.all.insert(id, State { waits, served: false, evicted: evicted.clone() });
        drop(open);
        Arc::new(Connection { id, evicted, connections: Arc::clone(connections) })
    }

    /// Returns when it is to make room for another.
    pub(super) async fn evicted(&self) {
        self.evicted.cancelled().await;
    }

    /// Answers a request by `router`.
    pub(super) async fn answer(self: Arc<Self>, router: Router, request: Request<Incoming>) -> Response<Body> {
        self.waits();
        let arriving = |body| Arriving { body, connection: Arc::clone(&self) }.noticed();
        let Ok(response) = router.oneshot(request.map(|body| Body::new(arriving(body)))).await;
        self.change(|state| state.served |= response.status().is_success());
        if response.body().size_hint().exact().is_none() {
            return response.map(|body| Body::new(Streaming { body, connection: self }));
        }
        self.waits();
        response
    }

    fn waits(&self) {
        self.change(|state| state.waits = Some(Wait { served: state.served, since: Instant::now() }));
    }

    fn works(&self) {
        self.change(|state| state.waits = None);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        if let Some(state) = self.connections.lock().all.get_mut(&self.id) {
            change(state);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.lock().all.remove(&self.id);
    }
}

/// The body of an answer that has no length: a stream of events. Its connection is at work for as long as the stream lasts.
struct Streaming {
    body: Body,
    connection: Arc<Connection>,
}

impl HttpBody for Streaming {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.connection.waits();
    }
}

/// The body of a request. Its connection is at work from its end on: a client that never gets there holds none of the places.
struct Arriving {
    body: Incoming,
    connection: Arc<Connection>,
}

impl Arriving {
    fn noticed(self) -> Arriving {
        if self.body.is_end_stream() {
            self.connection.works();
        }
        self
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if polled.is_ready() && self.body.is_end_stream() || matches!(polled, Poll::Ready(None)) {
            self.connection.works();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn those_that_wait_go_first_the_unknown_before_the_known() {
        let connections = Arc::new(Connections::default());
        let [known, old, young, busy] = std::array::from_fn(|_| Connection::open(&connections));
        known.change(|state| state.served = true);
        known.waits();
        young.waits();
        busy.works();
        let gone = || [&known, &old, &young, &busy].map(|connection| connection.evicted.is_cancelled());
        assert!(connections.make_room(5));
        assert_eq!(gone(), [false; 4]);
        for expected in [[false, true, false, false], [false, true, true, false], [true, true, true, false]] {
            assert!(connections.make_room(1));
            assert_eq!(gone(), expected);
        }
        assert!(!connections.make_room(1));
        busy.waits();
        assert!(connections.make_room(1));
    }
}
