//! A valid name of a room. Rooms follow the rules of nicks; `Lobby` is `lobby`.

use std::fmt;

use crate::name::NameError;

/// The room that every nick joins when it connects.
pub const LOBBY: &str = "lobby";

/// A room's name, as its first visitor wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName(String);

/// Why a room cannot be called so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This room's name {0}.")]
pub struct RoomError(#[from] pub NameError);

impl RoomName {
    /// [`LOBBY`].
    pub fn lobby() -> Self {
        Self(LOBBY.to_owned())
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(feature = "identity")]
mod identity {
    use super::{RoomError, RoomName};
    use crate::name::{self, Likeness};

    impl RoomName {
        /// Reads what a person typed; one leading `#` is theirs, not the name's.
        ///
        /// # Errors
        /// If no room may be called so.
        pub fn parse(raw: &str) -> Result<Self, RoomError> {
            let raw = raw.trim();
            Ok(Self(name::check(raw.strip_prefix('#').unwrap_or(raw))?))
        }

        /// The key by which two spellings are one room: case does not count.
        pub fn key(&self) -> String {
            self.0.to_lowercase()
        }

        /// What this name is unique by.
        pub fn likeness(&self) -> Likeness {
            Likeness::of(&self.0)
        }
    }
}
