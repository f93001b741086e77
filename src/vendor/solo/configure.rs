//! From the configuration to [`SoloSettings`].

use std::{sync::Arc, time::Duration};

use super::{Solo, SoloSettings, VisitNoteShape, dump::Layout};
use crate::{
    domain::settings::{Key, KeyKind, Values, VendorKeys},
    vendor::registry::{Around, Offer},
};

/// Solo in the table of vendors.
pub const OFFER: Offer = Offer {
    keys: VendorKeys { name: "solo", label: "Teladoc Health Solo: patients, appointments, waiting rooms", keys: KEYS },
    make: |values, around| Ok(Arc::new(make(values, around)?)),
};

const KEYS: &[Key] = &[
    Key::required("base_url", KeyKind::Url, "The practice's Solo address, without a path."),
    Key::required("api_key", KeyKind::Secret, "The practice's Api-Key."),
    Key::new("concurrency", KeyKind::Integer { min: 1, max: 16 }, "3", "Requests under way at once."),
    Key::new("connect_seconds", KeyKind::Integer { min: 1, max: 120 }, "5", "How long connecting may take."),
    Key::new("whole_seconds", KeyKind::Integer { min: 2, max: 600 }, "20", "How long a request may take."),
    Key::new("idle_seconds", KeyKind::Integer { min: 2, max: 600 }, "120", "How long a download may stand still."),
    Key::optional("proxy", KeyKind::Text, "Address of a proxy; the environment is not read."),
    Key::new(
        "event_patient",
        KeyKind::Choice(&["spid", "patient"]),
        "spid",
        "What the patientId of an event is: Solo's own number or the practice's id. An assumption.",
    ),
    Key::new(
        "link_hosts",
        KeyKind::List,
        "",
        "Hosts beside the vendor's own to which links in answers may lead; others are not shown.",
    ),
    Key::new("delimiter", KeyKind::Text, ",", "The data dump's separator, one character."),
    Key::new("dump_zone", KeyKind::Zone, "UTC", "Time zone of the data dump's times that carry none."),
    Key::optional(
        "columns",
        KeyKind::Map,
        "The data dump's header names where the usual ones are not found, like { room = \"Where\" }.",
    ),
    Key::optional(
        "visit_note",
        KeyKind::Map,
        "Where a visit note's template keeps its questions: sections (a JSON pointer), section_name, questions, \
         question_id, question_label, question_kind, options. An assumption.",
    ),
    Key::new(
        "attachment_bytes",
        KeyKind::Integer { min: 1024, max: 1_073_741_824 },
        "5242880",
        "The largest file that is sent, in bytes. The document says 5Mb; 5 MiB is an assumption.",
    ),
    Key::optional(
        "teams_auth_token",
        KeyKind::Secret,
        "The Teams-Auth-Token with which an appointment's Microsoft Teams link is asked for.",
    ),
    Key::optional("linking_secret", KeyKind::Secret, "The secret of context-aware links."),
    Key::new(
        "consult_refusal",
        KeyKind::Text,
        "within 24 hours",
        "The words by which the refusal of a second consult is known, whatever its status. An assumption.",
    ),
    Key::new(
        "send_back_unknown",
        KeyKind::Bool,
        "false",
        "Whether members that are in no document are sent back when a patient's list is replaced. Without it they are \
         dropped, and the form says which.",
    ),
];

fn make(values: &Values, around: &Around) -> Result<Solo, (&'static str, String)> {
    let api_key = values.secret("api_key").cloned().ok_or(("api_key", "is required".to_owned()))?;
    let mut settings = SoloSettings::new(values.text("base_url").unwrap_or_default(), api_key);
    let number = |key| values.integer(key).and_then(|n| u64::try_from(n).ok());
    if let Some(n) = number("concurrency") {
        settings.concurrency = n as usize;
    }
    let http = &mut settings.http;
    for (key, time) in [
        ("connect_seconds", &mut http.connect_time),
        ("whole_seconds", &mut http.whole_time),
        ("idle_seconds", &mut http.idle_time),
    ] {
        if let Some(seconds) = number(key) {
            *time = Duration::from_secs(seconds);
        }
    }
    http.proxy = values.text("proxy").map(str::to_owned);
    settings.event_patient_is_spid = values.text("event_patient") != Some("patient");
    settings.link_hosts = values.list("link_hosts").to_vec();
    if let Some(bytes) = number("attachment_bytes") {
        settings.attachment_bytes = bytes;
    }
    settings.teams_auth_token = values.secret("teams_auth_token").cloned();
    settings.linking_secret = values.secret("linking_secret").cloned();
    if let Some(words) = values.text("consult_refusal") {
        words.clone_into(&mut settings.consult_refusal);
    }
    settings.send_back_unknown = values.yes("send_back_unknown");
    let layout = Layout::read(values)?;
    settings.columns = layout.columns;
    settings.delimiter = layout.delimiter;
    settings.dump_zone = layout.zone;
    visit_note(values, &mut settings.visit_note)?;
    Solo::connect(settings, around.clock.clone()).map_err(|cause| ("base_url", cause.to_string()))
}

fn visit_note(values: &Values, shape: &mut VisitNoteShape) -> Result<(), (&'static str, String)> {
    for (name, value) in values.map("visit_note").into_iter().flatten() {
        let value = value.clone();
        match name.as_str() {
            "sections" if value.is_empty() || value.starts_with('/') => shape.sections = value,
            "section_name" => shape.section_name = value,
            "questions" => shape.questions = value,
            "question_id" => shape.question_id = value,
            "question_label" => shape.question_label = vec![value],
            "question_kind" => shape.question_kind = value,
            "options" => shape.options = value,
            other => {
                let message = format!(
                    "{other} is not one of sections (a JSON pointer that begins with /), section_name, questions, \
                     question_id, question_label, question_kind, options"
                );
                return Err(("visit_note", message));
            }
        }
    }
    Ok(())
}
