//! What a file is called. Pure. A name is only ever shown or offered to whoever saves the file: nothing on the hub's
//! disk is called by it.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// In bytes of UTF-8: what file systems take.
pub const LONGEST: usize = 255;

/// An ending longer than this, in bytes and with its dot, is none, and may be cut off.
const LONGEST_ENDING: usize = 17;

/// What a file without any usable name is called.
const NAMELESS: &str = "file";

/// All but what may stand in a parameter's value as it is (RFC 8187, section 3.2.1).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'~');

/// The name without folders, and without what could hide its ending or break out of the place where it is shown:
/// controls, quotes, slashes, marks of direction and other invisible characters. At most [`LONGEST`] bytes, of which
/// the ending is kept; never empty.
pub fn clean(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let name: String = name.chars().filter(|c| !is_hidden(*c)).collect();
    // Dots in front hide a file, and `..` is a folder; Windows drops those behind.
    let name = name.trim_start_matches(|c: char| c == '.' || c.is_whitespace());
    let name = name.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    if name.is_empty() {
        return NAMELESS.to_owned();
    }
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let ending = if ending.len() <= LONGEST_ENDING { ending } else { "" };
    let mut end = LONGEST - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &name[..end])
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '"' | '\'' | '`' | '<' | '>')
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// How a browser is told to take a file: shown in its place or only saved, and under which name.
pub fn disposition(inline: bool, name: &str) -> HeaderValue {
    let way = if inline { "inline" } else { "attachment" };
    let name = clean(name);
    // Of what is encoded nothing but ASCII is left; should that ever fail, the file is saved under its hash.
    HeaderValue::try_from(format!("{way}; filename*=UTF-8''{}", utf8_percent_encode(&name, ENCODED)))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_honest_name_stays_as_it_is() {
        for name in ["photo.jpg", "Jahresbericht 2026 (Entwurf).pdf", "写真.png", "été.txt", "a+b & c#1.tar.gz"] {
            assert_eq!(clean(name), name);
        }
    }

    #[test]
    fn folders_and_what_hides_an_ending_are_taken_out() {
        for (name, cleaned) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ana\\photo.jpg", "photo.jpg"),
            ("..", "file"),
            ("", "file"),
            ("a/", "file"),
            (".bashrc", "bashrc"),
            ("photo.jpg\u{202e}exe.cod", "photo.jpgexe.cod"),
            ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie: x=1.txt"),
            ("a\".txt", "a.txt"),
            ("<img src=x onerror=alert(1)>.png", "img src=x onerror=alert(1).png"),
            ("in\u{200b}visi\u{feff}ble.txt", "invisible.txt"),
            ("trailing. . ", "trailing"),
            ("null\0.txt", "null.txt"),
        ] {
            assert_eq!(clean(name), cleaned, "{name:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let long = format!("{}.jpeg", "ä".repeat(300));
        let cleaned = clean(&long);
        assert!(cleaned.len() <= LONGEST && cleaned.len() > LONGEST - 3, "{}", cleaned.len());
        assert!(cleaned.ends_with("ä.jpeg"));
        assert!(clean(&format!("a.{}", "b".repeat(400))).len() <= LONGEST);
    }

    #[test]
    fn the_header_says_what_to_do_and_the_name_in_plain_letters() {
        assert_eq!(disposition(false, "a b.html"), "attachment; filename*=UTF-8''a%20b.html");
        assert_eq!(disposition(true, "né;e\"\r\n.png"), "inline; filename*=UTF-8''n%C3%A9%3Be.png");
    }

    proptest! {
        #[test]
        fn whatever_it_is_called_the_name_is_harmless(name in any::<String>()) {
            let cleaned = clean(&name);
            prop_assert!(!cleaned.is_empty() && cleaned.len() <= LONGEST);
            prop_assert!(!cleaned.starts_with('.') && !cleaned.contains(['/', '\\', '"', '\n', '\0']));
            let cleaned_again = clean(&cleaned);
            prop_assert_eq!(&cleaned_again, &cleaned);
            prop_assert!(disposition(false, &name).to_str().unwrap().starts_with("attachment; filename*=UTF-8''"));
        }
    }
}
