//! What the board and the queue know of a day: who has which time, so that nobody is booked twice unseen.

use jiff::{SignedDuration, Timestamp};

use super::{FormContext, timeline::Span};
use crate::{
    domain::{
        RecordId,
        appointment::{AppointmentStatus, Slot},
        view::AppointmentRow,
    },
    tui::text,
};

/// Seconds that an appointment of unknown length is taken to last. An assumption: no vendor publishes one.
const USUAL: u32 = 900;

/// An appointment that takes time of the day.
#[derive(Clone)]
pub(super) struct Taken {
    /// From when to when.
    pub span: Span,
    /// Whose, for people.
    pub who: String,
    patient: Option<RecordId>,
    /// Where, as far as it is known.
    room: Option<String>,
    /// A write of ours about it is not acknowledged.
    pub queued: bool,
}

/// From a start on for so many seconds, or as long as is usual.
pub(super) fn span(start: Timestamp, seconds: Option<u32>) -> Span {
    let length = SignedDuration::from_secs(i64::from(seconds.filter(|s| *s > 0).unwrap_or(USUAL)));
    (start, start.checked_add(length).unwrap_or(start))
}

fn meet(a: Span, b: Span) -> bool {
    a.0 < b.1 && b.0 < a.1
}

/// The appointments of the board that take time, but for the one that is being moved.
pub(super) fn taken(rows: &[AppointmentRow], but: Option<RecordId>) -> Vec<Taken> {
    let gone = |row: &AppointmentRow| matches!(row.status, AppointmentStatus::Cancelled | AppointmentStatus::NoShow);
    let mut all: Vec<Taken> = rows
        .iter()
        .filter(|row| !gone(row) && Some(row.id) != but)
        .filter_map(|row| {
            Some(Taken {
                span: span(row.start?, row.duration),
                who: Some(row.patient_name.clone()).filter(|n| !n.is_empty()).unwrap_or("somebody".into()),
                patient: row.patient,
                room: row.room.as_ref().map(|(room, _)| room.clone()),
                queued: row.fresh.pending,
            })
        })
        .collect();
    all.sort_by_key(|t| t.span);
    all
}

impl Taken {
    /// Whether it is in this room.
    pub fn in_room(&self, room: &str) -> bool {
        self.room.as_deref() == Some(room)
    }

    /// `09:00–09:15 Okoro, Ada (queued)`.
    pub fn words(&self, cx: &FormContext<'_>) -> String {
        let clock = |at: Timestamp| at.to_zoned(cx.zone.clone()).strftime("%H:%M").to_string();
        let queued = if self.queued { " (queued)" } else { "" };
        format!("{}–{} {}{queued}", clock(self.span.0), clock(self.span.1), text::clean(&self.who))
    }
}

/// Who has this time in this room.
pub(super) fn in_the_way<'a>(all: &'a [Taken], at: Span, room: &str) -> Option<&'a Taken> {
    all.iter().find(|t| t.in_room(room) && meet(t.span, at))
}

/// Why this time is taken already, in sentences: by the vendor's slots (`None` where they are not known), by somebody in
/// the room, or because the patient is elsewhere then.
pub(super) fn clashes(
    all: &[Taken],
    slots: Option<&[Slot]>,
    at: Span,
    (room, patient): (&str, Option<RecordId>),
    cx: &FormContext<'_>,
) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for t in all.iter().filter(|t| meet(t.span, at)) {
        if t.patient.is_some() && t.patient == patient {
            let place = t.room.as_deref().map_or_else(|| "another appointment".into(), |r| format!("one in {r}"));
            said.push(format!("the patient has {place} then: {}", t.words(cx)));
        } else if t.in_room(room) {
            said.push(format!("the room is taken: {}", t.words(cx)));
        }
    }
    if slots.is_some_and(|slots| !covered(slots, at)) {
        said.push("the vendor does not tell this time as free".into());
    }
    said
}

/// Whether free slots, one after the other, cover a time.
fn covered(slots: &[Slot], at: Span) -> bool {
    let mut spans: Vec<Span> = slots.iter().map(|s| span(s.start, Some(s.duration))).collect();
    spans.sort();
    let mut reached = at.0;
    for (from, to) in spans {
        if from <= reached && to > reached {
            reached = to;
        }
    }
    reached >= at.1
}
