//! What keys and answers do in the triage layer.

use super::{Effect, Purpose, Wish, acts, fit, keys::ask, look};
use crate::{
    domain::{
        Command, Delta, Kind, Query, Question, Request,
        command::Touched,
        triage::{TriageAct, TriagePlan, TriageScope},
        view::Answer,
    },
    tui::{
        action::Action,
        draw,
        layers::{Choice, Layer},
        model::{Model, Motion},
        triage::TriageLayer,
    },
};

/// Does an action that belongs here; `None` for every other.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    if action == Action::Triage {
        return Some(open(model));
    }
    let layer = layer(model)?;
    Some(match action {
        Action::Open if layer.missed => Vec::new(),
        Action::Open => match layer.session().map(|row| row.id) {
            Some(id) => acts::detail(model, id),
            None => acts::nothing_there(model, "select a session first"),
        },
        Action::RetryStuck => match layer.scope() {
            Some(scope) => vec![look(model, Wish::TriagePlan(scope))],
            None => acts::nothing_there(model, "nothing is selected"),
        },
        Action::RetryAllStuck => vec![look(model, Wish::TriagePlan(TriageScope::All))],
        Action::StopRetry => {
            if running(model) {
                let stop = Command::Triage { act: TriageAct::Stop };
                vec![Effect::Start(Purpose::Word("stopped"), Request::Do(stop))]
            } else {
                acts::nothing_there(model, "nothing is being tried again")
            }
        }
        Action::NotDone => {
            layer.missed = !layer.missed;
            layer.scroll = 0;
            Vec::new()
        }
        Action::Back if layer.missed => {
            layer.missed = false;
            Vec::new()
        }
        Action::Refresh => match layer.session().map(|row| row.id) {
            Some(record) => {
                let refresh = Request::Ask(Question::Refresh { record });
                vec![Effect::Start(Purpose::Word("read again"), refresh)]
            }
            None => acts::nothing_there(model, "select a session first; r reads a whole group"),
        },
        _ => return None,
    })
}

/// The triage when it is on top.
fn layer(model: &mut Model) -> Option<&mut TriageLayer> {
    match model.layers.last_mut()? {
        Layer::Triage(layer) => Some(&mut **layer),
        _ => None,
    }
}

/// The triage wherever it lies.
fn shown(model: &Model) -> Option<&TriageLayer> {
    model.layers.iter().find_map(|l| match l {
        Layer::Triage(layer) => Some(&**layer),
        _ => None,
    })
}

/// Whether something is being done about many sessions.
pub(super) fn running(model: &Model) -> bool {
    let job = shown(model).and_then(|layer| layer.view.as_ref()?.job.as_ref());
    job.is_some_and(|job| job.ended_at.is_none())
}

fn open(model: &mut Model) -> Vec<Effect> {
    model.layers.retain(|l| !matches!(l, Layer::Triage(_)));
    model.layers.push(Layer::Triage(Box::default()));
    fit(model);
    vec![look(model, Wish::Triage)]
}

/// Moves in the triage; `None` when another layer is on top.
pub(super) fn motion(model: &mut Model, motion: Motion) -> Option<Vec<Effect>> {
    let width = model.size.0;
    let layer = layer(model)?;
    let page = layer.height().saturating_sub(1).max(1) as isize;
    let (at, last) = if layer.missed {
        (layer.scroll, draw::missed_end(width, layer))
    } else {
        (layer.selected(), layer.count().saturating_sub(1))
    };
    let to = match motion {
        Motion::Step(by) => at.saturating_add_signed(by),
        Motion::Page(by) => at.saturating_add_signed(by * page),
        Motion::First => 0,
        Motion::Last => last,
    };
    if layer.missed {
        layer.scroll = to.min(last);
        return Some(Vec::new());
    }
    layer.go(to);
    let lacks = layer.lacks();
    Some(if lacks { vec![look(model, Wish::Triage)] } else { Vec::new() })
}

/// The query for the layer that is open.
pub(super) fn query(model: &Model) -> Query {
    shown(model).map_or_else(|| TriageLayer::default().query(), TriageLayer::query)
}

/// What is asked for anew because of a change.
pub(super) fn wishes(model: &Model, delta: &Delta) -> Vec<Wish> {
    let tells = |touched: &Touched| {
        matches!(touched, Touched::Record(Kind::Session | Kind::Patient, _) | Touched::Entry(_) | Touched::Triage)
    };
    let wanted = shown(model).is_some() && (delta.touched.is_empty() || delta.touched.iter().any(tells));
    if wanted { vec![Wish::Triage] } else { Vec::new() }
}

/// Takes an answer over.
pub(super) fn looked(model: &mut Model, wish: Wish, answer: Answer) -> Vec<Effect> {
    match (wish, answer) {
        (Wish::TriagePlan(scope), Answer::TriagePlan(plan)) => agree(model, scope, *plan),
        (Wish::Triage, Answer::Triage(view)) => {
            let layer = model.layers.iter_mut().find_map(|l| match l {
                Layer::Triage(layer) => Some(layer),
                _ => None,
            });
            match layer.map(|layer| layer.take(view)) {
                Some(true) => vec![look(model, Wish::Triage)],
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// Says how many it would be, and asks.
fn agree(model: &mut Model, scope: TriageScope, plan: TriagePlan) -> Vec<Effect> {
    if plan.steps.is_empty() {
        return acts::nothing_there(model, "nothing of it is listed any more");
    }
    if running(model) {
        return acts::nothing_there(model, "still busy with what was begun before; x stops it");
    }
    let whose = match scope {
        TriageScope::Session(_) => shown(model).and_then(TriageLayer::session).map(draw::called),
        TriageScope::Cause(cause) => Some(format!("All that are {}.", cause.word())),
        TriageScope::All => Some("All that are listed.".to_owned()),
    };
    let mut lines: Vec<String> = whose.into_iter().collect();
    lines.push("Reading asks the vendor once for each, within its budget.".into());
    if plan.steps.iter().any(|step| step.remedy.redo().is_some()) {
        lines.push(
            "Recovering is queued like any write and sent once: the original summary comes back, and a doctor must approve it."
                .into(),
        );
    }
    let title = plan.words();
    let retry = Command::Triage { act: TriageAct::Retry { steps: plan.steps } };
    let items = vec![
        ("No, leave them".into(), Choice::No),
        ("Yes, do it".into(), Choice::Do("begun; the triage says how far it is", Box::new(retry))),
    ];
    ask(model, title, lines, items);
    Vec::new()
}
