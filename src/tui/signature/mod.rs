//! Signatures: as points of ink, as PNG files, as a person draws or types them.

pub mod hand;
pub mod ink;
pub mod pad;
pub mod png;

use std::{
    cell::RefCell,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use crate::domain::signature::Signature;

/// So many pictures are not decoded again for every frame.
const REMEMBERED: usize = 8;

thread_local! {
    static SHOWN: RefCell<Vec<(u64, Vec<String>)>> = const { RefCell::new(Vec::new()) };
}

/// A signature that a vendor told, in at most so many columns and rows; words where it is no picture that can be shown.
pub fn lines(url: &str, columns: u16, rows: u16) -> Vec<String> {
    let mut hasher = DefaultHasher::new();
    (url, columns, rows).hash(&mut hasher);
    let key = hasher.finish();
    SHOWN.with_borrow_mut(|shown| {
        if let Some((_, lines)) = shown.iter().find(|(known, _)| *known == key) {
            return lines.clone();
        }
        let ink = Signature::parse(url).and_then(|signature| signature.png()).map_err(png::BadFile::from);
        let lines = match ink.and_then(|png| png::decode(&png)) {
            Ok(ink) => ink.braille(columns, rows),
            Err(_) => vec!["a picture that cannot be shown here".to_owned()],
        };
        if shown.len() >= REMEMBERED {
            shown.remove(0);
        }
        shown.push((key, lines.clone()));
        lines
    })
}
