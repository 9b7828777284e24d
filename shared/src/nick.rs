//! A valid nick: as shown, and the keys it is unique by.

use std::fmt;

use crate::name::NameError;

/// A nick, as it is shown: 1 to 32 characters that passed the rules of [`crate::name`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nick(String);

/// Why a nick cannot be had by anyone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NickError {
    #[error("This nick {0}.")]
    Invalid(#[from] NameError),
    #[error("The nick “{0}” is reserved, or looks like one that is. Choose another.")]
    Reserved(String),
}

impl Nick {
    /// The nick as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Nick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(feature = "identity")]
mod identity {
    use std::sync::LazyLock;

    use super::{Nick, NickError};
    use crate::name::{self, Likeness};

    /// Who could be taken for the system, or for everyone.
    const RESERVED: [&str; 16] = [
        "server",
        "hub",
        "hubbub",
        "system",
        "admin",
        "administrator",
        "root",
        "operator",
        "moderator",
        "everyone",
        "all",
        "here",
        "channel",
        "nobody",
        "message_server",
        "message_handler",
    ];

    static RESERVED_LIKENESS: LazyLock<Vec<Likeness>> =
        LazyLock::new(|| RESERVED.into_iter().map(Likeness::of).collect());

    impl Nick {
        /// Reads what a person typed.
        ///
        /// # Errors
        /// If no nick may look so, or it is a reserved one or looks like one.
        pub fn parse(raw: &str) -> Result<Self, NickError> {
            let nick = name::check(raw)?;
            let likeness = Likeness::of(&nick);
            if RESERVED_LIKENESS.iter().any(|reserved| reserved.resembles(&likeness)) {
                return Err(NickError::Reserved(nick));
            }
            Ok(Self(nick))
        }

        /// What this nick is unique by.
        pub fn likeness(&self) -> Likeness {
            Likeness::of(&self.0)
        }
    }
}
