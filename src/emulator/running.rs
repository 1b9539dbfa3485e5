//! An emulated Meta that is served.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::handle::Emulator;

/// An emulated Meta that is being served; it is ended when this is dropped.
#[derive(Debug)]
pub struct Running {
    emulator: Emulator,
    address: SocketAddr,
    stop: DropGuard,
    serving: JoinHandle<io::Result<()>>,
}

impl Emulator {
    /// Serves it on `listener`, as a task of its own.
    ///
    /// # Errors
    ///
    /// Fails when the listener does not know its own address.
    pub fn start(self, listener: TcpListener) -> io::Result<Running> {
        let (address, stop) = (listener.local_addr()?, CancellationToken::new());
        let serving = tokio::spawn({
            let (emulator, stop) = (self.clone(), stop.clone());
            async move { emulator.serve(listener, stop).await }
        });
        Ok(Running { emulator: self, address, stop: stop.drop_guard(), serving })
    }

    /// The same on a free port of this machine.
    ///
    /// # Errors
    ///
    /// Fails when no port is free.
    pub async fn start_anywhere(self) -> io::Result<Running> {
        self.start(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?)
    }
}

impl Running {
    /// What is served.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of its Graph API, as a bot is told it: `http://127.0.0.1:8082`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it, and returns when what was being asked is answered.
    ///
    /// # Errors
    ///
    /// As [`Emulator::serve`]; or the task has panicked.
    pub async fn end(self) -> io::Result<()> {
        drop(self.stop);
        self.serving.await?
    }
}
