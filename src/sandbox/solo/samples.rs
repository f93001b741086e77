//! Small files that are what they say: a picture and a page, made in code.

use std::fmt::Write as _;

/// A PNG of `side` × `side` pixels in grey, whose pattern follows from `draw`.
pub(super) fn png(side: u32, draw: u64) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..side {
        // Each line begins with its filter: none.
        pixels.push(0);
        for x in 0..side {
            let ring = (x.abs_diff(side / 2) + y.abs_diff(side / 2)) as u64;
            pixels.push((ring.wrapping_mul(7 + draw % 9) % 256) as u8);
        }
    }
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    head.extend(side.to_be_bytes());
    head.extend(side.to_be_bytes());
    // Eight bits of grey, the only compression, filter method and interlacing none.
    head.extend([8, 0, 0, 0, 0]);
    chunk(&mut file, *b"IHDR", &head);
    chunk(&mut file, *b"IDAT", &stored(&pixels));
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    file.extend((data.len() as u32).to_be_bytes());
    let checked: Vec<u8> = kind.iter().chain(data).copied().collect();
    file.extend(&checked);
    file.extend(crc32(&checked).to_be_bytes());
}

/// A zlib stream that compresses nothing.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let blocks = data.chunks(0xffff).count();
    for (i, block) in data.chunks(0xffff).enumerate() {
        let length = block.len() as u16;
        out.push(u8::from(i + 1 == blocks));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut a, mut b) = (1u32, 0u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

fn crc32(data: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 })
    };
    !data.iter().fold(u32::MAX, step)
}

/// A PDF of one page with one line, which is plain ASCII without parentheses.
pub(super) fn pdf(line: &str) -> Vec<u8> {
    let text = format!("BT /F1 14 Tf 72 720 Td ({line}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        places.push(file.len());
        let _ = write!(file, "{} 0 obj\n{object}\nendobj\n", i + 1);
    }
    let table = file.len();
    let _ = write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        let _ = writeln!(file, "{place:010} 00000 n ");
    }
    let _ = write!(file, "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    file.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksums_are_the_standards_own() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(stored(b"Wikipedia")[16..], 0x11e6_0398_u32.to_be_bytes());
    }

    #[test]
    fn a_picture_has_its_size_and_its_lines() {
        let file = png(16, 3);
        assert_eq!(&file[12..24], b"IHDR\0\0\0\x10\0\0\0\x10");
        // Signature, header chunk, data chunk with a stored block of 16 lines, end chunk.
        assert_eq!(file.len(), 8 + 25 + 12 + (2 + 5 + 16 * 17 + 4) + 12);
    }

    #[test]
    fn a_page_names_the_place_of_its_table() {
        let file = String::from_utf8(pdf("Referral letter")).unwrap();
        let place: usize = file.split("startxref\n").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        assert!(file[place..].starts_with("xref\n0 6\n"));
        assert!(file.contains("(Referral letter) Tj"));
    }
}
