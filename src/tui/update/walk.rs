//! Where one is on the board: selections, panes, days, and going back. The panes that follow a selection, and what was just
//! made.

use jiff::SignedDuration;

use super::{Effect, Purpose, Wish, care, fit, keys::moved, leaving, look};
use crate::{
    domain::{
        Intent, Question, RecordId, Request, Source,
        command::Level,
        view::{RoomFilter, RowId},
    },
    tui::{
        draw,
        layers::{Layer, LinkAs},
        layout,
        model::{Making, Model, Motion, Pane, REST, Showing},
    },
};

pub(super) fn motion(model: &mut Model, motion: Motion) -> Vec<Effect> {
    fn shift(at: usize, motion: Motion, last: usize) -> usize {
        match motion {
            Motion::Step(by) => at.saturating_add_signed(by).min(last),
            Motion::Page(by) => at.saturating_add_signed(by * 10).min(last),
            Motion::First => 0,
            Motion::Last => last,
        }
    }
    if let Some(effects) = super::timeline::motion(model, motion) {
        return effects;
    }
    if let Some(effects) = super::triage::motion(model, motion) {
        return effects;
    }
    if let Some(effects) = super::worklist::motion(model, motion) {
        return effects;
    }
    if let Some(effects) = super::compare::motion(model, motion) {
        return effects;
    }
    if let Some(effects) = super::reader::motion(model, motion) {
        return effects;
    }
    if let Some(effects) = super::desk::motion(model, motion) {
        return effects;
    }
    let end = match model.layers.last() {
        Some(Layer::Help { .. }) => draw::help_end(model),
        Some(Layer::Detail(layer)) => draw::detail_end(model, layer),
        Some(Layer::Outbox(layer)) => layer.explained.as_ref().map_or(0, |entry| draw::explained_end(model, entry)),
        _ => 0,
    };
    match model.layers.last_mut() {
        None => {
            model.move_in(model.focus, motion);
            rest(model);
            return moved(model);
        }
        Some(Layer::Outbox(outbox)) => {
            if outbox.explained.is_some() {
                outbox.scroll = shift(outbox.scroll.min(end), motion, end);
                return Vec::new();
            }
            match motion {
                Motion::Step(by) => outbox.list.step(by),
                Motion::Page(by) => outbox.list.page(by),
                Motion::First => outbox.list.first(),
                Motion::Last => outbox.list.last(),
            }
            return moved(model);
        }
        Some(Layer::Detail(detail)) if detail.raw.is_some() => detail.read.go(motion),
        Some(Layer::Detail(detail)) => detail.scroll = shift(detail.scroll.min(end), motion, end),
        Some(Layer::Help { scroll }) => *scroll = shift((*scroll).min(end), motion, end),
        Some(Layer::Log { back }) => {
            let back_by = match motion {
                Motion::Step(by) => Motion::Step(-by),
                Motion::Page(by) => Motion::Page(-by),
                Motion::First => Motion::Last,
                Motion::Last => Motion::First,
            };
            *back = shift(*back, back_by, crate::tui::model::LOG_KEPT);
        }
        Some(Layer::Links(links)) => {
            links.selected = shift(links.selected, motion, links.rows.len().saturating_sub(1));
        }
        Some(Layer::Files(layer)) => {
            let rows = layer.rows();
            care::motion(&mut layer.selected, &rows, motion);
            layer.picture.take_if(|(shown, _)| Some(*shown) != layer.selected);
        }
        Some(Layer::Episodes(layer)) => {
            let rows = layer.rows();
            care::motion(&mut layer.selected, &rows, motion);
        }
        Some(Layer::VisitLinks(layer)) => {
            let count = layer.all().len();
            layer.selected = shift(layer.selected, motion, count.saturating_sub(1));
        }
        Some(
            Layer::Palette(_)
            | Layer::Form(_)
            | Layer::Editor(_)
            | Layer::Choice(_)
            | Layer::Health
            | Layer::Hooks(_)
            | Layer::Assistance(_)
            | Layer::Report(_)
            | Layer::Timeline(_)
            | Layer::Triage(_)
            | Layer::Reader(_)
            | Layer::Worklist(_)
            | Layer::Compare(_),
        ) => {}
    }
    Vec::new()
}

/// The selection of the focused pane moved: what follows it waits until it rests.
pub(super) fn rest(model: &mut Model) {
    let at = SignedDuration::try_from(REST).ok().and_then(|r| model.now.checked_add(r).ok());
    model.resting = at.map(|at| (model.focus, at));
}

/// Takes a pane's filter away. The selection stays on its row, also on one that the filter did not hold any more; where
/// there is none, the list begins anew, the board where the day is.
pub(super) fn unfilter(model: &mut Model, pane: Pane) -> Vec<Effect> {
    model.filters[pane as usize].clear();
    match model.sought_row(pane) {
        Some(_) if pane != Pane::Rooms => vec![look(model, Wish::Place(pane))],
        Some(_) => vec![look(model, Wish::Pane(pane))],
        None => {
            model.resting = None;
            model.reset(pane);
            vec![look(model, Wish::Pane(pane))]
        }
    }
}

/// The pane on that side of the focused one: as they stand side by side, or as the tabs of a narrow window do.
pub(super) fn beside(model: &Model, by: isize) -> Pane {
    if layout::narrow(model) {
        return model.focus.turn(by);
    }
    match (model.focus, by < 0) {
        (Pane::Appointments, true) => Pane::Rooms,
        (Pane::Appointments, false) => Pane::Sessions,
        (Pane::Rooms | Pane::Patients, false) | (Pane::Sessions | Pane::Notes, true) => Pane::Appointments,
        (pane, _) => pane,
    }
}

/// The panes that follow a pane's selection change once it has rested.
pub(super) fn follow(model: &mut Model, pane: Pane) -> Vec<Effect> {
    if model.missing(pane) || model.anew(pane) {
        // What the other panes are about does not change behind anybody's back.
        return Vec::new();
    }
    let mut scope = model.scope.clone();
    match pane {
        Pane::Rooms => {
            if let Some(row) = model.rooms.current() {
                scope.room = row.filter.clone();
                scope.patient = None;
                scope.appointment = None;
            }
        }
        Pane::Patients => {
            scope.patient = model.patients.current().map(|r| (r.id, r.name.clone()));
            scope.appointment = None;
        }
        Pane::Appointments => {
            scope.appointment = model.appointments.current().map(|r| (r.id, r.patient_name.clone()));
        }
        Pane::Sessions | Pane::Notes => {}
    }
    let mut effects = Vec::new();
    if scope != model.scope {
        let board = scope.room != model.scope.room || scope.patient != model.scope.patient;
        model.scope = scope;
        if board {
            model.appointments.reset();
            effects.push(look(model, Wish::Pane(Pane::Appointments)));
        }
        model.sessions.reset();
        model.notes.reset();
        effects.push(look(model, Wish::Pane(Pane::Sessions)));
        effects.push(look(model, Wish::Pane(Pane::Notes)));
    }
    if model.focus == Pane::Patients
        && let Some(row) = model.patients.current()
        && row.fresh.source == Source::Import
    {
        effects.push(Effect::Start(Purpose::Quiet, Request::Ask(Question::Refresh { record: row.id })));
    }
    effects
}

pub(super) fn focus(model: &mut Model, pane: Pane) -> Vec<Effect> {
    if !model.layers.is_empty() {
        return Vec::new();
    }
    // Whoever goes on to the next pane finds it about what was just selected.
    let mut effects = match model.resting.take() {
        Some((rested, _)) => follow(model, rested),
        None => Vec::new(),
    };
    model.focus = pane;
    model.filtering = None;
    fit(model);
    effects.extend(moved(model));
    effects
}

pub(super) fn back(model: &mut Model) -> Vec<Effect> {
    if let Some(layer) = model.layers.last_mut() {
        match layer {
            Layer::Outbox(outbox) if outbox.explained.is_some() => {
                outbox.explained = None;
                outbox.scroll = 0;
            }
            Layer::Detail(detail) if detail.raw.is_some() => {
                detail.raw = None;
                detail.scroll = 0;
            }
            Layer::VisitLinks(layer) if layer.shown != LinkAs::Text => layer.shown = LinkAs::Text,
            Layer::Files(layer) if layer.picture.is_some() => layer.picture = None,
            _ => return leaving::top(model),
        }
        return Vec::new();
    }
    if !model.filter(model.focus).is_empty() {
        return unfilter(model, model.focus);
    }
    if model.zoomed {
        model.zoomed = false;
        fit(model);
        return moved(model);
    }
    model.resting = None;
    if model.scope.appointment.take().is_some() {
        model.sessions.reset();
        model.notes.reset();
        return vec![look(model, Wish::Pane(Pane::Sessions)), look(model, Wish::Pane(Pane::Notes))];
    }
    if model.scope.patient.take().is_some() {
        return narrowed(model);
    }
    if model.scope.room != RoomFilter::All {
        model.scope.room = RoomFilter::All;
        model.rooms.first();
        return narrowed(model);
    }
    if model.day.is_some() {
        model.day = None;
        return narrowed(model);
    }
    Vec::new()
}

pub(super) fn turn_day(model: &mut Model, by: i64) -> Vec<Effect> {
    let day = model.shown_day().checked_add(jiff::Span::new().days(by)).unwrap_or_else(|_| model.shown_day());
    model.day = (day != model.today()).then_some(day);
    board_of_a_day(model)
}

/// Everybody's appointments of the day.
pub(super) fn board_of_a_day(model: &mut Model) -> Vec<Effect> {
    model.resting = None;
    model.scope.patient = None;
    model.scope.appointment = None;
    narrowed(model)
}

pub(super) fn narrowed(model: &mut Model) -> Vec<Effect> {
    model.appointments.reset();
    model.sessions.reset();
    model.notes.reset();
    [Pane::Rooms, Pane::Appointments, Pane::Sessions, Pane::Notes]
        .into_iter()
        .map(|p| look(model, Wish::Pane(p)))
        .collect()
}

/// What a form's write makes, when that is something with a row of its own.
pub(super) fn making(model: &Model, intent: &Intent) -> Option<Making> {
    match intent {
        Intent::CreatePatient { .. } => Some(Making::Patient),
        Intent::Book { patient, .. } => {
            let named = model.patients.held().iter().find(|r| r.id == *patient).map(|r| r.name.clone());
            let visit = || model.appointments.held().iter().find(|r| r.patient == Some(*patient));
            let scope = || model.scope.patient.iter().find(|(id, _)| id == patient).map(|(_, name)| name.clone());
            let name = named.or_else(scope).or_else(|| visit().map(|r| r.patient_name.clone())).unwrap_or_default();
            Some(Making::Visit { patient: *patient, name })
        }
        _ => None,
    }
}

/// The selected record turned out to be one with another, as an own booking does once its vendor names it: the selection,
/// and what the panes are narrowed to, follow the one that stays.
pub(super) fn survived(model: &mut Model, pane: Pane, gone: RecordId, stays: RecordId) -> Vec<Effect> {
    let lost = model.missing(pane) && model.sought_row(pane) == Some(RowId::Record(gone));
    if gone == stays || !lost {
        return Vec::new();
    }
    for scope in [&mut model.scope.patient, &mut model.scope.appointment].into_iter().flatten() {
        if scope.0 == gone {
            scope.0 = stays;
        }
    }
    let place = model.selected_place(pane);
    model.expect(pane, place, RowId::Record(stays));
    rest(model);
    vec![look(model, Wish::Pane(pane)), look(model, Wish::Seek(pane))]
}

/// Brings what was just made onto the screen and selects it.
pub(super) fn show_made(model: &mut Model, made: Making, record: RecordId) -> Vec<Effect> {
    let pane = match made {
        Making::Patient => Pane::Patients,
        Making::Visit { .. } => Pane::Appointments,
    };
    let mut effects = focus(model, pane);
    model.showing = Some(Showing { pane, row: RowId::Record(record), made });
    effects.push(look(model, Wish::Show(pane)));
    effects
}

/// Where what was made stands is known, or that it is not in the list: then what hides it is taken away, one thing after
/// the other.
pub(super) fn shown_at(model: &mut Model, pane: Pane, place: Option<u32>) -> Vec<Effect> {
    let Some(showing) = model.showing.take_if(|s| s.pane == pane) else { return Vec::new() };
    if let Some(place) = place {
        model.expect(pane, place as usize, showing.row);
        rest(model);
        return vec![look(model, Wish::Pane(pane))];
    }
    let mut effects = Vec::new();
    if !model.filter(pane).is_empty() {
        model.filters[pane as usize].clear();
        model.filtering = None;
        model.tell(Level::Info, "the filter was cleared to show what is new");
    } else if let Making::Visit { patient, name } = &showing.made
        && model.scope.patient.as_ref().is_none_or(|(id, _)| id != patient)
    {
        // Whatever its day and room, it is among its patient's.
        model.scope.patient = Some((*patient, name.clone()));
        model.scope.appointment = None;
        effects = narrowed(model);
    } else {
        return vec![look(model, Wish::Pane(pane))];
    }
    model.showing = Some(showing);
    effects.push(look(model, Wish::Show(pane)));
    effects
}
