//! What a script says.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::expected::Expected;
use super::said::quoted;

/// A conversation to be played.
#[derive(Debug)]
pub(crate) struct Script {
    /// As it was named.
    pub(crate) file: String,
    pub(super) steps: Vec<Step>,
}

/// One thing that happens, and what must be said back.
#[derive(Debug)]
pub(super) struct Step {
    /// Where it begins in the file, from 1.
    pub(super) line: usize,
    /// In whose conversation.
    pub(super) talk: ConversationName,
    pub(super) deed: ScriptAction,
    /// What the business must say, in order and nothing else. None where this step does not ask.
    pub(super) expect: Option<Vec<Expected>>,
    /// By when, of the emulated Meta's clock, from the moment the step begins.
    pub(super) within: Duration,
}

/// A conversation, by the names that the script gives its ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConversationName {
    pub(super) account: String,
    pub(super) person: String,
}

/// What happens.
#[derive(Debug)]
pub(super) enum ScriptAction {
    /// The person does something: the body of `POST /emulator/act`.
    Act(Map<String, Value>),
    /// The person taps what was offered under this title.
    Tap(String),
    /// Time passes.
    Advance(Duration),
    /// Something is to go wrong: the body of `POST /emulator/faults`.
    Fault(Map<String, Value>),
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConversationName { account, person } = &self.talk;
        match &self.deed {
            ScriptAction::Act(act) => {
                write!(out, "{person} at {account}: {}", act["do"].as_str().unwrap_or_default())?;
                pairs(out, act.iter().filter(|(key, _)| !["account", "person", "do"].contains(&key.as_str())))
            }
            ScriptAction::Tap(title) => write!(out, "{person} at {account}: taps {}", quoted(title)),
            ScriptAction::Advance(by) => write!(out, "{} pass", humantime::format_duration(*by)),
            ScriptAction::Fault(fault) => {
                out.write_str("from now on")?;
                pairs(out, fault.iter())
            }
        }
    }
}

fn pairs<'a>(out: &mut fmt::Formatter<'_>, pairs: impl Iterator<Item = (&'a String, &'a Value)>) -> fmt::Result {
    for (key, value) in pairs {
        match value.as_str() {
            Some(text) => write!(out, ", {key} {}", quoted(text))?,
            None => write!(out, ", {key} {value}")?,
        }
    }
    Ok(())
}
