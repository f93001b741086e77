use image::{ImageFormat, Rgb};

use super::*;
use crate::{
    domain::attachment::Mime,
    tui::picture::{Picture, sixel::tests::decode},
};

fn of(protocol: Protocol, bytes: usize) -> Means {
    Means { protocol, bytes }
}

fn plate(image: &RgbImage, columns: u16, rows: u16) -> Plate {
    let mut bytes = Vec::new();
    image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    Plate { picture: Picture::read(&bytes, &Mime::Png).unwrap(), area: Rect::new(3, 2, columns, rows) }
}

/// Red, green, blue, white.
fn four() -> RgbImage {
    RgbImage::from_raw(2, 2, vec![255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]).unwrap()
}

/// What no encoding makes small.
fn noise(wide: u32, high: u32) -> RgbImage {
    let mut state = 7_u32;
    RgbImage::from_fn(wide, high, |_, _| {
        Rgb([0; 3].map(|_: u8| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }))
    })
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The PNG in the pieces of kitty's sequences, each of which is checked.
fn kitty_file(bytes: &[u8]) -> (String, Vec<u8>) {
    let mut letters = String::new();
    let pieces: Vec<&str> = text(bytes).split_terminator("\x1b\\").collect();
    let mut head = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        let (keys, data) = piece.strip_prefix("\x1b_G").unwrap().split_once(';').unwrap();
        assert!(data.len() <= 4096 && (i + 1 == pieces.len() || data.len() == 4096));
        assert!(keys.ends_with(if i + 1 == pieces.len() { "m=0" } else { "m=1" }), "{keys}");
        assert!(keys.contains("q=2"), "an answer would be read as keys");
        if i == 0 {
            keys.clone_into(&mut head);
        }
        letters.push_str(data);
    }
    (head, STANDARD.decode(letters).unwrap())
}

#[test]
fn kittys_bytes_for_a_small_image_are_these() {
    let bytes = encode(&plate(&four(), 4, 2), of(Protocol::Kitty, 4096), Some((10, 20)));
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFElEQVR4AQEJAPb/AP8AAAD/AP//AQ==";
    let (head, file) = kitty_file(&bytes);
    assert_eq!(head, "a=T,f=100,t=d,i=30564,q=2,C=1,c=4,m=0");
    assert_eq!(image::load_from_memory(&file).unwrap().into_rgb8(), four());
    // Up to the compressed part, which is the encoder's own affair.
    assert!(text(&bytes).starts_with(&format!("\x1b_G{head};{}", &png[..44])), "{:?}", text(&bytes));
    assert!(text(KITTY_GONE).contains(&format!("a=d,d=I,i={NUMBER},q=2")));
}

#[test]
fn kitty_is_told_the_side_that_bounds_the_picture_and_both_where_cells_are_unknown() {
    let high = RgbImage::new(10, 200);
    let head = |image: &RgbImage, cell| kitty_file(&encode(&plate(image, 6, 5), of(Protocol::Kitty, 9999), cell)).0;
    assert!(head(&high, Some((10, 20))).contains(",r=5,"));
    assert!(head(&RgbImage::new(200, 10), Some((10, 20))).contains(",c=6,"));
    assert!(head(&high, None).contains(",c=6,r=5,"));
}

#[test]
fn iterms_bytes_for_a_small_image_are_these() {
    let bytes = encode(&plate(&four(), 4, 2), of(Protocol::Iterm2, 4096), None);
    let (head, data) = text(&bytes).strip_suffix('\x07').unwrap().split_once(':').unwrap();
    let file = STANDARD.decode(data).unwrap();
    let wanted =
        format!("\x1b]1337;File=inline=1;size={};width=4;height=2;preserveAspectRatio=1;doNotMoveCursor=1", file.len());
    assert_eq!(head, wanted);
    assert_eq!(image::load_from_memory(&file).unwrap().into_rgb8(), four());
}

#[test]
fn a_photograph_goes_to_iterm_as_a_jpeg_when_it_is_too_large_as_a_png() {
    let bytes = encode(&plate(&noise(200, 100), 40, 10), of(Protocol::Iterm2, 40_000), None);
    let data = text(&bytes).strip_suffix('\x07').unwrap().split_once(':').unwrap().1;
    assert_eq!(image::guess_format(&STANDARD.decode(data).unwrap()).unwrap(), ImageFormat::Jpeg);
}

#[test]
fn sixel_is_as_large_as_its_cells_and_never_larger() {
    let wide = RgbImage::from_fn(300, 100, |x, _| Rgb([if x < 150 { 250 } else { 5 }; 3]));
    for (cell, most) in [(Some((10, 20)), (200, 160)), (Some((7, 13)), (140, 104)), (None, (120, 96))] {
        for image in [&wide, &four(), &RgbImage::new(3, 700)] {
            let shown = decode(&encode(&plate(image, 20, 8), of(Protocol::Sixel, 1 << 20), cell));
            assert!(shown.len() <= most.1 && shown[0].len() <= most.0, "{}x{}", shown[0].len(), shown.len());
            assert!(shown.len() + 6 > most.1 || shown[0].len() + 1 > most.0, "the room is used");
            assert!(shown.iter().flatten().all(Option::is_some), "every point is shown");
        }
    }
    let shown = decode(&encode(&plate(&wide, 20, 8), of(Protocol::Sixel, 1 << 20), Some((10, 20))));
    assert!(shown[10][10].unwrap()[0] > 240 && shown[10][190].unwrap()[0] < 15);
}

#[test]
fn a_picture_is_made_smaller_until_it_costs_no_more_than_it_may() {
    let plate = plate(&noise(800, 600), 100, 30);
    for protocol in [Protocol::Kitty, Protocol::Iterm2, Protocol::Sixel] {
        for most in [512 * 1024, 32 * 1024, 4 * 1024] {
            let bytes = encode(&plate, of(protocol, most), Some((10, 20)));
            assert!(bytes.len() <= most, "{protocol:?}: {} of {most}", bytes.len());
            assert!(bytes.len() * 4 > most, "{protocol:?}: {} of {most} is far less than allowed", bytes.len());
        }
        // However little is allowed, it ends.
        assert!(!encode(&plate, of(protocol, 1), None).is_empty());
    }
}

#[test]
fn nothing_is_sent_by_means_that_are_no_graphics() {
    for protocol in [Protocol::Off, Protocol::Blocks] {
        assert_eq!(encode(&plate(&four(), 4, 2), of(protocol, 4096), None), b"");
    }
}

#[test]
fn every_shape_in_every_area_is_encoded_within_it() {
    for image in [RgbImage::new(1, 1), RgbImage::new(1, 900), RgbImage::new(900, 1), four()] {
        for (columns, rows) in [(1, 1), (1, 30), (120, 1), (120, 30)] {
            let plate = plate(&image, columns, rows);
            let shown = decode(&encode(&plate, of(Protocol::Sixel, 32 * 1024), Some((9, 18))));
            assert!(shown.len() <= usize::from(rows) * 18 && shown[0].len() <= usize::from(columns) * 9);
            for protocol in [Protocol::Kitty, Protocol::Iterm2] {
                assert!(encode(&plate, of(protocol, 32 * 1024), None).len() <= 32 * 1024);
            }
        }
    }
}
