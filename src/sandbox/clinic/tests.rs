use serde_json::{Value, json};

use super::{Clinic, credentials};
use crate::sandbox::machine::Machine;
use crate::sandbox::testbench::{Bench, request, world};

const ADDENDUMS: &str = "/v1/clinic/session_notes/addendums";
const SIGN_OFFS: &str = "/v1/clinic/session_notes/sign_offs";
const NOTES: &str = "/v1/admin/clinic/session_notes";
/// The smallest thing that begins like a PNG.
const PNG: &str = "data:image/png;base64,iVBORw0KGgo=";

fn call(bench: &mut Bench<Clinic>, method: &str, target: &str, body: Option<&Value>) -> (u16, Value) {
    let token = credentials(&world())[0].1.clone();
    bench.call(method, target, &[("x-user-token", &token)], body)
}

fn notes(bench: &mut Bench<Clinic>, query: &str) -> Vec<Value> {
    let (status, answer) = call(bench, "GET", &format!("{NOTES}{query}"), None);
    assert_eq!(status, 200, "{answer}");
    answer["session_notes"].as_array().unwrap().clone()
}

fn started() -> (Bench<Clinic>, i64) {
    let mut bench = Bench::new(Clinic, 1);
    let newest = notes(&mut bench, "")[0]["id"].as_i64().unwrap();
    (bench, newest)
}

#[test]
fn notes_come_with_the_end_of_a_visit_and_grow_older() {
    let (mut bench, _) = started();
    let all = notes(&mut bench, "");
    let of = |name: &str| all.iter().map(|note| note[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("appointment_id"), [9004, 9003, 9002, 9001], "visits that ended, newest first");
    assert_eq!(of("status")[..2], ["draft", "pending_review"]);
    assert_eq!(all[0]["created_at"], "2026-03-02T14:45:00.000Z");
    bench.pass(75 * 60);
    assert_eq!(notes(&mut bench, "")[0]["appointment_id"], 9005, "the next visit has ended");
    assert_eq!(notes(&mut bench, "")[1]["status"], "pending_review");
}

#[test]
fn the_newest_note_s_number_is_told_outside_the_interface() {
    let (mut bench, newest) = started();
    let told = bench.with(|m, store, ctx| m.act(store, "newest_note", &Value::Null, ctx));
    assert_eq!(told, Ok(json!({"sessionNoteId": newest})));
}

#[test]
fn lists_are_filtered_sorted_paged_and_an_empty_one_is_an_error() {
    let (mut bench, newest) = started();
    let (_, page) = call(&mut bench, "GET", &format!("{NOTES}?page=2&page_size=3&sort_by=id&sort_dir=ASC"), None);
    assert_eq!(page["pagination"], json!({"current_page": 2, "total_pages": 2, "total_count": 4, "per_page": 3}));
    assert_eq!(page["session_notes"][0]["id"], newest);
    assert_eq!(notes(&mut bench, "?patient_id=500").len(), 2);
    assert_eq!(notes(&mut bench, "?provider_id=302&search=RASH").len(), 1);
    assert_eq!(notes(&mut bench, "?status=draft").len(), 1);
    let none = (422, json!({"errors": "No session notes were found."}));
    assert_eq!(call(&mut bench, "GET", &format!("{NOTES}?search=nothing-like-it"), None), none);
    assert_eq!(call(&mut bench, "GET", &format!("{NOTES}?page=9"), None), none);
    for query in ["?page=0", "?page_size=x", "?sort_by=summary", "?sort_dir=up", "?patient_id=P-1", "?per_page=5"] {
        let (status, answer) = call(&mut bench, "GET", &format!("{NOTES}{query}"), None);
        assert!(status == 422 && answer["errors"].is_object(), "{query}: {answer}");
    }
    let one = call(&mut bench, "GET", &format!("{NOTES}/{newest}"), None).1;
    assert_eq!(one, notes(&mut bench, "")[0]);
    assert_eq!(
        call(&mut bench, "GET", &format!("{NOTES}/12"), None),
        (404, json!({"errors": "Session note not found"}))
    );
}

#[test]
fn an_addendum_is_asked_for_and_answered() {
    let (mut bench, note) = started();
    let wish = json!({"session_note_id": note, "addendum": {"instructions": "Name the side that hurts"}});
    let (status, made) = call(&mut bench, "POST", ADDENDUMS, Some(&wish));
    assert_eq!(status, 201);
    let expected = json!({
        "id": 39, "session_note_id": note, "instructions": "Name the side that hurts", "instructions_response": null,
        "signature": null, "responded_signature": null,
        "created_at": "2026-03-02T15:00:00.000Z", "updated_at": "2026-03-02T15:00:00.000Z",
    });
    assert_eq!(made, expected);
    bench.pass(60);
    let reply =
        json!({"session_note_id": note, "addendum": {"instructions_response": "Left", "responded_signature": PNG}});
    bench.restart(Clinic);
    let (status, done) = call(&mut bench, "PUT", &format!("{ADDENDUMS}/39"), Some(&reply));
    assert_eq!(
        (status, &done["instructions_response"], &done["responded_signature"]),
        (200, &json!("Left"), &json!(PNG))
    );
    assert_eq!(done["updated_at"], "2026-03-02T15:01:00.000Z");
    assert_eq!(call(&mut bench, "PUT", &format!("{ADDENDUMS}/40"), Some(&reply)).0, 404);
}

#[test]
fn a_sign_off_completes_the_note() {
    let (mut bench, note) = started();
    let wish = json!({"session_note_id": note,
        "sign_off": {"review_date": "2026-03-02T16:00:00+02:00", "signature": PNG}});
    let (status, made) = call(&mut bench, "POST", SIGN_OFFS, Some(&wish));
    assert_eq!(
        (status, &made["review_date"], &made["reviewer_id"]),
        (201, &json!("2026-03-02T14:00:00.000Z"), &json!(121))
    );
    assert_eq!(notes(&mut bench, "")[0]["status"], "completed");
    let change = json!({"session_note_id": note, "sign_off": {"review_date": "2026-03-03"}});
    let path = format!("{SIGN_OFFS}/{}", made["id"]);
    let changed = call(&mut bench, "PUT", &path, Some(&change)).1;
    assert_eq!((&changed["review_date"], &changed["signature"]), (&json!("2026-03-03T00:00:00.000Z"), &json!(PNG)));
    bench.restart(Clinic);
    assert_eq!(notes(&mut bench, "")[0]["status"], "completed");
    assert_eq!(call(&mut bench, "PUT", &path, Some(&change)).1, changed);
}

#[test]
fn every_fault_of_a_form_is_named() {
    let (mut bench, note) = started();
    let errors = |bench: &mut Bench<Clinic>, path: &str, method: &str, body: Value| {
        let (status, answer) = call(bench, method, path, Some(&body));
        assert_eq!(status, 422, "{answer}");
        answer["errors"].clone()
    };
    let all = errors(&mut bench, ADDENDUMS, "POST", json!({"addendum": {"signature": "data:image/jpeg;base64,AA=="}}));
    let expected = json!({
        "session_note_id": ["can't be blank"], "instructions": ["can't be blank"], "signature": ["invalid format"],
    });
    assert_eq!(all, expected);
    let no_png = format!("{}AAAA", "data:image/png;base64,");
    let wrong = [
        (ADDENDUMS, "POST", json!({"session_note_id": "46", "addendum": {"instructions": "x"}}), "session_note_id"),
        (ADDENDUMS, "POST", json!({"session_note_id": note}), "addendum"),
        (ADDENDUMS, "POST", json!({"session_note_id": note, "addendum": {"instructions": " "}}), "instructions"),
        (
            ADDENDUMS,
            "POST",
            json!({"session_note_id": note, "addendum": {"instructions": "x", "signature": no_png}}),
            "signature",
        ),
        (
            ADDENDUMS,
            "POST",
            json!({"session_note_id": note, "addendum": {"instructions": "x", "instructions_response": "y"}}),
            "instructions_response",
        ),
        (ADDENDUMS, "POST", json!({"session_note_id": note, "addendum": {"instructions": "x"}, "note": 1}), "note"),
        (SIGN_OFFS, "POST", json!({"session_note_id": note, "sign_off": {"signature": PNG}}), "review_date"),
        (
            SIGN_OFFS,
            "POST",
            json!({"session_note_id": note, "sign_off": {"review_date": "03/02/2026", "signature": PNG}}),
            "review_date",
        ),
        (SIGN_OFFS, "POST", json!({"session_note_id": note, "sign_off": {"review_date": "2026-03-02"}}), "signature"),
        (
            "/v1/clinic/session_notes/addendums/39",
            "PUT",
            json!({"session_note_id": note, "addendum": {"instructions": "x"}}),
            "instructions",
        ),
        ("/v1/clinic/session_notes/sign_offs/25", "PUT", json!({"session_note_id": note, "sign_off": {}}), "sign_off"),
    ];
    for (path, method, body, field) in wrong {
        let found = errors(&mut bench, path, method, body.clone());
        assert!(found[field].is_array(), "{body}: {found}");
    }
    let unknown = json!({"session_note_id": 1, "addendum": {"instructions": "x"}});
    assert_eq!(call(&mut bench, "POST", ADDENDUMS, Some(&unknown)), (404, json!({"errors": "Session note not found"})));
}

#[test]
fn tokens_methods_paths_and_content_types_are_checked() {
    let (mut bench, note) = started();
    let body = json!({"session_note_id": note, "addendum": {"instructions": "x"}});
    let (status, answer) = bench.call("POST", ADDENDUMS, &[], Some(&body));
    assert!(status == 422 && answer["errors"].is_string());
    assert_eq!(bench.call("POST", ADDENDUMS, &[("x-user-token", "wrong")], Some(&body)).0, 401);
    let clinician = credentials(&world())[1].1.clone();
    let auth = [("x-user-token", clinician.as_str())];
    assert_eq!(bench.call("GET", NOTES, &auth, None).0, 403);
    assert_eq!(bench.call("POST", ADDENDUMS, &auth, Some(&body)).0, 201);
    assert_eq!(call(&mut bench, "GET", ADDENDUMS, None).0, 405);
    assert_eq!(call(&mut bench, "GET", "/v1/clinic/session_notes", None).0, 404);
    let mut form = request("POST", ADDENDUMS, &auth, Some(&body));
    form.headers.retain(|(name, _)| name != "content-type");
    assert_eq!(bench.send(&form).status, 415);
    bench.with(|m, store, ctx| m.act(store, "expire_tokens", &Value::Null, ctx)).unwrap();
    assert_eq!(bench.call("POST", ADDENDUMS, &auth, Some(&body)).0, 401);
    bench.with(|m, store, ctx| m.act(store, "restore_tokens", &Value::Null, ctx)).unwrap();
    let set = json!({"sessionNoteId": note, "status": "locked"});
    bench.with(|m, store, ctx| m.act(store, "set_status", &set, ctx)).unwrap();
    assert_eq!(notes(&mut bench, "")[0]["status"], "locked");
}

#[test]
fn nonsense_is_refused_and_never_a_panic() {
    let (mut bench, note) = started();
    let token = credentials(&world())[0].1.clone();
    let one = format!("{ADDENDUMS}/39");
    let detail = format!("{NOTES}/-9223372036854775808");
    let read = format!("{NOTES}/{note}");
    let page = format!("{NOTES}?page=9223372036854775807");
    let paths = [ADDENDUMS, SIGN_OFFS, &one, NOTES, &detail, &read, &page, "", "/", "/%", "/%ff"];
    bench.storm(&[("x-user-token", &token)], &paths);
}
