//! Letters of any script: whether a character is one, and words without their case.
//!
//! Natively the standard library knows; its tables are a twelfth of what a browser would have to download, and
//! every browser holds the same ones.

/// The text without its case: two spellings of a name that differ in case alone become one.
pub fn fold(text: &str) -> String {
    // Most names, and the one way that asks nobody.
    if text.is_ascii() { text.to_ascii_lowercase() } else { tables::lowercase(text) }
}

/// Whether it is a letter or a digit, of any script.
pub fn is_letter_or_digit(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { tables::is_letter_or_digit(c) }
}

#[cfg(not(target_family = "wasm"))]
mod tables {
    pub(super) fn lowercase(text: &str) -> String {
        text.to_lowercase()
    }

    pub(super) fn is_letter_or_digit(c: char) -> bool {
        c.is_alphanumeric()
    }
}

/// Those of JavaScript (ECMA-262, String.prototype.toLowerCase and Unicode property escapes).
#[cfg(target_family = "wasm")]
mod tables {
    use js_sys::{JsString, RegExp};

    pub(super) fn lowercase(text: &str) -> String {
        JsString::from(text).to_lower_case().into()
    }

    pub(super) fn is_letter_or_digit(c: char) -> bool {
        // What the standard library calls alphanumeric: Alphabetic, and the numbers (Nd, Nl, No).
        RegExp::new(r"[\p{Alphabetic}\p{N}]", "u").test(c.encode_utf8(&mut [0; 4]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_short_way_for_ascii_leads_where_the_long_one_does(text in "[ -~]{0,12}|\\PC{0,12}") {
            prop_assert_eq!(fold(&text), text.to_lowercase());
            for c in text.chars() {
                prop_assert_eq!(is_letter_or_digit(c), c.is_alphanumeric());
            }
        }
    }
}
