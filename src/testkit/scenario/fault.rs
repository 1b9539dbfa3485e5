//! What is wrong with scripts: all of it, each fault with its file, line and key.

use std::fmt;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) file: String,
    /// From 1; none where the file itself is at fault.
    pub(crate) line: Option<usize>,
    /// As `step 2, within`; empty where no key is concerned.
    pub(crate) key: String,
    pub(crate) problem: String,
    pub(crate) hint: Option<String>,
}

/// Every fault of every file.
#[derive(Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl Fault {
    /// A file that cannot be had.
    pub(crate) fn of_file(file: &str, problem: impl Into<String>) -> Fault {
        Fault { file: file.to_owned(), line: None, key: String::new(), problem: problem.into(), hint: None }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(out, "there is a fault")?,
            count => write!(out, "there are {count} faults")?,
        }
        self.0.iter().try_for_each(|fault| write!(out, "\n  {fault}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(out, ": {}", self.key)?;
        }
        write!(out, ": {}", self.problem)?;
        match &self.hint {
            Some(hint) => write!(out, "\n    hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Faults {}
