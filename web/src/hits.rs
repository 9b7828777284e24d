//! Where a text has what was searched for. Pure, and by the hub's own rule (its `backplane/words`): case, accents,
//! width and what is invisible do not count, words are found within words, and what is quoted stands together.

use std::ops::Range;

use shared::spelling::{is_accent, spelled, stays};

/// Characters shown of a text that was found: some six lines of the list.
const SHOWN: usize = 280;

/// Of those so many before the first hit, where the text does not begin there.
const BEFORE: usize = 60;

/// Around words that must stand together.
const QUOTES: [char; 4] = ['"', '“', '”', '„'];

/// The Unicode tables, which every browser has and nobody should have to download.
#[derive(Clone, Copy)]
pub(crate) struct Tables {
    /// Compatibility decomposition (NFKD), in small letters.
    pub(crate) decompose: fn(&str) -> String,
    /// Canonical composition (NFC).
    pub(crate) compose: fn(&str) -> String,
}

/// What was typed, ready to be looked for.
pub(crate) struct Query {
    words: Vec<String>,
    tables: Tables,
}

impl Query {
    pub(crate) fn new(typed: &str, tables: Tables) -> Self {
        let folded = Folded::of(typed, tables).text;
        let mut words: Vec<String> = Vec::new();
        for (part, text) in folded.split(QUOTES).enumerate() {
            if part % 2 == 1 {
                words.push(text.trim().to_owned());
            } else {
                words.extend(text.split(' ').map(str::to_owned));
            }
        }
        words.retain(|word| !word.is_empty());
        Self { words, tables }
    }

    /// Where the text has any of the words: byte ranges in order, none of which touch.
    fn hits(&self, text: &str) -> Vec<Range<usize>> {
        let folded = Folded::of(text, self.tables);
        let mut hit = vec![false; folded.clusters.len()];
        for word in &self.words {
            for (start, found) in folded.text.match_indices(word.as_str()) {
                hit[folded.at[start]..=folded.at[start + found.len() - 1]].fill(true);
            }
        }
        let mut hits: Vec<Range<usize>> = Vec::new();
        for (cluster, _) in folded.clusters.into_iter().zip(hit).filter(|(_, hit)| *hit) {
            match hits.last_mut().filter(|last| last.end == cluster.start) {
                Some(last) => last.end = cluster.end,
                None => hits.push(cluster),
            }
        }
        hits
    }

    /// The text in pieces, each with whether it is a hit; a long one from a little before its first hit on.
    pub(crate) fn excerpt<'a>(&self, text: &'a str) -> Vec<(&'a str, bool)> {
        let hits = self.hits(text);
        let first = hits.first().map_or(0, |hit| hit.start);
        let start = back(text, first, BEFORE);
        let end = text[start..].char_indices().nth(SHOWN).map_or(text.len(), |(end, _)| start + end);
        let mut pieces = Vec::new();
        let mut add = |words: &'a str, hit| {
            if !words.is_empty() {
                pieces.push((words, hit));
            }
        };
        add(if start > 0 { "…" } else { "" }, false);
        let mut at = start;
        for hit in hits {
            let (from, to) = (hit.start.min(end), hit.end.min(end));
            add(&text[at..from], false);
            add(&text[from..to], true);
            at = to;
        }
        add(&text[at..end], false);
        add(if end < text.len() { "…" } else { "" }, false);
        pieces
    }
}

/// So many characters before `at`, or a little less: behind a space, if there is one. A text that would lose
/// next to nothing so keeps its beginning.
fn back(text: &str, at: usize, characters: usize) -> usize {
    let before = &text[..at];
    let Some((cut, _)) = before.char_indices().rev().nth(characters) else { return 0 };
    before[cut..].find(' ').map_or(cut, |space| cut + space + 1)
}

/// A text as it is compared.
struct Folded {
    text: String,
    /// For each byte of it the cluster that it comes from.
    at: Vec<usize>,
    /// A character and the marks on it: where they stand in the text as it was.
    clusters: Vec<Range<usize>>,
}

impl Folded {
    fn of(text: &str, tables: Tables) -> Self {
        let mut clusters: Vec<Range<usize>> = Vec::new();
        for (start, letter) in text.char_indices() {
            let end = start + letter.len_utf8();
            match clusters.last_mut().filter(|_| is_mark(letter)) {
                Some(base) => base.end = end,
                None => clusters.push(start..end),
            }
        }
        // All at once, a cluster a line: nothing is composed over the end of a line.
        let mut lines = String::with_capacity(text.len() + clusters.len());
        for cluster in &clusters {
            let plain = &text[cluster.clone()];
            lines.push_str(if plain.trim().is_empty() || plain.contains(char::is_control) { " " } else { plain });
            lines.push('\n');
        }
        if !lines.is_ascii() {
            let decomposed = (tables.decompose)(&lines);
            let mut base = ' ';
            lines =
                (tables.compose)(&decomposed.chars().filter(|letter| stays(&mut base, *letter)).collect::<String>());
        }
        let mut folded = Self { text: String::with_capacity(lines.len()), at: Vec::new(), clusters };
        for (cluster, line) in lines.split('\n').enumerate() {
            for letter in line.chars() {
                match spelled(letter) {
                    Some(spelling) => folded.text.push_str(spelling),
                    None if !letter.is_whitespace() => folded.text.push(letter.to_ascii_lowercase()),
                    None if folded.text.is_empty() || folded.text.ends_with(' ') => {}
                    None => folded.text.push(' '),
                }
            }
            folded.at.resize(folded.text.len(), cluster);
        }
        folded
    }
}

/// An accent, or a Japanese sign of voice, also one of half width: what may become one with the character before it.
fn is_mark(letter: char) -> bool {
    is_accent(letter) || matches!(letter, '\u{3099}' | '\u{309a}' | '\u{ff9e}' | '\u{ff9f}')
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    const TABLES: Tables = Tables {
        decompose: |text| text.nfkd().flat_map(char::to_lowercase).collect(),
        compose: |text| text.nfc().collect(),
    };

    fn excerpt(text: &str, query: &str) -> String {
        let query = Query::new(query, TABLES);
        query
            .excerpt(text)
            .into_iter()
            .map(|(words, hit)| if hit { format!("[{words}]") } else { words.to_owned() })
            .collect()
    }

    #[test]
    fn hits_are_found_as_the_hub_finds_them() {
        for (text, query, expected) in [
            ("Tea for Two", "tea", "[Tea] for Two"),
            ("Tea for Two", "wo ea", "T[ea] for T[wo]"),
            ("Tea for Two", "\"for two\"", "Tea [for Two]"),
            ("Tea for\n\n Two", "“for two”", "Tea [for\n\n Two]"),
            ("Tea for two", "\"two for\"", "Tea for two"),
            ("un café", "CAFE", "un [café]"),
            ("un cafe\u{301}!", "café", "un [cafe\u{301}]!"),
            ("Straße 5", "STRASSE", "[Straße] 5"),
            ("Ｈｅｌｌｏ", "ell", "Ｈ[ｅｌｌ]ｏ"),
            ("ﾊﾝｶﾞｰ", "ガ", "ﾊﾝ[ｶﾞ]ｰ"),
            ("東京タワー", "京タ", "東[京タ]ワー"),
            ("ありがとう", "か", "ありがとう"),
            ("Ёлка", "елка", "[Ёлка]"),
            ("мой", "мои", "мой"),
            ("ΟΔΟΣ", "οδος", "[ΟΔΟΣ]"),
            ("مُحَمَّد", "محمد", "[مُحَمَّد]"),
            ("a\u{200b}b", "ab", "[a\u{200b}b]"),
            ("🎉 done", "🎉", "[🎉] done"),
            ("aaa", "aa", "[aa]a"),
            ("abcabc", "abc", "[abcabc]"),
            ("plain", "", "plain"),
            ("", "x", ""),
        ] {
            assert_eq!(excerpt(text, query), expected, "{query:?} in {text:?}");
        }
    }

    #[test]
    fn signs_mean_themselves() {
        assert_eq!(excerpt("a* <b>(c", "<b>( a*"), "[a*] [<b>(]c");
    }

    #[test]
    fn a_long_text_is_shown_from_a_little_before_its_first_hit() {
        let text = format!("{}needle{}", "word ".repeat(100), " more".repeat(100));
        let shown = excerpt(&text, "needle");
        assert!(shown.starts_with("…word ") && shown.ends_with('…'), "{shown}");
        assert!(shown.contains(" [needle] "), "{shown}");
        assert!(shown.chars().count() < SHOWN + 10, "{shown}");
        let one_word = format!("{}needle", "x".repeat(16_000));
        assert!(excerpt(&one_word, "needle").ends_with("x[needle]"));
    }

    proptest! {
        #[test]
        fn nothing_of_a_short_text_is_lost(text in any::<String>(), query in any::<String>()) {
            let shown: String = Query::new(&query, TABLES).excerpt(&text).into_iter().map(|(words, _)| words).collect();
            if text.chars().count() <= BEFORE {
                prop_assert_eq!(shown, text);
            }
        }

        #[test]
        fn a_part_of_a_text_is_found_in_it(text in "[a-cÀ-ÿ ]{1,20}", from in 0..20_usize, length in 1..5_usize) {
            let part: String = text.chars().skip(from).take(length).collect();
            let query = Query::new(&part, TABLES);
            prop_assert_eq!(query.hits(&text).is_empty(), part.trim().is_empty());
        }
    }
}
