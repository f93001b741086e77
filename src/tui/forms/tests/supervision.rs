//! Addendums, answers and sign-offs: what is typed, what is signed, what was refused.

use super::*;
use crate::{
    domain::{
        ReasonKind,
        note::{Addendum, SignOff},
    },
    tui::signature::{hand, png},
};

fn asked() -> Addendum {
    Addendum { session_note: "46".into(), instructions: "Name the dose.".into(), ..Addendum::default() }
}

fn signed() -> SignOff {
    SignOff {
        session_note: "99".into(),
        instructions: Some("Look again".into()),
        review_date: "2026-11-20T10:00:30Z".parse().ok(),
        signature: signature("Amira").expose().to_owned(),
        ..SignOff::default()
    }
}

fn signature(name: &str) -> Signature {
    png::encode(&hand::write(name).unwrap()).unwrap()
}

fn note() -> AboutNote {
    AboutNote { number: Some("46".into()), patient: about(), told: "draft".into(), text: "Cough.".into() }
}

#[test]
fn an_answer_is_a_text_a_signature_or_both() {
    let scene = Scene::new();
    let cx = scene.cx();
    let new = || Form::answer_addendum(RecordId(9), &asked(), about(), &cx);
    let shown = screen(&new(), &cx, 90, 24);
    assert!(shown.contains("Answer an addendum") && shown.contains("Name the dose.") && shown.contains("Okoro"));
    assert_eq!(keys(&mut new(), &cx, "<enter>"), FormEvent::Stay, "an empty answer says nothing");
    let Intent::AnswerAddendum { addendum, session_note, response, signature: None } =
        submitted(keys(&mut new(), &cx, "2 mg.<enter>"))
    else {
        panic!("not an answer")
    };
    assert_eq!((addendum, session_note.as_str(), response.as_deref()), (RecordId(9), "46", Some("2 mg.")));
    let mut form = new();
    let signed = submitted(keys(&mut form, &cx, "<tab><enter>Amira<enter><enter>"));
    assert!(
        matches!(signed, Intent::AnswerAddendum { response: None, signature: Some(s), .. } if s == signature("Amira"))
    );
}

#[test]
fn a_sign_off_is_dated_and_signed() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::sign_off(Some(note()), &cx);
    let shown = screen(&form, &cx, 90, 24);
    assert!(shown.contains("2026-11-21 12:00"), "it is reviewed now unless somebody says otherwise\n{shown}");
    keys(&mut form, &cx, "<enter>");
    assert!(screen(&form, &cx, 90, 24).contains("! sign it first"));
    keys(&mut form, &cx, "<enter>Amira");
    insta::assert_snapshot!("signature_pad", screen(&form, &cx, 90, 24));
    keys(&mut form, &cx, "<enter>");
    insta::assert_snapshot!("signed", screen(&form, &cx, 90, 30));
    let Intent::SignOff { review_date, signature: s, instructions: None, session_note, .. } =
        submitted(keys(&mut form, &cx, "<enter>"))
    else {
        panic!("not a sign-off")
    };
    assert_eq!((review_date, session_note.as_str()), ("2026-11-21T11:00:00Z".parse().unwrap(), "46"));
    assert!(s == signature("Amira"));
    let mut form = Form::sign_off(None, &cx);
    keys(&mut form, &cx, "123456789012345678901234<tab><bs><bs>99<enter>");
    let shown = screen(&form, &cx, 90, 24);
    assert!(!shown.contains("longer than any"), "a number of any length is one\n{shown}");
    assert!(shown.contains("! "), "no such time\n{shown}");
}

#[test]
fn only_what_differs_of_a_sign_off_is_changed() {
    let scene = Scene::new();
    let cx = scene.cx();
    let new = || Form::change_sign_off(RecordId(9), &signed(), about(), &cx);
    assert_eq!(keys(&mut new(), &cx, "<enter>"), FormEvent::Stay);
    let Intent::ChangeSignOff { change, .. } = submitted(keys(&mut new(), &cx, "!<enter>")) else { panic!() };
    assert_eq!(
        (change.instructions.as_deref(), change.review_date, change.signature),
        (Some("Look again!"), None, None)
    );
    let mut form = new();
    let typed = "<backtab><bs><bs>30<enter>";
    let Intent::ChangeSignOff { change, .. } = submitted(keys(&mut form, &cx, typed)) else { panic!() };
    assert_eq!((change.instructions, change.review_date), (None, "2026-11-20T10:30:00Z".parse().ok()));
}

#[test]
fn what_was_refused_comes_back_with_the_clinic_s_words_until_it_is_changed() {
    let scene = Scene::new();
    let cx = scene.cx();
    let intent = Intent::SignOff {
        sign_off: RecordId(9),
        session_note: "46".into(),
        instructions: None,
        review_date: scene.now,
        signature: signature("Amira"),
    };
    let again = |why: &Reason| Form::supervise_again(EntryId(7), &intent, why, &cx).unwrap();
    let mut why = Reason::new(ReasonKind::Invalid, "");
    why.fields = vec![("signature".into(), "invalid format".into()), ("review_date".into(), "is odd".into())];
    let mut form = again(&why);
    let shown = screen(&form, &cx, 90, 30);
    assert!(shown.contains("the clinic says: invalid format") && shown.contains("the clinic says: is odd"), "{shown}");
    assert_eq!((form.replaces(), form.dirty()), (Some(EntryId(7)), true));
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay, "unchanged it is not sent again");
    let mut form = again(&Reason::new(ReasonKind::NotFound, "Session note not found"));
    assert!(screen(&form, &cx, 90, 30).contains("! the clinic says: Session note not found"));
    let fixed = submitted(keys(&mut form, &cx, "7<enter>"));
    assert!(matches!(fixed, Intent::SignOff { session_note, .. } if session_note == "467"));
    let other = Intent::CancelAppointment { appointment: RecordId(1) };
    assert!(Form::supervise_again(EntryId(7), &other, &why, &cx).is_none());
}

#[test]
fn every_way_to_sign_is_drawn_at_every_size() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::sign_off(Some(note()), &cx);
    through_all_fields(&form, &cx);
    keys(&mut form, &cx, "<tab><enter>");
    for way in ["Zo", "<tab> <right><right>", "<tab>/tmp/x.png", "<tab>"] {
        keys(&mut form, &cx, way);
        at_every_size(&form, &cx);
    }
    form.signature_told(Reply::Signatures(Vec::new()), &cx);
    assert!(screen(&form, &cx, 90, 24).contains("you keep none yet"));
    assert_eq!(keys(&mut form, &cx, "<esc>"), FormEvent::Stay, "back to the fields");
    assert!(screen(&form, &cx, 90, 24).contains("Reviewed"));
}

#[test]
fn the_mouse_signs_where_it_is_drawn() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::sign_off(Some(note()), &cx);
    keys(&mut form, &cx, "<tab><enter><tab>");
    let area = Rect::new(0, 0, 90, 24);
    form.touch(Position::new(10, 10), false, area, &cx);
    form.touch(Position::new(40, 10), true, area, &cx);
    let shown = screen(&form, &cx, 90, 24);
    let row: Vec<char> = shown.lines().nth(10).unwrap().chars().collect();
    assert!((12..38).all(|x| row[x] != ' ' && row[x] != '\u{2800}'), "{shown}");
}

#[test]
fn nothing_of_a_signature_is_told_by_debug() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::sign_off(Some(note()), &cx);
    let event = keys(&mut form, &cx, "<tab><enter>Amira<enter><enter>");
    assert!(!format!("{form:?} {event:?}").contains("iVBOR"));
}
