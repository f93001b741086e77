//! What a person can do with a session, and why not.

use super::{Session, Stage};
use crate::domain::scribe::TextKind;

/// Something that can be done with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doing {
    /// Read what it came to.
    Read,
    /// Make a note draft of that.
    Draft,
    /// Open recorder and summary page.
    Links,
    /// Have the note written while one watches.
    WriteNote,
    /// Ask about it.
    Ask,
    /// Say what else the note is written from.
    Context,
    /// Change what the vendor holds of it.
    Edit,
    /// Say which of the vendor's patients it is about.
    Profile,
    /// Have a document written from it.
    WriteDocument,
    /// Have the summary written anew.
    Regenerate,
    /// Bring the original summary back.
    Recover,
}

impl Doing {
    /// All, the frequent ones first.
    pub const ALL: [Self; 11] = [
        Self::Read,
        Self::Draft,
        Self::Links,
        Self::WriteNote,
        Self::Ask,
        Self::Context,
        Self::WriteDocument,
        Self::Edit,
        Self::Profile,
        Self::Regenerate,
        Self::Recover,
    ];

    /// Which vendor's document has it; all have the others.
    fn only(self) -> Option<&'static str> {
        match self {
            Self::Read | Self::Draft => None,
            Self::Links | Self::Regenerate | Self::Recover => Some("noa"),
            Self::WriteNote | Self::Ask | Self::Context | Self::Edit | Self::Profile | Self::WriteDocument => {
                Some("heidi")
            }
        }
    }

    /// Whether the session's vendor knows it at all.
    pub fn known_to(self, session: &Session) -> bool {
        self.only().is_none_or(|vendor| vendor == session.vendor.as_str())
    }

    /// Why it cannot be done with this session, for a person.
    pub fn why_not(self, session: &Session) -> Option<String> {
        if !self.known_to(session) {
            return Some(match self {
                Self::Regenerate | Self::Recover => format!("{} does not make a summary anew", session.vendor),
                Self::Links => format!("{} tells no addresses", session.vendor),
                _ => format!("{} does not know that", session.vendor),
            });
        }
        let bare = session.summary.as_ref().is_none_or(super::Summary::is_empty);
        match self {
            Self::Draft if session.stage == Stage::Empty => Some("its summary was approved with nothing to say".into()),
            Self::Draft if bare => Some("this session has no summary yet".into()),
            Self::Read | Self::Draft | Self::Links => None,
            _ if session.stage == Stage::Gone => Some(format!("{} has this session no more", session.vendor)),
            _ => None,
        }
    }
}

/// The texts of a session that its vendor hands out beside what it came to.
pub fn texts_of(session: &Session) -> &'static [TextKind] {
    match session.vendor.as_str() {
        "heidi" => &[TextKind::Transcript, TextKind::Documents],
        _ => &[],
    }
}
