//! Writes the table of emoji that clients complete names from: `/emoji.txt`, read by `shared::emoji::Table`.

use std::fmt::Write;

use emojis::{Emoji, EmojiVersion, Group};

/// Newer ones are missing in the fonts of most machines, which then show a box: this is of September 2024.
const NEWEST: EmojiVersion = EmojiVersion::new(16, 0);

/// A line an emoji: `emoji<TAB>name name…<TAB>group`, in the order of a picker. Without those for each tone of skin.
pub(crate) fn table() -> String {
    let mut text = String::new();
    for emoji in emojis::iter().filter(|emoji| emoji.emoji_version() <= NEWEST) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{emoji}\t{}\t{}", names(emoji).join(" "), group(emoji.group()));
    }
    text
}

/// Those that people know from elsewhere, and that of Unicode, by whose words it is found, unless another one is
/// known by it.
fn names(emoji: &Emoji) -> Vec<String> {
    let mut names: Vec<String> = emoji.shortcodes().map(str::to_owned).collect();
    let official = slug(emoji.name());
    if emojis::get_by_shortcode(&official).is_none() {
        names.push(official);
    }
    names
}

/// What is in no name is a sign between its words: `Côte d’Ivoire` is `cote_d_ivoire`.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match plain_letter(c) {
            Some(c) => slug.push(c),
            None if !slug.is_empty() && !slug.ends_with('_') => slug.push('_'),
            None => {}
        }
    }
    slug.truncate(slug.trim_end_matches('_').len());
    slug
}

/// A letter or digit without its accent, of those that names of countries have.
fn plain_letter(c: char) -> Option<char> {
    match c {
        'a'..='z' | '0'..='9' => Some(c),
        'ã' | 'å' | 'á' => Some('a'),
        'ç' => Some('c'),
        'é' => Some('e'),
        'í' => Some('i'),
        'ñ' => Some('n'),
        'ô' | 'ó' => Some('o'),
        'ü' => Some('u'),
        _ => None,
    }
}

/// As a picker heads it.
fn group(group: Group) -> &'static str {
    match group {
        Group::SmileysAndEmotion => "Smileys",
        Group::PeopleAndBody => "People",
        Group::AnimalsAndNature => "Nature",
        Group::FoodAndDrink => "Food",
        Group::TravelAndPlaces => "Travel",
        Group::Activities => "Activities",
        Group::Objects => "Objects",
        Group::Symbols => "Symbols",
        Group::Flags => "Flags",
    }
}
