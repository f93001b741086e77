//! The table of the Clinic in `docs/VENDORS.md`, walked: every endpoint is reached by the command that its row names, with the
//! body that the document describes, and what it changed is shown again; with an administrator's token and with one that
//! may not list.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use support::{
    home::arg,
    walk::{Plan, Walk, told_whole},
};

/// Every method of the vendor's document, and the two of its administrators that are published (FACTS).
const DOCUMENT: [&str; 6] = [
    "POST /v1/clinic/session_notes/addendums",
    "PUT /v1/clinic/session_notes/addendums/{}",
    "POST /v1/clinic/session_notes/sign_offs",
    "PUT /v1/clinic/session_notes/sign_offs/{}",
    "GET /v1/admin/clinic/session_notes",
    "GET /v1/admin/clinic/session_notes/{}",
];

const PLAN: Plan = Plan {
    heading: "Clinic",
    vendor: "clinic",
    root: "",
    tables: &["vendor.solo", "vendor.clinic"],
    last_line: "[vendor.heidi]",
    first_fill_days: 0,
};

const ASK: &str = "POST /v1/clinic/session_notes/addendums";
const ANSWER: &str = "PUT /v1/clinic/session_notes/addendums/{}";
const SIGN: &str = "POST /v1/clinic/session_notes/sign_offs";
const CHANGE: &str = "PUT /v1/clinic/session_notes/sign_offs/{}";
const LIST: &str = "GET /v1/admin/clinic/session_notes";
const SINGLE: &str = "GET /v1/admin/clinic/session_notes/{}";

#[test]
fn the_table_names_every_endpoint_of_the_document_and_no_other() {
    told_whole(PLAN.heading, &DOCUMENT);
}

#[test]
fn every_row_of_the_table_is_sent_by_its_command_and_shown_again() {
    let mut w = Walk::new(PLAN);
    let file = arg(&w.home.path("sig.png"));
    fs::write(&file, png()).unwrap();
    w.run(&["signatures", "add", "full", "--file", &file]).good();
    let note = listed(&mut w);
    let addendum = addendums(&mut w, &note, &file);
    sign_offs(&mut w, &note);
    elsewhere(&mut w, &note);
    trouble(&mut w, &addendum);
    no_picture_is_told(&mut w, &addendum);
    w.ended();
}

/// A stroke on paper, as any drawing program would save it, with the author's name in it.
fn png() -> Vec<u8> {
    let crc = |bytes: &[u8]| {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
        })
    };
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let named = [&name[..], content].concat();
        [&(content.len() as u32).to_be_bytes()[..], &named, &crc(&named).to_be_bytes()].concat()
    };
    // 16 × 8 points of grey, the fourth row black; stored, not packed.
    let rows: Vec<u8> = (0..8).flat_map(|y| [vec![0], vec![if y == 3 { 0 } else { 255 }; 16]].concat()).collect();
    let adler = rows.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    let length = rows.len() as u16;
    let mut packed = vec![0x78, 0x01, 0x01];
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(&rows);
    packed.extend((adler.1 << 16 | adler.0).to_be_bytes());
    let head = [&16_u32.to_be_bytes()[..], &8_u32.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let text = chunk(b"tEXt", b"Author\0Wanda Quill");
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &head), text, chunk(b"IDAT", &packed), chunk(b"IEND", b"")].concat()
}

/// A data URL that was sent is a PNG, and none of what the file held beside its points.
fn is_signature(sent: &Value) {
    let url = sent.as_str().unwrap();
    let png = STANDARD.decode(url.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && !png.windows(5).any(|w| w == b"Wanda"));
}

/// Answers the number of a session note.
fn listed(w: &mut Walk) -> String {
    let wanted = ["session-notes", "list", "--fresh", "--sort-by", "id", "--ascending", "--limit", "3", "--json"];
    let rows = w.run(&wanted).objects();
    w.sent(LIST);
    let wanted = json!([["page", "1"], ["page_size", "3"], ["sort_by", "id"], ["sort_dir", "ASC"]]);
    assert!(w.requests(LIST).iter().any(|sent| sent["query"] == wanted), "what narrows it is sent");
    assert_eq!(rows.len(), 3);
    let number = rows[0]["number"].as_str().unwrap().trim_start_matches('#').to_owned();
    let shown = w.one(&["session-notes", "show", &number, "--fresh"]);
    w.sent(SINGLE);
    assert!(shown["shown"]["session_note"]["summary"].as_str().is_some_and(|text| !text.is_empty()));
    number
}

fn addendums(w: &mut Walk, note: &str, file: &str) -> String {
    let number: Value = note.parse().unwrap();
    let plain = w.write(&["addendums", "ask", note, "--text", "Name the dose."]);
    w.body(ASK, &json!({ "session_note_id": number, "addendum": { "instructions": "Name the dose." } }));
    w.acknowledged(&["addendums", "answer", &plain, "--text", "2 mg."]);
    w.body(ANSWER, &json!({ "session_note_id": number, "addendum": { "instructions_response": "2 mg." } }));
    let signed = w.write(&["addendums", "ask", note, "--text", "Name the side.", "--signature", "full"]);
    is_signature(&w.body_of(ASK)["addendum"]["signature"]);
    w.acknowledged(&["addendums", "answer", &signed, "--signature-file", file]);
    let sent = w.body_of(ANSWER);
    is_signature(&sent["addendum"]["responded_signature"]);
    assert_eq!(sent["addendum"].as_object().unwrap().len(), 1, "what is not given is not sent");
    let shown = w.one(&["addendums", "show", &plain])["shown"]["addendum"].clone();
    assert_eq!((&shown["instructions"], &shown["response"]), (&json!("Name the dose."), &json!("2 mg.")));
    assert_eq!(w.run(&["addendums", "list", "--json"]).objects().len(), 2);
    signed
}

fn sign_offs(w: &mut Walk, note: &str) {
    let number: Value = note.parse().unwrap();
    let given = ["sign-offs", "add", note, "--review-date", "2023-10-27T21:40:00Z"];
    let refused = w.run(&given).bad();
    assert!(refused.contains("a sign-off is signed") && refused.contains("nothing was saved"), "{refused}");
    let record = w.write(&[&given[..], &["--signature", "full", "--text", "Look again."]].concat());
    let mut sent = w.body_of(SIGN);
    is_signature(&sent["sign_off"]["signature"].take());
    let inner = json!({ "instructions": "Look again.", "review_date": "2023-10-27T21:40:00.000Z", "signature": null });
    assert_eq!(sent, json!({ "session_note_id": number, "sign_off": inner }));
    w.acknowledged(&["sign-offs", "change", &record, "--text", "Well done."]);
    w.body(CHANGE, &json!({ "session_note_id": number, "sign_off": { "instructions": "Well done." } }));
    let shown = w.one(&["sign-offs", "show", &record])["shown"]["sign_off"].clone();
    assert_eq!((&shown["instructions"], &shown["review_date"]), (&json!("Well done."), &json!("2023-10-27T21:40:00Z")));
    let row = w.one(&["session-notes", "show", note, "--fresh"]);
    assert_eq!(row["shown"]["session_note"]["status"], "completed", "the clinic says that it is signed off");
}

/// What was made elsewhere is known by its numbers.
fn elsewhere(w: &mut Walk, note: &str) {
    let refused = w.run(&["addendums", "answer", "4711", "--text", "2 mg."]).bad();
    assert!(refused.contains("--note"), "{refused}");
    let said = w.run(&["addendums", "answer", "4711", "--note", note, "--text", "2 mg.", "--wait", "60"]).bad();
    assert!(said.contains("not found"), "{said}");
    w.answered(ANSWER, 404..405);
    // The first of all that the sandbox gives is 39: made here already, it is the same record by number and by id.
    let shown = w.one(&["addendums", "show", "39"]);
    assert_eq!(shown["shown"]["addendum"]["instructions"], "Name the dose.");
}

fn trouble(w: &mut Walk, addendum: &str) {
    let said = w.run(&["addendums", "ask", "99999999", "--text", "x", "--wait", "60"]).bad();
    assert!(said.contains("Session note not found"), "{said}");
    w.admin.act("clinic", "expire_tokens", &json!({}));
    let late = w.run(&["addendums", "answer", addendum, "--text", "After all.", "--wait", "3"]).bad();
    assert!(late.contains("stays queued"), "{late}");
    w.admin.act("clinic", "restore_tokens", &json!({}));
    w.run(&["queue", "retry", late.split_whitespace().find(|word| word.starts_with('q')).unwrap()]);
    w.acknowledged(&["addendums", "answer", addendum, "--text", "After all of it."]);
    let shown = w.one(&["addendums", "show", addendum])["shown"]["addendum"].clone();
    assert_eq!(shown["response"], "After all of it.");
}

fn no_picture_is_told(w: &mut Walk, addendum: &str) {
    let writes = w.run(&["queue", "list", "--all", "--json"]).objects();
    let ids: Vec<String> = writes.iter().map(|e| format!("q{}", e["id"])).collect();
    assert!(ids.len() > 5);
    for id in &ids {
        assert!(!w.run(&["queue", "show", id, "--json"]).good().contains("iVBOR"), "{id}");
    }
    assert!(!w.run(&["timeline", addendum, "--json"]).good().contains("iVBOR"));
    assert!(!w.run(&["addendums", "show", addendum, "--json"]).good().contains("iVBOR"));
    let log = fs::read_to_string(w.home.path("home/.local/state/wardroom/wardroom.log")).unwrap_or_default();
    assert!(!log.contains("iVBOR"));
}

#[test]
fn a_token_that_may_not_list_works_by_numbers() {
    let mut w = Walk::with(PLAN, |admin, config| {
        let addresses = admin.get("/addresses");
        let text = addresses.to_string();
        let token = |name: &str| {
            let after = text.split(&format!("\"{name}\"")).nth(1).unwrap();
            after.split('"').find(|part| part.len() == 40).unwrap().to_owned()
        };
        assert!(config.contains(&token("token")));
        config.replace(&token("token"), &token("clinician_token"))
    });
    assert!(w.run(&["session-notes", "list", "--fresh"]).bad().contains("not told"));
    let world = w.admin.get("/journal?vendor=clinic");
    assert!(world["entries"].as_array().unwrap().iter().all(|e| e["status"] != 200), "nothing was listed");
    let number = w.admin.act("clinic", "newest_note", &json!({}))["sessionNoteId"].to_string();
    let record = w.write(&["addendums", "ask", &number, "--text", "Name the dose."]);
    let shown = w.one(&["session-notes", "show", &number]);
    assert!(shown["provenance"].is_null() && shown["shown"]["session_note"]["summary"].is_null());
    w.acknowledged(&["addendums", "answer", &record, "--text", "2 mg."]);
    assert_eq!(w.run(&["session-notes", "list", "--json"]).objects().len(), 1, "it is known by its number");
}
