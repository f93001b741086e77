//! Writes that become one before anything left.

use jiff::Timestamp;

use super::{push, untouched};
use crate::domain::{
    Entry, EntryState, Intent, VendorId,
    entry::{PersonAct, StepKind},
    merge::{self, Seen},
};

/// What a new wish does to the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fold {
    /// It is an entry of its own.
    New(Intent),
    /// It became part of this unsent entry, which keeps its id and history; the new wish gets no id of its own.
    Into(Entry),
    /// Together they come to nothing (a booking called off before it was sent, a change put back): this entry is withdrawn.
    /// What needs the record it would have made is found by [`super::orphans`].
    Undone(Entry),
}

/// Folds a new wish into the last unfinished entry of its lane, when that one is unsent, of the same vendor and of the same
/// person. Never across an entry that has left, and never past another one: order within a lane is kept.
pub fn fold<'a>(
    intent: Intent,
    vendor: VendorId,
    by: &str,
    all: impl IntoIterator<Item = &'a Entry>,
    now: Timestamp,
) -> Fold {
    let lane = intent.subject();
    let last = all.into_iter().filter(|e| e.lane() == lane && !e.state.closed()).max_by_key(|e| e.id);
    let Some(earlier) = last.filter(|e| untouched(e) && e.vendor == vendor && e.by == by) else {
        return Fold::New(intent);
    };
    let Some(joined) = join(&earlier.intent, &intent) else {
        return Fold::New(intent);
    };
    let mut next = earlier.clone();
    match joined {
        Joined::One(intent) => {
            next.intent = *intent;
            push(&mut next, now, StepKind::Saved);
            Fold::Into(next)
        }
        Joined::Nothing => {
            next.state = EntryState::Withdrawn { at: now, by: by.into() };
            push(&mut next, now, StepKind::Person { by: by.into(), act: PersonAct::Withdraw });
            Fold::Undone(next)
        }
    }
}

enum Joined {
    One(Box<Intent>),
    Nothing,
}

/// The later wish was formed while looking at the earlier one: only what differs from what was looked at is laid over it.
fn join(earlier: &Intent, later: &Intent) -> Option<Joined> {
    match (earlier, later) {
        (Intent::CreatePatient { patient, chosen_id, content }, Intent::UpdatePatient { base, mine, .. }) => {
            let content = Box::new(merge::patient(base, Seen::Whole, mine, content).result);
            Some(Joined::One(Box::new(Intent::CreatePatient {
                patient: *patient,
                chosen_id: chosen_id.clone(),
                content,
            })))
        }
        (
            Intent::UpdatePatient { patient, base, mine, partial },
            Intent::UpdatePatient { base: seen, mine: wanted, partial: in_part, .. },
        ) => {
            let mine = merge::patient(seen, Seen::in_part(*in_part), wanted, mine).result;
            Some(if mine == **base {
                Joined::Nothing
            } else {
                Joined::One(Box::new(Intent::UpdatePatient {
                    patient: *patient,
                    base: base.clone(),
                    mine: Box::new(mine),
                    partial: *partial,
                }))
            })
        }
        (Intent::CreateEpisode { episode, patient, terms }, Intent::UpdateEpisode { base, mine, .. }) => {
            Some(Joined::One(Box::new(Intent::CreateEpisode {
                episode: *episode,
                patient: *patient,
                terms: merge::three_way(&**base, &**mine, terms).result,
            })))
        }
        (Intent::UpdateEpisode { episode, base, mine }, Intent::UpdateEpisode { base: seen, mine: wanted, .. }) => {
            let mine = Box::new(merge::three_way(&**seen, &**wanted, &**mine).result);
            Some(if mine == *base {
                Joined::Nothing
            } else {
                Joined::One(Box::new(Intent::UpdateEpisode { episode: *episode, base: base.clone(), mine }))
            })
        }
        (
            Intent::AnswerAddendum { response, signature, .. },
            Intent::AnswerAddendum { addendum, session_note, response: answered, signature: signed },
        ) => Some(Joined::One(Box::new(Intent::AnswerAddendum {
            addendum: *addendum,
            session_note: session_note.clone(),
            response: answered.clone().or_else(|| response.clone()),
            signature: signed.clone().or_else(|| signature.clone()),
        }))),
        (
            Intent::SignOff { sign_off, session_note, instructions, review_date, signature },
            Intent::ChangeSignOff { change, .. },
        ) => Some(Joined::One(Box::new(Intent::SignOff {
            sign_off: *sign_off,
            session_note: session_note.clone(),
            instructions: change.instructions.clone().or_else(|| instructions.clone()),
            review_date: change.review_date.unwrap_or(*review_date),
            signature: change.signature.clone().unwrap_or_else(|| signature.clone()),
        }))),
        (Intent::ChangeSignOff { change, .. }, Intent::ChangeSignOff { sign_off, session_note, change: later }) => {
            Some(Joined::One(Box::new(Intent::ChangeSignOff {
                sign_off: *sign_off,
                session_note: session_note.clone(),
                change: Box::new((**change).clone().then((**later).clone())),
            })))
        }
        // The last word counts; what stood there before either is not known, so it is sent even when it changes nothing.
        (Intent::AssignEpisode { .. }, later @ Intent::AssignEpisode { .. })
        | (Intent::UpdateWebhook { .. }, later @ (Intent::UpdateWebhook { .. } | Intent::DeleteWebhook { .. })) => {
            Some(Joined::One(Box::new(later.clone())))
        }
        (Intent::Book { appointment, patient, room, terms, episode }, Intent::ChangeAppointment { base, mine, .. }) => {
            let mut joined = merge::three_way(base, mine, terms).result;
            // Without it a lost answer could not be looked up.
            joined.external_id = joined.external_id.or_else(|| terms.external_id.clone());
            Some(Joined::One(Box::new(Intent::Book {
                appointment: *appointment,
                patient: *patient,
                room: room.clone(),
                terms: joined,
                episode: *episode,
            })))
        }
        (
            Intent::ChangeAppointment { appointment, base, mine },
            Intent::ChangeAppointment { base: seen, mine: wanted, .. },
        ) => {
            let mine = merge::three_way(seen, wanted, mine).result;
            Some(if mine == *base {
                Joined::Nothing
            } else {
                Joined::One(Box::new(Intent::ChangeAppointment { appointment: *appointment, base: base.clone(), mine }))
            })
        }
        (Intent::Book { .. }, Intent::CancelAppointment { .. })
        | (Intent::AttachFile { .. }, Intent::DeleteAttachment { .. })
        | (Intent::RequestAssistance { .. }, Intent::CancelAssistance { .. }) => Some(Joined::Nothing),
        _ => None,
    }
}
