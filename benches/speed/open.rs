//! Very many conversations with something open, behind a relay and a Graph API that are not there: what they take of memory, how soon
//! the server is ready after `kill -9`, and how soon all are answered once both are back.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::Arguments;
use crate::load::Load;
use crate::meta::Meta;
use crate::subject::Running;
use crate::suite::{server, this_binary};
use crate::table::{Table, number};

/// A half of the conversations waits for the relay, the other for the Graph API.
const WHILE_AWAY: &str = "relay,echo";

pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut table = Table::new(&[
        "Open conversations",
        "acks/s",
        "peak memory MB",
        "ready after kill -9, s",
        "peak memory MB after it",
        "answered each once, s",
    ]);
    for most in &arguments.open {
        let figures = one(arguments, *most).await?;
        table.row(std::iter::once(most.to_string()).chain(figures.map(number)));
    }
    table.print();
    Ok(())
}

async fn one(arguments: &Arguments, most: u64) -> anyhow::Result<[f64; 5]> {
    let (away, back) = (server("", &this_binary(), WHILE_AWAY, 2, false), server("", &this_binary(), "echo", 2, false));
    let running = away.start(nowhere()?, &arguments.folder)?;
    let load = Load { events: most, conversations: most, accounts: 2, in_turn: true, ..Load::default() };
    let acks = load.run(running.address).await?;
    ensure!(acks.failed == 0, "{} deliveries were not answered 200", acks.failed);
    settled(&running).await;
    let memory = running.probe().peak_memory();

    let folder = running.kill()?;
    let started = Instant::now();
    let running = away.start_in(nowhere()?, folder)?;
    let ready = started.elapsed();
    settled(&running).await;
    let memory_after = running.probe().peak_memory();

    let folder = running.kill()?;
    let meta = Meta::start().await?;
    let started = Instant::now();
    let running = back.start_in(meta.address, folder)?;
    let (mut last, mut moved) = (0, Instant::now());
    while meta.replies() < most {
        let posts = meta.posts();
        if posts != last {
            (last, moved) = (posts, Instant::now());
        }
        ensure!(moved.elapsed() < Duration::from_secs(60), "{last} of {most} replies came");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answered = started.elapsed();
    ensure!(meta.posts() == meta.replies(), "something was said twice");
    running.end()?;
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    Ok([
        most as f64 / acks.took.as_secs_f64(),
        megabytes(memory),
        ready.as_secs_f64(),
        megabytes(memory_after),
        answered.as_secs_f64(),
    ])
}

/// Waits until the server has found out that nothing is there to take what it has, or a while.
async fn settled(running: &Running) {
    // It tries again and again, so that it may never rest.
    let _ = tokio::time::timeout(Duration::from_secs(60), running.probe().rests()).await;
}

/// An address at which no server listens.
fn nowhere() -> anyhow::Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
