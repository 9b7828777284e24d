//! Words on their way to the screen: nothing gets there that has not been here. What others wrote is made clean
//! ([`clean`]), and how wide it is drawn is known.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::clean;

/// Characters drawn in one place: the longest emoji there are have ten. What is stacked on a letter beyond that is left
/// out, or a few bytes of others would be drawn as kilobytes again and again. So is what takes no place at all
/// (zero-width spaces, joiners of nothing), which is stacked on the letter before it just the same.
const CLUSTER: usize = 16;

/// Words in one style. What they hold is clean, and on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ink {
    text: String,
    style: Style,
}

impl Ink {
    /// Words of anybody's.
    pub(super) fn new(text: &str, style: Style) -> Self {
        let mut clean = clean::line(text).into_owned();
        if !clean.is_ascii() {
            clean = agreed(&clean);
            // A letter alone is one byte: who wrote so much less than that is not looked at.
            if clean.len() > CLUSTER {
                clean = unstacked(&clean);
            }
        }
        Self { text: clean, style }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn style(&self) -> Style {
        self.style
    }

    /// Columns that it takes.
    pub(super) fn width(&self) -> usize {
        width(&self.text)
    }
}

/// A text of which every terminal thinks that it is as wide as we do. Of pictures that are joined from several, or
/// coloured, or made of signs, some terminals draw one picture and others each part; where they do otherwise than we
/// think, what stands behind is drawn in the wrong place, and stays there. Such a picture is drawn as its parts, and a
/// flag as its letters.
fn agreed(text: &str) -> String {
    let mut agreed = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        let widths = || cluster.chars().filter_map(UnicodeWidthChar::width).filter(|width| *width > 0);
        let varies = cluster.chars().any(|part| matches!(part, '\u{fe00}'..='\u{fe0f}'));
        if !varies && widths().count() <= 1 && widths().sum::<usize>() == cluster.width() {
            agreed.push_str(cluster);
        } else {
            agreed.extend(cluster.chars().filter_map(part));
        }
    }
    agreed
}

/// What is drawn of a part of a picture: nothing of what only says how the one before it is drawn (joined to the next, as
/// a picture, in a colour of skin).
fn part(part: char) -> Option<char> {
    match part {
        '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' => None,
        '\u{1f1e6}'..='\u{1f1ff}' => char::from_u32(part as u32 - 0x1f1e6 + u32::from(b'A')),
        _ => Some(part),
    }
}

/// A text with no more in each place than there may be.
fn unstacked(text: &str) -> String {
    let mut room = CLUSTER;
    let mut kept = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        if cluster.width() > 0 {
            room = CLUSTER;
        }
        kept.extend(cluster.chars().take(room));
        room = room.saturating_sub(cluster.chars().count());
    }
    kept
}

/// A text without what would be drawn onto the place before it.
fn from_seen(text: &str) -> &str {
    let seen = text.grapheme_indices(true).find(|(_, cluster)| cluster.width() > 0);
    seen.map_or("", |(at, _)| &text[at..])
}

/// Columns that a text takes, which is clean.
pub(super) fn width(text: &str) -> usize {
    // Each place is drawn by itself, so they are measured so.
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(UnicodeWidthStr::width).sum() }
}

/// As much of a text as fits so many columns; where something is missing the last of them says so.
pub(super) fn cut(text: &str, columns: usize) -> String {
    let text = clean::line(text);
    let text = if text.is_ascii() { text.into_owned() } else { agreed(&text) };
    if width(&text) <= columns {
        return text;
    }
    let mut left = columns.saturating_sub(1);
    let mut kept: String = text
        .graphemes(true)
        .take_while(|cluster| {
            let fits = cluster.width() <= left;
            left = left.saturating_sub(cluster.width());
            fits
        })
        .collect();
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// Words of one line.
pub(super) fn line(words: impl IntoIterator<Item = Ink>) -> Line<'static> {
    let words = words.into_iter().map(|Ink { mut text, style }| {
        // Each is bounded by itself: nothing of it goes onto another's.
        if !text.is_ascii() {
            text.drain(..text.len() - from_seen(&text).len());
        }
        Span::styled(text, style)
    });
    Line::from_iter(words.filter(|span| !span.content.is_empty()))
}

/// Columns that a line takes.
pub(super) fn line_width(words: &[Ink]) -> usize {
    words.iter().map(Ink::width).sum()
}

/// Words with so many columns behind them filled with spaces of a style; what does not fit is cut.
pub(super) fn padded(words: Vec<Ink>, columns: usize, style: Style) -> Vec<Ink> {
    let mut left = columns;
    let mut line = Vec::new();
    for ink in words {
        let width = ink.width();
        if width > left {
            let cut = cut(&ink.text, left);
            left = left.saturating_sub(self::width(&cut));
            line.push(Ink::new(&cut, ink.style));
            break;
        }
        left -= width;
        line.push(ink);
    }
    line.push(Ink::new(&" ".repeat(left), style));
    line
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::num::NonZero;
    use std::path::Path;

    use proptest::prelude::*;
    use ratatui::backend::CrosstermBackend;
    use ratatui::layout::Rect;
    use ratatui::text::Text;
    use ratatui::{Terminal, TerminalOptions, Viewport};

    use super::*;

    #[test]
    fn escape_sequences_become_signs() {
        let ink = Ink::new("\x1b]0;owned\x07\u{9b}31m\nline", Style::new());
        assert_eq!(ink.text(), "␛]0;owned␇\u{fffd}31m␊line");
    }

    #[test]
    fn what_is_stacked_without_end_ends() {
        let tower = format!("a{}b", "\u{301}".repeat(10_000));
        let ink = Ink::new(&tower, Style::new());
        assert_eq!((ink.text().chars().count(), ink.width()), (CLUSTER + 1, 2));
        let fits = "a\u{301}\u{323}\u{308} and more";
        assert_eq!(Ink::new(fits, Style::new()).text(), fits);
    }

    #[test]
    fn what_terminals_do_not_agree_on_is_drawn_as_its_parts() {
        for (picture, parts) in
            [("👨🏽‍👩🏽‍👧", "👨👩👧"), ("🏳️‍🌈", "🏳🌈"), ("❤️", "❤"), ("👍🏽", "👍"), ("1️⃣", "1\u{20e3}"), ("🇦🇹", "AT")]
        {
            assert_eq!(Ink::new(picture, Style::new()).text(), parts);
            assert_eq!(cut(picture, 10), parts);
        }
    }

    /// What a terminal shows that got these frames, one after the other.
    fn shown(frames: &[Vec<String>]) -> Vec<String> {
        const SIZE: Rect = Rect::new(0, 0, 16, 3);
        let mut bytes = Vec::new();
        let viewport = TerminalOptions { viewport: Viewport::Fixed(SIZE) };
        let mut terminal = Terminal::with_options(CrosstermBackend::new(&mut bytes), viewport).unwrap();
        for frame in frames {
            let drawn: Vec<Line<'_>> = frame.iter().map(|text| line([Ink::new(text, Style::new())])).collect();
            terminal.draw(|frame| frame.render_widget(Text::from(drawn), SIZE)).unwrap();
        }
        drop(terminal);
        let of = |size: u16| NonZero::new(size).unwrap();
        let mut screen = vt100::Parser::new(of(SIZE.height), of(SIZE.width), 0);
        screen.process(&bytes);
        screen.screen().rows(0, SIZE.width).map(|row| row.trim_end().to_owned()).collect()
    }

    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z ]{1,9}",
            "[漢字。]{1,4}",
            "(👨🏽‍👩🏽‍👧|👨‍👩‍👧‍👦|🏳️‍🌈|❤️|👍🏽|1️⃣|🇦🇹|☺|🤦🏼‍♂️){1,4}",
            "(a\u{301}|e\u{301}\u{323}|❤|👍){1,4}",
            "[가나다]{1,4}",
        ];
        prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_was_drawn_before_shows_through_nowhere(
            frames in prop::collection::vec(prop::collection::vec(texts(), 3), 2..5),
        ) {
            let last = &frames[frames.len() - 1..];
            prop_assert_eq!(shown(&frames), shown(last));
        }
    }

    #[test]
    fn what_takes_no_place_is_not_stacked_either() {
        for unseen in ["\u{200b}", "\u{2060}", "\u{feff}", "\u{200b}\u{2060}"] {
            let ink = Ink::new(&format!("a{}b", unseen.repeat(1_000)), Style::new());
            assert!(ink.text().len() <= 4 * CLUSTER, "{unseen:?}: {} bytes", ink.text().len());
            assert!(ink.text().starts_with('a') && ink.text().ends_with('b'));
        }
        let mixed = Ink::new(&format!("a{}", "\u{301}\u{200b}".repeat(1_000)), Style::new());
        assert!(mixed.text().len() <= 4 * CLUSTER, "{} bytes", mixed.text().len());
        let pieces = (0..1_000).map(|_| Ink::new("\u{200b}", Style::new()));
        let drawn = line([Ink::new("a", Style::new())].into_iter().chain(pieces));
        assert_eq!(drawn.to_string(), "a");
    }

    #[test]
    fn a_text_is_cut_where_it_does_not_fit() {
        assert_eq!(cut("hello", 5), "hello");
        assert_eq!(cut("hello", 4), "hel…");
        assert_eq!(cut("漢字漢字", 4), "漢…");
        assert_eq!(cut("hello", 0), "");
    }

    #[test]
    fn lines_are_filled_to_their_width() {
        let line = padded(vec![Ink::new("漢字", Style::new()), Ink::new("abc", Style::new())], 6, Style::new());
        assert_eq!(line.iter().map(Ink::text).collect::<String>(), "漢字a…");
        assert_eq!(line_width(&padded(vec![Ink::new("a", Style::new())], 7, Style::new())), 7);
    }

    /// Words reach the screen through [`Ink`] alone: whatever else makes spans, or writes into cells, is found here.
    #[test]
    fn nothing_else_makes_words_for_the_screen() {
        fn look(folder: &Path) {
            for file in fs::read_dir(folder).unwrap() {
                let path = file.unwrap().path();
                if path.is_dir() {
                    look(&path);
                } else if path.file_name().is_some_and(|name| name != "ink.rs" && name != "tests.rs") {
                    let source = fs::read_to_string(&path).unwrap();
                    let code = source.split("#[cfg(test)]").next().unwrap();
                    let forbidden =
                        "Span::|Line::|Text::|Paragraph::new|set_string|set_span|set_symbol|set_char|.raw(|print!";
                    for way in forbidden.split('|') {
                        assert!(!code.contains(way), "{} makes words by {way}", path.display());
                    }
                }
            }
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        look(&source.join("screen"));
    }
}
