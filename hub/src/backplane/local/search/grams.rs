//! What the index knows of a line: each character, pair and triple of characters that stand together in one of its
//! words; where it was said, and by whom.
//!
//! All are words of one text, with spaces between, for FTS5's tokenizer to take apart. What is no gram
//! is longer than three characters, so that no line can say it.

use std::fmt::Write;

use crate::backplane::{Place, words::Words};

/// How FTS5 takes the text apart: at spaces. Each other ASCII sign is part of a word, as all that is not ASCII is.
pub(super) const TOKENIZE: &str = r##""ascii tokenchars '!""#$%&''()*+,-./:;<=>?@[\]^_`{|}~'""##;

/// The longest gram, in characters.
const LONGEST: usize = 3;

/// Grams that are looked up for one query. The longest words come first; the others are looked for in what is found.
const MAX_LOOKED_UP: usize = 16;

/// Places that are looked up; of who is in more, every line is looked at that has the words.
const MAX_PLACES: usize = 100;

/// Adds the grams of a folded text.
pub(super) fn add(folded: &str, grams: &mut String) {
    for word in folded.split(' ') {
        // The beginnings of the last two characters before this one.
        let (mut last, mut last_but_one) = (None, None);
        for (begin, letter) in word.char_indices() {
            let end = begin + letter.len_utf8();
            for from in [Some(begin), last, last_but_one].into_iter().flatten() {
                grams.push_str(&word[from..end]);
                grams.push(' ');
            }
            (last_but_one, last) = (last, Some(begin));
        }
    }
}

/// Adds that a line was said in this room.
pub(super) fn add_room(room: i64, grams: &mut String) {
    let _ = write!(grams, "room{room} "); // a string takes all
}

/// Adds that a line is a private message between these two, the lower first.
pub(super) fn add_pair(low: i64, high: i64, grams: &mut String) {
    let _ = write!(grams, "pair{low}.{high} with{low} ");
    if low != high {
        let _ = write!(grams, "with{high} ");
    }
}

/// Adds who said it.
pub(super) fn add_author(owner: i64, grams: &mut String) {
    let _ = write!(grams, "from{owner} ");
}

/// What FTS5 is to look for: no line that has the words, in these places and of this author, is without it. The number of
/// a room by its key; the log knows no room without one. None where no line can be meant.
pub(super) fn look_up(
    words: &Words,
    places: &[Place],
    author: Option<i64>,
    number: impl Fn(&str) -> Option<i64>,
) -> Option<String> {
    let mut wanted: Vec<String> = Vec::with_capacity(MAX_LOOKED_UP + 2);
    for piece in words.pieces() {
        let begins: Vec<usize> = piece.char_indices().map(|(begin, _)| begin).chain([piece.len()]).collect();
        let long = LONGEST.min(begins.len() - 1);
        for gram in begins.windows(long + 1).map(|ends| quoted(&piece[ends[0]..ends[long]])) {
            if wanted.len() < MAX_LOOKED_UP && !wanted.contains(&gram) {
                wanted.push(gram);
            }
        }
    }
    if places.len() <= MAX_PLACES {
        let places: Vec<String> = places
            .iter()
            .filter_map(|place| match place {
                Place::Room(key) => number(key).map(|room| format!("\"room{room}\"")),
                Place::Whispers(owner) => Some(format!("\"with{}\"", owner.0)),
                Place::Pair(one, other) => Some(format!("\"pair{}.{}\"", one.0.min(other.0), one.0.max(other.0))),
            })
            .collect();
        if places.is_empty() {
            return None;
        }
        wanted.push(format!("({})", places.join(" OR ")));
    }
    wanted.extend(author.map(|owner| format!("\"from{owner}\"")));
    Some(wanted.join(" AND "))
}

/// A string in FTS5's language, in which nothing else has a meaning.
fn quoted(gram: &str) -> String {
    format!("\"{}\"", gram.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backplane::OwnerId;

    #[test]
    fn a_line_is_known_by_all_that_stands_together_in_its_words() {
        let mut grams = String::new();
        add("日本語 ok", &mut grams);
        assert_eq!(
            grams.split_whitespace().collect::<Vec<_>>(),
            ["日", "本", "日本", "語", "本語", "日本語", "o", "k", "ok"]
        );
    }

    #[test]
    fn long_words_are_looked_up_by_their_triples_and_short_ones_as_they_are() {
        let words = Words::parse("teapot \"a b\"").unwrap();
        let places = [Place::Room("den".to_owned()), Place::Room("gone".to_owned()), Place::Whispers(OwnerId(7))];
        let number = |key: &str| (key == "den").then_some(3);
        assert_eq!(
            look_up(&words, &places, Some(5), number).unwrap(),
            r#""tea" AND "eap" AND "apo" AND "pot" AND "a" AND "b" AND ("room3" OR "with7") AND "from5""#
        );
        assert_eq!(look_up(&words, &[Place::Room("gone".to_owned())], None, number), None);
        assert_eq!(look_up(&words, &[], None, number), None);
    }

    #[test]
    fn signs_of_the_query_language_are_quoted() {
        let words = Words::parse("*) x:").unwrap();
        let places = [Place::Pair(OwnerId(9), OwnerId(2))];
        assert_eq!(look_up(&words, &places, None, |_| None).unwrap(), r#""*)" AND "x:" AND ("pair2.9")"#);
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn who_is_in_very_many_rooms_searches_all_lines() {
        let words = Words::parse("x").unwrap();
        let places: Vec<Place> = (0..=MAX_PLACES).map(|number| Place::Room(number.to_string())).collect();
        assert_eq!(look_up(&words, &places, None, |_| None).unwrap(), "\"x\"");
    }
}
