//! Free slots: every room is open around the clock and takes one appointment at a time.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::appointments::APPOINTMENTS;
use super::reply::{Answer, Refused, bad, missing, ok, query};
use crate::sandbox::machine::Request;
use crate::sandbox::store::Store;

/// The widest range that is answered, in seconds. The document names none; without one an answer could be of any length.
const WIDEST: i64 = 92 * 86_400;

fn number(request: &Request, name: &str) -> Result<Option<i64>, Refused> {
    match query(request, name)? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| bad(format!("Bad parameters [{name}: must be an integer]"))),
    }
}

/// What GET answers.
pub(super) fn list(store: &Store, request: &Request, now: Timestamp) -> Answer {
    let required =
        |name: &str, value: Option<i64>| value.ok_or_else(|| bad(format!("Bad parameters [{name}: is required]")));
    let after = required("after", number(request, "after")?)?;
    let before = required("before", number(request, "before")?)?;
    let name = query(request, "waitingRoom")?.ok_or_else(|| bad("Bad parameters [waitingRoom: is required]"))?;
    let room = store.world.rooms.iter().find(|r| r.name == name).ok_or_else(|| missing("Waiting room"))?;
    let duration = number(request, "duration")?.unwrap_or(room.slot_seconds);
    if !(1..=86_400).contains(&duration) {
        return Err(bad("Bad parameters [duration: must be an integer from 1 to 86400]"));
    }
    if before <= after || after < 0 || before - after > WIDEST {
        return Err(bad("Bad parameters [before: must follow after within 92 days]"));
    }
    let free = free(store, name, after.max(now.as_second()), before, duration);
    ok(&free.into_iter().map(|date| json!({ "date": date, "duration": duration })).collect())
}

/// The beginnings of free slots that lie whole in a range. The grid begins anew at each local midnight.
pub(super) fn free(store: &Store, room: &str, after: i64, before: i64, duration: i64) -> Vec<i64> {
    let mut taken: Vec<(i64, i64)> = store
        .list(APPOINTMENTS)
        .map(|(_, a)| a)
        .filter(|a| a["room"] == room && a["status"] != "cancelled" && a["status"] != "not showed up")
        .filter_map(|a| Some((a["date"].as_i64()?, a["date"].as_i64()? + a["duration"].as_i64()?)))
        .filter(|(from, to)| *to > after && *from < before)
        .collect();
    taken.sort_unstable();
    let step = store.world.rooms.iter().find(|r| r.name == room).map_or(900, |r| r.slot_seconds).min(duration).max(60);
    let Ok(first) = Timestamp::from_second(after) else { return Vec::new() };
    let mut free = Vec::new();
    for day in 0.. {
        let (from, to) = (store.world.day_start(first, day), store.world.day_start(first, day + 1));
        // At the end of time a day has no successor.
        if from >= before || to <= from {
            break;
        }
        let ahead = (after - from).max(0);
        let mut at = from + (ahead + step - 1) / step * step;
        while at < to && at + duration <= before {
            match taken.iter().find(|(a, b)| *a < at + duration && *b > at) {
                Some((_, end)) => at = from + (end - from + step - 1) / step * step,
                None => {
                    free.push(at);
                    at += step.max(duration);
                }
            }
        }
    }
    free
}

/// What GET waiting-rooms answers.
pub(super) fn rooms(store: &Store) -> Answer {
    let rooms: Value = store
        .world
        .rooms
        .iter()
        .map(|r| json!({ "id": r.id, "name": r.name, "serviceLine": r.service_line, "serviceType": r.service_type }))
        .collect();
    ok(&rooms)
}
