use super::*;
use crate::{
    domain::{
        Question, ReasonKind,
        linking::{LinkArgument, LinkPatient, LinkRole, LinkSex},
        random::SeededRandom,
    },
    vendor::{
        Asked,
        solo::linking::{LinkTrouble, decode, encode, link, validate},
    },
};

fn argument() -> LinkArgument {
    LinkArgument {
        user: "u-1".into(),
        role: LinkRole::MedicalAssistant,
        visit: "31".into(),
        date: "2026-11-21T09:00:00Z".parse().unwrap(),
        patient: LinkPatient {
            id: "P-1".into(),
            sex: LinkSex::Female,
            dob: "1990-02-28".parse().unwrap(),
            first_name: "Ines".into(),
            last_name: "Okafor".into(),
        },
    }
}

/// The argument as the schema of the document has it.
fn schema_json() -> Value {
    json!({
        "user": "u-1", "type": "medicalAssistant", "visit": "31", "date": 1_795_251_600,
        "patient": {"id": "P-1", "sex": "female", "dob": "1990-02-28", "firstName": "Ines", "lastName": "Okafor"}
    })
}

fn secret() -> Secret {
    Secret::new("some secret")
}

#[test]
fn a_link_holds_the_schemas_members_under_a_fresh_envelope_and_comes_back_whole() {
    let random = SeededRandom::new(7);
    let made = link("https://demo.solo.example/", &argument(), &secret(), &random).unwrap();
    let text = made.expose();
    assert!(text.starts_with("https://demo.solo.example/integrations/linking?arg="), "{text}");
    let query = text.split_once("?arg=").unwrap().1;
    assert!(query.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'%'), "base64's own signs are encoded: {query}");
    assert_eq!(decode(text, &secret()), Ok(argument()));
    let bare = encode(&argument(), &secret(), &random).unwrap();
    assert_eq!(decode(bare.expose(), &secret()), Ok(argument()));
    let inside: Value = super::super::envelope::open_json(bare.expose(), "some secret").unwrap();
    assert_eq!(inside, schema_json());
    let again = encode(&argument(), &secret(), &random).unwrap();
    assert_ne!(bare.expose()[..36], again.expose()[..36], "salt and IV are drawn anew");
    assert_eq!(decode(text, &Secret::new("another")), Err(LinkTrouble::Closed));
    assert_eq!(decode("https://demo.solo.example/?x=1", &secret()), Err(LinkTrouble::Closed));
}

#[test]
fn the_schema_is_checked_member_by_member() {
    assert_eq!(validate(&schema_json()), Ok(()));
    let mut more = schema_json();
    more["extra"] = 1.into();
    assert_eq!(validate(&more), Ok(()), "the schema allows other members");
    for path in [
        "/user",
        "/type",
        "/visit",
        "/date",
        "/patient",
        "/patient/id",
        "/patient/sex",
        "/patient/dob",
        "/patient/firstName",
        "/patient/lastName",
    ] {
        let mut wrong = schema_json();
        *wrong.pointer_mut(path).unwrap() = json!([]);
        let named = path[1..].replace('/', ".");
        assert!(matches!(validate(&wrong), Err(LinkTrouble::Schema(t)) if t.starts_with(&named)), "{path}");
        let (above, member) = path.rsplit_once('/').unwrap();
        let mut missing = schema_json();
        missing.pointer_mut(above).unwrap().as_object_mut().unwrap().remove(member);
        assert!(matches!(validate(&missing), Err(LinkTrouble::Schema(t)) if t.starts_with(&named)), "{path}");
    }
    for (path, value) in [
        ("/type", json!("nurse")),
        ("/patient/sex", json!("Female")),
        ("/patient/dob", json!("28.2.1990")),
        ("/date", json!(1.5)),
        ("/user", json!(" ")),
    ] {
        let mut wrong = schema_json();
        *wrong.pointer_mut(path).unwrap() = value;
        assert!(validate(&wrong).is_err(), "{path}");
    }
    let (salt, iv) = ([1; 8], [2; 16]);
    let odd = super::super::envelope::seal(br#"{"visit":"12345","user":"1234"}"#, "some secret", salt, iv);
    assert!(matches!(decode(&odd, &secret()), Err(LinkTrouble::Schema(t)) if t == "type: is required"));
}

#[tokio::test]
async fn a_context_link_needs_the_secret_and_no_request() {
    let script = Script::new();
    let question = Question::ContextLink { argument: argument() };
    let refused = solo(&script).ask(&question, &Known::default()).await.unwrap_err();
    assert_eq!(refused.kind, ReasonKind::Unsupported);
    let mut solo = solo(&script);
    solo.settings.linking_secret = Some(secret());
    let (asked, _) = solo.ask(&question, &Known::default()).await.unwrap();
    let Asked::Links(links) = asked else { panic!("links") };
    assert_eq!(decode(&links[0].1, &secret()), Ok(argument()));
    assert!(script.calls().is_empty());
    let shown = format!("{question:?}");
    assert!(!shown.contains("Okafor") && !shown.contains("1990"), "{shown}");
}

#[tokio::test]
async fn a_teams_link_leads_to_teams_or_to_an_allowed_host_or_nowhere() {
    let known = known(VISIT, vec![name(Kind::Appointment, scheme::APPOINTMENT, "31")]);
    let question = Question::TeamsLink { appointment: VISIT };
    for (url, shown) in [
        ("https://teams.microsoft.com/v2/?meetingjoin=true", true),
        ("https://evil.example/v2/", false),
        ("https://teams.microsoft.com.evil.example/", false),
        ("http://teams.microsoft.com/", false),
    ] {
        let script = Script::new().answer(200, json!({"id": 31, "msTeamsProviderVisitUrl": url}).to_string());
        let mut solo = solo(&script);
        solo.settings.teams_auth_token = Some(Secret::new("t-1"));
        let (asked, _) = solo.ask(&question, &known).await.unwrap();
        let Asked::Links(links) = asked else { panic!("links") };
        assert_eq!(links[0].1 == url, shown, "{url}");
    }
    let script = Script::new();
    assert_eq!(solo(&script).ask(&question, &known).await.unwrap_err().kind, ReasonKind::Unsupported);
    assert!(script.calls().is_empty());
}

#[tokio::test]
async fn a_name_that_solo_takes_and_does_not_answer_is_known_without_asking() {
    let script = Script::new();
    let hsid = name(Kind::Patient, scheme::HSID, "9");
    let (_, told) = solo(&script).ask(&Question::LookUp { reference: hsid.clone() }, &Known::default()).await.unwrap();
    assert_eq!(told[0].refs, [hsid]);
    assert!(script.calls().is_empty());
}
