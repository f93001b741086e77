//! What the Solo client can be told. Everything that the vendor does not document is a setting with a default.

use std::{fmt, time::Duration};

use jiff::tz::TimeZone;

use crate::{
    domain::{attachment::MOST_BYTES, secret::Secret},
    vendor::http::HttpSettings,
};

use super::dump::Column;

/// The settings of one Solo practice.
#[derive(Clone)]
pub struct SoloSettings {
    /// Address, limits and proxy.
    pub http: HttpSettings,
    /// The practice's `Api-Key`.
    pub api_key: Secret,
    /// Its name for people.
    pub label: String,
    /// How many requests may be under way at once (FACTS: 2 to 4 for Solo).
    pub concurrency: usize,
    /// Whether the `patientId` of an event is the SPID (assumption; otherwise it is the patient id).
    pub event_patient_is_spid: bool,
    /// Hosts to which links in answers may lead, besides the base address's own and its sibling hosts. A link elsewhere is
    /// withheld.
    pub link_hosts: Vec<String>,
    /// Header names of the data dump, where the usual guesses do not find them.
    pub columns: Vec<(Column, String)>,
    /// The dump's separator.
    pub delimiter: u8,
    /// The time zone of the dump's times that carry none.
    pub dump_zone: TimeZone,
    /// Where a visit note's template keeps its questions.
    pub visit_note: VisitNoteShape,
    /// The largest file that is sent, in bytes (assumption: 5 MiB).
    pub attachment_bytes: u64,
    /// The `Teams-Auth-Token` with which an appointment's Microsoft Teams link is asked for.
    pub teams_auth_token: Option<Secret>,
    /// The secret of context-aware links.
    pub linking_secret: Option<Secret>,
    /// The words by which the refusal of a second consult within 24 hours is known, on any status.
    pub consult_refusal: String,
    /// Whether what this program does not know in a patient's lists is sent back when a list is replaced. Otherwise a
    /// request holds documented fields only.
    pub send_back_unknown: bool,
}

impl SoloSettings {
    /// The defaults for an address and a key: 3 requests at once, SPIDs in events, comma, UTC.
    pub fn new(base_url: impl Into<String>, api_key: Secret) -> Self {
        Self {
            http: HttpSettings { whole_time: Duration::from_secs(20), ..HttpSettings::new(base_url) },
            api_key,
            label: "Teladoc Solo".into(),
            concurrency: 3,
            event_patient_is_spid: true,
            link_hosts: Vec::new(),
            columns: Vec::new(),
            delimiter: b',',
            dump_zone: TimeZone::UTC,
            visit_note: VisitNoteShape::default(),
            attachment_bytes: MOST_BYTES,
            teams_auth_token: None,
            linking_secret: None,
            consult_refusal: "within 24 hours".into(),
            send_back_unknown: false,
        }
    }
}

impl fmt::Debug for SoloSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoloSettings")
            .field("http", &self.http)
            .field("label", &self.label)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// Where the parts of a template stand. Their shape is published nowhere, so each is a setting.
#[derive(Debug, Clone)]
pub struct VisitNoteShape {
    /// JSON pointer from `template` to the list of sections.
    pub sections: String,
    /// The member of a section with its name.
    pub section_name: String,
    /// The member of a section with its questions.
    pub questions: String,
    /// The member of a question with its id.
    pub question_id: String,
    /// The members of a question that may hold its text, the first that is there counts.
    pub question_label: Vec<String>,
    /// The member of a question with its kind.
    pub question_kind: String,
    /// The member of a question with what may be answered.
    pub options: String,
}

impl Default for VisitNoteShape {
    fn default() -> Self {
        Self {
            sections: "/flow/sections".into(),
            section_name: "name".into(),
            questions: "questions".into(),
            question_id: "id".into(),
            question_label: vec!["name".into(), "label".into()],
            question_kind: "type".into(),
            options: "options".into(),
        }
    }
}
