//! Names for things. Ids are strings in every vendor's hands and newtypes in ours.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A short ASCII name held inline, so that it can be copied like a number and written in a constant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag([u8; Self::ROOM]);

impl Tag {
    /// The longest name in bytes.
    pub const ROOM: usize = 15;

    /// For constants; a name that is empty, too long or not printable ASCII fails the build.
    #[allow(clippy::panic, reason = "evaluated at compile time for constants")]
    pub const fn new(name: &str) -> Self {
        match Self::parse(name) {
            Some(tag) => tag,
            None => panic!("a tag is 1 to 15 characters of printable ASCII"),
        }
    }

    /// A tag from text that somebody wrote.
    pub const fn parse(name: &str) -> Option<Self> {
        let bytes = name.as_bytes();
        if bytes.is_empty() || bytes.len() > Self::ROOM {
            return None;
        }
        let mut held = [0; Self::ROOM];
        let mut i = 0;
        while i < bytes.len() {
            if !bytes[i].is_ascii_graphic() {
                return None;
            }
            held[i] = bytes[i];
            i += 1;
        }
        Some(Self(held))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(Self::ROOM);
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a tag"))
    }
}

/// Which vendor; the constants stand in the vendors' own folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VendorId(pub Tag);

impl VendorId {
    /// For the vendors' constants.
    pub const fn new(name: &str) -> Self {
        Self(Tag::new(name))
    }

    /// The vendor's short name, as in the configuration.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for VendorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which of a vendor's ways of naming a record: Solo has `patient`, `spid`, `appointment` and `externalId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scheme(pub Tag);

impl Scheme {
    /// For the vendors' constants.
    pub const fn new(name: &str) -> Self {
        Self(Tag::new(name))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A record's name in a vendor's own hands. Always text, whatever JSON type the vendor uses for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VendorRef {
    /// Who calls it so.
    pub vendor: VendorId,
    /// In which of the vendor's schemes.
    pub scheme: Scheme,
    /// What kind of record it names.
    pub kind: Kind,
    /// The name itself.
    pub value: String,
}

impl VendorRef {
    /// A reference from its parts.
    pub fn new(vendor: VendorId, kind: Kind, scheme: Scheme, value: impl Into<String>) -> Self {
        Self { vendor, scheme, kind, value: value.into() }
    }
}

/// The kinds with the word that people use for each: one list, from which [`Kind::ALL`] follows.
macro_rules! kinds {
    ($(#[$meta:meta])* Kind { $($(#[$doc:meta])* $name:ident = $word:literal,)* }) => {
        $(#[$meta])*
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word people use.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

kinds! {
    /// What kind of thing a record is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    Kind {
        /// A person under care, as one vendor knows them.
        Patient = "patient",
        /// A waiting room.
        Room = "waiting room",
        /// An appointment in the clinic's book.
        Appointment = "appointment",
        /// The same appointment as the EMR knows it, under an id of its own.
        EmrAppointment = "EMR appointment",
        /// A scribe session.
        Session = "session",
        /// A note on its way into the EMR, or there.
        Note = "note",
        /// An appointment's visit note: templates, questions, answers.
        VisitNote = "visit note",
        /// A session note of the clinic system, which addendums and sign-offs belong to.
        SessionNote = "session note",
        /// An addendum to a session note.
        Addendum = "addendum",
        /// A supervisor's sign-off of a session note.
        SignOff = "sign-off",
        /// An episode of care.
        Episode = "episode",
        /// A webhook registration at a vendor.
        Webhook = "webhook",
        /// The episodes of a patient, as one list.
        Episodes = "list of episodes",
        /// A file on an appointment.
        Attachment = "attachment",
        /// The files of an appointment, as one list.
        Attachments = "list of attachments",
        /// A document that was added to a patient's record.
        Document = "document",
        /// A request for assistance at a bed.
        Assistance = "assistance request",
        /// A consult that was asked for.
        Consult = "consult",
        /// A doctor at a facility, as a scribe vendor is told of them.
        Doctor = "doctor",
    }
}

impl Kind {
    /// Whether the vendor lets us read such a record again. What cannot be read again is kept in the ledger.
    pub fn rereadable(self) -> bool {
        !matches!(self, Self::Note | Self::Addendum | Self::SignOff | Self::Document | Self::Consult | Self::Doctor)
    }
}

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident, $letter:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let digits = text.strip_prefix($letter).ok_or(NotAnId)?;
                digits.parse().map(Self).map_err(|_| NotAnId)
            }
        }
    };
}

/// The text is not one of wardroom's own ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of wardroom's own (those are a letter and a number, like r12 or q3)")]
pub struct NotAnId;

numbered!(
    /// A record as wardroom knows it, from the first moment: before any vendor gave it an id, and across all the ids
    /// that vendors give it later. Never used twice. `0` stands for "not assigned yet" in an [`Intent`](super::Intent).
    RecordId,
    "r"
);
numbered!(
    /// A queued write. Grows in the order in which writes were saved.
    EntryId,
    "q"
);
numbered!(
    /// A draft of a note that only this installation has.
    DraftId,
    "d"
);

impl RecordId {
    /// To be replaced by a fresh id when the intent is saved.
    pub const UNASSIGNED: Self = Self(0);
}
