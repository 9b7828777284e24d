//! This node's copy of the store, and who waits for it.

use serde_json::Value;
use shared::map_server::{self, MAX_LOOKED, Waiting};
use shared::message::ErrorCode;
use shared::process::{CallRef, Fault, Letter, Look, Pid};
use shared::store::{Store, Whole};
use tokio::sync::watch;

/// Calls that wait until the whole store is here, at most.
const MAX_EARLY: usize = 1_024;

#[derive(Default)]
pub(crate) struct Copy {
    pub(crate) store: Store,
    /// Whether it may be read.
    pub(crate) whole: Whole,
    /// Counts the changes; none until somebody wants to know.
    changes: Option<watch::Sender<u64>>,
    ended: bool,
    /// Calls that wait for a version.
    pub(super) waiting: Waiting,
    /// What waits for the whole: at most [`MAX_EARLY`] calls, and a look of each process.
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
    pub(super) fn call_waits(&mut self, letter: Letter) -> Result<(), Fault> {
        let calls = self.early.iter().filter(|early| matches!(early, Early::Call(_))).count();
        if calls >= MAX_EARLY {
            return Err(Fault::new(ErrorCode::Busy, "Too many wait for the store here. Try again in a moment."));
        }
        self.early.push(Early::Call(Box::new(letter)));
        Ok(())
    }

    /// A process that looks cannot be refused: it would take that for an absence.
    pub(super) fn look_waits(&mut self, pid: Pid, look: Look) {
        self.forget(pid);
        self.early.push(Early::Look { pid, look });
    }

    /// That process looks no more.
    pub(super) fn forget(&mut self, pid: Pid) {
        self.early.retain(|early| !matches!(early, Early::Look { pid: of, .. } if *of == pid));
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
