//! What lies over the panes.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{Look, age, frame, put, quiet, vendor_glyph, why};
use crate::{
    domain::{
        Record,
        command::Level,
        identity::{Ground, Standing},
        note::NoteBody,
        view::{Detail, VendorState},
    },
    tui::{
        layers::{ChoiceLayer, DetailLayer, Layer, LinksLayer, PaletteLayer, VisitLinksLayer},
        layout,
        model::Model,
        text,
        theme::Token,
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
            let width = layout::FORM.min(layout::body(model).width);
            let area = layout::middle(model, width, form.height(width, &form_cx));
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
        Layer::Health => cx.health(buf),
        Layer::Log { back } => cx.log(*back, buf),
    }
    None
}

/// A line with what it means.
pub(super) type Line = (String, Token);

pub(super) struct Cx<'a> {
    pub(super) model: &'a Model,
    pub(super) look: &'a Look<'a>,
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

    /// A moment to come or past by the clinic's clock, and how far that is from now.
    fn moment(&self, at: jiff::Timestamp) -> String {
        let words = at.to_zoned(self.model.setting.zone.clone()).strftime("%a %-d %b %Y %H:%M").to_string();
        let now = self.model.now;
        match if at > now { age(now, at) } else { age(at, now) }.as_str() {
            "now" => format!("{words}, now"),
            far if at > now => format!("{words}, in {far}"),
            far => format!("{words}, {far} ago"),
        }
    }

    fn detail(&self, layer: &DetailLayer, buf: &mut Buffer) {
        let area = layout::side(self.model);
        let width = usize::from(area.width.saturating_sub(4)).max(1);
        let Some(detail) = &layer.detail else {
            let inner = self.open(area, "Details", buf);
            self.lines(inner, 0, &[("Nothing is known of this yet.".into(), Token::Dim)], buf);
            return;
        };
        if let Some(raw) = &layer.raw {
            let inner = self.open(area, &format!("{} {} · the vendor's own words", detail.kind.word(), detail.id), buf);
            let lines: Vec<Line> = match raw {
                Some(raw) => {
                    let wrapped = pretty(&raw.0);
                    wrapped.iter().flat_map(|l| text::wrap(&text::strict(l), width)).map(|l| (l, Token::Text)).collect()
                }
                None => vec![("It was not read from the vendor yet; U reads it.".into(), Token::Dim)],
            };
            self.lines(inner, layer.scroll, &lines, buf);
            return;
        }
        let inner = self.open(area, &format!("{} {}", capital(detail.kind.word()), detail.id), buf);
        self.lines(inner, layer.scroll, &self.detail_lines(detail, width), buf);
    }

    fn detail_lines(&self, detail: &Detail, width: usize) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        if let Some(patient) = &detail.patient {
            let words = format!("{}  born {}  MRN {}", patient.name, patient.birth_date, patient.mrn);
            lines.extend(text::wrap(&words, width).into_iter().map(|l| (l, Token::Strong)));
        }
        match &detail.shown {
            Some(record) => self.record_lines(record, width, &mut lines),
            None => lines.push(("Known by name only; it is being read.".into(), Token::Dim)),
        }
        lines.push((String::new(), Token::Text));
        let known = match &detail.provenance {
            Some(p) => {
                let part = if detail.complete { "" } else { ", in part" };
                format!("read {} ({}{part})", self.time(p.at), source_word(p.source))
            }
            None => "never read".into(),
        };
        lines.push((known, Token::Dim));
        for entry in &detail.pending {
            lines.push((format!("⇅ {} {}: {}", entry.id, entry.intent.word(), entry.state.word()), Token::Own));
        }
        for row in &detail.links {
            let standing = match row.link.standing {
                Standing::Made => "linked by our own write",
                Standing::Confirmed { .. } => "linked, confirmed",
                Standing::Proposed => "perhaps the same (= to look)",
                Standing::Refused { .. } => continue,
            };
            let vendor = row.other_vendor.map_or_else(String::new, |v| v.to_string());
            lines.push((format!("= {vendor} {}: {standing}", row.other_kind.word()), Token::Dim));
        }
        for (fact, sourced) in detail.facts.values.iter().filter(|(f, _)| update::plain_fact(**f)) {
            let value = match sourced.value.parse() {
                Ok(at) => self.moment(at),
                Err(_) => text::clean(&sourced.value).into_owned(),
            };
            lines.push((format!("{}: {value} ({})", fact_word(*fact), source_word(sourced.source)), Token::Dim));
        }
        for name in &detail.refs {
            lines.push((format!("{} {}: {}", name.vendor, name.scheme, text::strict(&name.value)), Token::Dim));
        }
        lines
    }

    fn record_lines(&self, record: &Record, width: usize, lines: &mut Vec<Line>) {
        let mut field = |name: &str, value: &str| {
            if value.trim().is_empty() {
                return;
            }
            for (i, part) in text::wrap(value, width.saturating_sub(16).max(8)).into_iter().enumerate() {
                let name = if i == 0 { name } else { "" };
                lines.push((format!("{}{part}", text::fit(name, 16)), Token::Text));
            }
        };
        match record {
            Record::Patient(p) => {
                field("name", &p.display_name());
                field("born", p.birth_date.as_deref().unwrap_or_default());
                field("gender", p.gender.as_ref().map_or("", |g| g.as_str()));
                field("MRN", p.mrn.as_deref().unwrap_or_default());
                for t in &p.telecom {
                    let label = format!("{} {}", t.usage.as_deref().unwrap_or(""), t.system.as_deref().unwrap_or(""));
                    field(label.trim(), t.value.as_deref().unwrap_or_default());
                }
                for a in &p.addresses {
                    let parts = [
                        Some(a.line.join(" ")),
                        a.apartment.clone(),
                        a.postal_code.clone(),
                        a.city.clone(),
                        a.state.clone(),
                        a.country.clone(),
                    ];
                    let parts: Vec<_> = parts.into_iter().flatten().filter(|p| !p.trim().is_empty()).collect();
                    field("address", &parts.join(", "));
                }
                field("language", p.preferred_language.as_deref().unwrap_or_default());
                field("marital status", p.marital_status.as_deref().unwrap_or_default());
                field("race", p.race.as_deref().unwrap_or_default());
                field("ethnicity", p.ethnicity.as_deref().unwrap_or_default());
                if p.active == Some(false) {
                    field("active", "no");
                }
                if p.deceased == Some(true) {
                    field("deceased", p.deceased_at.as_deref().unwrap_or("yes"));
                }
                for contact in &p.contacts {
                    let names: Vec<_> = contact.names.iter().map(crate::domain::patient::HumanName::display).collect();
                    let reach: Vec<_> = contact.telecom.iter().filter_map(|t| t.value.clone()).collect();
                    field("contact", &[names, reach].concat().join(" "));
                }
            }
            Record::Appointment(a) => {
                let start = a.start.map_or_else(String::new, |s| {
                    s.to_zoned(self.model.setting.zone.clone()).strftime("%a %d %b %Y %H:%M").to_string()
                });
                field("starts", &start);
                field("lasts", &a.duration.map_or_else(String::new, |d| format!("{} min", d / 60)));
                field("status", a.status.as_str());
                field("video call", a.video.as_ref().map_or("", |v| v.status.as_str()));
                match &a.room {
                    Some(room) => field("room", &format!("{} (from {})", room.value, source_word(room.source))),
                    None => field("room", "no room known"),
                }
                field("reasons", &a.reasons.join(", "));
                for p in &a.providers {
                    field("provider", &p.display_name());
                }
                field("external id", a.external_id.as_deref().unwrap_or_default());
            }
            Record::Session(s) => {
                field("vendor", s.vendor.as_str());
                field("stage", s.stage.word());
                field("vendor's word", &s.status);
                field("doctor", s.doctor.as_deref().unwrap_or_default());
                field("title", s.title.as_deref().unwrap_or_default());
                field("language", s.language.as_deref().unwrap_or_default());
                if let Some(summary) = &s.summary {
                    field("approved", summary.approved.map_or("not told", |a| if a { "yes" } else { "not yet" }));
                    for (title, body) in &summary.sections {
                        lines.push((String::new(), Token::Text));
                        if !title.is_empty() {
                            lines.push((text::clean(title).into_owned(), Token::Title));
                        }
                        lines.extend(text::wrap(body, width).into_iter().map(|l| (l, Token::Text)));
                    }
                }
            }
            Record::Note(n) => {
                if let crate::domain::note::FilingState::Failed { reasons } = &n.state {
                    field("failed", &reasons.join("; "));
                    field("what now", "o lists the queued writes: r there files it again, x takes it back");
                }
                body_lines(&n.body, width, lines);
            }
            Record::SessionNote(n) => {
                field("status", n.status.as_deref().unwrap_or_default());
                field("note", n.summary.as_deref().unwrap_or_default());
            }
            Record::Addendum(a) => {
                field("session note", &a.session_note);
                field("asked for", &a.instructions);
                field("answered", a.response.as_deref().unwrap_or_default());
            }
            Record::SignOff(s) => {
                field("session note", &s.session_note);
                field("says", s.instructions.as_deref().unwrap_or_default());
            }
            Record::EmrAppointment(e) => {
                field("patient", e.patient_name.as_deref().unwrap_or_default());
                field("MRN", e.patient_mrn.as_deref().unwrap_or_default());
                field("status", e.status.as_deref().unwrap_or_default());
            }
            Record::Room(r) => field("room", &r.name),
            Record::Episode(e) => {
                field("episode", &e.terms.name);
                field("type", &e.terms.kind);
                field("from", &e.terms.from);
                field("to", e.terms.to.as_deref().unwrap_or_default());
                field("status", e.terms.status.as_str());
                field("objective", e.terms.objective.as_deref().unwrap_or_default());
                field("not finished", e.terms.reason_incomplete.as_deref().unwrap_or_default());
                for visit in &e.appointments {
                    let when = super::visit_words(visit.start, &self.model.setting.zone);
                    let notes = if visit.has_notes == Some(true) { " · has notes" } else { "" };
                    field("appointment", &format!("{when} · {}{notes}", visit.reasons.join(", ")));
                }
            }
            Record::Episodes(e) => {
                for (_, terms) in &e.episodes {
                    field(terms.status.as_str(), &format!("{} ({} {})", terms.name, terms.kind, terms.from));
                }
            }
            Record::Attachment(a) => {
                field(if a.deleted { "deleted" } else { "file" }, &a.title);
                field("type", a.mime.as_ref().map_or("", |m| m.as_str()));
                field("bytes", &a.size.map_or_else(String::new, |n| n.to_string()));
                field("uploaded", &a.uploaded_at.map_or_else(String::new, |at| self.moment(at)));
            }
            Record::Attachments(a) => {
                for (_, file) in a.files.iter().filter(|(_, file)| !file.deleted) {
                    field(file.mime.as_ref().map_or("file", |m| m.as_str()), &file.title);
                }
            }
            Record::Document(d) => {
                field("document", &d.body.name);
                field("of", &self.moment(d.body.at));
                for (question, response) in &d.body.responses {
                    field(question, response);
                }
            }
            Record::Assistance(a) => {
                field("asked for at", &a.place.words());
                field("status", a.status.as_str());
                field("room", a.room.as_deref().unwrap_or_default());
                field("location", a.location.as_deref().unwrap_or_default());
                if let Some(place) = &a.care_location {
                    field("care location", place.name.as_deref().unwrap_or_default());
                    field("availability", place.availability.as_deref().unwrap_or_default());
                }
                field("taken by", a.assigned_to.as_deref().unwrap_or_default());
            }
            Record::Consult(c) => {
                field("patient", &format!("{}, {}", c.last, c.first));
                field("born", &c.birth_date);
                field("MRN", &c.mrn);
                field("location id", &c.location);
                field("patient is at", c.patient_location.as_deref().unwrap_or_default());
                field("call back", c.callback.as_deref().unwrap_or_default());
                field("caller", c.caller.as_deref().unwrap_or_default());
                field("centre told", &c.call_center_notified.map_or_else(String::new, |at| self.moment(at)));
                field("physician told", &c.physician_notified.map_or_else(String::new, |at| self.moment(at)));
                field("consult", &format!("{} ({})", c.reason, c.kind));
                field("asked by", &c.provider);
            }
            Record::VisitNote(v) => {
                for part in &v.parts {
                    field("template", &part.template);
                    for r in &part.responses {
                        field(r.question.last().map_or("", String::as_str), &r.response.join(", "));
                    }
                    for c in &part.comments {
                        field("comment", &c.message);
                    }
                }
            }
        }
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
        if let Some((label, url)) = all.get(layer.selected.min(all.len().saturating_sub(1))).filter(|_| layer.code) {
            let rows = super::super::code::lines(url).map_or(0, |code| code.len() + 1);
            let rows = if rows == 0 { whole.height } else { tall(rows) };
            let inner = self.open(layout::middle(self.model, 100, rows), &title, buf);
            self.code(inner, label, url, buf);
            return;
        }
        let mut at = 0;
        for (i, (label, url)) in all.iter().enumerate() {
            let mark = if i == layer.selected { "▸ " } else { "  " };
            let token = if i == layer.selected { Token::Strong } else { Token::Text };
            if i == layer.selected {
                at = lines.len();
            }
            lines.push((format!("{mark}{}", text::clean(label)), token));
            let url = text::wrap(&text::strict(url), width);
            lines.extend(url.into_iter().map(|l| (format!("  {l}"), Token::Dim)));
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

    fn code(&self, area: Rect, label: &str, url: &str, buf: &mut Buffer) {
        let lines = super::super::code::lines(url);
        let fits = |l: &Vec<String>| {
            l.len() < usize::from(area.height) && l.first().is_some_and(|r| text::width(r) <= usize::from(area.width))
        };
        put(
            buf,
            area.x + 1,
            area.y,
            &text::clean(label),
            area.width.saturating_sub(1),
            self.look.theme.style(Token::Strong),
        );
        match lines.filter(fits) {
            Some(lines) => {
                for (i, line) in lines.iter().enumerate() {
                    // Dark on light whatever the theme is: that is what phones read.
                    let style =
                        ratatui::style::Style::new().fg(ratatui::style::Color::Black).bg(ratatui::style::Color::White);
                    put(buf, area.x + 1, area.y + 1 + i as u16, line, area.width.saturating_sub(1), style);
                }
            }
            None => {
                let width = usize::from(area.width.saturating_sub(2)).max(1);
                let part = |words: &str, token| text::wrap(words, width).into_iter().map(move |l| (l, token));
                let mut lines: Vec<Line> = part("too small for the code; the link is:", Token::Warning).collect();
                lines.extend(part(&text::strict(url), Token::Text));
                let below = Rect::new(area.x, area.y + 1.min(area.height), area.width, area.height.saturating_sub(1));
                self.lines(below, 0, &lines, buf);
            }
        }
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
            lines.push((
                format!(
                    "{glyph} {} {} last good answer {seen}{speed}",
                    text::fit(&vendor.label, 22),
                    text::fit(state, 24)
                ),
                token,
            ));
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
        if health.undecodable > 0 {
            lines.push((
                format!("{} could not be opened since the start", count(health.undecodable, "webhook")),
                Token::Warning,
            ));
        }
        if let Some(trouble) = &health.cache {
            lines.push((format!("the cache does not serve: {}", text::clean(trouble)), Token::Alarm));
        }
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

/// Rows of a layer with so many lines.
pub(super) fn tall(lines: usize) -> u16 {
    u16::try_from(lines + 2).unwrap_or(u16::MAX)
}

/// A number with its noun.
fn count(number: u32, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn body_lines(body: &NoteBody, width: usize, lines: &mut Vec<Line>) {
    let parts: Vec<(&str, &str)> = match body {
        NoteBody::Text(text) => vec![("", text)],
        NoteBody::Soap(s) => vec![
            ("Subjective", &s.subjective),
            ("Objective", &s.objective),
            ("Assessment", &s.assessment),
            ("Plan", &s.plan),
        ],
    };
    for (title, part) in parts {
        if !title.is_empty() {
            lines.push((title.to_owned(), Token::Title));
        }
        lines.extend(text::wrap(part, width).into_iter().map(|l| (l, Token::Text)));
    }
}

fn pretty(raw: &str) -> Vec<String> {
    match serde_json::from_str::<serde_json::Value>(raw) {
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or_default().lines().map(str::to_owned).collect(),
        Err(_) => raw.lines().map(str::to_owned).collect(),
    }
}

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |c| c.to_uppercase().chain(characters).collect())
}

fn source_word(source: crate::domain::Source) -> &'static str {
    use crate::domain::Source;
    match source {
        Source::Webhook => "after a webhook",
        Source::Read => "read in turn",
        Source::Own => "our own write",
        Source::Import => "an import",
        Source::Person => "a person's word",
    }
}

fn fact_word(fact: crate::domain::Fact) -> &'static str {
    use crate::domain::Fact;
    match fact {
        Fact::Room => "room",
        Fact::Episode => "episode",
        Fact::VisitUrl => "check-in link",
        Fact::AccountNumber => "encounter id",
        Fact::SessionToken | Fact::WebhookKey | Fact::WebhookEndpoint => "sealed",
        Fact::RecorderUrl => "recorder",
        Fact::SummaryUrl => "summary page",
        Fact::ExpiresAt => "ends",
        Fact::Place => "asked for at",
        Fact::ConsultPatient => "patient at Solo",
    }
}
