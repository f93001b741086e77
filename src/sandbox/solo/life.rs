//! How an appointment goes by itself: a plan of steps through the twelve statuses and the seven states of a video call,
//! drawn when it is booked and carried out as the clock reaches them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::appointments::{self, APPOINTMENTS};
use super::slots;
use super::webhooks::tell;
use crate::domain::random::Randomness;
use crate::sandbox::machine::Context;
use crate::sandbox::store::Store;

/// The twelve statuses in the order of a day; the last two end an appointment early.
pub(super) const STATUSES: [&str; 12] = [
    "scheduled",
    "arrived",
    "in progress.intake.ready",
    "in progress.intake.progress",
    "in progress.exam.ready",
    "in progress.exam.progress",
    "discharge.ready",
    "discharge.progress",
    "completed",
    "sign off",
    "cancelled",
    "not showed up",
];
/// The seven states of a video call.
pub(super) const VIDEO_STATES: [&str; 7] =
    ["LWBS", "incomplete", "complete", "finalizing", "on hold", "on call", "waiting"];

/// When the next patient books by themselves, Unix seconds; under this key in [`LIFE`].
const NEXT_BOOKING: &str = "next_booking";
/// Up to which local midnight the book has been filled, Unix seconds; under this key in [`LIFE`].
const FILLED: &str = "filled";
const LIFE: &str = "solo/life";
/// How many days ahead patients book, and how many of them for one day.
const DAYS_AHEAD: i64 = 7;
const A_DAY: usize = 30;
const MINUTE: i64 = 60;

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    /// Unix seconds.
    pub at: i64,
    /// The appointment's new status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The video call's new state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<String>,
    /// The event that the vendor sends about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

/// Whether nothing follows this status but a signature.
pub(super) fn is_over(status: &str) -> bool {
    matches!(status, "completed" | "sign off" | "cancelled" | "not showed up")
}

struct Draft {
    steps: Vec<Step>,
    at: i64,
}

impl Draft {
    fn then(&mut self, wait: i64, status: Option<&str>, video: Option<&str>, event: Option<&str>) {
        self.at += wait;
        let text = |t: Option<&str>| t.map(str::to_owned);
        self.steps.push(Step { at: self.at, status: text(status), video: text(video), event: text(event) });
    }
}

/// Minutes between two bounds, in seconds.
fn minutes(random: &dyn Randomness, low: u64, high: u64) -> i64 {
    ((low * 60) + random.below((high - low) * 60 + 1)) as i64
}

/// Draws how an appointment at `start` goes, seen from `now`: most are seen, some cancel, do not come, leave or lose the line.
pub(super) fn plan(start: i64, duration: i64, now: i64, random: &dyn Randomness) -> Vec<Step> {
    let fate = random.below(100);
    if fate < 13 {
        let early = start - minutes(random, 10, 300);
        let mut d = Draft { steps: Vec::new(), at: early };
        if fate < 6 && early > now {
            d.then(0, Some("cancelled"), None, Some("appointment:cancelled"));
        } else {
            d.at = start;
            d.then(minutes(random, 15, 25), Some("not showed up"), None, Some("appointment:no-show"));
        }
        return d.steps;
    }
    // Who books for a moment that is already past arrives now.
    let arrival = (start - minutes(random, 0, 10)).max(now.min(start + 20 * MINUTE));
    seen(arrival, duration, fate, random)
}

/// A visit of somebody who comes. `fate` 13–17: leaves without being seen; 18–21: the call breaks off.
fn seen(arrival: i64, duration: i64, fate: u64, random: &dyn Randomness) -> Vec<Step> {
    let mut d = Draft { steps: Vec::new(), at: arrival };
    d.then(0, Some("arrived"), None, None);
    d.then(minutes(random, 1, 4), Some("in progress.intake.ready"), None, None);
    d.then(minutes(random, 1, 6), Some("in progress.intake.progress"), None, None);
    // The end of the intake has an event, the readiness for the exam that follows it has none.
    d.then(minutes(random, 2, 7), None, None, Some("intake:completed"));
    d.then(minutes(random, 1, 3), Some("in progress.exam.ready"), Some("waiting"), None);
    if (13..18).contains(&fate) {
        // No status says so; the document has it among the video states alone.
        d.then(minutes(random, 20, 40), Some("cancelled"), Some("LWBS"), Some("appointment:lwbs"));
        return d.steps;
    }
    d.then(minutes(random, 2, 18), Some("in progress.exam.progress"), Some("on call"), None);
    let long = (duration.max(4 * MINUTE) / 4).min(20 * MINUTE);
    d.then(long, None, (random.below(3) == 0).then_some("on hold"), None);
    d.then(long / 2, None, Some("on call"), None);
    if (18..22).contains(&fate) {
        d.then(long, Some("discharge.ready"), Some("incomplete"), Some("appointment:incompleted"));
        d.then(minutes(random, 2, 6), Some("discharge.progress"), None, None);
        d.then(minutes(random, 1, 4), Some("completed"), None, None);
    } else {
        d.then(long, Some("discharge.ready"), Some("finalizing"), None);
        d.then(minutes(random, 1, 4), Some("discharge.progress"), Some("complete"), None);
        d.then(minutes(random, 2, 6), Some("completed"), None, Some("appointment:completed"));
    }
    d.then(minutes(random, 10, 90), Some("sign off"), None, None);
    d.steps
}

/// The step that leads to `status`, at `now`, and what follows it when the visit goes well.
pub(super) fn plan_from(status: &str, duration: i64, now: i64, random: &dyn Randomness) -> Vec<Step> {
    let only = |event: Option<&str>| {
        let mut d = Draft { steps: Vec::new(), at: now };
        d.then(0, Some(status), None, event);
        d.steps
    };
    match status {
        "scheduled" => only(None),
        "cancelled" => only(Some("appointment:cancelled")),
        "not showed up" => only(Some("appointment:no-show")),
        _ => {
            let steps = seen(now, duration, 99, random);
            let from = steps.iter().position(|s| s.status.as_deref() == Some(status)).unwrap_or(0);
            let shift = steps.get(from).map_or(0, |s| now - s.at);
            steps.into_iter().skip(from).map(|s| Step { at: s.at + shift, ..s }).collect()
        }
    }
}

/// Carries out what is due of an appointment's plan. Returns whether anything changed, and the events that belong to it.
pub(super) fn carry_out(appointment: &mut Value, now: i64, random: &dyn Randomness) -> (bool, Vec<String>) {
    let mut plan: Vec<Step> = serde_json::from_value(appointment["plan"].clone()).unwrap_or_default();
    let due = plan.iter().take_while(|s| s.at <= now).count();
    let mut events = Vec::new();
    for step in plan.drain(..due) {
        if let Some(status) = step.status {
            appointment["status"] = json!(status);
        }
        if let Some(video) = step.video {
            let id = appointment["video"]["id"].as_str().map_or_else(|| random.uuid(), str::to_owned);
            appointment["video"] = json!({ "id": id, "status": video });
        }
        events.extend(step.event);
    }
    appointment["plan"] = json!(plan);
    (due > 0, events)
}

fn next_step(appointment: &Value) -> Option<i64> {
    appointment["plan"][0]["at"].as_i64()
}

/// Lets the day go on: plans are carried out and patients book by themselves.
pub(super) fn advance(store: &mut Store, ctx: &Context<'_>) {
    let now = ctx.now.as_second();
    let mut due: Vec<(i64, String)> = store
        .list(APPOINTMENTS)
        .filter_map(|(key, a)| next_step(a).filter(|at| *at <= now).map(|at| (at, key.to_owned())))
        .collect();
    due.sort();
    for (_, key) in due {
        let Some(mut appointment) = store.get(APPOINTMENTS, &key).cloned() else { continue };
        let (_, events) = carry_out(&mut appointment, now, ctx.random);
        let id = appointment["id"].clone();
        appointments::save(store, appointment);
        for event in events {
            tell(store, ctx, &event, &json!({ "appointmentId": id }));
        }
    }
    fill(store, ctx);
    if let Some(at) = next_booking(store).filter(|at| *at <= now) {
        // After a long jump the missed bookings are left out: nobody books for the past.
        let pause = minutes(ctx.random, 5, 30);
        store.put(LIFE, NEXT_BOOKING, json!((at + pause).max(now + MINUTE)));
        book_somebody(store, ctx);
    }
}

/// The next moment at which something happens by itself, Unix seconds.
pub(super) fn next_due(store: &Store) -> Option<i64> {
    store.list(APPOINTMENTS).filter_map(|(_, a)| next_step(a)).chain(next_booking(store)).min()
}

/// Starts the stream of patients who book by themselves.
pub(super) fn start(store: &mut Store, ctx: &Context<'_>) {
    if !store.world.people.is_empty() {
        let founded = store.world.day_start(ctx.now, DAYS_AHEAD + 1);
        store.put(LIFE, FILLED, json!(founded));
        store.put(LIFE, NEXT_BOOKING, json!(ctx.now.as_second() + minutes(ctx.random, 2, 10)));
    }
}

fn next_booking(store: &Store) -> Option<i64> {
    store.get(LIFE, NEXT_BOOKING)?.as_i64()
}

/// Books the days that came into sight since the last time, so that a board lives on however long the sandbox runs or rests.
fn fill(store: &mut Store, ctx: &Context<'_>) {
    let Some(filled) = store.get(LIFE, FILLED).and_then(Value::as_i64) else { return };
    // Looking at the calendar costs more than this comparison, which is right for all but the hours around a midnight.
    if filled > ctx.now.as_second() + DAYS_AHEAD * 86_400 {
        return;
    }
    for day in 0..=DAYS_AHEAD {
        let (from, to) = (store.world.day_start(ctx.now, day), store.world.day_start(ctx.now, day + 1));
        if to <= filled {
            continue;
        }
        store.put(LIFE, FILLED, json!(to));
        let from = from.max(ctx.now.as_second());
        for _ in 0..A_DAY {
            let wish = from + ctx.random.below((to - from).max(1) as u64) as i64;
            book_at(store, ctx, wish, to);
        }
    }
}

fn book_somebody(store: &mut Store, ctx: &Context<'_>) {
    let now = ctx.now.as_second();
    // Half of them want to come soon, the others within the week.
    let soonest = now + if ctx.random.below(2) == 0 { 0 } else { minutes(ctx.random, 60, 6 * 24 * 60) };
    book_at(store, ctx, soonest, soonest + 4 * 3600);
}

/// Books somebody into the first free slot of a room between two moments.
fn book_at(store: &mut Store, ctx: &Context<'_>, soonest: i64, latest: i64) {
    let random = ctx.random;
    let room = random.below(store.world.rooms.len() as u64) as usize;
    let Some(slot_seconds) = store.world.rooms.get(room).map(|r| r.slot_seconds) else { return };
    let name = store.world.rooms[room].name.clone();
    let free = slots::free(store, &name, soonest, latest, slot_seconds);
    let (Some(start), person) = (free.first(), random.below(store.world.people.len() as u64) as usize) else { return };
    let patient = store.world.people[person].id.clone();
    let wish = json!({ "date": start, "duration": slot_seconds, "reasons": ["follow-up"] });
    appointments::put_new(store, ctx, &patient, &name, &wish);
}
