//! The story of a record, a write or a draft, told from all that is kept.

use std::collections::HashMap;

use super::{Engine, commands::Stop, told};
use crate::{
    domain::{
        Entry, EntryId, EntryState, Kind, Raw, RecordId, Reply,
        audit::AuditAct,
        command::Refusal,
        entry::StepKind,
        timeline::{
            About, Body, Bundling, Changed, EventId, Glance, Head, Note, Noting, Opened, Parts, Story, bundle,
            composed, difference, lay, opened, tell,
        },
    },
    ledger::{LedgerError, Mention, Read, View},
};

/// Vendors' names with the kind that each names, and texts that tell whom something is about.
type Identities = (Vec<(Kind, String)>, Vec<String>);

impl Engine {
    /// The whole story; `None` when nothing is known under this id.
    pub(super) fn timeline(&self, about: About) -> Result<Option<Story>, LedgerError> {
        let about = self.put_right_about(about);
        let view = self.inner.ledger.view()?;
        let Some((parts, dropped)) = self.parts(&view, about)? else { return Ok(None) };
        let kind = match about {
            About::Record(id) => super::kind_of(&view, id)?,
            _ => None,
        };
        let write = match about {
            About::Entry(id) => parts.writes.iter().find(|e| e.id == id),
            _ => parts.writes.iter().rev().find(|e| !e.state.closed()),
        };
        let stands = write.map(|entry| {
            let until = match &entry.state {
                EntryState::Waiting { until, .. } => Some(*until),
                EntryState::Unknown { next_probe, .. } => Some(*next_probe),
                _ => None,
            };
            (format!("{} {}", entry.id, entry.state.word()), until)
        });
        let write = write.map(|entry| entry.intent.word().to_owned());
        let mut events = tell(&parts);
        let untold = events.len().saturating_sub(Story::TOLD);
        events.drain(..untold);
        Ok(Some(Story { about, kind, write, events, dropped, untold: untold as u64, stands }))
    }

    fn put_right_about(&self, about: About) -> About {
        match about {
            About::Record(id) => About::Record(self.resolve(id)),
            other => other,
        }
    }

    /// What the story is told from, and how many notes are not kept any more.
    fn parts(&self, view: &View, about: About) -> Result<Option<(Parts, u64)>, LedgerError> {
        let mut parts = Parts::default();
        let mut dropped = 0;
        let mut acts: Vec<u64> = Vec::new();
        let mut writes: Vec<EntryId> = Vec::new();
        let mut mention = |about: About, writes: &mut Vec<EntryId>| -> Result<bool, LedgerError> {
            let found = view.mentions(about, Story::TOLD)?;
            for mention in &found {
                match mention {
                    Mention::Act(number) => acts.push(*number),
                    Mention::Write(entry) => writes.push(*entry),
                }
            }
            Ok(!found.is_empty())
        };
        match about {
            About::Record(id) => {
                if view.names(id)?.is_none() {
                    return Ok(None);
                }
                for id in self.all_ids(id) {
                    mention(About::Record(id), &mut writes)?;
                    let (oldest, notes) = (self.oldest_note(), self.notes(view, id)?);
                    let (told, old): (Vec<_>, Vec<_>) = notes.into_iter().partition(|(_, n)| n.until() >= oldest);
                    dropped += view.note_span(id)?.first + old.len() as u64;
                    parts.notes.extend(told.into_iter().map(|(number, noting)| (id, number, noting)));
                }
            }
            About::Entry(entry) => {
                if view.entry(entry)?.is_none() {
                    return Ok(None);
                }
                writes.push(entry);
            }
            About::Draft(draft) => {
                if !mention(about, &mut writes)? && view.draft(draft)?.is_none() {
                    return Ok(None);
                }
            }
        }
        writes.sort_unstable();
        writes.dedup();
        for entry in std::mem::take(&mut writes) {
            mention(About::Entry(entry), &mut Vec::new())?;
            parts.writes.extend(view.entry(entry)?);
        }
        acts.sort_unstable();
        acts.dedup();
        for number in acts {
            // A line that cannot be read hides nothing else; `audit verify` names it.
            if let Some(line) = told(view.audit_line(number)).flatten() {
                parts.acts.push((number, line.event));
            }
        }
        Ok(Some((parts, dropped)))
    }

    /// The record's id, and those of records that turned out to be it.
    fn all_ids(&self, id: RecordId) -> Vec<RecordId> {
        let gone = self.aliases().into_iter().map(|(gone, _)| gone).filter(|gone| self.resolve(*gone) == id);
        std::iter::once(id).chain(gone).collect()
    }

    /// The notes about a record as they will stand once what waits is written.
    fn notes(&self, view: &View, id: RecordId) -> Result<Vec<(u64, Noting)>, LedgerError> {
        let mut kept = view.notes(id)?;
        let waiting = self.waiting(id);
        if !waiting.is_empty() {
            let laid = lay(kept.last().cloned(), view.note_span(id)?.next, waiting);
            if kept.last().is_some_and(|(last, _)| laid.put.first().is_some_and(|(first, _)| first == last)) {
                kept.pop();
            }
            kept.extend(laid.put);
        }
        Ok(kept)
    }

    /// A part of a story; `None` when there is no such event in it.
    pub(super) fn glance(&self, about: About, glance: Glance, reveal: bool) -> Result<Option<Opened>, LedgerError> {
        let about = self.put_right_about(about);
        let view = self.inner.ledger.view()?;
        let bodies = match glance {
            Glance::Event(id) => self.bodies(&view, about, id)?,
            Glance::Between(from, to) => self.between(&view, about, from, to)?,
        };
        Ok(bodies.map(|bodies| opened(glance, bodies, reveal)))
    }

    /// Whether a write is part of a story.
    fn tells_of(&self, view: &View, about: About, entry: EntryId) -> Result<bool, LedgerError> {
        Ok(match about {
            About::Entry(id) => id == entry,
            About::Record(id) => view.entry(entry)?.is_some_and(|e| self.resolve(e.lane()) == id),
            About::Draft(_) => false,
        })
    }

    fn bodies(&self, view: &View, about: About, id: EventId) -> Result<Option<Vec<Body>>, LedgerError> {
        match id {
            // What the audit chain says is on its line.
            EventId::Act(_) => Ok(Some(Vec::new())),
            EventId::Step(entry, at) => {
                if !self.tells_of(view, about, entry)? {
                    return Ok(None);
                }
                Ok(view.entry(entry)?.and_then(|entry| step_bodies(&entry, at)))
            }
            EventId::Noted(record, number) => {
                if about != About::Record(self.resolve(record)) {
                    return Ok(None);
                }
                let found = self.notes(view, record)?.into_iter().find(|(n, _)| *n == number);
                let Some((_, noting)) = found else { return Ok(None) };
                Self::noted_bodies(view, noting).map(Some)
            }
        }
    }

    fn noted_bodies(view: &View, noting: Noting) -> Result<Vec<Body>, LedgerError> {
        Ok(match noting.note {
            Note::Asked(asked) => asked
                .heads
                .iter()
                .map(|head| Body::Plain { title: "request".into(), lines: head_lines(head) })
                .collect(),
            Note::Hooked(hooked) => match view.delivery(hooked.number)?.map(|kept| kept.item) {
                Some(item) => vec![Body::Raw { title: "webhook".into(), text: item.body.0 }],
                None => {
                    let lines = vec!["its body is not kept any more".to_owned()];
                    vec![Body::Plain { title: "webhook".into(), lines }]
                }
            },
            Note::Changed(changed) => vec![Body::Fields(changed.fields)],
            Note::Gone(_) => Vec::new(),
        })
    }

    /// What differs between two states of one record, or between two answers to writes.
    fn between(&self, view: &View, about: About, from: EventId, to: EventId) -> Result<Option<Vec<Body>>, LedgerError> {
        match (from, to) {
            (EventId::Noted(record, one), EventId::Noted(other, two)) if record == other => {
                if about != About::Record(self.resolve(record)) {
                    return Ok(None);
                }
                let notes = self.notes(view, record)?;
                let moment = |n: u64| notes.iter().find(|(number, _)| *number == n).map(|(n, noting)| (noting.at, *n));
                let (Some(one), Some(two)) = (moment(one), moment(two)) else { return Ok(None) };
                let (from, to) = (one.min(two), one.max(two));
                let mut within: Vec<_> =
                    notes.iter().filter(|(n, noting)| (noting.at, *n) > from && (noting.at, *n) <= to).collect();
                within.sort_by_key(|(n, noting)| (noting.at, *n));
                let changes: Vec<&Changed> = within
                    .into_iter()
                    .filter_map(|(_, noting)| match &noting.note {
                        Note::Changed(changed) => Some(changed),
                        _ => None,
                    })
                    .collect();
                let word =
                    |stand: Option<&crate::domain::timeline::Stand>| stand.map_or("–".to_owned(), |s| s.word.clone());
                let mut bodies = Vec::new();
                if let (Some(first), Some(last)) = (changes.first(), changes.last()) {
                    let line = format!("{} → {}", word(first.before.as_ref()), word(last.after.as_ref()));
                    bodies.push(Body::Plain { title: "stands".into(), lines: vec![line] });
                }
                bodies.push(Body::Fields(composed(changes)));
                Ok(Some(bodies))
            }
            (EventId::Step(..), EventId::Step(..)) => {
                let answer = |bodies: Option<Vec<Body>>| {
                    bodies?.into_iter().find_map(|body| match body {
                        Body::Raw { title, text } if title == "answer" => Some(text),
                        _ => None,
                    })
                };
                let (one, two) = (answer(self.bodies(view, about, from)?), answer(self.bodies(view, about, to)?));
                Ok(one.zip(two).map(|(one, two)| vec![Body::Fields(difference(&one, &two))]))
            }
            _ => Ok(None),
        }
    }

    /// Hands out the values of a part of a story, once it is on record who looked.
    pub(super) fn reveal(&self, about: About, glance: Glance, by: &str) -> Result<Reply, Stop> {
        let opened = self.glance(about, glance, true)?.ok_or(Refusal::Gone)?;
        self.on_record(by, AuditAct::Revealed { about: self.put_right_about(about), glance })?;
        Ok(Reply::Revealed(Box::new(opened)))
    }

    /// Hands a redacted bundle out, once it is on record who made it.
    pub(super) fn export_timeline(&self, about: About, by: &str) -> Result<Reply, Stop> {
        let about = self.put_right_about(about);
        let story = self.timeline(about)?.ok_or(Refusal::Gone)?;
        let (names, withheld) = self.identities(about)?;
        let view = self.inner.ledger.view()?;
        // Read once: a story of hundreds of events would read its notes and writes hundreds of times.
        let (parts, _) = self.parts(&view, about)?.ok_or(Refusal::Gone)?;
        let notes: HashMap<_, _> =
            parts.notes.into_iter().map(|(record, number, noting)| ((record, number), noting)).collect();
        let writes: HashMap<_, _> = parts.writes.into_iter().map(|entry| (entry.id, entry)).collect();
        let bodies = |id: EventId| match id {
            EventId::Act(_) => Vec::new(),
            EventId::Step(entry, at) => writes.get(&entry).and_then(|e| step_bodies(e, at)).unwrap_or_default(),
            EventId::Noted(record, number) => {
                let noting = notes.get(&(record, number)).cloned();
                noting.and_then(|noting| told(Self::noted_bodies(&view, noting))).unwrap_or_default()
            }
        };
        let at = self.now();
        let text = bundle(&Bundling { story: &story, bodies: &bodies, names: &names, withheld: &withheld, at });
        self.on_record(by, AuditAct::ExportedTimeline { about })?;
        Ok(Reply::Bundle(text))
    }

    fn on_record(&self, by: &str, act: AuditAct) -> Result<(), LedgerError> {
        let event = self.event(by, act);
        self.inner.ledger.commit(move |tx| tx.append_audit(&event).map(drop))
    }

    /// The vendors' names for what a story is about, and what tells whom it is about.
    fn identities(&self, about: About) -> Result<Identities, LedgerError> {
        let record = match about {
            About::Record(id) => Some(id),
            About::Entry(id) => self.inner.ledger.entry(id)?.map(|e| self.resolve(e.lane())),
            About::Draft(id) => self.inner.ledger.draft(id)?.and_then(|d| d.appointment.or(d.patient)),
        };
        let Some(record) = record else { return Ok((Vec::new(), Vec::new())) };
        let mut names: Vec<(Kind, String)> = Vec::new();
        let mut withheld = Vec::new();
        let person = self.record_detail(record)?.and_then(|detail| detail.patient);
        for id in [Some(record), person.as_ref().map(|p| p.id)].into_iter().flatten() {
            let refs = self.inner.ledger.names(id)?.map(|names| names.refs).unwrap_or_default();
            names.extend(refs.into_iter().map(|r| (r.kind, r.value)));
        }
        if let About::Entry(id) = about {
            withheld.extend(self.with_state(|state| state.queue.get(id).map(|e| state.for_whom(&e.intent))));
        }
        if let Some(person) = person {
            withheld.extend([person.name, person.mrn, person.phone, person.birth_date]);
        }
        Ok((names, withheld))
    }
}

/// What was sent and answered in a step of a write.
fn step_bodies(entry: &Entry, at: u32) -> Option<Vec<Body>> {
    let step = entry.history.get(usize::try_from(at).ok()?)?;
    let StepKind::Exchanged(exchange) = &step.what else { return Some(Vec::new()) };
    let head = Body::Plain { title: "request".into(), lines: head_lines(&Head::of(exchange)) };
    let raw =
        |title: &str, raw: &Option<Raw>| raw.as_ref().map(|raw| Body::Raw { title: title.into(), text: raw.0.clone() });
    Some(std::iter::once(head).chain(raw("sent", &exchange.body)).chain(raw("answer", &exchange.answer)).collect())
}

fn head_lines(head: &Head) -> Vec<String> {
    let mut lines = vec![format!("{} {}", head.method, head.path)];
    lines.push(match head.status {
        Some(status) => format!("status {status}, {} ms", head.millis),
        None => format!("no answer, {} ms", head.millis),
    });
    lines.push(format!("{} bytes sent, {} bytes received", head.sent, head.received));
    lines.extend(head.correlation.iter().map(|id| format!("correlation id {id}")));
    lines.extend(head.failure.iter().cloned());
    lines
}
