//! The palette: everything that can be done by name, and why something cannot be done now.

use crossterm::event::{KeyCode, KeyEvent};
use nucleo_matcher::{
    Matcher, Utf32Str,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};

use super::{
    DemoAct, Effect, acts,
    keys::{own_context, pane_context},
    typing::{self, Typed},
};
use crate::{
    domain::{
        note::FilingState,
        view::{NoteItem, RowId},
    },
    tui::{
        action::{Action, Context, Entry, TABLE},
        draw,
        keymap::{Chord, Keymap},
        layers::Layer,
        model::{Model, Pane},
    },
};

/// A line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaletteLine {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// How it is done.
    pub does: PaletteAct,
    /// Why it cannot be done now.
    pub why_not: Option<String>,
}

/// What a line of the palette does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaletteAct {
    /// The same as a key.
    Action(Action),
    /// Something to the demo's sandbox.
    Demo(DemoAct),
}

/// The palette's lines that match what was typed: what can be done now first, then what is named so, what holds the words,
/// and what has their letters in order.
pub fn palette_lines(model: &Model, text: &str) -> Vec<PaletteLine> {
    let offered =
        |e: &&Entry| !matches!(e.action, Action::Palette | Action::Up | Action::Down | Action::Left | Action::Right);
    let actions = TABLE.iter().filter(offered).map(|e| PaletteLine {
        name: e.name,
        doc: e.doc.trim(),
        does: PaletteAct::Action(e.action),
        why_not: why_not(model, e),
    });
    let demo = DemoAct::ALL.iter().filter(|_| model.setting.demo);
    let acts = demo.map(|(act, name, doc)| PaletteLine { name, doc, does: PaletteAct::Demo(*act), why_not: None });

    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let letters = Pattern::new(text, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
    let (mut matcher, mut chars) = (Matcher::new(nucleo_matcher::Config::DEFAULT), Vec::new());
    let mut ranked = Vec::new();
    for line in actions.chain(acts) {
        let hay = format!("{} {}", line.name, line.doc).to_lowercase();
        let Some(score) = letters.score(Utf32Str::new(&hay, &mut chars), &mut matcher) else { continue };
        let named = words.first().is_some_and(|w| line.name.starts_with(w.as_str()));
        let holds = words.iter().all(|w| hay.contains(w.as_str()));
        ranked.push(((line.why_not.is_some(), !named, !holds, if holds { 0 } else { u32::MAX - score }), line));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    // Scattered letters are a guess, for when there is nothing better.
    let held = ranked.iter().any(|((_, _, scattered, _), _)| !scattered);
    ranked.into_iter().filter(|((_, _, scattered, _), _)| !held || !scattered).map(|(_, line)| line).collect()
}

/// What lies below the palette.
fn below(model: &Model) -> Option<&Layer> {
    model.layers.iter().rev().find(|l| !matches!(l, Layer::Palette(_)))
}

fn why_not(model: &Model, entry: &Entry) -> Option<String> {
    use Action as A;
    let below = below(model);
    let here = own_context(model, below);
    // These open their layer or need none.
    if matches!(
        entry.action,
        A::AddHook
            | A::AskAssistance
            | A::FindAssistance
            | A::OrderReport
            | A::SaveDump
            | A::OpenReport
            | A::ImportDump
    ) {
        return None;
    }
    // What fills is seen in the header of nothing: the palette stops it from anywhere.
    if entry.action == A::StopFilling {
        let filling = model.health.as_ref().is_some_and(|h| h.filling.is_some());
        return (!filling).then(|| "nothing is being filled or imported".to_owned());
    }
    if entry.action == A::AccountDone {
        let asked = model.health.as_ref().is_some_and(|h| h.vendors.iter().any(|v| v.account.is_some()));
        return (!asked).then(|| "no vendor asks to log in again".to_owned());
    }
    // So are scribes' doctors and accounts.
    if matches!(entry.action, A::RegisterDoctor | A::ChangeDoctor | A::LinkedAccount) {
        return super::sessions::why_not(model, entry.action);
    }
    let session = super::sessions::here_or_below(model);
    let applies = |c: &Context| *c == Context::Global || Some(*c) == here || (session && *c == Context::Sessions);
    if !entry.contexts.iter().any(applies) {
        return Some(format!("in {}", places(entry.contexts)));
    }
    let visit = model.appointments.current();
    let draft = matches!(model.notes.current().map(|r| &r.id), Some(RowId::Draft(_)));
    let missing = |missing: bool, what: &str| missing.then(|| what.to_owned());
    match entry.action {
        A::StartScribe if model.setting.scribes.is_empty() => Some("no scribe vendor is configured".into()),
        A::Reschedule | A::Cancel | A::StartScribe => match visit {
            None => Some("no appointment is selected".into()),
            Some(row) => row.status.closed().then(|| format!("it is {}", draw::standing(&row.status))),
        },
        A::VisitLinks if session => super::sessions::why_not(model, entry.action),
        A::VisitLinks | A::VisitNote | A::SetRoom | A::Files | A::AssignEpisode => {
            missing(visit.is_none(), "no appointment is selected")
        }
        A::Book | A::EditPatient | A::Episodes | A::AddDocument | A::AskConsult => {
            missing(model.patient_at_hand().is_none(), "no patient is selected")
        }
        A::NewNote => missing(model.appointment_at_hand().is_none(), "no appointment is selected"),
        A::DraftFromSummary
        | A::Regenerate
        | A::Recover
        | A::ReadSummary
        | A::WriteNote
        | A::AskScribe
        | A::Context
        | A::EditSession
        | A::AssignProfile
        | A::WriteDocument
        | A::WatchStream => super::sessions::why_not(model, entry.action),
        A::FileNote => {
            let failed = matches!(
                model.notes.current().map(|r| &r.item),
                Some(NoteItem::Filed(FilingState::Failed { .. } | FilingState::Unresolved))
            );
            missing(!draft && !failed, "no draft and no failed note is selected")
        }
        A::EditNote | A::DropDraft => missing(!draft, "no draft is selected"),
        A::Compare => {
            let filed = matches!(model.notes.current().map(|r| &r.item), Some(NoteItem::Filed(_)));
            missing(!draft && !filed, "no draft and no filed note is selected")
        }
        A::Refresh if matches!(below, Some(Layer::Hooks(_) | Layer::Assistance(_))) => None,
        A::StopRetry => missing(!super::triage::running(model), "nothing is being tried again"),
        A::Timeline => missing(super::timeline::subject(model).is_none(), "nothing is selected"),
        A::Links | A::Refresh | A::Raw
            if !matches!(
                below,
                Some(
                    Layer::Detail(_)
                        | Layer::Files(_)
                        | Layer::Episodes(_)
                        | Layer::Timeline(_)
                        | Layer::Triage(_)
                        | Layer::Reader(_)
                )
            ) =>
        {
            missing(model.selected_record(model.focus).is_none(), "nothing is selected")
        }
        A::Retry | A::Withdraw | A::Decide => match below {
            Some(Layer::Outbox(outbox)) => {
                missing(outbox.explained.is_none() && outbox.list.current().is_none(), "nothing is queued")
            }
            _ => None,
        },
        A::WithdrawLast => missing(model.health.as_ref().is_some_and(|h| h.queued == 0), "nothing is queued"),
        _ => None,
    }
}

/// Where an action applies, with the keys that lead there.
fn places(contexts: &[Context]) -> String {
    let place = |context: &Context| match context {
        Context::Outbox => "the queue (o)".to_owned(),
        Context::Detail => "details (enter)".to_owned(),
        Context::VisitLinks => "the links of a visit (v)".to_owned(),
        Context::Webhooks => "the webhooks (W)".to_owned(),
        Context::Assistance => "the requests for assistance (N)".to_owned(),
        Context::Reports => "the reports (P)".to_owned(),
        Context::Files => "an appointment's files (A)".to_owned(),
        Context::Episodes => "a patient's episodes (E)".to_owned(),
        Context::Timeline => "what happened (t)".to_owned(),
        Context::Triage => "the triage (!)".to_owned(),
        Context::Reader => "what a session came to (4 r)".to_owned(),
        Context::Health => "the vendors' health (w)".to_owned(),
        Context::Worklist => "the worklist (K)".to_owned(),
        Context::Compare => "a note's comparison (5 C)".to_owned(),
        context => match Pane::ALL.into_iter().find(|p| pane_context(*p) == *context) {
            Some(pane) => format!("{} {}", pane.number(), pane.name()),
            None => context.name().to_owned(),
        },
    };
    contexts.iter().map(place).collect::<Vec<_>>().join(", ")
}

pub(super) fn palette_key(model: &mut Model, keymap: &Keymap, key: KeyEvent) -> Vec<Effect> {
    let Some(Layer::Palette(palette)) = model.layers.last() else { return Vec::new() };
    let last = palette_lines(model, &palette.text).len().saturating_sub(1);
    let Some(Layer::Palette(palette)) = model.layers.last_mut() else { return Vec::new() };
    match typing::key(&mut palette.text, key) {
        Typed::Changed => palette.selected = 0,
        Typed::Kept => return choose(model),
        Typed::Dropped => drop(model.layers.pop()),
        Typed::Other => match key.code {
            KeyCode::Down => palette.selected = (palette.selected + 1).min(last),
            KeyCode::Up => palette.selected = palette.selected.saturating_sub(1),
            KeyCode::PageDown => palette.selected = (palette.selected + 10).min(last),
            KeyCode::PageUp => palette.selected = palette.selected.saturating_sub(10),
            _ => {
                if keymap.action(&[Context::Global], Chord::of(key)) == Some(Action::Palette) {
                    model.layers.pop();
                }
            }
        },
    }
    Vec::new()
}

/// Does what the selected line says; the palette stays open on one that cannot be done now.
pub(super) fn choose(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Palette(palette)) = model.layers.last() else { return Vec::new() };
    let line = palette_lines(model, &palette.text).into_iter().nth(palette.selected);
    match line {
        None => Vec::new(),
        Some(PaletteLine { name, why_not: Some(why), .. }) => {
            acts::nothing_there(model, &format!("{name} cannot be done now: {why}"))
        }
        Some(PaletteLine { does, .. }) => {
            model.layers.pop();
            match does {
                PaletteAct::Action(action) => acts::act(model, action),
                PaletteAct::Demo(act) => vec![Effect::Demo(act)],
            }
        }
    }
}

#[cfg(test)]
mod tests;
