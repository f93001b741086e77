//! How the command line shows things: aligned columns for people, one JSON object a line for programs.

use std::io::{self, Write};

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use serde_json::json;

use crate::tui::{code, text};

/// Columns that line up. Every cell passes the firewall for control and bidi characters.
#[derive(Debug)]
pub struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these headings.
    pub fn new(heads: &[&'static str]) -> Self {
        Self { heads: heads.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.into_iter().map(|c| text::clean(&c).into_owned()).collect());
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut widths: Vec<usize> = self.heads.iter().map(|h| text::width(h)).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(text::width(cell));
            }
        }
        let heads: Vec<String> = self.heads.iter().map(|h| (*h).to_owned()).collect();
        for row in std::iter::once(&heads).chain(&self.rows) {
            let mut line = String::new();
            for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if i > 0 {
                    line.push_str("  ");
                }
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - text::width(cell).min(*width)));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Writes one object as one line.
///
/// # Errors
/// When the output cannot be written.
pub fn json_line(out: &mut impl Write, object: &impl Serialize) -> io::Result<()> {
    let line = serde_json::to_string(object).map_err(io::Error::other)?;
    writeln!(out, "{line}")
}

/// Writes labelled addresses, with a QR code for each when that is wanted.
///
/// # Errors
/// When the output cannot be written.
pub fn links(out: &mut impl Write, links: &[(String, String)], qr: bool, json: bool) -> io::Result<()> {
    if json {
        return links.iter().try_for_each(|(label, url)| json_line(out, &json!({ "label": label, "url": url })));
    }
    let mut table = Table::new(&["LINK", "ADDRESS"]);
    for (label, url) in links {
        table.row(vec![label.clone(), url.clone()]);
    }
    table.write(out)?;
    for (label, url) in links.iter().filter(|(_, url)| qr && !url.is_empty()) {
        writeln!(out, "\n{}", text::clean(label))?;
        match code::lines(url) {
            // Dark on light whatever the terminal's own colours are.
            Some(rows) => rows.iter().try_for_each(|row| writeln!(out, "\x1b[30;107m{row}\x1b[0m"))?,
            None => writeln!(out, "too long for a QR code")?,
        }
    }
    Ok(())
}

/// `14:05` today, otherwise with the day.
pub fn moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (local, today) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    if local.date() == today.date() {
        local.strftime("%H:%M").to_string()
    } else {
        local.strftime("%Y-%m-%d %H:%M").to_string()
    }
}
