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

/// What a filter and an order left.
struct View {
    /// As it was typed.
    text: String,
    /// As it is searched.
    folded: String,
    /// A column, and whether it is sorted backwards.
    sort: Option<(u32, bool)>,
    /// It is sorted by numbers.
    numbers: bool,
    /// The rows, in this order.
    left: Vec<u32>,
}

/// A report's table.
#[derive(Default)]
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    /// What each row says, as it is searched.
    folded: Vec<String>,
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
                let folded = fold(&row.join(" "));
                let bytes: usize = row.iter().chain([&folded]).map(|v| v.len() + size_of::<String>()).sum();
                if self.rows.len() < ROWS && self.bytes + bytes <= BYTES {
                    self.bytes += bytes;
                    self.widen(&row);
                    self.rows.push(row);
                    self.folded.push(folded);
                    self.view = None;
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
        if self.view.as_ref().is_none_or(|view| view.text != text || view.sort != sort) {
            let before = self.view.take();
            self.view = Some(self.arranged(text, sort, before));
        }
        let left = self.view.as_ref().map_or(&[][..], |view| &view.left);
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

    /// What a filter leaves, in this order. Where more was typed than `before`, only what that left is looked through, and it
    /// keeps its order.
    fn arranged(&self, text: &str, sort: Option<(u32, bool)>, before: Option<View>) -> View {
        let folded = fold(text);
        let narrower = before.filter(|before| folded.starts_with(&before.folded));
        let ordered = narrower.as_ref().map(|before| (before.sort, before.numbers));
        let mut left =
            narrower.map_or_else(|| (0_u32..).zip(&self.rows).map(|(at, _)| at).collect(), |before| before.left);
        let words: Vec<&str> = folded.split_whitespace().collect();
        let says = |at: &u32| self.folded.get(*at as usize).map_or("", String::as_str);
        if !words.is_empty() {
            left.retain(|at| words.iter().all(|word| says(at).contains(word)));
        }
        // Numbers are compared as such where the whole column that is left holds nothing else.
        let number = |value: &str| value.is_empty() || value.trim().parse::<f64>().is_ok();
        let numbers = sort.is_some_and(|(column, _)| left.iter().all(|at| number(self.value(*at, column))));
        if ordered != Some((sort, numbers)) {
            left.sort_unstable();
            if let Some((column, backwards)) = sort {
                self.sort(&mut left, column, numbers);
                if backwards {
                    left.reverse();
                }
            }
        }
        View { text: text.to_owned(), folded, sort, numbers, left }
    }

    fn value(&self, row: u32, column: u32) -> &str {
        self.rows.get(row as usize).and_then(|r| r.get(column as usize)).map_or("", String::as_str)
    }

    fn sort(&self, rows: &mut [u32], column: u32, numbers: bool) {
        if numbers {
            let number = |at: &u32| self.value(*at, column).trim().parse::<f64>().unwrap_or(f64::NEG_INFINITY);
            rows.sort_by(|a, b| number(a).total_cmp(&number(b)));
        } else {
            rows.sort_by_cached_key(|at| fold(self.value(*at, column)));
        }
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

    /// What is kept from letter to letter is never another answer than the one that a fresh look gives.
    #[test]
    fn a_filter_that_grows_and_shrinks_and_an_order_that_changes_leave_what_a_fresh_look_does() {
        let filled = || {
            let mut table = table();
            // Narrowed to these the second column holds numbers only, and some of them are alike.
            for (name, minutes) in
                [("Okafor, Ada", "100"), ("Okafor, Bea", "20"), ("Okoro, Cem", "n/a"), ("okafor", "20")]
            {
                table.take(Line::Row(vec![name.into(), minutes.into()]));
            }
            table
        };
        let mut table = filled();
        let texts = ["", "o", "ok", "oka", "okafor ", "okafor a", "okafor", "ok", "20", "20 o", "OKO", "Åd", "", "oko"];
        let sorts = [None, Some((1, false)), Some((1, true)), Some((0, false)), Some((9, true))];
        for first in sorts {
            for sort in [first, first, sorts[2]] {
                for text in texts {
                    let (kept, fresh) = (table.page(text, sort, ALL), filled().page(text, sort, ALL));
                    assert_eq!((names(&kept), kept.fitting), (names(&fresh), fresh.fitting), "{text:?} {sort:?}");
                    let turned = table.page(text, sorts[1], ALL);
                    assert_eq!(names(&turned), names(&filled().page(text, sorts[1], ALL)), "{text:?}");
                    table.page(text, sort, ALL);
                }
            }
        }
        table.take(Line::Row(vec!["Okoye, Dan".into(), "1".into()]));
        assert_eq!(names(&table.page("oko", None, ALL)), ["Okoro, Ifeoma", "Okoro, Cem", "Okoye, Dan"], "a later row");
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
