//! Bodies without what they say: the shape stays, every value becomes its type and length. And what differs between two.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Changed, Field, Glance, Opened, Part};

/// A value longer than this is kept with its beginning only, in characters.
const VALUE_KEPT: usize = 1_000;
/// Deeper than this nothing is looked into.
const DEEPEST: usize = 64;
/// So many lines of one part are shown; a body of megabytes would keep a slow line busy.
const LINES: usize = 4_000;

/// A JSON value with its members in order, and numbers digit by digit: ids of 39 digits pass through unharmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// The members of an object in their order.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl Tree {
    /// `None` for what is no JSON, or too deep.
    pub(super) fn read(text: &str) -> Option<Self> {
        Self::at_depth(serde_json::from_str::<&RawValue>(text).ok()?, 0)
    }

    fn at_depth(raw: &RawValue, depth: usize) -> Option<Self> {
        let text = raw.get();
        if depth > DEEPEST {
            return None;
        }
        Some(match text.as_bytes().first()? {
            b'n' => Self::Null,
            b't' => Self::Bool(true),
            b'f' => Self::Bool(false),
            // Not every text that JSON may hold is one that can be held: half of a surrogate pair.
            b'"' => Self::Text(serde_json::from_str(text).unwrap_or_else(|_| text.trim_matches('"').to_owned())),
            b'[' => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
                Self::List(items.iter().map(|item| Self::at_depth(item, depth + 1)).collect::<Option<_>>()?)
            }
            b'{' => {
                let members: Members = serde_json::from_str(text).ok()?;
                let one = |(name, raw): (String, Box<RawValue>)| Some((name, Self::at_depth(&raw, depth + 1)?));
                Self::Object(members.0.into_iter().map(one).collect::<Option<_>>()?)
            }
            _ => Self::Number(text.to_owned()),
        })
    }

    /// The JSON of a value that is no list and no object.
    fn scalar(&self) -> Option<String> {
        match self {
            Self::Null => Some("null".into()),
            Self::Bool(yes) => Some(yes.to_string()),
            Self::Number(digits) => Some(digits.clone()),
            Self::Text(text) => serde_json::to_string(text).ok(),
            Self::List(items) => items.is_empty().then(|| "[]".into()),
            Self::Object(members) => members.is_empty().then(|| "{}".into()),
        }
    }

    /// Type and length in place of a value.
    pub(super) fn shape(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Bool(_) => "yes/no".into(),
            Self::Number(digits) => format!("number:{}", digits.len()),
            Self::Text(text) => format!("text:{}", text.chars().count()),
            Self::List(items) => format!("list:{}", items.len()),
            Self::Object(members) => format!("object:{}", members.len()),
        }
    }

    /// Every value that is no list and no object, by its path.
    fn leaves(&self, path: &str, into: &mut BTreeMap<String, String>) {
        match self {
            Self::List(items) if !items.is_empty() => {
                items.iter().enumerate().for_each(|(i, item)| item.leaves(&format!("{path}[{i}]"), into));
            }
            Self::Object(members) if !members.is_empty() => {
                for (name, value) in members {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    value.leaves(&path, into);
                }
            }
            leaf => {
                into.extend(leaf.scalar().map(|text| (path.to_owned(), text)));
            }
        }
    }

    /// Line by line, each value as `value` says.
    fn pretty(&self, masked: bool, indent: usize, lead: &str, tail: &str, lines: &mut Vec<String>) {
        let pad = "  ".repeat(indent);
        match self {
            Self::List(items) if !items.is_empty() => {
                lines.push(format!("{pad}{lead}["));
                let last = items.len() - 1;
                for (i, item) in items.iter().enumerate() {
                    item.pretty(masked, indent + 1, "", if i == last { "" } else { "," }, lines);
                }
                lines.push(format!("{pad}]{tail}"));
            }
            Self::Object(members) if !members.is_empty() => {
                lines.push(format!("{pad}{lead}{{"));
                let last = members.len() - 1;
                for (i, (name, value)) in members.iter().enumerate() {
                    let name = if masked { member(name) } else { name.clone() };
                    let lead = format!("{}: ", serde_json::to_string(&name).unwrap_or_default());
                    value.pretty(masked, indent + 1, &lead, if i == last { "" } else { "," }, lines);
                }
                lines.push(format!("{pad}}}{tail}"));
            }
            Self::Null => lines.push(format!("{pad}{lead}null{tail}")),
            leaf if masked => lines.push(format!("{pad}{lead}‹{}›{tail}", leaf.shape().replace(':', " "))),
            leaf => lines.push(format!("{pad}{lead}{}{tail}", leaf.scalar().unwrap_or_default())),
        }
    }
}

/// A member's name where it may be shown. The vendors write theirs like `patientId` or `patient_id`; a name of another form
/// is one that somebody chose, like a section's title, and may say anything.
pub(super) fn member(name: &str) -> String {
    if plain(name) { name.to_owned() } else { format!("key:{}", name.chars().count()) }
}

fn plain(name: &str) -> bool {
    name.len() <= 48
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// A path of fields where it may be shown.
pub(super) fn path(path: &str) -> String {
    let step = |step: &str| match step.split_once('[') {
        // The places in lists stay, as `0]` or `0][1]`; anything else there is part of a name.
        Some((name, rest)) if places(rest) => format!("{}[{rest}", member(name)),
        _ => member(step),
    };
    path.split('.').map(step).collect::<Vec<_>>().join(".")
}

/// Whether this is what follows the first bracket of a step into lists.
fn places(rest: &str) -> bool {
    let digits = |place: &str| !place.is_empty() && place.bytes().all(|b| b.is_ascii_digit());
    rest.strip_suffix(']').is_some_and(|rest| rest.split("][").all(digits))
}

/// What an event has beside its line.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// Lines that may be shown as they are.
    Plain {
        /// What they are.
        title: String,
        /// The lines.
        lines: Vec<String>,
    },
    /// A body as it was sent or came.
    Raw {
        /// What it is.
        title: String,
        /// Its text.
        text: String,
    },
    /// Fields that changed.
    Fields(Vec<Field>),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain { title, .. } | Self::Raw { title, .. } => write!(f, "Body({title})"),
            Self::Fields(fields) => write!(f, "Body({} fields)", fields.len()),
        }
    }
}

/// Shows what an event has beside its line, without values unless `reveal` says so.
pub fn opened(glance: Glance, bodies: Vec<Body>, reveal: bool) -> Opened {
    let part = |body: Body| match body {
        Body::Plain { title, lines } => Part { title, lines: bounded(lines) },
        Body::Raw { title, text } => Part { title, lines: bounded(body_lines(&text, !reveal)) },
        Body::Fields(fields) => {
            let lines = fields.iter().map(|field| field_line(field, !reveal)).collect();
            Part { title: "what changed".into(), lines: bounded(lines) }
        }
    };
    Opened { glance, masked: !reveal, parts: bodies.into_iter().map(part).collect() }
}

fn bounded(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(LINES);
    if more > 0 {
        lines.truncate(LINES);
        lines.push(format!("… {more} more lines"));
    }
    lines
}

/// A body line by line for people, as it is where it is no JSON. Its members stay in their order and its numbers keep every
/// digit.
pub fn printed(text: &str) -> Vec<String> {
    body_lines(text, false)
}

fn body_lines(text: &str, masked: bool) -> Vec<String> {
    match Tree::read(text) {
        Some(tree) => {
            let mut lines = Vec::new();
            tree.pretty(masked, 0, "", "", &mut lines);
            lines
        }
        None if masked => vec![format!("‹{} characters that are no whole JSON›", text.chars().count())],
        None => text.lines().map(str::to_owned).collect(),
    }
}

fn field_line(field: &Field, masked: bool) -> String {
    let side = |value: &Option<String>| match value {
        None => "–".to_owned(),
        Some(json) if masked => format!("‹{}›", shape_of(json).replace(':', " ")),
        Some(json) => json.clone(),
    };
    let name = if masked { path(&field.path) } else { field.path.clone() };
    format!("{name}: {} → {}", side(&field.before), side(&field.after))
}

/// The shape of a kept value. One that was cut tells how long it was; one that is masked already stays so.
pub(super) fn shape_of(json: &str) -> String {
    match Tree::read(json) {
        Some(tree) => tree.shape(),
        None => cut_length(json).map_or_else(|| json.to_owned(), |chars| format!("text:{chars}")),
    }
}

const CUT: &str = "… of ";

fn cut_length(json: &str) -> Option<usize> {
    json.rsplit_once(CUT)?.1.parse().ok()
}

/// A value as it is kept: whole, or its beginning and how many characters it had.
fn kept(json: String) -> String {
    let length = json.chars().count();
    if length <= VALUE_KEPT {
        return json;
    }
    // The quotes of a text are none of its characters.
    let told = if json.starts_with('"') { length - 2 } else { length };
    format!("{}{CUT}{told}", json.chars().take(VALUE_KEPT).collect::<String>())
}

/// What differs between two JSON values, by path, in the order of paths; so many at most, and how many more there are.
pub fn fields_between(before: &str, after: &str, at_most: usize) -> (Vec<Field>, u32) {
    let leaves = |text: &str| {
        let mut found = BTreeMap::new();
        if let Some(tree) = Tree::read(text) {
            tree.leaves("", &mut found);
        }
        found
    };
    let (mut old, new) = (leaves(before), leaves(after));
    let mut fields: BTreeMap<String, Field> = BTreeMap::new();
    for (path, value) in new {
        let was = old.remove(&path);
        if was.as_ref() != Some(&value) {
            fields.insert(path.clone(), Field { path, before: was.map(kept), after: Some(kept(value)) });
        }
    }
    for (path, was) in old {
        fields.insert(path.clone(), Field { path, before: Some(kept(was)), after: None });
    }
    let more = fields.len().saturating_sub(at_most);
    (fields.into_values().take(at_most).collect(), more as u32)
}

/// What several changes one after the other come to: the first value before and the last one after. What went there and
/// back is no difference, unless its end was cut off and nobody knows.
pub fn composed<'a>(changes: impl IntoIterator<Item = &'a Changed>) -> Vec<Field> {
    let mut fields: BTreeMap<String, Field> = BTreeMap::new();
    for field in changes.into_iter().flat_map(|change| &change.fields) {
        match fields.get_mut(&field.path) {
            Some(known) => known.after.clone_from(&field.after),
            None => drop(fields.insert(field.path.clone(), field.clone())),
        }
    }
    let cut = |value: &Option<String>| value.as_deref().is_some_and(|json| cut_length(json).is_some());
    fields.into_values().filter(|f| f.before != f.after || cut(&f.before)).collect()
}

/// What differs between two bodies.
pub fn difference(before: &str, after: &str) -> Vec<Field> {
    fields_between(before, after, LINES).0
}

/// The same change without the values of its fields.
pub(super) fn masked_change(changed: &Changed) -> Changed {
    let mask = |value: &Option<String>| value.as_deref().map(shape_of);
    let field = |f: &Field| Field { path: path(&f.path), before: mask(&f.before), after: mask(&f.after) };
    Changed { fields: changed.fields.iter().map(field).collect(), ..changed.clone() }
}
