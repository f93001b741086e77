use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{patients::*, search::Rank, segment::Segment, terms::terms};
use crate::{
    domain::{
        RecordId, Source,
        patient::{Gender, HumanName, Patient, Telecom},
    },
    engine::fake,
};

fn patient(first: &str, last: &str, born: &str, mrn: &str, phone: &str) -> Patient {
    Patient {
        mrn: Some(mrn.into()),
        names: vec![HumanName { first: Some(first.into()), last: Some(last.into()), ..HumanName::default() }],
        birth_date: Some(born.into()),
        gender: Some(Gender::Female),
        telecom: vec![Telecom { usage: None, system: Some("phone".into()), value: Some(phone.into()) }],
        ..Patient::default()
    }
}

fn entry(id: u64, patient: &Patient) -> PatientEntry {
    PatientEntry::new(RecordId(id), patient, Source::Read, Timestamp::UNIX_EPOCH, 1)
}

fn few() -> Patients {
    Patients::of(vec![
        entry(1, &patient("Ada", "Okafor", "1971-04-03", "AB-1234", "+1 555 010 2233")),
        entry(2, &patient("Zoë", "Ångström", "1988-12-01", "77", "030 1234")),
        entry(3, &patient("Ada", "Lind", "1971-03-04", "AB-9", "")),
        entry(4, &patient("Adamina", "O’Kafe", "2001-01-01", "", "")),
    ])
}

fn found(patients: &Patients, search: &str) -> Vec<u64> {
    let hits = patients.search(search);
    patients.rows(&hits, 0, hits.len()).into_iter().map(|e| e.id.0).collect()
}

fn strictly(patients: &Patients, search: &str) -> Vec<u64> {
    let hits = patients.search(search);
    patients.rows(&hits, 0, hits.strict()).into_iter().map(|e| e.id.0).collect()
}

#[test]
fn a_patient_is_found_by_name_in_any_order_birth_date_mrn_and_phone() {
    let patients = few();
    for search in [
        "okafor ada",
        "ADA okafo",
        "3.4.1971 ada",
        "1971-04-03",
        "ab-1234",
        "ab1234",
        "(555) 0102233",
        "kafor 1971",
        "okafor 3.4.",
    ] {
        assert_eq!(strictly(&patients, search).first(), Some(&1), "{search}");
    }
    assert_eq!(strictly(&patients, "angstrom zoe"), [2]);
    assert_eq!(strictly(&patients, "okaf"), [4, 1]);
    assert_eq!(strictly(&patients, "03/04/1971"), [3, 1]);
    assert_eq!(strictly(&patients, ""), [2, 3, 4, 1]);
}

#[test]
fn whole_words_stand_before_beginnings_and_those_before_parts() {
    let patients = few();
    assert_eq!(strictly(&patients, "ada"), [3, 1, 4]);
    assert_eq!(strictly(&patients, "ka"), [4, 1]);
}

#[test]
fn fuzzy_only_adds() {
    let patients = few();
    let hits = patients.search("okfr");
    assert_eq!(hits.strict(), 0);
    assert_eq!(found(&patients, "okfr"), [1]);
    let all = found(&patients, "ada");
    assert_eq!(&all[..3], [3, 1, 4]);
}

fn clinic() -> Patients {
    let people = [
        ("Abel Frederick", "Marlowe"),
        ("Edith", "Marlowe"),
        ("Percy", "Hartnell"),
        ("Nora", "Hartnell"),
        ("Eleanor", "Hartnell"),
        ("Małgorzata", "Śledź"),
        ("Mary", "Quill"),
    ];
    let entries = people.iter().zip(1..);
    Patients::of(entries.map(|((first, last), id)| entry(id, &patient(first, last, "1971-04-03", "", ""))).collect())
}

#[test]
fn a_letter_or_two_beside_a_name_begin_another_name() {
    let patients = clinic();
    assert_eq!(found(&patients, "hartnell, n"), [4]);
    assert_eq!(found(&patients, "marlowe, ed"), [2]);
    assert_eq!(found(&patients, "hartnell, nor"), [4, 5]);
    assert_eq!(found(&patients, "hartnell, ele"), [5]);
    assert_eq!(strictly(&patients, "hartnell, ano"), [5]);
}

#[test]
fn letters_strewn_over_a_name_do_not_find_it_but_one_wrong_letter_does() {
    let patients = clinic();
    assert_eq!(found(&patients, "marl"), [1, 2]);
    assert_eq!(found(&patients, "marlowe edit"), [2]);
    assert_eq!(found(&patients, "malgorzta"), [6]);
    assert_eq!(found(&patients, "harntell"), [5, 4, 3]);
    assert_eq!(found(&patients, "hartnell percey"), [3]);
    assert_eq!(found(&patients, "xyzz"), [0; 0]);
}

#[test]
fn what_was_typed_rightly_stands_before_what_was_nearly() {
    let mut people = clinic();
    people.put(entry(8, &patient("Ada", "Harntell", "1971-04-03", "", "")));
    assert_eq!(found(&people, "harntell"), [8, 5, 4, 3]);
    assert_eq!(strictly(&people, "harntell"), [8]);
}

#[test]
fn a_row_that_changed_is_found_by_what_it_is_now() {
    let mut patients = few();
    patients.put(entry(1, &patient("Ada", "Marlow", "1971-04-03", "AB-1234", "")));
    assert_eq!(strictly(&patients, "okafor"), [0; 0]);
    assert_eq!(strictly(&patients, "marlow"), [1]);
    assert_eq!(patients.len(), 4);
    patients.remove(RecordId(1));
    assert_eq!(strictly(&patients, "marlow"), [0; 0]);
    assert_eq!(patients.with_mrn("AB-1234"), []);
    assert_eq!(patients.len(), 3);
}

#[test]
fn every_damaged_snapshot_is_refused_or_harmless() {
    let bytes = few().packed().save();
    assert!(Segment::load(&bytes).is_ok());
    for end in 0..bytes.len() {
        assert!(Segment::load(&bytes[..end]).is_err(), "cut at {end}");
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x41;
        if let Ok(segment) = Segment::load(&damaged) {
            let patients = Patients::over(segment);
            let _ = found(&patients, "");
            let _ = found(&patients, "ada");
        }
    }
}

/// The same rules written the plain way, one row at a time.
fn naive(entries: &BTreeMap<u64, PatientEntry>, search: &str) -> Vec<u64> {
    let terms = terms(search);
    let mut fits: Vec<(Rank, String, u64)> = entries
        .values()
        .filter_map(|e| {
            let fields: Vec<&str> = e.searched.trim_start_matches('\n').split(['\u{1f}', ' ']).collect();
            let rank = terms
                .iter()
                .map(|term| {
                    let words = fields.iter().flat_map(|word| term.spellings.iter().map(move |s| (word, s)));
                    words
                        .filter_map(|(word, s)| match () {
                            () if *word == s => Some(Rank::Exact),
                            () if word.starts_with(s.as_str()) => Some(Rank::Prefix),
                            () if !term.begins && word.contains(s.as_str()) => Some(Rank::Part),
                            () => None,
                        })
                        .min()
                })
                .try_fold(Rank::Exact, |worst, rank| Some(worst.max(rank?)))?;
            Some((rank, e.sort_key().0.to_owned(), e.id.0))
        })
        .collect();
    fits.sort();
    fits.into_iter().map(|(_, _, id)| id).collect()
}

#[derive(Debug, Clone)]
enum Step {
    Put(u64, u64),
    Remove(u64),
    Merge,
    Reload,
    Search(String),
}

fn searches() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-eéOØ]{1,3}( [a-n]{1,3})?",
        "[a-z0-9花]",
        "(ad|ok|o|a|an|19|197|1971|M00)",
        "[0-9]{1,4}",
        "[0-3]?[0-9]\\.[0-9]\\.(19[0-9]{2})?",
        Just(String::new()),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1_u64..60, 0_u64..400).prop_map(|(id, look)| Step::Put(id, look)),
        1 => (1_u64..60).prop_map(Step::Remove),
        1 => Just(Step::Merge),
        1 => Just(Step::Reload),
        4 => searches().prop_map(Step::Search),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_packed_index_answers_like_a_plain_list(steps in steps()) {
        let mut packed = Patients::default();
        let mut plain: BTreeMap<u64, PatientEntry> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Put(id, look) => {
                    let e = entry(id, &fake::patient(7, look));
                    plain.insert(id, e.clone());
                    packed.put(e);
                }
                Step::Remove(id) => {
                    plain.remove(&id);
                    packed.remove(RecordId(id));
                }
                Step::Merge => { let merged = packed.merged(); packed.adopt(merged); }
                Step::Reload => packed = Patients::over(Segment::load(&packed.merged().save()).unwrap()),
                Step::Search(text) => {
                    // Typed letter by letter, so that every result is also narrowed from the one before.
                    for (end, c) in text.char_indices() {
                        let typed = &text[..end + c.len_utf8()];
                        prop_assert_eq!(strictly(&packed, typed), naive(&plain, typed), "{}", typed);
                    }
                }
            }
            prop_assert_eq!(packed.len(), plain.len());
            prop_assert_eq!(strictly(&packed, ""), naive(&plain, ""));
            for (id, e) in &plain {
                prop_assert!(packed.get(RecordId(*id)).as_ref() == Some(e));
                prop_assert!(packed.with_mrn(&e.mrn).contains(&RecordId(*id)));
            }
        }
    }
}

#[test]
fn a_hundred_thousand_patients_fit_into_the_memory_they_are_given() {
    let patients = Patients::of(fake::entries(1, 20_000));
    let each = patients.packed().bytes() / 20_000;
    assert!(each <= 250, "{each} bytes a patient");
}
