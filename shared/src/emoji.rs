//! Emoji: which texts are one, and their names.
//!
//! The table of names is a file that the hub serves (`/emoji.txt`), so that nobody downloads it who does not look
//! for an emoji. Until it has come, and for reactions at a click, there is [`BASIC`].

mod table;

pub use table::{Emoji, MAX_NAMES, Table};

/// The longest reaction, in bytes: what the longest common sequences need, and few enough to keep ten thousand.
pub const MAX_REACTION: usize = 32;

/// Parts of one emoji that joiners hold together, in pieces: a family has four, a kiss of two with skins as well.
const MAX_JOINED: usize = 10;

/// Tags behind a flag, in characters: the code of a region, such as `gbsct`, has at most six.
const MAX_TAGS: usize = 6;

/// What tags stand behind, to name a region.
const FLAG: char = '🏴';

const TAGS_END: char = '\u{E007F}';

/// The name and the emoji of those that are used most.
pub const BASIC: [(&str, &str); 24] = [
    ("+1", "👍"),
    ("-1", "👎"),
    ("heart", "❤️"),
    ("joy", "😂"),
    ("tada", "🎉"),
    ("eyes", "👀"),
    ("rocket", "🚀"),
    ("white_check_mark", "✅"),
    ("x", "❌"),
    ("fire", "🔥"),
    ("100", "💯"),
    ("clap", "👏"),
    ("pray", "🙏"),
    ("thinking", "🤔"),
    ("smile", "😄"),
    ("slightly_smiling_face", "🙂"),
    ("wink", "😉"),
    ("sob", "😭"),
    ("open_mouth", "😮"),
    ("wave", "👋"),
    ("ok_hand", "👌"),
    ("muscle", "💪"),
    ("bulb", "💡"),
    ("coffee", "☕"),
];

/// How many bytes of a text are the one emoji that it begins with; 0 if it begins with none.
///
/// A simpler rule than that of Unicode (UTS #51, ED-17), over ranges, so that no version of a table matters. An
/// emoji is one of
/// - a flag: two regional indicators;
/// - a keycap: a digit, `#` or `*`, perhaps U+FE0F, then U+20E3;
/// - a flag of a region: a black one, up to six tags, and the end of tags;
/// - a pictograph, or several with U+200D between them; behind each perhaps U+FE0F or a skin tone.
pub fn leading(text: &str) -> usize {
    let mut chars = text.chars();
    match chars.next() {
        Some(c @ '\u{1F1E6}'..='\u{1F1FF}') => {
            return if matches!(chars.next(), Some('\u{1F1E6}'..='\u{1F1FF}')) { 2 * c.len_utf8() } else { 0 };
        }
        Some('0'..='9' | '#' | '*') => {
            let rest = chars.as_str();
            let key = rest.strip_prefix('\u{FE0F}').unwrap_or(rest).strip_prefix('\u{20E3}');
            return key.map_or(0, |rest| text.len() - rest.len());
        }
        Some(FLAG) => {
            let rest = chars.as_str();
            let tags = rest.chars().take_while(|c| matches!(c, '\u{E0020}'..='\u{E007E}')).take(MAX_TAGS).count();
            let tags = tags * TAGS_END.len_utf8();
            if tags > 0 && rest[tags..].starts_with(TAGS_END) {
                return FLAG.len_utf8() + tags + TAGS_END.len_utf8();
            }
        }
        _ => {}
    }
    let mut length = 0;
    for _ in 0..MAX_JOINED {
        // A joiner belongs to it only if it joins something.
        let rest = &text[length..];
        let rest = if length == 0 { Some(rest) } else { rest.strip_prefix('\u{200D}') };
        let Some(rest) = rest.and_then(|rest| rest.strip_prefix(is_pictograph)) else { break };
        let rest = rest.strip_prefix(|c| matches!(c, '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}')).unwrap_or(rest);
        length = text.len() - rest.len();
    }
    length
}

/// What the hub takes as a reaction: one emoji and nothing else, of at most [`MAX_REACTION`] bytes.
pub fn valid_reaction(text: &str) -> bool {
    (1..=MAX_REACTION).contains(&text.len()) && leading(text) == text.len()
}

/// Whether it is an emoji by itself, or with U+FE0F behind it (Unicode's `Emoji`, without what keycaps are made
/// of, rounded up to ranges).
fn is_pictograph(c: char) -> bool {
    matches!(c,
        '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | 'Ⓜ' | '〰' | '〽' | '㊗' | '㊙'
        | '\u{2194}'..='\u{21AA}' | '\u{231A}'..='\u{23FA}' | '\u{25AA}'..='\u{25FE}' | '\u{2600}'..='\u{27BF}'
        | '\u{2934}' | '\u{2935}' | '\u{2B05}'..='\u{2B55}' | '\u{1F004}' | '\u{1F0CF}' | '\u{1F170}'..='\u{1F19A}'
        | '\u{1F201}'..='\u{1F64F}' | '\u{1F680}'..='\u{1F6FF}' | '\u{1F7E0}'..='\u{1F7F0}' | '\u{1F90C}'..='\u{1FAFF}')
}
