//! What a practice has beside patients and appointments: episodes of care, attachments, requests for assistance. Drawn from
//! streams of their own, so that nothing else of a world depends on them. The first people of a world get none: they are whom
//! tests and demonstrations make their own for.

use std::collections::BTreeMap;

use jiff::{Span, Timestamp};
use serde_json::json;

use super::appointments::{self, find};
use super::{assistance, attachments, episodes, samples};
use crate::domain::random::{Randomness, SeededRandom};
use crate::sandbox::machine::Context;
use crate::sandbox::store::Store;
use crate::sandbox::wire::{derived_number, local_date};

/// So many people at the beginning of the list are left alone.
const LEFT_ALONE: usize = 12;

/// Name, type and objective.
const CARE: [(&str, &str, &str); 6] = [
    ("Blood pressure control", "chronic care", "below 135/85 at home"),
    ("Migraine prevention", "neurology", "fewer than four attacks a month"),
    ("Recovery after knee surgery", "rehabilitation", "walks stairs without a rail"),
    ("Diabetes education", "chronic care", "reads and notes own values"),
    ("Sleep programme", "behavioral health", "six hours without waking"),
    ("Asthma review", "pulmonology", "no rescue inhaler at night"),
];

fn stream(store: &Store, label: &str) -> SeededRandom {
    SeededRandom::new(derived_number(&store.world, label))
}

/// Brings it all into a fresh store. Nobody is told.
pub(super) fn found(store: &mut Store, ctx: &Context<'_>) {
    let mut by_person: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for visit in store.world.visits.iter().filter(|v| v.person >= LEFT_ALONE) {
        by_person.entry(visit.person).or_default().push(visit.said);
    }
    care(store, &by_person, ctx.now);
    files(store, &by_person, ctx.now);
    let random = stream(store, "solo assistance");
    assistance::found(store, &random, ctx.now);
}

/// Episodes for every third of those who have appointments, some of them over, and the appointments in the present one.
fn care(store: &mut Store, by_person: &BTreeMap<usize, Vec<i64>>, now: Timestamp) {
    let random = stream(store, "solo episodes");
    let today = local_date(&store.world, now);
    let day = |days: i64| today.checked_add(Span::new().days(days)).unwrap_or(today).to_string();
    for (person, visits) in by_person {
        if random.below(3) != 0 {
            continue;
        }
        let patient = store.world.people[*person].id.clone();
        let first = random.below(CARE.len() as u64) as usize;
        let begun = 20 + random.below(150) as i64;
        let (status, to) = match random.below(6) {
            0 => ("PLANNING", None),
            1 => ("ONHOLD", None),
            _ => ("ACTIVE", Some(day(30 + random.below(90) as i64))),
        };
        let (name, kind, objective) = CARE[first];
        let wish = json!({
            "name": name, "type": kind, "from": day(-begun), "to": to, "status": status, "objective": objective,
        });
        let id = random.uuid();
        episodes::put(store, &id, &patient, &wish);
        for said in visits {
            if let Ok(mut appointment) = find(store, &said.to_string()) {
                appointment["episode"] = json!(id);
                appointments::save(store, appointment);
            }
        }
        if random.below(3) == 0 {
            let (name, kind, objective) = CARE[(first + 1) % CARE.len()];
            let (status, why) = match random.below(2) {
                0 => ("FINISHED", None),
                _ => ("CANCELED", Some("moved away for the summer")),
            };
            let wish = json!({
                "name": name, "type": kind, "from": day(-begun - 200), "to": day(-begun - 60), "status": status,
                "objective": objective, "reasonIncomplete": why,
            });
            episodes::put(store, &random.uuid(), &patient, &wish);
        }
    }
}

/// A picture or a letter for every fourth of those who have appointments.
fn files(store: &mut Store, by_person: &BTreeMap<usize, Vec<i64>>, now: Timestamp) {
    let random = stream(store, "solo attachments");
    for said in by_person.values().filter_map(|visits| visits.first()) {
        if random.below(4) != 0 {
            continue;
        }
        let Ok(appointment) = find(store, &said.to_string()) else { continue };
        let begins = appointment["date"].as_i64().unwrap_or_default();
        let at = begins.min(now.as_second()) - 600 - random.below(7200) as i64;
        let at = Timestamp::from_second(at).unwrap_or(now);
        let draw = random.next_u64();
        let (title, media, bytes) = match draw % 3 {
            0 => ("Skin left forearm.png", "image/png", samples::png(96, draw)),
            1 => ("Referral letter.pdf", "application/pdf", samples::pdf("Referral letter: please see and advise.")),
            _ => ("Insurance card.png", "image/png", samples::png(64, draw)),
        };
        attachments::put(store, &random.uuid(), &appointment, title, media, &bytes, at);
    }
}
