//! Encounter reports: ordered with a preset and a password, made while the clock runs, fetched as a zip whose only file is a
//! CSV locked with AES-256.
//!
//! A preset is made in the vendor's web application; this practice has three, under the same ids in every world. The third
//! speaks of a form that no longer exists: its reports fail, so that a client can be seen to tell so. The zip is made at each
//! download, of the appointments as they stand then. A report that is not completed is 409 when it is asked for.

use std::io::{Cursor, Write as _};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{AesMode, ZipWriter};

use super::check::{Field, Kind, atom, check, must};
use super::reply::{Answer, Refused, bad, body, created, missing, ok};
use super::report::{Rows, header};
use crate::sandbox::machine::{Context, Request, Response, Tail as _};
use crate::sandbox::store::Store;
use crate::sandbox::wire::between;

/// Orders by id: `{id, from, to, preset, password, done, status}`; `status` is what it becomes at `done`.
const REPORTS: &str = "solo/encounter-reports";

const ORDER: &[Field] =
    &[must("from", Kind::Atom), must("to", Kind::Atom), must("presetId", Kind::Filled), must("password", Kind::Filled)];

/// What the practice configured in the web application.
struct Preset {
    id: &'static str,
    name: &'static str,
    /// Of the dump's columns; none for a preset that no longer works.
    columns: &'static [usize],
}

const PRESETS: [Preset; 3] = [
    Preset {
        id: "c1f60b4e-52d7-4d0a-9a6e-08d1b7a35f10",
        name: "Encounters",
        columns: &[11, 13, 14, 15, 16, 17, 19, 0, 2, 3, 5, 6, 7],
    },
    Preset {
        id: "c1f60b4e-52d7-4d0a-9a6e-08d1b7a35f11",
        name: "Encounters without names",
        columns: &[11, 12, 13, 14, 15, 16, 17, 18],
    },
    Preset { id: "c1f60b4e-52d7-4d0a-9a6e-08d1b7a35f12", name: "Retired form", columns: &[] },
];

/// What the web application would show of the presets.
pub(super) fn presets() -> Value {
    PRESETS.iter().map(|p| json!({ "id": p.id, "name": p.name, "works": !p.columns.is_empty() })).collect()
}

fn find<'a>(store: &'a Store, id: &str) -> Result<&'a Value, Refused> {
    store.get(REPORTS, id).ok_or_else(|| missing("Report"))
}

fn status_at(report: &Value, now: i64) -> &str {
    if report["done"].as_i64().is_some_and(|at| at <= now) {
        report["status"].as_str().unwrap_or("failed")
    } else {
        "pending"
    }
}

fn told(report: &Value, now: i64) -> Value {
    json!({ "id": report["id"], "status": status_at(report, now) })
}

/// Orders a report.
pub(super) fn create(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Answer {
    let wish = body(request)?;
    check(&wish, ORDER).map_err(bad)?;
    let second = |name: &str| wish[name].as_str().and_then(atom).map(Timestamp::as_second);
    let (from, to) = (second("from"), second("to"));
    if to < from {
        return Err(bad("Bad parameters [to: must not lie before from]"));
    }
    let preset = PRESETS.iter().find(|p| wish["presetId"] == p.id);
    let preset = preset.ok_or_else(|| bad("Bad parameters [presetId: there is no preset of this id]"))?;
    let (id, now) = (ctx.random.uuid(), ctx.now.as_second());
    let report = json!({
        "id": id,
        "from": from,
        "to": to,
        "preset": preset.id,
        "password": wish["password"],
        "done": now + between(ctx.random, 8, 30),
        "status": if preset.columns.is_empty() { "failed" } else { "completed" },
    });
    store.put(REPORTS, &id, report.clone());
    created(&told(&report, now))
}

/// How far a report is.
pub(super) fn status(store: &Store, id: &str, ctx: &Context<'_>) -> Answer {
    ok(&told(find(store, id)?, ctx.now.as_second()))
}

/// The report itself.
pub(super) fn download(store: &Store, id: &str, ctx: &Context<'_>) -> Answer {
    let report = find(store, id)?;
    let status = status_at(report, ctx.now.as_second());
    let preset = PRESETS.iter().find(|p| report["preset"] == p.id);
    let (Some(preset), "completed") = (preset, status) else {
        return Err(Refused::Error(409, format!("The report is {status}")));
    };
    let body = packed(store, report, preset).map_err(|why| Refused::Error(500, why))?;
    Ok(Response {
        status: 200,
        headers: vec![("content-type".into(), "application/octet-stream".into())],
        body,
        ..Response::default()
    })
}

fn packed(store: &Store, report: &Value, preset: &Preset) -> Result<Vec<u8>, String> {
    let failed = |_| "The report could not be packed".to_owned();
    let password = report["password"].as_str().unwrap_or_default();
    let options = SimpleFileOptions::default().with_aes_encryption(AesMode::Aes256, password);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("encounter-report.csv", options).map_err(|e| failed(e.into()))?;
    let head = header(preset.columns).map_err(|_| failed(std::io::ErrorKind::Other.into()))?;
    zip.write_all(&head).map_err(failed)?;
    let second = |name: &str| report[name].as_i64().unwrap_or_default();
    let zone = TimeZone::get(&store.world.time_zone).unwrap_or(TimeZone::UTC);
    // Both ends belong to the range, as in the dump.
    let mut rows = Rows::new(second("from"), second("to").saturating_add(1), zone, preset.columns, false);
    while let Some(part) = rows.next(store) {
        zip.write_all(&part).map_err(failed)?;
    }
    zip.finish().map(Cursor::into_inner).map_err(|e| failed(e.into()))
}

/// Ends a report now, as `completed` or `failed`: for demonstrations.
pub(super) fn finish(store: &mut Store, id: &str, status: &str, ctx: &Context<'_>) -> Result<Value, String> {
    let mut report = store.get(REPORTS, id).cloned().ok_or("there is no report of this id")?;
    if !matches!(status, "completed" | "failed") {
        return Err("status must be completed or failed".into());
    }
    report["done"] = json!(ctx.now.as_second());
    report["status"] = json!(status);
    store.put(REPORTS, id, report.clone());
    Ok(told(&report, ctx.now.as_second()))
}
