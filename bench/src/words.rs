//! What is said where it matters what is said: lines like those of people, in which words are as common as in a
//! language (the second half as often as the first, the third a third as often). Each is made from its number alone.

/// Words that there are.
pub(crate) const WORDS: u64 = 20_000;

/// Chinese characters in use.
const CHARACTERS: u64 = 3_000;

/// One line in so many is Chinese, and one Russian.
const CHINESE: u64 = 10;
const RUSSIAN: u64 = 16;

const BEGINNINGS: [&str; 20] =
    ["t", "s", "m", "th", "k", "l", "r", "d", "b", "st", "n", "w", "pr", "f", "g", "h", "tr", "c", "qu", "z"];
const ENDS: [&str; 9] = ["e", "a", "o", "in", "er", "i", "an", "u", "ost"];
const SYLLABLES: u64 = (BEGINNINGS.len() * ENDS.len()) as u64;

/// A number that looks like chance, of two others (SplitMix64).
pub(crate) fn chance(one: u64, other: u64) -> u64 {
    let mut mixed = one.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(other.wrapping_mul(0xd1b5_4a32_d192_ed03));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A rank below `most`: the first often, the last seldom.
fn rank(chance: u64, most: u64) -> u64 {
    let part = (chance >> 11) as f64 / (1_u64 << 53) as f64;
    ((most as f64).powf(part) - 1.0) as u64
}

/// The word of a rank: common ones are short. From [`WORDS`] on, words that nobody says, of parts that everyone does.
pub(crate) fn word(rank: u64) -> String {
    let mut rest = rank;
    let mut word = String::new();
    loop {
        let syllable = usize::try_from(rest % SYLLABLES).unwrap_or_default();
        word += BEGINNINGS[syllable % BEGINNINGS.len()];
        word += ENDS[syllable / BEGINNINGS.len()];
        rest /= SYLLABLES;
        if rest == 0 {
            return word;
        }
        rest -= 1;
    }
}

/// The character of a rank.
pub(crate) fn character(rank: u64) -> char {
    u32::try_from(0x4e00 + rank * 7 % 20_000).ok().and_then(char::from_u32).unwrap_or('一')
}

/// What the line of this number says.
pub(crate) fn text(line: u64) -> String {
    let length = 4 + chance(line, 0) % 12;
    let ranks = (1..=length).map(|place| chance(line, place));
    if line.is_multiple_of(CHINESE) {
        ranks.flat_map(|chance| [rank(chance, CHARACTERS), rank(chance << 20, CHARACTERS)]).map(character).collect()
    } else {
        let russian = line % RUSSIAN == 1;
        let words = ranks.map(|chance| word(rank(chance, WORDS)));
        words.map(|word| if russian { in_russian(&word) } else { word }).collect::<Vec<_>>().join(" ")
    }
}

fn in_russian(word: &str) -> String {
    let letters =
        word.bytes().map(|letter| char::from_u32(0x430 + u32::from(letter.wrapping_sub(b'a'))).unwrap_or('я'));
    letters.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_word_is_another() {
        let words: HashSet<String> = (0..2 * WORDS).map(word).collect();
        assert_eq!(words.len() as u64, 2 * WORDS);
    }

    #[test]
    fn some_words_are_common_and_some_are_rare() {
        let lines: Vec<String> = (0..20_000).map(text).collect();
        let count = |word: &str| lines.iter().filter(|line| line.split(' ').any(|other| other == word)).count();
        assert!(count(&word(0)) > 5_000, "{}", count(&word(0)));
        assert!((1..2_000).contains(&count(&word(200))), "{}", count(&word(200)));
        assert!(count(&word(19_000)) < 20, "{}", count(&word(19_000)));
        assert_eq!(count(&word(WORDS)), 0);
    }
}
