//! Files of appointments, episodes of care, documents and consults.

use super::{Effect, Purpose, Wish, acts, keys, look};
use crate::{
    domain::{
        Command, EntryState, Intent, Question, Reason, ReasonKind, Record, RecordId, Request,
        care::{EpisodeRow, FileRow, Standing},
        view::{Detail, Told},
    },
    tui::{
        draw,
        forms::{Form, FormEvent, PatientIdentity},
        layers::{Asked, Choice, EpisodesLayer, FilesLayer, Layer},
        model::{Model, Motion},
        paths::{PathLook, Seen},
        picture::means::Protocol,
    },
};

/// The files of an appointment: what is known at once, and the vendor is asked.
pub(super) fn files(model: &mut Model, appointment: RecordId) -> Vec<Effect> {
    let layer = FilesLayer { appointment, list: None, asked: Asked::Asking, selected: None, picture: None };
    model.layers.push(Layer::Files(layer));
    vec![look(model, Wish::Files(appointment)), ask_files(appointment)]
}

fn ask_files(appointment: RecordId) -> Effect {
    Effect::Start(Purpose::Files(appointment), Request::Ask(Question::Attachments { appointment }))
}

/// The episodes of a patient; with an appointment, to choose the one that it belongs to.
pub(super) fn episodes(model: &mut Model, patient: RecordId, appointment: Option<RecordId>) -> Vec<Effect> {
    let layer = EpisodesLayer { patient, appointment, list: None, asked: Asked::Asking, selected: None };
    model.layers.push(Layer::Episodes(layer));
    vec![look(model, Wish::Episodes(patient, appointment)), ask_episodes(patient)]
}

fn ask_episodes(patient: RecordId) -> Effect {
    Effect::Start(Purpose::Episodes(patient), Request::Ask(Question::Episodes { patient }))
}

/// The list on top is read again; `None` when there is none on top.
pub(super) fn refresh(model: &mut Model) -> Option<Vec<Effect>> {
    match model.layers.last_mut()? {
        Layer::Files(layer) => {
            layer.asked = Asked::Asking;
            Some(vec![ask_files(layer.appointment)])
        }
        Layer::Episodes(layer) => {
            layer.asked = Asked::Asking;
            Some(vec![ask_episodes(layer.patient)])
        }
        _ => None,
    }
}

/// The vendor told of a list, or why it did not: what was known before stays on the screen.
pub(super) fn told(model: &mut Model, purpose: Purpose, told: &Result<Told, Reason>) -> Vec<Effect> {
    let came = match told {
        Ok(_) => Asked::Told,
        Err(reason) => Asked::Failed(reason.clone()),
    };
    let mut wishes = Vec::new();
    for layer in &mut model.layers {
        match (layer, purpose) {
            (Layer::Files(layer), Purpose::Files(of)) if layer.appointment == of => {
                layer.asked = came.clone();
                wishes.push(Wish::Files(of));
            }
            (Layer::Episodes(layer), Purpose::Episodes(of)) if layer.patient == of => {
                layer.asked = came.clone();
                wishes.push(Wish::Episodes(of, layer.appointment));
            }
            _ => {}
        }
    }
    wishes.into_iter().map(|w| look(model, w)).collect()
}

/// What the open lists show.
pub(super) fn shown(layer: &Layer) -> Option<Wish> {
    match layer {
        Layer::Files(layer) => Some(Wish::Files(layer.appointment)),
        Layer::Episodes(layer) => Some(Wish::Episodes(layer.patient, layer.appointment)),
        _ => None,
    }
}

/// Moves the selection of a list. It is kept by identity: where the selected row went, nothing is selected until a person
/// moves.
pub(super) fn motion(selected: &mut Option<RecordId>, rows: &[RecordId], motion: Motion) {
    let last = rows.len().saturating_sub(1);
    let at = selected.and_then(|id| rows.iter().position(|r| *r == id));
    let to = match (motion, at) {
        (Motion::Last, _) => last,
        (Motion::First, _) | (_, None) => 0,
        (Motion::Step(by), Some(at)) => at.saturating_add_signed(by).min(last),
        (Motion::Page(by), Some(at)) => at.saturating_add_signed(by * 10).min(last),
    };
    *selected = rows.get(to).copied();
}

fn selected_file(model: &Model) -> Option<(&FilesLayer, &FileRow)> {
    match model.layers.last()? {
        Layer::Files(layer) => Some((layer, layer.current()?)),
        _ => None,
    }
}

fn selected_episode(model: &Model) -> Option<(&EpisodesLayer, &EpisodeRow)> {
    match model.layers.last()? {
        Layer::Episodes(layer) => Some((layer, layer.current()?)),
        _ => None,
    }
}

/// Enter in one of the lists: everything known of the row, or the choice of an episode.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if let Some((_, row)) = selected_file(model) {
        let id = row.id;
        return acts::detail(model, id);
    }
    match model.layers.last() {
        Some(Layer::Episodes(layer)) if layer.appointment.is_some() => assign(model),
        _ => match selected_episode(model).map(|(_, row)| row.id) {
            Some(id) => acts::detail(model, id),
            None => acts::nothing_there(model, "nothing is selected"),
        },
    }
}

pub(super) fn add_file(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Files(layer)) = model.layers.last() else { return Vec::new() };
    let Some(list) = &layer.list else { return acts::nothing_there(model, "nothing is known of this appointment") };
    let about = PatientIdentity::of_row(list.patient.as_ref());
    let visit = draw::visit_words(list.start, &model.setting.zone);
    let form = Form::attach(layer.appointment, &about, &visit);
    model.layers.push(Layer::Form(Box::new(form)));
    Vec::new()
}

/// Asks before a file is taken away, with its name and the patient's.
pub(super) fn delete_file(model: &mut Model) -> Vec<Effect> {
    let Some((layer, row)) = selected_file(model) else {
        return acts::nothing_there(model, "select a file first");
    };
    if row.file.deleted {
        return acts::nothing_there(model, "this file is deleted already");
    }
    let about = PatientIdentity::of_row(layer.list.as_ref().and_then(|l| l.patient.as_ref()));
    let start = layer.list.as_ref().and_then(|l| l.start);
    let mut lines = vec![row.file.title.clone(), about.line(), draw::visit_words(start, &model.setting.zone)];
    let (title, items) = match &row.own {
        Some(own) if own.unsent => {
            lines.push("It has not left yet: nothing of it is at Solo.".into());
            let yes = ("Yes, do not send it".to_owned(), Choice::Withdraw(own.entry));
            ("Take this file back?", vec![yes, ("No, leave it queued".into(), Choice::No)])
        }
        Some(own) => {
            let words =
                format!("{} is {}: wait until it is through, or decide about it in the queue (o)", own.what, own.state);
            return acts::nothing_there(model, &words);
        }
        None => {
            lines.push("Solo hands no file back: without a copy of it elsewhere it is gone for good.".into());
            let delete = Intent::DeleteAttachment { attachment: row.id, appointment: Some(layer.appointment) };
            let said = "saved: the file is deleted as soon as Solo can be reached";
            let yes = ("Yes, delete it".to_owned(), Choice::Submit(said, Box::new(delete)));
            ("Delete this file?", vec![("No, keep it".into(), Choice::No), yes])
        }
    };
    keys::ask(model, title, lines, items);
    Vec::new()
}

/// The picture in a file that was sent from here.
pub(super) fn show_picture(model: &mut Model) -> Vec<Effect> {
    let plain = model.setting.plain;
    let off = model.setting.pictures.protocol == Protocol::Off;
    let Some(Layer::Files(layer)) = model.layers.last_mut() else { return Vec::new() };
    let Some(row) = layer.current() else { return acts::nothing_there(model, "select a file first") };
    let (id, local, mime) = (row.id, row.local.clone(), row.file.mime.clone());
    if layer.picture.take_if(|(shown, _)| *shown == id).is_some() {
        return Vec::new();
    }
    if plain {
        return acts::nothing_there(model, "pictures are not drawn in plain mode");
    }
    if off {
        return acts::nothing_there(model, "pictures are off: [window] pictures in the configuration");
    }
    if !mime.is_some_and(|m| m.picture()) {
        return acts::nothing_there(model, "only PNG and JPEG files are shown");
    }
    match local {
        Some(file) => vec![Effect::Inspect(PathLook::Sent { id, file })],
        None => acts::nothing_there(model, "Solo hands no file back: only those sent from here can be shown"),
    }
}

/// The disk has answered.
pub(super) fn seen(model: &mut Model, seen: Seen) -> Vec<Effect> {
    match seen {
        Seen::Typed(typed) => {
            let rooms = keys::rooms_at_hand(model);
            let cx = keys::context(&model.setting, model.now, &rooms);
            let Some(at) = model.layers.iter().rposition(|l| matches!(l, Layer::Form(_))) else { return Vec::new() };
            let event = match model.layers.get_mut(at) {
                Some(Layer::Form(form)) => form.seen(typed, &cx),
                _ => FormEvent::Stay,
            };
            keys::event_of_form(model, at, event)
        }
        Seen::Signature(read) => {
            let rooms = keys::rooms_at_hand(model);
            let cx = keys::context(&model.setting, model.now, &rooms);
            if let Some(Layer::Form(form)) = model.layers.iter_mut().rfind(|l| matches!(l, Layer::Form(_))) {
                form.signature_read(read, &cx);
            }
            Vec::new()
        }
        Seen::Sent { id, picture } => {
            for layer in &mut model.layers {
                if let Layer::Files(layer) = layer
                    && layer.selected == Some(id)
                {
                    layer.picture = Some((id, picture.clone()));
                }
            }
            Vec::new()
        }
    }
}

pub(super) fn new_episode(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Episodes(layer)) = model.layers.last() else { return Vec::new() };
    let about = PatientIdentity::of_row(layer.list.as_ref().and_then(|l| l.person.as_ref()));
    let mut types: Vec<String> =
        layer.list.iter().flat_map(|l| &l.rows).map(|r| r.terms.kind.clone()).filter(|k| !k.is_empty()).collect();
    types.sort_unstable();
    types.dedup();
    let patient = layer.patient;
    let rooms = keys::rooms_at_hand(model);
    let cx = keys::context(&model.setting, model.now, &rooms);
    let form = Form::create_episode(patient, &about, &types, &cx);
    model.layers.push(Layer::Form(Box::new(form)));
    Vec::new()
}

pub(super) fn edit_episode(model: &mut Model) -> Vec<Effect> {
    let Some((layer, row)) = selected_episode(model) else {
        return acts::nothing_there(model, "select an episode first");
    };
    let about = PatientIdentity::of_row(layer.list.as_ref().and_then(|l| l.person.as_ref()));
    let form = Form::edit_episode(row.id, &about, row.terms.clone());
    model.layers.push(Layer::Form(Box::new(form)));
    Vec::new()
}

/// The episodes of the one who comes to the selected appointment, to put it into one.
pub(super) fn assign_selected(model: &mut Model) -> Vec<Effect> {
    match model.appointments.current().map(|r| (r.id, r.patient)) {
        Some((appointment, Some(patient))) => episodes(model, patient, Some(appointment)),
        Some((_, None)) => acts::nothing_there(model, "nobody knows yet who comes to this appointment; U reads it"),
        None => acts::nothing_there(model, "select an appointment first"),
    }
}

/// Asks before the appointment is put into the selected episode, or taken out of the one that it is in.
fn assign(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Episodes(layer)) = model.layers.last() else { return Vec::new() };
    let (Some(appointment), Some(list)) = (layer.appointment, &layer.list) else { return Vec::new() };
    let stands = list.visit.as_ref().map_or(&Standing::Unknown, |v| &v.episode);
    let about = PatientIdentity::of_row(list.person.as_ref());
    let start = list.visit.as_ref().and_then(|v| v.start);
    let visit = draw::visit_words(start, &model.setting.zone);
    let (title, episode, what) = match layer.current() {
        Some(row) if *stands == Standing::In(row.id) => {
            ("Take the appointment out of this episode?", None, row.terms.name.clone())
        }
        Some(row) => ("Put the appointment into this episode?", Some(row.id), row.terms.name.clone()),
        None => return acts::nothing_there(model, "select an episode first; n begins one"),
    };
    let mut lines = vec![about.line(), format!("the appointment of {visit}"), format!("the episode {what}")];
    let other = match stands {
        Standing::In(id) if episode.is_some() => {
            list.rows.iter().find(|r| r.id == *id).map(|r| format!("It leaves the episode {} for it.", r.terms.name))
        }
        Standing::Elsewhere(_) => Some("It leaves another episode for it, which is not in this list.".into()),
        _ => None,
    };
    lines.extend(other);
    let yes = if episode.is_some() { "Yes, put it there" } else { "Yes, take it out" };
    let items = vec![(yes.to_owned(), Choice::Assign { appointment, episode }), ("No, leave it".into(), Choice::No)];
    keys::ask(model, title, lines, items);
    Vec::new()
}

/// Opens a form that needs to know whom it is about.
pub(super) fn with_patient(model: &mut Model, wish: Wish, detail: &Detail) -> Vec<Effect> {
    let rooms = keys::rooms_at_hand(model);
    let cx = keys::context(&model.setting, model.now, &rooms);
    let form = match (wish, &detail.shown) {
        (Wish::DocumentFor(id), Some(Record::Patient(patient))) => {
            Form::add_document(id, &PatientIdentity::from(&**patient), &cx)
        }
        (Wish::ConsultFor(_), Some(Record::Patient(patient))) => Form::ask_consult(patient, &cx),
        _ => return acts::nothing_there(model, "it was not read yet; U reads it"),
    };
    model.layers.push(Layer::Form(Box::new(form)));
    Vec::new()
}

/// What a person can do about a consult that was refused, with what the refusal means.
pub(super) fn refused_consult(model: &mut Model, entry: &crate::domain::Entry) -> bool {
    let (Intent::AskConsult { content, .. }, EntryState::Rejected { reason, .. }) = (&entry.intent, &entry.state)
    else {
        return false;
    };
    let whom = format!("{}, {} · born {} · MRN {}", content.last, content.first, content.birth_date, content.mrn);
    let mut items = vec![("Open the form again with all of it".to_owned(), Choice::AskAgain(entry.id))];
    items.push(("Drop it".into(), Choice::Withdraw(entry.id)));
    items.push(("Leave it here".into(), Choice::No));
    let mut lines = vec![whom];
    let title = if reason.kind == ReasonKind::AlreadyThere {
        items.rotate_left(1);
        lines.push("Solo has a visit of this patient from the last 24 hours and made no second one.".into());
        let ours = reason.fields.iter().any(|(name, _)| name == "visit");
        lines.push(if ours {
            "An answer was lost before, so that visit may be the one that was asked for here: look for it on the board."
                .into()
        } else {
            "Look for that visit on the board; a new consult can be asked for once the 24 hours are over.".to_owned()
        });
        "No consult: there is a visit already"
    } else {
        lines.push(format!("Solo says: {}", reason.message));
        lines.extend(reason.fields.iter().map(|(name, words)| format!("{name}: {words}")));
        "The consult was refused"
    };
    keys::ask(model, title, lines, items);
    true
}

/// What a person can do about something refused that was written about a session note.
pub(super) fn refused_supervision(model: &mut Model, entry: &crate::domain::Entry) -> bool {
    let EntryState::Rejected { reason, .. } = &entry.state else { return false };
    if !supervision(&entry.intent) {
        return false;
    }
    let mut lines = vec![draw::why(reason)];
    lines.extend(reason.fields.iter().map(|(name, words)| format!("{}: {words}", name.replace('_', " "))));
    let items = vec![
        ("Open the form again with all of it".to_owned(), Choice::AskAgain(entry.id)),
        ("Drop it".into(), Choice::Withdraw(entry.id)),
        ("Leave it here".into(), Choice::No),
    ];
    keys::ask(model, format!("{}: the clinic refused it", entry.intent.word()), lines, items);
    true
}

fn supervision(intent: &Intent) -> bool {
    matches!(
        intent,
        Intent::RequestAddendum { .. }
            | Intent::AnswerAddendum { .. }
            | Intent::SignOff { .. }
            | Intent::ChangeSignOff { .. }
    )
}

/// The form of a refused consult, addendum or sign-off, what was refused marked at its fields.
pub(super) fn ask_again(model: &mut Model, entry: &crate::domain::Entry) -> Vec<Effect> {
    if let EntryState::Rejected { reason, .. } = &entry.state
        && supervision(&entry.intent)
    {
        let rooms = keys::rooms_at_hand(model);
        let cx = keys::context(&model.setting, model.now, &rooms);
        let form = Form::supervise_again(entry.id, &entry.intent, reason, &cx);
        model.layers.extend(form.map(|form| Layer::Form(Box::new(form))));
        return Vec::new();
    }
    let (Intent::AskConsult { content, .. }, EntryState::Rejected { reason, .. }) = (&entry.intent, &entry.state)
    else {
        return acts::nothing_there(model, "it was not refused any more when it was opened");
    };
    let rooms = keys::rooms_at_hand(model);
    let cx = keys::context(&model.setting, model.now, &rooms);
    let form = Form::ask_consult_again(entry.id, content, reason, &cx);
    model.layers.push(Layer::Form(Box::new(form)));
    Vec::new()
}

/// A write that needs no form.
pub(super) fn submit(intent: Intent, word: &'static str) -> Effect {
    Effect::Start(Purpose::Word(word), Request::Do(Command::Submit { intent, clears: None }))
}

/// Once what replaces a refused write is saved, the refused one is dropped.
pub(super) fn drop_replaced(form: &Form) -> Option<Effect> {
    let entry = form.replaces()?;
    Some(Effect::Start(Purpose::Word("the refused one was dropped"), Request::Do(Command::Withdraw { entry })))
}
