//! The guard: how many instructions a message costs, counted by callgrind. They do not move with the machine's load.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;

use crate::load::Load;
use crate::measure::Bench;
use crate::subject::{Program, Subject};
use crate::suite::{server, this_binary};
use crate::{Arguments, say};

/// How much more than agreed is a fault, and how much less means that less should be agreed.
const MARGIN: f64 = 0.03;

/// The messages of the two runs: what they differ in is what the messages between cost, without start and end.
const FEW: u64 = 500;
const MANY: u64 = 2_500;

/// What was agreed.
#[derive(Deserialize)]
struct Agreed {
    intake: f64,
    r#loop: f64,
}

/// Counts, compares, and fails where a message costs more than agreed.
pub async fn guard(arguments: &Arguments) -> anyhow::Result<()> {
    let agreed: Agreed = toml::from_str(include_str!("instructions.toml"))?;
    let binary = arguments.servers.first().map_or_else(this_binary, |(_, binary)| binary.clone());
    let mut is_dearer = false;
    for (name, handler, agreed) in [("intake", "none", agreed.intake), ("full loop", "echo", agreed.r#loop)] {
        let counted = per_event(&binary, handler, &arguments.folder).await.with_context(|| name.to_owned())?;
        let ratio = counted / agreed;
        say(format!("{name}: {counted:.0} instructions a message, agreed {agreed:.0}, ratio {ratio:.3}"));
        if ratio < 1.0 - MARGIN {
            say(format!("benches/speed/instructions.toml can say less for the {name} now"));
        }
        is_dearer |= ratio > 1.0 + MARGIN;
    }
    ensure!(!is_dearer, "a message costs over {:.0} % more than agreed", MARGIN * 100.0);
    Ok(())
}

async fn per_event(binary: &Path, handler: &'static str, below: &Path) -> anyhow::Result<f64> {
    let few = run(binary, handler, FEW, below).await?;
    let many = run(binary, handler, MANY, below).await?;
    ensure!(many > few, "callgrind counted nothing");
    Ok((many - few) as f64 / (MANY - FEW) as f64)
}

/// The instructions of a whole run: start, `events` messages as fast as they are answered, end. One message at a time would tell less:
/// by chance it shares its transactions with the message before it or does not, which moves the count by more than the margin.
async fn run(binary: &Path, handler: &'static str, events: u64, below: &Path) -> anyhow::Result<u64> {
    std::fs::create_dir_all(below)?;
    let counts = tempfile::NamedTempFile::new_in(below)?;
    let mut subject = server("under callgrind", binary, handler, 1, false);
    if let Subject { program: Program::Rejoinder { valgrind, .. }, .. } = &mut subject {
        *valgrind = Some(counts.path().to_owned());
    }
    let mut bench = Bench::start(&subject, below).await?;
    bench.measure(Load { events, conversations: 1_000, ..Load::default() }).await?;
    bench.end()?;
    let text = std::fs::read_to_string(counts.path())?;
    let Some(line) = text.lines().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")))
    else {
        bail!("callgrind left no total")
    };
    line.trim().parse().context("callgrind's total")
}
