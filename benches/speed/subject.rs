//! What is measured: a server that is started as a process of its own.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::delivery::{APP, PAGE, SECRET};
use crate::floor::Floor;
use crate::probe::Probe;

/// A server, and what is asked of it.
#[derive(Clone, Debug)]
pub struct Subject {
    pub name: String,
    pub program: Program,
    /// Whether Meta tells it of each reply: its echo, that it was delivered, that it was read.
    pub is_told: bool,
}

/// How a server is started.
#[derive(Clone, Debug)]
pub enum Program {
    /// One of ours that keeps nothing.
    Floor(Floor),
    /// Rejoinder, this binary of it, with this handler on every account; of several, by turns. No relay is there.
    Rejoinder {
        binary: PathBuf,
        handler: &'static str,
        accounts: u64,
        keep_events: &'static str,
        valgrind: Option<PathBuf>,
    },
    /// A peer: a script for Node, with its arguments, in the folder where the peers are installed.
    Node { folder: PathBuf, script: &'static str, arguments: &'static [&'static str] },
}

/// A server that runs. It is killed when this is dropped.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
    /// Where its store is; it goes with the last server that uses it.
    pub folder: Arc<TempDir>,
}

impl Subject {
    /// Whether it answers messages.
    pub fn replies(&self) -> bool {
        match &self.program {
            Program::Floor(_) => false,
            Program::Rejoinder { handler, .. } => *handler == "echo",
            Program::Node { .. } => true,
        }
    }

    /// Whether it checks the older signature alone.
    pub fn wants_sha1(&self) -> bool {
        matches!(&self.program, Program::Node { script, .. } if script.contains("bottender"))
    }

    /// Starts it, with its store in a folder of its own below `below`. It sends to the Graph API at `graph`.
    pub fn start(&self, graph: SocketAddr, below: &Path) -> anyhow::Result<Running> {
        self.start_in(graph, Arc::new(tempfile::tempdir_in(below)?))
    }

    /// The same with the store that a server before it left in `folder`.
    pub fn start_in(&self, graph: SocketAddr, folder: Arc<TempDir>) -> anyhow::Result<Running> {
        match &self.program {
            Program::Floor(floor) => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["--serve", if *floor == Floor::Bare { "bare" } else { "floor" }]);
                let mut child = command.stdout(Stdio::piped()).spawn()?;
                let mut line = String::new();
                BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
                Ok(Running { child, address: line.trim().parse().context(line)?, folder })
            }
            Program::Rejoinder { binary, handler, accounts, keep_events, valgrind } => {
                let settings = settings(graph, handler, *accounts, keep_events)?;
                std::fs::write(folder.path().join("rejoinder.toml"), settings)?;
                let mut command = match valgrind {
                    Some(counts) => {
                        let mut command = Command::new("valgrind");
                        let counts = format!("--callgrind-out-file={}", counts.display());
                        command.args(["--tool=callgrind", &counts]).arg(binary);
                        command
                    }
                    None => Command::new(binary),
                };
                command.args(["serve", "--config", "rejoinder.toml"]).current_dir(folder.path());
                command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
                let mut child = command.stderr(Stdio::piped()).spawn().context("rejoinder is started")?;
                let address = ready(&mut child)?;
                Ok(Running { child, address, folder })
            }
            Program::Node { folder: peers, script, arguments } => {
                let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
                let mut command = Command::new("node");
                command.arg(script).args(*arguments).current_dir(peers);
                command.env("PORT", port.port().to_string()).env("GRAPH", format!("http://{graph}"));
                command.env("APP_SECRET", SECRET).env("PAGE", PAGE.to_string()).env("NODE_ENV", "production");
                let child = command.stdout(Stdio::null()).spawn().context("node is started")?;
                let running = Running { child, address: port, folder };
                running.listens()?;
                Ok(running)
            }
        }
    }
}

impl Running {
    pub fn probe(&self) -> Probe {
        Probe(self.child.id())
    }

    /// Ends it as an operator would, and waits for it.
    pub fn end(mut self) -> anyhow::Result<()> {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        anyhow::ensure!(killed.success() && self.child.wait()?.success(), "the server did not end well");
        Ok(())
    }

    /// Kills it. Its store stays.
    pub fn kill(mut self) -> anyhow::Result<Arc<TempDir>> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(Arc::clone(&self.folder))
    }

    fn listens(&self) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(self.address).is_err() {
            if Instant::now() > end {
                bail!("{} does not listen", self.address);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the line that says where the server listens; what it says afterwards is passed on where it is a warning.
fn ready(child: &mut Child) -> anyhow::Result<SocketAddr> {
    let mut lines = BufReader::new(child.stderr.take().context("its log")?).lines();
    let mut said = String::new();
    let address = loop {
        let Some(line) = lines.next().transpose()? else { bail!("rejoinder did not start:\n{said}") };
        if let Some(address) = line.split_once("public=").and_then(|(_, rest)| rest.split(' ').next()) {
            break address.parse().context("the address of the public listener")?;
        }
        let _ = writeln!(said, "{line}");
    };
    std::thread::spawn(move || {
        lines.map_while(Result::ok).filter(|line| line.contains("ERROR") || line.contains("WARN")).for_each(crate::say)
    });
    Ok(address)
}

/// The settings of a bot that is as fast as it can be: Meta's rates are not kept to, and it says nothing of its own accord.
fn settings(graph: SocketAddr, handler: &str, accounts: u64, keep_events: &str) -> anyhow::Result<String> {
    let mut settings = format!(
        r#"
server.listen = "127.0.0.1:0"
server.max_connections = 4096
admin.listen = "127.0.0.1:0"
app.secret = "{SECRET}"
app.verify_token = "any-word"
app.id = "{APP}"
graph.url = "http://{graph}"
sender.texts_per_second = 1000000
store.keep_events = "{keep_events}"
relay.url = "http://127.0.0.1:9"
"#
    );
    let handlers: Vec<_> = handler.split(',').collect();
    for (account, handler) in (0..accounts).zip(handlers.into_iter().cycle()) {
        let bot = if handler == "none" { "manual" } else { "hybrid" };
        write!(
            settings,
            r#"
[accounts.page{account}]
platform = "messenger"
id = "{}"
access_token = "EAAG{account}"
handler = "{handler}"
bot = "{bot}"
disclosure.enabled = false
"#,
            PAGE + account
        )?;
    }
    Ok(settings)
}
