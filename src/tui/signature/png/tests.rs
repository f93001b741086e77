#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so loudly")]

use image::{ImageFormat, Rgba, RgbaImage};

use super::*;

/// A black stroke on nothing.
fn stroke(width: u32, height: u32) -> Vec<u8> {
    let picture =
        RgbaImage::from_fn(width, height, |_, y| if y == height / 2 { Rgba([0, 0, 0, 255]) } else { Rgba([0; 4]) });
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    let named = [name, content].concat();
    [&(content.len() as u32).to_be_bytes()[..], &named, &crc32(&named).to_be_bytes()].concat()
}

/// A picture with a chunk put in after its head.
fn with_chunk(png: &[u8], chunk: &[u8]) -> Vec<u8> {
    [&png[..33], chunk, &png[33..]].concat()
}

/// A picture that says that it is of another size.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut png = stroke(8, 8);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    png
}

#[test]
fn a_file_becomes_one_form_without_what_else_it_holds() {
    let plain = stroke(600, 200);
    let told = with_chunk(&plain, &chunk(b"tEXt", b"Author\0Wanda Quill"));
    let folder = tempfile::tempdir().unwrap();
    let kept = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        file(&path).unwrap()
    };
    let (one, other) = (kept("a.png", &plain), kept("b.png", &told));
    assert!(one == other, "the same points give the same bytes");
    assert!(!other.png().unwrap().windows(5).any(|w| w == b"Wanda"));
    let shape = one.shape().unwrap();
    assert_eq!((shape.width, shape.height), (480, 160));
    let ink = decode(&one.png().unwrap()).unwrap();
    assert!(!ink.is_blank() && encode(&ink).unwrap() == one, "made anew it is what it was");
    assert_eq!(kept("c.png", &stroke(24, 24)).shape().unwrap().width, 24, "a small one is not made larger");
}

#[test]
fn every_bad_file_is_refused_and_says_why() {
    let of = |bytes: &[u8]| decode(bytes).unwrap_err();
    assert_eq!(of(b"\xff\xd8\xff\xe0\0\x10JFIF and so on for more than a head"), BadFile::Jpeg);
    assert_eq!(of(b"GIF89a and so on for more than a head"), BadFile::Bad(BadSignature::NotPng));
    assert_eq!(of(&vec![b'x'; 10 << 20]), BadFile::Bad(BadSignature::Bytes));
    let pixels = BadSignature::Pixels { width: 20_000, height: 20_000 };
    assert_eq!(of(&claiming(20_000, 20_000)), BadFile::Bad(pixels));
    assert_eq!(of(&claiming(2_000, 1_000)), BadFile::Damaged, "a small file that says it is large");
    let whole = stroke(64, 64);
    for end in [40, whole.len() / 2, whole.len() - 13] {
        assert_eq!(of(&whole[..end]), BadFile::Damaged, "cut after {end}");
    }
    let moving = with_chunk(&whole, &chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]));
    assert_eq!(of(&moving), BadFile::Moves);
    // A packed text of 200 KB, whatever it would become: nobody unpacks it.
    let bomb = with_chunk(&whole, &chunk(b"zTXt", &[b"x\0\0".to_vec(), vec![0x78; 200_000]].concat()));
    assert!(decode(&bomb).is_ok_and(|ink| ink.size() == (64, 64)));
    for (bad, words) in [
        (BadFile::Jpeg, "PNG only"),
        (BadFile::Bad(BadSignature::Bytes), "the picture is larger than 256 KiB"),
        (BadFile::Bad(pixels), "20000 × 20000"),
    ] {
        assert!(bad.to_string().contains(words), "{bad}");
    }
}

#[test]
fn what_is_no_file_or_blank_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(file(folder.path()), Err(BadFile::NoFile));
    assert_eq!(file(&folder.path().join("none")), Err(BadFile::Unreadable(std::io::ErrorKind::NotFound)));
    let blank = folder.path().join("blank.png");
    let mut bytes = Vec::new();
    RgbaImage::new(40, 20).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    std::fs::write(&blank, bytes).unwrap();
    assert_eq!(file(&blank), Err(BadFile::Blank));
    let large = folder.path().join("large.png");
    std::fs::write(&large, [stroke(8, 8), vec![0; 10 << 20]].concat()).unwrap();
    assert_eq!(file(&large), Err(BadFile::Bad(BadSignature::Bytes)));
}
