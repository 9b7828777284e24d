//! What others wrote, without what a terminal would obey: whatever is printed goes through here.
//!
//! Controls (C0, DEL, C1: escape sequences begin with one) are shown as signs, as are characters that change the
//! direction of what follows; the rest stays as it was written.

use std::borrow::Cow;

use shared::wire::is_obeyed;

/// What stands for a control character that has no picture of its own.
const UNKNOWN: char = '\u{fffd}';

/// A text on one line: also its line breaks are shown as signs, so that nobody can write a line of somebody else's.
pub fn line(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_harmless) { Cow::Borrowed(text) } else { Cow::Owned(text.chars().map(shown).collect()) }
}

/// The lines of a text, each clean; a text that ends in a line break has no empty line behind it.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().map(line)
}

fn is_harmless(c: char) -> bool {
    shown(c) == c
}

/// What is shown of a character: itself, unless a terminal would obey it.
pub fn shown(c: char) -> char {
    match c {
        '\t' => ' ',
        // U+2400 and on are the pictures of C0.
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or(UNKNOWN),
        '\x7f' => '\u{2421}',
        c if is_obeyed(c) => UNKNOWN,
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_instead() {
        assert_eq!(line("hi"), "hi");
        assert_eq!(line("\x1b[31mred\x07"), "␛[31mred␇");
        assert_eq!(line("a\u{9b}2Jb"), "a\u{fffd}2Jb");
        assert_eq!(line("a\r\nb\tc"), "a␍␊b c");
        assert_eq!(line("\u{202e}evil"), "\u{fffd}evil");
        assert_eq!(line("a\u{2061}b\u{2064}c\u{e0041}"), "a\u{fffd}b\u{fffd}c\u{fffd}", "what is not seen is shown");
        assert_eq!(line("👩‍👩‍👧 naïve 漢字"), "👩‍👩‍👧 naïve 漢字", "joiners make one picture of several");
    }

    #[test]
    fn a_text_keeps_its_lines() {
        assert_eq!(lines("a\x1b\nb\r\nc\n").collect::<Vec<_>>(), ["a␛", "b", "c"]);
    }

    proptest! {
        #[test]
        fn no_control_is_left(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(char::is_control));
            prop_assert!(lines(&text).all(|line| !line.chars().any(char::is_control)));
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let once = line(&text).into_owned();
            prop_assert_eq!(line(&once), once.as_str());
        }
    }
}
