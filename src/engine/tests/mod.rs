//! The engine over real stores in a directory of its own.

mod account;
mod care;
mod clinic;
mod commands;
mod filing;
mod import;
mod keeping;
mod order;
mod restart;
mod scribe;
mod sent;
mod sequences;
mod signatures;
mod telling;
mod timeline;
mod triage;
mod whom;
mod worklist;

use jiff::Timestamp;

use super::{Engine, ForTests};
use crate::{
    domain::{
        Entry, EntryId, Fact, Intent, Kind, Observation, Pointer, Query, Raw, Record, RecordId, Reply, Scheme, Source,
        VendorId, VendorRef,
        appointment::{Appointment, AppointmentStatus, EmrAppointment, Terms},
        command::{Command, Message, Touched},
        ids::Tag,
        patient::{HumanName, Patient},
        session::{Session, Stage},
        view::{Answer, AppointmentRow, Detail, PatientRow, RoomFilter, RowSet, Window},
    },
    sync::ports::Store,
};

pub(super) const SOLO: VendorId = VendorId(Tag::new("solo"));
pub(super) const COBALT: VendorId = VendorId(Tag::new("cobalt"));
pub(super) const NOA: VendorId = VendorId(Tag::new("noa"));
pub(super) const ID: Scheme = Scheme::new("id");
pub(super) const SPID: Scheme = Scheme::new("spid");
pub(super) const ALL: Window = Window { offset: 0, limit: 1_000 };

pub(super) fn patient_ref(value: &str) -> VendorRef {
    VendorRef::new(SOLO, Kind::Patient, ID, value)
}

pub(super) fn spid(value: &str) -> VendorRef {
    VendorRef::new(SOLO, Kind::Patient, SPID, value)
}

pub(super) fn visit_ref(value: &str) -> VendorRef {
    VendorRef::new(SOLO, Kind::Appointment, ID, value)
}

pub(super) fn patient(first: &str, last: &str, mrn: &str) -> Patient {
    Patient {
        mrn: Some(mrn.into()),
        birth_date: Some("1971-04-03".into()),
        names: vec![HumanName { first: Some(first.into()), last: Some(last.into()), ..HumanName::default() }],
        ..Patient::default()
    }
}

pub(super) fn visit(start: Timestamp, status: &str, whom: Option<VendorRef>) -> Appointment {
    Appointment {
        start: Some(start),
        duration: Some(900),
        reasons: vec!["cough".into()],
        status: status.into(),
        video: None,
        external_id: None,
        patient: whom.map(Pointer::Vendor),
        providers: Vec::new(),
        room: None,
    }
}

pub(super) fn emr(start: Timestamp, mrn: &str) -> Record {
    Record::EmrAppointment(Box::new(EmrAppointment {
        start: Some(start),
        patient_mrn: Some(mrn.into()),
        ..EmrAppointment::default()
    }))
}

/// A session that is being recorded.
pub(super) fn recording() -> Session {
    Session { status: "Recording".into(), stage: Stage::Recording, ..Session::blank(NOA) }
}

pub(super) fn session(appointment: Option<VendorRef>) -> Record {
    let appointment = appointment.map(Pointer::Vendor);
    Record::Session(Box::new(Session { appointment, ..recording() }))
}

pub(super) fn told(refs: Vec<VendorRef>, record: impl Into<Option<Record>>) -> Observation {
    Observation { refs, record: record.into(), facts: Vec::new(), raw: Raw("{}".into()), complete: true }
}

pub(super) fn whole(patient: Patient) -> Record {
    Record::Patient(Box::new(patient))
}

pub(super) fn booked(appointment: Appointment) -> Record {
    Record::Appointment(Box::new(appointment))
}

impl ForTests {
    pub(super) fn read(&self, observation: Observation) -> RecordId {
        self.engine.apply(vec![observation], Source::Read, None).unwrap()[0]
    }

    /// A patient that was read, and an appointment of theirs in an hour.
    pub(super) fn one_visit(&self) -> (RecordId, RecordId) {
        let whom = self.read(told(vec![patient_ref("p1")], whole(patient("Ada", "Okafor", "M1"))));
        let start = self.in_an_hour();
        let visit = self.read(told(vec![visit_ref("v1")], booked(visit(start, "scheduled", Some(patient_ref("p1"))))));
        (whom, visit)
    }

    pub(super) fn in_an_hour(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now().as_millisecond() + 3_600_000).unwrap()
    }

    /// The one visit, called off by a write that its vendor took, and read after that with this status.
    pub(super) fn cancelled_then_read(&self, status: &str) -> RecordId {
        let (_, id) = self.one_visit();
        let start = board(&self.engine)[0].start.unwrap();
        let (entry, _) = self.submit(Intent::CancelAppointment { appointment: id });
        self.acked(entry);
        self.clock.advance_millis(10);
        self.read(told(vec![visit_ref("v1")], booked(visit(start, status, Some(patient_ref("p1"))))));
        id
    }

    pub(super) fn submit(&self, intent: Intent) -> (EntryId, RecordId) {
        match self.engine.execute(Command::Submit { intent, clears: None }, "amira") {
            Reply::Saved { entry, record } => (entry, record),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn acked(&self, id: EntryId) -> Entry {
        let mut entry = Store::entry(&self.engine, id).unwrap();
        let evidence = crate::domain::Evidence::Answer { status: 200 };
        entry.state = crate::domain::EntryState::Acked { at: self.now(), evidence };
        self.engine.put_entry(&entry).unwrap();
        entry
    }
}

pub(super) fn patients(engine: &Engine, search: &str) -> Vec<PatientRow> {
    match engine.look(&Query::Patients { search: search.into(), window: ALL }) {
        Answer::Rows(rows) => match rows.rows {
            RowSet::Patients(rows) => rows,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

pub(super) fn board(engine: &Engine) -> Vec<AppointmentRow> {
    let query =
        Query::Appointments { day: None, room: RoomFilter::All, patient: None, text: String::new(), window: ALL };
    match engine.look(&query) {
        Answer::Rows(rows) => match rows.rows {
            RowSet::Appointments(rows) => rows,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

pub(super) fn detail(engine: &Engine, record: RecordId) -> Detail {
    match engine.look(&Query::Detail { record }) {
        Answer::Detail(Some(detail)) => *detail,
        other => panic!("{other:?}"),
    }
}

pub(super) fn terms(start: Timestamp) -> Terms {
    Terms { start: Some(start), duration: Some(900), ..Terms::default() }
}

fn deltas(window: &super::Subscription) -> Vec<Touched> {
    let all = std::iter::from_fn(|| window.try_next());
    all.filter_map(|m| if let Message::Delta(d) = m { Some(d.touched) } else { None }).flatten().collect()
}

fn status(row: &AppointmentRow) -> &AppointmentStatus {
    &row.status
}

fn room_fact(name: &str) -> Vec<(Fact, String)> {
    vec![(Fact::Room, name.into())]
}
