//! What the keys for bold and italic make of what is selected. Pure.

/// A part of a text to be replaced, and what is selected then. All places are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replaced {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) by: String,
    /// In the text that comes out.
    pub(crate) selected: (usize, usize),
}

/// Puts `stars` round what is selected, or takes them away: one for italic, two for bold. Spaces at its ends stay
/// outside, where a mark would be none.
pub(crate) fn mark(text: &str, start: usize, end: usize, stars: usize) -> Option<Replaced> {
    let selected = text.get(start..end)?;
    let inner = selected.trim();
    let start = start + (selected.len() - selected.trim_start().len()).min(selected.len() - inner.len());
    let end = start + inner.len();
    let before = stars_at_end(&text[..start]);
    let after = text[end..].len() - text[end..].trim_start_matches('*').len();
    // Three are both.
    let marked = |count: usize| count == 3 || count == stars;
    if marked(before) && marked(after) {
        let (start, end) = (start - stars, end + stars);
        return Some(Replaced { start, end, by: inner.to_owned(), selected: (start, start + inner.len()) });
    }
    let stars = "*".repeat(stars);
    let by = [&stars, inner, &stars].concat();
    let first = start + stars.len();
    Some(Replaced { start, end, by, selected: (first, first + inner.len()) })
}

fn stars_at_end(text: &str) -> usize {
    text.len() - text.trim_end_matches('*').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is selected stands between `[` and `]`.
    fn pressed(text: &str, stars: usize) -> String {
        let (start, end) = (text.find('[').unwrap_or(0), text.find(']').unwrap_or(0) - 1);
        let text = text.replace(['[', ']'], "");
        let Some(Replaced { start, end, by, selected }) = mark(&text, start, end, stars) else {
            return String::new();
        };
        let mut text = [&text[..start], &by, &text[end..]].concat();
        text.insert(selected.1, ']');
        text.insert(selected.0, '[');
        text
    }

    #[test]
    fn a_selection_is_marked_and_marked_no_more() {
        assert_eq!(pressed("so [good] it is", 2), "so **[good]** it is");
        assert_eq!(pressed("so **[good]** it is", 2), "so [good] it is");
        assert_eq!(pressed("so [good]", 1), "so *[good]*");
        assert_eq!(pressed("*[schön]*", 1), "[schön]");
    }

    #[test]
    fn bold_and_italic_do_not_meet() {
        assert_eq!(pressed("**[good]**", 1), "***[good]***");
        assert_eq!(pressed("***[good]***", 1), "**[good]**");
        assert_eq!(pressed("***[good]***", 2), "*[good]*");
        assert_eq!(pressed("*[good]*", 2), "***[good]***");
    }

    #[test]
    fn nothing_selected_leaves_the_cursor_between_the_marks() {
        assert_eq!(pressed("so []", 2), "so **[]**");
    }

    #[test]
    fn spaces_stay_outside() {
        assert_eq!(pressed("so[ good ]it is", 2), "so **[good]** it is");
    }
}
