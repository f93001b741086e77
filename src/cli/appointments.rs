//! `wardroom appointments list|show|book|change|cancel|links`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::{
    CliError, attach,
    desk::{Desk, Whom},
    list::{self, ListArgs, Pane, known_room},
    print,
    show::{self, ShowArgs},
    slots::{self, Taken},
    write::{Following, submit},
};
use crate::{
    domain::{Intent, Kind, Question, Record, RecordId, VendorRef, appointment::Terms, view::Told},
    vendor::solo::{SOLO, duration_rule, scheme},
};

/// Appointments.
#[derive(Debug, Args)]
pub struct Appointments {
    #[command(subcommand)]
    pub action: AppointmentsAction,
}

/// What to do with appointments.
#[derive(Debug, Subcommand)]
pub enum AppointmentsAction {
    /// What is known here, one row each; words narrow it
    List(ListArgs),
    /// Everything known of one; looked up at the vendor when it is not known yet
    Show(ShowArgs),
    /// Book an appointment
    Book {
        #[command(flatten)]
        whom: Whom,
        /// In which waiting room, by name
        #[arg(long)]
        room: String,
        #[command(flatten)]
        wanted: Wanted,
        /// In which episode of care
        #[arg(long)]
        episode: Option<String>,
        /// Book although the room's time is taken
        #[arg(long)]
        double_book: bool,
        #[command(flatten)]
        following: Following,
    },
    /// Move or change an appointment; only what differs is sent
    Change {
        /// Solo's number, wardroom's own id (r12), or VENDOR:SCHEME:VALUE
        appointment: String,
        #[command(flatten)]
        wanted: Wanted,
        /// Move it although the room's time is taken
        #[arg(long)]
        double_book: bool,
        #[command(flatten)]
        following: Following,
    },
    /// Cancel an appointment
    Cancel {
        /// Solo's number, wardroom's own id (r12), or VENDOR:SCHEME:VALUE
        appointment: String,
        #[command(flatten)]
        following: Following,
    },
    /// Links into the visit. Whoever has one can enter: they go to standard output only
    Links {
        /// Solo's number, wardroom's own id (r12), or VENDOR:SCHEME:VALUE
        #[arg(required_unless_present = "external_id", conflicts_with = "external_id")]
        appointment: Option<String>,
        /// By the practice's own id for it
        #[arg(long, value_name = "ID")]
        external_id: Option<String>,
        /// The provider's link into Microsoft Teams instead
        #[arg(long)]
        teams: bool,
        /// Also as QR codes, for a phone
        #[arg(long, conflicts_with = "json")]
        qr: bool,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
}

/// When and why.
#[derive(Debug, Args)]
pub struct Wanted {
    /// Like 14:30 (today) or 2026-12-31T14:30, in the clinic's time
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Seconds, 1 to 86,400
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub duration: Option<i64>,
    /// Why the patient comes; may be given more than once
    #[arg(long = "reason", value_name = "TEXT")]
    pub reasons: Vec<String>,
    /// Take the reasons away
    #[arg(long, conflicts_with = "reasons")]
    pub no_reasons: bool,
    /// The practice's own id for it [default of a booking: one is drawn]
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// The encounter's number
    #[arg(long, value_name = "NUMBER")]
    pub account_number: Option<String>,
}

impl Wanted {
    fn over(&self, desk: &Desk<'_>, mut terms: Terms) -> Result<Terms, CliError> {
        if let Some(text) = &self.start {
            terms.start = Some(desk.moment("start", text)?);
        }
        if let Some(seconds) = self.duration {
            terms.duration = Some(duration_rule(seconds).map_err(broken)?);
        }
        if !self.reasons.is_empty() || self.no_reasons {
            terms.reasons.clone_from(&self.reasons);
        }
        if self.external_id.is_some() {
            terms.external_id.clone_from(&self.external_id);
        }
        if self.account_number.is_some() {
            terms.account_number.clone_from(&self.account_number);
        }
        Ok(terms)
    }
}

/// A rule of the vendor's, which begins with its field.
pub fn broken(text: String) -> CliError {
    match text.split_once(": ") {
        Some((field, rule)) => CliError::wrong(field, rule),
        None => CliError::Bare(text),
    }
}

/// Carries a command about appointments out.
pub fn run(desk: &Desk<'_>, action: &AppointmentsAction) -> Result<ExitCode, CliError> {
    let appointment = |given: &str| desk.record(Kind::Appointment, given);
    match action {
        AppointmentsAction::List(wanted) => {
            list::list(desk, Pane::Appointments, wanted, &mut std::io::stdout().lock())?;
        }
        AppointmentsAction::Show(wanted) => {
            show::show(desk, Pane::Appointments, wanted, &mut std::io::stdout().lock())?;
        }
        AppointmentsAction::Book { whom, room, wanted, episode, double_book, following } => {
            let terms = wanted.over(desk, Terms::default())?;
            let room = room_named(desk, room)?;
            let patient = whom.record(desk)?;
            let episode = episode.as_deref().map(|given| desk.record(Kind::Episode, given)).transpose()?;
            if let Some(start) = terms.start {
                free(desk, &room, (start, terms.duration), None, *double_book)?;
            }
            let appointment = RecordId::UNASSIGNED;
            return submit(desk, Intent::Book { appointment, patient, room, terms, episode }, *following);
        }
        AppointmentsAction::Change { appointment: given, wanted, double_book, following } => {
            let appointment = appointment(given)?;
            let mut detail = desk.detail(appointment)?;
            if detail.shown.is_none() {
                desk.refresh(appointment)?;
                detail = desk.detail(appointment)?;
            }
            let Some(Record::Appointment(known)) = detail.shown else {
                return Err(CliError::wrong("appointment", "what stands there is not known"));
            };
            let base = known.terms();
            let mine = wanted.over(desk, base.clone())?;
            // Solo does not tell an appointment's room; where it is not known here, nothing can be said of its times.
            if let (Some(start), Some(room)) = (mine.start.filter(|s| Some(*s) != base.start), &known.room) {
                free(desk, &room.value, (start, mine.duration), Some(appointment), *double_book)?;
            }
            return submit(desk, Intent::ChangeAppointment { appointment, base, mine }, *following);
        }
        AppointmentsAction::Cancel { appointment: given, following } => {
            return submit(desk, Intent::CancelAppointment { appointment: appointment(given)? }, *following);
        }
        AppointmentsAction::Links { appointment: given, external_id, teams, qr, json } => {
            let appointment = match (given, external_id) {
                (Some(given), _) => appointment(given)?,
                (None, Some(id)) => desk.named(&VendorRef::new(SOLO, Kind::Appointment, scheme::EXTERNAL_ID, id))?,
                (None, None) => return Err(CliError::wrong("appointment", "say which")),
            };
            links(desk, appointment, *teams, *qr, *json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A waiting room by name. The vendor is asked for its rooms when none of this name is known.
pub fn room_named(desk: &Desk<'_>, given: &str) -> Result<String, CliError> {
    let today = desk.here.today();
    match known_room(desk.link, given, today) {
        Err(CliError::NoRoom { .. }) => {
            // Where the vendor cannot be asked, what is known has to do.
            let _ = desk.read_rooms();
            known_room(desk.link, given, today)
        }
        known => known,
    }
}

/// Refuses a time that the book or the queue here has given away already, but to `itself`; warns of one that the vendor
/// does not offer.
fn free(
    desk: &Desk<'_>,
    room: &str,
    (start, duration): (Timestamp, Option<u32>),
    itself: Option<RecordId>,
    anyway: bool,
) -> Result<(), CliError> {
    let length = |seconds: Option<u32>| SignedDuration::from_secs(i64::from(seconds.unwrap_or(1)));
    let end = start.saturating_add(length(duration)).unwrap_or(Timestamp::MAX);
    let day = start.to_zoned(desk.here.zone.clone()).date();
    let taken = slots::taken(desk, room, day)?;
    let overlaps = |t: &&Taken| {
        let until = t.start.saturating_add(length(t.duration)).unwrap_or(Timestamp::MAX);
        Some(t.record) != itself && t.start < end && start < until
    };
    let words = |t: &Taken| format!("{} is there already", t.record);
    if let Some(other) = taken.iter().find(overlaps) {
        if !anyway {
            return Err(CliError::Taken(words(other)));
        }
        attach::say(&[format!("start: {} in that room", words(other))]);
    }
    let question = Question::Slots { room: room.to_owned(), after: start, before: end, duration };
    match desk.ask(question) {
        Ok(Told::Slots(slots)) if slots.iter().any(|s| s.start <= start) => {}
        Ok(Told::Slots(_)) => attach::say(&["start: Solo offers no free time there then".into()]),
        Ok(_) => return Err(CliError::Unexpected),
        Err(CliError::NotTold(why)) => {
            attach::say(&[format!("whether Solo has the time free could not be asked: {}", super::reason(&why))]);
        }
        Err(other) => return Err(other),
    }
    Ok(())
}

fn links(desk: &Desk<'_>, appointment: RecordId, teams: bool, qr: bool, json: bool) -> Result<(), CliError> {
    let question = if teams { Question::TeamsLink { appointment } } else { Question::VisitLinks { appointment } };
    let Told::Links(links) = desk.ask(question)? else { return Err(CliError::Unexpected) };
    Ok(print::links(&mut std::io::stdout().lock(), &links, qr, json)?)
}
