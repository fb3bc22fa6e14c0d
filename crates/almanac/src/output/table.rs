//! Tables that fit the terminal.

use super::{colours, printable};
use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle,
};

/// Width where there is no terminal to ask: files and pipes.
const WIDTH_ELSEWHERE: u16 = 120;

/// One thin line below the heading, and air.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// How a cell stands out on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Plain,
    Strong,
    Good,
    Watch,
    Bad,
    Faint,
}

/// A table with a heading; columns named in `numbers` are set flush right.
pub struct Sheet {
    table: Table,
    colours: bool,
}

impl Sheet {
    pub fn new(heading: &[&str]) -> Self {
        Self::drawn(heading, colours(), None)
    }

    fn drawn(heading: &[&str], colours: bool, width: Option<u16>) -> Self {
        let mut table = Table::new();
        table
            .load_style(STYLE)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(heading.iter().map(|h| heading_cell(h, colours)));
        if let Some(width) = width.or_else(|| table.width().is_none().then_some(WIDTH_ELSEWHERE)) {
            table.set_width(width);
        }
        Self { table, colours }
    }

    /// Sets columns (counted from 0) flush right.
    pub fn numbers(mut self, columns: &[usize]) -> Self {
        for &column in columns {
            if let Some(column) = self.table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self
    }

    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let cells = cells.into_iter().map(|c| Cell::new(printable(c.as_ref())));
        self.table.add_row(cells);
    }

    /// A row whose cells have moods.
    pub fn moody<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = (S, Mood)>) {
        let colours = self.colours;
        let cells = cells.into_iter().map(|(text, mood)| {
            let cell = Cell::new(printable(text.as_ref()));
            if colours { tinted(cell, mood) } else { cell }
        });
        self.table.add_row(cells);
    }

    pub fn print(&self) {
        for line in self.table.lines() {
            super::line(line.trim_end());
        }
    }
}

fn heading_cell(text: &str, colours: bool) -> Cell {
    let cell = Cell::new(text);
    if colours {
        cell.add_attribute(Attribute::Bold)
    } else {
        cell
    }
}

fn tinted(cell: Cell, mood: Mood) -> Cell {
    match mood {
        Mood::Plain => cell,
        Mood::Strong => cell.add_attribute(Attribute::Bold),
        Mood::Good => cell.fg(Color::Green),
        Mood::Watch => cell.fg(Color::Yellow),
        Mood::Bad => cell.fg(Color::Red),
        Mood::Faint => cell.fg(Color::DarkGrey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_never_grows_wider_than_its_terminal() {
        let mut sheet = Sheet::drawn(&["tunnel", "what"], false, Some(40));
        sheet.row([
            "everyone-on-phones",
            "a very long sentence that has to be broken somewhere",
        ]);
        let widest = sheet.table.lines().map(|l| l.chars().count()).max();
        assert!(widest <= Some(40), "{widest:?}");
    }
}
