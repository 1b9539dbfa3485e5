//! An environment file: `NAME=value`, a line each.
//!
//! A value is what stands behind `=`, as it is written: with spaces, commas and quotes in it, up to the end of the line or to a `#`
//! behind a space. Where all of it stands in quotes, the quotes are not part of it, and it may go on over several lines: in single
//! ones everything is taken as it is; in double ones `\n`, `\r`, `\t`, `\"`, `\\` and `\$` are escapes. Nothing is filled in for
//! `$NAME`: a secret may hold a `$`. `export` before a name is passed over, and so are empty lines, comments and the `\r` of
//! Windows.

use std::iter::Peekable;
use std::str::Lines;

/// A line that is none of these, by its number from 1. What it says is left out: it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    pub(super) number: usize,
    pub(super) problem: &'static str,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The line on which it begins, from 1.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) value: String,
    /// Other readers of such files fill in its `$NAME`, or take its `\` for an escape. Here it is taken as it is written.
    pub(super) is_read_otherwise_elsewhere: bool,
}

/// The names and values of a file, in its order, and every line that is at fault.
pub(super) fn read(text: &str) -> Vec<Result<Pair, BadLine>> {
    let mut lines = Numbered { lines: text.lines().peekable(), number: 0 };
    let mut read = Vec::new();
    while let Some(line) = lines.next() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = lines.number;
        read.push(pair(line, number, &mut lines).map_err(|problem| BadLine { number, problem }));
    }
    read
}

struct Numbered<'a> {
    lines: Peekable<Lines<'a>>,
    number: usize,
}

impl<'a> Numbered<'a> {
    fn next(&mut self) -> Option<&'a str> {
        self.number += 1;
        self.lines.next()
    }
}

fn pair(line: &str, number: usize, lines: &mut Numbered<'_>) -> Result<Pair, &'static str> {
    let (name, value) = line.split_once('=').ok_or("is not NAME=value")?;
    let name = name.trim();
    let name = name.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(name).trim();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) {
        return Err("is not NAME=value");
    }
    let value = value.trim_start();
    let (value, is_read_otherwise_elsewhere) = match value.chars().next() {
        Some(quote @ ('\'' | '"')) => {
            let (value, has_variable) = quoted(quote, &value[1..], lines)?;
            (value, has_variable && quote == '"')
        }
        _ => (plain(value).to_owned(), has_variable(plain(value)) || has_escape(plain(value))),
    };
    Ok(Pair { number, name: name.to_owned(), value, is_read_otherwise_elsewhere })
}

/// Whether a variable's name stands behind a `$`, as in `$HOME` or `${HOME}`.
fn has_variable(value: &str) -> bool {
    let is_name = |rest: &str| rest.starts_with(|letter: char| letter.is_ascii_alphabetic() || "_{".contains(letter));
    value.split('$').skip(1).any(is_name)
}

/// Whether a `\` stands before what it makes literal, or a new line, elsewhere.
fn has_escape(value: &str) -> bool {
    value.split('\\').skip(1).any(|rest| rest.is_empty() || rest.starts_with(['$', ' ', '"', '\'', 'n']))
}

/// Up to a comment.
fn plain(value: &str) -> &str {
    let comment = value
        .char_indices()
        .find(|(at, letter)| *letter == '#' && value[..*at].chars().next_back().is_none_or(char::is_whitespace));
    value[..comment.map_or(value.len(), |(at, _)| at)].trim_end()
}

/// Up to the closing quote, which may stand on a later line; and whether it has a variable that is not escaped.
fn quoted(quote: char, first: &str, lines: &mut Numbered<'_>) -> Result<(String, bool), &'static str> {
    let (mut value, mut has_variable) = (String::new(), false);
    // The lines behind belong to the value only if it ends on one of them.
    let mut ahead = lines.lines.clone();
    let (mut line, mut taken) = (first, 0);
    loop {
        let rest = up_to(quote, line, &mut value);
        let inside = &line[..line.len() - rest.map_or(0, str::len)];
        has_variable |= self::has_variable(&inside.replace("\\\\", "").replace("\\$", ""));
        match rest {
            Some(rest) if plain(rest.trim_start()).is_empty() => break,
            Some(_) => return Err("is not NAME=value: text stands behind the closing quote"),
            None => {}
        }
        value.push('\n');
        line = ahead.next().ok_or("is not NAME=value: its quote is never closed")?;
        taken += 1;
    }
    for _ in 0..taken {
        lines.next();
    }
    Ok((value, has_variable))
}

/// Takes a line over up to `quote`, and gives what stands behind it; `None` where the line has none.
fn up_to<'a>(quote: char, line: &'a str, value: &mut String) -> Option<&'a str> {
    let mut letters = line.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => return Some(&line[at + 1..]),
            '\\' if quote == '"' => match letters.next().map(|(_, escaped)| escaped) {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(escaped @ ('"' | '\\' | '$' | '\'')) => value.push(escaped),
                Some(other) => value.extend(['\\', other]),
                None => value.push('\\'),
            },
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn value(line: &str, expected: &str) {
        let read: Vec<_> = read(line).into_iter().map(|line| line.map(|pair| (pair.name, pair.value))).collect();
        assert_eq!(read, [Ok(("X".to_owned(), expected.to_owned()))], "{line}");
    }

    #[test]
    fn a_value_that_other_readers_fill_in_or_unescape_is_told() {
        for line in ["${A}", "$A", "a$_b", "\"x ${A}\"", "\"one\n$A\"", r"a\$b", r"a\ b", r"a\nb", r"a\\b", r#""\\$A""#]
        {
            let read = read(&format!("# a\n\nX={line}\n"));
            assert!(matches!(&read[..], [Ok(pair)] if pair.is_read_otherwise_elsewhere && pair.number == 3), "{line}");
        }
        for line in [
            "a$",
            "a$1",
            "a$$",
            "'${A}'",
            r"'a\ b'",
            r#""\$A""#,
            r#""\${A}""#,
            r#""a\nb""#,
            r"C:\data",
            "a # ${A}",
            "'a' # $A",
        ] {
            let read = read(&format!("X={line}"));
            assert!(matches!(&read[..], [Ok(pair)] if !pair.is_read_otherwise_elsewhere), "{line}");
        }
    }

    #[test]
    fn a_value_is_what_stands_there() {
        value("X=a", "a");
        value("X=Sorry, I did not get that.", "Sorry, I did not get that.");
        value("X=don't say \"hi\", say hello", "don't say \"hi\", say hello");
        value("export X = a b ", "a b");
        value("\texport\tX=a", "a");
        value("X=a b # said by Ada", "a b");
        value("X=C# and F#", "C# and F#");
        value("X=# nothing", "");
        value("X=", "");
        value("X=pa$$word${HOME}", "pa$$word${HOME}");
        value("X=a=b==", "a=b==");
        value("X=a\\nb", "a\\nb");
        value("X=a b\r\n", "a b");
        value("X=ß, 😀", "ß, 😀");
    }

    #[test]
    fn quotes_around_a_value_are_not_part_of_it() {
        value("X='a # b'", "a # b");
        value("X=\"a # b\" # said by Ada", "a # b");
        value("X=' a\\n$b '", " a\\n$b ");
        value(r#"X="say \"hi\"\n\\ \$b \d""#, "say \"hi\"\n\\ $b \\d");
        value("X='it is \"so\"'", "it is \"so\"");
        value("X=\"it's so\"", "it's so");
        value("X=''", "");
        value("X='one\r\ntwo'\r\n", "one\ntwo");
        value("X='one\n# two\n'", "one\n# two\n");
    }

    #[test]
    fn each_bad_line_is_told_by_its_number_and_costs_no_other() {
        let text =
            "# one\n\nA=1\nhunter2\nB='hunter2\nC=\"two\n lines\"\n=hunter2\nan name=hunter2\nD='hunter2' x\nE=5\n";
        let (mut names, mut bad) = (Vec::new(), Vec::new());
        for line in read(text) {
            match line {
                Ok(pair) => names.push(format!("{}={}", pair.name, pair.value)),
                Err(line) => bad.push((line.number, line.problem)),
            }
        }
        // B's quote is closed where D's is opened: what stands behind that is no value's end.
        assert_eq!(names, ["A=1", "C=two\n lines", "E=5"]);
        let numbers: Vec<_> = bad.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [4, 5, 8, 9, 10], "{bad:?}");
        assert!(bad.iter().all(|(_, problem)| problem.contains("NAME=value")));
    }
}
