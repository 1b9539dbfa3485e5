//! A table in Markdown, its columns aligned.

/// Rows of cells under a heading.
pub struct Table(Vec<Vec<String>>);

impl Table {
    pub fn new(heading: &[&str]) -> Table {
        Table(vec![heading.iter().map(ToString::to_string).collect()])
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.push(cells.into_iter().collect());
    }

    /// Prints it.
    pub fn print(&self) {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.0.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        for (number, row) in self.0.iter().enumerate() {
            let cell = |(cell, width): (&String, &usize)| format!("{cell:width$}");
            crate::say(format!("| {} |", row.iter().zip(&widths).map(cell).collect::<Vec<_>>().join(" | ")));
            if number == 0 {
                let rule = |width: &usize| "-".repeat(*width);
                crate::say(format!("| {} |", widths.iter().map(rule).collect::<Vec<_>>().join(" | ")));
            }
        }
        crate::say(String::new());
    }
}

/// A number with as many digits as say something.
pub fn number(value: f64) -> String {
    match value {
        0.0 => "–".to_owned(),
        value if value >= 10_000.0 => format!("{:.1}k", value / 1000.0),
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
