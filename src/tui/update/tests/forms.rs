//! Promise: what was asked for one form never reaches another one that was opened meanwhile.

use crate::{
    domain::{Command, Intent, Message, Question, Reply, Request, command::Refusal, view::Told},
    tui::{
        harness::{Desk, World, samples::patient_id},
        layers::Layer,
        update::Purpose,
    },
};

/// Keys whose answers are kept back.
fn unanswered(desk: &mut Desk, keys: &str) {
    desk.engine.slow.set(true);
    desk.keys(keys);
}

/// All that was kept back comes.
fn answered(desk: &mut Desk) {
    desk.engine.slow.set(false);
    desk.answer();
}

fn questions(desk: &Desk, of: fn(&Question) -> bool) -> usize {
    desk.engine.started.borrow().iter().filter(|r| matches!(r, Request::Ask(q) if of(q))).count()
}

/// The link that was made for one patient's visit must not be filed under another's.
#[test]
fn a_link_that_comes_late_is_not_filed_under_another_visit() {
    let mut desk = Desk::new(200, 60);
    desk.keys("2gvc");
    unanswered(&mut desk, "<tab><tab>V-1<tab>P-1<enter><esc><esc><esc>");
    assert!(desk.model().layers.is_empty(), "{}", desk.screen());
    desk.keys("jvc").shows(&["Context-aware link for"]);
    answered(&mut desk);
    desk.shows(&["Context-aware link for"]);
    let [Layer::VisitLinks(links), Layer::Form(_)] = &desk.model().layers[..] else { panic!("{}", desk.screen()) };
    assert_eq!(links.made, [], "the other visit's link");
}

#[test]
fn a_patient_who_is_found_late_does_not_close_the_next_question() {
    let mut desk = Desk::new(80, 24);
    let before = desk.keys("3").model().patients.current().map(|r| r.id);
    unanswered(&mut desk, "IS-1<enter><esc><esc>");
    desk.keys("IS-2").shows(&["S-2"]);
    answered(&mut desk);
    desk.shows(&["Look a patient up at Solo", "S-2"]);
    assert_eq!(desk.model().patients.current().map(|r| r.id), before);
    desk.keys("<enter>").lacks(&["Look a patient up"]);
    assert_eq!(desk.model().patients.current().map(|r| r.id), Some(patient_id(7)), "its own answer does");
}

/// The free times of one form's room are not offered in another's.
#[test]
fn free_times_that_come_late_are_not_those_of_another_form() {
    let mut desk = Desk::new(200, 60);
    desk.keys("3g");
    unanswered(&mut desk, "b<esc>jb");
    assert_eq!(questions(&desk, |q| matches!(q, Question::Slots { .. })), 2);
    let waiting: Vec<u64> = desk.model().waiting.iter().map(|(number, _)| *number).collect();
    let slots = |desk: &Desk, nth: usize| {
        let asked = desk.engine.started.borrow();
        let question = asked.iter().filter_map(|r| match r {
            Request::Ask(q @ Question::Slots { .. }) => Some(q.clone()),
            _ => None,
        });
        desk.engine.world.borrow().told(&question.collect::<Vec<_>>()[nth])
    };
    let told = slots(&desk, 0);
    desk.hear(Message::Told { to: waiting[0], told: Ok(told) }).shows(&["asking"]);
    let Told::Slots(free) = slots(&desk, 1) else { panic!("no slots") };
    let last = Told::Slots(vec![free[3]]);
    let clock = free[3].start.strftime("%H:%M").to_string();
    let to = desk.model().waiting.iter().map(|(number, _)| *number).max().unwrap_or_default();
    desk.hear(Message::Told { to, told: Ok(last) }).shows(&[&clock]).lacks(&["asking for"]);
}

#[test]
fn a_bed_is_looked_at_once_however_often_enter_is_pressed() {
    let mut desk = Desk::new(80, 24);
    desk.keys("N");
    unanswered(&mut desk, "i<right><tab>ICU<tab>7<enter><enter>");
    assert_eq!(questions(&desk, |q| matches!(q, Question::Assistance { .. })), 1);
    desk.shows(&["Still asking"]);
    desk.keys("<esc><esc>i<right><tab>ward");
    answered(&mut desk);
    desk.shows(&["Is somebody asked for at a bed?", "ward"]);
}

/// Neither what was typed elsewhere nor the refused write of another form goes with a late reply.
#[test]
fn a_write_that_is_saved_late_leaves_the_next_form_alone() {
    let mut desk = Desk::new(80, 24);
    desk.keys("2x");
    unanswered(&mut desk, "late<enter><esc><esc>");
    assert!(desk.model().layers.is_empty(), "{}", desk.screen());
    desk.keys("3geX");
    answered(&mut desk);
    desk.shows(&["saved; its vendor is told"]);
    assert!(matches!(&desk.model().layers[..], [Layer::Form(form)] if form.dirty()), "{}", desk.screen());
}

#[test]
fn a_refusal_without_its_form_is_said_and_marks_no_other_form() {
    let mut desk = Desk::with(World::small(), 80, 24, |_| {});
    *desk.engine.refusal.borrow_mut() = Some(Refusal::Invalid("reason: too long".into()));
    desk.keys("2x");
    unanswered(&mut desk, "late<enter><esc><esc>");
    desk.keys("3geX");
    answered(&mut desk);
    desk.shows(&["Not done", "reason: too long"]).lacks(&["Everything typed is kept", "see the marked field"]);
}

/// What comes late does not lead away from where the person is by now.
#[test]
fn a_booking_that_is_saved_after_its_form_was_left_moves_no_selection() {
    let mut desk = Desk::new(200, 60);
    desk.keys("3gb").keys("<enter>");
    unanswered(&mut desk, "<enter><enter><esc><esc>");
    let booked = |c: &Command| matches!(c, Command::Submit { intent: Intent::Book { .. }, .. });
    assert!(desk.engine.commands().iter().any(booked), "{}", desk.screen());
    let (focus, row) = (desk.model().focus, desk.model().appointments.current().map(|r| r.id));
    answered(&mut desk);
    assert_eq!((desk.model().focus, desk.model().appointments.current().map(|r| r.id)), (focus, row));
    assert!(desk.model().making.is_none());
}

/// A link leaves the window only once it is on record that this one does.
#[test]
fn what_is_on_record_for_one_visit_copies_no_link_of_another() {
    let mut desk = Desk::with(World::small(), 200, 60, |s| s.clipboard = true);
    desk.keys("2gv");
    unanswered(&mut desk, "y<esc>jv");
    let of = |desk: &Desk, wanted: fn(&Purpose) -> bool| {
        desk.model().waiting.iter().filter(|(_, p)| wanted(p)).map(|(number, _)| *number).collect::<Vec<_>>()
    };
    let links = desk.engine.world.borrow().visit_links.clone();
    for to in of(&desk, |p| matches!(p, Purpose::VisitLinks(_))) {
        desk.hear(Message::Told { to, told: Ok(Told::Links(links.clone())) });
    }
    desk.keys("y");
    let [first, second] = of(&desk, |p| matches!(p, Purpose::CopyLink(_)))[..] else { panic!("{}", desk.screen()) };
    let copied = |desk: &Desk| desk.model().log.iter().any(|s| s.toast.text == "link copied");
    desk.hear(Message::Reply { to: first, reply: Reply::Done });
    assert!(!copied(&desk), "the link of a visit whose copy is not on record yet");
    desk.hear(Message::Reply { to: second, reply: Reply::Done });
    assert!(copied(&desk));
}
