//! What the system tells of a process and of the disk.

use std::fs;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// The clock ticks of `/proc` a second, the same on every Linux of today.
const TICKS: f64 = 100.0;

/// A process and its children.
#[derive(Clone, Copy)]
pub struct Probe(pub u32);

impl Probe {
    /// The processor time used so far, user and system.
    pub fn cpu(self) -> Duration {
        let ticks: u64 = self.family().into_iter().filter_map(|pid| stat(pid).map(|(_, ticks)| ticks)).sum();
        Duration::from_secs_f64(ticks as f64 / TICKS)
    }

    /// The bytes that it caused to be written to the disk.
    pub fn written(self) -> u64 {
        self.sum("io", "write_bytes:")
    }

    /// The most memory that it has held, in bytes.
    pub fn peak_memory(self) -> u64 {
        self.sum("status", "VmHWM:") * 1024
    }

    /// Returns when it has come to rest: for a fifth of a second it has hardly used a processor. Fails when it works for a minute
    /// more.
    pub async fn rests(self) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs(60);
        let mut before = self.cpu();
        while Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = self.cpu();
            if now - before <= Duration::from_millis(10) {
                return Ok(());
            }
            before = now;
        }
        anyhow::bail!("the server still works a minute after the last delivery")
    }

    fn sum(self, file: &str, row: &str) -> u64 {
        let value = |pid: u32| {
            let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
            let row = text.lines().find_map(|line| line.strip_prefix(row))?;
            row.trim().trim_end_matches(" kB").parse::<u64>().ok()
        };
        self.family().into_iter().filter_map(value).sum()
    }

    fn family(self) -> Vec<u32> {
        let mut family = vec![self.0];
        let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
        let mut pids: Vec<u32> = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        pids.sort_unstable();
        for pid in pids {
            if stat(pid).is_some_and(|(parent, _)| family.contains(&parent)) {
                family.push(pid);
            }
        }
        family
    }
}

/// The parent of a process, and the ticks that the process has used.
fn stat(pid: u32) -> Option<(u32, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold anything.
    let fields: Vec<_> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some((fields.get(1)?.parse().ok()?, fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?))
}

/// How long the disk takes to have four kilobytes for good: the median of two hundred.
pub fn sync_time(folder: &Path) -> anyhow::Result<Duration> {
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(&[0; 4096])?;
    file.sync_all()?;
    let mut times = Vec::new();
    for _ in 0..200 {
        file.rewind()?;
        file.write_all(&[1; 4096])?;
        let started = Instant::now();
        file.sync_data()?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

/// The longest that the disk takes to have 40 KiB more of a log for good, while nothing else uses it. No server that waits for
/// the disk has a shorter worst answer.
pub fn disk_alone(folder: &Path, lasting: Duration) -> anyhow::Result<Duration> {
    const WRITE: usize = 40 * 1024;
    const WRITES: u64 = 1_000;
    let mut file = tempfile::tempfile_in(folder)?;
    let (started, mut worst) = (Instant::now(), Duration::ZERO);
    for number in 0.. {
        if started.elapsed() >= lasting {
            break;
        }
        if number % WRITES == 0 {
            file.rewind()?;
        }
        file.write_all(&[1; WRITE])?;
        let written = Instant::now();
        file.sync_data()?;
        worst = worst.max(written.elapsed());
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(worst)
}

/// The machine, in a few words.
pub fn machine() -> String {
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("\t: unknown");
    format!("{cpus} × {}", model.trim_start_matches(['\t', ':', ' ']))
}
