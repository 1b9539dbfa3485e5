//! The whole log of the test run, at TRACE, searched for what may never stand in it.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use tracing_subscriber::filter::LevelFilter;

/// Stands in every token, secret and verify token of the tests, and in the texts of [`TEXT`].
pub const CANARY: &str = "Canary7f3a9c";

/// Something that a person says.
pub const TEXT: &str = "hello Canary7f3a9c";

/// What besides may never be logged: signatures and proofs.
const FORBIDDEN: &[&str] = &[CANARY, "sha256=", "appsecret_proof"];

static START: Once = Once::new();
static TRACES: AtomicUsize = AtomicUsize::new(0);
static FOUND: Mutex<Vec<String>> = Mutex::new(Vec::new());
static OF_RELAYS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static WARNINGS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Watches the log of this process from here on.
pub fn watch() {
    START.call_once(|| {
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).with_writer(|| Watch).init();
    });
}

/// Fails when something forbidden was logged.
pub fn check() {
    let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(found.is_empty(), "logged: {found:#?}");
}

/// Fails when something forbidden stands in the log of another process.
pub fn check_text(log: &str) {
    let found: Vec<_> = log.lines().filter(|line| is_forbidden(line)).collect();
    assert!(found.is_empty(), "logged: {found:#?}");
}

/// What was logged of the relay of an account: that it is down, or up again. For a name that no other test's account has.
pub fn of_relay(account: &str) -> Vec<String> {
    let of_account = format!("account={account} ");
    let lines = OF_RELAYS.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().filter(|line| line.contains(&of_account)).cloned().collect()
}

/// The warnings that hold all of these words. The log is that of every test in this process: one of the words is this test's own.
pub fn warnings(words: &[&str]) -> Vec<String> {
    let warnings = WARNINGS.lock().unwrap_or_else(PoisonError::into_inner);
    warnings.iter().filter(|line| words.iter().all(|word| line.contains(word))).cloned().collect()
}

/// How many lines were logged at TRACE.
pub fn traces() -> usize {
    TRACES.load(Ordering::Relaxed)
}

pub fn is_forbidden(line: &str) -> bool {
    FORBIDDEN.iter().any(|word| line.contains(word))
}

struct Watch;

impl io::Write for Watch {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        TRACES.fetch_add(usize::from(text.contains(" TRACE ")), Ordering::Relaxed);
        if text.contains("the relay is ") {
            OF_RELAYS.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone().into_owned());
        }
        if text.contains(" WARN ") {
            WARNINGS.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone().into_owned());
        }
        if is_forbidden(&text) {
            FOUND.lock().unwrap_or_else(PoisonError::into_inner).push(text.into_owned());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
