//! How notes about a record are laid to those that are kept: readings alike become one, and no more than a ring of them
//! stays.

use super::{Asked, Note, Noting};

/// So many notes are kept about a record; the oldest give way.
pub const KEPT: u64 = 200;

/// What laying notes to a ring comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// The notes to be put under their numbers. The first may replace the last one that was there.
    pub put: Vec<(u64, Noting)>,
    /// The number that the next note gets.
    pub next: u64,
}

/// Lays `new` after the last kept note. Numbers count up from `next`.
pub fn lay(last: Option<(u64, Noting)>, next: u64, new: impl IntoIterator<Item = Noting>) -> Laid {
    let mut put: Vec<(u64, Noting)> = Vec::new();
    let (mut last, mut next) = (last, next);
    for noting in new {
        let folded = match put.last_mut().or(last.as_mut()) {
            Some((_, before)) => fold(before, &noting),
            None => false,
        };
        if !folded {
            put.push((next, noting));
            next += 1;
        } else if put.is_empty() {
            put.extend(last.take());
        }
    }
    Laid { put, next }
}

/// Makes one of two readings alike that changed nothing. Tells whether it did.
fn fold(before: &mut Noting, after: &Noting) -> bool {
    let (Note::Asked(one), Note::Asked(other)) = (&mut before.note, &after.note) else { return false };
    // A clock that was put back must not make a reading end before it began.
    if !alike(one, other) || after.at < before.at {
        return false;
    }
    one.count = one.count.saturating_add(other.count);
    one.until = one.until.max(other.until);
    one.heads.clone_from(&other.heads);
    true
}

fn alike(one: &Asked, other: &Asked) -> bool {
    let heads = one.heads.len() == other.heads.len() && one.heads.iter().zip(&other.heads).all(|(a, b)| a.alike(b));
    heads
        && (one.source, one.more, one.failure) == (other.source, other.more, other.failure)
        && !one.changed
        && !other.changed
}
