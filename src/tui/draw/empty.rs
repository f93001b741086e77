//! What a pane without rows says: for whom there is nothing and why, and which key changes that.

use crate::{
    domain::view::{Hiding, Narrowing, RoomFilter},
    tui::{
        action::Action,
        keymap::Keymap,
        model::{Model, Pane},
    },
};

/// Sentences for an empty pane, one below the other.
pub fn sentences(model: &Model, keymap: &Keymap, pane: Pane) -> Vec<String> {
    let key = |action: Action| keymap.chords(action).first().map_or("?", String::as_str);
    let noun = match pane {
        Pane::Rooms => "waiting room",
        Pane::Appointments => "appointment",
        Pane::Patients => "patient",
        Pane::Sessions => "scribe session",
        Pane::Notes => "note",
    };
    if model.anew(pane) {
        return vec!["being read …".into()];
    }
    let mut lines = Vec::new();
    let whom = narrowed_to(model, pane);
    if model.filter(pane).is_empty() {
        lines.push(match (pane, &whom) {
            (_, Some((whom, _))) => format!("no {noun} {whom} is known"),
            (Pane::Appointments, None) if model.shown_day() == model.today() => {
                "no appointment of today is known".into()
            }
            (Pane::Appointments, None) => {
                format!("no appointment of {} is known", model.shown_day().strftime("%a %d %b"))
            }
            (_, None) => format!("no {noun} is known yet"),
        });
        lines.extend(whom.map(|(_, wider)| format!("{} shows {wider}", key(Action::Back))));
        if pane == Pane::Appointments && model.scope.patient.is_none() && model.day.is_some() {
            lines.push(format!("{} goes to today", key(Action::Today)));
        }
        lines.extend(match pane {
            Pane::Patients => Some(format!("{} makes a new one", key(Action::NewPatient))),
            Pane::Sessions if model.scope.appointment.is_some() => {
                Some(format!("{} {} starts one", key(Action::FocusAppointments), key(Action::StartScribe)))
            }
            Pane::Notes if model.scope.appointment.is_some() => Some(format!("{} writes one", key(Action::NewNote))),
            _ => None,
        });
    } else {
        let whom = whom.map(|(whom, _)| format!(" {whom}")).unwrap_or_default();
        lines.push(format!("no {noun}{whom} matches {}", model.filter(pane)));
        // Esc is about the pane that has the keys.
        let there = if model.focus == pane { String::new() } else { format!("{} ", pane.number()) };
        lines.push(format!("{there}{} clears the filter", key(Action::Back)));
        if pane == Pane::Patients && model.focus == pane {
            let again = if model.filtering == Some(pane) { " twice" } else { "" };
            lines.push(format!("{}{again} asks Solo by a number", key(Action::Open)));
        }
    }
    lines.extend(model.hiding.get(&pane).into_iter().flat_map(|hiding| hidden(hiding, key(Action::Back))));
    if let Some((rows, _)) = model.health.as_ref().and_then(|h| h.filling) {
        lines.push(format!("still being read: {rows} rows so far"));
    }
    lines
}

/// Which of the things that narrow a list down hides its rows by itself.
fn hidden(hiding: &[Hiding], back: &str) -> Vec<String> {
    let alone = |one: &&Hiding| one.without > 0;
    let rows = |n: u32| if n == 1 { "1 row".to_owned() } else { format!("{n} rows") };
    let said: Vec<String> = hiding
        .iter()
        .filter(alone)
        .map(|one| match &one.what {
            Narrowing::Word(word) => format!("\u{201c}{word}\u{201d} hides {}", rows(one.without)),
            Narrowing::Appointment => format!("the visit hides {}: {back} shows all of the patient", rows(one.without)),
            Narrowing::Patient => format!("the patient hides {}", rows(one.without)),
        })
        .collect();
    if said.is_empty() && hiding.len() > 1 {
        return vec!["no part of this by itself: without any one of them it is empty too".into()];
    }
    said
}

/// For whom or where a pane's rows are, and what it shows one step wider.
fn narrowed_to(model: &Model, pane: Pane) -> Option<(String, &'static str)> {
    let named = |name: &str, nobody: &str| if name.is_empty() { nobody.to_owned() } else { name.to_owned() };
    let day = model.day.map(|day| day.strftime(" on %a %d %b").to_string()).unwrap_or_default();
    let (scope, wider) =
        (&model.scope, if model.scope.patient.is_some() { "all of the patient" } else { "everybody's" });
    match pane {
        Pane::Appointments => match (&scope.patient, &scope.room) {
            (Some((_, name)), _) => Some((format!("of {}", named(name, "this patient")), "everybody's")),
            (None, RoomFilter::All) => None,
            (None, RoomFilter::NoneKnown) => Some((format!("without a known room{day}"), "all rooms")),
            (None, RoomFilter::Named(room)) => Some((format!("in {room}{day}"), "all rooms")),
        },
        Pane::Sessions | Pane::Notes => match (&scope.appointment, &scope.patient) {
            (Some((_, name)), _) => {
                Some((format!("for this visit of {}", named(name, "somebody not read yet")), wider))
            }
            (None, Some((_, name))) => Some((format!("for {}", named(name, "this patient")), "everybody's")),
            (None, None) => None,
        },
        Pane::Rooms | Pane::Patients => None,
    }
}
