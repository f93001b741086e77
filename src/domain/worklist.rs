//! What is to be finished: notes that are not signed, wait for somebody's co-signature, were sent back by an addendum, failed
//! or got lost on their way, across all vendors.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ids::VendorId, patient::redacted_debug, view::RowId};

/// Why something is on the list; the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Its vendor did not take it.
    Failed,
    /// Nobody knows whether it arrived.
    Unresolved,
    /// An addendum asks for more.
    SentBack,
    /// It waits for a supervisor.
    CoSignature,
    /// It is not finished.
    Unsigned,
}

impl Class {
    /// All, the most urgent first.
    pub const ALL: [Self; 5] = [Self::Failed, Self::Unresolved, Self::SentBack, Self::CoSignature, Self::Unsigned];

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Unresolved => "unresolved",
            Self::SentBack => "sent back",
            Self::CoSignature => "to co-sign",
            Self::Unsigned => "unsigned",
        }
    }
}

/// Something to be finished.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkItem {
    /// The draft, record or queued write.
    pub row: RowId,
    /// Why it is listed.
    pub class: Class,
    /// What it is and where it stands, in a few words.
    pub what: String,
    /// At which vendor; none for a draft.
    pub vendor: Option<VendorId>,
    /// The vendor's number of it, empty where there is none.
    pub number: String,
    /// Whom it is about, empty when not known.
    pub patient_name: String,
    /// Whose it is, as far as it is told; empty otherwise.
    pub owner: String,
    /// Since when it stands there.
    pub since: Timestamp,
    /// The beginning was not seen.
    pub at_least: bool,
    /// Until when it is to be done, where anybody said so.
    pub due: Option<Timestamp>,
}

redacted_debug!(WorkItem);

/// By what the list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkSort {
    /// What went wrong first, then what is due, then the oldest.
    #[default]
    Urgency,
    /// The oldest first.
    Age,
    /// What is due first; what is not due at all last.
    Due,
    /// By whose it is.
    Owner,
    /// By whom it is about.
    Patient,
    /// By vendor.
    Vendor,
}

impl WorkSort {
    /// All, in the order in which they follow each other.
    pub const ALL: [Self; 6] = [Self::Urgency, Self::Age, Self::Due, Self::Owner, Self::Patient, Self::Vendor];

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Urgency => "urgency",
            Self::Age => "age",
            Self::Due => "due date",
            Self::Owner => "owner",
            Self::Patient => "patient",
            Self::Vendor => "vendor",
        }
    }

    /// The one after it; after the last the first.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|s| *s == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }
}

/// How many of each class there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkCounts {
    /// Of [`Class::Failed`].
    pub failed: u32,
    /// Of [`Class::Unresolved`].
    pub unresolved: u32,
    /// Of [`Class::SentBack`].
    pub sent_back: u32,
    /// Of [`Class::CoSignature`].
    pub co_signature: u32,
    /// Of [`Class::Unsigned`].
    pub unsigned: u32,
}

impl WorkCounts {
    /// Counts.
    pub fn of(classes: impl IntoIterator<Item = Class>) -> Self {
        let mut counts = Self::default();
        for class in classes {
            *counts.slot(class) += 1;
        }
        counts
    }

    fn slot(&mut self, class: Class) -> &mut u32 {
        match class {
            Class::Failed => &mut self.failed,
            Class::Unresolved => &mut self.unresolved,
            Class::SentBack => &mut self.sent_back,
            Class::CoSignature => &mut self.co_signature,
            Class::Unsigned => &mut self.unsigned,
        }
    }

    /// Of one class.
    pub fn count(mut self, class: Class) -> u32 {
        *self.slot(class)
    }

    /// Of all.
    pub fn total(self) -> u32 {
        Class::ALL.into_iter().map(|class| self.count(class)).sum()
    }

    /// In words, without what there is none of.
    pub fn words(self) -> String {
        let some = Class::ALL.into_iter().filter(|class| self.count(*class) > 0);
        some.map(|class| format!("{} {}", self.count(class), class.word())).collect::<Vec<_>>().join(" · ")
    }
}

/// What a window shows of the list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WorkView {
    /// A part of the list.
    pub items: Vec<WorkItem>,
    /// How long the whole list is.
    pub total: u32,
    /// How many of each class.
    pub counts: WorkCounts,
}

/// Sorts the list. What is equal stands by urgency, then by age, then by its id, so that nothing moves by itself.
pub fn sort(items: &mut [WorkItem], by: WorkSort, backwards: bool) {
    let last = |text: &str| (text.is_empty(), text.to_lowercase());
    let due = |item: &WorkItem| (item.due.is_none(), item.due);
    let urgency = |item: &WorkItem| (item.class, due(item), item.since);
    let id = |item: &WorkItem| match &item.row {
        RowId::Draft(id) => (0, id.0),
        RowId::Record(id) => (1, id.0),
        RowId::Entry(id) => (2, id.0),
        RowId::Room(_) => (3, 0),
    };
    items.sort_by(|a, b| {
        let order = match by {
            WorkSort::Urgency => Ordering::Equal,
            WorkSort::Age => a.since.cmp(&b.since),
            WorkSort::Due => due(a).cmp(&due(b)),
            WorkSort::Owner => last(&a.owner).cmp(&last(&b.owner)),
            WorkSort::Patient => last(&a.patient_name).cmp(&last(&b.patient_name)),
            WorkSort::Vendor => last(a.vendor.as_ref().map_or("", VendorId::as_str))
                .cmp(&last(b.vendor.as_ref().map_or("", VendorId::as_str))),
        };
        let order = order.then_with(|| urgency(a).cmp(&urgency(b))).then_with(|| id(a).cmp(&id(b)));
        if backwards { order.reverse() } else { order }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DraftId, RecordId};

    fn item(id: u64, class: Class, owner: &str, since: i64, due: Option<i64>) -> WorkItem {
        let at = |second| Timestamp::from_second(second).unwrap();
        WorkItem {
            row: if id < 10 { RowId::Record(RecordId(id)) } else { RowId::Draft(DraftId(id)) },
            class,
            what: String::new(),
            vendor: None,
            number: String::new(),
            patient_name: String::new(),
            owner: owner.into(),
            since: at(since),
            at_least: false,
            due: due.map(at),
        }
    }

    #[test]
    fn the_list_is_sorted_by_what_a_person_chose_and_the_rest_stays_by_urgency() {
        let items = [
            item(1, Class::Unsigned, "nadia", 50, None),
            item(2, Class::Failed, "", 90, None),
            item(3, Class::CoSignature, "Amira", 70, Some(200)),
            item(4, Class::CoSignature, "zoe", 60, Some(100)),
            item(11, Class::Unsigned, "nadia", 50, None),
        ];
        let sorted = |by, backwards| {
            let mut items = items.to_vec();
            sort(&mut items, by, backwards);
            items
                .iter()
                .map(|i| match &i.row {
                    RowId::Record(id) => id.0,
                    RowId::Draft(id) => id.0,
                    _ => 0,
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(sorted(WorkSort::Urgency, false), [2, 4, 3, 11, 1]);
        assert_eq!(sorted(WorkSort::Urgency, true), [1, 11, 3, 4, 2]);
        assert_eq!(sorted(WorkSort::Age, false), [11, 1, 4, 3, 2]);
        assert_eq!(sorted(WorkSort::Due, false), [4, 3, 2, 11, 1]);
        assert_eq!(sorted(WorkSort::Owner, false), [3, 11, 1, 4, 2], "whose nobody told is last");
        let mut by = WorkSort::default();
        for _ in 0..WorkSort::ALL.len() {
            by = by.next();
        }
        assert_eq!(by, WorkSort::default());
    }

    #[test]
    fn counts_are_said_without_what_there_is_none_of() {
        let counts = WorkCounts::of([Class::Unsigned, Class::Failed, Class::Unsigned]);
        assert_eq!((counts.total(), counts.words().as_str()), (3, "1 failed · 2 unsigned"));
        assert_eq!(WorkCounts::default().words(), "");
    }
}
