//! What keys and answers do in the worklist.

use super::{Effect, Wish, acts, fit, look};
use crate::{
    domain::{
        Delta, Kind, Query,
        command::Touched,
        view::{Answer, RowId},
    },
    tui::{
        action::Action,
        layers::{Layer, OutboxLayer},
        model::{Model, Motion},
        worklist::WorklistLayer,
    },
};

/// Does an action that belongs here; `None` for every other.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    if action == Action::Worklist {
        model.layers.retain(|l| !matches!(l, Layer::Worklist(_)));
        model.layers.push(Layer::Worklist(Box::default()));
        fit(model);
        return Some(vec![look(model, Wish::Worklist)]);
    }
    let layer = layer(model)?;
    Some(match action {
        Action::SortWorklist => {
            layer.sort = layer.sort.next();
            layer.reorder();
            vec![look(model, Wish::Worklist)]
        }
        Action::ReverseWorklist => {
            layer.backwards = !layer.backwards;
            layer.reorder();
            vec![look(model, Wish::Worklist)]
        }
        Action::Open => match layer.current().map(|item| item.row.clone()) {
            Some(RowId::Draft(draft)) => vec![look(model, Wish::OpenDraft(draft))],
            Some(RowId::Record(record)) => acts::detail(model, record),
            Some(RowId::Entry(_)) => {
                model.layers.push(Layer::Outbox(OutboxLayer::default()));
                fit(model);
                vec![look(model, Wish::Outbox)]
            }
            Some(RowId::Room(_)) | None => acts::nothing_there(model, "nothing is selected"),
        },
        _ => return None,
    })
}

/// The worklist when it is on top.
fn layer(model: &mut Model) -> Option<&mut WorklistLayer> {
    match model.layers.last_mut()? {
        Layer::Worklist(layer) => Some(&mut **layer),
        _ => None,
    }
}

/// The worklist wherever it lies.
fn shown(model: &Model) -> Option<&WorklistLayer> {
    model.layers.iter().find_map(|l| match l {
        Layer::Worklist(layer) => Some(&**layer),
        _ => None,
    })
}

/// Moves in the worklist; `None` when another layer is on top.
pub(super) fn motion(model: &mut Model, motion: Motion) -> Option<Vec<Effect>> {
    let layer = layer(model)?;
    let page = layer.height().saturating_sub(1).max(1) as isize;
    let (at, last) = (layer.selected(), layer.items().len().saturating_sub(1));
    layer.go(match motion {
        Motion::Step(by) => at.saturating_add_signed(by),
        Motion::Page(by) => at.saturating_add_signed(by * page),
        Motion::First => 0,
        Motion::Last => last,
    });
    Some(Vec::new())
}

/// The query for the layer that is open.
pub(super) fn query(model: &Model) -> Query {
    shown(model).map_or_else(|| WorklistLayer::default().query(), WorklistLayer::query)
}

/// What is asked for anew because of a change.
pub(super) fn wishes(model: &Model, delta: &Delta) -> Vec<Wish> {
    let tells = |touched: &Touched| match touched {
        Touched::Record(kind, _) => matches!(
            kind,
            Kind::Note
                | Kind::SessionNote
                | Kind::Addendum
                | Kind::SignOff
                | Kind::Session
                | Kind::Appointment
                | Kind::Patient
        ),
        Touched::Entry(_) | Touched::Draft(_) => true,
        _ => false,
    };
    let wanted = shown(model).is_some() && (delta.touched.is_empty() || delta.touched.iter().any(tells));
    if wanted { vec![Wish::Worklist] } else { Vec::new() }
}

/// Takes an answer over.
pub(super) fn looked(model: &mut Model, answer: Answer) -> Vec<Effect> {
    if let Answer::Worklist(view) = answer
        && let Some(Layer::Worklist(layer)) = model.layers.iter_mut().find(|l| matches!(l, Layer::Worklist(_)))
    {
        layer.take(view);
    }
    Vec::new()
}
