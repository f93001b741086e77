//! Where a joiner or non-joiner is spelling: the contextual rules of RFC 5892, appendix A.1 and A.2, narrowed to letters of one
//! script on both sides.

/// Whether a joiner is in its place between what stands before it, nearest first, and what stands after it.
pub(super) fn allowed(before: impl Iterator<Item = char>, after: impl Iterator<Item = char>, joiner: char) -> bool {
    let mut before = before.peekable();
    let mut after = after.peekable();
    if let Some(virama) = before.next_if(|c| is_virama(*c)) {
        // A nukta may stand between a letter and its virama.
        let letter = before.find(|c| c.is_alphabetic() || block(*c) != block(virama));
        return [letter, after.next()]
            .into_iter()
            .all(|c| c.is_some_and(|c| c.is_alphabetic() && block(c) == block(virama)));
    }
    if joiner != '\u{200c}' {
        return false;
    }
    // Vowel signs do not keep letters from connecting.
    let first = before.find(|c| !is_transparent(*c));
    let second = after.find(|c| !is_transparent(*c));
    match (first.map(joining), second.map(joining)) {
        (Some(Some((script, Joins::Both))), Some(Some((other, _)))) => script == other,
        _ => false,
    }
}

/// The Unicode block, where the Indic scripts have one of 128 characters each.
fn block(c: char) -> u32 {
    c as u32 >> 7
}

/// The viramas of the Indic scripts that stack or connect letters (canonical combining class 9).
fn is_virama(c: char) -> bool {
    matches!(
        c,
        '\u{94d}'
            | '\u{9cd}'
            | '\u{a4d}'
            | '\u{acd}'
            | '\u{b4d}'
            | '\u{bcd}'
            | '\u{c4d}'
            | '\u{ccd}'
            | '\u{d3b}'
            | '\u{d3c}'
            | '\u{d4d}'
            | '\u{dca}'
            | '\u{1039}'
            | '\u{17d2}'
    )
}

/// Marks above and below Arabic and Syriac letters (joining type T).
fn is_transparent(c: char) -> bool {
    matches!(c,
        '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}'
        | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}' | '\u{711}' | '\u{730}'..='\u{74a}')
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Arabic,
    Syriac,
}

/// How a letter connects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joins {
    /// To the letter before and to the one after.
    Both,
    /// To the letter before only.
    Before,
}

/// The script and joining type of a letter that connects at all (Unicode's ArabicShaping).
fn joining(c: char) -> Option<(Script, Joins)> {
    let script = match c {
        '\u{620}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => Script::Arabic,
        '\u{710}'..='\u{74f}' => Script::Syriac,
        _ => return None,
    };
    // Hamza and high hamza connect to nothing; tatweel is no letter of a name.
    if !c.is_alphabetic() || matches!(c, '\u{621}' | '\u{640}' | '\u{674}' | '\u{6d5}' | '\u{6e5}' | '\u{6e6}') {
        return None;
    }
    let before_only = matches!(c,
        '\u{622}'..='\u{625}' | '\u{627}' | '\u{629}' | '\u{62f}'..='\u{632}' | '\u{648}' | '\u{671}'..='\u{673}'
        | '\u{675}'..='\u{677}' | '\u{688}'..='\u{699}' | '\u{6c0}' | '\u{6c3}'..='\u{6cb}' | '\u{6cd}' | '\u{6cf}'
        | '\u{6d2}' | '\u{6d3}' | '\u{6ee}' | '\u{6ef}'
        | '\u{710}' | '\u{715}'..='\u{719}' | '\u{71e}' | '\u{728}' | '\u{72a}' | '\u{72c}' | '\u{72f}' | '\u{74d}'
        | '\u{759}'..='\u{75b}' | '\u{76b}' | '\u{76c}' | '\u{771}' | '\u{773}' | '\u{774}' | '\u{778}' | '\u{779}');
    Some((script, if before_only { Joins::Before } else { Joins::Both }))
}
