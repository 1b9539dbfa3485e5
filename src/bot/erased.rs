//! The one place where handlers of different types become one type.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{Capacity, Context, Handler, Interest, Observation};
use crate::clock::Timestamp;
use crate::event::Event;
use crate::id::EventId;

/// Any [`Handler`]. A trait that returns `impl Future` cannot be made an object; this one can.
pub(crate) trait AnyHandler: Send + Sync {
    fn handle<'a>(&'a self, ctx: &'a mut Context, event: &'a Event) -> BoxFuture<'a, anyhow::Result<()>>;

    fn observe<'a>(&'a self, ctx: &'a mut Observation, event: &'a Event) -> BoxFuture<'a, anyhow::Result<()>>;

    /// Which events it is given.
    fn interest(&self) -> Interest;

    /// How much it can take on now.
    fn capacity(&self) -> Capacity {
        Capacity::Unbounded
    }

    /// A try of an event has failed, or its time is up. Whether that counts against the event: a handler that is down as a whole
    /// fails whatever event it is given.
    fn failed(&self, _event: EventId, _attempt: u32) -> bool {
        true
    }

    /// How much of this time it was down as a whole.
    fn down_within(&self, _from: Timestamp, _to: Timestamp) -> Duration {
        Duration::ZERO
    }
}

impl<H: Handler> AnyHandler for H {
    fn handle<'a>(&'a self, ctx: &'a mut Context, event: &'a Event) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(Handler::handle(self, ctx, event))
    }

    fn observe<'a>(&'a self, ctx: &'a mut Observation, event: &'a Event) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(Handler::observe(self, ctx, event))
    }

    fn interest(&self) -> Interest {
        Handler::interest(self)
    }
}
