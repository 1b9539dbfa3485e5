//! Reads keys for the slices, and knows which keys there are because the slices asked for them.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::Faults;
use super::layers::{FlatName, Layers, without_mark};
use super::value::{RawValue, Setting};
use crate::secret::Secret;

/// How alike two keys must be for one to be a likely misspelling of the other.
const ALIKE: f64 = 0.6;

pub(super) struct Reader {
    values: BTreeMap<String, RawValue>,
    flat: Vec<FlatName>,
    asked: BTreeSet<String>,
    /// The keys below each name of a table whose names the operator chooses, by the table.
    below: BTreeMap<&'static str, BTreeSet<String>>,
    faults: Faults,
}

impl Reader {
    pub(super) fn new(layers: Layers, faults: Faults) -> Reader {
        let Layers { values, flat } = layers;
        Reader { values, flat, asked: BTreeSet::new(), below: BTreeMap::new(), faults }
    }

    /// A key that may be absent.
    pub(super) fn optional<T: Setting>(&mut self, key: &str) -> Option<T> {
        self.asked.insert(key.to_owned());
        let given = self.values.get(key)?;
        Some(T::read(given).unwrap_or_else(|problem| {
            self.faults.add(key, format!("{problem} (in {})", given.origin));
            T::placeholder()
        }))
    }

    /// A key that must be given, in `config/default.toml` or by the operator.
    pub(super) fn required<T: Setting>(&mut self, key: &str) -> T {
        self.optional(key).unwrap_or_else(|| {
            self.faults.add_with_hint(key, "is missing", format!("set {}", environment_name(key)));
            T::placeholder()
        })
    }

    /// A secret, or a list of them: given as it is, or in the file that `KEY_file` names.
    pub(super) fn secret<T: Setting>(&mut self, key: &str) -> Option<T> {
        let file = format!("{key}_file");
        self.asked.insert(file.clone());
        if let Some(path) = self.values.get(&file).cloned() {
            if self.values.contains_key(key) {
                self.faults.add(key, format!("is given twice: as a value and as {file}"));
            }
            if let Some(content) = self.content(&file, &path) {
                self.values.insert(key.to_owned(), content);
            }
        }
        self.optional(key)
    }

    /// A secret that must be given.
    pub(super) fn required_secret(&mut self, key: &str) -> Secret {
        if let Some(secret) = self.secret::<Secret>(key) {
            return secret;
        }
        let name = environment_name(key);
        // A file that could not be read was told already.
        if !self.values.contains_key(&format!("{key}_file")) {
            self.faults.add_with_hint(key, "is missing", format!("set {name}, or {name}_FILE to a file that holds it"));
        }
        Secret::placeholder()
    }

    /// The names below `prefix`, for tables whose keys the operator chooses.
    pub(super) fn names(&self, prefix: &str) -> BTreeSet<String> {
        let rest = self.values.keys().filter_map(|key| key.strip_prefix(prefix)?.strip_prefix('.'));
        rest.filter_map(|rest| rest.split_once('.').map(|(name, _)| name.to_owned())).collect()
    }

    /// Learns which keys there are below a name of the table `prefix`, from how one is read: none may be given yet.
    pub(super) fn learn(&mut self, prefix: &'static str, read_one: impl FnOnce(&mut Reader, &str)) {
        let mut reader = Reader::new(Layers::default(), Faults::default());
        read_one(&mut reader, "x");
        let below = format!("{prefix}.x.");
        let keys = reader.asked.iter().filter_map(|key| key.strip_prefix(&below).map(str::to_owned));
        self.below.insert(prefix, keys.collect());
    }

    /// Records a fault that concerns several keys, or a value that is valid in form alone.
    pub(super) fn fault(&mut self, key: &str, problem: impl Into<String>, hint: impl Into<String>) {
        self.faults.add_with_hint(key, problem, hint);
    }

    /// Every fault, unknown keys among them.
    pub(super) fn finish(mut self) -> Result<(), Faults> {
        let unknown: Vec<_> = self.values.iter().filter(|(key, _)| !self.asked.contains(*key)).collect();
        for (key, given) in unknown {
            let problem = format!("is no key (in {})", given.origin);
            match self.nearest(key) {
                Some(nearest) => self.faults.add_with_hint(key, problem, format!("did you mean {nearest}?")),
                None => self.faults.add(key, problem),
            }
        }
        self.finish_partly()
    }

    /// Every fault of the keys that were asked for. The other keys are not looked at.
    pub(super) fn finish_partly(mut self) -> Result<(), Faults> {
        for flat in std::mem::take(&mut self.flat) {
            if let Some(key) = self.meant_by(&flat) {
                let problem = format!("is not set by {} (in {}): two underscores part levels", flat.name, flat.origin);
                self.faults.add_with_hint(&key, problem, format!("write {}", environment_name(&key)));
            }
        }
        if self.faults.0.is_empty() { Ok(()) } else { Err(self.faults) }
    }

    fn content(&mut self, file: &str, path: &RawValue) -> Option<RawValue> {
        let path = String::read(path).map_err(|problem| self.faults.add(file, problem)).ok()?;
        match std::fs::read_to_string(&path) {
            // The newline at its end is trimmed like every blank around a value.
            Ok(content) => Some(RawValue::text(without_mark(&content).to_owned(), &path)),
            Err(error) => {
                self.faults.add(file, format!("{path} cannot be read: {error}"));
                None
            }
        }
    }

    /// The key that a name without levels becomes when some of its underscores are doubled.
    fn meant_by(&self, flat: &FlatName) -> Option<String> {
        let path = flat.path();
        let known = self.asked.iter().find(|key| key.replace('.', "_") == path).cloned();
        known.or_else(|| {
            self.below.iter().find_map(|(prefix, keys)| {
                let path = path.strip_prefix(prefix)?.strip_prefix('_')?;
                let names = keys.iter().filter_map(|key| {
                    let name = path.strip_suffix(&key.replace('.', "_"))?.strip_suffix('_')?;
                    (!name.is_empty()).then_some((name, key))
                });
                // What leaves the shortest name is the longest key.
                let (name, key) = names.min_by_key(|(name, _)| name.len())?;
                Some(format!("{prefix}.{name}.{key}"))
            })
        })
    }

    fn nearest(&self, key: &str) -> Option<&str> {
        let alike = self.asked.iter().map(|known| (strsim::normalized_damerau_levenshtein(key, known), known));
        let (likeness, nearest) = alike.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
        (likeness >= ALIKE).then_some(nearest)
    }
}

/// The name of a key in the environment.
pub(super) fn environment_name(key: &str) -> String {
    format!("REJOINDER_{}", key.to_uppercase().replace('.', "__"))
}
