//! Lines on their way to the log, in the order in which they were typed.

use std::collections::VecDeque;

use super::MAX_UNSENT;
use crate::message::{ErrorCode, Refusal, ToHub};

/// `say` and `private_message` requests until they are answered. Only the first is ever under
/// way: were several, a refusal of one ("too fast") would let the next overtake it.
#[derive(Default)]
pub(super) struct Outbox {
    lines: VecDeque<ToHub>,
    /// When the first was sent on this connection.
    sent_at: Option<u64>,
    /// The hub asked for a pause until then.
    pause_until: u64,
}

impl Outbox {
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn push(&mut self, line: ToHub) -> Result<(), Refusal> {
        if self.lines.len() >= MAX_UNSENT {
            let words = format!("{MAX_UNSENT} messages already wait for the hub. Send this one when they are through.");
            return Err(Refusal::new(ErrorCode::Unavailable, words));
        }
        self.lines.push_back(line);
        Ok(())
    }

    /// The line to send now, if one is due; it then counts as sent.
    pub(super) fn send(&mut self, now: u64) -> Option<&ToHub> {
        if self.sent_at.is_some() || now < self.pause_until {
            return None;
        }
        let line = self.lines.front()?;
        self.sent_at = Some(now);
        Some(line)
    }

    /// Whether an answer with this id is the first line's.
    pub(super) fn awaits(&self, id: &str) -> bool {
        self.sent_at.is_some() && self.lines.front().and_then(ToHub::id) == Some(id)
    }

    /// The first line was answered: it is done.
    pub(super) fn pop(&mut self) -> Option<ToHub> {
        self.sent_at = None;
        self.lines.pop_front()
    }

    /// The first line was refused for now: again at `until`.
    pub(super) fn pause(&mut self, until: u64) {
        self.sent_at = None;
        self.pause_until = until;
    }

    /// The connection is gone: the first line may have been taken or not, so it is sent again.
    pub(super) fn lost(&mut self) {
        self.sent_at = None;
        self.pause_until = 0;
    }

    /// Gives up all lines.
    pub(super) fn drain(&mut self) -> VecDeque<ToHub> {
        self.lost();
        std::mem::take(&mut self.lines)
    }

    pub(super) fn sent_at(&self) -> Option<u64> {
        self.sent_at
    }

    /// When [`Outbox::send`] has something to do again after a pause.
    pub(super) fn due_at(&self) -> Option<u64> {
        (self.sent_at.is_none() && !self.lines.is_empty()).then_some(self.pause_until)
    }
}
