use super::*;
use crate::domain::patient::{Address, Contact, Gender, HumanName, Telecom};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A record that holds more than the form has fields for.
fn full() -> Patient {
    Patient {
        mrn: text("M-88"),
        account_number: text("A-1"),
        names: vec![
            HumanName { usage: text("maiden"), family: text("Ifeoma Eze"), ..HumanName::default() },
            HumanName {
                usage: text("usual"),
                family: text("Ifeoma Okoro"),
                first: text("Ifeoma"),
                middle: text("Ada"),
                last: text("Okoro"),
                alias: text("Ify"),
            },
        ],
        birth_date: text("1980-06-01"),
        gender: Some(Gender::Verbatim("nonbinary".into())),
        marital_status: text("married"),
        telecom: vec![
            Telecom { usage: text("work"), system: text("pager"), value: text("17") },
            Telecom { usage: text("home"), system: text("phone"), value: text("call the neighbour") },
            Telecom { usage: text("home"), system: text("email"), value: text("ify@example.org") },
        ],
        contacts: vec![Contact::default()],
        addresses: vec![
            Address { usage: text("work"), city: text("Lagos"), ..Address::default() },
            Address {
                usage: text("home"),
                line: vec!["1 High St".into(), "Back door".into()],
                city: text("Enugu"),
                ..Address::default()
            },
        ],
        active: Some(true),
        family_member: Some(false),
        linked_by_email: Some(true),
        ..Patient::default()
    }
}

fn edit(scene: &Scene, base: &Patient) -> Form {
    Form::edit_patient(RecordId(5), base.clone(), false, &scene.cx())
}

fn update(event: FormEvent) -> Patient {
    match submitted(event) {
        Intent::UpdatePatient { patient, mine, .. } => {
            assert_eq!(patient, RecordId(5));
            *mine
        }
        other => panic!("{other:?}"),
    }
}

/// Goes to the field with this label and clears it when it is a text.
fn to(form: &mut Form, cx: &FormContext<'_>, label: &str) {
    for _ in 0..80 {
        let shown = screen(form, cx, 100, 60);
        let row: usize = shown.rsplit(',').next().unwrap().parse().unwrap();
        if shown.lines().nth(row).unwrap().contains(label) {
            return;
        }
        keys(form, cx, "<tab>");
    }
    panic!("no field {label}");
}

fn replace(form: &mut Form, cx: &FormContext<'_>, label: &str, with: &str) {
    to(form, cx, label);
    keys(form, cx, &"<bs>".repeat(40));
    keys(form, cx, with);
}

#[test]
fn a_new_patient_is_made_from_what_was_typed() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::create_patient(&cx);
    assert!(!form.dirty());
    keys(&mut form, &cx, "Ifeoma<tab><tab>Okoro<tab><tab>1980-06-01<tab>f<tab>M-88<tab>+49 30 5550100");
    to(&mut form, &cx, "E-mail");
    keys(&mut form, &cx, "ify@example.org");
    to(&mut form, &cx, "City");
    let Intent::CreatePatient { patient, chosen_id, content } = submitted(keys(&mut form, &cx, "Enugu<enter>")) else {
        panic!("not a creation")
    };
    assert_eq!((patient, chosen_id.as_str()), (RecordId::UNASSIGNED, ""));
    let expected = Patient {
        mrn: text("M-88"),
        names: vec![HumanName {
            usage: text("usual"),
            family: text("Ifeoma Okoro"),
            first: text("Ifeoma"),
            last: text("Okoro"),
            ..HumanName::default()
        }],
        birth_date: text("1980-06-01"),
        gender: Some(Gender::Female),
        telecom: vec![
            Telecom { usage: text("mobile"), system: text("phone"), value: text("+49 30 5550100") },
            Telecom { usage: text("home"), system: text("email"), value: text("ify@example.org") },
        ],
        addresses: vec![Address { usage: text("home"), city: text("Enugu"), ..Address::default() }],
        active: Some(true),
        ..Patient::default()
    };
    assert!(*content == expected, "{}", serde_json::to_string_pretty(&*content).unwrap());
}

#[test]
fn a_record_that_was_only_looked_at_is_not_changed() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = edit(&scene, &full());
    assert!(!form.dirty());
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 80, 40).contains("Nothing was changed."));
    assert_eq!(keys(&mut form, &cx, "<esc>"), FormEvent::Close);
}

type Change = fn(&mut Patient);

#[test]
fn an_edit_keeps_everything_that_it_is_not_about() {
    let scene = Scene::new();
    let cx = scene.cx();
    let table: &[(&str, &str, Change)] = &[
        ("Last name", "Obi", |p| {
            p.names[1].last = text("Obi");
            p.names[1].family = text("Ifeoma Obi");
        }),
        ("MRN", "", |p| p.mrn = None),
        ("Birth date", "1980-06-02", |p| p.birth_date = text("1980-06-02")),
        ("Phone", "030 5550100", |p| p.telecom[1].value = text("030 5550100")),
        ("One more phone", "0171 5550100", |p| {
            p.telecom.push(Telecom { usage: text("mobile"), system: text("phone"), value: text("0171 5550100") });
        }),
        ("E-mail", "", |p| {
            p.telecom.remove(2);
        }),
        ("Street", "2 Low Rd", |p| p.addresses[1].line[0] = "2 Low Rd".into()),
        ("Street", "", |p| p.addresses[1].line[0] = String::new()),
        ("Country", "Nigeria", |p| p.addresses[1].country = text("Nigeria")),
        ("Marital status", " widowed ", |p| p.marital_status = text("widowed")),
    ];
    for (label, typed, change) in table {
        let mut form = edit(&scene, &full());
        replace(&mut form, &cx, label, typed);
        assert!(form.dirty(), "{label}");
        let mine = update(keys(&mut form, &cx, "<enter>"));
        let mut expected = full();
        change(&mut expected);
        assert!(mine == expected, "{label}: {}", serde_json::to_string(&mine).unwrap());
    }
    let mut form = edit(&scene, &full());
    to(&mut form, &cx, "Gender");
    let mine = update(keys(&mut form, &cx, "o<enter>"));
    assert_eq!(mine.gender, Some(Gender::Other));
}

#[test]
fn what_the_vendor_holds_against_its_own_rules_hinders_no_other_change() {
    let scene = Scene::new();
    let cx = scene.cx();
    let base = Patient { birth_date: text("1.6.1980"), ..full() };
    let mut form = edit(&scene, &base);
    replace(&mut form, &cx, "MRN", "M-89");
    assert_eq!(update(keys(&mut form, &cx, "<enter>")).birth_date, text("1.6.1980"));
}

#[test]
fn a_broken_rule_is_said_at_its_field_while_it_is_typed_and_enter_goes_to_the_first() {
    let scene = Scene::new();
    let cx = scene.cx();
    let table = [
        ("Birth date", "1980-02-30", "! there is no such day"),
        ("Birth date", "2026-11-22", "! a birth date cannot be in the future"),
        ("Phone", "call me", "! digits, spaces"),
        ("E-mail", "ify", "! must hold one @"),
    ];
    for (label, typed, rule) in table {
        let mut form = Form::create_patient(&cx);
        keys(&mut form, &cx, "Ifeoma<tab>");
        replace(&mut form, &cx, label, typed);
        keys(&mut form, &cx, "<tab>");
        let shown = screen(&form, &cx, 80, 40);
        assert!(shown.contains(rule), "{shown}");
        assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay);
        let shown = screen(&form, &cx, 80, 40);
        let row: usize = shown.rsplit(',').next().unwrap().parse().unwrap();
        assert!(shown.lines().nth(row).unwrap().contains(label), "{shown}");
    }
    let mut form = Form::create_patient(&cx);
    assert_eq!(keys(&mut form, &cx, "<enter>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 80, 40).contains("! a first or last name is required"));
}

#[test]
fn a_new_patients_form_tells_what_is_needed_and_how_before_anything_was_typed() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::create_patient(&cx);
    let shown = screen(&form, &cx, 80, 40);
    for part in ["one of first and last name is needed", "· YYYY-MM-DD", "no rule is published"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains("name *"), "neither of the two must be there\n{shown}");
    keys(&mut form, &cx, "Ifeoma");
    assert!(!screen(&form, &cx, 80, 40).contains("name is needed"), "one of the two is enough");
    to(&mut form, &cx, "MRN");
    keys(&mut form, &cx, "31/12/1980");
    assert!(screen(&form, &cx, 80, 40).contains("this looks like a date"));
    assert!(matches!(keys(&mut form, &cx, "<enter>"), FormEvent::Submit(_)), "a remark forbids nothing");
}

/// Solo: `deceasedAt` is required when deceased and refused when not.
#[test]
fn deceased_asks_for_the_moment_and_only_then() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = edit(&scene, &full());
    assert!(!screen(&form, &cx, 80, 60).contains("Deceased at"));
    to(&mut form, &cx, "Deceased");
    assert_eq!(keys(&mut form, &cx, "y<enter>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 100, 60).contains("! required when deceased"));
    let mine = update(keys(&mut form, &cx, "2026-11-20 10:12 AM<enter>"));
    assert_eq!((mine.deceased, mine.deceased_at.as_deref()), (Some(true), Some("2026-11-20 10:12 AM")));

    let dead = Patient { deceased: Some(true), deceased_at: text("2026-11-20 10:12 AM"), ..full() };
    let mut form = edit(&scene, &dead);
    to(&mut form, &cx, "Deceased ");
    assert_eq!(keys(&mut form, &cx, "n<enter>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 100, 60).contains("! only allowed when deceased"));
    keys(&mut form, &cx, &"<bs>".repeat(40));
    to(&mut form, &cx, "Active");
    let mine = update(keys(&mut form, &cx, "<enter>"));
    assert_eq!((mine.deceased, mine.deceased_at), (Some(false), None));
}

#[test]
fn a_refusal_keeps_what_was_typed_and_stands_at_the_field_it_names() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::create_patient(&cx);
    let event = keys(&mut form, &cx, "Ifeoma<enter>");
    assert!(matches!(event, FormEvent::Submit(_)));
    assert_eq!(keys(&mut form, &cx, "x<enter>"), FormEvent::Stay, "once");
    let mut left = form.clone();
    assert_eq!(keys(&mut left, &cx, "<esc>"), FormEvent::Stay, "a refusal must find what was typed here");
    assert_eq!(keys(&mut left, &cx, "<esc>"), FormEvent::Close);
    form.refused(&Refusal::Invalid("birth_date: the clinic wants one".into()));
    let shown = screen(&form, &cx, 80, 40);
    assert!(shown.contains("! the clinic wants one") && shown.contains("Ifeoma"), "{shown}");
    form.refused(&Refusal::NotSaved("no space left".into()));
    assert!(screen(&form, &cx, 80, 40).contains("Not saved: it could not be saved: no space left."));
}

#[test]
fn a_refused_field_without_a_rule_of_its_own_can_be_put_right_and_saved() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = edit(&scene, &Patient { active: None, ..full() });
    to(&mut form, &cx, "Active");
    let event = keys(&mut form, &cx, "<right><enter>");
    assert!(matches!(event, FormEvent::Submit(_)), "{event:?}");
    form.refused(&Refusal::Invalid("active: Solo does not take it now".into()));
    let shown = screen(&form, &cx, 80, 60);
    assert!(shown.contains("! Solo does not take it now") && shown.contains("see the marked field"), "{shown}");
    let mut same = form.clone();
    assert!(
        matches!(keys(&mut same, &cx, "<enter>"), FormEvent::Submit(_)),
        "what was refused once may be tried again"
    );
    keys(&mut form, &cx, "<right>");
    let shown = screen(&form, &cx, 80, 60);
    assert!(!shown.contains("Solo does not take it now"), "{shown}");
    assert_eq!(update(keys(&mut form, &cx, "<enter>")).active, Some(false));
}

/// Neither of both would be sent as *no*.
#[test]
fn a_yes_or_no_that_was_told_can_only_become_the_other_one() {
    let scene = Scene::new();
    let cx = scene.cx();
    for (label, base) in [
        ("Active", Patient { active: Some(true), ..full() }),
        ("Deceased", Patient { deceased: Some(false), ..full() }),
        ("Shares e-mail", Patient { linked_by_email: Some(false), ..full() }),
    ] {
        let mut form = edit(&scene, &base);
        to(&mut form, &cx, label);
        assert!(screen(&form, &cx, 80, 60).contains("of 2"), "{label}: {}", screen(&form, &cx, 80, 60));
        keys(&mut form, &cx, "<right><right><enter>");
        assert!(screen(&form, &cx, 80, 60).contains("Nothing was changed."), "{label}");
    }
}

#[test]
fn esc_asks_once_when_something_would_be_lost() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::create_patient(&cx);
    assert_eq!(keys(&mut form, &cx, "I<esc>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 80, 40).contains("Esc again throws it away"));
    assert_eq!(keys(&mut form, &cx, "f<esc>"), FormEvent::Stay, "any other key goes on");
    assert_eq!(keys(&mut form, &cx, "<esc>"), FormEvent::Close);
}

#[test]
fn a_paste_loses_what_hides_and_debug_tells_nothing() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::create_patient(&cx);
    form.paste("Ife\u{202e}oma\n", &cx);
    assert!(screen(&form, &cx, 80, 40).contains("Ifeoma"));
    assert_eq!(format!("{form:?}"), "Form(create patient)");
}

#[test]
fn it_draws_at_every_size_and_looks_like_this() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = edit(&scene, &full());
    through_all_fields(&form, &cx);
    insta::assert_snapshot!("edit_patient", screen(&form, &cx, 80, 24));
    replace(&mut form, &cx, "E-mail", "ify@");
    insta::assert_snapshot!("edit_patient_broken_rule", screen(&form, &cx, 80, 24));
    insta::assert_snapshot!("create_patient", screen(&Form::create_patient(&cx), &cx, 80, 40));
}

/// Issue: several names, contacts with telecom, address lines; what is taken off can be put back before it is saved.
#[test]
fn lists_are_added_to_taken_from_and_changed_in_their_sections() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = edit(&scene, &full());
    to(&mut form, &cx, "+ a contact");
    keys(&mut form, &cx, "<enter>Ada<tab><tab>Obi");
    to(&mut form, &cx, "Number or mail");
    keys(&mut form, &cx, "+234 80 5550111");
    let mine = update(keys(&mut form, &cx, "<enter>"));
    let mut expected = full();
    expected.contacts.push(Contact {
        telecom: vec![Telecom { usage: text("home"), system: text("phone"), value: text("+234 80 5550111") }],
        names: vec![HumanName {
            usage: text("usual"),
            family: text("Ada Obi"),
            first: text("Ada"),
            last: text("Obi"),
            ..HumanName::default()
        }],
    });
    assert!(mine == expected, "{}", serde_json::to_string(&mine).unwrap());

    let mut form = edit(&scene, &full());
    to(&mut form, &cx, "Ifeoma Eze");
    keys(&mut form, &cx, "x");
    assert!(screen(&form, &cx, 100, 80).contains("is taken off"));
    keys(&mut form, &cx, "x");
    assert!(!form.dirty(), "it was put back");
    keys(&mut form, &cx, "x");
    to(&mut form, &cx, "+ a name");
    let mine = update({
        to(&mut form, &cx, "Active");
        keys(&mut form, &cx, "<enter>")
    });
    assert!(mine.names == full().names[1..], "only the other name is left");

    let mut form = edit(&scene, &full());
    to(&mut form, &cx, "line 3");
    let mine = update(keys(&mut form, &cx, "Third floor<enter>"));
    assert_eq!(mine.addresses[1].line, ["1 High St", "Back door", "Third floor"]);
}

/// Solo: type and name of the group are needed when the record shares its e-mail address.
#[test]
fn a_shared_address_needs_its_group_and_its_words_are_said_at_the_field() {
    let scene = Scene::new();
    let cx = scene.cx();
    let mut form = Form::create_patient(&cx);
    keys(&mut form, &cx, "Ifeoma");
    to(&mut form, &cx, "Shares e-mail");
    assert_eq!(keys(&mut form, &cx, "y<enter>"), FormEvent::Stay);
    assert!(screen(&form, &cx, 100, 100).contains("! required when the record shares its e-mail address"));
    replace(&mut form, &cx, "Group type", "family");
    replace(&mut form, &cx, "Group name", "Okoro");
    let Intent::CreatePatient { content, .. } = submitted(keys(&mut form, &cx, "<enter>")) else { panic!() };
    assert_eq!(content.linked_by_email, Some(true));
    assert!(content.email_group.is_some_and(|g| g.kind == "family" && g.name == "Okoro"));
}

/// A list that is written whole drops what the form does not know: it says so and asks.
#[test]
fn what_a_write_would_drop_is_said_and_asked_about() {
    use crate::domain::loss::Loss;
    let scene = Scene::new();
    let cx = scene.cx();
    let loss = Loss { list: "telecom".into(), element: 1, members: vec!["rank".into()] };
    let mut form = edit(&scene, &full());
    replace(&mut form, &cx, "Phone", "030 5550100");
    let _ = update(keys(&mut form, &cx, "<enter>"));
    assert!(form.must_be_weighed());
    assert_eq!(form.weigh(std::slice::from_ref(&loss)), FormEvent::Stay);
    assert!(screen(&form, &cx, 80, 40).contains("telecom 2: rank"));
    let mut other = form.clone();
    assert_eq!(keys(&mut other, &cx, "n"), FormEvent::Stay, "any other key goes on");
    let mine = update(keys(&mut form, &cx, "y"));
    assert!(!form.must_be_weighed());
    assert_eq!(mine.telecom[1].value, text("030 5550100"));
    let mut form = edit(&scene, &full());
    replace(&mut form, &cx, "MRN", "M-1");
    let _ = update(keys(&mut form, &cx, "<enter>"));
    assert!(matches!(form.weigh(&[]), FormEvent::Submit(_)), "nothing lost is nothing asked");
}
