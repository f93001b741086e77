use super::*;
use crate::domain::{
    ReasonKind, Source,
    appointment::{AppointmentStatus, Slot},
    view::Freshness,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn slots(starts: &[&str]) -> Result<Told, Reason> {
    Ok(Told::Slots(starts.iter().map(|s| Slot { start: at(s), duration: 900 }).collect()))
}

fn book(scene: &Scene) -> (Form, FormEvent) {
    let mut form = Form::book(RecordId(5), about(), &scene.cx());
    let asked = form.opened(&scene.cx());
    (form, asked)
}

fn asked(event: &FormEvent) -> (String, String, String, Option<u32>) {
    match event {
        FormEvent::Ask(Question::Slots { room, after, before, duration }) => {
            (room.clone(), after.to_string(), before.to_string(), *duration)
        }
        other => panic!("nothing asked: {other:?}"),
    }
}

fn base() -> Terms {
    Terms {
        start: Some(at("2026-11-23T13:00:00Z")),
        duration: Some(1_800),
        reasons: vec!["cough".into(), "fever".into()],
        external_id: Some("x-1".into()),
        account_number: None,
    }
}

/// An appointment of a quarter of an hour that another person queued.
fn on_the_board(id: u64, patient: u64, room: &str, start: &str) -> AppointmentRow {
    let fresh = Freshness { source: Source::Own, at: at(start), stale: false, pending: true, attention: false };
    AppointmentRow {
        id: RecordId(id),
        start: Some(at(start)),
        duration: Some(900),
        patient: Some(RecordId(patient)),
        patient_name: "Obi, Ada".into(),
        provider: String::new(),
        room: Some((room.into(), Source::Own)),
        status: AppointmentStatus::Scheduled,
        video: None,
        wait: None,
        reasons: String::new(),
        fresh,
    }
}

/// SCREENS.md: at most three keys before typing; `b` opened the form.
#[test]
fn the_next_free_time_is_booked_with_two_enters() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (mut form, event) = book(&scene);
    assert_eq!(
        asked(&event),
        ("Telehealth A".into(), "2026-11-21T11:00:00Z".into(), "2026-11-21T23:00:00Z".into(), None)
    );
    // Out of order, and one that has passed.
    form.told(&slots(&["2026-11-21T13:30:00Z", "2026-11-21T13:00:00Z", "2026-11-21T09:00:00Z"]), &cx);
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay);
    let intent = submitted(keys(&mut form, &cx, "<enter>"));
    let expected = Intent::Book {
        appointment: RecordId::UNASSIGNED,
        patient: RecordId(5),
        room: "Telehealth A".into(),
        terms: Terms { start: Some(at("2026-11-21T13:00:00Z")), duration: Some(900), ..Terms::default() },
        episode: None,
    };
    assert!(intent == expected);
}

#[test]
fn everything_else_may_be_said_too() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (mut form, _) = book(&scene);
    form.told(&slots(&["2026-11-21T13:00:00Z", "2026-11-21T13:30:00Z"]), &cx);
    keys(&mut form, &cx, "<enter><down><tab><tab>20");
    // Another length may fit into other times.
    let event = keys(&mut form, &cx, "<tab>");
    assert_eq!(asked(&event).3, Some(1_200));
    form.told(&slots(&["2026-11-21T13:00:00Z", "2026-11-21T13:30:00Z"]), &cx);
    keys(&mut form, &cx, "cough; ; fever<tab>ours-1");
    let Intent::Book { terms, .. } = submitted(keys(&mut form, &cx, "<enter>")) else { panic!("not a booking") };
    assert_eq!(terms.start, Some(at("2026-11-21T13:30:00Z")));
    assert_eq!((terms.duration, terms.external_id.as_deref()), (Some(1_200), Some("ours-1")));
    assert_eq!(terms.reasons, ["cough", "fever"]);
}

#[test]
fn another_time_is_never_put_in_the_place_of_the_chosen_one_unseen() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (mut form, _) = book(&scene);
    form.told(&slots(&["2026-11-21T13:00:00Z", "2026-11-21T13:30:00Z"]), &cx);
    keys(&mut form, &cx, "<enter><down><tab><tab>20<tab>");
    form.told(&slots(&["2026-11-21T15:00:00Z"]), &cx);
    assert_eq!(keys(&mut form, &cx, "cough<enter>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 80, 24).contains("! 14:30 is not free for this; choose again"));
    let Intent::Book { terms, .. } = submitted(keys(&mut form, &cx, "<enter>")) else { panic!("not a booking") };
    assert_eq!(terms.start, Some(at("2026-11-21T15:00:00Z")));
}

/// HOUSE.md: nothing changes behind a person's back. The time that stood there when somebody went on to the minutes is kept
/// where it is free for so long, and otherwise its loss is said.
#[test]
fn other_minutes_keep_the_time_or_say_that_it_is_gone() {
    let scene = Scene::new();
    let cx = scene.cx();
    for (free, kept) in [
        (&["2026-11-21T12:30:00Z", "2026-11-21T13:00:00Z"][..], true),
        (&["2026-11-21T12:30:00Z", "2026-11-21T14:00:00Z"][..], false),
    ] {
        let (mut form, _) = book(&scene);
        form.told(&slots(&["2026-11-21T13:00:00Z", "2026-11-21T13:30:00Z"]), &cx);
        let event = keys(&mut form, &cx, "<enter><tab><tab>40<tab>");
        assert_eq!(asked(&event).3, Some(2_400));
        form.told(&slots(free), &cx);
        let end = keys(&mut form, &cx, "<enter>");
        if kept {
            let Intent::Book { terms, .. } = submitted(end) else { panic!("no booking") };
            assert_eq!((terms.start, terms.duration), (Some(at("2026-11-21T13:00:00Z")), Some(2_400)));
        } else {
            assert_eq!(end, FormEvent::Stay);
            assert!(
                screen(&form, &cx, 80, 30).contains("! 14:00 is not free for this; choose again"),
                "{}",
                screen(&form, &cx, 80, 30)
            );
        }
    }
}

#[test]
fn a_full_day_leads_to_the_next_day_with_a_free_time() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (mut form, _) = book(&scene);
    let event = form.told(&slots(&[]), &cx);
    assert_eq!(
        asked(&event),
        ("Telehealth A".into(), "2026-11-21T23:00:00Z".into(), "2026-12-05T23:00:00Z".into(), None)
    );
    assert!(screen(&form, &cx, 80, 24).contains("looking for a free time in 14 days"));
    form.told(&slots(&["2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z"]), &cx);
    let shown = screen(&form, &cx, 80, 24);
    assert!(shown.contains("Mon 23 Nov 2026") && shown.contains("09:00 – 09:15"), "{shown}");
    keys(&mut form, &cx, "<enter>");
    let Intent::Book { terms, .. } = submitted(keys(&mut form, &cx, "<enter>")) else { panic!("not a booking") };
    assert_eq!(terms.start, Some(at("2026-11-23T08:00:00Z")));
}

#[test]
fn what_cannot_be_booked_is_said() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (mut form, _) = book(&scene);
    assert_eq!(keys(&mut form, &cx, "<enter><enter>"), FormEvent::Stay, "a time that nobody has seen is not booked");
    assert!(screen(&form, &cx, 80, 24).contains("! asking for the free times"));
    form.told(&Err(Reason::new(ReasonKind::Unreachable, "")), &cx);
    assert!(screen(&form, &cx, 80, 24).contains("could not be asked: cannot be reached"));
    let event = keys(&mut form, &cx, "<enter>");
    assert_eq!(asked(&event).0, "Telehealth A", "enter asks again");
    form.told(&slots(&[]), &cx);
    form.told(&slots(&[]), &cx);
    assert!(screen(&form, &cx, 80, 24).contains("no free slot in 14 days"));
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay);
}

#[test]
fn room_and_day_are_asked_about_once_they_rest() {
    let mut scene = Scene::new();
    let (mut form, _) = book(&scene);
    form.told(&slots(&["2026-11-21T13:00:00Z"]), &scene.cx());
    assert_eq!(keys(&mut form, &scene.cx(), "<tab><right><right>"), FormEvent::Stay);
    // The answer to a question that counts no more changes nothing.
    form.told(&slots(&["2026-11-21T13:00:00Z"]), &scene.cx());
    assert!(screen(&form, &scene.cx(), 80, 24).contains("not asked yet"));
    assert_eq!(form.tick(&scene.cx()), FormEvent::Stay);
    scene.wait(150);
    assert_eq!(form.next_tick(), Some(scene.now));
    let event = form.tick(&scene.cx());
    assert_eq!(asked(&event).1, "2026-11-22T23:00:00Z");
    assert_eq!(keys(&mut form, &scene.cx(), "<tab>"), FormEvent::Stay, "it was asked already");
    form.told(&slots(&[]), &scene.cx());
    let event = keys(&mut form, &scene.cx(), "<backtab>t<enter>");
    assert_eq!(asked(&event).2, "2026-11-21T23:00:00Z");
    form.told(&slots(&[]), &scene.cx());
    let event = keys(&mut form, &scene.cx(), "<backtab><backtab><right><enter>");
    assert_eq!(asked(&event).0, "Walk-in");
}

#[test]
fn an_answer_is_never_taken_for_another_rooms() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (mut form, _) = book(&scene);
    assert_eq!(keys(&mut form, &cx, "<right><enter>"), FormEvent::Stay, "one question at a time");
    let event = form.told(&slots(&["2026-11-21T13:00:00Z"]), &cx);
    assert_eq!(asked(&event).0, "Walk-in");
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay, "the first room's time is not offered");
    form.told(&slots(&["2026-11-21T15:00:00Z"]), &cx);
    let Intent::Book { room, terms, .. } = submitted(keys(&mut form, &cx, "<enter>")) else { panic!("not a booking") };
    assert_eq!((room.as_str(), terms.start), ("Walk-in", Some(at("2026-11-21T15:00:00Z"))));
}

#[test]
fn a_time_of_ones_own_goes_before_the_list() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (mut form, _) = book(&scene);
    form.told(&slots(&["2026-11-21T13:00:00Z"]), &cx);
    keys(&mut form, &cx, "<enter><tab>25:00");
    assert!(screen(&form, &cx, 80, 24).contains("! there is no such time of day"));
    keys(&mut form, &cx, "<bs><bs><bs><bs><bs>16:10");
    assert!(screen(&form, &cx, 80, 24).contains("not among the free times"));
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay, "a time that is not free is asked about first");
    assert!(screen(&form, &cx, 80, 30).contains("the vendor does not tell this time as free"));
    let Intent::Book { terms, .. } = submitted(keys(&mut form, &cx, "<enter>")) else { panic!("not a booking") };
    assert_eq!((terms.start, terms.duration), (Some(at("2026-11-21T15:10:00Z")), None));
}

#[test]
fn a_clinic_without_known_rooms_types_the_room() {
    let mut scene = Scene::new();
    scene.rooms.clear();
    let (mut form, event) = book(&scene);
    assert_eq!(event, FormEvent::Stay);
    let event = keys(&mut form, &scene.cx(), "Annex<enter>");
    assert_eq!(asked(&event).0, "Annex");
}

#[test]
fn rescheduling_changes_only_what_was_chosen() {
    let scene = Scene::new();
    let cx = scene.cx();
    let open = || {
        let mut form = Form::reschedule(RecordId(9), Some(RecordId(5)), about(), base(), Some("Walk-in"), &cx);
        let event = form.opened(&cx);
        assert_eq!(
            asked(&event),
            ("Walk-in".into(), "2026-11-22T23:00:00Z".into(), "2026-11-23T23:00:00Z".into(), Some(1_800))
        );
        form.told(&slots(&["2026-11-23T14:00:00Z", "2026-11-23T15:00:00Z"]), &cx);
        form
    };
    let change = |event: FormEvent| match submitted(event) {
        Intent::ChangeAppointment { appointment, base: held, mine } => {
            assert!(appointment == RecordId(9) && held == base());
            mine
        }
        other => panic!("{other:?}"),
    };
    let mut form = open();
    assert_eq!(keys(&mut form, &cx, "<enter><enter>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 80, 24).contains("Nothing was changed."), "nothing is moved unasked");
    let mine = change(keys(&mut form, &cx, "<down><enter>"));
    assert!(mine == Terms { start: Some(at("2026-11-23T14:00:00Z")), ..base() });
    let mut form = open();
    let mine = change(keys(&mut form, &cx, "<enter><tab><tab><tab>; rash<enter>"));
    assert!(mine == Terms { reasons: vec!["cough".into(), "fever".into(), "rash".into()], ..base() });
}

#[test]
fn it_draws_at_every_size_and_looks_like_this() {
    let scene = Scene::new();
    let cx = scene.cx();
    let (mut form, _) = book(&scene);
    through_all_fields(&form, &cx);
    let starts: Vec<String> = (0..12).map(|i| format!("2026-11-21T{:02}:{:02}:00Z", 13 + i / 4, i % 4 * 15)).collect();
    form.told(&slots(&starts.iter().map(String::as_str).collect::<Vec<_>>()), &cx);
    through_all_fields(&form, &cx);
    keys(&mut form, &cx, "<enter>");
    insta::assert_snapshot!("book", screen(&form, &cx, 80, 24));
    let mut form = Form::reschedule(RecordId(9), Some(RecordId(5)), about(), base(), None, &cx);
    form.opened(&cx);
    insta::assert_snapshot!("reschedule", screen(&form, &cx, 80, 24));
}

/// A warning against the board and the queue before it is saved; the person may confirm.
#[test]
fn nobody_is_booked_twice_without_being_asked() {
    let scene = Scene::new();
    let cx = scene.cx();
    let row = |id, patient, room, status| AppointmentRow {
        status,
        ..on_the_board(id, patient, room, "2026-11-21T13:00:00Z")
    };
    let open = |rows: &[AppointmentRow]| {
        let (mut form, _) = book(&scene);
        assert!(form.lacks_board());
        form.booked(form.board_day().unwrap(), rows, &cx);
        assert!(!form.lacks_board());
        form.told(&slots(&["2026-11-21T13:00:00Z", "2026-11-21T13:30:00Z"]), &cx);
        keys(&mut form, &cx, "<enter>");
        form
    };
    let mut form = open(&[row(1, 8, "Telehealth A", AppointmentStatus::Scheduled)]);
    let shown = screen(&form, &cx, 90, 40);
    assert!(shown.contains("Taken") && shown.contains("14:00–14:15 Obi, Ada (queued)"), "{shown}");
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 90, 40).contains("the room is taken"));
    let mut other = form.clone();
    let asked = submitted(keys(&mut other, &cx, "<down><enter>"));
    assert_eq!(asked.start(), Some(at("2026-11-21T13:30:00Z")), "another time is free");
    let _ = submitted(keys(&mut form, &cx, "<enter>"));
    let mut form = open(&[row(1, 5, "Walk-in", AppointmentStatus::Scheduled)]);
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 90, 40).contains("the patient has one in Walk-in then"));
    let mut form = open(&[
        row(1, 8, "Telehealth A", AppointmentStatus::Cancelled),
        row(2, 8, "Walk-in", AppointmentStatus::Scheduled),
    ]);
    let _ = submitted(keys(&mut form, &cx, "<enter>"));
}

/// Who moves an appointment is warned as who books one: by the room, and by where the patient is then.
#[test]
fn moving_an_appointment_to_where_its_patient_is_elsewhere_is_asked_about() {
    let scene = Scene::new();
    let cx = scene.cx();
    let open = |patient: Option<u64>, rows: &[AppointmentRow]| {
        let mut form = Form::reschedule(RecordId(9), patient.map(RecordId), about(), base(), Some("Walk-in"), &cx);
        let _ = form.opened(&cx);
        form.booked(form.board_day().unwrap(), rows, &cx);
        form.told(&slots(&["2026-11-23T14:00:00Z"]), &cx);
        keys(&mut form, &cx, "<enter><down><enter>");
        screen(&form, &cx, 90, 40)
    };
    let elsewhere = [on_the_board(1, 5, "Telehealth A", "2026-11-23T14:00:00Z")];
    let shown = open(Some(5), &elsewhere);
    assert!(shown.contains("the patient has one in Telehealth A then"), "{shown}");
    assert!(!open(Some(8), &elsewhere).contains("Double booking"), "somebody else's");
    assert!(!open(None, &elsewhere).contains("Double booking"), "nobody knows whose it is");
    // The appointment itself is not in its own way.
    let own = AppointmentRow { id: RecordId(9), ..elsewhere[0].clone() };
    assert!(!open(Some(5), &[own]).contains("Double booking"));
}
