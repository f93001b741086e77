//! What a person does with a scribe session: read it, have something written of it, change it, make a draft of it. And with
//! the scribes themselves: doctors, the account behind one.

use super::{
    Effect, Purpose, Wish,
    acts::{nobody, nothing_there},
    keys::{self, context, form_event, rooms_at_hand},
    look, notes,
    opening::identity_of,
    reader,
};
use crate::{
    domain::{
        Command, Intent, Kind, Pointer, Query, Record, RecordId, Request, VendorId,
        doctor::Doctor,
        note::{Draft, NoteBody},
        scribed::Scribed,
        session::{Session, Summary, doing::Doing},
        view::{Answer, Detail, RowSet, Window},
    },
    tui::{
        action::Action,
        draw,
        forms::{AboutSession, Form, Writing},
        layers::Layer,
        model::{Model, Pane},
        reader::Page,
    },
};

/// So many of the sessions that were linked as context are looked up.
const LINKED: usize = 50;

/// Does an action that belongs here; `None` for every other.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let doing = match action {
        Action::ReadSummary => Doing::Read,
        Action::WriteNote => Doing::WriteNote,
        Action::AskScribe => Doing::Ask,
        Action::Context => Doing::Context,
        Action::EditSession => Doing::Edit,
        Action::AssignProfile => Doing::Profile,
        Action::WriteDocument => Doing::WriteDocument,
        Action::DraftFromSummary => return Some(draft_at_hand(model)),
        Action::WatchStream => return Some(watch(model)),
        Action::RegisterDoctor | Action::ChangeDoctor => return Some(doctor(model, action)),
        Action::LinkedAccount => return Some(account(model)),
        _ => return reader::act(model, action),
    };
    Some(with(model, |id| Wish::Session(id, doing)))
}

/// Whether what is on top, or the focused pane, is about sessions.
pub(super) fn here(model: &Model) -> bool {
    about_sessions(model, model.layers.last())
}

/// The same for what lies below the palette.
pub(super) fn here_or_below(model: &Model) -> bool {
    about_sessions(model, model.layers.iter().rev().find(|l| !matches!(l, Layer::Palette(_))))
}

fn about_sessions(model: &Model, layer: Option<&Layer>) -> bool {
    match layer {
        Some(Layer::Reader(_)) => true,
        Some(Layer::Detail(detail)) => detail.session().is_some(),
        Some(_) => false,
        None => model.focus == Pane::Sessions,
    }
}

/// The session that one reads or has open, or else the selected one.
pub(super) fn at_hand(model: &Model) -> Option<RecordId> {
    match model.layers.iter().rev().find(|l| !matches!(l, Layer::Palette(_))) {
        Some(Layer::Reader(layer)) => Some(layer.session),
        Some(Layer::Detail(detail)) => detail.session(),
        _ => model.selected_record(Pane::Sessions),
    }
}

/// Looks the session up that is at hand.
pub(super) fn with(model: &mut Model, wish: impl FnOnce(RecordId) -> Wish) -> Vec<Effect> {
    match at_hand(model) {
        Some(session) => vec![look(model, wish(session))],
        None => nobody(model, Pane::Sessions, "select a session first"),
    }
}

fn draft_at_hand(model: &mut Model) -> Vec<Effect> {
    match model.layers.last() {
        Some(Layer::Reader(layer)) if layer.page != Page::Summary => match layer.page {
            Page::Text(crate::domain::scribe::TextKind::Transcript) => {
                nothing_there(model, "what was said is no note; the summary becomes one, and so does a document")
            }
            _ => with(model, Wish::DraftText),
        },
        _ => with(model, Wish::DraftFrom),
    }
}

/// The text that was written last of the session while one watched.
fn watch(model: &mut Model) -> Vec<Effect> {
    let Some(session) = at_hand(model) else {
        return nobody(model, Pane::Sessions, "select a session first");
    };
    match model.streams.get(&session) {
        Some(_) => vec![look(model, Wish::Watch(session))],
        None => nothing_there(model, "nothing of this session was written while this window watched"),
    }
}

/// Whom and what a form about a session is about.
pub(super) fn about(model: &Model, detail: &Detail, session: &Session) -> AboutSession {
    let visit = detail.visit.as_ref().map(|v| draw::visit_words(v.start, &model.setting.zone));
    let standing = draw::standing_words(session);
    AboutSession {
        session: detail.id,
        vendor: session.vendor,
        patient: detail.patient.as_ref().map(identity_of).unwrap_or_default(),
        standing: visit.map_or_else(|| standing.clone(), |visit| format!("{visit} · {standing}")),
        text: session.summary.as_ref().filter(|s| !s.is_empty()).map(plain).unwrap_or_default(),
    }
}

/// A summary as one text, its titles above their sections.
fn plain(summary: &Summary) -> String {
    let part = |(title, text): &(String, String)| {
        if title.is_empty() { text.clone() } else { format!("{title}:\n{text}") }
    };
    summary.sections.iter().map(part).collect::<Vec<_>>().join("\n\n")
}

/// What was asked for about a session begins, now that it was read.
pub(super) fn begin(model: &mut Model, doing: Doing, detail: &Detail) -> Vec<Effect> {
    let Some(Record::Session(session)) = &detail.shown else {
        return nothing_there(model, "it was not read yet; U reads it");
    };
    if let Some(why) = doing.why_not(session) {
        return nothing_there(model, &why);
    }
    let about = about(model, detail, session);
    let form = match doing {
        Doing::Read => return reader::open(model, detail, session),
        Doing::WriteNote => Form::write(Writing::Note, about),
        Doing::Ask => Form::write(Writing::Answer, about),
        Doing::WriteDocument => Form::write(Writing::Document, about),
        Doing::Edit => Form::edit_session(about, session),
        Doing::Profile => Form::assign_profile(about),
        Doing::Context => return open_context(model, about, session, detail),
        Doing::Draft | Doing::Links | Doing::Regenerate | Doing::Recover => return Vec::new(),
    };
    model.layers.push(Layer::Form(Box::new(form)));
    Vec::new()
}

fn open_context(model: &mut Model, about: AboutSession, session: &Session, detail: &Detail) -> Vec<Effect> {
    let form = Form::context(about, session, detail);
    let linked = form.linked_before().len().min(LINKED);
    model.layers.push(Layer::Form(Box::new(form)));
    let mut effects: Vec<Effect> = (0..linked).map(|at| look(model, Wish::LinkedBefore(at))).collect();
    effects.extend(detail.patient.as_ref().map(|patient| look(model, Wish::Earlier(patient.id))));
    effects
}

/// The queries behind the wishes of forms that are about sessions.
pub(super) fn query(model: &Model, wish: Wish) -> Query {
    let form = match model.layers.last() {
        Some(Layer::Form(form)) => Some(form),
        _ => None,
    };
    match wish {
        Wish::Earlier(patient) => Query::Sessions {
            appointment: None,
            patient: Some(patient),
            text: String::new(),
            window: Window { offset: 0, limit: 200 },
        },
        Wish::LinkedBefore(at) => match form.and_then(|f| f.linked_before().into_iter().nth(at)) {
            Some(reference) => Query::Find { reference },
            None => Query::Health,
        },
        Wish::Doctor => match form.and_then(|f| f.submitted()) {
            Some(Intent::UpdateDoctor { content, .. }) => {
                Query::Find { reference: Doctor::reference(content.vendor, &content.facility, &content.id) }
            }
            _ => Query::Health,
        },
        _ => Query::Health,
    }
}

/// Takes the answer to such a wish over.
pub(super) fn answered(model: &mut Model, wish: Wish, answer: Answer) -> Vec<Effect> {
    let rooms = rooms_at_hand(model);
    let cx = context(&model.setting, model.now, &rooms);
    let Some(Layer::Form(form)) = model.layers.last_mut() else { return Vec::new() };
    match (wish, answer) {
        (Wish::Earlier(_), Answer::Rows(rows)) => {
            if let RowSet::Sessions(rows) = rows.rows {
                form.earlier(&rows, &cx);
            }
            Vec::new()
        }
        (Wish::LinkedBefore(_), Answer::Found(Some(record))) => {
            form.linked(record);
            Vec::new()
        }
        // One that was registered from here keeps its record, so that its writes keep their order.
        (Wish::Doctor, Answer::Found(found)) => {
            let Some(Intent::UpdateDoctor { content, .. }) = form.submitted() else { return Vec::new() };
            let doctor = found.unwrap_or(RecordId::UNASSIGNED);
            let intent = Intent::UpdateDoctor { doctor, content: content.clone() };
            let at = model.layers.len() - 1;
            let save = Request::Do(Command::Submit { intent, clears: None });
            keys::form_id(model, at).map(|id| Effect::Start(Purpose::Form(id), save)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// A draft of what a scribe wrote. Every sentence of it is the scribe's until a person changes it.
pub(super) fn draft(model: &mut Model, detail: &Detail, session: &Session, body: NoteBody) -> Vec<Effect> {
    let visit = session.appointment.as_ref().and_then(Pointer::local).or(detail.visit.as_ref().map(|v| v.id));
    let patient = detail.patient.as_ref().map(|p| p.id);
    let scribed = Scribed::whole(session.vendor, &body);
    let draft = notes::new_draft(model, visit, patient, Some(detail.id), body.clone(), Some(body));
    model.about.clone_from(&detail.patient);
    vec![notes::save_new(Draft { scribed, ..draft })]
}

/// A draft of the text that is being read.
pub(super) fn draft_text(model: &mut Model, detail: &Detail) -> Vec<Effect> {
    let Some(Record::Session(session)) = &detail.shown else {
        return nothing_there(model, "it was not read yet; U reads it");
    };
    let Some(Layer::Reader(layer)) = model.layers.last() else { return Vec::new() };
    // Of several documents it is the one at which one reads.
    let section = match layer.page {
        Page::Text(_) => layer.reading.part(),
        _ => None,
    };
    let section = section.unwrap_or_else(|| (String::new(), layer.reading.text()));
    if section.1.trim().is_empty() {
        return nothing_there(model, "there is no text yet");
    }
    let body = NoteBody::from_summary(&Summary { sections: vec![section], approved: None });
    draft(model, detail, session, body)
}

fn scribe(model: &Model, name: &'static str) -> Option<VendorId> {
    model.setting.scribes.iter().copied().find(|vendor| vendor.as_str() == name)
}

/// Noa is told of doctors; the other scribe's document knows none.
fn doctor(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(vendor) = scribe(model, "noa") else {
        return nothing_there(model, "no configured scribe is told of doctors");
    };
    let rooms = rooms_at_hand(model);
    let form = Form::doctor(vendor, action == Action::ChangeDoctor, &context(&model.setting, model.now, &rooms));
    model.layers.push(Layer::Form(Box::new(form)));
    Vec::new()
}

/// Heidi's sessions are those of a linked account.
fn account(model: &mut Model) -> Vec<Effect> {
    let Some(vendor) = scribe(model, "heidi") else {
        return nothing_there(model, "no configured scribe has linked accounts");
    };
    let rooms = rooms_at_hand(model);
    let mut form = Form::account(vendor);
    let event = form.opened(&context(&model.setting, model.now, &rooms));
    model.layers.push(Layer::Form(Box::new(form)));
    form_event(model, event)
}

/// Why an action about sessions or scribes cannot be done now, for the palette.
pub(super) fn why_not(model: &Model, action: Action) -> Option<String> {
    let missing = |missing: bool, what: &str| missing.then(|| what.to_owned());
    match action {
        Action::RegisterDoctor | Action::ChangeDoctor => {
            missing(scribe(model, "noa").is_none(), "no configured scribe is told of doctors")
        }
        Action::LinkedAccount => missing(scribe(model, "heidi").is_none(), "no configured scribe has linked accounts"),
        _ => missing(at_hand(model).is_none(), "no session is selected"),
    }
}

/// The session that a detail tells of.
pub(super) fn session_of(detail: &Detail) -> Option<&Session> {
    match (&detail.kind, &detail.shown) {
        (Kind::Session, Some(Record::Session(session))) => Some(session),
        _ => None,
    }
}
