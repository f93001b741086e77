//! A session in the details: whose, which visit, how far it came, whether a doctor approved it, and what can be done.

use super::{
    layers::{Cx, Line},
    visit_words, words,
};
use crate::{
    domain::{
        Fact,
        session::{
            Session, Stage,
            doing::Doing,
            pipeline::{Passing, Way, way},
        },
        view::Detail,
    },
    tui::{action::Action, forms::paint::wrap, text, theme::Token},
};

/// The beginning of a summary that the details show; the reader has all of it.
const GLANCE: usize = 320;

/// The action behind each thing that can be done with a session.
pub(in crate::tui) fn action_of(doing: Doing) -> Action {
    match doing {
        Doing::Read => Action::ReadSummary,
        Doing::Draft => Action::DraftFromSummary,
        Doing::Links => Action::VisitLinks,
        Doing::WriteNote => Action::WriteNote,
        Doing::Ask => Action::AskScribe,
        Doing::Context => Action::Context,
        Doing::Edit => Action::EditSession,
        Doing::Profile => Action::AssignProfile,
        Doing::WriteDocument => Action::WriteDocument,
        Doing::Regenerate => Action::Regenerate,
        Doing::Recover => Action::Recover,
    }
}

/// Where a session stands, in its vendor's word and ours, and whether a doctor approved what it came to.
pub(in crate::tui) fn standing_words(session: &Session) -> String {
    let stage = session.stage.word();
    let mut parts = Vec::new();
    if !session.status.is_empty() && !session.status.eq_ignore_ascii_case(stage) {
        parts.push(text::clean(&session.status).into_owned());
    }
    parts.push(stage.to_owned());
    // Of two words for the same one is enough.
    let said = matches!(session.stage, Stage::Approved | Stage::Empty);
    let told = session.summary.as_ref().is_some_and(|s| s.approved.is_some());
    parts.extend(approval(session).filter(|_| told && !said).map(str::to_owned));
    parts.join(" · ")
}

fn approval(session: &Session) -> Option<&'static str> {
    let summary = session.summary.as_ref()?;
    let anew = matches!(session.stage, Stage::Created | Stage::Recording | Stage::Processing);
    Some(match summary.approved {
        Some(_) if anew => "being written anew, to be approved again",
        Some(true) => "approved by a doctor",
        Some(false) => "no doctor approved it yet",
        None => "its vendor tells of no approval",
    })
}

impl Cx<'_> {
    pub(super) fn session_lines(&self, session: &Session, detail: &Detail, width: usize, lines: &mut Vec<Line>) {
        let field = |name: &str, value: &str, token: Token, lines: &mut Vec<Line>| {
            if value.trim().is_empty() {
                return;
            }
            for (i, part) in text::wrap(value, width.saturating_sub(16).max(8)).into_iter().enumerate() {
                lines.push((format!("{}{part}", text::fit(if i == 0 { name } else { "" }, 16)), token));
            }
        };
        if let Some(visit) = &detail.visit {
            let status = words::appointment(&visit.status, visit.video.as_ref()).text(self.model.setting.plain);
            let room = visit.room.as_ref().map_or("no room known", |(name, _)| name.as_str());
            let begins = visit_words(visit.start, &self.model.setting.zone);
            field("visit", &format!("{begins} · {room} · {} · {status}", visit.provider), Token::Strong, lines);
        } else {
            field("visit", "none is known", Token::Dim, lines);
        }
        field("vendor", session.vendor.as_str(), Token::Text, lines);
        let word = words::session(session.stage, &session.status);
        field("stands", &word.text(self.model.setting.plain), word.token, lines);
        self.way_lines(&way(session), width, lines);
        let approved = approval(session).unwrap_or_default();
        let waits = session.summary.as_ref().and_then(|s| s.approved) == Some(false);
        field("approval", approved, if waits { Token::Waiting } else { Token::Text }, lines);
        if detail.facts.get(Fact::Resumed).is_some() {
            field("", "it was open already when it was started from here", Token::Dim, lines);
        }
        field("doctor", session.doctor.as_deref().unwrap_or_default(), Token::Text, lines);
        field("title", session.title.as_deref().unwrap_or_default(), Token::Text, lines);
        let languages = [session.language.as_deref(), session.more.output_language.as_deref()];
        let languages: Vec<&str> = languages.into_iter().flatten().filter(|l| !l.is_empty()).collect();
        field("language", &languages.join(", written in "), Token::Text, lines);
        let minutes = session.duration.map(|s| format!("{}:{:02} min", s / 60, s % 60)).unwrap_or_default();
        field("recorded", &minutes, Token::Text, lines);
        for (i, note) in session.clinician_notes.iter().enumerate() {
            field(if i == 0 { "context" } else { "" }, note, Token::Text, lines);
        }
        glance_lines(session, width, lines);
        self.doing_lines(session, width, lines);
    }

    /// The stations of its way, as many in a line as there is room for.
    fn way_lines(&self, way: &Way, width: usize, lines: &mut Vec<Line>) {
        let plain = self.model.setting.plain;
        let mark = |passing: Passing| match (passing, plain) {
            (Passing::Passed, false) => "✓",
            (Passing::Here, false) => "●",
            (Passing::Ahead, false) => "○",
            (Passing::Untold, false) => "·",
            (Passing::Passed, true) => "+",
            (Passing::Here, true) => "*",
            (Passing::Ahead, true) => "o",
            (Passing::Untold, true) => "?",
        };
        let mut all: Vec<String> = Vec::new();
        for (word, passing) in &way.stations {
            all.push(format!("{} {word}", mark(*passing)));
        }
        if let Some(aside) = &way.aside {
            all.push(format!("{} {}", if plain { "!" } else { "✕" }, text::clean(aside)));
        }
        let between = if plain { " > " } else { " › " };
        let room = width.saturating_sub(16).max(8);
        let mut rows = vec![String::new()];
        for (i, station) in all.iter().enumerate() {
            let joint = if i == 0 { "" } else { between };
            let full = rows.last().is_some_and(|row| {
                !row.is_empty() && text::width(row) + text::width(joint) + text::width(station) > room
            });
            if full {
                rows.push(String::new());
            }
            if let Some(row) = rows.last_mut() {
                row.push_str(joint);
                row.push_str(station);
            }
        }
        for (i, row) in rows.into_iter().enumerate() {
            lines.push((format!("{}{row}", text::fit(if i == 0 { "way" } else { "" }, 16)), Token::Text));
        }
    }

    /// What can be done, each with its key.
    fn doing_lines(&self, session: &Session, width: usize, lines: &mut Vec<Line>) {
        lines.push((String::new(), Token::Text));
        lines.push(("What can be done".into(), Token::Title));
        for doing in Doing::ALL.into_iter().filter(|doing| doing.known_to(session)) {
            let action = action_of(doing);
            let key = self.look.keymap.chords(action).first().map_or("", String::as_str);
            let why_not = doing.why_not(session);
            let words = match &why_not {
                Some(why) => format!("{}  not now: {why}", action.entry().hint),
                None => action.entry().doc.trim().to_owned(),
            };
            let token = if why_not.is_some() { Token::Off } else { Token::Text };
            for (i, part) in wrap(&words, width.saturating_sub(6).max(8)).into_iter().enumerate() {
                lines.push((format!("  {} {part}", text::fit(if i == 0 { key } else { "" }, 3)), token));
            }
        }
    }
}

/// How the summary begins; the whole of a long one is laid out in the reader only.
fn glance_lines(session: &Session, width: usize, lines: &mut Vec<Line>) {
    let Some(summary) = session.summary.as_ref().filter(|s| !s.is_empty()) else { return };
    lines.push((String::new(), Token::Text));
    let mut left = GLANCE;
    for (title, body) in summary.sections.iter().filter(|(_, body)| !body.trim().is_empty()) {
        if left == 0 {
            break;
        }
        if !title.is_empty() {
            lines.push((text::clean(title).into_owned(), Token::Title));
        }
        let begins: String = body.chars().take(left).collect();
        left -= begins.chars().count().min(left);
        let cut = begins.len() < body.len();
        lines.extend(text::wrap(&begins, width).into_iter().map(|l| (l, Token::Text)));
        if cut {
            left = 0;
            lines.push(("…".into(), Token::Dim));
        }
    }
}
