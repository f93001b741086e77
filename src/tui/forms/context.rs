//! The form for what a scribe writes from beside the recording: notes of the clinician, and earlier sessions of the patient.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    AboutSession, Came, FormContext, HINTS, Step,
    choice::{Item, Pick},
    plain_key,
    sheet::{Control, Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{
        Fact, Intent, Kind, RecordId, Scheme, VendorRef,
        scribe::SessionChange,
        session::Session,
        view::{Detail, SessionRow},
    },
    tui::{text, theme::Theme},
};

/// So many notes are added at a time. An assumption: the vendor publishes no limit.
const MOST: usize = 12;

/// Cells of a context note beside its mark.
const NOTE: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    Visit,
    Now,
    Standing,
    Add(usize),
    Earlier,
    Told,
    Generate,
}

/// See the module.
#[derive(Clone)]
pub(super) struct ContextForm {
    about: AboutSession,
    sheet: Sheet<Field>,
    /// What the vendor holds now.
    standing: Vec<String>,
    added: usize,
    /// The sessions that can be linked, in the order of their marks.
    earlier: Vec<RecordId>,
    /// The vendor's ids of those that were linked from here.
    told: Vec<String>,
    /// Those of them that are known as records here.
    linked: Vec<RecordId>,
}

impl ContextForm {
    pub fn new(about: AboutSession, session: &Session, detail: &Detail) -> Self {
        let told: Vec<String> =
            detail.facts.get(Fact::ContextSessions).and_then(|ids| serde_json::from_str(ids).ok()).unwrap_or_default();
        let standing = session.clinician_notes.clone();
        let marks =
            standing.iter().map(|note| (text::truncate(&text::clean(note), NOTE).into_owned(), false)).collect();
        let generate = vec![Item::new("", "–"), Item::new("yes", "yes"), Item::new("no", "no")];
        let now: Vec<String> = standing.iter().enumerate().map(|(i, note)| format!("{}. {note}", i + 1)).collect();
        let now = if now.is_empty() { "no notes".to_owned() } else { now.join("\n") };
        let sheet = Sheet::new(vec![
            Row::note(Field::Patient, "Patient", about.patient.line()),
            Row::note(Field::Visit, "Session", about.standing.clone()),
            Row::note(Field::Now, "Context now", now),
            Row::marks(Field::Standing, "Take away", marks)
                .hint("space marks what is to be taken away")
                .hidden_if(standing.is_empty()),
            Row::marks(Field::Earlier, "From sessions", Vec::new())
                .hint("space marks an earlier session whose content is context for this one")
                .hidden_if(true),
            Row::note(Field::Told, "", "no earlier session of this patient is known"),
            Row::pick(Field::Generate, "No recording", Pick::new(generate, ""))
                .hint("yes: the note is written although nothing was recorded")
                .named(&["generate_output_without_recording"]),
        ]);
        let mut form = Self { about, sheet, standing, added: 0, earlier: Vec::new(), told, linked: Vec::new() };
        form.add();
        if let Some(at) = form.sheet.rows.iter().position(|r| r.id == Field::Add(0)) {
            form.sheet.at = at;
        }
        form
    }

    /// One more empty note, below those that there are.
    fn add(&mut self) {
        let row = Row::paragraphs(Field::Add(self.added), if self.added == 0 { "Add" } else { "" }, "", 4)
            .hint("like an allergy or a medicine that the note should know of")
            .named(&["clinician_notes"]);
        let at = self.sheet.rows.iter().position(|r| r.id == Field::Earlier).unwrap_or(self.sheet.rows.len());
        self.sheet.rows.insert(at, row);
        self.added += 1;
    }

    /// The patient's other sessions at this vendor.
    pub fn know(&mut self, rows: &[SessionRow], zone: &jiff::tz::TimeZone) {
        let fits = |row: &&SessionRow| row.vendor == self.about.vendor && row.id != self.about.session;
        let rows: Vec<&SessionRow> = rows.iter().filter(fits).collect();
        let chosen = self.chosen();
        let label = |row: &SessionRow| {
            let at = row.since.map(|at| at.to_zoned(zone.clone()).strftime("%-d %b %Y %H:%M").to_string());
            format!("{} · {} · {}", at.unwrap_or_else(|| "some day".into()), row.stage.word(), row.id)
        };
        self.earlier = rows.iter().map(|row| row.id).collect();
        let on = |id: &RecordId| chosen.contains(id) || self.linked.contains(id);
        let items = rows.iter().map(|row| (label(row), on(&row.id))).collect();
        if let Some(row) = self.sheet.row_mut(Field::Earlier) {
            row.hidden = rows.is_empty();
            if let Control::Marks(marks) = &mut row.control {
                marks.items = items;
            }
        }
        if let Some(row) = self.sheet.row_mut(Field::Told) {
            row.hidden = !rows.is_empty();
        }
    }

    /// By which names the sessions are looked up that were linked before.
    pub fn told(&self) -> Vec<VendorRef> {
        let name = |id: &String| VendorRef::new(self.about.vendor, Kind::Session, Scheme::new("session"), id.as_str());
        self.told.iter().map(name).collect()
    }

    /// One of them is this record.
    pub fn found(&mut self, record: RecordId) {
        if self.linked.contains(&record) {
            return;
        }
        self.linked.push(record);
        let at = self.earlier.iter().position(|id| *id == record);
        if let (Some(at), Some(Control::Marks(marks))) =
            (at, self.sheet.row_mut(Field::Earlier).map(|r| &mut r.control))
            && let Some((_, on)) = marks.items.get_mut(at)
        {
            *on = true;
        }
    }

    /// The sessions that are marked.
    fn chosen(&self) -> Vec<RecordId> {
        match self.sheet.row(Field::Earlier).map(|r| &r.control) {
            Some(Control::Marks(marks)) => {
                self.earlier.iter().zip(&marks.items).filter(|(_, (_, on))| *on).map(|(id, _)| *id).collect()
            }
            _ => Vec::new(),
        }
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        let last = self.sheet.text(Field::Add(self.added - 1)).trim().is_empty();
        if !last && self.added < MOST {
            self.add();
        }
        for i in 0..self.added {
            let typed = self.sheet.text(Field::Add(i)).trim().to_owned();
            let there = !typed.is_empty() && self.standing.contains(&typed);
            self.sheet.judge(Field::Add(i), there.then(|| "this stands there already".to_owned()));
        }
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        plain_key!(self, key, cx)
    }

    fn change(&self) -> SessionChange {
        let add = (0..self.added).map(|i| self.sheet.text(Field::Add(i)).trim().to_owned());
        let taken = match self.sheet.row(Field::Standing).map(|r| &r.control) {
            Some(Control::Marks(marks)) => marks.items.iter().map(|(_, on)| *on).collect(),
            _ => Vec::new(),
        };
        let chosen = self.chosen();
        let same = chosen.len() == self.linked.len() && chosen.iter().all(|id| self.linked.contains(id));
        SessionChange {
            add_notes: add.filter(|note| !note.is_empty()).collect(),
            remove_notes: self.standing.iter().zip(taken).filter(|(_, on)| *on).map(|(note, _)| note.clone()).collect(),
            // What was linked and is not in the list here would be dropped unseen: a list is sent only to change it.
            context_sessions: (!same).then(|| {
                let unseen = self.linked.iter().filter(|id| !self.earlier.contains(id));
                chosen.iter().chain(unseen).copied().collect()
            }),
            generate: match self.sheet.text(Field::Generate) {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            ..SessionChange::default()
        }
    }

    fn submit(&self, _: &FormContext<'_>) -> Step {
        let change = self.change();
        if change.is_empty() {
            return Step::Say("Nothing is added, taken away or linked yet.".into());
        }
        let (session, vendor) = (self.about.session, self.about.vendor);
        Step::Submit(Box::new(Intent::ChangeSession { session, vendor, change: Box::new(change) }))
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        !self.change().is_empty()
    }

    pub fn title(&self) -> String {
        format!("Context for {}", self.about.patient.called())
    }

    pub fn word(&self) -> &'static str {
        "context"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = HINTS.to_vec();
        hints.push(("space", "mark"));
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}
