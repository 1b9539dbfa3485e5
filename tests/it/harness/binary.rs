//! The binary itself, as its own process.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Instant;

use super::{PATIENCE, logs, resident};

pub struct Binary {
    child: Child,
    lines: mpsc::Receiver<String>,
    readers: Vec<JoinHandle<()>>,
    pub log: Vec<String>,
}

/// `rejoinder` with an empty environment but for what is given, in `folder`.
pub fn command(folder: &Path, arguments: &[&str], environment: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rejoinder"));
    command.args(arguments).current_dir(folder).env_clear().env("RUST_LOG", "trace");
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

impl Binary {
    pub fn start(folder: &Path, arguments: &[&str], environment: &[(String, String)]) -> Binary {
        Binary::spawn(command(folder, arguments, environment))
    }

    /// The same with no file larger than so many bytes, as on a disk with little room, until [`Binary::give_room`].
    pub fn start_in_little_room(
        folder: &Path,
        arguments: &[&str],
        environment: &[(String, String)],
        bytes: usize,
    ) -> Binary {
        // `ulimit` counts in blocks of 512 bytes. Without the trap a write beyond them would end the process.
        let script = format!("trap '' XFSZ; ulimit -S -f {}; exec \"$0\" \"$@\"", bytes / 512);
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_rejoinder")]).args(arguments).current_dir(folder).env_clear();
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path))).env("RUST_LOG", "info");
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        Binary::spawn(command)
    }

    /// The same as somebody whom permissions bind, which they do not root. `None` where that one may not run the binary.
    pub fn start_bound(folder: &Path, arguments: &[&str], environment: &[(String, String)]) -> Option<Binary> {
        use std::os::unix::{fs::MetadataExt, process::CommandExt};
        const NOBODY: u32 = 65_534;
        let mut command = command(folder, arguments, environment);
        if folder.metadata().expect("a folder").uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
            let can_run = Command::new(command.get_program()).arg("--version").uid(NOBODY).gid(NOBODY).output().is_ok();
            return can_run.then(|| Binary::spawn(command));
        }
        Some(Binary::spawn(command))
    }

    /// Takes the limit away.
    pub fn give_room(&self) {
        let limited =
            Command::new("prlimit").args([&format!("--pid={}", self.child.id()), "--fsize=unlimited"]).status();
        assert!(limited.expect("prlimit runs").success());
    }

    fn spawn(mut command: Command) -> Binary {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let (sender, lines) = mpsc::channel();
        let out = read(child.stdout.take().expect("stdout"), sender.clone());
        let talk = read(child.stderr.take().expect("stderr"), sender);
        Binary { child, lines, readers: vec![out, talk], log: Vec::new() }
    }

    /// Waits for a line that holds `words`.
    pub fn line_with(&mut self, words: &str) -> String {
        let started = Instant::now();
        loop {
            // Other lines do not prolong the wait: some commands never stop talking.
            let line = self.lines.recv_timeout(PATIENCE.saturating_sub(started.elapsed()));
            let line = line.unwrap_or_else(|_| panic!("no line with {words:?} in {:#?}", self.log));
            self.log.push(line.clone());
            if line.contains(words) {
                return line;
            }
        }
    }

    /// The addresses of the two listeners, from the line that says that the server is ready.
    pub fn addresses(&mut self) -> (String, String) {
        let line = self.line_with(" ready ");
        let field = |name: &str| {
            let (_, rest) = line.split_once(name).expect("the field");
            rest.split_whitespace().next().expect("its value").to_owned()
        };
        (field("public="), field("admin="))
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.ended();
    }

    /// Asks it to end, as an orchestrator does.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended()
    }

    /// Its memory, in KiB.
    pub fn resident(&self) -> u64 {
        resident(&self.child.id().to_string())
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    pub fn ended(&mut self) -> ExitStatus {
        let status = self.child.wait().expect("it ends");
        self.readers.drain(..).for_each(|reader| reader.join().expect("a reader ends"));
        self.log.extend(self.lines.try_iter());
        logs::check_text(&self.log.join("\n"));
        status
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(from: impl Read + Send + 'static, lines: mpsc::Sender<String>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = lines.send(line);
        }
    })
}
