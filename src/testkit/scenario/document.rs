//! A TOML document with its places, so that every fault can name its line.

use std::ops::Range;
use std::time::Duration;

use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;

/// How many letters a key may be from a known one to be taken for a slip.
const FAR: usize = 2;

/// The longest duration: two years. All that Meta counts is over after one.
const LONGEST: Duration = Duration::from_secs(731 * 24 * 3600);

/// A value and where it stands.
pub(super) type Node<'a> = Spanned<DeValue<'a>>;

/// Where keys are read from and faults are collected.
pub(super) struct Document<'a> {
    file: &'a str,
    text: &'a str,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Document<'a> {
    /// Parses the text. What is no TOML is among the faults.
    pub(super) fn parse(file: &'a str, text: &'a str) -> (Document<'a>, DeTable<'a>) {
        let mut document = Document { file, text, faults: Vec::new() };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            document.fault_at(
                error.span().unwrap_or_default(),
                "",
                format!("this is not TOML: {}", error.message()),
                "",
            );
        }
        (document, table.into_inner())
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, place: &Range<usize>) -> usize {
        let before = self.text.get(..place.start).unwrap_or(self.text);
        before.matches('\n').count() + 1
    }

    /// Notes a fault at a place.
    pub(super) fn fault_at(&mut self, place: Range<usize>, key: &str, problem: impl Into<String>, hint: &str) {
        let line = self.line(&place);
        self.fault(line, key, problem, hint);
    }

    /// Notes a fault in a line.
    pub(super) fn fault(&mut self, line: usize, key: &str, problem: impl Into<String>, hint: &str) {
        self.faults.push(Fault {
            file: self.file.to_owned(),
            line: Some(line),
            key: key.to_owned(),
            problem: problem.into(),
            hint: (!hint.is_empty()).then(|| hint.to_owned()),
        });
    }

    /// The string at `key`.
    pub(super) fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        let text = node.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.fault_at(node.span(), key, format!("is {}, not a string", kind(node)), "");
        }
        text
    }

    /// The list of strings at `key`.
    pub(super) fn texts(&mut self, node: &Node, key: &str) -> Option<Vec<String>> {
        let list = node.get_ref().as_array().map(|list| list.iter().map(|entry| entry.get_ref().as_str()));
        let texts = list.and_then(|entries| entries.map(|entry| entry.map(str::to_owned)).collect());
        if texts.is_none() {
            self.fault_at(node.span(), key, "is not a list of strings", r#"as ["Small", "Large"]"#);
        }
        texts
    }

    /// The duration at `key`.
    pub(super) fn duration(&mut self, node: &Node, key: &str) -> Option<Duration> {
        let text = self.text(node, key)?;
        match humantime::parse_duration(&text) {
            Ok(duration) if !duration.is_zero() && duration <= LONGEST => Some(duration),
            _ => {
                let hint = "such as 5s, 2m, 25h or 7d; at most 731d";
                self.fault_at(node.span(), key, format!("{text:?} is not a duration"), hint);
                None
            }
        }
    }

    /// The object at `key`, as JSON.
    pub(super) fn object(&mut self, node: &Node, key: &str) -> Option<Map<String, Value>> {
        match self.json(node, key)? {
            Value::Object(object) => Some(object),
            _ => {
                self.fault_at(node.span(), key, format!("is {}, not a table", kind(node)), "");
                None
            }
        }
    }

    /// The value at `key` as JSON, its keys in the order in which they are written.
    pub(super) fn json(&mut self, node: &Node, key: &str) -> Option<Value> {
        let value = match node.get_ref() {
            DeValue::String(text) => json!(text),
            DeValue::Boolean(flag) => json!(flag),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Null, Value::from)
            }
            DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Value::from),
            DeValue::Datetime(_) => Value::Null,
            DeValue::Array(list) => {
                return list.iter().map(|entry| self.json(entry, key)).collect::<Option<Vec<_>>>().map(Value::Array);
            }
            DeValue::Table(table) => {
                let fields = written(table).into_iter();
                let fields = fields.map(|(name, node)| Some((name.to_owned(), self.json(node, key)?)));
                return fields.collect::<Option<Map<_, _>>>().map(Value::Object);
            }
        };
        if value.is_null() {
            self.fault_at(
                node.span(),
                key,
                format!("is {}, which JSON has no word for", kind(node)),
                "give it as a string",
            );
            return None;
        }
        Some(value)
    }

    /// Notes every key of `table` that is not `known`. `place` is the table's own name, with what parts it from a key.
    pub(super) fn only(&mut self, table: &DeTable, known: &[&str], place: &str) {
        for (name, node) in written(table).into_iter().filter(|(name, _)| !known.contains(name)) {
            let near = known.iter().map(|known| (strsim::damerau_levenshtein(known, name), known)).min();
            let hint = match near {
                Some((distance, known)) if distance <= FAR => format!("did you mean {known}?"),
                _ => format!("there are: {}", known.join(", ")),
            };
            self.fault_at(node.span(), &format!("{place}{name}"), "there is no such key", &hint);
        }
    }
}

/// The entries of a table in the order in which they are written.
pub(super) fn written<'t, 'a>(table: &'t DeTable<'a>) -> Vec<(&'t str, &'t Node<'a>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries.into_iter().map(|(name, node)| (name.get_ref().as_ref(), node)).collect()
}

/// What a value is, with its article.
fn kind(node: &Node) -> String {
    let kind = node.get_ref().type_str();
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {kind}")
}
