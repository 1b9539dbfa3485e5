//! Ctrl-C and SIGTERM.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Somebody's wish that the process end. Listens from when it is made, so that none is missed while the server starts.
pub(super) struct Wish {
    interrupt: Signal,
    terminate: Signal,
}

impl Wish {
    pub(super) fn listen() -> io::Result<Wish> {
        Ok(Wish { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Returns when somebody wants the process to end.
    pub(super) async fn uttered(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
