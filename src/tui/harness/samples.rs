//! Invented people and what is theirs: rows as lists show them, and the records behind them.

use super::{later, noon};
use crate::domain::{
    DraftId, Entry, EntryId, EntryState, Intent, Kind, Pointer, Raw, RecordId, Source, VendorId,
    appointment::{Appointment, AppointmentStatus},
    attachment::{Attachment, Mime},
    care::{EpisodeRow, FileRow},
    entry::{Exchange, Step, StepKind},
    episode::{EpisodeStatus, EpisodeTerms},
    identity::{Ground, Link, Standing},
    note::{Draft, FilingState, NoteBody, SessionNote, Soap, TemplateQuestion, VisitNote, VisitNotePart},
    patient::{HumanName, Patient, Telecom},
    record::Sourced,
    session::{Session, Stage, Summary, Urgency},
    view::{
        AppointmentRow, Freshness, LinkRow, NoteItem, NoteRow, PatientRow, RoomFilter, RoomRow, RowId, SessionRow, Wait,
    },
};

pub(super) const FAMILIES: [&str; 10] =
    ["Okoro", "Lindqvist", "Satō", "Nováková", "Brandão", "Ödegaard", "Mwangi", "Castellane", "田所", "Þórsdóttir"];
pub(super) const GIVENS: [&str; 7] = ["Ifeoma", "Pelle", "Emiko", "Radka", "Joana", "Wilhelmina", "静香"];
pub(super) const ROOMS: [&str; 3] = ["Telehealth A", "Walk-in", "Pediatrics"];

/// Records of one kind begin at its number.
pub(super) const PATIENT: u64 = 1_000;
pub(super) const APPOINTMENT: u64 = 10_000_000;
pub(super) const SESSION: u64 = 20_000_000;
pub(super) const NOTE: u64 = 30_000_000;
pub(super) const EMR: u64 = 40_000_000;
pub(super) const VISIT_NOTE: u64 = 50_000_000;
pub(in crate::tui) const FILE: u64 = 60_000_000;
pub(in crate::tui) const EPISODE: u64 = 70_000_000;

pub(in crate::tui) fn patient_id(n: u32) -> RecordId {
    RecordId(PATIENT + u64::from(n))
}

pub(in crate::tui) fn appointment_id(n: u32) -> RecordId {
    RecordId(APPOINTMENT + u64::from(n))
}

pub(super) fn fresh(n: u32) -> Freshness {
    let source = [Source::Read, Source::Webhook, Source::Import, Source::Own][n as usize % 4];
    let at = later(noon(), -i64::from(n % 9) * 47_000);
    Freshness { source, at, stale: n % 29 == 28, pending: n % 17 == 5, attention: n % 41 == 40 }
}

pub(super) fn name(n: u32) -> String {
    format!("{}, {}", FAMILIES[n as usize % 10], GIVENS[n as usize / 10 % 7])
}

pub(in crate::tui) fn patient(n: u32) -> PatientRow {
    PatientRow {
        id: patient_id(n),
        name: name(n),
        birth_date: format!("{}-{:02}-{:02}", 1931 + n % 80, 1 + n % 12, 1 + n % 28),
        gender: ["F", "M", "U"][n as usize % 3].into(),
        mrn: format!("M-{:06}", 2207 + n * 7),
        phone: format!("+1 580 555 {:04}", n % 10_000),
        perhaps_same: (n % 13 == 4).then(|| patient_id(n + 1)),
        inactive: n % 19 == 18,
        fresh: fresh(n),
    }
}

pub(super) fn appointment(n: u32) -> AppointmentRow {
    let statuses = [
        AppointmentStatus::Completed,
        AppointmentStatus::ExamReady,
        AppointmentStatus::Scheduled,
        AppointmentStatus::Cancelled,
        AppointmentStatus::Arrived,
        AppointmentStatus::SignOff,
        AppointmentStatus::Verbatim("on a far ward".into()),
    ];
    let status = statuses[n as usize % 7].clone();
    let waits = matches!(status, AppointmentStatus::ExamReady | AppointmentStatus::Arrived);
    let since = later(noon(), -i64::from(4 + n * 9 % 60) * 60_000);
    AppointmentRow {
        id: appointment_id(n),
        start: Some(later(noon(), (i64::from(n) - 12) * 900_000 - 130_000)),
        duration: Some(900),
        patient: Some(patient_id(n)),
        patient_name: if n % 31 == 30 { String::new() } else { name(n) },
        provider: "Farrow, Nadia".into(),
        room: (n % 5 != 4).then(|| (ROOMS[n as usize % 3].to_owned(), Source::Own)),
        status,
        video: None,
        wait: waits.then_some(Wait { since, at_least: n % 2 == 1 }),
        reasons: "cough".into(),
        fresh: fresh(n),
    }
}

pub(super) fn session(n: u32) -> SessionRow {
    let (stage, urgency) = [
        (Stage::Ready, Urgency::NeedsMe),
        (Stage::Recording, Urgency::InProgress),
        (Stage::Interrupted, Urgency::NeedsMe),
        (Stage::Approved, Urgency::Done),
    ][n as usize % 4];
    SessionRow {
        id: RecordId(SESSION + u64::from(n)),
        vendor: VendorId::new(if n.is_multiple_of(2) { "noa" } else { "heidi" }),
        appointment: Some(appointment_id(n)),
        patient_name: name(n),
        doctor: if n.is_multiple_of(2) { "D-9".into() } else { String::new() },
        stage,
        status: "x".into(),
        urgency,
        since: Some(later(noon(), -i64::from(n) * 60_000)),
        fresh: fresh(n),
    }
}

pub(super) fn note(n: u32) -> NoteRow {
    let (id, vendor, item, about) = match n % 4 {
        0 => (RowId::Draft(DraftId(u64::from(n) + 1)), None, NoteItem::Draft, name(n)),
        1 => (record(n), Some("cobalt"), NoteItem::Filed(FilingState::Processing), name(n)),
        2 => (record(n), Some("clinic"), NoteItem::SessionNote("waiting".into()), String::new()),
        _ => (record(n), Some("clinic"), NoteItem::Addendum { answered: false }, String::new()),
    };
    let vendor = vendor.map(VendorId::new);
    let number = if about.is_empty() { format!("#{}", 90 + n) } else { String::new() };
    NoteRow { id, vendor, item, about, number, at: later(noon(), -i64::from(n) * 600_000), fresh: Some(fresh(n)) }
}

pub(super) fn record(n: u32) -> RowId {
    RowId::Record(RecordId(NOTE + u64::from(n)))
}

pub(super) fn room(filter: RoomFilter, n: u32) -> RoomRow {
    let since = later(noon(), -i64::from(n * 14) * 60_000);
    RoomRow {
        filter,
        today: 8,
        waiting: n,
        longest: (n > 0).then_some(Wait { since, at_least: n == 1 }),
        trend: (0..u16::try_from(n * 2).unwrap_or(0)).map(|v| v % 5).collect(),
        thresholds: (15, 30),
    }
}

pub(super) fn entry(n: u64, state: EntryState) -> Entry {
    let intent = Intent::CancelAppointment { appointment: appointment_id(2) };
    let mut entry = Entry::new(EntryId(n), VendorId::new("solo"), intent, "amira", later(noon(), -180_000));
    entry.state = state;
    entry.attempts = 1;
    entry.history = vec![
        Step { at: later(noon(), -180_000), what: StepKind::Saved },
        Step {
            at: later(noon(), -179_000),
            what: StepKind::Exchanged(Box::new(Exchange {
                at: later(noon(), -179_000),
                method: "DELETE".into(),
                path: "/v2/appointments/A-7".into(),
                body: None,
                status: Some(503),
                answer: Some(Raw("<html>busy</html>".into())),
                correlation: Some("c-1".into()),
                millis: 37,
                failure: None,
            })),
        },
    ];
    entry
}

pub(super) fn file(n: u64, title: &str, mime: Mime, size: u64, deleted: bool) -> FileRow {
    let file = Attachment {
        appointment: None,
        title: title.into(),
        mime: Some(mime),
        size: Some(size),
        uploaded_at: Some(later(noon(), -3_600_000)),
        deleted,
    };
    FileRow { id: RecordId(FILE + n), file, own: None, local: None }
}

pub(super) fn episode(n: u64, name: &str, status: EpisodeStatus, to: Option<&str>) -> EpisodeRow {
    let terms = EpisodeTerms {
        name: name.into(),
        kind: "general".into(),
        from: "2026-08-03".into(),
        to: to.map(str::to_owned),
        status,
        objective: Some("well again".into()),
        reason_incomplete: None,
    };
    EpisodeRow { id: RecordId(EPISODE + n), terms, own: None }
}

pub(in crate::tui) fn draft(id: u64) -> Draft {
    Draft {
        id: DraftId(id),
        appointment: Some(appointment_id(2)),
        patient: Some(patient_id(2)),
        session: None,
        body: NoteBody::Soap(Soap {
            subjective: "Cough for three days.".into(),
            objective: "Chest clear.".into(),
            assessment: "A cold.".into(),
            plan: "Rest.".into(),
        }),
        scribe: Some(NoteBody::Soap(Soap {
            subjective: "Cough for two days.".into(),
            objective: "Chest clear.".into(),
            assessment: "A cold.".into(),
            plan: "Rest. Tea.".into(),
        })),
        scribed: crate::domain::scribed::Scribed::default(),
        saved_at: later(noon(), -120_000),
        version: 4,
        by: "amira".into(),
        over: None,
    }
}

pub(super) fn link(standing: Standing) -> LinkRow {
    let grounds = vec![Ground::Mrn, Ground::Start];
    LinkRow {
        link: Link::new(appointment_id(2), RecordId(EMR), standing, grounds, noon()),
        other_kind: Kind::EmrAppointment,
        other_vendor: Some(VendorId::new("cobalt")),
        here: vec![name(2), "M-002221".into(), "21 Nov 12:00".into()],
        there: vec![name(2), "M-002221".into(), "21 Nov 12:00".into()],
    }
}

pub(super) fn patient_of(n: u64) -> Patient {
    let row = patient(u32::try_from(n).unwrap_or(0));
    let (family, given) = row.name.split_once(", ").unwrap_or((&row.name, ""));
    Patient {
        mrn: Some(row.mrn),
        names: vec![HumanName { last: Some(family.into()), first: Some(given.into()), ..HumanName::default() }],
        birth_date: Some(row.birth_date),
        telecom: vec![Telecom { usage: Some("home".into()), system: Some("phone".into()), value: Some(row.phone) }],
        ..Patient::default()
    }
}

pub(super) fn appointment_of(row: &AppointmentRow, n: u64) -> Appointment {
    Appointment {
        start: row.start,
        duration: row.duration,
        reasons: vec!["cough".into()],
        status: row.status.clone(),
        video: None,
        external_id: Some("X-7".into()),
        patient: Some(Pointer::Local(RecordId(PATIENT + n))),
        providers: Vec::new(),
        room: row.room.clone().map(|(value, source)| Sourced { value, source, at: noon() }),
    }
}

/// As rows have them: the even ones are Noa's, whose doctors approve, the odd ones Heidi's, who tells of no approval.
pub(super) fn session_of(n: u64) -> Session {
    let noa = n.is_multiple_of(2);
    Session {
        vendor: VendorId::new(if noa { "noa" } else { "heidi" }),
        status: if noa { "Summarized" } else { "CREATED" }.into(),
        stage: Stage::Ready,
        appointment: Some(Pointer::Local(RecordId(APPOINTMENT + n))),
        patient: Some(Pointer::Local(RecordId(PATIENT + n))),
        doctor: Some("D-9".into()),
        title: None,
        created_at: Some(noon()),
        updated_at: Some(noon()),
        language: Some("en".into()),
        duration: Some(300),
        clinician_notes: if noa { Vec::new() } else { vec!["Allergic to penicillin.".into()] },
        summary: Some(Summary {
            sections: vec![("Plan".into(), "Rest and tea.".into())],
            approved: noa.then_some(false),
        }),
        more: crate::domain::scribe::SessionMore::default(),
    }
}

pub(super) fn session_note() -> SessionNote {
    SessionNote {
        appointment_id: Some("9004".into()),
        patient_id: Some("500".into()),
        status: Some("pending_review".into()),
        created_at: Some(noon()),
        ..SessionNote::default()
    }
}

pub(super) fn visit_note() -> VisitNote {
    let question = |id: &str, label: &str, options: &[&str]| TemplateQuestion {
        section: "Triage".into(),
        id: id.into(),
        label: label.into(),
        kind: None,
        options: options.iter().map(|o| (*o).to_owned()).collect(),
    };
    VisitNote {
        appointment: Some(Pointer::Local(appointment_id(2))),
        parts: vec![VisitNotePart {
            template_id: "t1".into(),
            template: "Triage".into(),
            questions: vec![question("q1", "Fever?", &["yes", "no"]), question("q2", "Since when?", &[])],
            ..VisitNotePart::default()
        }],
    }
}
