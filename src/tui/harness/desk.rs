//! Invented registrations, deliveries, beds and a report.

use super::{later, noon};
use crate::domain::{
    RecordId, VendorId,
    assistance::{Assistance, AssistanceRow, AssistanceStatus, BedPatient, CareLocation, Place},
    hooks::{Delivery, HookRow, Hooks},
    inbox::Undecodable,
    registration::Registration,
    report::{ReportJob, ReportPage, ReportStage, ReportView},
    view::Window,
};

/// What the fake engine knows of these.
pub(in crate::tui) struct Desks {
    pub(in crate::tui) hooks: Hooks,
    pub(in crate::tui) listed: Vec<Registration>,
    pub(in crate::tui) assistances: Vec<AssistanceRow>,
    pub(in crate::tui) job: Option<ReportJob>,
    pub(in crate::tui) opening: Option<ReportJob>,
    pub(in crate::tui) below: bool,
    pub(in crate::tui) rows: Option<Vec<[&'static str; 4]>>,
}

pub(in crate::tui) const EVENTS: [&str; 4] =
    ["patient:created", "appointment:scheduled", "appointment:lwbs", "episode:updated"];

pub(in crate::tui) const OURS: RecordId = RecordId(60_000_001);
pub(in crate::tui) const THEIRS: RecordId = RecordId(60_000_002);

impl Desks {
    pub(in crate::tui) fn small() -> Self {
        let solo = VendorId::new("solo");
        let events: Vec<String> = EVENTS.map(str::to_owned).into();
        let hook = |record, name: &str, ours: bool| HookRow {
            record,
            vendor: solo,
            name: Some(name.into()),
            host: ours.then(|| "https://hooks.riverside.test".to_owned()),
            ours,
            wanted: None,
            pending: None,
            deleting: false,
            written: None,
            last: ours.then(|| (later(noon(), -180_000), Some("appointment:scheduled".to_owned()))),
        };
        let delivery = |number: u64, event: Option<Result<&str, Undecodable>>| Delivery {
            number,
            vendor: solo,
            registration: OURS,
            at: later(noon(), -(60_000 * (20 - number as i64))),
            done_at: event.is_some().then(|| later(noon(), -(60_000 * (20 - number as i64)) + 120)),
            event: event.map(|e| e.map(str::to_owned)),
        };
        let listed =
            |id: &str, host: &str, events: Vec<String>| Registration { id: id.into(), host: host.into(), events };
        let place =
            Place::Building { building: "East".into(), floor: "3".into(), room: "312".into(), bed: Some("B".into()) };
        let told = Assistance {
            place: place.clone(),
            status: AssistanceStatus::Incomplete,
            device: Some("SN-4410".into()),
            care_location: Some(CareLocation {
                id: Some("c1".into()),
                name: Some("East 312 B".into()),
                availability: Some("offline".into()),
                status: Some("active".into()),
            }),
            practice: None,
            patient: Some(BedPatient {
                last: Some("Mwangi".into()),
                first: Some("Radka".into()),
                mrn: Some("M-002270".into()),
                birth_date: Some("1944-03-02".into()),
                ..BedPatient::default()
            }),
            assigned_to: None,
            room: None,
            location: Some("Ward East".into()),
            created_at: Some(later(noon(), -12 * 60_000)),
            finished_at: None,
        };
        let over = Assistance {
            place: Place::Device { serial: "SN-9".into() },
            assigned_to: Some("nurse 7".into()),
            patient: None,
            care_location: None,
            finished_at: Some(later(noon(), -120_000)),
            ..told.clone()
        };
        let row = |record: u64, told: Option<Assistance>, place: Place, pending: Option<&str>| AssistanceRow {
            record: RecordId(record),
            place,
            read_at: told.as_ref().map(|_| later(noon(), -60_000)),
            told,
            saved_at: pending.map(|_| later(noon(), -30_000)),
            pending: pending.map(str::to_owned),
            attention: false,
        };
        Self {
            hooks: Hooks {
                receiver: true,
                vendors: vec![(solo, events.clone())],
                registrations: vec![hook(OURS, "WH-1", true), hook(THEIRS, "WH-2", false)],
                deliveries: vec![
                    delivery(19, None),
                    delivery(18, Some(Ok("appointment:scheduled"))),
                    delivery(17, Some(Ok("appointment:waitlisted"))),
                    delivery(16, Some(Err(Undecodable::Sealed))),
                ],
                rotation: None,
            },
            listed: vec![
                listed("WH-1", "https://hooks.riverside.test", events),
                listed("WH-2", "https://other.example.test", vec!["patient:created".into(), "patient:merged".into()]),
            ],
            assistances: vec![
                row(70_000_001, Some(told), place, None),
                row(70_000_002, None, Place::Patient { mrn: "M-002207".into() }, Some("ask for assistance: saved")),
                row(70_000_003, Some(over.clone()), over.place, None),
            ],
            job: None,
            opening: None,
            below: false,
            rows: None,
        }
    }

    /// The report that is asked for, with the table filtered and sorted the simplest way.
    pub(in crate::tui) fn report(&self, text: &str, sort: Option<(u32, bool)>, window: Window) -> ReportView {
        let table = self.rows.as_ref().map(|rows| {
            let fits = |r: &&[&str; 4]| r.join(" ").to_lowercase().contains(&text.to_lowercase());
            let mut left: Vec<_> = rows.iter().filter(fits).collect();
            if let Some((column, backwards)) = sort {
                left.sort_by_key(|r| r[column as usize]);
                if backwards {
                    left.reverse();
                }
            }
            let part = left.iter().skip(window.offset as usize).take(window.limit as usize);
            ReportPage {
                columns: ["encounter", "patient", "provider", "minutes"].map(str::to_owned).into(),
                rows: rows.len() as u64,
                held: rows.len() as u64,
                fitting: left.len() as u32,
                offset: window.offset,
                part: part.map(|r| r.map(str::to_owned).into()).collect(),
                widths: vec![10, 40, 40, 7],
            }
        });
        ReportView { job: self.job.clone(), opening: self.opening.clone(), table, below: self.below }
    }

    pub(in crate::tui) fn order(&mut self, stage: ReportStage) {
        self.job = Some(ReportJob {
            what: "encounter report".into(),
            path: "/home/amira/encounters-2026-11-21.zip".into(),
            begun_at: later(noon(), -120_000),
            dump: false,
            stage,
        });
    }

    pub(in crate::tui) fn open(&mut self) {
        self.order(ReportStage::Done { bytes: Some(1_234_567) });
        let people = ["Okoro, Ifeoma", "Lindqvist, Pelle", "Nováková, Radka"];
        let rows = (0..60).map(|n| [["E-1", "E-2", "E-3"][n % 3], people[n % 3], "D-9", ["9", "30", "15"][n % 3]]);
        self.rows = Some(rows.collect());
    }
}
