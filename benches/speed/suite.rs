//! What is measured, in which order, and the tables that show it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::floor::Floor;
use crate::load::Load;
use crate::measure::{Bench, Figures};
use crate::subject::{Program, Subject};
use crate::table::{Table, number};
use crate::{Arguments, open, probe, say};

/// A disk that takes longer to have something for good is shared or slow: throughput says nothing about the server there.
const FAST_DISK: Duration = Duration::from_micros(150);

/// The rate of the lasting load, in deliveries a second.
const LASTING: f64 = 2_500.0;

/// Runs everything.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    std::fs::create_dir_all(&arguments.folder)?;
    let sync = probe::sync_time(&arguments.folder)?;
    say(format!("{}; fdatasync of 4 KiB p50 {} µs", probe::machine(), sync.as_micros()));
    if sync > FAST_DISK {
        say(format!("The disk takes longer than {} µs: throughput does not count.", FAST_DISK.as_micros()));
    }
    say(String::new());
    let medians = rounds(arguments).await?;
    if arguments.short {
        return Ok(());
    }
    rates(arguments, &medians).await?;
    shapes(arguments).await?;
    if !arguments.growth.is_empty() {
        growth(arguments).await?;
    }
    if !arguments.open.is_empty() {
        open::run(arguments).await?;
    }
    Ok(())
}

/// Every subject in turn, round after round, as fast as it can.
async fn rounds(arguments: &Arguments) -> anyhow::Result<BTreeMap<String, Figures>> {
    let subjects = subjects(arguments)?;
    let mut all: Vec<Vec<Figures>> = vec![Vec::new(); subjects.len()];
    for _ in 0..arguments.rounds {
        for (subject, figures) in subjects.iter().zip(&mut all) {
            // Processor time comes in ticks of ten milliseconds: the shorter a message takes, the more of them are needed.
            let events = match &subject.program {
                Program::Floor(_) => arguments.events * 10,
                _ if subject.wants_sha1() => (arguments.events / 10).max(1),
                _ => arguments.events,
            };
            figures.push(one(subject, Load { events, ..Load::default() }, &arguments.folder).await?);
        }
    }
    let medians: Vec<_> = all.iter().map(|figures| median(figures)).collect();
    let floor = medians.get(1).map_or(1.0, |floor| floor.cpu);
    let mut table = Table::new(&[
        "64 connections, 10,000 conversations",
        "acks/s",
        "replies/s",
        "CPU µs an event",
        "÷ floor",
        "bytes an event",
        "peak memory MB",
    ]);
    for (subject, figures) in subjects.iter().zip(&medians) {
        let values = [figures.acks_per_second, figures.replies_per_second, figures.cpu, figures.cpu / floor];
        let cells = values.into_iter().chain([figures.bytes, figures.memory]).map(number);
        table.row(std::iter::once(subject.name.clone()).chain(cells));
    }
    table.print();
    Ok(subjects.into_iter().map(|subject| subject.name).zip(medians).collect())
}

/// How long an answer takes at half of the rate that each can do, and at a rate that lasts while old events are deleted.
async fn rates(arguments: &Arguments, medians: &BTreeMap<String, Figures>) -> anyhow::Result<()> {
    let mut table = Table::new(&[
        "At a fixed rate",
        "deliveries/s",
        "seconds",
        "p50 ms",
        "p99 ms",
        "worst ms",
        "CPU µs an event",
        "bytes an event",
        "longest log MB",
        "peak memory MB",
    ]);
    let alone = probe::disk_alone(&arguments.folder, Duration::from_secs(arguments.lasting))?;
    say(format!(
        "The disk alone, {} s of a log of 40 KiB a write: worst fdatasync {} ms\n",
        arguments.lasting,
        alone.as_millis()
    ));
    for subject in servers(arguments) {
        let saturated = medians.get(&subject.name).cloned().unwrap_or_default();
        let most = if subject.replies() { saturated.replies_per_second } else { saturated.acks_per_second };
        let half = (most / 2.0).round();
        for (rate, seconds) in [(half, 5.0), (LASTING, arguments.lasting as f64)] {
            if rate * seconds == 0.0 || (rate == LASTING && subject.is_told) {
                continue;
            }
            let load = Load { events: (rate * seconds) as u64, rate: Some(rate), ..Load::default() };
            let mut subject = subject.clone();
            if let (LASTING, Program::Rejoinder { keep_events, .. }) = (rate, &mut subject.program) {
                *keep_events = "10s";
            }
            let figures = one(&subject, load, &arguments.folder).await?;
            let times = [rate, seconds, figures.p50, figures.p99, figures.worst];
            let cells = times.into_iter().chain([figures.cpu, figures.bytes, figures.log, figures.memory]).map(number);
            table.row(std::iter::once(subject.name.clone()).chain(cells));
        }
    }
    table.print();
    Ok(())
}

/// Many accounts, and one busy conversation.
async fn shapes(arguments: &Arguments) -> anyhow::Result<()> {
    let mut table = Table::new(&["Full loop", "replies/s", "CPU µs an event", "peak memory MB"]);
    let events = arguments.events / 4;
    for (shape, accounts, conversations) in
        [("1 account", 1, 10_000), ("1,000 accounts", 1_000, 10_000), ("one busy conversation", 1, 1)]
    {
        let subject = server("", &this_binary(), "echo", accounts, false);
        let load = Load { events, accounts, conversations, ..Load::default() };
        let figures = one(&subject, load, &arguments.folder).await?;
        let cells = [figures.replies_per_second, figures.cpu, figures.memory].map(number);
        table.row(std::iter::once(shape.to_owned()).chain(cells));
    }
    table.print();
    Ok(())
}

/// The same with more and more conversations and keys in the store.
async fn growth(arguments: &Arguments) -> anyhow::Result<()> {
    let mut table =
        Table::new(&["Known conversations and keys", "acks/s", "CPU µs an event", "bytes an event", "peak memory MB"]);
    let mut bench = Bench::start(&server("", &this_binary(), "none", 1, false), &arguments.folder).await?;
    let mut known = 0;
    for most in &arguments.growth {
        let fill = Load {
            events: most.saturating_sub(known),
            conversations: *most,
            together: 100,
            in_turn: true,
            ..Load::default()
        };
        if fill.events > 0 {
            bench.measure(fill).await?;
        }
        let load = Load { events: arguments.events, conversations: *most, ..Load::default() };
        let figures = bench.measure(load).await?;
        known = known.max(*most) + load.events;
        let cells = [figures.acks_per_second, figures.cpu, figures.bytes, figures.memory].map(number);
        table.row(std::iter::once(most.to_string()).chain(cells));
    }
    table.print();
    bench.end()
}

/// Starts `subject`, lets it warm up, and measures it.
async fn one(subject: &Subject, load: Load, below: &Path) -> anyhow::Result<Figures> {
    let mut bench = Bench::start(subject, below).await.with_context(|| subject.name.clone())?;
    let warm = Load { events: load.events.min(2_000), rate: None, ..load };
    bench.measure(warm).await.with_context(|| format!("{}: the warm-up", subject.name))?;
    bench.measure(load).await.with_context(|| subject.name.clone())
}

fn subjects(arguments: &Arguments) -> anyhow::Result<Vec<Subject>> {
    let floor = |name: &str, floor| Subject { name: name.into(), program: Program::Floor(floor), is_told: false };
    let mut subjects = vec![
        floor("axum, answers 200 (keeps nothing)", Floor::Bare),
        floor("the floor: HTTP, signature, parsing (keeps nothing)", Floor::Floor),
    ];
    subjects.extend(servers(arguments));
    if arguments.peers {
        let folder = installed(&arguments.folder)?;
        let node = |name: &str, script, arguments| Subject {
            name: name.into(),
            program: Program::Node { folder: folder.clone(), script, arguments },
            is_told: false,
        };
        subjects.push(node("Node, best case (keeps nothing)", "best.js", &[]));
        subjects.push(node("Bottender 1.5.5 (keeps nothing)", "node_modules/.bin/bottender", &["start"]));
    }
    Ok(subjects)
}

/// The binaries of rejoinder that are measured, each in its three uses.
fn servers(arguments: &Arguments) -> Vec<Subject> {
    let ours = [("rejoinder".to_owned(), this_binary())];
    let binaries = ours.into_iter().chain(arguments.servers.iter().cloned());
    let uses = binaries.map(|(name, binary)| {
        [
            server(&format!("{name}: intake"), &binary, "none", 1, false),
            server(&format!("{name}: full loop"), &binary, "echo", 1, false),
            server(&format!("{name}: full loop, with echo, delivery and read"), &binary, "echo", 1, true),
        ]
    });
    uses.flatten().collect()
}

pub fn server(name: &str, binary: &Path, handler: &'static str, accounts: u64, is_told: bool) -> Subject {
    let program =
        Program::Rejoinder { binary: binary.to_owned(), handler, accounts, keep_events: "48h", valgrind: None };
    Subject { name: name.to_owned(), program, is_told }
}

pub fn this_binary() -> PathBuf {
    env!("CARGO_BIN_EXE_rejoinder").into()
}

/// The folder in which the peers are installed.
fn installed(below: &Path) -> anyhow::Result<PathBuf> {
    let folder = below.join("peers");
    std::fs::create_dir_all(&folder)?;
    let files = [
        ("best.js", include_str!("peers/best.js")),
        ("index.js", include_str!("peers/index.js")),
        ("bottender.config.js", include_str!("peers/bottender.config.js")),
        ("package.json", include_str!("peers/package.json")),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text)?;
    }
    // Without scripts: one of Bottender's dependencies would fetch a program from elsewhere, which is not used here.
    let arguments = ["install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts"];
    let npm = Command::new("npm").args(arguments).current_dir(&folder).status();
    ensure!(npm.context("npm is started")?.success(), "npm could not install the peers");
    Ok(folder)
}

/// The median of each figure.
fn median(figures: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| {
        let mut values: Vec<_> = figures.iter().map(figure).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Figures {
        acks_per_second: of(|one| one.acks_per_second),
        replies_per_second: of(|one| one.replies_per_second),
        cpu: of(|one| one.cpu),
        bytes: of(|one| one.bytes),
        p50: of(|one| one.p50),
        p99: of(|one| one.p99),
        worst: of(|one| one.worst),
        memory: of(|one| one.memory),
        log: of(|one| one.log),
    }
}
