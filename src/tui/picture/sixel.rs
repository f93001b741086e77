//! Sixel: bands of six rows, one colour of a small palette after the other (DEC STD 070, chapter 9).

use std::io::Write as _;

use image::RgbImage;

/// Colours at most. Terminals promise 256; fewer make longer runs, which cost less.
const COLOURS: usize = 64;
/// Bits of each part of a colour that are looked at.
const BITS: u32 = 5;

/// The sequence that shows an image where the cursor is, point by point.
pub(super) fn encode(image: &RgbImage) -> Vec<u8> {
    let (palette, points) = few_colours(image);
    let (wide, high) = (image.width() as usize, image.height() as usize);
    let mut out = Vec::new();
    let _ = write!(out, "\x1bP0;1;0q\"1;1;{wide};{high}");
    for (i, colour) in palette.iter().enumerate() {
        // In parts of a hundred.
        let [r, g, b] = colour.map(|v| (u32::from(v) * 100 + 127) / 255);
        let _ = write!(out, "#{i};2;{r};{g};{b}");
    }
    for (band, rows) in points.chunks(wide.max(1) * 6).enumerate() {
        if band > 0 {
            out.push(b'-');
        }
        // One row of bits for each colour: the points are gone through once.
        let mut bits = vec![Vec::new(); palette.len()];
        for (row, points) in rows.chunks(wide.max(1)).enumerate() {
            for (x, point) in points.iter().enumerate() {
                let Some(columns) = bits.get_mut(usize::from(*point)) else { continue };
                if columns.is_empty() {
                    columns.resize(wide, 0_u8);
                }
                if let Some(column) = columns.get_mut(x) {
                    *column |= 1 << row;
                }
            }
        }
        let used = bits.iter().enumerate().filter(|(_, columns)| !columns.is_empty());
        for (n, (colour, columns)) in used.enumerate() {
            if n > 0 {
                out.push(b'$');
            }
            let _ = write!(out, "#{colour}");
            runs(columns, &mut out);
        }
    }
    out.extend_from_slice(b"\x1b\\");
    out
}

/// Columns of one colour; what is empty at the end is left out.
fn runs(bits: &[u8], out: &mut Vec<u8>) {
    let used = bits.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    for run in bits.get(..used).unwrap_or_default().chunk_by(|a, b| a == b) {
        let Some(letter) = run.first().map(|b| b + b'?') else { continue };
        match run.len() {
            length @ 0..=3 => out.extend(std::iter::repeat_n(letter, length)),
            length => {
                let _ = write!(out, "!{length}");
                out.push(letter);
            }
        }
    }
}

/// Points of nearly one colour.
#[derive(Clone, Copy, Default)]
struct Bucket {
    key: [u8; 3],
    count: u64,
    sum: [u64; 3],
}

/// At most [`COLOURS`] colours by halving the widest heaps, and for each point which of them it has.
fn few_colours(image: &RgbImage) -> (Vec<[u8; 3]>, Vec<u8>) {
    let key = |p: [u8; 3]| p.map(|v| v >> (8 - BITS));
    let at = |[r, g, b]: [u8; 3]| (usize::from(r) << (2 * BITS)) | (usize::from(g) << BITS) | usize::from(b);
    let mut buckets = vec![Bucket::default(); 1 << (3 * BITS)];
    for point in image.pixels() {
        if let Some(bucket) = buckets.get_mut(at(key(point.0))) {
            bucket.key = key(point.0);
            bucket.count += 1;
            for (sum, part) in bucket.sum.iter_mut().zip(point.0) {
                *sum += u64::from(part);
            }
        }
    }
    let mut heaps: Vec<Vec<Bucket>> = vec![buckets.into_iter().filter(|b| b.count > 0).collect()];
    while heaps.len() < COLOURS {
        let widest = heaps.iter().enumerate().map(|(i, heap)| (weight(heap), i)).max();
        let Some((_, i)) = widest.filter(|(weight, _)| *weight > 0) else { break };
        let (left, right) = halved(heaps.swap_remove(i));
        heaps.extend([left, right]);
    }
    let mut colour_of = vec![0_u8; 1 << (3 * BITS)];
    let mut palette = Vec::new();
    for (i, heap) in heaps.iter().enumerate() {
        let count: u64 = heap.iter().map(|b| b.count).sum();
        palette.push([0, 1, 2].map(|part| {
            let sum: u64 = heap.iter().filter_map(|b| b.sum.get(part)).sum();
            (sum / count.max(1)) as u8
        }));
        for bucket in heap {
            if let Some(colour) = colour_of.get_mut(at(bucket.key)) {
                *colour = i as u8;
            }
        }
    }
    let points = image.pixels().map(|p| colour_of.get(at(key(p.0))).copied().unwrap_or(0)).collect();
    (palette, points)
}

/// By how much the part of the colour that spreads most does, and which that is.
fn spread(heap: &[Bucket]) -> (u8, usize) {
    let of = |part: usize| {
        let values = || heap.iter().filter_map(|b| b.key.get(part).copied());
        values().max().unwrap_or(0) - values().min().unwrap_or(0)
    };
    // Green is seen best: among equals it goes first.
    [1, 0, 2].into_iter().map(|part| (of(part), part)).fold((0, 1), |best, new| if new.0 > best.0 { new } else { best })
}

fn weight(heap: &[Bucket]) -> u64 {
    heap.iter().map(|b| b.count).sum::<u64>() * u64::from(spread(heap).0)
}

/// Two heaps, neither of them empty, of one that has at least two colours.
fn halved(mut heap: Vec<Bucket>) -> (Vec<Bucket>, Vec<Bucket>) {
    let (_, part) = spread(&heap);
    heap.sort_by_key(|b| (b.key.get(part).copied(), b.key));
    let half = heap.iter().map(|b| b.count).sum::<u64>() / 2;
    let mut seen = 0;
    let middle = heap.iter().position(|b| {
        seen += b.count;
        seen > half
    });
    let right = heap.split_off(middle.unwrap_or(0).clamp(1, heap.len().saturating_sub(1).max(1)));
    (heap, right)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on says so loudly")]
pub(in crate::tui) mod tests {
    use image::Rgb;

    use super::*;

    fn number(text: &mut &str) -> usize {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, after) = text.split_at(digits);
        *text = after;
        number.parse().unwrap()
    }

    /// What a terminal shows of a sequence: the palette's colour of each point, none where nothing was set.
    pub(in crate::tui) fn decode(bytes: &[u8]) -> Vec<Vec<Option<[u8; 3]>>> {
        let text = std::str::from_utf8(bytes).unwrap();
        let body = text.strip_prefix("\x1bP0;1;0q\"1;1;").unwrap().strip_suffix("\x1b\\").unwrap();
        let size = body.split_once('#').unwrap().0;
        let (wide, high) = size.split_once(';').unwrap();
        let (wide, high): (usize, usize) = (wide.parse().unwrap(), high.parse().unwrap());
        let mut shown = vec![vec![None; wide]; high];
        let mut palette = std::collections::BTreeMap::new();
        let (mut x, mut band, mut colour) = (0, 0, 0);
        let mut rest = &body[size.len()..];
        while let Some(c) = rest.chars().next() {
            rest = &rest[1..];
            let mut times = 1;
            let letter = match c {
                '#' => {
                    colour = number(&mut rest);
                    if let Some(given) = rest.strip_prefix(";2;") {
                        rest = given;
                        let parts = [0; 3].map(|_| {
                            let part = number(&mut rest);
                            rest = rest.strip_prefix(';').unwrap_or(rest);
                            (part * 255 / 100) as u8
                        });
                        palette.insert(colour, parts);
                    }
                    continue;
                }
                '$' => {
                    x = 0;
                    continue;
                }
                '-' => {
                    (x, band) = (0, band + 1);
                    continue;
                }
                '!' => {
                    times = number(&mut rest);
                    let letter = rest.chars().next().unwrap();
                    rest = &rest[1..];
                    letter
                }
                letter => letter,
            };
            let bits = letter as u8 - b'?';
            assert!(bits < 64, "{letter:?} is no sixel");
            for _ in 0..times {
                for row in (0..6).filter(|row| bits >> row & 1 == 1) {
                    let point: &mut Option<_> = &mut shown[band * 6 + row][x];
                    assert!(point.is_none(), "a point is shown twice");
                    *point = Some(palette[&colour]);
                }
                x += 1;
            }
        }
        shown
    }

    #[test]
    fn a_small_image_is_these_bytes() {
        let image = RgbImage::from_fn(8, 7, |x, y| if x < 4 && y < 6 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
        let wanted = "\x1bP0;1;0q\"1;1;8;7#0;2;0;0;100#1;2;100;0;0#0!4?!4~$#1!4~-#0!8@\x1b\\";
        assert_eq!(std::str::from_utf8(&encode(&image)), Ok(wanted));
    }

    #[test]
    fn every_point_is_shown_once_in_nearly_its_colour() {
        let image = RgbImage::from_fn(100, 50, |x, y| Rgb([(x * 2) as u8, (y * 5) as u8, ((x + y) % 256) as u8]));
        let shown = decode(&encode(&image));
        assert_eq!((shown.len(), shown[0].len()), (50, 100));
        let mut off = 0_u32;
        for (x, y, point) in image.enumerate_pixels() {
            let has = shown[y as usize][x as usize].unwrap();
            off += (0..3).map(|i| u32::from(has[i].abs_diff(point.0[i]))).sum::<u32>();
        }
        assert!(off / (100 * 50 * 3) < 12, "on average {} of 255 beside", off / (100 * 50 * 3));
    }

    #[test]
    fn a_palette_keeps_rare_colours_and_stays_small() {
        let image = RgbImage::from_fn(64, 64, |x, y| if (x, y) == (3, 3) { Rgb([255, 0, 0]) } else { Rgb([20; 3]) });
        let (palette, points) = few_colours(&image);
        assert_eq!(palette.len(), 2);
        assert_eq!(palette[usize::from(points[3 * 64 + 3])], [255, 0, 0]);
        let many = RgbImage::from_fn(256, 256, |x, y| Rgb([x as u8, y as u8, (x ^ y) as u8]));
        assert_eq!(few_colours(&many).0.len(), COLOURS);
    }
}
