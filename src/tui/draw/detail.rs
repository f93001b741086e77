//! The layer that tells all that is known of a record.

use jiff::Timestamp;
use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    age,
    layers::{Cx, Line, measured},
    visit_words,
};
use crate::{
    domain::{
        Fact, Raw, Record, Source,
        identity::Standing,
        note::{FilingState, NoteBody, SessionNote},
        patient::HumanName,
        timeline::printed,
        view::Detail,
    },
    tui::{forms::episode::status_words, layers::DetailLayer, layout, model::Model, text, theme::Token, update},
};

/// Columns and rows for a vendor's body.
pub(in crate::tui) fn raw_size(model: &Model) -> (usize, usize) {
    let area = layout::side(model);
    (columns(area), layout::rows_in(area, model.setting.plain))
}

/// A vendor's body, wrapped, or why there is none.
pub(in crate::tui) fn raw_lines(raw: Option<&Raw>, columns: usize) -> Vec<Line> {
    let Some(raw) = raw else {
        return vec![("It was not read from the vendor yet; U reads it.".into(), Token::Dim)];
    };
    let wrapped = |line: String| text::wrap(&text::strict_whole(&line), columns);
    printed(&raw.0).into_iter().flat_map(wrapped).map(|line| (line, Token::Text)).collect()
}

/// How far what is known of a record can be scrolled.
pub(in crate::tui) fn detail_end(model: &Model, layer: &DetailLayer) -> usize {
    let area = layout::side(model);
    let lines = |detail| measured(model, |cx| cx.detail_lines(detail, columns(area)).len());
    layer.detail.as_deref().map_or(0, lines).saturating_sub(layout::rows_in(area, model.setting.plain))
}

fn columns(area: Rect) -> usize {
    usize::from(area.width.saturating_sub(4)).max(1)
}

impl Cx<'_> {
    pub(super) fn detail(&self, layer: &DetailLayer, buf: &mut Buffer) {
        let area = layout::side(self.model);
        let width = columns(area);
        let Some(detail) = &layer.detail else {
            let inner = self.open(area, "Details", buf);
            self.lines(inner, 0, &[("Nothing is known of this yet.".into(), Token::Dim)], buf);
            return;
        };
        if layer.raw.is_some() {
            let inner = self.open(area, &format!("{} {} · the vendor's own words", detail.kind.word(), detail.id), buf);
            self.lines(inner, 0, layer.read.visible(), buf);
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
            Some(Record::Session(session)) => self.session_lines(session, detail, width, &mut lines),
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
        if !detail.sent.is_empty() {
            lines.push((String::new(), Token::Text));
            lines.push(("Sent from here; Solo shows none of it again".into(), Token::Title));
        }
        for row in &detail.sent {
            lines.push((
                format!("{} {} · {}", capital(row.record.kind().word()), row.id, self.time(row.saved_at)),
                Token::Strong,
            ));
            self.record_lines(&row.record, width, &mut lines);
            if let Some(own) = &row.own {
                self.own_lines(own, width, &mut lines);
            }
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
        if let Some(row) = &detail.episode {
            let words =
                format!("episode: {} ({}), {}", row.terms.name, row.terms.kind, status_words(&row.terms.status));
            lines.extend(text::wrap(&words, width).into_iter().map(|l| (l, Token::Dim)));
        }
        for (fact, sourced) in detail.facts.values.iter().filter(|(f, _)| update::plain_fact(**f)) {
            // What a person calls it stands above, and an empty one says that there is none.
            if *fact == Fact::Episode && (detail.episode.is_some() || sourced.value.is_empty()) {
                continue;
            }
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
                        Some(a.line.iter().map(|l| l.trim()).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ")),
                        a.apartment.clone(),
                        a.postal_code.clone(),
                        a.city.clone(),
                        a.state.clone(),
                        a.country.clone(),
                    ];
                    let parts: Vec<_> = parts.into_iter().flatten().filter(|p| !p.trim().is_empty()).collect();
                    let label = format!("{} address", a.usage.as_deref().unwrap_or(""));
                    field(label.trim(), &parts.join(", "));
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
                if let Some(group) = &p.email_group {
                    field("shares e-mail", &format!("{} {}", group.kind, group.name));
                }
                for contact in &p.contacts {
                    let names: Vec<_> = contact.names.iter().map(HumanName::display).collect();
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
            }
            Record::Note(n) => {
                if let FilingState::Failed { reasons } = &n.state {
                    field("failed", &reasons.join("; "));
                    field("what now", "f files it again; o shows the queued write, where x takes it back");
                }
                if let Some(origin) = &n.origin {
                    field("filed by", &origin.by);
                    match (origin.scribed.by, origin.scribed.count()) {
                        (Some(scribe), 1) => field("of it", &format!("1 sentence as {scribe} wrote it")),
                        (Some(scribe), n) => field("of it", &format!("{n} sentences as {scribe} wrote them")),
                        (None, _) => {}
                    }
                    field("SHA-256", &origin.sha256);
                }
                body_lines(&n.body, width, lines);
            }
            Record::SessionNote(n) if **n == SessionNote::default() => {
                field("note", "not known: only its number is, as somebody typed it");
            }
            Record::SessionNote(n) => {
                field("status", n.status.as_deref().unwrap_or_default());
                let at = |at: Option<jiff::Timestamp>| at.map_or_else(String::new, |at| self.time(at));
                field("made", &at(n.created_at));
                field("changed", &at(n.updated_at));
                // The vendor's own numbers: it names neither visit nor people (clinic-session-notes.txt).
                field("its appointment", n.appointment_id.as_deref().unwrap_or_default());
                field("its patient", n.patient_id.as_deref().unwrap_or_default());
                field("its provider", n.provider_id.as_deref().unwrap_or_default());
                field("note", n.summary.as_deref().unwrap_or_default());
            }
            Record::Addendum(a) => {
                field("session note", &a.session_note);
                field("asked for", &a.instructions);
                field("answered", a.response.as_deref().unwrap_or_default());
                picture("signed", a.signature.as_deref(), width, lines);
                picture("answer signed", a.responded_signature.as_deref(), width, lines);
            }
            Record::SignOff(s) => {
                field("session note", &s.session_note);
                field("says", s.instructions.as_deref().unwrap_or_default());
                field("reviewed", &s.review_date.map_or_else(String::new, |at| self.moment(at)));
                field("by", s.reviewer.as_deref().unwrap_or_default());
                picture("signed", Some(&s.signature), width, lines);
            }
            Record::EmrAppointment(e) => {
                field("patient", e.patient_name.as_deref().unwrap_or_default());
                field("MRN", e.patient_mrn.as_deref().unwrap_or_default());
                field("status", e.status.as_deref().unwrap_or_default());
                field("note in the EMR", e.progress_note.as_deref().unwrap_or_default());
            }
            Record::Room(r) => field("room", &r.name),
            Record::Episode(e) => {
                field("episode", &e.terms.name);
                field("type", &e.terms.kind);
                field("from", &e.terms.from);
                field("to", e.terms.to.as_deref().unwrap_or_default());
                field("status", status_words(&e.terms.status));
                field("objective", e.terms.objective.as_deref().unwrap_or_default());
                field("not finished", e.terms.reason_incomplete.as_deref().unwrap_or_default());
                for visit in &e.appointments {
                    let when = visit_words(visit.start, &self.model.setting.zone);
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
            Record::Doctor(d) => {
                field("name", &d.name);
                field("doctor id", &d.id);
                field("facility", &d.facility);
                field("vendor", d.vendor.as_str());
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

    /// A moment to come or past by the clinic's clock, and how far that is from now.
    fn moment(&self, at: Timestamp) -> String {
        let words = at.to_zoned(self.model.setting.zone.clone()).strftime("%a %-d %b %Y %H:%M").to_string();
        let now = self.model.now;
        match if at > now { age(now, at) } else { age(at, now) }.as_str() {
            "now" => format!("{words}, now"),
            far if at > now => format!("{words}, in {far}"),
            far => format!("{words}, {far} ago"),
        }
    }
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

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |c| c.to_uppercase().chain(characters).collect())
}

/// A signature, as large as there is room.
fn picture(name: &str, url: Option<&str>, width: usize, lines: &mut Vec<Line>) {
    let Some(url) = url.filter(|url| !url.is_empty()) else { return };
    let columns = u16::try_from(width.saturating_sub(16)).unwrap_or(u16::MAX).min(36);
    for (i, part) in crate::tui::signature::lines(url, columns, 6).into_iter().enumerate() {
        lines.push((format!("{}{part}", text::fit(if i == 0 { name } else { "" }, 16)), Token::Text));
    }
}

fn source_word(source: Source) -> &'static str {
    match source {
        Source::Webhook => "after a webhook",
        Source::Read => "read in turn",
        Source::Own => "our own write",
        Source::Import => "an import",
        Source::Person => "a person's word",
    }
}

fn fact_word(fact: Fact) -> &'static str {
    match fact {
        Fact::Room => "room",
        Fact::Episode => "episode",
        Fact::VisitUrl => "check-in link",
        Fact::AccountNumber => "encounter id",
        Fact::SessionToken | Fact::WebhookKey | Fact::WebhookEndpoint => "sealed",
        Fact::RecorderUrl => "recorder",
        Fact::SummaryUrl => "summary page",
        Fact::ExpiresAt => "ends",
        Fact::Resumed => "was open already",
        Fact::Place => "asked for at",
        Fact::ConsultPatient => "patient at Solo",
        Fact::ContextSessions => "context from",
        Fact::NamedBy => "named by",
    }
}
