//! Uploads, lists and deletions of attachments.

use super::*;
use crate::sandbox::solo::attachments::LARGEST;
use crate::sandbox::solo::samples::{pdf, png};

fn jpeg() -> Vec<u8> {
    // A marker, an application segment, an end: enough to be told from other files.
    b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9".to_vec()
}

fn upload(b: &mut Bench, target: &str, kind: &str, body: &[u8]) -> (u16, Value) {
    let answer = b.keyed("POST", target, &[("content-type", kind)], body);
    (answer.status, serde_json::from_slice(&answer.body).unwrap())
}

#[test]
fn each_of_the_five_types_is_taken_and_told_with_the_documented_fields() {
    let mut b = Bench::new();
    let target = format!("appointments/{}/attachments", b.book());
    let files = [
        ("application/pdf", pdf("one"), "Attachment.pdf"),
        ("application/x-pdf", pdf("two"), "Attachment.pdf"),
        ("image/pdf", pdf("three"), "Attachment.pdf"),
        ("image/png", png(8, 1), "Attachment.png"),
        ("image/jpeg", jpeg(), "Attachment.jpeg"),
    ];
    for (kind, body, title) in &files {
        let (status, told) = upload(&mut b, &target, kind, body);
        assert_eq!(status, 201, "{told}");
        assert_eq!(keys(&told), ["id", "appointmentId", "title", "mimeType", "size", "uploadedAt", "deleted"]);
        assert_eq!((&told["title"], &told["mimeType"]), (&json!(title), &json!(kind)));
        assert_eq!((&told["size"], &told["deleted"]), (&json!(body.len()), &json!(false)));
        assert_eq!(told["uploadedAt"], "2026-11-21T10:00:00-05:00");
    }
    b.restart();
    let listed = b.get(&target);
    assert_eq!(keys(&listed), ["attachments"]);
    assert_eq!(listed["attachments"].as_array().unwrap().len(), 5);
    assert_eq!(listed["attachments"][0]["uploadedAt"], "2026-11-21T15:00:00+00:00");
}

#[test]
fn a_file_is_named_by_the_query_and_found_by_the_aggregate_id() {
    let mut b = Bench::new();
    let said = b.book();
    let target = format!("appointments/{said}/attachments?fileName=Knee%20x-ray%20%C3%BC.png");
    let (_, told) = upload(&mut b, &target, "image/png", &png(8, 2));
    assert_eq!(told["title"], "Knee x-ray ü.png");
    let aggregate = told["appointmentId"].as_str().unwrap().to_owned();
    assert_ne!(aggregate, said.to_string());
    let listed = b.get(&format!("appointments/{aggregate}/attachments"));
    assert_eq!(listed["attachments"][0]["id"], told["id"]);
    let other = format!("{}0", &aggregate[..35]);
    if other != aggregate {
        assert_eq!(b.ask("GET", &format!("appointments/{other}/attachments"), &Value::Null).0, 404);
    }
}

#[test]
fn what_is_no_such_file_is_refused_in_the_documents_words_and_nothing_is_kept() {
    let mut b = Bench::new();
    let target = format!("appointments/{}/attachments", b.book());
    b.store.take_uncommitted();
    let mut large = pdf("large");
    let end = large.split_off(large.len() - 6);
    large.resize(LARGEST, b' ');
    large.extend(end);
    let words = "Mime type \"text/plain\" not supported. Available file mime-types: \"application/pdf\", \
                 \"application/x-pdf\", \"image/pdf\", \"image/png\", \"image/jpeg\"";
    assert_eq!(upload(&mut b, &target, "text/plain", b"hello"), (415, json!({ "error": { "message": words } })));
    assert_eq!(
        upload(&mut b, &target, "application/pdf", b"hello"),
        (415, json!({ "error": { "message": words } })),
        "the bytes decide, not the header"
    );
    let long = format!("{target}?fileName={}", "x".repeat(256));
    let refused: [(&str, &str, &[u8], u16); 9] = [
        (&target, "application/json", b"{}", 415),
        (&target, "image/png", &pdf("x"), 415),
        (&target, "image/png", b"\x89PNG\r\n\x1a\n", 415),
        (&target, "application/pdf", &large, 413),
        (&target, "application/pdf", b"", 400),
        (&format!("{target}?fileName=%20"), "image/png", &png(4, 0), 400),
        (&format!("{target}?fileName=..%2Fx.png"), "image/png", &png(4, 0), 400),
        (&format!("{target}?filename=x.png"), "image/png", &png(4, 0), 400),
        (&long, "image/png", &png(4, 0), 400),
    ];
    for (target, kind, body, status) in refused {
        let (found, told) = upload(&mut b, target, kind, body);
        assert_eq!(found, status, "{target} {kind} {told}");
        assert!(told["error"]["message"].is_string());
    }
    assert_eq!(upload(&mut b, "appointments/1/attachments", "image/png", &png(4, 0)).0, 404);
    assert_eq!(b.store.take_uncommitted(), []);
    large.drain(9..15);
    assert_eq!(large.len(), LARGEST);
    assert_eq!(upload(&mut b, &target, "application/pdf", &large).0, 201, "five megabytes are allowed");
}

#[test]
fn a_deleted_attachment_is_marked_and_cannot_be_deleted_again() {
    let mut b = Bench::new();
    let said = b.book();
    let target = format!("appointments/{said}/attachments");
    let (_, told) = upload(&mut b, &target, "image/png", &png(8, 2));
    let one = format!("{target}/{}", told["id"].as_str().unwrap());
    let elsewhere = format!("appointments/{}/attachments/{}", b.book(), told["id"].as_str().unwrap());
    assert_eq!(b.ask("DELETE", &elsewhere, &Value::Null).0, 404, "it belongs to another appointment");
    assert_eq!(b.ask("DELETE", &one, &json!({})).0, 400, "no body is described");
    let gone = b.keyed("DELETE", &one, &[], b"");
    assert_eq!((gone.status, gone.body.len()), (200, 0));
    assert_eq!(b.get(&target)["attachments"][0]["deleted"], true);
    assert_eq!(b.ask("DELETE", &one, &Value::Null).0, 404);
}
