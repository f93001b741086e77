//! The form that books an appointment or moves one: a room's free times of a day, or a time of one's own.

mod asking;
mod day;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{Timestamp, civil::Date};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, PatientIdentity, Step,
    busy::Taken,
    choice::{Item, Pick},
    rule,
    sheet::{Control, Row, Sheet},
    timeline::{Span, Timeline},
};
use crate::{
    domain::{
        Intent, RecordId,
        appointment::{Slot, Terms},
    },
    tui::theme::Theme,
};

/// Rows of the list of free times.
const LIST: u16 = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    Now,
    Room,
    Day,
    Bar,
    Taken,
    Slot,
    Time,
    Duration,
    Reasons,
    Episode,
    ExternalId,
    AccountNumber,
}

/// What a question that has no answer yet is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outstanding {
    Slots,
    Episodes,
}

/// What is written in the end.
#[derive(Clone)]
enum What {
    Book {
        patient: RecordId,
    },
    /// Of whom, where that is known.
    Change {
        appointment: RecordId,
        patient: Option<RecordId>,
        base: Terms,
    },
}

/// What is known about the free times of the room and day.
#[derive(Clone, PartialEq, Eq)]
enum Free {
    /// Room or day were changed since.
    Unasked,
    Asking,
    Known,
    /// Why not, in words.
    Failed(String),
}

/// What free times were asked for.
#[derive(Clone, PartialEq, Eq)]
struct Asked {
    room: String,
    day: Date,
    duration: Option<u32>,
}

/// See the module.
#[derive(Clone)]
pub(super) struct BookingForm {
    what: What,
    about: PatientIdentity,
    sheet: Sheet<Field>,
    free: Free,
    slots: Vec<Slot>,
    asked: Option<Asked>,
    /// A question has no answer yet. One is asked at a time, so that no answer is taken for another room's or day's.
    outstanding: Option<Outstanding>,
    /// The patient's episodes are to be asked for as soon as that answer is here.
    episodes_wanted: bool,
    /// They were asked for.
    episodes_asked: bool,
    /// What the board and the queue tell of a day.
    board: Option<(Date, Vec<Taken>)>,
    /// The time that was warned about and is booked nevertheless when Enter follows.
    warned: Option<(Span, String)>,
    /// What is to be asked for so many days as soon as that answer is here.
    queued: Option<(Asked, i32)>,
    /// The bounds of the last question; what lies outside does not answer it.
    span: Option<(Timestamp, Timestamp)>,
    /// The last question spans more than the day.
    ahead: bool,
    /// Nobody has chosen a day yet: when this one is full, the next is looked for unasked.
    untouched: bool,
    settle: Option<Timestamp>,
    /// The time that stood there when somebody went on, chosen by them or for them. Where a later answer lacks it, no other
    /// is put in its place unasked.
    preferred: Option<Timestamp>,
    given: Vec<String>,
}

const TEXTS: [Field; 6] =
    [Field::Time, Field::Duration, Field::Reasons, Field::ExternalId, Field::AccountNumber, Field::Episode];

impl BookingForm {
    pub fn book(patient: RecordId, about: PatientIdentity, cx: &FormContext<'_>) -> Self {
        Self::with(What::Book { patient }, about, None, cx)
    }

    pub fn reschedule(
        appointment: RecordId,
        patient: Option<RecordId>,
        about: PatientIdentity,
        base: Terms,
        room: Option<&str>,
        cx: &FormContext<'_>,
    ) -> Self {
        Self::with(What::Change { appointment, patient, base }, about, room, cx)
    }

    fn with(what: What, about: PatientIdentity, room: Option<&str>, cx: &FormContext<'_>) -> Self {
        let (base, change) = match &what {
            What::Book { .. } => (Terms::default(), false),
            What::Change { base, .. } => (base.clone(), true),
        };
        let room_row = if cx.rooms.is_empty() {
            Row::line(Field::Room, "Waiting room", room.unwrap_or_default())
        } else {
            let mut items: Vec<Item> = cx.rooms.iter().map(|r| Item::plain(r)).collect();
            match room {
                Some(room) if !cx.rooms.iter().any(|r| r == room) => items.insert(0, Item::plain(room)),
                None if change => items.insert(0, Item::new("", "not known")),
                _ => {}
            }
            Row::pick(Field::Room, "Waiting room", Pick::new(items, room.unwrap_or_default()))
        };
        let room_row = if change { room_row } else { room_row.required() };
        let day = base.start.map(|at| at.to_zoned(cx.zone.clone()).date()).filter(|day| *day >= cx.today());
        let mut list = Pick::default();
        list.rows = LIST;
        let duration = base.duration.map(rule::duration_words).unwrap_or_default();
        let rows = vec![
            Row::note(Field::Patient, "Patient", about.line()),
            Row::note(Field::Now, "Now", base.start.map_or("no start time known".into(), |at| when(at, cx)))
                .hidden_if(!change),
            room_row.named(&["waitingRoom", "room"]),
            Row::day(Field::Day, "Day", day.unwrap_or_else(|| cx.today())),
            Row::timeline(Field::Bar, "The room", Timeline::default()),
            Row::note(Field::Taken, "Taken", ""),
            Row::pick(Field::Slot, "Free times", list).named(&["date", "start"]),
            Row::line(Field::Time, "Or own time", "").hint("like 14:30 or 2:30pm, on the day above"),
            Row::line(Field::Duration, "Minutes", &duration)
                .named(&["duration"])
                .hint("like 20, 1h30 or 90s; the room's own when empty"),
            Row::long(Field::Reasons, "Reasons", &base.reasons.join("; "), 3)
                .named(&["reasons"])
                .hint("several stand apart by ;"),
            Row::line(Field::ExternalId, "External id", base.external_id.as_deref().unwrap_or_default())
                .hint(if change {
                    "the practice's own id for it"
                } else {
                    "the practice's own id for it; one is made when empty"
                })
                .named(&["external_id"]),
            Row::line(Field::AccountNumber, "Account number", base.account_number.as_deref().unwrap_or_default())
                .hint(if change {
                    "the encounter's; Solo never tells it: empty leaves it"
                } else {
                    "the encounter's, where there is one"
                })
                .named(&["account_number"]),
            Row::pick(Field::Episode, "Episode", Pick::new(vec![Item::new("", "none")], ""))
                .hint("the patient's episodes of care are asked for here")
                .named(&["episode"])
                .hidden_if(change),
        ];
        let mut form = Self {
            what,
            about,
            sheet: Sheet::new(rows),
            free: Free::Unasked,
            slots: Vec::new(),
            asked: None,
            outstanding: None,
            episodes_wanted: false,
            episodes_asked: false,
            board: None,
            warned: None,
            queued: None,
            span: None,
            ahead: false,
            untouched: !change,
            settle: None,
            preferred: None,
            given: Vec::new(),
        };
        form.given = form.texts();
        if change {
            form.sheet.go(Field::Day);
        }
        form.list(cx);
        form.judge(cx);
        form
    }

    fn texts(&self) -> Vec<String> {
        TEXTS.iter().map(|f| self.sheet.text(*f).to_owned()).collect()
    }

    fn judge(&mut self, cx: &FormContext<'_>) {
        let own = self.own_time(cx);
        let (time, remark) = match &own {
            Some(Err(problem)) => (Some(problem.clone()), None),
            Some(Ok((_, remark))) => (None, remark.clone()),
            None => (None, None),
        };
        if let Some(row) = self.sheet.row_mut(Field::Time) {
            row.problem = time;
            row.remark = remark;
        }
        let duration = self.sheet.text(Field::Duration).trim();
        let duration = if duration.is_empty() { None } else { rule::duration(duration).err() };
        self.sheet.judge(Field::Duration, duration);
        let booking = matches!(self.what, What::Book { .. });
        let room = rule::required(self.sheet.text(Field::Room)).err().filter(|_| booking);
        self.sheet.judge(Field::Room, room);
        let slot = match self.chosen() {
            _ if own.is_some() => None,
            _ if self.lost() => Some(self.why_lost(cx)),
            Some(slot) if slot.start < cx.now => Some("this time has passed meanwhile".to_owned()),
            None if booking && self.free == Free::Known && !self.slots.is_empty() => Some("choose a free time".into()),
            None if booking => Some(self.why_none()),
            _ => None,
        };
        self.sheet.judge(Field::Slot, slot);
        let external = self.sheet.text(Field::ExternalId).trim();
        let external = if external.is_empty() { None } else { rule::in_path(external).err() };
        self.sheet.judge(Field::ExternalId, external);
        self.day_view(cx);
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let here = self.sheet.here();
        if key.code != KeyCode::Enter {
            self.warned = None;
        }
        if plain && matches!(here, Some(Field::Day | Field::Slot)) {
            match key.code {
                KeyCode::Char('n') => {
                    self.untouched = false;
                    return self.look_ahead(cx).map_or(Step::Stay, Step::Ask);
                }
                KeyCode::Char('[' | ']' | 't' | 'w' | 'W' | 'm' | 'M') if here == Some(Field::Slot) => {
                    if let Some(Control::Day(day)) = self.sheet.row_mut(Field::Day).map(|r| &mut r.control) {
                        day.key(key.code, cx.today());
                    }
                    self.unsettle(cx);
                    return Step::Stay;
                }
                _ => {}
            }
        }
        match self.sheet.key(key, cx.today()) {
            Came::Nothing => Step::Stay,
            Came::Esc => Step::Esc,
            Came::Changed(field) => {
                match field {
                    Field::Room | Field::Day => self.unsettle(cx),
                    Field::Slot => self.preferred = self.chosen().map(|s| s.start),
                    _ => {}
                }
                self.judge(cx);
                Step::Stay
            }
            Came::Left(field) => self.left(field, cx),
            Came::Enter(field @ (Field::Room | Field::Day)) => {
                self.sheet.go(Field::Slot);
                self.left(field, cx)
            }
            Came::Enter(_) => {
                if let Some(question) = self.ask_if_stale(cx) {
                    return Step::Ask(question);
                }
                self.judge(cx);
                let broken = self.sheet.go_to_broken();
                if self.lost() && self.sheet.here() == Some(Field::Slot) {
                    // The list has the keys now and what it offers instead is seen.
                    self.preferred = None;
                }
                if broken {
                    return Step::Stay;
                }
                match self.warning(cx) {
                    Some(warning) => Step::Say(warning),
                    None => self.submit(cx),
                }
            }
        }
    }

    fn left(&mut self, field: Field, cx: &FormContext<'_>) -> Step {
        if matches!(field, Field::Room | Field::Day | Field::Duration)
            && let Some(question) = self.ask(cx)
        {
            return Step::Ask(question);
        }
        if self.sheet.here() == Some(Field::Episode) {
            return self.ask_episodes().map_or(Step::Stay, Step::Ask);
        }
        Step::Stay
    }

    fn submit(&self, cx: &FormContext<'_>) -> Step {
        let own = match self.own_time(cx) {
            Some(Ok((at, _))) => Some(at),
            Some(Err(problem)) => return Step::Say(problem),
            None => None,
        };
        let slot = self.chosen().filter(|_| own.is_none());
        let start = own.or(slot.map(|s| s.start));
        let typed = rule::duration(self.sheet.text(Field::Duration).trim()).ok();
        let reasons: Vec<String> = self
            .sheet
            .text(Field::Reasons)
            .split(';')
            .map(str::trim)
            .filter(|r| !r.is_empty())
            .map(str::to_owned)
            .collect();
        match &self.what {
            What::Book { patient } => {
                let external = self.sheet.text(Field::ExternalId).trim();
                Step::Submit(Box::new(Intent::Book {
                    appointment: RecordId::UNASSIGNED,
                    patient: *patient,
                    room: self.sheet.text(Field::Room).trim().to_owned(),
                    terms: Terms {
                        start,
                        duration: typed.or(slot.map(|s| s.duration)),
                        reasons,
                        external_id: (!external.is_empty()).then(|| external.to_owned()),
                        account_number: self.typed(Field::AccountNumber),
                    },
                    episode: self.sheet.text(Field::Episode).parse().ok().map(RecordId),
                }))
            }
            What::Change { appointment, base, .. } => {
                let mut mine = base.clone();
                mine.start = start.or(base.start);
                mine.duration = typed.or(base.duration);
                if self.sheet.text(Field::Reasons) != base.reasons.join("; ") {
                    mine.reasons = reasons;
                }
                if let Some(external) =
                    self.typed(Field::ExternalId).or(base.external_id.as_ref().map(|_| String::new()))
                    && base.external_id.as_ref() != Some(&external)
                {
                    mine.external_id = Some(external).filter(|e| !e.is_empty());
                }
                mine.account_number = self.typed(Field::AccountNumber).or_else(|| base.account_number.clone());
                if mine == *base {
                    return Step::Say("Nothing was changed.".into());
                }
                Step::Submit(Box::new(Intent::ChangeAppointment {
                    appointment: *appointment,
                    base: base.clone(),
                    mine,
                }))
            }
        }
    }

    fn typed(&self, field: Field) -> Option<String> {
        Some(self.sheet.text(field).trim()).filter(|t| !t.is_empty()).map(str::to_owned)
    }

    pub fn paste(&mut self, text: &str, cx: &FormContext<'_>) {
        match self.sheet.paste(text) {
            Some(Field::Room) => self.unsettle(cx),
            Some(_) => self.judge(cx),
            None => {}
        }
    }

    /// Marks the field that a refusal names; whether there is one.
    pub fn blame(&mut self, refusal: &str) -> bool {
        self.sheet.blame(refusal)
    }

    pub fn requires(&self) -> bool {
        self.sheet.requires()
    }

    /// The list of free times is as tall before they are known as after.
    pub fn height(&self, columns: u16, cx: &FormContext<'_>) -> u16 {
        let listed = match self.sheet.pick(Field::Slot) {
            Some(pick) => pick.items().len().clamp(1, usize::from(LIST)) as u16,
            None => 1,
        };
        self.sheet.height(columns, cx.today()) + LIST.saturating_sub(listed)
    }

    pub fn dirty(&self) -> bool {
        let moved = matches!(self.what, What::Change { .. }) && self.chosen().is_some();
        moved || self.texts() != self.given
    }

    pub fn title(&self) -> String {
        let verb = if matches!(self.what, What::Book { .. }) { "Book for" } else { "Reschedule" };
        format!("{verb} {}", self.about.called())
    }

    pub fn word(&self) -> &'static str {
        if matches!(self.what, What::Book { .. }) { "book" } else { "reschedule" }
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = match self.sheet.here() {
            Some(Field::Room) => vec![("enter", "free times"), ("left/right", "choose")],
            Some(Field::Day) => vec![
                ("enter", "free times"),
                ("left/right", "day"),
                ("w m", "week month"),
                ("t", "today"),
                ("n", "next free"),
            ],
            Some(Field::Slot) => {
                let enter = if matches!(self.what, What::Book { .. }) { "book" } else { "save" };
                vec![("enter", enter), ("up/down", "choose"), ("[ ]", "day"), ("n", "next free day")]
            }
            _ => vec![("enter", if matches!(self.what, What::Book { .. }) { "book" } else { "save" })],
        };
        hints.extend([("tab", "next field"), ("esc", "close")]);
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}

fn when(at: Timestamp, cx: &FormContext<'_>) -> String {
    at.to_zoned(cx.zone.clone()).strftime("%a %-d %b %Y %H:%M").to_string()
}
