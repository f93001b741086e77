//! The CSV data dump, Solo's only bulk source, made row by row while it is sent. Its columns are published nowhere.
//!
//! One row for each appointment whose local day lies in the range, and one for each patient who has none there: the records
//! first, then the archive, then the patients who are left.

use std::collections::HashSet;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::Value;

use super::appointments::APPOINTMENTS;
use super::archive;
use super::check::day;
use super::patients::{PATIENTS, by_id};
use super::reply::{Answer, Refused, bad, query};
use crate::sandbox::machine::{Request, Response, Tail};
use crate::sandbox::store::Store;
use crate::sandbox::world::Person;

/// The header row.
pub(super) const COLUMNS: [&str; 20] = [
    "Patient ID",
    "SPID",
    "MRN",
    "First Name",
    "Middle Name",
    "Last Name",
    "Date of Birth",
    "Gender",
    "Phone",
    "Email",
    "Active",
    "Appointment ID",
    "Appointment External ID",
    "Appointment Date",
    "Duration",
    "Status",
    "Reasons",
    "Waiting Room",
    "Provider ID",
    "Provider",
];
/// How many of them speak of the patient.
const OF_PATIENT: usize = 11;
const OF_VISIT: usize = COLUMNS.len() - OF_PATIENT;
/// How many records one call looks at: the vendor answers nobody else meanwhile.
const A_CALL: usize = 500;

/// What stands in the first columns of a row.
type PatientColumns = [String; OF_PATIENT];

fn date(request: &Request, name: &str) -> Result<Date, Refused> {
    let text = query(request, name)?.ok_or_else(|| bad(format!("Bad parameters [{name}: is required]")))?;
    day(text).ok_or_else(|| bad(format!("Bad parameters [{name}: must be a date as YYYY-MM-DD]")))
}

/// What GET answers.
pub(super) fn csv_dump(store: &Store, request: &Request) -> Answer {
    let (from, to) = (date(request, "from")?, date(request, "to")?);
    if to < from {
        return Err(bad("Bad parameters [to: must not lie before from]"));
    }
    let zone = TimeZone::get(&store.world.time_zone).unwrap_or(TimeZone::UTC);
    let begins = |day: Date| day.to_zoned(zone.clone()).ok().map(|z| z.timestamp().as_second());
    // The last day there is has no morning after.
    let end = to.tomorrow().ok().and_then(begins).unwrap_or(i64::MAX);
    let rows = Rows::new(begins(from).unwrap_or(i64::MIN), end, zone, &EVERY_COLUMN, true);
    Ok(Response {
        status: 200,
        headers: vec![("content-type".into(), "application/octet-stream".into())],
        body: header(&EVERY_COLUMN)?,
        tail: Some(Box::new(rows)),
        ..Response::default()
    })
}

const EVERY_COLUMN: [usize; COLUMNS.len()] = {
    let (mut all, mut i) = ([0; COLUMNS.len()], 0);
    while i < COLUMNS.len() {
        all[i] = i;
        i += 1;
    }
    all
};

/// The header row of these columns.
pub(super) fn header(columns: &[usize]) -> Result<Vec<u8>, Refused> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let written = out.write_record(columns.iter().map(|c| COLUMNS[*c]));
    match (written, out.into_inner()) {
        (Ok(()), Ok(row)) => Ok(row),
        _ => Err(Refused::Error(500, "The report could not be written".into())),
    }
}

/// Where a report stands.
enum Stage {
    /// Among the appointments' records, behind this key.
    Records(String),
    /// In the archive, at this place.
    Archive(i64),
    /// Among the world's people, at this place.
    People(usize),
    /// Among the patients that the world does not know, behind this key.
    Newcomers(String),
    End,
}

/// The rows of a report, made in portions.
pub(super) struct Rows {
    /// From the first second to before the second, Unix seconds.
    range: (i64, i64),
    zone: TimeZone,
    columns: &'static [usize],
    /// Whether patients without an appointment in the range get a row.
    everyone: bool,
    stage: Stage,
    /// Who had a row.
    seen: HashSet<Box<str>>,
}

impl Rows {
    /// The rows of a range of seconds, with these of [`COLUMNS`].
    pub fn new(from: i64, end: i64, zone: TimeZone, columns: &'static [usize], everyone: bool) -> Self {
        Self { range: (from, end), zone, columns, everyone, stage: Stage::Records(String::new()), seen: HashSet::new() }
    }

    fn has(&self, appointment: &Value) -> bool {
        appointment["date"].as_i64().is_some_and(|at| (self.range.0..self.range.1).contains(&at))
    }

    /// Writes one portion and moves on.
    fn portion(&mut self, store: &Store, out: &mut csv::Writer<Vec<u8>>) -> csv::Result<()> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::End) {
            Stage::Records(after) => {
                let mut last = None;
                for (key, a) in store.list_after(APPOINTMENTS, &after).take(A_CALL) {
                    last = Some(key.to_owned());
                    if self.has(a) {
                        self.visit(store, out, a)?;
                    }
                }
                match last {
                    Some(key) => Stage::Records(key),
                    None => Stage::Archive(archive::of(store).first_from(self.range.0)),
                }
            }
            Stage::Archive(place) => {
                let all = archive::of(store);
                let end = all.count().min(place + A_CALL as i64);
                for place in place..end {
                    let a = all.at(store, place);
                    // What was changed since is among the records.
                    if self.has(&a) && store.get(APPOINTMENTS, &a["id"].to_string()).is_none() {
                        self.visit(store, out, &a)?;
                    }
                }
                match end < all.count() && all.date(end) < self.range.1 {
                    true => Stage::Archive(end),
                    false if self.everyone => Stage::People(0),
                    false => Stage::End,
                }
            }
            Stage::People(place) => {
                let people = &store.world.people;
                let end = people.len().min(place + A_CALL);
                for p in &people[place.min(end)..end] {
                    if !self.seen.contains(p.id.as_str())
                        && let Some(own) = patient(store, &p.id)
                    {
                        self.row(out, &own, &Default::default())?;
                    }
                }
                if end < people.len() { Stage::People(end) } else { Stage::Newcomers(String::new()) }
            }
            Stage::Newcomers(after) => {
                let mut last = None;
                for (key, _) in store.list_after(PATIENTS, &after).take(A_CALL) {
                    last = Some(key.to_owned());
                    if store.world.person_by_id(key).is_none()
                        && !self.seen.contains(key)
                        && let Some(own) = patient(store, key)
                    {
                        self.row(out, &own, &Default::default())?;
                    }
                }
                last.map_or(Stage::End, Stage::Newcomers)
            }
            Stage::End => Stage::End,
        };
        Ok(())
    }

    fn visit(&mut self, store: &Store, out: &mut csv::Writer<Vec<u8>>, a: &Value) -> csv::Result<()> {
        let id = a["patient"].as_str().unwrap_or_default();
        let Some(own) = patient(store, id) else { return Ok(()) };
        if self.everyone && !self.seen.contains(id) {
            self.seen.insert(id.into());
        }
        let text =
            |v: &Value| v.as_str().map_or_else(|| if v.is_null() { String::new() } else { v.to_string() }, Into::into);
        let at = Timestamp::from_second(a["date"].as_i64().unwrap_or_default()).unwrap_or_default();
        let reasons: Vec<&str> = a["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let provider = a["providers"][0].as_u64().and_then(|i| store.world.providers.get(i as usize));
        let of_visit = [
            text(&a["id"]),
            text(&a["externalId"]),
            super::check::atom_text(at, &self.zone),
            text(&a["duration"]),
            text(&a["status"]),
            reasons.join("; "),
            text(&a["room"]),
            provider.map(|p| p.id.clone()).unwrap_or_default(),
            provider.map(|p| format!("{} {}", p.first, p.last)).unwrap_or_default(),
        ];
        self.row(out, &own, &of_visit)
    }

    fn row(
        &self,
        out: &mut csv::Writer<Vec<u8>>,
        own: &PatientColumns,
        of_visit: &[String; OF_VISIT],
    ) -> csv::Result<()> {
        let at = |c: &usize| own.get(*c).or_else(|| of_visit.get(c - OF_PATIENT)).map_or("", String::as_str);
        out.write_record(self.columns.iter().map(at))
    }
}

impl Tail for Rows {
    fn next(&mut self, store: &Store) -> Option<Vec<u8>> {
        if matches!(self.stage, Stage::End) {
            return None;
        }
        let mut out = csv::Writer::from_writer(Vec::with_capacity(A_CALL * 200));
        // Writing to memory does not fail, and all rows have the same length; were it otherwise, the report would end here.
        match (self.portion(store, &mut out), out.into_inner()) {
            (Ok(()), Ok(part)) => Some(part),
            _ => None,
        }
    }
}

fn patient(store: &Store, id: &str) -> Option<PatientColumns> {
    if store.get(PATIENTS, id).is_none() {
        return store.world.person_by_id(id).map(|i| of_person(&store.world.people[i]));
    }
    let p = by_id(store, id)?;
    let d = &p.demographics;
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let reach = |system: &str| {
        let mut all = d["telecom"].as_array().into_iter().flatten();
        all.find(|t| t["system"] == system).map(|t| text(&t["value"])).unwrap_or_default()
    };
    let name = &d["name"][0];
    Some([
        p.id.clone(),
        p.spid.to_string(),
        text(&d["mrn"]),
        text(&name["firstName"]),
        text(&name["middleName"]),
        text(&name["lastName"]),
        text(&d["birthDate"]),
        text(&d["gender"]),
        reach("phone"),
        reach("email"),
        if d["active"] == false { "0".into() } else { "1".into() },
    ])
}

fn of_person(p: &Person) -> PatientColumns {
    let texts = [&p.id, &p.mrn, &p.first, &p.middle, &p.last, &p.birth_date, &p.gender, &p.phone, &p.email];
    let [id, mrn, first, middle, last, born, gender, phone, email] = texts.map(String::clone);
    [id, p.spid.to_string(), mrn, first, middle, last, born, gender, phone, email, "1".into()]
}
