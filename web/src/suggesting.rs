//! What is offered while one writes: nicks behind an `@`, emoji behind a `:`. Pure.

use shared::letters::{fold, is_letter_or_digit};

/// Offered at a time, at most: what a phone shows above its keyboard.
pub(crate) const MAX_OFFERS: usize = 8;

/// Letters of an emoji's name before any is offered: one fits hundreds.
const LEAST_LETTERS: usize = 2;

/// What one has begun to write just before the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted<'a> {
    pub(crate) kind: Kind,
    /// Where its sign stands, in bytes.
    pub(crate) at: usize,
    /// What is written behind the sign.
    pub(crate) typed: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Nick,
    Emoji,
}

/// What is wanted where the cursor stands, in bytes; none within a word or an address.
pub(crate) fn wanted(text: &str, cursor: usize) -> Option<Wanted<'_>> {
    let before = text.get(..cursor)?;
    let run =
        before.rfind(char::is_whitespace).map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
    let at = run + before[run..].rfind(['@', ':'])?;
    let typed = &before[at + 1..];
    if before[..at].chars().next_back().is_some_and(|c| is_letter_or_digit(c) || matches!(c, '@' | ':' | '/')) {
        return None;
    }
    let kind = if before[at..].starts_with('@') { Kind::Nick } else { Kind::Emoji };
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    if kind == Kind::Emoji && (typed.len() < LEAST_LETTERS || !typed.chars().all(letters)) {
        return None;
    }
    Some(Wanted { kind, at, typed })
}

/// The nicks that fit what was typed, in their order: first those that begin so, then those that hold it.
pub(crate) fn nicks(typed: &str, known: &[String]) -> Vec<String> {
    let typed = fold(typed);
    let mut fitting: Vec<String> = Vec::new();
    for begins in [true, false] {
        for nick in known {
            let folded = fold(nick);
            let fits = if begins { folded.starts_with(&typed) } else { folded.contains(&typed) };
            if fitting.len() < MAX_OFFERS && fits && !fitting.contains(nick) {
                fitting.push(nick.clone());
            }
        }
    }
    fitting
}

/// Which of the offers Enter takes: the first, but none where what was typed is one of them already. Who has written
/// a whole name and presses Enter wants to send it.
pub(crate) fn chosen(typed: &str, offered: &[String]) -> Option<usize> {
    let typed = fold(typed);
    (!offered.is_empty() && offered.iter().all(|name| fold(name) != typed)).then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_end(text: &str) -> Option<(Kind, &str)> {
        wanted(text, text.len()).map(|wanted| (wanted.kind, wanted.typed))
    }

    #[test]
    fn an_at_sign_begins_a_nick() {
        assert_eq!(at_end("hi @"), Some((Kind::Nick, "")));
        assert_eq!(at_end("hi @an"), Some((Kind::Nick, "an")));
        assert_eq!(at_end("(@an"), Some((Kind::Nick, "an")));
        assert_eq!(at_end("schön @由"), Some((Kind::Nick, "由")));
        assert_eq!(wanted("@an and so on", 3).map(|wanted| (wanted.at, wanted.typed)), Some((0, "an")));
    }

    #[test]
    fn a_colon_and_two_letters_begin_an_emoji() {
        assert_eq!(at_end("well :sm"), Some((Kind::Emoji, "sm")));
        assert_eq!(at_end(":+1"), Some((Kind::Emoji, "+1")));
        for no in ["well :", "well :s", ":)", "note: this", "12:30", "http://x", "a::b", ":smile: yes", "x:yz"] {
            assert_eq!(at_end(no), None, "{no}");
        }
    }

    #[test]
    fn nothing_is_offered_within_a_word_or_behind_a_space() {
        for no in ["ana@example", "hi @ana ", "hi", "", "@@an", "http://host/@an"] {
            assert_eq!(at_end(no), None, "{no}");
        }
        assert_eq!(wanted("é@an", 1), None, "no cursor stands within a letter");
    }

    #[test]
    fn who_begins_so_comes_first() {
        let known = ["Juana", "Anton", "bob", "ana"].map(str::to_owned);
        assert_eq!(nicks("an", &known), ["Anton", "ana", "Juana"]);
        assert_eq!(nicks("", &known).len(), 4);
        let many: Vec<String> = (0..50).map(|number| format!("guest{number}")).collect();
        assert_eq!(nicks("g", &many).len(), MAX_OFFERS);
    }

    #[test]
    fn enter_sends_a_name_that_is_whole() {
        let offered = ["bob".to_owned(), "bobby".to_owned()];
        assert_eq!(chosen("bo", &offered), Some(0));
        assert_eq!(chosen("Bob", &offered), None);
        assert_eq!(chosen("x", &[]), None);
    }
}
