//! What lies over the panes.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{Look, age, frame, put, quiet, vendor_glyph, why};
pub(super) use crate::tui::lines::Line;
use crate::{
    domain::{
        attachment::size_words,
        command::Level,
        identity::{Ground, Standing},
        view::{Health, VendorState},
    },
    tui::{
        keymap::Keymap,
        layers::{ChoiceLayer, Layer, LinkAs, LinksLayer, PaletteLayer, VisitLinksLayer},
        layout,
        model::Model,
        text,
        theme::{Theme, Token},
        update,
    },
};

/// Draws a layer; returns where the cursor belongs.
pub fn layer(model: &Model, look: &Look<'_>, layer: &Layer, buf: &mut Buffer) -> Option<Position> {
    let cx = Cx { model, look };
    match layer {
        Layer::Detail(layer) => cx.detail(layer, buf),
        Layer::Outbox(layer) => cx.outbox(layer, buf),
        Layer::Help { scroll } => cx.help(*scroll, buf),
        Layer::Palette(layer) => return cx.palette(layer, buf),
        Layer::Form(form) => {
            let rooms = update::rooms_at_hand(model);
            let form_cx = update::context(&model.setting, model.now, &rooms);
            let area = layout::form(model, form, &form_cx);
            frame::clear(buf, area);
            return form.draw(area, buf, look.theme, &form_cx);
        }
        Layer::Editor(editor) => {
            let area = layout::body(model);
            frame::clear(buf, area);
            return editor.draw(area, buf, look.theme);
        }
        Layer::VisitLinks(layer) => cx.visit_links(layer, buf),
        Layer::Links(layer) => cx.links(layer, buf),
        Layer::Choice(layer) => cx.choice(layer, buf),
        Layer::Hooks(layer) => cx.hooks(layer, buf),
        Layer::Assistance(layer) => cx.assistance(layer, buf),
        Layer::Report(layer) => return cx.report(layer, buf),
        Layer::Files(layer) => cx.files(layer, buf),
        Layer::Episodes(layer) => cx.episodes(layer, buf),
        Layer::Timeline(layer) => return cx.timeline(layer, buf),
        Layer::Triage(layer) => cx.triage(layer, buf),
        Layer::Reader(layer) => return cx.reader(layer, buf),
        Layer::Health => cx.health(buf),
        Layer::Log { back } => cx.log(*back, buf),
        Layer::Worklist(layer) => cx.worklist(layer, buf),
        Layer::Compare(layer) => cx.compare(layer, buf),
    }
    None
}

pub(super) struct Cx<'a> {
    pub(super) model: &'a Model,
    pub(super) look: &'a Look<'a>,
}

/// Measures what would be drawn, for which neither colours nor keys matter.
pub(super) fn measured<T>(model: &Model, measure: impl FnOnce(&Cx<'_>) -> T) -> T {
    let (theme, keymap) = (Theme::default(), Keymap::default());
    measure(&Cx { model, look: &Look { theme: &theme, keymap: &keymap } })
}

impl Cx<'_> {
    pub(super) fn open(&self, area: Rect, title: &str, buf: &mut Buffer) -> Rect {
        let border = self.look.theme.style(Token::LayerBorder);
        let name = self.look.theme.style(Token::Title);
        let title = format!(" {} ", text::clean(title));
        frame::layer(buf, area, &title, border, name, self.model.setting.plain)
    }

    pub(super) fn lines(&self, area: Rect, scroll: usize, lines: &[Line], buf: &mut Buffer) {
        let height = usize::from(area.height);
        // Scrolling past the end shows the last screenful.
        let from = scroll.min(lines.len().saturating_sub(height));
        for (i, (words, token)) in lines.iter().skip(from).take(height).enumerate() {
            let width = area.width.saturating_sub(1);
            put(buf, area.x + 1, area.y + i as u16, words, width, self.look.theme.style(*token));
        }
    }

    pub(super) fn time(&self, at: jiff::Timestamp) -> String {
        at.to_zoned(self.model.setting.zone.clone()).strftime("%d %b %H:%M:%S").to_string()
    }

    fn palette(&self, layer: &PaletteLayer, buf: &mut Buffer) -> Option<Position> {
        // As tall as for everything, so that it does not jump while one types.
        let all = update::palette_lines(self.model, "").len();
        let inner = self.open(layout::palette(self.model, all), "What do you want to do?", buf);
        if inner.is_empty() {
            return None;
        }
        let typed = format!("> {}", text::clean(&layer.text));
        let used = put(buf, inner.x, inner.y, &typed, inner.width, self.look.theme.style(Token::Strong));
        let lines = update::palette_lines(self.model, &layer.text);
        let height = usize::from(inner.height.saturating_sub(1)).max(1);
        if lines.is_empty() {
            let words = "nothing is called that; ctrl-u clears, esc closes";
            put(buf, inner.x + 2, inner.y + 1, words, inner.width.saturating_sub(2), self.look.theme.style(Token::Dim));
        }
        let from = layout::palette_top(layer.selected, inner.height);
        for (i, line) in lines.iter().enumerate().skip(from).take(height) {
            let y = inner.y + 1 + (i - from) as u16;
            if y >= inner.bottom() {
                break;
            }
            let selected = i == layer.selected;
            let mark = if self.model.setting.plain { ">" } else { "▸" };
            let style = self.look.theme.style(if selected { Token::Marker } else { Token::Text });
            put(buf, inner.x, y, if selected { mark } else { " " }, 1, style);
            let keys = match line.does {
                update::PaletteAct::Action(action) => {
                    self.look.keymap.chords(action).first().cloned().unwrap_or_default()
                }
                update::PaletteAct::Demo(_) => String::new(),
            };
            let words = format!("{} {}", text::fit(&keys, 9), line.doc);
            let why = line.why_not.as_ref().map_or_else(String::new, |why| format!("  not now: {why}"));
            let room = inner.width.saturating_sub(2);
            let aside = (text::width(&why) as u16).min(room * 2 / 3);
            let token = match (&line.why_not, selected) {
                (Some(_), false) => Token::Off,
                (_, true) => Token::Strong,
                (None, false) => Token::Text,
            };
            put(buf, inner.x + 2, y, &words, room - aside, self.look.theme.style(token));
            put(buf, inner.right() - aside, y, &why, aside, self.look.theme.style(Token::Dim));
        }
        Some(Position::new((inner.x + used).min(inner.right().saturating_sub(1)), inner.y))
    }

    fn visit_links(&self, layer: &VisitLinksLayer, buf: &mut Buffer) {
        let title = format!("Links into the visit · {}", layer.about);
        let whole = layout::middle(self.model, 100, u16::MAX);
        let width = usize::from(whole.width.saturating_sub(5)).max(1);
        let mut lines: Vec<Line> = Vec::new();
        let all = layer.all();
        if let Some((label, url)) = all.get(layer.selected.min(all.len().saturating_sub(1))) {
            match layer.shown {
                LinkAs::Text => {}
                LinkAs::Code => return self.code(&title, label, url, buf),
                LinkAs::Alone => return self.alone(url, buf),
            }
        }
        let mut at = 0;
        for (i, (label, url)) in all.iter().enumerate() {
            let mark = if i == layer.selected { "▸ " } else { "  " };
            let token = if i == layer.selected { Token::Strong } else { Token::Text };
            if i == layer.selected {
                at = lines.len();
            }
            lines.push((format!("{mark}{}", text::clean(label)), token));
            lines.extend(text::wrap_link(url, width).into_iter().map(|l| (l, Token::Dim)));
            lines.push((String::new(), Token::Text));
        }
        match &layer.links {
            None => lines.push(("asking the vendor …".into(), Token::Dim)),
            Some(Err(reason)) => {
                let words = format!("could not be asked: {}", why(reason));
                lines.extend(text::wrap(&words, width).into_iter().map(|l| (l, Token::Alarm)));
            }
            Some(Ok(links)) if links.is_empty() => lines.push(("the vendor told no link".into(), Token::Dim)),
            Some(Ok(_)) => {}
        }
        if let Some(Err(reason)) = &layer.teams {
            let words = format!("Teams: {}", why(reason));
            lines.extend(text::wrap(&words, width).into_iter().map(|l| (l, Token::Dim)));
        }
        if lines.last().is_some_and(|(words, _)| words.is_empty()) {
            lines.pop();
        }
        let rows = usize::from(whole.height.saturating_sub(2));
        let scroll = if lines.len() > rows { at } else { 0 };
        let inner = self.open(layout::middle(self.model, 100, tall(lines.len())), &title, buf);
        self.lines(inner, scroll, &lines, buf);
    }

    /// A link as a code for phones: in the layer where it fits there, else on the whole screen, because a part of a code is
    /// none; where that is too small as well, how large it would have to be.
    fn code(&self, title: &str, label: &str, url: &str, buf: &mut Buffer) {
        let label = text::clean(label);
        let strong = self.look.theme.style(Token::Strong);
        let Some(lines) = super::super::code::lines(url) else {
            self.no_code(title, &label, "this link is too long for a code; it is:", url, buf);
            return;
        };
        let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let columns = lines.first().map_or(0, |row| text::width(row) as u16);
        let layer = layout::middle(self.model, 100, tall(lines.len() + 1));
        let inside = layout::inside(layer, self.model.setting.plain);
        if rows < inside.height && columns < inside.width {
            let inner = self.open(layer, title, buf);
            put(buf, inner.x + 1, inner.y, &label, inner.width.saturating_sub(1), strong);
            modules(&lines, inner.x + 1, inner.y + 1, buf);
            return;
        }
        let screen = layout::above_footer(self.model);
        if rows <= screen.height && columns <= screen.width {
            frame::clear(buf, screen);
            modules(&lines, screen.x, screen.y, buf);
            // The words stand beside it: a row above would push the last of the code off the screen.
            let beside = screen.width.saturating_sub(columns + 2);
            let words = [&label, "", "esc or enter goes back"];
            let wrapped = words.iter().flat_map(|words| text::wrap(words, usize::from(beside.max(1))));
            for (y, line) in (screen.y..screen.bottom()).zip(wrapped) {
                put(buf, screen.x + columns + 2, y, &line, beside, strong);
            }
            return;
        }
        let footer = self.model.size.1.saturating_sub(screen.height);
        let words = format!("the code needs a window of {columns}×{} at least; the link is:", rows + footer);
        self.no_code(title, &label, &words, url, buf);
    }

    /// A link and nothing else on the screen, from its left edge to its right: what a mouse selects there is the link.
    fn alone(&self, url: &str, buf: &mut Buffer) {
        let screen = layout::above_footer(self.model);
        frame::clear(buf, screen);
        for (y, line) in (screen.y..screen.bottom()).zip(text::wrap_link(url, usize::from(screen.width))) {
            put(buf, screen.x, y, &line, screen.width, self.look.theme.style(Token::Text));
        }
    }

    fn no_code(&self, title: &str, label: &str, why: &str, url: &str, buf: &mut Buffer) {
        let width = usize::from(layout::middle(self.model, 100, 1).width.saturating_sub(4)).max(1);
        let part = |words: &str, token| text::wrap(words, width).into_iter().map(move |l| (l, token));
        let mut lines: Vec<Line> = vec![(label.to_owned(), Token::Strong)];
        lines.extend(part(why, Token::Warning));
        lines.extend(text::wrap_link(url, width).into_iter().map(|l| (l, Token::Text)));
        let inner = self.open(layout::middle(self.model, 100, tall(lines.len())), title, buf);
        self.lines(inner, 0, &lines, buf);
    }

    fn links(&self, layer: &LinksLayer, buf: &mut Buffer) {
        let mut lines: Vec<Line> = Vec::new();
        if layer.then_file.is_some() {
            lines.push(("The note is filed once you confirm under which EMR appointment.".into(), Token::Warning));
            lines.push((String::new(), Token::Text));
        }
        if layer.rows.is_empty() {
            lines.push(("No other vendor's record fits this one.".into(), Token::Dim));
        }
        for (i, row) in layer.rows.iter().enumerate() {
            let selected = i == layer.selected;
            let (standing, token) = match &row.link.standing {
                Standing::Made => ("linked by our own write", Token::Done),
                Standing::Confirmed { .. } => ("confirmed", Token::Done),
                Standing::Proposed => ("proposed: enter confirms", Token::Warning),
                Standing::Refused { .. } => ("refused: enter confirms after all", Token::Off),
            };
            let vendor = row.other_vendor.map_or_else(String::new, |v| v.to_string());
            let grounds: Vec<_> = row
                .link
                .grounds
                .iter()
                .map(|g| match g {
                    Ground::Mrn => "same MRN",
                    Ground::BirthDate => "same birth date",
                    Ground::Start => "same time",
                    Ground::NamedId => "names the other's id",
                })
                .collect();
            let mark = if selected { "▸ " } else { "  " };
            lines.push((
                format!("{mark}{vendor} {} · {standing} · {}", row.other_kind.word(), grounds.join(", ")),
                if selected { Token::Strong } else { token },
            ));
            lines.push((format!("    here:  {}", text::clean(&row.here.join(" · "))), Token::Text));
            lines.push((format!("    there: {}", text::clean(&row.there.join(" · "))), Token::Text));
        }
        let inner = self.open(layout::middle(self.model, 100, tall(lines.len())), "Is it the same?", buf);
        self.lines(inner, (layer.selected * 3).saturating_sub(6), &lines, buf);
    }

    fn choice(&self, layer: &ChoiceLayer, buf: &mut Buffer) {
        let inner = self.open(layout::choice(self.model, layer), &layer.title, buf);
        let mut lines: Vec<Line> =
            layout::choice_head(self.model, layer).into_iter().map(|l| (l, Token::Text)).collect();
        let head = lines.len();
        for (i, (words, _)) in layer.items.iter().enumerate() {
            let selected = i == layer.selected;
            let mark = if selected { "▸" } else { " " };
            let token = if selected { Token::Strong } else { Token::Text };
            lines.push((format!("{mark} {} {}", i + 1, text::clean(words)), token));
        }
        self.lines(inner, layout::choice_top(layer, head, inner.height), &lines, buf);
    }

    fn health(&self, buf: &mut Buffer) {
        let Some(health) = &self.model.health else {
            self.open(layout::middle(self.model, 110, 3), "Vendors, receiver, stores", buf);
            return;
        };
        let width = usize::from(layout::middle(self.model, 110, 1).width.saturating_sub(4)).max(1);
        let mut lines: Vec<Line> = Vec::new();
        for vendor in &health.vendors {
            let (glyph, token) = vendor_glyph(vendor, self.model.now, self.model.setting.plain);
            let state = match vendor.state {
                VendorState::Untried => "not asked yet",
                VendorState::Up if quiet(vendor, self.model.now) => "not asked lately",
                VendorState::Up => "answers",
                VendorState::Troubled => "in trouble",
                VendorState::Down => "does not answer",
                VendorState::Refuses => "refuses our credentials",
            };
            let speed =
                vendor.millis.map_or_else(String::new, |(p50, p95)| format!(" · {p50} ms, 95 % within {p95} ms"));
            let seen = vendor.last_ok.map_or_else(|| "never".into(), |at| age(at, self.model.now));
            let words =
                format!("{glyph} {} {} last good answer {seen}", text::fit(&vendor.label, 22), text::fit(state, 24));
            if text::width(&words) + text::width(&speed) <= width {
                lines.push((words + &speed, token));
            } else {
                lines.push((words, token));
                if !speed.is_empty() {
                    lines.push((format!("    answers in{}", speed.trim_start_matches(" ·")), Token::Dim));
                }
            }
            if let Some((word, since)) = vendor.account {
                let key = self.look.keymap.chords(crate::tui::action::Action::AccountDone).first();
                let over = key.map_or_else(String::new, |key| format!("; {key}: it is done"));
                let words = format!("    {} (since {}){over}", word.words(&vendor.label), self.time(since));
                lines.push((words, if vendor.signed_out() { Token::Alarm } else { Token::Warning }));
            }
            if let Some((at, reason)) = &vendor.last_failure {
                lines.push((format!("    last failure {}: {}", self.time(*at), why(reason)), Token::Dim));
            }
            if let Some((at, event)) = &vendor.last_webhook {
                lines.push((format!("    last webhook {}: {}", self.time(*at), text::clean(event)), Token::Dim));
            }
        }
        lines.push((String::new(), Token::Text));
        lines.push((
            format!(
                "{} known · {} queued · {} {} you · {} unsigned",
                count(health.patients, "patient"),
                count(health.queued, "write"),
                health.attention,
                if health.attention == 1 { "needs" } else { "need" },
                count(health.unsigned, "note"),
            ),
            Token::Text,
        ));
        lines.extend(self.receiver(health, width));
        if health.undecodable > 0 {
            lines.push((
                format!("{} could not be opened since the start", count(health.undecodable, "webhook")),
                Token::Warning,
            ));
        }
        match &health.cache {
            Some(trouble) => {
                lines.push((format!("the cache does not serve: {}", text::clean(trouble)), Token::Alarm));
            }
            None => lines.push((
                format!("cache: {} records, {} on disk", health.cache_records, size_words(health.cache_bytes)),
                Token::Text,
            )),
        }
        lines.push((format!("ledger: {} on disk", size_words(health.ledger_bytes)), Token::Text));
        if let Some((done, expected)) = health.filling {
            let of = expected.map_or_else(String::new, |e| format!(" of {e}"));
            lines.push((format!("filling the cache: {done}{of} rows"), Token::Active));
        }
        for notice in &health.notices {
            lines.push((text::clean(notice).into_owned(), Token::Warning));
        }
        let area = layout::middle(self.model, 110, tall(lines.len()));
        let inner = self.open(area, "Vendors, receiver, stores", buf);
        self.lines(inner, 0, &lines, buf);
    }

    fn receiver(&self, health: &Health, width: usize) -> Vec<Line> {
        let Some(receiver) = &health.receiver else {
            let words = "receiver: none is configured; what happens at the vendors is seen when it is read in turn";
            return text::wrap(words, width).into_iter().map(|l| (l, Token::Dim)).collect();
        };
        let mut words = format!("receiver: listens on {}", text::clean(&receiver.listens_on));
        if !receiver.public_url.ends_with(&receiver.listens_on) {
            words.extend([", reached as ", &text::clean(&receiver.public_url)]);
        }
        let last = match &health.last_webhook {
            Some((at, vendor, event)) => {
                format!("    last webhook {}: {vendor} {}", self.time(*at), text::clean(event))
            }
            None => "    no webhook came in since the start".to_owned(),
        };
        let wrapped = text::wrap(&words, width).into_iter().map(|l| (l, Token::Text));
        wrapped.chain([(last, Token::Dim)]).collect()
    }

    fn log(&self, back: usize, buf: &mut Buffer) {
        let width = usize::from(layout::middle(self.model, 120, 1).width.saturating_sub(20)).max(1);
        let mut lines: Vec<Line> = Vec::new();
        for shown in &self.model.log {
            let token = match shown.toast.level {
                Level::Info => Token::Text,
                Level::Warning => Token::Warning,
                Level::Error => Token::Alarm,
            };
            for (i, part) in text::wrap(&shown.toast.text, width).into_iter().enumerate() {
                let at = if i == 0 { self.time(shown.at) } else { String::new() };
                lines.push((format!("{} {part}", text::fit(&at, 16)), token));
            }
        }
        if lines.is_empty() {
            lines.push(("Nothing has happened yet.".into(), Token::Dim));
        }
        let inner = self.open(layout::middle(self.model, 120, tall(lines.len())), "Messages", buf);
        let end = lines.len().saturating_sub(usize::from(inner.height));
        self.lines(inner, end.saturating_sub(back), &lines, buf);
    }
}

/// Draws a code's rows, dark on light whatever the theme is: that is what phones read.
fn modules(lines: &[String], x: u16, y: u16, buf: &mut Buffer) {
    let style = ratatui::style::Style::new().fg(ratatui::style::Color::Black).bg(ratatui::style::Color::White);
    for (y, line) in (y..).zip(lines) {
        put(buf, x, y, line, text::width(line) as u16, style);
    }
}

/// Rows of a layer with so many lines.
pub(super) fn tall(lines: usize) -> u16 {
    u16::try_from(lines + 2).unwrap_or(u16::MAX)
}

/// A number with its noun.
fn count(number: u32, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
