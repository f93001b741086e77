use super::*;
use crate::domain::{
    appointment::AppointmentStatus,
    note::{QuestionAnswer, Response, TemplateQuestion, VisitNotePart},
    session::SessionParameters,
};

fn cancel() -> Form {
    let what = Appointment {
        start: Some("2026-11-21T13:00:00Z".parse().unwrap()),
        duration: Some(900),
        reasons: vec!["cough".into()],
        status: AppointmentStatus::Scheduled,
        video: None,
        external_id: None,
        patient: None,
        providers: Vec::new(),
        room: None,
    };
    Form::cancel(RecordId(9), about(), &what)
}

#[test]
fn cancelling_names_whom_when_and_what_happens_and_takes_one_key() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = cancel();
    let shown = screen(&form, &cx, 80, 24);
    for part in [
        "Okoro, Ifeoma · born 1980-06-01 · MRN M-88",
        "Sat 21 Nov 2026 14:00 · no room known · scheduled",
        "u takes it back",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert_eq!(keys(&mut form, &cx, "x"), FormEvent::Stay);
    assert_eq!(keys(&mut form, &cx, "n"), FormEvent::Close);
    assert_eq!(submitted(keys(&mut form, &cx, "<enter>")), Intent::CancelAppointment { appointment: RecordId(9) });
    insta::assert_snapshot!("cancel", shown);
    at_every_size(&form, &cx);
}

#[test]
fn a_session_is_started_with_what_its_vendor_takes() {
    let scene = Scene::new();
    let cx = scene.cx();
    let open = || Form::start_scribe(RecordId(9), about(), &cx);
    let start = |event: FormEvent| match submitted(event) {
        Intent::StartSession { session, vendor, appointment, parameters } => {
            assert!(session == RecordId::UNASSIGNED && appointment == RecordId(9));
            (vendor.to_string(), parameters)
        }
        other => panic!("{other:?}"),
    };
    let noa =
        SessionParameters { doctor: Some("D-9".into()), facility: Some("F-1".into()), ..SessionParameters::default() };
    assert!(start(keys(&mut open(), &cx, "<enter>")) == ("noa".into(), noa.clone()));
    let all = SessionParameters {
        language: Some("de-DE".into()),
        visit_type: Some("FollowUpVisit".into()),
        speciality: Some("neurology".into()),
        ..noa.clone()
    };
    let typed = "<tab><tab><tab>de<tab>fo<tab>neurology<enter>";
    assert!(start(keys(&mut open(), &cx, typed)) == ("noa".into(), all));
    let typed =
        "<tab><tab><tab><tab><tab><tab>Plan = short | Findings=all<tab>desk = 2<tab>https://us.example.test/w<enter>";
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let more = SessionParameters {
        template: vec![pair("Plan", "short"), pair("Findings", "all")],
        metadata: vec![pair("desk", "2")],
        webhook: Some("https://us.example.test/w".into()),
        ..noa.clone()
    };
    assert!(start(keys(&mut open(), &cx, typed)) == ("noa".into(), more));
    let mut wrong = open();
    assert_eq!(keys(&mut wrong, &cx, "<tab><tab><tab><tab><tab><tab>Plan<enter>"), FormEvent::Stay);
    assert!(screen(&wrong, &cx, 80, 24).contains("name = text"));
    assert!(start(keys(&mut open(), &cx, "h<enter>")) == ("heidi".into(), SessionParameters::default()));
    through_all_fields(&open(), &cx);
    insta::assert_snapshot!("start_scribe", screen(&open(), &cx, 80, 24));
}

#[test]
fn a_session_without_what_is_required_is_not_started() {
    let mut scene = Scene::new();
    scene.doctor = None;
    let mut form = Form::start_scribe(RecordId(9), about(), &scene.cx());
    assert_eq!(keys(&mut form, &scene.cx(), "<enter>"), FormEvent::Stay);
    assert!(screen(&form, &scene.cx(), 80, 24).contains("! required"));
    assert!(matches!(keys(&mut form, &scene.cx(), "D-1<enter>"), FormEvent::Submit(_)));
    scene.scribes.clear();
    let mut form = Form::start_scribe(RecordId(9), about(), &scene.cx());
    assert_eq!(keys(&mut form, &scene.cx(), "<enter>"), FormEvent::Stay);
    assert!(screen(&form, &scene.cx(), 80, 24).contains("! no configured vendor can start a session"));
}

fn question(section: &str, id: &str, label: &str, kind: &str, options: &[&str]) -> TemplateQuestion {
    TemplateQuestion {
        section: section.into(),
        id: id.into(),
        label: label.into(),
        kind: Some(kind.into()),
        options: options.iter().map(|o| (*o).to_owned()).collect(),
    }
}

fn response(section: &str, label: &str, answers: &[&str], at: &str) -> Response {
    Response {
        question: vec![section.into(), label.into()],
        response: answers.iter().map(|a| (*a).to_owned()).collect(),
        at: at.parse().ok(),
    }
}

fn note() -> VisitNote {
    VisitNote {
        appointment: None,
        parts: vec![
            VisitNotePart {
                template_id: "t1".into(),
                template: "Intake".into(),
                questions: vec![
                    question("History", "q1", "Smoker", "single", &["never", "past", "present"]),
                    question("History", "q2", "Allergies", "multi-select", &["none", "penicillin", "latex"]),
                    question("Vitals", "q3", "Pulse", "number", &[]),
                    question("Vitals", "q4", "Remarks", "text", &[]),
                ],
                comments: Vec::new(),
                responses: vec![
                    response("History", "Smoker", &["present"], "2026-01-01T00:00:00Z"),
                    response("History", "Smoker", &["past"], "2026-02-01T00:00:00Z"),
                    response("History", "Allergies", &["latex", "wool"], ""),
                    response("Vitals", "Remarks", &["sleeps badly"], ""),
                ],
            },
            VisitNotePart { template_id: "t2".into(), template: "Discharge".into(), ..VisitNotePart::default() },
        ],
    }
}

fn answers(event: FormEvent) -> (String, Vec<QuestionAnswer>) {
    match submitted(event) {
        Intent::AnswerVisitNote { appointment, template, answers } => {
            assert_eq!(appointment, RecordId(9));
            (template, answers)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_changed_answers_of_a_visit_note_are_sent() {
    let scene = Scene::new();
    let cx = scene.cx();
    let open = || Form::visit_note(RecordId(9), about(), note());
    assert_eq!(keys(&mut open(), &cx, "<enter>"), FormEvent::Stay);
    let one = |id: &str, names: [&str; 2], values: &[&str]| QuestionAnswer {
        id: id.into(),
        names: names.map(str::to_owned).to_vec(),
        values: values.iter().map(|v| (*v).to_owned()).collect(),
    };
    let table: &[(&str, Vec<QuestionAnswer>)] = &[
        ("pr", vec![one("q1", ["History", "Smoker"], &["present"])]),
        ("<right><left><tab><right> ", vec![one("q2", ["History", "Allergies"], &["penicillin", "latex", "wool"])]),
        (
            "n<tab><tab>72<tab>!",
            vec![
                one("q1", ["History", "Smoker"], &["never"]),
                one("q3", ["Vitals", "Pulse"], &["72"]),
                one("q4", ["Vitals", "Remarks"], &["sleeps badly!"]),
            ],
        ),
    ];
    for (typed, expected) in table {
        let mut form = open();
        keys(&mut form, &cx, typed);
        let (template, sent) = answers(keys(&mut form, &cx, "<enter>"));
        assert!(template == "Intake" && sent == *expected, "{typed}: {}", serde_json::to_string(&sent).unwrap());
    }
    let mut form = open();
    assert_eq!(keys(&mut form, &cx, "<tab><tab>fast<enter>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 80, 24).contains("! must be a number"));
}

#[test]
fn a_template_without_questions_takes_id_and_value_by_hand() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::visit_note(RecordId(9), about(), note());
    keys(&mut form, &cx, "<backtab>d<tab>q9<tab>one; two");
    let (template, sent) = answers(keys(&mut form, &cx, "<enter>"));
    assert_eq!(template, "Discharge");
    assert!(sent == [QuestionAnswer { id: "q9".into(), names: Vec::new(), values: vec!["one".into(), "two".into()] }]);

    let mut form = Form::visit_note(RecordId(9), about(), VisitNote::default());
    assert_eq!(keys(&mut form, &cx, "<tab>q9<enter>"), FormEvent::Stay);
    keys(&mut form, &cx, "Intake<tab><tab>yes");
    assert_eq!(answers(keys(&mut form, &cx, "<enter>")).0, "Intake");
}

#[test]
fn answers_are_not_lost_by_looking_at_another_template() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::visit_note(RecordId(9), about(), note());
    keys(&mut form, &cx, "n<backtab><right>");
    let shown = screen(&form, &cx, 80, 24);
    assert!(shown.contains("One template is saved at a time") && shown.contains("never"), "{shown}");
    assert!(form.dirty());
}

fn known_note() -> AboutNote {
    AboutNote {
        number: Some("46".into()),
        patient: about(),
        told: "Fri 20 Nov 2026 15:00 · its appointment 9004 · its patient 500 · in review".into(),
        text: "Cough for three days.".into(),
    }
}

/// Two identifiers before something is asked about a person's note.
#[test]
fn an_addendum_names_whose_note_it_is_and_which() {
    let scene = Scene::new();
    let cx = scene.cx();
    let shown = screen(&Form::request_addendum(Some(known_note()), &cx), &cx, 80, 24);
    for part in
        ["Okoro, Ifeoma · born 1980-06-01 · MRN M-88", "20 Nov 2026", "its appointment 9004", "Cough for three days."]
    {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let nobody = AboutNote { patient: PatientIdentity::default(), ..known_note() };
    let shown = screen(&Form::request_addendum(Some(nobody), &cx), &cx, 80, 24);
    assert!(shown.contains("no name known · birth date not known · no MRN"), "{shown}");
}

/// Nothing is called wrong before somebody had a chance to get it right.
#[test]
fn a_form_that_was_only_opened_complains_of_nothing() {
    let mut scene = Scene::new();
    scene.doctor = None;
    let cx = scene.cx();
    let forms = [
        Form::request_addendum(None, &cx),
        Form::request_addendum(Some(known_note()), &cx),
        Form::start_scribe(RecordId(9), about(), &cx),
    ];
    let asking = forms.map(|form| (form, " * must be filled in "));
    // Of a patient's two names one is enough: none of them is marked as one that must be there.
    let patient = (Form::create_patient(&cx), "one of first and last name is needed");
    for (mut form, asks) in asking.into_iter().chain([patient]) {
        let shown = screen(&form, &cx, 80, 40);
        assert!(!shown.contains('!'), "{form:?}\n{shown}");
        assert!(shown.contains(asks), "{form:?}\n{shown}");
        assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay);
        assert!(screen(&form, &cx, 80, 40).contains('!'), "{form:?}");
    }
}

/// A dialog is as tall as what it says, and no taller.
#[test]
fn forms_ask_for_the_rows_they_fill() {
    let scene = Scene::new();
    let cx = scene.cx();
    let forms = [
        cancel(),
        Form::create_patient(&cx),
        Form::request_addendum(Some(known_note()), &cx),
        Form::start_scribe(RecordId(9), about(), &cx),
        Form::visit_note(RecordId(9), about(), note()),
    ];
    for mut form in forms {
        let height = form.height(90, &cx);
        for _ in 0..30 {
            assert_eq!(form.height(90, &cx), height, "{form:?}: the keys are elsewhere");
            let shown = screen(&form, &cx, 90, height);
            assert!(!shown.contains('↓') && !shown.contains('↑'), "{form:?}\n{shown}");
            let blank = shown.lines().filter(|l| l.trim_matches(['│', ' ']).is_empty()).count();
            assert!(blank <= 9, "{form:?}\n{shown}");
            form.key(KeyEvent::new(KeyCode::Tab, crossterm::event::KeyModifiers::NONE), &cx);
            if matches!(form.kind, Kind::VisitNote(_) | Kind::Patient(_) | Kind::Supervision(_)) {
                // What a field asks for once it was left may take rows.
                break;
            }
        }
    }
}

#[test]
fn an_addendum_needs_a_number_and_instructions() {
    let scene = Scene::new();
    let cx = scene.cx();
    let table = [
        ("46a<tab>Fix the name<enter>", "! digits only"),
        ("<tab>Fix the name<enter>", "! required"),
        ("46<enter>", "! required"),
    ];
    for (typed, problem) in table {
        let mut form = Form::request_addendum(None, &cx);
        assert_eq!(keys(&mut form, &cx, typed), FormEvent::Stay);
        let shown = screen(&form, &cx, 80, 24);
        assert!(shown.contains(problem), "{shown}");
    }
    let mut form = Form::request_addendum(Some(known_note()), &cx);
    let Intent::RequestAddendum { addendum, session_note, instructions, signature: None } =
        submitted(keys(&mut form, &cx, "Fix the name <enter>"))
    else {
        panic!("not an addendum")
    };
    assert_eq!((addendum, session_note.as_str(), instructions.as_str()), (RecordId::UNASSIGNED, "46", "Fix the name"));
    through_all_fields(&Form::request_addendum(None, &cx), &cx);
}

#[test]
fn they_look_like_this() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::visit_note(RecordId(9), about(), note());
    through_all_fields(&form, &cx);
    keys(&mut form, &cx, "<tab>");
    insta::assert_snapshot!("visit_note", screen(&form, &cx, 80, 24));
    let form = Form::visit_note(RecordId(9), about(), VisitNote::default());
    insta::assert_snapshot!("visit_note_by_hand", screen(&form, &cx, 80, 24));
    let mut form = Form::request_addendum(Some(known_note()), &cx);
    form.paste(&"Please correct the spelling of the family name. ".repeat(4), &cx);
    insta::assert_snapshot!("request_addendum", screen(&form, &cx, 80, 24));
}

#[test]
fn nothing_of_a_vendor_reaches_a_cell_around_the_firewall() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut bad = note();
    bad.parts[0].questions[0].label = "a\u{202e}b\u{1b}[2J".into();
    bad.parts[0].questions[0].options[1] = "past\u{200b}\u{7}".into();
    bad.parts[0].template = "T\u{2066}".into();
    let form = Form::visit_note(RecordId(9), PatientIdentity { name: "O\u{202d}x".into(), ..about() }, bad);
    let shown = screen(&form, &cx, 120, 24);
    assert!(!shown.chars().any(|c| c != '\n' && crate::tui::editor::hidden(c)), "{shown}");
    assert!(shown.contains("O‹U+202D›x"), "{shown}");
}

#[test]
fn a_small_form_has_air_like_a_large_one_where_there_is_room() {
    let scene = Scene::new();
    let cx = scene.cx();
    let form = Form::look_up("");
    let height = form.height(80, &cx);
    let roomy = screen(&form, &cx, 80, height);
    let lines: Vec<&str> = roomy.lines().collect();
    assert!(lines[1].trim_matches(['│', ' ']).is_empty() && lines[2].starts_with("│ Number"), "{roomy}");
    let tight = screen(&form, &cx, 80, 5);
    assert!(tight.lines().nth(1).is_some_and(|l| l.starts_with("│Number")), "{tight}");
}
