//! A request as a vendor's client describes it.

use std::{fmt, path::PathBuf, sync::Arc};

use serde::Serialize;
use serde_json::Value;

use crate::domain::{record::Raw, secret::Secret};

use super::KEPT;

/// The methods that the vendors' documents use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Replaces or completes.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// As it stands in the request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether the request asks without changing anything.
    pub fn reads(self) -> bool {
        self == Self::Get
    }
}

/// A request header.
#[derive(Debug, Clone)]
pub enum Header {
    /// One that may be seen.
    Plain(String),
    /// A credential.
    Credential(Secret),
}

impl Header {
    /// The value, for the one place that sends it.
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Credential(secret) => secret.expose(),
        }
    }
}

/// Is told on the way how many bytes of a large body have left and how many it has.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<dyn Fn(u64, u64) + Send + Sync>>);

impl Progress {
    /// Tells this function. It runs between two pieces of the body and must not wait.
    pub fn new(tell: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Tells nobody.
    pub fn silent() -> Self {
        Self(None)
    }

    /// So many bytes of so many have left.
    pub fn tell(&self, done: u64, whole: u64) {
        if let Some(tell) = &self.0 {
            tell(done, whole);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Progress(told)" } else { "Progress(silent)" })
    }
}

/// A file that is sent as it lies on the disk, piece by piece. It is read while it is sent; when it is not what it was said
/// to be the last piece is withheld and the connection ends, so that the vendor never sees a whole request.
#[derive(Clone)]
pub struct FileBody {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length in bytes.
    pub length: u64,
    /// The SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
    /// As what it is sent.
    pub content_type: String,
    /// Who is told how far it is.
    pub progress: Progress,
}

impl PartialEq for FileBody {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, self.length, &self.sha256, &self.content_type)
            == (&other.path, other.length, &other.sha256, &other.content_type)
    }
}

impl Eq for FileBody {}

/// What a request carries.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON text.
    Json(Vec<u8>),
    /// Something else, with its content type.
    Bytes(Vec<u8>, &'static str),
    /// A file, streamed.
    File(FileBody),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Json(bytes) => write!(f, "JSON({} bytes)", bytes.len()),
            Self::Bytes(bytes, kind) => write!(f, "{kind}({} bytes)", bytes.len()),
            // Its path may name a person.
            Self::File(file) => write!(f, "{}({} bytes)", file.content_type, file.length),
        }
    }
}

/// A request. Built step by step; a mistake in it (an id that cannot stand in a path, a body that cannot be written) is
/// kept in `fault` and refused by the transport before anything leaves.
#[derive(Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Path segments after the base address, not encoded yet.
    pub segments: Vec<String>,
    /// Query parameters, not encoded yet, and whether the value is a credential.
    pub query: Vec<(String, String, bool)>,
    /// Headers beside those that the transport sets itself.
    pub headers: Vec<(String, Header)>,
    /// What it carries.
    pub body: Body,
    /// JSON members whose values are not kept in the exchange, in request and answer at any depth: keys and tokens.
    pub concealed: &'static [&'static str],
    /// The answer's size bound in bytes, where it differs from the transport's.
    pub answer_limit: Option<usize>,
    /// Why it cannot be sent.
    pub fault: Option<&'static str>,
}

impl Call {
    /// A request to a path like `patients/{patient}/appointments`, whose `{…}` parts are filled from `values`. A value
    /// fills exactly one segment, whatever characters it has.
    pub fn new(method: Method, template: &str, values: &[(&str, &str)]) -> Self {
        let mut call = Self {
            method,
            segments: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::None,
            concealed: &[],
            answer_limit: None,
            fault: None,
        };
        for part in template.split('/').filter(|p| !p.is_empty()) {
            let segment = match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
                None => part,
                Some(name) => match values.iter().find(|(n, _)| *n == name) {
                    Some((_, value)) => value,
                    None => {
                        call.fault = Some("the path names a part that is not known");
                        continue;
                    }
                },
            };
            // A URL parser takes these for steps in the path even when they are percent-encoded.
            if matches!(segment, "" | "." | "..") {
                call.fault = Some("an id that is empty or only dots cannot stand in a path");
            }
            call.segments.push(segment.to_owned());
        }
        call
    }

    /// A reading request.
    pub fn get(template: &str, values: &[(&str, &str)]) -> Self {
        Self::new(Method::Get, template, values)
    }

    /// A creating request.
    pub fn post(template: &str, values: &[(&str, &str)]) -> Self {
        Self::new(Method::Post, template, values)
    }

    /// A replacing request.
    pub fn put(template: &str, values: &[(&str, &str)]) -> Self {
        Self::new(Method::Put, template, values)
    }

    /// With a query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into(), false));
        self
    }

    /// With a query parameter that is a credential: sent, but shown nowhere.
    #[must_use]
    pub fn secret_query(mut self, name: &str, value: &Secret) -> Self {
        self.query.push((name.to_owned(), value.expose().to_owned(), true));
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), Header::Plain(value.into())));
        self
    }

    /// With a header that is a credential.
    #[must_use]
    pub fn credential(mut self, name: &str, value: &Secret) -> Self {
        self.headers.push((name.to_owned(), Header::Credential(value.clone())));
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.body = Body::Json(bytes),
            Err(_) => self.fault = Some("the request's body cannot be written as JSON"),
        }
        self
    }

    /// With another body.
    #[must_use]
    pub fn bytes(mut self, bytes: Vec<u8>, content_type: &'static str) -> Self {
        self.body = Body::Bytes(bytes, content_type);
        self
    }

    /// With a file as its body.
    #[must_use]
    pub fn file(mut self, file: FileBody) -> Self {
        self.body = Body::File(file);
        self
    }

    /// Keeps the values of these JSON members out of the exchange.
    #[must_use]
    pub fn conceal(mut self, members: &'static [&'static str]) -> Self {
        self.concealed = members;
        self
    }

    /// With another bound for the answer's size, in bytes.
    #[must_use]
    pub fn answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = Some(bytes);
        self
    }

    /// What of the request's body is kept.
    pub(super) fn kept_body(&self) -> Option<Raw> {
        match &self.body {
            Body::None => None,
            Body::Json(bytes) => kept(bytes, self.concealed),
            Body::Bytes(bytes, kind) => Some(Raw(format!("({} bytes of {kind})", bytes.len()))),
            Body::File(file) => Some(Raw(format!("({} bytes of {})", file.length, file.content_type))),
        }
    }
}

impl fmt::Debug for Call {
    /// Path and query may speak of a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({} {:?})", self.method.as_str(), self.body)
    }
}

/// What is kept of a body: text, bounded, without the values of the concealed members. A body that should hide something
/// but is not JSON is not kept at all.
pub(super) fn kept(bytes: &[u8], concealed: &[&str]) -> Option<Raw> {
    if bytes.is_empty() {
        return None;
    }
    if concealed.is_empty() {
        let cut = &bytes[..bytes.len().min(KEPT)];
        let mut text = String::from_utf8_lossy(cut).into_owned();
        if bytes.len() > KEPT {
            text.push('…');
        }
        return Some(Raw(text));
    }
    conceal_json(bytes, concealed).and_then(|raw| kept(raw.0.as_bytes(), &[]))
}

/// A JSON body with `…` in place of the concealed members' values; `None` when it is not JSON.
pub(crate) fn conceal_json(bytes: &[u8], concealed: &[&str]) -> Option<Raw> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    conceal(&mut value, concealed);
    Some(Raw(value.to_string()))
}

fn conceal(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if names.contains(&name.as_str()) {
                    *value = Value::String("…".into());
                } else {
                    conceal(value, names);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|i| conceal(i, names)),
        _ => {}
    }
}
