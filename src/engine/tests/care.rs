//! What is known of an appointment's files and a patient's episodes, with one's own writes over it.

use std::sync::Arc;

use super::*;
use crate::{
    domain::{
        EntryState, Reason, ReasonKind,
        assistance::{Assistance, AssistanceStatus, Place},
        attachment::{Attachment, Attachments, FileToAttach, Mime},
        care::{EpisodeList, FileList, Standing},
        episode::{EpisodeStatus, EpisodeTerms, Episodes},
    },
    engine::Desk,
};

const LIST: Scheme = Scheme::new("list");

/// Keeps its lists below a record under the record's own id.
struct WithLists;

impl Desk for WithLists {
    fn carrier(&self, _: &Intent) -> Option<VendorId> {
        Some(SOLO)
    }

    fn check(&self, _: VendorId, _: &Intent) -> Result<(), String> {
        Ok(())
    }

    fn list_name(&self, of: &VendorRef, list: Kind) -> Option<VendorRef> {
        (of.scheme == ID).then(|| VendorRef::new(SOLO, list, LIST, of.value.as_str()))
    }

    fn vendors(&self) -> Vec<(VendorId, String)> {
        vec![(SOLO, "Solo".into())]
    }
}

fn engine() -> ForTests {
    Engine::for_tests_with(Arc::new(WithLists)).unwrap()
}

fn files(t: &ForTests, appointment: RecordId) -> FileList {
    match t.engine.look(&Query::Files { appointment }) {
        Answer::Files(Some(files)) => *files,
        other => panic!("{other:?}"),
    }
}

fn episodes(t: &ForTests, patient: RecordId, appointment: Option<RecordId>) -> EpisodeList {
    match t.engine.look(&Query::Episodes { patient, appointment }) {
        Answer::Episodes(Some(episodes)) => *episodes,
        other => panic!("{other:?}"),
    }
}

fn file_ref(id: &str) -> VendorRef {
    VendorRef::new(SOLO, Kind::Attachment, ID, id)
}

fn file_list(titles: &[(&str, &str)]) -> Observation {
    let file = |title: &str| Attachment { title: title.into(), mime: Some(Mime::Pdf), ..Attachment::default() };
    let files = titles.iter().map(|(id, title)| (Pointer::Vendor(file_ref(id)), file(title))).collect();
    let list = Attachments { appointment: Some(Pointer::Vendor(visit_ref("v1"))), files };
    told(vec![VendorRef::new(SOLO, Kind::Attachments, LIST, "v1")], Record::Attachments(Box::new(list)))
}

fn upload(appointment: RecordId) -> Intent {
    let file = FileToAttach::describe("/tmp/new.pdf".into(), "new.pdf", b"%PDF-1.7\n".as_slice(), 100).unwrap();
    Intent::AttachFile { attachment: RecordId::UNASSIGNED, appointment, file: Box::new(file) }
}

fn titles(list: &FileList) -> Vec<&str> {
    list.rows.iter().map(|r| r.file.title.as_str()).collect()
}

#[test]
fn files_are_the_vendors_list_with_whom_they_are_about_and_ones_own_uploads_after_them() {
    let t = engine();
    let (whom, visit) = t.one_visit();
    assert_eq!((files(&t, visit).read, files(&t, visit).rows.len()), (None, 0));
    t.read(file_list(&[("f1", "old.pdf")]));
    let (entry, _) = t.submit(upload(visit));
    let list = files(&t, visit);
    assert_eq!(list.patient.as_ref().map(|p| (p.id, p.name.as_str())), Some((whom, "Okafor, Ada")));
    assert!(list.read.is_some() && list.start.is_some());
    assert_eq!(titles(&list).len(), 2);
    assert!(titles(&list)[1].starts_with("new-"));
    let own = list.rows[1].own.as_ref().unwrap();
    assert!(own.entry == entry && own.unsent && list.rows[1].local.is_some());
    assert!(list.rows[0].own.is_none() && list.rows[0].local.is_none());

    // Refused, it says so and is not shown as if it were there; dropped, it is gone.
    let mut refused = Store::entry(&t.engine, entry).unwrap();
    refused.state = EntryState::Rejected { at: t.now(), reason: Reason::new(ReasonKind::Invalid, "too large") };
    t.engine.put_entry(&refused).unwrap();
    let own = files(&t, visit).rows[1].own.clone().unwrap();
    assert!(own.attention && own.reason.is_some_and(|r| r.message == "too large"));
    t.engine.execute(Command::Withdraw { entry }, "amira");
    assert_eq!(titles(&files(&t, visit)), ["old.pdf"]);
}

#[test]
fn an_acknowledged_upload_stays_in_the_list_until_a_younger_list_says_otherwise() {
    let t = engine();
    let (_, visit) = t.one_visit();
    t.read(file_list(&[]));
    let (entry, _) = t.submit(upload(visit));
    t.clock.advance_millis(1_000);
    t.acked(entry);
    assert_eq!((files(&t, visit).rows.len(), files(&t, visit).rows[0].own.clone()), (1, None));
    t.clock.advance_millis(1_000);
    t.read(file_list(&[("f9", "another.pdf")]));
    assert_eq!(titles(&files(&t, visit)), ["another.pdf"]);
}

#[test]
fn a_file_whose_deletion_waits_is_shown_as_deleted() {
    let t = engine();
    let (_, visit) = t.one_visit();
    t.read(file_list(&[("f1", "old.pdf")]));
    let attachment = files(&t, visit).rows[0].id;
    let (entry, _) = t.submit(Intent::DeleteAttachment { attachment, appointment: Some(visit) });
    let Answer::Rows(rows) = t.engine.look(&Query::Outbox { finished: false, window: ALL }) else { panic!() };
    let RowSet::Outbox(rows) = rows.rows else { panic!() };
    assert_eq!(rows[0].whom, detail(&t.engine, visit).patient.unwrap().name, "the queue says whose file it is");
    let row = files(&t, visit).rows.remove(0);
    assert!(row.file.deleted && row.own.is_some_and(|o| o.entry == entry));
    t.engine.execute(Command::Withdraw { entry }, "amira");
    assert!(!files(&t, visit).rows[0].file.deleted);
}

fn terms(name: &str) -> EpisodeTerms {
    let status = EpisodeStatus::Active;
    EpisodeTerms { name: name.into(), kind: "general".into(), from: "2026-01-02".into(), status, ..Default::default() }
}

fn episode_ref(id: &str) -> VendorRef {
    VendorRef::new(SOLO, Kind::Episode, ID, id)
}

fn episode_list() -> Observation {
    let episodes = [("e1", "Cough"), ("e2", "Knee")].map(|(id, name)| (Pointer::Vendor(episode_ref(id)), terms(name)));
    let list = Episodes { patient: Some(Pointer::Vendor(patient_ref("p1"))), episodes: episodes.into() };
    told(vec![VendorRef::new(SOLO, Kind::Episodes, LIST, "p1")], Record::Episodes(Box::new(list)))
}

#[test]
fn episodes_show_ones_own_changes_and_where_an_appointment_stands() {
    let t = engine();
    let (whom, visit) = t.one_visit();
    t.read(episode_list());
    let list = episodes(&t, whom, Some(visit));
    assert_eq!(list.person.as_ref().map(|p| p.mrn.as_str()), Some("M1"));
    assert_eq!(list.visit.as_ref().map(|v| v.episode.clone()), Some(Standing::Unknown));
    let (one, two) = (list.rows[0].id, list.rows[1].id);

    let tells =
        |name: &str| Observation { facts: vec![(Fact::Episode, name.into())], ..told(vec![visit_ref("v1")], None) };
    t.read(tells("e2"));
    let stands = |t: &ForTests| episodes(t, whom, Some(visit)).visit.unwrap();
    let called = |t: &ForTests| detail(&t.engine, visit).episode.map(|row| row.terms.name);
    assert_eq!(called(&t).as_deref(), Some("Knee"), "the details call it by its name");
    assert_eq!(stands(&t).episode, Standing::In(two));
    let (entry, _) = t.submit(Intent::AssignEpisode { appointment: visit, episode: Some(one) });
    assert_eq!(stands(&t).episode, Standing::In(one));
    assert_eq!(called(&t).as_deref(), Some("Cough"));
    assert_eq!(stands(&t).own.map(|o| o.entry), Some(entry));
    t.engine.execute(Command::Withdraw { entry }, "amira");
    assert_eq!((stands(&t).episode, stands(&t).own), (Standing::In(two), None));
    t.read(tells("e7"));
    assert_eq!(stands(&t).episode, Standing::Elsewhere("e7".into()));
    assert_eq!(called(&t), None);
    t.read(tells(""));
    assert_eq!(stands(&t).episode, Standing::None);

    let (_, made) =
        t.submit(Intent::CreateEpisode { episode: RecordId::UNASSIGNED, patient: whom, terms: terms("Back") });
    let mine = Box::new(terms("Knee, left"));
    t.submit(Intent::UpdateEpisode { episode: two, base: Box::new(terms("Knee")), mine });
    let list = episodes(&t, whom, None);
    let names: Vec<_> = list.rows.iter().map(|r| (r.id, r.terms.name.as_str(), r.own.is_some())).collect();
    assert_eq!(names, [(one, "Cough", false), (two, "Knee, left", true), (made, "Back", true)]);
    assert_eq!(list.visit, None);
}

#[test]
fn the_details_of_a_file_and_an_episode_name_the_patient() {
    let t = engine();
    let (whom, visit) = t.one_visit();
    t.read(file_list(&[("f1", "old.pdf")]));
    let file = files(&t, visit).rows[0].id;
    let own = Attachment { appointment: Some(Pointer::Vendor(visit_ref("v1"))), ..Attachment::default() };
    t.read(told(vec![file_ref("f1")], Record::Attachment(Box::new(own))));
    assert_eq!(detail(&t.engine, file).patient.map(|p| p.id), Some(whom));
}

/// Solo tells of present requests only: nothing that is read would ever end one that was called off.
#[test]
fn a_request_for_assistance_that_was_called_off_is_over_at_once_and_not_read_again() {
    let mut t = engine();
    let place = Place::Device { serial: "480582".into() };
    let name = VendorRef::new(SOLO, Kind::Assistance, ID, "a1");
    let request = Assistance {
        place: place.clone(),
        status: AssistanceStatus::Incomplete,
        device: Some("480582".into()),
        care_location: None,
        practice: None,
        patient: None,
        assigned_to: None,
        room: None,
        location: None,
        created_at: Some(t.now()),
        finished_at: None,
    };
    let record = t.read(told(vec![name.clone()], Record::Assistance(Box::new(request.clone()))));
    let rows = |t: &ForTests| match t.engine.look(&Query::Assistances) {
        Answer::Assistances(rows) => rows,
        other => panic!("{other:?}"),
    };
    let read_again = |t: &ForTests| t.engine.rereadables().iter().any(|r| r.about == name);
    t.clock.advance_millis(1_000);
    let (entry, _) = t.submit(Intent::CancelAssistance { request: record, place });
    assert!(!rows(&t)[0].over() && rows(&t)[0].pending.is_some(), "the vendor does not know yet");
    t.acked(entry);
    for clean in [None, Some(true), Some(false)] {
        if let Some(clean) = clean {
            t = t.reopen(clean).unwrap();
        }
        assert_eq!(rows(&t).iter().map(|r| (r.record, r.over())).collect::<Vec<_>>(), [(record, true)], "{clean:?}");
        assert!(!read_again(&t));
    }
    // It stands there all the same: the vendor told of it after it had agreed.
    t.clock.advance_millis(1_000);
    t.read(told(vec![name.clone()], Record::Assistance(Box::new(request))));
    assert!(!rows(&t)[0].over() && read_again(&t));
}

#[test]
fn a_request_for_assistance_that_was_refused_says_why_in_the_vendor_s_words() {
    let t = engine();
    let place = Place::Device { serial: "480582".into() };
    let request = RecordId::UNASSIGNED;
    let (entry, _) = t.submit(Intent::RequestAssistance { request, place });
    let mut refused = Store::entry(&t.engine, entry).unwrap();
    refused.state =
        EntryState::Rejected { at: t.now(), reason: Reason::new(ReasonKind::Invalid, "a bell rings there") };
    t.engine.put_entry(&refused).unwrap();
    let rows = match t.engine.look(&Query::Assistances) {
        Answer::Assistances(rows) => rows,
        other => panic!("{other:?}"),
    };
    assert!(
        rows[0].pending.as_ref().is_some_and(|p| p.ends_with("rejected (a bell rings there)")),
        "{:?}",
        rows[0].pending
    );
}
