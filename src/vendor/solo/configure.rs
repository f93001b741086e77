//! From the configuration to [`SoloSettings`].

use std::{sync::Arc, time::Duration};

use jiff::tz::TimeZone;

use crate::{
    domain::clock::Clock,
    vendor::registry::{Key, KeyKind, SettingsTrouble, VendorSettings},
};

use super::{Solo, SoloSettings, VisitNoteShape, dump::Column};

const fn secret(name: &'static str, doc: &'static str) -> Key {
    Key { name, kind: KeyKind::Secret, doc }
}

const fn option(name: &'static str, doc: &'static str) -> Key {
    Key { name, kind: KeyKind::Option, doc }
}

/// Every key beside `base_url`.
pub const KEYS: &[Key] = &[
    secret("api_key", "The practice's Api-Key."),
    option("label", "The name shown to people. Default: Teladoc Solo."),
    option("concurrency", "Requests under way at once, 1 to 16. Default: 3."),
    option("connect_seconds", "How long connecting may take, 1 to 120. Default: 5."),
    option("whole_seconds", "How long a request may take, 2 to 600. Default: 20."),
    option("idle_seconds", "How long a download may stand still, 1 to 600. Default: 30."),
    option("proxy", "Address of a proxy; the environment is not read. Default: none."),
    option(
        "event_patient",
        "What the patientId of an event is: \"spid\" or \"patient\". Assumption. Default: \"spid\".",
    ),
    option("link_hosts", "Hosts beside the vendor's own to which links in answers may lead. Default: []."),
    option("delimiter", "The data dump's separator, one character. Default: \",\"."),
    option("dump_zone", "Time zone of the data dump's times that carry none. Default: \"UTC\"."),
    option("columns", "Table of the data dump's header names, where the usual ones are not found. Default: {}."),
    option(
        "visit_note",
        "Table of where a template keeps its questions: sections (JSON pointer), section_name, questions, question_id, \
         question_label, question_kind, options. Assumption.",
    ),
];

/// Makes the client.
pub fn make(from: &VendorSettings, clock: Arc<dyn Clock>) -> Result<Solo, SettingsTrouble> {
    let mut settings = SoloSettings::new(from.base_url.as_str(), from.secret("api_key")?);
    if let Some(label) = from.text("label")? {
        label.clone_into(&mut settings.label);
    }
    if let Some(number) = from.number("concurrency", 1..=16)? {
        settings.concurrency = number as usize;
    }
    let http = &mut settings.http;
    for (key, most, time) in [
        ("connect_seconds", 120, &mut http.connect_time),
        ("whole_seconds", 600, &mut http.whole_time),
        ("idle_seconds", 600, &mut http.idle_time),
    ] {
        if let Some(seconds) = from.number(key, 1..=most)? {
            *time = Duration::from_secs(seconds.into());
        }
    }
    http.proxy = from.text("proxy")?.map(str::to_owned);
    match from.text("event_patient")? {
        None | Some("spid") => {}
        Some("patient") => settings.event_patient_is_spid = false,
        Some(_) => return Err(from.wrong("event_patient", "\"spid\" or \"patient\"")),
    }
    settings.link_hosts = from.texts("link_hosts")?.unwrap_or_default();
    if let Some(text) = from.text("delimiter")? {
        let &[byte] = text.as_bytes() else { return Err(from.wrong("delimiter", "one ASCII character")) };
        settings.delimiter = byte;
    }
    if let Some(name) = from.text("dump_zone")? {
        settings.dump_zone =
            TimeZone::get(name).map_err(|_| from.wrong("dump_zone", "a time zone like Europe/Berlin"))?;
    }
    for (name, header) in from.table("columns")?.unwrap_or_default() {
        let column = Column::parse(&name).ok_or_else(|| {
            let all = Column::names().collect::<Vec<_>>().join(", ");
            from.wrong("columns", format!("a table with keys of: {all}"))
        })?;
        settings.columns.push((column, header));
    }
    visit_note(from, &mut settings.visit_note)?;
    Solo::connect(settings, clock).map_err(|cause| SettingsTrouble::Http { vendor: from.name.clone(), cause })
}

fn visit_note(from: &VendorSettings, shape: &mut VisitNoteShape) -> Result<(), SettingsTrouble> {
    for (name, value) in from.table("visit_note")?.unwrap_or_default() {
        match name.as_str() {
            "sections" if value.is_empty() || value.starts_with('/') => shape.sections = value,
            "section_name" => shape.section_name = value,
            "questions" => shape.questions = value,
            "question_id" => shape.question_id = value,
            "question_label" => shape.question_label = vec![value],
            "question_kind" => shape.question_kind = value,
            "options" => shape.options = value,
            _ => {
                let wanted = "a table with keys of: sections (a JSON pointer, begins with /), section_name, questions, \
                              question_id, question_label, question_kind, options";
                return Err(from.wrong("visit_note", wanted));
            }
        }
    }
    Ok(())
}
