//! Whatever vendors tell in whatever order: what is known stays in order, and a restart changes no answer.

use std::collections::HashMap;

use proptest::prelude::*;

use super::{restart::answers, *};
use crate::{domain::view::Freshness, ledger::Read};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A person by one or two names; `content` chooses what is said of them, if anything.
    Person {
        id: Option<u8>,
        spid: Option<u8>,
        content: Option<u8>,
        whole: bool,
        source: Source,
    },
    /// A visit of a person who is named in one of two schemes.
    Visit {
        id: u8,
        whom: Option<(bool, u8)>,
        status: u8,
        start: u8,
        room: Option<u8>,
        whole: bool,
    },
    /// An EMR's appointment.
    Emr {
        id: u8,
        mrn: u8,
        start: u8,
    },
    /// A person says that two records are the same, or are not.
    Link {
        one: u8,
        other: u8,
        same: bool,
    },
    /// A person cancels one of the visits, and the vendor takes it or does not answer.
    Cancel {
        visit: u8,
        taken: bool,
    },
    Wait(u16),
    Restart {
        clean: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || prop::option::weighted(0.7, 0..4_u8);
    let source = prop_oneof![Just(Source::Read), Just(Source::Webhook), Just(Source::Import)];
    let person = (name(), name(), prop::option::weighted(0.7, 0..6_u8), any::<bool>(), source)
        .prop_map(|(id, spid, content, whole, source)| Step::Person { id, spid, content, whole, source });
    let whom = prop::option::weighted(0.8, (any::<bool>(), 0..4_u8));
    let visit = (0..3_u8, whom, 0..4_u8, 0..2_u8, prop::option::of(0..2_u8), any::<bool>())
        .prop_map(|(id, whom, status, start, room, whole)| Step::Visit { id, whom, status, start, room, whole });
    let emr = (0..2_u8, 0..3_u8, 0..2_u8).prop_map(|(id, mrn, start)| Step::Emr { id, mrn, start });
    let link = (0..8_u8, 0..8_u8, any::<bool>()).prop_map(|(one, other, same)| Step::Link { one, other, same });
    let step = prop_oneof![
        10 => person,
        5 => visit,
        2 => emr,
        2 => link,
        1 => (0..3_u8, any::<bool>()).prop_map(|(visit, taken)| Step::Cancel { visit, taken }),
        1 => (0..2_000_u16).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(|clean| Step::Restart { clean }),
    ];
    prop::collection::vec(step, 1..24)
}

/// Every answer, but for when and how what did not change was read last: that is not written down for each read, so after
/// a restart a row may look older than it is, never newer. The course of the day is only told where it was watched.
fn known(t: &ForTests) -> Vec<Answer> {
    let plain = |fresh: &mut Freshness| {
        (fresh.at, fresh.source) = (Timestamp::UNIX_EPOCH, Source::Read);
    };
    let mut answers = answers(t);
    answers.extend(board(&t.engine).iter().map(|row| t.engine.look(&Query::Detail { record: row.id })));
    for answer in &mut answers {
        match answer {
            Answer::Rows(rows) => match &mut rows.rows {
                RowSet::Patients(rows) => rows.iter_mut().for_each(|row| plain(&mut row.fresh)),
                RowSet::Appointments(rows) => rows.iter_mut().for_each(|row| plain(&mut row.fresh)),
                RowSet::Rooms(rows) => rows.iter_mut().for_each(|row| row.trend.clear()),
                _ => {}
            },
            Answer::Detail(Some(detail)) => {
                if let Some(provenance) = &mut detail.provenance {
                    (provenance.at, provenance.source) = (Timestamp::UNIX_EPOCH, Source::Read);
                }
                detail.patient.iter_mut().for_each(|row| plain(&mut row.fresh));
            }
            _ => {}
        }
    }
    answers
}

/// An engine with everything that was ever seen of it.
struct Run {
    t: Option<ForTests>,
    known: Vec<RecordId>,
    numbers: HashMap<RecordId, u64>,
}

impl Run {
    fn t(&self) -> &ForTests {
        self.t.as_ref().unwrap()
    }

    fn apply(&mut self, observation: Observation, source: Source) {
        let ids = self.t().engine.apply(vec![observation], source, None).unwrap();
        let pointed = board(&self.t().engine).into_iter().filter_map(|row| row.patient);
        for id in ids.into_iter().chain(pointed) {
            if !self.known.contains(&id) {
                self.known.push(id);
            }
        }
    }

    fn take(&mut self, step: &Step) {
        let start = |n: u8| Timestamp::from_second(1_772_440_000 + i64::from(n) * 900).unwrap();
        match *step {
            Step::Person { id, spid: other, content, whole: complete, source } => {
                let refs: Vec<_> = id
                    .map(|n| patient_ref(&format!("p{n}")))
                    .into_iter()
                    .chain(other.map(|n| spid(&n.to_string())))
                    .collect();
                let record = content.map(|n| {
                    let last = ["Okafor", "Lind", "Sato"][usize::from(n % 3)];
                    let mut patient = patient("Ada", last, &format!("M{}", n % 3));
                    patient.race = (n > 2).then(|| format!("r{n}"));
                    whole(patient)
                });
                self.apply(Observation { complete, ..told(refs, record) }, source);
            }
            Step::Visit { id, whom, status, start: at, room, whole } => {
                let whom =
                    whom.map(|(by_id, n)| if by_id { patient_ref(&format!("p{n}")) } else { spid(&n.to_string()) });
                let status = ["scheduled", "arrived", "completed", "cancelled"][usize::from(status)];
                let observation = Observation {
                    complete: whole,
                    facts: room.map(|n| room_fact(&format!("Room {n}"))).unwrap_or_default(),
                    ..told(vec![visit_ref(&format!("v{id}"))], booked(visit(start(at), status, whom)))
                };
                self.apply(observation, Source::Read);
            }
            Step::Emr { id, mrn, start: at } => {
                let about = VendorRef::new(COBALT, Kind::EmrAppointment, ID, format!("e{id}"));
                self.apply(told(vec![about], emr(start(at), &format!("M{mrn}"))), Source::Read);
            }
            Step::Link { one, other, same } => {
                let named = |n: u8| self.known.get(usize::from(n) % self.known.len().max(1)).copied();
                if let (Some(a), Some(b)) = (named(one), named(other)) {
                    let command = if same { Command::ConfirmLink { a, b } } else { Command::RefuseLink { a, b } };
                    self.t().engine.execute(command, "amira");
                }
            }
            Step::Cancel { visit, taken } => {
                if let Some(row) = board(&self.t().engine).get(usize::from(visit)) {
                    let intent = Intent::CancelAppointment { appointment: row.id };
                    let reply = self.t().engine.execute(Command::Submit { intent, clears: None }, "amira");
                    if let Reply::Saved { entry, .. } = reply
                        && taken
                    {
                        self.t().acked(entry);
                    }
                }
            }
            Step::Wait(seconds) => self.t().clock.advance_millis(i64::from(seconds) * 1_000),
            Step::Restart { clean } => {
                let before = known(self.t());
                self.t = Some(self.t.take().unwrap().reopen(clean).unwrap());
                assert_eq!(known(self.t()), before, "a restart changes no answer");
            }
        }
    }

    fn check(&mut self) {
        let engine = &self.t.as_ref().unwrap().engine;
        let view = engine.ledger().view().unwrap();
        let mut owners: HashMap<VendorRef, RecordId> = HashMap::new();
        for id in &self.known {
            let live = engine.resolve(*id);
            assert_eq!(engine.resolve(live), live);
            assert!(live <= *id, "the older id stays");
            let number = view.number(live).unwrap().unwrap_or(0);
            let before = self.numbers.insert(live, number).unwrap_or(0);
            assert!(number >= before, "the reads of {live} were counted back from {before} to {number}");
            for about in engine.known(live).refs {
                assert_eq!(*owners.entry(about.clone()).or_insert(live), live, "{about:?} is two records");
                assert_eq!(engine.record_of(&about), Some(live));
            }
            let told = detail(engine, live);
            assert_eq!(told.provenance.map_or(0, |p| p.read_no), number, "the last read is the one that is shown");
        }
        for row in board(engine) {
            assert_eq!(engine.resolve(row.id), row.id, "a row of a record that is another one");
            assert_eq!(row.patient.map(|p| engine.resolve(p)), row.patient);
        }
        for row in patients(engine, "") {
            assert_eq!(engine.resolve(row.id), row.id);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_two_records_share_a_name_reads_are_never_counted_back_and_a_restart_changes_no_answer(steps in steps()) {
        let mut run = Run { t: Some(Engine::for_tests().unwrap()), known: Vec::new(), numbers: HashMap::new() };
        for step in &steps {
            run.take(step);
            run.check();
        }
        run.take(&Step::Restart { clean: false });
        run.check();
    }
}
