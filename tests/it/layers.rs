//! Who may import whom.
//!
//! Reads `src/` and fails on any arrow that does not go up the table in `src/lib.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rows of the table, from the top. A module imports from rows above its own, and inside its own folder.
const ROWS: &[&[&str]] = &[
    &["id", "secret", "clock", "trace", "host", "json"],
    &["signature", "event", "message"],
    &["effect"],
    &["settings", "telemetry"],
    &["policy"],
    &["graph", "store", "fetch", "listener"],
    &["accounts"],
    &["bot"],
    &["webhook", "dispatch", "sender", "relay", "admin"],
    &["app"],
    &["testkit", "simulation"],
    &["scenario"],
    &["cli"],
];

/// Meta's side of the wire knows nothing of ours.
const EMULATOR: &[&str] = &["clock", "host", "secret", "signature", "telemetry", "listener"];

/// What stands at the crate's root for bot authors: all that a handler may name.
const ROOT: &[&str] = &["Context", "Event", "Handler", "Handlers", "Message", "Observation", "run"];

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
    assert!(wrong.is_empty(), "{wrong:#?}");
    let rows: BTreeSet<_> = ROWS.iter().copied().flatten().copied().chain(["emulator", "handlers"]).collect();
    assert_eq!(seen.iter().map(String::as_str).collect::<BTreeSet<_>>(), rows, "every module has its row");
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
        // Drives the emulated Meta, and a bot on the stage of the test kit.
        "scenario" => ["clock", "emulator", "testkit"].into(),
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
    let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = &group[..group.find('}').unwrap_or(group.len())];
                found.extend(group.split(',').map(|name| first_word(name.trim())).filter(|name| !name.is_empty()));
            }
            None => {
                found.insert(first_word(rest));
            }
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
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
