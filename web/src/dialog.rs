//! The window over the page, in which one thing at a time is asked or told.

use crate::node::Node;

/// What it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Dialog {
    /// Where to go, whom to write to, what to do: by a few letters.
    Palette,
    /// All rooms, and the way into a new one.
    Rooms,
    /// Everybody, to begin a private conversation.
    People,
    /// What is known of a nick.
    Person(String),
    /// What the room one looks at is about.
    Topic,
    /// The keyboard map.
    Keys,
    /// How the person wants it.
    Settings,
}

impl Node {
    /// Opens it, or shows another thing in it.
    pub(crate) fn open_dialog(self, dialog: Dialog) {
        self.notice.set(None);
        self.dialog.set(Some(dialog));
    }

    /// Whether the list of all rooms is open.
    pub(crate) fn picks_room(self) -> bool {
        self.dialog.with_untracked(|dialog| *dialog == Some(Dialog::Rooms))
    }

    /// Shuts it, if it is open. The focus goes back to where it was.
    pub(crate) fn shut_dialog(self) {
        self.dialog.change(None);
    }
}
