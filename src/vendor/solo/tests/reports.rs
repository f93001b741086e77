use std::{
    io::{Cursor, Write as _},
    ops::ControlFlow,
};

use base64_simd::STANDARD;
use zip::{AesMode, CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::{
    domain::{
        Question, ReasonKind,
        report::{Download, ReportOrder},
    },
    vendor::solo::zipped::{Bounds, Line, ReportTrouble, lines},
};

/// Made outside of this program: deflate under the old encryption, password `p4ss`.
const OLD: &str = "UEsDBBQAAQAIAAAAIVoxB8SlNgAAACkAAAAOAAAAZW5jb3VudGVycy5jc3Yo2Y23nx8GjLiIQrLRkVSGFld9rqs9/ANTaOJbT8MYJHWj7lZyrbOnQAAYfrin8mRGyQOHa85QSwECFAAUAAEACAAAACFaMQfEpTYAAAApAAAADgAAAAAAAAAAAAAAAAAAAAAAZW5jb3VudGVycy5jc3ZQSwUGAAAAAAEAAQA8AAAAYgAAAAAA";
const TEXT: &str = "\u{feff}Visit,Reason\r\n31,\"cough, dry\"\r\n32,fever\r\n";

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .with_aes_encryption(AesMode::Aes256, "p4ss");
    for (name, bytes) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn read(zip: &[u8], password: &str, bounds: Bounds) -> Result<(u64, Vec<Vec<String>>), ReportTrouble> {
    let mut all = Vec::new();
    let rows = lines(Cursor::new(zip), &Secret::new(password), b',', bounds, &mut |line| {
        match line {
            Line::Header(row) => all.insert(0, row),
            Line::Row(row) => all.push(row),
        }
        ControlFlow::Continue(())
    })?;
    Ok((rows, all))
}

fn table() -> Vec<Vec<String>> {
    [["Visit", "Reason"], ["31", "cough, dry"], ["32", "fever"]].map(|row| row.map(str::to_owned).to_vec()).to_vec()
}

#[test]
fn a_report_opens_under_both_encryptions_and_only_with_its_password() {
    let old = STANDARD.decode_to_vec(OLD).unwrap();
    let new = packed(&[("folder/", b""), ("encounters.csv", TEXT.as_bytes()), ("readme.txt", b"no table")]);
    for zip in [&old, &new] {
        assert_eq!(read(zip, "p4ss", Bounds::default()), Ok((2, table())));
        assert_eq!(read(zip, "wrong", Bounds::default()), Err(ReportTrouble::WrongPassword));
    }
}

#[test]
fn a_zip_that_unfolds_without_end_is_stopped_at_its_bound() {
    let bomb = packed(&[("a.csv", &b"0,0\n".repeat(1 << 20))]);
    assert!(bomb.len() < 64 * 1024, "{} bytes", bomb.len());
    let bounds = Bounds { bytes: 1 << 20, ..Bounds::default() };
    assert_eq!(read(&bomb, "p4ss", bounds), Err(ReportTrouble::TooLarge(1 << 20)));
    let row = packed(&[("a.csv", &vec![b'0'; 4 << 20])]);
    assert_eq!(read(&row, "p4ss", Bounds::default()), Err(ReportTrouble::RowTooLarge(1 << 20)));
    let many: Vec<(String, &[u8])> = (0..5).map(|n| (format!("{n}.csv"), &b"a\n"[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(n, b)| (n.as_str(), *b)).collect();
    let bounds = Bounds { files: 4, ..Bounds::default() };
    assert_eq!(read(&packed(&many), "p4ss", bounds), Err(ReportTrouble::TooManyFiles(4)));
}

#[test]
fn what_is_damaged_or_no_report_says_so() {
    let good = packed(&[("a.csv", TEXT.as_bytes())]);
    assert_eq!(read(b"<html>", "p4ss", Bounds::default()), Err(ReportTrouble::NotAZip));
    assert_eq!(read(&good[..good.len() - 30], "p4ss", Bounds::default()), Err(ReportTrouble::NotAZip));
    assert_eq!(
        read(&packed(&[("a.txt", b"x"), ("b.txt", b"y")]), "p4ss", Bounds::default()),
        Err(ReportTrouble::NoCsv)
    );
    let mut flipped = STANDARD.decode_to_vec(OLD).unwrap();
    flipped[75] ^= 0x40;
    assert_eq!(read(&flipped, "p4ss", Bounds::default()), Err(ReportTrouble::Damaged));
    let stopped =
        lines(Cursor::new(good), &Secret::new("p4ss"), b',', Bounds::default(), &mut |_| ControlFlow::Break(()));
    assert_eq!(stopped, Err(ReportTrouble::Stopped));
}

#[tokio::test]
async fn a_download_is_handed_on_and_can_be_stopped() {
    let script = Script::new().answer(200, "0123456789").answer(200, "0123456789").answer(404, "");
    let solo = solo(&script);
    let what = Download::EncounterReport { id: "r-1".into() };
    let mut got = Vec::new();
    let bytes = solo
        .download(&what, &mut |piece| {
            got.extend_from_slice(piece);
            ControlFlow::Continue(())
        })
        .await;
    assert_eq!((bytes, got.as_slice()), (Ok(10), &b"0123456789"[..]));
    let stopped = solo.download(&what, &mut |_| ControlFlow::Break(())).await.unwrap_err();
    assert_eq!(stopped.kind, ReasonKind::Interrupted);
    let missing = solo.download(&what, &mut |_| ControlFlow::Continue(())).await.unwrap_err();
    assert_eq!(missing.kind, ReasonKind::NotFound);
}

#[tokio::test]
async fn an_order_is_checked_and_its_password_is_shown_nowhere() {
    let order = |from: &str, to: &str, preset: &str, password: &str| ReportOrder {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        preset: preset.into(),
        password: Secret::new(password),
    };
    let (early, late) = ("2024-08-15T00:00:00Z", "2024-08-16T00:00:00Z");
    for (wrong, field) in [
        (order(late, early, "p", "s3cret"), "to"),
        (order(early, late, " ", "s3cret"), "preset"),
        (order(early, late, "p", ""), "password"),
    ] {
        let script = Script::new();
        let refused = solo(&script).ask(&Question::OrderReport { order: wrong }, &Known::default()).await.unwrap_err();
        assert!(refused.message.starts_with(field) && script.calls().is_empty());
    }
    let question = Question::OrderReport { order: order(early, late, "p", "s3cret") };
    assert!(!format!("{question:?}").contains("s3cret"));
    let script = Script::new().answer(200, r#"{"id":"r-1","status":"brewing"}"#);
    let (asked, _) = solo(&script).ask(&question, &Known::default()).await.unwrap();
    assert!(format!("{asked:?}").contains("brewing"), "an unknown status is kept");
    assert_eq!(script.calls()[0].concealed, ["password"]);
}
