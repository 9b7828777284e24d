//! QR codes (ISO/IEC 18004), as far as a link needs them: bytes, the weakest of the four ways to correct errors
//! (nobody scratches a screen), versions 1 to 6, one mask. Those parts of the standard that are left out would be two
//! thirds of the code and more. Pure.

/// Bytes of data and of error correction in a symbol of each version, in all its blocks (table 9, level L).
const VERSIONS: [(usize, usize); 6] = [(19, 7), (34, 10), (55, 15), (80, 20), (108, 26), (136, 36)];

/// From this version on there are two blocks.
const TWO_BLOCKS: usize = 6;

/// What stands around a symbol, in modules (section 9.1).
const QUIET: usize = 4;

/// Level L and mask 0, with their error correction (table C.1).
const FORMAT: usize = 0b111_0111_1100_0100;

/// A symbol of so many modules a side; true is dark.
pub(crate) struct Symbol {
    size: usize,
    modules: Vec<bool>,
}

/// None for a text of more than 134 bytes: the longest address of IPv6 with a port and a hub's own cookie are 107.
pub(crate) fn symbol(text: &str) -> Option<Symbol> {
    // Four bits say that bytes follow, eight how many.
    let version = 1 + VERSIONS.iter().position(|(data, _)| text.len() + 2 <= *data)?;
    let size = 17 + 4 * version;
    let mut symbol = Symbol { size, modules: vec![false; size * size] };
    symbol.place(&codewords(text.as_bytes(), version));
    for at in 0..size * size {
        let (x, y) = (at % size, at / size);
        symbol.modules[at] = match fixed(x, y, size) {
            Some(dark) => dark,
            None => symbol.modules[at] ^ ((x + y) % 2 == 0),
        };
    }
    Some(symbol)
}

impl Symbol {
    /// The side of its picture in CSS pixels: four a module, which is drawn sharply on every screen.
    pub(crate) fn side(&self) -> usize {
        4 * (self.size + 2 * QUIET)
    }

    /// A picture's address that holds the picture itself: dark on light whatever the page looks like, as readers want
    /// it, with the quiet zone around it.
    pub(crate) fn picture(&self) -> String {
        let whole = (self.size + 2 * QUIET).to_string();
        let mut path = String::new();
        for (y, row) in self.modules.chunks(self.size).enumerate() {
            let mut x = 0;
            while x < self.size {
                let dark = row[x..].iter().take_while(|dark| **dark).count();
                if dark > 0 {
                    for part in ["M", &(x + QUIET).to_string(), " ", &(y + QUIET).to_string(), "h", &dark.to_string()] {
                        path.push_str(part);
                    }
                }
                x += dark + 1;
            }
        }
        // A line one module thick runs in the middle of its row.
        [
            "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' shape-rendering='crispEdges' viewBox='0 -.5 ",
            &whole,
            " ",
            &whole,
            "'><path fill='white' d='M0-1h99v99H0'/><path stroke='black' d='",
            &path,
            "'/></svg>",
        ]
        .concat()
    }

    /// The bits in their order through the symbol: in columns of two, up and down in turns, from the right (section 7.7.3).
    fn place(&mut self, bytes: &[u8]) {
        let mut placed = 0;
        let mut right = self.size - 1;
        loop {
            let upwards = (right + 1) & 2 == 0;
            for step in 0..2 * self.size {
                let (row, x) = (step / 2, right - step % 2);
                let y = if upwards { self.size - 1 - row } else { row };
                if fixed(x, y, self.size).is_none() {
                    // At the end some modules are left over.
                    let byte = bytes.get(placed / 8).copied().unwrap_or(0);
                    self.modules[y * self.size + x] = byte << (placed % 8) & 0x80 != 0;
                    placed += 1;
                }
            }
            right = match right {
                // One column stands alone, that of the timing pattern.
                8 => 5,
                1 => return,
                _ => right - 2,
            };
        }
    }
}

/// Data and error correction in the order in which they are placed.
fn codewords(text: &[u8], version: usize) -> Vec<u8> {
    let (data, correction) = VERSIONS[version - 1];
    // Everything stands half a byte later than it would without the four bits at the beginning.
    let mut bytes = vec![0x40 | (text.len() >> 4) as u8];
    let mut half = text.len() as u8;
    for &byte in text.iter().chain(&[0]) {
        bytes.push(half << 4 | byte >> 4);
        half = byte;
    }
    for at in 0..data - bytes.len() {
        bytes.push([0xEC, 0x11][at % 2]);
    }
    let blocks = if version < TWO_BLOCKS { 1 } else { 2 };
    let mut corrections = Vec::with_capacity(correction);
    for block in bytes.chunks(data / blocks) {
        correct(&mut corrections, block, correction / blocks);
    }
    let mut woven = Vec::with_capacity(data + correction);
    weave(&mut woven, &bytes, blocks);
    weave(&mut woven, &corrections, blocks);
    woven
}

/// The first of each block, then the second of each.
fn weave(woven: &mut Vec<u8>, bytes: &[u8], blocks: usize) {
    let length = bytes.len() / blocks;
    for at in 0..bytes.len() {
        woven.push(bytes[at % blocks * length + at / blocks]);
    }
}

/// Adds the Reed-Solomon code of a block (section 7.5.2).
fn correct(codes: &mut Vec<u8>, block: &[u8], length: usize) {
    // The product of (x - 2^0), (x - 2^1) and so on; its highest power, which is 1, is left out. Behind its end is a
    // place for the power that comes in with each of them.
    let mut divisor = vec![0; length + 1];
    divisor[length - 1] = 1;
    let mut root = 1;
    for _ in 0..length {
        for at in 0..length {
            divisor[at] = product(divisor[at], root) ^ divisor[at + 1];
        }
        root = product(root, 2);
    }
    let begin = codes.len();
    codes.resize(begin + length, 0);
    let rest = &mut codes[begin..];
    for byte in block {
        let factor = byte ^ rest[0];
        rest.rotate_left(1);
        rest[length - 1] = 0;
        for at in 0..length {
            rest[at] ^= product(divisor[at], factor);
        }
    }
}

/// In the field of 256 elements, modulo x^8 + x^4 + x^3 + x^2 + 1.
fn product(one: u8, other: u8) -> u8 {
    let mut product = 0;
    for bit in (0..8).rev() {
        let carry = product >> 7;
        product = (product << 1) ^ (carry * 0x1D) ^ (((other >> bit) & 1) * one);
    }
    product
}

/// What a module is in every symbol of this size: dark or light. None where the text decides.
fn fixed(x: usize, y: usize, size: usize) -> Option<bool> {
    let end = size - 8;
    // The three squares by which a reader finds the symbol, with the light edge around each.
    for (left, top) in [(0, 0), (size - 7, 0), (0, size - 7)] {
        if x + 1 >= left && x <= left + 7 && y + 1 >= top && y <= top + 7 {
            let from_middle = x.abs_diff(left + 3).max(y.abs_diff(top + 3));
            return Some(!matches!(from_middle, 2 | 4));
        }
    }
    // The format, twice: round the first square, and in two parts beside the others.
    let bit = match (x, y) {
        (8, 0..=5) => Some(y),
        (8, 7 | 8) => Some(y - 1),
        (7, 8) => Some(8),
        (0..=5, 8) => Some(14 - x),
        (8, _) if y == end => return Some(true),
        (8, _) if y > end => Some(y + 15 - size),
        (_, 8) if x >= end => Some(size - 1 - x),
        _ => None,
    };
    if let Some(bit) = bit {
        return Some(FORMAT >> bit & 1 == 1);
    }
    if x == 6 || y == 6 {
        return Some((x + y).is_multiple_of(2));
    }
    // The smaller square in the fourth corner, which the smallest symbol has not.
    let from_middle = x.abs_diff(size - 7).max(y.abs_diff(size - 7));
    (size > 21 && from_middle <= 2).then_some(from_middle != 1)
}

#[cfg(all(test, not(target_family = "wasm")))]
#[allow(clippy::unwrap_used, reason = "a text that fits has a symbol, or the test has found a fault")]
mod tests {
    use proptest::prelude::*;
    use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, Version};

    use super::*;

    /// What another encoder makes of the text.
    fn expected(text: &str) -> Vec<bool> {
        let bytes = QrSegment::make_bytes(text.as_bytes());
        let (level, mask) = (QrCodeEcc::Low, Some(Mask::new(0)));
        let code =
            QrCode::encode_segments_advanced(&[bytes], level, Version::MIN, Version::new(6), mask, false).unwrap();
        (0..code.size())
            .flat_map(|y| (0..code.size()).map(move |x| (x, y)))
            .map(|(x, y)| code.get_module(x, y))
            .collect()
    }

    #[test]
    fn every_length_becomes_the_symbol_of_the_standard() {
        for length in 0..=134 {
            let text: String = (0..length).map(|at| char::from(b'!' + (at * 7 % 90) as u8)).collect();
            assert_eq!(symbol(&text).unwrap().modules, expected(&text), "{length} bytes");
        }
    }

    #[test]
    fn what_is_too_long_has_none() {
        assert!(symbol(&"x".repeat(135)).is_none());
    }

    proptest! {
        #[test]
        fn whatever_the_text(text in "\\PC{0,33}") {
            prop_assert_eq!(symbol(&text).unwrap().modules, expected(&text));
        }
    }

    #[test]
    fn the_picture_has_a_line_for_each_run_of_dark_modules() {
        let mut symbol = Symbol { size: 5, modules: vec![false; 25] };
        for at in [0, 2, 3, 9, 20, 21, 22, 23, 24] {
            symbol.modules[at] = true;
        }
        let picture = symbol.picture();
        assert!(picture.contains("viewBox='0 -.5 13 13'"), "{picture}");
        assert!(picture.contains("d='M4 4h1M6 4h2M8 5h1M4 8h5'"), "{picture}");
        assert!(!picture.contains('#'), "which would end it");
    }
}
