//! Kept signatures: sealed, and each person's own.

use super::*;
use crate::domain::{
    audit::AuditAct,
    command::Refusal,
    signature::{KeptSignature, MOST_KEPT, Made, Signature, SignatureAct, SignatureMeta},
};

/// Bytes that are found wherever they lie in the clear.
const STROKES: &[u8] = b"planted strokes of a pen";

fn signature() -> Signature {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x08".to_vec();
    png.extend(STROKES);
    Signature::of_png(&png).unwrap()
}

fn act(t: &ForTests, act: SignatureAct, by: &str) -> Reply {
    t.engine.execute(Command::Signature { act: Box::new(act) }, by)
}

fn keep(t: &ForTests, name: &str, by: &str) -> Reply {
    act(t, SignatureAct::Keep { name: name.into(), made: Made::Drawn, signature: signature() }, by)
}

fn list(t: &ForTests, by: &str) -> Vec<SignatureMeta> {
    match act(t, SignatureAct::List, by) {
        Reply::Signatures(kept) => kept,
        other => panic!("{other:?}"),
    }
}

fn take(t: &ForTests, name: &str, by: &str) -> Reply {
    act(t, SignatureAct::Take { name: name.into() }, by)
}

#[test]
fn a_person_keeps_signatures_that_nobody_else_is_told_of() {
    let t = Engine::for_tests().unwrap();
    assert_eq!(keep(&t, " initials ", "amira"), Reply::Done);
    assert_eq!(keep(&t, "full", "amira"), Reply::Done);
    assert_eq!(keep(&t, "initials", "bo"), Reply::Done);
    let names = |by| list(&t, by).into_iter().map(|meta| meta.name).collect::<Vec<_>>();
    assert_eq!((names("amira"), names("bo")), (vec!["full".to_owned(), "initials".into()], vec!["initials".into()]));
    assert_eq!((names("ami"), names("amirai")), (vec![], vec![]), "no name is the beginning of another");
    assert!(matches!(take(&t, "initials", "amira"), Reply::Signature(kept)
        if matches!(&*kept, KeptSignature { meta, signature: s } if meta.made == Made::Drawn && *s == signature())));
    assert_eq!(take(&t, "full", "bo"), Reply::Refused(Refusal::Gone));
    assert_eq!(act(&t, SignatureAct::Drop { name: "full".into() }, "bo"), Reply::Refused(Refusal::Gone));
    assert_eq!(act(&t, SignatureAct::Drop { name: "full".into() }, "amira"), Reply::Done);
    let t = t.reopen(false).unwrap();
    assert_eq!(list(&t, "amira").len(), 1, "it is there after a start");
}

#[test]
fn what_is_kept_is_bounded_and_checked() {
    let t = Engine::for_tests().unwrap();
    assert!(matches!(keep(&t, " ", "amira"), Reply::Refused(Refusal::Invalid(_))));
    let forged: Signature = serde_json::from_str(r#""data:image/png;base64,AAAA""#).unwrap();
    let forged = SignatureAct::Keep { name: "x".into(), made: Made::File, signature: forged };
    assert!(matches!(act(&t, forged, "amira"), Reply::Refused(Refusal::Invalid(_))));
    for n in 0..MOST_KEPT {
        assert_eq!(keep(&t, &n.to_string(), "amira"), Reply::Done);
    }
    assert!(matches!(keep(&t, "one more", "amira"), Reply::Refused(Refusal::Invalid(_))));
    assert_eq!(keep(&t, "3", "amira"), Reply::Done, "one is replaced by another of its name");
    assert_eq!(keep(&t, "one more", "bo"), Reply::Done);
}

#[test]
fn a_signature_is_found_in_no_file_and_its_use_is_on_record() {
    let t = Engine::for_tests().unwrap();
    keep(&t, "a name that is told", "amira");
    take(&t, "a name that is told", "amira");
    let lines = crate::ledger::Read::audit(t.engine.ledger(), 2).unwrap();
    let acts: Vec<AuditAct> = lines.into_iter().map(|row| row.event.act).collect();
    assert_eq!(acts, [AuditAct::SignatureTaken, AuditAct::SignatureKept], "the latest first");
    let encoded = signature().expose().as_bytes()[62..82].to_vec();
    t.reopen_after(true, |dir| {
        let mut files = vec![dir.to_path_buf()];
        let mut read = 0;
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            read += bytes.len();
            for clear in [STROKES, &encoded, b"a name that is told", b"amira"] {
                assert!(!bytes.windows(clear.len()).any(|w| w == clear), "in the clear in {}", path.display());
            }
        }
        assert!(read > 10_000);
    })
    .unwrap();
}
