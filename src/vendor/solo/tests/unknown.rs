use super::*;
use crate::domain::{loss::Loss, record::Raw};

/// The patient with members that are in no document.
fn held() -> Value {
    let mut held = patient_json();
    held["telecom"] = json!([
        {"use": "home", "system": "phone", "value": "+49 30 000000", "rank": 1},
        {"use": "work", "system": "email", "value": "w@example.org", "verified": {"by": "x"}},
    ]);
    held["contact"][0]["relationship"] = "sister".into();
    held["contact"][0]["telecom"][0]["rank"] = 2.into();
    held["address"] = json!([{"city": "Kiel", "period": {"start": "2020"}}, "odd"]);
    held["newTopLevelField"] = true.into();
    held
}

fn base() -> Patient {
    serde_json::from_value::<super::super::wire::WirePatient>(held()).unwrap().into()
}

fn update(mine: Patient) -> Intent {
    Intent::UpdatePatient { patient: PATIENT, base: Box::new(base()), mine: Box::new(mine), partial: false }
}

fn losses(send_back: bool, mine: Patient) -> Vec<Loss> {
    let mut solo = solo(&Script::new());
    solo.settings.send_back_unknown = send_back;
    solo.losses(&update(mine), &Raw(held().to_string()))
}

fn loss(list: &str, element: usize, members: &[&str]) -> Loss {
    Loss { list: list.into(), element, members: members.iter().map(|m| (*m).to_owned()).collect() }
}

async fn put(send_back: bool, mine: Patient) -> Value {
    let script = Script::new().answer(200, held().to_string()).answer(200, "[]");
    let mut solo = solo(&script);
    solo.settings.send_back_unknown = send_back;
    let sent = solo.send(&errand(update(mine))).await;
    assert!(matches!(sent.outcome, Outcome::Acked(_)), "{:?}", sent.outcome);
    script.json(1)
}

fn with_telecom(change: impl FnOnce(&mut Vec<Telecom>)) -> Patient {
    let mut mine = base();
    change(&mut mine.telecom);
    mine
}

#[test]
fn a_form_is_told_what_a_replaced_list_would_drop_and_only_of_that_list() {
    let mine = with_telecom(|t| t[0].value = Some("+49 30 111111".into()));
    assert_eq!(losses(false, mine), [loss("telecom", 0, &["rank"]), loss("telecom", 1, &["verified"])]);
    assert_eq!(losses(false, Patient { mrn: Some("M-2".into()), ..base() }), []);
    let moved = Patient { contacts: Vec::new(), addresses: Vec::new(), ..base() };
    let wanted = [
        loss("contact", 0, &["relationship"]),
        loss("contact.telecom", 0, &["rank"]),
        loss("address", 0, &["period"]),
        loss("address", 1, &[]),
    ];
    assert_eq!(losses(false, moved), wanted);
}

#[tokio::test]
async fn a_request_holds_documented_members_only_unless_the_setting_says_otherwise() {
    let mine = || with_telecom(|t| t[0].value = Some("+49 30 111111".into()));
    assert_eq!(
        put(false, mine()).await,
        json!({"telecom": [
            {"use": "home", "system": "phone", "value": "+49 30 111111"},
            {"use": "work", "system": "email", "value": "w@example.org"},
        ]})
    );
    assert_eq!(
        put(true, mine()).await,
        json!({"telecom": [
            {"use": "home", "system": "phone", "value": "+49 30 111111", "rank": 1},
            {"use": "work", "system": "email", "value": "w@example.org", "verified": {"by": "x"}},
        ]})
    );
    assert_eq!(losses(true, mine()), []);
}

#[tokio::test]
async fn what_is_sent_back_follows_its_element_and_goes_with_a_removed_one() {
    let swapped = || with_telecom(|t| t.swap(0, 1));
    let sent = put(true, swapped()).await;
    assert_eq!(sent["telecom"][0]["verified"], json!({"by": "x"}));
    assert_eq!((sent["telecom"][1]["rank"].clone(), sent["telecom"][1].get("verified")), (1.into(), None));
    let removed = || with_telecom(|t| drop(t.remove(0)));
    let sent = put(true, removed()).await;
    assert_eq!(sent["telecom"].as_array().unwrap().len(), 1);
    assert_eq!(sent["telecom"][0]["verified"], json!({"by": "x"}));
    assert!(sent["telecom"][0].get("rank").is_none());
    assert_eq!(losses(true, removed()), [loss("telecom", 0, &["rank"])]);
    let added = with_telecom(|t| t.insert(0, Telecom { value: Some("new".into()), ..Telecom::default() }));
    let sent = put(true, added).await;
    assert_eq!(sent["telecom"][0], json!({"value": "new"}));
    assert_eq!(sent["telecom"][1]["rank"], 1);
}

#[tokio::test]
async fn a_contacts_own_lists_keep_what_they_held_too() {
    let mut mine = base();
    mine.contacts[0].telecom[0].value = Some("new@example.org".into());
    let sent = put(true, mine).await;
    assert_eq!(
        sent["contact"],
        json!([{
            "telecom": [{"use": "work", "system": "email", "value": "new@example.org", "rank": 2}],
            "name": [], "relationship": "sister"
        }])
    );
}
