//! What the engine says: answers to what was started, and what it tells by itself.

use super::{
    Effect, Purpose, Wish, acts, care, desk, drafts, everything, keys, look, notes, reader, timeline, triage, walk,
    worklist,
};
use crate::{
    domain::{
        Delta, Fact, Kind, Message, Reply,
        command::{Level, Refusal, Touched},
        entry::Reason,
        view::Told,
    },
    tui::{
        forms::{Form, FormEvent, FormId},
        layers::Layer,
        model::{Model, Pane},
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
                if !matches!(
                    purpose,
                    Purpose::Quiet
                        | Purpose::FormQuestion(_)
                        | Purpose::Files(_)
                        | Purpose::Episodes(_)
                        | Purpose::Summary(_)
                        | Purpose::Texts(..)
                ) {
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

/// The place of a form among the layers, while it is open.
fn form_at(model: &Model, id: FormId) -> Option<usize> {
    model.layers.iter().position(|layer| matches!(layer, Layer::Form(form) if form.id() == Some(id)))
}

/// Takes a form away, if it is open still.
fn take_form(model: &mut Model, id: FormId) -> Option<Box<Form>> {
    match model.layers.remove(form_at(model, id)?) {
        Layer::Form(form) => Some(form),
        _ => None,
    }
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
                | Kind::Doctor
                | Kind::Webhook => {}
            },
            Touched::Entry(_) => (outbox, health) = (true, true),
            Touched::Draft(_) => panes[Pane::Notes as usize] = true,
            Touched::Health => health = true,
            // Whoever shows a stream asks for its next part.
            Touched::Stream(_) | Touched::Triage => {}
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
    wishes.extend(desk::wishes(model));
    wishes.extend(timeline::wishes(model, delta));
    wishes.extend(triage::wishes(model, delta));
    wishes.extend(reader::wishes(model, delta));
    wishes.extend(worklist::wishes(model, delta));
    let mut effects: Vec<_> = wishes.into_iter().map(|w| look(model, w)).collect();
    effects.extend(drafts::touched(model, delta));
    effects
}

fn replied(model: &mut Model, purpose: Purpose, reply: Reply) -> Vec<Effect> {
    match (purpose, reply) {
        (Purpose::Form(id) | Purpose::FormAct(id, _), Reply::Refused(refusal)) => {
            match form_at(model, id).and_then(|at| model.layers.get_mut(at)) {
                Some(Layer::Form(form)) => form.refused(&refusal),
                // Who left before the answer came must still hear that nothing was done.
                _ => model.tell(Level::Error, sentence(&refusal)),
            }
            Vec::new()
        }
        (Purpose::FormSignature(id), reply) => {
            let rooms = keys::rooms_at_hand(model);
            let Some(at) = form_at(model, id) else { return Vec::new() };
            let cx = keys::context(&model.setting, model.now, &rooms);
            let event = match model.layers.get_mut(at) {
                Some(Layer::Form(form)) => form.signature_told(reply, &cx),
                _ => FormEvent::Stay,
            };
            keys::event_of_form(model, at, event)
        }
        (Purpose::Form(id), reply) => {
            let form = take_form(model, id);
            model.tell(Level::Info, "saved; its vendor is told as soon as it can be reached");
            let made = model.making.take_if(|(of, _)| *of == id);
            // Who left the form is somewhere else by now and stays there.
            let Some(form) = form else { return Vec::new() };
            let mut effects: Vec<_> = care::drop_replaced(&form).into_iter().collect();
            if let (Reply::Saved { record, .. }, Some((_, made))) = (reply, made) {
                effects.extend(walk::show_made(model, made, record));
            }
            effects
        }
        (Purpose::CopyLink(of), reply) => {
            let link = model.layers.iter_mut().find_map(|layer| match layer {
                Layer::VisitLinks(layer) if layer.appointment == of => layer.copying.take(),
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
        (Purpose::FormAct(id, _), Reply::Stream { stream }) => {
            let about = take_form(model, id).and_then(|form| form.watched().cloned());
            reader::begun(model, stream, about)
        }
        (Purpose::FormAct(id, word), _) => {
            take_form(model, id);
            model.tell(Level::Info, word);
            desk::wishes(model).into_iter().map(|w| look(model, w)).collect()
        }
        (Purpose::Reveal, reply) => timeline::revealed(model, reply),
        (Purpose::File(draft), Reply::Refused(refusal)) => notes::not_filed(model, draft, &refusal),
        (Purpose::File(draft), _) => {
            drafts::forget(model, draft);
            model.tell(Level::Info, "saved: the note is filed as soon as the EMR can be reached");
            vec![drafts::release(draft), look(model, Wish::Pane(Pane::Notes))]
        }
        (Purpose::Autosave(draft, _), Reply::Refused(refusal)) => drafts::not_saved(model, draft, &refusal),
        (Purpose::Autosave(of, version), Reply::Draft { draft }) => drafts::saved(model, of, draft, version),
        (Purpose::Autosave(of, version), Reply::Overtaken { theirs }) => drafts::overtaken(model, of, version, &theirs),
        (Purpose::Claim(draft), Reply::Holds(holding)) => drafts::holds(model, draft, &holding),
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

fn untold(reason: &Reason) -> String {
    let message = if reason.message.is_empty() { String::new() } else { format!(": {}", reason.message) };
    format!("The vendor did not tell: {}{message}.", reason.kind.word())
}

fn told_effects(model: &mut Model, purpose: Purpose, told: &Result<Told, Reason>) -> Vec<Effect> {
    match (purpose, told) {
        (Purpose::FormQuestion(id), told) => {
            let rooms = keys::rooms_at_hand(model);
            let Some(at) = form_at(model, id) else { return Vec::new() };
            let cx = keys::context(&model.setting, model.now, &rooms);
            let event = match model.layers.get_mut(at) {
                Some(Layer::Form(form)) => form.told(told, &cx),
                _ => FormEvent::Stay,
            };
            keys::event_of_form(model, at, event)
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
        (Purpose::Retell, told) => {
            match told {
                Ok(_) => model.tell(Level::Info, "read again"),
                Err(reason) => model.tell(Level::Error, untold(reason)),
            }
            // Also that it could not be read happened to it.
            if timeline::open_one(model) { vec![look(model, Wish::Timeline)] } else { Vec::new() }
        }
        (Purpose::Summary(session), told) => reader::summary_told(model, session, told),
        (Purpose::Texts(session, what), told) => reader::texts_told(model, session, what, told),
        (Purpose::Registrations(vendor), told) => desk::listed(model, vendor, told),
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
            model.tell(Level::Error, untold(reason));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// Whether a fact may be shown as it is; links carry secrets in their query and stand in their own layer.
pub fn plain_fact(fact: Fact) -> bool {
    !fact.secret() && !matches!(fact, Fact::VisitUrl | Fact::RecorderUrl | Fact::SummaryUrl)
}
