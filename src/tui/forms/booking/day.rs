//! The day of a room: its free times, what is taken, the time that would be written and what speaks against it.

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{BookingForm, Field, Free, LIST, What, asking::AHEAD, when};
use crate::{
    domain::{
        appointment::{Slot, Terms},
        view::AppointmentRow,
    },
    tui::forms::{
        FormContext,
        busy::{self, Taken},
        choice::{Item, Pick},
        rule,
        sheet::Control,
        timeline::{Span, Timeline},
    },
};

/// Appointments that are told one by one below the bar of the day.
const TOLD: usize = 6;

impl BookingForm {
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
    pub(super) fn day_view(&mut self, cx: &FormContext<'_>) {
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
            What::Change { patient, .. } => *patient,
        };
        busy::clashes(self.taken(), slots, at, (&room, patient), cx)
    }

    /// A warning that was not answered by Enter yet.
    pub(super) fn warning(&mut self, cx: &FormContext<'_>) -> Option<String> {
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
    pub(super) fn list(&mut self, cx: &FormContext<'_>) {
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

    pub(super) fn chosen(&self) -> Option<Slot> {
        let value = self.sheet.text(Field::Slot);
        self.slots.iter().copied().find(|s| s.start.to_string() == value)
    }

    /// The start that was typed, with a remark about it.
    pub(super) fn own_time(&self, cx: &FormContext<'_>) -> Option<Result<(Timestamp, Option<String>), String>> {
        let typed = self.sheet.text(Field::Time).trim();
        let day = self.sheet.day(Field::Day).filter(|_| !typed.is_empty())?;
        Some(rule::time_of_day(typed).and_then(|time| rule::moment(day, time, cx.zone)).map(|(at, twice)| {
            let past = (at < cx.now).then(|| "this time has passed".to_owned());
            let taken = (self.free == Free::Known && !self.slots.iter().any(|s| s.start == at))
                .then(|| "not among the free times: the vendor may refuse it".to_owned());
            (at, twice.map(str::to_owned).or(past).or(taken))
        }))
    }

    /// Names the time that is not free any more: nobody may have chosen it.
    pub(super) fn why_lost(&self, cx: &FormContext<'_>) -> String {
        let time =
            self.preferred.map_or_else(String::new, |at| at.to_zoned(cx.zone.clone()).strftime("%H:%M").to_string());
        format!("{time} is not free for this; choose again")
    }

    /// The time that stood there is no longer in the list.
    pub(super) fn lost(&self) -> bool {
        self.free == Free::Known
            && !self.slots.is_empty()
            && self.preferred.is_some_and(|at| !self.slots.iter().any(|s| s.start == at))
    }

    /// Why no free time can be chosen, when a new appointment needs one.
    pub(super) fn why_none(&self) -> String {
        self.sheet.row(Field::Slot).and_then(|r| r.remark.clone()).unwrap_or_else(|| "choose a free time".into())
    }
}
