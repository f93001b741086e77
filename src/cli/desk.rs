//! What every command about records stands on: an engine, the clinic's clock, and how records are named.

use std::time::Duration;

use clap::Args;
use jiff::{Timestamp, civil::DateTime};

use super::{CliError, bell::Bell, list::Here};
use crate::{
    domain::{
        Kind, Query, Question, RecordId, Scheme, VendorId, VendorRef,
        clock::{Clock as _, SystemClock},
        ids::Tag,
        view::{Answer, Detail, Told},
    },
    link::Link,
    vendor::solo::{SOLO, scheme},
};

/// How long a vendor's answer is waited for. The engine itself gives up earlier.
const PATIENCE: Duration = Duration::from_secs(180);

/// An engine with the clinic's clock.
pub struct Desk<'a> {
    /// The engine.
    pub link: &'a Link,
    /// Rings when something changed.
    pub bell: &'a Bell,
    /// The clinic's clock.
    pub here: Here,
}

impl<'a> Desk<'a> {
    /// A desk at an engine.
    pub fn of(link: &'a Link, bell: &'a Bell) -> Result<Self, CliError> {
        Ok(Self { link, bell, here: Here::of(link, SystemClock.now())? })
    }

    /// Asks the vendor and waits.
    pub fn ask(&self, question: Question) -> Result<Told, CliError> {
        self.link.ask(question, PATIENCE)?.map_err(CliError::NotTold)
    }

    /// Everything known of a record.
    pub fn detail(&self, record: RecordId) -> Result<Box<Detail>, CliError> {
        match self.link.look(&Query::Detail { record })? {
            Answer::Detail(Some(detail)) => Ok(detail),
            Answer::Detail(None) => Err(CliError::NotFound(record.to_string())),
            _ => Err(CliError::Unexpected),
        }
    }

    /// Has a record read again at its vendor.
    pub fn refresh(&self, record: RecordId) -> Result<(), CliError> {
        self.ask(Question::Refresh { record }).map(drop)
    }

    /// Asks a question whose answer is applied, and returns the first record of a kind in it.
    pub fn applied(&self, question: Question, kind: Kind) -> Result<Box<Detail>, CliError> {
        let Told::Applied(records) = self.ask(question)? else { return Err(CliError::Unexpected) };
        for record in records {
            let detail = self.detail(record)?;
            if detail.kind == kind {
                return Ok(detail);
            }
        }
        Err(CliError::Unexpected)
    }

    /// Has the vendor's list of waiting rooms read again.
    pub fn read_rooms(&self) -> Result<(), CliError> {
        // Solo reads all rooms whichever is asked for.
        self.look_up(VendorRef::new(SOLO, Kind::Room, scheme::ROOM, "")).map(drop)
    }

    /// A record by what a person calls it: wardroom's own id, `VENDOR:SCHEME:VALUE`, or Solo's id alone. What is not known
    /// yet is looked up at the vendor.
    pub fn record(&self, kind: Kind, given: &str) -> Result<RecordId, CliError> {
        if let Ok(record) = given.parse() {
            return Ok(record);
        }
        let bad = || CliError::BadId {
            given: crate::tui::text::clean(given).into_owned(),
            wanted: "wardroom's own id like r12, or VENDOR:SCHEME:VALUE like solo:patient:1234",
        };
        let parts: Vec<&str> = given.splitn(3, ':').collect();
        match (parts.as_slice(), plain_scheme(kind)) {
            ([vendor, scheme, value], _) => {
                let vendor = VendorId(Tag::parse(vendor).ok_or_else(bad)?);
                let scheme = Scheme(Tag::parse(scheme).ok_or_else(bad)?);
                self.named(&VendorRef::new(vendor, kind, scheme, *value))
            }
            (_, Some(scheme)) if !given.trim().is_empty() => self.named(&VendorRef::new(SOLO, kind, scheme, given)),
            _ => Err(bad()),
        }
    }

    /// The record that a vendor calls so; looked up there when it is not known.
    pub fn named(&self, reference: &VendorRef) -> Result<RecordId, CliError> {
        let find = |reference: &VendorRef| match self.link.look(&Query::Find { reference: reference.clone() })? {
            Answer::Found(found) => Ok(found),
            _ => Err(CliError::Unexpected),
        };
        if let Some(record) = find(reference)? {
            return Ok(record);
        }
        let name = format!("{}:{}:{}", reference.vendor, reference.scheme, reference.value);
        if reference.vendor != SOLO && !matches!(reference.kind, Kind::Session | Kind::EmrAppointment) {
            return Err(CliError::NotFound(name));
        }
        self.look_up(reference.clone()).map_err(|error| match error {
            CliError::NotTold(reason) => CliError::NotToldOf(name.clone(), reason),
            error => error,
        })?;
        find(reference)?.ok_or(CliError::NotFound(name))
    }

    fn look_up(&self, reference: VendorRef) -> Result<Told, CliError> {
        self.ask(Question::LookUp { reference })
    }

    /// A moment as people write it: `14:30` today, `2026-12-31 14:30` in the clinic's time, or with its offset.
    pub fn moment(&self, field: &str, text: &str) -> Result<Timestamp, CliError> {
        let text = text.trim();
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(at);
        }
        let local = match text.parse::<jiff::civil::Time>() {
            Ok(time) if text.contains(':') && !text.contains('-') => self.here.today().to_datetime(time),
            _ => text.parse::<DateTime>().ok().filter(|_| text.contains(':')).ok_or_else(|| {
                CliError::wrong(field, "write it like 14:30 (today) or 2026-12-31T14:30, in the clinic's time")
            })?,
        };
        let zoned = self.here.zone.to_ambiguous_zoned(local).unambiguous().map_err(|_| {
            let rule = "the clocks change then and the time is not clear; write it with its offset, like \
                        2026-03-29T03:30+02:00";
            CliError::wrong(field, rule)
        })?;
        Ok(zoned.timestamp())
    }
}

/// The scheme of an id that is given alone.
fn plain_scheme(kind: Kind) -> Option<Scheme> {
    match kind {
        Kind::Patient => Some(scheme::PATIENT),
        Kind::Appointment => Some(scheme::APPOINTMENT),
        Kind::Episode => Some(scheme::EPISODE),
        Kind::Webhook => Some(scheme::WEBHOOK),
        Kind::Attachment => Some(scheme::ATTACHMENT),
        _ => None,
    }
}

/// Which patient.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct Whom {
    /// The practice's id, wardroom's own (r12), or VENDOR:SCHEME:VALUE
    #[arg(value_name = "PATIENT")]
    pub patient: Option<String>,
    /// By Solo's own number
    #[arg(long, value_name = "NUMBER")]
    pub spid: Option<String>,
    /// By the EHR's id: appointments can be booked with it
    #[arg(long, value_name = "ID")]
    pub hsid: Option<String>,
}

impl Whom {
    /// The patient's record.
    pub fn record(&self, desk: &Desk<'_>) -> Result<RecordId, CliError> {
        let named = |scheme, value: &str| desk.named(&VendorRef::new(SOLO, Kind::Patient, scheme, value));
        match (&self.patient, &self.spid, &self.hsid) {
            (Some(id), _, _) => desk.record(Kind::Patient, id),
            (_, Some(spid), _) => named(scheme::SPID, spid),
            (_, _, Some(hsid)) => named(scheme::HSID, hsid),
            (None, None, None) => Err(CliError::wrong("patient", "say which")),
        }
    }
}
