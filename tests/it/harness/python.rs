//! A Python package from its registry, for scripts that use it as anybody would.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::skipped::not_run;

/// How long the registry may take, and how long a script.
const INSTALL_WITHIN: Duration = Duration::from_secs(300);
const RUN_WITHIN: Duration = Duration::from_secs(300);

const POLL: Duration = Duration::from_millis(20);

/// A Python that finds one package and what it needs.
pub struct Python {
    packages: PathBuf,
}

impl Python {
    /// Installs a package where the build keeps what tests make, once; `None` where that cannot be done. On CI it must be.
    pub async fn with(package: &'static str) -> Option<Python> {
        let installed = tokio::task::spawn_blocking(move || install(package)).await.expect("nothing panics");
        match installed {
            Ok(packages) => Some(Python { packages }),
            Err(reason) => {
                not_run(&format!("{package} cannot be installed (it needs python3, pip and PyPI): {reason}"));
                None
            }
        }
    }

    /// Runs a script of this repository, gives it `input`, and returns what it writes: JSON, both.
    pub async fn run(&self, script: &str, input: &Value) -> Value {
        let mut command = Command::new("python3");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script)).env("PYTHONPATH", &self.packages);
        let input = input.to_string();
        let ended = tokio::task::spawn_blocking(move || ended(command, &input, RUN_WITHIN)).await;
        let output = ended.expect("nothing panics").unwrap_or_else(|reason| panic!("{script}: {reason}"));
        serde_json::from_str(&output).expect("the script writes JSON")
    }

    /// Runs one of the package's modules as a command, in `folder`. It must succeed.
    pub async fn module(&self, module: &str, arguments: &[&str], folder: &Path) {
        let mut command = Command::new("python3");
        command.arg("-m").arg(module).args(arguments).env("PYTHONPATH", &self.packages).current_dir(folder);
        let ended = tokio::task::spawn_blocking(move || ended(command, "", RUN_WITHIN)).await;
        ended.expect("nothing panics").unwrap_or_else(|reason| panic!("{module}: {reason}"));
    }
}

/// What a command that was given `input` has written once it has succeeded, and else all that it said; it is killed when it does
/// not end.
fn ended(mut command: Command, input: &str, within: Duration) -> Result<String, String> {
    let told = |error: io::Error| error.to_string();
    // Files, because a pipe that nobody empties would hold the command up.
    let (mut output, mut talk) = (tempfile::tempfile().map_err(told)?, tempfile::tempfile().map_err(told)?);
    let handle = |file: &File| file.try_clone().map_err(told);
    command.stdin(file_of(input).map_err(told)?).stdout(handle(&output)?).stderr(handle(&talk)?);
    let mut child = command.spawn().map_err(|error| format!("python3 cannot be started: {error}"))?;
    let started = Instant::now();
    let status = loop {
        match child.try_wait().map_err(told)? {
            Some(status) => break status,
            None if started.elapsed() < within => std::thread::sleep(POLL),
            None => {
                child.kill().and_then(|()| child.wait()).map_err(told)?;
                return Err(format!("it has not ended within {} s", within.as_secs()));
            }
        }
    };
    let output = text_of(&mut output).map_err(told)?;
    if status.success() { Ok(output) } else { Err(output + &text_of(&mut talk).map_err(told)?) }
}

fn file_of(text: &str) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

fn text_of(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Installs beside the place and moves there at the end, so that what is there is whole.
fn install(package: &str) -> Result<PathBuf, String> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python").join(package);
    if place.is_dir() {
        return Ok(place);
    }
    let parent = place.parent().expect("the place is in a folder");
    std::fs::create_dir_all(parent).map_err(|error| error.to_string())?;
    let making = tempfile::tempdir_in(parent).map_err(|error| error.to_string())?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"];
    let mut command = Command::new("python3");
    command.args(pip).arg(making.path()).arg(package);
    ended(command, "", INSTALL_WITHIN)?;
    // Another run may have been faster: what it made is as good.
    if std::fs::rename(making.path(), &place).is_err() && !place.is_dir() {
        return Err(format!("it cannot be moved to {}", place.display()));
    }
    Ok(place)
}
