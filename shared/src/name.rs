//! What nicks and names of rooms have in common: which characters they may have,
//! and when two of them are one to a reader's eye.
//!
//! A name passes PRECIS UsernameCasePreserved (RFC 8265, section 3.4), which refuses
//! spaces, controls, invisible and directional characters, and symbols. It lets pass
//! piles of accents and letters of other scripts that look like ours; the first are
//! limited here, the second are caught by [`Likeness`] (UTS #39 skeletons).

/// A nick or a room's name, in characters: what fits beside a line on a phone.
pub const MAX_CHARS: usize = 32;

/// Why a name cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("is empty")]
    Empty,
    #[error("has {0} characters; at most 32 fit")]
    TooLong(usize),
    #[error("has a space in it; use letters, digits, dots, - and _")]
    Space,
    #[error("may not contain “{0}”, which commands and addresses use")]
    Sign(char),
    #[error("has more accents on one letter than can be read")]
    Marks,
    #[error(
        "has characters that are invisible, change direction or are no letters; use letters, digits, dots, - and _"
    )]
    Character,
    #[error("needs at least one letter or digit")]
    NoLetter,
}

#[cfg(feature = "identity")]
pub use identity::{Likeness, check};

#[cfg(feature = "identity")]
mod identity {
    use std::collections::BTreeSet;

    use precis_core::profile::PrecisFastInvocation;
    use precis_profiles::UsernameCasePreserved;
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::is_combining_mark;
    use unicode_security::confusable_detection::skeleton;

    use super::{MAX_CHARS, NameError};

    /// Signs with a meaning in commands (`/`), rooms (`#`), mentions and node names (`@`),
    /// lists and prompts (`:` `,`).
    const TAKEN_SIGNS: [char; 5] = ['/', '#', '@', ':', ','];

    /// Marks on one letter: Vietnamese and pointed Hebrew need two, some Indic syllables three.
    const MAX_MARKS: usize = 3;

    /// The name as it is shown (NFC, full-width letters made plain).
    ///
    /// # Errors
    /// See [`NameError`].
    pub fn check(raw: &str) -> Result<String, NameError> {
        let raw = raw.trim();
        if raw.is_empty() {
            return Err(NameError::Empty);
        }
        // Before anything costly: a frame may carry 64 KiB of name.
        let chars = raw.chars().count();
        if chars > 4 * MAX_CHARS {
            return Err(NameError::TooLong(chars));
        }
        if raw.chars().any(char::is_whitespace) {
            return Err(NameError::Space);
        }
        if let Some(sign) = raw.chars().find(|c| TAKEN_SIGNS.contains(c)) {
            return Err(NameError::Sign(sign));
        }
        let raw = write_out_am(raw);
        let name: String = UsernameCasePreserved::prepare(raw).map_err(|_| NameError::Character)?.nfc().collect();
        let chars = name.chars().count();
        if chars > MAX_CHARS {
            return Err(NameError::TooLong(chars));
        }
        if let Some(sign) = name.chars().find(|c| TAKEN_SIGNS.contains(c)) {
            return Err(NameError::Sign(sign)); // a full-width one, made plain
        }
        let mut marks = 0;
        for c in name.chars() {
            marks = if is_combining_mark(c) { marks + 1 } else { 0 };
            if marks > MAX_MARKS {
                return Err(NameError::Marks);
            }
        }
        if !name.chars().any(char::is_alphanumeric) || name.chars().next().is_some_and(is_combining_mark) {
            return Err(NameError::NoLetter);
        }
        // The rule for text that runs from right to left (RFC 5893, section 2) lets vowel points stand
        // anywhere behind the first letter. `precis-profiles` 0.2.0 lets them stand at the end only,
        // which forbids every name in Thaana; so it is shown the name without them.
        let bare: String = name.chars().filter(|c| !is_point(*c)).collect();
        UsernameCasePreserved::enforce(bare).map_err(|_| NameError::Character)?;
        Ok(name)
    }

    /// Thai and Lao write the vowel *am* with one character that stands for two, and that PRECIS
    /// therefore refuses; `น้ำ` is a common nick. The two are what domain names use (UTS #46).
    fn write_out_am(raw: &str) -> String {
        raw.replace('\u{E33}', "\u{E4D}\u{E32}").replace('\u{EB3}', "\u{ECD}\u{EB2}")
    }

    /// A mark of a script that runs from right to left; there are only nonspacing ones.
    fn is_point(c: char) -> bool {
        matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1E}' | '\u{10A00}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
            && is_combining_mark(c)
    }

    /// The keys a name is unique by. Two names are one if they share any: equal but for
    /// case, or alike to the eye in either case.
    ///
    /// Skeletons are taken of the name as written and then folded, since folding first
    /// would hide that `I` looks like `l`; and once more of the folded name, so that a
    /// Cyrillic capital meets a Latin small letter.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Likeness {
        keys: BTreeSet<String>,
    }

    impl Likeness {
        /// Of a name that passed [`check`].
        pub fn of(name: &str) -> Self {
            // The two invisible characters that pass, where a script needs them (RFC 5892, appendix A).
            let name: &str = &name.replace(['\u{200C}', '\u{200D}'], "");
            let folded = name.to_lowercase();
            let looks = skeleton(name).collect::<String>().to_lowercase();
            let folded_looks = skeleton(&folded).collect::<String>().to_lowercase();
            Self { keys: BTreeSet::from([folded, looks, folded_looks]) }
        }

        /// One to three keys.
        pub fn keys(&self) -> impl Iterator<Item = &str> {
            self.keys.iter().map(String::as_str)
        }

        /// Whether a reader could take one for the other.
        pub fn resembles(&self, other: &Self) -> bool {
            !self.keys.is_disjoint(&other.keys)
        }
    }
}
