//! What people do at Solo's own screens, for demonstrations and tests.

use serde_json::{Value, json};

use super::appointments::{self, save};
use super::life::{self, STATUSES, VIDEO_STATES};
use super::patients::{self, By};
use super::reply::Refused;
use super::webhooks::tell;
use super::{archive, assistance, encounter};
use crate::sandbox::machine::Context;
use crate::sandbox::store::Store;

fn said_why(refused: Refused) -> String {
    match refused {
        Refused::Error(_, why) | Refused::Message(_, why) => why,
    }
}

/// An argument that is a number or a text, as text.
fn id(arguments: &Value, name: &str) -> Result<String, String> {
    match &arguments[name] {
        Value::String(text) => Ok(text.clone()),
        Value::Number(n) => Ok(n.to_string()),
        _ => Err(format!("{name} is required")),
    }
}

/// - `cancel {appointment}`
/// - `reschedule {appointment, date}`
/// - `status {appointment, status, hold?}`: any of the twelve; with `hold` it stays there, otherwise the visit goes on
/// - `video {appointment, status}`: any of the seven
/// - `book {patient, room, date?, reasons?}`
/// - `edit_patient {patient, fields}`: top-level demographics, as PUT takes them
/// - `extend_patient {patient, list, members}`: members of every element of a list that no document names
/// - `hold {appointment}`: it no longer moves by itself
/// - `finish_report {report, status?}`: an ordered encounter report is `completed` (or `failed`) now
/// - `presets {}`: the ids of the encounter reports' presets, as the web application shows them
/// - `assistance {device, status}`: `incomplete` (made when there is none), `in progress` or `finished`
/// - `wards {}`: every bed with its device, its patient's MRN and how its request stands
/// - `archive {appointments, days?}`: so many appointments of years past, for the dump; 0 takes them away
pub(super) fn act(store: &mut Store, action: &str, arguments: &Value, ctx: &Context<'_>) -> Result<Value, String> {
    match action {
        "book" => return book(store, arguments, ctx),
        "edit_patient" => {
            let patient = find_patient(store, arguments)?;
            let spid = patient.spid;
            if !arguments["fields"].is_object() {
                return Err("fields must be an object".into());
            }
            patients::save_checked(store, patient, &arguments["fields"], ctx).map_err(said_why)?;
            return Ok(json!({ "patientId": spid }));
        }
        "extend_patient" => {
            let patient = find_patient(store, arguments)?;
            let list = arguments["list"].as_str().ok_or("list is required")?;
            let members = arguments["members"].as_object().ok_or("members must be an object")?;
            return patients::extend(store, patient, list, members, ctx).map_err(said_why);
        }
        "finish_report" => {
            let status = arguments["status"].as_str().unwrap_or("completed");
            return encounter::finish(store, &id(arguments, "report")?, status, ctx);
        }
        "presets" => return Ok(encounter::presets()),
        "assistance" => {
            let status = arguments["status"].as_str().unwrap_or("incomplete");
            return assistance::raise(store, &id(arguments, "device")?, status, ctx);
        }
        "wards" => return Ok(assistance::wards(store, ctx)),
        "archive" => {
            let count = arguments["appointments"].as_i64().ok_or("appointments must be a number")?;
            archive::lay_down(store, count, arguments["days"].as_i64().unwrap_or(730))?;
            return Ok(json!({ "appointments": count }));
        }
        "cancel" | "reschedule" | "status" | "video" | "hold" => {}
        _ => return Err(format!("solo knows no action {action:?}")),
    }
    let said = id(arguments, "appointment")?;
    let mut a = appointments::find(store, &said).map_err(said_why)?;
    match action {
        "cancel" if a["status"] == "cancelled" => return Err("it is cancelled already: nothing changes".into()),
        "cancel" => appointments::apply(store, &mut a, &json!({ "status": "cancelled" }), ctx).map_err(said_why)?,
        "reschedule" => {
            let date = arguments["date"].as_i64().ok_or("date must be Unix seconds")?;
            appointments::apply(store, &mut a, &json!({ "date": date }), ctx).map_err(said_why)?;
        }
        "status" => {
            let status = arguments["status"].as_str().filter(|s| STATUSES.contains(s));
            let status = status.ok_or_else(|| format!("status must be one of {}", STATUSES.join(", ")))?;
            let now = ctx.now.as_second();
            let duration = a["duration"].as_i64().unwrap_or(900);
            a["plan"] = json!(life::plan_from(status, duration, now, ctx.random));
            let (_, events) = life::carry_out(&mut a, now, ctx.random);
            if arguments["hold"] == true {
                a["plan"] = json!([]);
            }
            save(store, a.clone());
            for event in events {
                tell(store, ctx, &event, &json!({ "appointmentId": a["id"] }));
            }
        }
        "video" => {
            let state = arguments["status"].as_str().filter(|s| VIDEO_STATES.contains(s));
            let state = state.ok_or_else(|| format!("status must be one of {}", VIDEO_STATES.join(", ")))?;
            let call = a["video"]["id"].as_str().map_or_else(|| ctx.random.uuid(), str::to_owned);
            a["video"] = json!({ "id": call, "status": state });
            save(store, a.clone());
            let event = match state {
                "LWBS" => Some("appointment:lwbs"),
                "incomplete" => Some("appointment:incompleted"),
                _ => None,
            };
            if let Some(event) = event {
                tell(store, ctx, event, &json!({ "appointmentId": a["id"] }));
            }
        }
        _ => {
            a["plan"] = json!([]);
            save(store, a.clone());
        }
    }
    Ok(json!({ "appointmentId": a["id"], "status": a["status"], "videoCall": a["video"] }))
}

fn find_patient(store: &Store, arguments: &Value) -> Result<patients::Patient, String> {
    let patient = id(arguments, "patient")?;
    patients::find(store, By::Id(&patient)).or_else(|_| patients::find(store, By::Spid(&patient))).map_err(said_why)
}

fn book(store: &mut Store, arguments: &Value, ctx: &Context<'_>) -> Result<Value, String> {
    let patient = find_patient(store, arguments)?;
    let room = id(arguments, "room")?;
    if store.world.rooms.iter().all(|r| r.name != room) {
        return Err(format!("there is no waiting room {room:?}"));
    }
    let mut wish = json!({});
    for name in ["date", "reasons"] {
        if let Some(value) = arguments.get(name) {
            wish[name] = value.clone();
        }
    }
    let a = appointments::put_new(store, ctx, &patient.id, &room, &wish);
    Ok(json!({ "appointmentId": a["id"], "status": a["status"] }))
}
