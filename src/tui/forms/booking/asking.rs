//! What the form asks its vendor for: the free times of a room and day, and the patient's episodes.

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{Asked, BookingForm, Field, Free, Outstanding, What};
use crate::{
    domain::{
        Question, Reason, Record,
        view::{Detail, Told},
    },
    tui::forms::{
        FormContext, FormEvent,
        choice::{Item, Pick},
        rule,
        sheet::Control,
    },
};

/// Milliseconds that a room or day must have rested before its free times are asked for.
const REST_MS: i64 = 150;

/// Days in which the next free time is looked for.
pub(super) const AHEAD: i32 = 14;

impl BookingForm {
    fn wanted(&self) -> Option<Asked> {
        let room = self.sheet.text(Field::Room).trim().to_owned();
        let duration = self.sheet.text(Field::Duration).trim();
        let duration = if duration.is_empty() { None } else { Some(rule::duration(duration).ok()?) };
        (!room.is_empty()).then_some(())?;
        Some(Asked { room, day: self.sheet.day(Field::Day)?, duration })
    }

    /// Asks for the free times of room and day, unless that was asked already.
    pub(super) fn ask(&mut self, cx: &FormContext<'_>) -> Option<Question> {
        self.settle = None;
        let wanted = self.wanted();
        if wanted.is_some() && wanted == self.asked && !matches!(self.free, Free::Failed(_)) {
            return None;
        }
        let wanted = wanted?;
        // Only how long it lasts is another: who saw a time there wants that one, or to hear that it is taken then.
        if self.asked.as_ref().is_some_and(|was| was.room == wanted.room && was.day == wanted.day) {
            self.preferred = self.preferred.or_else(|| self.chosen().map(|slot| slot.start));
        }
        self.ask_span(wanted, 1, cx)
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
    pub(super) fn look_ahead(&mut self, cx: &FormContext<'_>) -> Option<Question> {
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
    pub(super) fn ask_episodes(&mut self) -> Option<Question> {
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

    pub(super) fn unsettle(&mut self, cx: &FormContext<'_>) {
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

    /// Enter before the free times of the present room and day were asked for, or after that failed.
    pub(super) fn ask_if_stale(&mut self, cx: &FormContext<'_>) -> Option<Question> {
        let own = !self.sheet.text(Field::Time).trim().is_empty();
        let stale = matches!(self.free, Free::Unasked | Free::Failed(_));
        if stale && !own && matches!(self.what, What::Book { .. }) { self.ask(cx) } else { None }
    }
}
