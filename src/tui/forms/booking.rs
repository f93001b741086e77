//! The form that books an appointment or moves one: a room's free times of a day, or a time of one's own.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, FormEvent, PatientIdentity, Step,
    busy::{self, Taken},
    choice::{Item, Pick},
    rule,
    sheet::{Control, Row, Sheet},
    timeline::{Span, Timeline},
};
use crate::{
    domain::{
        Intent, Question, Reason, Record, RecordId,
        appointment::{Slot, Terms},
        view::{AppointmentRow, Detail, Told},
    },
    tui::theme::Theme,
};

/// Milliseconds that a room or day must have rested before its free times are asked for.
const REST_MS: i64 = 150;

/// Days in which the next free time is looked for.
const AHEAD: i32 = 14;

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
    Book { patient: RecordId },
    Change { appointment: RecordId, base: Terms },
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
    /// The time that a person chose from the list. Where a later answer lacks it, no other is put in its place unasked.
    preferred: Option<Timestamp>,
    given: Vec<String>,
}

const TEXTS: [Field; 6] =
    [Field::Time, Field::Duration, Field::Reasons, Field::ExternalId, Field::AccountNumber, Field::Episode];

/// Appointments that are told one by one below the bar of the day.
const TOLD: usize = 6;

impl BookingForm {
    pub fn book(patient: RecordId, about: PatientIdentity, cx: &FormContext<'_>) -> Self {
        Self::with(What::Book { patient }, about, None, cx)
    }

    pub fn reschedule(
        appointment: RecordId,
        about: PatientIdentity,
        base: Terms,
        room: Option<&str>,
        cx: &FormContext<'_>,
    ) -> Self {
        Self::with(What::Change { appointment, base }, about, room, cx)
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

    fn wanted(&self) -> Option<Asked> {
        let room = self.sheet.text(Field::Room).trim().to_owned();
        let duration = self.sheet.text(Field::Duration).trim();
        let duration = if duration.is_empty() { None } else { Some(rule::duration(duration).ok()?) };
        (!room.is_empty()).then_some(())?;
        Some(Asked { room, day: self.sheet.day(Field::Day)?, duration })
    }

    /// Asks for the free times of room and day, unless that was asked already.
    fn ask(&mut self, cx: &FormContext<'_>) -> Option<Question> {
        self.settle = None;
        let wanted = self.wanted();
        if wanted.is_some() && wanted == self.asked && !matches!(self.free, Free::Failed(_)) {
            return None;
        }
        self.ask_span(wanted?, 1, cx)
    }

    fn ask_span(&mut self, wanted: Asked, days: i32, cx: &FormContext<'_>) -> Option<Question> {
        let last = wanted.day.checked_add((days - 1).days()).ok()?;
        let (start, _) = rule::bounds(wanted.day, cx.zone)?;
        let (_, before) = rule::bounds(last, cx.zone)?;
        let after = start.max(cx.now);
        self.slots.clear();
        self.ahead = days > 1;
        let ask = after < before;
        self.queued = (ask && self.outstanding.is_some()).then(|| (wanted.clone(), days));
        let question = (ask && self.outstanding.is_none()).then(|| Question::Slots {
            room: wanted.room.clone(),
            after,
            before,
            duration: wanted.duration,
        });
        if question.is_some() {
            self.outstanding = Some(Outstanding::Slots);
        }
        self.free = if ask { Free::Asking } else { Free::Known };
        self.span = Some((after, before));
        self.asked = Some(wanted);
        self.list(cx);
        self.judge(cx);
        question
    }

    /// Looks for the next day with a free time, from the present day on or, where that has some, from the day after.
    fn look_ahead(&mut self, cx: &FormContext<'_>) -> Option<Question> {
        let mut wanted = self.wanted()?;
        self.settle = None;
        if self.free == Free::Known && self.asked.as_ref() == Some(&wanted) {
            wanted.day = wanted.day.checked_add(1.day()).ok()?;
        }
        wanted.day = wanted.day.max(cx.today());
        self.ask_span(wanted, AHEAD, cx)
    }

    pub fn opened(&mut self, cx: &FormContext<'_>) -> FormEvent {
        self.ask(cx).map_or(FormEvent::Stay, FormEvent::Ask)
    }

    pub fn next_tick(&self) -> Option<Timestamp> {
        self.settle
    }

    pub fn tick(&mut self, cx: &FormContext<'_>) -> FormEvent {
        match self.settle {
            Some(at) if at <= cx.now => self.ask(cx).map_or(FormEvent::Stay, FormEvent::Ask),
            _ => FormEvent::Stay,
        }
    }

    pub fn told(&mut self, told: &Result<Told, Reason>, cx: &FormContext<'_>) -> FormEvent {
        let about = self.outstanding.take();
        if about == Some(Outstanding::Episodes) {
            let next = self.episodes_told(told);
            return match self.queued.take() {
                // The list of episodes is read when the free times were asked for.
                Some((wanted, days)) => self.ask_span(wanted, days, cx).map_or(next, FormEvent::Ask),
                None => next,
            };
        }
        if let Some((wanted, days)) = self.queued.take() {
            return self.ask_span(wanted, days, cx).map_or(FormEvent::Stay, FormEvent::Ask);
        }
        if self.free != Free::Asking {
            // Room or day were changed meanwhile; a newer question follows.
            return FormEvent::Stay;
        }
        match told {
            Ok(Told::Slots(slots)) => {
                let (after, before) = self.span.unwrap_or((Timestamp::MIN, Timestamp::MAX));
                self.slots = slots.iter().copied().filter(|s| s.start >= after && s.start < before).collect();
                self.slots.sort_by_key(|s| s.start);
                self.slots.dedup();
                self.free = Free::Known;
                let day = |at: Timestamp| at.to_zoned(cx.zone.clone()).date();
                if self.ahead {
                    if let Some(first) = self.slots.first().map(|s| day(s.start)) {
                        self.slots.retain(|s| day(s.start) == first);
                        if let Some(Control::Day(held)) = self.sheet.row_mut(Field::Day).map(|r| &mut r.control) {
                            held.date = first;
                        }
                        if let Some(asked) = &mut self.asked {
                            asked.day = first;
                        }
                        self.ahead = false;
                    }
                } else if self.slots.is_empty()
                    && std::mem::take(&mut self.untouched)
                    && let Some(question) = self.look_ahead(cx)
                {
                    return FormEvent::Ask(question);
                }
                self.untouched = false;
            }
            Ok(_) => self.free = Free::Failed("the answer holds no free times".into()),
            Err(reason) => {
                let message = reason.message.trim();
                let more = if message.is_empty() { String::new() } else { format!(" ({message})") };
                self.free = Free::Failed(format!("{}{more}", reason.kind.word()));
            }
        }
        self.list(cx);
        self.judge(cx);
        if std::mem::take(&mut self.episodes_wanted) {
            return self.ask_episodes().map_or(FormEvent::Stay, FormEvent::Ask);
        }
        FormEvent::Stay
    }

    /// Asks for the patient's episodes once, when somebody comes to their field.
    fn ask_episodes(&mut self) -> Option<Question> {
        let What::Book { patient } = self.what else { return None };
        if self.episodes_asked {
            return None;
        }
        if self.outstanding.is_some() {
            self.episodes_wanted = true;
            return None;
        }
        self.episodes_asked = true;
        self.outstanding = Some(Outstanding::Episodes);
        self.remark(Field::Episode, Some("asking for the patient's episodes …".into()));
        Some(Question::Episodes { patient })
    }

    fn episodes_told(&mut self, told: &Result<Told, Reason>) -> FormEvent {
        match told {
            Ok(Told::Applied(records)) if !records.is_empty() => FormEvent::Look(records.clone()),
            Ok(_) => {
                self.remark(Field::Episode, Some("no episode is known".into()));
                FormEvent::Stay
            }
            Err(reason) => {
                let why = format!("could not be asked: {}; it may be assigned later", reason.kind.word());
                self.remark(Field::Episode, Some(why));
                FormEvent::Stay
            }
        }
    }

    fn remark(&mut self, field: Field, remark: Option<String>) {
        if let Some(row) = self.sheet.row_mut(field) {
            row.remark = remark;
        }
    }

    /// Takes over what was read of the patient's episodes.
    pub fn read(&mut self, detail: &Detail) {
        let Some(Record::Episodes(told)) = &detail.shown else { return };
        let mut items = vec![Item::new("", "none")];
        items.extend(told.episodes.iter().filter_map(|(pointer, terms)| {
            let id = pointer.local()?;
            Some(Item::new(id.0.to_string(), format!("{} · {} · {}", terms.name, terms.kind, terms.status)))
        }));
        let remark = (items.len() == 1).then(|| "the patient has no episode".to_owned());
        if let Some(row) = self.sheet.row_mut(Field::Episode)
            && let Control::Pick(pick) = &mut row.control
        {
            let chosen = pick.value().to_owned();
            *pick = Pick::new(items, &chosen);
            row.remark = remark;
        }
    }

    /// Of which day the board is to be looked at.
    pub fn board_day(&self) -> Option<Date> {
        self.sheet.day(Field::Day)
    }

    /// Whether what is held of the board is of another day than the one that is chosen.
    pub fn lacks_board(&self) -> bool {
        self.board.as_ref().map(|(day, _)| *day) != self.board_day()
    }

    /// Takes over what the board and the queue tell of a day.
    pub fn booked(&mut self, day: Date, rows: &[AppointmentRow], cx: &FormContext<'_>) {
        let but = match &self.what {
            What::Change { appointment, .. } => Some(*appointment),
            What::Book { .. } => None,
        };
        self.board = Some((day, busy::taken(rows, but)));
        self.list(cx);
        self.judge(cx);
    }

    fn taken(&self) -> &[Taken] {
        match &self.board {
            Some((day, taken)) if Some(*day) == self.board_day() => taken,
            _ => &[],
        }
    }

    /// The time that would be written now.
    fn span(&self, cx: &FormContext<'_>) -> Option<Span> {
        let own = self.own_time(cx).and_then(Result::ok).map(|(at, _)| at);
        let slot = self.chosen().filter(|_| own.is_none());
        let base = match &self.what {
            What::Change { base, .. } => base.clone(),
            What::Book { .. } => Terms::default(),
        };
        let typed = rule::duration(self.sheet.text(Field::Duration).trim()).ok();
        let usual = self.slots.first().map(|s| s.duration);
        let start = own.or(slot.map(|s| s.start)).or(base.start)?;
        Some(busy::span(start, typed.or(slot.map(|s| s.duration)).or(base.duration).or(usual)))
    }

    /// Draws the day of the room from what is known.
    fn day_view(&mut self, cx: &FormContext<'_>) {
        let room = self.sheet.text(Field::Room).trim().to_owned();
        let bounds = self.board_day().and_then(|day| rule::bounds(day, cx.zone));
        let here: Vec<&Taken> = self.taken().iter().filter(|t| t.in_room(&room)).collect();
        let mut words: Vec<String> = here.iter().take(TOLD).map(|t| t.words(cx)).collect();
        if here.len() > TOLD {
            words.push(format!("and {} more", here.len() - TOLD));
        }
        let words = match (words.is_empty(), self.lacks_board()) {
            (_, true) => "not known here".into(),
            (true, false) => "nothing that is known here".into(),
            (false, false) => words.join(" · "),
        };
        let taken = here.iter().map(|t| (t.span, t.queued)).collect();
        let free = self.slots.iter().map(|s| busy::span(s.start, Some(s.duration))).collect();
        let chosen = self.span(cx).filter(|at| bounds.is_some_and(|(from, to)| at.0 >= from && at.0 < to));
        let line = bounds.map(|bounds| Timeline::new(bounds, cx.zone, free, taken, chosen)).unwrap_or_default();
        if let Some(row) = self.sheet.row_mut(Field::Bar) {
            row.control = Control::Timeline(line);
        }
        if let Some(row) = self.sheet.row_mut(Field::Taken) {
            row.control = Control::Note(words);
        }
    }

    /// What speaks against the time that would be written: each in a sentence.
    fn clashes(&self, at: Span, cx: &FormContext<'_>) -> Vec<String> {
        let room = self.sheet.text(Field::Room).trim().to_owned();
        let own = !self.sheet.text(Field::Time).trim().is_empty();
        let slots = (own && self.free == Free::Known).then_some(self.slots.as_slice());
        let patient = match &self.what {
            What::Book { patient } => Some(*patient),
            What::Change { .. } => None,
        };
        busy::clashes(self.taken(), slots, at, (&room, patient), cx)
    }

    /// A warning that was not answered by Enter yet.
    fn warning(&mut self, cx: &FormContext<'_>) -> Option<String> {
        let at = self.span(cx)?;
        if let What::Change { base, .. } = &self.what
            && base.start.map(|start| busy::span(start, base.duration)) == Some(at)
        {
            return None;
        }
        let clashes = self.clashes(at, cx);
        let key = (at, clashes.join("; "));
        if clashes.is_empty() || self.warned.as_ref() == Some(&key) {
            return None;
        }
        let text = format!("Double booking? {}. Enter again saves it all the same, any other key goes on.", key.1);
        self.warned = Some(key);
        Some(text)
    }

    /// Fills the list of free times from what is known, and says what is not.
    fn list(&mut self, cx: &FormContext<'_>) {
        let mut items = Vec::new();
        if let What::Change { base, .. } = &self.what {
            let keep = base.start.map_or("keep it as it is".into(), |at| format!("keep {}", when(at, cx)));
            items.push(Item::new("", keep));
        }
        for slot in &self.slots {
            let end = slot.start.checked_add(SignedDuration::from_secs(i64::from(slot.duration))).unwrap_or(slot.start);
            let clock = |at: Timestamp| at.to_zoned(cx.zone.clone()).strftime("%H:%M").to_string();
            let room = self.sheet.text(Field::Room).trim();
            let taken = busy::in_the_way(self.taken(), (slot.start, end), room);
            let taken = taken.map_or_else(String::new, |t| format!("   ! {}", t.words(cx)));
            items.push(Item::new(slot.start.to_string(), format!("{} – {}{taken}", clock(slot.start), clock(end))));
        }
        let n = "n looks for the next day with one";
        let remark = match &self.free {
            Free::Unasked if self.sheet.text(Field::Room).is_empty() => {
                Some("choose a waiting room to see its free times".into())
            }
            Free::Unasked => Some("not asked yet for this room and day".into()),
            Free::Asking if self.ahead => Some(format!("looking for a free time in {AHEAD} days …")),
            Free::Asking => Some("asking for the free times …".into()),
            Free::Known if !self.slots.is_empty() => None,
            Free::Known if self.ahead => Some(format!("no free slot in {AHEAD} days; a time of your own may be typed")),
            Free::Known => Some(format!("no free slot left on this day; {n}")),
            Free::Failed(why) => Some(format!("could not be asked: {why}; a time of your own may be typed")),
        };
        if let Some(row) = self.sheet.row_mut(Field::Slot) {
            row.remark = remark;
            if let Control::Pick(pick) = &mut row.control {
                let chosen = self.preferred.map_or_else(|| pick.value().to_owned(), |at| at.to_string());
                *pick = Pick::new(items, &chosen);
                pick.rows = LIST;
            }
        }
    }

    fn chosen(&self) -> Option<Slot> {
        let value = self.sheet.text(Field::Slot);
        self.slots.iter().copied().find(|s| s.start.to_string() == value)
    }

    /// The start that was typed, with a remark about it.
    fn own_time(&self, cx: &FormContext<'_>) -> Option<Result<(Timestamp, Option<String>), String>> {
        let typed = self.sheet.text(Field::Time).trim();
        let day = self.sheet.day(Field::Day).filter(|_| !typed.is_empty())?;
        Some(rule::time_of_day(typed).and_then(|time| rule::moment(day, time, cx.zone)).map(|(at, twice)| {
            let past = (at < cx.now).then(|| "this time has passed".to_owned());
            let taken = (self.free == Free::Known && !self.slots.iter().any(|s| s.start == at))
                .then(|| "not among the free times: the vendor may refuse it".to_owned());
            (at, twice.map(str::to_owned).or(past).or(taken))
        }))
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
            _ if self.lost() => Some("the time that you chose is not free for this; choose again".to_owned()),
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

    /// The time that a person chose is no longer in the list.
    fn lost(&self) -> bool {
        self.free == Free::Known
            && !self.slots.is_empty()
            && self.preferred.is_some_and(|at| !self.slots.iter().any(|s| s.start == at))
    }

    /// Why no free time can be chosen, when a new appointment needs one.
    fn why_none(&self) -> String {
        self.sheet.row(Field::Slot).and_then(|r| r.remark.clone()).unwrap_or_else(|| "choose a free time".into())
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

    fn unsettle(&mut self, cx: &FormContext<'_>) {
        self.untouched = false;
        self.preferred = None;
        self.queued = None;
        self.free = Free::Unasked;
        self.asked = None;
        self.slots.clear();
        self.settle = cx.now.checked_add(SignedDuration::from_millis(REST_MS)).ok();
        self.list(cx);
        self.judge(cx);
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

    /// Enter before the free times of the present room and day were asked for, or after that failed.
    fn ask_if_stale(&mut self, cx: &FormContext<'_>) -> Option<Question> {
        let own = !self.sheet.text(Field::Time).trim().is_empty();
        let stale = matches!(self.free, Free::Unasked | Free::Failed(_));
        if stale && !own && matches!(self.what, What::Book { .. }) { self.ask(cx) } else { None }
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
            What::Change { appointment, base } => {
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
        match self.sheet.named(refusal) {
            Some((id, why)) => {
                self.sheet.judge(id, Some(why));
                self.sheet.go_to_broken()
            }
            None => false,
        }
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
