//! From TOML to a script that can be played, or every reason why not.

use std::time::Duration;

use regex::Regex;
use serde_json::{Map, Value, json};
use toml::de::{DeTable, DeValue};

use crate::emulator::World;

use super::document::{Document, Node, written};
use super::expected::{self, Expected};
use super::fault::Fault;
use super::script::{ConversationName, Script, ScriptAction, Step};

/// How long an automated bot may take for an answer, by Meta's policy.
/// Meta: <https://developers.facebook.com/docs/messenger-platform/policy/policy-overview>
const WITHIN: Duration = Duration::from_secs(30);

/// The most steps of one script.
const MOST: usize = 1_000;

/// An act in which nothing but the names of its conversation can be wrong.
const NAMES_ALONE: [(&str, &str); 1] = [("do", "read")];

const DEEDS: [&str; 4] = ["do", "tap", "advance", "fault"];

/// What any step may have besides what happens.
const CIRCUMSTANCES: [&str; 4] = ["account", "person", "expect", "within"];

/// Reads a script about this world.
pub(crate) fn read(file: &str, text: &str, world: &World) -> Result<Script, Vec<Fault>> {
    let (document, table) = Document::parse(file, text);
    if !document.faults.is_empty() {
        return Err(document.faults);
    }
    let mut reader = Reader { document, world, talk: first(world), within: WITHIN };
    let steps = reader.script(&table);
    let mut faults = reader.document.faults;
    faults.sort_by_key(|fault| fault.line);
    if faults.is_empty() { Ok(Script { file: file.to_owned(), steps }) } else { Err(faults) }
}

/// The conversation of a script that names none.
fn first(world: &World) -> ConversationName {
    let account = world.accounts.first().map(|account| account.name.clone()).unwrap_or_default();
    ConversationName { account, person: world.people.first().map(|person| person.name.clone()).unwrap_or_default() }
}

struct Reader<'a> {
    document: Document<'a>,
    world: &'a World,
    talk: ConversationName,
    within: Duration,
}

impl Reader<'_> {
    fn script(&mut self, table: &DeTable) -> Vec<Step> {
        self.document.only(table, &["account", "person", "within", "step"], "");
        let talk = self.talk_of(table, "");
        // Told once, and not for every step: those are read as if nothing were wrong with the names.
        if self.understood("account, person", 1, &act(&talk, NAMES_ALONE.map(owned))) {
            self.talk = talk;
        }
        if let Some(node) = table.get("within") {
            self.within = self.document.duration(node, "within").unwrap_or(self.within);
        }
        let steps = table.get("step").map(|node| (node, node.get_ref().as_array()));
        match steps {
            Some((_, Some(list))) if list.len() <= MOST => {
                list.iter().enumerate().filter_map(|(at, node)| self.step(at + 1, node)).collect()
            }
            Some((node, Some(_))) => {
                let problem = format!("there are more than {MOST} steps");
                self.document.fault_at(node.span(), "step", problem, "tell it in several scripts");
                Vec::new()
            }
            Some((node, None)) => {
                self.document.fault_at(node.span(), "step", "is not a list of steps", "each step begins with [[step]]");
                Vec::new()
            }
            None => {
                self.document.fault(
                    1,
                    "step",
                    "nothing happens",
                    "a step is [[step]], do = \"message\", text = \"hello\"",
                );
                Vec::new()
            }
        }
    }

    fn step(&mut self, number: usize, node: &Node) -> Option<Step> {
        let place = format!("step {number}");
        let Some(table) = node.get_ref().as_table() else {
            self.document.fault_at(node.span(), &place, "is not a table", "each step begins with [[step]]");
            return None;
        };
        let line = self.document.line(&node.span());
        let talk = self.talk_of(table, &format!("{place}, "));
        let expect = table.get("expect").and_then(|node| self.expectations(&place, node));
        let within = self.within_of(table, &place);
        let deed = self.deed(&place, line, table, &talk)?;
        Some(Step { line, talk, deed, expect, within })
    }

    /// The names that `table` gives its conversation, or else those of the script.
    fn talk_of(&mut self, table: &DeTable, place: &str) -> ConversationName {
        let mut name = |key: &str, default: &str| {
            let given = table.get(key).and_then(|node| self.document.text(node, &format!("{place}{key}")));
            given.unwrap_or_else(|| default.to_owned())
        };
        let talk = self.talk.clone();
        ConversationName { account: name("account", &talk.account), person: name("person", &talk.person) }
    }

    fn within_of(&mut self, table: &DeTable, place: &str) -> Duration {
        let Some(node) = table.get("within") else { return self.within };
        let key = format!("{place}, within");
        let is_awaited = table.get("expect").is_some_and(|expect| match expect.get_ref() {
            DeValue::Array(list) => !list.is_empty(),
            _ => true,
        });
        if !is_awaited {
            let hint = "give \"expect\", or let time pass with a step of its own: advance = \"5s\"";
            self.document.fault_at(node.span(), &key, "nothing is waited for", hint);
        }
        self.document.duration(node, &key).unwrap_or(self.within)
    }

    fn deed(&mut self, place: &str, line: usize, table: &DeTable, talk: &ConversationName) -> Option<ScriptAction> {
        let given: Vec<_> = DEEDS.into_iter().filter(|deed| table.contains_key(*deed)).collect();
        let &[deed] = given.as_slice() else {
            let problem =
                if given.is_empty() { "nothing happens".to_owned() } else { format!("has {}", given.join(" and ")) };
            let hint = format!("give one of: {}", DEEDS.join(", "));
            self.document.fault(line, place, problem, &hint);
            return None;
        };
        if deed == "do" {
            return self.act(place, line, table, talk);
        }
        let known: Vec<_> = CIRCUMSTANCES.into_iter().chain([deed]).collect();
        self.document.only(table, &known, &format!("{place}, "));
        self.understood(place, line, &act(talk, NAMES_ALONE.map(owned)));
        let (node, key) = (table.get(deed)?, format!("{place}, {deed}"));
        match deed {
            "tap" => self.document.text(node, &key).map(ScriptAction::Tap),
            "advance" => self.document.duration(node, &key).map(ScriptAction::Advance),
            _ => self.document.object(node, &key).map(ScriptAction::Fault),
        }
    }

    fn act(&mut self, place: &str, line: usize, table: &DeTable, talk: &ConversationName) -> Option<ScriptAction> {
        let mut how = Vec::new();
        for (name, node) in written(table).into_iter().filter(|(name, _)| !CIRCUMSTANCES.contains(name)) {
            how.push((name.to_owned(), self.document.json(node, &format!("{place}, {name}"))?));
        }
        let act = act(talk, how);
        self.understood(place, line, &act).then_some(ScriptAction::Act(act))
    }

    /// Whether the emulated Meta would know what an act is about.
    fn understood(&mut self, place: &str, line: usize, act: &Map<String, Value>) -> bool {
        let fault = self.world.understands(&Value::Object(act.clone())).err();
        if let Some(fault) = &fault {
            // The place in the JSON that a step becomes is no place in the script.
            let problem = fault.problem.split_once(" at line ").map_or(fault.problem.as_str(), |(problem, _)| problem);
            self.document.fault(line, place, problem, &fault.hint);
        }
        fault.is_none()
    }

    fn expectations(&mut self, place: &str, node: &Node) -> Option<Vec<Expected>> {
        let Some(list) = node.get_ref().as_array() else {
            let hint = r#"as ["Which size?"]; [] where nothing must be said"#;
            self.document.fault_at(node.span(), &format!("{place}, expect"), "is not a list", hint);
            return None;
        };
        let entries = list.iter().enumerate();
        Some(entries.filter_map(|(at, node)| self.expected(&format!("{place}, expect {}", at + 1), node)).collect())
    }

    fn expected(&mut self, place: &str, node: &Node) -> Option<Expected> {
        let table = match node.get_ref() {
            DeValue::String(text) => return Some(Expected::text(text)),
            DeValue::Table(table) if !table.is_empty() => table,
            _ => {
                let hint = format!("a message is its text, or a table of: {}", expected::KEYS.join(", "));
                self.document.fault_at(node.span(), place, "says nothing of a message", &hint);
                return None;
            }
        };
        let inside = format!("{place}, ");
        self.document.only(table, expected::KEYS, &inside);
        let document = &mut self.document;
        let mut text = |key: &str| document.text(table.get(key)?, &format!("{inside}{key}"));
        let (words, template, attachment, url) = (text("text"), text("template"), text("attachment"), text("url"));
        let mut texts = |key: &str| document.texts(table.get(key)?, &format!("{inside}{key}"));
        let (quick_replies, elements, buttons) = (texts("quick_replies"), texts("elements"), texts("buttons"));
        let matches = table.get("matches").and_then(|node| self.pattern(node, &format!("{inside}matches")));
        Some(Expected { text: words, matches, quick_replies, template, elements, buttons, attachment, url })
    }

    fn pattern(&mut self, node: &Node, key: &str) -> Option<Regex> {
        let text = self.document.text(node, key)?;
        let pattern = Regex::new(&text);
        if let Err(error) = &pattern {
            // The last line says it; those before it draw where.
            let problem = error.to_string().lines().last().unwrap_or_default().replace("error: ", "");
            let hint = "the syntax is that of https://docs.rs/regex; in '…' a backslash stands for itself";
            self.document.fault_at(node.span(), key, format!("is not a regular expression: {problem}"), hint);
        }
        pattern.ok()
    }
}

/// An act in a conversation.
fn act(talk: &ConversationName, how: impl IntoIterator<Item = (String, Value)>) -> Map<String, Value> {
    let ends = [("account", &talk.account), ("person", &talk.person)];
    ends.into_iter().map(|(key, name)| (key.to_owned(), json!(name))).chain(how).collect()
}

fn owned((key, value): (&str, &str)) -> (String, Value) {
    (key.to_owned(), json!(value))
}
