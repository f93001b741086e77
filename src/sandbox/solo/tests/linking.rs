//! Links into visits, among them those that another system makes.

use super::*;
use crate::sandbox::solo::envelope::seal;
use crate::sandbox::solo::links::{link_secret, teams_token};

fn link(b: &Bench, visit: &str) -> Value {
    let p = &b.store.world.people[4];
    json!({
        "user": "front-desk", "type": "medicalAssistant", "visit": visit, "date": 1_800_000_000,
        "patient": { "id": p.id, "sex": "unknown", "dob": p.birth_date, "firstName": p.first, "lastName": p.last },
    })
}

fn open(b: &mut Bench, secret: &str, link: &Value) -> Response {
    let arg = seal(secret, [7; 8], [9; 16], link.to_string().as_bytes());
    let arg: String = url::form_urlencoded::byte_serialize(arg.as_bytes()).collect();
    b.raw("GET", &format!("/integrations/linking?arg={arg}"), &[], b"")
}

#[test]
fn a_link_leads_to_its_visit_by_each_of_its_names() {
    let mut b = Bench::new();
    let said = b.book();
    b.ask("PUT", &format!("appointments/{said}"), &json!({ "externalId": "e-77" }));
    let secret = link_secret(&b.store.world);
    for visit in [said.to_string(), "e-77".into()] {
        let wish = link(&b, &visit);
        let answer = open(&mut b, &secret, &wish);
        assert_eq!((answer.status, answer.body.len()), (302, 0));
        let (_, place) = answer.headers.iter().find(|(n, _)| n == "location").unwrap();
        let path = place.strip_prefix("http://solo.test/videocalls/").unwrap();
        assert_eq!(b.raw("GET", &format!("/videocalls/{path}"), &[], b"").status, 200);
    }
}

#[test]
fn every_fault_of_a_link_is_told_in_the_same_words() {
    let mut b = Bench::new();
    let said = b.book().to_string();
    let secret = link_secret(&b.store.world);
    let whole = link(&b, &said);
    let mut wrong = vec![json!({ "visit": said, "user": "1234" }), json!([]), json!("x")];
    for field in ["user", "type", "visit", "date", "patient"] {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().shift_remove(field);
        wrong.push(less);
    }
    for field in ["id", "sex", "dob", "firstName", "lastName"] {
        let mut less = whole.clone();
        less["patient"].as_object_mut().unwrap().shift_remove(field);
        wrong.push(less);
    }
    for (field, value) in
        [("type", json!("nurse")), ("date", json!("1800000000")), ("extra", json!(1)), ("visit", json!(1))]
    {
        let mut other = whole.clone();
        other[field] = value;
        wrong.push(other);
    }
    let mut faults: Vec<Response> = wrong.iter().map(|w| open(&mut b, &secret, w)).collect();
    faults.push(open(&mut b, "another secret", &whole));
    for target in ["/integrations/linking", "/integrations/linking?arg=", "/integrations/linking?arg=x&more=1"] {
        faults.push(b.raw("GET", target, &[], b""));
    }
    for fault in faults {
        assert_eq!(fault.status, 400);
        assert_eq!(fault.body, br#"{"error":{"message":"The link is not valid"}}"#);
    }
    let stranger = link(&b, "1");
    assert_eq!(open(&mut b, &secret, &stranger).status, 404);
    let mut other = whole;
    other["patient"]["id"] = json!(b.patient(5));
    assert_eq!(open(&mut b, &secret, &other).status, 404, "the visit is another patient's");
}

#[test]
fn the_link_into_teams_asks_for_its_token() {
    let mut b = Bench::new();
    let path = format!("appointments/{}/msteams-provider-link", b.book());
    let token = teams_token(&b.store.world);
    let with = |b: &mut Bench, headers: &[(&str, &str)]| {
        let answer = b.keyed("GET", &path, headers, b"");
        (answer.status, serde_json::from_slice::<Value>(&answer.body).unwrap())
    };
    for headers in [&[][..], &[("teams-auth-token", "guess")], &[("authorization", token.as_str())]] {
        let (status, told) = with(&mut b, headers);
        assert_eq!((status, keys(&told)), (401, vec!["message"]));
    }
    let (status, told) = with(&mut b, &[("teams-auth-token", &token)]);
    assert_eq!((status, keys(&told)), (200, vec!["id", "msTeamsProviderVisitUrl"]));
    let url = told["msTeamsProviderVisitUrl"].as_str().unwrap();
    assert!(told["id"].is_i64() && url.starts_with("https://teams.microsoft.com/v2/?meetingjoin=true"));
}
