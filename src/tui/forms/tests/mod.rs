#![allow(unused_must_use, reason = "most keys of a scene only lead to the one that is looked at")]
#![allow(clippy::unnecessary_wraps, reason = "what stands in a record or an answer is made in its own type")]

mod booking;
mod care;
mod others;
mod patient;
mod scribes;
mod supervision;

use jiff::SignedDuration;

use super::*;
use crate::{
    domain::{
        appointment::{Appointment, Terms},
        note::VisitNote,
        patient::Patient,
    },
    tui::harness::{parse, text},
};

/// What stands around a form in the tests: noon of a Saturday in a zone that is not UTC.
struct Scene {
    now: Timestamp,
    zone: TimeZone,
    rooms: Vec<String>,
    scribes: Vec<VendorId>,
    facility: Option<&'static str>,
    doctor: Option<&'static str>,
}

impl Scene {
    fn new() -> Self {
        Self {
            now: "2026-11-21T11:00:00Z".parse().unwrap(),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            rooms: vec!["Telehealth A".into(), "Walk-in".into()],
            scribes: vec![VendorId::new("noa"), VendorId::new("heidi")],
            facility: Some("F-1"),
            doctor: Some("D-9"),
        }
    }

    fn cx(&self) -> FormContext<'_> {
        FormContext {
            now: self.now,
            zone: &self.zone,
            rooms: &self.rooms,
            scribes: &self.scribes,
            facility: self.facility,
            doctor: self.doctor,
        }
    }

    fn wait(&mut self, ms: i64) {
        self.now = self.now.checked_add(SignedDuration::from_millis(ms)).unwrap();
    }
}

fn about() -> PatientIdentity {
    PatientIdentity { name: "Okoro, Ifeoma".into(), birth_date: Some("1980-06-01".into()), mrn: Some("M-88".into()) }
}

/// Presses keys, written as [`parse`] reads them; the last event.
fn keys(form: &mut Form, cx: &FormContext<'_>, keys: &str) -> FormEvent {
    parse(keys).into_iter().fold(FormEvent::Stay, |_, key| form.key(key, cx))
}

fn submitted(event: FormEvent) -> Intent {
    match event {
        FormEvent::Submit(intent) => *intent,
        other => panic!("not submitted: {other:?}"),
    }
}

fn screen(form: &Form, cx: &FormContext<'_>, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    let cursor = form.draw(area, &mut buf, &Theme::default(), cx);
    if let Some(cursor) = cursor {
        assert!(area.contains(cursor), "{cursor} of {area}");
    }
    let mut out = text(&buf);
    out.push_str(&cursor.map_or("no cursor".into(), |c| format!("cursor {},{}", c.x, c.y)));
    out
}

/// Draws a form at every small size.
fn at_every_size(form: &Form, cx: &FormContext<'_>) {
    for width in 1..=40 {
        for height in 1..=12 {
            let _ = screen(form, cx, width, height);
        }
    }
}

/// Tabs through all fields and draws the form with the keys in each.
fn through_all_fields(form: &Form, cx: &FormContext<'_>) {
    let mut form = form.clone();
    for _ in 0..40 {
        at_every_size(&form, cx);
        keys(&mut form, cx, "<tab>");
    }
}
