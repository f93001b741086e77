//! What a conflict is about, field by field, in words: what it was, what is wanted, what the vendor holds now.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value};

use super::{
    appointment::Appointment,
    intent::Intent,
    merge,
    patient::{Address, HumanName, Patient, Telecom},
    record::Record,
};

/// One field that two people changed.
#[derive(Clone, PartialEq, Eq)]
pub struct Disputed {
    /// As [`super::Command::Resolve`] names it.
    pub field: String,
    /// What it was when the person began; says so when that is empty or was not known.
    pub base: String,
    /// What the person wants.
    pub mine: String,
    /// What the vendor holds.
    pub theirs: String,
}

impl Disputed {
    /// The field for a person to read.
    pub fn label(&self) -> String {
        match self.field.as_str() {
            "mrn" => "MRN".into(),
            field => field.replace('_', " "),
        }
    }
}

super::patient::redacted_debug!(Disputed);

/// Each field in question with its three values. Times are told in `zone`.
pub fn disputed(intent: &Intent, theirs: &Record, fields: &[String], zone: &TimeZone) -> Vec<Disputed> {
    let sides = Sides::of(intent, theirs);
    let known = if matches!(intent, Intent::UpdatePatient { partial: true, .. }) { "not known" } else { "empty" };
    fields
        .iter()
        .map(|field| {
            let told = |side: &Side<'_>, empty: &str| {
                let words = side.words(field, zone);
                if words.trim().is_empty() { empty.to_owned() } else { words }
            };
            Disputed {
                field: field.clone(),
                base: told(&sides.base, known),
                mine: told(&sides.mine, "empty"),
                theirs: told(&sides.theirs, "empty"),
            }
        })
        .collect()
}

struct Sides<'a> {
    base: Side<'a>,
    mine: Side<'a>,
    theirs: Side<'a>,
}

enum Side<'a> {
    Patient(&'a Patient),
    Fields(Map<String, Value>),
}

impl<'a> Sides<'a> {
    fn of(intent: &'a Intent, theirs: &'a Record) -> Self {
        let nothing = || Side::Fields(Map::new());
        let now = match theirs {
            Record::Patient(patient) => Side::Patient(patient),
            Record::Appointment(appointment) => Side::Fields(visit(appointment)),
            _ => nothing(),
        };
        let terms = |terms: &super::appointment::Terms, status: &str| {
            let mut fields = merge::fields(terms).unwrap_or_default();
            fields.insert("status".into(), status.into());
            Side::Fields(fields)
        };
        let (base, mine) = match intent {
            Intent::UpdatePatient { base, mine, .. } => (Side::Patient(base), Side::Patient(mine)),
            Intent::CreatePatient { content, .. } => (nothing(), Side::Patient(content)),
            Intent::ChangeAppointment { base, mine, .. } => (terms(base, ""), terms(mine, "to take place")),
            Intent::Book { terms: wanted, .. } => (nothing(), terms(wanted, "to take place")),
            Intent::CancelAppointment { .. } => {
                (nothing(), Side::Fields([("status".to_owned(), "cancelled".into())].into_iter().collect()))
            }
            Intent::AnswerVisitNote { template, answers, .. } => {
                let names = |id: &str, names: &[String]| {
                    [Some(id.to_owned()), names.last().cloned(), Some(names.join("/"))].into_iter().flatten()
                };
                let mine =
                    answers.iter().flat_map(|a| names(&a.id, &a.names).map(|n| (n, Value::from(a.values.clone()))));
                let told = match theirs {
                    Record::VisitNote(note) => answers
                        .iter()
                        .flat_map(|a| {
                            let given = note
                                .parts
                                .iter()
                                .filter(|p| p.template == *template)
                                .flat_map(|p| &p.responses)
                                .find(|r| r.question == a.names);
                            let given = Value::from(given.map(|r| r.response.clone()).unwrap_or_default());
                            names(&a.id, &a.names).map(move |n| (n, given.clone()))
                        })
                        .collect(),
                    _ => Map::new(),
                };
                return Self { base: nothing(), mine: Side::Fields(mine.collect()), theirs: Side::Fields(told) };
            }
            _ => (nothing(), nothing()),
        };
        Self { base, mine, theirs: now }
    }
}

fn visit(appointment: &Appointment) -> Map<String, Value> {
    let mut fields = merge::fields(&appointment.terms()).unwrap_or_default();
    fields.insert("status".into(), appointment.status.as_str().into());
    fields
}

impl Side<'_> {
    fn words(&self, field: &str, zone: &TimeZone) -> String {
        match (self, field) {
            (Self::Patient(p), "names") => each(&p.names, name),
            (Self::Patient(p), "telecom") => each(&p.telecom, telecom),
            (Self::Patient(p), "addresses") => each(&p.addresses, address),
            (Self::Patient(p), "contacts") => {
                each(&p.contacts, |c| joined(&[each(&c.names, name), each(&c.telecom, telecom)], " "))
            }
            (Self::Patient(p), field) => {
                merge::fields(*p).and_then(|f| f.get(field).map(|v| plain(field, v, zone))).unwrap_or_default()
            }
            (Self::Fields(fields), field) => fields.get(field).map(|v| plain(field, v, zone)).unwrap_or_default(),
        }
    }
}

fn each<T>(items: &[T], words: impl Fn(&T) -> String) -> String {
    joined(&items.iter().map(words).collect::<Vec<_>>(), "; ")
}

fn joined(parts: &[String], between: &str) -> String {
    parts.iter().map(|p| p.trim()).filter(|p| !p.is_empty()).collect::<Vec<_>>().join(between)
}

fn labelled(usage: Option<&str>, words: String) -> String {
    match usage.filter(|u| !u.trim().is_empty()) {
        Some(usage) if !words.is_empty() => format!("{words} ({usage})"),
        _ => words,
    }
}

fn name(n: &HumanName) -> String {
    let alias = n.alias.as_deref().filter(|a| !a.trim().is_empty()).map(|a| format!("called {a}"));
    labelled(n.usage.as_deref(), joined(&[n.display(), alias.unwrap_or_default()], ", "))
}

fn telecom(t: &Telecom) -> String {
    labelled(t.usage.as_deref(), t.value.clone().unwrap_or_default())
}

fn address(a: &Address) -> String {
    let part = |p: &Option<String>| p.clone().unwrap_or_default();
    let town = joined(&[part(&a.postal_code), part(&a.city)], " ");
    labelled(
        a.usage.as_deref(),
        joined(&[a.line.join(" "), part(&a.apartment), town, part(&a.state), part(&a.country)], ", "),
    )
}

fn plain(field: &str, value: &Value, zone: &TimeZone) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
        Value::Number(n) => match n.as_u64().filter(|_| field == "duration") {
            Some(seconds) if seconds % 60 == 0 => format!("{} min", seconds / 60),
            _ => n.to_string(),
        },
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(at) if field == "start" => at.to_zoned(zone.clone()).strftime("%a %d %b %Y %H:%M").to_string(),
            _ => text.clone(),
        },
        Value::Array(items) => each(items, |item| plain(field, item, zone)),
        Value::Object(members) => joined(&members.values().map(|v| plain(field, v, zone)).collect::<Vec<_>>(), " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RecordId, appointment::Terms};

    fn person(first: &str, number: &str) -> Patient {
        let text = |t: &str| Some(t.to_owned());
        Patient {
            names: vec![HumanName {
                usage: text("usual"),
                first: text(first),
                last: text("Ott"),
                ..HumanName::default()
            }],
            telecom: vec![Telecom { usage: text("work"), system: text("phone"), value: text(number) }],
            ..Patient::default()
        }
    }

    #[test]
    fn a_person_reads_what_it_was_what_they_want_and_what_is_there() {
        let intent = Intent::UpdatePatient {
            patient: RecordId(1),
            base: Box::new(Patient { telecom: Vec::new(), ..person("Maren", "") }),
            mine: Box::new(person("Marena", "1")),
            partial: true,
        };
        let theirs = Record::Patient(Box::new(person("Mareike", "2")));
        let found = disputed(&intent, &theirs, &["names".into(), "telecom".into()], &TimeZone::UTC);
        let read: Vec<_> = found.iter().map(|d| [&d.base, &d.mine, &d.theirs].map(String::as_str)).collect();
        assert_eq!(read[0], ["Ott, Maren (usual)", "Ott, Marena (usual)", "Ott, Mareike (usual)"]);
        assert_eq!(read[1], ["not known", "1 (work)", "2 (work)"]);
    }

    #[test]
    fn times_are_told_in_the_clinics_zone() {
        let at = |second| Terms { start: Timestamp::from_second(second).ok(), ..Terms::default() };
        let intent = Intent::ChangeAppointment { appointment: RecordId(1), base: at(0), mine: at(3600) };
        let theirs = Record::Appointment(Box::new(Appointment {
            start: at(7200).start,
            duration: None,
            reasons: Vec::new(),
            status: "scheduled".into(),
            video: None,
            external_id: None,
            patient: None,
            providers: Vec::new(),
            room: None,
        }));
        let found = disputed(&intent, &theirs, &["start".into()], &TimeZone::fixed(jiff::tz::offset(1)));
        assert_eq!(found[0].mine, "Thu 01 Jan 1970 02:00");
        assert_eq!(found[0].theirs, "Thu 01 Jan 1970 03:00");
    }
}
