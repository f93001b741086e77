//! Which words of two texts are the same ones, in the same order: the shortest way from one text to the other (Myers) as far
//! as that is found quickly, then words that stand once on either side, then as far as each attempt came.

/// Differences after which the shortest way is given up for a stretch.
const MOST: usize = 512;

/// Steps in all. A step costs a nanosecond or two; the stretches that are left when they are used up count as replaced.
pub(super) const BUDGET: usize = 2_000_000;

/// Words of one text that stand in the other as well, in the same order.
struct Run {
    a: usize,
    b: usize,
    len: usize,
}

/// Pairs of places whose words are the same, both rising.
pub(super) fn align(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (rest_a, rest_b) = (&a[head..], &b[head..]);
    let tail = rest_a.iter().rev().zip(rest_b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (rest_a, rest_b) = (&rest_a[..rest_a.len() - tail], &rest_b[..rest_b.len() - tail]);
    // What the other side does not have at all can be paired with nothing.
    let (there_a, there_b) = (shared(rest_a, rest_b), shared(rest_b, rest_a));
    let pick = |of: &[u32], places: &[usize]| places.iter().map(|at| of[*at]).collect::<Vec<_>>();
    let runs = within(&pick(rest_a, &there_a), &pick(rest_b, &there_b));
    let place = |run: &Run, n: usize| (head + there_a[run.a + n], head + there_b[run.b + n]);
    let first = (0..head).map(|at| (at, at));
    let middle = runs.iter().flat_map(|run| (0..run.len).map(move |n| place(run, n)));
    let last = (0..tail).map(|at| (a.len() - tail + at, b.len() - tail + at));
    first.chain(middle).chain(last).collect()
}

/// The places of the words that also stand in `other`.
fn shared(of: &[u32], other: &[u32]) -> Vec<usize> {
    let most = of.iter().chain(other).max().map_or(0, |m| *m as usize + 1);
    let mut there = vec![false; most];
    for word in other {
        there[*word as usize] = true;
    }
    of.iter().enumerate().filter(|(_, word)| there[**word as usize]).map(|(at, _)| at).collect()
}

fn within(a: &[u32], b: &[u32]) -> Vec<Run> {
    let mut left = BUDGET;
    let mut runs = Vec::new();
    let mut open = vec![(0..a.len(), 0..b.len())];
    while let Some((mut x, mut y)) = open.pop() {
        let head = a[x.clone()].iter().zip(&b[y.clone()]).take_while(|(p, q)| p == q).count();
        runs.push(Run { a: x.start, b: y.start, len: head });
        (x.start, y.start) = (x.start + head, y.start + head);
        let tail = a[x.clone()].iter().rev().zip(b[y.clone()].iter().rev()).take_while(|(p, q)| p == q).count();
        (x.end, y.end) = (x.end - tail, y.end - tail);
        runs.push(Run { a: x.end, b: y.end, len: tail });
        if x.is_empty() || y.is_empty() || left == 0 {
            continue;
        }
        let found = shortest(&a[x.clone()], &b[y.clone()], &mut left);
        let anchors = if found.whole { Vec::new() } else { anchors(&a[x.clone()], &b[y.clone()]) };
        if anchors.is_empty() {
            let moved = |run: Run| Run { a: run.a + x.start, b: run.b + y.start, ..run };
            let (i, j) = (x.start + found.reached.0, y.start + found.reached.1);
            runs.extend(found.runs.into_iter().map(moved));
            if !found.whole && found.reached != (0, 0) {
                open.push((i..x.end, j..y.end));
            }
            continue;
        }
        let (mut i, mut j) = (x.start, y.start);
        for (p, q) in anchors {
            open.push((i..x.start + p, j..y.start + q));
            // The word itself is found again as the beginning of the stretch after it.
            (i, j) = (x.start + p, y.start + q);
        }
        open.push((i..x.end, j..y.end));
    }
    runs.retain(|run| run.len > 0);
    runs.sort_unstable_by_key(|run| run.a);
    runs
}

/// What the search for the shortest way came to.
struct Found {
    runs: Vec<Run>,
    /// How far in either text.
    reached: (usize, usize),
    /// To the end of both.
    whole: bool,
}

/// Myers' greedy search, given up after [`MOST`] differences; then the way that came furthest.
#[allow(
    clippy::many_single_char_names,
    reason = "the letters of Myers' paper: lengths n and m, diagonal k, place x, difference d"
)]
fn shortest(a: &[u32], b: &[u32], left: &mut usize) -> Found {
    let (n, m) = (a.len() as i64, b.len() as i64);
    // For each number of differences: on each diagonal that can be reached, how far in `a`; -1 where nothing can be.
    let mut rows: Vec<Vec<i64>> = Vec::new();
    for d in 0..=MOST {
        let mut row = vec![-1; d + 1];
        for (i, slot) in row.iter_mut().enumerate() {
            let k = 2 * i as i64 - d as i64;
            let Some(from) = (if d == 0 { Some(0) } else { rows.last().and_then(|last| entered(last, i, k, n, m)) })
            else {
                continue;
            };
            let (x, y) = (from as usize, (from - k) as usize);
            let ran = a[x..].iter().zip(&b[y..]).take_while(|(p, q)| p == q).count();
            *left = left.saturating_sub(1 + ran);
            *slot = from + ran as i64;
            if (*slot, *slot - k) == (n, m) {
                rows.push(row);
                return Found { runs: way(&rows, i, n, m), reached: (a.len(), b.len()), whole: true };
            }
        }
        rows.push(row);
        if *left == 0 {
            break;
        }
    }
    let d = rows.len() as i64 - 1;
    let far = |i: usize, x: i64| if x < 0 { -1 } else { 2 * x - (2 * i as i64 - d) };
    let last = rows.last().map_or(&[][..], Vec::as_slice);
    let best = last.iter().enumerate().max_by_key(|(i, x)| far(*i, **x)).filter(|(_, x)| **x >= 0);
    match best {
        Some((i, x)) => {
            let reached = (*x as usize, (x - (2 * i as i64 - d)) as usize);
            Found { runs: way(&rows, i, n, m), reached, whole: false }
        }
        None => Found { runs: Vec::new(), reached: (0, 0), whole: false },
    }
}

/// Where diagonal `k` is entered from the row before: by leaving a word of `a` out, or one of `b`, whichever comes further.
fn entered(last: &[i64], i: usize, k: i64, n: i64, m: i64) -> Option<i64> {
    let right = i.checked_sub(1).and_then(|i| last.get(i)).filter(|x| (0..n).contains(*x)).map(|x| x + 1);
    let down = last.get(i).copied().filter(|x| *x >= 0 && x - k <= m);
    right.max(down)
}

/// The runs of the way that ends on place `i` of the last row.
#[allow(clippy::many_single_char_names, reason = "the letters of Myers' paper")]
fn way(rows: &[Vec<i64>], mut i: usize, n: i64, m: i64) -> Vec<Run> {
    let mut runs = Vec::new();
    for d in (0..rows.len()).rev() {
        let k = 2 * i as i64 - d as i64;
        let x = rows[d][i];
        let last = d.checked_sub(1).and_then(|d| rows.get(d));
        let from = last.map_or(Some(0), |last| entered(last, i, k, n, m)).unwrap_or(x);
        runs.push(Run { a: from as usize, b: (from - k) as usize, len: (x - from) as usize });
        if let Some(last) = last {
            let down = last.get(i).copied().filter(|x| *x >= 0 && x - k <= m);
            if down != Some(from) {
                i -= 1;
            }
        }
    }
    runs
}

/// Words that stand once in either text, as many as keep their order; the longest such row (patience).
fn anchors(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let (once_a, once_b) = (once(a), once(b));
    let mut pairs: Vec<(usize, usize)> =
        (0..once_a.len().min(once_b.len())).filter_map(|word| Some((once_a[word]?, once_b[word]?))).collect();
    pairs.sort_unstable();
    // The ends of the rows of each length so far, and before each pair the one that precedes it in its row.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; pairs.len()];
    for (at, (_, j)) in pairs.iter().enumerate() {
        let place = ends.partition_point(|end| pairs[*end].1 < *j);
        before[at] = place.checked_sub(1).map(|last| ends[last]);
        if place == ends.len() {
            ends.push(at);
        } else {
            ends[place] = at;
        }
    }
    let mut row = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(here) = at {
        row.push(pairs[here]);
        at = before[here];
    }
    row.reverse();
    row
}

/// For each word, its place where it has exactly one.
fn once(words: &[u32]) -> Vec<Option<usize>> {
    let most = words.iter().max().map_or(0, |m| *m as usize + 1);
    let mut places: Vec<(u8, usize)> = vec![(0, 0); most];
    for (at, word) in words.iter().enumerate() {
        let (count, place) = &mut places[*word as usize];
        *count = count.saturating_add(1);
        *place = at;
    }
    let single = |range: (u8, usize)| (range.0 == 1).then_some(range.1);
    places.into_iter().map(single).collect()
}
