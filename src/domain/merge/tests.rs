use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::domain::patient::{Address, Telecom};

fn patient_of(mrn: &str, gender: &str) -> Patient {
    Patient { mrn: Some(mrn.into()), gender: Some(gender.into()), ..Patient::default() }
}

#[expect(clippy::unnecessary_wraps, reason = "every field of these is optional")]
fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn phone(usage: &str, value: &str) -> Telecom {
    Telecom { usage: text(usage), system: text("phone"), value: text(value) }
}

fn name(first: &str, middle: &str, last: &str) -> HumanName {
    let mut name = HumanName { usage: text("usual"), first: text(first), last: text(last), ..HumanName::default() };
    name.middle = text(middle).filter(|m| !m.is_empty());
    name.family = Some(name.whole(true));
    name
}

/// A patient as the vendor holds them.
fn held() -> Patient {
    Patient {
        names: vec![name("Maren", "", "Ott")],
        telecom: vec![
            phone("mobile", "+491"),
            Telecom { usage: text("home"), system: text("email"), value: text("m@example.org") },
        ],
        addresses: vec![Address { usage: text("home"), city: text("Kiel"), ..Address::default() }],
        race: text("r"),
        ..patient_of("1", "female")
    }
}

/// The same patient as a row of the data dump tells them.
fn imported() -> Patient {
    Patient {
        names: vec![HumanName { first: text("Maren"), last: text("Ott"), ..HumanName::default() }],
        telecom: vec![Telecom { system: text("phone"), value: text("+491"), ..Telecom::default() }],
        ..patient_of("1", "female")
    }
}

#[test]
fn fields_that_only_one_side_changed_merge_by_themselves() {
    let merged = three_way(&patient_of("1", "male"), &patient_of("2", "male"), &patient_of("1", "female"));
    assert_eq!(merged.result, patient_of("2", "female"));
    assert!(merged.conflicts.is_empty());
}

#[test]
fn a_field_that_both_changed_differently_is_a_conflict_and_the_same_change_is_none() {
    let merged = three_way(&patient_of("1", "male"), &patient_of("2", "other"), &patient_of("3", "other"));
    assert_eq!(merged.conflicts, ["mrn"]);
}

#[test]
fn what_was_not_known_is_no_evidence_of_somebody_elses_change() {
    let mut mine = imported();
    mine.names[0].middle = text("Inga");
    mine.race = text("other");
    let merged = patient(&imported(), Seen::InPart, &mine, &held());
    assert!(merged.conflicts.is_empty(), "{:?}", merged.conflicts);
    assert!(merged.result.names == [name("Maren", "Inga", "Ott")], "the rest of the name is theirs");
    assert!(merged.result.telecom == held().telecom && merged.result.addresses == held().addresses);
    assert_eq!(merged.result.race.as_deref(), Some("other"));
}

#[test]
fn a_change_of_a_part_that_stands_there_already_is_in_question_no_more() {
    let base = Patient { names: vec![name("Ines", "Carmen", "Farrow")], ..Patient::default() };
    let mine = Patient { names: vec![name("Ines", "Quill", "Farrow")], ..Patient::default() };
    let held = |middle: &str| {
        let whole = HumanName { usage: text("usual"), ..name("Ines", middle, "Farrow") };
        Patient { names: vec![whole], ..Patient::default() }
    };
    let settled = patient(&base, Seen::InPart, &mine, &held("Quill"));
    assert!(settled.conflicts.is_empty() && settled.result == held("Quill"));
    assert_eq!(patient(&base, Seen::InPart, &mine, &held("Maria")).conflicts, ["names"]);
    // What was taken away and still stands there is no change that came through.
    let taken = Patient { names: vec![HumanName { middle: None, ..name("Ines", "", "Farrow") }], ..Patient::default() };
    assert!(
        patient(&base, Seen::InPart, &taken, &held("Carmen")).result.names[0]
            .middle
            .as_deref()
            .unwrap_or("")
            .is_empty()
    );
}

#[test]
fn what_was_seen_empty_and_is_filled_now_was_somebody_else() {
    let seen = Patient { race: None, ..held() };
    let mine = Patient { race: text("other"), ..seen.clone() };
    assert_eq!(patient(&seen, Seen::Whole, &mine, &held()).conflicts, ["race"]);
}

#[test]
fn what_was_seen_and_is_another_by_now_is_in_question_even_where_the_rest_was_not_known() {
    let mut mine = imported();
    mine.names[0].first = text("Marena");
    let mut theirs = held();
    theirs.names[0] = name("Mareike", "", "Ott");
    assert_eq!(patient(&imported(), Seen::InPart, &mine, &theirs).conflicts, ["names"]);
}

#[test]
fn a_list_that_was_never_read_is_added_to_and_never_replaced() {
    let nothing = Patient::default();
    let mine = Patient { telecom: vec![phone("mobile", "+492")], ..Patient::default() };
    let merged = patient(&nothing, Seen::InPart, &mine, &held());
    assert!(merged.conflicts.is_empty());
    assert!(merged.result.telecom == [held().telecom, mine.telecom].concat());
    let twice = patient(&nothing, Seen::InPart, &Patient { telecom: held().telecom, ..Patient::default() }, &held());
    assert!(twice.result.telecom == held().telecom, "what is there already is not added");
    let other = Patient { names: vec![name("Somebody", "", "Else")], ..Patient::default() };
    assert_eq!(patient(&nothing, Seen::InPart, &other, &held()).conflicts, ["names"], "there is one usual name");
}

#[test]
fn two_people_who_change_different_phones_do_not_meet() {
    let mut mine = held();
    mine.telecom[0].value = text("+499");
    let mut theirs = held();
    theirs.telecom[1].value = text("new@example.org");
    theirs.telecom.push(phone("work", "+493"));
    let merged = patient(&held(), Seen::Whole, &mine, &theirs);
    assert!(merged.conflicts.is_empty());
    let values: Vec<_> = merged.result.telecom.iter().filter_map(|t| t.value.as_deref()).collect();
    assert_eq!(values, ["+499", "new@example.org", "+493"]);
}

#[test]
fn taking_off_what_somebody_else_changed_meanwhile_is_in_question() {
    let mut mine = held();
    mine.telecom.remove(0);
    assert!(patient(&held(), Seen::Whole, &mine, &held()).result.telecom == mine.telecom);
    let mut theirs = held();
    theirs.telecom[0].value = text("+499");
    assert_eq!(patient(&held(), Seen::Whole, &mine, &theirs).conflicts, ["telecom"]);
    let mut edited = held();
    edited.telecom[0].value = text("+498");
    let gone = mine;
    let merged = patient(&held(), Seen::Whole, &edited, &gone);
    assert_eq!(merged.conflicts, ["telecom"], "and so is changing what somebody else took off");
}

#[test]
fn an_address_is_never_put_together_out_of_two_peoples_halves() {
    let (mut mine, mut theirs) = (held(), held());
    mine.addresses[0].line = vec!["Hafenweg 2".into()];
    theirs.addresses[0].city = text("Bonn");
    assert_eq!(patient(&held(), Seen::Whole, &mine, &theirs).conflicts, ["addresses"]);
}

#[test]
fn a_whole_name_follows_its_parts_and_is_never_in_question_itself() {
    let plain = |first: &str| {
        let bare = HumanName { family: None, ..name(first, "", "Ott") };
        Patient { names: vec![bare], ..Patient::default() }
    };
    let told = Patient { names: vec![name("Maren", "", "Ott")], ..Patient::default() };
    let merged = patient(&plain("Maren"), Seen::Whole, &plain("Marena"), &told);
    assert!(merged.conflicts.is_empty());
    assert_eq!(merged.result.names[0].family, None, "the vendor makes it again");
}

prop_compose! {
    fn people()(
        middle in option::of("[a-c]"),
        phones in vec("[0-9]{6}", 0..3),
        cities in vec("[a-z]{3}", 0..2),
        race in option::of("[a-c]"),
        mrn in option::of("[a-c]"),
    ) -> Patient {
        let uses = ["mobile", "home", "work"];
        Patient {
            mrn,
            race,
            names: vec![name("Maren", middle.as_deref().unwrap_or(""), "Ott")],
            telecom: phones.iter().zip(uses).map(|(v, usage)| phone(usage, v)).collect(),
            addresses: cities
                .into_iter()
                .zip(uses.into_iter().skip(1))
                .map(|(city, usage)| Address { usage: text(usage), city: Some(city), ..Address::default() })
                .collect(),
            ..Patient::default()
        }
    }
}

/// What an import would know of a patient: some fields, of each thing not everything, of each list not all.
fn part_of(whole: &Patient, known: u32) -> Patient {
    let bit = |n: u32| known & (1 << n) != 0;
    let mut part = whole.clone();
    part.mrn = part.mrn.filter(|_| bit(0));
    part.race = part.race.filter(|_| bit(1));
    for name in &mut part.names {
        name.family = name.family.take().filter(|_| bit(2));
        name.usage = name.usage.take().filter(|_| bit(3));
        name.middle = name.middle.take().filter(|_| bit(4));
    }
    part.telecom.truncate(if bit(5) { 3 } else { 1 });
    part.telecom.iter_mut().for_each(|t| t.usage = t.usage.take().filter(|_| bit(6)));
    part.addresses.retain(|_| bit(7));
    part
}

proptest! {
    #[test]
    fn who_alone_changes_something_gets_it(base in people(), mine in people()) {
        let merged = patient(&base, Seen::Whole, &mine, &base);
        prop_assert!(merged.conflicts.is_empty() && merged.result == mine);
        let merged = patient(&base, Seen::Whole, &base, &mine);
        prop_assert!(merged.conflicts.is_empty() && merged.result == mine);
    }

    /// Where nobody else changed anything, a change made over any part of the record lands in the whole of it, and
    /// nothing that was not before the person's eyes is lost.
    #[test]
    fn a_change_over_a_part_lands_in_the_whole(whole in people(), known in 0u32..256, number in "[0-9]{7}") {
        let base = part_of(&whole, known);
        let mut mine = base.clone();
        mine.names[0].middle = text("Inga");
        // The form lets the whole name follow its parts.
        mine.names[0].family = mine.names[0].family.take().map(|_| mine.names[0].whole(true));
        mine.race = text("other");
        match mine.telecom.first_mut() {
            Some(first) => first.value = Some(number.clone()),
            None => mine.telecom.push(phone("work", &number)),
        }
        let merged = patient(&base, Seen::InPart, &mine, &whole);
        prop_assert!(merged.conflicts.is_empty(), "{:?}", merged.conflicts);
        let mut wanted = whole.clone();
        wanted.names[0] = name("Maren", "Inga", "Ott");
        wanted.race = text("other");
        match wanted.telecom.first_mut() {
            Some(first) => first.value = Some(number),
            None => wanted.telecom.push(phone("work", &number)),
        }
        prop_assert!(merged.result.telecom == wanted.telecom);
        prop_assert!(merged.result.addresses == wanted.addresses && merged.result.mrn == wanted.mrn);
        prop_assert!(merged.result.names == wanted.names && merged.result.race == wanted.race);
    }

    #[test]
    fn what_somebody_else_added_is_never_lost(base in people(), mine in people(), number in "[0-9]{8}") {
        let mut theirs = base.clone();
        theirs.telecom.push(phone("work", &number));
        let merged = patient(&base, Seen::Whole, &mine, &theirs);
        prop_assert!(merged.result.telecom.iter().any(|t| t.value.as_ref() == Some(&number)));
    }

    /// Sending what was merged settles it: merging again over what is there then asks for nothing more.
    #[test]
    fn a_merge_is_settled_once_it_is_there(
        base in people(), mine in people(), theirs in people(), part in any::<bool>(), known in 0u32..256,
    ) {
        let (base, seen) = if part { (part_of(&base, known), Seen::InPart) } else { (base, Seen::Whole) };
        let first = patient(&base, seen, &mine, &theirs);
        if first.conflicts.is_empty() {
            let again = patient(&base, seen, &mine, &first.result);
            prop_assert!(again.result == first.result);
            prop_assert!(!part || again.conflicts.is_empty(), "{:?}", again.conflicts);
        }
    }
}
