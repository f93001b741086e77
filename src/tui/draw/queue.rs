//! The outbox layer: the queue row by row, and one write explained.

use ratatui::buffer::Buffer;

use super::{
    age,
    layers::{Cx, Line, measured},
    put, why,
};
use crate::{
    domain::{
        Entry, EntryState,
        dispute::disputed,
        entry::StepKind,
        view::{OutboxRow, sending},
    },
    tui::{
        layers::{Layer, OutboxLayer},
        layout,
        model::Model,
        text,
        theme::Token,
    },
};

/// Lines of what was sent or came that stand in the explanation of a write.
const LINES_OF_A_BODY: usize = 12;

/// How far the explanation of a write can be scrolled.
pub(in crate::tui) fn explained_end(model: &Model, entry: &Entry) -> usize {
    let inner = layout::inside(layout::outbox(model), model.setting.plain);
    let width = usize::from(inner.width.saturating_sub(2)).max(1);
    measured(model, |cx| cx.entry_lines(entry, width).len()).saturating_sub(usize::from(inner.height))
}

impl Cx<'_> {
    pub(super) fn outbox(&self, layer: &OutboxLayer, buf: &mut Buffer) {
        let area = layout::outbox(self.model);
        if let Some(entry) = &layer.explained {
            let inner = self.open(area, &format!("{} {}", entry.id, entry.intent.word()), buf);
            let width = usize::from(inner.width.saturating_sub(2)).max(1);
            self.lines(inner, layer.scroll, &self.entry_lines(entry, width), buf);
            return;
        }
        let finished = if layer.finished { ", finished ones too" } else { "" };
        let inner = self.open(area, &format!("Queued writes · {}{finished}", layer.list.total()), buf);
        if layer.list.total() == 0 {
            self.lines(inner, 0, &[("Nothing is queued.".into(), Token::Done)], buf);
            return;
        }
        for (place, row) in layer.list.visible() {
            let y = inner.y + (place - layer.list.top()) as u16;
            if y >= inner.bottom() {
                break;
            }
            if layer.list.is_selected(place) {
                let mark = if self.model.setting.plain { ">" } else { "▸" };
                put(buf, inner.x, y, mark, 1, self.look.theme.style(Token::Marker));
            }
            let mut x = inner.x + 1;
            for (words, token) in self.outbox_row(row, usize::from(inner.width)) {
                x += put(buf, x, y, &words, inner.right().saturating_sub(x), self.look.theme.style(token));
            }
        }
    }

    fn outbox_row(&self, row: &OutboxRow, width: usize) -> Vec<Line> {
        let ticks = ["withdrawn", "saved", "saved sent", "saved sent acknowledged", "saved sent acknowledged seen"];
        let token = match (row.attention, row.tick) {
            (true, _) => Token::Alarm,
            (_, 3 | 4) => Token::Done,
            (_, 0) => Token::Off,
            _ => Token::Own,
        };
        let because = match (&row.reason, row.waits_for) {
            (_, Some(other)) => format!("after {other}"),
            (Some(reason), None) => reason.kind.word().to_owned(),
            (None, None) => ticks.get(usize::from(row.tick)).copied().unwrap_or_default().to_owned(),
        };
        // Marker, then all but the name and the reason, which share what is left.
        let left = width.saturating_sub(1 + 6 + 21 + 8 + 18 + 5);
        let name = (left / 2).clamp(10, 40);
        vec![
            (text::fit(&row.id.to_string(), 6), Token::Dim),
            (text::fit(&row.what, 21), Token::Text),
            (text::fit(&row.whom, name), Token::Strong),
            (text::fit(&format!(" {}", row.vendor), 8), Token::Dim),
            (text::fit(&format!(" {}", row.state), 18), token),
            (text::fit(&age(row.saved_at, self.model.now), 5), Token::Dim),
            (text::fit(&because, left.saturating_sub(name)), Token::Dim),
        ]
    }

    fn entry_lines(&self, entry: &Entry, width: usize) -> Vec<Line> {
        let mut lines: Vec<Line> = vec![(
            format!("through {}, saved {} by {}", entry.vendor, self.time(entry.saved_at), text::clean(&entry.by)),
            Token::Dim,
        )];
        let token = if entry.state.needs_person() { Token::Alarm } else { Token::Strong };
        lines.push((format!("state: {}", entry.state.word()), token));
        let rows = self.model.layers.iter().find_map(|l| match l {
            Layer::Outbox(outbox) => outbox.list.visible().find(|(_, row)| row.id == entry.id),
            _ => None,
        });
        let waits_for = rows.and_then(|(_, row)| row.waits_for);
        let vendor = self.model.health.as_ref().and_then(|h| h.vendors.iter().find(|v| v.vendor == entry.vendor));
        let (reason, next) = match &entry.state {
            EntryState::Saved => (None, sending(waits_for, vendor)),
            EntryState::InFlight { .. } => (None, "the vendor's answer is awaited".into()),
            EntryState::Waiting { reason, .. } if waits_for.is_some() => (Some(reason), sending(waits_for, vendor)),
            EntryState::Waiting { until, reason } => (Some(reason), format!("tried again at {}", self.time(*until))),
            EntryState::Unknown { reason, next_probe, .. } => {
                (Some(reason), format!("looked up at the vendor at {}", self.time(*next_probe)))
            }
            EntryState::NeedsDecision { reason, .. } => (Some(reason), "you decide (d)".into()),
            EntryState::Conflict { fields, .. } => {
                (None, format!("you choose mine or theirs (d): {}", fields.join(", ")))
            }
            EntryState::Rejected { reason, .. } => {
                (Some(reason), "nothing, until you retry (r), drop (d) or take it back (x)".into())
            }
            EntryState::Acked { .. } => (None, "it is read back".into()),
            EntryState::Seen { .. } | EntryState::Withdrawn { .. } => (None, "nothing; it is finished".into()),
        };
        if let Some(reason) = reason {
            lines
                .extend(text::wrap(&format!("why:   {}", why(reason)), width).into_iter().map(|l| (l, Token::Warning)));
            for (name, message) in &reason.fields {
                lines.push((format!("       {}: {}", text::clean(name), text::clean(message)), Token::Warning));
            }
        }
        lines.push((format!("next:  {next}"), Token::Text));
        if let EntryState::Conflict { theirs, fields, .. } = &entry.state {
            for field in disputed(&entry.intent, theirs, fields, &self.model.setting.zone) {
                lines.push((String::new(), Token::Text));
                lines.push((field.label(), Token::Strong));
                for (whose, value) in [("it was", &field.base), ("mine", &field.mine), ("theirs", &field.theirs)] {
                    for (i, part) in text::wrap(value, width.saturating_sub(10)).into_iter().enumerate() {
                        lines.push((format!("  {:<8}{part}", if i == 0 { whose } else { "" }), Token::Text));
                    }
                }
            }
        }
        lines.push((String::new(), Token::Text));
        for step in &entry.history {
            let at = self.time(step.at);
            match &step.what {
                StepKind::Saved => lines.push((format!("{at}  saved"), Token::Text)),
                StepKind::Sent => lines.push((format!("{at}  sent"), Token::Text)),
                StepKind::Tried => lines.push((format!("{at}  tried; nothing was sent"), Token::Text)),
                StepKind::Interrupted => {
                    lines.push((
                        format!("{at}  the program stopped while a request may have been under way"),
                        Token::Warning,
                    ));
                }
                StepKind::Seen => lines.push((format!("{at}  seen at the vendor"), Token::Done)),
                StepKind::Probed { finding } => {
                    lines.push((format!("{at}  looked it up: {}", finding.words()), Token::Text));
                }
                StepKind::Person { by, act } => {
                    lines.push((format!("{at}  {} {}", text::clean(by), act.words()), Token::Text));
                }
                StepKind::Exchanged(x) => {
                    let status = x.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
                    let words = format!("{at}  {} {} → {status} in {} ms", x.method, x.path, x.millis);
                    lines.extend(text::wrap(&words, width).into_iter().map(|l| (l, Token::Text)));
                    for (label, body) in [("sent", &x.body), ("got", &x.answer)] {
                        if let Some(body) = body.as_ref().filter(|b| !b.0.is_empty()) {
                            lines.extend(beginning(label, &body.0, width).into_iter().map(|l| (l, Token::Dim)));
                        }
                    }
                    if let Some(correlation) = &x.correlation {
                        lines.push((format!("  correlation id: {}", text::clean(correlation)), Token::Dim));
                    }
                    if let Some(failure) = &x.failure {
                        lines.push((format!("  {}", text::clean(failure)), Token::Warning));
                    }
                }
            }
        }
        lines
    }
}

/// The first lines of a body, and where the rest is.
fn beginning(label: &str, body: &str, width: usize) -> Vec<String> {
    // As much as can stand on these lines; a body of megabytes is not wrapped for them.
    let shown = text::beginning(body, LINES_OF_A_BODY * width * 4);
    let mut lines = text::wrap(&format!("  {label}: {shown}"), width);
    if lines.len() > LINES_OF_A_BODY || shown.len() < body.len() {
        lines.truncate(LINES_OF_A_BODY);
        lines.push("  … what happened to it (t) has all of it".into());
    }
    lines
}
