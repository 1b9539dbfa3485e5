//! What a command prints: data on stdout, talk on stderr.

use std::fmt::Display;
use std::io::{self, Write};

use serde_json::Value;

/// A nested value up to this long stands on the line of its key.
const SHORT: usize = 80;

/// How the rows of a list are shown.
pub(super) struct Columns {
    /// The names of the columns.
    pub(super) names: &'static [&'static str],
    /// A row's cells, one for each column.
    pub(super) cells: fn(&Value) -> Vec<String>,
}

/// Prints the rows of a list: as a table, or as JSON Lines.
pub(super) struct Printer {
    columns: &'static Columns,
    json: bool,
    widths: Option<Vec<usize>>,
}

impl Printer {
    pub(super) fn new(columns: &'static Columns, json: bool) -> Printer {
        Printer { columns, json, widths: None }
    }

    /// Prints more rows. They stand below the ones before; a column that they need wider is wider from here on.
    pub(super) fn print<'a>(&mut self, rows: impl Iterator<Item = &'a Value>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            rows.into_iter().try_for_each(|row| writeln!(out, "{row}"))?;
        } else {
            let text = self.table(rows.map(self.columns.cells).collect());
            out.write_all(text.as_bytes())?;
        }
        out.flush()
    }

    fn table(&mut self, mut rows: Vec<Vec<String>>) -> String {
        let widths = self.widths.get_or_insert_with(|| {
            rows.insert(0, self.columns.names.iter().map(|&name| name.to_owned()).collect());
            vec![0; self.columns.names.len()]
        });
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        let line = |row: Vec<String>| {
            let cells: String = row.iter().zip(&*widths).map(|(cell, width)| format!("{cell:width$}  ")).collect();
            format!("{}\n", cells.trim_end())
        };
        rows.into_iter().map(line).collect()
    }
}

/// Prints one object: as JSON, or a line for each of its fields.
pub(super) fn object(object: &Value, json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match object.as_object() {
        Some(fields) if !json => {
            let width = fields.keys().map(|key| key.chars().count()).max().unwrap_or_default();
            for (key, value) in fields {
                match nested(value) {
                    Some(lines) => writeln!(out, "{key}\n{lines}")?,
                    None => writeln!(out, "{key:width$}  {}", cell(value))?,
                }
            }
        }
        _ => writeln!(out, "{object:#}")?,
    }
    out.flush()
}

/// Prints a line of data.
pub(super) fn line(line: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Says something that is no data.
pub(super) fn talk(words: impl Display) {
    // Where stderr is closed there is nowhere to say so.
    let _ = writeln!(io::stderr().lock(), "rejoinder: {words}");
}

/// A value as it stands in a table: one line, and never empty, so that columns can be counted.
pub(super) fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match plain(&text) {
        text if text.is_empty() => "-".to_owned(),
        text => text,
    }
}

/// Whether the error is that the reader of stdout has gone.
pub(super) fn nobody_reads(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// An object or a list too long for one line, on lines of its own.
fn nested(value: &Value) -> Option<String> {
    let is_long = (value.is_object() || value.is_array()) && value.to_string().chars().count() > SHORT;
    let lines = |text: String| text.lines().map(|line| format!("  {}", plain(line))).collect::<Vec<_>>().join("\n");
    is_long.then(|| lines(format!("{value:#}")))
}

/// Without what a terminal would obey: errors and items repeat what strangers wrote.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: Columns = Columns {
        names: &["ID", "WHO", "ERROR"],
        cells: |row| ["id", "who", "error"].map(|key| cell(&row[key])).into(),
    };

    #[test]
    fn a_table_is_aligned_and_has_no_hole() {
        let mut printer = Printer::new(&COLUMNS, false);
        let mut table = |rows: &[Value]| printer.table(rows.iter().map(COLUMNS.cells).collect());
        let rows = [json!({"id": "10", "who": "Zoë", "error": null}), json!({"id": "9", "error": "a\nb\u{1b}[2J"})];
        assert_eq!(table(&rows), "ID  WHO  ERROR\n10  Zoë  -\n9   -    a b [2J\n");
        assert_eq!(table(&[json!({"id": "11", "who": "Anybody", "error": ""})]), "11  Anybody  -\n");
        assert_eq!(table(&[json!({"id": "12", "who": "Ada"})]), "12  Ada      -\n");
        assert_eq!(Printer::new(&COLUMNS, false).table(Vec::new()), "ID  WHO  ERROR\n");
    }
}
