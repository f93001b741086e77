use super::*;
use crate::domain::{
    note::{Response, Soap, VisitNotePart},
    session::Summary,
};

fn fact(text: &str) -> Known {
    Known { text: text.into(), from: KnownFrom::VisitNote { template: "Intake".into(), at: None } }
}

fn omitted(fact_text: &str, note: &str) -> bool {
    !omissions(&[fact(fact_text)], &NoteBody::Text(note.into())).is_empty()
}

#[test]
fn a_fact_is_mentioned_by_its_numbers_and_most_of_its_words() {
    let table = [
        ("Allergic to penicillin", "Penicillin allergy", true),
        ("Allergic to penicillin", "She is ALLERGIC to penicillin.", false),
        // What a note denies it mentions all the same: a person reads it.
        ("Allergic to penicillin", "Not allergic to penicillin.", false),
        ("Metformin 500 mg", "Metformin 50 mg", true),
        ("Metformin 500 mg", "takes metformin 500 mg twice", false),
        ("Temp 38,5", "temp 38.5 today", false),
        ("Temp 38.5", "temp 38", true),
        ("BP 120/80", "BP 80/120", false),
        ("Fièvre", "fievre", false),
        ("ace", "face", true),
        ("Smokes: no", "does not smoke", true),
        ("Cough for three days at night with some blood", "Cough three days, at night, blood", false),
    ];
    for (known, note, expected) in table {
        assert_eq!(omitted(known, note), expected, "{known} / {note}");
    }
    let soap = Soap { plan: "Metformin 500 mg".into(), ..Soap::default() };
    assert!(omissions(&[fact("metformin 500 mg")], &NoteBody::Soap(soap)).is_empty(), "all parts count");
}

#[test]
fn facts_come_from_their_sources_only_and_each_says_which() {
    let summary = |text: &str| Some(Summary { sections: vec![("Plan".into(), text.into())], approved: None });
    let session = |vendor: &str| Session {
        clinician_notes: vec!["- Allergic to nuts\n- Asthma. Uses an inhaler.\n\n".into(), "Allergic to nuts".into()],
        summary: summary("Rest. Return in 5 days."),
        ..Session::blank(VendorId::new(vendor))
    };
    let (heidi, noa) = (session("heidi"), session("noa"));
    let answer = |question: &str, answers: &[&str]| Response {
        question: vec!["Intake".into(), question.into()],
        response: answers.iter().map(|a| (*a).to_owned()).collect(),
        at: None,
    };
    let part = VisitNotePart {
        template: "Intake".into(),
        responses: vec![answer("Pain:", &["left knee"]), answer("Other", &[" "]), answer("Fever", &[])],
        ..VisitNotePart::default()
    };
    let note = VisitNote { parts: vec![part], ..VisitNote::default() };
    let found = facts([&heidi, &noa], [&note]);
    let told: Vec<String> = found.iter().map(|k| format!("{} ({})", k.text, k.from.words())).collect();
    assert_eq!(
        told,
        [
            "Allergic to nuts (heidi, clinician's notes)",
            "Asthma. (heidi, clinician's notes)",
            "Uses an inhaler. (heidi, clinician's notes)",
            "Rest. (noa, summary: Plan)",
            "Return in 5 days. (noa, summary: Plan)",
            "Pain: left knee (visit note: Intake)",
        ]
    );
    assert!(facts([&session("other")], []).is_empty());
}

#[test]
fn a_long_fact_is_cut_and_facts_are_bounded() {
    let long = Session {
        clinician_notes: vec![
            "pain ".repeat(10_000),
            (0..1_000).map(|n| format!("fact {n}")).collect::<Vec<_>>().join("\n"),
        ],
        ..Session::blank(VendorId::new("heidi"))
    };
    let found = facts([&long], []);
    assert_eq!(found.len(), MOST);
    assert!(found.iter().all(|k| k.text.chars().count() <= LONGEST + 1));
}
