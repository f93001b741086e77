//! What the Heidi client can be told. Everything that the vendor does not document is a setting with a default.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    domain::{
        ids::{Scheme, Tag, VendorId},
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

/// Heidi in the table of vendors.
pub const OFFER: Offer = Offer {
    keys: VendorKeys { name: "heidi", label: "Heidi: scribe sessions", keys: KEYS },
    make: |values, around| {
        let settings = HeidiSettings::from_values(values)?;
        let client = super::Heidi::connect(settings, around.clock.clone()).map_err(|e| ("base_url", e.to_string()))?;
        Ok(Arc::new(client))
    },
};

/// What may stand in the vendor's table of the configuration.
pub const KEYS: &[Key] = &[
    Key::required(
        "base_url",
        KeyKind::Url,
        "Like `https://{region}.api.heidihealth.com/api/v2/ml-scribe/open-api`, with your region (au us ca eu uk).",
    ),
    Key::optional("token", KeyKind::Secret, "A bearer token. When it is absent one is asked for with the API key."),
    Key::optional("api_key", KeyKind::Secret, "Sent as the header `Heidi-Api-Key` when a token is asked for."),
    Key::optional("email", KeyKind::Text, "The user's e-mail address, told when a token is asked for."),
    Key::optional(
        "third_party_internal_id",
        KeyKind::Text,
        "The user's id in the practice's own system, told when a token is asked for.",
    ),
    Key::new("concurrency", KeyKind::Integer { min: 1, max: 64 }, "4", "How many requests may be under way at once."),
    CONNECT_MS,
    TIMEOUT_MS,
    ANSWER_KIB,
    PROXY,
    Key::new(
        "list_pages",
        KeyKind::Integer { min: 1, max: 1000 },
        "10",
        "At most so many pages of the linked user's sessions are read at a time.",
    ),
    Key::new(
        "list_page_size",
        KeyKind::Integer { min: 1, max: 200 },
        "50",
        "Sessions on a page (assumption that the vendor allows as many).",
    ),
    Key::optional(
        "template",
        KeyKind::Text,
        "The template that notes and documents are written by where none is named.",
    ),
    Key::new(
        "voice_style",
        KeyKind::Text,
        "GOLDILOCKS",
        "How much a note says where nothing else is asked for, in Heidi's word.",
    ),
    Key::new(
        "brain",
        KeyKind::Text,
        "LEFT",
        "How freely a note is written where nothing else is asked for, in Heidi's word.",
    ),
    Key::new(
        "stream_seconds",
        KeyKind::Integer { min: 5, max: 3600 },
        "300",
        "A note or an answer that is written while one watches is given up after so long. What came is kept.",
    ),
    Key::new("stream_kib", KeyKind::Integer { min: 16, max: 65_536 }, "4096", "At most so much of it is read, in KiB."),
    Key::optional(
        "stages",
        KeyKind::Map,
        "Words for a consult note's status beyond the known ones, or other meanings for them: vendor's word = one of created, recording, processing, ready, approved, empty, interrupted, failed, expired.",
    ),
    Key::optional(
        "visit_schemes",
        KeyKind::List,
        "Which of an appointment's names is told as `ehr_appointment_id`, in order of preference. `appointment` (the book's own number), then `externalId` when absent.",
    ),
    Key::optional(
        "visits_of",
        KeyKind::Text,
        "The vendor whose appointments Heidi's `ehr_appt_id` names. When it is absent a session that was started elsewhere is shown without its visit.",
    ),
];

/// How a token is come by.
#[derive(Clone)]
pub enum HeidiAuth {
    /// It was given and is never renewed.
    Token(Secret),
    /// `GET /jwt` answers one.
    Key {
        /// Header `Heidi-Api-Key`.
        key: Secret,
        /// Query `email`: personal, so it is handled like a secret.
        email: Secret,
        /// Query `third_party_internal_id`.
        internal_id: Secret,
    },
}

/// The settings of one API user.
#[derive(Clone)]
pub struct HeidiSettings {
    /// Address, limits and proxy.
    pub http: HttpSettings,
    /// How a token is come by.
    pub auth: HeidiAuth,
    /// Its name for people.
    pub label: String,
    /// How many requests may be under way at once. Default 4.
    pub concurrency: usize,
    /// The header that carries the API key. Default `Heidi-Api-Key`.
    pub key_header: String,
    /// The header that carries `Bearer` and the token. Default `Authorization`.
    pub authorization_header: String,
    /// Where a token is asked for. Default `jwt` (published).
    pub jwt_path: String,
    /// A token is renewed so long before it ends. Default 60 s.
    pub token_margin: Duration,
    /// What the words of `consult_note.status` mean while there is no result. The vendor publishes no list, so all but
    /// `CREATED` are assumptions; a word that is not here is [`Stage::Unknown`].
    pub stages: Vec<(String, Stage)>,
    /// Which names of an appointment may be told as `ehr_appointment_id`, in order of preference. Default `appointment`, then
    /// `externalId`. A probe compares with all of them.
    pub visit_schemes: Vec<Scheme>,
    /// Whose appointments `ehr_appt_id` names, and in which scheme. Default none: a session that was started elsewhere then
    /// points to no visit, because a wrong guess would make up an appointment.
    pub visits_of: Option<(VendorId, Scheme)>,
    /// At most so many pages of the linked user's sessions. Default 10.
    pub list_pages: u32,
    /// Sessions on a page. Default 50.
    pub list_page_size: u32,
    /// The number of the first page, from which `page+1` counts where the vendor names no next page (assumption). Default 1.
    pub first_page: i64,
    /// The template of notes and documents where none is named. Default none.
    pub template: Option<String>,
    /// `voice_style` of a note where none is named. Default `GOLDILOCKS` (published).
    pub voice_style: String,
    /// `brain` of a note where none is named. Default `LEFT` (published).
    pub brain: String,
    /// How long a stream may take in all. Default 300 s.
    pub stream_time: Duration,
    /// How many bytes of a stream are read. Default 4 MiB.
    pub stream_bytes: usize,
    /// A session may be dated so much earlier than our request, because clocks differ. Default 120 s.
    pub skew: Duration,
}

impl HeidiSettings {
    /// The defaults for an address and a way to a token.
    pub fn new(base_url: impl Into<String>, auth: HeidiAuth) -> Self {
        Self {
            http: HttpSettings::new(base_url),
            auth,
            label: "Heidi".into(),
            concurrency: 4,
            key_header: "Heidi-Api-Key".into(),
            authorization_header: "Authorization".into(),
            jwt_path: "jwt".into(),
            token_margin: Duration::from_secs(60),
            stages: stages(),
            visit_schemes: vec![Scheme::new("appointment"), Scheme::new("externalId")],
            visits_of: None,
            list_pages: 10,
            list_page_size: 50,
            first_page: 1,
            template: None,
            voice_style: "GOLDILOCKS".into(),
            brain: "LEFT".into(),
            stream_time: Duration::from_secs(300),
            stream_bytes: 4 * 1024 * 1024,
            skew: Duration::from_secs(120),
        }
    }

    /// The settings that the vendor's table says ([`KEYS`]).
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn from_values(values: &Values) -> Result<Self, (&'static str, String)> {
        let text = |key| values.text(key).map(Secret::new).ok_or((key, "is missing".to_owned()));
        let auth = match (values.secret("token"), values.secret("api_key")) {
            (Some(token), _) => HeidiAuth::Token(token.clone()),
            (None, Some(key)) => HeidiAuth::Key {
                key: key.clone(),
                email: text("email")?,
                internal_id: text("third_party_internal_id")?,
            },
            (None, None) => return Err(("api_key", "is missing, and so is `token`".to_owned())),
        };
        let mut settings = Self::new("", auth);
        settings.http = trail::http_settings(values);
        settings.concurrency = trail::concurrency(values, settings.concurrency);
        let number = |key, default: u32| {
            values.integer(key).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(default)
        };
        settings.list_pages = number("list_pages", settings.list_pages);
        settings.list_page_size = number("list_page_size", settings.list_page_size);
        settings.template = values.text("template").filter(|id| !id.trim().is_empty()).map(str::to_owned);
        let word = |key, default: String| values.text(key).map_or(default, str::to_owned);
        settings.voice_style = word("voice_style", settings.voice_style);
        settings.brain = word("brain", settings.brain);
        settings.stream_time = Duration::from_secs(u64::from(number("stream_seconds", 300)));
        settings.stream_bytes = usize::try_from(number("stream_kib", 4096)).unwrap_or(4096).saturating_mul(1024);
        trail::put_stages(&mut settings.stages, values)?;
        trail::put_schemes(&mut settings.visit_schemes, values)?;
        if let Some(name) = values.text("visits_of").filter(|name| !name.is_empty()) {
            let vendor = Tag::parse(name).ok_or(("visits_of", "is no vendor's name".to_owned()))?;
            let scheme = settings.visit_schemes.first().copied().unwrap_or(Scheme::new("appointment"));
            settings.visits_of = Some((VendorId(vendor), scheme));
        }
        Ok(settings)
    }
}

fn stages() -> Vec<(String, Stage)> {
    [
        ("EMPTY", Stage::Created),
        ("NOT_STARTED", Stage::Created),
        ("RECORDING", Stage::Recording),
        ("QUEUED", Stage::Processing),
        ("PENDING", Stage::Processing),
        ("PROCESSING", Stage::Processing),
        ("GENERATING", Stage::Processing),
        // The document shows it beside a result; without one the result is still to come.
        ("CREATED", Stage::Processing),
        ("APPROVED", Stage::Approved),
        ("FAILED", Stage::Failed),
        ("ERROR", Stage::Failed),
    ]
    .map(|(word, stage)| (word.to_owned(), stage))
    .to_vec()
}

impl fmt::Debug for HeidiSettings {
    /// Credentials stay out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeidiSettings")
            .field("http", &self.http)
            .field("label", &self.label)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
