//! What people do, folding, and from acknowledged to seen.

use super::*;
use crate::domain::{
    Evidence, Record,
    appointment::AppointmentStatus,
    command::{Decision, Refusal},
    note::{Attempt, FilingState, Note, NoteBody, QuestionAnswer, Response, VisitNote, VisitNotePart},
};

#[test]
fn a_write_that_left_cannot_be_taken_back_and_an_unsent_one_can() {
    let saved = entry(1, create(9));
    assert_eq!(withdraw(&saved, PERSON, at(1)).unwrap().state, EntryState::Withdrawn { at: at(1), by: PERSON.into() });
    let flying = sent(&saved, at(1));
    assert_eq!(withdraw(&flying, PERSON, at(2)), Err(Refusal::Sent));
    assert_eq!(withdraw(&lost(&flying, Probe::ById, at(2)), PERSON, at(3)), Err(Refusal::Sent));
    assert!(withdraw(&with(saved, rejected()), PERSON, at(2)).is_ok());
}

#[test]
fn a_person_decides_only_what_cannot_be_found_out() {
    let undecided = lost(&sent(&entry(1, create(9)), at(0)), Probe::None, at(1));
    let arrived = decide(&undecided, Decision::Arrived, PERSON, at(2)).unwrap();
    assert_eq!(arrived.state, EntryState::Acked { at: at(2), evidence: Evidence::Person { by: PERSON.into() } });
    let again = decide(&undecided, Decision::SendAgain, PERSON, at(2)).unwrap();
    assert_eq!(due(&again, at(2), &Rules::default()), Due::Send);
    assert_eq!(withdraw(&again, PERSON, at(3)), Err(Refusal::Sent), "the first request may have arrived");
    assert!(decide(&undecided, Decision::Drop, PERSON, at(2)).unwrap().state.closed());
    let unknown = lost(&sent(&entry(1, create(9)), at(0)), Probe::ById, at(1));
    assert!(decide(&unknown, Decision::SendAgain, PERSON, at(2)).is_err());
}

#[test]
fn retry_does_not_shorten_the_settling_time() {
    let rules = Rules::default();
    let unknown = lost(&sent(&entry(1, create(9)), at(0)), Probe::ById, at(1));
    let once = after_probe(&unknown, crate::domain::Finding::Absent, vec![], at(3), at(3), &rules, &random()).unwrap();
    let hurried = retry(&once, PERSON, at(4)).unwrap();
    assert_eq!(due(&hurried, at(4), &rules), Due::Probe);
    let again = after_probe(&hurried, crate::domain::Finding::Absent, vec![], at(4), at(4), &rules, &random()).unwrap();
    assert!(matches!(again.state, EntryState::Unknown { .. }));
}

#[test]
fn a_settled_conflict_carries_what_is_left_of_mine_over_theirs() {
    let theirs = Box::new(Patient { gender: Some("female".into()), ..*patient("theirs", "b") });
    let mine = update(9, patient("1", "a"), patient("2", "c"));
    let state = EntryState::Conflict {
        since: at(1),
        theirs: Box::new(Record::Patient(theirs.clone())),
        fields: vec!["mrn".into(), "race".into()],
    };
    let conflict = with(entry(1, mine), state);
    let settled = resolve(&conflict, &["race".into()], PERSON, at(2)).unwrap();
    let Intent::UpdatePatient { base, mine, .. } = &settled.intent else { panic!("still an update") };
    assert_eq!(**base, *theirs);
    assert_eq!((mine.mrn.as_deref(), mine.race.as_deref()), (Some("theirs"), Some("c")));
    assert_eq!(mine.gender, theirs.gender, "what only they changed stays");
    assert_eq!(settled.state, EntryState::Saved);
    assert!(matches!(resolve(&conflict, &[], PERSON, at(2)).unwrap().state, EntryState::Withdrawn { .. }));
}

#[test]
fn a_conflict_about_a_creation_that_takes_theirs_lets_dependants_go_on() {
    let state = EntryState::Conflict {
        since: at(1),
        theirs: Box::new(Record::Patient(patient("1", "other"))),
        fields: vec!["race".into()],
    };
    let conflict = with(entry(1, create(9)), state);
    assert!(matches!(resolve(&conflict, &[], PERSON, at(2)).unwrap().state, EntryState::Acked { .. }));
    let kept = resolve(&conflict, &["race".into()], PERSON, at(2)).unwrap();
    assert!(matches!(&kept.intent, Intent::UpdatePatient { mine, .. } if mine.race.as_deref() == Some("a")));
}

#[test]
fn a_refused_write_can_be_corrected_and_not_turned_into_another() {
    let refused = with(entry(1, create(9)), rejected());
    let better = Intent::CreatePatient { patient: RecordId(9), chosen_id: "p-1".into(), content: patient("7", "a") };
    let edited = edit(&refused, better.clone(), at(3)).unwrap();
    assert_eq!((edited.state, edited.intent), (EntryState::Saved, better));
    assert!(edit(&refused, create(8), at(3)).is_err());
    assert!(edit(&sent(&entry(1, create(9)), at(0)), create(9), at(3)).is_err());
}

#[test]
fn two_unsent_updates_become_one_that_keeps_both_wishes() {
    let first = entry(1, update(9, patient("1", "a"), patient("2", "a")));
    let second = update(9, patient("2", "a"), patient("2", "b"));
    let Fold::Into(one) = fold(second, VENDOR, PERSON, [&first], at(5)) else { panic!("they fold") };
    assert_eq!(one.intent, update(9, patient("1", "a"), patient("2", "b")));
    assert_eq!(one.id, EntryId(1));
    let back = update(9, patient("2", "b"), patient("1", "a"));
    assert!(matches!(fold(back, VENDOR, PERSON, [&one], at(6)), Fold::Undone(e) if e.state.closed()));
}

#[test]
fn nothing_folds_across_a_write_that_left_or_of_somebody_else() {
    let first = entry(1, update(9, patient("1", "a"), patient("2", "a")));
    let second = || update(9, patient("2", "a"), patient("2", "b"));
    let flying = sent(&first, at(1));
    for all in [vec![flying.clone()], vec![lost(&flying, Probe::Compare, at(2))], vec![with(first.clone(), rejected())]]
    {
        assert!(matches!(fold(second(), VENDOR, PERSON, &all, at(5)), Fold::New(_)));
    }
    assert!(matches!(fold(second(), VENDOR, "sam", [&first], at(5)), Fold::New(_)));
    let behind = entry(2, update(9, patient("2", "a"), patient("3", "a")));
    assert!(matches!(fold(second(), VENDOR, PERSON, [&flying, &behind], at(5)), Fold::Into(e) if e.id == EntryId(2)));
}

#[test]
fn an_unsent_creation_takes_later_changes_in_and_an_unsent_booking_is_called_off_here() {
    let Fold::Into(one) =
        fold(update(9, patient("1", "a"), patient("1", "z")), VENDOR, PERSON, [&entry(1, create(9))], at(2))
    else {
        panic!("it folds")
    };
    assert!(matches!(&one.intent, Intent::CreatePatient { content, .. } if **content == *patient("1", "z")));
    let booking = entry(2, book(5, 9));
    let change = Intent::ChangeAppointment {
        appointment: RecordId(5),
        base: Terms { external_id: Some("x".into()), ..terms(0, "cough") },
        mine: Terms { external_id: None, ..terms(900, "cough") },
    };
    let Fold::Into(moved) = fold(change, VENDOR, PERSON, [&booking], at(3)) else { panic!("it folds") };
    assert!(matches!(&moved.intent, Intent::Book { terms, .. }
        if terms.start == Some(at(900)) && terms.external_id.as_deref() == Some("x")));
    let cancel = || Intent::CancelAppointment { appointment: RecordId(5) };
    assert!(matches!(fold(cancel(), VENDOR, PERSON, [&moved], at(4)), Fold::Undone(_)));
    assert!(matches!(fold(cancel(), VENDOR, PERSON, [&sent(&booking, at(1))], at(4)), Fold::New(_)));
}

#[test]
fn seen_needs_a_read_that_shows_the_wish() {
    let wish = update(9, patient("1", "a"), patient("2", "a"));
    let acked = with(entry(1, wish), acked());
    let stale = Record::Patient(patient("1", "a"));
    let fresh = Record::Patient(Box::new(Patient { active: Some(true), ..*patient("2", "somebody else's change") }));
    assert_eq!(learn(&acked, &stale, Evidence::ReadBack, at(5)), None);
    assert!(matches!(learn(&acked, &fresh, Evidence::ReadBack, at(5)).unwrap().state, EntryState::Seen { .. }));
    let saved = with(acked.clone(), EntryState::Saved);
    assert_eq!(learn(&saved, &fresh, Evidence::ReadBack, at(5)), None, "what was not sent is not seen");
}

#[test]
fn a_field_that_no_read_returns_shows_nothing() {
    let mine = Box::new(Patient { account_number: Some("4711".into()), ..*patient("1", "a") });
    let wish = update(9, patient("1", "a"), mine.clone());
    assert_eq!(shows(&wish, &Record::Patient(patient("1", "a"))), Shows::CannotTell);
}

#[test]
fn a_removed_list_item_is_shown_only_when_it_is_gone() {
    let both = Terms { reasons: vec!["cough".into(), "fever".into()], ..terms(0, "cough") };
    let wish = Intent::ChangeAppointment { appointment: RecordId(5), base: both.clone(), mine: terms(0, "cough") };
    let mut now = crate::domain::appointment::Appointment {
        start: Some(at(0)),
        duration: None,
        reasons: both.reasons,
        status: AppointmentStatus::Scheduled,
        video: None,
        external_id: Some("x".into()),
        patient: None,
        providers: Vec::new(),
        room: None,
    };
    assert_eq!(shows(&wish, &Record::Appointment(Box::new(now.clone()))), Shows::No);
    now.reasons.pop();
    assert_eq!(shows(&wish, &Record::Appointment(Box::new(now.clone()))), Shows::Yes);
    let cancel = Intent::CancelAppointment { appointment: RecordId(5) };
    assert_eq!(shows(&cancel, &Record::Appointment(Box::new(now.clone()))), Shows::No);
    now.status = AppointmentStatus::Cancelled;
    assert_eq!(shows(&cancel, &Record::Appointment(Box::new(now))), Shows::Yes);
}

#[test]
fn visit_note_answers_are_compared_by_the_templates_names() {
    let answer = |names: &[&str]| Intent::AnswerVisitNote {
        appointment: RecordId(5),
        template: "Intake".into(),
        answers: vec![QuestionAnswer {
            id: "q".into(),
            names: names.iter().map(|n| (*n).to_owned()).collect(),
            values: vec!["yes".into()],
        }],
    };
    let response =
        Response { question: vec!["Habits".into(), "Smokes".into()], response: vec!["yes".into()], at: None };
    let part = VisitNotePart { template: "Intake".into(), responses: vec![response], ..VisitNotePart::default() };
    let note = Record::VisitNote(Box::new(VisitNote { appointment: None, parts: vec![part] }));
    assert_eq!(shows(&answer(&["Habits", "Smokes"]), &note), Shows::Yes);
    assert_eq!(shows(&answer(&["Habits", "Drinks"]), &note), Shows::No);
    assert_eq!(shows(&answer(&[]), &note), Shows::CannotTell);
}

#[test]
fn a_note_that_failed_later_is_handed_to_a_person_whatever_was_acknowledged() {
    let intent = Intent::FileNote {
        note: RecordId(4),
        emr_appointment: RecordId(5),
        patient: None,
        body: NoteBody::Text("fine".into()),
        origin: None,
    };
    let note = |state| {
        Record::Note(Box::new(Note {
            appointment: None,
            patient: None,
            body: NoteBody::Text("fine".into()),
            state,
            job: None,
            filed_at: None,
            attempt: Attempt::default(),
            origin: None,
        }))
    };
    let acked = with(entry(1, intent), acked());
    let failed = note(FilingState::Failed { reasons: vec!["locked".into()] });
    assert!(learn(&acked, &failed, Evidence::Webhook, at(5)).unwrap().state.needs_person());
    assert_eq!(learn(&acked, &note(FilingState::Processing), Evidence::Webhook, at(5)), None);
    assert!(learn(&acked, &note(FilingState::Completed), Evidence::Webhook, at(5)).is_some());
}

#[test]
fn what_is_told_of_an_earlier_filing_of_a_note_does_not_end_the_later_one() {
    let intent = Intent::FileNote {
        note: RecordId(4),
        emr_appointment: RecordId(5),
        patient: None,
        body: NoteBody::Text("fine".into()),
        origin: None,
    };
    let rules = Rules::default();
    let answered = |entry: &Entry, now| {
        let outcome = Outcome::Acked(Evidence::Answer { status: 200 });
        let sent = begin_send(entry, now, &rules).unwrap();
        let random = SeededRandom::new(1);
        after_send(&sent, outcome, Vec::new(), Probe::Events, now, &rules, &random).unwrap()
    };
    let note = |sent_at, state| {
        Record::Note(Box::new(Note {
            appointment: None,
            patient: None,
            body: NoteBody::Text("fine".into()),
            state,
            job: None,
            filed_at: None,
            attempt: Attempt { sent_at: Some(sent_at), ..Attempt::default() },
            origin: None,
        }))
    };
    let failed = || FilingState::Failed { reasons: vec!["locked".into()] };
    let first = answered(&entry(1, intent), at(10));
    let refused = learn(&first, &note(at(10), failed()), Evidence::Webhook, at(20)).unwrap();
    let second = answered(&retry(&refused, PERSON, at(30)).unwrap(), at(31));
    assert_eq!((first.sent_at(), second.sent_at()), (Some(at(10)), Some(at(31))));
    for state in [failed(), FilingState::Completed] {
        assert_eq!(learn(&second, &note(at(10), state), Evidence::Webhook, at(40)), None, "it was told of the first");
    }
    assert!(learn(&second, &note(at(31), failed()), Evidence::Webhook, at(40)).unwrap().state.needs_person());
    assert!(learn(&second, &note(at(31), FilingState::Completed), Evidence::Webhook, at(40)).is_some());
}

#[test]
fn wishes_about_episodes_and_files_fold_before_anything_left() {
    use crate::domain::{attachment::FileToAttach, episode::EpisodeTerms};
    let terms = |name: &str| EpisodeTerms { name: name.into(), ..EpisodeTerms::default() };
    let folded = |earlier: Intent, later: Intent| {
        fold(later, entry(1, earlier.clone()).vendor, PERSON, [&entry(1, earlier)], at(1))
    };
    let episode = RecordId(9);
    let create = Intent::CreateEpisode { episode, patient: RecordId(1), terms: terms("knee") };
    let rename = Intent::UpdateEpisode { episode, base: Box::new(terms("knee")), mine: Box::new(terms("left knee")) };
    let Fold::Into(one) = folded(create, rename.clone()) else { panic!("one request") };
    assert!(matches!(one.intent, Intent::CreateEpisode { terms, .. } if terms.name == "left knee"));
    let back = Intent::UpdateEpisode { episode, base: Box::new(terms("left knee")), mine: Box::new(terms("knee")) };
    assert!(matches!(folded(rename, back), Fold::Undone(_)));

    let described = FileToAttach::describe("/tmp/a.pdf".into(), "a.pdf", &b"%PDF-1.7"[..], 100);
    let file = Box::new(described.unwrap());
    let attach = Intent::AttachFile { attachment: episode, appointment: RecordId(2), file };
    assert!(matches!(
        folded(attach, Intent::DeleteAttachment { attachment: episode, appointment: None }),
        Fold::Undone(_)
    ));

    let assign = |to: u64| Intent::AssignEpisode { appointment: episode, episode: Some(RecordId(to)) };
    let Fold::Into(last) = folded(assign(3), assign(4)) else { panic!("one request") };
    assert_eq!(last.intent, assign(4));
}
