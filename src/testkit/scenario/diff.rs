//! What was wanted beside what was said.

use std::fmt;

use super::expected::Expected;
use super::said::Said;

/// One line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Wanted, and said.
    Both(String),
    /// Wanted, and not said.
    Missing(String),
    /// Said, and not wanted.
    Extra(String),
}

/// Lays the two beside each other so that as much as possible of what was wanted is found, in order.
///
/// Written here because what is wanted is a description: the libraries that compare want equal things, and a description is
/// equal to nothing it describes.
pub(super) fn compare(expected: &[Expected], said: &[Said]) -> Vec<Line> {
    let found = found(expected, said);
    let (mut wanted, mut heard, mut lines) = (0, 0, Vec::new());
    while wanted < expected.len() || heard < said.len() {
        let (missing, extra) = (expected.get(wanted), said.get(heard));
        match (missing, extra) {
            (Some(one), Some(other)) if one.is(other) && found[wanted][heard] == found[wanted + 1][heard + 1] + 1 => {
                lines.push(Line::Both(other.to_string()));
                (wanted, heard) = (wanted + 1, heard + 1);
            }
            (Some(one), _) if extra.is_none() || found[wanted + 1][heard] >= found[wanted][heard + 1] => {
                lines.push(Line::Missing(one.to_string()));
                wanted += 1;
            }
            _ => {
                lines.extend(extra.map(|other| Line::Extra(other.to_string())));
                heard += 1;
            }
        }
    }
    lines
}

/// How many of `expected[i..]` can be found in `said[j..]`, for every i and j.
fn found(expected: &[Expected], said: &[Said]) -> Vec<Vec<usize>> {
    let mut found = vec![vec![0; said.len() + 1]; expected.len() + 1];
    for i in (0..expected.len()).rev() {
        for j in (0..said.len()).rev() {
            let here = found[i + 1][j + 1] + usize::from(expected[i].is(&said[j]));
            found[i][j] = here.max(found[i + 1][j]).max(found[i][j + 1]);
        }
    }
    found
}

/// As in a patch.
impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Both(line) => write!(out, "  {line}"),
            Line::Missing(line) => write!(out, "- {line}"),
            Line::Extra(line) => write!(out, "+ {line}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_common_is_found_in_order() {
        let check = |expected: &str, said: &str, lines: &[&str]| {
            let expected: Vec<_> = expected.split_whitespace().map(Expected::text).collect();
            let said =
                said.split_whitespace().map(|text| json!({"mid": "m", "from": "business", "at": 0, "text": text}));
            let said: Vec<Said> = said.map(|said| serde_json::from_value(said).expect("a message")).collect();
            let compared: Vec<_> =
                compare(&expected, &said).iter().map(|line| line.to_string().replace('"', "")).collect();
            assert_eq!(compared, lines);
        };
        check("", "", &[]);
        check("a b", "a b", &["  a", "  b"]);
        check("a b", "", &["- a", "- b"]);
        check("", "a", &["+ a"]);
        check("a b c", "a x c", &["  a", "- b", "+ x", "  c"]);
        check("b", "a b a", &["+ a", "  b", "+ a"]);
        check("a b", "b a", &["- a", "  b", "+ a"]);
    }
}
