//! Files, episodes, documents and consults: keys in, commands and screen out.

use std::path::{Path, PathBuf};

use crate::{
    domain::{
        Command, Delta, Entry, EntryId, EntryState, Intent, Message, Reason, ReasonKind, Record, RecordId, VendorId,
        attachment::FileToAttach,
        care::{Own, SentRow, Standing},
        command::{Progress, Touched},
        consult::Consult,
        document::{Document, DocumentBody},
        session::Redo,
    },
    tui::{
        harness::{
            Desk, World, noon,
            samples::{EPISODE, FILE, appointment_id, patient, patient_id},
        },
        layers::Layer,
        picture::{
            means::{Means, Protocol},
            tests::halves,
        },
    },
};

fn intents(desk: &Desk) -> Vec<Intent> {
    let of = |c| if let Command::Submit { intent, .. } = c { Some(intent) } else { None };
    desk.engine.commands().into_iter().filter_map(of).collect()
}

/// A picture on the disk.
fn picture(dir: &tempfile::TempDir) -> PathBuf {
    let path = dir.path().join("arm.png");
    std::fs::write(&path, halves(80, 40)).unwrap();
    path
}

/// A world whose second file was sent from here and still lies there.
fn with_picture(path: &Path) -> World {
    let mut world = World::small();
    let file = FileToAttach::describe(path.into(), "arm.png", std::fs::File::open(path).unwrap(), 1 << 20).unwrap();
    world.files[1].file.mime = Some(file.mime.clone());
    world.files[1].local = Some(Box::new(file));
    world
}

fn own(entry: u64, state: &str, unsent: bool) -> Own {
    let what = "attach file".to_owned();
    Own { entry: EntryId(entry), what, state: state.into(), unsent, attention: false, reason: None }
}

#[test]
fn the_files_of_an_appointment_show_whose_they_are_and_how_old_the_list_is() {
    let mut desk = Desk::new(80, 24);
    let whom = patient(0);
    desk.keys("2gA").shows(&[
        &whom.name,
        &whom.mrn,
        &whom.birth_date,
        "rash-left-arm.jpeg",
        "2.4 MB",
        "deleted",
        "3h ago",
    ]);
    desk.keys("<enter>").shows(&["Attachment", "182400"]);
}

#[test]
fn a_file_is_deleted_only_after_its_name_and_its_patient_were_read() {
    let mut desk = Desk::new(80, 24);
    let whom = patient(0);
    desk.keys("2gAjx").shows(&["Delete this file?", "rash-left-arm.jpeg", &whom.name, &whom.mrn]);
    assert!(intents(&desk).is_empty());
    desk.keys("n");
    assert!(intents(&desk).is_empty());
    desk.keys("xy");
    assert_eq!(
        intents(&desk),
        [Intent::DeleteAttachment { attachment: RecordId(FILE + 1), appointment: Some(appointment_id(0)) }]
    );
    desk.keys("jx").shows(&["deleted already"]);
}

#[test]
fn the_selected_file_never_turns_into_its_neighbour() {
    let mut desk = Desk::new(80, 24);
    desk.keys("2gAj");
    desk.engine.world.borrow_mut().files.remove(1);
    let touched = vec![Touched::Entry(EntryId(1))];
    desk.hear(Message::Delta(Delta { seq: 1, touched }));
    desk.keys("x").shows(&["select a file first"]);
    assert!(intents(&desk).is_empty());
}

#[test]
fn an_upload_that_has_not_left_is_taken_back_and_not_deleted() {
    let mut world = World::small();
    world.files[0].own = Some(own(31, "saved", true));
    let mut desk = Desk::with(world, 80, 24, |_| {});
    desk.keys("2gAx").shows(&["Take this file back?"]).keys("y");
    assert_eq!(desk.engine.commands(), [Command::Withdraw { entry: EntryId(31) }]);
    desk.engine.world.borrow_mut().files[0].own = Some(own(31, "sent", false));
    // The first esc puts the refusal away that the engine, which does not know this write, answered with.
    desk.keys("<esc><esc>A").keys("x").shows(&["wait until it is through"]);
}

#[test]
fn the_bar_of_an_upload_moves_and_goes_with_its_state() {
    let mut world = World::small();
    world.files[0].own = Some(own(31, "sent", false));
    let mut desk = Desk::with(world, 80, 24, |_| {});
    desk.keys("2gA");
    let at = |done| Message::Progress(Progress { entry: EntryId(31), done, whole: 2_000_000 });
    desk.hear(at(500_000)).shows(&["█████░", "25 % of 2.0 MB"]);
    desk.hear(at(2_000_000)).shows(&["100 %"]);
    desk.hear(Message::Delta(Delta { seq: 1, touched: vec![Touched::Entry(EntryId(31))] })).lacks(&["100 %"]);
    for entry in 0..100 {
        desk.hear(Message::Progress(Progress { entry: EntryId(entry), done: 1, whole: 2 }));
    }
    assert!(desk.model().uploads.len() <= 64);
}

#[test]
fn a_vendor_that_does_not_tell_leaves_what_was_known_with_its_age() {
    let mut desk = Desk::new(80, 24);
    desk.engine.slow.set(true);
    desk.keys("2gA").shows(&["asking Solo"]);
    let number = desk
        .model()
        .waiting
        .iter()
        .rev()
        .find_map(|(n, p)| matches!(p, crate::tui::update::Purpose::Files(_)).then_some(*n));
    let told = Err(Reason::new(ReasonKind::Unreachable, ""));
    desk.hear(Message::Told { to: number.unwrap(), told });
    desk.shows(&["read 3h ago", "could not be read now", "cannot be reached", "rash-left-arm.jpeg"]);
}

#[test]
fn a_file_is_put_on_the_appointment_by_keys_and_its_picture_is_seen_first() {
    let dir = tempfile::tempdir().unwrap();
    picture(&dir);
    let mut desk = Desk::new(80, 24);
    let whom = patient(0);
    desk.keys("2gAa").shows(&["Put a file on the appointment", &whom.name, &whom.mrn]);
    desk.keys(&format!("{}/ar", dir.path().to_str().unwrap())).keys("<tab>").shows(&["PNG, by its content", "▀"]);
    desk.keys("<enter>");
    let made = intents(&desk);
    let [Intent::AttachFile { appointment, file, .. }] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!((*appointment, file.title.as_str()), (appointment_id(0), "arm.png"));
    assert!(matches!(desk.model().layers.last(), Some(Layer::Files(_))), "the list is there again");
}

#[test]
fn a_picture_that_was_sent_from_here_is_shown_and_others_are_not_invented() {
    let dir = tempfile::tempdir().unwrap();
    let path = picture(&dir);
    let mut desk = Desk::with(with_picture(&path), 80, 24, |_| {});
    desk.keys("2gAjp").shows(&["▀"]);
    desk.keys("p").lacks(&["▀"]);
    desk.keys("gp").shows(&["only PNG and JPEG"]);
    std::fs::write(path, halves(20, 20)).unwrap();
    desk.keys("jp").lacks(&["▀"]).shows(&["was changed since it was sent"]);
}

#[test]
fn an_appointment_is_put_into_an_episode_after_a_question_that_names_all_three() {
    let mut world = World::small();
    world.standing = Standing::None;
    let mut desk = Desk::with(world, 80, 24, |_| {});
    let whom = patient(0);
    desk.keys("2gE").shows(&["In which episode of care?", &whom.name, &whom.mrn, "in no episode"]);
    desk.keys("j<enter>").shows(&["Put the appointment into this episode?", &whom.name, "Knee"]);
    desk.keys("y");
    let episode = Some(RecordId(EPISODE + 1));
    assert_eq!(intents(&desk), [Intent::AssignEpisode { appointment: appointment_id(0), episode }]);
}

#[test]
fn an_appointment_is_taken_out_of_the_episode_that_it_is_in() {
    let mut desk = Desk::new(80, 24);
    desk.keys("2gE").shows(&["in Cough that does not end", "this appointment"]);
    desk.keys("<enter>").shows(&["out of this episode?"]).keys("y");
    assert_eq!(intents(&desk), [Intent::AssignEpisode { appointment: appointment_id(0), episode: None }]);
}

#[test]
fn episodes_of_a_patient_are_listed_begun_and_changed() {
    let mut desk = Desk::new(80, 24);
    let whom = patient(0);
    desk.keys("3gE").shows(&["Episodes of care", &whom.name, &whom.mrn, "Knee", "finished"]);
    desk.keys("<enter>").shows(&["Episode", "Cough that does not end"]).keys("<esc>");
    desk.keys("n").shows(&["Begin an episode", &whom.name, &whom.mrn, "used before: general"]);
    desk.keys("Back<tab>general<enter>");
    desk.keys("e").shows(&["Change an episode", &whom.name]).keys("s<enter>");
    let made = intents(&desk);
    assert!(matches!(&made[0], Intent::CreateEpisode { patient, .. } if *patient == patient_id(0)), "{made:?}");
    assert!(matches!(&made[1], Intent::UpdateEpisode { episode, .. } if *episode == RecordId(EPISODE)), "{made:?}");
}

#[test]
fn documents_and_consults_are_for_the_selected_patient_and_say_so() {
    let mut desk = Desk::new(80, 24);
    let whom = patient(1);
    desk.keys("3gjd").shows(&["Add a document", &whom.name, &whom.mrn, &whom.birth_date]);
    desk.keys("Intake<tab><tab><tab>Smokes?<tab>no<enter>");
    assert!(matches!(&intents(&desk)[..], [Intent::AddDocument { patient, .. }] if *patient == patient_id(1)));
    desk.keys("c").shows(&["Ask for a consult", &whom.name, &whom.mrn, &whom.birth_date]);
}

fn refused(kind: ReasonKind, message: &str, field: Option<(&str, &str)>) -> Entry {
    let content = Consult::sample("Ifeoma", "Okoro", "M-002207");
    let intent = Intent::AskConsult { consult: RecordId(88), content: Box::new(content) };
    let mut reason = Reason::new(kind, message);
    reason.fields.extend(field.map(|(name, words)| (name.to_owned(), words.to_owned())));
    let mut entry = Entry::new(EntryId(40), VendorId::new("solo"), intent, "amira", noon());
    entry.state = EntryState::Rejected { at: noon(), reason };
    entry
}

fn outbox_with(entry: Entry) -> Desk {
    let mut world = World::small();
    world.entries = vec![entry];
    let mut desk = Desk::with(world, 80, 24, |_| {});
    desk.keys("od");
    desk
}

#[test]
fn a_refused_consult_opens_again_with_the_refusal_at_its_field_and_then_replaces_the_old_one() {
    let field = Some(("locationId", "This is no place"));
    let mut desk = outbox_with(refused(ReasonKind::Invalid, "Bad parameters", field));
    desk.shows(&["The consult was refused", "Okoro, Ifeoma", "locationId: This is no place"]);
    desk.keys("<enter>").shows(&["Ask for a consult", "! Solo says: This is no place"]);
    desk.keys("<bs>c<enter>");
    let commands = desk.engine.commands();
    assert!(
        matches!(&commands[..], [Command::Submit { intent: Intent::AskConsult { .. }, .. }, Command::Withdraw { entry }]
        if *entry == EntryId(40)),
        "{commands:?}"
    );
}

#[test]
fn what_the_clinic_refused_opens_again_with_its_words_at_the_field_and_then_replaces_the_old_one() {
    let mut reason = Reason::new(ReasonKind::Invalid, "");
    reason.fields = vec![("instructions".into(), "is too short".into())];
    let intent = Intent::RequestAddendum {
        addendum: RecordId(88),
        session_note: "46".into(),
        instructions: "Dose".into(),
        signature: None,
    };
    let mut entry = Entry::new(EntryId(40), VendorId::new("clinic"), intent, "amira", noon());
    entry.state = EntryState::Rejected { at: noon(), reason };
    let mut desk = outbox_with(entry);
    desk.shows(&["the clinic refused it", "instructions: is too short"]);
    desk.keys("<enter>").shows(&["Request an addendum", "! the clinic says: is too short", "Dose"]);
    desk.keys("s?<enter>");
    let commands = desk.engine.commands();
    assert!(
        matches!(&commands[..], [Command::Submit { intent: Intent::RequestAddendum { instructions, .. }, .. },
            Command::Withdraw { entry }] if instructions == "Doses?" && *entry == EntryId(40)),
        "{commands:?}"
    );
}

#[test]
fn the_refusal_of_a_second_consult_within_a_day_is_shown_as_what_it_is() {
    let mut desk = outbox_with(refused(ReasonKind::AlreadyThere, "A visit exists", None));
    desk.shows(&["there is a visit already", "last 24 hours", "second one"]);
    let ours = Some(("visit", "a visit exists, perhaps ours"));
    outbox_with(refused(ReasonKind::AlreadyThere, "A visit exists", ours)).shows(&["may be the one"]);
}

#[test]
fn what_was_sent_about_a_patient_stands_in_their_details_with_its_state() {
    let mut world = World::small();
    let body = DocumentBody {
        name: "Intake of Monday".into(),
        at: noon(),
        responses: vec![("Smokes?".into(), "Not any more".into())],
    };
    let entry = refused(ReasonKind::Invalid, "A visit has already been created", None);
    let Intent::AskConsult { content, .. } = entry.intent.clone() else { panic!("a consult") };
    let row = |id, record| SentRow { id: RecordId(id), record, saved_at: noon(), names: Vec::new(), own: None };
    let document = Record::Document(Box::new(Document { patient: Some(patient_id(1)), body }));
    world.sent = vec![SentRow { own: Some(Own::from(&entry)), ..row(88, Record::Consult(content)) }, row(87, document)];
    let mut desk = Desk::with(world, 200, 60, |_| {});
    desk.keys("3gj<enter>").shows(&[
        "Sent from here; Solo shows none of it again",
        "Consult r88",
        "rejected",
        "A visit has already been created",
        "Document r87",
        "Intake of Monday",
        "Not any more",
    ]);
}

#[test]
fn a_terminal_with_graphics_shows_a_picture_as_it_is_until_its_layer_closes_or_something_covers_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = picture(&dir);
    let means = |protocol| Means { protocol, ..Means::default() };
    let mut desk = Desk::with(with_picture(&path), 80, 24, |s| s.pictures = means(Protocol::Kitty));
    desk.keys("2gAj").lacks(&["▀"]);
    assert_eq!(desk.plate(), None);
    desk.keys("p").lacks(&["▀"]);
    let shown = desk.plate().unwrap();
    assert!(shown.bottom() < 24 && shown.width > 0);
    desk.resize(100, 30);
    assert!(desk.plate().is_some_and(|area| area != shown && area.right() <= 100 && area.bottom() < 30));
    // The help lies over it.
    desk.keys("?");
    assert_eq!(desk.plate(), None);
    desk.keys("<esc>");
    assert!(desk.plate().is_some());
    desk.keys("p").lacks(&["▀"]);
    assert_eq!(desk.plate(), None);
    desk.keys("p<esc>");
    assert_eq!(desk.plate(), None, "it goes with its layer");
    let mut desk = Desk::with(with_picture(&path), 80, 24, |s| s.pictures = means(Protocol::Off));
    desk.keys("2gAjp").lacks(&["▀"]).shows(&["pictures are off"]);
}

#[test]
fn a_summary_is_made_anew_only_after_its_patient_and_what_is_lost_were_read() {
    let mut desk = Desk::new(100, 30);
    desk.keys("4gR").shows(&["Have the summary written anew?", "must approve the summary"]);
    assert!(intents(&desk).is_empty());
    desk.keys("n");
    assert!(intents(&desk).is_empty());
    desk.keys("Ry").keys("O").shows(&["Bring the original summary back?"]).keys("y");
    let asked: Vec<Redo> = intents(&desk)
        .into_iter()
        .filter_map(|i| if let Intent::RedoSession { how, .. } = i { Some(how) } else { None })
        .collect();
    assert_eq!(asked, [Redo::Regenerate, Redo::Recover]);
}

#[test]
fn a_session_s_links_are_shown_as_text_and_as_a_code() {
    let mut desk = Desk::new(100, 40);
    desk.keys("4gv").shows(&["recorder", "https://noa.example.test/recorder/1", "https://noa.example.test/summary/1"]);
    desk.keys("<enter>").shows(&["█▀▀▀▀▀█"]).lacks(&["summary/1"]);
}
