//! Lines on their way to the log, in the order in which they were typed.

use std::collections::VecDeque;

use super::backoff::Backoff;
use super::{Line, MAX_UNSENT};
use crate::message::{ErrorCode, Refusal, ToHub};

/// Lines until they are answered. Only the first is ever under way: were several, a refusal of one
/// ("too fast", "the disk is full") would let the next overtake it, and on a LAN an answer takes a
/// millisecond or two, far less than a person takes for a line.
pub(super) struct Outbox {
    lines: VecDeque<Line>,
    /// When the first was sent on this connection.
    sent_at: Option<u64>,
    /// Not sent again before.
    pause_until: u64,
    /// How long to leave a hub alone that cannot take the line now.
    backoff: Backoff,
}

impl Outbox {
    pub(super) fn new(seed: u64) -> Self {
        Self { lines: VecDeque::new(), sent_at: None, pause_until: 0, backoff: Backoff::new(seed) }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter()
    }

    pub(super) fn push(&mut self, line: Line) -> Result<(), Refusal> {
        if self.lines.len() >= MAX_UNSENT {
            let words = format!("{MAX_UNSENT} messages already wait for the hub. Send this one when they are through.");
            return Err(Refusal::new(ErrorCode::Unavailable, words));
        }
        self.lines.push_back(line);
        Ok(())
    }

    /// The line to send now, if one is due; it then counts as sent.
    pub(super) fn send(&mut self, now: u64) -> Option<&Line> {
        if self.sent_at.is_some() || now < self.pause_until {
            return None;
        }
        let line = self.lines.front()?;
        self.sent_at = Some(now);
        Some(line)
    }

    /// Whether an answer with this id is the first line's.
    pub(super) fn awaits(&self, id: &str) -> bool {
        self.sent_at.is_some() && self.lines.front().is_some_and(|line| line.id() == id)
    }

    /// The first line was answered: it is done.
    pub(super) fn pop(&mut self) -> Option<Line> {
        self.sent_at = None;
        self.backoff.reset();
        self.lines.pop_front()
    }

    /// The first line came too soon: again at `until`.
    pub(super) fn pause(&mut self, until: u64) {
        self.sent_at = None;
        self.pause_until = until;
    }

    /// The hub could not take the first line: again in a while, which grows each time.
    pub(super) fn back_off(&mut self, now: u64) {
        let until = now + self.backoff.next();
        self.pause(until);
    }

    /// The connection is gone: the first line may have been taken or not, so it is sent again.
    pub(super) fn lost(&mut self) {
        self.pause(0);
    }

    /// Gives up all lines.
    pub(super) fn drain(&mut self) -> VecDeque<Line> {
        self.lost();
        std::mem::take(&mut self.lines)
    }

    /// The log is this one. Takes out what changes lines of another; what answered one of another answers none.
    pub(super) fn enter_log(&mut self, epoch: &str) -> Vec<ToHub> {
        let mut gone = Vec::new();
        for mut line in std::mem::take(&mut self.lines) {
            if line.epoch.is_empty() {
                epoch.clone_into(&mut line.epoch);
            }
            match &mut line.request {
                _ if line.epoch == epoch => {}
                ToHub::Edit { .. }
                | ToHub::Delete { .. }
                | ToHub::React { .. }
                // That a key is not there can be said of any log.
                | ToHub::Put { version: Some(1..), .. }
                | ToHub::Remove { version: Some(1..), .. } => {
                    gone.push(line.request);
                    continue;
                }
                ToHub::Say { reply_to, .. } | ToHub::PrivateMessage { reply_to, .. } => *reply_to = None,
                _ => {}
            }
            self.lines.push_back(line);
        }
        gone
    }

    pub(super) fn sent_at(&self) -> Option<u64> {
        self.sent_at
    }

    /// When [`Outbox::send`] has something to do again after a pause.
    pub(super) fn due_at(&self) -> Option<u64> {
        (self.sent_at.is_none() && !self.lines.is_empty()).then_some(self.pause_until)
    }
}
