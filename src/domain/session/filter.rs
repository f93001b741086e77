//! What a person types to have only some of the sessions shown: words that a row must hold, some of them about one part of
//! it only, as in `noa doctor:farrow state:interrupted`.

/// The part of a session that a word is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Whose session it is.
    Provider,
    /// The doctor, as the vendor holds them.
    Doctor,
    /// The patient: name, birth date, number.
    Patient,
    /// Where it stands: the vendor's word, ours, or the group's.
    State,
}

impl Part {
    /// By which of these words a person names it.
    fn named(word: &str) -> Option<Self> {
        Some(match word.to_lowercase().as_str() {
            "provider" | "vendor" | "scribe" => Self::Provider,
            "doctor" | "dr" => Self::Doctor,
            "patient" | "for" => Self::Patient,
            "state" | "status" | "is" => Self::State,
            _ => return None,
        })
    }
}

/// One word of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The only part that counts; any when absent.
    pub part: Option<Part>,
    /// What it must hold.
    pub text: String,
    /// The word as it was typed.
    pub typed: String,
}

/// Takes a filter apart. A word that names a part and says nothing about it yet is being typed and holds nothing back.
pub fn words(text: &str) -> Vec<Word> {
    text.split_whitespace()
        .filter_map(|typed| {
            let (part, text) = match typed.split_once(':') {
                Some((name, rest)) => match Part::named(name) {
                    Some(part) => (Some(part), rest),
                    None => (None, typed),
                },
                None => (None, typed),
            };
            (!text.is_empty()).then(|| Word { part, text: text.to_owned(), typed: typed.to_owned() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_may_name_the_part_that_it_is_about() {
        let all = words("noa doctor:Farrow is:interrupted patient:okoro vendor:heidi 10:30 state:");
        let parts: Vec<_> = all.iter().map(|w| (w.part, w.text.as_str())).collect();
        assert_eq!(
            parts,
            [
                (None, "noa"),
                (Some(Part::Doctor), "Farrow"),
                (Some(Part::State), "interrupted"),
                (Some(Part::Patient), "okoro"),
                (Some(Part::Provider), "heidi"),
                (None, "10:30"),
            ]
        );
        assert_eq!(all[1].typed, "doctor:Farrow");
        assert!(words("  state: ").is_empty());
    }
}
