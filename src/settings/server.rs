//! `server.*`, `admin.*`: the two listeners.

use std::net::SocketAddr;
use std::time::Duration;

use super::reader::Reader;
use super::value::Host;
use crate::secret::Secret;

const LONGEST_TIMEOUT: Duration = Duration::from_secs(15);

/// The public listener: what Meta calls.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The largest body of a request, in bytes.
    pub max_body: usize,
    /// The most bytes of bodies that are held at a time; beyond it, Meta is asked to come again.
    pub max_buffered: usize,
    /// The most connections at a time; beyond it, the longest idle one is closed.
    pub max_connections: usize,
    /// How long a request's header, its body, and the wait for the next request may each take.
    pub timeout: Duration,
}

impl Server {
    pub(super) fn read(reader: &mut Reader) -> Server {
        let server = Server {
            listen: reader.required("server.listen"),
            max_body: reader.required("server.max_body"),
            max_buffered: reader.required("server.max_buffered"),
            max_connections: reader.required("server.max_connections"),
            timeout: reader.required("server.timeout"),
        };
        if server.timeout > LONGEST_TIMEOUT {
            reader.fault("server.timeout", "is longer than a connection may be kept waiting", "15s is the most");
        }
        if server.max_buffered < server.max_body {
            reader.fault("server.max_buffered", "is less than server.max_body", "give room for several bodies");
        }
        server
    }
}

/// The operator's listener.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What `/api` asks for, where set.
    pub token: Option<Secret>,
    /// Further names by which `/api` may be called, beside the machine's own loopback and the address of `listen`.
    pub hosts: Vec<String>,
}

impl Admin {
    pub(super) fn read(reader: &mut Reader) -> Admin {
        let admin = Admin {
            listen: reader.required("admin.listen"),
            token: reader.secret("admin.token"),
            hosts: reader
                .optional::<Vec<Host>>("admin.hosts")
                .unwrap_or_default()
                .into_iter()
                .map(|Host(name)| name)
                .collect(),
        };
        if !admin.listen.ip().is_loopback() && admin.token.is_none() {
            reader.fault(
                "admin.token",
                "is missing, and admin.listen can be reached from other machines",
                "set a token, or listen on 127.0.0.1",
            );
        }
        admin
    }
}
