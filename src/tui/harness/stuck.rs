//! Invented sessions that are stuck, answered as an engine would.

use super::{later, noon};
use crate::domain::{
    RecordId, VendorId,
    session::Stage,
    triage::{
        Cause, Missed, Remedy, TriageAct, TriageGroup, TriageJob, TriageLine, TriagePlan, TriageRow, TriageScope,
        TriageStep, TriageView,
    },
    view::Window,
};

/// What the fake engine knows of these.
#[derive(Default)]
pub(in crate::tui) struct Stuck {
    pub(in crate::tui) rows: Vec<TriageRow>,
    pub(in crate::tui) job: Option<TriageJob>,
}

const NAMES: [&str; 6] =
    ["Okoro, Ifeoma", "Lindqvist, Pelle", "Nováková, Radka", "Haddad, Samir", "", "Ferreira-Monteverde, Guilhermina"];

fn row(n: u64, cause: Cause, status: &str, minutes: i64) -> TriageRow {
    let (stage, why, can) = match cause {
        Cause::Interrupted => (
            Stage::Interrupted,
            "The sound stopped 12 min ago.",
            "Read it again; the doctor can go on in the recorder.",
        ),
        Cause::Failed => {
            (Stage::Failed, "The vendor gave it up for good.", "Read it again; then another session helps.")
        }
        Cause::Late => (
            Stage::Processing,
            "It stands at Analyzing for 9 min 5 s: 95 of 100 were through within 1 min 40 s, of the last 118.",
            "Read it again; the timeline tells what it waits for.",
        ),
        _ => (
            Stage::Gone,
            "The vendor does not know it any more (404).",
            "Read it again should the vendor have it back.",
        ),
    };
    TriageRow {
        id: RecordId(20_000_000 + n),
        vendor: VendorId::new(if n.is_multiple_of(4) { "heidi" } else { "noa" }),
        patient_name: NAMES[n as usize % NAMES.len()].into(),
        stage,
        status: status.into(),
        cause,
        since: later(noon(), -minutes * 60_000),
        at_least: n.is_multiple_of(3),
        read_at: noon(),
        why: why.into(),
        can: can.into(),
        remedy: if cause == Cause::Failed { Remedy::Recover } else { Remedy::Read },
    }
}

impl Stuck {
    /// Twelve of four causes.
    pub(in crate::tui) fn dozen() -> Self {
        let mut rows: Vec<TriageRow> =
            (0..3).map(|n| row(n, Cause::Interrupted, "Interrupted", 12 + n as i64 * 31)).collect();
        rows.extend((3..6).map(|n| row(n, Cause::Failed, "Failed", 40 * n as i64)));
        rows.extend((6..11).map(|n| row(n, Cause::Late, "Analyzing", n as i64)));
        rows.push(row(11, Cause::Gone, "Summarized", 3_000));
        Self { rows, job: None }
    }

    fn lines(&self) -> Vec<TriageLine> {
        let mut lines = Vec::new();
        for same in self.rows.chunk_by(|a, b| a.cause == b.cause) {
            let recovers = same.iter().filter(|r| r.remedy == Remedy::Recover).count() as u32;
            lines.push(TriageLine::Group(TriageGroup { cause: same[0].cause, count: same.len() as u32, recovers }));
            lines.extend(same.iter().cloned().map(|row| TriageLine::Session(Box::new(row))));
        }
        lines
    }

    pub(in crate::tui) fn view(&self, window: Window, seek: Option<RecordId>) -> TriageView {
        let lines = self.lines();
        let total = lines.len() as u32;
        let group = |line: &TriageLine| if let TriageLine::Group(group) = line { Some(*group) } else { None };
        let is = |line: &TriageLine| matches!(line, TriageLine::Session(row) if Some(row.id) == seek);
        TriageView {
            groups: lines.iter().filter_map(group).collect(),
            total,
            offset: window.offset.min(total),
            found: lines.iter().position(is).map(|at| at as u32),
            lines: lines.into_iter().skip(window.offset as usize).take(window.limit as usize).collect(),
            past: 4,
            job: self.job.clone().map(Box::new),
        }
    }

    pub(in crate::tui) fn plan(&self, scope: TriageScope) -> TriagePlan {
        let wanted = |row: &&TriageRow| match scope {
            TriageScope::All => true,
            TriageScope::Cause(cause) => row.cause == cause,
            TriageScope::Session(id) => row.id == id,
        };
        let step = |row: &TriageRow| TriageStep { record: row.id, remedy: row.remedy };
        TriagePlan { steps: self.rows.iter().filter(wanted).map(step).collect() }
    }

    /// Half of it is done at once, and one thing could not be.
    pub(in crate::tui) fn act(&mut self, act: &TriageAct) {
        match act {
            TriageAct::Retry { steps } => {
                let recovers = steps.iter().filter(|s| s.remedy == Remedy::Recover).count() as u32;
                let first = steps.first().map_or(RecordId(0), |step| step.record);
                let patient_name = self.rows.iter().find(|r| r.id == first).map(|r| r.patient_name.clone());
                self.job = Some(TriageJob {
                    begun_at: noon(),
                    by: "amira".into(),
                    reads: steps.len() as u32 - recovers,
                    recovers,
                    read: (steps.len() as u32 - recovers) / 2,
                    queued: recovers,
                    missed: vec![Missed {
                        record: first,
                        patient_name: patient_name.unwrap_or_default(),
                        remedy: Remedy::Read,
                        why: "the vendor does not answer".into(),
                    }],
                    missed_count: 1,
                    ended_at: None,
                    stopped: false,
                });
            }
            TriageAct::Stop => {
                if let Some(job) = &mut self.job {
                    (job.stopped, job.ended_at) = (true, Some(noon()));
                }
            }
        }
    }
}
