//! Words typed with one letter wrong, or without some of their letters. Two people's names are often one letter apart, so
//! this finds little: a word is only looked for inside one word of a name, and never with another first letter.

/// So many of the letters typed must be right: with fewer every other name is near.
pub(super) const LETTERS: usize = 4;
/// A wrong last letter is forgiven only in words that are at least so long: in shorter ones it is another name.
const LONG: usize = 6;

/// The words of a search that may be misspelled.
pub(super) struct Misspelled {
    words: Vec<Vec<char>>,
}

impl Misspelled {
    pub(super) fn new<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        Self { words: words.map(|word| word.chars().collect()).collect() }
    }

    /// How far the words are from those of a name, all in all; `None` when one of them is too far from each. `buffer` only
    /// saves allocations.
    pub(super) fn distance(&self, names: &str, buffer: &mut Vec<char>) -> Option<u32> {
        self.words.iter().try_fold(0, |sum, typed| {
            let first = typed.first().copied();
            let near = names.split(' ').filter(|word| word.chars().next() == first).filter_map(|word| {
                buffer.clear();
                buffer.extend(word.chars());
                distance(typed, buffer)
            });
            Some(sum + near.min()?)
        })
    }
}

/// How many letters are wrong in what was typed for the beginning of a word: one that is wrong, too many or exchanged with
/// its neighbour, or some left out one at a time. `None` when it is something else.
fn distance(typed: &[char], word: &[char]) -> Option<u32> {
    let same = typed.iter().zip(word).take_while(|(t, w)| t == w).count();
    if same == typed.len() {
        return Some(0);
    }
    if same == 0 {
        return None;
    }
    let goes_on = |t: usize, w: usize| match (typed.get(t..), word.get(w..)) {
        (Some([]), Some(rest)) => rest.is_empty() && typed.len() >= LONG,
        (Some(typed), Some(word)) => word.starts_with(typed),
        _ => false,
    };
    let exchanged = same + 1 < typed.len()
        && word.get(same..same + 2) == Some(&[typed[same + 1], typed[same]])
        && word[same + 2..].starts_with(&typed[same + 2..]);
    let one_wrong = typed.len() > LETTERS && (goes_on(same + 1, same + 1) || goes_on(same + 1, same));
    if exchanged || one_wrong {
        return Some(1);
    }
    left_out(typed, word, typed.len() / 2)
}

/// How many of the word's letters were left out, no two neighbours among them and at most `most`.
fn left_out(typed: &[char], word: &[char], most: usize) -> Option<u32> {
    let Some((next, rest)) = typed.split_first() else { return Some(0) };
    let here = (word.first() == Some(next)).then(|| left_out(rest, &word[1..], most)).flatten();
    let after = (most > 0 && word.get(1) == Some(next)).then(|| left_out(rest, &word[2..], most - 1)).flatten();
    here.into_iter().chain(after.map(|left_out| left_out + 1)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far(typed: &str, names: &str) -> Option<u32> {
        Misspelled::new(typed.split(' ')).distance(names, &mut Vec::new())
    }

    #[test]
    fn one_wrong_letter_or_a_few_left_out_are_forgiven() {
        for (typed, names, distance) in [
            ("okafor", "okafor ada", 0),
            ("okfor", "okafor ada", 1),
            ("okfr", "okafor ada", 2),
            ("okaffor", "okafor ada", 1),
            ("okafro", "okafor ada", 1),
            ("okavor", "okafor ada", 1),
            ("okafot", "okafor ada", 1),
            ("okafors", "okafor ada", 1),
            ("oakf", "okafor ada", 1),
            ("okavor adaa", "okafor adara", 2),
            ("hartnel", "hartnell percy", 0),
        ] {
            assert_eq!(far(typed, names), Some(distance), "{typed}");
        }
    }

    #[test]
    fn letters_strewn_over_names_and_other_first_letters_are_not() {
        for (typed, names) in [
            ("marl", "sledz malgorzata  malgorzata sledz"),
            ("marl", "margaretl"),
            ("marl", "mary"),
            ("ekafor", "okafor ada"),
            ("okar", "okafor ada"),
            ("okafors", "okaforbe ada"),
            ("okvr", "okafor ada"),
            ("okavor olag", "okafor ada"),
        ] {
            assert_eq!(far(typed, names), None, "{typed}");
        }
    }
}
