//! Where the user's code runs.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hashbrown::HashMap;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Threads beside one for each handler that blocks: for what handlers start themselves.
const SPARE_THREADS: usize = 64;
const WORKERS: usize = 3;

/// How many workers may poll handlers that are trusted not to block. One worker is always free for the others.
const TRUSTING_WORKERS: usize = WORKERS - 1;

/// A handler whose poll took longer than this may block. On a busy machine a poll can lose its processor for some milliseconds.
const SLOW: Duration = Duration::from_millis(10);

/// After so many quick polls a handler is trusted not to block.
const QUICK_POLLS: i32 = 64;

/// The same after a slow poll: whether the handler blocked its thread or lost its processor cannot be told apart.
const QUICK_POLLS_AFTER_A_SLOW_ONE: i32 = 2_000;

/// A runtime for handlers alone. When it is dropped it does not wait for them.
pub(super) struct HandlerRuntime {
    runtime: Option<Runtime>,
    /// How many polls of trusted handlers run.
    trusting: Arc<AtomicUsize>,
    /// By the handlers' names.
    habits: Mutex<HashMap<String, Arc<Habit>>>,
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
        Ok(HandlerRuntime { runtime: Some(runtime), trusting: Arc::default(), habits: Mutex::default() })
    }

    /// What is known of the handler of this name, by whichever of its accounts.
    pub(super) fn habit(&self, handler: &str) -> Arc<Habit> {
        let mut habits = self.habits.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(habits.entry_ref(handler).or_default())
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

/// Whether a handler may block its thread, as far as its polls have shown: a count of quick polls, which a slow one sets back.
#[derive(Debug, Default)]
pub(super) struct Habit(AtomicI32);

impl Habit {
    fn is_quick(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= QUICK_POLLS
    }

    fn learn(&self, took: Duration) {
        if took > SLOW {
            self.0.store(QUICK_POLLS - QUICK_POLLS_AFTER_A_SLOW_ONE, Ordering::Relaxed);
        } else {
            let one_more = |polls: i32| (polls < QUICK_POLLS).then(|| polls + 1);
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
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
    /// Runs `future`, a turn of the handler whose habit this is.
    pub(super) fn spawn<F>(&self, future: F, habit: Arc<Habit>) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let trusting = Arc::clone(&self.trusting);
        self.handle.spawn(Polled { future: Box::pin(future), habit, trusting })
    }
}

/// A handler is asynchronous, and still may sleep, compute, or wait for a lock. A poll that may block its thread runs so that
/// another thread takes over all of the worker's other tasks, those included that the poll itself starts or wakes; that costs two
/// switches of threads. A handler of which many polls were quick is trusted and runs without. Should it block after all, it holds
/// up one of the workers, and the task that it has just started or woken with it, and leaves one worker for the others.
struct Polled<F> {
    future: Pin<Box<F>>,
    habit: Arc<Habit>,
    trusting: Arc<AtomicUsize>,
}

impl<F: Future> Future for Polled<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let trusted = if self.habit.is_quick() { Trusted::enter(&self.trusting) } else { None };
        let started = Instant::now();
        let polled = match trusted {
            Some(_trusted) => self.future.as_mut().poll(context),
            None => tokio::task::block_in_place(|| self.future.as_mut().poll(context)),
        };
        self.habit.learn(started.elapsed());
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

    /// Handlers that all block, although they are trusted: each runs, whatever the others wait for.
    #[test]
    fn handlers_that_block_hold_up_no_other() {
        const MANY: usize = 20;
        let trusted = || Arc::new(Habit(AtomicI32::new(QUICK_POLLS)));
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
            handlers.place().spawn(blocks, trusted());
        }
        for _ in 0..MANY {
            arrivals.recv_timeout(Duration::from_secs(60)).expect("another one runs");
        }
        drop(release);
    }

    #[test]
    fn what_one_account_shows_of_a_handler_counts_for_all_that_have_it() {
        let handlers = HandlerRuntime::start(1).expect("threads");
        (0..QUICK_POLLS).for_each(|_| handlers.habit("echo").learn(Duration::ZERO));
        assert!(handlers.habit("echo").is_quick() && !handlers.habit("relay").is_quick());
    }

    /// A handler that starts a task and blocks until that task has run.
    #[test]
    fn a_handler_may_wait_for_what_it_has_started() {
        let handlers = HandlerRuntime::start(1).expect("threads");
        let place = handlers.place();
        let (ended, end) = mpsc::channel();
        let waits = async move {
            let (told, telling) = mpsc::channel();
            tokio::spawn(async move { told.send(()) });
            ended.send(telling.recv_timeout(Duration::from_secs(60))).expect("the test waits");
        };
        place.spawn(waits, Arc::default());
        end.recv().expect("it ends").expect("the task has run");
    }

    #[test]
    fn a_handler_is_trusted_after_many_quick_polls_and_after_a_slow_one_only_after_very_many() {
        let handlers = HandlerRuntime::start(1).expect("threads");
        let (place, habit) = (handlers.place(), Arc::new(Habit::default()));
        for _ in 0..QUICK_POLLS {
            assert!(!habit.is_quick());
            habit.learn(Duration::ZERO);
        }
        assert!(habit.is_quick());
        let busy = async {
            let started = Instant::now();
            while started.elapsed() <= 2 * SLOW {}
        };
        place.handle.block_on(place.spawn(busy, Arc::clone(&habit))).expect("it ends");
        for _ in 0..QUICK_POLLS_AFTER_A_SLOW_ONE {
            assert!(!habit.is_quick());
            habit.learn(Duration::ZERO);
        }
        assert!(habit.is_quick());
        let panics = async { panic!("as handlers do") };
        assert!(place.handle.block_on(place.spawn(panics, Arc::default())).is_err());
        assert_eq!(place.trusting.load(Ordering::Relaxed), 0);
    }
}
