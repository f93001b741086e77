//! What happens: `update(&mut Model, Msg) -> Vec<Effect>`. Pure; nothing here waits for a disk or a network.

mod acts;
mod answers;
mod care;
mod compare;
mod decide;
mod desk;
mod drafts;
mod keys;
mod leaving;
mod looked;
mod mouse;
mod notes;
mod opening;
mod palette;
mod reader;
mod sessions;
mod timeline;
mod triage;
mod typing;
mod walk;
mod worklist;

pub use answers::plain_fact;
pub use keys::{context, own_context, rooms_at_hand, runs};
pub use palette::{PaletteAct, PaletteLine, palette_lines};

use std::collections::BTreeSet;

use crossterm::event::{KeyEvent, MouseEvent};
use jiff::Timestamp;

use super::{
    forms::FormId,
    keymap::Keymap,
    layers::Layer,
    model::{Model, Pane},
    paths::{PathLook, Seen},
};
use crate::domain::{
    Command, Delta, DraftId, EntryId, Message, Query, RecordId, Request, VendorId,
    scribe::TextKind,
    session::{Redo, doing::Doing},
    stream::StreamId,
    triage::TriageScope,
    view::{Answer, RowId},
};

/// Something that happened.
#[derive(Debug)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// The mouse was pressed or its wheel turned.
    Mouse(MouseEvent),
    /// A text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize(u16, u16),
    /// The terminal went to the background.
    Blurred,
    /// The engine said something by itself or answered something started.
    Heard(Message),
    /// The engine answered what was looked up.
    Looked(Wish, Answer),
    /// A request was started under this number.
    Started(Purpose, u64),
    /// The engine cannot be reached.
    Lost(String),
    /// The disk was looked at.
    Seen(Seen),
    /// Time went on.
    Tick(Timestamp),
    /// The process was told to end, or the terminal went away.
    Ending,
}

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Answer this from what is known, before the next frame.
    Look(Wish, Query),
    /// Start this; its answer comes later.
    Start(Purpose, Request),
    /// Do something to the demo's sandbox.
    Demo(DemoAct),
    /// Copy a text through the terminal.
    Copy(String),
    /// Look at what lies on the disk; [`Msg::Seen`] follows, perhaps much later.
    Inspect(PathLook),
    /// Have the terminal tell of the mouse, or no more.
    Mouse(bool),
    /// Draw everything anew.
    Redraw,
    /// Step out to the shell.
    Suspend,
}

/// What an answer from memory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wish {
    /// The rows of a pane.
    Pane(Pane),
    /// Where the row that is selected in a pane stands in the list that comes; that begins anew when it is not there.
    Place(Pane),
    /// Where the selected row of a pane went, when it is not among the rows that came.
    Seek(Pane),
    /// Where the row stands that was just made.
    Show(Pane),
    /// Vendors, queue, receiver.
    Health,
    /// The rows of the outbox layer.
    Outbox,
    /// The write that the outbox layer explains.
    Explain(EntryId),
    /// The record of the detail layer.
    Detail(RecordId),
    /// The raw body for the detail layer.
    Raw(RecordId),
    /// The links layer.
    Links(RecordId),
    /// A draft to be opened in the editor.
    OpenDraft(DraftId),
    /// A draft whose filing was asked for: find out under which EMR appointment.
    FileDraft(DraftId),
    /// The links of a draft's appointment, to file under.
    FileLinks(DraftId, RecordId),
    /// A patient to be edited.
    EditPatient(RecordId),
    /// A patient to be edited as far as they are known: their vendor cannot be reached.
    EditKnown(RecordId),
    /// Whom the note in the editor is about: their record, or that of the visit.
    Whose(RecordId),
    /// An appointment for which a scribe session is started.
    Scribe(RecordId),
    /// A session note for which an addendum is asked, or an addendum that is answered.
    Addendum(RecordId),
    /// A session note that is signed off, or a sign-off that is changed.
    SignOff(RecordId),
    /// A session note that may belong to the selected visit.
    NoteOfVisit(RecordId),
    /// A filed note whose filing failed and is asked for again.
    FileAgain(RecordId),
    /// What became of a selected row that is in no list any more: it may be one record with another one now.
    Survivor(Pane, RecordId),
    /// A write about which a person decides.
    Decide(EntryId),
    /// An appointment to be moved.
    Reschedule(RecordId),
    /// An appointment to be called off.
    Cancel(RecordId),
    /// An appointment whose visit note is to be answered.
    VisitNote(RecordId),
    /// A patient for whom an appointment is to be booked.
    BookFor(RecordId),
    /// The same, though something speaks against it.
    BookAllTheSame(RecordId),
    /// A session whose summary becomes a draft.
    DraftFrom(RecordId),
    /// A session with which something is done.
    Session(RecordId, Doing),
    /// A session of which the text that is read becomes a draft.
    DraftText(RecordId),
    /// A session whose text was written while one watched, to be read again.
    Watch(RecordId),
    /// A session that is being read.
    Reading(RecordId),
    /// A session whose stream is read: what else of it can be.
    Pages(RecordId),
    /// More of a text that is being written.
    Stream(StreamId),
    /// A patient's sessions, for the form on top.
    Earlier(RecordId),
    /// One of the sessions that were linked as context, for the form on top.
    LinkedBefore(usize),
    /// A doctor whose name is to be changed by the form on top.
    Doctor,
    /// What hides the rows of a pane that has none.
    Hiding(Pane),
    /// A session whose recorder and summary links are shown.
    SessionLinks(RecordId),
    /// A session whose summary is to be made anew.
    Redo(RecordId, Redo),
    /// An appointment for which a note is begun.
    NoteFor(RecordId),
    /// The board of the day that the form on top shows.
    FormBoard(jiff::civil::Date),
    /// A record that the form on top wants read.
    FormRecord(RecordId),
    /// What the form's write would drop of what its vendor holds.
    Losses,
    /// A patient who was looked up.
    Found(RecordId),
    /// A visit to which a context-aware link is to be made.
    ContextVisit(RecordId),
    /// The patient (second) of the visit (first) to which a context-aware link is to be made.
    ContextWhom(RecordId, RecordId),
    /// The last write that can still be taken back.
    LastUnsent,
    /// The webhooks layer.
    Hooks,
    /// The layer of requests for assistance.
    Assistances,
    /// The reports layer.
    Report,
    /// The timeline layer.
    Timeline,
    /// What is opened in the timeline layer.
    Glance,
    /// The triage layer.
    Triage,
    /// What would be done about these sessions of the triage.
    TriagePlan(TriageScope),
    /// The files of an appointment.
    Files(RecordId),
    /// The episodes of a patient, and in which of them an appointment is.
    Episodes(RecordId, Option<RecordId>),
    /// A patient to whose record a document is added.
    DocumentFor(RecordId),
    /// A patient for whom a consult is asked.
    ConsultFor(RecordId),
    /// A refused consult that is to be put right.
    AskAgain(EntryId),
    /// The drafts that this person was writing, to say so at the start.
    OwnDrafts,
    /// A note that cannot be changed any more, to be read whole.
    ReadNote(RecordId),
    /// A draft that is open, as it is kept now.
    DraftAsKept(DraftId),
    /// What is known of the visit of a draft that is open.
    KnownFacts(DraftId),
    /// The worklist.
    Worklist,
    /// A draft whose texts are to be compared.
    CompareDraft(DraftId),
    /// A filed note whose texts are to be compared.
    CompareNote(RecordId),
}

/// What an answer that takes its time is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A form's write.
    Form(FormId),
    /// A form's question.
    FormQuestion(FormId),
    /// A form's command that is no write, with what to say once it is done.
    FormAct(FormId, &'static str),
    /// What a form wants of the kept signatures.
    FormSignature(FormId),
    /// A vendor's webhook registrations.
    Registrations(VendorId),
    /// The saving of this version of a draft.
    Autosave(DraftId, u64),
    /// The note to be filed from this draft.
    File(DraftId),
    /// A patient who was known in part, to be edited then.
    Reread(RecordId),
    /// Something whose success needs no more than a word.
    Word(&'static str),
    /// Links into a visit.
    VisitLinks(RecordId),
    /// The Teams link of a visit's provider.
    TeamsLink(RecordId),
    /// That a link of this visit or session is copied is on record: copy it.
    CopyLink(RecordId),
    /// The visit note of an appointment, to answer it then.
    VisitNote(RecordId),
    /// The EMR's appointments, to file a draft then.
    EmrFor(DraftId, RecordId),
    /// A new draft, to be opened then.
    NewDraft,
    /// The files of an appointment.
    Files(RecordId),
    /// The episodes of a patient.
    Episodes(RecordId),
    /// A session's summary, read anew while it is shown.
    Summary(RecordId),
    /// A session's texts.
    Texts(RecordId, TextKind),
    /// The values of what is opened in the timeline layer.
    Reveal,
    /// That the record of the timeline layer is read again, to tell its story then.
    Retell,
    /// What is read first; nobody waits for it.
    Quiet,
    /// Who writes in a draft.
    Claim(DraftId),
}

/// What the palette of the demo can do to its sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DemoAct {
    /// Close and refuse all vendors' connections.
    CutNetwork,
    /// Let them in again.
    RestoreNetwork,
    /// Somebody at the vendor cancels the next open appointment.
    CancelAtVendor,
    /// Somebody at the vendor has the next patient ready for the exam.
    ExamReadyAtVendor,
    /// The next note fails in the EMR.
    FailNextNote,
    /// The sound of the next Noa session stops.
    InterruptNextScribe,
}

impl DemoAct {
    /// All, with their line in the palette.
    pub const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::CutNetwork, "demo-cut-network", "Demo: cut the network to all vendors"),
        (Self::RestoreNetwork, "demo-restore-network", "Demo: restore the network"),
        (
            Self::CancelAtVendor,
            "demo-cancel-at-vendor",
            "Demo: somebody at the vendor cancels the selected appointment",
        ),
        (
            Self::ExamReadyAtVendor,
            "demo-exam-ready",
            "Demo: somebody at the vendor has the selected patient ready for the exam",
        ),
        (Self::FailNextNote, "demo-fail-note", "Demo: the next note fails in the EMR"),
        (Self::InterruptNextScribe, "demo-interrupt-scribe", "Demo: the sound of the next Noa session stops"),
    ];
}

/// Carries one message out. The keymap is handed in so that the model stays plain data.
pub fn update(model: &mut Model, keymap: &Keymap, msg: Msg) -> Vec<Effect> {
    let mut effects = carry_out(model, keymap, msg);
    effects.extend(watch(model));
    effects
}

/// Tells the engine what is on the screen whenever that is something else, so that it is read first. While a selection has
/// not rested and rows are on their way, the next moment shows something else again.
fn watch(model: &mut Model) -> Option<Effect> {
    if model.resting.is_some() || Pane::ALL.into_iter().any(|pane| model.anew(pane)) {
        return None;
    }
    let now = model.watching();
    if now == model.watched {
        return None;
    }
    model.watched = now.clone();
    let command = Command::Watch { selected: now.selected, visible: now.visible };
    Some(Effect::Start(Purpose::Quiet, Request::Do(command)))
}

fn carry_out(model: &mut Model, keymap: &Keymap, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(key) => keys::key(model, keymap, key),
        Msg::Mouse(event) => mouse::mouse(model, event),
        Msg::Paste(text) => keys::paste(model, &text),
        Msg::Resize(width, height) => {
            model.size = (width, height);
            let part = desk::report_part(model);
            fit(model);
            let mut effects = lacking(model);
            if desk::report_part(model) != part {
                effects.push(look(model, Wish::Report));
            }
            effects
        }
        Msg::Blurred => drafts::rest(model),
        Msg::Heard(message) => answers::heard(model, message),
        Msg::Looked(wish, answer) => looked::looked(model, wish, answer),
        Msg::Started(purpose, number) => {
            model.waiting.push((number, purpose));
            Vec::new()
        }
        Msg::Lost(why) => {
            if !model.lost {
                model.lost = true;
                model.tell(
                    crate::domain::command::Level::Error,
                    format!("The engine cannot be reached: {why}. What you see may be old; nothing can be saved."),
                );
            }
            Vec::new()
        }
        Msg::Seen(seen) => care::seen(model, seen),
        Msg::Tick(now) => tick(model, now),
        Msg::Ending => {
            model.quitting = true;
            let mut effects = drafts::rest(model);
            effects.extend(leaving::ending(model));
            effects
        }
    }
}

/// Everything the window shows, asked for anew.
pub fn everything(model: &Model) -> Vec<Effect> {
    let mut wishes: BTreeSet<Wish> = Pane::ALL.into_iter().map(Wish::Pane).collect();
    wishes.insert(Wish::Health);
    for layer in &model.layers {
        match layer {
            Layer::Outbox(outbox) => {
                wishes.insert(Wish::Outbox);
                wishes.extend(outbox.explained.as_ref().map(|e| Wish::Explain(e.id)));
            }
            Layer::Detail(detail) => {
                wishes.insert(Wish::Detail(detail.record));
            }
            Layer::Links(links) => {
                wishes.insert(Wish::Links(links.record));
            }
            Layer::Form(form) => wishes.extend(form.board_day().map(Wish::FormBoard)),
            layer => wishes.extend(care::shown(layer)),
        }
    }
    wishes.extend(desk::wishes(model));
    let anything = Delta { seq: 0, touched: Vec::new() };
    wishes.extend(timeline::wishes(model, &anything));
    wishes.extend(triage::wishes(model, &anything));
    wishes.extend(reader::wishes(model, &anything));
    wishes.extend(worklist::wishes(model, &anything));
    wishes.into_iter().map(|w| look(model, w)).collect()
}

/// All that a window begins with: everything it shows, and what this person left unfinished.
pub fn beginning(model: &Model) -> Vec<Effect> {
    let mut effects = everything(model);
    effects.push(look(model, Wish::OwnDrafts));
    effects
}

/// The query that fulfils a wish.
pub(super) fn look(model: &Model, wish: Wish) -> Effect {
    use crate::domain::view::Window;
    let query = match wish {
        Wish::Pane(pane) => model.query(pane),
        Wish::Place(pane) | Wish::Seek(pane) => position(model, pane, model.sought_row(pane)),
        Wish::Show(pane) => position(model, pane, model.showing.as_ref().map(|s| s.row.clone())),
        Wish::Health => Query::Health,
        Wish::Timeline | Wish::Glance => timeline::query(model, wish),
        Wish::Triage => triage::query(model),
        Wish::TriagePlan(scope) => Query::TriagePlan { scope },
        Wish::Stream(stream) => reader::query(model, stream),
        Wish::Earlier(_) | Wish::LinkedBefore(_) | Wish::Doctor => sessions::query(model, wish),
        Wish::Hiding(pane) => Query::Hiding { of: Box::new(model.query(pane)) },
        Wish::Hooks => Query::Hooks,
        Wish::Assistances => Query::Assistances,
        Wish::Report => {
            let report = model.layers.iter().find_map(|l| match l {
                Layer::Report(report) => Some(report.query()),
                _ => None,
            });
            report.unwrap_or_else(|| super::desk::ReportLayer::default().query())
        }
        Wish::Outbox => {
            let outbox = model.layers.iter().find_map(|l| match l {
                Layer::Outbox(outbox) => Some(outbox),
                _ => None,
            });
            let window = outbox.map_or(super::model::ALL, |o| o.list.wanted());
            Query::Outbox { finished: outbox.is_some_and(|o| o.finished), window }
        }
        Wish::FormBoard(day) => Query::Appointments {
            day: Some(day),
            room: crate::domain::view::RoomFilter::All,
            patient: None,
            text: String::new(),
            window: Window { offset: 0, limit: 2_000 },
        },
        Wish::Losses => match model.layers.last() {
            Some(Layer::Form(form)) => match form.submitted() {
                Some(intent) => Query::Losses { intent: Box::new(intent.clone()) },
                None => Query::Health,
            },
            _ => Query::Health,
        },
        Wish::LastUnsent => Query::Outbox { finished: false, window: Window { offset: 0, limit: 500 } },
        Wish::Explain(entry) | Wish::Decide(entry) | Wish::AskAgain(entry) => Query::Explain { entry },
        Wish::Raw(record) => Query::Raw { record },
        Wish::Links(record) | Wish::FileLinks(_, record) => Query::Links { record },
        Wish::Files(appointment) => Query::Files { appointment },
        Wish::Episodes(patient, appointment) => Query::Episodes { patient, appointment },
        Wish::OpenDraft(draft) | Wish::FileDraft(draft) | Wish::DraftAsKept(draft) | Wish::CompareDraft(draft) => {
            Query::Draft { draft }
        }
        Wish::OwnDrafts => Query::DraftsBy { by: model.setting.user.clone(), window: Window { offset: 0, limit: 1 } },
        Wish::Worklist => worklist::query(model),
        Wish::KnownFacts(draft) => Query::KnownFacts { draft },
        Wish::Detail(record)
        | Wish::Whose(record)
        | Wish::EditPatient(record)
        | Wish::EditKnown(record)
        | Wish::Reschedule(record)
        | Wish::Scribe(record)
        | Wish::Addendum(record)
        | Wish::SignOff(record)
        | Wish::NoteOfVisit(record)
        | Wish::FileAgain(record)
        | Wish::Survivor(_, record)
        | Wish::BookAllTheSame(record)
        | Wish::Cancel(record)
        | Wish::VisitNote(record)
        | Wish::BookFor(record)
        | Wish::DraftFrom(record)
        | Wish::Session(record, _)
        | Wish::DraftText(record)
        | Wish::Watch(record)
        | Wish::Reading(record)
        | Wish::Pages(record)
        | Wish::SessionLinks(record)
        | Wish::Redo(record, _)
        | Wish::FormRecord(record)
        | Wish::ContextVisit(record)
        | Wish::ContextWhom(_, record)
        | Wish::Found(record)
        | Wish::DocumentFor(record)
        | Wish::ConsultFor(record)
        | Wish::ReadNote(record)
        | Wish::NoteFor(record)
        | Wish::CompareNote(record) => Query::Detail { record },
    };
    Effect::Look(wish, query)
}

/// Where a row stands in what a pane asks for.
fn position(model: &Model, pane: Pane, row: Option<RowId>) -> Query {
    let of = model.query(pane);
    match row {
        Some(row) => Query::Position { of: Box::new(of), row },
        None => of,
    }
}

/// Asks for rows that the screen shows and a pane does not hold.
pub(super) fn lacking(model: &Model) -> Vec<Effect> {
    let mut effects: Vec<_> =
        Pane::ALL.into_iter().filter(|p| model.lacks(*p)).map(|p| look(model, Wish::Pane(p))).collect();
    if let Some(Layer::Outbox(outbox)) = model.layers.last()
        && outbox.list.lacks()
    {
        effects.push(look(model, Wish::Outbox));
    }
    effects
}

/// Tells the panes how many rows they show.
pub fn fit(model: &mut Model) {
    let areas = super::layout::panes(model);
    for (pane, area) in areas {
        model.set_height(pane, super::layout::rows_in(area, model.setting.plain));
    }
    let height = super::layout::layer_rows(model);
    let told = super::draw::timeline_rows(model);
    let stuck = super::draw::triage_rows(model);
    let work = super::draw::worklist_rows(model);
    let compared = super::draw::compare_size(model);
    let (columns, rows) = super::draw::reader_size(model);
    let body = super::layout::body(model);
    let (read, beside) = (super::draw::opened_size(model), super::draw::raw_size(model));
    for layer in &mut model.layers {
        match layer {
            Layer::Outbox(outbox) => outbox.list.set_height(height),
            Layer::Editor(editor) => editor.resize(body),
            Layer::Timeline(layer) => {
                layer.set_height(told);
                if let Some(opened) = &layer.opened {
                    layer.read.fit(read, |columns| super::draw::opened_lines(opened, columns));
                }
            }
            Layer::Detail(layer) => {
                if let Some(raw) = &layer.raw {
                    layer.read.fit(beside, |columns| super::draw::raw_lines(raw.as_ref(), columns));
                }
            }
            Layer::Triage(layer) => layer.set_height(stuck),
            Layer::Reader(layer) => layer.reading.resize(columns, rows),
            Layer::Worklist(layer) => layer.set_height(work),
            Layer::Compare(layer) => layer.resize(compared.0, compared.1),
            _ => {}
        }
    }
    desk::resized(model);
}

fn tick(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    let (before, minute_before) = (model.today(), model.minute());
    model.now = now;
    model.toasts_go();
    let mut effects = Vec::new();
    if let Some((pane, _)) = model.resting.take_if(|(_, at)| now >= *at) {
        effects.extend(walk::follow(model, pane));
    }
    if minute_before != model.minute() {
        // Notices a lost engine, and whatever of the vendors' health changes by time alone.
        effects.push(look(model, Wish::Health));
        // A session may be late by now though nothing changed.
        let anything = Delta { seq: 0, touched: Vec::new() };
        effects.extend(triage::wishes(model, &anything).into_iter().map(|wish| look(model, wish)));
    }
    let rooms = rooms_at_hand(model);
    effects.extend(drafts::each(model, |editor| editor.tick(now)));
    if let Some(Layer::Form(form)) = model.layers.last_mut() {
        let event = form.tick(&context(&model.setting, now, &rooms));
        effects.extend(keys::form_event(model, event));
    }
    if model.today() != before {
        effects.extend(everything(model));
    }
    effects
}

/// When the window must wake up by itself, if at all.
pub fn next_wake(model: &Model) -> Option<Timestamp> {
    let toast = model.next_toast_goes();
    let form = match model.layers.last() {
        Some(Layer::Form(form)) => form.next_tick(),
        _ => None,
    };
    let editors = drafts::next_tick(model);
    // The header's clock shows minutes.
    let minute = Timestamp::from_second((model.now.as_second().div_euclid(60) + 1) * 60).ok();
    [model.resting.map(|(_, at)| at), toast, form, editors, minute].into_iter().flatten().min()
}

#[cfg(test)]
mod tests;
