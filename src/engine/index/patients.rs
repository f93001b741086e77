//! The patients' index: a packed run of rows, a small sorted list of what changed since, and the last searches.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;

use super::{
    fuzzy::{self, Misspelled},
    search::{self, FUZZY_BELOW, FUZZY_BYTES, FUZZY_ROWS, Finders},
    segment::{FIELD, ROW, Segment},
    terms::{Term, terms},
};
use crate::{
    domain::{RecordId, Source, patient::Patient},
    engine::fold::{digits, fold, fold_into},
};

/// So many changed rows are kept beside the packed run before the two are merged.
const FRESH_ROWS: usize = 2_048;
/// Marks a handle to a row of the fresh list.
const FRESH: u32 = 1 << 31;
/// So many searches are remembered, for windows that page through a result or type on.
const REMEMBERED: usize = 4;

/// What the index holds of a patient.
#[derive(Clone, PartialEq, Eq)]
pub struct PatientEntry {
    /// Ours.
    pub id: RecordId,
    /// As it is shown.
    pub name: String,
    /// `YYYY-MM-DD` or what the vendor wrote.
    pub birth_date: String,
    /// Medical record number.
    pub mrn: String,
    /// First phone number.
    pub phone: String,
    /// First letter of the gender, upper case, or empty.
    pub gender: String,
    /// Deceased, or not in use.
    pub inactive: bool,
    /// How it came to be known.
    pub source: Source,
    /// When it was read.
    pub at: Timestamp,
    /// Which read of the record it shows.
    pub read_no: u64,
    /// What is searched: names, birth date, MRN and phone digits, folded.
    pub(super) searched: String,
}

crate::domain::patient::redacted_debug!(PatientEntry);

impl PatientEntry {
    /// The row of a patient.
    pub fn new(id: RecordId, patient: &Patient, source: Source, at: Timestamp, read_no: u64) -> Self {
        let name = patient.display_name();
        let birth_date =
            patient.born().map_or_else(|| patient.birth_date.clone().unwrap_or_default(), |d| d.to_string());
        let mrn = patient.mrn.clone().unwrap_or_default();
        let gender = patient.gender.as_ref().and_then(|g| g.as_str().chars().next());
        let mut searched = String::from(ROW as char);
        fold_into(super::segment::cut(&name, 1_000), &mut searched);
        let all = patient.names.iter().flat_map(|n| [n.display(), n.alias.clone().unwrap_or_default()]);
        for other in all.filter(|other| !other.is_empty() && *other != name).take(8) {
            searched.push_str("  ");
            fold_into(super::segment::cut(&other, 1_000), &mut searched);
        }
        searched.push(FIELD as char);
        if patient.born().is_some() {
            searched.push_str(&birth_date);
        } else {
            fold_into(super::segment::cut(&birth_date, 60), &mut searched);
        }
        searched.push(FIELD as char);
        let folded = fold(super::segment::cut(&mrn, 1_000));
        searched.push_str(&folded);
        if folded.contains(' ') {
            searched.push(' ');
            searched.extend(folded.chars().filter(|c| *c != ' '));
        }
        searched.push(FIELD as char);
        let phones = patient.telecom.iter().filter(|t| t.system.as_deref() != Some("email"));
        for number in phones.filter_map(|t| t.value.as_deref()).map(digits).filter(|d| !d.is_empty()).take(8) {
            searched.push_str(super::segment::cut(&number, 40));
            searched.push(' ');
        }
        Self {
            id,
            name,
            birth_date,
            mrn,
            phone: patient.first_telecom("phone").unwrap_or_default().to_owned(),
            gender: gender.map(|c| c.to_uppercase().collect()).unwrap_or_default(),
            inactive: patient.active == Some(false) || patient.deceased == Some(true),
            source,
            at,
            read_no,
            searched,
        }
    }

    /// What is searched, folded.
    pub(in crate::engine) fn searched(&self) -> &str {
        &self.searched
    }

    /// Whether the two look the same to people, but for when they were read.
    pub fn looks_like(&self, other: &Self) -> bool {
        *self == Self { at: self.at, read_no: self.read_no, ..other.clone() }
    }

    /// Rows are sorted by the folded shown name, then by id.
    pub(super) fn sort_key(&self) -> (&str, u64) {
        (search::first_name(self.searched.as_bytes()), self.id.0)
    }
}

/// The rows that match a search, best first.
#[derive(Debug, Clone, Default)]
pub struct Hits {
    handles: Arc<Vec<u32>>,
    /// How many of them hold every word; the rest was added by the fuzzy matcher.
    strict: usize,
}

impl Hits {
    /// How many rows match.
    pub fn len(&self) -> usize {
        self.handles.len()
    }

    /// Nothing matches.
    pub fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// How many rows hold every word of the search; those after them were added by the fuzzy matcher.
    pub fn strict(&self) -> usize {
        self.strict
    }
}

/// The patients.
#[derive(Default)]
pub struct Patients {
    packed: Segment,
    /// Changed rows, sorted.
    fresh: Vec<Fresh>,
    fresh_by_id: HashMap<RecordId, Arc<PatientEntry>>,
    fresh_by_mrn: HashMap<String, Vec<RecordId>>,
    memo: Mutex<Memo>,
}

/// A changed row.
struct Fresh {
    /// The first row of the packed run that comes after it. The run does not change, so this is found only once.
    before: u32,
    entry: Arc<PatientEntry>,
}

#[derive(Default)]
struct Memo {
    searches: Vec<(Vec<Term>, Hits)>,
}

impl Patients {
    /// The index over a packed run.
    pub fn over(packed: Segment) -> Self {
        Self { packed, ..Self::default() }
    }

    /// The index of rows in any order.
    pub fn of(mut entries: Vec<PatientEntry>) -> Self {
        entries.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        Self::over(Segment::pack(entries.iter()))
    }

    /// The packed run; what is in the fresh list is not in it.
    pub fn packed(&self) -> &Segment {
        &self.packed
    }

    /// Whether the packed run is all there is.
    pub(in crate::engine) fn all_packed(&self) -> bool {
        self.fresh.is_empty()
    }

    /// How many patients there are.
    pub fn len(&self) -> usize {
        self.packed.live() as usize + self.fresh.len()
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a row in, in place of the one that the record had.
    pub fn put(&mut self, entry: PatientEntry) {
        self.remove(entry.id);
        let entry = Arc::new(entry);
        let at = self.fresh.partition_point(|f| f.entry.sort_key() < entry.sort_key());
        if !entry.mrn.is_empty() {
            self.fresh_by_mrn.entry(entry.mrn.clone()).or_default().push(entry.id);
        }
        self.fresh_by_id.insert(entry.id, entry.clone());
        let before = self.packed.place(entry.sort_key());
        self.fresh.insert(at, Fresh { before, entry });
    }

    /// Takes a record's row away.
    pub fn remove(&mut self, id: RecordId) {
        self.forget_searches();
        if let Some(row) = self.packed.find(id) {
            self.packed.kill(row);
        }
        let Some(old) = self.fresh_by_id.remove(&id) else { return };
        if let Ok(at) = self.fresh.binary_search_by(|f| f.entry.sort_key().cmp(&old.sort_key())) {
            self.fresh.remove(at);
        }
        if let Some(ids) = self.fresh_by_mrn.get_mut(&old.mrn) {
            ids.retain(|i| *i != id);
            if ids.is_empty() {
                self.fresh_by_mrn.remove(&old.mrn);
            }
        }
    }

    fn forget_searches(&mut self) {
        self.memo.get_mut().unwrap_or_else(PoisonError::into_inner).searches.clear();
    }

    /// So much changed that the next search is better off after [`Self::merged`] was put in by [`Self::adopt`].
    pub fn wants_merge(&self) -> bool {
        self.fresh.len() >= FRESH_ROWS
    }

    /// Everything in one packed run. Takes tens of milliseconds, so it is made under a read lock.
    pub fn merged(&self) -> Segment {
        self.packed.merged(self.fresh.iter().map(|f| f.entry.clone()))
    }

    /// Takes what [`Self::merged`] made over. Nothing may have changed in between.
    pub fn adopt(&mut self, packed: Segment) {
        *self = Self::over(packed);
    }

    /// A record's row.
    pub fn get(&self, id: RecordId) -> Option<PatientEntry> {
        match self.fresh_by_id.get(&id) {
            Some(entry) => Some((**entry).clone()),
            None => self.packed.find(id).map(|row| self.packed.entry(row)),
        }
    }

    /// What is searched of a patient, folded, at the end of `out`.
    pub(in crate::engine) fn searched_into(&self, id: Option<RecordId>, out: &mut String) {
        let Some(id) = id else { return };
        if let Some(entry) = self.fresh_by_id.get(&id) {
            out.push_str(&entry.searched);
        } else if let Some(row) = self.packed.find(id) {
            out.push_str(std::str::from_utf8(self.packed.searched(row)).unwrap_or_default());
        }
    }

    /// Whether a record has a row.
    pub fn contains(&self, id: RecordId) -> bool {
        self.fresh_by_id.contains_key(&id) || self.packed.find(id).is_some()
    }

    /// The records with this MRN.
    pub fn with_mrn(&self, mrn: &str) -> Vec<RecordId> {
        if mrn.is_empty() {
            return Vec::new();
        }
        let fresh = self.fresh_by_mrn.get(mrn).into_iter().flatten().copied();
        let mut ids: Vec<_> = self.packed.with_mrn(mrn).chain(fresh).collect();
        ids.sort_unstable();
        ids
    }

    /// Which read of its record each row shows, in no particular order.
    pub fn numbers(&self) -> impl Iterator<Item = (RecordId, u64)> + '_ {
        let packed = (0..self.packed.len()).filter(|r| !self.packed.is_dead(*r));
        let packed = packed.map(|r| (self.packed.id(r), self.packed.rows[r as usize].read_no));
        packed.chain(self.fresh.iter().map(|f| (f.entry.id, f.entry.read_no)))
    }

    /// What matches a search; all by name when it is empty.
    pub fn search(&self, search: &str) -> Hits {
        let terms = terms(search);
        let mut memo = self.memo.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = memo.searches.iter().position(|(t, _)| *t == terms) {
            let known = memo.searches.remove(at);
            let hits = known.1.clone();
            memo.searches.push(known);
            return hits;
        }
        let wider = memo
            .searches
            .iter()
            .filter(|(old, hits)| hits.strict < self.len() / 8 && narrows(&terms, old))
            .map(|(_, hits)| hits.clone())
            .min_by_key(|hits| hits.strict);
        let strict = self.strict(&terms, wider.as_ref());
        let hits = self.with_fuzzy(&terms, strict);
        if memo.searches.len() >= REMEMBERED {
            memo.searches.remove(0);
        }
        memo.searches.push((terms, hits.clone()));
        hits
    }

    /// The rows of a part of a result.
    pub fn rows(&self, hits: &Hits, offset: usize, limit: usize) -> Vec<PatientEntry> {
        hits.handles.iter().skip(offset).take(limit).map(|handle| self.entry(*handle)).collect()
    }

    /// Where a record stands in a result.
    pub fn position(&self, hits: &Hits, id: RecordId) -> Option<usize> {
        hits.handles.iter().position(|handle| self.id(*handle) == id)
    }

    fn entry(&self, handle: u32) -> PatientEntry {
        if handle & FRESH == 0 {
            self.packed.entry(handle)
        } else {
            (*self.fresh[(handle & !FRESH) as usize].entry).clone()
        }
    }

    fn id(&self, handle: u32) -> RecordId {
        if handle & FRESH == 0 { self.packed.id(handle) } else { self.fresh[(handle & !FRESH) as usize].entry.id }
    }

    fn searched(&self, handle: u32) -> &[u8] {
        if handle & FRESH == 0 {
            self.packed.searched(handle)
        } else {
            self.fresh[(handle & !FRESH) as usize].entry.searched.as_bytes()
        }
    }

    fn names(&self, handle: u32) -> &str {
        search::names(self.searched(handle))
    }

    /// The rows that hold every word, in the order of rank and name.
    fn strict(&self, terms: &[Term], wider: Option<&Hits>) -> Vec<u32> {
        let mut packed: [Vec<u32>; 3] = Default::default();
        match wider {
            None => self.packed.scan(terms, |row, rank| packed[rank as usize].push(row)),
            Some(wider) => {
                let finders = Finders::new(terms);
                let mut rows: Vec<u32> =
                    wider.handles[..wider.strict].iter().copied().filter(|h| h & FRESH == 0).collect();
                rows.sort_unstable();
                for row in rows {
                    if let Some(rank) = finders.rank(self.packed.searched(row)) {
                        packed[rank as usize].push(row);
                    }
                }
            }
        }
        let mut fresh: [Vec<u32>; 3] = Default::default();
        if !self.fresh.is_empty() {
            let finders = Finders::new(terms);
            for (at, fresh_row) in self.fresh.iter().enumerate() {
                if let Some(rank) = finders.rank(fresh_row.entry.searched.as_bytes()) {
                    fresh[rank as usize].push(at as u32);
                }
            }
        }
        let mut handles = Vec::with_capacity(packed.iter().chain(&fresh).map(Vec::len).sum());
        for (packed, fresh) in packed.iter().zip(&fresh) {
            let mut fresh = fresh.iter().copied().peekable();
            for row in packed {
                while let Some(at) = fresh.next_if(|at| self.fresh[*at as usize].before <= *row) {
                    handles.push(FRESH | at);
                }
                handles.push(*row);
            }
            handles.extend(fresh.map(|at| FRESH | at));
        }
        handles
    }

    /// Adds what is only found misspelled, while the good matches are few and looking is affordable.
    fn with_fuzzy(&self, terms: &[Term], mut handles: Vec<u32>) -> Hits {
        let strict = handles.len();
        let misspelled = |t: &&Term| {
            matches!(t.spellings.as_slice(), [word] if !word.contains(|c: char| c.is_ascii_digit())
                && word.chars().count() >= fuzzy::LETTERS)
        };
        let (words, fixed): (Vec<&Term>, Vec<&Term>) = terms.iter().partition(misspelled);
        if strict >= FUZZY_BELOW || words.is_empty() {
            return Hits { handles: Arc::new(handles), strict };
        }
        let words: Vec<&str> = words.into_iter().map(|t| t.spellings[0].as_str()).collect();
        let fixed: Vec<Term> = fixed.into_iter().cloned().collect();
        let fixed = Finders::new(&fixed);
        let masks: Vec<(u32, u32)> = words.iter().map(|w| (search::initials(w), search::letters(w))).collect();
        // One letter may be another one than the name has.
        let may = |r: &u32| {
            let has = self.packed.letters(*r);
            masks.iter().all(|(first, all)| first & !has.name_initials == 0 && (all & !has.names).count_ones() <= 1)
        };
        let known: std::collections::HashSet<u32> = handles.iter().copied().collect();
        let packed = (0..self.packed.len()).filter(may).filter(|r| !self.packed.is_dead(*r));
        let fresh = (0..self.fresh.len() as u32).map(|at| FRESH | at);
        let misspelled = Misspelled::new(words.iter().copied());
        let mut scored: Vec<(u32, u32)> = Vec::new();
        let (mut buffer, mut looked_at) = (Vec::new(), 0);
        for handle in packed.chain(fresh).filter(|handle| !known.contains(handle)) {
            let names = self.names(handle);
            looked_at += names.len();
            if looked_at > FUZZY_BYTES {
                return Hits { handles: Arc::new(handles), strict };
            }
            if let Some(distance) = misspelled.distance(names, &mut buffer)
                && fixed.rank(self.searched(handle)).is_some()
            {
                scored.push((distance, handle));
            }
        }
        scored.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| self.key_of(*x).cmp(&self.key_of(*y))));
        handles.extend(scored.into_iter().take(FUZZY_ROWS).map(|(_, handle)| handle));
        Hits { handles: Arc::new(handles), strict }
    }

    fn key_of(&self, handle: u32) -> (&str, u64) {
        if handle & FRESH == 0 {
            self.packed.sort_key(handle)
        } else {
            self.fresh[(handle & !FRESH) as usize].entry.sort_key()
        }
    }
}

/// Whether everything that fits `new` fits `old` too.
fn narrows(new: &[Term], old: &[Term]) -> bool {
    let within = |s: &str, part: &str, begins: bool| if begins { s.starts_with(part) } else { s.contains(part) };
    let implies = |n: &Term, o: &Term| {
        (n.begins || !o.begins) && n.spellings.iter().all(|s| o.spellings.iter().any(|part| within(s, part, o.begins)))
    };
    !old.is_empty() && old.iter().all(|o| new.iter().any(|n| implies(n, o)))
}
