//! What is being typed: an editor of a few lines, by what people see as one letter.

use std::ops::Range;

use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use super::ink::{Ink, width};
use super::wrap::LEAST;

/// Bytes that are kept of what is typed and pasted: four times what may be said, so that a text that is too long can be
/// made shorter here. What is pasted beyond is left out, and told.
pub(super) const MOST: usize = 4 * shared::wire::MAX_TEXT;

/// What is being typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Composer {
    text: String,
    /// In bytes, between two letters.
    cursor: usize,
    /// The column that Up and Down try to keep.
    column: Option<usize>,
    /// What was deleted last, to put back.
    deleted: String,
}

impl Composer {
    /// A text, with the cursor behind it.
    pub(super) fn holding(text: &str) -> Self {
        let mut composer = Self::default();
        composer.set(text.to_owned(), text.len());
        composer
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// In bytes.
    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Another text, with the cursor at a byte of it.
    pub(super) fn set(&mut self, text: String, cursor: usize) {
        let mut cursor = cursor.min(text.len());
        while !text.is_char_boundary(cursor) {
            cursor -= 1;
        }
        (self.text, self.cursor, self.column) = (text, cursor, None);
    }

    /// What was typed, to be said; nothing is left here.
    pub(super) fn take(&mut self) -> String {
        (self.cursor, self.column) = (0, None);
        std::mem::take(&mut self.text)
    }

    pub(super) fn insert(&mut self, letter: char) {
        let mut bytes = [0; 4];
        self.put(letter.encode_utf8(&mut bytes));
    }

    /// What is pasted is typed, its line breaks too. Whether there was room for all of it.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        // Terminals send what Enter sends where a line ends.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut room = MOST.saturating_sub(self.text.len()).min(text.len());
        while !text.is_char_boundary(room) {
            room -= 1;
        }
        self.put(&text[..room]);
        room == text.len()
    }

    fn put(&mut self, text: &str) {
        if self.text.len() + text.len() <= MOST {
            self.text.insert_str(self.cursor, text);
            self.cursor += text.len();
        }
        self.column = None;
    }

    // --- moving ---

    pub(super) fn left(&mut self) {
        self.go_to(self.letter_before());
    }

    pub(super) fn right(&mut self) {
        self.go_to(self.letter_behind());
    }

    pub(super) fn word_left(&mut self) {
        self.go_to(self.word_before());
    }

    pub(super) fn word_right(&mut self) {
        self.go_to(self.word_behind());
    }

    pub(super) fn line_start(&mut self) {
        self.go_to(self.start_of_line());
    }

    pub(super) fn line_end(&mut self) {
        self.go_to(self.end_of_line());
    }

    /// To the line above, as it is shown in so many columns; not from the first.
    pub(super) fn up(&mut self, columns: usize) -> bool {
        self.move_by_row(columns, |row| row.checked_sub(1))
    }

    /// To the line below; not from the last.
    pub(super) fn down(&mut self, columns: usize) -> bool {
        self.move_by_row(columns, |row| Some(row + 1))
    }

    fn move_by_row(&mut self, columns: usize, next: impl Fn(usize) -> Option<usize>) -> bool {
        let rows = self.rows(columns);
        let (row, column) = self.place(&rows);
        let wanted = self.column.unwrap_or(column);
        let Some((from, to)) = next(row).and_then(|row| rows.get(row)).map(|row| (row.start, row.end)) else {
            return false;
        };
        let mut passed = 0;
        let letters = self.text[from..to].grapheme_indices(true);
        let mut end = to;
        for (at, letter) in letters {
            let wide = width_of(letter);
            if passed + wide > wanted {
                end = from + at;
                break;
            }
            passed += wide;
        }
        // The end of a row that goes on below is the start of that one.
        let goes_on = rows.iter().any(|other| other.start == to) && end == to && to > from;
        self.cursor =
            if goes_on { to - self.text[from..to].graphemes(true).next_back().map_or(0, str::len) } else { end };
        self.column = Some(wanted);
        true
    }

    fn go_to(&mut self, at: usize) {
        (self.cursor, self.column) = (at, None);
    }

    fn letter_before(&self) -> usize {
        self.cursor - self.text[..self.cursor].graphemes(true).next_back().map_or(0, str::len)
    }

    fn letter_behind(&self) -> usize {
        self.cursor + self.text[self.cursor..].graphemes(true).next().map_or(0, str::len)
    }

    fn word_before(&self) -> usize {
        let mut words = self.text[..self.cursor].unicode_word_indices();
        words.next_back().map_or(0, |(at, _)| at)
    }

    fn word_behind(&self) -> usize {
        let mut words = self.text[self.cursor..].unicode_word_indices();
        words.next().map_or(self.text.len(), |(at, word)| self.cursor + at + word.len())
    }

    fn start_of_line(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |end| end + 1)
    }

    fn end_of_line(&self) -> usize {
        self.text[self.cursor..].find('\n').map_or(self.text.len(), |end| self.cursor + end)
    }

    // --- deleting ---

    pub(super) fn delete_back(&mut self) {
        self.remove(self.letter_before()..self.cursor);
    }

    pub(super) fn delete_on(&mut self) {
        self.remove(self.cursor..self.letter_behind());
    }

    pub(super) fn delete_word_back(&mut self) {
        self.cut(self.word_before()..self.cursor);
    }

    pub(super) fn delete_word_on(&mut self) {
        self.cut(self.cursor..self.word_behind());
    }

    pub(super) fn delete_to_start(&mut self) {
        self.cut(self.start_of_line()..self.cursor);
    }

    /// At the end of a line, its break.
    pub(super) fn delete_to_end(&mut self) {
        let end = self.end_of_line();
        self.cut(self.cursor..if end == self.cursor { self.letter_behind() } else { end });
    }

    /// Puts back what was deleted by words or lines.
    pub(super) fn put_back(&mut self) {
        let deleted = std::mem::take(&mut self.deleted);
        self.put(&deleted);
        self.deleted = deleted;
    }

    fn cut(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.text[range.clone()].clone_into(&mut self.deleted);
        }
        self.remove(range);
    }

    fn remove(&mut self, range: Range<usize>) {
        self.go_to(range.start);
        self.text.drain(range);
    }

    // --- as it is shown ---

    /// The lines in so many columns, each as the bytes that it shows.
    fn rows(&self, columns: usize) -> Vec<Range<usize>> {
        let mut rows = Vec::new();
        let mut start = 0;
        for line in self.text.split('\n') {
            // Where the row may end: behind its last space; and the columns up to there.
            let (mut from, mut passed, mut space) = (start, 0, None);
            for (at, letter) in line.grapheme_indices(true) {
                let (at, wide) = (start + at, width_of(letter));
                if passed + wide > columns && at > from {
                    let (end, before) = space.take().unwrap_or((at, passed));
                    rows.push(from..end);
                    (from, passed) = (end, passed - before);
                }
                passed += wide;
                if letter == " " {
                    space = Some((at + letter.len(), passed));
                }
            }
            rows.push(from..start + line.len());
            start += line.len() + 1;
        }
        rows
    }

    /// The row and the column of the cursor.
    fn place(&self, rows: &[Range<usize>]) -> (usize, usize) {
        let row = rows.iter().rposition(|row| row.start <= self.cursor).unwrap_or(0);
        let start = rows.get(row).map_or(0, |row| row.start);
        let column = self.text[start..self.cursor].graphemes(true).map(width_of).sum();
        (row, column)
    }

    /// The lines as they are shown in so many columns, and the row and column of the cursor.
    pub(super) fn shown(&self, columns: usize, style: Style) -> (Vec<Ink>, (usize, usize)) {
        // The cursor stands behind the last letter: it needs a column, too.
        let columns = columns.saturating_sub(1).max(LEAST);
        let rows = self.rows(columns);
        let (row, column) = self.place(&rows);
        // A letter wider than all there is has no column behind it.
        let place = (row, column.min(columns));
        (rows.iter().map(|row| Ink::new(&self.text[row.clone()], style)).collect(), place)
    }
}

/// Columns that a letter takes as it is shown.
fn width_of(letter: &str) -> usize {
    width(Ink::new(letter, Style::new()).text())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A text with the cursor at its `|`.
    fn composer(text: &str) -> Composer {
        let cursor = text.find('|').unwrap();
        let mut composer = Composer::default();
        composer.set(text.replace('|', ""), cursor);
        composer
    }

    fn after(text: &str, does: impl Fn(&mut Composer)) -> String {
        let mut composer = composer(text);
        does(&mut composer);
        let mut text = composer.text().to_owned();
        text.insert(composer.cursor(), '|');
        text
    }

    #[test]
    fn letters_are_what_people_see_as_one() {
        assert_eq!(after("a👩‍👩‍👧|", Composer::delete_back), "a|");
        assert_eq!(after("e\u{301}|x", Composer::left), "|e\u{301}x");
        assert_eq!(after("|👩🏽‍💻x", Composer::right), "👩🏽‍💻|x");
        assert_eq!(after("|👩🏽‍💻x", Composer::delete_on), "|x");
    }

    #[test]
    fn words_are_moved_over_and_deleted() {
        assert_eq!(after("one two|", Composer::word_left), "one |two");
        assert_eq!(after("one |two", Composer::word_left), "|one two");
        assert_eq!(after("|one, two", Composer::word_right), "one|, two");
        assert_eq!(after("one two |", Composer::delete_word_back), "one |");
        assert_eq!(after("one| two x", Composer::delete_word_on), "one| x");
    }

    #[test]
    fn lines_are_deleted_and_put_back() {
        assert_eq!(after("one\ntw|o", Composer::delete_to_start), "one\n|o");
        assert_eq!(after("o|ne\ntwo", Composer::delete_to_end), "o|\ntwo");
        assert_eq!(after("one|\ntwo", Composer::delete_to_end), "one|two");
        let moved = after("one |two", |composer| {
            composer.delete_to_end();
            composer.line_start();
            composer.put_back();
            composer.put_back();
        });
        assert_eq!(moved, "twotwo|one ");
        assert_eq!(after("a\nb|c", Composer::line_start), "a\n|bc");
        assert_eq!(after("a|b\nc", Composer::line_end), "ab|\nc");
    }

    #[test]
    fn what_is_pasted_keeps_its_lines_and_ends_where_there_is_no_room() {
        assert_eq!(after("<|>", |composer| assert!(composer.paste("a\rb\r\nc\nd"))), "<a\nb\nc\nd|>");
        let mut full = Composer::default();
        assert!(!full.paste(&"é".repeat(MOST)));
        assert_eq!(full.text().len(), MOST);
        full.insert('x');
        assert_eq!(full.text().len(), MOST);
    }

    #[test]
    fn up_and_down_keep_their_column() {
        let down = |composer: &mut Composer| assert!(composer.down(20));
        assert_eq!(after("abc|\n漢字\nabcd", down), "abc\n漢|字\nabcd");
        let twice = after("abc|\n\nabcd", |composer| {
            composer.down(20);
            composer.down(20);
        });
        assert_eq!(twice, "abc\n\nabc|d");
        assert!(!composer("ab|c").up(20) && !composer("ab|c").down(20));
        assert_eq!(after("abcdef|", |composer| assert!(composer.up(4))), "ab|cdef", "by lines as they are shown");
        assert_eq!(after("ab cd ef|", |composer| assert!(composer.up(7))), "ab| cd ef");
    }

    #[test]
    fn it_is_shown_with_its_cursor() {
        let (lines, cursor) = composer("one\nt\x1bw|o").shown(20, Style::new());
        assert_eq!(lines.iter().map(Ink::text).collect::<Vec<_>>(), ["one", "t␛wo"]);
        assert_eq!(cursor, (1, 3));
        let (lines, cursor) = composer("abcdefg|").shown(4, Style::new());
        assert_eq!((lines.len(), cursor), (3, (2, 1)));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(String),
        Move(u8),
        Delete(u8),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let text = prop_oneof!["[a-c 漢\n\r\t\u{301}]{0,6}", Just("👩‍👩‍👧".to_owned()), any::<String>()];
        let step = prop_oneof![
            text.prop_map(Step::Insert),
            any::<u8>().prop_map(Step::Move),
            any::<u8>().prop_map(Step::Delete)
        ];
        prop::collection::vec(step, 0..30)
    }

    proptest! {
        #[test]
        fn the_cursor_is_always_between_two_letters(steps in steps(), columns in 3..20_usize) {
            let mut composer = Composer::default();
            for step in steps {
                match step {
                    Step::Insert(text) => drop(composer.paste(&text)),
                    Step::Move(0..40) => composer.left(),
                    Step::Move(40..80) => composer.right(),
                    Step::Move(80..120) => composer.word_left(),
                    Step::Move(120..160) => composer.word_right(),
                    Step::Move(160..200) => drop(composer.up(columns)),
                    Step::Move(_) => drop(composer.down(columns)),
                    Step::Delete(0..60) => composer.delete_back(),
                    Step::Delete(60..120) => composer.delete_on(),
                    Step::Delete(120..160) => composer.delete_word_back(),
                    Step::Delete(160..200) => composer.delete_to_end(),
                    Step::Delete(_) => composer.put_back(),
                }
                prop_assert!(composer.text().is_char_boundary(composer.cursor()));
                let (lines, (row, column)) = composer.shown(columns, Style::new());
                prop_assert!(row < lines.len() && column < columns, "{row} of {}, {column} of {columns}", lines.len());
                let rows = composer.rows(columns - 1);
                let text = composer.text();
                let rows: Vec<&str> = rows.iter().map(|row| &text[row.clone()]).collect();
                prop_assert_eq!(rows.concat(), text.replace('\n', ""));
            }
        }
    }
}
