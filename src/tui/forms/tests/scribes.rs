//! What forms make of what is typed about scribes' sessions, doctors and accounts.

use super::*;
use crate::domain::{
    Fact, Intent, Kind, Record, Source, Sourced,
    doctor::Doctor,
    record::Facts,
    scribe::{Account, AccountAct, Manner, SessionMore, SessionPerson},
    session::{Session, Stage},
    stream::{StreamAct, StreamWish},
    view::{Freshness, SessionRow},
};

const HEIDI: VendorId = VendorId(crate::domain::ids::Tag::new("heidi"));

fn session() -> Session {
    Session {
        vendor: HEIDI,
        status: "CREATED".into(),
        stage: Stage::Ready,
        appointment: None,
        patient: None,
        doctor: None,
        title: None,
        created_at: None,
        updated_at: None,
        language: Some("en".into()),
        duration: Some(60),
        clinician_notes: vec!["Allergic to penicillin.".into(), "Takes ramipril.".into()],
        summary: None,
        more: SessionMore {
            person: SessionPerson {
                name: Some("Okoro".into()),
                gender: Some("FEMALE".into()),
                ..SessionPerson::default()
            },
            ..SessionMore::default()
        },
    }
}

fn of(text: &str) -> AboutSession {
    AboutSession {
        session: RecordId(7),
        vendor: HEIDI,
        patient: about(),
        standing: "21 Nov 14:00 · note ready".into(),
        text: text.into(),
    }
}

fn detail(linked: &str) -> Detail {
    let mut facts = Facts::default();
    let sourced = Sourced { value: linked.to_owned(), source: Source::Own, at: Scene::new().now };
    facts.values.insert(Fact::ContextSessions, sourced);
    Detail {
        id: RecordId(7),
        kind: Kind::Session,
        shown: Some(Record::Session(Box::new(session()))),
        base: None,
        provenance: None,
        complete: true,
        refs: Vec::new(),
        facts,
        links: Vec::new(),
        pending: Vec::new(),
        patient: None,
        episode: None,
        visit: None,
        sent: Vec::new(),
    }
}

fn row(id: u64, vendor: &'static str) -> SessionRow {
    let now = Scene::new().now;
    SessionRow {
        id: RecordId(id),
        vendor: VendorId::new(vendor),
        appointment: None,
        patient_name: "Okoro, Ifeoma".into(),
        doctor: String::new(),
        stage: Stage::Ready,
        status: "CREATED".into(),
        urgency: Stage::Ready.urgency(),
        since: Some(now),
        fresh: Freshness { source: Source::Read, at: now, stale: false, pending: false, attention: false },
    }
}

fn changed(event: FormEvent) -> crate::domain::scribe::SessionChange {
    match submitted(event) {
        Intent::ChangeSession { session: RecordId(7), vendor: HEIDI, change } => *change,
        other => panic!("{other:?}"),
    }
}

fn streamed(event: FormEvent) -> StreamWish {
    match event {
        FormEvent::Do(_, command) => match *command {
            Command::Stream { act: StreamAct::Start { wish } } => *wish,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn context_is_added_and_taken_away_and_what_was_linked_stays_linked() {
    let scene = Scene::new();
    let mut form = Form::context(of(""), &session(), &detail(r#"["135814281990413956785027749853284386585"]"#));
    let linked = form.linked_before();
    assert_eq!(linked.len(), 1);
    assert_eq!(linked[0].value, "135814281990413956785027749853284386585");
    form.linked(RecordId(31));
    form.earlier(&[row(7, "heidi"), row(31, "heidi"), row(32, "heidi"), row(40, "noa")], &scene.cx());
    assert!(screen(&form, &scene.cx(), 90, 30).contains("r31"));
    // Nothing but the note is said: the list that stands there is not sent again.
    let change = changed(keys(&mut form, &scene.cx(), "Smokes.<enter>"));
    assert_eq!(change.add_notes, ["Smokes."]);
    assert_eq!((change.remove_notes.len(), change.context_sessions), (0, None));

    let mut form = Form::context(of(""), &session(), &detail(r#"["135814281990413956785027749853284386585"]"#));
    form.earlier(&[row(7, "heidi"), row(31, "heidi"), row(32, "heidi"), row(40, "noa")], &scene.cx());
    form.linked(RecordId(31));
    let change = changed(keys(&mut form, &scene.cx(), "<tab><down> <backtab><backtab> <enter>"));
    assert_eq!(change.context_sessions, Some(vec![RecordId(31), RecordId(32)]));
    assert_eq!(change.remove_notes, ["Allergic to penicillin."]);
}

#[test]
fn context_that_stands_there_already_is_said_and_nothing_at_all_is_not_sent() {
    let scene = Scene::new();
    let mut form = Form::context(of(""), &session(), &detail("[]"));
    assert_eq!(keys(&mut form, &scene.cx(), "<enter>"), FormEvent::Stay);
    assert!(screen(&form, &scene.cx(), 90, 30).contains("Nothing is added"));
    assert_eq!(keys(&mut form, &scene.cx(), "Takes ramipril.<enter>"), FormEvent::Stay);
    assert!(screen(&form, &scene.cx(), 90, 30).contains("stands there already"));
    through_all_fields(&form, &scene.cx());
}

#[test]
fn only_what_was_changed_of_a_session_is_sent() {
    let scene = Scene::new();
    let mut form = Form::edit_session(of(""), &session());
    assert_eq!(keys(&mut form, &scene.cx(), "<enter>"), FormEvent::Stay);
    let change = changed(keys(&mut form, &scene.cx(), " Ada<tab><right><enter>"));
    assert_eq!(change.person.name.as_deref(), Some("Okoro Ada"));
    assert_eq!(change.person.gender.as_deref(), Some("OTHER"));
    assert_eq!((change.language, change.duration, change.consent), (None, None, None));
    let mut form = Form::edit_session(of(""), &session());
    assert_eq!(keys(&mut form, &scene.cx(), "<tab><tab>1980-13-01<enter>"), FormEvent::Stay);
    through_all_fields(&form, &scene.cx());
}

#[test]
fn a_profile_is_said_by_its_id() {
    let scene = Scene::new();
    let mut form = Form::assign_profile(of(""));
    assert_eq!(keys(&mut form, &scene.cx(), "<enter>"), FormEvent::Stay);
    let intent = submitted(keys(&mut form, &scene.cx(), "5eb7cf5a<enter>"));
    assert_eq!(intent, Intent::AssignProfile { session: RecordId(7), vendor: HEIDI, profile: "5eb7cf5a".into() });
}

#[test]
fn a_note_is_written_by_one_template_and_its_place_is_told() {
    let scene = Scene::new();
    let mut form = Form::write(Writing::Note, of("Plan: rest."));
    assert!(screen(&form, &scene.cx(), 90, 30).contains("takes the place of the note"));
    let wish =
        streamed(keys(&mut form, &scene.cx(), "T-1<tab><tab>allergies too<tab>BRIEF<tab>RIGHT<tab><right><enter>"));
    let manner =
        Manner { template: Some("T-1".into()), voice: Some("BRIEF".into()), brain: Some("RIGHT".into()), html: true };
    let (session, addition) = (RecordId(7), "allergies too".to_owned());
    assert_eq!(wish, StreamWish::Note { session, manner, own_template: None, addition });
    let mut form = Form::write(Writing::Note, of(""));
    assert_eq!(keys(&mut form, &scene.cx(), "T-1<tab>Mine<enter>"), FormEvent::Stay);
    assert!(screen(&form, &scene.cx(), 90, 30).contains("not both"));
    through_all_fields(&form, &scene.cx());
}

#[test]
fn a_question_is_about_the_note_unless_another_text_is_typed() {
    let scene = Scene::new();
    let mut form = Form::write(Writing::Answer, of("Plan: rest."));
    assert_eq!(keys(&mut form, &scene.cx(), "<enter>"), FormEvent::Stay, "there is no question");
    let wish = streamed(keys(&mut form, &scene.cx(), "Shorter?<enter>"));
    let StreamWish::Answer { question, content, .. } = wish else { panic!() };
    assert_eq!((question.as_str(), content.as_str()), ("Shorter?", "Plan: rest."));
    let mut form = Form::write(Writing::Answer, of("Plan: rest."));
    let wish = streamed(keys(&mut form, &scene.cx(), "Why?<tab><right><tab>mine<enter>"));
    let StreamWish::Answer { content, .. } = wish else { panic!() };
    assert_eq!(content, "mine");
}

#[test]
fn a_document_is_queued_and_not_watched() {
    let scene = Scene::new();
    let mut form = Form::write(Writing::Document, of(""));
    assert!(form.watched().is_none());
    let intent = submitted(keys(&mut form, &scene.cx(), "T-9<enter>"));
    let manner = Manner { template: Some("T-9".into()), ..Manner::default() };
    assert_eq!(intent, Intent::WriteDocument { session: RecordId(7), vendor: HEIDI, manner });
}

#[test]
fn a_doctor_has_a_facility_an_id_and_a_name() {
    let scene = Scene::new();
    let noa = VendorId::new("noa");
    let content = Doctor { vendor: noa, facility: "F-1".into(), id: "D-9".into(), name: "Nadia Farrow".into() };
    let mut form = Form::doctor(noa, false, &scene.cx());
    assert_eq!(keys(&mut form, &scene.cx(), "<enter>"), FormEvent::Stay);
    let intent = submitted(keys(&mut form, &scene.cx(), "Nadia Farrow<enter>"));
    assert_eq!(intent, Intent::RegisterDoctor { doctor: RecordId::UNASSIGNED, content: content.clone() });
    let mut form = Form::doctor(noa, true, &scene.cx());
    let intent = submitted(keys(&mut form, &scene.cx(), "Nadia Farrow<enter>"));
    assert_eq!(intent, Intent::UpdateDoctor { doctor: RecordId::UNASSIGNED, content });
    through_all_fields(&form, &scene.cx());
}

#[test]
fn the_account_is_asked_for_at_once_and_what_to_do_without_one_is_said() {
    let scene = Scene::new();
    let mut form = Form::account(HEIDI);
    let show = Question::Account { vendor: HEIDI, act: AccountAct::Show };
    assert_eq!(form.opened(&scene.cx()), FormEvent::Ask(show));
    form.told(&Ok(Told::Account(Account::default())), &scene.cx());
    assert!(screen(&form, &scene.cx(), 90, 20).contains("no account is linked"));
    let event = keys(&mut form, &scene.cx(), "<right><tab>A-7<enter>");
    assert_eq!(event, FormEvent::Ask(Question::Account { vendor: HEIDI, act: AccountAct::Link("A-7".into()) }));
    let account = Account { linked: true, id: Some("A-7".into()), ..Account::default() };
    form.told(&Ok(Told::Account(account)), &scene.cx());
    assert!(screen(&form, &scene.cx(), 90, 20).contains("account A-7"));
    through_all_fields(&form, &scene.cx());
}
