//! Notes and their drafts: begun, opened in the editor, thrown away, filed.

use super::{
    Effect, Purpose, Wish,
    acts::{nobody, nothing_there},
    drafts::{self, editor},
    fit,
    keys::{ask, context, rooms_at_hand},
    look,
    opening::{identity_of, told_of},
};
use crate::{
    domain::{
        Command, DraftId, Entry, EntryState, Intent, Kind, Pointer, Question, Record, RecordId, Request,
        command::{Decision, Level, Refusal},
        note::{Draft, FilingState, NoteBody, SessionNote},
        scribed::Scribed,
        view::{Detail, LinkRow, NoteItem, RowId, VendorHealth},
    },
    tui::{
        editor::Editor,
        forms::{Form, PatientIdentity},
        layers::{Choice, Layer, LinksLayer},
        model::{Model, Pane},
    },
};

pub(super) fn selected_draft(model: &Model) -> Option<DraftId> {
    match model.notes.current().map(|r| &r.id) {
        Some(RowId::Draft(draft)) => Some(*draft),
        _ => None,
    }
}

/// Asks for or answers an addendum, or signs off or changes a sign-off: of the selected row, or of a session note whose number
/// is typed.
pub(super) fn supervise(model: &mut Model, signs: bool) -> Vec<Effect> {
    let selected = model.notes.current().map(|row| (row.item.clone(), row.id.clone()));
    match selected {
        Some((NoteItem::SessionNote(_) | NoteItem::SignOff(_), RowId::Record(record))) if signs => {
            vec![look(model, Wish::SignOff(record))]
        }
        Some((NoteItem::SessionNote(_) | NoteItem::Addendum { .. }, RowId::Record(record))) if !signs => {
            vec![look(model, Wish::Addendum(record))]
        }
        // Nobody means the number of another note than the one that was selected.
        None if model.missing(Pane::Notes) => nobody(model, Pane::Notes, "select a session note first"),
        _ => {
            let rooms = rooms_at_hand(model);
            let cx = context(&model.setting, model.now, &rooms);
            let form = if signs { Form::sign_off(None, &cx) } else { Form::request_addendum(None, &cx) };
            model.layers.push(Layer::Form(Box::new(form)));
            Vec::new()
        }
    }
}

pub(super) fn edit_note(model: &mut Model) -> Vec<Effect> {
    match selected_draft(model) {
        Some(draft) => vec![look(model, Wish::OpenDraft(draft))],
        None => match model.notes.current().map(|r| (&r.item, r.id.clone())) {
            Some((NoteItem::Filed(_) | NoteItem::SessionNote(_), RowId::Record(record))) => {
                vec![look(model, Wish::ReadNote(record))]
            }
            None => nobody(model, Pane::Notes, "select a draft first"),
            _ => nothing_there(model, "only a draft can be edited"),
        },
    }
}

pub(super) fn drop_draft(model: &mut Model) -> Vec<Effect> {
    let Some(draft) = selected_draft(model) else {
        return nobody(model, Pane::Notes, "only a draft can be thrown away");
    };
    let about = model.notes.current().map(|r| r.about.clone()).unwrap_or_default();
    let items = vec![("No, keep it".into(), Choice::No), ("Yes, throw it away".into(), Choice::DropDraft(draft))];
    ask(model, "Throw this draft away?", vec![about], items);
    Vec::new()
}

/// The selected note, when it is one of the clinic's.
pub(super) fn session_note(model: &Model) -> Option<RecordId> {
    match model.notes.current().map(|r| (&r.item, &r.id)) {
        Some((NoteItem::SessionNote(_), RowId::Record(note))) => Some(*note),
        _ => None,
    }
}

/// Files the selected draft, or again the selected note that did not arrive.
pub(super) fn file_note(model: &mut Model) -> Vec<Effect> {
    if let Some(draft) = selected_draft(model) {
        return vec![look(model, Wish::FileDraft(draft))];
    }
    match model.notes.current().map(|r| (r.item.clone(), r.id.clone())) {
        Some((NoteItem::Filed(FilingState::Failed { .. } | FilingState::Unresolved), RowId::Record(note))) => {
            vec![look(model, Wish::FileAgain(note))]
        }
        Some((NoteItem::Filed(FilingState::Completed), _)) => nothing_there(model, "this note is in the EMR already"),
        Some((NoteItem::Filed(_), _)) => nothing_there(model, "this note is on its way into the EMR"),
        _ => nobody(model, Pane::Notes, "select a draft to file it"),
    }
}

/// Asks whether a note is filed again: one that failed is tried again as it stands; of one that nothing was heard of a person
/// says what became of it, and is told first that it may then stand there twice.
pub(super) fn file_again(model: &mut Model, detail: &Detail) -> Vec<Effect> {
    let filing = |e: &&Entry| matches!(&e.intent, Intent::FileNote { note, .. } if *note == detail.id);
    let Some(entry) = detail.pending.iter().find(filing) else {
        return nothing_there(model, "its write is not in the queue any more: n writes the note anew");
    };
    let whom = detail.patient.as_ref().map(|p| identity_of(p).line());
    let decided =
        |done: &'static str, decision| Choice::Do(done, Box::new(Command::Decide { entry: entry.id, decision }));
    match &entry.state {
        EntryState::Rejected { reason, .. } => {
            let lines = whom.into_iter().chain([crate::tui::draw::why(reason)]).collect();
            let again = Choice::Do("it is filed again", Box::new(Command::Retry { entry: entry.id }));
            ask(
                model,
                "File this note again?",
                lines,
                vec![("Yes, as it is".into(), again), ("No".into(), Choice::No)],
            );
            Vec::new()
        }
        EntryState::Acked { .. } | EntryState::NeedsDecision { may_resend: true, .. } => {
            let told = [
                "The vendor never said how it ended.".to_owned(),
                "Look into the EMR first: filed again, it may stand there twice.".to_owned(),
            ];
            let items = vec![
                ("Not now".to_owned(), Choice::No),
                ("It is in the EMR, I have seen it".to_owned(), decided("the note counts as filed", Decision::Arrived)),
                (
                    "File it again; it may then stand there twice".to_owned(),
                    decided("it is filed again", Decision::SendAgain),
                ),
            ];
            ask(model, "Nobody knows whether this note arrived", whom.into_iter().chain(told).collect(), items);
            Vec::new()
        }
        EntryState::NeedsDecision { .. } => {
            nothing_there(model, "whether it arrived is for a person to decide: o, then d")
        }
        state => nothing_there(model, &format!("its write goes by itself ({}): o shows it", state.word())),
    }
}

/// Asks whether somebody has done what a vendor asked for about its account.
pub(super) fn account_done(model: &mut Model) -> Vec<Effect> {
    let stands = |v: &VendorHealth| Some((v.vendor, v.account?.0.words(&v.label)));
    let asked: Vec<_> = model.health.iter().flat_map(|h| h.vendors.iter().filter_map(stands)).collect();
    if asked.is_empty() {
        return nothing_there(model, "no vendor asks to log in again");
    }
    let lines = asked.iter().map(|(_, words)| words.clone()).collect();
    let done = |vendor| Choice::Do("notes are sent again", Box::new(Command::AccountDone { vendor }));
    let yes = asked.into_iter().map(|(vendor, words)| (format!("Done: {words}"), done(vendor)));
    let items = std::iter::once(("Not yet".to_owned(), Choice::No)).chain(yes).collect();
    ask(model, "Has somebody done this?", lines, items);
    Vec::new()
}

/// Asks whether a note of the clinic's, which names no patient of ours, is about the selected visit. What links it already
/// is shown instead, to be taken back.
pub(super) fn note_of_visit(model: &mut Model, detail: &Detail, note: &SessionNote) -> Vec<Effect> {
    if detail.links.iter().any(|row| row.link.holds()) {
        let record = detail.id;
        model.layers.push(Layer::Links(LinksLayer { record, rows: Vec::new(), selected: 0, then_file: None }));
        return vec![look(model, Wish::Links(record))];
    }
    let Some(visit) = model.appointments.current() else {
        return nothing_there(model, "select the visit that this note is about first (2), then come back");
    };
    let begins = crate::tui::draw::visit_words(visit.start, &model.setting.zone);
    let visit_id = visit.id;
    let text: String = note.summary.as_deref().unwrap_or_default().chars().take(160).collect();
    let lines = vec![
        format!("the note:  {}", told_of(note, &model.setting.zone)),
        format!("it says:   {text}"),
        format!("the visit: {} · {begins}", visit.patient_name),
    ];
    let yes =
        Choice::Do("the note belongs to this visit", Box::new(Command::ConfirmLink { a: detail.id, b: visit_id }));
    let items = vec![("No, or not sure".to_owned(), Choice::No), ("Yes, I have seen both".into(), yes)];
    ask(model, "Is this note about the selected visit?", lines, items);
    Vec::new()
}

/// Begins to file a draft: finds out under which EMR appointment.
pub(super) fn file_under(model: &mut Model, draft: DraftId, appointment: Option<RecordId>) -> Vec<Effect> {
    match appointment {
        Some(appointment) => vec![look(model, Wish::FileLinks(draft, appointment))],
        None => nothing_there(model, "this draft belongs to no appointment, so it cannot be filed"),
    }
}

/// Opens a draft in the editor; `check` begins to file it.
pub(super) fn edit(model: &mut Model, draft: Draft, check: bool) -> Vec<Effect> {
    let whose = draft.patient.or(draft.appointment);
    let id = draft.id;
    if !drafts::open_already(model, &draft) {
        let about = identity(model, &draft);
        let mut editor = Editor::open(draft, about);
        editor.set(&model.setting.editor);
        editor.abide(model.setting.note);
        model.shelf.push(editor);
    }
    let mut effects = drafts::show(model, id);
    effects.push(look(model, Wish::KnownFacts(id)));
    if check && let Some(editor) = editor(model, id) {
        editor.check();
    }
    effects.into_iter().chain(whose.map(|record| look(model, Wish::Whose(record)))).collect()
}

/// Shows a note that was filed or signed, whole and unchangeable.
pub(super) fn read(model: &mut Model, detail: &Detail, record: &Record) -> Vec<Effect> {
    let (body, appointment, patient) = match record {
        Record::Note(note) => (note.body.clone(), note.appointment.as_ref().and_then(Pointer::local), note.patient),
        Record::SessionNote(note) => match note.summary.as_deref().map(str::trim) {
            Some(text) if !text.is_empty() => (NoteBody::Text(text.to_owned()), None, None),
            _ => return nothing_there(model, "this note has no text yet"),
        },
        _ => return nothing_there(model, "that cannot be done here"),
    };
    let about = detail.patient.as_ref().map(identity_of).unwrap_or_default();
    let draft = new_draft(model, appointment, patient, None, body, None);
    model.layers.push(Layer::Editor(Box::new(Editor::read(draft, about))));
    fit(model);
    Vec::new()
}

/// Whom the note in the editor is about was read.
pub(super) fn identify(model: &mut Model, record: RecordId, detail: &Detail) -> Vec<Effect> {
    let about = match &detail.shown {
        Some(Record::Patient(patient)) => Some(PatientIdentity::from(&**patient)),
        _ => detail.patient.as_ref().map(identity_of),
    };
    if let Some(about) = about {
        for editor in drafts::editors(model) {
            if editor.draft().patient.or(editor.draft().appointment) == Some(record) {
                editor.identify(about.clone());
            }
        }
    }
    Vec::new()
}

pub(super) fn new_draft(
    model: &Model,
    appointment: Option<RecordId>,
    patient: Option<RecordId>,
    session: Option<RecordId>,
    body: NoteBody,
    scribe: Option<NoteBody>,
) -> Draft {
    Draft {
        id: DraftId(0),
        appointment,
        patient,
        session,
        body,
        scribe,
        scribed: Scribed::default(),
        saved_at: model.now,
        version: 1,
        by: model.setting.user.clone(),
        over: None,
    }
}

pub(super) fn save_new(draft: Draft) -> Effect {
    Effect::Start(Purpose::NewDraft, Request::Do(Command::SaveDraft { draft: Box::new(draft) }))
}

/// Who a draft is about, as far as the window's rows tell: the editor's title and its check before filing.
fn identity(model: &Model, draft: &Draft) -> PatientIdentity {
    let row = draft
        .patient
        .and_then(|id| (0..model.patients.total()).filter_map(|at| model.patients.at(at)).find(|r| r.id == id))
        .or(model.about.as_ref().filter(|r| Some(r.id) == draft.patient));
    row.map(identity_of).unwrap_or_default()
}

pub(super) fn links_layer(model: &mut Model, record: RecordId, rows: Vec<LinkRow>) {
    for layer in &mut model.layers {
        if let Layer::Links(layer) = layer
            && layer.record == record
        {
            layer.rows = rows;
            if layer.then_file.is_some() {
                // Only the EMR's appointment decides where a note is filed.
                layer.rows.retain(|r| r.other_kind == Kind::EmrAppointment);
            }
            layer.selected = layer.selected.min(layer.rows.len().saturating_sub(1));
            return;
        }
    }
}

/// A draft waited for its link: when that is confirmed now, it is filed.
pub(super) fn filing_may_go_on(model: &mut Model, record: RecordId) -> Vec<Effect> {
    let ready = model.layers.iter().position(|l| {
        matches!(l, Layer::Links(l) if l.record == record && l.then_file.is_some()
            && l.rows.iter().any(|r| r.other_kind == Kind::EmrAppointment && r.link.holds()))
    });
    let Some(at) = ready else { return Vec::new() };
    let Layer::Links(layer) = model.layers.remove(at) else { return Vec::new() };
    match layer.then_file {
        Some(draft) => file(model, draft, record, layer.rows, true),
        None => Vec::new(),
    }
}

/// Files a draft under the EMR appointment that is linked to its visit; a proposal is shown to be confirmed first.
pub(super) fn file(
    model: &mut Model,
    draft: DraftId,
    appointment: RecordId,
    rows: Vec<LinkRow>,
    asked: bool,
) -> Vec<Effect> {
    let emr: Vec<&LinkRow> = rows.iter().filter(|r| r.other_kind == Kind::EmrAppointment).collect();
    if let Some(row) = emr.iter().find(|r| r.link.holds()) {
        let emr_appointment = row.link.other(appointment);
        let Some(editor) = editor(model, draft) else {
            return nothing_there(model, "open the draft and file it again");
        };
        if editor.unseen() {
            let why = "it was changed in another window meanwhile; look at it and file it again";
            return not_filed(model, draft, &Refusal::Invalid(why.into()));
        }
        let whole = Draft { body: editor.body(), ..editor.draft().clone() };
        let intent = Intent::FileNote {
            note: RecordId::UNASSIGNED,
            emr_appointment,
            patient: whole.patient,
            body: whole.body.clone(),
            origin: None,
        };
        return vec![Effect::Start(Purpose::File(draft), Request::Do(Command::Submit { intent, clears: Some(draft) }))];
    }
    if !emr.is_empty() {
        let rows = rows.into_iter().filter(|r| r.other_kind == Kind::EmrAppointment).collect();
        not_filed(model, draft, &Refusal::Unconfirmed);
        model.layers.push(Layer::Links(LinksLayer { record: appointment, rows, selected: 0, then_file: Some(draft) }));
        return Vec::new();
    }
    if asked {
        return not_filed(
            model,
            draft,
            &Refusal::Invalid("the EMR has no appointment with this MRN at this time".into()),
        );
    }
    model.begin("looking for the appointment in the EMR …");
    vec![Effect::Start(Purpose::EmrFor(draft, appointment), Request::Ask(Question::EmrAppointments { appointment }))]
}

/// The editor keeps the text and says why.
pub(super) fn not_filed(model: &mut Model, draft: DraftId, refusal: &Refusal) -> Vec<Effect> {
    let now = model.now;
    match editor(model, draft) {
        Some(editor) => editor.refused(refusal, now),
        None => model.tell(Level::Error, format!("The note was not filed: {refusal}. The draft is kept.")),
    }
    Vec::new()
}
