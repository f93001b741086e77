//! Notes and their drafts: opened, thrown away, filed.

use super::{
    Effect, Wish,
    acts::{detail, nobody, nothing_there},
    keys::ask,
    look,
};
use crate::{
    domain::{
        DraftId, RecordId,
        view::{NoteItem, RowId},
    },
    tui::{
        layers::Choice,
        model::{Model, Pane},
    },
};

pub(super) fn selected_draft(model: &Model) -> Option<DraftId> {
    match model.notes.current().map(|r| &r.id) {
        Some(RowId::Draft(draft)) => Some(*draft),
        _ => None,
    }
}

pub(super) fn edit_note(model: &mut Model) -> Vec<Effect> {
    match selected_draft(model) {
        Some(draft) => vec![look(model, Wish::OpenDraft(draft))],
        None => match model.notes.current().map(|r| (&r.item, r.id.clone())) {
            Some((NoteItem::Filed(_), RowId::Record(record))) => detail(model, record),
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
    let items = vec![("Yes, throw it away".into(), Choice::DropDraft(draft)), ("No, keep it".into(), Choice::No)];
    ask(model, "Throw this draft away?", vec![about], items);
    Vec::new()
}

/// Begins to file a draft: finds out under which EMR appointment.
pub(super) fn file_under(model: &mut Model, draft: DraftId, appointment: Option<RecordId>) -> Vec<Effect> {
    match appointment {
        Some(appointment) => vec![look(model, Wish::FileLinks(draft, appointment))],
        None => nothing_there(model, "this draft belongs to no appointment, so it cannot be filed"),
    }
}
