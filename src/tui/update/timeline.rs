//! What keys and answers do in the timeline layer.

use crossterm::event::KeyEvent;

use super::{
    Effect, Purpose, Wish, acts, fit, look,
    typing::{self, Typed},
};
use crate::{
    domain::{
        Command, Delta, Query, Question, Reply, Request,
        command::{Level, Touched},
        timeline::{About, Glance},
        view::{Answer, RowId},
    },
    tui::{
        action::Action,
        layers::Layer,
        model::{Model, Motion, Pane},
        timeline::TimelineLayer,
    },
};

/// Does an action that belongs here; `None` for every other.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    if action == Action::Timeline {
        return Some(open(model));
    }
    let layer = layer(model)?;
    Some(match action {
        Action::Open => match layer.current().map(|event| (event.id, event.opens())) {
            Some((id, true)) => glance(model, Glance::Event(id)),
            Some((_, false)) => acts::nothing_there(model, "there is no more to it than its line says"),
            None => Vec::new(),
        },
        Action::RevealValues => reveal(model),
        Action::MarkState => mark(model),
        Action::Filter => {
            layer.shut();
            layer.typing = true;
            Vec::new()
        }
        Action::Back if layer.shut() => Vec::new(),
        Action::Back if layer.marked.take().is_some() => Vec::new(),
        Action::Back if !layer.text.is_empty() => {
            layer.text.clear();
            layer.refilter();
            Vec::new()
        }
        Action::Refresh => refresh(model),
        _ => return None,
    })
}

/// Whether a timeline is open, on top or below.
pub(super) fn open_one(model: &Model) -> bool {
    model.layers.iter().any(|l| matches!(l, Layer::Timeline(_)))
}

/// The timeline when it is on top.
fn layer(model: &mut Model) -> Option<&mut TimelineLayer> {
    match model.layers.last_mut()? {
        Layer::Timeline(layer) => Some(&mut **layer),
        _ => None,
    }
}

/// What the timeline would be of: what is open, or else what is selected in the pane, with a title.
pub(in crate::tui) fn subject(model: &Model) -> Option<(About, String)> {
    match model.layers.iter().rev().find(|l| !matches!(l, Layer::Palette(_))) {
        Some(Layer::Detail(detail)) => {
            let kind = detail.detail.as_ref().map_or("", |d| d.kind.word());
            Some((About::Record(detail.record), kind.to_owned()))
        }
        Some(Layer::Reader(layer)) => Some((About::Record(layer.session), super::reader::title(layer))),
        Some(Layer::Outbox(outbox)) => {
            if let Some(entry) = &outbox.explained {
                return Some((About::Entry(entry.id), entry.intent.word().to_owned()));
            }
            outbox.list.current().map(|row| (About::Entry(row.id), format!("{} · {}", row.what, row.whom)))
        }
        Some(Layer::Triage(triage)) => triage.session().map(|row| (About::Record(row.id), row.patient_name.clone())),
        Some(_) => None,
        None => {
            let title = match model.focus {
                Pane::Appointments => model.appointments.current().map(|row| row.patient_name.clone()),
                Pane::Sessions => model.sessions.current().map(|row| row.patient_name.clone()),
                Pane::Notes => model.notes.current().map(|row| row.about.clone()),
                Pane::Rooms | Pane::Patients => None,
            };
            let row: RowId = model.selected_row(model.focus)?;
            Some((About::row(&row)?, title?))
        }
    }
}

fn open(model: &mut Model) -> Vec<Effect> {
    let Some((about, title)) = subject(model) else {
        return acts::nobody(model, model.focus, "select an appointment, a session, a note or a queued write first");
    };
    model.layers.retain(|l| !matches!(l, Layer::Timeline(_)));
    model.layers.push(Layer::Timeline(Box::new(TimelineLayer::new(about, title))));
    fit(model);
    vec![look(model, Wish::Timeline)]
}

fn glance(model: &mut Model, glance: Glance) -> Vec<Effect> {
    if let Some(layer) = layer(model) {
        layer.shut();
        layer.glance = Some(glance);
    }
    vec![look(model, Wish::Glance)]
}

/// Asks for the values of what is open, or of the selected event. The engine keeps who looked before it tells.
fn reveal(model: &mut Model) -> Vec<Effect> {
    let Some(layer) = layer(model) else { return Vec::new() };
    let selected = layer.current().filter(|event| event.opens()).map(|event| Glance::Event(event.id));
    // What the eyes are on: an earlier question that is under way, or was refused, is about something else.
    let Some(glance) = layer.opened.as_ref().map(|opened| opened.glance).or(selected) else {
        return acts::nothing_there(model, "there is no more to it than its line says");
    };
    layer.glance = Some(glance);
    let about = layer.about;
    vec![Effect::Start(Purpose::Reveal, Request::Do(Command::Reveal { about, glance }))]
}

/// A record is read from its vendor, and its story told once more then; a write or a draft is not at a vendor.
fn refresh(model: &mut Model) -> Vec<Effect> {
    match layer(model).map(|layer| layer.about) {
        Some(About::Record(record)) => {
            model.begin("reading it again …");
            vec![Effect::Start(Purpose::Retell, Request::Ask(Question::Refresh { record }))]
        }
        Some(About::Entry(_) | About::Draft(_)) => {
            model.tell(Level::Info, "told once more; only a record can be read from its vendor");
            vec![look(model, Wish::Timeline)]
        }
        None => Vec::new(),
    }
}

/// The first `d` marks an event, the second shows what differs between the two.
fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(layer) = layer(model) else { return Vec::new() };
    layer.shut();
    let Some(here) = layer.current().map(|event| event.id) else { return Vec::new() };
    match layer.marked.take() {
        Some(there) if there != here => glance(model, Glance::Between(there, here)),
        Some(_) => Vec::new(),
        None => {
            layer.marked = Some(here);
            model.tell(Level::Info, "marked; d on another event shows what differs");
            Vec::new()
        }
    }
}

/// Moves in the timeline; `None` when another layer is on top.
pub(super) fn motion(model: &mut Model, motion: Motion) -> Option<Vec<Effect>> {
    let layer = layer(model)?;
    if layer.opened.is_some() {
        layer.read.go(motion);
        return Some(Vec::new());
    }
    let page = layer.height().saturating_sub(1).max(1) as isize;
    let (at, last) = (layer.selected(), layer.count().saturating_sub(1));
    let to = match motion {
        Motion::Step(by) => at.saturating_add_signed(by),
        Motion::Page(by) => at.saturating_add_signed(by * page),
        Motion::First => 0,
        Motion::Last => last,
    };
    layer.go(to);
    Some(Vec::new())
}

/// A key while the filter is typed.
pub(super) fn filter_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let Some(layer) = layer(model) else { return Vec::new() };
    match typing::key(&mut layer.text, key) {
        Typed::Changed => {}
        Typed::Kept => layer.typing = false,
        Typed::Dropped => {
            layer.typing = false;
            layer.text.clear();
        }
        Typed::Other => return Vec::new(),
    }
    layer.refilter();
    Vec::new()
}

/// The query for the timeline that is open, or for what is opened in it.
pub(super) fn query(model: &Model, wish: Wish) -> Query {
    let layer = model.layers.iter().find_map(|l| match l {
        Layer::Timeline(layer) => Some(layer),
        _ => None,
    });
    match layer {
        Some(layer) => match (wish, layer.glance) {
            (Wish::Glance, Some(glance)) => Query::Glance { about: layer.about, glance },
            _ => Query::Timeline { about: layer.about },
        },
        None => Query::Health,
    }
}

/// What is asked for anew because of a change: the story of what changed.
pub(super) fn wishes(model: &Model, delta: &Delta) -> Vec<Wish> {
    let tells = |layer: &TimelineLayer| {
        delta.touched.is_empty()
            || delta.touched.iter().any(|touched| match (touched, layer.about) {
                (Touched::Record(_, id), About::Record(of)) => *id == of,
                (Touched::Draft(id), About::Draft(of)) => *id == of,
                (Touched::Entry(id), About::Entry(of)) => *id == of,
                // Whose lane it is in is not told.
                (Touched::Entry(_), About::Record(_)) => true,
                _ => false,
            })
    };
    let wish = |layer: &Layer| matches!(layer, Layer::Timeline(layer) if tells(layer)).then_some(Wish::Timeline);
    model.layers.iter().filter_map(wish).collect()
}

/// Takes an answer over.
pub(super) fn looked(model: &mut Model, answer: Answer) -> Vec<Effect> {
    let mut none = false;
    for layer in &mut model.layers {
        let Layer::Timeline(layer) = layer else { continue };
        match answer {
            Answer::Timeline(story) => {
                layer.take(story);
                return Vec::new();
            }
            Answer::Glance(Some(opened)) => {
                if layer.glance == Some(opened.glance) {
                    layer.show(opened);
                    fit(model);
                }
                return Vec::new();
            }
            Answer::Glance(None) => {
                layer.shut();
                none = true;
            }
            _ => {}
        }
        break;
    }
    if none { acts::nothing_there(model, "these two cannot be compared, or are not kept any more") } else { Vec::new() }
}

/// The values came, or were refused.
pub(super) fn revealed(model: &mut Model, reply: Reply) -> Vec<Effect> {
    match reply {
        Reply::Revealed(opened) => {
            let asked = model.layers.iter_mut().find_map(|l| match l {
                Layer::Timeline(layer) if layer.glance == Some(opened.glance) => Some(layer),
                _ => None,
            });
            if let Some(layer) = asked {
                layer.show(opened);
                fit(model);
                model.tell(Level::Info, "shown; that you looked is in the audit log");
            }
            vec![look(model, Wish::Timeline)]
        }
        Reply::Refused(refusal) => {
            for layer in &mut model.layers {
                if let Layer::Timeline(layer) = layer {
                    layer.glance = layer.opened.as_ref().map(|opened| opened.glance);
                }
            }
            model.tell(Level::Error, format!("Not shown: {refusal}."));
            Vec::new()
        }
        _ => Vec::new(),
    }
}
