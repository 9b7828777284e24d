//! What waits for a process.

use std::collections::VecDeque;

use super::limits::{MAX_MAILBOX, MAX_MAILBOX_BYTES};
use super::reason::Limit;
use super::step::{Event, Letter};
use crate::node::NodeName;

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub enum Mail {
    Letter(Letter),
    Event(Event),
}

/// What becomes of the sender's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// It opens again at once.
    GiveBack,
    /// It stays closed by as much until the process has caught up.
    Hold,
}

/// What is held of one node's window: signals and bytes.
pub type Held = (NodeName, u32, u32);

#[derive(Clone, Debug, Default)]
pub struct Mailbox {
    mail: VecDeque<(Mail, usize)>,
    bytes: usize,
    held: Vec<Held>,
}

impl Mailbox {
    pub fn len(&self) -> usize {
        self.mail.len()
    }

    pub fn is_empty(&self) -> bool {
        self.mail.is_empty()
    }

    /// Bytes of all messages.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether senders are to rest.
    pub fn is_over_half(&self) -> bool {
        self.mail.len() > MAX_MAILBOX / 2 || self.bytes > MAX_MAILBOX_BYTES / 2
    }

    /// # Errors
    /// If there is no room.
    pub fn push(&mut self, mail: Mail, bytes: usize) -> Result<Take, Limit> {
        if self.mail.len() >= MAX_MAILBOX || self.bytes + bytes > MAX_MAILBOX_BYTES {
            return Err(Limit::Mailbox);
        }
        self.mail.push_back((mail, bytes));
        self.bytes += bytes;
        Ok(if self.is_over_half() { Take::Hold } else { Take::GiveBack })
    }

    /// Keeps so much of that node's window closed.
    pub fn hold(&mut self, node: &NodeName, bytes: u32) {
        match self.held.iter_mut().find(|(other, ..)| other == node) {
            Some((_, count, all)) => {
                *count += 1;
                *all = all.saturating_add(bytes);
            }
            None => self.held.push((node.clone(), 1, bytes)),
        }
    }

    /// The next message.
    pub fn pop(&mut self) -> Option<Mail> {
        let (mail, bytes) = self.mail.pop_front()?;
        self.bytes -= bytes;
        Some(mail)
    }

    /// What is held, to be given back.
    pub fn release(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.held)
    }

    /// Nothing is owed to a node whose tie has broken.
    pub fn forget(&mut self, node: &NodeName) {
        self.held.retain(|(other, ..)| other != node);
    }
}
