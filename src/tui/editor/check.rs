//! What a person should know before a note is filed.

use crate::domain::note::{NoteBody, Soap};

/// Characters above which a note is called long. An assumption: EMRs type it in key by key, and no vendor publishes a limit.
pub(super) const LONG: usize = 10_000;

/// Words below which a note is called short.
const SHORT: usize = 3;

/// The parts of a SOAP note in their order, with their names.
pub(super) const SECTIONS: [&str; 4] = ["Subjective", "Objective", "Assessment", "Plan"];

/// The texts of a note's sections: one, or the four of a SOAP note.
pub(super) fn texts(body: &NoteBody) -> Vec<&str> {
    match body {
        NoteBody::Text(text) => vec![text],
        NoteBody::Soap(Soap { subjective, objective, assessment, plan }) => {
            vec![subjective, objective, assessment, plan]
        }
    }
}

/// Warnings about a note; filing is still possible.
pub(super) fn warnings(body: &NoteBody) -> Vec<String> {
    let texts = texts(body);
    let mut found = Vec::new();
    if texts.len() == SECTIONS.len() {
        let blank: Vec<&str> =
            SECTIONS.iter().zip(&texts).filter(|(_, t)| t.trim().is_empty()).map(|(name, _)| *name).collect();
        if !blank.is_empty() {
            found.push(format!("blank: {}", blank.join(", ")));
        }
    }
    let characters: usize = texts.iter().map(|t| t.chars().count()).sum();
    if characters > LONG {
        found.push(format!("long: {characters} characters; EMRs may cut or refuse it"));
    }
    let words: usize = texts.iter().map(|t| t.split_whitespace().count()).sum();
    if words < SHORT {
        found.push(format!("short: {words} {}", if words == 1 { "word" } else { "words" }));
    }
    if texts.iter().any(|t| t.chars().any(|c| hidden(c) && c != '\n' && c != '\t' && c != '\r')) {
        found.push("contains hidden or control characters, shown as ‹U+…›".into());
    }
    if texts.iter().any(|t| t.contains("___") || t.contains("[ ]") || t.contains("TODO")) {
        found.push("contains places that were left to be filled in".into());
    }
    found
}

/// Characters that steer a terminal, hide, or reorder what stands beside them. Taken out of what is pasted.
pub(in crate::tui) fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A pasted text as it may be inserted, and how many characters were taken out. Line ends become line feeds, tabs stay.
pub(in crate::tui) fn pasted(text: &str) -> (String, usize) {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n");
    let mut out = String::with_capacity(text.len());
    let mut dropped = 0;
    for c in text.chars() {
        if c != '\n' && c != '\t' && hidden(c) {
            dropped += 1;
        } else {
            out.push(c);
        }
    }
    (out, dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soap(s: &str, o: &str, a: &str, p: &str) -> NoteBody {
        NoteBody::Soap(Soap { subjective: s.into(), objective: o.into(), assessment: a.into(), plan: p.into() })
    }

    #[test]
    fn blank_sections_length_and_what_is_hidden_are_said() {
        let table: &[(NoteBody, &[&str])] = &[
            (soap("Cough for three days", "Lungs clear", "Cold", "Rest"), &[]),
            (soap("Cough for three days", " ", "Cold", ""), &["blank: Objective, Plan"]),
            (NoteBody::Text("ok".into()), &["short: 1 word"]),
            (NoteBody::Text("a b c\u{202e}".into()), &["contains hidden or control characters, shown as ‹U+…›"]),
            (NoteBody::Text("BP ___ today at rest".into()), &["contains places that were left to be filled in"]),
        ];
        for (body, expected) in table {
            assert_eq!(&warnings(body), expected);
        }
        let long = warnings(&NoteBody::Text("word ".repeat(LONG / 5 + 1)));
        assert_eq!(long, ["long: 10005 characters; EMRs may cut or refuse it"]);
    }

    #[test]
    fn what_is_pasted_keeps_its_words_and_loses_what_hides() {
        assert_eq!(pasted("a\r\nb\rc\td"), ("a\nb\nc\td".to_owned(), 0));
        assert_eq!(pasted("\u{1b}[31mred\u{202e}"), ("[31mred".to_owned(), 2));
        assert_eq!(pasted("می\u{200c}خواهم"), ("می\u{200c}خواهم".to_owned(), 0));
    }
}
