//! One measurement: a server, a load, and what came of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::task::JoinHandle;

use crate::load::{Acks, Load};
use crate::meta::Meta;
use crate::subject::{Running, Subject};

/// What came of a load.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub acks_per_second: f64,
    /// 0 where nothing is said.
    pub replies_per_second: f64,
    /// Processor time of the server for each message of a person, in microseconds.
    pub cpu: f64,
    /// Written to the disk for each message of a person.
    pub bytes: f64,
    /// How long a delivery waited for its answer, in milliseconds.
    pub p50: f64,
    pub p99: f64,
    pub worst: f64,
    /// The most memory the server held, in MB.
    pub memory: f64,
    /// The longest that the store's log was, in MB.
    pub log: f64,
}

/// A server under measurement, with its Meta.
pub struct Bench {
    subject: Subject,
    meta: Meta,
    running: Running,
    /// The number of the next message.
    next: u64,
}

impl Bench {
    /// Starts `subject`.
    pub async fn start(subject: &Subject, below: &Path) -> anyhow::Result<Bench> {
        let mut meta = Meta::start().await?;
        let running = subject.start(meta.address, below)?;
        if subject.is_told {
            meta.tell(running.address);
        }
        Ok(Bench { subject: subject.clone(), meta, running, next: 0 })
    }

    /// Delivers `load`, waits until everything of it is done, and says what it took.
    pub async fn measure(&mut self, load: Load) -> anyhow::Result<Figures> {
        let load = Load { first: self.next, sha1: self.subject.wants_sha1(), ..load };
        self.next += load.events;
        let (probe, expected) = (self.running.probe(), self.next);
        let (cpu, written, started) = (probe.cpu(), probe.written(), Instant::now());
        let log = LogWatch::start(self.running.folder.path());
        let acks = load.run(self.running.address).await?;
        ensure!(acks.failed == 0, "{} deliveries were not answered 200", acks.failed);
        let mut replied = acks.took;
        if self.subject.replies() {
            self.all_replies(expected).await?;
            replied = started.elapsed();
        }
        probe.rests().await?;
        let events = load.events as f64;
        Ok(Figures {
            acks_per_second: events / acks.took.as_secs_f64(),
            replies_per_second: if self.subject.replies() { events / replied.as_secs_f64() } else { 0.0 },
            cpu: (probe.cpu() - cpu).as_secs_f64() * 1e6 / events,
            bytes: (probe.written() - written) as f64 / events,
            p50: milliseconds(acks.percentile(0.5)),
            p99: milliseconds(acks.percentile(0.99)),
            worst: milliseconds(worst(&acks)),
            memory: probe.peak_memory() as f64 / 1e6,
            log: log.longest() as f64 / 1e6,
        })
    }

    /// Ends the server.
    pub fn end(self) -> anyhow::Result<()> {
        self.running.end()
    }

    async fn all_replies(&self, expected: u64) -> anyhow::Result<()> {
        let (mut last, mut moved) = (0, Instant::now());
        while self.meta.replies() < expected || !self.meta.has_told() {
            let posts = self.meta.posts();
            if posts != last {
                (last, moved) = (posts, Instant::now());
            }
            ensure!(moved.elapsed() < Duration::from_secs(20), "{last} of {expected} replies came");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        ensure!(self.meta.posts() == self.meta.replies(), "something was said twice");
        Ok(())
    }
}

/// Looks at the length of the store's log again and again, until it is dropped.
struct LogWatch {
    longest: Arc<AtomicU64>,
    looking: JoinHandle<()>,
}

impl LogWatch {
    fn start(folder: &Path) -> LogWatch {
        let (longest, log) = (Arc::new(AtomicU64::new(0)), folder.join("rejoinder.db-wal"));
        let found = Arc::clone(&longest);
        let looking = tokio::spawn(async move {
            loop {
                let length = std::fs::metadata(&log).map_or(0, |file| file.len());
                found.fetch_max(length, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        LogWatch { longest, looking }
    }

    fn longest(&self) -> u64 {
        self.longest.load(Ordering::Relaxed)
    }
}

impl Drop for LogWatch {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

fn worst(acks: &Acks) -> Duration {
    acks.times.last().copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
