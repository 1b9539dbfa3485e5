//! The rings among the files and folders of one folder.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use super::source::Path;
use super::tree::{Arrow, Tree};

/// Which parts of a folder name which others. A folder in it is one part; its own file is the part `mod`.
type Parts = BTreeMap<String, BTreeSet<String>>;

/// A ring: each part names the next; the last is the first.
#[derive(Debug)]
pub struct Ring {
    pub folder: String,
    pub parts: Vec<String>,
}

impl fmt::Display for Ring {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.folder, self.parts.join(" → "))
    }
}

/// The rings in the folders of a crate, at every depth. Of those that share a part, one.
pub fn rings(tree: &Tree) -> Vec<Ring> {
    let arrows = tree.arrows();
    let mut found = Vec::new();
    for folder in tree.folders() {
        let parts = parts(folder, &arrows);
        let mut seen = BTreeSet::new();
        for part in parts.keys() {
            if !seen.contains(part)
                && let Some(ring) = ring(&parts, part)
            {
                seen.extend(ring.clone());
                found.push(Ring { folder: folder.join("/"), parts: ring });
            }
        }
    }
    found
}

fn parts(folder: &Path, arrows: &BTreeSet<Arrow>) -> Parts {
    let mut parts = Parts::new();
    for arrow in arrows {
        let (Some(from), Some(to)) = (part(folder, &arrow.from), part(folder, &arrow.to)) else { continue };
        if from != to {
            parts.entry(from).or_default().insert(to);
        }
    }
    parts
}

/// The part of `folder` that `module` is in.
fn part(folder: &Path, module: &Path) -> Option<String> {
    let inside = module.strip_prefix(folder.as_slice())?;
    Some(inside.first().cloned().unwrap_or_else(|| "mod".to_owned()))
}

/// The shortest way from a part back to it.
fn ring(parts: &Parts, start: &str) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([vec![start.to_owned()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in way.last().and_then(|part| parts.get(part)).into_iter().flatten() {
            let way: Vec<_> = way.iter().chain([next]).cloned().collect();
            if next == start {
                return Some(way);
            }
            if seen.insert(next) {
                ways.push_back(way);
            }
        }
    }
    None
}
