//! What one answer of a vendor changes about what is known. Pure.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::domain::{Facts, Record, Source, Sourced, record::StatusSeen};

/// `new` over what is known. A whole record replaces; a part fills the gaps of a whole record and replaces what other
/// parts said. A scribe's list tells all of a session but what our own write knew: where the vendor's own clock says that
/// it is later, what it says counts.
pub(super) fn over(old: Option<(&Record, bool)>, new: Record, complete: bool) -> (Record, bool) {
    let Some((old, was_complete)) = old else { return (new, complete) };
    if complete || old.kind() != new.kind() {
        return (new, complete);
    }
    let (Ok(old_fields), Ok(new_fields)) = (serde_json::to_value(old), serde_json::to_value(&new)) else {
        return (old.clone(), was_complete);
    };
    let only_gaps = was_complete && !later(old, &new);
    let filled = serde_json::from_value(fill(old_fields, new_fields, only_gaps)).unwrap_or_else(|_| old.clone());
    (filled, was_complete)
}

/// Whether the vendor says itself that the new one is of a later moment.
fn later(old: &Record, new: &Record) -> bool {
    match (old, new) {
        (Record::Session(old), Record::Session(new)) => new.updated_at.is_some() && new.updated_at > old.updated_at,
        _ => false,
    }
}

/// A record's serde form is an object of one field that names its kind and holds its fields.
fn fill(old: Value, new: Value, only_gaps: bool) -> Value {
    let (Value::Object(old), Value::Object(mut new)) = (old, new) else { return Value::Null };
    let filled = old.into_iter().map(|(kind, fields)| match (fields, new.remove(&kind)) {
        (Value::Object(mut fields), Some(Value::Object(new))) => {
            for (name, value) in new {
                let gap = fields.get(&name).is_none_or(says_nothing);
                if !says_nothing(&value) && (gap || !only_gaps) {
                    fields.insert(name, value);
                }
            }
            (kind, Value::Object(fields))
        }
        (fields, _) => (kind, fields),
    });
    Value::Object(filled.collect::<Map<_, _>>())
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// The vendor's word for where a record stands, of kinds whose standing is timed.
pub(super) fn status(record: &Record) -> Option<&str> {
    match record {
        Record::Appointment(a) => Some(a.status.as_str()),
        Record::Session(s) => Some(s.status.as_str()),
        _ => None,
    }
    .filter(|word| !word.is_empty())
}

/// When the status of a record that was read at `at` was first seen. The change itself counts as seen only when the
/// status before it was read so shortly before that nobody can have waited unnoticed for longer than `gap`.
pub(super) fn seen(
    before: Option<&StatusSeen>,
    last_read: Option<Timestamp>,
    word: &str,
    at: Timestamp,
    gap: Duration,
) -> StatusSeen {
    match before {
        Some(seen) if seen.status == word => seen.clone(),
        before => {
            let watched = last_read.is_some_and(|last| at.duration_since(last).unsigned_abs() <= gap);
            StatusSeen { status: word.to_owned(), since: at, seen_begin: before.is_some() && watched }
        }
    }
}

/// Puts what an answer tells into the facts; tells whether any changed.
pub(super) fn put_facts(
    facts: &mut Facts,
    told: Vec<(crate::domain::Fact, String)>,
    source: Source,
    at: Timestamp,
) -> bool {
    let mut changed = false;
    for (fact, value) in told {
        if facts.get(fact) != Some(value.as_str()) {
            facts.put(fact, Sourced { value: value.clone(), source, at });
            changed |= facts.get(fact) == Some(value.as_str());
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Fact, VendorId,
        patient::Patient,
        scribe::SessionMore,
        session::{Session, Stage},
    };

    fn record(mrn: Option<&str>, race: Option<&str>) -> Record {
        let text = |t: Option<&str>| t.map(str::to_owned);
        Record::Patient(Box::new(Patient { mrn: text(mrn), race: text(race), ..Patient::default() }))
    }

    #[test]
    fn a_part_fills_the_gaps_of_a_whole_record_and_replaces_nothing() {
        let whole = record(Some("1"), None);
        let part = record(Some("2"), Some("x"));
        assert_eq!(over(Some((&whole, true)), part, false), (record(Some("1"), Some("x")), true));
    }

    #[test]
    fn a_later_part_replaces_an_earlier_one_where_it_says_something() {
        let part = record(Some("1"), Some("x"));
        let later = record(Some("2"), None);
        assert_eq!(over(Some((&part, false)), later, false), (record(Some("2"), Some("x")), false));
    }

    #[test]
    fn a_later_part_of_a_session_says_how_it_stands_and_takes_nothing_away() {
        let at = |second: i64, status: &str, doctor: Option<&str>| {
            Record::Session(Box::new(Session {
                vendor: VendorId::new("scribe"),
                status: status.into(),
                stage: Stage::Processing,
                appointment: None,
                patient: None,
                doctor: doctor.map(str::to_owned),
                title: None,
                created_at: None,
                updated_at: Timestamp::from_second(second).ok(),
                language: None,
                duration: None,
                clinician_notes: Vec::new(),
                summary: None,
                more: SessionMore::default(),
            }))
        };
        let whole = at(10, "writing", Some("d"));
        assert_eq!(over(Some((&whole, true)), at(11, "done", None), false), (at(11, "done", Some("d")), true));
        assert_eq!(over(Some((&whole, true)), at(10, "done", None), false), (whole.clone(), true));
        assert_eq!(over(Some((&whole, true)), at(9, "new", None), false), (whole.clone(), true));
    }

    #[test]
    fn a_whole_record_replaces() {
        let whole = record(Some("1"), Some("x"));
        assert_eq!(over(Some((&whole, true)), record(None, None), true), (record(None, None), true));
    }

    #[test]
    fn the_beginning_of_a_status_is_seen_only_by_who_was_watching() {
        let at = |s: i64| Timestamp::from_second(s).unwrap();
        let gap = Duration::from_secs(180);
        let first = seen(None, None, "scheduled", at(0), gap);
        assert!(!first.seen_begin);
        assert_eq!(seen(Some(&first), Some(at(0)), "scheduled", at(500), gap), first);
        let watched = seen(Some(&first), Some(at(560)), "arrived", at(600), gap);
        assert_eq!((watched.since, watched.seen_begin), (at(600), true));
        assert!(!seen(Some(&first), Some(at(0)), "arrived", at(600), gap).seen_begin);
    }

    #[test]
    fn a_person_s_word_outlives_a_vendor_s() {
        let mut facts = Facts::default();
        let said = vec![(Fact::Room, "A".to_owned())];
        assert!(put_facts(&mut facts, said.clone(), Source::Person, Timestamp::UNIX_EPOCH));
        put_facts(&mut facts, vec![(Fact::Room, "B".into())], Source::Import, Timestamp::UNIX_EPOCH);
        assert_eq!(facts.get(Fact::Room), Some("A"));
        assert!(!put_facts(&mut facts, said, Source::Person, Timestamp::UNIX_EPOCH));
    }
}
