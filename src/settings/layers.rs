//! The layers of settings, laid over each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::DEFAULTS;
use super::fault::Faults;
use super::value::Given;

const PREFIX: &str = "REJOINDER_";

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

/// Every value that was given, by key; the last layer that gives a key wins.
pub(super) fn merge(sources: &Sources, faults: &mut Faults) -> BTreeMap<String, Given> {
    let mut values = toml_layer("config/default.toml", DEFAULTS, faults);
    if let Some(path) = &sources.config
        && let Some(text) = read(path, faults)
    {
        values.extend(toml_layer(&path.display().to_string(), &text, faults));
    }
    let default = sources.default_env_file.as_ref().filter(|path| path.exists());
    if let Some(path) = sources.env_file.as_ref().or(default)
        && let Some(text) = read(path, faults)
    {
        values.extend(env_file_layer(path, &text, faults));
    }
    values.extend(environment_layer(sources.environment.iter().cloned(), "the environment"));
    values
}

fn read(path: &Path, faults: &mut Faults) -> Option<String> {
    std::fs::read_to_string(path)
        .map_err(|error| faults.add(&path.display().to_string(), format!("cannot be read: {error}")))
        .ok()
}

fn toml_layer(origin: &str, text: &str, faults: &mut Faults) -> BTreeMap<String, Given> {
    let mut values = BTreeMap::new();
    match text.parse::<toml::Table>() {
        Ok(table) => flatten("", &table, origin, &mut values),
        // The message without the quoted line, which may hold a secret.
        Err(error) => {
            let line = error.span().map_or(0, |span| text[..span.start].lines().count().max(1));
            faults.add(origin, format!("line {line} is not TOML: {}", error.message()));
        }
    }
    values
}

fn flatten(prefix: &str, table: &toml::Table, origin: &str, values: &mut BTreeMap<String, Given>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, origin, values),
            toml::Value::Array(list) => {
                let list = list.iter().map(plain).collect();
                values.insert(key, Given::list(list, origin));
            }
            single => {
                values.insert(key, Given::text(plain(single), origin));
            }
        }
    }
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn env_file_layer(path: &Path, text: &str, faults: &mut Faults) -> BTreeMap<String, Given> {
    let origin = path.display().to_string();
    let mut pairs = Vec::new();
    for pair in dotenvy::from_read_iter(text.as_bytes()) {
        match pair {
            Ok(pair) => pairs.push(pair),
            // The error quotes the line, which may hold a secret.
            Err(_) => faults.add_with_hint(
                &origin,
                "has a line that is not NAME=value",
                "put values with spaces or # into single quotes",
            ),
        }
    }
    environment_layer(pairs.into_iter(), &origin)
}

/// `REJOINDER_SERVER__LISTEN` is `server.listen`. A name without `__` is not ours: orchestrators inject such. An empty
/// value is none, so that a template's blanks may stay.
fn environment_layer(pairs: impl Iterator<Item = (String, String)>, origin: &str) -> BTreeMap<String, Given> {
    pairs
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| {
            let path = name.strip_prefix(PREFIX).filter(|path| path.contains("__"))?;
            Some((path.to_lowercase().replace("__", "."), Given::text(value, origin)))
        })
        .collect()
}
