//! Answers from memory, to what was looked up for the next frame.

use super::{
    Effect, Wish, acts, care, compare, decide, desk, drafts, fit, keys, lacking, look, notes, opening, reader,
    sessions, timeline, triage, walk, worklist,
};
use crate::{
    domain::view::{Answer, RowId, RowSet, Rows},
    tui::{
        forms::FormEvent,
        layers::Layer,
        lines::Lines,
        model::{Making, Model, Pane},
    },
};

pub(super) fn looked(model: &mut Model, wish: Wish, answer: Answer) -> Vec<Effect> {
    match (wish, answer) {
        (Wish::Pane(pane), Answer::Rows(rows)) => pane_rows(model, pane, rows),
        (Wish::Place(pane), answer) => {
            match (answer, model.sought_row(pane)) {
                (Answer::Position(Some(place)), Some(row)) => model.expect(pane, place as usize, row),
                _ => {
                    model.picked = false;
                    model.reset(pane);
                }
            }
            vec![look(model, Wish::Pane(pane))]
        }
        (Wish::Seek(pane), Answer::Position(Some(place))) => match model.sought_row(pane) {
            Some(row) if model.missing(pane) => {
                model.expect(pane, place as usize, row);
                vec![look(model, Wish::Pane(pane))]
            }
            _ => Vec::new(),
        },
        (Wish::Seek(pane), Answer::Position(None)) if model.missing(pane) => match model.sought_row(pane) {
            Some(RowId::Record(gone)) => vec![look(model, Wish::Survivor(pane, gone))],
            _ => Vec::new(),
        },
        (Wish::Survivor(pane, gone), Answer::Detail(Some(detail))) => walk::survived(model, pane, gone, detail.id),
        (Wish::Show(pane), Answer::Position(place)) => walk::shown_at(model, pane, place),
        (Wish::Hiding(pane), Answer::Hiding(hiding)) => {
            model.hiding.insert(pane, hiding);
            Vec::new()
        }
        (Wish::Reading(_), Answer::Detail(Some(detail))) => reader::looked(model, &detail),
        (Wish::Pages(_), Answer::Detail(Some(detail))) => reader::paged(model, &detail),
        (Wish::Stream(stream), Answer::Stream(view)) => reader::heard(model, stream, view),
        (Wish::Earlier(_) | Wish::LinkedBefore(_) | Wish::Doctor, answer) => sessions::answered(model, wish, answer),
        (Wish::Health, Answer::Health(health)) => {
            model.health = Some(health);
            Vec::new()
        }
        (Wish::Outbox, Answer::Rows(rows)) => {
            for layer in &mut model.layers {
                if let Layer::Outbox(outbox) = layer {
                    outbox.list.answer(rows);
                    break;
                }
            }
            Vec::new()
        }
        (Wish::Decide(_), Answer::Entry(entry)) => match entry {
            Some(entry) => decide::choices(model, &entry),
            None => acts::nothing_there(model, "this write is not there any more"),
        },
        (Wish::AskAgain(_), Answer::Entry(Some(entry))) => care::ask_again(model, &entry),
        (Wish::Files(of), Answer::Files(list)) => {
            for layer in &mut model.layers {
                if let Layer::Files(layer) = layer
                    && layer.appointment == of
                {
                    let first = layer.list.as_ref().is_none_or(|l| l.rows.is_empty());
                    layer.list.clone_from(&list);
                    if first && layer.selected.is_none() {
                        layer.selected = layer.rows().first().copied();
                    }
                }
            }
            Vec::new()
        }
        (Wish::Episodes(of, visit), Answer::Episodes(list)) => {
            for layer in &mut model.layers {
                if let Layer::Episodes(layer) = layer
                    && (layer.patient, layer.appointment) == (of, visit)
                {
                    let first = layer.list.as_ref().is_none_or(|l| l.rows.is_empty());
                    layer.list.clone_from(&list);
                    if first && layer.selected.is_none() {
                        layer.selected = layer.rows().first().copied();
                    }
                }
            }
            Vec::new()
        }
        (Wish::DocumentFor(_) | Wish::ConsultFor(_), Answer::Detail(detail)) => match detail {
            Some(detail) => care::with_patient(model, wish, &detail),
            None => acts::nothing_there(model, "nothing is known of it any more"),
        },
        (Wish::Explain(id), Answer::Entry(entry)) => {
            for layer in &mut model.layers {
                if let Layer::Outbox(outbox) = layer {
                    if outbox.explained.as_ref().is_none_or(|e| e.id != id) {
                        outbox.scroll = 0;
                    }
                    outbox.explained = entry;
                    break;
                }
            }
            Vec::new()
        }
        (Wish::Detail(record), Answer::Detail(detail)) => {
            for layer in &mut model.layers {
                if let Layer::Detail(layer) = layer
                    && layer.record == record
                {
                    layer.detail.clone_from(&detail);
                }
            }
            Vec::new()
        }
        (Wish::Raw(record), Answer::Raw(raw)) => {
            for layer in &mut model.layers {
                if let Layer::Detail(layer) = layer
                    && layer.record == record
                {
                    layer.raw = Some(raw.clone());
                    layer.read = Lines::default();
                }
            }
            fit(model);
            Vec::new()
        }
        (Wish::Links(record), Answer::Links(rows)) => {
            notes::links_layer(model, record, rows);
            notes::filing_may_go_on(model, record)
        }
        (Wish::OwnDrafts, Answer::Rows(rows)) => drafts::left_unfinished(model, &rows),
        (Wish::OpenDraft(_), Answer::Draft(Some(draft))) => notes::edit(model, *draft, false),
        (Wish::KnownFacts(draft), Answer::KnownFacts(facts)) => drafts::known(model, draft, facts),
        (Wish::DraftAsKept(_), Answer::Draft(Some(draft))) => drafts::as_kept(model, &draft),
        // Filing goes through the editor's check: two identifiers, empty sections.
        (Wish::FileDraft(_), Answer::Draft(Some(draft))) => notes::edit(model, *draft, true),
        (Wish::Whose(record), Answer::Detail(Some(detail))) => notes::identify(model, record, &detail),
        (Wish::FormBoard(day), Answer::Rows(rows)) => {
            let names = keys::rooms_at_hand(model);
            let cx = keys::context(&model.setting, model.now, &names);
            if let (Some(Layer::Form(form)), RowSet::Appointments(rows)) = (model.layers.last_mut(), rows.rows)
                && form.board_day() == Some(day)
            {
                form.booked(day, &rows, &cx);
            }
            Vec::new()
        }
        (Wish::ContextVisit(visit), Answer::Detail(Some(detail))) => opening::context_visit(model, visit, &detail),
        (Wish::ContextWhom(..), Answer::Detail(Some(detail))) => opening::context_link(model, &detail),
        (Wish::FormRecord(_), Answer::Detail(Some(detail))) => {
            if let Some(Layer::Form(form)) = model.layers.last_mut() {
                form.read(&detail);
            }
            Vec::new()
        }
        (Wish::Losses, Answer::Losses(losses)) => {
            let event = match model.layers.last_mut() {
                Some(Layer::Form(form)) => form.weigh(&losses),
                _ => FormEvent::Stay,
            };
            keys::form_event(model, event)
        }
        (Wish::Found(record), Answer::Detail(detail)) => match detail {
            Some(detail) if detail.shown.is_some() => walk::show_made(model, Making::Patient, record),
            Some(detail) => opening::known_by_number(model, record, &detail),
            None => acts::nothing_there(model, "nothing is known of it any more"),
        },
        (Wish::FileLinks(draft, appointment), Answer::Links(rows)) => {
            notes::file(model, draft, appointment, rows, false)
        }
        (
            Wish::EditPatient(_)
            | Wish::EditKnown(_)
            | Wish::Reschedule(_)
            | Wish::Scribe(_)
            | Wish::Addendum(_)
            | Wish::SignOff(_)
            | Wish::NoteOfVisit(_)
            | Wish::FileAgain(_)
            | Wish::BookAllTheSame(_)
            | Wish::Cancel(_)
            | Wish::VisitNote(_)
            | Wish::BookFor(_)
            | Wish::DraftFrom(_)
            | Wish::DraftText(_)
            | Wish::Session(..)
            | Wish::Watch(_)
            | Wish::SessionLinks(_)
            | Wish::Redo(..)
            | Wish::ReadNote(_)
            | Wish::NoteFor(_),
            Answer::Detail(detail),
        ) => match detail {
            Some(detail) => opening::with_detail(model, wish, &detail),
            None => acts::nothing_there(model, "nothing is known of it any more"),
        },
        (Wish::LastUnsent, Answer::Rows(rows)) => match rows.rows {
            RowSet::Outbox(entries) => decide::last_unsent(model, &entries),
            _ => Vec::new(),
        },
        (Wish::Triage | Wish::TriagePlan(_), answer) => triage::looked(model, wish, answer),
        (Wish::Worklist, answer) => worklist::looked(model, answer),
        (Wish::CompareDraft(_), Answer::Draft(Some(draft))) => {
            let about = model.notes.current().map(|row| row.about.clone()).unwrap_or_default();
            compare::draft(model, &draft, draft.body.clone(), about)
        }
        (Wish::CompareNote(_), Answer::Detail(Some(detail))) => compare::filed(model, &detail),
        (Wish::Timeline | Wish::Glance, answer) => timeline::looked(model, answer),
        (Wish::Hooks | Wish::Assistances | Wish::Report, answer) => desk::looked(model, &answer),
        (Wish::OpenDraft(_) | Wish::FileDraft(_) | Wish::CompareDraft(_), _) => {
            acts::nothing_there(model, "the draft is not there any more")
        }
        _ => Vec::new(),
    }
}

/// The rows of a pane came.
fn pane_rows(model: &mut Model, pane: Pane, rows: Rows) -> Vec<Effect> {
    let first = pane == Pane::Appointments && (model.appointments.anew() || model.appointments.total() == 0);
    let (before, was_missing) = (model.selected_row(pane), model.missing(pane));
    match pane {
        Pane::Rooms => {
            if let RowSet::Rooms(rooms) = rows.rows {
                model.take_rooms(rooms);
            }
            if model.filtering == Some(pane) && model.missing(pane) {
                model.rooms.first();
            }
        }
        Pane::Appointments => model.appointments.answer(rows),
        Pane::Patients => model.patients.answer(rows),
        Pane::Sessions => model.sessions.answer(rows),
        Pane::Notes => model.notes.answer(rows),
    }
    let mut effects = lacking(model);
    if pane == Pane::Sessions {
        let narrow =
            model.scope.appointment.is_some() || model.scope.patient.is_some() || !model.filter(pane).is_empty();
        if model.total(pane) == 0 && narrow {
            effects.push(look(model, Wish::Hiding(pane)));
        } else {
            model.hiding.remove(&pane);
        }
    }
    if first && model.appointments.total() > 0 && !model.missing(pane) {
        go_to_now(model);
        effects.extend(lacking(model));
    }
    if model.missing(pane) && !was_missing {
        // It may stand where the window does not look.
        effects.push(look(model, Wish::Seek(pane)));
    }
    let after = model.selected_row(pane);
    if pane == model.focus && model.scope.appointment.is_some() && after.is_some() && before != after {
        // Another list has another row; the panes that follow go along.
        walk::rest(model);
    }
    effects
}

/// The board opens where the day is.
fn go_to_now(model: &mut Model) {
    let now = model.now;
    let place = (0..model.appointments.total())
        .find(|at| model.appointments.at(*at).is_some_and(|r| !r.status.closed() && r.start.is_some_and(|s| s >= now)))
        .or_else(|| {
            (0..model.appointments.total()).find(|at| model.appointments.at(*at).is_some_and(|r| !r.status.closed()))
        });
    if let Some(place) = place {
        model.appointments.go(place);
    }
}
