//! `docs/policy.md` lists every rule, and the tests that hold it: it says nothing that the sources do not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(path.as_ref())).expect("a file")
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut folders = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// The rules of the document, each with the tests that it names.
fn listed() -> BTreeMap<String, Vec<String>> {
    let mut listed = BTreeMap::new();
    for line in read("docs/policy.md")
        .lines()
        .filter(|line| ["| P", "| 100", "| limits"].iter().any(|start| line.starts_with(start)))
    {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [rule, meta, here, tests] = cells[..] else { panic!("four cells in {line}") };
        assert!(!meta.is_empty() && !here.is_empty(), "{line}");
        let tests = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert!(listed.insert(rule.to_owned(), tests).is_none(), "{rule} is listed twice");
    }
    listed
}

/// The numbers of rules in a text: `P4.1`.
fn numbers(text: &str) -> BTreeSet<String> {
    let is_of_number = |letter: char| letter.is_ascii_digit() || letter == '.';
    let starts = text.match_indices('P').filter(|(at, _)| {
        text[..*at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && before != '_')
    });
    let number = |(at, _): (usize, &str)| {
        let rest = &text[at + 1..];
        let end = rest.find(|letter| !is_of_number(letter)).unwrap_or(rest.len());
        rest[..end].trim_end_matches('.').to_owned()
    };
    starts.map(number).filter(|number| !number.is_empty()).map(|number| format!("P{number}")).collect()
}

/// The rules that are values in a source, however a refusal is made of them: `refuse("P4.1", …)`, `rule: "P0.1"`.
fn refusals(source: &str) -> BTreeSet<&str> {
    let is_a_rule =
        |text: &&str| ["100", "limits"].contains(text) || numbers(text).first().is_some_and(|number| number == text);
    source.split('"').filter(is_a_rule).collect()
}

#[test]
fn every_rule_of_the_sources_is_listed_and_every_rule_that_refuses_has_its_tests() {
    let listed = listed();
    for path in sources("src/policy") {
        let source = fs::read_to_string(&path).expect("a source");
        // A chapter is no rule, but for P12, which is the sum of others.
        for rule in numbers(&source).into_iter().filter(|rule| rule.contains('.') || rule == "P12") {
            assert!(listed.contains_key(&rule), "{rule} of {} is not listed", path.display());
        }
        for refusal in refusals(&source) {
            assert!(listed.get(refusal).is_some_and(|tests| !tests.is_empty()), "{refusal} refuses, and names no test");
        }
    }
}

#[test]
fn every_named_test_is_one() {
    let sources: String = ["src", "tests"]
        .into_iter()
        .flat_map(sources)
        .map(|path| fs::read_to_string(path).expect("a source"))
        .collect();
    for (rule, tests) in listed() {
        for test in tests {
            let is_a_test = ["#[test]\n", "#[tokio::test(flavor = \"multi_thread\")]\n"].iter().any(|mark| {
                sources.split(mark).skip(1).any(|rest| {
                    let line = rest.lines().next().unwrap_or_default().trim_start();
                    line.trim_start_matches("async ").starts_with(&format!("fn {test}("))
                })
            });
            // The promises of the store are named once more where they are all run.
            let is_a_promise = sources.contains(&format!("                    {test}\n"));
            assert!(is_a_test || is_a_promise, "{rule} names {test}, and there is no such test");
        }
    }
}

#[test]
fn no_chapter_has_a_gap_and_the_page_can_be_found() {
    let listed = listed();
    for rule in listed.keys().filter(|rule| rule.contains('.')) {
        let (chapter, number) = rule.split_once('.').expect("a chapter and a number");
        let number: u32 = number.parse().expect("a number");
        let before = format!("{chapter}.{}", number.saturating_sub(1));
        assert!(number == 1 || listed.contains_key(&before), "{before} is missing before {rule}");
    }
    assert!(read("README.md").contains("(docs/policy.md)"));
}

#[test]
fn numbers_are_found_as_they_stand() {
    let expected = ["P1.1", "P12", "P16.2"].map(str::to_owned).into();
    assert_eq!(numbers("/// P1.1, and \"P16.2\" (P12). HTTP1 PR 3 XP4.1 P"), expected);
}

#[test]
fn refusals_are_found_however_they_are_made() {
    let source = r#"/// P1.1. refuse("P4.1", "a reason, P7.4"); Refusal { rule: "P0.1", reason }; check(facts, "P3.1"); ["100", "P"]"#;
    assert_eq!(refusals(source), ["100", "P0.1", "P3.1", "P4.1"].into());
}
