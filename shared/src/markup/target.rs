//! Where links lead: which addresses are ones, how far they reach in a text, and whose they are.

use super::class::{directs, is_word};
use super::cost::looked_at;
use super::cut::{find, first, from, last, up_to};

/// What a click may open. Written out and compared as it stands: nothing is stripped or decoded first,
/// so there is no disguise to see through.
const SCHEMES: [&str; 3] = ["http://", "https://", MAIL];

const MAIL: &str = "mailto:";

/// Whether a text begins with a scheme of ours and with what an address in it needs: a host, or somebody at a place.
fn is_address(text: &str) -> bool {
    let begins = |scheme: &&&str| {
        text.as_bytes().get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    let Some(scheme) = SCHEMES.iter().find(begins) else { return false };
    let rest = from(text, scheme.len());
    if *scheme != MAIL {
        return first(rest).is_some_and(|c| is_word(c) || c == '[');
    }
    // At the next colon at the latest the search is over: one of many cannot look for what belongs to another.
    let end = find(rest, &|c| matches!(c, '@' | ':') || ends(c));
    looked_at(end);
    end > 0 && from(rest, end).starts_with('@') && first(from(rest, end + 1)).is_some_and(is_word)
}

/// The address that a text begins with, without what belongs to the sentence around it.
pub(super) fn bare(text: &str) -> Option<&str> {
    if !is_address(text) {
        return None;
    }
    let target = up_to(text, length(text));
    is_address(target).then_some(target)
}

/// The address that stands between `<` and `>`; the text begins behind the `<`.
pub(super) fn in_angles(text: &str) -> Option<&str> {
    if !is_address(text) {
        return None;
    }
    let end = find(text, &ends);
    looked_at(end);
    let target = up_to(text, end);
    (from(text, end).starts_with('>') && is_address(target)).then_some(target)
}

/// The address that stands between `(` and its `)`; the text begins behind the `(`.
pub(super) fn in_brackets(text: &str) -> Option<&str> {
    if !is_address(text) {
        return None;
    }
    let mut open = 0_usize;
    for (at, c) in text.char_indices() {
        looked_at(1);
        match c {
            '(' => open += 1,
            ')' if open == 0 => return Some(up_to(text, at)).filter(|target| is_address(target)),
            ')' => open -= 1,
            // The next link begins before this one ends: else each of many would look for its end at the end of all.
            ']' if from(text, at).starts_with("](") => return None,
            c if ends(c) => return None,
            _ => {}
        }
    }
    None
}

/// A sign that no address has: a space, a bracket or quotation mark round it, or one that directs text.
fn ends(c: char) -> bool {
    matches!(c, '<' | '>' | '"' | '`' | '“' | '”' | '«' | '»' | '）' | '」')
        || c.is_whitespace()
        || c.is_control()
        || directs(c)
}

/// How far an address reaches, in bytes: to a sign that none has, or a `]` that was opened before it; without the
/// full stop, comma or bracket that belongs to the sentence around it.
fn length(text: &str) -> usize {
    let (mut round, mut square) = (0_isize, 0_isize);
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        looked_at(1);
        match c {
            '(' => round += 1,
            ')' => round -= 1,
            '[' => square += 1,
            ']' => square -= 1,
            _ => {}
        }
        if ends(c) || square < 0 {
            end = at;
            break;
        }
    }
    while let Some(last) = last(up_to(text, end)) {
        looked_at(1);
        match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '…' | '。' | '、' | '，' | '！' | '？' =>
                {}
            ')' if round < 0 => round += 1,
            _ => break,
        }
        end -= last.len_utf8();
    }
    end
}

/// Whose address it is: `den.local:4000` of `http://ana@den.local:4000/x`, `ana@den.local` of `mailto:ana@den.local`.
/// It is what a browser goes to, not what the address begins with.
pub fn host(target: &str) -> &str {
    let rest = from(target, find(target, &|c| c == ':'));
    let mail = !rest.starts_with("://");
    let rest = from(rest, if mail { 1 } else { 3 });
    // A browser takes a backslash for a slash.
    let owner = up_to(rest, find(rest, &|c| matches!(c, '/' | '\\' | '?' | '#')));
    match owner.bytes().rposition(|b| b == b'@') {
        Some(at) if !mail => from(owner, at + 1),
        _ => owner,
    }
}
