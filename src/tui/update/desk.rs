//! What keys and answers do in the layers for webhooks, requests for assistance and reports.

use crossterm::event::KeyEvent;

use super::{
    Effect, Purpose, Wish, fit,
    keys::{ask, context, rooms_at_hand},
    look,
    typing::{self, Typed},
};
use crate::{
    domain::{
        Command, Intent, Question, Reason, Request, VendorId,
        hooks::{HookAct, RotationPhase},
        report::{ReportAct, ReportJob},
        view::{Answer, Told, Window},
    },
    tui::{
        action::Action,
        desk::{AssistanceLayer, HooksLayer, ReportLayer},
        draw,
        forms::Form,
        layers::{Choice, Layer},
        model::{Model, Motion},
    },
};

/// Rows of one screenful in the short lists.
const PAGE: isize = 10;

/// Does an action that belongs here; `None` for every other.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    Some(match action {
        Action::Webhooks => open_hooks(model),
        Action::Assistance => {
            model.layers.retain(|l| !matches!(l, Layer::Assistance(_)));
            model.layers.push(Layer::Assistance(AssistanceLayer::default()));
            vec![look(model, Wish::Assistances)]
        }
        Action::Reports => open_reports(model),
        Action::AddHook => with_hooks(model, |model| match hooks(model) {
            Some(layer) if !layer.known.vendors.is_empty() => {
                let form = Form::add_hook(layer.known.vendors.clone(), layer.known.receiver);
                push(model, form)
            }
            _ => super::acts::nothing_there(model, "no configured vendor takes webhook registrations"),
        }),
        Action::EditHook => edit_hook(model),
        Action::DeleteHook => delete_hook(model),
        Action::RotateHook => rotate(model),
        Action::GoOn => go_on(model),
        Action::GiveUp => give_up(model),
        Action::Replay => replay(model),
        Action::AskAssistance => {
            let form = Form::ask_assistance();
            push(model, form)
        }
        Action::FindAssistance => {
            let form = Form::find_assistance();
            push(model, form)
        }
        Action::CancelAssistance => cancel_assistance(model),
        Action::OrderReport | Action::SaveDump | Action::OpenReport | Action::ImportDump => {
            let effects =
                if matches!(model.layers.last(), Some(Layer::Report(_))) { Vec::new() } else { open_reports(model) };
            let saved = report(model).and_then(|l| l.view.job.as_ref()).filter(|job| job.dump && !job.goes_on());
            let saved = saved.map(|job| job.path.clone()).unwrap_or_default();
            let rooms = rooms_at_hand(model);
            let cx = context(&model.setting, model.now, &rooms);
            let form = match action {
                Action::OrderReport => Form::order_report(&cx),
                Action::SaveDump => Form::save_dump(&cx),
                Action::ImportDump => Form::import_dump(&saved, &cx),
                _ => Form::open_report(&cx),
            };
            push(model, form);
            effects
        }
        Action::StopReport => {
            let goes_on = report(model)
                .is_some_and(|l| [&l.view.job, &l.view.opening].into_iter().flatten().any(ReportJob::goes_on));
            if !goes_on {
                return Some(super::acts::nothing_there(model, "no report is under way"));
            }
            vec![begin("stopping", Command::Report { act: Box::new(ReportAct::Stop) })]
        }
        Action::SortReport => sort(model),
        _ => return here(model, action),
    })
}

/// What an action that stands everywhere means in a layer of these.
fn here(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    match (model.layers.last_mut()?, action) {
        (Layer::Hooks(layer), Action::NextPane | Action::PreviousPane) => {
            layer.below = !layer.below;
            Some(Vec::new())
        }
        (Layer::Hooks(_), Action::Refresh) => Some(ask_vendors(model)),
        (Layer::Assistance(layer), Action::Refresh) => {
            let Some(record) = layer.current().map(|r| r.record) else {
                return Some(super::acts::nothing_there(model, "no request is selected"));
            };
            let ask = Request::Ask(Question::Refresh { record });
            Some(vec![Effect::Start(Purpose::Word("read again"), ask)])
        }
        (Layer::Report(layer), Action::Filter) if layer.view.table.is_some() => {
            layer.typing = true;
            Some(Vec::new())
        }
        (Layer::Report(layer), Action::Left) => {
            layer.column = layer.column.saturating_sub(1);
            Some(Vec::new())
        }
        (Layer::Report(layer), Action::Right) => {
            let last = layer.view.table.as_ref().map_or(0, |t| t.columns.len().saturating_sub(1));
            layer.column = (layer.column + 1).min(last);
            Some(Vec::new())
        }
        (Layer::Report(layer), Action::Back) if !layer.text.is_empty() => {
            layer.text.clear();
            layer.go(0);
            Some(vec![look(model, Wish::Report)])
        }
        (Layer::Report(layer), Action::Back) if layer.view.table.is_some() && layer.view.below => {
            // The one that lies below comes to light.
            layer.view.table = None;
            let close = Command::Report { act: Box::new(ReportAct::Close) };
            Some(vec![Effect::Start(Purpose::Quiet, Request::Do(close))])
        }
        _ => None,
    }
}

/// Moves in a layer of these; `None` when another one is on top.
pub(super) fn motion(model: &mut Model, motion: Motion) -> Option<Vec<Effect>> {
    fn shift(at: usize, motion: Motion, count: usize) -> usize {
        let last = count.saturating_sub(1);
        match motion {
            Motion::Step(by) => at.saturating_add_signed(by).min(last),
            Motion::Page(by) => at.saturating_add_signed(by * PAGE).min(last),
            Motion::First => 0,
            Motion::Last => last,
        }
    }
    match model.layers.last_mut()? {
        Layer::Hooks(layer) if layer.below => {
            let deliveries = &layer.known.deliveries;
            let to = match (layer.delivery_at(), motion) {
                (Some(at), motion) => shift(at, motion, deliveries.len()),
                (None, Motion::Last) => deliveries.len().saturating_sub(1),
                (None, _) => 0,
            };
            layer.delivery = deliveries.get(to).map(|d| d.number);
        }
        Layer::Hooks(layer) => {
            layer.go(shift(layer.at(), motion, layer.shown().len()));
        }
        Layer::Assistance(layer) => {
            let rows = layer.rows.as_deref().unwrap_or_default();
            let to = shift(layer.at(), motion, rows.len());
            layer.selected = rows.get(to).map(|r| r.record);
        }
        Layer::Report(layer) => {
            let page = isize::try_from(layer.height).unwrap_or(PAGE).max(1);
            let fitting = layer.view.table.as_ref().map_or(0, |t| t.fitting) as usize;
            let motion = match motion {
                Motion::Page(by) => Motion::Step(by * page),
                other => other,
            };
            let to = shift(layer.selected as usize, motion, fitting);
            let top = layer.top;
            layer.go(u32::try_from(to).unwrap_or(u32::MAX));
            if layer.top != top {
                return Some(vec![look(model, Wish::Report)]);
            }
        }
        _ => return None,
    }
    Some(Vec::new())
}

/// A key while a report's filter is typed.
pub(super) fn filter_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let Some(Layer::Report(layer)) = model.layers.last_mut() else { return Vec::new() };
    match typing::key(&mut layer.text, key) {
        Typed::Changed => refilter(model),
        Typed::Kept => {
            layer.typing = false;
            Vec::new()
        }
        Typed::Dropped => {
            layer.typing = false;
            layer.text.clear();
            refilter(model)
        }
        Typed::Other => Vec::new(),
    }
}

/// Another filter of a report: its first row.
pub(super) fn refilter(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Report(layer)) = model.layers.last_mut() else { return Vec::new() };
    layer.go(0);
    vec![look(model, Wish::Report)]
}

/// What the layers of these show, asked for anew.
pub(super) fn wishes(model: &Model) -> Vec<Wish> {
    let wish = |layer: &Layer| match layer {
        Layer::Hooks(_) => Some(Wish::Hooks),
        Layer::Assistance(_) => Some(Wish::Assistances),
        Layer::Report(_) => Some(Wish::Report),
        _ => None,
    };
    model.layers.iter().filter_map(wish).collect()
}

/// Takes an answer from what is known over.
pub(super) fn looked(model: &mut Model, answer: &Answer) -> Vec<Effect> {
    let mut again = Vec::new();
    for layer in &mut model.layers {
        match (layer, answer) {
            (Layer::Hooks(layer), Answer::Hooks(known)) => {
                layer.learn(known);
            }
            (Layer::Assistance(layer), Answer::Assistances(rows)) => {
                if layer.selected.is_none_or(|id| !rows.iter().any(|r| r.record == id)) {
                    layer.selected = rows.get(layer.at()).or(rows.first()).map(|r| r.record);
                }
                layer.rows = Some(rows.clone());
            }
            (Layer::Report(layer), Answer::Report(view)) => {
                let opened = layer.view.table.is_none() && view.table.is_some();
                layer.view.clone_from(view);
                if opened {
                    (layer.column, layer.sort) = (0, None);
                    layer.text.clear();
                    layer.go(0);
                    again.push(Wish::Report);
                } else if layer.view.table.as_ref().is_some_and(|t| layer.selected >= t.fitting.max(1)) {
                    layer.go(u32::MAX);
                    again.push(Wish::Report);
                }
            }
            _ => {}
        }
    }
    // A vendor is asked for its list once the layer knows which ones there are.
    // And anew once a write changed what stands in it.
    if matches!(answer, Answer::Hooks(_)) {
        let asked = |vendor| model.waiting.iter().any(|(_, p)| matches!(p, Purpose::Registrations(v) if *v == vendor));
        let unlisted = hooks(model).map(HooksLayer::unlisted).unwrap_or_default();
        return unlisted.into_iter().filter(|v| !asked(*v)).map(ask_vendor).collect();
    }
    again.into_iter().map(|w| look(model, w)).collect()
}

/// A vendor listed its registrations, or did not.
pub(super) fn listed(model: &mut Model, vendor: VendorId, told: &Result<Told, Reason>) -> Vec<Effect> {
    for layer in &mut model.layers {
        if let Layer::Hooks(layer) = layer {
            let listed = match told {
                Ok(Told::Webhooks(list)) => Ok(list.clone()),
                Ok(_) => Ok(Vec::new()),
                Err(reason) => Err(reason.clone()),
            };
            layer.listed.insert(vendor, listed);
            layer.fit();
        }
    }
    vec![look(model, Wish::Hooks)]
}

/// Tells the report's layer how many rows it shows.
pub(super) fn resized(model: &mut Model) {
    let rows = crate::tui::draw::report_rows(model);
    for layer in &mut model.layers {
        if let Layer::Report(layer) = layer {
            layer.height = rows;
            layer.go(layer.selected);
        }
    }
}

/// Which rows of a report are on the screen, while one is.
pub(super) fn report_part(model: &Model) -> Option<Window> {
    report(model).map(ReportLayer::window)
}

fn push(model: &mut Model, form: Form) -> Vec<Effect> {
    model.layers.push(Layer::Form(Box::new(form)));
    Vec::new()
}

fn begin(word: &'static str, command: Command) -> Effect {
    Effect::Start(Purpose::Word(word), Request::Do(command))
}

fn hooks(model: &Model) -> Option<&HooksLayer> {
    model.layers.iter().find_map(|l| match l {
        Layer::Hooks(layer) => Some(&**layer),
        _ => None,
    })
}

fn report(model: &Model) -> Option<&ReportLayer> {
    model.layers.iter().find_map(|l| match l {
        Layer::Report(layer) => Some(&**layer),
        _ => None,
    })
}

fn open_hooks(model: &mut Model) -> Vec<Effect> {
    model.layers.retain(|l| !matches!(l, Layer::Hooks(_)));
    model.layers.push(Layer::Hooks(Box::default()));
    vec![look(model, Wish::Hooks)]
}

fn open_reports(model: &mut Model) -> Vec<Effect> {
    model.layers.retain(|l| !matches!(l, Layer::Report(_)));
    model.layers.push(Layer::Report(Box::default()));
    fit(model);
    vec![look(model, Wish::Report)]
}

fn ask_vendors(model: &mut Model) -> Vec<Effect> {
    let vendors: Vec<VendorId> =
        hooks(model).map(|l| l.known.vendors.iter().map(|(v, _)| *v).collect()).unwrap_or_default();
    vendors.into_iter().map(ask_vendor).collect()
}

fn ask_vendor(vendor: VendorId) -> Effect {
    Effect::Start(Purpose::Registrations(vendor), Request::Ask(Question::Webhooks { vendor }))
}

/// Goes on in the layer of webhooks, or opens it first.
fn with_hooks(model: &mut Model, then: impl FnOnce(&mut Model) -> Vec<Effect>) -> Vec<Effect> {
    if hooks(model).is_none() { open_hooks(model) } else { then(model) }
}

fn edit_hook(model: &mut Model) -> Vec<Effect> {
    let Some(hook) = hooks(model).and_then(HooksLayer::current) else {
        return super::acts::nothing_there(model, "no registration is selected");
    };
    if hook.events.is_empty() && hook.listed.is_none() {
        return super::acts::nothing_there(
            model,
            "its events are not known yet: its vendor has to be reached first (U)",
        );
    }
    let vendors = hooks(model).map(|l| l.known.vendors.clone()).unwrap_or_default();
    let known = vendors.into_iter().find(|(v, _)| *v == hook.row.vendor).map(|(_, e)| e).unwrap_or_default();
    push(model, Form::change_hook(&hook, &known))
}

fn delete_hook(model: &mut Model) -> Vec<Effect> {
    let Some(hook) = hooks(model).and_then(HooksLayer::current) else {
        return super::acts::nothing_there(model, "no registration is selected");
    };
    // Addresses of one receiver look alike without their secret parts: the rest says which one is meant.
    let mut lines = hooks(model).map(|layer| crate::tui::draw::about_hook(layer, &hook, model.now)).unwrap_or_default();
    lines.push(if hook.row.ours {
        "It is ours: what happens at the vendor is then only seen when it is read in turn.".into()
    } else {
        "It was not registered here: whoever did will hear nothing any more.".into()
    });
    let delete = Command::Hook { act: HookAct::Delete { registration: hook.row.record } };
    let items = vec![
        ("No, leave it".into(), Choice::No),
        (
            "Yes, delete it".into(),
            Choice::Do("saved; the vendor is told as soon as it can be reached", Box::new(delete)),
        ),
    ];
    ask(model, "Delete this registration?", lines, items);
    Vec::new()
}

fn rotate(model: &mut Model) -> Vec<Effect> {
    let Some(hook) = hooks(model).and_then(HooksLayer::current) else {
        return super::acts::nothing_there(model, "no registration is selected");
    };
    if !hook.row.ours {
        return super::acts::nothing_there(model, "only a registration of our own can be exchanged");
    }
    let known = || {
        let vendors = hooks(model).map(|l| l.known.vendors.clone()).unwrap_or_default();
        vendors.into_iter().find(|(v, _)| *v == hook.row.vendor).map(|(_, e)| e).unwrap_or_default()
    };
    let events = if hook.events.is_empty() { known() } else { hook.events.clone() };
    let lines = vec![
        "A second registration gets a fresh address and a fresh key. Both are open until an event came in at the second's \
         door; then you delete the first. It can be given up until then, and it survives a restart."
            .into(),
    ];
    let rotate = Command::Hook { act: HookAct::Rotate { registration: hook.row.record, events } };
    let items = vec![
        ("Yes, register a second one".into(), Choice::Do("the second is being registered", Box::new(rotate))),
        ("No".into(), Choice::No),
    ];
    ask(model, "Exchange this registration for a fresh one?", lines, items);
    Vec::new()
}

fn phase(model: &Model) -> Option<RotationPhase> {
    hooks(model)?.known.rotation.as_ref().map(|r| r.phase.clone())
}

fn go_on(model: &mut Model) -> Vec<Effect> {
    let go_on = Command::Hook { act: HookAct::GoOn };
    match phase(model) {
        None => super::acts::nothing_there(model, "no registration is being exchanged; r begins"),
        Some(RotationPhase::Arrived(_)) => {
            let items = vec![
                ("Not yet".into(), Choice::No),
                ("Yes, delete the first".into(), Choice::Do("the first is being deleted", Box::new(go_on))),
            ];
            ask(model, "The second works. Delete the first?", Vec::new(), items);
            Vec::new()
        }
        // What is put away goes from the screen, which says enough.
        Some(RotationPhase::Finished) => vec![Effect::Start(Purpose::Quiet, Request::Do(go_on))],
        Some(_) => vec![begin("going on", go_on)],
    }
}

fn give_up(model: &mut Model) -> Vec<Effect> {
    if phase(model).is_none() {
        return super::acts::nothing_there(model, "no registration is being exchanged");
    }
    let give_up = Command::Hook { act: HookAct::GiveUp };
    let items = vec![
        ("No, leave it".into(), Choice::No),
        ("Yes: the first stays, the second goes".into(), Choice::Do("given up", Box::new(give_up))),
    ];
    ask(model, "Give the exchange up?", Vec::new(), items);
    Vec::new()
}

fn replay(model: &mut Model) -> Vec<Effect> {
    let layer = hooks(model);
    let delivery = layer.and_then(|l| l.known.deliveries.get(l.delivery_at()?));
    let some = layer.is_some_and(|l| !l.known.deliveries.is_empty());
    match delivery {
        Some(delivery) if delivery.done_at.is_some() => {
            let number = delivery.number;
            vec![begin("worked through once more", Command::Hook { act: HookAct::Replay { number } })]
        }
        Some(_) => super::acts::nothing_there(model, "it is not worked through yet"),
        None if some => super::acts::nothing_there(model, "the selected one is not kept any more; select another"),
        None => super::acts::nothing_there(model, "nothing came in yet"),
    }
}

fn cancel_assistance(model: &mut Model) -> Vec<Effect> {
    let row = match model.layers.last() {
        Some(Layer::Assistance(layer)) => layer.current().cloned(),
        _ => None,
    };
    let Some(row) = row else { return super::acts::nothing_there(model, "no request is selected") };
    if row.over() {
        return super::acts::nothing_there(model, "this request is over already");
    }
    let cancel = Intent::CancelAssistance { request: row.record, place: row.place.clone() };
    let submit = Command::Submit { intent: cancel, clears: None };
    let items = vec![
        ("No, somebody shall still come".into(), Choice::No),
        (
            "Yes, call it off".into(),
            Choice::Do("saved; the vendor is told as soon as it can be reached", Box::new(submit)),
        ),
    ];
    let about = [row.place.words()].into_iter().chain(draw::who_lies_there(&row)).collect();
    ask(model, "Call this request off?", about, items);
    Vec::new()
}

fn sort(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Report(layer)) = model.layers.last_mut() else { return Vec::new() };
    let column = u32::try_from(layer.column).unwrap_or(0);
    layer.sort = match layer.sort {
        Some((at, false)) if at == column => Some((column, true)),
        Some((at, true)) if at == column => None,
        _ => Some((column, false)),
    };
    layer.go(0);
    vec![look(model, Wish::Report)]
}
