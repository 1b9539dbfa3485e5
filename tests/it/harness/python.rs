//! A Python package from its registry, for scripts that use it as anybody would.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A Python that finds one package and what it needs.
pub struct Python {
    packages: PathBuf,
}

impl Python {
    /// Installs a package where the build keeps what tests make, once; `None` where that cannot be done. On CI it must be.
    #[expect(clippy::print_stderr, reason = "whoever runs the tests should know what was not run")]
    pub async fn with(package: &'static str) -> Option<Python> {
        let installed = tokio::task::spawn_blocking(move || install(package)).await.expect("nothing panics");
        match installed {
            Ok(packages) => Some(Python { packages }),
            Err(reason) => {
                assert!(std::env::var_os("CI").is_none(), "{package} cannot be installed: {reason}");
                eprintln!("not run: {package} cannot be installed (it needs python3, pip and PyPI): {reason}");
                None
            }
        }
    }

    /// Runs a script of this repository, gives it `input`, and returns what it writes: JSON, both.
    pub async fn run(&self, script: &str, input: &Value) -> Value {
        let mut command = Command::new("python3");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script)).env("PYTHONPATH", &self.packages);
        let input = input.to_string();
        let output = tokio::task::spawn_blocking(move || fed(command, &input)).await.expect("nothing panics");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}: {said}");
        serde_json::from_slice(&output.stdout).expect("the script writes JSON")
    }
}

fn fed(mut command: Command, input: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("python3 starts");
    // What is written fits into the pipe: a world is small.
    std::io::Write::write_all(&mut child.stdin.take().expect("an input"), input.as_bytes()).expect("it is read");
    child.wait_with_output().expect("it ends")
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
    let output = Command::new("python3").args(pip).arg(making.path()).arg(package).output();
    let output = output.map_err(|error| format!("python3 cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    // Another run may have been faster: what it made is as good.
    if std::fs::rename(making.path(), &place).is_err() && !place.is_dir() {
        return Err(format!("it cannot be moved to {}", place.display()));
    }
    Ok(place)
}
