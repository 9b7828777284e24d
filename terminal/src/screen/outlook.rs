//! What there is to be seen of the chat, for one frame.

use shared::session::Phase;
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
    /// How far the chosen line has got, if it is one's own.
    pub reach: Option<String>,
}

impl<'a> Outlook<'a> {
    pub(super) fn of(chat: &'a Chat, chosen: Option<u64>) -> Self {
        let here = chat.conversation();
        Self {
            transcript: chat.transcript(),
            here: chat.here(),
            me: chat.me(),
            places: chat.places(),
            trouble: trouble(chat),
            synced: chat.synced(),
            hub: &chat.welcome().hub,
            found: chat.found(),
            loading: chat.loading(),
            typing: here.map(|here| here.typing(now()).into_iter().map(str::to_owned).collect()).unwrap_or_default(),
            unsent: chat.unsent(),
            reach: chosen.and_then(|seq| chat.reach(seq)),
        }
    }

    pub(super) fn conversation(&self) -> Option<&'a Conversation> {
        self.transcript.get(self.here)
    }
}

/// Why the chat is not as it should be, and the way out where there is one.
fn trouble(chat: &Chat) -> Option<String> {
    if let Phase::CookieWanted { .. } = chat.phase() {
        let words =
            "The hub has another cookie now. Ctrl+C, then hubbub with its new link. What is not said yet is kept.";
        return Some(words.to_owned());
    }
    chat.phase_words()
}

/// A place as it is called: `#dev`, `@ana`.
pub(super) fn name(place: &Place) -> String {
    match place {
        Place::Room(room) => format!("#{room}"),
        Place::With(nick) => format!("@{nick}"),
    }
}
