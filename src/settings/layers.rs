//! The layers of settings, laid over each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use config::{ConfigError, Environment, File, FileFormat, Map, Source, Value, ValueKind};

use super::env_file::{self, BadLine, Pair};
use super::fault::Faults;
use super::value::RawValue;

/// The settings' defaults, commented: the reference of every key.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

const PREFIX: &str = "REJOINDER_";

/// What parts the levels of a key in the environment.
const LEVEL: &str = "__";

/// Where settings come from, besides the embedded defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A TOML file.
    pub config: Option<PathBuf>,
    /// An environment file that must exist.
    pub env_file: Option<PathBuf>,
    /// An environment file that may be absent, read where `env_file` is not given.
    pub default_env_file: Option<PathBuf>,
    /// The environment: names and values.
    pub environment: Vec<(String, String)>,
}

impl Sources {
    /// The process's own: `.env` in the working directory, and the environment.
    pub fn of_process(config: Option<PathBuf>, env_file: Option<PathBuf>) -> Sources {
        let text = |text: std::ffi::OsString| text.into_string().ok();
        let environment = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect();
        Sources { config, env_file, default_env_file: Some(PathBuf::from(".env")), environment }
    }
}

/// What the layers give.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// The values, by key; the last layer that gives a key wins.
    pub(super) values: BTreeMap<String, RawValue>,
    /// Names that begin as ours do and have no levels. Most are an orchestrator's; some were meant for us.
    pub(super) flat: Vec<FlatName>,
}

/// A name of the environment without levels.
#[derive(Debug)]
pub(super) struct FlatName {
    pub(super) name: String,
    pub(super) origin: String,
}

impl FlatName {
    /// The name in lower case, without our prefix.
    pub(super) fn path(&self) -> String {
        self.name.strip_prefix(PREFIX).unwrap_or_default().to_lowercase()
    }
}

/// Lays the layers over each other.
pub(super) fn merge(sources: &Sources, faults: &mut Faults) -> Layers {
    let mut layers = Layers { values: toml_layer("config/default.toml", DEFAULTS, faults), flat: Vec::new() };
    if let Some(path) = &sources.config
        && let Some(text) = read(path, faults)
    {
        layers.values.extend(toml_layer(&path.display().to_string(), &text, faults));
    }
    let default = sources.default_env_file.as_ref().filter(|path| path.exists());
    if let Some(path) = sources.env_file.as_ref().or(default)
        && let Some(text) = read(path, faults)
    {
        layers.lay_env_file(path, &text, faults);
    }
    layers.lay_environment(sources.environment.iter().cloned(), "the environment");
    layers
}

fn read(path: &Path, faults: &mut Faults) -> Option<String> {
    std::fs::read_to_string(path)
        .map(|text| without_mark(&text).to_owned())
        .map_err(|error| faults.add(&path.display().to_string(), format!("cannot be read: {error}")))
        .ok()
}

/// A text without the byte order mark that some editors begin it with.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A TOML file's values, by key.
fn toml_layer(origin: &str, text: &str, faults: &mut Faults) -> BTreeMap<String, RawValue> {
    let mut values = BTreeMap::new();
    match File::from_str(text, FileFormat::Toml).collect() {
        Ok(mut table) => {
            lower_account_names(&mut table, origin, faults);
            flatten("", table, origin, &mut values);
        }
        Err(error) => faults.add(origin, not_toml(&error, text)),
    }
    values
}

/// Why a text is not TOML, without the line that the parser quotes: it may hold a secret.
fn not_toml(error: &ConfigError, text: &str) -> String {
    let ConfigError::FileParse { cause, .. } = error else { return "is not TOML".to_owned() };
    // A number that is too large has an error of another type, which names no line.
    let reread = text.parse::<toml::Table>().err();
    match cause.downcast_ref::<toml::de::Error>().or(reread.as_ref()) {
        Some(error) => {
            let line = error.span().map_or(0, |span| text[..span.start].lines().count().max(1));
            format!("line {line} is not TOML: {}", error.message())
        }
        None => format!("is not TOML: {cause}"),
    }
}

/// An account's name means the same in every layer, and the environment has no case to tell two apart by.
fn lower_account_names(table: &mut Map<String, Value>, origin: &str, faults: &mut Faults) {
    let Some(ValueKind::Table(accounts)) = table.get_mut("accounts").map(|accounts| &mut accounts.kind) else { return };
    let given: BTreeMap<String, Value> = std::mem::take(accounts).into_iter().collect();
    for (name, account) in given {
        let lower = name.to_lowercase();
        match accounts.get_mut(&lower) {
            None => drop(accounts.insert(lower, account)),
            Some(first) => {
                let problem = format!(
                    "is accounts.{lower} in other letters (in {origin}): names that differ in case alone are one"
                );
                faults.add_with_hint(&format!("accounts.{name}"), problem, "give each account once, under one name");
                // What the one lacks the other may have: it is not told as missing.
                if let (ValueKind::Table(first), ValueKind::Table(again)) = (&mut first.kind, account.kind) {
                    for (key, value) in again {
                        first.entry(key).or_insert(value);
                    }
                }
            }
        }
    }
}

fn flatten(prefix: &str, table: Map<String, Value>, origin: &str, values: &mut BTreeMap<String, RawValue>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value.kind {
            ValueKind::Table(inner) => flatten(&key, inner, origin, values),
            ValueKind::Array(list) => {
                let list = list.iter().map(Value::to_string).collect();
                values.insert(key, RawValue::list(list, origin));
            }
            single => {
                values.insert(key, RawValue::text(single.to_string(), origin));
            }
        }
    }
}

impl Layers {
    fn lay_env_file(&mut self, path: &Path, text: &str, faults: &mut Faults) {
        let origin = path.display().to_string();
        let mut pairs = Vec::new();
        for line in env_file::read(text) {
            match line {
                Ok(Pair { number, name, value, is_read_otherwise_elsewhere }) => {
                    if is_read_otherwise_elsewhere && name.starts_with(PREFIX) {
                        tracing::warn!(
                            file = origin,
                            line = number,
                            "a $NAME or \\ of this line is taken as it is written, and nothing is filled in or unescaped: \
                             single quotes around the whole value say that this is meant"
                        );
                    }
                    pairs.push((name, value));
                }
                // What the line says is left out: it may be a secret.
                Err(BadLine { number, problem }) => faults.add_with_hint(
                    &origin,
                    format!("line {number} {problem}"),
                    "write NAME=value; quotes stand around the whole value, or are part of it",
                ),
            }
        }
        self.lay_environment(pairs.into_iter(), &origin);
    }

    /// `REJOINDER_SERVER__LISTEN` is `server.listen`. An empty value is none, so that a template's blanks may stay.
    fn lay_environment(&mut self, pairs: impl Iterator<Item = (String, String)>, origin: &str) {
        let mut ours = Map::new();
        for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
            match name.strip_prefix(PREFIX) {
                Some(path) if path.contains(LEVEL) => drop(ours.insert(name.to_uppercase(), value)),
                Some(_) => self.flat.push(FlatName { name, origin: origin.to_owned() }),
                None => {}
            }
        }
        let environment =
            Environment::default().prefix(PREFIX).prefix_separator("").separator(LEVEL).source(Some(ours));
        // Only the process's own environment could fail: it may hold what is not Unicode.
        let layer = environment.collect().unwrap_or_default();
        flatten("", layer, origin, &mut self.values);
    }
}
