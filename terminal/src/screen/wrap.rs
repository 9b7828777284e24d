//! Words into lines no wider than the screen has room for: by the columns that they take, in any script.

use std::ops::Range;

use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::ink::Ink;

/// The least room that lines are made for, in columns: one letter may take two.
pub(super) const LEAST: usize = 2;

/// No line begins with one of these where the script has no spaces to break at.
const CLOSING: &str = "、。，．・：；？！）」』】〕》〉｝］ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ";

/// No line ends with one of these there.
const OPENING: &str = "（「『【〔《〈｛［";

/// Where lines may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// At spaces, which are left out then; within a word that has no room, or where the script has none.
    Words,
    /// Where the room ends: each space counts, as in code.
    Anywhere,
}

/// One place on the screen: a letter with all that belongs to it.
#[derive(Clone, Copy)]
struct Cluster<'a> {
    text: &'a str,
    width: usize,
    style: Style,
}

impl Cluster<'_> {
    fn is_space(self) -> bool {
        self.text == " "
    }

    /// Whether a line may end between this and the next, where there is no space.
    fn parts_from(self, next: Cluster<'_>) -> bool {
        let wide = self.width > 1 || next.width > 1;
        wide && !CLOSING.contains(next.text) && !OPENING.contains(self.text)
    }
}

/// The words in lines: the first has room for `first` columns, the others for `width`; each at least for [`LEAST`].
/// At least one line, perhaps an empty one.
pub(super) fn wrap(words: &[Ink], first: usize, width: usize, ends: Ends) -> Vec<Vec<Ink>> {
    let text: String = words.iter().map(Ink::text).collect();
    let clusters = clusters(&text, words, first.min(width).max(LEAST));
    let mut lines = Vec::new();
    let mut rest = 0..clusters.len();
    while !rest.is_empty() || lines.is_empty() {
        let room = if lines.is_empty() { first } else { width };
        let (line, next) = one_line(&clusters, rest.clone(), room.max(LEAST), ends);
        lines.push(inked(&clusters[line]));
        rest.start = next;
    }
    lines
}

/// How far the next line goes, and where the one behind it begins.
fn one_line(clusters: &[Cluster<'_>], rest: Range<usize>, room: usize, ends: Ends) -> (Range<usize>, usize) {
    let mut left = room;
    // Where it may end: the end of its words, and the start of those behind the spaces.
    let mut chance = None;
    let mut inside = false; // spaces at its start are its own
    for at in rest.clone() {
        let cluster = clusters[at];
        if ends == Ends::Words && at > rest.start {
            let before = clusters[at - 1];
            if inside && cluster.is_space() && !before.is_space() {
                let behind = clusters[at..rest.end].iter().position(|cluster| !cluster.is_space());
                let next = behind.map_or(rest.end, |spaces| at + spaces);
                chance = Some((at, next));
            } else if !cluster.is_space() && before.parts_from(cluster) {
                chance = Some((at, at));
            }
        }
        inside |= !cluster.is_space();
        if cluster.width > left {
            let (end, next) = chance.unwrap_or((at, at));
            return (rest.start..end, next);
        }
        left -= cluster.width;
    }
    (rest.start..rest.end, rest.end)
}

/// A text place by place; each as wide as `room` at most.
fn clusters<'a>(text: &'a str, words: &[Ink], room: usize) -> Vec<Cluster<'a>> {
    let mut clusters = Vec::with_capacity(text.len());
    let mut ends = words.iter().scan(0, |end, ink| {
        *end += ink.text().len();
        Some((*end, ink.style()))
    });
    let mut style = ends.next();
    for (at, cluster) in text.grapheme_indices(true) {
        while style.is_some_and(|(end, _)| end <= at) {
            style = ends.next();
        }
        let style = style.map_or_else(Style::new, |(_, style)| style);
        let width = cluster.width();
        if width <= room {
            clusters.push(Cluster { text: cluster, width, style });
        } else {
            // Some scripts join letters without end.
            let chars = cluster.char_indices().map(|(at, c)| &cluster[at..at + c.len_utf8()]);
            clusters.extend(chars.map(|text| Cluster { text, width: text.width().min(room), style }));
        }
    }
    clusters
}

/// Places of one style together.
fn inked(clusters: &[Cluster<'_>]) -> Vec<Ink> {
    let alike = clusters.chunk_by(|one, next| one.style == next.style);
    alike
        .map(|clusters| {
            let text: String = clusters.iter().map(|cluster| cluster.text).collect();
            Ink::new(&text, clusters[0].style)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ink::line_width;
    use super::*;

    fn wrapped(text: &str, width: usize, ends: Ends) -> Vec<String> {
        let lines = wrap(&[Ink::new(text, Style::new())], width, width, ends);
        lines.iter().map(|line| line.iter().map(Ink::text).collect()).collect()
    }

    #[test]
    fn lines_end_between_words() {
        assert_eq!(wrapped("the quick brown fox", 10, Ends::Words), ["the quick", "brown fox"]);
        assert_eq!(wrapped("the quick  brown", 9, Ends::Words), ["the quick", "brown"]);
        assert_eq!(wrapped("  moved in", 7, Ends::Words), ["  moved", "in"]);
        assert_eq!(wrapped("", 7, Ends::Words), [""]);
        assert_eq!(wrapped("a ", 1, Ends::Words), ["a "]);
    }

    #[test]
    fn a_word_without_room_ends_where_the_room_does() {
        assert_eq!(wrapped("see https://den.local/x", 10, Ends::Words), ["see", "https://de", "n.local/x"]);
    }

    #[test]
    fn scripts_without_spaces_end_between_letters() {
        assert_eq!(wrapped("漢字漢字漢字", 5, Ends::Words), ["漢字", "漢字", "漢字"]);
        assert_eq!(
            wrapped("漢字。漢字", 4, Ends::Words),
            ["漢", "字。", "漢字"],
            "a line does not begin with a full stop"
        );
        assert_eq!(wrapped("👍👍", 3, Ends::Words), ["👍", "👍"], "a picture stays whole");
    }

    #[test]
    fn code_keeps_its_spaces() {
        assert_eq!(wrapped("fn  main", 4, Ends::Anywhere), ["fn  ", "main"]);
        assert_eq!(wrapped("    x", 3, Ends::Anywhere), ["   ", " x"]);
    }

    #[test]
    fn styles_go_along() {
        let (plain, bold) = (Style::new(), Style::new().bold());
        let lines = wrap(&[Ink::new("one tw", plain), Ink::new("o three", bold)], 7, 7, Ends::Words);
        assert_eq!(lines, [vec![Ink::new("one tw", plain), Ink::new("o", bold)], vec![Ink::new("three", bold)]]);
    }

    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z]{1,12}",
            " {1,3}",
            "[漢字かな、。（）]{1,6}",
            Just("👩🏽‍💻".to_owned()),
            Just("🇦🇹".to_owned()),
            "[àéa\u{301}\u{308}]{1,5}",
            "[\u{1100}-\u{1112}\u{1161}-\u{1175}]{1,5}",
            "[\\u{915}\\u{94d}\\u{937}\\u{200d}]{1,8}",
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_asked(text in texts(), first in 2..30_usize, width in 2..30_usize, code in any::<bool>()) {
            let ends = if code { Ends::Anywhere } else { Ends::Words };
            let lines = wrap(&[Ink::new(&text, Style::new())], first, width, ends);
            for (at, line) in lines.iter().enumerate() {
                prop_assert!(line_width(line) <= if at == 0 { first } else { width }, "{line:?}");
            }
        }

        #[test]
        fn nothing_is_lost(text in texts(), width in 2..30_usize) {
            let ink = Ink::new(&text, Style::new());
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&wrapped(&text, width, Ends::Words).concat()), letters(ink.text()));
            prop_assert_eq!(wrapped(&text, width, Ends::Anywhere).concat(), ink.text());
        }
    }
}
