//! What sort of sign a character is, as far as marks depend on it.
//!
//! The tables are coarse, and our own: the hub and every browser must come to the same result, whichever
//! version of Unicode each of them knows, and none may take a call into JavaScript for each letter.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// And the ends of a line.
    Space,
    Sign,
    /// A letter, digit or mark of a script that parts words.
    Word,
    /// A letter of a script that does not: a mark may stand between two of them.
    Wide,
}

/// The class of what stands beside a mark.
pub(super) fn class(c: Option<char>) -> Class {
    match c {
        None => Class::Space,
        Some(c) if c.is_ascii_alphanumeric() => Class::Word,
        Some(c) if c.is_ascii() => {
            if c.is_ascii_graphic() {
                Class::Sign
            } else {
                Class::Space
            }
        }
        Some('\u{80}'..='\u{A0}' | '\u{2000}'..='\u{200B}' | '\u{2028}' | '\u{2029}' | '\u{205F}' | '\u{3000}') => {
            Class::Space
        }
        // Joiners stand inside words of Persian and of Indic scripts.
        Some('\u{200C}' | '\u{200D}') => Class::Word,
        Some(
            '¡'..='©' | '«'..='±' | '´' | '¶'..='¸' | '»' | '¿' | '×' | '÷' // Latin-1
            | '\u{200E}'..='\u{206F}' | '\u{20A0}'..='\u{20CF}' | '\u{2190}'..='\u{2BFF}' // punctuation to symbols
            | '\u{3001}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{3030}' | '・' // of Chinese and Japanese
            | '\u{E000}'..='\u{F8FF}' | '\u{FE00}'..='\u{FE6F}' | '\u{FEFF}'
            | '\u{FF01}'..='\u{FF0F}' | '\u{FF1A}'..='\u{FF20}' | '\u{FF3B}'..='\u{FF40}' | '\u{FF5B}'..='\u{FF65}'
            | '\u{FFE0}'..='\u{FFFF}' | '\u{1F000}'..='\u{1FAFF}' | '\u{E0000}'..,
        ) => Class::Sign,
        Some('\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FFDF}' | '\u{1B000}'..='\u{1B16F}') => {
            Class::Wide
        }
        Some('\u{20000}'..='\u{3FFFF}') => Class::Wide,
        Some(_) => Class::Word,
    }
}

/// Whether it may be part of a word.
pub(super) fn is_word(c: char) -> bool {
    matches!(class(Some(c)), Class::Word | Class::Wide)
}

/// Whether nothing of it is seen.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_whitespace() || c.is_control() || directs(c)
}

/// Whether it directs text or hides in it: an address with it could look like another one.
pub(super) fn directs(c: char) -> bool {
    turns(c) || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2065}' | '\u{FEFF}')
}

/// Whether it turns the direction of what follows it, over the end of the text into what stands behind it.
pub(super) fn turns(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}')
}
