//! The yardstick: what a message of a person costs this server, beside servers that keep nothing.
//!
//! `cargo bench --bench speed` prints the tables of the README's section on speed; `-- --help` tells the rest. Every subject is a
//! process of its own and is measured in turn, round after round, so that what the machine does beside it meets all of them.
//! Throughput counts only on a disk that answers fast and alone; processor time and instructions count anywhere.

#![allow(unreachable_pub, reason = "the parts of one program")]

mod delivery;
mod floor;
mod http;
mod instructions;
mod load;
mod measure;
mod meta;
mod open;
mod probe;
mod subject;
mod suite;
mod table;

use std::io::Write as _;
use std::path::PathBuf;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the server beside servers that keep nothing.
#[derive(Parser, Debug)]
#[command(name = "speed")]
struct Arguments {
    /// How often each subject is measured; the medians are shown.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many messages a measurement has.
    #[arg(long, default_value_t = 20_000)]
    events: u64,
    /// Another binary of rejoinder to measure in the same rounds: NAME=PATH; may be repeated.
    #[arg(long = "server", value_name = "NAME=PATH", value_parser = named)]
    servers: Vec<(String, PathBuf)>,
    /// With a best-case Node process and Bottender, which keep nothing; needs node and npm.
    #[arg(long)]
    peers: bool,
    /// How long 2,500 deliveries a second last, in seconds; 0 leaves it out.
    #[arg(long, default_value_t = 60)]
    lasting: u64,
    /// Numbers of known conversations and keys at which the server is measured.
    #[arg(long, value_delimiter = ',', value_name = "NUMBER", num_args = 0..)]
    growth: Vec<u64>,
    /// Numbers of conversations that are open while the relay and the Graph API are not there.
    #[arg(long, value_delimiter = ',', value_name = "NUMBER", num_args = 0..)]
    open: Vec<u64>,
    /// Only the first table.
    #[arg(long)]
    short: bool,
    /// Counts instructions instead, of the first `--server` where one is named, and compares them with those of
    /// benches/speed/instructions.toml; needs valgrind.
    #[arg(long)]
    instructions: bool,
    /// Where the stores are: a folder on the disk that is to be measured.
    #[arg(long, value_name = "FOLDER", default_value = env!("CARGO_TARGET_TMPDIR"))]
    folder: PathBuf,
    /// Is one of the servers that keep nothing.
    #[arg(long, hide = true)]
    serve: Option<floor::Floor>,
    /// What cargo passes.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        match arguments.serve {
            Some(floor) => floor::serve(floor).await,
            None if arguments.instructions => instructions::guard(&arguments).await,
            None => suite::run(&arguments).await,
        }
    })
}

fn named(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("a name, `=` and a path")?;
    Ok((name.to_owned(), std::path::absolute(path).map_err(|error| error.to_string())?))
}

/// Prints a line.
fn say(line: String) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
