//! The CSV data dump: Solo's only bulk source. Its columns are whatever its header row says; it is read as it arrives and
//! handed on in batches, so its length does not matter.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    ops::ControlFlow,
};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use jiff::{Timestamp, civil, civil::Date, tz::TimeZone};
use serde_json::{Map, Value};

use crate::{
    domain::{
        appointment::{Appointment, AppointmentStatus, Provider},
        entry::{Reason, ReasonKind},
        ids::{Kind, Scheme, VendorRef},
        patient::{Gender, HumanName, Patient, Telecom},
        record::{Fact, Observation, Pointer, Raw, Record},
    },
    vendor::{Sink, http},
};

use super::{SOLO, Solo, scheme};

/// How many observations are handed on at once.
pub const BATCH: usize = 200;
/// The largest row, in bytes.
const ROW: usize = 1 << 20;
/// How many patients are remembered in order not to tell the same one again, row by row.
const REMEMBERED: usize = 100_000;

/// What a column of the dump holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// The practice's id of the patient.
    PatientId,
    /// Solo's number of the patient.
    Spid,
    /// Medical record number.
    Mrn,
    /// Given name.
    FirstName,
    /// Middle name.
    MiddleName,
    /// Family name.
    LastName,
    /// The whole name.
    FullName,
    /// Birth date.
    BirthDate,
    /// Gender.
    Gender,
    /// Phone number.
    Phone,
    /// E-mail address.
    Email,
    /// Solo's number of the appointment.
    AppointmentId,
    /// The practice's id of the appointment.
    ExternalId,
    /// When the appointment begins.
    Start,
    /// Its length in seconds.
    Duration,
    /// Its status.
    Status,
    /// Why the patient comes; several are separated by `;`.
    Reasons,
    /// The waiting room's name.
    Room,
    /// The provider's id.
    ProviderId,
    /// The provider's name.
    ProviderName,
    /// The provider's e-mail address.
    ProviderEmail,
    /// The encounter id of the appointment.
    AccountNumber,
    /// The episode of the appointment.
    Episode,
}

/// What each column is called, in the configuration first, then as guessed. Compared by letters and digits only.
const NAMES: &[(Column, &[&str])] = &[
    (Column::PatientId, &["patient_id", "external patient id", "patient external id"]),
    (Column::Spid, &["spid", "solo patient id"]),
    (Column::Mrn, &["mrn", "patient mrn", "medical record number"]),
    (Column::FirstName, &["first_name", "patient first name", "given name"]),
    (Column::MiddleName, &["middle_name", "patient middle name"]),
    (Column::LastName, &["last_name", "patient last name", "family name", "surname"]),
    (Column::FullName, &["patient_name", "patient", "name", "full name"]),
    (Column::BirthDate, &["birth_date", "patient birth date", "date of birth", "dob", "patient dob"]),
    (Column::Gender, &["gender", "patient gender", "sex"]),
    (Column::Phone, &["phone", "patient phone", "phone number", "mobile"]),
    (Column::Email, &["email", "patient email", "e-mail"]),
    (Column::AppointmentId, &["appointment_id", "said", "solo appointment id", "visit id", "encounter id"]),
    (Column::ExternalId, &["external_id", "appointment external id", "external appointment id"]),
    (Column::Start, &["date", "appointment date", "start", "scheduled", "scheduled at", "visit date", "date time"]),
    (Column::Duration, &["duration", "appointment duration", "duration seconds"]),
    (Column::Status, &["status", "appointment status", "visit status"]),
    (Column::Reasons, &["reasons", "reason", "appointment reasons", "visit reason", "reason for visit"]),
    (Column::Room, &["room", "waiting room", "waiting room name"]),
    (Column::ProviderId, &["provider_id"]),
    (Column::ProviderName, &["provider_name", "provider"]),
    (Column::ProviderEmail, &["provider_email"]),
    (Column::AccountNumber, &["account_number", "encounter number"]),
    (Column::Episode, &["episode", "episode id", "episode of care id"]),
];

impl Column {
    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(c, _)| *c == self).and_then(|(_, names)| names.first()).copied().unwrap_or_default()
    }

    /// The column that the configuration calls so.
    pub fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, names)| names.first() == Some(&name)).map(|(c, _)| *c)
    }

    /// All names for the configuration.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().filter_map(|(_, names)| names.first().copied())
    }
}

impl Solo {
    /// Reads the dump of a range of days; both ends belong to it. Answers how many rows were read.
    pub(super) async fn dump(&self, from: Date, to: Date, sink: Sink<'_>) -> Result<u64, Reason> {
        let call =
            self.get("qapi/v1/reports/csv-data-dump", &[]).query("from", from.to_string()).query("to", to.to_string());
        let mut dump = Dump::new(&self.settings.columns, self.settings.delimiter, self.settings.dump_zone.clone());
        let mut ended = None;
        let called = self
            .transport
            .download(&call, &mut |chunk| match dump.feed(chunk, sink) {
                Ok(true) => ControlFlow::Continue(()),
                Ok(false) => {
                    ended = Some(Ok(()));
                    ControlFlow::Break(())
                }
                Err(reason) => {
                    ended = Some(Err(reason));
                    ControlFlow::Break(())
                }
            })
            .await;
        match ended {
            Some(Err(reason)) => return Err(reason),
            Some(Ok(())) => return Ok(dump.rows),
            None => {}
        }
        http::answered(called.result).map_err(|(reason, _)| reason)?;
        dump.finish(sink)
    }
}

/// A dump on its way in.
struct Dump {
    reader: Reader,
    /// The fields of the row on its way, one after the other.
    fields: Vec<u8>,
    written: usize,
    /// Where each field of the row on its way ends.
    ends: Vec<usize>,
    ended: usize,
    header: Option<Header>,
    configured: Vec<(Column, String)>,
    zone: TimeZone,
    batch: Vec<Observation>,
    told: HashSet<u64>,
    rows: u64,
}

/// The header row and where each known column stands in it.
struct Header {
    names: Vec<String>,
    places: Vec<(Column, usize)>,
}

impl Dump {
    fn new(configured: &[(Column, String)], delimiter: u8, zone: TimeZone) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            fields: vec![0; 4096],
            written: 0,
            ends: vec![0; 64],
            ended: 0,
            header: None,
            configured: configured.to_vec(),
            zone,
            batch: Vec::with_capacity(BATCH + 2),
            told: HashSet::new(),
            rows: 0,
        }
    }

    /// Takes the next piece; `false` when the sink wants no more.
    fn feed(
        &mut self,
        mut piece: &[u8],
        sink: &mut (dyn FnMut(Vec<Observation>) -> bool + Send),
    ) -> Result<bool, Reason> {
        while !piece.is_empty() {
            let (read, more) = self.step(piece, sink)?;
            if !more {
                return Ok(false);
            }
            piece = &piece[read..];
        }
        Ok(true)
    }

    /// The dump is over: the last row may lack its line end.
    fn finish(mut self, sink: &mut (dyn FnMut(Vec<Observation>) -> bool + Send)) -> Result<u64, Reason> {
        // An empty piece tells the parser that nothing more comes; it answers the last row, then the end.
        for _ in 0..64 {
            let before = (self.rows, self.header.is_some());
            let (_, more) = self.step(&[], sink)?;
            if !more {
                return Ok(self.rows);
            }
            if before == (self.rows, self.header.is_some()) && self.written == 0 && self.ended == 0 {
                break;
            }
        }
        if self.header.is_none() {
            return Err(Reason::new(ReasonKind::Unreadable, "the data dump is empty: it has no header row"));
        }
        if !self.batch.is_empty() {
            sink(std::mem::take(&mut self.batch));
        }
        Ok(self.rows)
    }

    /// One step of the parser: how much it read, and whether to go on.
    fn step(
        &mut self,
        piece: &[u8],
        sink: &mut (dyn FnMut(Vec<Observation>) -> bool + Send),
    ) -> Result<(usize, bool), Reason> {
        let (result, read, written, ended) =
            self.reader.read_record(piece, &mut self.fields[self.written..], &mut self.ends[self.ended..]);
        self.written += written;
        self.ended += ended;
        match result {
            ReadRecordResult::InputEmpty | ReadRecordResult::End => Ok((read, true)),
            ReadRecordResult::OutputFull => {
                if self.fields.len() >= ROW {
                    return Err(Reason::new(ReasonKind::Unreadable, "a row of the data dump is larger than 1 MiB"));
                }
                self.fields.resize(self.fields.len() * 2, 0);
                Ok((read, true))
            }
            ReadRecordResult::OutputEndsFull => {
                if self.ends.len() >= 8192 {
                    return Err(Reason::new(ReasonKind::Unreadable, "a row of the data dump has too many columns"));
                }
                self.ends.resize(self.ends.len() * 2, 0);
                Ok((read, true))
            }
            ReadRecordResult::Record => {
                let row = self.take_row();
                Ok((read, self.row(row, sink)?))
            }
        }
    }

    /// The fields of the finished row.
    fn take_row(&mut self) -> Vec<String> {
        let mut row = Vec::with_capacity(self.ended);
        let mut begin = 0;
        for end in &self.ends[..self.ended] {
            row.push(String::from_utf8_lossy(&self.fields[begin..*end]).into_owned());
            begin = *end;
        }
        self.written = 0;
        self.ended = 0;
        row
    }

    fn row(
        &mut self,
        row: Vec<String>,
        sink: &mut (dyn FnMut(Vec<Observation>) -> bool + Send),
    ) -> Result<bool, Reason> {
        let Some(header) = &self.header else {
            self.header = Some(Header::read(row, &self.configured)?);
            return Ok(true);
        };
        self.rows += 1;
        let raw = raw(&header.names, &row);
        let cells = Cells { header, row: &row, zone: &self.zone };
        let patient = cells.patient(&raw);
        let pointer = patient.as_ref().and_then(|p| p.refs.first()).cloned().map(Pointer::Vendor);
        let appointment = cells.appointment(&raw, pointer);
        if let Some(patient) = patient
            && self.news(&patient)
        {
            self.batch.push(patient);
        }
        self.batch.extend(appointment);
        if self.batch.len() >= BATCH - 1 {
            return Ok(sink(std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH))));
        }
        Ok(true)
    }

    /// Whether a patient was not told already: they stand in every row of theirs.
    fn news(&mut self, patient: &Observation) -> bool {
        let mut hasher = DefaultHasher::new();
        patient.refs.hash(&mut hasher);
        if let Some(record) = &patient.record {
            serde_json::to_string(record).unwrap_or_default().hash(&mut hasher);
        }
        if self.told.len() >= REMEMBERED {
            self.told.clear();
        }
        self.told.insert(hasher.finish())
    }
}

impl Header {
    fn read(mut names: Vec<String>, configured: &[(Column, String)]) -> Result<Self, Reason> {
        if let Some(first) = names.first_mut()
            && let Some(rest) = first.strip_prefix('\u{feff}')
        {
            *first = rest.to_owned();
        }
        let place = |wanted: &str| names.iter().position(|n| plain(n) == plain(wanted));
        let mut places = Vec::new();
        for (column, guesses) in NAMES {
            let set = configured.iter().find(|(c, _)| c == column).map(|(_, name)| name);
            let found = match set {
                Some(name) => Some(place(name).ok_or_else(|| missing(&format!("no column \"{name}\""), &names))?),
                None => guesses.iter().find_map(|guess| place(guess)),
            };
            places.extend(found.map(|place| (*column, place)));
        }
        let has = |column| places.iter().any(|(c, _)| *c == column);
        if ![Column::PatientId, Column::Spid, Column::AppointmentId, Column::ExternalId].into_iter().any(has) {
            return Err(missing("no column with a patient's or an appointment's id", &names));
        }
        Ok(Self { names, places })
    }
}

/// The header cannot be used: what is missing and what is there. HTML in place of CSV ends here too.
fn missing(what: &str, names: &[String]) -> Reason {
    let mut found: Vec<String> = names.iter().take(40).map(|n| n.chars().take(40).collect()).collect();
    if names.len() > found.len() {
        found.push("…".into());
    }
    let message = format!("the data dump has {what}; its columns are: {}", found.join(", "));
    Reason::new(ReasonKind::Unreadable, message)
}

/// A column name without what people vary.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The row as one JSON object, so that columns without a meaning here are kept too.
fn raw(names: &[String], row: &[String]) -> Raw {
    let cells: Map<String, Value> =
        names.iter().zip(row).map(|(name, cell)| (name.clone(), Value::String(cell.clone()))).collect();
    Raw(Value::Object(cells).to_string())
}

/// One row through its header.
struct Cells<'a> {
    header: &'a Header,
    row: &'a [String],
    zone: &'a TimeZone,
}

impl Cells<'_> {
    fn get(&self, column: Column) -> Option<String> {
        let (_, place) = self.header.places.iter().find(|(c, _)| *c == column)?;
        self.row.get(*place).map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).map(str::to_owned)
    }

    fn names(&self, kind: Kind, columns: [(Column, Scheme); 2]) -> Vec<VendorRef> {
        columns
            .into_iter()
            .filter_map(|(column, scheme)| Some(VendorRef::new(SOLO, kind, scheme, self.get(column)?)))
            .collect()
    }

    fn patient(&self, raw: &Raw) -> Option<Observation> {
        let refs = self.names(Kind::Patient, [(Column::PatientId, scheme::PATIENT), (Column::Spid, scheme::SPID)]);
        if refs.is_empty() {
            return None;
        }
        let name = HumanName {
            first: self.get(Column::FirstName),
            middle: self.get(Column::MiddleName),
            last: self.get(Column::LastName),
            family: self.get(Column::FullName),
            ..HumanName::default()
        };
        let telecom = [(Column::Phone, "phone"), (Column::Email, "email")]
            .into_iter()
            .filter_map(|(column, system)| {
                let value = self.get(column)?;
                Some(Telecom { usage: None, system: Some(system.into()), value: Some(value) })
            })
            .collect();
        let patient = Patient {
            mrn: self.get(Column::Mrn),
            names: if name == HumanName::default() { Vec::new() } else { vec![name] },
            birth_date: self.get(Column::BirthDate),
            gender: self.get(Column::Gender).map(|g| Gender::from(g.to_lowercase().as_str())),
            telecom,
            ..Patient::default()
        };
        Some(Observation {
            refs,
            record: (patient != Patient::default()).then(|| Record::Patient(Box::new(patient))),
            facts: Vec::new(),
            raw: raw.clone(),
            complete: false,
        })
    }

    fn appointment(&self, raw: &Raw, patient: Option<Pointer>) -> Option<Observation> {
        let refs = self.names(
            Kind::Appointment,
            [(Column::AppointmentId, scheme::APPOINTMENT), (Column::ExternalId, scheme::EXTERNAL_ID)],
        );
        if refs.is_empty() {
            return None;
        }
        let provider = Provider {
            id: self.get(Column::ProviderId).unwrap_or_default(),
            email: self.get(Column::ProviderEmail),
            last: self.get(Column::ProviderName),
            ..Provider::default()
        };
        let reasons = self.get(Column::Reasons).unwrap_or_default();
        let appointment = Appointment {
            start: self.get(Column::Start).and_then(|text| moment(&text, self.zone)),
            duration: self.get(Column::Duration).and_then(|text| text.parse().ok()),
            reasons: reasons.split(';').map(str::trim).filter(|r| !r.is_empty()).map(str::to_owned).collect(),
            status: AppointmentStatus::from(self.get(Column::Status).unwrap_or_default().as_str()),
            video: None,
            external_id: self.get(Column::ExternalId),
            patient,
            providers: if provider == Provider::default() { Vec::new() } else { vec![provider] },
            room: None,
        };
        let facts = [
            (Fact::Room, Column::Room),
            (Fact::AccountNumber, Column::AccountNumber),
            (Fact::Episode, Column::Episode),
        ]
        .into_iter()
        .filter_map(|(fact, column)| Some((fact, self.get(column)?)))
        .collect();
        Some(Observation {
            refs,
            record: Some(Record::Appointment(Box::new(appointment))),
            facts,
            raw: raw.clone(),
            complete: false,
        })
    }
}

/// A time in any of the forms that Solo uses: unix seconds, with an offset, or a civil time in the dump's zone.
fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).ok();
    }
    text.parse().ok().or_else(|| {
        let civil: civil::DateTime = text.parse().ok()?;
        civil.to_zoned(zone.clone()).ok().map(|z| z.timestamp())
    })
}
