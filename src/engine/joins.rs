//! Two records that turn out to be one. The older id stays; whatever named the other names it from then on.

use super::{plan::Batch, state::State};
use crate::{
    domain::{
        Facts, Intent, Kind, RecordId, VendorRef,
        identity::{Link, Standing},
    },
    ledger::{LedgerError, Read, Tx},
};

/// Whether two records can be one: where a vendor names both in the same scheme, it must use the same names.
pub(super) fn fit(tx: &Tx<'_>, one: RecordId, other: RecordId) -> Result<bool, LedgerError> {
    let refs = |id| Ok::<_, LedgerError>(tx.names(id)?.map(|n| n.refs).unwrap_or_default());
    let (one, other) = (refs(one)?, refs(other)?);
    let alike = |a: &VendorRef, b: &VendorRef| (a.vendor, a.scheme, a.kind) == (b.vendor, b.scheme, b.kind);
    let clash = |a: &VendorRef| other.iter().any(|b| alike(a, b)) && !other.contains(a);
    Ok(!one.iter().any(clash))
}

/// Makes one record of two.
pub(super) fn join(
    batch: &mut Batch<'_>,
    tx: &mut Tx<'_>,
    gone: RecordId,
    survivor: RecordId,
    kind: Kind,
) -> Result<(), LedgerError> {
    let facts = both(tx.facts(survivor)?, tx.facts(gone)?);
    tx.move_names(gone, survivor)?;
    tx.put_facts(survivor, &facts)?;
    let stored = |id| match batch.plan.contents.get(&id) {
        Some(content) => Ok(Some(content.stored.clone())),
        None => batch.engine.stored(tx, id, kind),
    };
    let (of_survivor, of_gone) = (stored(survivor)?, stored(gone)?);
    let better = match (&of_survivor, &of_gone) {
        (None, Some(_)) => true,
        (Some(ours), Some(theirs)) => (theirs.complete, theirs.provenance.at) > (ours.complete, ours.provenance.at),
        _ => false,
    };
    if let Some(mut stored) = of_gone.filter(|_| better) {
        let number = tx.number(survivor)?.unwrap_or(0) + 1;
        tx.set_number(survivor, number)?;
        stored.id = survivor;
        stored.provenance.read_no = number;
        let raw = batch.engine.raw_of(tx, gone, kind)?;
        if !kind.rereadable() {
            tx.put_kept(&stored, raw.as_ref())?;
        }
        batch.plan.contents.insert(survivor, super::plan::Content { stored, raw, write: true });
    }
    batch.plan.contents.remove(&gone);
    batch.plan.rows.retain(|(row, _, _)| *row != gone);
    for link in tx.links_of(gone)? {
        tx.remove_link(link.a, link.b);
        let other = link.other(gone);
        if other == survivor {
            continue;
        }
        let old = tx.link(survivor, other)?;
        if old.as_ref().is_none_or(|old| weight(old) < weight(&link)) {
            let link = Link::new(survivor, other, link.standing, link.grounds, link.at);
            tx.put_link(&link)?;
            batch.plan.links.push(link);
        }
    }
    let (entries, drafts) = batch.engine.with_state(|state| (mentioning(state, gone), state.drafts_of(gone)));
    for mut entry in entries {
        rename(&mut entry.intent, gone, survivor);
        tx.put_entry(&entry)?;
        batch.plan.entries.retain(|e| e.id != entry.id);
        batch.plan.entries.push(entry);
    }
    for draft in drafts {
        if let Some(mut draft) = tx.draft(draft)? {
            for named in [&mut draft.appointment, &mut draft.patient, &mut draft.session] {
                if *named == Some(gone) {
                    *named = Some(survivor);
                }
            }
            tx.put_draft(&draft)?;
            batch.plan.drafts.push(draft);
        }
    }
    let mut aliases = batch.engine.aliases();
    aliases.extend(batch.plan.joined.iter().map(|(gone, survivor, _)| (*gone, *survivor)));
    aliases.push((gone, survivor));
    tx.put_setting(super::ALIASES, &aliases)?;
    batch.plan.joined.push((gone, survivor, kind));
    batch.plan.show(survivor, kind);
    Ok(())
}

fn mentioning(state: &State, id: RecordId) -> Vec<crate::domain::Entry> {
    let mentions = |intent: &Intent| {
        let mut probe = intent.clone();
        rename(&mut probe, id, RecordId(u64::MAX));
        probe != *intent
    };
    state
        .queue
        .iter()
        .filter(|e| e.state.shows() || !e.state.closed())
        .filter(|e| mentions(&e.intent))
        .cloned()
        .collect()
}

/// What a person or our own write settled outweighs a proposal, what was settled later outweighs what was settled earlier.
fn weight(link: &Link) -> (bool, jiff::Timestamp) {
    (link.standing != Standing::Proposed, link.at)
}

/// The facts of both; where both know something the later one counts, unless a person said the other.
fn both(mut ours: Facts, theirs: Facts) -> Facts {
    for (fact, value) in theirs.values {
        if ours.values.get(&fact).is_none_or(|old| old.at < value.at) {
            ours.put(fact, value);
        }
    }
    ours.status = match (ours.status.take(), theirs.status) {
        (Some(a), Some(b)) if a.status == b.status => Some(if b.since < a.since { b } else { a }),
        (Some(a), Some(b)) => Some(if b.since > a.since { b } else { a }),
        (a, b) => a.or(b),
    };
    ours
}

/// Puts another record's id wherever a wish names one.
pub(super) fn rename(intent: &mut Intent, from: RecordId, to: RecordId) {
    let named: Vec<&mut RecordId> = match intent {
        Intent::CreatePatient { patient, .. } | Intent::UpdatePatient { patient, .. } => vec![patient],
        Intent::Book { appointment, patient, episode, .. } => {
            let mut named = vec![appointment, patient];
            named.extend(episode.as_mut());
            named
        }
        Intent::CreateEpisode { episode, patient, .. } => vec![episode, patient],
        Intent::UpdateEpisode { episode, .. } => vec![episode],
        Intent::AssignEpisode { appointment, episode } => {
            let mut named = vec![appointment];
            named.extend(episode.as_mut());
            named
        }
        Intent::AttachFile { attachment, appointment, .. } => vec![attachment, appointment],
        Intent::DeleteAttachment { attachment, appointment } => {
            std::iter::once(attachment).chain(appointment.as_mut()).collect()
        }
        Intent::AddDocument { document, patient, .. } => vec![document, patient],
        Intent::RequestAssistance { request, .. } | Intent::CancelAssistance { request, .. } => vec![request],
        Intent::AskConsult { consult, .. } => vec![consult],
        Intent::RegisterDoctor { doctor, .. } | Intent::UpdateDoctor { doctor, .. } => vec![doctor],
        Intent::ChangeAppointment { appointment, .. }
        | Intent::CancelAppointment { appointment }
        | Intent::AnswerVisitNote { appointment, .. } => vec![appointment],
        Intent::StartSession { session, appointment, .. } => vec![session, appointment],
        Intent::ChangeSession { session, change, .. } => {
            std::iter::once(session).chain(change.context_sessions.iter_mut().flatten()).collect()
        }
        Intent::RedoSession { session, .. }
        | Intent::AssignProfile { session, .. }
        | Intent::WriteDocument { session, .. } => vec![session],
        Intent::FileNote { note, emr_appointment, patient, .. } => {
            let mut named = vec![note, emr_appointment];
            named.extend(patient.as_mut());
            named
        }
        Intent::RequestAddendum { addendum, .. } | Intent::AnswerAddendum { addendum, .. } => vec![addendum],
        Intent::SignOff { sign_off, .. } | Intent::ChangeSignOff { sign_off, .. } => vec![sign_off],
        Intent::RegisterWebhook { registration, .. }
        | Intent::UpdateWebhook { registration, .. }
        | Intent::DeleteWebhook { registration, .. } => vec![registration],
    };
    for id in named.into_iter().filter(|id| **id == from) {
        *id = to;
    }
}
