//! The drafts that are open in this window: one shown over the other, or hidden with their undo until they are wanted again.
//! Each is saved by itself, whatever lies over it. Who writes in them elsewhere, and what becomes of words that another
//! window's came before.

use jiff::Timestamp;

use super::{Effect, Purpose, Wish, fit, keys::ask, look, notes};
use crate::{
    domain::{
        Command, Delta, DraftId, Kind, Request,
        command::{Level, Refusal, Touched},
        known::Known,
        note::{Draft, Holding},
        view::{RowSet, Rows},
    },
    tui::{
        editor::{Editor, EditorEvent},
        layers::{Choice, Layer},
        model::Model,
    },
};

/// So many drafts stay open unseen. One that makes way loses its undo only.
const SHELF: usize = 16;

/// Every open editor, those on the screen first.
pub(super) fn editors(model: &mut Model) -> impl Iterator<Item = &mut Editor> {
    let shown = model.layers.iter_mut().filter_map(|layer| match layer {
        Layer::Editor(editor) => Some(&mut **editor),
        _ => None,
    });
    shown.chain(model.shelf.iter_mut())
}

/// The editor of a draft, while it is open.
pub(super) fn editor(model: &mut Model, draft: DraftId) -> Option<&mut Editor> {
    editors(model).find(|editor| !editor.is_read_only() && editor.draft().id == draft)
}

/// The place of a draft's editor among the layers.
fn shown_at(model: &Model, draft: DraftId) -> Option<usize> {
    let of = |layer: &Layer| matches!(layer, Layer::Editor(e) if !e.is_read_only() && e.draft().id == draft);
    model.layers.iter().rposition(of)
}

/// Has every open editor do something, and does what they want of the window.
pub(super) fn each(model: &mut Model, act: impl Fn(&mut Editor) -> EditorEvent) -> Vec<Effect> {
    let events: Vec<_> = editors(model).map(|editor| (editor.draft().id, act(editor))).collect();
    events.into_iter().flat_map(|(of, wanted)| event(model, of, wanted)).collect()
}

/// The window is about to be left alone: what the editors hold is saved at once.
pub(super) fn rest(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    each(model, |editor| editor.flush(now))
}

/// When the first of the editors has something to do.
pub(super) fn next_tick(model: &Model) -> Option<Timestamp> {
    let shown = model.layers.iter().filter_map(|layer| match layer {
        Layer::Editor(editor) => editor.next_tick(),
        _ => None,
    });
    shown.chain(model.shelf.iter().filter_map(Editor::next_tick)).min()
}

/// Does what the editor of this draft wants.
pub(super) fn event(model: &mut Model, of: DraftId, event: EditorEvent) -> Vec<Effect> {
    match event {
        EditorEvent::Stay => Vec::new(),
        EditorEvent::Close(draft) => {
            hide(model, of);
            draft.into_iter().map(autosave).chain([release(of)]).collect()
        }
        EditorEvent::TakeOver => vec![claim(of, true)],
        EditorEvent::Compare => super::compare::from_editor(model, of),
        EditorEvent::Autosave(draft) => vec![autosave(draft)],
        EditorEvent::File { draft, .. } => {
            // The text is durable before anything else is tried with it.
            let (id, appointment) = (draft.id, draft.appointment);
            let mut effects = vec![autosave(draft)];
            effects.extend(notes::file_under(model, id, appointment));
            effects
        }
        EditorEvent::Help => {
            model.layers.push(Layer::Help { scroll: 0 });
            Vec::new()
        }
        EditorEvent::Others => {
            others(model, of);
            Vec::new()
        }
    }
}

fn autosave(draft: Box<Draft>) -> Effect {
    Effect::Start(Purpose::Autosave(draft.id, draft.version), Request::Do(Command::SaveDraft { draft }))
}

/// Takes an editor off the screen. A draft stays open, so that it can be gone on with where it was left.
fn hide(model: &mut Model, of: DraftId) {
    match shown_at(model, of) {
        Some(at) => {
            if let Layer::Editor(editor) = model.layers.remove(at) {
                shelve(model, *editor);
            }
        }
        // What cannot be changed has nothing to keep.
        None => drop(model.layers.pop_if(|layer| matches!(layer, Layer::Editor(e) if e.is_read_only()))),
    }
}

fn shelve(model: &mut Model, editor: Editor) {
    model.shelf.push(editor);
    if model.shelf.len() > SHELF
        && let Some(at) = model.shelf.iter().position(|editor| !editor.unsaved())
    {
        model.shelf.remove(at);
    }
}

/// A draft is no draft any more: its editor goes.
pub(super) fn forget(model: &mut Model, draft: DraftId) {
    if let Some(at) = shown_at(model, draft) {
        model.layers.remove(at);
    }
    model.shelf.retain(|editor| editor.draft().id != draft);
}

/// Whether a draft is open here in the state in which it was just read. One that somebody saved elsewhere meanwhile is
/// opened anew, unless words of this window's would be lost by that.
pub(super) fn open_already(model: &mut Model, read: &Draft) -> bool {
    let Some(editor) = editor(model, read.id) else { return false };
    if editor.unsaved() || editor.draft().version >= read.version {
        return true;
    }
    forget(model, read.id);
    false
}

/// Brings an open draft to the front.
pub(super) fn show(model: &mut Model, draft: DraftId) -> Vec<Effect> {
    let hidden = model.shelf.iter().position(|editor| editor.draft().id == draft);
    let editor = match (shown_at(model, draft), hidden) {
        (Some(at), _) => model.layers.remove(at),
        (None, Some(at)) => Layer::Editor(Box::new(model.shelf.remove(at))),
        (None, None) => return Vec::new(),
    };
    let mut effects = Vec::new();
    // The one that was written in stays open behind it.
    while let Some(Layer::Editor(last)) = model.layers.pop_if(|layer| matches!(layer, Layer::Editor(_))) {
        if !last.is_read_only() {
            effects.push(release(last.draft().id));
            shelve(model, *last);
        }
    }
    model.layers.push(editor);
    fit(model);
    effects.push(claim(draft, false));
    effects
}

/// Offers the other drafts that are open, the one hidden last first.
fn others(model: &mut Model, of: DraftId) {
    let open: Vec<(DraftId, String)> =
        model.shelf.iter().rev().map(|editor| (editor.draft().id, editor.line())).collect();
    if open.is_empty() {
        if let Some(editor) = editor(model, of) {
            editor.say("No other draft is open in this window; Esc hides this one and keeps it open.", false);
        }
        return;
    }
    let mut items: Vec<_> = open.into_iter().map(|(id, line)| (line, Choice::ShowDraft(id))).collect();
    items.push(("Stay here".into(), Choice::No));
    ask(model, "Other drafts that are open", Vec::new(), items);
}

/// A saving came through.
pub(super) fn saved(model: &mut Model, of: DraftId, draft: DraftId, version: u64) -> Vec<Effect> {
    let now = model.now;
    let wanted = editor(model, of).map(|editor| editor.saved(draft, version, now));
    wanted.map_or_else(Vec::new, |wanted| event(model, draft, wanted))
}

/// A saving did not come through: the text stays here and is tried again.
pub(super) fn not_saved(model: &mut Model, draft: DraftId, refusal: &Refusal) -> Vec<Effect> {
    let now = model.now;
    let hidden = model.shelf.iter().any(|editor| editor.draft().id == draft);
    match editor(model, draft) {
        Some(editor) => {
            let told = editor.cannot_save();
            editor.refused(refusal, now);
            if hidden && !told {
                let text =
                    format!("A draft could not be saved: {refusal}. It stays open (5, then e) and is tried again.");
                model.tell(Level::Error, text);
            }
        }
        // The draft became the filed note before its last saving came through.
        None if *refusal == Refusal::Gone => {}
        None => model.tell(Level::Error, format!("The draft could not be saved: {refusal}.")),
    }
    Vec::new()
}

/// Says that this window writes in a draft, or with `take` that it does instead of another.
pub(super) fn claim(draft: DraftId, take: bool) -> Effect {
    Effect::Start(Purpose::Claim(draft), Request::Do(Command::Claim { draft, take }))
}

/// Says that it does no more.
pub(super) fn release(draft: DraftId) -> Effect {
    Effect::Start(Purpose::Quiet, Request::Do(Command::Release { draft }))
}

/// Another window saved the draft first: both texts become one.
pub(super) fn overtaken(model: &mut Model, asked: DraftId, version: u64, theirs: &Draft) -> Vec<Effect> {
    let now = model.now;
    let Some(editor) = editor(model, asked) else {
        // The draft became the filed note before its last saving came through.
        return Vec::new();
    };
    let wanted = editor.overtaken(version, theirs, now);
    let undecided = editor.undecided();
    let mut effects = event(model, asked, wanted);
    if undecided && shown_at(model, asked).is_none() {
        effects.extend(show(model, asked));
        effects.push(claim(asked, true));
        model.tell(Level::Warning, "The draft is open again: another window wrote the same passage differently.");
    }
    effects
}

/// Who writes in an open draft was told.
pub(super) fn holds(model: &mut Model, draft: DraftId, holding: &Holding) -> Vec<Effect> {
    let now = model.now;
    let since = holding.since.to_zoned(model.setting.zone.clone()).strftime("%H:%M").to_string();
    let own = holding.by == model.setting.user;
    let words = match (holding.you, own) {
        (true, _) => None,
        (false, true) => Some(format!("you write here in another window since {since}")),
        (false, false) => Some(format!("{} writes here since {since}", holding.by)),
    };
    if shown_at(model, draft).is_none() && holding.you {
        // The editor was hidden before the answer came.
        return vec![release(draft)];
    }
    let wanted = editor(model, draft).map(|editor| editor.hold(words, now));
    wanted.map_or_else(Vec::new, |wanted| event(model, draft, wanted))
}

/// What is asked about open drafts when they are touched: their text, and who writes in them.
pub(super) fn touched(model: &Model, delta: &Delta) -> Vec<Effect> {
    // A session or a visit note that was read again may tell other facts.
    let tells = |t: &Touched| matches!(t, Touched::Record(Kind::Session | Kind::VisitNote, _));
    let anew = delta.touched.iter().any(tells);
    let shown = model.layers.iter().filter_map(|layer| match layer {
        Layer::Editor(editor) if !editor.is_read_only() => Some((editor.draft().id, true)),
        _ => None,
    });
    let open = shown.chain(model.shelf.iter().map(|editor| (editor.draft().id, false)));
    let is = |id: DraftId| delta.touched.is_empty() || delta.touched.contains(&Touched::Draft(id));
    let facts: Vec<_> = open.clone().filter(|_| anew).map(|(id, _)| look(model, Wish::KnownFacts(id))).collect();
    let asked = open.filter(|(id, _)| *id != DraftId(0) && is(*id));
    asked
        .flat_map(|(id, shown)| {
            let who = shown.then(|| claim(id, false));
            std::iter::once(look(model, Wish::DraftAsKept(id))).chain(who)
        })
        .chain(facts)
        .collect()
}

/// What is known of the visit of an open draft was told.
pub(super) fn known(model: &mut Model, draft: DraftId, facts: Vec<Known>) -> Vec<Effect> {
    if let Some(editor) = editor(model, draft) {
        editor.know(facts);
    }
    Vec::new()
}

/// An open draft as it is kept now.
pub(super) fn as_kept(model: &mut Model, draft: &Draft) -> Vec<Effect> {
    if let Some(editor) = editor(model, draft.id) {
        editor.told(draft);
    }
    Vec::new()
}

/// Says at the start what this person was writing and did not file: after a crash that is where their words are.
pub(super) fn left_unfinished(model: &mut Model, rows: &Rows) -> Vec<Effect> {
    let RowSet::Notes(last) = &rows.rows else { return Vec::new() };
    if let Some(last) = last.first() {
        let at = last.at.to_zoned(model.setting.zone.clone());
        let day = if at.date() == model.today() { at.strftime("%H:%M") } else { at.strftime("%-d %b %H:%M") };
        let whom = if last.about.is_empty() { String::new() } else { format!(", for {}", last.about) };
        let text = match rows.total {
            1 => format!("A draft that you were writing is kept (saved {day}{whom}): 5, then e opens it."),
            n => format!(
                "{n} drafts that you were writing are kept (the last saved {day}{whom}): 5 lists them, e opens one."
            ),
        };
        // Who was torn away from it today must not miss it.
        let lately = model.now.duration_since(last.at).as_hours() < 12;
        model.tell(if lately { Level::Warning } else { Level::Info }, text);
    }
    Vec::new()
}
