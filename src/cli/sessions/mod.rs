//! `wardroom sessions`: what all scribes have in common. What only one vendor knows stands in its own file.

mod heidi;
mod noa;
mod stream;

use std::{
    io::Write as _,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    CliError,
    desk::Desk,
    list::{self, ListArgs, Pane},
    print::{self, json_line, moment},
    show::{self, ShowArgs},
    write::{Following, submit},
};
use crate::{
    domain::{
        Fact, Intent, Kind, Question, Record, RecordId, VendorId,
        session::{Session, SessionParameters, Summary},
        view::Detail,
    },
    tui::text,
    vendor::{heidi::HEIDI, noa::NOA},
};

/// Who can be started, in the order in which people are told of them.
const SCRIBES: [VendorId; 2] = [NOA, HEIDI];
/// How long `--wait` rests between two readings of a session: the engine reads it too, and tells at once.
const PAUSE: Duration = Duration::from_secs(5);

/// Scribe sessions.
#[derive(Debug, Args)]
pub struct Sessions {
    #[command(subcommand)]
    pub action: SessionsAction,
}

/// What to do with scribe sessions.
#[derive(Debug, Subcommand)]
pub enum SessionsAction {
    /// The rows of the pane
    List(ListArgs),
    /// Everything known of one
    Show(ShowArgs),
    /// Start a session for an appointment. Where one is open already, the vendor resumes it
    Start(Box<Start>),
    /// Where a session stands, read at its vendor now
    Status {
        /// wardroom's own id (r12), or VENDOR:SCHEME:VALUE like noa:session:UUID
        session: String,
        /// Wait at most so long until the vendor is through with it; fail when it is not by then
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=86_400))]
        wait: Option<u64>,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// What a session came to, read at its vendor now
    Summary {
        /// wardroom's own id (r12), or VENDOR:SCHEME:VALUE like noa:session:UUID
        session: String,
        /// One object a line
        #[arg(long)]
        json: bool,
        /// The vendor's body instead
        #[arg(long)]
        raw: bool,
    },
    /// Where a doctor records and confirms. Whoever has such a link can enter: they go to standard output only
    Links {
        /// wardroom's own id (r12), or VENDOR:SCHEME:VALUE like noa:session:UUID
        session: String,
        /// Also as QR codes, for a phone
        #[arg(long, conflicts_with = "json")]
        qr: bool,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    #[command(flatten)]
    Noa(noa::NoaAction),
    #[command(flatten)]
    Heidi(heidi::HeidiAction),
}

/// How a session is started.
#[derive(Debug, Args)]
pub struct Start {
    /// Solo's number, wardroom's own id (r12), or VENDOR:SCHEME:VALUE
    pub appointment: String,
    /// With which scribe: noa or heidi [default: the only one that is configured]
    #[arg(long)]
    pub vendor: Option<String>,
    #[command(flatten)]
    pub noa: noa::NoaStart,
    #[command(flatten)]
    pub heidi: heidi::HeidiStart,
    #[command(flatten)]
    pub following: Following,
}

impl Start {
    fn parameters(&self, vendor: VendorId) -> Result<SessionParameters, CliError> {
        let (noa, heidi) = (self.noa.parameters()?, self.heidi.parameters());
        let (mine, others) = if vendor == NOA { (noa, heidi) } else { (heidi, noa) };
        // What the other vendor knows would be dropped without a word.
        if others != SessionParameters::default() {
            return Err(CliError::Bare(format!("{vendor} does not know all of these arguments; see `--help`")));
        }
        Ok(mine)
    }
}

/// Carries a command about sessions out.
pub fn run(desk: &Desk<'_>, action: &SessionsAction) -> Result<ExitCode, CliError> {
    match action {
        SessionsAction::List(wanted) if wanted.fresh => {
            heidi::read_list(desk)?;
            let known = ListArgs { fresh: false, ..wanted.clone() };
            list::list(desk, Pane::Sessions, &known, &mut std::io::stdout().lock())?;
        }
        SessionsAction::List(wanted) => list::list(desk, Pane::Sessions, wanted, &mut std::io::stdout().lock())?,
        SessionsAction::Show(wanted) => show::show(desk, Pane::Sessions, wanted, &mut std::io::stdout().lock())?,
        SessionsAction::Start(start) => return begin(desk, start),
        SessionsAction::Status { session, wait, json } => return status(desk, session, *wait, *json),
        SessionsAction::Summary { session, json, raw } => summary(desk, session, *json, *raw)?,
        SessionsAction::Links { session, qr, json } => links(desk, session, *qr, *json)?,
        SessionsAction::Noa(action) => return noa::run(desk, action),
        SessionsAction::Heidi(action) => return heidi::run(desk, action),
    }
    Ok(ExitCode::SUCCESS)
}

/// A session by what a person calls it, with what is known of it.
pub fn session(desk: &Desk<'_>, given: &str) -> Result<(Box<Detail>, Box<Session>), CliError> {
    let record = desk.record(Kind::Session, given)?;
    let mut detail = desk.detail(record)?;
    if detail.shown.is_none() {
        desk.refresh(record)?;
        detail = desk.detail(record)?;
    }
    match detail.shown.clone() {
        Some(Record::Session(session)) => Ok((detail, session)),
        Some(_) => Err(CliError::wrong("session", format!("{record} is a {}", detail.kind.word()))),
        None => Err(CliError::wrong("session", "what stands there is not known")),
    }
}

/// The same session, if it is of this vendor.
pub fn session_of(desk: &Desk<'_>, vendor: VendorId, given: &str) -> Result<(RecordId, Box<Session>), CliError> {
    let (detail, session) = session(desk, given)?;
    if session.vendor != vendor {
        return Err(CliError::wrong("session", format!("is one of {}, which does not do this", session.vendor)));
    }
    Ok((detail.id, session))
}

fn begin(desk: &Desk<'_>, start: &Start) -> Result<ExitCode, CliError> {
    let vendor = scribe(desk, start.vendor.as_deref())?;
    let parameters = start.parameters(vendor)?;
    let appointment = desk.record(Kind::Appointment, &start.appointment)?;
    let session = RecordId::UNASSIGNED;
    submit(desk, Intent::StartSession { session, vendor, appointment, parameters }, start.following)
}

fn scribe(desk: &Desk<'_>, given: Option<&str>) -> Result<VendorId, CliError> {
    let health = list::health(desk.link)?;
    let able: Vec<VendorId> = SCRIBES.into_iter().filter(|s| health.vendors.iter().any(|v| v.vendor == *s)).collect();
    let names = || able.iter().map(VendorId::as_str).collect::<Vec<_>>().join(", ");
    match (given, able.as_slice()) {
        (_, []) => Err(CliError::wrong("vendor", "no configured vendor can start a session")),
        (Some(name), _) => able
            .iter()
            .copied()
            .find(|v| v.as_str() == name)
            .ok_or_else(|| CliError::wrong("vendor", format!("there are {}", names()))),
        (None, [only]) => Ok(*only),
        (None, _) => Err(CliError::wrong("vendor", format!("say with which scribe: {}", names()))),
    }
}

fn status(desk: &Desk<'_>, given: &str, wait: Option<u64>, json: bool) -> Result<ExitCode, CliError> {
    let record = desk.record(Kind::Session, given)?;
    let end = Instant::now() + Duration::from_secs(wait.unwrap_or(0));
    let (detail, session, live) = loop {
        let heard = desk.bell.rings();
        desk.refresh(record)?;
        let (detail, session) = self::session(desk, &record.to_string())?;
        let live = session.stage.live();
        let left = end.saturating_duration_since(Instant::now());
        if !live || left.is_zero() {
            break (detail, session, live);
        }
        desk.bell.wait(heard, left.min(PAUSE));
    };
    let since = detail.facts.status.as_ref().filter(|seen| seen.status == session.status);
    let out = &mut std::io::stdout().lock();
    if json {
        let object = json!({
            "record": detail.id.to_string(),
            "vendor": session.vendor,
            "status": session.status,
            "stage": session.stage,
            "urgency": session.stage.urgency(),
            "since": since.map(|seen| seen.since),
            "seen_begin": since.map(|seen| seen.seen_begin),
            "approved": session.summary.as_ref().and_then(|s| s.approved),
            "pending": detail.pending.iter().map(|e| e.id.to_string()).collect::<Vec<_>>(),
        });
        json_line(out, &object)?;
    } else {
        let word = if session.status.is_empty() { "not told yet" } else { &session.status };
        let since = since.map_or_else(String::new, |seen| {
            let first = if seen.seen_begin { "since" } else { "at least since" };
            format!(", {first} {}", moment(seen.since, desk.here.now, &desk.here.zone))
        });
        writeln!(out, "{}  {}: {} ({}){since}", detail.id, session.vendor, text::clean(word), session.stage.word())?;
    }
    Ok(if wait.is_some() && live { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn summary(desk: &Desk<'_>, given: &str, json: bool, raw: bool) -> Result<(), CliError> {
    let record = desk.record(Kind::Session, given)?;
    desk.ask(Question::Summary { session: record })?;
    let out = &mut std::io::stdout().lock();
    if raw {
        return show::record(desk, record, show::How { json, raw, fresh: false }, out);
    }
    let (detail, session) = session(desk, &record.to_string())?;
    if json {
        let object = json!({
            "record": detail.id.to_string(),
            "status": session.status,
            "stage": session.stage,
            "approved": session.summary.as_ref().and_then(|s| s.approved),
            "sections": session.summary.as_ref().map(|s| {
                s.sections.iter().map(|(title, text)| json!({ "title": title, "text": text })).collect::<Vec<_>>()
            }),
        });
        return Ok(json_line(out, &object)?);
    }
    let Some(summary) = &session.summary else {
        return Ok(writeln!(out, "{}  {}: nothing to read yet", detail.id, text::clean(&session.status))?);
    };
    writeln!(out, "{}  {}: {}", detail.id, text::clean(&session.status), approval(summary))?;
    for (title, body) in &summary.sections {
        let title = if title.is_empty() { "(untitled)" } else { title };
        writeln!(out, "\n{}", text::clean(title))?;
        for line in body.lines() {
            write!(out, "  ")?;
            // A cell shows no more than so much of a text; a summary is shown whole.
            pieces(line).try_for_each(|piece| write!(out, "{}", text::clean(piece)))?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// A text in pieces that are looked at whole.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let most = (8 * 1024).min(text.len());
        let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(most);
        let (piece, rest) = text.split_at(end);
        text = rest;
        Some(piece).filter(|p| !p.is_empty())
    })
}

fn approval(summary: &Summary) -> &'static str {
    match summary.approved {
        _ if summary.is_empty() => "an empty summary",
        Some(true) => "approved by a doctor",
        Some(false) => "not approved yet",
        None => "the vendor does not tell whether it is approved",
    }
}

fn links(desk: &Desk<'_>, given: &str, qr: bool, json: bool) -> Result<(), CliError> {
    let (detail, session) = session(desk, given)?;
    let known = [(Fact::RecorderUrl, "recorder"), (Fact::SummaryUrl, "summary")];
    let links: Vec<(String, String)> = known
        .into_iter()
        .filter_map(|(fact, label)| Some((label.to_owned(), detail.facts.get(fact)?.to_owned())))
        .collect();
    if links.is_empty() {
        return Err(CliError::wrong("session", format!("{} told no address for it", session.vendor)));
    }
    let over = detail.facts.get(Fact::ExpiresAt).and_then(|t| t.parse::<jiff::Timestamp>().ok());
    if over.is_some_and(|ends| ends <= desk.here.now) {
        super::attach::say(&["the session's life is over; its links may lead nowhere".into()]);
    }
    Ok(print::links(&mut std::io::stdout().lock(), &links, qr, json)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_shown_whole() {
        let text = "ü€x".repeat(100_000);
        let shown: String = pieces(&text).map(|piece| text::clean(piece).into_owned()).collect();
        assert!(shown == text);
        assert_eq!(pieces("").count(), 0);
    }
}
