//! Every event that a registration can name is sent for what it says, and the seeded content is where it belongs.

use super::*;
use crate::domain::random::Randomness as _;

#[test]
fn each_of_the_thirteen_events_comes_from_its_own_cause() {
    let mut b = Bench::new();
    let hook = b.register(webhooks_known());
    let (_, spid) = b.ask("POST", "patients", &json!({ "id": "n-1", "mrn": "N-1" }));
    b.ask("PUT", "patients/n-1", &json!({ "race": "told" }));
    b.ask("PUT", "patients/n-1", &json!({ "active": false }));
    let wish = json!({ "name": "Knee", "type": "ortho", "from": "2026-11-01", "status": "ACTIVE" });
    let (_, made) = b.ask("POST", "patients/n-1/episodes", &wish);
    let mut other = wish;
    other["status"] = json!("FINISHED");
    b.ask("PUT", &format!("episodes/{}", made["episodeId"].as_str().unwrap()), &other);
    let said: Vec<i64> = (0..6).map(|_| b.book()).collect();
    let place = |i: usize| format!("appointments/{}", said[i]);
    b.ask("PUT", &place(0), &json!({ "date": b.now.as_second() + 6 * 86_400 }));
    b.ask("PUT", &place(0), &json!({ "status": "cancelled" }));
    for (i, status) in [(1, "not showed up"), (2, "completed")] {
        b.act("status", &json!({ "appointment": said[i], "status": status, "hold": true })).unwrap();
    }
    for (i, status) in [(3, "LWBS"), (4, "incomplete")] {
        b.act("video", &json!({ "appointment": said[i], "status": status })).unwrap();
    }
    b.act("status", &json!({ "appointment": said[5], "status": "in progress.intake.progress" })).unwrap();
    let mut told = opened(&hook, &b.pass(0));
    told.extend(opened(&hook, &b.pass(12)));
    let has = |event: &str, data: Value| {
        assert!(told.contains(&json!({ "event": event, "data": data })), "{event} is missing");
    };
    for event in ["patient:created", "patient:updated", "patient:deactivated"] {
        has(event, json!({ "patientId": spid }));
    }
    for event in ["episode:created", "episode:updated"] {
        has(event, json!({ "episodeId": made["episodeId"] }));
    }
    for (event, i) in [
        ("appointment:scheduled", 0),
        ("appointment:rescheduled", 0),
        ("appointment:cancelled", 0),
        ("appointment:no-show", 1),
        ("appointment:completed", 2),
        ("appointment:lwbs", 3),
        ("appointment:incompleted", 4),
        ("intake:completed", 5),
    ] {
        has(event, json!({ "appointmentId": said[i] }));
    }
}

#[test]
fn the_seed_alone_decides_the_content_and_moves_nobody_elses_ids() {
    let text = |b: &Bench, collection: &str| {
        b.store.list(collection).map(|(k, v)| format!("{k} {v}")).collect::<Vec<_>>().join("\n")
    };
    let (b, again) = (Bench::at("2026-11-21T15:00:00Z", 300), Bench::at("2026-11-21T15:00:00Z", 300));
    for collection in ["solo/episodes", "solo/attachments", "solo/assistance"] {
        assert_eq!(text(&b, collection), text(&again, collection));
        assert!(b.store.list(collection).count() > 2, "{collection}");
    }
    // What was drawn for the appointments before there was anything else is drawn still.
    let now: Timestamp = "2026-11-21T15:00:00Z".parse().unwrap();
    let mut bare = Bench { store: Store::new(World::found(5, 300, now)), random: SeededRandom::new(9), now };
    bare.with(|store, ctx| {
        appointments::found(store, ctx);
        life::start(store, ctx);
    });
    for (key, a) in bare.store.list("solo/appointments") {
        let mut with = b.store.get("solo/appointments", key).unwrap().clone();
        with["episode"] = Value::Null;
        assert_eq!(&with, a);
    }
    assert_eq!(b.random.next_u64(), bare.random.next_u64());
}

#[test]
fn seeded_episodes_and_attachments_are_read_like_any_other() {
    let mut b = Bench::at("2026-11-21T15:00:00Z", 300);
    let episodes: Vec<Value> = b.store.list("solo/episodes").map(|(_, e)| e.clone()).collect();
    let mut visits = 0;
    for episode in &episodes {
        let listed = b.get(&format!("patients/{}/episodes", episode["patientId"].as_str().unwrap()));
        assert!(listed["episodes"].as_array().unwrap().contains(episode));
        let one = b.get(&format!("episodes/{}/appointments", episode["id"].as_str().unwrap()));
        visits += one["appointments"].as_array().unwrap().len();
    }
    assert!(visits >= 5, "{visits}");
    let said: BTreeSet<String> = b.store.list("solo/attachments").map(|(_, a)| a["said"].to_string()).collect();
    for said in said {
        let listed = b.get(&format!("appointments/{said}/attachments"));
        assert_eq!(listed["attachments"].as_array().unwrap().len(), 1);
    }
    for small in [0, 1, 3] {
        Bench::at("2026-11-21T15:00:00Z", small);
    }
}
