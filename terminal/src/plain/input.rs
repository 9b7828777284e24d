//! Standard input, line by line.

use std::io::{BufRead, Read, stdin};
use std::thread;

use shared::wire::MAX_TEXT;
use tokio::sync::mpsc;

/// The longest line that is looked at, in bytes: one that is too long to be said is read to its end, but not kept.
const LONGEST: u64 = 2 * MAX_TEXT as u64;

/// Lines read ahead: what is not yet said stays where it comes from.
const AHEAD: usize = 1;

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// A line, without its end.
    Line(String),
    /// A line that is longer than any that can be said; by its number, from 1.
    TooLong(u64),
    /// A line that is not UTF-8; nothing behind it is read.
    NotUtf8(u64),
}

/// What is typed, from now on; it ends where the input does.
pub(super) fn read() -> mpsc::Receiver<Typed> {
    let (lines, typed) = mpsc::channel(AHEAD);
    // Nobody waits for its end: while it waits for the terminal, nothing can wake it.
    thread::spawn(move || {
        let mut from = stdin().lock();
        for number in 1.. {
            let Some(line) = next(&mut from, number) else { return };
            let last = matches!(line, Typed::NotUtf8(_));
            if lines.blocking_send(line).is_err() || last {
                return;
            }
        }
    });
    typed
}

/// The next line; none at the end, or where the input fails.
fn next(from: &mut impl BufRead, number: u64) -> Option<Typed> {
    let mut line = Vec::new();
    from.by_ref().take(LONGEST).read_until(b'\n', &mut line).ok().filter(|read| *read > 0)?;
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 == LONGEST {
        from.skip_until(b'\n').ok()?;
        return Some(Typed::TooLong(number));
    }
    Some(String::from_utf8(line).map_or(Typed::NotUtf8(number), Typed::Line))
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn all(input: &[u8]) -> Vec<Typed> {
        let mut from = BufReader::with_capacity(16, input);
        (1..).map_while(|number| next(&mut from, number)).collect()
    }

    #[test]
    fn each_line_is_one_and_the_last_needs_no_end() {
        let line = |text: &str| Typed::Line(text.to_owned());
        assert_eq!(all(b"hi\n\nthere"), [line("hi"), line(""), line("there")]);
        assert_eq!(all(b""), []);
    }

    #[test]
    fn what_is_not_utf_8_is_known_by_its_number() {
        assert_eq!(all(b"hi\n\xff\n"), [Typed::Line("hi".to_owned()), Typed::NotUtf8(2)]);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_whole() {
        let long = [vec![b'x'; 3 * MAX_TEXT], b"\nhi\n".to_vec()].concat();
        assert_eq!(all(&long), [Typed::TooLong(1), Typed::Line("hi".to_owned())]);
    }
}
