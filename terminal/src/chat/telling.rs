//! What is told to the person: lines of ours, at the end of the place that is looked at.

use shared::transcript::{Conversation, Place, What};

use super::{Chat, Event, Purpose};
use crate::profile::now;

/// Words that wait for the page they are to stand behind: more than anybody is told while one is on its way.
const WAITING: usize = 20;

/// What the hub's log is after a return where it is not the one that was known.
const NEW_LOG: &str = "The hub has a new log, perhaps a backup. Lines may be missing.";

impl Chat {
    /// Tells the person something, here.
    pub(super) fn tell(&mut self, words: String) {
        self.notice(What::Told(words.clone()));
        self.made.push(Event::Told(words));
    }

    pub(super) fn refuse(&mut self, words: String) {
        self.notice(What::Refused(words.clone()));
        self.made.push(Event::Refused(words));
    }

    /// The hub holds another log than before: what was said is loaded anew.
    pub(super) fn tell_of_new_log(&mut self) {
        if self.line_by_line {
            return self.tell(format!("* {NEW_LOG} *"));
        }
        // The page is asked for only once the hub has let this node in again.
        self.waiting.push((self.here.clone(), What::Refused(NEW_LOG.to_owned())));
        self.made.push(Event::Refused(NEW_LOG.to_owned()));
    }

    /// A room as it is called: line by line as it is typed.
    pub(super) fn called(&self, room: &str) -> String {
        if self.line_by_line { room.to_owned() } else { format!("#{room}") }
    }

    fn notice(&mut self, what: What) {
        let here = self.here.clone();
        // It would stand above all that the page brings.
        if self.online() && self.is_loading_first(&here) && self.waiting.len() < WAITING {
            self.waiting.push((here, what));
            return;
        }
        let changes = self.transcript.notice(now(), &here, what);
        self.changed(changes);
    }

    /// Asks for the page that words wait for, once the hub has let this node in there again.
    pub(super) fn load_waited_for(&mut self) {
        if !self.waiting.is_empty() {
            self.load_first();
        }
    }

    /// Tells what waited for a page that is there now, or will not come.
    pub(super) fn tell_waiting(&mut self) {
        for (place, what) in std::mem::take(&mut self.waiting) {
            let known = self.transcript.get(&place);
            let fresh = known.is_some_and(Conversation::fresh);
            if fresh && (!self.online() || self.is_entering(&place) || self.is_loading_first(&place)) {
                self.waiting.push((place, what));
                continue;
            }
            let place = known.map_or(&self.here, Conversation::place).clone();
            let changes = self.transcript.notice(now(), &place, what);
            self.changed(changes);
        }
    }

    /// Whether the first page of a place is on its way.
    fn is_loading_first(&self, place: &Place) -> bool {
        let of_it = |purpose: &Purpose| match purpose {
            Purpose::Older(there) | Purpose::Around(there, _) => there.is(place),
            _ => false,
        };
        self.transcript.get(place).is_some_and(Conversation::fresh) && self.asked.values().any(of_it)
    }

    /// Whether a room will be entered again, after a return.
    fn is_entering(&self, place: &Place) -> bool {
        let out = self.transcript.get(place).is_some_and(|known| !known.joined());
        out && self.is_in(place.name())
    }
}
