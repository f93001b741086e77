//! Status as glyph, word and colour: never colour alone.

use crate::{
    domain::{
        Source,
        appointment::{AppointmentStatus, VideoStatus},
        note::FilingState,
        session::Stage,
        view::{Freshness, NoteItem},
    },
    tui::theme::Token,
};

/// A glyph, an ASCII stand-in, a word and what it means.
#[expect(clippy::struct_field_names, reason = "a word is what is left when the glyph is not seen")]
pub struct Word {
    glyph: &'static str,
    ascii: &'static str,
    /// What people read.
    pub word: String,
    /// What it means.
    pub token: Token,
}

impl Word {
    fn new(glyph: &'static str, ascii: &'static str, word: impl Into<String>, token: Token) -> Self {
        Self { glyph, ascii, word: word.into(), token }
    }

    /// Glyph and word.
    pub fn text(&self, plain: bool) -> String {
        format!("{} {}", if plain { self.ascii } else { self.glyph }, self.word)
    }
}

/// An appointment's status, with the video call where that says more.
pub fn appointment(status: &AppointmentStatus, video: Option<&VideoStatus>) -> Word {
    use AppointmentStatus as S;
    let word = match status {
        S::Scheduled => Word::new("○", "o", "scheduled", Token::Planned),
        S::Arrived => Word::new("◉", "@", "arrived", Token::Waiting),
        S::IntakeReady => Word::new("◉", "@", "intake ready", Token::Waiting),
        S::IntakeProgress => Word::new("◐", "~", "intake", Token::Active),
        S::ExamReady => Word::new("◉", "@", "exam ready", Token::Waiting),
        S::ExamProgress => Word::new("●", "*", "exam", Token::Active),
        S::DischargeReady => Word::new("◉", "@", "discharge ready", Token::Waiting),
        S::DischargeProgress => Word::new("◑", "~", "discharge", Token::Active),
        S::Completed => Word::new("✓", "+", "completed", Token::Done),
        S::SignOff => Word::new("⚑", "^", "sign off", Token::Warning),
        S::Cancelled => Word::new("✕", "x", "cancelled", Token::Off),
        S::NoShow => Word::new("∅", "-", "not showed up", Token::Off),
        S::Verbatim(other) => Word::new("?", "?", other.clone(), Token::Warning),
    };
    match video {
        Some(VideoStatus::OnCall) => Word { word: format!("{} · on call", word.word), ..word },
        Some(VideoStatus::OnHold) => Word { word: format!("{} · on hold", word.word), ..word },
        Some(VideoStatus::Lwbs) => Word::new("∅", "-", "left unseen", Token::Alarm),
        Some(VideoStatus::Incomplete) => Word { word: format!("{} · incomplete", word.word), ..word },
        _ => word,
    }
}

/// A scribe session's stage; an unknown word is shown as the vendor wrote it.
pub fn session(stage: Stage, status: &str) -> Word {
    match stage {
        Stage::Created => Word::new("○", "o", "new", Token::Planned),
        Stage::Recording => Word::new("●", "*", "recording", Token::Active),
        Stage::Processing => Word::new("◐", "~", "processing", Token::Active),
        Stage::Ready => Word::new("✓", "+", "note ready", Token::Waiting),
        Stage::Approved => Word::new("✓", "+", "approved", Token::Done),
        Stage::Empty => Word::new("∅", "-", "approved, empty", Token::Off),
        Stage::Interrupted => Word::new("!", "!", "interrupted", Token::Alarm),
        Stage::Failed => Word::new("✕", "x", "failed", Token::Alarm),
        Stage::Expired => Word::new("✕", "x", "expired", Token::Off),
        Stage::Gone => Word::new("✕", "x", "gone at the vendor", Token::Off),
        Stage::Unknown => Word::new("?", "?", status.to_owned(), Token::Warning),
    }
}

/// What a row of the notes pane is.
pub fn note(item: &NoteItem) -> Word {
    match item {
        NoteItem::Draft => Word::new("✎", "e", "draft", Token::Own),
        NoteItem::Filed(FilingState::Queued) => Word::new("⇅", "q", "queued", Token::Own),
        NoteItem::Filed(FilingState::Processing) => Word::new("◐", "~", "processing", Token::Active),
        NoteItem::Filed(FilingState::Completed) => Word::new("✓", "+", "completed", Token::Done),
        NoteItem::Filed(FilingState::Failed { .. }) => Word::new("✕", "x", "failed", Token::Alarm),
        NoteItem::Filed(FilingState::Unresolved) => Word::new("?", "?", "unresolved", Token::Warning),
        NoteItem::SessionNote(status) => session_note(status),
        NoteItem::Addendum { answered: true } => Word::new("✓", "+", "addendum answered", Token::Done),
        NoteItem::Addendum { answered: false } => Word::new("◐", "~", "addendum asked", Token::Waiting),
        NoteItem::SignOff(_) => Word::new("✓", "+", "signed off", Token::Done),
    }
}

/// A session note's status in the clinic. The vendor documents no list of them (clinic-session-notes.txt): those that are
/// known are said in people's words, any other one as it is written.
fn session_note(status: &str) -> Word {
    match status {
        "" => Word::new("?", "?", "not known", Token::Warning),
        "draft" => Word::new("✎", "e", "being written", Token::Planned),
        "pending_review" => Word::new("⚑", "^", "to review", Token::Waiting),
        "completed" => Word::new("✓", "+", "completed", Token::Done),
        other => Word::new("⚑", "^", other, Token::Planned),
    }
}

/// Where a row comes from: glyph and meaning.
pub fn source(fresh: &Freshness, plain: bool) -> (&'static str, Token) {
    let pick = |glyph, ascii, token| (if plain { ascii } else { glyph }, token);
    if fresh.attention {
        return pick("!", "!", Token::Alarm);
    }
    if fresh.pending {
        return pick("⇅", "q", Token::Own);
    }
    match fresh.source {
        Source::Webhook => pick("↯", "w", Token::Webhook),
        Source::Read => pick("↻", "r", Token::Read),
        Source::Own => pick("⇅", "q", Token::Read),
        Source::Import => pick("⇩", "i", Token::Read),
        Source::Person => pick("✎", "p", Token::Read),
    }
}
