//! QR codes for phones, two modules a cell.

use qrcode::{Color, EcLevel, QrCode};

/// Modules of white around the code that readers need; two are enough on a screen and save rows.
const QUIET: usize = 2;

/// The code's rows, dark modules as drawn blocks: to be shown dark on light. `None` when the text is too long for a code.
pub fn lines(text: &str) -> Option<Vec<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let width = code.width();
    let modules = code.to_colors();
    let dark = |x: usize, y: usize| {
        let (Some(x), Some(y)) = (x.checked_sub(QUIET), y.checked_sub(QUIET)) else { return false };
        x < width && y < width && modules[y * width + x] == Color::Dark
    };
    let side = width + 2 * QUIET;
    let rows = (0..side).step_by(2).map(|y| {
        (0..side)
            .map(|x| match (dark(x, y), dark(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            })
            .collect()
    });
    Some(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_quiet_zone_and_its_three_finders() {
        let rows = lines("https://visit.example.test/c/1").unwrap();
        assert!(rows[0].trim().is_empty());
        let grid: Vec<Vec<char>> = rows.iter().map(|r| r.chars().collect()).collect();
        // The upper left finder's outer ring begins after the quiet zone, seven modules wide.
        assert!(grid[1][2..9].iter().all(|c| *c == '█' || *c == '▀'), "{:?}", rows[1]);
        assert_eq!(grid[1].len(), grid[3].len());
    }

    #[test]
    fn a_text_too_long_for_any_code_is_refused() {
        assert!(lines(&"x".repeat(8000)).is_none());
    }
}
