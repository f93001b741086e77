//! What a person decides about a queued write: to take it back, whether it arrived, whose value stands.

use super::{Effect, Purpose, Wish, acts::nothing_there, care, keys::ask, look};
use crate::{
    domain::{Command, Entry, EntryId, EntryState, Request, command::Decision, dispute::disputed, view::OutboxRow},
    tui::{
        layers::{Choice, Layer, Settling},
        model::Model,
    },
};

pub(super) fn selected_entry(model: &Model) -> Option<EntryId> {
    match model.layers.last() {
        Some(Layer::Outbox(outbox)) => {
            outbox.explained.as_ref().map(|e| e.id).or_else(|| outbox.list.current().map(|r| r.id))
        }
        _ => None,
    }
}

pub(super) fn withdraw(model: &mut Model, entry: EntryId) -> Vec<Effect> {
    let what = match model.layers.last() {
        Some(Layer::Outbox(outbox)) => outbox.list.current().map(|r| format!("{}: {}", r.what, r.whom)),
        _ => None,
    };
    let items = vec![("Yes, take it back".into(), Choice::Withdraw(entry)), ("No, leave it queued".into(), Choice::No)];
    ask(model, format!("Take {entry} back?"), what.into_iter().collect(), items);
    Vec::new()
}

pub(super) fn decide(model: &mut Model) -> Vec<Effect> {
    // The choices depend on what is known, so the write is read whole first.
    selected_entry(model).map(|entry| look(model, Wish::Decide(entry))).into_iter().collect()
}

/// What a person can decide about a write, given all that is known of it.
pub(super) fn choices(model: &mut Model, whole: &Entry) -> Vec<Effect> {
    let entry = whole.id;
    if care::refused_consult(model, whole) || care::refused_supervision(model, whole) {
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

/// Takes the last queued write back that was not sent yet, once a person said so.
pub(super) fn last_unsent(model: &mut Model, entries: &[OutboxRow]) -> Vec<Effect> {
    match entries.iter().filter(|e| e.tick == 1 && !e.attention).max_by_key(|e| e.id) {
        Some(row) => {
            let items = vec![
                ("Yes, take it back".into(), Choice::Withdraw(row.id)),
                ("No, leave it queued".into(), Choice::No),
            ];
            ask(model, "Take the last queued write back?", vec![format!("{}: {}", row.what, row.whom)], items);
            Vec::new()
        }
        None => nothing_there(model, "nothing is queued that could still be taken back"),
    }
}
