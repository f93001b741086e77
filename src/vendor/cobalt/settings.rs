//! What the Cobalt client can be told. Everything that the vendor does not document is a setting with a default.

use std::{fmt, sync::Arc, time::Duration};

use jiff::tz::TimeZone;

use crate::{
    domain::{
        secret::Secret,
        settings::{Key, KeyKind, Values, VendorKeys},
    },
    vendor::{
        http::HttpSettings,
        registry::Offer,
        trail::{self, ANSWER_KIB, CONNECT_MS, PROXY, TIMEOUT_MS},
    },
};

/// Cobalt in the table of vendors.
pub const OFFER: Offer = Offer {
    keys: VendorKeys { name: "cobalt", label: "Cobalt: notes into the EMR", keys: KEYS },
    make: |values, around| {
        let mut settings = CobaltSettings::from_values(values)?;
        settings.zone.clone_from(&around.zone);
        let client = super::Cobalt::connect(settings, around.clock.clone()).map_err(|e| ("base_url", e.to_string()))?;
        Ok(Arc::new(client))
    },
};

/// What may stand in the vendor's table of the configuration.
pub const KEYS: &[Key] = &[
    Key::new("base_url", KeyKind::Url, "https://api.usecobalt.com", "Where the API is, without `/v1`."),
    Key::required("client_id", KeyKind::Secret, "Sent as the header `client_id`."),
    Key::required("client_secret", KeyKind::Secret, "Sent as the header `client_secret`."),
    Key::required("access_token", KeyKind::Secret, "Sent as the header `access_token`: whose EMR it is."),
    Key::optional(
        "webhook_secret",
        KeyKind::Secret,
        "The webhooks' signing secret, where the vendor's answers do not tell it.",
    ),
    Key::new("concurrency", KeyKind::Integer { min: 1, max: 64 }, "2", "How many requests may be under way at once."),
    CONNECT_MS,
    TIMEOUT_MS,
    ANSWER_KIB,
    PROXY,
    Key::new(
        "appointment_path",
        KeyKind::Text,
        "v1/appointment/{id}",
        "Where one appointment of the EMR is read (assumption).",
    ),
    Key::new(
        "note_form",
        KeyKind::Choice(&["as_written", "soap", "text"]),
        "as_written",
        "Whether notes go as a SOAP object (some EMRs only), as one text, or as they were written.",
    ),
    Key::new(
        "one_note_at_a_time",
        KeyKind::Bool,
        "true",
        "Whether a note waits until the one before it has come to an end (assumption: one in flight per access token).",
    ),
    Key::new(
        "patience_seconds",
        KeyKind::Integer { min: 30, max: 86_400 },
        "300",
        "Without a word for so long a note counts as unresolved (assumption). It is never sent again by itself.",
    ),
    Key::new(
        "rotate_secret",
        KeyKind::Bool,
        "false",
        "Whether a fresh signing secret is asked for when a registration's answer tells none. It makes other receivers' secrets invalid.",
    ),
];

/// How a note is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoteForm {
    /// Four parts as an object, one text as text.
    #[default]
    AsWritten,
    /// Always an object; one text goes under `subjective`.
    Soap,
    /// Always text; four parts go under their headings.
    Text,
}

/// The settings of one Cobalt access token.
#[derive(Clone)]
pub struct CobaltSettings {
    /// Address, limits and proxy.
    pub http: HttpSettings,
    /// Header `client_id`.
    pub client_id: Secret,
    /// Header `client_secret`.
    pub client_secret: Secret,
    /// Header `access_token`.
    pub access_token: Secret,
    /// The signing secret of webhooks, used where a registration has no key of its own. Default none.
    pub webhook_secret: Option<Secret>,
    /// Its name for people.
    pub label: String,
    /// How many requests may be under way at once. Default 2.
    pub concurrency: usize,
    /// Where one appointment is read, below the address; `{id}` stands for its id. Default `v1/appointment/{id}` (assumption).
    pub appointment_path: String,
    /// How notes are sent. Default as written.
    pub note_form: NoteForm,
    /// Whether a note waits for the one before it (assumption). Default yes.
    pub one_note_at_a_time: bool,
    /// Without a word for so long a note is unresolved (assumption). Default 5 min.
    pub patience: Duration,
    /// The names of the three credential headers, in the order above. Some proxies drop names with underscores.
    pub credential_headers: [String; 3],
    /// Ask for a fresh signing secret when a registration's answer tells none. Default no: it invalidates the old one.
    pub rotate_secret: bool,
    /// The zone of times without an offset, and of the days that appointments are asked for. Default UTC; the clinic's is
    /// handed in.
    pub zone: TimeZone,
    /// An event may be dated so much earlier than our request, because clocks differ. Default 5 s, which is less than a note
    /// takes.
    pub skew: Duration,
    /// At most so many pages of `webhook-events` are read for one look-up. Default 10.
    pub event_pages: u32,
    /// Events on a page; the vendor allows 100 at most. Default 100.
    pub event_page_size: u32,
}

impl CobaltSettings {
    /// The defaults for an address and the three credentials.
    pub fn new(base_url: impl Into<String>, client_id: Secret, client_secret: Secret, access_token: Secret) -> Self {
        Self {
            http: HttpSettings::new(base_url),
            client_id,
            client_secret,
            access_token,
            webhook_secret: None,
            label: "Cobalt".into(),
            concurrency: 2,
            appointment_path: "v1/appointment/{id}".into(),
            note_form: NoteForm::AsWritten,
            one_note_at_a_time: true,
            patience: Duration::from_secs(300),
            credential_headers: ["client_id", "client_secret", "access_token"].map(str::to_owned),
            rotate_secret: false,
            zone: TimeZone::UTC,
            skew: Duration::from_secs(5),
            event_pages: 10,
            event_page_size: 100,
        }
    }

    /// The settings that the vendor's table says ([`KEYS`]). `zone` is the clinic's and is put in by the caller.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn from_values(values: &Values) -> Result<Self, (&'static str, String)> {
        let secret = |key| values.secret(key).cloned().ok_or((key, "is missing".to_owned()));
        let mut settings = Self::new("", secret("client_id")?, secret("client_secret")?, secret("access_token")?);
        settings.http = trail::http_settings(values);
        settings.concurrency = trail::concurrency(values, settings.concurrency);
        settings.webhook_secret = values.secret("webhook_secret").cloned();
        if let Some(path) = values.text("appointment_path") {
            if !path.contains("{id}") {
                return Err(("appointment_path", "has no {id} in it".into()));
            }
            path.trim_start_matches('/').clone_into(&mut settings.appointment_path);
        }
        settings.note_form = match values.text("note_form") {
            Some("soap") => NoteForm::Soap,
            Some("text") => NoteForm::Text,
            _ => NoteForm::AsWritten,
        };
        settings.one_note_at_a_time = values.yes("one_note_at_a_time");
        settings.rotate_secret = values.yes("rotate_secret");
        if let Some(seconds) = values.integer("patience_seconds") {
            settings.patience = Duration::from_secs(seconds.max(1) as u64);
        }
        Ok(settings)
    }
}

impl fmt::Debug for CobaltSettings {
    /// Credentials stay out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CobaltSettings")
            .field("http", &self.http)
            .field("label", &self.label)
            .field("concurrency", &self.concurrency)
            .field("note_form", &self.note_form)
            .finish_non_exhaustive()
    }
}
