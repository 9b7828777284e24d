//! Text as it is compared: two spellings that people take for the same become the same.
//!
//! Compatibility forms are made plain (NFKC: full-width letters, ligatures, half-width kana), letters lower-case; which
//! marks fall away and which letters have a plainer spelling stands in `shared::spelling`, by which browsers show what
//! was found; spaces, line ends and controls are one space.

use shared::spelling::{spelled, stays};
use unicode_normalization::UnicodeNormalization;

/// The text as it is compared; shorter and longer than before.
pub(in crate::backplane) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

/// The same in a string that may be used again; what was in it is gone.
pub(in crate::backplane) fn fold_into(text: &str, folded: &mut String) {
    folded.clear();
    if text.is_ascii() {
        text.chars().for_each(|letter| push(folded, letter.to_ascii_lowercase()));
    } else {
        text.nfkd().flat_map(char::to_lowercase).scan(' ', kept).flatten().nfc().for_each(|letter| {
            match spelled(letter) {
                Some(spelling) => folded.push_str(spelling),
                None => push(folded, letter),
            }
        });
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
}

fn push(folded: &mut String, letter: char) {
    if !letter.is_whitespace() && !letter.is_control() {
        folded.push(letter);
    } else if !folded.is_empty() && !folded.ends_with(' ') {
        folded.push(' ');
    }
}

/// The letter, unless it falls away behind `base`, the last one that is no accent.
#[expect(clippy::unnecessary_wraps, reason = "as `scan` wants it: none would end the text")]
fn kept(base: &mut char, letter: char) -> Option<Option<char>> {
    Some(stays(base, letter).then_some(letter))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_take_for_the_same_is_the_same() {
        for (one, other) in [
            ("Hello", "hELLO"),
            ("Ｈｅｌｌｏ", "hello"),
            ("café", "CAFE"),
            ("cafe\u{301}", "café"),
            ("Straße", "STRASSE"),
            ("smørrebrød", "smorrebrod"),
            ("İstanbul", "istanbul"),
            ("ΟΔΟΣ", "οδος"),
            ("Ёлка", "елка"),
            ("во\u{301}ды", "воды"),
            ("ﾊﾝｶﾞｰ", "ハンガー"),
            ("مُحَمَّد", "محمد"),
            ("أحمد", "احمد"),
            ("كتابي", "کتابی"),
            ("می\u{200c}خواهم", "میخواهم"),
            ("שָׁלוֹם", "שלום"),
            ("ﬁn", "fin"),
            ("a\u{3000}b", "a b"),
            ("a\r\n\t\0b ", " a b"),
            ("☀\u{fe0f}", "☀"),
        ] {
            assert_eq!(fold(one), fold(other), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn what_are_different_letters_stay_so() {
        for (one, other) in [("が", "か"), ("й", "и"), ("ї", "і"), ("ที่", "ท"), ("कि", "क"), ("하", "한"), ("東", "西")]
        {
            assert_ne!(fold(one), fold(other), "{one} and {other}");
        }
        assert_eq!(fold("한국"), "한국", "whole syllables");
        assert_eq!(fold("กำลัง"), fold("กำลัง"));
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn no_controls_and_no_ends_are_left(text in any::<String>()) {
            let folded = fold(&text);
            prop_assert!(!folded.chars().any(char::is_control));
            prop_assert_eq!(folded.trim(), folded.as_str());
            prop_assert!(!folded.contains("  "));
        }

        #[test]
        fn ascii_is_folded_as_all_else(text in "[ -~\\x00-\\x1f]{0,40}") {
            let beside = fold(&format!("{text} é"));
            prop_assert_eq!(format!("{} e", fold(&text)).trim_start().to_owned(), beside);
        }
    }
}
