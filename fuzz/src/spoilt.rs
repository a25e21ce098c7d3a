//! Documents of which bytes are spoilt that belong to no secret.

use crate::plant::Plant;

/// Spoils a few bytes of what lies before and after a text that stays as it is. Returns whether any was.
///
/// Where the text with its name is whole, it either still means what it meant or the document is broken: in both cases its secret is to be hidden.
pub(crate) fn around(plant: &mut Plant, before: &mut Vec<u8>, after: &mut Vec<u8>) -> bool {
    let count = plant.below(4);
    for _ in 0..count {
        let piece = plant.one_of(&[
            &b"\""[..],
            b"\\",
            b",",
            b":",
            b"{",
            b"}",
            b"[",
            b"]",
            b"&",
            b"=",
            b";",
            b"%",
            b"\r\n",
            b"--b",
            b"\0",
            b"\xff",
            b"\xc3",
            b"'",
            b" ",
            b"<",
            b">",
            b"/*",
            b"//",
            b"\xef\xbb\xbf",
            b"\"a\":\"",
            b"1",
        ]);
        let side = match plant.chance(60) {
            true => &mut *before,
            false => &mut *after,
        };
        let at = plant.below(side.len() as u32 + 1) as usize;
        let end = match plant.chance(50) {
            true => (at + piece.len()).min(side.len()),
            false => at,
        };
        side.splice(at..end, piece.iter().copied());
    }
    count > 0
}
