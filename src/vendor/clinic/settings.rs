//! What the Clinic client can be told. Everything that the vendor does not document is a setting with a default.

use std::{fmt, sync::Arc};

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

/// Clinic in the table of vendors.
pub const OFFER: Offer = Offer {
    keys: VendorKeys { name: "clinic", label: "Clinic: session notes, addendums, sign-offs", keys: KEYS },
    make: |values, around| {
        let settings = ClinicSettings::from_values(values)?;
        let client = super::Clinic::connect(settings, around.clock.clone()).map_err(|e| ("base_url", e.to_string()))?;
        Ok(Arc::new(client))
    },
};

/// What may stand in the vendor's table of the configuration.
pub const KEYS: &[Key] = &[
    Key::required("base_url", KeyKind::Url, "Where the clinic's API is, without `/v1`."),
    Key::required("token", KeyKind::Secret, "Sent as the header `X-User-Token`."),
    Key::new(
        "list_notes",
        KeyKind::Bool,
        "true",
        "Whether session notes are listed and read. Only an administrator's token may; with another the numbers of notes are entered by hand.",
    ),
    Key::new("concurrency", KeyKind::Integer { min: 1, max: 64 }, "2", "How many requests may be under way at once."),
    CONNECT_MS,
    TIMEOUT_MS,
    ANSWER_KIB,
    PROXY,
    Key::new("token_header", KeyKind::Text, "X-User-Token", "The header that carries the token."),
    Key::new(
        "list_pages",
        KeyKind::Integer { min: 1, max: 1000 },
        "10",
        "At most so many pages of session notes are read at a time.",
    ),
    Key::new("list_page_size", KeyKind::Integer { min: 1, max: 1000 }, "50", "Session notes on a page."),
    Key::new(
        "text_kib",
        KeyKind::Integer { min: 1, max: 1024 },
        "64",
        "How long an addendum's or a sign-off's text may be, in KiB. The clinic publishes no limit.",
    ),
];

/// The settings of one user of the clinic system.
#[derive(Clone)]
pub struct ClinicSettings {
    /// Address, limits and proxy.
    pub http: HttpSettings,
    /// The user's token.
    pub token: Secret,
    /// Its name for people.
    pub label: String,
    /// How many requests may be under way at once. Default 2.
    pub concurrency: usize,
    /// The header that carries the token. Default `X-User-Token`.
    pub token_header: String,
    /// Whether notes are listed and read through the administrators' paths. Default yes; a token that may not is noticed and
    /// says nothing about the vendor's health.
    pub list_notes: bool,
    /// At most so many pages of the list. Default 10.
    pub list_pages: u32,
    /// Notes on a page. Default 50.
    pub list_page_size: u32,
    /// How long a text may be, in KiB. Default 64 (assumption: nothing is published).
    pub text_kib: usize,
    /// A 422 whose `errors` is a text with one of these in it is a refused token (published: authentication fails with 401 or
    /// 422). Compared in lower case. Default `token`, `signed in`, `sign in`, `logged in`, `log in`, `unauthorized`,
    /// `authenticat`.
    pub refusal_words: Vec<String>,
    /// A 422 whose `errors` is a text with this in it is an empty list. Compared in lower case. Default `no session notes
    /// were found`.
    pub empty_words: String,
}

impl ClinicSettings {
    /// The defaults for an address and a token.
    pub fn new(base_url: impl Into<String>, token: Secret) -> Self {
        Self {
            http: HttpSettings::new(base_url),
            token,
            label: "Clinic".into(),
            concurrency: 2,
            token_header: "X-User-Token".into(),
            list_notes: true,
            list_pages: 10,
            list_page_size: 50,
            text_kib: 64,
            refusal_words: ["token", "signed in", "sign in", "logged in", "log in", "unauthorized", "authenticat"]
                .map(str::to_owned)
                .to_vec(),
            empty_words: "no session notes were found".into(),
        }
    }

    /// The settings that the vendor's table says ([`KEYS`]).
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn from_values(values: &Values) -> Result<Self, (&'static str, String)> {
        let token = values.secret("token").cloned().ok_or(("token", "is missing".to_owned()))?;
        let mut settings = Self::new("", token);
        settings.http = trail::http_settings(values);
        settings.concurrency = trail::concurrency(values, settings.concurrency);
        settings.list_notes = values.yes("list_notes");
        if let Some(name) = values.text("token_header").filter(|name| !name.is_empty()) {
            name.clone_into(&mut settings.token_header);
        }
        let number = |key, default: u32| {
            values.integer(key).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(default)
        };
        settings.list_pages = number("list_pages", settings.list_pages);
        settings.list_page_size = number("list_page_size", settings.list_page_size);
        settings.text_kib = number("text_kib", 64) as usize;
        Ok(settings)
    }
}

impl fmt::Debug for ClinicSettings {
    /// The token stays out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClinicSettings")
            .field("http", &self.http)
            .field("label", &self.label)
            .field("concurrency", &self.concurrency)
            .field("list_notes", &self.list_notes)
            .finish_non_exhaustive()
    }
}
