//! The triage layer: sessions by cause, what is the matter with the selected one, and how far a retry is.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    age,
    layers::{Cx, Line},
    put,
};
use crate::{
    domain::triage::{Cause, TriageLine, TriageRow, TriageView, counts},
    tui::{layers::Layer, layout, model::Model, text, theme::Token, triage::TriageLayer},
};

/// Lines below the list that say what is the matter with the selected session.
const ABOUT: u16 = 5;
/// From so many columns on each row says why.
const WITH_WHY: u16 = 120;

/// How many lines the layer lists.
pub(in crate::tui) fn triage_rows(model: &Model) -> usize {
    if !model.layers.iter().any(|l| matches!(l, Layer::Triage(_))) {
        return 0;
    }
    let inner = layout::inside(layout::body(model), model.setting.plain);
    usize::from(inner.height.saturating_sub(1 + ABOUT)).max(1)
}

impl Cx<'_> {
    pub(super) fn triage(&self, layer: &TriageLayer, buf: &mut Buffer) {
        let area = layout::body(self.model);
        if layer.missed {
            let inner = self.open(area, "Triage · what could not be done", buf);
            let width = usize::from(inner.width.saturating_sub(2)).max(1);
            self.lines(inner, layer.scroll, &missed_lines(layer, width), buf);
            return;
        }
        let inner = self.open(area, "Triage · sessions that somebody should look at", buf);
        if inner.height < 2 {
            return;
        }
        let style = |token| self.look.theme.style(token);
        let (words, token) = head(layer.view.as_deref());
        put(buf, inner.x + 1, inner.y, &words, inner.width.saturating_sub(1), style(token));
        let list = Rect { y: inner.y + 1, height: layer.height().min(usize::from(inner.height - 1)) as u16, ..inner };
        for place in layer.visible() {
            let y = list.y + (place - layer.top()) as u16;
            if y >= list.bottom() {
                break;
            }
            let selected = place == layer.selected() && !layer.missing();
            if selected {
                put(buf, inner.x, y, if self.model.setting.plain { ">" } else { "▸" }, 1, style(Token::Marker));
            }
            let Some(line) = layer.line(place) else { continue };
            let row = Rect { x: inner.x + 1, y, width: inner.width.saturating_sub(1), height: 1 };
            self.triage_line(line, selected, row, buf);
        }
        let below = Rect { y: list.bottom(), height: inner.bottom().saturating_sub(list.bottom()), ..inner };
        self.about(layer, below, buf);
    }

    fn triage_line(&self, line: &TriageLine, selected: bool, area: Rect, buf: &mut Buffer) {
        let style = |token| self.look.theme.style(token);
        let row = match line {
            TriageLine::Group(group) => {
                let reads = group.count.saturating_sub(group.recovers) as usize;
                let words = format!("{} · {}", group.cause.word(), group.count);
                let used = put(buf, area.x, area.y, &words, area.width, style(token(group.cause)));
                let can = format!("   {}", counts(reads, group.recovers as usize));
                put(buf, area.x + used, area.y, &can, area.width.saturating_sub(used), style(Token::Dim));
                return;
            }
            TriageLine::Session(row) => row,
        };
        let status = if row.status.is_empty() { row.stage.word() } else { &row.status };
        let name = if row.patient_name.is_empty() { "–" } else { &row.patient_name };
        let at_least = if row.at_least { if self.model.setting.plain { ">=" } else { "≥" } } else { "" };
        let wide = area.width >= WITH_WHY;
        let mut x = area.x + 2;
        let mut cell = |words: &str, cells: usize, token: Token| {
            let fitted = text::fit(words, cells);
            x += put(buf, x, area.y, &fitted, area.right().saturating_sub(x), style(token)) + 1;
        };
        cell(name, if wide { 30 } else { 24 }, if selected { Token::Strong } else { Token::Text });
        cell(row.vendor.as_str(), 6, Token::Dim);
        cell(status, if wide { 20 } else { 16 }, token(row.cause));
        cell(&self.time(row.since), 15, Token::Dim);
        cell(&format!("{at_least}{}", age(row.since, self.model.now)), 5, Token::Text);
        if wide {
            let left = usize::from(area.width).saturating_sub(2 + 31 + 7 + 21 + 16 + 6);
            cell(&row.why, left, Token::Dim);
        }
    }

    /// What is the matter with the selected session, and how far a retry is.
    fn about(&self, layer: &TriageLayer, area: Rect, buf: &mut Buffer) {
        if area.height == 0 {
            return;
        }
        let rule = if self.model.setting.plain { "-" } else { "─" };
        let job = layer.view.as_ref().and_then(|view| view.job.as_ref());
        let title = job.map_or_else(String::new, |job| format!("{rule}{rule} {} ", job.words()));
        let rest = usize::from(area.width).saturating_sub(text::width(&title));
        put(buf, area.x, area.y, &(title + &rule.repeat(rest)), area.width, self.look.theme.style(Token::LayerBorder));
        let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
        let width = usize::from(area.width.saturating_sub(2)).max(1);
        self.lines(below, 0, &about_lines(layer, width), buf);
    }
}

/// How many of each cause there are, or that nothing is stuck.
fn head(view: Option<&TriageView>) -> (String, Token) {
    let Some(view) = view else { return ("being looked through …".into(), Token::Dim) };
    let past = match view.past {
        0 => String::new(),
        n => format!(" · {n} older"),
    };
    if view.groups.is_empty() {
        return (format!("nothing is stuck{past}"), Token::Done);
    }
    let groups: Vec<String> = view.groups.iter().map(|g| format!("{} {}", g.cause.word(), g.count)).collect();
    (format!("{}{past}", groups.join(" · ")), Token::Dim)
}

fn token(cause: Cause) -> Token {
    match cause {
        Cause::Interrupted | Cause::Failed => Token::Alarm,
        Cause::Disputed | Cause::Late | Cause::Gone => Token::Warning,
        Cause::Expired | Cause::Abandoned => Token::Off,
    }
}

fn about_lines(layer: &TriageLayer, width: usize) -> Vec<Line> {
    let wrapped = |words: &str, token: Token| {
        text::wrap(&text::clean(words), width).into_iter().map(move |line| (line, token)).collect::<Vec<_>>()
    };
    match layer.current() {
        Some(TriageLine::Session(row)) => {
            let mut lines = wrapped(&format!("{} {}", row.id, row.why), Token::Text);
            lines.extend(wrapped(&row.can, Token::Dim));
            lines
        }
        Some(TriageLine::Group(group)) => wrapped(&explained(group.cause), Token::Dim),
        None if layer.missing() => wrapped("The selected session is not listed any more.", Token::Dim),
        None => Vec::new(),
    }
}

fn explained(cause: Cause) -> String {
    match cause {
        Cause::Interrupted => "No sound came any more. The doctor can go on in the recorder.",
        Cause::Failed => "The vendor gave them up.",
        Cause::Disputed => "A webhook told of another state than every later reading shows.",
        Cause::Late => "Longer in their state than their vendor's sessions usually are.",
        Cause::Gone => "The vendor answers 404. What was read of them is kept.",
        Cause::Expired => "Made and never used in time.",
        Cause::Abandoned => "Nothing happened for long: they are read seldom, until an event comes or somebody looks.",
    }
    .into()
}

fn missed_lines(layer: &TriageLayer, width: usize) -> Vec<Line> {
    let Some(job) = layer.view.as_ref().and_then(|view| view.job.as_ref()) else {
        return vec![("Nothing was tried yet.".into(), Token::Dim)];
    };
    let mut lines: Vec<Line> = vec![(job.words(), Token::Strong)];
    for missed in &job.missed {
        let name = if missed.patient_name.is_empty() { "–" } else { &missed.patient_name };
        let words = format!("{} {name} · {}: {}", missed.record, missed.remedy.word(), missed.why);
        lines.extend(text::wrap(&text::clean(&words), width).into_iter().map(|l| (l, Token::Warning)));
    }
    let unnamed = (job.missed_count as usize).saturating_sub(job.missed.len());
    if unnamed > 0 {
        lines.push((format!("and {unnamed} more"), Token::Dim));
    } else if job.missed.is_empty() {
        lines.push(("Everything was done.".into(), Token::Done));
    }
    lines
}

/// How many lines there are of what could not be done.
pub(in crate::tui) fn missed_end(row_width: u16, layer: &TriageLayer) -> usize {
    missed_lines(layer, usize::from(row_width.saturating_sub(4)).max(1)).len().saturating_sub(1)
}

/// What a row is called in a question.
pub(in crate::tui) fn called(row: &TriageRow) -> String {
    let name = if row.patient_name.is_empty() { "somebody not known here" } else { &row.patient_name };
    text::clean(&format!("{name} · {} {}", row.vendor, row.cause.word())).into_owned()
}
