//! What the engine says: answers from memory, answers to what was started, and what it tells by itself.

use super::{Effect, Purpose, Wish, acts, care, decide, everything, keys, lacking, look, walk};
use crate::{
    domain::{
        Command, Delta, DraftId, Fact, Kind, Message, Question, Record, RecordId, Reply, Request,
        appointment::VideoStatus,
        command::{Level, Refusal, Touched},
        entry::Reason,
        note::{Draft, NoteBody},
        view::{Answer, Detail, LinkRow, RowSet, Told},
    },
    tui::{
        editor::Editor,
        forms::{AboutNote, Form, FormEvent, LinkedVisit, PatientIdentity},
        layers::{Choice, Layer, LinksLayer},
        model::{Model, Pane},
        text,
    },
};

pub(super) fn heard(model: &mut Model, message: Message) -> Vec<Effect> {
    model.lost = false;
    match message {
        Message::Delta(delta) => {
            model.uploads_went_on(&delta);
            delta_effects(model, &delta)
        }
        Message::Progress(progress) => {
            model.upload(progress);
            Vec::new()
        }
        Message::Toast(toast) => {
            model.say(toast);
            Vec::new()
        }
        Message::Reply { to, reply } => match take(model, to) {
            Some(purpose) => replied(model, purpose, reply),
            None => Vec::new(),
        },
        Message::Told { to, told } => match take(model, to) {
            Some(purpose) => {
                if !matches!(purpose, Purpose::Quiet | Purpose::FormQuestion | Purpose::Files(_) | Purpose::Episodes(_))
                {
                    model.begun_is_over();
                }
                told_effects(model, purpose, &told)
            }
            None => Vec::new(),
        },
        Message::Answer { .. } | Message::Welcome { .. } => Vec::new(),
    }
}

fn take(model: &mut Model, number: u64) -> Option<Purpose> {
    let at = model.waiting.iter().position(|(n, _)| *n == number)?;
    Some(model.waiting.swap_remove(at).1)
}

/// Which views a change touches. An empty delta means that anything may have changed.
fn delta_effects(model: &Model, delta: &Delta) -> Vec<Effect> {
    if delta.touched.is_empty() {
        return everything(model);
    }
    let mut panes = [false; 5];
    let (mut health, mut outbox) = (false, false);
    for touched in &delta.touched {
        match touched {
            Touched::Record(kind, _) => match kind {
                Kind::Patient => {
                    panes[Pane::Patients as usize] = true;
                    panes[Pane::Appointments as usize] = true;
                }
                Kind::Room => panes[Pane::Rooms as usize] = true,
                Kind::Appointment => {
                    panes[Pane::Appointments as usize] = true;
                    panes[Pane::Rooms as usize] = true;
                }
                Kind::Session => panes[Pane::Sessions as usize] = true,
                Kind::Note | Kind::SessionNote | Kind::Addendum | Kind::SignOff => {
                    panes[Pane::Notes as usize] = true;
                    health = true;
                }
                Kind::EmrAppointment
                | Kind::VisitNote
                | Kind::Episode
                | Kind::Episodes
                | Kind::Attachment
                | Kind::Attachments
                | Kind::Document
                | Kind::Assistance
                | Kind::Consult
                | Kind::Webhook => {}
            },
            Touched::Entry(_) => (outbox, health) = (true, true),
            Touched::Draft(_) => panes[Pane::Notes as usize] = true,
            Touched::Health => health = true,
        }
    }
    let mut wishes: Vec<Wish> = Pane::ALL.into_iter().filter(|p| panes[*p as usize]).map(Wish::Pane).collect();
    if health {
        wishes.push(Wish::Health);
    }
    for layer in &model.layers {
        match layer {
            Layer::Outbox(layer) if outbox => {
                wishes.push(Wish::Outbox);
                wishes.extend(layer.explained.as_ref().map(|e| Wish::Explain(e.id)));
            }
            Layer::Detail(detail) => wishes.push(Wish::Detail(detail.record)),
            Layer::Form(form) if panes[Pane::Appointments as usize] => {
                wishes.extend(form.board_day().map(Wish::FormBoard));
            }
            Layer::Links(links) => wishes.push(Wish::Links(links.record)),
            layer => wishes.extend(care::shown(layer)),
        }
    }
    wishes.extend(super::desk::wishes(model));
    wishes.into_iter().map(|w| look(model, w)).collect()
}

pub(super) fn looked(model: &mut Model, wish: Wish, answer: Answer) -> Vec<Effect> {
    match (wish, answer) {
        (Wish::Pane(pane), Answer::Rows(rows)) => {
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
        (Wish::Show(pane), Answer::Position(place)) => walk::shown_at(model, pane, place),
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
                    layer.scroll = 0;
                }
            }
            Vec::new()
        }
        (Wish::Links(record), Answer::Links(rows)) => {
            links_layer(model, record, rows);
            filing_may_go_on(model, record)
        }
        (Wish::OpenDraft(_), Answer::Draft(Some(draft))) => {
            let whose = draft.patient.or(draft.appointment);
            let about = identity(model, &draft);
            model.layers.push(Layer::Editor(Box::new(Editor::open(*draft, about))));
            super::fit(model);
            whose.map(|record| look(model, Wish::Whose(record))).into_iter().collect()
        }
        (Wish::FileDraft(_), Answer::Draft(Some(draft))) => {
            // Filing goes through the editor's check: two identifiers, empty sections.
            let whose = draft.patient.or(draft.appointment);
            let about = identity(model, &draft);
            let mut editor = Editor::open(*draft, about);
            editor.check();
            model.layers.push(Layer::Editor(Box::new(editor)));
            super::fit(model);
            whose.map(|record| look(model, Wish::Whose(record))).into_iter().collect()
        }
        (Wish::Whose(record), Answer::Detail(Some(detail))) => {
            let about = match &detail.shown {
                Some(Record::Patient(patient)) => Some(PatientIdentity::from(&**patient)),
                _ => detail.patient.as_ref().map(identity_of),
            };
            let whose = |e: &&mut Editor| e.draft().patient.or(e.draft().appointment) == Some(record);
            if let (Some(about), Some(editor)) = (about, keys::editor(model).filter(whose)) {
                editor.identify(about);
            }
            Vec::new()
        }
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
        (Wish::ContextVisit(visit), Answer::Detail(Some(detail))) => match &detail.patient {
            Some(patient) => {
                let named = |scheme: &str| detail.refs.iter().find(|r| r.scheme.to_string() == scheme);
                let id = named("externalId").or_else(|| named("appointment")).map(|r| r.value.clone());
                let start = match &detail.shown {
                    Some(Record::Appointment(a)) => a.start,
                    _ => None,
                };
                if let Some(Layer::VisitLinks(layer)) = model.layers.last_mut() {
                    layer.visit = (id.unwrap_or_default(), start);
                }
                vec![look(model, Wish::ContextWhom(visit, patient.id))]
            }
            None => acts::nothing_there(model, "nobody is known to come to this visit, and a link must name them"),
        },
        (Wish::ContextWhom(..), Answer::Detail(Some(detail))) => {
            let Some(Record::Patient(patient)) = &detail.shown else {
                return acts::nothing_there(model, "the patient was not read yet, and a link must name them");
            };
            let (visit, start) = match model.layers.last() {
                Some(Layer::VisitLinks(layer)) => layer.visit.clone(),
                _ => return Vec::new(),
            };
            let named = |scheme: &str| detail.refs.iter().find(|r| r.scheme.to_string() == scheme);
            let id = named("patient").or_else(|| named("spid")).map(|r| r.value.clone());
            let known = LinkedVisit { visit, start, patient_id: id.unwrap_or_default(), patient: (**patient).clone() };
            let names = keys::rooms_at_hand(model);
            let cx = keys::context(&model.setting, model.now, &names);
            let form = Form::context_link(PatientIdentity::from(&**patient), &known, &model.setting.user, &cx);
            open_form(model, form)
        }
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
            Some(detail) if detail.shown.is_some() => {
                walk::show_made(model, crate::tui::model::Making::Patient, record)
            }
            Some(detail) => {
                let names = detail.refs.iter().map(|r| format!("{} {}", r.scheme, text::strict(&r.value)));
                let lines = vec![
                    names.collect::<Vec<_>>().join(" · "),
                    "Solo tells nothing of a patient by this number: nobody here can check whose it is.".to_owned(),
                ];
                let items = vec![
                    ("Book an appointment for it".into(), Choice::BookFor(record)),
                    ("Leave it".into(), Choice::No),
                ];
                keys::ask(model, "Known by this number only", lines, items);
                Vec::new()
            }
            None => acts::nothing_there(model, "nothing is known of it any more"),
        },
        (Wish::FileLinks(draft, appointment), Answer::Links(rows)) => file(model, draft, appointment, rows, false),
        (
            Wish::EditPatient(_)
            | Wish::EditKnown(_)
            | Wish::Reschedule(_)
            | Wish::Scribe(_)
            | Wish::Addendum(_)
            | Wish::Cancel(_)
            | Wish::VisitNote(_)
            | Wish::BookFor(_)
            | Wish::DraftFrom(_)
            | Wish::NoteFor(_),
            Answer::Detail(detail),
        ) => match detail {
            Some(detail) => with_detail(model, wish, &detail),
            None => acts::nothing_there(model, "nothing is known of it any more"),
        },
        (Wish::LastUnsent, Answer::Rows(rows)) => match rows.rows {
            RowSet::Outbox(entries) => {
                match entries.iter().filter(|e| e.tick == 1 && !e.attention).max_by_key(|e| e.id) {
                    Some(row) => {
                        let items = vec![
                            ("Yes, take it back".into(), Choice::Withdraw(row.id)),
                            ("No, leave it queued".into(), Choice::No),
                        ];
                        keys::ask(
                            model,
                            "Take the last queued write back?",
                            vec![format!("{}: {}", row.what, row.whom)],
                            items,
                        );
                        Vec::new()
                    }
                    None => acts::nothing_there(model, "nothing is queued that could still be taken back"),
                }
            }
            _ => Vec::new(),
        },
        (Wish::Hooks | Wish::Assistances | Wish::Report, answer) => super::desk::looked(model, &answer),
        (Wish::OpenDraft(_) | Wish::FileDraft(_), _) => acts::nothing_there(model, "the draft is not there any more"),
        _ => Vec::new(),
    }
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

fn with_detail(model: &mut Model, wish: Wish, detail: &Detail) -> Vec<Effect> {
    let about = detail.patient.as_ref().map(identity_of).unwrap_or_default();
    let rooms = keys::rooms_at_hand(model);
    let cx = keys::context(&model.setting, model.now, &rooms);
    match (wish, &detail.shown) {
        (Wish::EditPatient(id) | Wish::EditKnown(id), Some(Record::Patient(patient))) => {
            if !detail.complete && matches!(wish, Wish::EditPatient(_)) && detail.pending.is_empty() {
                // Editing what was only imported cannot tell an empty field from one that was never read.
                model.begin("this record was read in part; reading it whole …");
                let ask = Request::Ask(Question::Refresh { record: id });
                return vec![Effect::Start(Purpose::Reread(id), ask)];
            }
            let form = Form::edit_patient(id, (**patient).clone(), !detail.complete, &cx);
            open_form(model, form)
        }
        (Wish::BookFor(id), Some(Record::Patient(patient))) => {
            let form = Form::book(id, PatientIdentity::from(&**patient), &cx);
            open_form(model, form)
        }
        (Wish::BookFor(id), None) if detail.kind == Kind::Patient && !detail.refs.is_empty() => {
            // Known by a number only; the form says so where it names the patient.
            let names = detail.refs.iter().map(|r| format!("{} {}", r.scheme, text::strict(&r.value)));
            let name = format!("no name known, {}", names.collect::<Vec<_>>().join(", "));
            let form = Form::book(id, PatientIdentity { name, ..PatientIdentity::default() }, &cx);
            open_form(model, form)
        }
        (Wish::Reschedule(id), Some(Record::Appointment(appointment))) => {
            if appointment.status.closed() {
                let text = format!("this appointment is {}", appointment.status);
                return acts::nothing_there(model, &text);
            }
            let room = appointment.room.as_ref().map(|r| r.value.as_str());
            let form = Form::reschedule(id, about, appointment.terms(), room, &cx);
            open_form(model, form)
        }
        (Wish::Scribe(id), Some(Record::Appointment(appointment))) => {
            if appointment.status.closed() {
                let standing = crate::tui::draw::standing(&appointment.status);
                let text = format!("there is nothing to listen to: this appointment is marked {standing}");
                return acts::nothing_there(model, &text);
            }
            if appointment.video.as_ref().is_some_and(|v| v.status == VideoStatus::Lwbs) {
                return acts::nothing_there(model, "the patient left unseen: there is nothing to listen to");
            }
            let form = Form::start_scribe(id, about, &cx);
            open_form(model, form)
        }
        (Wish::Addendum(_), Some(Record::SessionNote(note))) => {
            // The clinic's own number, not the appointment's that the row shows.
            let number = detail.refs.iter().find(|r| r.kind == Kind::SessionNote).map(|r| r.value.clone());
            let text = note.summary.as_deref().unwrap_or_default().chars().take(160).collect();
            let told = told_of(note, &model.setting.zone);
            let form = Form::request_addendum(Some(AboutNote { number, patient: about, told, text }));
            open_form(model, form)
        }
        (Wish::Cancel(id), Some(Record::Appointment(appointment))) => {
            let form = Form::cancel(id, about, appointment);
            open_form(model, form)
        }
        (Wish::VisitNote(appointment), Some(Record::VisitNote(note))) => {
            let subject = note.appointment.as_ref().and_then(crate::domain::Pointer::local).unwrap_or(appointment);
            let row =
                (0..model.appointments.total()).filter_map(|at| model.appointments.at(at)).find(|r| r.id == subject);
            let about = match row {
                Some(row) if about.name.is_empty() => PatientIdentity { name: row.patient_name.clone(), ..about },
                _ => about,
            };
            let form = Form::visit_note(subject, about, (**note).clone());
            open_form(model, form)
        }
        (Wish::DraftFrom(session), Some(Record::Session(record))) => match &record.summary {
            Some(summary) if !summary.is_empty() => {
                let body = NoteBody::from_summary(summary);
                let draft = new_draft(
                    model,
                    record.appointment.as_ref().and_then(crate::domain::Pointer::local),
                    detail.patient.as_ref().map(|p| p.id),
                    Some(session),
                    body.clone(),
                    Some(body),
                );
                model.about.clone_from(&detail.patient);
                vec![save_new(draft)]
            }
            _ => acts::nothing_there(model, "this session has no summary yet"),
        },
        (Wish::NoteFor(appointment), Some(Record::Appointment(_))) => {
            let patient = detail.patient.as_ref().map(|p| p.id);
            model.about.clone_from(&detail.patient);
            let draft = new_draft(
                model,
                Some(appointment),
                patient,
                None,
                NoteBody::Soap(crate::domain::note::Soap::default()),
                None,
            );
            vec![save_new(draft)]
        }
        (_, None) => acts::nothing_there(model, "it was not read yet; U reads it"),
        _ => acts::nothing_there(model, "that cannot be done here"),
    }
}

/// What the clinic tells of a session note: it names visit and patient by its own numbers only.
fn told_of(note: &crate::domain::note::SessionNote, zone: &jiff::tz::TimeZone) -> String {
    let at = note.created_at.map(|at| at.to_zoned(zone.clone()).strftime("%a %-d %b %Y %H:%M").to_string());
    let numbered = |what: &str, number: &Option<String>| number.as_ref().map(|n| format!("{what} {}", text::strict(n)));
    let parts = [at, numbered("its appointment", &note.appointment_id), numbered("its patient", &note.patient_id)];
    let status = note.status.as_ref().map(|s| s.replace('_', " "));
    parts.into_iter().chain([status]).flatten().collect::<Vec<_>>().join(" · ")
}

/// Opens a form; it may ask its first question at once.
fn open_form(model: &mut Model, mut form: Form) -> Vec<Effect> {
    let rooms = keys::rooms_at_hand(model);
    let event = form.opened(&keys::context(&model.setting, model.now, &rooms));
    model.layers.push(Layer::Form(Box::new(form)));
    keys::form_event(model, event)
}

fn identity_of(row: &crate::domain::view::PatientRow) -> PatientIdentity {
    let known = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    PatientIdentity { name: row.name.clone(), birth_date: known(&row.birth_date), mrn: known(&row.mrn) }
}

fn new_draft(
    model: &Model,
    appointment: Option<RecordId>,
    patient: Option<RecordId>,
    session: Option<RecordId>,
    body: NoteBody,
    scribe: Option<NoteBody>,
) -> Draft {
    Draft {
        id: DraftId(0),
        appointment,
        patient,
        session,
        body,
        scribe,
        saved_at: model.now,
        version: 1,
        by: model.setting.user.clone(),
    }
}

fn save_new(draft: Draft) -> Effect {
    Effect::Start(Purpose::NewDraft, Request::Do(Command::SaveDraft { draft: Box::new(draft) }))
}

/// Who a draft is about, as far as the window's rows tell: the editor's title and its check before filing.
fn identity(model: &Model, draft: &Draft) -> PatientIdentity {
    let row = draft
        .patient
        .and_then(|id| (0..model.patients.total()).filter_map(|at| model.patients.at(at)).find(|r| r.id == id))
        .or(model.about.as_ref().filter(|r| Some(r.id) == draft.patient));
    row.map(identity_of).unwrap_or_default()
}

fn links_layer(model: &mut Model, record: RecordId, rows: Vec<LinkRow>) {
    for layer in &mut model.layers {
        if let Layer::Links(layer) = layer
            && layer.record == record
        {
            layer.rows = rows;
            if layer.then_file.is_some() {
                // Only the EMR's appointment decides where a note is filed.
                layer.rows.retain(|r| r.other_kind == Kind::EmrAppointment);
            }
            layer.selected = layer.selected.min(layer.rows.len().saturating_sub(1));
            return;
        }
    }
}

/// A draft waited for its link: when that is confirmed now, it is filed.
fn filing_may_go_on(model: &mut Model, record: RecordId) -> Vec<Effect> {
    let ready = model.layers.iter().position(|l| {
        matches!(l, Layer::Links(l) if l.record == record && l.then_file.is_some()
            && l.rows.iter().any(|r| r.other_kind == Kind::EmrAppointment && r.link.holds()))
    });
    let Some(at) = ready else { return Vec::new() };
    let Layer::Links(layer) = model.layers.remove(at) else { return Vec::new() };
    match layer.then_file {
        Some(draft) => file(model, draft, record, layer.rows, true),
        None => Vec::new(),
    }
}

/// Files a draft under the EMR appointment that is linked to its visit; a proposal is shown to be confirmed first.
fn file(model: &mut Model, draft: DraftId, appointment: RecordId, rows: Vec<LinkRow>, asked: bool) -> Vec<Effect> {
    let emr: Vec<&LinkRow> = rows.iter().filter(|r| r.other_kind == Kind::EmrAppointment).collect();
    if let Some(row) = emr.iter().find(|r| r.link.holds()) {
        let emr_appointment = row.link.other(appointment);
        let Some(editor) = keys::editor(model).filter(|e| e.draft().id == draft) else {
            return acts::nothing_there(model, "open the draft and file it again");
        };
        let whole = Draft { body: editor.body(), ..editor.draft().clone() };
        let intent = crate::domain::Intent::FileNote {
            note: RecordId::UNASSIGNED,
            emr_appointment,
            patient: whole.patient,
            body: whole.body.clone(),
        };
        return vec![Effect::Start(Purpose::File, Request::Do(Command::Submit { intent, clears: Some(draft) }))];
    }
    if !emr.is_empty() {
        let rows = rows.into_iter().filter(|r| r.other_kind == Kind::EmrAppointment).collect();
        not_filed(model, &Refusal::Unconfirmed);
        model.layers.push(Layer::Links(LinksLayer { record: appointment, rows, selected: 0, then_file: Some(draft) }));
        return Vec::new();
    }
    if asked {
        return not_filed(model, &Refusal::Invalid("the EMR has no appointment with this MRN at this time".into()));
    }
    model.begin("looking for the appointment in the EMR …");
    vec![Effect::Start(Purpose::EmrFor(draft, appointment), Request::Ask(Question::EmrAppointments { appointment }))]
}

/// The editor keeps the text and says why.
fn not_filed(model: &mut Model, refusal: &Refusal) -> Vec<Effect> {
    let now = model.now;
    match keys::editor(model) {
        Some(editor) => editor.refused(refusal, now),
        None => model.tell(Level::Error, format!("The note was not filed: {refusal}. The draft is kept.")),
    }
    Vec::new()
}

fn replied(model: &mut Model, purpose: Purpose, reply: Reply) -> Vec<Effect> {
    match (purpose, reply) {
        (Purpose::Form | Purpose::FormAct(_), Reply::Refused(refusal)) => {
            if let Some(Layer::Form(form)) = model.layers.last_mut() {
                form.refused(&refusal);
            }
            Vec::new()
        }
        (Purpose::Form, reply) => {
            let mut effects = Vec::new();
            if matches!(model.layers.last(), Some(Layer::Form(_)))
                && let Some(Layer::Form(form)) = model.layers.pop()
            {
                effects.extend(care::drop_replaced(&form));
            }
            model.tell(Level::Info, "saved; its vendor is told as soon as it can be reached");
            if let (Reply::Saved { record, .. }, Some(made)) = (reply, model.making.take()) {
                effects.extend(walk::show_made(model, made, record));
            }
            effects
        }
        (Purpose::CopyLink, reply) => {
            let link = model.layers.iter_mut().find_map(|layer| match layer {
                Layer::VisitLinks(layer) => layer.copying.take(),
                _ => None,
            });
            match (reply, link) {
                (Reply::Refused(refusal), _) => {
                    model.tell(Level::Error, format!("Not copied: {refusal}."));
                    Vec::new()
                }
                (_, Some(link)) => {
                    model.tell(Level::Info, "link copied");
                    vec![Effect::Copy(link)]
                }
                (_, None) => Vec::new(),
            }
        }
        (Purpose::FormAct(word), _) => {
            if matches!(model.layers.last(), Some(Layer::Form(_))) {
                model.layers.pop();
            }
            model.tell(Level::Info, word);
            super::desk::wishes(model).into_iter().map(|w| look(model, w)).collect()
        }
        (Purpose::File, Reply::Refused(refusal)) => not_filed(model, &refusal),
        (Purpose::File, _) => {
            model.layers.retain(|l| !matches!(l, Layer::Editor(_)));
            model.tell(Level::Info, "saved: the note is filed as soon as the EMR can be reached");
            vec![look(model, Wish::Pane(Pane::Notes))]
        }
        (Purpose::Autosave(_), Reply::Refused(refusal)) => {
            let now = model.now;
            match keys::editor(model) {
                Some(editor) => editor.refused(&refusal, now),
                // The draft became the filed note before its last saving came through.
                None if refusal == Refusal::Gone => {}
                None => model.tell(Level::Error, format!("The draft could not be saved: {refusal}.")),
            }
            Vec::new()
        }
        (Purpose::Autosave(version), Reply::Draft { draft }) => {
            let now = model.now;
            let event = keys::editor(model)
                .filter(|e| e.draft().id == draft || e.draft().id == DraftId(0))
                .map(|e| e.saved(draft, version, now));
            event.map_or_else(Vec::new, |event| keys::editor_event(model, event))
        }
        (Purpose::NewDraft, Reply::Draft { draft }) => vec![look(model, Wish::OpenDraft(draft))],
        (Purpose::Word(_) | Purpose::NewDraft, Reply::Refused(refusal)) => {
            model.tell(Level::Error, sentence(&refusal));
            Vec::new()
        }
        (Purpose::Word(word), _) => {
            model.tell(Level::Info, word);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn sentence(refusal: &Refusal) -> String {
    format!("Not done: {refusal}.")
}

fn told_effects(model: &mut Model, purpose: Purpose, told: &Result<Told, Reason>) -> Vec<Effect> {
    match (purpose, told) {
        (Purpose::FormQuestion, told) => {
            let rooms = keys::rooms_at_hand(model);
            let cx = keys::context(&model.setting, model.now, &rooms);
            let event = match model.layers.last_mut() {
                Some(Layer::Form(form)) => form.told(told, &cx),
                _ => FormEvent::Stay,
            };
            keys::form_event(model, event)
        }
        (Purpose::Reread(patient), Ok(_)) => vec![look(model, Wish::EditPatient(patient))],
        (Purpose::Reread(patient), Err(reason)) => {
            // Only what is changed is sent, and it is compared with what stands there first: nothing unseen is overwritten.
            let why = reason.kind.word();
            model.tell(
                Level::Warning,
                format!("The record could not be read whole ({why}): the form shows what is known here."),
            );
            vec![look(model, Wish::EditKnown(patient))]
        }
        (Purpose::Quiet, _) => Vec::new(),
        (Purpose::Registrations(vendor), told) => super::desk::listed(model, vendor, told),
        (Purpose::Files(_) | Purpose::Episodes(_), told) => care::told(model, purpose, told),
        (Purpose::VisitLinks(appointment), told) => {
            for layer in &mut model.layers {
                if let Layer::VisitLinks(layer) = layer
                    && layer.appointment == appointment
                {
                    layer.links = Some(match told {
                        Ok(Told::Links(links)) => Ok(links.clone()),
                        Ok(_) => Ok(Vec::new()),
                        Err(reason) => Err(reason.clone()),
                    });
                }
            }
            Vec::new()
        }
        (Purpose::TeamsLink(appointment), told) => {
            for layer in &mut model.layers {
                if let Layer::VisitLinks(layer) = layer
                    && layer.appointment == appointment
                {
                    layer.teams = Some(match told {
                        Ok(Told::Links(links)) => Ok(links.clone()),
                        Ok(_) => Ok(Vec::new()),
                        Err(reason) => Err(reason.clone()),
                    });
                }
            }
            Vec::new()
        }
        (Purpose::VisitNote(_), Ok(Told::Applied(records))) => match records.first() {
            Some(record) => vec![look(model, Wish::VisitNote(*record))],
            None => acts::nothing_there(model, "this visit has no note yet"),
        },
        (Purpose::EmrFor(draft, appointment), Ok(_)) => vec![look(model, Wish::FileLinks(draft, appointment))],
        (Purpose::Word(word), Ok(_)) => {
            model.tell(Level::Info, word);
            Vec::new()
        }
        (_, Err(reason)) => {
            let message = if reason.message.is_empty() { String::new() } else { format!(": {}", reason.message) };
            model.tell(Level::Error, format!("The vendor did not tell: {}{message}.", reason.kind.word()));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// Whether a fact may be shown as it is; links carry secrets in their query and stand in their own layer.
pub fn plain_fact(fact: Fact) -> bool {
    !fact.secret() && !matches!(fact, Fact::VisitUrl | Fact::RecorderUrl | Fact::SummaryUrl)
}
