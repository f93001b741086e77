//! The layer of requests for assistance: who waits longest first.

use ratatui::buffer::Buffer;

use super::{
    age,
    layers::{Cx, Line, tall},
};
use crate::{
    domain::assistance::AssistanceRow,
    tui::{desk::AssistanceLayer, layout, text, theme::Token},
};

/// Columns of the layer where there is room.
const WIDE: u16 = 110;

impl Cx<'_> {
    pub(super) fn assistance(&self, layer: &AssistanceLayer, buf: &mut Buffer) {
        let rows = layer.rows.as_deref().unwrap_or_default();
        let width = usize::from(layout::middle(self.model, WIDE, 1).width.saturating_sub(4)).max(1);
        let mut lines: Vec<Line> = Vec::new();
        if rows.is_empty() {
            lines.push(("Nobody is asked for. n asks for somebody at a bed, i looks at one.".into(), Token::Dim));
        }
        let (selected, mut at) = (layer.at(), 0);
        let mark = if self.model.setting.plain { "> " } else { "▸ " };
        for (i, row) in rows.iter().enumerate() {
            let here = i == selected;
            if here {
                at = lines.len();
            }
            let (word, token) = self.standing_of(row);
            let token = if here && token == Token::Text { Token::Strong } else { token };
            let head = format!("{}{} · {word}", if here { mark } else { "  " }, text::clean(&row.place.words()));
            lines.extend(text::wrap(&head, width).into_iter().map(|l| (l, token)));
            let below = self.about_bed(row).into_iter().flat_map(|l| text::wrap(&l, width.saturating_sub(4).max(1)));
            lines.extend(below.map(|l| (format!("    {l}"), Token::Dim)));
        }
        let open = rows.iter().filter(|r| r.open()).count();
        // A request that was refused reached nobody.
        let title = match rows.iter().filter(|r| !r.open() && !r.over()).count() {
            0 => format!("Requests for assistance · {open} open"),
            lost => format!("Requests for assistance · {open} open · {lost} not made"),
        };
        let inner = self.open(layout::middle(self.model, WIDE, tall(lines.len())), &title, buf);
        self.lines(inner, (at + 5).saturating_sub(usize::from(inner.height)), &lines, buf);
    }

    /// Who waits how long, or since when nobody does.
    fn standing_of(&self, row: &AssistanceRow) -> (String, Token) {
        let now = self.model.minute();
        let Some(told) = &row.told else {
            let since = row.saved_at.map_or_else(String::new, |at| format!(", asked {}", ago(&age(at, now))));
            let token = if row.attention { Token::Alarm } else { Token::Own };
            let stands = text::clean(row.pending.as_deref().unwrap_or("not answered yet"));
            return (format!("{stands}{since}"), token);
        };
        if let Some(end) = told.finished_at {
            return (format!("over, {}", ago(&age(end, now))), Token::Off);
        }
        let waits = match told.created_at {
            Some(at) => match age(at, now).as_str() {
                "now" => "waits since just now".to_owned(),
                far => format!("waits {far}"),
            },
            None => "since when is not told".to_owned(),
        };
        let status = text::clean(told.status.as_str()).into_owned();
        let status = if status.is_empty() { String::new() } else { format!(" · {status}") };
        let pending = row.pending.as_ref().map_or_else(String::new, |p| format!(" · {}", text::clean(p)));
        let token = match (row.attention, told.assigned_to.is_some()) {
            (true, _) => Token::Alarm,
            (_, true) => Token::Text,
            _ => Token::Waiting,
        };
        (format!("{waits}{status}{pending}"), token)
    }

    /// What the vendor tells of the bed.
    fn about_bed(&self, row: &AssistanceRow) -> Vec<String> {
        let Some(told) = &row.told else { return Vec::new() };
        let mut lines = Vec::new();
        match known(told.assigned_to.as_ref()) {
            Some(who) => lines.push(format!("taken by {who}")),
            None if row.over() => {}
            None => lines.push("nobody has taken it yet".to_owned()),
        }
        let place = told.care_location.clone().unwrap_or_default();
        let at: Vec<String> = [
            known(place.name.as_ref()).map(|n| format!("care location {n}")),
            known(place.availability.as_ref()).map(|a| format!("device {a}")),
            known(place.status.as_ref()),
            known(told.location.as_ref()).map(|l| format!("at {l}")),
            known(told.room.as_ref()).map(|r| format!("room {r}")),
            known(told.device.as_ref()).map(|d| format!("device number {d}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !at.is_empty() {
            lines.push(at.join(" · "));
        }
        lines.extend(who_lies_there(row));
        if let Some(at) = row.read_at {
            lines.push(format!("read {}", ago(&age(at, self.model.minute()))));
        }
        lines
    }
}

/// Who lies in the bed that a request is about, where the vendor tells.
pub(in crate::tui) fn who_lies_there(row: &AssistanceRow) -> Option<String> {
    let patient = row.told.as_ref()?.patient.as_ref()?;
    let names: Vec<_> =
        [&patient.last, &patient.first, &patient.middle].into_iter().filter_map(|n| known(n.as_ref())).collect();
    let born = known(patient.birth_date.as_ref()).map(|b| format!("born {b}"));
    let mrn = known(patient.mrn.as_ref()).map(|m| format!("MRN {m}"));
    let words: Vec<String> =
        [Some(names.join(" ")), born, mrn].into_iter().flatten().filter(|w| !w.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" · "))
}

/// A value that says something, fit for the screen.
fn known(value: Option<&String>) -> Option<String> {
    value.map(String::as_str).map(str::trim).filter(|t| !t.is_empty()).map(|t| text::strict(t).into_owned())
}

fn ago(age: &str) -> String {
    if age == "now" { "just now".into() } else { format!("{age} ago") }
}
