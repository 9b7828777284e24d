//! The text of a line as it is drawn: a little Markdown as weights and signs, in lines of so many columns.

use ratatui::style::{Modifier, Style};
use shared::emoji::BASIC;
use shared::letters::fold;
use shared::markup::{Block, Inline, Mention, parse, spellings};

use super::ink::{Ink, line_width};
use super::theme::Theme;
use super::wrap::{Ends, LEAST, wrap};

/// What a text is drawn with.
#[derive(Clone, Copy)]
pub(super) struct Pen<'a> {
    pub theme: Theme,
    /// The person in front of the screen.
    pub me: &'a str,
    /// What all of it looks like, before what its marks say.
    pub base: Style,
}

impl Pen<'_> {
    /// A text in lines no wider than so many columns.
    pub(super) fn text(self, text: &str, columns: usize) -> Vec<Vec<Ink>> {
        self.blocks(&parse(text), self.base, columns)
    }

    fn blocks(self, blocks: &[Block<'_>], style: Style, columns: usize) -> Vec<Vec<Ink>> {
        let columns = columns.max(LEAST);
        let mut lines = Vec::new();
        let mut before: Option<&Block<'_>> = None;
        for block in blocks {
            // What stood between two paragraphs was an empty line.
            if let (Some(Block::Paragraph(_)), Block::Paragraph(_)) = (before, block) {
                lines.push(Vec::new());
            }
            before = Some(block);
            match block {
                Block::Paragraph(inlines) => {
                    let mut words = vec![Vec::new()];
                    self.inlines(inlines, style, &mut words);
                    lines.extend(words.iter().flat_map(|line| wrap(line, columns, columns, Ends::Words)));
                }
                Block::Code { code, .. } => {
                    let style = style.patch(self.theme.code());
                    for line in code.split('\n') {
                        let code = wrap(&[Ink::new(line, style)], inner(columns), inner(columns), Ends::Anywhere);
                        lines.extend(code.into_iter().map(|line| self.behind("│ ", line, columns)));
                    }
                }
                Block::Quote(blocks) => {
                    let quoted = self.blocks(blocks, style.patch(self.theme.quote()), inner(columns));
                    lines.extend(quoted.into_iter().map(|line| self.behind("> ", line, columns)));
                }
                Block::List { start, items } => self.list(*start, items, style, columns, &mut lines),
            }
        }
        lines
    }

    fn list(
        self,
        start: Option<u32>,
        items: &[Vec<Block<'_>>],
        style: Style,
        columns: usize,
        lines: &mut Vec<Vec<Ink>>,
    ) {
        for (at, item) in items.iter().enumerate() {
            let number = start.map(|start| u64::from(start) + at as u64);
            let mark = number.map_or_else(|| "• ".to_owned(), |number| format!("{number}. "));
            let moved_in = Ink::new(&mark, style).width();
            // What has no room beside its mark stands without one.
            let room = columns.checked_sub(moved_in).filter(|room| *room >= LEAST);
            let held = self.blocks(item, style, room.unwrap_or(columns));
            for (row, mut line) in held.into_iter().enumerate() {
                if room.is_some() {
                    let space = " ".repeat(moved_in);
                    line.insert(0, Ink::new(if row == 0 { &mark } else { &space }, style));
                }
                lines.push(line);
            }
        }
    }

    /// A line behind a mark of two columns, where there is room for both.
    fn behind(self, mark: &str, mut line: Vec<Ink>, columns: usize) -> Vec<Ink> {
        if line_width(&line) + 2 <= columns {
            line.insert(0, Ink::new(mark, self.theme.aside()));
        }
        line
    }

    fn inlines(self, inlines: &[Inline<'_>], style: Style, lines: &mut Vec<Vec<Ink>>) {
        for inline in inlines {
            match inline {
                Inline::Text(text) => put(lines, text, style),
                Inline::Url(address) => put(lines, address, style.patch(self.theme.link())),
                Inline::Break => lines.push(Vec::new()),
                Inline::Bold(inner) => self.inlines(inner, style.add_modifier(Modifier::BOLD), lines),
                Inline::Italic(inner) => self.inlines(inner, style.add_modifier(Modifier::ITALIC), lines),
                Inline::Strike(inner) => self.inlines(inner, style.add_modifier(Modifier::CROSSED_OUT), lines),
                Inline::Code(code) if self.theme.by_signs() => put(lines, &format!("`{code}`"), style),
                Inline::Code(code) => put(lines, code, style.patch(self.theme.code())),
                Inline::Link { target, words } => {
                    self.inlines(words, style.patch(self.theme.link()), lines);
                    // Words may tell of another place than the one they lead to.
                    put(lines, &format!(" <{target}>"), style.patch(self.theme.aside()));
                }
                Inline::Mention(mention) => {
                    let style = style.patch(self.mention(mention));
                    put(lines, &format!("@{}", mention.name), style);
                }
                Inline::Shortcode(name) => match BASIC.iter().find(|(known, _)| known == name) {
                    Some((_, emoji)) => put(lines, emoji, style),
                    None => put(lines, &format!(":{name}:"), style),
                },
            }
        }
    }

    fn mention(self, mention: &Mention<'_>) -> Style {
        let me = fold(self.me);
        let called = spellings(mention.run).any(|name| fold(name) == me);
        if called { self.theme.called() } else { self.theme.mention(mention.name) }
    }
}

fn inner(columns: usize) -> usize {
    columns.saturating_sub(2).max(LEAST)
}

fn put(lines: &mut [Vec<Ink>], text: &str, style: Style) {
    if let Some(line) = lines.last_mut() {
        line.push(Ink::new(text, style));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pen() -> Pen<'static> {
        Pen { theme: Theme::with_colours(true), me: "bob", base: Style::new() }
    }

    fn drawn(text: &str, columns: usize) -> Vec<String> {
        pen().text(text, columns).iter().map(|line| line.iter().map(Ink::text).collect()).collect()
    }

    #[test]
    fn marks_become_weights() {
        let line = pen().text("a **b** *c* `d`", 40).remove(0);
        let styled: Vec<_> = line.iter().map(|ink| (ink.text(), ink.style())).collect();
        let plain = Style::new();
        assert_eq!(
            styled,
            [
                ("a ", plain),
                ("b", plain.bold()),
                (" ", plain),
                ("c", plain.italic()),
                (" ", plain),
                ("d", Theme::with_colours(true).code())
            ]
        );
    }

    #[test]
    fn lists_quotes_and_code_are_moved_in() {
        assert_eq!(drawn("- one two three\n- four", 9), ["• one two", "  three", "• four"]);
        assert_eq!(drawn("> one two three", 9), ["> one two", "> three"]);
        assert_eq!(drawn("```rust\nfn  x() {\n}\n```", 6), ["│ fn  ", "│ x() ", "│ {", "│ }"]);
        assert_eq!(drawn("9. nine\n10. ten", 20), ["9. nine", "10. ten"]);
        assert_eq!(drawn("one\n\ntwo\nthree", 20), ["one", "", "two", "three"]);
    }

    #[test]
    fn a_link_tells_where_it_leads() {
        assert_eq!(drawn("[the bank](https://evil.example/x)", 60), ["the bank <https://evil.example/x>"]);
    }

    #[test]
    fn who_is_called_sees_it() {
        let words = pen().text("@ana and @Bob.", 40).remove(0);
        let style = |text: &str| words.iter().find(|ink| ink.text() == text).unwrap().style();
        assert_eq!(style("@Bob"), Theme::with_colours(true).called());
        assert_ne!(style("@ana"), Theme::with_colours(true).called());
    }

    #[test]
    fn escape_sequences_do_not_get_through_any_mark() {
        let nasty = "\x1b[2J";
        let text = format!(
            "{nasty} **{nasty}** `{nasty}` [{nasty}](https://x/{nasty})\n> {nasty}\n- {nasty}\n```{nasty}\n{nasty}\n```"
        );
        assert!(drawn(&text, 30).iter().all(|line| !line.chars().any(char::is_control)));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_asked(text in "([-> *`~\\[\\]()@:_a-z漢é\n0-9.]|👩‍👩‍👧){0,60}", columns in 2..40_usize) {
            for line in pen().text(&text, columns) {
                prop_assert!(line_width(&line) <= columns, "{line:?}");
            }
        }
    }
}
