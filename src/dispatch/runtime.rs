//! Where the user's code runs.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Threads beside one for each handler that blocks: for what handlers start themselves.
const SPARE_THREADS: usize = 64;
const WORKERS: usize = 3;

/// How many workers may poll handlers that are trusted not to block. One worker is always free for the others.
const TRUSTING_WORKERS: usize = WORKERS - 1;

/// A handler whose poll took longer than this may block. On a busy machine a poll can lose its processor for some milliseconds.
const SLOW: Duration = Duration::from_millis(10);

/// A runtime for handlers alone. When it is dropped it does not wait for them.
pub(super) struct HandlerRuntime {
    runtime: Option<Runtime>,
    /// How many polls of trusted handlers run.
    trusting: Arc<AtomicUsize>,
}

impl HandlerRuntime {
    /// A runtime on which `handlers` can block their threads at the same time.
    pub(super) fn start(handlers: usize) -> std::io::Result<HandlerRuntime> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .max_blocking_threads(handlers.saturating_add(SPARE_THREADS))
            .thread_name("handler")
            .enable_all()
            .build()?;
        Ok(HandlerRuntime { runtime: Some(runtime), trusting: Arc::default() })
    }

    /// Where a turn runs its handler.
    pub(super) fn place(&self) -> Place {
        let runtime = self.runtime.as_ref().expect("the runtime is there until it is dropped");
        Place { handle: runtime.handle().clone(), trusting: Arc::clone(&self.trusting) }
    }
}

impl Drop for HandlerRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs handlers on their runtime.
#[derive(Clone)]
pub(super) struct Place {
    handle: tokio::runtime::Handle,
    trusting: Arc<AtomicUsize>,
}

impl Place {
    /// Runs `future`. `may_block` says whether a handler of its kind was seen to block, and learns it here.
    pub(super) fn spawn<F>(&self, future: F, may_block: Arc<AtomicBool>) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let trusting = Arc::clone(&self.trusting);
        self.handle.spawn(Polled { future: Box::pin(future), may_block, trusting })
    }
}

/// A handler is asynchronous, and still may sleep, compute, or wait for a lock. A poll that may block its thread runs so that
/// another thread takes over the worker's other tasks, which costs two switches of threads. A poll that is trusted not to
/// block runs without; should it block after all, it holds up one of the workers and leaves one for the others.
struct Polled<F> {
    future: Pin<Box<F>>,
    may_block: Arc<AtomicBool>,
    trusting: Arc<AtomicUsize>,
}

impl<F: Future> Future for Polled<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let trusted = if self.may_block.load(Ordering::Relaxed) { None } else { Trusted::enter(&self.trusting) };
        let Some(_trusted) = trusted else {
            return tokio::task::block_in_place(|| self.future.as_mut().poll(context));
        };
        let started = Instant::now();
        let polled = self.future.as_mut().poll(context);
        if started.elapsed() > SLOW {
            self.may_block.store(true, Ordering::Relaxed);
        }
        polled
    }
}

/// A poll that is trusted not to block.
struct Trusted(Arc<AtomicUsize>);

impl Trusted {
    fn enter(polls: &Arc<AtomicUsize>) -> Option<Trusted> {
        let room = |polls: usize| (polls < TRUSTING_WORKERS).then_some(polls + 1);
        polls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).ok()?;
        Some(Trusted(Arc::clone(polls)))
    }
}

impl Drop for Trusted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Handlers that all block, before it is known of any: each runs, whatever the others wait for.
    #[test]
    fn handlers_that_block_hold_up_no_other() {
        const MANY: usize = 20;
        let handlers = HandlerRuntime::start(MANY).expect("threads");
        let (arrived, arrivals) = mpsc::channel();
        let (release, released) = std::sync::mpsc::sync_channel::<()>(MANY);
        let released = Arc::new(std::sync::Mutex::new(released));
        for _ in 0..MANY {
            let (arrived, released) = (arrived.clone(), Arc::clone(&released));
            let blocks = async move {
                arrived.send(()).expect("the test waits");
                let _ = released.lock().expect("no panic").recv();
            };
            handlers.place().spawn(blocks, Arc::default());
        }
        for _ in 0..MANY {
            arrivals.recv_timeout(Duration::from_secs(60)).expect("another one runs");
        }
        drop(release);
    }

    #[test]
    fn a_handler_that_has_blocked_is_known_and_leaves_its_place() {
        let handlers = HandlerRuntime::start(1).expect("threads");
        let may_block = Arc::new(AtomicBool::new(false));
        let started = Instant::now();
        let busy = async move { while started.elapsed() <= 2 * SLOW {} };
        let place = handlers.place();
        place.handle.block_on(place.spawn(busy, Arc::clone(&may_block))).expect("it ends");
        assert!(may_block.load(Ordering::Relaxed));
        let panics = async { panic!("as handlers do") };
        assert!(place.handle.block_on(place.spawn(panics, Arc::default())).is_err());
        assert_eq!(place.trusting.load(Ordering::Relaxed), 0);
    }
}
