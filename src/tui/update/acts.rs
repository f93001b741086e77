//! What each action does.

use jiff::SignedDuration;

use super::{
    Effect, Purpose, Wish, care, everything, fit,
    keys::{ask, context, moved, room_names, rooms_at_hand},
    look,
};
use crate::{
    domain::{
        Command, DraftId, EntryState, Intent, Question, RecordId, Request, Source,
        command::{Decision, Level},
        dispute::disputed,
        view::{NoteItem, RoomFilter, RowId},
    },
    tui::{
        action::Action,
        forms::Form,
        layers::{Choice, DetailLayer, Layer, LinksLayer, OutboxLayer, PaletteLayer, Settling, VisitLinksLayer},
        layout,
        model::{Making, Model, Motion, Pane, REST, Showing},
    },
};

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
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
            model.layers.clear();
            model.filtering = Some(model.focus);
            model.picked = false;
            Vec::new()
        }
        Action::FindAnywhere => {
            model.layers.clear();
            let effects = focus(model, Pane::Patients);
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
        Action::VisitLinks => visit_links(model),
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
        Action::FileNote => match selected_draft(model) {
            Some(draft) => vec![look(model, Wish::FileDraft(draft))],
            None => nobody(model, Pane::Notes, "select a draft to file it"),
        },
        Action::DropDraft => drop_draft(model),
        Action::DraftFromSummary => match model.selected_record(Pane::Sessions) {
            Some(session) => vec![look(model, Wish::DraftFrom(session))],
            None => nobody(model, Pane::Sessions, "select a session first"),
        },
        Action::Addendum => match model.notes.current() {
            Some(row) if matches!(row.item, NoteItem::SessionNote(_)) => match row.id {
                RowId::Record(record) => vec![look(model, Wish::Addendum(record))],
                _ => Vec::new(),
            },
            // Nobody means the number of another note than the one that was selected.
            None if model.missing(Pane::Notes) => nobody(model, Pane::Notes, "select a session note first"),
            _ => push(model, Layer::Form(Box::new(Form::request_addendum(None)))),
        },
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
        Action::Finished => {
            if let Some(Layer::Outbox(outbox)) = model.layers.last_mut() {
                outbox.finished = !outbox.finished;
                outbox.list.reset();
            }
            vec![look(model, Wish::Outbox)]
        }
        // Done above.
        Action::Webhooks
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
        | Action::StopReport
        | Action::SortReport => Vec::new(),
    }
}

/// Looks a patient up whom the search does not find.
pub(super) fn look_up(model: &mut Model, searched: &str) -> Vec<Effect> {
    push(model, Layer::Form(Box::new(Form::look_up(searched))))
}

pub(super) fn motion(model: &mut Model, motion: Motion) -> Vec<Effect> {
    fn shift(at: usize, motion: Motion, last: usize) -> usize {
        match motion {
            Motion::Step(by) => at.saturating_add_signed(by).min(last),
            Motion::Page(by) => at.saturating_add_signed(by * 10).min(last),
            Motion::First => 0,
            Motion::Last => last,
        }
    }
    if let Some(effects) = super::desk::motion(model, motion) {
        return effects;
    }
    let help_end = match model.layers.last() {
        Some(Layer::Help { .. }) => crate::tui::draw::help_end(model),
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
                outbox.scroll = shift(outbox.scroll, motion, 10_000);
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
        Some(Layer::Detail(detail)) => detail.scroll = shift(detail.scroll, motion, 1_000_000),
        Some(Layer::Help { scroll }) => *scroll = shift((*scroll).min(help_end), motion, help_end),
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
            | Layer::Report(_),
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
fn beside(model: &Model, by: isize) -> Pane {
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
            layer.code = !layer.code;
            return Vec::new();
        }
        Some(Layer::Files(_) | Layer::Episodes(_)) => return care::open(model),
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
    model.layers.push(Layer::Detail(DetailLayer { record, detail: None, raw: None, scroll: 0 }));
    vec![
        look(model, Wish::Detail(record)),
        // What the dump lacks is read when it is first shown.
        Effect::Start(Purpose::Quiet, Request::Ask(Question::Refresh { record })),
    ]
}

fn back(model: &mut Model) -> Vec<Effect> {
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
            Layer::VisitLinks(layer) if layer.code => layer.code = false,
            Layer::Files(layer) if layer.picture.is_some() => layer.picture = None,
            _ => {
                model.layers.pop();
            }
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

fn turn_day(model: &mut Model, by: i64) -> Vec<Effect> {
    let day = model.shown_day().checked_add(jiff::Span::new().days(by)).unwrap_or_else(|_| model.shown_day());
    model.day = (day != model.today()).then_some(day);
    board_of_a_day(model)
}

/// Everybody's appointments of the day.
fn board_of_a_day(model: &mut Model) -> Vec<Effect> {
    model.resting = None;
    model.scope.patient = None;
    model.scope.appointment = None;
    narrowed(model)
}

fn narrowed(model: &mut Model) -> Vec<Effect> {
    model.appointments.reset();
    model.sessions.reset();
    model.notes.reset();
    [Pane::Rooms, Pane::Appointments, Pane::Sessions, Pane::Notes]
        .into_iter()
        .map(|p| look(model, Wish::Pane(p)))
        .collect()
}

pub(super) fn quit(model: &mut Model) -> Vec<Effect> {
    if model.layers.iter().any(|l| matches!(l, Layer::Form(f) if f.dirty())) {
        let items =
            vec![("Close and lose what is typed in the form".into(), Choice::Quit), ("Stay".into(), Choice::No)];
        ask(model, "A form is not saved", Vec::new(), items);
        return Vec::new();
    }
    if !model.layers.is_empty() {
        model.layers.pop();
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
fn nobody(model: &mut Model, pane: Pane, text: &str) -> Vec<Effect> {
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
    vec![Effect::Start(Purpose::CopyLink, Request::Do(Command::CopiedLink { appointment }))]
}

fn selected_draft(model: &Model) -> Option<DraftId> {
    match model.notes.current().map(|r| &r.id) {
        Some(RowId::Draft(draft)) => Some(*draft),
        _ => None,
    }
}

fn edit_note(model: &mut Model) -> Vec<Effect> {
    match selected_draft(model) {
        Some(draft) => vec![look(model, Wish::OpenDraft(draft))],
        None => match model.notes.current().map(|r| (&r.item, r.id.clone())) {
            Some((NoteItem::Filed(_), RowId::Record(record))) => detail(model, record),
            None => nobody(model, Pane::Notes, "select a draft first"),
            _ => nothing_there(model, "only a draft can be edited"),
        },
    }
}

fn drop_draft(model: &mut Model) -> Vec<Effect> {
    let Some(draft) = selected_draft(model) else {
        return nobody(model, Pane::Notes, "only a draft can be thrown away");
    };
    let about = model.notes.current().map(|r| r.about.clone()).unwrap_or_default();
    let items = vec![("Yes, throw it away".into(), Choice::DropDraft(draft)), ("No, keep it".into(), Choice::No)];
    ask(model, "Throw this draft away?", vec![about], items);
    Vec::new()
}

fn record_at_hand(model: &Model) -> Option<RecordId> {
    match model.layers.last() {
        Some(Layer::Detail(detail)) => Some(detail.record),
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

fn selected_entry(model: &Model) -> Option<crate::domain::EntryId> {
    match model.layers.last() {
        Some(Layer::Outbox(outbox)) => {
            outbox.explained.as_ref().map(|e| e.id).or_else(|| outbox.list.current().map(|r| r.id))
        }
        _ => None,
    }
}

pub(super) fn withdraw(model: &mut Model, entry: crate::domain::EntryId) -> Vec<Effect> {
    let what = match model.layers.last() {
        Some(Layer::Outbox(outbox)) => outbox.list.current().map(|r| format!("{}: {}", r.what, r.whom)),
        _ => None,
    };
    let items = vec![("Yes, take it back".into(), Choice::Withdraw(entry)), ("No, leave it queued".into(), Choice::No)];
    ask(model, format!("Take {entry} back?"), what.into_iter().collect(), items);
    Vec::new()
}

fn decide(model: &mut Model) -> Vec<Effect> {
    // The choices depend on what is known, so the write is read whole first.
    selected_entry(model).map(|entry| look(model, Wish::Decide(entry))).into_iter().collect()
}

/// What a person can decide about a write, given all that is known of it.
pub(super) fn choices(model: &mut Model, whole: &crate::domain::Entry) -> Vec<Effect> {
    let entry = whole.id;
    if care::refused_consult(model, whole) {
        return Vec::new();
    }
    let (title, lines, items) = match &whole.state {
        EntryState::NeedsDecision { reason, may_resend, .. } => {
            let mut items = vec![("It arrived".to_owned(), Choice::Decide(entry, Decision::Arrived))];
            if *may_resend {
                let words = "Send it again (it may then be there twice)".to_owned();
                items.push((words, Choice::Decide(entry, Decision::SendAgain)));
            }
            items.push(("Drop it".into(), Choice::Decide(entry, Decision::Drop)));
            items.push(("Decide later".into(), Choice::No));
            (format!("{}: did it arrive?", whole.intent.word()), vec![crate::tui::draw::why(reason)], items)
        }
        EntryState::Conflict { fields, theirs, .. } => {
            let fields = disputed(&whole.intent, theirs, fields, &model.setting.zone);
            let settling = Settling { entry, what: whole.intent.word(), fields, decided: 0, keep_mine: Vec::new() };
            return settle(model, &settling);
        }
        EntryState::Rejected { reason, .. } => (
            format!("{}: the vendor refused it", whole.intent.word()),
            vec![format!("{} {}", reason.kind.word(), reason.message)],
            vec![("Drop it".to_owned(), Choice::Withdraw(entry)), ("Leave it here".into(), Choice::No)],
        ),
        state => {
            let text = format!("there is nothing to decide: it is {}", state.word());
            return nothing_there(model, &text);
        }
    };
    ask(model, title, lines, items);
    Vec::new()
}

/// Asks about the next field of a conflict, with what it was, what is wanted and what is there; when all are decided the
/// answer is carried out.
pub(super) fn settle(model: &mut Model, settling: &Settling) -> Vec<Effect> {
    let Settling { entry, what, fields, decided, keep_mine } = settling;
    let Some(field) = fields.get(*decided) else {
        let command = Command::Resolve { entry: *entry, keep_mine: keep_mine.clone() };
        return vec![Effect::Start(Purpose::Word("settled"), Request::Do(command))];
    };
    let left = fields.len() - decided;
    let lines = vec![
        format!("{} was changed by somebody else, too.", field.label()),
        format!("it was: {}", field.base),
        format!("mine:   {}", field.mine),
        format!("theirs: {}", field.theirs),
    ];
    let choice = |count, mine| Choice::Settle(Box::new(settling.decide(count, mine)));
    let mut items = vec![("Keep mine".to_owned(), choice(1, true)), ("Take theirs".to_owned(), choice(1, false))];
    if left > 1 {
        items.push((format!("Keep mine in all {left}"), choice(left, true)));
        items.push((format!("Take theirs in all {left}"), choice(left, false)));
    }
    items.push(("Decide later".into(), Choice::No));
    let count = if fields.len() > 1 { format!(" ({} of {})", decided + 1, fields.len()) } else { String::new() };
    let title = format!("{what}: {}{count}", field.label());
    ask(model, title, lines, items);
    Vec::new()
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

/// Begins to file a draft: finds out under which EMR appointment.
pub(super) fn file_under(model: &mut Model, draft: DraftId, appointment: Option<RecordId>) -> Vec<Effect> {
    match appointment {
        Some(appointment) => vec![look(model, Wish::FileLinks(draft, appointment))],
        None => nothing_there(model, "this draft belongs to no appointment, so it cannot be filed"),
    }
}
