//! Portraits: small real JPEG pictures, a different one for every seed.

use crate::chance::Chance;
use bytes::Bytes;
use jpeg_encoder::{ColorType, Encoder};

/// How many cells a portrait has on each side; left and right mirror each other, as faces do.
const CELLS: usize = 8;

/// The JPEG of portrait `seed`, square, `side` pixels. The same arguments give the same bytes.
///
/// Costs about a millisecond at 240 pixels: whoever serves one often keeps it (`Bytes` clones share).
pub fn portrait(seed: u64, side: u16) -> Bytes {
    let mut chance = Chance::new(seed ^ 0x706f_7274);
    let colours = [tint(&mut chance, 160), tint(&mut chance, 40)];
    let pattern = chance.draw();
    let pixels = usize::from(side);
    let cell = |at: usize| at * CELLS / pixels;
    let mut picture = Vec::with_capacity(pixels * pixels * 3);
    for y in 0..pixels {
        for x in 0..pixels {
            let mirrored = cell(x).min(CELLS - 1 - cell(x));
            let bit = mirrored * CELLS + cell(y);
            picture.extend(colours[(pattern >> bit & 1) as usize]);
        }
    }
    encode(&picture, side)
}

fn tint(chance: &mut Chance, darkest: u8) -> [u8; 3] {
    [0; 3].map(|_: u8| darkest + chance.below(80) as u8)
}

fn encode(picture: &[u8], side: u16) -> Bytes {
    let mut jpeg = Vec::new();
    // Only a picture of no size cannot be encoded: it has no portrait.
    match Encoder::new(&mut jpeg, 70).encode(picture, side, side, ColorType::Rgb) {
        Ok(()) => Bytes::from(jpeg),
        Err(_) => Bytes::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::portrait;

    #[test]
    fn every_seed_has_its_own_picture_and_keeps_it() {
        let all: std::collections::BTreeSet<_> = (0..200).map(|seed| portrait(seed, 96)).collect();
        assert_eq!(all.len(), 200);
        assert_eq!(portrait(7, 240), portrait(7, 240));
    }

    /// ITU-T T.81 B.1.1.3, B.2.2: SOI, a frame header with height and width, EOI.
    #[test]
    fn a_portrait_is_a_jpeg_of_the_size_asked_for_and_small() {
        let jpeg = portrait(3, 240);
        assert!(jpeg.starts_with(&[0xff, 0xd8]) && jpeg.ends_with(&[0xff, 0xd9]));
        let frame = jpeg.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
        assert_eq!(jpeg[frame + 5..frame + 9], [0, 240, 0, 240]);
        assert!(jpeg.len() < 8_000, "{} bytes", jpeg.len());
    }
}
