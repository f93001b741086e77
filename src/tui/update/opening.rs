//! The forms and questions that begin once the record that they are about was read.

use jiff::tz::TimeZone;

use super::{
    Effect, Purpose, Wish,
    acts::nothing_there,
    keys::{ask, context, form_event, rooms_at_hand},
    look, notes, reader, sessions,
};
use crate::{
    domain::{
        Fact, Intent, Kind, Pointer, Question, Record, RecordId, Request,
        appointment::VideoStatus,
        note::{NoteBody, SessionNote, Soap},
        patient::Patient,
        session::{Before, Redo, Session},
        view::{Detail, PatientRow},
    },
    tui::{
        draw,
        forms::{AboutNote, Form, LinkedVisit, PatientIdentity},
        layers::{Choice, Layer, VisitLinksLayer},
        model::Model,
        text,
    },
};

/// What was asked for about a record begins, now that it was read.
pub(super) fn with_detail(model: &mut Model, wish: Wish, detail: &Detail) -> Vec<Effect> {
    let about = detail.patient.as_ref().map(identity_of).unwrap_or_default();
    let rooms = rooms_at_hand(model);
    let cx = context(&model.setting, model.now, &rooms);
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
        (Wish::NoteOfVisit(_), Some(Record::SessionNote(note))) => notes::note_of_visit(model, detail, note),
        (Wish::FileAgain(_), _) => notes::file_again(model, detail),
        (Wish::ReadNote(_), Some(record)) => notes::read(model, detail, record),
        (Wish::BookFor(id), Some(Record::Patient(patient))) if out_of_use(patient).is_some() => {
            let whom = PatientIdentity::from(&**patient).line();
            let lines = [whom].into_iter().chain(out_of_use(patient)).collect();
            let items =
                vec![("No, leave it".to_owned(), Choice::No), ("Book all the same".to_owned(), Choice::BookFor(id))];
            ask(model, "Book an appointment for this patient?", lines, items);
            Vec::new()
        }
        (Wish::BookFor(id) | Wish::BookAllTheSame(id), Some(Record::Patient(patient))) => {
            let form = Form::book(id, PatientIdentity::from(&**patient), &cx);
            open_form(model, form)
        }
        (Wish::BookFor(id) | Wish::BookAllTheSame(id), None)
            if detail.kind == Kind::Patient && !detail.refs.is_empty() =>
        {
            // Known by a number only; the form says so where it names the patient.
            let names = detail.refs.iter().map(|r| format!("{} {}", r.scheme, text::strict(&r.value)));
            let name = format!("no name known, {}", names.collect::<Vec<_>>().join(", "));
            let form = Form::book(id, PatientIdentity { name, ..PatientIdentity::default() }, &cx);
            open_form(model, form)
        }
        (Wish::Reschedule(id), Some(Record::Appointment(appointment))) => {
            if appointment.status.closed() {
                let text = format!("this appointment is {}", appointment.status);
                return nothing_there(model, &text);
            }
            let room = appointment.room.as_ref().map(|r| r.value.as_str());
            let patient = detail.patient.as_ref().map(|p| p.id);
            let form = Form::reschedule(id, patient, about, appointment.terms(), room, &cx);
            open_form(model, form)
        }
        (Wish::Scribe(id), Some(Record::Appointment(appointment))) => {
            if appointment.status.closed() {
                let standing = draw::standing(&appointment.status);
                let text = format!("there is nothing to listen to: this appointment is marked {standing}");
                return nothing_there(model, &text);
            }
            if appointment.video.as_ref().is_some_and(|v| v.status == VideoStatus::Lwbs) {
                return nothing_there(model, "the patient left unseen: there is nothing to listen to");
            }
            let form = Form::start_scribe(id, about, &cx);
            open_form(model, form)
        }
        (Wish::Addendum(_) | Wish::SignOff(_), Some(Record::SessionNote(note))) => {
            // The clinic's own number, not the appointment's that the row shows.
            let number = detail.refs.iter().find(|r| r.kind == Kind::SessionNote).map(|r| r.value.clone());
            let text = note.summary.as_deref().unwrap_or_default().chars().take(160).collect();
            let told = told_of(note, &model.setting.zone);
            let note = AboutNote { number, patient: about, told, text };
            let form = match wish {
                Wish::SignOff(_) => Form::sign_off(Some(note), &cx),
                _ => Form::request_addendum(Some(note), &cx),
            };
            open_form(model, form)
        }
        (Wish::Addendum(_), Some(Record::Addendum(addendum))) => {
            let form = Form::answer_addendum(detail.id, addendum, about, &cx);
            open_form(model, form)
        }
        (Wish::SignOff(_), Some(Record::SignOff(signed))) => {
            let form = Form::change_sign_off(detail.id, signed, about, &cx);
            open_form(model, form)
        }
        (Wish::Cancel(id), Some(Record::Appointment(appointment))) => {
            let form = Form::cancel(id, about, appointment);
            open_form(model, form)
        }
        (Wish::VisitNote(appointment), Some(Record::VisitNote(note))) => {
            let subject = note.appointment.as_ref().and_then(Pointer::local).unwrap_or(appointment);
            let row =
                (0..model.appointments.total()).filter_map(|at| model.appointments.at(at)).find(|r| r.id == subject);
            let about = match row {
                Some(row) if about.name.is_empty() => PatientIdentity { name: row.patient_name.clone(), ..about },
                _ => about,
            };
            let form = Form::visit_note(subject, about, (**note).clone());
            open_form(model, form)
        }
        (Wish::DraftFrom(_), Some(Record::Session(record))) => match &record.summary {
            Some(summary) if !summary.is_empty() => {
                let body = NoteBody::from_summary(summary);
                sessions::draft(model, detail, record, body)
            }
            _ => nothing_there(model, "this session has no summary yet"),
        },
        (Wish::DraftText(_), Some(Record::Session(_))) => sessions::draft_text(model, detail),
        (Wish::Session(_, doing), _) => sessions::begin(model, doing, detail),
        (Wish::Watch(_), _) => reader::watch(model, detail),
        (Wish::SessionLinks(session), Some(Record::Session(_))) => session_links(model, session, detail, about.name),
        (Wish::Redo(session, how), Some(Record::Session(record))) => again(model, session, how, record, &about),
        (Wish::NoteFor(appointment), Some(Record::Appointment(visit))) => {
            let patient = detail.patient.as_ref().map(|p| p.id);
            model.about.clone_from(&detail.patient);
            let template = model.setting.editor.texts.template_for(&visit.reasons);
            let body = template.map_or_else(|| NoteBody::Soap(Soap::default()), |template| template.body.clone());
            let draft = notes::new_draft(model, Some(appointment), patient, None, body, None);
            vec![notes::save_new(draft)]
        }
        (_, None) => nothing_there(model, "it was not read yet; U reads it"),
        _ => nothing_there(model, "that cannot be done here"),
    }
}

/// Where the doctor records and confirms, as far as the vendor told.
fn session_links(model: &mut Model, session: RecordId, detail: &Detail, about: String) -> Vec<Effect> {
    let known = [(Fact::RecorderUrl, "recorder"), (Fact::SummaryUrl, "summary")];
    let links: Vec<(String, String)> =
        known.into_iter().filter_map(|(fact, label)| Some((label.into(), detail.facts.get(fact)?.into()))).collect();
    if links.is_empty() {
        return nothing_there(model, "its vendor told no address for this session");
    }
    let layer = VisitLinksLayer { links: Some(Ok(links)), ..VisitLinksLayer::new(session, about) };
    model.layers.push(Layer::VisitLinks(layer));
    Vec::new()
}

/// Asks before a summary is made anew: what a doctor changed or approved does not hold afterwards.
fn again(model: &mut Model, session: RecordId, how: Redo, record: &Session, about: &PatientIdentity) -> Vec<Effect> {
    // The one scribe whose document knows it.
    if record.vendor.as_str() != "noa" {
        let text = format!("{} does not make a summary anew", record.vendor);
        return nothing_there(model, &text);
    }
    let (title, what, yes) = match how {
        Redo::Recover => (
            "Bring the original summary back?",
            "What the vendor wrote at first comes back; what a doctor changed in it since is gone.",
            "Yes, bring the original back",
        ),
        Redo::Regenerate => (
            "Have the summary written anew?",
            "The vendor writes it once more from what was recorded; the text that stands there now is gone.",
            "Yes, have it written anew",
        ),
    };
    let status = if record.status.is_empty() { record.stage.word() } else { &record.status };
    let lines = vec![
        format!("{} · {}", about.line(), text::strict(status)),
        what.into(),
        "It takes the vendor a while, and a doctor must approve the summary again.".into(),
    ];
    let intent = Intent::RedoSession { session, vendor: record.vendor, how, before: Before::of(record) };
    let said = "saved; the vendor is asked as soon as it can be reached";
    ask(
        model,
        title,
        lines,
        vec![(yes.into(), Choice::Submit(said, Box::new(intent))), ("No, leave it".into(), Choice::No)],
    );
    Vec::new()
}

/// The visit to which a context-aware link is made was read: its patient is read next.
pub(super) fn context_visit(model: &mut Model, visit: RecordId, detail: &Detail) -> Vec<Effect> {
    match &detail.patient {
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
        None => nothing_there(model, "nobody is known to come to this visit, and a link must name them"),
    }
}

/// Both the visit and its patient were read: the form that makes a context-aware link.
pub(super) fn context_link(model: &mut Model, detail: &Detail) -> Vec<Effect> {
    let Some(Record::Patient(patient)) = &detail.shown else {
        return nothing_there(model, "the patient was not read yet, and a link must name them");
    };
    let (visit, start) = match model.layers.last() {
        Some(Layer::VisitLinks(layer)) => layer.visit.clone(),
        _ => return Vec::new(),
    };
    let named = |scheme: &str| detail.refs.iter().find(|r| r.scheme.to_string() == scheme);
    let id = named("patient").or_else(|| named("spid")).map(|r| r.value.clone());
    let known = LinkedVisit { visit, start, patient_id: id.unwrap_or_default(), patient: (**patient).clone() };
    let names = rooms_at_hand(model);
    let cx = context(&model.setting, model.now, &names);
    let form = Form::context_link(PatientIdentity::from(&**patient), &known, &model.setting.user, &cx);
    open_form(model, form)
}

/// A patient was looked up who is known by a number only.
pub(super) fn known_by_number(model: &mut Model, record: RecordId, detail: &Detail) -> Vec<Effect> {
    let names = detail.refs.iter().map(|r| format!("{} {}", r.scheme, text::strict(&r.value)));
    let lines = vec![
        names.collect::<Vec<_>>().join(" · "),
        "Solo tells nothing of a patient by this number: nobody here can check whose it is.".to_owned(),
    ];
    let items = vec![("Book an appointment for it".into(), Choice::BookFor(record)), ("Leave it".into(), Choice::No)];
    ask(model, "Known by this number only", lines, items);
    Vec::new()
}

/// Why nobody should come to an appointment of this patient's, where the record says so.
fn out_of_use(patient: &Patient) -> Option<String> {
    let at = patient.deceased_at.as_deref().map_or_else(String::new, |at| format!(" since {}", text::strict(at)));
    match (patient.deceased, patient.active) {
        (Some(true), _) => Some(format!("The record says that this patient is deceased{at}.")),
        (_, Some(false)) => Some("The record of this patient is not active.".into()),
        _ => None,
    }
}

/// What the clinic tells of a session note: it names visit and patient by its own numbers only.
pub(super) fn told_of(note: &SessionNote, zone: &TimeZone) -> String {
    let at = note.created_at.map(|at| at.to_zoned(zone.clone()).strftime("%a %-d %b %Y %H:%M").to_string());
    let numbered = |what: &str, number: &Option<String>| number.as_ref().map(|n| format!("{what} {}", text::strict(n)));
    let parts = [at, numbered("its appointment", &note.appointment_id), numbered("its patient", &note.patient_id)];
    let status = note.status.as_ref().map(|s| s.replace('_', " "));
    parts.into_iter().chain([status]).flatten().collect::<Vec<_>>().join(" · ")
}

/// Opens a form; it may ask its first question at once.
fn open_form(model: &mut Model, mut form: Form) -> Vec<Effect> {
    let rooms = rooms_at_hand(model);
    let event = form.opened(&context(&model.setting, model.now, &rooms));
    model.layers.push(Layer::Form(Box::new(form)));
    form_event(model, event)
}

pub(super) fn identity_of(row: &PatientRow) -> PatientIdentity {
    let known = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    PatientIdentity { name: row.name.clone(), birth_date: known(&row.birth_date), mrn: known(&row.mrn) }
}
