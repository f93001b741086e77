//! The list: groups by cause, each under its head.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::{Case, Cause, Judged, Limit, Remedy, TriageGroup, TriagePlan, TriageRules, TriageStep, Trouble};
use crate::domain::ids::{RecordId, VendorId};

/// All listed sessions in their order.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// Sorted by cause; a group stands together.
    sessions: Vec<(RecordId, Trouble)>,
    /// The causes that there are, each with the place of its first session.
    groups: Vec<(TriageGroup, usize)>,
    /// So many went wrong too long ago to be listed.
    pub past: u32,
}

/// What stands in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// The head of a group.
    Head(TriageGroup),
    /// A session.
    Session(RecordId, Trouble),
}

impl Listed {
    /// Judges every session and puts those to look at in order: by cause; within one what happened last first, of the late
    /// ones what waits longest.
    pub fn of<'a>(
        cases: impl Iterator<Item = (RecordId, Case<'a>)>,
        limit: &dyn Fn(VendorId, &str) -> Limit,
        rules: &TriageRules,
        now: Timestamp,
    ) -> Self {
        let mut past = 0;
        let mut sessions: Vec<(RecordId, Trouble, Timestamp)> = Vec::new();
        for (id, case) in cases {
            match case.judge(limit, rules, now) {
                Judged::Listed(trouble) => sessions.push((id, trouble, case.began())),
                Judged::Past => past += 1,
                Judged::Fine => {}
            }
        }
        sessions.sort_unstable_by_key(|(id, trouble, began)| {
            let longest = (trouble.cause == Cause::Late).then_some(*began);
            (trouble.cause, longest, Reverse(*began), *id)
        });
        let sessions: Vec<_> = sessions.into_iter().map(|(id, trouble, _)| (id, trouble)).collect();
        let mut groups = Vec::new();
        let mut first = 0;
        for same in sessions.chunk_by(|(_, one), (_, other)| one.cause == other.cause) {
            let recovers = same.iter().filter(|(_, t)| t.remedy == Remedy::Recover).count();
            let cause = same[0].1.cause;
            groups.push((TriageGroup { cause, count: same.len() as u32, recovers: recovers as u32 }, first));
            first += same.len();
        }
        Self { sessions, groups, past }
    }

    /// The listed sessions.
    pub fn sessions(&self) -> &[(RecordId, Trouble)] {
        &self.sessions
    }

    /// The causes that there are.
    pub fn groups(&self) -> impl Iterator<Item = TriageGroup> + '_ {
        self.groups.iter().map(|(group, _)| *group)
    }

    /// How many lines there are, heads included.
    pub fn lines(&self) -> usize {
        self.sessions.len() + self.groups.len()
    }

    /// What stands in a line.
    pub fn line(&self, at: usize) -> Option<Line> {
        // A group's head stands before its first session, after the heads before it.
        let group = self.groups.iter().enumerate().rev().find(|(n, (_, first))| n + first <= at);
        let (n, (head, first)) = group?;
        match at - (n + first) {
            0 => Some(Line::Head(*head)),
            below => self.sessions.get(first + below - 1).map(|(id, trouble)| Line::Session(*id, *trouble)),
        }
    }

    /// The line of a session.
    pub fn place(&self, id: RecordId) -> Option<usize> {
        let at = self.sessions.iter().position(|(listed, _)| *listed == id)?;
        Some(at + self.groups.iter().filter(|(_, first)| *first <= at).count())
    }

    /// What would be done about those that are wanted.
    pub fn plan(&self, wanted: impl Fn(RecordId, Cause) -> bool) -> TriagePlan {
        let wanted = self.sessions.iter().filter(|(id, trouble)| wanted(*id, trouble.cause));
        TriagePlan { steps: wanted.map(|(record, t)| TriageStep { record: *record, remedy: t.remedy }).collect() }
    }
}
