//! What there is to be seen of the chat, for one frame.

use shared::transcript::{Conversation, Place, Transcript};

use crate::chat::{Chat, Search};
use crate::profile::now;

/// What there is to be seen.
pub(super) struct Outlook<'a> {
    pub transcript: &'a Transcript,
    pub here: &'a Place,
    pub me: &'a str,
    /// Each with what is unread there, and how much of that names this person.
    pub places: Vec<(Place, usize, usize)>,
    /// Why the chat is not as it should be; none while the hub answers.
    pub trouble: Option<String>,
    /// All up to here has come.
    pub synced: u64,
    /// The hub's own name: `hub@den.local`.
    pub hub: &'a str,
    pub found: Option<&'a Search>,
    pub loading: bool,
    /// Who is writing here.
    pub typing: Vec<String>,
    /// Lines that the hub has not answered yet.
    pub unsent: usize,
}

impl<'a> Outlook<'a> {
    pub(super) fn of(chat: &'a Chat) -> Self {
        let here = chat.conversation();
        Self {
            transcript: chat.transcript(),
            here: chat.here(),
            me: chat.me(),
            places: chat.places(),
            trouble: chat.phase_words(),
            synced: chat.synced(),
            hub: &chat.welcome().hub,
            found: chat.found(),
            loading: chat.loading(),
            typing: here.map(|here| here.typing(now()).into_iter().map(str::to_owned).collect()).unwrap_or_default(),
            unsent: chat.unsent(),
        }
    }

    pub(super) fn conversation(&self) -> Option<&'a Conversation> {
        self.transcript.get(self.here)
    }
}

/// A place as it is called: `#dev`, `@ana`.
pub(super) fn name(place: &Place) -> String {
    match place {
        Place::Room(room) => format!("#{room}"),
        Place::With(nick) => format!("@{nick}"),
    }
}
