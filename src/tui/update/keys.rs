//! Keys, to the top layer first.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use super::{
    Effect, Purpose, Wish, acts, care, decide, desk, drafts, lacking, look, palette, timeline,
    typing::{self, Typed},
    walk,
};
use crate::{
    domain::{Command, Intent, RecordId, Request, command::Decision},
    tui::{
        action::{Action, Context},
        forms::{FormContext, FormEvent, FormId},
        keymap::{Chord, Keymap},
        layers::{Choice, ChoiceLayer, Layer},
        model::{Model, Motion, Pane, Setting},
        paths::PathLook,
        picture::means::Protocol,
    },
};

pub(super) fn key(model: &mut Model, keymap: &Keymap, key: KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    // An error lies over everything else, so it is what one step back takes away first: nothing typed is lost by that.
    if key.code == KeyCode::Esc && model.put_errors_away() {
        return Vec::new();
    }
    if model.filtering.is_some() && model.layers.is_empty() {
        return filter_key(model, key);
    }
    let rooms = rooms_at_hand(model);
    match model.layers.last_mut() {
        // Who wants out of everything is asked about what was typed.
        Some(Layer::Form(_)) if Chord::of(key) == Chord::INTERRUPT => return acts::quit(model),
        Some(Layer::Form(form)) => {
            let cx = context(&model.setting, model.now, &rooms);
            let event = form.key(key, &cx);
            return form_event(model, event);
        }
        Some(Layer::Editor(editor)) => {
            let (of, event) = (editor.draft().id, editor.key(key, model.now));
            return drafts::event(model, of, event);
        }
        Some(Layer::Palette(_)) => return palette::palette_key(model, keymap, key),
        Some(Layer::Choice(_)) => return choice_key(model, key),
        Some(Layer::Timeline(layer)) if layer.typing => return timeline::filter_key(model, key),
        Some(Layer::Report(report)) if report.typing => return desk::filter_key(model, key),
        Some(Layer::Reader(reader)) if reader.typing => return super::reader::find_key(model, key),
        _ => {}
    }
    let contexts = contexts(model);
    match keymap.action(&contexts, Chord::of(key)) {
        Some(action) => acts::act(model, action),
        None => Vec::new(),
    }
}

/// Whether a key is one of a run that is answered once at its end: a motion over rows, a letter of a search. Its own
/// meaning, and that of the next one of the run, depend on no answer.
pub fn runs(model: &Model, keymap: &Keymap, key: KeyEvent) -> bool {
    if !model.layers.is_empty() {
        return false;
    }
    if model.filtering.is_some() {
        return matches!(key.code, KeyCode::Char(_) | KeyCode::Backspace);
    }
    let action = keymap.action(&contexts(model), Chord::of(key));
    matches!(action, Some(Action::Down | Action::Up | Action::PageDown | Action::PageUp | Action::First | Action::Last))
}

pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let rooms = rooms_at_hand(model);
    match model.layers.last_mut() {
        Some(Layer::Form(form)) => {
            form.paste(text, &context(&model.setting, model.now, &rooms));
            Vec::new()
        }
        Some(Layer::Editor(editor)) => {
            editor.paste(text, model.now);
            Vec::new()
        }
        Some(Layer::Palette(palette)) => {
            typing::paste(&mut palette.text, text);
            palette.selected = 0;
            Vec::new()
        }
        Some(Layer::Timeline(layer)) if layer.typing => {
            typing::paste(&mut layer.text, text);
            layer.refilter();
            Vec::new()
        }
        Some(Layer::Report(report)) if report.typing => {
            typing::paste(&mut report.text, text);
            desk::refilter(model)
        }
        Some(Layer::Reader(layer)) => {
            super::reader::paste(layer, text);
            Vec::new()
        }
        None => match model.filtering {
            Some(pane) => {
                typing::paste(&mut model.filters[pane as usize], text);
                filtered(model, pane)
            }
            None => Vec::new(),
        },
        Some(_) => Vec::new(),
    }
}

/// The contexts that the keys are looked up in, from the top.
pub(super) fn contexts(model: &Model) -> Vec<Context> {
    let top = model.layers.last();
    let session = top.is_some_and(Layer::about_session).then_some(Context::Sessions);
    own_context(model, top).into_iter().chain(session).chain([Context::Global]).collect()
}

/// Where keys are looked up first with this layer on top, or with none over the panes.
pub fn own_context(model: &Model, top: Option<&Layer>) -> Option<Context> {
    match top {
        Some(layer) => layer.context(),
        None => Some(pane_context(model.focus)),
    }
}

/// Where the keys of a pane are looked up.
pub fn pane_context(pane: Pane) -> Context {
    match pane {
        Pane::Rooms => Context::Rooms,
        Pane::Appointments => Context::Appointments,
        Pane::Patients => Context::Patients,
        Pane::Sessions => Context::Sessions,
        Pane::Notes => Context::Notes,
    }
}

/// What forms are told about the world.
pub fn context<'a>(setting: &'a Setting, now: jiff::Timestamp, rooms: &'a [String]) -> FormContext<'a> {
    FormContext {
        now,
        zone: &setting.zone,
        rooms,
        scribes: &setting.scribes,
        facility: setting.facility.as_deref(),
        doctor: setting.doctor.as_deref(),
    }
}

/// The rooms that have a name, the one that the board shows first.
pub fn rooms_at_hand(model: &Model) -> Vec<String> {
    let mut names = room_names(&model.all_rooms);
    if let crate::domain::view::RoomFilter::Named(name) = &model.scope.room {
        names.sort_by_key(|n| n != name);
    }
    names
}

/// The rooms that have a name.
pub fn room_names(rooms: &[crate::domain::view::RoomRow]) -> Vec<String> {
    use crate::domain::view::RoomFilter;
    rooms
        .iter()
        .filter_map(|row| match &row.filter {
            RoomFilter::Named(name) => Some(name.clone()),
            _ => None,
        })
        .collect()
}

fn filter_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let Some(pane) = model.filtering else { return Vec::new() };
    match typing::key(&mut model.filters[pane as usize], key) {
        Typed::Changed => filtered(model, pane),
        Typed::Kept => {
            model.filtering = None;
            Vec::new()
        }
        Typed::Dropped => {
            model.filtering = None;
            if model.filter(pane).is_empty() { Vec::new() } else { walk::unfilter(model, pane) }
        }
        Typed::Other => match key.code {
            KeyCode::Down => picked(model, Motion::Step(1)),
            KeyCode::Up => picked(model, Motion::Step(-1)),
            KeyCode::PageDown => picked(model, Motion::Page(1)),
            KeyCode::PageUp => picked(model, Motion::Page(-1)),
            _ => Vec::new(),
        },
    }
}

/// Who moves the selection while they type means the row that they moved to.
fn picked(model: &mut Model, motion: Motion) -> Vec<Effect> {
    model.picked = true;
    walk::motion(model, motion)
}

/// Another filter: its first row, which is the best match, unless a person picked one that it still holds. The panes that
/// follow a selection follow it.
fn filtered(model: &mut Model, pane: Pane) -> Vec<Effect> {
    walk::rest(model);
    if model.picked && model.sought_row(pane).is_some() {
        // The rooms come whole, and are filtered here.
        return vec![look(model, if pane == Pane::Rooms { Wish::Pane(pane) } else { Wish::Place(pane) })];
    }
    model.reset(pane);
    vec![look(model, Wish::Pane(pane))]
}

fn choice_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let Some(Layer::Choice(layer)) = model.layers.last_mut() else { return Vec::new() };
    let last = layer.items.len().saturating_sub(1);
    let chosen = match key.code {
        KeyCode::Down | KeyCode::Char('j') => {
            layer.selected = (layer.selected + 1).min(last);
            return Vec::new();
        }
        KeyCode::Up | KeyCode::Char('k') => {
            layer.selected = layer.selected.saturating_sub(1);
            return Vec::new();
        }
        KeyCode::Esc | KeyCode::Char('q') => {
            model.layers.pop();
            return Vec::new();
        }
        KeyCode::Enter => layer.selected,
        // By what is offered, not by where: where something is lost for good, no stands first.
        KeyCode::Char(c @ ('y' | 'n')) if last == 1 => {
            match layer.items.iter().position(|(_, choice)| matches!(choice, Choice::No)) {
                Some(no) if c == 'n' => no,
                Some(no) => last - no,
                None => return Vec::new(),
            }
        }
        KeyCode::Char(c) if c.is_ascii_digit() => match (c as usize).checked_sub('1' as usize) {
            Some(at) if at <= last => at,
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    take_choice(model, chosen)
}

/// Does what an item of the choice on top says.
pub(super) fn take_choice(model: &mut Model, item: usize) -> Vec<Effect> {
    let Some(Layer::Choice(layer)) = model.layers.last() else { return Vec::new() };
    let choice = layer.items.get(item).map_or(Choice::No, |(_, choice)| choice.clone());
    model.layers.pop();
    choose(model, choice)
}

fn choose(model: &mut Model, choice: Choice) -> Vec<Effect> {
    let (word, command) = match choice {
        Choice::No => return Vec::new(),
        Choice::Quit => {
            model.quitting = true;
            return Vec::new();
        }
        Choice::Decide(entry, decision) => (
            match decision {
                Decision::Arrived => "noted: it arrived",
                Decision::SendAgain => "it is sent again",
                Decision::Drop => "dropped",
            },
            Command::Decide { entry, decision },
        ),
        Choice::BookFor(patient) => return vec![look(model, Wish::BookAllTheSame(patient))],
        Choice::Settle(settling) => return decide::settle(model, &settling),
        Choice::Room(appointment, room) => ("room noted", Command::SetRoom { appointment, room }),
        Choice::Unlink(a, b) => ("link taken back", Command::RefuseLink { a, b }),
        Choice::DropDraft(draft) => {
            drafts::forget(model, draft);
            ("draft thrown away", Command::DropDraft { draft })
        }
        Choice::Withdraw(entry) => ("withdrawn", Command::Withdraw { entry }),
        Choice::Do(word, command) => (word, *command),
        Choice::Submit(said, intent) => return vec![care::submit(*intent, said)],
        Choice::Assign { appointment, episode } => {
            return vec![care::submit(
                Intent::AssignEpisode { appointment, episode },
                "saved; Solo is told as soon as it can be reached",
            )];
        }
        Choice::AskAgain(entry) => return vec![look(model, Wish::AskAgain(entry))],
        Choice::ShowDraft(draft) => return drafts::show(model, draft),
    };
    vec![Effect::Start(Purpose::Word(word), Request::Do(command))]
}

/// Does what the form on top wants.
pub(super) fn form_event(model: &mut Model, event: FormEvent) -> Vec<Effect> {
    let top = model.layers.len().saturating_sub(1);
    event_of_form(model, top, event)
}

/// Does what the form at this place among the layers wants.
pub(super) fn event_of_form(model: &mut Model, at: usize, event: FormEvent) -> Vec<Effect> {
    let mut effects = form_effects(model, at, event);
    if let Some(Layer::Form(form)) = model.layers.get(at)
        && form.lacks_board()
    {
        effects.extend(form.board_day().map(|day| look(model, Wish::FormBoard(day))));
    }
    effects
}

fn form_effects(model: &mut Model, at: usize, event: FormEvent) -> Vec<Effect> {
    match event {
        FormEvent::Stay => Vec::new(),
        FormEvent::Look(records) => records.into_iter().map(|id| look(model, Wish::FormRecord(id))).collect(),
        FormEvent::Links(links) => {
            close(model, at);
            // The form lay on the links that it adds to.
            if let Some(Layer::VisitLinks(layer)) = at.checked_sub(1).and_then(|below| model.layers.get_mut(below)) {
                layer.made.extend(links);
                layer.selected = layer.all().len().saturating_sub(1);
            }
            Vec::new()
        }
        FormEvent::Found(record) => {
            close(model, at);
            vec![look(model, Wish::Found(record))]
        }
        FormEvent::Submit(_) if matches!(model.layers.get(at), Some(Layer::Form(form)) if form.must_be_weighed()) => {
            vec![look(model, Wish::Losses)]
        }
        FormEvent::Submit(intent) if matches!(&*intent, Intent::UpdateDoctor { doctor, .. } if *doctor == RecordId::UNASSIGNED) =>
        {
            vec![look(model, Wish::Doctor)]
        }
        FormEvent::Close => {
            close(model, at);
            Vec::new()
        }
        FormEvent::Submit(intent) => {
            let Some(id) = form_id(model, at) else { return Vec::new() };
            model.making = walk::making(model, &intent).map(|made| (id, made));
            vec![Effect::Start(Purpose::Form(id), Request::Do(Command::Submit { intent: *intent, clears: None }))]
        }
        FormEvent::Do(word, command) => {
            let id = form_id(model, at);
            id.map(|id| Effect::Start(Purpose::FormAct(id, word), Request::Do(*command))).into_iter().collect()
        }
        FormEvent::Inspect(text) => {
            let picture = !model.setting.plain && model.setting.pictures.protocol != Protocol::Off;
            vec![Effect::Inspect(PathLook::Typed { text, picture })]
        }
        FormEvent::ReadSignature(text) => vec![Effect::Inspect(PathLook::Signature { text })],
        FormEvent::Signature(act) => {
            let id = form_id(model, at);
            let request = Request::Do(Command::Signature { act });
            id.map(|id| Effect::Start(Purpose::FormSignature(id), request)).into_iter().collect()
        }
        FormEvent::Ask(question) => {
            let id = form_id(model, at);
            id.map(|id| Effect::Start(Purpose::FormQuestion(id), Request::Ask(question))).into_iter().collect()
        }
    }
}

/// The number of the form at this place, under which answers find it.
pub(super) fn form_id(model: &mut Model, at: usize) -> Option<FormId> {
    let Some(Layer::Form(form)) = model.layers.get_mut(at) else { return None };
    let id = form.id_or(FormId(model.forms));
    model.forms = model.forms.max(id.0 + 1);
    Some(id)
}

/// Takes the form at this place away.
fn close(model: &mut Model, at: usize) {
    if matches!(model.layers.get(at), Some(Layer::Form(_))) {
        model.layers.remove(at);
    }
}

/// Asks before something is done.
pub(super) fn ask(model: &mut Model, title: impl Into<String>, lines: Vec<String>, items: Vec<(String, Choice)>) {
    model.layers.push(Layer::Choice(ChoiceLayer { title: title.into(), lines, items, selected: 0 }));
}

/// Effects of a motion beside the motion itself.
pub(super) fn moved(model: &Model) -> Vec<Effect> {
    lacking(model)
}
