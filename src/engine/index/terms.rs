//! What a person typed into a search field, taken apart into words with the spellings each may have in the index.

use jiff::civil::Date;

use crate::engine::fold::{digits, fold};

/// One word of a search: a row must contain one of its spellings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Folded, never empty.
    pub spellings: Vec<String>,
    /// Only the beginning of a word counts: `hartnell n` means somebody whose other name begins with an n, and not
    /// everybody called Hartnell.
    pub begins: bool,
}

/// Latin words up to so many letters, beside others, are beginnings.
const INITIALS: usize = 2;

/// Takes a search apart. Words stand in any order; `3.4.1971`, `03/04/1971` and `1971-04-03` are birth dates.
pub fn terms(search: &str) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    for token in search.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')) {
        let mut spellings = dates(token);
        if number_like(token) {
            let number = digits(token);
            if !number.is_empty() && !spellings.contains(&number) {
                spellings.push(number);
            }
            add(&mut terms, spellings);
        } else {
            fold(token).split(' ').for_each(|word| add(&mut terms, vec![word.to_owned()]));
        }
    }
    if terms.len() > 1 {
        let initials = |s: &String| s.len() <= INITIALS && s.bytes().all(|b| b.is_ascii_lowercase());
        for term in &mut terms {
            term.begins = term.spellings.iter().all(initials);
        }
    }
    terms
}

fn add(terms: &mut Vec<Term>, spellings: Vec<String>) {
    let spellings: Vec<String> = spellings.into_iter().filter(|s| !s.is_empty()).collect();
    let term = Term { spellings, begins: false };
    if !term.spellings.is_empty() && !terms.contains(&term) {
        terms.push(term);
    }
}

fn number_like(token: &str) -> bool {
    token.chars().any(|c| c.is_ascii_digit())
        && token.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | '.' | '/'))
}

/// Every birth date that the token may mean, as the index writes it. `03/04/1971` is two dates: nobody can know whether
/// the month comes first.
fn dates(token: &str) -> Vec<String> {
    let mut found = Vec::new();
    if token.len() == 8 && token.bytes().all(|b| b.is_ascii_digit()) {
        whole(&token[..4], &token[4..6], &token[6..], &mut found);
        whole(&token[4..], &token[2..4], &token[..2], &mut found);
        return found;
    }
    let parts: Vec<&str> = token.split(['.', '-', '/']).collect();
    let numbers = |parts: &[&str]| parts.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 && numbers(&parts) => whole(year, month, day, &mut found),
        [day, month, year] if numbers(&parts) => {
            for year in years(year) {
                whole(&year, month, day, &mut found);
                if !token.contains('.') {
                    whole(&year, day, month, &mut found);
                }
            }
        }
        [day, month, ""] | [day, month] if numbers(&[day, month]) && day.len() <= 2 && month.len() <= 2 => {
            whole("2000", month, day, &mut found);
            if !token.contains('.') {
                whole("2000", day, month, &mut found);
            }
            for date in &mut found {
                date.drain(..4);
            }
        }
        [year, month] | [month, year] if numbers(&parts) && year.len() == 4 && month.len() <= 2 => {
            whole(year, month, "1", &mut found);
            for date in &mut found {
                date.truncate(8);
            }
        }
        _ => {}
    }
    found
}

fn years(year: &str) -> Vec<String> {
    match year.len() {
        4 => vec![year.to_owned()],
        2 => vec![format!("19{year}"), format!("20{year}")],
        _ => Vec::new(),
    }
}

fn whole(year: &str, month: &str, day: &str, found: &mut Vec<String>) {
    let date = year.parse().ok().zip(month.parse().ok()).zip(day.parse().ok());
    if let Some(date) = date.and_then(|((y, m), d)| Date::new(y, m, d).ok()) {
        let date = date.to_string();
        if !found.contains(&date) {
            found.push(date);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spellings(search: &str) -> Vec<Vec<String>> {
        terms(search).into_iter().map(|t| t.spellings).collect()
    }

    #[test]
    fn a_birth_date_may_be_written_in_several_ways() {
        assert!(spellings("3.4.1971")[0].contains(&"1971-04-03".to_owned()));
        assert!(spellings("1971-04-03")[0].contains(&"1971-04-03".to_owned()));
        assert!(spellings("19710403")[0].contains(&"1971-04-03".to_owned()));
        assert!(spellings("3.4.71")[0].contains(&"1971-04-03".to_owned()));
        let slashed = &spellings("03/04/1971")[0];
        assert!(slashed.contains(&"1971-04-03".to_owned()) && slashed.contains(&"1971-03-04".to_owned()));
        assert!(!spellings("3.4.1971")[0].contains(&"1971-03-04".to_owned()));
        assert!(spellings("3.4.")[0].contains(&"-04-03".to_owned()));
        assert!(spellings("4/1971")[0].contains(&"1971-04-".to_owned()));
        assert_eq!(spellings("1971"), [["1971"]]);
    }

    #[test]
    fn a_phone_number_is_its_digits_and_an_impossible_date_is_none() {
        assert_eq!(spellings("(555)123-4567"), [["5551234567"]]);
        assert_eq!(spellings("31.2.1971"), [["3121971"]]);
        assert_eq!(spellings("--"), Vec::<Vec<String>>::new());
    }

    #[test]
    fn a_letter_or_two_beside_another_word_begin_a_name() {
        let begins = |search: &str| terms(search).into_iter().map(|t| t.begins).collect::<Vec<_>>();
        assert_eq!(begins("hartnell, n"), [false, true]);
        assert_eq!(begins("ed ma"), [true, true]);
        assert_eq!(begins("ed"), [false]);
        assert_eq!(begins("marlowe abe 3 子"), [false, false, false, false]);
    }

    #[test]
    fn words_are_folded_and_stand_once() {
        assert_eq!(spellings("Okafor,  ÁDA okafor al-Amin"), [["okafor"], ["ada"], ["al"], ["amin"]]);
    }
}
