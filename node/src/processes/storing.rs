//! This node's copy of the store, and who waits for it.

use serde_json::Value;
use shared::map_server::{self, Waiting};
use shared::message::ErrorCode;
use shared::process::{CallRef, Fault, Letter, Look, Pid};
use shared::store::Store;
use tokio::sync::watch;

/// Pairs that a step that looks is given: more than its program can hold, so that it ends with that and does not take a
/// part for the whole.
const MAX_LOOKED: usize = 4_096;

/// Calls and looks that wait until the whole store is here, at most.
const MAX_EARLY: usize = 1_024;

#[derive(Default)]
pub(crate) struct Copy {
    pub(crate) store: Store,
    /// Counts the changes; none until somebody wants to know.
    changes: Option<watch::Sender<u64>>,
    ended: bool,
    /// Calls that wait for a version.
    pub(super) waiting: Waiting,
    /// What waits for the whole.
    pub(super) early: Vec<Early>,
    /// Puts and removals that are on the hub's disk, and will be here soon.
    pub(super) written: Vec<(Writer, String, u64)>,
}

/// What waits until the whole store is here.
pub(super) enum Early {
    Call(Box<Letter>),
    Look { pid: Pid, look: Look },
}

/// Who waits for a put or removal of this node's.
pub(super) enum Writer {
    /// A process, by the table's number of it.
    Process(u64),
    /// Whoever called this node's `map_server`.
    Caller(CallRef),
}

impl Copy {
    /// A number that is another one whenever something is.
    pub(crate) fn changes(&mut self) -> watch::Receiver<u64> {
        let changes = self.changes.get_or_insert_with(|| watch::Sender::new(0)).subscribe();
        if self.ended {
            self.changes = None;
        }
        changes
    }

    pub(super) fn changed(&self) {
        if let Some(changes) = &self.changes {
            changes.send_modify(|count| *count += 1);
        }
    }

    /// # Errors
    /// `busy` where too many wait.
    pub(super) fn wait_for_the_whole(&mut self, early: Early) -> Result<(), Fault> {
        if self.early.len() >= MAX_EARLY {
            return Err(Fault::new(ErrorCode::Busy, "Too many wait for the store here. Try again in a moment."));
        }
        self.early.push(early);
        Ok(())
    }

    /// What a step that looks sees.
    pub(super) fn look(&self, look: &Look) -> Value {
        match look {
            Look::Get { key } => map_server::get(&self.store, key),
            Look::List { prefix } => map_server::pairs(&self.store, prefix, MAX_LOOKED),
            Look::Whereis { .. } | Look::Nodes => Value::Null,
        }
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
        self.changes = None;
        self.early.clear();
        self.written.clear();
    }
}
