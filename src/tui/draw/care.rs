//! The files of an appointment and the episodes of a patient.

use jiff::{Timestamp, tz::TimeZone};
use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    age,
    layers::{Cx, Line},
    why,
};
use crate::{
    domain::{
        Provenance, Source,
        attachment::size_words,
        care::{EpisodeRow, FileRow, Own, Standing},
        command::Progress,
        episode::EpisodeStatus,
    },
    tui::{
        forms::{PatientIdentity, episode::status_words},
        layers::{Asked, EpisodesLayer, FilesLayer},
        layout, text,
        theme::Token,
    },
};

/// Cells of a progress bar.
const BAR: usize = 20;
/// Columns of the lists where there is room.
const WIDE: u16 = 120;
/// Rows of cells that a picture takes at most.
const PICTURE: u16 = 30;

/// When an appointment is, for a sentence or a field.
pub(in crate::tui) fn visit_words(start: Option<Timestamp>, zone: &TimeZone) -> String {
    start.map_or_else(
        || "no start time known".into(),
        |at| at.to_zoned(zone.clone()).strftime("%a %-d %b %Y %H:%M").to_string(),
    )
}

impl Cx<'_> {
    pub(super) fn files(&self, layer: &FilesLayer, buf: &mut Buffer) {
        let whole = layout::middle(self.model, WIDE, u16::MAX);
        let width = usize::from(whole.width.saturating_sub(4)).max(1);
        let list = layer.list.as_deref();
        let about = PatientIdentity::of_row(list.and_then(|l| l.patient.as_ref()));
        let visit = visit_words(list.and_then(|l| l.start), &self.model.setting.zone);
        let mut lines = head(&about, &format!("appointment of {visit}"), width);
        lines.extend(self.state(&layer.asked, list.and_then(|l| l.read), width));
        lines.push((String::new(), Token::Text));
        let rows = list.map(|l| l.rows.as_slice()).unwrap_or_default();
        if rows.is_empty() && layer.asked == Asked::Told {
            lines.push(("No file is on this appointment; a puts one there.".into(), Token::Dim));
        }
        let mut selected = lines.len()..lines.len();
        for row in rows {
            let from = lines.len();
            let on = layer.selected == Some(row.id);
            self.file_lines(row, on, width, &mut lines);
            if on {
                selected = from..lines.len();
            }
        }
        lines.push((String::new(), Token::Text));
        let told = "Solo lists and deletes files but hands none back; p shows a picture that was sent from here.";
        lines.extend(text::wrap(told, width).into_iter().map(|l| (l, Token::Dim)));
        let picture = layer.picture.as_ref().filter(|(id, _)| Some(*id) == layer.selected).map(|(_, p)| p);
        if let Some(Err(trouble)) = picture {
            lines.extend(text::wrap(&format!("Not shown: {trouble}."), width).into_iter().map(|l| (l, Token::Warning)));
        }
        let picture = picture.and_then(|p| p.as_ref().ok());
        let room = whole.height.saturating_sub(8).min(PICTURE);
        let high = picture.map_or(0, |p| p.cells(width as u16, room).1 + 1);
        let rows = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).saturating_add(high).min(whole.height);
        let inner = self.open(layout::middle(self.model, WIDE, rows), "Files on the appointment", buf);
        let text_rows = inner.height.saturating_sub(high);
        let above = Rect { height: text_rows, ..inner };
        self.lines(above, scroll(&selected, text_rows), &lines, buf);
        if let Some(picture) = picture {
            let below = Rect::new(
                inner.x + 1,
                inner.y + text_rows + 1.min(high),
                inner.width.saturating_sub(2),
                high.saturating_sub(1).min(inner.height),
            );
            picture.draw(below.intersection(inner), buf, self.look.theme);
        }
    }

    fn file_lines(&self, row: &FileRow, on: bool, width: usize, lines: &mut Vec<Line>) {
        let file = &row.file;
        let size = file.size.map_or_else(|| "–".into(), size_words);
        let at = file.uploaded_at.map_or_else(
            || "–".to_owned(),
            |at| at.to_zoned(self.model.setting.zone.clone()).strftime("%-d %b %Y %H:%M").to_string(),
        );
        let mime = file.mime.as_ref().map_or("–", |m| m.word());
        let deleted = if file.deleted { " deleted" } else { "" };
        let room = width.saturating_sub(2 + 6 + 12 + 18 + text::width(deleted)).max(8);
        let words = format!(
            "{}{}{}{:>10}  {}{deleted}",
            self.mark(on),
            text::fit(mime, 6),
            text::fit(&file.title, room),
            size,
            text::fit(&at, 18)
        );
        let token = match (on, file.deleted) {
            (true, _) => Token::Strong,
            (_, true) => Token::Off,
            _ => Token::Text,
        };
        lines.push((words, token));
        if let Some(own) = &row.own {
            self.own_lines(own, width, lines);
        }
    }

    /// A write of one's own below its row, with how far it is.
    pub(super) fn own_lines(&self, own: &Own, width: usize, lines: &mut Vec<Line>) {
        let glyph = if self.model.setting.plain { "*" } else { "⇅" };
        let mut words = format!("    {glyph} {} {}: {}", own.entry, own.what, own.state);
        if let Some(progress) = self.model.uploads.get(&own.entry) {
            words = format!("{words} {}", bar(*progress, self.model.setting.plain));
        }
        let token = if own.attention { Token::Alarm } else { Token::Own };
        lines.push((words, token));
        if let Some(reason) = &own.reason {
            let token = if own.attention { Token::Alarm } else { Token::Warning };
            let words = text::wrap(&why(reason), width.saturating_sub(6).max(1));
            lines.extend(words.into_iter().map(|l| (format!("      {l}"), token)));
        }
    }

    pub(super) fn episodes(&self, layer: &EpisodesLayer, buf: &mut Buffer) {
        let whole = layout::middle(self.model, WIDE, u16::MAX);
        let width = usize::from(whole.width.saturating_sub(4)).max(1);
        let list = layer.list.as_deref();
        let about = PatientIdentity::of_row(list.and_then(|l| l.person.as_ref()));
        let visit = list.and_then(|l| l.visit.as_ref());
        let purpose = match visit {
            Some(visit) => {
                let when = visit_words(visit.start, &self.model.setting.zone);
                let stands = match &visit.episode {
                    Standing::Unknown => "nothing ever told in which episode it is".to_owned(),
                    Standing::None => "in no episode".into(),
                    Standing::In(id) => list
                        .and_then(|l| l.rows.iter().find(|r| r.id == *id))
                        .map_or_else(|| "in an episode".into(), |r| format!("in {}", r.terms.name)),
                    Standing::Elsewhere(id) => format!("in an episode that is not listed here ({id})"),
                };
                format!("appointment of {when}: {stands}")
            }
            None => String::new(),
        };
        let mut lines = head(&about, &purpose, width);
        if let Some(own) = visit.and_then(|v| v.own.as_ref()) {
            self.own_lines(own, width, &mut lines);
        }
        lines.extend(self.state(&layer.asked, list.and_then(|l| l.read), width));
        lines.push((String::new(), Token::Text));
        let rows = list.map(|l| l.rows.as_slice()).unwrap_or_default();
        if rows.is_empty() && layer.asked == Asked::Told {
            lines.push(("No episode of care is known; n begins one.".into(), Token::Dim));
        }
        let mut selected = lines.len()..lines.len();
        for row in rows {
            let from = lines.len();
            let on = layer.selected == Some(row.id);
            let here = visit.is_some_and(|v| v.episode == Standing::In(row.id));
            self.episode_lines(row, on, here, width, &mut lines);
            if on {
                selected = from..lines.len();
            }
        }
        let title = if layer.appointment.is_some() { "In which episode of care?" } else { "Episodes of care" };
        let rows = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let inner = self.open(layout::middle(self.model, WIDE, rows), title, buf);
        self.lines(inner, scroll(&selected, inner.height), &lines, buf);
    }

    fn episode_lines(&self, row: &EpisodeRow, on: bool, here: bool, width: usize, lines: &mut Vec<Line>) {
        let plain = self.model.setting.plain;
        let (glyph, token) = match &row.terms.status {
            EpisodeStatus::Active => ("●", Token::Active),
            EpisodeStatus::Finished => ("✓", Token::Done),
            EpisodeStatus::Canceled => ("✕", Token::Off),
            EpisodeStatus::OnHold => ("◐", Token::Waiting),
            EpisodeStatus::Planning | EpisodeStatus::Waitlist => ("○", Token::Planned),
            EpisodeStatus::Verbatim(_) => ("?", Token::Text),
        };
        let status =
            format!("{}{}", if plain { String::new() } else { format!("{glyph} ") }, status_words(&row.terms.status));
        let days = match &row.terms.to {
            Some(to) => format!("{} to {to}", row.terms.from),
            None => format!("since {}", row.terms.from),
        };
        let aside = if here { " · this appointment" } else { "" };
        let room = width.saturating_sub(2 + 21 + 26 + text::width(aside)).max(8);
        let name = format!("{} ({})", row.terms.name, row.terms.kind);
        let words = format!(
            "{}{}{} {}{aside}",
            self.mark(on),
            text::fit(&text::clean(&status), 21),
            text::fit(&name, room),
            text::fit(&days, 25)
        );
        lines.push((words, if on { Token::Strong } else { token }));
        if let Some(own) = &row.own {
            self.own_lines(own, width, lines);
        }
    }

    fn mark(&self, on: bool) -> &'static str {
        match (on, self.model.setting.plain) {
            (false, _) => "  ",
            (true, true) => "> ",
            (true, false) => "▸ ",
        }
    }

    /// How old a list is and how asking for a newer one goes.
    fn state(&self, asked: &Asked, read: Option<Provenance>, width: usize) -> Vec<Line> {
        let known = match read {
            Some(read) => {
                let how = match read.source {
                    Source::Webhook => "after a webhook",
                    Source::Import => "from an import",
                    Source::Own | Source::Person => "from here",
                    Source::Read => "from Solo",
                };
                match age(read.at, self.model.now).as_str() {
                    "now" => format!("read just now {how}"),
                    age => format!("read {age} ago {how}"),
                }
            }
            None => "never read".into(),
        };
        let (words, token) = match asked {
            Asked::Asking => (format!("{known} · asking Solo …"), Token::Dim),
            Asked::Told => (known, Token::Dim),
            Asked::Failed(reason) => (format!("{known} · could not be read now: {}", why(reason)), Token::Warning),
        };
        text::wrap(&words, width).into_iter().map(|l| (l, token)).collect()
    }
}

/// Whom and what a list is about.
fn head(about: &PatientIdentity, what: &str, width: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = text::wrap(&about.line(), width).into_iter().map(|l| (l, Token::Strong)).collect();
    if !what.is_empty() {
        lines.extend(text::wrap(what, width).into_iter().map(|l| (l, Token::Text)));
    }
    lines
}

/// The first line shown, so that the selected ones are.
fn scroll(selected: &std::ops::Range<usize>, rows: u16) -> usize {
    selected.end.saturating_sub(usize::from(rows)).min(selected.start)
}

/// How far an upload is.
fn bar(progress: Progress, plain: bool) -> String {
    let Progress { done, whole, .. } = progress;
    let share = |of: u64| (done.min(whole) * of).checked_div(whole).unwrap_or(of);
    let full = (share(BAR as u64) as usize).min(BAR);
    let (on, off) = if plain { ("#", ".") } else { ("█", "░") };
    format!("{}{} {} % of {}", on.repeat(full), off.repeat(BAR - full), share(100), size_words(whole))
}

#[cfg(test)]
mod tests;
