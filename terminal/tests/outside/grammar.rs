//! What may come out of the program: text, and those sequences that a view is drawn with. Everything else that a terminal
//! obeys could only be somebody else's.

use std::collections::BTreeSet;

/// Sequences begin with ESC `[`, then parameters, then one of these (ECMA-48, and xterm's modes): where the cursor goes,
/// what is cleared, colours, and the modes below.
const FINALS: &str = "HABCDGdJKmhlXLMSTr";

/// Modes of xterm that a view sets and gives back: the alternate screen, the cursor, paste in brackets, mouse reports
/// and how they are written, focus reports, and drawing all at once.
const MODES: [&str; 13] =
    ["?25", "?1000", "?1002", "?1003", "?1004", "?1006", "?1007", "?1015", "?1049", "?2004", "?2026", "?7", "?12"];

/// A view at a terminal: text, its own sequences, ends of lines.
pub(crate) const SCREEN: Allowed = Allowed { sequences: true, returns: true };

/// What goes into a pipe or a file: text and ends of lines.
pub(crate) const PIPE: Allowed = Allowed { sequences: false, returns: false };

#[derive(Clone, Copy)]
pub(crate) struct Allowed {
    sequences: bool,
    /// Carriage returns, of which a terminal adds one to each line.
    returns: bool,
}

/// # Panics
/// If anything is among these bytes that a terminal obeys and no view needs: what it is, and what stands round it.
pub(crate) fn assert_tame(bytes: &[u8], allowed: Allowed) {
    let wild = wild(bytes, allowed);
    assert!(wild.is_empty(), "a terminal would obey this: {wild:#?}");
}

/// All that should not be there, each once, with what stands round it.
fn wild(bytes: &[u8], allowed: Allowed) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap(),
        Err(error) => {
            found.insert(format!("not UTF-8 at {}", error.valid_up_to()));
            return found;
        }
    };
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let fine = match c {
            '\n' => true,
            '\r' => allowed.returns,
            '\x1b' if allowed.sequences => {
                let sequence = sequence(&text[at..]);
                if let Some(length) = sequence {
                    // All of a sequence is ASCII: as many characters as bytes.
                    for _ in 1..length {
                        rest.next();
                    }
                }
                sequence.is_some()
            }
            c => !c.is_control() && !is_directional(c) && !matches!(c, '\u{2028}' | '\u{2029}'),
        };
        if !fine {
            let end = text[at..].char_indices().nth(24).map_or(text.len(), |(length, _)| at + length);
            let start = text[..at].char_indices().rev().nth(24).map_or(0, |(start, _)| start);
            found.insert(format!("{:?} ⟨{c:?}⟩ {:?}", &text[start..at], &text[at..end]));
            if found.len() > 9 {
                break;
            }
        }
    }
    found
}

/// The length of the sequence that this begins with, if it is one that a view may write.
fn sequence(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("\x1b[")?;
    let length = inner.find(|c: char| !matches!(c, '0'..='?'))?;
    let (parameters, rest) = inner.split_at(length);
    let last = rest.chars().next()?;
    let fine = FINALS.contains(last)
        && match last {
            'h' | 'l' => parameters.split(';').all(|mode| MODES.contains(&mode)),
            // Blinking, hidden, other alphabets: no view of ours.
            'm' => !parameters.split(';').any(|it| matches!(it, "6" | "8" | "10")) && parameters.len() < 60,
            _ => parameters.len() <= "999;999".len() && parameters.bytes().all(|b| b.is_ascii_digit() || b == b';'),
        };
    fine.then_some("\x1b[".len() + length + 1)
}

/// Characters that turn the order of what follows round, or end such a turn (UAX 9): not isolates, which clients put
/// round what others wrote.
fn is_directional(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}')
}

#[test]
fn the_grammar_knows_what_a_view_writes_and_nothing_else() {
    let fine = "\x1b[?1049h\x1b[?25l\x1b[1;1H\x1b[38;5;12;48;2;1;2;3mana: grüß dich 👍🏽\x1b[0m\r\n\x1b[2K\x1b[?25h";
    assert_tame(fine.as_bytes(), SCREEN);
    assert_tame("ana: hi\n".as_bytes(), PIPE);
    for bad in [
        "\x1b]0;title\x07",
        "\x1b]52;c;aGk=\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x1bc",
        "\x1b(0",
        "\x1b[6n",
        "\x1b[c",
        "\x1b[?1337h",
        "\x1b[8;66;166t",
        "\x1b[201~",
        "\x1b[999999;1H",
        "a\u{9b}31mb",
        "\u{9d}0;x\u{9c}",
        "a\x08b",
        "\x07",
        "\u{202e}abc",
        "a\u{2028}b",
        "\x7f",
        "\x1b",
        "\x1b[8m",
    ] {
        assert!(!wild(format!("before {bad} behind").as_bytes(), SCREEN).is_empty(), "{bad:?}");
    }
    assert!(!wild(b"\xff\xfe", SCREEN).is_empty());
    assert!(!wild(b"a\x1b[0m", PIPE).is_empty());
    assert!(!wild(b"a\rb", PIPE).is_empty());
    assert!(wild("half a character, as where a read ends: ü".as_bytes().split_last().unwrap().1, SCREEN).is_empty());
}
