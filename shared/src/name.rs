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
    #[error("has a space in it; use letters, digits and - _ .")]
    Space,
    #[error("may not contain “{0}”, which commands and addresses use")]
    Sign(char),
    #[error("has more accents on one letter than can be read")]
    Marks,
    #[error("has characters that are invisible, change direction or are no letters; use letters, digits and - _ .")]
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
        let name = UsernameCasePreserved::enforce(raw).map_err(|_| NameError::Character)?.into_owned();
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
        Ok(name)
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
