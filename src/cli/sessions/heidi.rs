//! What only Heidi knows: the parameters of a start, changes and context, transcript and documents, and what is written while
//! one watches.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    super::{
        CliError,
        desk::Desk,
        input,
        print::json_line,
        write::{Following, submit},
    },
    session_of, stream,
};
use crate::{
    domain::{
        Fact, Intent, Kind, Query, Question, RecordId,
        scribe::{Account, AccountAct, Manner, SessionChange, SessionPerson, SessionText, TextKind},
        session::SessionParameters,
        stream::StreamWish,
        view::{Answer, Told},
    },
    tui::text,
    vendor::heidi::HEIDI,
};

/// What only Heidi does.
#[derive(Debug, Subcommand)]
pub enum HeidiAction {
    /// Heidi: change a session; only what is given is sent
    Update {
        /// wardroom's own id (r12), or heidi:session:ID
        session: String,
        #[command(flatten)]
        wanted: Box<Wanted>,
        #[command(flatten)]
        following: Following,
    },
    /// Heidi: what a session's note is written from beside the recording. Without arguments it is shown
    Context {
        /// wardroom's own id (r12), or heidi:session:ID
        session: String,
        /// Add a note to the context; may be given more than once
        #[arg(long, value_name = "TEXT")]
        add: Vec<String>,
        /// Add the text of a file as a note; `-` reads standard input
        #[arg(long, value_name = "FILE")]
        add_file: Option<PathBuf>,
        /// Take the note of this number away; may be given more than once
        #[arg(long, value_name = "NUMBER")]
        remove: Vec<usize>,
        /// A session whose content is context, in place of those named before; may be given more than once
        #[arg(long = "link", value_name = "SESSION", conflicts_with = "no_links")]
        links: Vec<String>,
        /// No other session is context any more
        #[arg(long)]
        no_links: bool,
        #[command(flatten)]
        following: Following,
    },
    /// Heidi: what was said in a session
    Transcript {
        /// wardroom's own id (r12), or heidi:session:ID
        session: String,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Heidi: the documents that were made of a session
    Documents {
        /// wardroom's own id (r12), or heidi:session:ID
        session: String,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Heidi: have a document written from a session
    WriteDocument {
        /// wardroom's own id (r12), or heidi:session:ID
        session: String,
        #[command(flatten)]
        manner: Written,
        #[command(flatten)]
        following: Following,
    },
    /// Heidi: the consult note with its state, read now
    Note {
        /// wardroom's own id (r12), or heidi:session:ID
        session: String,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Heidi: have the consult note written anew, shown as it comes. It takes the place of the one that stands there
    Generate {
        /// wardroom's own id (r12), or heidi:session:ID
        session: String,
        #[command(flatten)]
        manner: Written,
        /// A template of your own, whole, from a file; `-` reads standard input
        #[arg(long, value_name = "FILE", conflicts_with = "template")]
        own_template: Option<PathBuf>,
        /// What else the note is to hold
        #[arg(long, value_name = "TEXT", default_value = "")]
        addition: String,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Heidi: ask about a session or its note; the answer is shown as it comes and kept nowhere
    Ask {
        /// wardroom's own id (r12), or heidi:session:ID
        session: String,
        /// The question, or what is to be done with the text
        question: String,
        /// The text that it is about, from a file; `-` reads standard input [default: the session's note]
        #[arg(long, value_name = "FILE")]
        content: Option<PathBuf>,
        /// The text is HTML rather than Markdown
        #[arg(long)]
        html: bool,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Heidi: say which of its patients a session is about
    Profile {
        /// wardroom's own id (r12), or heidi:session:ID
        session: String,
        /// Heidi's id of the patient
        profile: String,
        #[command(flatten)]
        following: Following,
    },
    /// Heidi: the account that wardroom acts for: show it, link one, or unlink it
    LinkAccount {
        /// The account's id in Heidi; without one the linked account is shown
        account: Option<String>,
        /// Link none any more
        #[arg(long, conflicts_with = "account")]
        unlink: bool,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
}

/// What Heidi's create takes beside the visit.
#[derive(Debug, Args)]
#[command(next_help_heading = "Heidi")]
pub struct HeidiStart {
    /// The vendor's id of the patient's profile
    #[arg(long, value_name = "ID")]
    pub patient_profile: Option<String>,
}

impl HeidiStart {
    /// The parameters that were given.
    pub fn parameters(&self) -> SessionParameters {
        SessionParameters { patient_profile: self.patient_profile.clone(), ..SessionParameters::default() }
    }
}

/// How something is written.
#[derive(Debug, Clone, Args)]
pub struct Written {
    /// Heidi's template, by its id [default: the configured one]
    #[arg(long, value_name = "ID")]
    pub template: Option<String>,
    /// How much it says, in Heidi's word, like BRIEF
    #[arg(long, value_name = "WORD")]
    pub voice: Option<String>,
    /// How freely it is written, in Heidi's word: LEFT or RIGHT
    #[arg(long, value_name = "WORD")]
    pub brain: Option<String>,
    /// As HTML rather than Markdown
    #[arg(long)]
    pub html: bool,
}

impl Written {
    fn manner(&self) -> Manner {
        Manner {
            template: self.template.clone(),
            voice: self.voice.clone(),
            brain: self.brain.clone(),
            html: self.html,
        }
    }
}

/// The fields that can be changed.
#[derive(Debug, Args)]
pub struct Wanted {
    /// Recorded seconds
    #[arg(long, value_name = "SECONDS")]
    pub duration: Option<u32>,
    /// The spoken language, like en
    #[arg(long, value_name = "CODE")]
    pub language: Option<String>,
    /// The language of what is written, like en
    #[arg(long, value_name = "CODE")]
    pub output_language: Option<String>,
    /// How speech becomes text, in Heidi's word
    #[arg(long, value_name = "WORD")]
    pub transcribe_mode: Option<String>,
    /// The patient's name as Heidi is to show it
    #[arg(long, value_name = "NAME")]
    pub patient_name: Option<String>,
    /// MALE, FEMALE or OTHER
    #[arg(long, value_name = "WORD", ignore_case = true, value_parser = ["MALE", "FEMALE", "OTHER"])]
    pub patient_gender: Option<String>,
    /// The patient's birth date, like 1990-01-31
    #[arg(long, value_name = "DATE")]
    pub patient_born: Option<String>,
    /// Anything else that Heidi should know of the patient
    #[arg(long, value_name = "TEXT")]
    pub patient_details: Option<String>,
    /// The patient's id in your own system
    #[arg(long, value_name = "ID")]
    pub ehr_patient: Option<String>,
    /// The appointment's id in your own system
    #[arg(long, value_name = "ID")]
    pub ehr_appointment: Option<String>,
    /// Have the note written although nothing was recorded: yes or no
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    pub without_recording: Option<bool>,
    /// Where the recording stands, in Heidi's word
    #[arg(long, value_name = "WORD")]
    pub recording_status: Option<String>,
    /// Where the session stands, in Heidi's word
    #[arg(long, value_name = "WORD")]
    pub session_status: Option<String>,
    /// Whether the patient has agreed: yes or no
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    pub consent: Option<bool>,
    /// When it was made by the clock on the wall, like 2026-12-31T14:30:00
    #[arg(long, value_name = "TIME")]
    pub created_local: Option<String>,
}

fn yes_or_no(given: &str) -> Result<bool, String> {
    match given {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("yes or no".into()),
    }
}

impl Wanted {
    fn change(&self) -> SessionChange {
        SessionChange {
            duration: self.duration,
            language: self.language.clone(),
            output_language: self.output_language.clone(),
            transcribe_mode: self.transcribe_mode.clone(),
            person: SessionPerson {
                name: self.patient_name.clone(),
                gender: self.patient_gender.as_ref().map(|g| g.to_ascii_uppercase()),
                birth_date: self.patient_born.clone(),
                details: self.patient_details.clone(),
            },
            emr_patient: self.ehr_patient.clone(),
            emr_appointment: self.ehr_appointment.clone(),
            generate: self.without_recording,
            recording_status: self.recording_status.clone(),
            session_status: self.session_status.clone(),
            consent: self.consent,
            created_local: self.created_local.clone(),
            ..SessionChange::default()
        }
    }
}

/// Carries a command about Heidi's sessions out.
pub fn run(desk: &Desk<'_>, action: &HeidiAction) -> Result<ExitCode, CliError> {
    match action {
        HeidiAction::Update { session, wanted, following } => {
            let change = wanted.change();
            if change.is_empty() {
                return Err(CliError::Bare("nothing is to be changed; see `--help`".into()));
            }
            changed(desk, session_of(desk, HEIDI, session)?.0, change, *following)
        }
        HeidiAction::Context { session, add, add_file, remove, links, no_links, following } => {
            let mut add = add.clone();
            add.extend(add_file.as_ref().map(|path| input::text("context", path)).transpose()?);
            context(desk, session, add, remove, (links, *no_links), *following)
        }
        HeidiAction::Transcript { session, json } => texts(desk, session, TextKind::Transcript, *json),
        HeidiAction::Documents { session, json } => texts(desk, session, TextKind::Documents, *json),
        HeidiAction::WriteDocument { session, manner, following } => {
            let (session, _) = session_of(desk, HEIDI, session)?;
            submit(desk, Intent::WriteDocument { session, vendor: HEIDI, manner: manner.manner() }, *following)
        }
        HeidiAction::Note { session, json } => note(desk, session, *json),
        HeidiAction::Generate { session, manner, own_template, addition, json } => {
            let (session, _) = session_of(desk, HEIDI, session)?;
            let own_template = own_template.as_ref().map(|path| input::text("template", path)).transpose()?;
            let addition = addition.clone();
            stream::follow(desk, StreamWish::Note { session, manner: manner.manner(), own_template, addition }, *json)
        }
        HeidiAction::Ask { session, question, content, html, json } => {
            let (session, known) = session_of(desk, HEIDI, session)?;
            let content = match content {
                Some(path) => input::text("content", path)?,
                None => known.summary.iter().flat_map(|s| &s.sections).map(|(_, text)| text.as_str()).collect(),
            };
            let wish = StreamWish::Answer { session, question: question.clone(), content, html: *html };
            stream::follow(desk, wish, *json)
        }
        HeidiAction::Profile { session, profile, following } => {
            let (session, _) = session_of(desk, HEIDI, session)?;
            submit(desk, Intent::AssignProfile { session, vendor: HEIDI, profile: profile.clone() }, *following)
        }
        HeidiAction::LinkAccount { account, unlink, json } => {
            let act = match account {
                Some(id) => AccountAct::Link(id.clone()),
                None if *unlink => AccountAct::Unlink,
                None => AccountAct::Show,
            };
            linked(desk, act, *json)
        }
    }
}

fn changed(
    desk: &Desk<'_>,
    session: RecordId,
    change: SessionChange,
    following: Following,
) -> Result<ExitCode, CliError> {
    submit(desk, Intent::ChangeSession { session, vendor: HEIDI, change: Box::new(change) }, following)
}

fn context(
    desk: &Desk<'_>,
    given: &str,
    add_notes: Vec<String>,
    remove: &[usize],
    (links, no_links): (&[String], bool),
    following: Following,
) -> Result<ExitCode, CliError> {
    let (record, session) = session_of(desk, HEIDI, given)?;
    if add_notes.is_empty() && remove.is_empty() && links.is_empty() && !no_links {
        return show_context(desk, record, following.json);
    }
    let note = |number: &usize| {
        let at = number.checked_sub(1).and_then(|at| session.clinician_notes.get(at)).cloned();
        at.ok_or_else(|| CliError::wrong("--remove", format!("there is no note {number}")))
    };
    let sessions = links.iter().map(|given| desk.record(Kind::Session, given)).collect::<Result<Vec<_>, _>>()?;
    let change = SessionChange {
        add_notes,
        remove_notes: remove.iter().map(note).collect::<Result<_, _>>()?,
        context_sessions: (no_links || !links.is_empty()).then_some(sessions),
        ..SessionChange::default()
    };
    changed(desk, record, change, following)
}

fn show_context(desk: &Desk<'_>, record: RecordId, json: bool) -> Result<ExitCode, CliError> {
    desk.refresh(record)?;
    let (detail, session) = super::session(desk, &record.to_string())?;
    let linked: Vec<String> =
        detail.facts.get(Fact::ContextSessions).and_then(|ids| serde_json::from_str(ids).ok()).unwrap_or_default();
    let out = &mut std::io::stdout().lock();
    if json {
        // That wardroom linked none does not say that nobody did.
        let told = detail.facts.get(Fact::ContextSessions).is_some();
        let sessions = told.then_some(&linked);
        json_line(
            out,
            &json!({ "record": record.to_string(), "notes": session.clinician_notes, "sessions": sessions }),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    if session.clinician_notes.is_empty() {
        writeln!(out, "no context notes")?;
    }
    for (number, note) in session.clinician_notes.iter().enumerate() {
        writeln!(out, "{}. {}", number + 1, text::clean(note))?;
    }
    for id in &linked {
        writeln!(out, "session {} as context, as it was told from here", text::strict(id))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn texts(desk: &Desk<'_>, given: &str, what: TextKind, json: bool) -> Result<ExitCode, CliError> {
    let (session, _) = session_of(desk, HEIDI, given)?;
    let Told::Texts(texts) = desk.ask(Question::SessionTexts { session, what })? else {
        return Err(CliError::Unexpected);
    };
    let out = &mut std::io::stdout().lock();
    if json {
        texts.iter().try_for_each(|text| json_line(out, text))?;
        return Ok(ExitCode::SUCCESS);
    }
    if texts.iter().all(|t| t.text.trim().is_empty() && t.id.is_empty()) {
        writeln!(out, "nothing is there yet")?;
    }
    for SessionText { id, title, text: body, .. } in texts.iter().filter(|t| !t.id.is_empty() || !t.text.is_empty()) {
        if !id.is_empty() {
            let state = if body.is_empty() { ": being written" } else { "" };
            writeln!(out, "{}  {}{state}", text::strict(id), text::clean(title))?;
        }
        stream::plain(out, body)?;
        if !body.ends_with('\n') {
            writeln!(out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn note(desk: &Desk<'_>, given: &str, json: bool) -> Result<ExitCode, CliError> {
    let (record, _) = session_of(desk, HEIDI, given)?;
    desk.ask(Question::Summary { session: record })?;
    let (_, session) = super::session(desk, &record.to_string())?;
    let text: String = session.summary.iter().flat_map(|s| &s.sections).map(|(_, text)| text.as_str()).collect();
    let out = &mut std::io::stdout().lock();
    if json {
        let made: serde_json::Map<_, _> =
            session.more.note.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json_line(
            out,
            &json!({
                "record": record.to_string(),
                "status": session.status,
                "stage": session.stage,
                "text": text,
                "made": made,
            }),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let word = if session.status.is_empty() { "not told" } else { &session.status };
    writeln!(out, "{record}  {} ({})", text::clean(word), session.stage.word())?;
    for (name, value) in &session.more.note {
        writeln!(out, "  {}: {}", text::clean(name), text::clean(value))?;
    }
    if !text.is_empty() {
        writeln!(out)?;
        stream::plain(out, &text)?;
        writeln!(out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn linked(desk: &Desk<'_>, act: AccountAct, json: bool) -> Result<ExitCode, CliError> {
    let Told::Account(account) = desk.ask(Question::Account { vendor: HEIDI, act })? else {
        return Err(CliError::Unexpected);
    };
    let out = &mut std::io::stdout().lock();
    if json {
        json_line(out, &account)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Account { valid, linked, id, emr, email, person } = account;
    if !linked {
        writeln!(out, "no Heidi account is linked; `wardroom sessions link-account ACCOUNT` links one")?;
    }
    let rows = [("account", id), ("practice's system", emr), ("e-mail", email), ("person", person)];
    for (name, value) in rows.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        writeln!(out, "{name}: {}", text::strict(&value))?;
    }
    if valid == Some(false) {
        writeln!(out, "Heidi does not take the credentials")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the linked account's list of sessions again.
pub fn read_list(desk: &Desk<'_>) -> Result<(), CliError> {
    let Answer::Health(health) = desk.link.look(&Query::Health)? else { return Err(CliError::Unexpected) };
    if !health.vendors.iter().any(|v| v.vendor == HEIDI) {
        return Err(CliError::wrong("--fresh", "no configured scribe has a list of its sessions"));
    }
    desk.ask(Question::SessionList { vendor: HEIDI }).map(drop)
}
