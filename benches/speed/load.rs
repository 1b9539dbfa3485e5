//! The generator: delivers messages of people, as fast as they are answered or at a fixed rate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::delivery::{self, PAGE, mix, person};
use crate::http;

/// What is delivered.
#[derive(Clone, Copy)]
pub struct Load {
    /// How many messages.
    pub events: u64,
    /// The number of the first message: those of two loads differ.
    pub first: u64,
    pub connections: u64,
    pub conversations: u64,
    pub accounts: u64,
    /// How many items are in a delivery.
    pub together: u64,
    /// Whether the conversations come one after the other, so that so many messages make so many known; else at random.
    pub in_turn: bool,
    /// Deliveries a second; None for as many as are answered.
    pub rate: Option<f64>,
    /// With the older signature too.
    pub sha1: bool,
}

impl Default for Load {
    fn default() -> Load {
        Load {
            events: 0,
            first: 0,
            connections: 64,
            conversations: 10_000,
            accounts: 1,
            together: 1,
            in_turn: false,
            rate: None,
            sha1: false,
        }
    }
}

/// How it went.
#[derive(Default)]
pub struct Acks {
    /// How long each delivery waited for its answer, sorted. At a fixed rate it counts from the moment at which it was due, where
    /// its connection still waited for an earlier answer then.
    pub times: Vec<Duration>,
    /// Answers other than 200.
    pub failed: u64,
    pub took: Duration,
}

impl Acks {
    /// The time that `share` of the deliveries did not exceed.
    pub fn percentile(&self, share: f64) -> Duration {
        let last = self.times.len().saturating_sub(1);
        self.times.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
    }
}

impl Load {
    /// Delivers it to `server`.
    pub async fn run(self, server: SocketAddr) -> anyhow::Result<Acks> {
        let (next, started) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let mut connections = JoinSet::new();
        for _ in 0..self.connections {
            connections.spawn(self.connection(server, Arc::clone(&next), started));
        }
        let mut acks = Acks::default();
        while let Some(ended) = connections.join_next().await {
            let (times, failed) = ended??;
            acks.times.extend(times);
            acks.failed += failed;
        }
        acks.took = started.elapsed();
        acks.times.sort_unstable();
        Ok(acks)
    }

    async fn connection(
        self,
        server: SocketAddr,
        next: Arc<AtomicU64>,
        started: Instant,
    ) -> anyhow::Result<(Vec<Duration>, u64)> {
        let mut stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let (mut times, mut failed) = (Vec::new(), 0);
        let (mut request, mut answer) = (Vec::new(), Vec::new());
        loop {
            let number = next.fetch_add(self.together, Ordering::Relaxed);
            if number >= self.events {
                return Ok((times, failed));
            }
            let due = self.rate.map(|rate| started + Duration::from_secs_f64(number as f64 / rate));
            // What the generator's own timer is late by is not the server's.
            let due = match due {
                Some(due) if due > Instant::now() => {
                    tokio::time::sleep_until(due.into()).await;
                    None
                }
                due => due,
            };
            let page = PAGE + mix(self.first + number) % self.accounts;
            let items: Vec<_> = (number..(number + self.together).min(self.events))
                .map(|number| self.first + number)
                .map(|number| {
                    let of = if self.in_turn { number } else { mix(!number) };
                    delivery::message(number, page, person(of % self.conversations))
                })
                .collect();
            delivery::request(page, &items, self.sha1, &mut request);
            let due = due.unwrap_or_else(Instant::now);
            stream.write_all(&request).await?;
            answer.clear();
            http::message(&mut stream, &mut answer).await?;
            failed += u64::from(http::status(&answer) != Some(200));
            times.push(due.elapsed());
        }
    }
}
