//! What each action does.

use super::{
    Effect, Purpose, Wish, care,
    decide::{decide, selected_entry, withdraw},
    everything, fit,
    keys::{ask, context, moved, room_names, rooms_at_hand},
    leaving, look,
    notes::{account_done, drop_draft, edit_note, file_note, session_note, supervise},
    walk::{back, beside, board_of_a_day, focus, follow, motion, turn_day},
};
use crate::{
    domain::{
        Command, Question, RecordId, Request,
        command::Level,
        session::{Redo, doing::Doing},
        view::RowId,
    },
    tui::{
        action::Action,
        editor::Editor,
        forms::Form,
        layers::{Choice, DetailLayer, Layer, LinkAs, LinksLayer, OutboxLayer, PaletteLayer, VisitLinksLayer},
        lines::Lines,
        model::{Model, Motion, Pane},
    },
};

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(effects) = super::timeline::act(model, action) {
        return effects;
    }
    if let Some(effects) = super::triage::act(model, action) {
        return effects;
    }
    if let Some(effects) = super::worklist::act(model, action) {
        return effects;
    }
    if let Some(effects) = super::compare::act(model, action) {
        return effects;
    }
    if let Some(effects) = super::sessions::act(model, action) {
        return effects;
    }
    if let Some(effects) = super::desk::act(model, action) {
        return effects;
    }
    match action {
        Action::Down => motion(model, Motion::Step(1)),
        Action::Up => motion(model, Motion::Step(-1)),
        Action::PageDown => motion(model, Motion::Page(1)),
        Action::PageUp => motion(model, Motion::Page(-1)),
        Action::First => motion(model, Motion::First),
        Action::Last => motion(model, Motion::Last),
        Action::Left => focus(model, beside(model, -1)),
        Action::Right => focus(model, beside(model, 1)),
        Action::NextPane => focus(model, model.focus.turn(1)),
        Action::PreviousPane => focus(model, model.focus.turn(-1)),
        Action::FocusRooms => focus(model, Pane::Rooms),
        Action::FocusAppointments => focus(model, Pane::Appointments),
        Action::FocusPatients => focus(model, Pane::Patients),
        Action::FocusSessions => focus(model, Pane::Sessions),
        Action::FocusNotes => focus(model, Pane::Notes),
        Action::Open => open(model),
        Action::Back => back(model),
        Action::Filter => {
            let effects = leaving::all(model);
            model.filtering = Some(model.focus);
            model.picked = false;
            effects
        }
        Action::FindAnywhere => {
            let mut effects = leaving::all(model);
            effects.extend(focus(model, Pane::Patients));
            model.filtering = Some(Pane::Patients);
            model.picked = false;
            effects
        }
        Action::Palette => push(model, Layer::Palette(PaletteLayer::default())),
        Action::Help => push(model, Layer::Help { scroll: 0 }),
        Action::Health => push(model, Layer::Health),
        Action::Log => push(model, Layer::Log { back: 0 }),
        Action::Zoom => {
            model.zoomed = !model.zoomed;
            fit(model);
            moved(model)
        }
        Action::Outbox => {
            model.layers.retain(|l| !matches!(l, Layer::Outbox(_)));
            push(model, Layer::Outbox(OutboxLayer::default()));
            fit(model);
            vec![look(model, Wish::Outbox)]
        }
        Action::DayBefore => turn_day(model, -1),
        Action::DayAfter => turn_day(model, 1),
        Action::Today => {
            model.day = None;
            board_of_a_day(model)
        }
        Action::Quit => quit(model),
        Action::Suspend => vec![Effect::Suspend],
        Action::Mouse => {
            model.mouse = !model.mouse;
            let words = if model.mouse {
                "the mouse works here: click, click again to open, wheel; your terminal selects text with Shift"
            } else {
                "the mouse is the terminal's own again"
            };
            model.tell(Level::Info, words);
            vec![Effect::Mouse(model.mouse)]
        }
        Action::Redraw => {
            let mut effects = vec![Effect::Redraw];
            effects.extend(everything(model));
            effects
        }
        Action::WithdrawLast => vec![look(model, Wish::LastUnsent)],
        Action::NewPatient => {
            let rooms = rooms_at_hand(model);
            let form = Form::create_patient(&context(&model.setting, model.now, &rooms));
            push(model, Layer::Form(Box::new(form)))
        }
        Action::LookUp => look_up(model, ""),
        Action::CopyLink => copy_link(model),
        Action::LinkAlone => {
            if let Some(Layer::VisitLinks(layer)) = model.layers.last_mut()
                && !layer.all().is_empty()
            {
                layer.turn(LinkAs::Alone);
            }
            Vec::new()
        }
        Action::ContextLink => match model.layers.last() {
            Some(Layer::VisitLinks(layer)) => vec![look(model, Wish::ContextVisit(layer.appointment))],
            _ => Vec::new(),
        },
        Action::EditPatient => match model.patient_at_hand() {
            Some(patient) => vec![look(model, Wish::EditPatient(patient))],
            None => nobody(model, model.focus, "select a patient first"),
        },
        Action::Book => match model.patient_at_hand() {
            Some(patient) => vec![look(model, Wish::BookFor(patient))],
            None => nobody(model, model.focus, "select a patient first (3), then book"),
        },
        Action::Reschedule => with_appointment(model, |m, id| vec![look(m, Wish::Reschedule(id))]),
        Action::Cancel => cancel(model),
        Action::VisitLinks if super::sessions::here(model) => with_session(model, Wish::SessionLinks),
        Action::VisitLinks => visit_links(model),
        Action::Regenerate => with_session(model, |id| Wish::Redo(id, Redo::Regenerate)),
        Action::Recover => with_session(model, |id| Wish::Redo(id, Redo::Recover)),
        Action::StartScribe => {
            if model.setting.scribes.is_empty() {
                return nothing_there(model, "no scribe vendor is configured");
            }
            with_appointment(model, |m, id| vec![look(m, Wish::Scribe(id))])
        }
        Action::VisitNote => with_appointment(model, |m, id| {
            m.begin("reading the visit note …");
            vec![Effect::Start(Purpose::VisitNote(id), Request::Ask(Question::VisitNote { appointment: id }))]
        }),
        Action::SetRoom => with_appointment(model, |m, id| {
            let items =
                room_names(&m.all_rooms).into_iter().map(|r| (r.clone(), Choice::Room(id, r))).collect::<Vec<_>>();
            if items.is_empty() {
                return nothing_there(m, "no waiting room is known");
            }
            ask(m, "In which waiting room?", vec!["Kept here as your word; no vendor is told.".into()], items);
            Vec::new()
        }),
        Action::NewNote => match model.appointment_at_hand() {
            Some(appointment) => vec![look(model, Wish::NoteFor(appointment))],
            None => nobody(model, model.focus, "select an appointment first (2), then write its note"),
        },
        Action::EditNote => edit_note(model),
        Action::FileNote => file_note(model),
        Action::AccountDone => account_done(model),
        Action::DropDraft => drop_draft(model),
        Action::Addendum | Action::SignOff => supervise(model, action == Action::SignOff),
        Action::Links if model.layers.is_empty() && model.focus == Pane::Notes && session_note(model).is_some() => {
            session_note(model).map(|note| look(model, Wish::NoteOfVisit(note))).into_iter().collect()
        }
        Action::Links => match record_at_hand(model) {
            Some(record) => {
                model.layers.push(Layer::Links(LinksLayer { record, rows: Vec::new(), selected: 0, then_file: None }));
                vec![look(model, Wish::Links(record))]
            }
            None => nobody(model, model.focus, "nothing is selected"),
        },
        Action::Files => with_appointment(model, care::files),
        Action::AssignEpisode => care::assign_selected(model),
        Action::Episodes => match model.patient_at_hand() {
            Some(patient) => care::episodes(model, patient, None),
            None => nobody(model, Pane::Patients, "select a patient first"),
        },
        Action::AddDocument => match model.patient_at_hand() {
            Some(patient) => vec![look(model, Wish::DocumentFor(patient))],
            None => nobody(model, Pane::Patients, "select a patient first"),
        },
        Action::AskConsult => match model.patient_at_hand() {
            Some(patient) => vec![look(model, Wish::ConsultFor(patient))],
            None => nobody(model, Pane::Patients, "select a patient first"),
        },
        Action::AddFile => care::add_file(model),
        Action::DeleteFile => care::delete_file(model),
        Action::ShowPicture => care::show_picture(model),
        Action::NewEpisode => care::new_episode(model),
        Action::EditEpisode => care::edit_episode(model),
        Action::Refresh if matches!(model.layers.last(), Some(Layer::Files(_) | Layer::Episodes(_))) => {
            care::refresh(model).unwrap_or_default()
        }
        Action::Refresh => match record_at_hand(model) {
            Some(record) => {
                vec![Effect::Start(Purpose::Word("read again"), Request::Ask(Question::Refresh { record }))]
            }
            None => nobody(model, model.focus, "nothing is selected"),
        },
        Action::Raw => raw(model),
        Action::Retry => match selected_entry(model) {
            Some(entry) => {
                vec![Effect::Start(Purpose::Word("tried again"), Request::Do(Command::Retry { entry }))]
            }
            None => Vec::new(),
        },
        Action::Withdraw => match selected_entry(model) {
            Some(entry) => withdraw(model, entry),
            None => Vec::new(),
        },
        Action::Decide => decide(model),
        Action::StopFilling => match model.health.as_ref().and_then(|h| h.filling) {
            Some(_) => {
                vec![Effect::Start(Purpose::Word("stopped; what came so far stays"), Request::Do(Command::StopFilling))]
            }
            None => nothing_there(model, "nothing is being filled or imported"),
        },
        Action::Finished => {
            if let Some(Layer::Outbox(outbox)) = model.layers.last_mut() {
                outbox.finished = !outbox.finished;
                outbox.list.reset();
            }
            vec![look(model, Wish::Outbox)]
        }
        // Done above.
        Action::Timeline
        | Action::Worklist
        | Action::SortWorklist
        | Action::ReverseWorklist
        | Action::Compare
        | Action::NextChange
        | Action::PreviousChange
        | Action::CompareBeside
        | Action::ComparePair
        | Action::Triage
        | Action::RetryStuck
        | Action::RetryAllStuck
        | Action::StopRetry
        | Action::NotDone
        | Action::RevealValues
        | Action::MarkState
        | Action::Webhooks
        | Action::Assistance
        | Action::Reports
        | Action::AddHook
        | Action::EditHook
        | Action::DeleteHook
        | Action::RotateHook
        | Action::GoOn
        | Action::GiveUp
        | Action::Replay
        | Action::AskAssistance
        | Action::FindAssistance
        | Action::CancelAssistance
        | Action::OrderReport
        | Action::SaveDump
        | Action::OpenReport
        | Action::ImportDump
        | Action::StopReport
        | Action::SortReport
        | Action::DraftFromSummary
        | Action::ReadSummary
        | Action::WriteNote
        | Action::AskScribe
        | Action::Context
        | Action::EditSession
        | Action::AssignProfile
        | Action::WriteDocument
        | Action::WatchStream
        | Action::FindNext
        | Action::FindPrevious
        | Action::StopWriting
        | Action::RegisterDoctor
        | Action::ChangeDoctor
        | Action::LinkedAccount => Vec::new(),
    }
}

/// Looks a patient up whom the search does not find.
pub(super) fn look_up(model: &mut Model, searched: &str) -> Vec<Effect> {
    push(model, Layer::Form(Box::new(Form::look_up(searched))))
}

fn push(model: &mut Model, layer: Layer) -> Vec<Effect> {
    model.layers.push(layer);
    Vec::new()
}

pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    match model.layers.last_mut() {
        None => {
            let searched = model.filter(Pane::Patients).trim().to_owned();
            let nobody = model.patients.total() == 0 && !model.anew(Pane::Patients);
            if model.focus == Pane::Patients && nobody && !searched.is_empty() {
                // Whom the search does not find may still be at the vendor.
                return look_up(model, &searched);
            }
        }
        Some(Layer::Outbox(outbox)) => {
            return match outbox.list.current().map(|r| r.id) {
                Some(entry) => vec![look(model, Wish::Explain(entry))],
                None => Vec::new(),
            };
        }
        Some(Layer::Links(links)) => {
            let Some(row) = links.rows.get(links.selected) else { return Vec::new() };
            let (a, b) = (row.link.a, row.link.b);
            if row.link.holds() {
                // Enter confirms; what holds already is not undone by one key too many.
                let items = vec![
                    ("Leave it linked".into(), Choice::No),
                    ("They are not the same".into(), Choice::Unlink(a, b)),
                ];
                ask(model, "This link holds already", Vec::new(), items);
                return Vec::new();
            }
            return vec![Effect::Start(Purpose::Word("link confirmed"), Request::Do(Command::ConfirmLink { a, b }))];
        }
        Some(Layer::VisitLinks(layer)) => {
            layer.turn(LinkAs::Code);
            return Vec::new();
        }
        Some(Layer::Files(_) | Layer::Episodes(_)) => return care::open(model),
        Some(Layer::Detail(detail)) => {
            let read = |session| Wish::Session(session, Doing::Read);
            return detail.session().map(|session| look(model, read(session))).into_iter().collect();
        }
        Some(_) => return Vec::new(),
    }
    match model.focus {
        Pane::Rooms => {
            let mut effects = follow(model, Pane::Rooms);
            effects.extend(focus(model, Pane::Appointments));
            effects
        }
        Pane::Notes => match model.notes.current().map(|r| r.id.clone()) {
            Some(RowId::Draft(draft)) => vec![look(model, Wish::OpenDraft(draft))],
            Some(RowId::Record(record)) => detail(model, record),
            _ => nobody(model, Pane::Notes, "nothing is selected"),
        },
        pane => match model.selected_record(pane) {
            Some(record) => detail(model, record),
            None => nobody(model, pane, "nothing is selected"),
        },
    }
}

pub(super) fn detail(model: &mut Model, record: RecordId) -> Vec<Effect> {
    model.layers.push(Layer::Detail(DetailLayer {
        record,
        detail: None,
        raw: None,
        read: Lines::default(),
        scroll: 0,
    }));
    vec![
        look(model, Wish::Detail(record)),
        // What the dump lacks is read when it is first shown.
        Effect::Start(Purpose::Quiet, Request::Ask(Question::Refresh { record })),
    ]
}

pub(super) fn quit(model: &mut Model) -> Vec<Effect> {
    if model.layers.iter().any(|l| matches!(l, Layer::Form(f) if f.dirty())) {
        let items =
            vec![("Close and lose what is typed in the form".into(), Choice::Quit), ("Stay".into(), Choice::No)];
        ask(model, "A form is not saved", Vec::new(), items);
        return Vec::new();
    }
    if !model.layers.is_empty() {
        return leaving::top(model);
    }
    if model.shelf.iter().any(Editor::cannot_save) {
        let lines = model.shelf.iter().filter(|e| e.cannot_save()).map(Editor::line).collect();
        let items = vec![("Stay".into(), Choice::No), ("Close and lose what was typed last".into(), Choice::Quit)];
        ask(model, "A draft could not be saved", lines, items);
        return Vec::new();
    }
    model.quitting = true;
    Vec::new()
}

fn with_appointment(model: &mut Model, then: impl FnOnce(&mut Model, RecordId) -> Vec<Effect>) -> Vec<Effect> {
    match model.appointments.current().map(|r| r.id) {
        Some(id) => then(model, id),
        None => nobody(model, Pane::Appointments, "select an appointment first"),
    }
}

/// Nothing is done when nothing is selected; who had selected a row that went is told so.
pub(super) fn nobody(model: &mut Model, pane: Pane, text: &str) -> Vec<Effect> {
    let mut text = text.to_owned();
    if model.missing(pane) {
        text.push_str(": the selected one left this list");
        if !model.filter(pane).is_empty() {
            text.push_str("; esc clears the filter");
        }
    }
    nothing_there(model, &text)
}

pub(super) fn nothing_there(model: &mut Model, text: &str) -> Vec<Effect> {
    model.tell(Level::Warning, text);
    Vec::new()
}

fn selected_name(model: &Model) -> String {
    model.appointments.current().map(|r| r.patient_name.clone()).unwrap_or_default()
}

fn cancel(model: &mut Model) -> Vec<Effect> {
    let Some(row) = model.appointments.current() else {
        return nobody(model, Pane::Appointments, "select an appointment first");
    };
    if row.status.closed() {
        let word = format!("this appointment is {} already", row.status);
        return nothing_there(model, &word);
    }
    let id = row.id;
    vec![look(model, Wish::Cancel(id))]
}

fn with_session(model: &mut Model, wish: impl FnOnce(RecordId) -> Wish) -> Vec<Effect> {
    super::sessions::with(model, wish)
}

fn visit_links(model: &mut Model) -> Vec<Effect> {
    with_appointment(model, |m, appointment| {
        let about = selected_name(m);
        m.layers.push(Layer::VisitLinks(VisitLinksLayer::new(appointment, about)));
        vec![
            Effect::Start(Purpose::VisitLinks(appointment), Request::Ask(Question::VisitLinks { appointment })),
            Effect::Start(Purpose::TeamsLink(appointment), Request::Ask(Question::TeamsLink { appointment })),
        ]
    })
}

/// Copies the selected link where that is configured; that it was copied is on record first.
fn copy_link(model: &mut Model) -> Vec<Effect> {
    if !model.setting.clipboard {
        return nothing_there(
            model,
            "copying is off; `clipboard = true` under [window] in the configuration allows it",
        );
    }
    let Some(Layer::VisitLinks(layer)) = model.layers.last_mut() else { return Vec::new() };
    let link = layer.all().get(layer.selected).map(|(_, url)| url.clone()).filter(|url| !url.is_empty());
    let Some(link) = link else { return nothing_there(model, "there is no link to copy") };
    let appointment = layer.appointment;
    layer.copying = Some(link);
    vec![Effect::Start(Purpose::CopyLink(appointment), Request::Do(Command::CopiedLink { appointment }))]
}

fn record_at_hand(model: &Model) -> Option<RecordId> {
    match model.layers.last() {
        Some(Layer::Detail(detail)) => Some(detail.record),
        Some(Layer::Reader(layer)) => Some(layer.session),
        _ => model.selected_record(model.focus),
    }
}

fn raw(model: &mut Model) -> Vec<Effect> {
    let Some(record) = record_at_hand(model) else { return nobody(model, model.focus, "nothing is selected") };
    let mut effects = Vec::new();
    match model.layers.last_mut() {
        Some(Layer::Detail(layer)) if layer.raw.is_some() => {
            layer.raw = None;
            layer.scroll = 0;
            return effects;
        }
        Some(Layer::Detail(_)) => {}
        _ => effects.extend(detail(model, record)),
    }
    effects.push(look(model, Wish::Raw(record)));
    effects
}
