//! Whether what is said is heard: coming, going, and the times without a connection.

use super::{Conversation, Coverage, Reached, Reading};
use crate::letters::fold;
use crate::message::User;
use crate::transcript::PendingState;

impl Conversation {
    /// This node speaks as `nick` from now on. What was read and what reached whom was another's; `read_to` counts
    /// as read until the hub says more.
    pub(in crate::transcript) fn spoken_in_by(&mut self, nick: &str, read_to: u64) {
        if self.me.is_some() || self.reading.is_guess() {
            self.reading = Reading::guess(read_to);
            self.reached = Reached::default();
        }
        self.me = Some(fold(nick));
        self.changing_as(nick);
    }

    /// This node is in the room: what is said there is heard from now on.
    pub(in crate::transcript) fn enter(&mut self) {
        self.joined = true;
        self.go_live();
    }

    /// Who is here, of the connection there is.
    pub(in crate::transcript) fn people_are(&mut self, users: &[User], count: u32) {
        self.people.set(users, count);
        self.stale = false;
    }

    /// What is said here is heard from now on; what was said before may be missing.
    pub(in crate::transcript) fn go_live(&mut self) {
        self.live = true;
    }

    /// What is said here is heard from now on, and everything after `seq`.
    pub(in crate::transcript) fn go_live_after(&mut self, seq: u64) {
        self.go_live();
        self.coverage.open(seq.saturating_add(1));
    }

    /// The hub goes on where the connection was lost: nothing is missing from there.
    pub(in crate::transcript) fn resume(&mut self) {
        self.go_live();
        if let Some(from) = self.suspended.take() {
            self.coverage.open(from);
            // What stopped at the loss reaches the present again.
            self.recount(0);
        }
    }

    /// The hub does not go on where the connection was lost.
    pub(in crate::transcript) fn not_resumed(&mut self) {
        self.suspended = None;
    }

    /// What is said in private is heard: states are those of rooms.
    pub(in crate::transcript) fn current(&mut self) {
        self.stale = false;
    }

    /// `latest` is, or is not before, the hub's newest entry of this place: where it is held nothing was
    /// said here while we were away.
    pub(in crate::transcript) fn nothing_after(&mut self, latest: u64) {
        self.coverage.nothing_after(latest);
    }

    /// There is an entry at `seq`.
    pub(in crate::transcript) fn exists(&mut self, seq: u64) {
        self.latest = self.latest.max(seq);
    }

    /// What is said here is heard no more; everything up to `heard` was.
    pub(in crate::transcript) fn go_deaf(&mut self, heard: u64) {
        if self.live {
            self.suspended = self.coverage.close(heard);
        }
        self.live = false;
        self.stale = true;
        self.nobody_types();
    }

    pub(in crate::transcript) fn leave(&mut self, heard: u64) {
        self.go_deaf(heard);
        self.not_resumed();
        self.joined = false;
        self.loaded = false;
        self.people_are(&[], 0);
    }

    /// This person left: nobody fetches what is said until they come again.
    pub(in crate::transcript) fn leave_for_good(&mut self, heard: u64) {
        self.leave(heard);
        self.cut = !self.rows.is_empty();
    }

    /// All that was held is of another log.
    pub(in crate::transcript) fn new_log(&mut self, read_to: u64) {
        self.rows.clear();
        self.bytes = 0;
        self.forget_all_changes();
        self.topic_as_of = 0;
        self.notices.clear();
        self.coverage = Coverage::default();
        self.suspended = None;
        self.loaded = false;
        self.cut = false;
        self.latest = 0;
        self.held = None;
        self.reading = Reading::guess(read_to);
        self.reached = Reached::default();
        self.pending.retain(|pending| !matches!(pending.state, PendingState::Sent { .. }));
    }
}
