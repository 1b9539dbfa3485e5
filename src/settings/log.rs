//! `log.*`: what the server says about itself.

use super::reader::Reader;
use super::value::{RawValue, Setting, words};

/// The log.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// The form of its lines.
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A sentence and its fields, for people.
    Text,
    /// One JSON object, for a program that collects logs.
    Json,
}

words!(LogFormat { "text" => LogFormat::Text, "json" => LogFormat::Json });

impl Log {
    pub(super) fn read(reader: &mut Reader) -> Log {
        Log { format: reader.required("log.format") }
    }
}
