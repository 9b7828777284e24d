//! What is searched for, and whether a line has it: the same on every backplane.

mod fold;

use shared::wire::MAX_QUERY;

pub(super) use fold::{fold, fold_into};

/// Words of which a line must hold all, each anywhere, also in the middle of another word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Folded; at least one, none of them empty or part of another.
    words: Vec<String>,
}

/// Why nothing can be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    #[error("There is nothing to search for.")]
    Empty,
    #[error("That is more than {MAX_QUERY} characters; a word or two of it will do.")]
    TooLong,
}

/// Around words that must stand together.
const QUOTES: [char; 4] = ['"', '“', '”', '„'];

impl Words {
    /// Reads what a person typed: words apart by spaces, `"words in quotes"` together. The last quote may be missing.
    /// No other sign has a meaning of its own.
    ///
    /// # Errors
    /// See [`WordsError`].
    pub fn parse(query: &str) -> Result<Self, WordsError> {
        if query.chars().count() > MAX_QUERY {
            return Err(WordsError::TooLong);
        }
        let folded = fold(query);
        let mut words: Vec<String> = Vec::new();
        for (part, text) in folded.split(QUOTES).enumerate() {
            let quoted = part % 2 == 1;
            let split = if quoted { [text.trim()].to_vec() } else { text.split(' ').collect() };
            words.extend(split.into_iter().filter(|word| !word.is_empty()).map(str::to_owned));
        }
        // The longest first: it is the rarest, so most lines are done with at a look.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let mut kept: Vec<String> = Vec::new();
        for word in words {
            if !kept.iter().any(|longer| longer.contains(&word)) {
                kept.push(word);
            }
        }
        if kept.is_empty() { Err(WordsError::Empty) } else { Ok(Self { words: kept }) }
    }

    /// Whether a folded text has them all.
    pub(super) fn are_in(&self, folded: &str) -> bool {
        self.words.iter().all(|word| folded.contains(word.as_str()))
    }

    /// The words without their spaces, the longest first: what every line that has them consists of.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &str> {
        self.words.iter().flat_map(|word| word.split(' '))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(query: &str) -> Vec<String> {
        let mut words = Words::parse(query).unwrap().words;
        words.sort();
        words
    }

    #[test]
    fn words_are_apart_by_spaces_and_quotes_hold_them_together() {
        assert_eq!(words("  Tea   for two "), ["for", "tea", "two"]);
        assert_eq!(words("\"Tea  for\" two"), ["tea for", "two"]);
        assert_eq!(words("“Tea for” two"), ["tea for", "two"]);
        assert_eq!(words("two \"tea for"), ["tea for", "two"]);
        assert_eq!(words("say\"tea for\"two"), ["say", "tea for", "two"]);
        assert_eq!(words("東京　タワー"), ["タワー", "東京"]);
    }

    #[test]
    fn a_word_that_is_part_of_another_is_no_further_condition() {
        assert_eq!(words("tea teapot tea teapot"), ["teapot"]);
    }

    #[test]
    fn signs_of_query_languages_mean_themselves() {
        assert_eq!(words("a* OR -b NOT line:c ^d (e"), ["(e", "-b", "^d", "a*", "line:c", "not", "or"]);
    }

    #[test]
    fn nothing_to_search_for_is_told() {
        for nothing in ["", "   ", "\t\n\0", "\"\"", "\" \"  “”", "\u{301}", "\u{200b}\u{feff}"] {
            assert_eq!(Words::parse(nothing), Err(WordsError::Empty), "{nothing:?}");
        }
        assert!(Words::parse(&"语".repeat(MAX_QUERY)).is_ok());
        assert_eq!(Words::parse(&"x".repeat(MAX_QUERY + 1)), Err(WordsError::TooLong));
    }

    #[test]
    fn a_line_must_have_them_all() {
        let has = |query, text| Words::parse(query).unwrap().are_in(&fold(text));
        assert!(has("two tea", "Tea for Two"));
        assert!(has("ea wo", "Tea for Two"));
        assert!(!has("tea three", "Tea for Two"));
        assert!(has("\"for two\"", "Tea for\nTwo"));
        assert!(!has("\"two for\"", "Tea for Two"));
    }
}
