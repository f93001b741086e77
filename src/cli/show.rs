//! `patients|rooms|appointments|sessions|notes show`: everything known of one.

use std::io::Write;

use serde_json::Value;

use super::{
    CliError,
    args::ListingAction,
    list::{Here, Pane},
    print::{json_line, moment},
};
use crate::{
    domain::{
        DraftId, Query, RecordId, Scheme, VendorId, VendorRef,
        ids::Tag,
        view::{Answer, Detail, RoomFilter, RowSet},
    },
    link::Link,
    tui::text,
};

/// Shows one thing.
pub fn show(
    link: &Link,
    pane: Pane,
    action: &ListingAction,
    here: &Here,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let ListingAction::Show { id, json, raw } = action else { return Err(CliError::Unexpected) };
    if pane == Pane::Rooms {
        return room(link, id, *json, here, out);
    }
    if pane == Pane::Notes
        && let Ok(draft) = id.parse::<DraftId>()
    {
        let Answer::Draft(draft) = link.look(&Query::Draft { draft })? else { return Err(CliError::Unexpected) };
        let draft = draft.ok_or_else(|| CliError::NotFound(id.clone()))?;
        return if *json { Ok(json_line(out, &draft)?) } else { fields(&serde_json::to_value(&draft)?, 0, out) };
    }
    let record = resolve(link, pane, id)?;
    if *raw {
        let Answer::Raw(body) = link.look(&Query::Raw { record })? else { return Err(CliError::Unexpected) };
        let body = body.ok_or_else(|| CliError::NotFound(id.clone()))?;
        return Ok(writeln!(out, "{}", if *json { body.0 } else { text::clean(&body.0).into_owned() })?);
    }
    let Answer::Detail(detail) = link.look(&Query::Detail { record })? else { return Err(CliError::Unexpected) };
    let detail = detail.ok_or_else(|| CliError::NotFound(id.clone()))?;
    if *json { Ok(json_line(out, &detail)?) } else { human(&detail, here, out) }
}

fn resolve(link: &Link, pane: Pane, id: &str) -> Result<RecordId, CliError> {
    if let Ok(record) = id.parse() {
        return Ok(record);
    }
    let wanted = "wardroom's own id like r12, or VENDOR:SCHEME:VALUE like solo:patient:1234";
    let bad = || CliError::BadId { given: id.into(), wanted };
    let mut parts = id.splitn(3, ':');
    let (Some(vendor), Some(scheme), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(bad());
    };
    let vendor = VendorId(Tag::parse(vendor).ok_or_else(bad)?);
    let scheme = Scheme(Tag::parse(scheme).ok_or_else(bad)?);
    let reference = VendorRef::new(vendor, pane.kind(), scheme, value);
    match link.look(&Query::Find { reference })? {
        Answer::Found(Some(record)) => Ok(record),
        Answer::Found(None) => Err(CliError::NotFound(id.into())),
        _ => Err(CliError::Unexpected),
    }
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

fn human(detail: &Detail, here: &Here, out: &mut impl Write) -> Result<(), CliError> {
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
        let value = serde_json::to_value(record)?;
        let inner = value.as_object().and_then(|o| o.values().next()).unwrap_or(&value);
        fields(inner, 1, out)?;
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

/// Fields that say something, indented by their depth.
fn fields(value: &Value, depth: usize, out: &mut impl Write) -> Result<(), CliError> {
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
