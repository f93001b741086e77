//! An open report: its rows in memory, filtered and sorted for whoever looks.

use crate::{
    domain::{report::ReportPage, view::Window},
    engine::fold::fold,
    vendor::solo::zipped::Line,
};

/// Rows that are held at most; a person does not read further, and the file is on the disk.
const ROWS: usize = 200_000;
/// Bytes of all values that are held at most.
const BYTES: usize = 128 << 20;
/// A column is shown at most this wide.
const WIDEST: usize = 40;
/// A window gets at most this many rows at once.
const AT_ONCE: u32 = 1_000;

/// A filter, a column with whether it is sorted backwards, and the rows that are left in this order.
type View = (String, Option<(u32, bool)>, Vec<u32>);

/// A report's table.
#[derive(Default)]
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    widths: Vec<u16>,
    bytes: usize,
    seen: u64,
    /// The last filter and order, with the rows that it left.
    view: Option<View>,
}

impl Table {
    /// Takes a line; what is more than may be held is only counted.
    pub(super) fn take(&mut self, line: Line) {
        match line {
            Line::Header(columns) if self.columns.is_empty() => {
                self.widen(&columns);
                self.columns = columns;
            }
            // A further file of the same report begins with its columns again.
            Line::Header(columns) if columns == self.columns => {}
            Line::Header(row) | Line::Row(row) => {
                self.seen += 1;
                let bytes: usize = row.iter().map(|v| v.len() + size_of::<String>()).sum();
                if self.rows.len() < ROWS && self.bytes + bytes <= BYTES {
                    self.bytes += bytes;
                    self.widen(&row);
                    self.rows.push(row);
                }
            }
        }
    }

    fn widen(&mut self, row: &[String]) {
        if self.widths.len() < row.len() {
            self.widths.resize(row.len(), 1);
        }
        for (width, value) in self.widths.iter_mut().zip(row) {
            *width = (*width).max(value.chars().take(WIDEST).count() as u16);
        }
    }

    /// A part of what a filter leaves, in this order.
    pub(super) fn page(&mut self, text: &str, sort: Option<(u32, bool)>, window: Window) -> ReportPage {
        if self.view.as_ref().is_none_or(|(t, s, _)| t != text || *s != sort) {
            self.view = Some((text.to_owned(), sort, self.arranged(text, sort)));
        }
        let left = self.view.as_ref().map_or(&[][..], |(_, _, left)| left);
        let fitting = u32::try_from(left.len()).unwrap_or(u32::MAX);
        let offset = window.offset.min(fitting);
        let part = left.iter().skip(offset as usize).take(window.limit.min(AT_ONCE) as usize);
        ReportPage {
            columns: self.columns.clone(),
            rows: self.seen,
            held: self.rows.len() as u64,
            fitting,
            offset,
            part: part.filter_map(|at| self.rows.get(*at as usize).cloned()).collect(),
            widths: self.widths.clone(),
        }
    }

    fn arranged(&self, text: &str, sort: Option<(u32, bool)>) -> Vec<u32> {
        let folded = fold(text);
        let words: Vec<&str> = folded.split_whitespace().collect();
        let fits = |row: &Vec<String>| {
            words.is_empty() || {
                let hay = fold(&row.join(" "));
                words.iter().all(|w| hay.contains(w))
            }
        };
        let mut left: Vec<u32> = (0_u32..).zip(&self.rows).filter(|(_, row)| fits(row)).map(|(at, _)| at).collect();
        if let Some((column, backwards)) = sort {
            let value =
                |at: &u32| self.rows.get(*at as usize).and_then(|r| r.get(column as usize)).map_or("", String::as_str);
            // Numbers are compared as such where the whole column that is left holds nothing else.
            let numbers = left.iter().map(value).all(|v| v.is_empty() || v.trim().parse::<f64>().is_ok());
            if numbers {
                let number = |at: &u32| value(at).trim().parse::<f64>().unwrap_or(f64::NEG_INFINITY);
                left.sort_by(|a, b| number(a).total_cmp(&number(b)));
            } else {
                left.sort_by_cached_key(|at| fold(value(at)));
            }
            if backwards {
                left.reverse();
            }
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::default();
        table.take(Line::Header(["patient", "minutes"].map(str::to_owned).into()));
        for (name, minutes) in [("Okoro, Ifeoma", "9"), ("Łucja Nowak", "30"), ("Ådahl, Per", "")] {
            table.take(Line::Row(vec![name.into(), minutes.into()]));
        }
        table
    }

    fn names(page: &ReportPage) -> Vec<&str> {
        page.part.iter().map(|r| r[0].as_str()).collect()
    }

    const ALL: Window = Window { offset: 0, limit: 50 };

    #[test]
    fn a_filter_knows_neither_case_nor_accents_and_numbers_sort_as_numbers() {
        let mut table = table();
        assert_eq!(names(&table.page("", None, ALL)), ["Okoro, Ifeoma", "Łucja Nowak", "Ådahl, Per"]);
        assert_eq!(names(&table.page("ADAHL", None, ALL)), ["Ådahl, Per"]);
        assert_eq!(names(&table.page("", Some((1, false)), ALL)), ["Ådahl, Per", "Okoro, Ifeoma", "Łucja Nowak"]);
        assert_eq!(names(&table.page("", Some((0, true)), ALL)), ["Okoro, Ifeoma", "Łucja Nowak", "Ådahl, Per"]);
        let page = table.page("", Some((0, false)), Window { offset: 1, limit: 1 });
        assert_eq!((names(&page), page.fitting, page.offset, page.rows), (vec!["Łucja Nowak"], 3, 1, 3));
        assert_eq!(page.widths, [13, 7]);
    }

    #[test]
    fn what_is_too_much_to_hold_is_counted_and_said() {
        let mut table = Table::default();
        table.take(Line::Header(vec!["a".into()]));
        for _ in 0..ROWS + 7 {
            table.take(Line::Row(vec!["x".into()]));
        }
        let page = table.page("", None, ALL);
        assert_eq!((page.rows, page.held), (ROWS as u64 + 7, ROWS as u64));
    }
}
