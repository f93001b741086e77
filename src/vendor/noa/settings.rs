//! What the Noa client can be told. Everything that the vendor does not document is a setting with a default.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    domain::{
        ids::Scheme,
        secret::Secret,
        session::Stage,
        settings::{Key, KeyKind, Values, VendorKeys},
    },
    vendor::{
        http::HttpSettings,
        registry::Offer,
        trail::{self, ANSWER_KIB, CONNECT_MS, PROXY, TIMEOUT_MS},
    },
};

/// The languages that the document lists for Create Session.
pub const LANGUAGES: [&str; 14] = [
    "en-US", "pl-PL", "pt-BR", "pt-PT", "es-MX", "es-ES", "es-AR", "es-CO", "es-CL", "es-PE", "it-IT", "de-DE",
    "cs-CZ", "tr-TR",
];

/// The visit types that the document lists for Create Session.
pub const VISIT_TYPES: [&str; 2] = ["FirstVisit", "FollowUpVisit"];

/// Noa in the table of vendors.
pub const OFFER: Offer = Offer {
    keys: VendorKeys { name: "noa", label: "Noa Notes: scribe sessions", keys: KEYS },
    make: |values, around| {
        let mut settings = NoaSettings::from_values(values)?;
        settings.webhook_url.clone_from(&around.webhook_url);
        let noa = super::Noa::connect(settings, around.clock.clone()).map_err(|e| ("base_url", e.to_string()))?;
        Ok(Arc::new(noa))
    },
};

/// What may stand in the vendor's table of the configuration.
pub const KEYS: &[Key] = &[
    Key::required(
        "base_url",
        KeyKind::Url,
        "Like `https://integration.notes.{country}.noa.ai/api/v1/`, with your country.",
    ),
    Key::required("client_id", KeyKind::Text, "The client's id, a UUID that the vendor gave you."),
    Key::required("secret", KeyKind::Secret, "The client's secret."),
    Key::optional("api_version", KeyKind::Text, "Sent as `api-version` with every request when it is set."),
    Key::new("concurrency", KeyKind::Integer { min: 1, max: 64 }, "4", "How many requests may be under way at once."),
    CONNECT_MS,
    TIMEOUT_MS,
    ANSWER_KIB,
    PROXY,
    Key::new("authorization_header", KeyKind::Text, "Authorization", "The header that carries `Bearer` and a token."),
    Key::new("sign_in_path", KeyKind::Text, "auth/sign-in", "Where the client signs in (assumption)."),
    Key::new(
        "status_path",
        KeyKind::Text,
        "sessions/{id}/status",
        "Where a session's status is read (assumption); `{id}` is the session's id.",
    ),
    Key::new(
        "summary_path",
        KeyKind::Text,
        "sessions/{id}/summary",
        "Where a session's summary is read (assumption); `{id}` is the session's id.",
    ),
    Key::new(
        "recover_path",
        KeyKind::Text,
        "sessions/{id}/recover",
        "Where a summary's original is asked for (assumption); `{id}` is the session's id.",
    ),
    Key::new(
        "regenerate_path",
        KeyKind::Text,
        "sessions/{id}/regenerate",
        "Where a summary is asked to be written anew (assumption); `{id}` is the session's id.",
    ),
    Key::new(
        "doctors_path",
        KeyKind::Text,
        "consumers/facilities/{facility}/doctors",
        "Where a doctor is registered (assumption); `{facility}` is your own id of the facility.",
    ),
    Key::new(
        "doctor_path",
        KeyKind::Text,
        "consumers/facilities/{facility}/doctors/{doctor}",
        "Where a doctor's name is changed (assumption); `{facility}` and `{doctor}` are your own ids.",
    ),
    Key::new(
        "session_hours",
        KeyKind::Integer { min: 1, max: 720 },
        "24",
        "How long a session lives when the vendor does not say. A lost start is sent again only within it.",
    ),
    Key::optional(
        "stages",
        KeyKind::Map,
        "Words for a session's status beyond the known twelve, or other meanings for them: vendor's word = one of created, recording, processing, ready, approved, empty, interrupted, failed, expired.",
    ),
    Key::optional(
        "visit_schemes",
        KeyKind::List,
        "Which of an appointment's names is told as `episodeId`, in order of preference. `appointment` (the book's own number) when absent; `externalId` is the practice's.",
    ),
    Key::optional(
        "link_hosts",
        KeyKind::List,
        "Hosts to which recorder and summary links may lead beside the vendor's own domain.",
    ),
];

/// The settings of one Noa client.
#[derive(Clone)]
pub struct NoaSettings {
    /// Address, limits and proxy.
    pub http: HttpSettings,
    /// The client's id, a UUID (noa-notes.txt, sign-in).
    pub client_id: String,
    /// The client's secret.
    pub secret: Secret,
    /// Its name for people.
    pub label: String,
    /// How many requests may be under way at once. Default 4.
    pub concurrency: usize,
    /// Sent as the query parameter `api-version` when set. Default none.
    pub api_version: Option<String>,
    /// Where the vendor shall send a new session's webhooks: our receiver's public address with its path secret. Without it
    /// the vendor uses what is configured for the consumer.
    pub webhook_url: Option<Secret>,
    /// The header that carries `Bearer` and the token. Default `Authorization`.
    pub authorization_header: String,
    /// Paths; all but the second are assumptions.
    pub paths: NoaPaths,
    /// How long a session lives when the answer does not say. Default 24 h.
    pub session_life: Duration,
    /// A client token is renewed so long before it ends. Default 60 s.
    pub token_margin: Duration,
    /// What the vendor's words mean. Default: the twelve documented statuses.
    pub stages: Vec<(String, Stage)>,
    /// Which names of an appointment may be told as `episodeId`, in order of preference. Default `appointment` alone: the
    /// create request is repeated after a lost answer and finds the open session only under the same episode, so a name
    /// that another one may replace meanwhile must not be used.
    pub visit_schemes: Vec<Scheme>,
    /// The languages that are accepted before sending; empty accepts any. Default: the documented fourteen.
    pub languages: Vec<String>,
    /// The visit types that are accepted before sending; empty accepts any. Default: the documented two.
    pub visit_types: Vec<String>,
    /// Hosts to which links may lead beside the vendor's own domain. A link elsewhere is withheld.
    pub link_hosts: Vec<String>,
}

/// Where things are, behind the base address.
#[derive(Debug, Clone)]
pub struct NoaPaths {
    /// Default `auth/sign-in` (assumption).
    pub sign_in: String,
    /// Default `consumers/sessions` (published).
    pub create: String,
    /// Default `sessions/{id}/status` (assumption).
    pub status: String,
    /// Default `sessions/{id}/summary` (assumption).
    pub summary: String,
    /// Default `sessions/{id}/recover` (assumption).
    pub recover: String,
    /// Default `sessions/{id}/regenerate` (assumption).
    pub regenerate: String,
    /// Default `consumers/facilities/{facility}/doctors` (assumption).
    pub doctors: String,
    /// Default `consumers/facilities/{facility}/doctors/{doctor}` (assumption).
    pub doctor: String,
}

impl NoaSettings {
    /// The defaults for an address and a client.
    pub fn new(base_url: impl Into<String>, client_id: impl Into<String>, secret: Secret) -> Self {
        Self {
            http: HttpSettings::new(base_url),
            client_id: client_id.into(),
            secret,
            label: "Noa Notes".into(),
            concurrency: 4,
            api_version: None,
            webhook_url: None,
            authorization_header: "Authorization".into(),
            paths: NoaPaths {
                sign_in: "auth/sign-in".into(),
                create: "consumers/sessions".into(),
                status: "sessions/{id}/status".into(),
                summary: "sessions/{id}/summary".into(),
                recover: "sessions/{id}/recover".into(),
                regenerate: "sessions/{id}/regenerate".into(),
                doctors: "consumers/facilities/{facility}/doctors".into(),
                doctor: "consumers/facilities/{facility}/doctors/{doctor}".into(),
            },
            session_life: Duration::from_secs(24 * 3600),
            token_margin: Duration::from_secs(60),
            stages: stages(),
            visit_schemes: vec![Scheme::new("appointment")],
            languages: LANGUAGES.map(str::to_owned).to_vec(),
            visit_types: VISIT_TYPES.map(str::to_owned).to_vec(),
            link_hosts: Vec::new(),
        }
    }

    /// The settings that the vendor's table says ([`KEYS`]). `webhook_url` is not among them: it is the receiver's.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn from_values(values: &Values) -> Result<Self, (&'static str, String)> {
        let secret = values.secret("secret").cloned().ok_or(("secret", "is missing".to_owned()))?;
        let client_id = values.text("client_id").ok_or(("client_id", "is missing".to_owned()))?;
        let mut settings = Self::new("", client_id, secret);
        settings.http = trail::http_settings(values);
        settings.concurrency = trail::concurrency(values, settings.concurrency);
        settings.api_version = values.text("api_version").filter(|v| !v.is_empty()).map(str::to_owned);
        for (key, place) in [
            ("authorization_header", &mut settings.authorization_header),
            ("sign_in_path", &mut settings.paths.sign_in),
            ("status_path", &mut settings.paths.status),
            ("summary_path", &mut settings.paths.summary),
            ("recover_path", &mut settings.paths.recover),
            ("regenerate_path", &mut settings.paths.regenerate),
            ("doctors_path", &mut settings.paths.doctors),
            ("doctor_path", &mut settings.paths.doctor),
        ] {
            if let Some(text) = values.text(key) {
                text.clone_into(place);
            }
        }
        if let Some(hours) = values.integer("session_hours") {
            settings.session_life = Duration::from_secs(hours.max(1) as u64 * 3600);
        }
        trail::put_stages(&mut settings.stages, values)?;
        trail::put_schemes(&mut settings.visit_schemes, values)?;
        settings.link_hosts = values.list("link_hosts").to_vec();
        Ok(settings)
    }

    /// What a status of the vendor's means; an unlisted word is [`Stage::Unknown`] and shown verbatim.
    pub fn stage(&self, status: &str) -> Stage {
        trail::stage(&self.stages, status).unwrap_or(Stage::Unknown)
    }
}

/// FACTS: final are Verified and EmptySummaryVerified, in error are Failed, Expired and Interrupted.
fn stages() -> Vec<(String, Stage)> {
    [
        ("New", Stage::Created),
        ("Recording", Stage::Recording),
        ("Recorded", Stage::Processing),
        ("Transcribing", Stage::Processing),
        ("Transcribed", Stage::Processing),
        ("Analyzing", Stage::Processing),
        ("Summarized", Stage::Ready),
        ("Verified", Stage::Approved),
        ("EmptySummaryVerified", Stage::Empty),
        ("Interrupted", Stage::Interrupted),
        ("Failed", Stage::Failed),
        ("Expired", Stage::Expired),
    ]
    .map(|(word, stage)| (word.to_owned(), stage))
    .to_vec()
}

impl fmt::Debug for NoaSettings {
    /// Credentials and the receiver's address stay out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoaSettings")
            .field("http", &self.http)
            .field("label", &self.label)
            .field("concurrency", &self.concurrency)
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}
