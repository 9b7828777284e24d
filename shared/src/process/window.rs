//! What may be on its way between two nodes: back-pressure from end to end, so that no mail is lost for want of room.

use super::limits::{WINDOW, WINDOW_BYTES};

/// The windows between this node and one other, both ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Sent and not given back yet.
    sent: u32,
    sent_bytes: u32,
    /// Received and not given back yet.
    came: u32,
    /// Of those, taken already: given back when a quarter of the window has gathered.
    taken: u32,
    taken_bytes: u32,
}

impl Window {
    /// Whether a signal of so many bytes may go. One may always.
    pub fn has_room(&self, bytes: u32) -> bool {
        self.sent == 0 || (self.sent < WINDOW && self.sent_bytes.saturating_add(bytes) <= WINDOW_BYTES)
    }

    /// Signals that the other end has not given back.
    pub fn sent(&self) -> u32 {
        self.sent
    }

    /// One goes.
    pub fn send(&mut self, bytes: u32) {
        self.sent += 1;
        self.sent_bytes = self.sent_bytes.saturating_add(bytes);
    }

    /// The other end took so much; never more than was sent.
    pub fn give_back(&mut self, count: u32, bytes: u32) {
        self.sent = self.sent.saturating_sub(count);
        self.sent_bytes = if self.sent == 0 { 0 } else { self.sent_bytes.saturating_sub(bytes) };
    }

    /// One came; false if the other end is past its window.
    pub fn receive(&mut self) -> bool {
        let fits = self.came < WINDOW;
        self.came += u32::from(fits);
        fits
    }

    /// So much of what came was taken. What is to be told of it, in count and bytes, once that is worth a signal.
    pub fn take(&mut self, count: u32, bytes: u32) -> Option<(u32, u32)> {
        self.taken += count;
        self.taken_bytes = self.taken_bytes.saturating_add(bytes);
        if self.taken < WINDOW / 4 && self.taken_bytes < WINDOW_BYTES / 4 {
            return None;
        }
        self.came = self.came.saturating_sub(self.taken);
        Some((std::mem::take(&mut self.taken), std::mem::take(&mut self.taken_bytes)))
    }

    /// Received signals that are neither given back nor ready to be.
    pub fn untaken(&self) -> u32 {
        self.came - self.taken
    }
}
