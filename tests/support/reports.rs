//! Encounter reports.

use std::io::{Cursor, Read};

/// A report as the vendor packs it.
pub fn packed(password: &str, mut csv: impl Read) -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default().with_aes_encryption(zip::AesMode::Aes256, password);
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    out.start_file("encounters.csv", options).unwrap();
    std::io::copy(&mut csv, &mut out).unwrap();
    out.finish().unwrap().into_inner()
}
