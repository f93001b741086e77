//! Invented patients for benchmarks and tests. Names are put together from syllables: nobody is meant.

use jiff::Timestamp;

use super::index::patients::PatientEntry;
use crate::domain::{
    RecordId, Source,
    patient::{Gender, HumanName, Patient, Telecom},
    random::{Randomness, SeededRandom},
};

const FIRST: [&str; 24] = [
    "Ada", "Per", "Emi", "Zoë", "Noor", "Luc", "Ivo", "Mila", "Tomás", "Ines", "Kofi", "Wanda", "Søren", "Aiko",
    "Rafi", "Olga", "Enzo", "Lía", "Зоя", "Лев", "花子", "نور", "Niamh", "Jürgen",
];
const HEAD: [&str; 30] = [
    "Oka", "Lin", "Sato", "Nova", "Ber", "Kal", "Mor", "Tan", "Vel", "Hart", "Gru", "Win", "Ash", "Dol", "Fer", "Hol",
    "Ing", "Jor", "Kin", "Lam", "Mand", "Nor", "Ost", "Pell", "Quin", "Rös", "Sten", "Tor", "Ulm", "Wes",
];
const MIDDLE: [&str; 20] = [
    "", "a", "be", "ci", "do", "en", "fa", "gi", "ho", "in", "ja", "ko", "li", "mo", "na", "or", "pa", "ri", "se", "tu",
];
const TAIL: [&str; 24] = [
    "for", "d", "k", "ski", "berg", "man", "sen", "dez", "ton", "by", "ley", "stad", "wicz", "nen", "ova", "eau", "ic",
    "oğlu", "ez", "er", "holm", "qvist", "ard", "mura",
];

/// An invented patient, the same for the same seed and number.
pub fn patient(seed: u64, number: u64) -> Patient {
    let random = SeededRandom::new(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let pick = |from: &[&'static str]| from[random.below(from.len() as u64) as usize];
    let last = format!("{}{}{}", pick(&HEAD), pick(&MIDDLE), pick(&TAIL));
    let born = format!("{:04}-{:02}-{:02}", 1925 + random.below(100), 1 + random.below(12), 1 + random.below(28));
    let phone = format!("+1 555 {:03} {:04}", random.below(1_000), random.below(10_000));
    Patient {
        mrn: Some(format!("M{number:07}")),
        names: vec![HumanName { first: Some(pick(&FIRST).into()), last: Some(last), ..HumanName::default() }],
        birth_date: Some(born),
        gender: Gender::KNOWN.get(random.below(4) as usize).cloned(),
        telecom: vec![Telecom { usage: None, system: Some("phone".into()), value: Some(phone) }],
        active: Some(true),
        ..Patient::default()
    }
}

/// The index rows of invented patients, numbered from 1.
pub fn entries(seed: u64, count: u64) -> Vec<PatientEntry> {
    (1..=count)
        .map(|n| PatientEntry::new(RecordId(n), &patient(seed, n), Source::Import, Timestamp::UNIX_EPOCH, 1))
        .collect()
}
