//! Files, documents, episodes and consults.

use super::*;
use crate::{
    domain::{
        EntryId, ReasonKind,
        attachment::Mime,
        consult::{Consult, ConsultReason, ConsultType},
        episode::{EpisodeStatus, EpisodeTerms},
        note::{TemplateQuestion, VisitNotePart},
        patient::HumanName,
    },
    tui::{
        paths::{PathLook, Seen, Typed},
        picture::tests::halves,
    },
};

const VISIT: RecordId = RecordId(7);
const WHOM: RecordId = RecordId(3);

fn look(event: FormEvent) -> Box<Typed> {
    let FormEvent::Inspect(text) = event else { panic!("not looked at: {event:?}") };
    match (PathLook::Typed { text, picture: true }).look() {
        Seen::Typed(typed) => typed,
        Seen::Sent { .. } | Seen::Signature(_) => panic!("another answer"),
    }
}

/// Answers every look until the form wants something else.
fn looked(form: &mut Form, mut event: FormEvent, cx: &FormContext<'_>) -> FormEvent {
    for _ in 0..9 {
        match event {
            FormEvent::Inspect(_) => event = form.seen(look(event), cx),
            other => return other,
        }
    }
    panic!("looks never end");
}

fn attach() -> Form {
    Form::attach(VISIT, &about(), "Sat 21 Nov 2026 14:15")
}

fn folder() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_str().unwrap().to_owned();
    std::fs::create_dir(dir.path().join("inbox")).unwrap();
    std::fs::write(dir.path().join("inbox/rash.png"), halves(64, 40)).unwrap();
    std::fs::write(dir.path().join("inbox/letter.pdf"), b"only called so").unwrap();
    (dir, root)
}

#[test]
fn a_path_completes_with_tab_and_the_file_is_what_its_content_says() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (_dir, root) = folder();
    let mut form = attach();
    form.paste(&format!("{root}/in"), &cx);
    let event = keys(&mut form, &cx, "<tab>");
    assert_eq!(looked(&mut form, event, &cx), FormEvent::Stay);
    assert!(screen(&form, &cx, 120, 30).contains("/inbox/"), "{}", screen(&form, &cx, 120, 30));
    keys(&mut form, &cx, "r");
    let event = keys(&mut form, &cx, "<tab>");
    looked(&mut form, event, &cx);
    let shown = screen(&form, &cx, 120, 30);
    for words in ["Okoro, Ifeoma · born 1980-06-01 · MRN M-88", "PNG, by its content", "64 × 40 points", "rash.png"]
    {
        assert!(shown.contains(words), "{words} is missing on\n{shown}");
    }
    let event = keys(&mut form, &cx, "<enter>");
    let Intent::AttachFile { appointment, file, .. } = submitted(event) else { panic!() };
    assert_eq!((appointment, file.mime, file.title.as_str()), (VISIT, Mime::Png, "rash.png"));
    assert_eq!(file.path.to_str(), Some(format!("{root}/inbox/rash.png").as_str()));
}

/// A share may hang: Enter says that it waits, and what it waited for happens by itself.
#[test]
fn enter_says_that_the_disk_has_not_answered_and_goes_on_by_itself() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (_dir, root) = folder();
    let mut form = attach();
    form.paste(&format!("{root}/inbox/rash.png"), &cx);
    let FormEvent::Inspect(path) = keys(&mut form, &cx, "<enter>") else { panic!("the disk was not asked") };
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay, "it is asked one thing at a time");
    assert!(screen(&form, &cx, 120, 30).contains("Still looking at the file"));
    let event = looked(&mut form, FormEvent::Inspect(path), &cx);
    assert!(matches!(submitted(event), Intent::AttachFile { .. }));
    // What the disk answers takes the place of that it did not.
    let mut form = attach();
    form.paste(&format!("{root}/inbox/none.png"), &cx);
    assert_eq!(keys(&mut form, &cx, "<enter><enter>"), FormEvent::Stay);
    let event = looked(&mut form, FormEvent::Inspect(format!("{root}/inbox/none.png")), &cx);
    assert_eq!(event, FormEvent::Stay);
    let shown = screen(&form, &cx, 120, 30);
    assert!(!shown.contains("Still looking") && shown.contains("there is no such file"), "{shown}");
}

#[test]
fn what_cannot_be_attached_is_said_at_the_field_and_nothing_is_saved() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (dir, root) = folder();
    std::fs::write(dir.path().join("large.pdf"), [b"%PDF-1.7\n".as_slice(), &vec![b'x'; 6 << 20]].concat()).unwrap();
    std::fs::write(dir.path().join("none.png"), b"").unwrap();
    for (name, words) in [
        ("inbox/letter.pdf", "not a PDF, PNG or JPEG"),
        ("large.pdf", "larger than 5 MB"),
        ("none.png", "the file is empty"),
        ("inbox", "this is a folder"),
        ("gone.png", "there is no such file"),
    ] {
        let mut form = attach();
        form.paste(&format!("{root}/{name}"), &cx);
        let event = keys(&mut form, &cx, "<enter>");
        assert_eq!(looked(&mut form, event, &cx), FormEvent::Stay, "{name}");
        let shown = screen(&form, &cx, 110, 30);
        assert!(shown.contains(words), "{words} is missing on\n{shown}");
    }
}

#[test]
fn a_disk_that_hangs_is_asked_once_and_enter_waits_for_it() {
    let mut scene = Scene::new();
    let (_dir, root) = folder();
    let mut form = attach();
    form.paste(&format!("{root}/inbox/rash.pn"), &scene.cx());
    scene.wait(150);
    let first = form.tick(&scene.cx());
    assert!(matches!(first, FormEvent::Inspect(_)));
    assert_eq!(keys(&mut form, &scene.cx(), "g<enter>"), FormEvent::Stay);
    scene.wait(150);
    assert_eq!(form.tick(&scene.cx()), FormEvent::Stay);
    assert_eq!(form.next_tick(), None);
    // The answer about what stood there before leads to a look at what stands there now, and that to the saving.
    let event = looked(&mut form, first, &scene.cx());
    assert!(matches!(submitted(event), Intent::AttachFile { .. }));
}

#[test]
fn the_name_of_the_file_is_a_persons_own_once_they_wrote_one() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (_dir, root) = folder();
    let mut form = attach();
    keys(&mut form, &cx, "<down>left arm.png<up>");
    form.paste(&format!("{root}/inbox/rash.png"), &cx);
    let event = keys(&mut form, &cx, "<enter>");
    let event = looked(&mut form, event, &cx);
    let Intent::AttachFile { file, .. } = submitted(event) else { panic!() };
    assert_eq!(file.title, "left arm.png");
}

#[test]
fn a_document_holds_its_questions_with_their_answers_and_a_half_one_is_said() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::add_document(WHOM, &about(), &cx);
    assert_eq!(keys(&mut form, &cx, "Intake<enter>"), FormEvent::Stay);
    keys(&mut form, &cx, "Smokes?<tab>no<tab>Since when?");
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay);
    let shown = screen(&form, &cx, 90, 30);
    assert!(shown.contains("a question needs its answer") && shown.contains("MRN M-88"), "{shown}");
    keys(&mut form, &cx, "never did");
    let Intent::AddDocument { patient, body, .. } = submitted(keys(&mut form, &cx, "<enter>")) else { panic!() };
    assert_eq!((patient, body.name.as_str()), (WHOM, "Intake"));
    assert_eq!(body.at, scene.now);
    let pairs = [("Smokes?", "no"), ("Since when?", "never did")].map(|(q, r)| (q.to_owned(), r.to_owned()));
    assert_eq!(body.responses, pairs);
}

#[test]
fn an_episode_is_begun_with_its_rules_kept_and_changed_in_what_was_changed() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::create_episode(WHOM, &about(), &["general".into()], &cx);
    let shown = screen(&form, &cx, 90, 30);
    assert!(shown.contains("used before: general") && shown.contains("2026-11-21"), "{shown}");
    keys(&mut form, &cx, "Cough<tab>general<tab><tab>2026-11-20");
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 90, 30).contains("before the first day"));
    keys(&mut form, &cx, "<bs><bs>30<tab><right><right>");
    let Intent::CreateEpisode { patient, terms, .. } = submitted(keys(&mut form, &cx, "<enter>")) else { panic!() };
    let base = EpisodeTerms {
        name: "Cough".into(),
        kind: "general".into(),
        from: "2026-11-21".into(),
        to: Some("2026-11-30".into()),
        status: EpisodeStatus::Active,
        ..EpisodeTerms::default()
    };
    assert_eq!((patient, &terms), (WHOM, &base));

    let mut form = Form::edit_episode(RecordId(9), &about(), base.clone());
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 90, 30).contains("Nothing was changed."));
    keys(&mut form, &cx, "!");
    let Intent::UpdateEpisode { base: was, mine, .. } = submitted(keys(&mut form, &cx, "<enter>")) else { panic!() };
    assert_eq!(*was, base);
    assert_eq!(*mine, EpisodeTerms { name: "Cough!".into(), ..base });
}

#[test]
fn a_status_that_is_not_known_stays_as_it_is() {
    let scene = Scene::new();
    let cx = scene.cx();
    let base = EpisodeTerms {
        name: "Knee".into(),
        kind: "general".into(),
        from: "03/08/2026".into(),
        status: EpisodeStatus::Verbatim("paused by law".into()),
        ..EpisodeTerms::default()
    };
    let mut form = Form::edit_episode(RecordId(9), &about(), base.clone());
    assert!(!form.dirty());
    keys(&mut form, &cx, "s");
    let Intent::UpdateEpisode { mine, .. } = submitted(keys(&mut form, &cx, "<enter>")) else { panic!() };
    assert_eq!((&mine.status, mine.from.as_str()), (&base.status, "03/08/2026"));
}

fn person() -> Patient {
    Patient {
        mrn: Some("M-88".into()),
        birth_date: Some("1980-06-01".into()),
        names: vec![HumanName { last: Some("Okoro".into()), first: Some("Ifeoma".into()), ..HumanName::default() }],
        ..Patient::default()
    }
}

const PLACE: &str = "0c8f3d52-7a41-4b6e-9a35-2d1f60c7e8ab";

#[test]
fn a_consult_is_asked_with_what_is_known_of_the_patient() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::ask_consult(&person(), &cx);
    // No reason is chosen for anybody; the second one; a place that is none; who asks; when the centre was told.
    assert_eq!(keys(&mut form.clone(), &cx, "<enter>"), FormEvent::Stay);
    keys(&mut form, &cx, "<tab><right><right><tab>ward 7<tab>Farrow, Nadia<tab><tab><tab><tab>11:40");
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay);
    let shown = screen(&form, &cx, 90, 40);
    assert!(
        shown.contains("must be a UUID") && shown.contains("Okoro, Ifeoma · born 1980-06-01 · MRN M-88"),
        "{shown}"
    );
    for _ in 0.."ward 7".len() {
        keys(&mut form, &cx, "<bs>");
    }
    form.paste(PLACE, &cx);
    let Intent::AskConsult { content, .. } = submitted(keys(&mut form, &cx, "<enter>")) else { panic!() };
    assert_eq!((content.first.as_str(), content.last.as_str()), ("Ifeoma", "Okoro"));
    assert_eq!((content.mrn.as_str(), content.birth_date.as_str()), ("M-88", "1980-06-01"));
    assert_eq!((content.location.as_str(), &content.reason), (PLACE, &ConsultReason::EegStat));
    assert_eq!(content.call_center_notified, Some("2026-11-21T10:40:00Z".parse().unwrap()));
    assert_eq!((content.callback, content.caller), (None, None));
}

#[test]
fn what_the_vendor_refused_of_a_consult_stands_at_its_field_until_that_is_changed() {
    let scene = Scene::new();
    let cx = scene.cx();
    let content = Consult {
        first: "Ifeoma".into(),
        last: "Okoro".into(),
        birth_date: "1980-06-01".into(),
        location: PLACE.into(),
        mrn: "M-88".into(),
        callback: None,
        provider: "Farrow, Nadia".into(),
        call_center_notified: None,
        physician_notified: Some("2026-11-20T10:40:00Z".parse().unwrap()),
        patient_location: None,
        kind: ConsultType::Update,
        reason: ConsultReason::EegRoutine,
        caller: None,
    };
    let mut why = Reason::new(ReasonKind::Invalid, "Bad parameters");
    why.fields = vec![("locationId".into(), "no such place".into())];
    let mut form = Form::ask_consult_again(EntryId(12), &content, &why, &cx);
    assert_eq!(form.replaces(), Some(EntryId(12)));
    let shown = screen(&form, &cx, 90, 40);
    assert!(
        shown.contains("! Solo says: no such place") && shown.contains("Solo refused it: Bad parameters"),
        "{shown}"
    );
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay, "unchanged it would be refused again");
    keys(&mut form, &cx, "<bs>c");
    let Intent::AskConsult { content: again, .. } = submitted(keys(&mut form, &cx, "<enter>")) else { panic!() };
    assert_eq!(again.location, PLACE.replace("8ab", "8ac"));
    assert_eq!(Consult { location: PLACE.into(), ..*again }, content);
}

#[test]
fn the_forms_are_drawn_at_every_size_with_the_keys_in_every_field() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (_dir, root) = folder();
    let mut picture = attach();
    picture.paste(&format!("{root}/inbox/rash.png"), &cx);
    let event = keys(&mut picture, &cx, "<tab>");
    looked(&mut picture, event, &cx);
    for form in [
        attach(),
        picture,
        Form::add_document(WHOM, &about(), &cx),
        Form::create_episode(WHOM, &about(), &[], &cx),
        Form::ask_consult(&person(), &cx),
    ] {
        through_all_fields(&form, &cx);
    }
}

#[test]
fn a_question_that_is_longer_than_the_labels_is_read_whole() {
    let scene = Scene::new();
    let cx = scene.cx();
    let question = TemplateQuestion {
        id: "q1".into(),
        label: "Which medicines do you take in the morning, and since when?".into(),
        ..TemplateQuestion::default()
    };
    let part = VisitNotePart { template: "Intake".into(), questions: vec![question], ..VisitNotePart::default() };
    let form = Form::visit_note(VISIT, about(), VisitNote { parts: vec![part], ..VisitNote::default() });
    let shown = screen(&form, &cx, 80, 24);
    let words: String = shown.lines().map(|l| l.trim_matches(['│', ' ']).to_owned() + " ").collect();
    for part in ["Which medicines", "morning", "since when?"] {
        assert!(words.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains('…'), "{shown}");
}
