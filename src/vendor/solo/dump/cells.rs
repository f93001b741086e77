//! What one row of a dump says.

use jiff::{Timestamp, civil, tz::TimeZone};

use crate::domain::{
    appointment::{Appointment, AppointmentStatus, Provider},
    ids::{Kind, Scheme, VendorRef},
    import::Why,
    patient::{Gender, HumanName, Patient, Telecom},
    record::{Fact, Observation, Pointer, Raw, Record},
};

use super::{
    super::{SOLO, scheme},
    Column, Header, hash_of,
};

/// What of a row is about the patient.
const OF_PATIENT: [Column; 11] = [
    Column::PatientId,
    Column::Spid,
    Column::Mrn,
    Column::FirstName,
    Column::MiddleName,
    Column::LastName,
    Column::FullName,
    Column::BirthDate,
    Column::Gender,
    Column::Phone,
    Column::Email,
];

/// One row through its header.
pub(super) struct Cells<'a> {
    header: &'a Header,
    /// All cells, one after the other.
    text: &'a str,
    /// Where each of them ends.
    ends: &'a [usize],
    zone: &'a TimeZone,
}

impl<'a> Cells<'a> {
    /// The row that these cells make.
    ///
    /// # Errors
    /// When it is not text, or its cells cannot be told to belong to the header's columns.
    pub(super) fn of(header: &'a Header, cells: &'a [u8], ends: &'a [usize], zone: &'a TimeZone) -> Result<Self, Why> {
        if ends.len() != header.names.len() {
            return Err(Why::Ragged { cells: ends.len() as u32, columns: header.names.len() as u32 });
        }
        let text = std::str::from_utf8(cells).map_err(|_| Why::NotText)?;
        // Two cells may be text together and not each on its own.
        if ends.iter().any(|end| !text.is_char_boundary(*end)) {
            return Err(Why::NotText);
        }
        Ok(Self { header, text, ends, zone })
    }

    fn cell(&self, place: usize) -> &'a str {
        let begin = if place == 0 { 0 } else { self.ends.get(place - 1).copied().unwrap_or_default() };
        self.ends.get(place).and_then(|end| self.text.get(begin..*end)).unwrap_or_default()
    }

    fn text(&self, column: Column) -> &'a str {
        let place = self.header.places.iter().find(|(c, _)| *c == column);
        place.map_or("", |(_, place)| self.cell(*place).trim())
    }

    fn get(&self, column: Column) -> Option<String> {
        Some(self.text(column)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// What the row says, and which of its cells is not what its column says: one such cell costs itself only. `news` tells
    /// whether a patient of this hash was not told before: they stand in every row of theirs.
    ///
    /// # Errors
    /// When it names nothing.
    pub(super) fn told(&self, news: impl FnOnce(u64) -> bool) -> Result<([Option<Observation>; 2], Option<Why>), Why> {
        let whom = self.names(Kind::Patient, [(Column::PatientId, scheme::PATIENT), (Column::Spid, scheme::SPID)]);
        let pointer = whom.first().cloned().map(Pointer::Vendor);
        let visit = [(Column::AppointmentId, scheme::APPOINTMENT), (Column::ExternalId, scheme::EXTERNAL_ID)];
        let visit = self.names(Kind::Appointment, visit);
        if whom.is_empty() && visit.is_empty() {
            return Err(Why::Nameless);
        }
        let raw = self.raw();
        let (appointment, odd) = if visit.is_empty() { (None, None) } else { self.appointment(visit, &raw, pointer) };
        let known = whom.is_empty() || !news(hash_of(OF_PATIENT.into_iter().map(|column| self.text(column))));
        let patient = (!known).then(|| self.patient(whom, raw));
        Ok(([patient, appointment], odd))
    }

    /// The row as one JSON object, so that columns without a meaning here are kept too.
    fn raw(&self) -> Raw {
        let mut out = Vec::with_capacity(self.text.len() * 2 + self.ends.len() * 16);
        for (place, key) in self.header.keys.iter().enumerate() {
            out.push(if place == 0 { b'{' } else { b',' });
            out.extend_from_slice(key.as_bytes());
            out.push(b':');
            // Writing to memory does not fail.
            let _ = serde_json::to_writer(&mut out, self.cell(place));
        }
        out.push(b'}');
        Raw(String::from_utf8(out).unwrap_or_default())
    }

    fn names(&self, kind: Kind, columns: [(Column, Scheme); 2]) -> Vec<VendorRef> {
        columns
            .into_iter()
            .filter_map(|(column, scheme)| Some(VendorRef::new(SOLO, kind, scheme, self.get(column)?)))
            .collect()
    }

    fn patient(&self, refs: Vec<VendorRef>, raw: Raw) -> Observation {
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
        Observation {
            refs,
            record: (patient != Patient::default()).then(|| Record::Patient(Box::new(patient))),
            facts: Vec::new(),
            raw,
            complete: false,
        }
    }

    fn appointment(
        &self,
        refs: Vec<VendorRef>,
        raw: &Raw,
        patient: Option<Pointer>,
    ) -> (Option<Observation>, Option<Why>) {
        let start = moment(self.text(Column::Start), self.zone);
        let duration = seconds(self.text(Column::Duration));
        let unread = |column, read: bool| !read && !self.text(column).is_empty();
        let odd = [(Column::Start, start.is_some()), (Column::Duration, duration.is_some())];
        let odd = odd.into_iter().find(|(column, read)| unread(*column, *read));
        let odd = odd.map(|(column, _)| Why::Unreadable(column.name().into()));
        let provider = Provider {
            id: self.get(Column::ProviderId).unwrap_or_default(),
            email: self.get(Column::ProviderEmail),
            last: self.get(Column::ProviderName),
            ..Provider::default()
        };
        let reasons = self.text(Column::Reasons);
        let appointment = Appointment {
            start,
            duration,
            reasons: reasons.split(';').map(str::trim).filter(|r| !r.is_empty()).map(str::to_owned).collect(),
            status: AppointmentStatus::from(self.text(Column::Status)),
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
        let observation = Observation {
            refs,
            record: Some(Record::Appointment(Box::new(appointment))),
            facts,
            raw: raw.clone(),
            complete: false,
        };
        (Some(observation), odd)
    }
}

/// A duration within what Solo takes, be it written with a fraction.
fn seconds(text: &str) -> Option<u32> {
    let seconds = text.parse::<f64>().ok()?;
    (1.0..=86_400.0).contains(&seconds).then_some(seconds as u32)
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
