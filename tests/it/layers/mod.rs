//! Who may import whom.
//!
//! Reads `src/` and fails on any arrow that does not go up the table in `src/lib.rs`, and on any ring among the files and folders
//! of one folder.

mod rings;
mod source;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rings::rings;
use source::Source;
use tree::Tree;

/// The rows of the table, from the top. A module imports from rows above its own, and inside its own folder without a ring.
const ROWS: &[&[&str]] = &[
    &["id", "secret", "clock", "trace", "host", "json", "wake"],
    &["signature", "event", "message"],
    &["effect"],
    &["settings", "telemetry"],
    &["policy"],
    &["conversation"],
    &["graph", "store", "fetch", "listener"],
    &["accounts"],
    &["conversations"],
    &["bot"],
    &["webhook", "dispatch", "sender", "relay", "admin"],
    &["app"],
    &["testkit", "simulation"],
    &["cli"],
];

/// Meta's side of the wire knows nothing of ours.
const EMULATOR: &[&str] = &["clock", "host", "secret", "signature", "telemetry", "listener"];

/// What stands at the crate's root for bot authors: all that a handler may name.
const ROOT: &[&str] =
    &["Context", "Event", "FlushError", "Handler", "Handlers", "Interest", "Message", "Observation", "run"];

#[test]
fn every_arrow_goes_up() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files(&source) {
        let module = module_of(&source, &file);
        if ["lib", "main"].contains(&module.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        for import in imports(&text) {
            if import != module && !allowed(&module).contains(import.as_str()) {
                wrong.push(format!("{} imports {import}", file.strip_prefix(&source).expect("inside").display()));
            }
        }
        seen.insert(module);
    }
    wrong.extend(arrows_beyond(&Tree::of(&texts(&source))));
    assert!(wrong.is_empty(), "{wrong:#?}");
    let rows: BTreeSet<_> = ROWS.iter().copied().flatten().copied().chain(["emulator", "handlers"]).collect();
    assert_eq!(seen.iter().map(String::as_str).collect::<BTreeSet<_>>(), rows, "every module has its row");
}

#[test]
fn no_ring_is_in_any_folder() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rings = rings(&Tree::of(&texts(&source)));
    let rings: Vec<_> = rings.iter().map(ToString::to_string).collect();
    assert!(rings.is_empty(), "{rings:#?}");
}

/// Every source file's text, by its path inside the source.
fn texts(source: &Path) -> BTreeMap<String, String> {
    let texts = files(source).into_iter().map(|file| {
        let inside = file.strip_prefix(source).expect("inside the source").to_string_lossy().into_owned();
        (inside, fs::read_to_string(&file).expect("a source file"))
    });
    texts.collect()
}

/// The arrows that leave their module for one that it may not import, however the path is written. What a handler may name stands
/// at the root, and is checked by its name.
fn arrows_beyond(tree: &Tree) -> Vec<String> {
    let beyond = tree.arrows().into_iter().filter(|arrow| match (arrow.from.first(), arrow.to.first()) {
        (Some(from), Some(to)) => from != to && from != "handlers" && !allowed(from).contains(to.as_str()),
        _ => false,
    });
    beyond.map(|arrow| format!("{} names {}", arrow.from.join("::"), arrow.to.join("::"))).collect()
}

#[test]
fn an_arrow_is_seen_however_it_is_written() {
    let files = [
        ("lib.rs", "mod policy; mod sender;"),
        ("policy/mod.rs", "mod window;"),
        ("policy/window.rs", "use super::super::sender::Sender;"),
        ("sender.rs", "pub struct Sender; use crate::policy;"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    assert_eq!(arrows_beyond(&Tree::of(&files)), ["policy::window names sender"]);
}

/// Checks which rings are found in the crate of these files.
#[track_caller]
fn check_rings(files: &[(&str, &str)], expected: &[&str]) {
    let root = ("lib.rs", "mod room;\nmod other;");
    let other = ("other.rs", "pub struct Other;");
    let files = files.iter().chain([&root, &other]).map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let found: Vec<_> = rings(&Tree::of(&files.collect())).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_planted_ring_is_found() {
    let with = |parent: &str, one: &str, two: &str, expected: &[&str]| {
        let parent = format!("mod one; mod two; {parent}");
        check_rings(&[("room/mod.rs", &parent), ("room/one.rs", one), ("room/two.rs", two)], expected);
    };
    let ring = ["room: one → two → one"];
    with("", "use super::two::Two;", "use crate::room::one::One;", &ring);
    with("", "use crate::{other, room::{two::{self, Two}}};", "fn f() { super::one::g(); }", &ring);
    with("", "use super::two as second; fn f() { second::g(); }", "fn f() { g!(super::one::G); }", &ring);
    // What the parent only hands on is of the child that has it.
    with("pub use {one::One, two::Two};", "use super::Two;", "use crate::room::One;", &ring);
    with(
        "pub use one::*; pub use two::*;",
        "pub struct One; use super::Two;",
        "pub struct Two; use super::One;",
        &ring,
    );
    // What the parent has itself is the parent's, which works with its children even where it calls nothing but methods of theirs.
    with("pub struct Shared;", "use super::Shared;", "", &["room: mod → one → mod"]);
    with("const LONGEST: u8 = 1; fn f() { two::g(); }", "", "use super::LONGEST;", &["room: mod → two → mod"]);
}

#[test]
fn a_planted_ring_is_found_at_any_depth() {
    let room = [("room/mod.rs", "mod deep; mod leaf;"), ("room/leaf.rs", "pub struct Leaf;")];
    let deep = |parent, one, expected: &[&str]| {
        let files = [("room/deep/mod.rs", parent), ("room/deep/one.rs", one)];
        check_rings(&[&room[..], &files].concat(), expected);
    };
    deep("mod one; use one::One; pub struct Shared;", "use super::Shared;", &["room/deep: mod → one → mod"]);
    deep("mod one; use one::One;", "use super::super::leaf::Leaf; use crate::room::leaf;", &[]);
    check_rings(
        &[
            ("room/mod.rs", "mod deep; mod leaf;"),
            ("room/leaf.rs", "use super::deep::one::One;"),
            ("room/deep/mod.rs", "pub mod one;"),
            ("room/deep/one.rs", "use super::super::leaf::Leaf;"),
        ],
        &["room: deep → leaf → deep"],
    );
}

#[test]
fn what_is_no_ring_is_not_taken_for_one() {
    let with = |parent: &str, one: &str, two: &str| {
        let parent = format!("mod one; mod two; {parent}");
        check_rings(&[("room/mod.rs", &parent), ("room/one.rs", one), ("room/two.rs", two)], &[]);
    };
    with("pub use one::One; pub use two::Two;", "use super::Two;", "pub struct Two;");
    with("use one::run;", "pub(in crate::room) fn run() {} use crate::other::Other;", "");
    with("", "use super::two::Two; #[cfg(test)] mod tests { use super::super::two; }", "#[cfg(test)] use super::one;");
    with("", "use super::two::Two; // use super::one::One;", "const TEXT: &str = \"super::one::One\";");
    with("use one::One; #[cfg(test)] fn shared() {}", "#[cfg(test)] mod tests { use super::super::shared; }", "");
    // A function and a module of one name.
    with("pub use one::two; use two::Two;", "pub fn two() {}", "pub struct Two;");
}

#[test]
fn the_reader_of_imports_sees_them() {
    let text = "use crate::store::{Store, sqlite};\nuse crate::{Context, Event};\n// crate::comment::Words\n\
                fn f() { crate::telemetry::init(); }\n";
    assert_eq!(imports(text), ["Context", "Event", "store", "telemetry"].map(str::to_owned).into());
    assert!(!allowed("webhook").contains("sender"));
    assert!(!allowed("graph").contains("store"));
    assert!(allowed("sender").contains("graph"));
    assert!(!allowed("emulator").contains("event"));
}

fn allowed(module: &str) -> BTreeSet<&'static str> {
    match module {
        "emulator" => EMULATOR.iter().copied().collect(),
        "handlers" => ROOT.iter().copied().collect(),
        // These two are built from every other part.
        "cli" | "testkit" => ROWS.iter().copied().flatten().copied().chain(["emulator"]).collect(),
        module => {
            let row = ROWS.iter().position(|row| row.contains(&module)).unwrap_or(0);
            ROWS[..row].iter().copied().flatten().copied().collect()
        }
    }
}

/// The first names after `crate::`, wherever they stand in code.
fn imports(text: &str) -> BTreeSet<String> {
    names(&Source::with_tests(text))
}

fn names(source: &Source) -> BTreeSet<String> {
    let of_crate = source.all_paths().filter(|path| path[0] == "crate");
    let own = of_crate.map(|path| path.get(1).cloned().unwrap_or_else(|| "*".to_owned()));
    own.chain(source.modules.values().flatten().flat_map(names)).collect()
}

fn module_of(source: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(source).expect("inside the source");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: BTreeMap<PathBuf, ()> = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|file| (file, ())));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path, ());
        }
    }
    found.into_keys().collect()
}
