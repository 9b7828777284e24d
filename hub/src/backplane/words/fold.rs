//! Text as it is compared: two spellings that people take for the same become the same.
//!
//! Compatibility forms are made plain (NFKC: full-width letters, ligatures, half-width kana), letters lower-case;
//! accents fall off Latin, Greek and Cyrillic letters, and vowel signs that may as well be left out off Hebrew and Arabic ones;
//! what is invisible is left out; spaces, line ends and controls are one space. In other scripts marks are
//! part of what is written (が is not か, Thai and Indic vowels are signs), and stay.

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
    let accent = matches!(letter, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}');
    let left_out = is_left_out(letter);
    if !accent && !left_out {
        *base = letter;
    }
    // й, ў and ї are letters of their own; the last of these blocks is Cyrillic.
    let own = matches!((*base, letter), ('и' | 'у', '\u{306}') | ('і', '\u{308}'));
    let falls = accent && *base < '\u{530}' && !own;
    Some((!falls && !left_out).then_some(letter))
}

/// What nobody sees, or may write or leave out as they like.
fn is_left_out(letter: char) -> bool {
    matches!(
        letter,
        // Soft hyphen, joiners, directions, variation selectors, tags.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'
        // Points of Hebrew.
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c5}' | '\u{5c7}'
        // Vowels, hamza above and below, and the stretching stroke of Arabic.
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}'
        | '\u{6df}'..='\u{6e4}' | '\u{6e7}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}'
    )
}

/// Letters that have no accent in Unicode's eyes, but a plain spelling in people's.
fn spelled(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        'ς' => "σ",
        // Arabic and Persian keyboards write these two letters differently.
        'ك' => "ک",
        'ي' | 'ى' => "ی",
        _ => return None,
    })
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
