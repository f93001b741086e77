//! What keys and answers do where a note's texts are compared.

use super::{Effect, Wish, acts, fit, look};
use crate::{
    domain::{
        DraftId, Record,
        note::{Draft, FilingState, Note, NoteBody},
        view::{Detail, NoteItem, RowId},
    },
    tui::{
        action::Action,
        compare::CompareLayer,
        layers::Layer,
        model::{Model, Motion},
    },
};

/// What the scribe wrote.
const SCRIBE: &str = "as the scribe wrote it";

/// Does an action that belongs here; `None` for every other.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    if action == Action::Compare {
        return Some(from_notes(model));
    }
    let layer = layer(model)?;
    let found = match action {
        Action::NextChange => layer.go_to_change(true),
        Action::PreviousChange => layer.go_to_change(false),
        Action::CompareBeside => {
            layer.turn();
            true
        }
        Action::ComparePair => {
            layer.next_pair();
            true
        }
        _ => return None,
    };
    Some(if found { Vec::new() } else { acts::nothing_there(model, "there is no further change") })
}

/// The comparison when it is on top.
fn layer(model: &mut Model) -> Option<&mut CompareLayer> {
    match model.layers.last_mut()? {
        Layer::Compare(layer) => Some(&mut **layer),
        _ => None,
    }
}

/// Moves in the comparison; `None` when another layer is on top.
pub(super) fn motion(model: &mut Model, motion: Motion) -> Option<Vec<Effect>> {
    layer(model)?.go(motion);
    Some(Vec::new())
}

/// The selected note's texts.
fn from_notes(model: &mut Model) -> Vec<Effect> {
    match model.notes.current().map(|row| (row.item.clone(), row.id.clone())) {
        Some((NoteItem::Draft, RowId::Draft(draft))) => vec![look(model, Wish::CompareDraft(draft))],
        Some((NoteItem::Filed(_), RowId::Record(note))) => vec![look(model, Wish::CompareNote(note))],
        Some(_) => acts::nothing_there(model, "only a draft or a filed note has texts to compare"),
        None => acts::nothing_there(model, "select a note first"),
    }
}

/// A draft's texts: the scribe's, and as it is.
pub(super) fn draft(model: &mut Model, draft: &Draft, body: NoteBody, about: String) -> Vec<Effect> {
    match &draft.scribe {
        Some(scribe) => open(model, about, vec![(SCRIBE.into(), scribe.clone()), ("as it is now".into(), body)]),
        None => acts::nothing_there(model, "no scribe wrote of this note: there is nothing to compare it with"),
    }
}

/// The draft in the editor, with what was typed in it.
pub(super) fn from_editor(model: &mut Model, id: DraftId) -> Vec<Effect> {
    let editor = model.layers.iter().rev().find_map(|layer| match layer {
        Layer::Editor(editor) if editor.draft().id == id => Some(editor),
        _ => None,
    });
    let Some((of, body)) = editor.map(|editor| (editor.draft().clone(), editor.body())) else { return Vec::new() };
    draft(model, &of, body, String::new())
}

/// A filed note's texts: the scribe's, as it was filed, and what its vendor accepted.
pub(super) fn filed(model: &mut Model, detail: &Detail) -> Vec<Effect> {
    let Some(Record::Note(note)) = &detail.shown else { return Vec::new() };
    let about = detail.patient.as_ref().map(|row| row.name.clone()).unwrap_or_default();
    let texts = texts(note);
    if texts.len() < 2 {
        return acts::nothing_there(
            model,
            "only the text that was filed is known: there is nothing to compare it with",
        );
    }
    open(model, about, texts)
}

fn texts(note: &Note) -> Vec<(String, NoteBody)> {
    let scribe = note.origin.as_ref().and_then(|origin| origin.scribe.clone());
    let mut texts: Vec<_> = scribe.map(|scribe| (SCRIBE.to_owned(), scribe)).into_iter().collect();
    texts.push(("as it was filed".into(), note.body.clone()));
    if note.state == FilingState::Completed {
        // Success tells no text of the EMR's own.
        texts.push(("as the EMR accepted it (it shows no text of its own)".into(), note.body.clone()));
    }
    texts
}

fn open(model: &mut Model, about: String, texts: Vec<(String, NoteBody)>) -> Vec<Effect> {
    model.layers.retain(|layer| !matches!(layer, Layer::Compare(_)));
    model.layers.push(Layer::Compare(Box::new(CompareLayer::new(about, texts))));
    fit(model);
    Vec::new()
}
