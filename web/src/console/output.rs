//! What stands above the prompt: lines that were run, what they gave, what was printed. Pure.

use std::rc::Rc;

/// Lines that are kept: an afternoon of them. The oldest go first.
pub(crate) const MAX_LINES: usize = 2_000;

/// A longer text is cut, in bytes: what scrolls past is not read.
const MAX_TEXT: usize = 16 * 1024;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Voice {
    /// It was run at the prompt.
    Ran,
    /// What came of that.
    Value,
    /// A process printed it.
    Printed,
    /// Something went wrong.
    Fault,
    /// The console says it.
    Note,
}

/// One line, or several that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// Counted up, never given twice.
    pub(crate) number: u64,
    pub(crate) voice: Voice,
    /// The process that printed it, by its address.
    pub(crate) from: Option<String>,
    pub(crate) text: String,
}

/// All of them, the oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    lines: Vec<Rc<Said>>,
    last: u64,
}

impl Output {
    pub(crate) fn lines(&self) -> &[Rc<Said>] {
        &self.lines
    }

    pub(crate) fn say(&mut self, voice: Voice, from: Option<String>, text: &str) {
        let cut = text.floor_char_boundary(MAX_TEXT);
        let mut text = text[..cut].trim_end_matches('\n').to_owned() + if cut < text.len() { "…" } else { "" };
        if voice == Voice::Ran {
            text = text.trim().to_owned();
        }
        self.last += 1;
        self.lines.push(Rc::new(Said { number: self.last, voice, from, text }));
        if self.lines.len() > MAX_LINES {
            // A tenth at once, so that not each line moves all others.
            self.lines.drain(..MAX_LINES / 10);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.lines.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_the_newest_lines() {
        let mut output = Output::default();
        for number in 0..MAX_LINES + 1 {
            output.say(Voice::Printed, None, &format!("{number}\n"));
        }
        assert!(output.lines().len() <= MAX_LINES);
        let last = output.lines().last().expect("lines");
        assert_eq!((last.number, &*last.text), (MAX_LINES as u64 + 1, "2000"));
        output.clear();
        output.say(Voice::Note, None, "anew");
        assert_eq!(output.lines()[0].number, MAX_LINES as u64 + 2, "no number is given twice");
    }

    #[test]
    fn a_long_text_is_cut_between_its_letters() {
        let mut output = Output::default();
        output.say(Voice::Value, None, &"ä".repeat(MAX_TEXT));
        assert!(output.lines()[0].text.len() <= MAX_TEXT + 3 && output.lines()[0].text.ends_with("ä…"));
    }
}
