//! `patients|rooms|appointments|sessions|notes show`: everything known of one.

use std::io::Write;

use clap::Args;
use serde_json::{Value, json, value::RawValue};

use super::{
    CliError,
    desk::Desk,
    list::{Here, Pane},
    print::{json_line, moment},
};
use crate::{
    domain::{
        DraftId, Query, RecordId,
        signature::{self, Signature},
        view::{Answer, Detail, RoomFilter, RowSet},
    },
    link::Link,
    tui::text,
};

/// What to show.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// wardroom's own id (r12, d3), a waiting room's name, or VENDOR:SCHEME:VALUE like solo:patient:1234; an appointment
    /// also by Solo's number alone
    pub id: String,
    #[command(flatten)]
    pub how: How,
}

/// How it is shown.
#[derive(Debug, Clone, Copy, Args)]
pub struct How {
    /// One object a line
    #[arg(long)]
    pub json: bool,
    /// The vendor's body as it was read last
    #[arg(long)]
    pub raw: bool,
    /// Read it again at the vendor first
    #[arg(long)]
    pub fresh: bool,
}

/// Shows one thing.
pub fn show(desk: &Desk<'_>, pane: Pane, wanted: &ShowArgs, out: &mut impl Write) -> Result<(), CliError> {
    let (link, id, json) = (desk.link, &wanted.id, wanted.how.json);
    if pane == Pane::Rooms {
        if wanted.how.fresh {
            desk.read_rooms()?;
        }
        return room(link, id, json, &desk.here, out);
    }
    if pane == Pane::Notes
        && let Ok(draft) = id.parse::<DraftId>()
    {
        let Answer::Draft(draft) = link.look(&Query::Draft { draft })? else { return Err(CliError::Unexpected) };
        let draft = draft.ok_or_else(|| CliError::NotFound(id.clone()))?;
        return if json { Ok(json_line(out, &draft)?) } else { fields(&serde_json::to_value(&draft)?, 0, out) };
    }
    record(desk, desk.record(pane.kind(), id)?, wanted.how, out)
}

/// Shows a record.
pub fn record(desk: &Desk<'_>, record: RecordId, how: How, out: &mut impl Write) -> Result<(), CliError> {
    if how.fresh {
        desk.refresh(record)?;
    }
    if how.raw {
        let Answer::Raw(body) = desk.link.look(&Query::Raw { record })? else { return Err(CliError::Unexpected) };
        let body = body.ok_or_else(|| CliError::NotFound(record.to_string()))?;
        let done = if how.json {
            json_line(out, &json!({ "record": record, "raw": on_one_line(&body.0) }))
        } else {
            writeln!(out, "{}", text::clean(&body.0))
        };
        return Ok(done?);
    }
    let detail = desk.detail(record)?;
    if how.json { without_pictures(out, &detail) } else { human(&detail, &desk.here, out) }
}

/// A vendor's answer for a line of output: JSON with its numbers digit for digit, anything else as a text.
fn on_one_line(body: &str) -> Box<RawValue> {
    // Between tokens a line break is a space, and inside a JSON text it cannot stand.
    let line = RawValue::from_string(body.replace(['\n', '\r'], " "));
    line.or_else(|_| serde_json::value::to_raw_value(body)).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn room(link: &Link, name: &str, json: bool, here: &Here, out: &mut impl Write) -> Result<(), CliError> {
    let Answer::Rows(rows) = link.look(&Query::Rooms { day: here.today() })? else { return Err(CliError::Unexpected) };
    let RowSet::Rooms(rooms) = rows.rows else { return Err(CliError::Unexpected) };
    let row = rooms
        .into_iter()
        .find(|r| matches!(&r.filter, RoomFilter::Named(n) if n == name))
        .ok_or_else(|| CliError::NotFound(name.into()))?;
    if json {
        return Ok(json_line(out, &row)?);
    }
    super::list::table(&RowSet::Rooms(vec![row]), here).write(out)?;
    Ok(())
}

pub fn human(detail: &Detail, here: &Here, out: &mut impl Write) -> Result<(), CliError> {
    writeln!(out, "{} {}", detail.kind.word(), detail.id)?;
    for name in &detail.refs {
        writeln!(out, "  {} calls it {} {}", name.vendor, name.scheme, text::clean(&name.value))?;
    }
    match &detail.provenance {
        Some(p) => {
            let part = if detail.complete { "" } else { ", in part" };
            writeln!(out, "  read {}{part}", moment(p.at, here.now, &here.zone))?;
        }
        None => writeln!(out, "  never read")?,
    }
    if let Some(patient) = &detail.patient {
        writeln!(
            out,
            "  patient {} {} {} MRN {}",
            patient.id,
            text::clean(&patient.name),
            patient.birth_date,
            text::clean(&patient.mrn)
        )?;
    }
    if let Some(record) = &detail.shown {
        // The enum's own tag is left out: the kind stands above.
        let mut value = serde_json::to_value(record)?;
        conceal(&mut value);
        let inner = value.as_object().and_then(|o| o.values().next()).unwrap_or(&value);
        fields(inner, 1, out)?;
    }
    if let Some(row) = &detail.episode {
        writeln!(out, "  episode {} {}, {}", row.id, text::clean(&row.terms.name), row.terms.status)?;
    }
    for (fact, sourced) in &detail.facts.values {
        writeln!(
            out,
            "  {fact:?}: {} (since {})",
            text::clean(&sourced.value),
            moment(sourced.at, here.now, &here.zone)
        )?;
    }
    for link in &detail.links {
        writeln!(out, "  linked: {} — {}", link.here.join(", "), link.there.join(", "))?;
    }
    for entry in &detail.pending {
        writeln!(out, "  own write {}: {}, {}", entry.id, entry.intent.word(), entry.state.word())?;
    }
    Ok(())
}

/// Writes one object as one line, with a word in the place of each signature: a picture that signs for a person belongs in no
/// output that others may keep.
pub fn without_pictures(out: &mut impl Write, object: &impl serde::Serialize) -> Result<(), CliError> {
    // Where there is none the object stays as it is, with its numbers digit for digit.
    let line = serde_json::to_string(object)?;
    if !line.contains(signature::PREFIX) {
        return Ok(writeln!(out, "{line}")?);
    }
    let mut value = serde_json::to_value(object)?;
    conceal(&mut value);
    Ok(json_line(out, &value)?)
}

fn conceal(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with(signature::PREFIX) => {
            let shape = Signature::parse(text).and_then(|s| s.shape());
            *text = shape.map_or_else(|_| "(a picture)".to_owned(), |shape| format!("({shape})"));
        }
        Value::Array(items) => items.iter_mut().for_each(conceal),
        Value::Object(members) => members.values_mut().for_each(conceal),
        _ => {}
    }
}

/// Fields that say something, indented by their depth.
pub fn fields(value: &Value, depth: usize, out: &mut impl Write) -> Result<(), CliError> {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(object) => {
            for (name, value) in object.iter().filter(|(_, v)| !says_nothing(v)) {
                match value {
                    Value::Object(_) | Value::Array(_) => {
                        writeln!(out, "{indent}{name}:")?;
                        fields(value, depth + 1, out)?;
                    }
                    plain => writeln!(out, "{indent}{name}: {}", scalar(plain))?,
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Object(_) | Value::Array(_) => {
                        writeln!(out, "{indent}-")?;
                        fields(item, depth + 1, out)?;
                    }
                    plain => writeln!(out, "{indent}- {}", scalar(plain))?,
                }
            }
        }
        plain => writeln!(out, "{indent}{}", scalar(plain))?,
    }
    Ok(())
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.values().all(says_nothing),
        _ => false,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text::clean(text).into_owned(),
        other => other.to_string(),
    }
}
