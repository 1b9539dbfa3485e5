//! What is wrong with the settings: all of it, each fault with its key and a way out.

use std::fmt;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key, as in `config/default.toml`: `server.listen`. Or the file that could not be read.
    pub key: String,
    /// What is wrong with it. Never the value of a secret.
    pub problem: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Every fault that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, key: &str, problem: impl Into<String>) {
        self.0.push(Fault { key: key.to_owned(), problem: problem.into(), hint: None });
    }

    pub(super) fn add_with_hint(&mut self, key: &str, problem: impl Into<String>, hint: impl Into<String>) {
        self.0.push(Fault { key: key.to_owned(), problem: problem.into(), hint: Some(hint.into()) });
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(out, "the settings have a fault")?,
            count => write!(out, "the settings have {count} faults")?,
        }
        for fault in &self.0 {
            write!(out, "\n  {}: {}", fault.key, fault.problem)?;
            if let Some(hint) = &fault.hint {
                write!(out, "\n    hint: {hint}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
