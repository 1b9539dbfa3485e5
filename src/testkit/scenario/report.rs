//! What came of a script: as text for people, as JSON for programs.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::diff::Line;
use super::said::plain;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// What came of one script.
#[derive(Debug)]
pub(crate) struct Report {
    file: String,
    /// How many there are.
    steps: usize,
    /// The first step that failed; those after it were not played.
    pub(super) failure: Option<Failure>,
    /// What went wrong on the wire, whether or not it was meant to.
    pub(super) notes: Vec<String>,
}

/// A step that failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// From 1.
    pub(super) step: usize,
    /// In the file, from 1.
    pub(super) line: usize,
    /// What happened.
    pub(super) deed: String,
    /// What is wrong.
    pub(super) problem: String,
    /// What was wanted beside what was said.
    pub(super) compared: Vec<Line>,
}

impl Report {
    pub(super) fn new(file: &str, steps: usize) -> Report {
        Report { file: file.to_owned(), steps, failure: None, notes: Vec::new() }
    }

    /// Whether every step went as it should.
    pub(crate) fn passed(&self) -> bool {
        self.failure.is_none()
    }

    /// As a JSON object.
    pub(crate) fn json(&self) -> Value {
        let failure = self.failure.as_ref().map(|failure| {
            let compared: Vec<_> = failure.compared.iter().map(line).collect();
            json!({"step": failure.step, "line": failure.line, "did": failure.deed, "problem": failure.problem,
                "compared": compared})
        });
        json!({"file": self.file, "passed": self.passed(), "steps": self.steps, "failure": failure, "notes": self.notes})
    }

    /// As text that is coloured, for a terminal.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // A `String` takes whatever is written to it.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut impl Write) -> fmt::Result {
        let file = plain(&self.file);
        match &self.failure {
            None => writeln!(out, "{GOOD}ok{GOOD:#}      {file}  {}", steps(self.steps))?,
            Some(failure) => {
                let Failure { step, line, deed, problem, compared } = failure;
                writeln!(out, "{BAD}FAILED{BAD:#}  {file}:{line}  step {step} of {}", self.steps)?;
                writeln!(out, "  {deed}")?;
                writeln!(out, "  {BAD}{problem}{BAD:#}")?;
                compared.iter().try_for_each(|line| {
                    let style = match line {
                        Line::Both(_) => Style::new(),
                        Line::Missing(_) => BAD,
                        Line::Extra(_) => GOOD,
                    };
                    writeln!(out, "    {style}{line}{style:#}")
                })?;
            }
        }
        self.notes.iter().try_for_each(|note| writeln!(out, "  {note}"))
    }
}

fn steps(count: usize) -> String {
    if count == 1 { "1 step".to_owned() } else { format!("{count} steps") }
}

fn line(line: &Line) -> Value {
    match line {
        Line::Both(text) => json!({"both": text}),
        Line::Missing(text) => json!({"missing": text}),
        Line::Extra(text) => json!({"extra": text}),
    }
}
