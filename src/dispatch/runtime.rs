//! Where the user's code runs.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Handle, Runtime};

/// Threads beside one for each handler that blocks: for what handlers start themselves.
const SPARE_THREADS: usize = 64;
const WORKERS: usize = 2;

/// A runtime for handlers alone. When it is dropped it does not wait for them.
pub(super) struct HandlerRuntime(Option<Runtime>);

impl HandlerRuntime {
    /// A runtime on which `handlers` can block their threads at the same time.
    pub(super) fn start(handlers: usize) -> std::io::Result<HandlerRuntime> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .max_blocking_threads(handlers.saturating_add(SPARE_THREADS))
            .thread_name("handler")
            .enable_all()
            .build()?;
        Ok(HandlerRuntime(Some(runtime)))
    }

    pub(super) fn handle(&self) -> Handle {
        self.0.as_ref().expect("the runtime is there until it is dropped").handle().clone()
    }
}

impl Drop for HandlerRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A future whose polls may block their thread, because another thread takes over the worker's other tasks meanwhile.
/// A handler is asynchronous, and still may sleep, compute, or wait for a lock.
pub(super) struct MayBlock<F>(Pin<Box<F>>);

impl<F: Future> MayBlock<F> {
    pub(super) fn new(future: F) -> MayBlock<F> {
        MayBlock(Box::pin(future))
    }
}

impl<F: Future> Future for MayBlock<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        tokio::task::block_in_place(|| self.0.as_mut().poll(context))
    }
}
