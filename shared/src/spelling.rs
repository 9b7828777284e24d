//! Which differences of spelling do not count where lines are searched: the hub finds by it, and clients show by it what
//! was found. For texts that are decomposed (NFKD) and in small letters.
//!
//! Accents fall off Latin, Greek and Cyrillic letters, and vowel signs that may as well be left out off Hebrew and Arabic
//! ones; what is invisible is left out. In other scripts marks are part of what is written (が is not か, Thai and
//! Indic vowels are signs), and stay.

/// Whether it is a mark that stands on the letter before it.
pub fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}')
}

/// Whether a letter is compared, behind `base`, the last one that was no accent; a space before the first.
pub fn stays(base: &mut char, letter: char) -> bool {
    let accent = is_accent(letter);
    let left_out = is_left_out(letter);
    if !accent && !left_out {
        *base = letter;
    }
    // й, ў and ї are letters of their own; the last of these blocks is Cyrillic.
    let own = matches!((*base, letter), ('и' | 'у', '\u{306}') | ('і', '\u{308}'));
    let falls = accent && *base < '\u{530}' && !own;
    !falls && !left_out
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
pub fn spelled(letter: char) -> Option<&'static str> {
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
    use super::*;

    fn compared(text: &str) -> String {
        let mut base = ' ';
        text.chars().filter(|letter| stays(&mut base, *letter)).collect()
    }

    #[test]
    fn accents_fall_where_people_leave_them_out() {
        assert_eq!(compared("cafe\u{301}"), "cafe");
        assert_eq!(compared("и\u{306}"), "и\u{306}", "a letter of its own");
        assert_eq!(compared("か\u{3099}"), "か\u{3099}", "part of what is written");
    }

    #[test]
    fn what_nobody_sees_is_left_out_and_hides_no_letter_from_its_accent() {
        assert_eq!(compared("e\u{200d}\u{301}"), "e");
        assert_eq!(compared("и\u{200d}\u{306}"), "и\u{306}");
    }
}
