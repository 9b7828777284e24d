//! What happens when time has passed.

use super::Table;
use super::process::{Phase, Rest};
use crate::message::ErrorCode;
use crate::node::NodeName;
use crate::process::limits::MAILBOX_PATIENCE;
use crate::process::reason::{Fault, Limit, Reason};
use crate::process::step::{Brought, Event};
use serde_json::Value;

/// When, in milliseconds, and a number that no other has.
pub(super) type Key = (u64, u64);

#[derive(Debug)]
pub(super) enum Timer {
    /// A call of this node's has taken too long.
    Call(u64),
    /// Nobody waits for this answer any more.
    Unanswered(u64),
    /// A process told itself something.
    After {
        process: u64,
        own: u64,
        message: Value,
    },
    Receive(u64),
    Patience(u64),
    Lifetime(u64),
    Supervisor(u64),
    Consent(u64),
    /// A leader says how much it left out.
    Lead(u64),
    /// A node has taken nothing of what it was sent.
    Silent(NodeName),
}

impl Table {
    pub(super) fn set(&mut self, after: u64, timer: Timer) -> Key {
        let key = (self.now.saturating_add(after), self.next());
        self.timers.insert(key, timer);
        key
    }

    pub(super) fn unset(&mut self, key: Option<Key>) {
        if let Some(key) = key {
            self.timers.remove(&key);
        }
    }

    pub(super) fn ring(&mut self) {
        while let Some(entry) = self.timers.first_entry() {
            if entry.key().0 > self.now {
                return;
            }
            let (key, timer) = entry.remove_entry();
            self.rung(key, timer);
            self.settle();
        }
    }

    fn rung(&mut self, key: Key, timer: Timer) {
        match timer {
            Timer::Call(r#ref) => {
                let words = "No answer came in time; whether it was done is not known.";
                self.end_call(r#ref, Err(Fault::new(ErrorCode::Timeout, words)));
            }
            Timer::Unanswered(call) => self.overdue(call),
            Timer::After { process, own, message } => {
                if let Some(entry) = self.processes.get_mut(&process) {
                    entry.timers.retain(|(_, other)| *other != key);
                    self.tell(process, Event::Timer { r#ref: own, message });
                }
            }
            Timer::Receive(number) => {
                if let Some(process) = self.processes.get_mut(&number)
                    && process.phase == Phase::Receiving
                {
                    process.receiving = None;
                    self.resume(number, Brought::Nothing);
                }
            }
            Timer::Patience(number) => self.impatient(number),
            Timer::Lifetime(number) => self.die(number, Reason::Limit(Limit::Lifetime)),
            Timer::Supervisor(number) => self.supervisor_overdue(number),
            Timer::Consent(ask) => {
                let words = "The person there did not answer.";
                self.effects.push_back(super::Effect::Withdrawn { ask });
                self.consented(ask, Err(Fault::new(ErrorCode::Declined, words)));
            }
            Timer::Lead(number) => self.say_left_out(number),
            Timer::Silent(node) => self.silent(&node, key),
        }
    }

    /// A mailbox was more than half full for too long.
    fn impatient(&mut self, number: u64) {
        let Some(process) = self.processes.get_mut(&number) else { return };
        process.patience = None;
        if !process.mailbox.is_over_half() {
            return;
        }
        // Whoever waits for room at another node is not to blame: that node is, and its tie ends.
        if process.rests == Rest::Window {
            let key = self.set(MAILBOX_PATIENCE, Timer::Patience(number));
            if let Some(process) = self.processes.get_mut(&number) {
                process.patience = Some(key);
            }
        } else {
            self.die(number, Reason::Limit(Limit::Mailbox));
        }
    }
}
