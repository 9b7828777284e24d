//! Coming and going: the way in, back in after a reload, and out.

use shared::message::ToHub;
use shared::session::{Phase, Session, Settings};
use shared::transcript::Place;

use crate::driver::Asked;
use crate::node::{Node, Screen, lobby};
use crate::storage::Identity;
use crate::{invitation, outbox, storage};

impl Node {
    /// Takes the cookie out of the link, and goes straight back in if this browser was in before.
    pub(crate) fn start(self) {
        let cookie = invitation::take_cookie().or_else(storage::cookie);
        self.with_core(|core| core.cookie = cookie);
        let identity = storage::identity().unwrap_or_default();
        self.join.nick.set(identity.nick.clone());
        let session = storage::take_session();
        if identity.inside {
            self.come_in(identity.nick, identity.token, session);
        } else {
            // Connecting now shows whether the cookie is right before a nick is chosen.
            self.begin(Settings::default());
        }
    }

    /// Shows the talk at once, whether or not the hub is there: one may write before it is.
    fn come_in(self, nick: String, token: Option<String>, session: Option<String>) {
        let rooms = storage::rooms();
        self.nick.set(nick.clone());
        self.begin(Settings { nick: Some(nick), token, session, rooms: rooms.clone(), ..Settings::default() });
        let changes = self.with_core(|core| {
            let mut changes = core.transcript.open(&lobby());
            for room in rooms {
                changes.merge(core.transcript.open(&Place::Room(room)));
            }
            changes
        });
        self.show(&changes);
        self.screen.set(Screen::Chat);
        self.follow_address();
        self.adopt_lines();
    }

    /// The address has changed: an invitation link was opened in this tab, which loads no page anew.
    pub(crate) fn link_opened(self) {
        let Some(cookie) = invitation::take_cookie() else { return };
        self.with_core(|core| core.cookie = Some(cookie.clone()));
        self.join.cookie_error.set(None);
        self.join.cookie_wanted.set(false);
        self.session(|session, now| session.give_cookie(now, cookie));
    }

    /// The button `Join`.
    pub(crate) fn join(self) {
        let form = self.join;
        form.nick_error.set(None);
        form.cookie_error.set(None);
        form.farewell.set(None);
        let nick = form.nick.get_untracked().trim().to_owned();
        if nick.is_empty() {
            form.nick_error.set(Some("Choose a nick: it is the name that others see.".to_owned()));
            return;
        }
        if form.cookie_wanted.get_untracked() {
            let typed = form.cookie.get_untracked();
            let cookie = invitation::cookie_in(&typed).trim();
            if cookie.is_empty() {
                form.cookie_error.set(Some("Paste the cookie, or the whole invitation link.".to_owned()));
                return;
            }
            self.with_core(|core| core.cookie = Some(cookie.to_owned()));
        }
        form.busy.set(true);
        let token = storage::identity().filter(|known| known.nick == nick).and_then(|known| known.token);
        let waits_for_nick =
            self.phase.get_untracked() == Phase::Online && self.with_core(|core| core.session.nick().is_none());
        if waits_for_nick {
            let asked = self.ask(Asked::Line, |id| ToHub::Connect { id, nick, token });
            form.busy.set(asked);
        } else {
            self.begin(Settings { nick: Some(nick), token, rooms: storage::rooms(), ..Settings::default() });
        }
    }

    /// Says good-bye to the hub and goes back to the way in.
    pub(crate) fn quit(self) {
        self.with_core(|core| core.left_behind = core.session.unsent());
        if self.phase.get_untracked() == Phase::Online && self.ask(Asked::Quit, |id| ToHub::Disconnect { id }) {
            return;
        }
        self.end();
    }

    /// Back at the way in, with nothing left of the conversation.
    pub(crate) fn end(self) {
        let (unsent, token) = self.with_core(|core| (core.left_behind, core.session.token().map(str::to_owned)));
        let nick = self.nick.get_untracked();
        // A session that has disconnected has let go of its token, but the nick stays ours by it.
        let kept = || storage::identity().filter(|known| known.nick == nick).and_then(|known| known.token);
        let token = token.or_else(kept);
        let waiting = outbox::of(&nick).iter().filter(|kept| kept.refused.is_empty()).count();
        let lines = match (waiting, unsent) {
            (0, 0) => String::new(),
            // Where this browser keeps nothing.
            (0, _) => " What waited could not be sent any more.".to_owned(),
            (1, _) => " One line waits for your return.".to_owned(),
            (many, _) => format!(" {many} lines wait for your return."),
        };
        self.join
            .farewell
            .set(Some(format!("Good-bye, {nick}.{lines} The nick stays yours; join again whenever you like.")));
        self.join.nick.set(nick.clone());
        self.join.busy.set(false);
        storage::keep_identity(&Identity { nick, token, inside: false });
        self.notice.set(None);
        self.screen.set(Screen::Join);
        self.session(Session::stop);
    }
}
