//! What happened to an invented session, answered as an engine would.

use super::{later, noon};
use crate::domain::{
    RecordId, Reply, Source, VendorId,
    audit::{AuditAct, AuditEvent},
    timeline::{
        About, Asked, Body, Changed, EventId, Field, Glance, Head, Hooked, Note, Noting, Parts, Stand, Story, opened,
        tell,
    },
    view::Answer,
};

const RECORD: RecordId = RecordId(20_000_000);

fn head(at: jiff::Timestamp, status: u16) -> Head {
    Head {
        at,
        method: "GET".into(),
        path: "/api/v1/sessions/S-4711/status".into(),
        status: Some(status),
        millis: 34,
        correlation: Some("c-0a17".into()),
        sent: 0,
        received: 212,
        failure: None,
    }
}

fn read(second: i64, count: u32, source: Source, changed: bool) -> Noting {
    let at = later(noon(), second * 1_000);
    let until = later(at, i64::from(count - 1) * 30_000);
    let asked = Asked { source, heads: vec![head(at, 200)], more: 0, count, until, changed, failure: None };
    Noting { at, note: Note::Asked(asked) }
}

fn changed(second: i64, source: Source, before: Option<&str>, after: &str, fields: Vec<Field>) -> Noting {
    let stand = |word: &str| Stand { word: word.into(), known: true };
    let (first, before) = (before.is_none(), before.map(stand));
    let changed = Changed { source, before, after: Some(stand(after)), first, fields, more: 0 };
    Noting { at: later(noon(), second * 1_000), note: Note::Changed(changed) }
}

fn hooked(second: i64) -> Noting {
    let at = later(noon(), second * 1_000);
    let (told_at, done_at) = (Some(later(at, -2_100)), later(at, 120));
    let hooked = Hooked { number: 7, vendor: VendorId::new("noa"), event: "Recording".into(), told_at, done_at };
    Noting { at, note: Note::Hooked(hooked) }
}

fn notes() -> Vec<Noting> {
    let field = |path: &str, after: &str| Field { path: path.into(), before: None, after: Some(after.into()) };
    let summary = vec![field("summary.sections[0][1]", "\"Ifeoma Okoro rests for a week.\"")];
    vec![
        changed(-900, Source::Own, None, "New", Vec::new()),
        read(-890, 14, Source::Read, false),
        hooked(-440),
        read(-440, 1, Source::Webhook, true),
        changed(-440, Source::Webhook, Some("New"), "Recording", Vec::new()),
        changed(-300, Source::Read, Some("Recording"), "Interrupted", Vec::new()),
        changed(-200, Source::Read, Some("Interrupted"), "Recording", Vec::new()),
        read(-20, 1, Source::Read, true),
        changed(-20, Source::Read, Some("Recording"), "Summarized", summary),
    ]
}

/// The story, followed by so many polls more.
pub(in crate::tui) fn told(about: About, more: u64) -> Answer {
    let saw = AuditEvent { at: later(noon(), -120_000), by: "amira".into(), act: AuditAct::Saw { record: RECORD } };
    let notes = notes().into_iter().chain((0..more).map(|n| read(n as i64, 1, Source::Read, false)));
    let notes = notes.zip(0_u64..).map(|(noting, n)| (RECORD, n, noting)).collect();
    let events = tell(&Parts { acts: vec![(40, saw)], notes, ..Parts::default() });
    let kind = Some(crate::domain::Kind::Session);
    Answer::Timeline(Some(Box::new(Story { about, kind, write: None, events, dropped: 0, untold: 0, stands: None })))
}

fn bodies(glance: Glance) -> Option<Vec<Body>> {
    let fields = |n: u64| match &notes().get(n as usize)?.note {
        Note::Changed(changed) => Some(vec![Body::Fields(changed.fields.clone())]),
        Note::Hooked(_) => {
            let text = r#"{"sessionId":"S-4711","status":"Recording","patient":"Okoro, Ifeoma"}"#;
            Some(vec![Body::Raw { title: "webhook".into(), text: text.into() }])
        }
        _ => Some(Vec::new()),
    };
    match glance {
        Glance::Event(EventId::Noted(_, n)) | Glance::Between(EventId::Noted(..), EventId::Noted(_, n)) => fields(n),
        _ => None,
    }
}

pub(in crate::tui) fn glance(glance: Glance) -> Answer {
    Answer::Glance(bodies(glance).map(|bodies| Box::new(opened(glance, bodies, false))))
}

pub(in crate::tui) fn reveal(glance: Glance) -> Reply {
    Reply::Revealed(Box::new(opened(glance, bodies(glance).unwrap_or_default(), true)))
}
