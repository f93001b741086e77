//! What comparing two notes of 50 KB costs, at worst, and merging three. To be done within 50 ms.

use std::fmt::Write as _;

use divan::{Bencher, black_box};
use wardroom::domain::compare::{diff, merge3};

fn main() {
    divan::main();
}

const BYTES: usize = 50_000;

/// A text of words and sentences; the smaller the vocabulary, the more often each word stands in it.
fn text(seed: u64, vocabulary: u64, prefix: &str) -> String {
    let mut n = seed;
    let mut out = String::with_capacity(BYTES + 16);
    while out.len() < BYTES {
        n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        out.push_str(prefix);
        let _ = write!(out, "{:x}", (n >> 33) % vocabulary);
        out.push_str(if (n >> 20).is_multiple_of(12) { ". " } else { " " });
    }
    out
}

/// The old text and the new one.
fn cases(which: &str) -> (String, String) {
    let base = text(1, 4_000, "w");
    match which {
        "alike" => (base.clone(), base),
        "edited" => {
            let new = base
                .split(' ')
                .enumerate()
                .map(|(n, w)| if n % 40 == 7 { "changed" } else { w })
                .collect::<Vec<_>>()
                .join(" ");
            (base, new)
        }
        "one in four" => {
            let new = base
                .split(' ')
                .enumerate()
                .map(|(n, w)| if n % 4 == 1 { "changed" } else { w })
                .collect::<Vec<_>>()
                .join(" ");
            (base, new)
        }
        "disjoint" => (base, text(2, 4_000, "v")),
        "same words" => (base, text(2, 4_000, "w")),
        "few words" => (text(1, 50, "w"), text(2, 50, "w")),
        "three words" => (text(1, 3, "w"), text(2, 3, "w")),
        "two words" => (text(1, 2, ""), text(2, 2, "")),
        "one word" => ("pain ".repeat(BYTES / 5), "pain ".repeat(BYTES / 7) + &"no ".repeat(3_000)),
        "shuffled" => {
            let mut w: Vec<&str> = base.split(' ').collect();
            let n = w.len();
            for i in 0..n {
                w.swap(i, (i * 7_919) % n);
            }
            let new = w.join(" ");
            (base, new)
        }
        "signs" => (", . ; ".repeat(BYTES / 6), ". ; , ; ".repeat(BYTES / 8)),
        "letters" => ("a ".repeat(BYTES / 2), "b a ".repeat(BYTES / 4)),
        "ideographs" => ("東京大阪".repeat(BYTES / 12), "大京東阪京".repeat(BYTES / 15)),
        _ => ("a".repeat(BYTES), "b".repeat(BYTES)),
    }
}

/// Where two texts differ.
#[divan::bench(args = ["alike", "edited", "one in four", "disjoint", "same words", "few words", "three words", "two words", "one word", "shuffled", "signs", "letters", "ideographs", "one long word"])]
fn differences(bencher: Bencher, which: &str) {
    let (old, new) = cases(which);
    bencher.bench_local(|| black_box(diff(&old, &new)));
}

/// Three texts made one.
#[divan::bench(args = ["edited", "same words", "three words"])]
fn merges(bencher: Bencher, which: &str) {
    let (old, new) = cases(which);
    let (_, other) = cases("few words");
    bencher.bench_local(|| black_box(merge3(&old, &new, &other)));
}
