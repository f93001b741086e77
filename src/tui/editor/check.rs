//! What a person should know before a note is filed.

use crate::{
    domain::note::{NoteBody, Soap},
    tui::forms::PatientIdentity,
};

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

/// What a note must have before it is filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoteRules {
    /// Which of its four sections must not be blank.
    pub required: [bool; 4],
    /// At most so many characters.
    pub most: usize,
}

impl Default for NoteRules {
    fn default() -> Self {
        Self { required: [false; 4], most: usize::MAX }
    }
}

/// The sections that a word of `[window] required_sections` names.
pub fn required(word: &str) -> [bool; 4] {
    match word {
        "plan" => [false, false, false, true],
        "assessment_plan" => [false, false, true, true],
        "all" => [true; 4],
        _ => [false; 4],
    }
}

/// What keeps a note from being filed, each in words.
pub(super) fn blockers(about: &PatientIdentity, body: &NoteBody, rules: NoteRules) -> Vec<String> {
    let mut found = Vec::new();
    if about.identifiers() < 2 {
        found.push("two identifiers of the patient are needed, a name and a birth date or MRN".to_owned());
    }
    let texts = texts(body);
    if texts.len() == SECTIONS.len() {
        let blank = |at: &usize| rules.required[*at] && texts[*at].trim().is_empty();
        let missing: Vec<&str> = (0..SECTIONS.len()).filter(blank).map(|at| SECTIONS[at]).collect();
        if !missing.is_empty() {
            found.push(format!("required and blank: {}", missing.join(", ")));
        }
    }
    let characters: usize = texts.iter().map(|t| t.chars().count()).sum();
    if characters > rules.most {
        found.push(format!("too long: {characters} characters, at most {} are filed", rules.most));
    }
    found
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
    fn a_note_of_nobody_known_without_its_sections_or_too_long_is_kept_from_being_filed() {
        let who = |name: &str, born: Option<&str>, mrn: Option<&str>| PatientIdentity {
            name: name.into(),
            birth_date: born.map(str::to_owned),
            mrn: mrn.map(str::to_owned),
        };
        let known = who("Lind, Zoë", Some("1990-01-02"), None);
        let rules = |word, most| NoteRules { required: required(word), most };
        let none = rules("none", usize::MAX);
        let body = soap("Cough", " ", "Cold", "");
        let said = |about: &PatientIdentity, body: &NoteBody, rules| blockers(about, body, rules).join("; ");
        for (about, refused) in [
            (known.clone(), false),
            (who("Lind, Zoë", None, Some("M7")), false),
            (who("Lind, Zoë", None, None), true),
            (who(" ", Some("1990-01-02"), None), true),
            (PatientIdentity::default(), true),
        ] {
            assert_eq!(said(&about, &body, none).contains("two identifiers"), refused, "{about:?}");
        }
        assert_eq!(said(&known, &body, none), "");
        assert_eq!(said(&known, &body, rules("plan", usize::MAX)), "required and blank: Plan");
        assert_eq!(said(&known, &body, rules("assessment_plan", usize::MAX)), "required and blank: Plan");
        assert_eq!(said(&known, &body, rules("all", usize::MAX)), "required and blank: Objective, Plan");
        assert_eq!(said(&known, &body, rules("none", 9)), "too long: 10 characters, at most 9 are filed");
        assert_eq!(said(&known, &NoteBody::Text("x".into()), rules("all", 9)), "");
    }

    #[test]
    fn what_is_pasted_keeps_its_words_and_loses_what_hides() {
        assert_eq!(pasted("a\r\nb\rc\td"), ("a\nb\nc\td".to_owned(), 0));
        assert_eq!(pasted("\u{1b}[31mred\u{202e}"), ("[31mred".to_owned(), 2));
        assert_eq!(pasted("می\u{200c}خواهم"), ("می\u{200c}خواهم".to_owned(), 0));
    }
}
