//! The CSV data dump, Solo's only bulk source. Its columns are published nowhere.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::Value;

use super::appointments::APPOINTMENTS;
use super::check::day;
use super::patients::{PATIENTS, by_id};
use super::reply::{Answer, Refused, bad};
use crate::sandbox::machine::{Request, Response};
use crate::sandbox::store::Store;

/// The header row.
const COLUMNS: [&str; 20] = [
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

fn date(request: &Request, name: &str) -> Result<Date, Refused> {
    let text = request.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let text = text.ok_or_else(|| bad(format!("Bad parameters [{name}: is required]")))?;
    day(text).ok_or_else(|| bad(format!("Bad parameters [{name}: must be a date as YYYY-MM-DD]")))
}

/// One row for each appointment whose local day lies in the range, and one for each patient who has none there.
pub(super) fn csv_dump(store: &Store, request: &Request) -> Answer {
    let (from, to) = (date(request, "from")?, date(request, "to")?);
    if to < from {
        return Err(bad("Bad parameters [to: must not lie before from]"));
    }
    let zone = TimeZone::get(&store.world.time_zone).unwrap_or(TimeZone::UTC);
    let mut visits: BTreeMap<&str, Vec<(String, &Value)>> = BTreeMap::new();
    for (_, a) in store.list(APPOINTMENTS) {
        let Some(at) = a["date"].as_i64().and_then(|s| Timestamp::from_second(s).ok()) else { continue };
        let local = at.to_zoned(zone.clone());
        if (from..=to).contains(&local.date()) {
            let when = local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
            visits.entry(a["patient"].as_str().unwrap_or_default()).or_default().push((when, a));
        }
    }
    let mut out = csv::Writer::from_writer(Vec::with_capacity(256 * (store.world.people.len() + 64)));
    let written = (|| {
        out.write_record(COLUMNS)?;
        for p in &store.world.people {
            let [spid, active] = [p.spid.to_string(), "1".into()];
            let own: [&str; OF_PATIENT] = [
                &p.id,
                &spid,
                &p.mrn,
                &p.first,
                &p.middle,
                &p.last,
                &p.birth_date,
                &p.gender,
                &p.phone,
                &p.email,
                &active,
            ];
            if store.get(PATIENTS, &p.id).is_none() {
                rows(&mut out, store, own, visits.get(p.id.as_str()))?;
            }
        }
        for (id, _) in store.list(PATIENTS) {
            let Some(p) = by_id(store, id) else { continue };
            let d = &p.demographics;
            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            let reach = |system: &str| {
                let mut all = d["telecom"].as_array().into_iter().flatten();
                all.find(|t| t["system"] == system).map(|t| text(&t["value"])).unwrap_or_default()
            };
            let name = &d["name"][0];
            let own = [
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
            ];
            rows(&mut out, store, own.each_ref().map(String::as_str), visits.get(id))?;
        }
        csv::Result::Ok(())
    })();
    match (written, out.into_inner()) {
        (Ok(()), Ok(body)) => Ok(Response {
            status: 200,
            headers: vec![("content-type".into(), "application/octet-stream".into())],
            body,
            parts: Vec::new(),
        }),
        _ => Err(Refused::Error(500, "The report could not be written".into())),
    }
}

fn rows(
    out: &mut csv::Writer<Vec<u8>>,
    store: &Store,
    own: [&str; OF_PATIENT],
    visits: Option<&Vec<(String, &Value)>>,
) -> csv::Result<()> {
    let Some(visits) = visits else {
        return out.write_record(own.into_iter().chain([""; COLUMNS.len() - OF_PATIENT]));
    };
    for (when, a) in visits {
        let text =
            |v: &Value| v.as_str().map_or_else(|| if v.is_null() { String::new() } else { v.to_string() }, Into::into);
        let reasons: Vec<&str> = a["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let provider = a["providers"][0].as_u64().and_then(|i| store.world.providers.get(i as usize));
        let of_visit = [
            text(&a["id"]),
            text(&a["externalId"]),
            when.clone(),
            text(&a["duration"]),
            text(&a["status"]),
            reasons.join("; "),
            text(&a["room"]),
            provider.map(|p| p.id.clone()).unwrap_or_default(),
            provider.map(|p| format!("{} {}", p.first, p.last)).unwrap_or_default(),
        ];
        out.write_record(own.into_iter().chain(of_visit.iter().map(String::as_str)))?;
    }
    Ok(())
}
