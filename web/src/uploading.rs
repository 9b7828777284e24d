//! Bringing a file to the hub: what its answers mean, and how files are told of. Pure; [`crate::attaching`] does it.

use serde_json::Value;
use shared::wire::MAX_FILE_NAME;

/// Bytes sent at a time: a second's worth on a slow wireless network, so that one sees it move; and some milliseconds
/// of a cable, which are few questions.
pub(crate) const PIECE: u64 = 1024 * 1024;

/// How long to wait before a question is asked again, at first and at most, in milliseconds.
const FIRST_PAUSE: i32 = 1_000;
const LONGEST_PAUSE: i32 = 15_000;

/// Characters of a name shown in one piece, and how many of its beginning and its end where it is longer: the end tells
/// what it is.
const SHOWN: usize = 26;
const SHOWN_FIRST: usize = 14;
const SHOWN_LAST: usize = 10;

/// Letters of an ending, without its dot; longer ones are none.
const ENDING: usize = 5;

/// The largest picture in a line, in CSS pixels: half of a thumbnail, for screens with two pixels to one.
const WIDEST: u32 = 320;
const HIGHEST: u32 = 240;

/// What comes after an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// So many bytes have arrived: on with the next.
    Send { from: u64 },
    /// All have.
    Done { hash: String },
    /// There was no answer, or none that helps: ask how far it is, in a while. In the hub's words, if it had any.
    Later(String),
    /// The hub has forgotten it: begin once more, in a while.
    Anew,
    /// The hub will not have it, and says why.
    Refused(String),
}

/// What an answer of the hub means, to whatever was asked about an upload; a `status` of 0 is none at all.
pub(crate) fn next(status: u16, answer: &Value) -> Next {
    let words = || answer.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    match status {
        200 | 201 | 409 => {
            let hash = answer.get("file").and_then(|file| file.get("hash")).and_then(Value::as_str);
            match (hash, answer.get("offset").and_then(Value::as_u64)) {
                (Some(hash), _) => Next::Done { hash: hash.to_owned() },
                (None, Some(from)) => Next::Send { from },
                (None, None) => Next::Later(words()),
            }
        }
        404 => Next::Anew,
        400 | 413 | 507 => Next::Refused(words()),
        _ => Next::Later(words()),
    }
}

/// How long to wait after so many questions in vain, in milliseconds.
pub(crate) fn pause(tries: u32) -> i32 {
    (FIRST_PAUSE << tries.min(4)).min(LONGEST_PAUSE)
}

/// A size in words: `812 bytes`, `20 KiB`, `1.4 MiB`. The hub's limits are in the same units.
pub(crate) fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1024 => return [&*bytes.to_string(), if bytes == 1 { " byte" } else { " bytes" }].concat(),
        // What would be 1024 of them is one of the next.
        1024..1_048_064 => (1024, " KiB"),
        _ => (PIECE, " MiB"),
    };
    let tenths = (bytes * 10 + unit / 2) / unit;
    let (whole, tenth) = (tenths / 10, tenths % 10);
    if whole >= 10 || tenth == 0 {
        return [&((bytes + unit / 2) / unit).to_string(), name].concat();
    }
    [&whole.to_string(), ".", &tenth.to_string(), name].concat()
}

/// A name that fits on a line, shortened in its middle.
pub(crate) fn short(name: &str) -> String {
    let length = name.chars().count();
    if length <= SHOWN {
        return name.to_owned();
    }
    let at = |count: usize| name.char_indices().nth(count).map_or(name.len(), |(at, _)| at);
    [&name[..at(SHOWN_FIRST)], "…", &name[at(length - SHOWN_LAST)..]].concat()
}

/// What kind of file it is by its name: `PDF`; nothing where that does not tell.
pub(crate) fn kind(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending))
            if !stem.is_empty()
                && (1..=ENDING).contains(&ending.len())
                && ending.bytes().all(|letter| letter.is_ascii_alphanumeric()) =>
        {
            ending.to_ascii_uppercase()
        }
        _ => String::new(),
    }
}

/// A name as a line may have it: not empty, and of a long one its end, which tells what it is.
pub(crate) fn fitting(name: &str) -> String {
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let ending = if ending.len() > ENDING + 1 { "" } else { ending };
    let stem = &name[..name.len() - ending.len()];
    let mut end = stem.len().min(MAX_FILE_NAME - ending.len());
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    let name = [&stem[..end], ending].concat();
    if name.is_empty() { "file".to_owned() } else { name }
}

/// How large a picture of that width and height is shown in a line: small ones as they are.
pub(crate) fn shown(width: u32, height: u32) -> (u32, u32) {
    let (width, height) = (u64::from(width.max(1)), u64::from(height.max(1)));
    let (widest, highest) = (u64::from(WIDEST).min(width), u64::from(HIGHEST).min(height));
    // Whichever of the two is reached first.
    let (shown_width, shown_height) = if width * highest > widest * height {
        (widest, (height * widest / width).max(1))
    } else {
        ((width * highest / height).max(1), highest)
    };
    // Neither is larger than those limits.
    (shown_width as u32, shown_height as u32)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_upload_goes_on_from_where_the_hub_says_it_is() {
        assert_eq!(next(201, &json!({ "upload": "k", "offset": 0 })), Next::Send { from: 0 });
        assert_eq!(next(200, &json!({ "offset": 12 })), Next::Send { from: 12 });
        assert_eq!(next(409, &json!({ "code": "wrong_offset", "message": "…", "offset": 7 })), Next::Send { from: 7 });
        let whole = json!({ "offset": 12, "file": { "hash": "9f", "size": 12 } });
        assert_eq!(
            [next(201, &whole), next(200, &whole)],
            [Next::Done { hash: "9f".into() }, Next::Done { hash: "9f".into() }]
        );
    }

    #[test]
    fn what_may_pass_is_tried_again_and_what_will_not_is_told() {
        let words = json!({ "code": "x", "message": "No room." });
        for status in [413, 507, 400] {
            assert_eq!(next(status, &words), Next::Refused("No room.".to_owned()), "{status}");
        }
        for status in [401, 408, 429, 500, 503] {
            assert_eq!(next(status, &words), Next::Later("No room.".to_owned()), "{status}");
        }
        assert_eq!(next(0, &Value::Null), Next::Later(String::new()));
        // What is no answer of a hub, such as the page of something between.
        assert_eq!(next(200, &Value::Null), Next::Later(String::new()));
        assert_eq!(next(404, &words), Next::Anew);
    }

    #[test]
    fn pauses_grow_up_to_a_limit() {
        assert_eq!([0, 1, 2, 3, 4, 90].map(pause), [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    }

    #[test]
    fn sizes_have_two_figures_at_least_and_no_needless_ones() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1_023, "1023 bytes"),
            (1_024, "1 KiB"),
            (1_536, "1.5 KiB"),
            (20_480, "20 KiB"),
            (1_048_575, "1 MiB"),
            (26_214_400, "25 MiB"),
            (1_500_000, "1.4 MiB"),
            (10_747_904, "10 MiB"),
        ] {
            assert_eq!(size(bytes), words, "{bytes}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_two_ends() {
        assert_eq!(short("den.png"), "den.png");
        let long = short(&format!("{}.jpeg", "ä".repeat(200)));
        assert_eq!(long.chars().count(), SHOWN_FIRST + 1 + SHOWN_LAST);
        assert!(long.starts_with("ää") && long.ends_with("ä.jpeg"));
    }

    #[test]
    fn a_name_that_a_line_may_not_have_is_cut() {
        assert_eq!(fitting(""), "file");
        assert_eq!(fitting("den.png"), "den.png");
        let cut = fitting(&format!("{}.jpeg", "ä".repeat(300)));
        assert!(cut.len() <= MAX_FILE_NAME && cut.len() > MAX_FILE_NAME - 3 && cut.ends_with("ä.jpeg"), "{cut}");
        assert!(fitting(&"ä".repeat(300)).len() <= MAX_FILE_NAME);
        assert_eq!(fitting(&format!("a.{}", "b".repeat(300))).len(), MAX_FILE_NAME);
    }

    #[test]
    fn the_ending_tells_the_kind() {
        for (name, told) in [
            ("a.pdf", "PDF"),
            ("a.tar.gz", "GZ"),
            ("photo", ""),
            (".bashrc", ""),
            ("a.", ""),
            ("a.<b>", ""),
            ("a.b c", ""),
        ] {
            assert_eq!(kind(name), told, "{name}");
        }
    }

    #[test]
    fn a_picture_keeps_its_form_and_a_small_one_its_size() {
        assert_eq!(shown(640, 480), (320, 240));
        assert_eq!(shown(4_000, 1_000), (320, 80));
        assert_eq!(shown(1_000, 4_000), (60, 240));
        assert_eq!(shown(16, 16), (16, 16));
        assert_eq!(shown(100_000, 3), (320, 1));
        assert_eq!(shown(0, 0), (1, 1));
    }
}
