//! Where the links are in a text. Only `http` and `https`: nothing that a click would run.

use shared::letters::is_letter_or_digit;

/// A stretch of text: plain, or the address of a link as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Plain(&'a str),
    Link(&'a str),
}

const SCHEMES: [&str; 2] = ["http://", "https://"];

/// The text, cut where links begin and end; joined again it is the same text.
pub(crate) fn split(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut plain_from = 0;
    let mut from = 0;
    while let Some(start) = next_scheme(text, from) {
        let end = start + link_length(&text[start..]);
        // Part of a word (`xhttp://…`) or a scheme with nothing behind it is no link.
        let in_word = text[..start].chars().next_back().is_some_and(is_letter_or_digit);
        let host_begins = text[start..end].find("://").map_or(end, |at| start + at + 3);
        if in_word || !text[host_begins..end].starts_with(is_host_start) {
            from = host_begins.max(start + 1);
            continue;
        }
        if plain_from < start {
            pieces.push(Piece::Plain(&text[plain_from..start]));
        }
        pieces.push(Piece::Link(&text[start..end]));
        plain_from = end;
        from = end;
    }
    if plain_from < text.len() {
        pieces.push(Piece::Plain(&text[plain_from..]));
    }
    pieces
}

fn next_scheme(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = text[at..].find("://") {
        let colon = at + found;
        let start = SCHEMES.iter().find_map(|scheme| {
            let start = (colon + 3).checked_sub(scheme.len()).filter(|start| *start >= from)?;
            text.get(start..colon + 3).is_some_and(|word| word.eq_ignore_ascii_case(scheme)).then_some(start)
        });
        // `https://` also ends in what `http://` would have to begin with, so one match is enough.
        if start.is_some() {
            return start;
        }
        at = colon + 3;
    }
    None
}

fn is_host_start(c: char) -> bool {
    is_letter_or_digit(c) || c == '['
}

/// How far a link reaches: to a space, a sign that no address has, or one that directs text
/// (which could show another address than the one opened); without the full stop, comma or
/// bracket that belongs to the sentence around it.
fn link_length(text: &str) -> usize {
    let mut end = text.find(|c: char| c.is_whitespace() || c.is_control() || ends_link(c)).unwrap_or(text.len());
    while let Some(last) = text[..end].chars().next_back() {
        let sentence = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '…' | '。' | '、' | '，' | '！' | '？' => {
                true
            }
            ')' => text[..end].matches(')').count() > text[..end].matches('(').count(),
            ']' => text[..end].matches(']').count() > text[..end].matches('[').count(),
            _ => false,
        };
        if !sentence {
            break;
        }
        end -= last.len_utf8();
    }
    end
}

fn ends_link(c: char) -> bool {
    matches!(c, '<' | '>' | '"' | '`' | '“' | '”' | '«' | '»' | '）' | '」')
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::Piece::{Link, Plain};
    use super::*;

    #[test]
    fn plain_text_is_one_piece() {
        assert_eq!(split("no link here"), [Plain("no link here")]);
        assert_eq!(split(""), []);
    }

    #[test]
    fn links_stand_between_plain_text() {
        assert_eq!(
            split("see http://a.example/x?y=1#z and https://b.example"),
            [Plain("see "), Link("http://a.example/x?y=1#z"), Plain(" and "), Link("https://b.example")]
        );
    }

    #[test]
    fn what_ends_the_sentence_is_not_in_the_link() {
        assert_eq!(split("(http://a.example)."), [Plain("("), Link("http://a.example"), Plain(").")]);
        assert_eq!(split("http://a.example/b_(c), d"), [Link("http://a.example/b_(c)"), Plain(", d")]);
        assert_eq!(split("http://[::1]:4000/"), [Link("http://[::1]:4000/")]);
        assert_eq!(split("看 http://a.example/。"), [Plain("看 "), Link("http://a.example/"), Plain("。")]);
    }

    #[test]
    fn only_http_and_https() {
        for text in [
            "javascript://a.example/%0aalert(1)",
            "ftp://a.example",
            "data:text/html,x",
            "xhttp://a.example",
            "http://",
            "https:// x",
            "http://?",
        ] {
            assert_eq!(split(text), [Plain(text)], "{text}");
        }
        assert_eq!(split("HTTPS://A.example"), [Link("HTTPS://A.example")]);
    }

    #[test]
    fn signs_that_direct_text_end_a_link() {
        assert_eq!(split("http://a.example/\u{202E}moc"), [Link("http://a.example/"), Plain("\u{202E}moc")]);
    }

    #[test]
    fn joined_again_it_is_the_same_text() {
        for text in ["http://http://a http://b.c/ö?ü…", "a://b://http://c", "http://é.example/中文 x", "🙂http://a.b🙂"]
        {
            let joined: String = split(text).into_iter().map(|(Plain(piece) | Link(piece))| piece).collect();
            assert_eq!(joined, text);
        }
    }
}
