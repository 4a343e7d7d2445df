//! What every benchmark prints: figures over several runs, beside their targets.

use std::fmt;

use comfy_table::{CellAlignment, Table, presets};

/// Smallest, middle and largest of the figures of several runs.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    pub min: f64,
    pub median: f64,
    pub max: f64,
}

impl Spread {
    /// Of at least one figure.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let middle = figures.len() / 2;
        let median = if figures.len().is_multiple_of(2) {
            f64::midpoint(figures[middle - 1], figures[middle])
        } else {
            figures[middle]
        };
        Self {
            min: figures[0],
            median,
            max: figures[figures.len() - 1],
        }
    }

    /// Three cells, with so many decimals.
    pub fn cells(self, decimals: usize) -> [String; 3] {
        [self.min, self.median, self.max].map(|figure| format!("{figure:.decimals$}"))
    }
}

/// A table that lines up as Markdown, so that it can go into the documents as it is.
pub struct Figures {
    title: String,
    table: Table,
}

impl Figures {
    pub fn new(title: &str, header: &[&str]) -> Self {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(header);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        Self {
            title: title.to_owned(),
            table,
        }
    }

    pub fn row<T: fmt::Display>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.table
            .add_row(cells.into_iter().map(|cell| cell.to_string()));
    }

    pub fn print(&self) {
        println!("\n{self}");
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\n{}\n", self.title, self.table)
    }
}

/// Whether the part of this name was asked for: `cargo bench --bench x -- name`
/// runs the parts whose names contain `name`, no name runs all.
pub fn is_asked_for(part: &str) -> bool {
    let mut names = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .peekable();
    names.peek().is_none() || names.any(|name| part.contains(&name))
}
