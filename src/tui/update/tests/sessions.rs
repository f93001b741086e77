//! Sessions: found, looked at, read, written while one watches, made drafts of. Keys in, commands and screen out.

use crate::{
    domain::{
        Command, Delta, Intent, Kind, Message, Query, Question, Reason, ReasonKind, RecordId, Request, VendorId,
        command::Touched,
        doctor::Doctor,
        note::NoteBody,
        scribe::TextKind,
        scribed::{Scribed, parts},
        session::Summary,
        stream::{StreamAct, StreamId, StreamState, StreamWish},
    },
    tui::{
        harness::{
            Desk, World,
            samples::{appointment_id, patient},
        },
        layers::Layer,
        reader::Page,
    },
};

const NOA: RecordId = RecordId(20_000_000);
const HEIDI: RecordId = RecordId(20_000_001);

fn delta(touched: Touched) -> Message {
    Message::Delta(Delta { seq: 1, touched: vec![touched] })
}

fn asked(desk: &Desk) -> Vec<Question> {
    let of = |r: &Request| if let Request::Ask(question) = r { Some(question.clone()) } else { None };
    desk.engine.started.borrow().iter().filter_map(of).collect()
}

fn intents(desk: &Desk) -> Vec<Intent> {
    let of = |c| if let Command::Submit { intent, .. } = c { Some(intent) } else { None };
    desk.engine.commands().into_iter().filter_map(of).collect()
}

fn long(sentences: usize) -> World {
    let text = (0..sentences).map(|n| format!("Sentence {n} tells of nothing new.")).collect::<Vec<_>>().join(" ");
    let sections = vec![("Subjective".into(), text), ("Plan".into(), "Rest and tea. Come back on Monday.".into())];
    World { summary: Some(Summary { sections, approved: Some(false) }), ..World::small() }
}

#[test]
fn a_session_tells_whose_it_is_by_two_identifiers_where_it_stands_and_what_can_be_done() {
    let whom = patient(0);
    for (w, h) in [(80, 24), (200, 60)] {
        let mut desk = Desk::new(w, h);
        desk.keys("4g<enter>").shows(&[
            &whom.name,
            &whom.birth_date,
            &whom.mrn,
            "● Summarized › ○ Verified",
            "no doctor approved it yet",
            "Rest and tea.",
        ]);
        desk.keys("G").shows(&["What can be done", "Have the session's summary written anew"]);
        desk.lacks(&["Say what else the note is written from"]);
    }
    let mut desk = Desk::new(200, 60);
    desk.keys("4gj<enter>").shows(&["Allergic to penicillin.", "Say what else the note is written from"]);
    desk.lacks(&["Verified", "Have the session's summary written anew"]);
}

#[test]
fn a_summary_is_read_with_one_key_or_two_and_the_vendor_is_asked_for_it_meanwhile() {
    let mut desk = Desk::new(80, 24);
    desk.keys("4gr").shows(&["noa summary", "Plan", "Rest and tea."]);
    assert!(asked(&desk).contains(&Question::Summary { session: NOA }));
    desk.keys("<esc><enter><enter>").shows(&["noa summary", "Rest and tea."]);
    desk.keys("<esc>").shows(&["What can be done"]);
}

#[test]
fn a_long_summary_is_scrolled_searched_and_walked_by_sections() {
    let mut desk = Desk::with(long(400), 80, 24, |_| {});
    desk.keys("4gr").shows(&["Sentence 0 tells", "Subjective · 1 of 2"]).lacks(&["Monday"]);
    desk.keys("<tab>").shows(&["Monday", "Plan · 2 of 2"]);
    desk.keys("<backtab>").shows(&["Sentence 0 tells"]);
    desk.keys("/sentence 39").shows(&["/ sentence 39", "1 of 11", "Sentence 39 tells"]);
    desk.keys("<enter>n").shows(&["2 of 11", "Sentence 390 tells"]);
    desk.keys("N").shows(&["1 of 11"]).keys("<esc>").lacks(&["1 of 11"]);
    desk.keys("/nowhere").shows(&["not found"]).keys("<esc>");
    desk.keys("g<pgdn>").lacks(&["Sentence 0 tells"]).keys("G").shows(&["100%", "Monday"]);
    desk.keys("n").shows(&["nothing is looked for yet"]);
}

#[test]
fn what_is_read_is_replaced_when_its_session_changes_and_stays_where_it_was() {
    let mut desk = Desk::with(long(400), 80, 24, |_| {});
    desk.keys("4gr<pgdn><pgdn>");
    let before = desk.screen();
    let text = long(400).summary.unwrap().sections[0].1.replace("nothing new", "nothing old");
    desk.engine.world.borrow_mut().summary =
        Some(Summary { sections: vec![("Subjective".into(), text)], approved: Some(true) });
    desk.hear(delta(Touched::Record(Kind::Session, NOA)));
    desk.shows(&["nothing old", "note ready · approved by a doctor"]);
    let row =
        |screen: &str| screen.lines().nth(7).unwrap().replace("new", "old").trim_end_matches(['│', ' ']).to_owned();
    assert_eq!(row(&before), row(&desk.screen()));
}

#[test]
fn a_summary_becomes_a_draft_in_which_every_sentence_is_the_scribes() {
    let mut desk = Desk::with(long(2), 80, 24, |_| {});
    desk.keys("4grd").shows(&["Write a note", "┊", "as noa wrote them"]);
    let saved = desk.engine.commands().into_iter().find_map(|c| match c {
        Command::SaveDraft { draft } => Some(*draft),
        _ => None,
    });
    let draft = saved.unwrap();
    assert_eq!((draft.session, draft.appointment), (Some(NOA), Some(appointment_id(0))));
    assert_eq!(draft.scribed, Scribed::whole(VendorId::new("noa"), &draft.body));
    assert_eq!(draft.scribed.count(), 4);
    let NoteBody::Soap(soap) = &draft.body else { panic!() };
    assert_eq!(soap.plan, "Rest and tea. Come back on Monday.");
    assert_eq!(parts(&draft.body).len(), 4);
    // Back from the editor one reads on.
    desk.keys("<esc>").shows(&["noa summary"]);
}

#[test]
fn a_changed_sentence_is_saved_as_a_persons() {
    let mut desk = Desk::with(long(2), 80, 24, |_| {});
    desk.keys("4grd<f8><c-end>x").wait(400);
    let saved = desk.engine.commands().into_iter().rev().find_map(|c| match c {
        Command::SaveDraft { draft } => Some(*draft),
        _ => None,
    });
    assert_eq!(saved.unwrap().scribed.count(), 3);
    desk.shows(&["3 sentences as noa wrote them"]);
}

#[test]
fn what_was_said_and_documents_stand_beside_the_summary() {
    let mut desk = Desk::new(120, 40);
    desk.keys("4gjr").shows(&["[summary]", "transcript", "documents"]);
    desk.keys("<right>");
    assert!(asked(&desk).contains(&Question::SessionTexts { session: HEIDI, what: TextKind::Transcript }));
    desk.keys("d").shows(&["what was said is no note"]);
    desk.keys("<right>").shows(&["[documents]", "Letter to the practice", "Dear colleague"]);
    desk.keys("d").shows(&["Write a note", "as heidi wrote"]);
    desk.keys("<esc><left><left>").shows(&["Rest and tea."]);
    let mut noa = Desk::new(120, 40);
    noa.keys("4gr<right>").shows(&["Rest and tea."]).lacks(&["transcript"]);
}

#[test]
fn a_note_is_seen_being_written_and_one_that_breaks_off_says_so_and_keeps_what_came() {
    let mut desk = Desk::new(80, 24);
    desk.keys("4gjs").shows(&["Have the note written for", "takes the place of the note"]);
    desk.keys("<enter>").shows(&["being written …", "Cough for three"]).lacks(&["Rest and tea"]);
    let wish = desk.engine.commands().into_iter().find_map(|c| match c {
        Command::Stream { act: StreamAct::Start { wish } } => Some(*wish),
        _ => None,
    });
    assert!(matches!(wish, Some(StreamWish::Note { session: HEIDI, .. })));
    desk.engine.world.borrow_mut().stream.1 = 48;
    desk.hear(delta(Touched::Stream(StreamId(5)))).shows(&["Plan:"]);
    let froms: Vec<u64> = desk
        .engine
        .looks
        .borrow()
        .iter()
        .filter_map(|q| if let Query::Stream { from, .. } = q { Some(*from) } else { None })
        .collect();
    assert!(froms.is_sorted() && froms.ends_with(&[34]), "nothing is asked for twice: {froms:?}");
    let broke = Reason::new(ReasonKind::TimedOut, "the connection ended");
    desk.engine.world.borrow_mut().stream.2 = StreamState::Broken(broke);
    desk.hear(delta(Touched::Stream(StreamId(5))));
    desk.shows(&["broke off", "the connection ended", "what came is kept", "Cough for three"]);
    desk.keys("d").shows(&["Write a note", "Cough for three days."]);
    desk.keys("<esc><esc>").lacks(&["Cough for three"]);
    desk.keys("p").shows(&["broke off", "Cough for three"]);
}

#[test]
fn a_text_that_is_being_written_is_stopped_and_one_that_never_began_says_why() {
    let mut desk = Desk::new(80, 24);
    desk.keys("4gjaShorter?<enter>").shows(&["being written …"]);
    desk.keys("x");
    let stopped = Command::Stream { act: StreamAct::Stop { stream: StreamId(5) } };
    assert!(desk.engine.commands().contains(&stopped));
    let mut desk = Desk::new(80, 24);
    let refused = StreamState::Broken(Reason::new(ReasonKind::Invalid, "name a template"));
    desk.engine.world.borrow_mut().stream = (String::new(), 0, refused);
    desk.keys("4gjs<enter>").shows(&["Nothing was written", "name a template"]);
}

#[test]
fn what_only_one_scribe_knows_is_not_asked_of_the_other() {
    let mut desk = Desk::new(80, 24);
    for (keys, words) in
        [("4gs", "noa does not know that"), ("c", "noa does not know that"), ("jR", "heidi does not make")]
    {
        desk.keys(keys).shows(&[words]);
    }
    assert!(intents(&desk).is_empty());
}

#[test]
fn context_is_added_from_the_window() {
    let mut desk = Desk::new(80, 24);
    desk.keys("4gjc").shows(&["Context for", "Allergic to penicillin."]);
    desk.keys("Takes ramipril.<enter>");
    let [Intent::ChangeSession { session, change, .. }] = &intents(&desk)[..] else { panic!("{:?}", intents(&desk)) };
    assert_eq!((*session, &change.add_notes[..]), (HEIDI, &["Takes ramipril.".to_owned()][..]));
}

#[test]
fn an_empty_list_says_which_word_hides_everything() {
    let mut desk = Desk::new(200, 60);
    desk.keys("4/noa recording<enter>");
    desk.shows(&["no scribe session", "noa recording", "“noa” hides", "“recording” hides"]);
    desk.keys("<esc>").lacks(&["hides"]);
    desk.keys("/zzz recording<enter>").shows(&["“zzz” hides"]).lacks(&["“recording” hides"]);
}

#[test]
fn groups_are_named_where_there_is_room_and_counted_in_the_title() {
    let mut desk = Desk::new(80, 24);
    desk.keys("4").shows(&["Sessions · 1 needs you", "needs you   noa", "in progress heidi", "D-9"]);
}

#[test]
fn a_doctor_is_registered_and_renamed_from_among_the_vendors() {
    let mut desk = Desk::new(80, 24);
    let content = |name: &str| Doctor {
        vendor: VendorId::new("noa"),
        facility: "F-1".into(),
        id: "D-9".into(),
        name: name.into(),
    };
    desk.keys("wnNadia Farrow<enter>");
    desk.keys("<esc>weNadia Moor<enter>");
    let doctor = RecordId::UNASSIGNED;
    let wanted = [
        Intent::RegisterDoctor { doctor, content: content("Nadia Farrow") },
        Intent::UpdateDoctor { doctor, content: content("Nadia Moor") },
    ];
    assert_eq!(intents(&desk), wanted);
    desk.keys("<esc>wa").shows(&["The account behind heidi", "no account is linked"]);
}

#[test]
fn the_palette_offers_what_can_be_done_with_the_session_that_is_read() {
    let mut desk = Desk::new(120, 40);
    desk.keys("4gjr:draft-from<enter>").shows(&["Write a note"]);
    let reads = |l: &Layer| matches!(l, Layer::Reader(r) if r.session == HEIDI && r.page == Page::Summary);
    assert!(desk.model().layers.iter().any(reads));
}
