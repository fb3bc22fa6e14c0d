//! Initials as a picture: what overwrites a photo that vanished at its source, where a tunnel asks for it.

use jpeg_encoder::{ColorType, Encoder};

/// Pixels on each side, as the other photos of a contact list.
const SIDE: usize = 120;
/// Pixels for each dot of a letter.
const DOT: usize = 6;
const QUALITY: u8 = 85;

/// Letters of five by seven dots, one byte a row from the top, the leftmost dot in bit 4.
const LETTERS: [[u8; 7]; 26] = [
    [14, 17, 17, 31, 17, 17, 17],
    [30, 17, 17, 30, 17, 17, 30],
    [14, 17, 16, 16, 16, 17, 14],
    [30, 17, 17, 17, 17, 17, 30],
    [31, 16, 16, 30, 16, 16, 31],
    [31, 16, 16, 30, 16, 16, 16],
    [14, 17, 16, 23, 17, 17, 15],
    [17, 17, 17, 31, 17, 17, 17],
    [14, 4, 4, 4, 4, 4, 14],
    [7, 2, 2, 2, 2, 18, 12],
    [17, 18, 20, 24, 20, 18, 17],
    [16, 16, 16, 16, 16, 16, 31],
    [17, 27, 21, 21, 17, 17, 17],
    [17, 25, 21, 19, 17, 17, 17],
    [14, 17, 17, 17, 17, 17, 14],
    [30, 17, 17, 30, 16, 16, 16],
    [14, 17, 17, 17, 21, 18, 13],
    [30, 17, 17, 30, 20, 18, 17],
    [15, 16, 16, 14, 1, 1, 30],
    [31, 4, 4, 4, 4, 4, 4],
    [17, 17, 17, 17, 17, 17, 14],
    [17, 17, 17, 17, 17, 10, 4],
    [17, 17, 17, 21, 21, 27, 17],
    [17, 17, 10, 4, 10, 17, 17],
    [17, 17, 10, 4, 4, 4, 4],
    [31, 1, 2, 4, 8, 16, 31],
];

/// A JPEG with up to two letters on a plain ground. Letters of other scripts are left out: the ground alone
/// still says that there is no photo any more. `None` only if the encoder fails.
pub(crate) fn picture(initials: &str) -> Option<Vec<u8>> {
    let letters: Vec<usize> = initials
        .chars()
        .map(|c| c.to_ascii_uppercase())
        .filter(char::is_ascii_uppercase)
        .map(|c| c as usize - 'A' as usize)
        .take(2)
        .collect();
    let mut grey = vec![96u8; SIDE * SIDE];
    let width = (letters.len() * 6).saturating_sub(1) * DOT;
    let (left, top) = ((SIDE - width) / 2, (SIDE - 7 * DOT) / 2);
    for (at, letter) in letters.iter().enumerate() {
        draw(&mut grey, &LETTERS[*letter], left + at * 6 * DOT, top);
    }
    let mut bytes = Vec::new();
    let side = SIDE as u16;
    Encoder::new(&mut bytes, QUALITY)
        .encode(&grey, side, side, ColorType::Luma)
        .ok()?;
    Some(bytes)
}

fn draw(grey: &mut [u8], rows: &[u8; 7], left: usize, top: usize) {
    for (y, x) in (0..7 * DOT).flat_map(|y| (0..5 * DOT).map(move |x| (y, x))) {
        if rows[y / DOT] >> (4 - x / DOT) & 1 == 1 {
            grey[(top + y) * SIDE + left + x] = 255;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_a_picture_and_differ() {
        let (ab, cd) = (picture("AB").unwrap(), picture("CD").unwrap());
        assert!(ab.starts_with(&[0xff, 0xd8]) && ab != cd);
    }

    #[test]
    fn letters_of_other_scripts_leave_a_plain_ground() {
        assert_eq!(picture("中村"), picture(""));
        assert_eq!(picture("ß"), picture(""));
    }
}
