//! The modules of a crate, and where the paths in them lead.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Import, Path, Source};

/// Every module by its path from the root of the crate, which has the empty one.
#[derive(Default)]
pub struct Tree(BTreeMap<Path, Source>);

/// That one module names another.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    pub from: Path,
    pub to: Path,
}

/// The imports that are being followed, each with the module it stands in: `use a::a` leads to itself.
type Followed = BTreeSet<(Path, Import)>;

impl Tree {
    /// Reads the modules that the file at the root declares, and those that these declare. `files` has the texts by their path,
    /// as `webhook/mod.rs`.
    pub fn of(files: &BTreeMap<String, String>) -> Tree {
        let mut tree = Tree::default();
        tree.add(files, Path::new(), Source::without_tests(&files["lib.rs"]));
        tree
    }

    fn add(&mut self, files: &BTreeMap<String, String>, path: Path, mut source: Source) {
        for (name, body) in &mut source.modules {
            let child = below(&path, name);
            let place = child.join("/");
            let file = || files.get(&format!("{place}.rs")).or_else(|| files.get(&format!("{place}/mod.rs")));
            let body = body.take().unwrap_or_else(|| Source::without_tests(file().expect("the file of a module")));
            self.add(files, child, body);
        }
        self.0.insert(path, source);
    }

    /// The modules that have others in them.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().filter(|(_, source)| !source.modules.is_empty()).map(|(path, _)| path)
    }

    /// Who names whom. A folder's own file names every file in it: that is what it declares them for.
    pub fn arrows(&self) -> BTreeSet<Arrow> {
        let mut arrows = BTreeSet::new();
        for (from, source) in &self.0 {
            let named = source.all_paths().flat_map(|path| self.lead(from, path, &mut Followed::new()));
            let declared = source.modules.keys().map(|name| below(from, name));
            for to in named.chain(declared).filter(|to| to != from) {
                arrows.insert(Arrow { from: from.clone(), to });
            }
        }
        arrows
    }

    /// The modules in which that is defined which `path` means in `module`: several where a name has several meanings. What is
    /// not found among its modules and imports is its own.
    fn lead(&self, module: &Path, path: &[String], followed: &mut Followed) -> BTreeSet<Path> {
        let Some((name, rest)) = path.split_first() else { return [module.clone()].into() };
        match name.as_str() {
            "crate" => self.lead(&Path::new(), rest, followed),
            "self" => self.lead(module, rest, followed),
            "super" => self.lead(&above(module), rest, followed),
            _ => self.look_up(module, name, rest, followed),
        }
    }

    /// The same for the first name of a path. What a module declares or imports by name comes before what a `*` brings.
    fn look_up(&self, module: &Path, name: &String, rest: &[String], followed: &mut Followed) -> BTreeSet<Path> {
        let Some(source) = self.0.get(module) else { return BTreeSet::new() };
        let mut found = BTreeSet::new();
        let is_module = source.modules.contains_key(name);
        if is_module {
            found.extend(self.lead(&below(module, name), rest, followed));
        }
        // A function may be named as a module is; what has more behind it is the module.
        if !is_module || rest.is_empty() {
            for import in source.imports.iter().filter(|import| import.name.as_ref() == Some(name)) {
                found.extend(self.follow(module, import, rest, followed));
            }
            found.extend(source.items.contains(name).then(|| module.clone()));
        }
        if found.is_empty() {
            for import in source.imports.iter().filter(|import| import.name.is_none()) {
                let of_all = self.follow(module, import, &[], followed);
                found.extend(of_all.into_iter().filter(|path| self.0[path].items.contains(name)));
            }
        }
        if found.is_empty() { [module.clone()].into() } else { found }
    }

    fn follow(&self, module: &Path, import: &Import, rest: &[String], followed: &mut Followed) -> BTreeSet<Path> {
        let step = (module.clone(), import.clone());
        if !followed.insert(step.clone()) {
            return BTreeSet::new();
        }
        let path: Path = import.path.iter().chain(rest).cloned().collect();
        let found = self.lead(module, &path, followed);
        followed.remove(&step);
        found
    }
}

fn below(path: &Path, name: &str) -> Path {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

fn above(path: &Path) -> Path {
    path.iter().take(path.len().saturating_sub(1)).cloned().collect()
}
