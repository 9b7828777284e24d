//! What the log's writer, the one who makes the index, and the one who searches tell each other.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rusqlite::InterruptHandle;

#[derive(Default)]
pub(in crate::backplane::local) struct Signal {
    /// The newest entry that is durable.
    head: AtomicU64,
    /// At which head the indexer wants to be woken.
    wanted: AtomicU64,
    /// How many indexes there were; 0 while there is none to look up in.
    generation: AtomicU64,
    /// Someone has seen that the index is not what it should be.
    damaged: AtomicBool,
    /// Lines have another text than before, or none, which the index is to know soon.
    forget: AtomicBool,
    closing: AtomicBool,
    indexer: OnceLock<Thread>,
    /// Of the indexer's connections to the log and to the newest index.
    interrupts: Mutex<[Option<InterruptHandle>; 2]>,
}

impl Signal {
    /// Whom to wake. To be said once.
    pub(super) fn indexer_is(&self, thread: Thread) {
        let _ = self.indexer.set(thread); // nobody said it before
    }

    /// All up to this `seq` is durable. Costs the writer two atomic accesses, and a wake-up each thousand lines.
    pub(in crate::backplane::local) fn committed(&self, head: u64) {
        // Both sides first write and then read, in one order for all: either the writer sees what is wanted,
        // or the indexer sees the head.
        self.head.store(head, SeqCst);
        if head >= self.wanted.load(SeqCst) {
            self.wake();
        }
    }

    /// Waits until the log has this entry, or there is something else to do, or until then.
    pub(super) fn wait_for(&self, seq: u64, until: Option<Instant>) {
        self.wanted.store(seq, SeqCst);
        let wanted = || self.is_closing() || self.damaged.load(SeqCst) || self.forget.load(SeqCst);
        while self.head.load(SeqCst) < seq && !wanted() {
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                Some(Duration::ZERO) => break,
                Some(left) => thread::park_timeout(left),
            }
        }
        self.wanted.store(u64::MAX, SeqCst);
    }

    /// The newest entry that is durable.
    pub(super) fn head(&self) -> u64 {
        self.head.load(SeqCst)
    }

    /// Waits so long, or until the hub stops.
    pub(super) fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        while let Some(left) = until.checked_duration_since(Instant::now())
            && !self.is_closing()
        {
            thread::park_timeout(left);
        }
    }

    /// Lines have another text than before, or none.
    pub(in crate::backplane::local) fn forget(&self) {
        self.forget.store(true, SeqCst);
        self.wake();
    }

    /// Whether that was told since it was asked last.
    pub(super) fn take_forget(&self) -> bool {
        self.forget.swap(false, SeqCst)
    }

    /// The hub stops.
    pub(super) fn close(&self) {
        self.closing.store(true, SeqCst);
        self.wake();
    }

    /// What the indexer does with the log can be broken off by this.
    pub(super) fn may_break_off(&self, log: InterruptHandle) {
        self.interrupts()[0] = Some(log);
    }

    /// The same of the index that it makes now.
    pub(super) fn may_break_off_index(&self, index: InterruptHandle) {
        self.interrupts()[1] = Some(index);
    }

    /// Breaks off what the indexer does at this moment; it comes to nothing.
    pub(super) fn break_off(&self) {
        self.interrupts().iter().flatten().for_each(InterruptHandle::interrupt);
    }

    fn interrupts(&self) -> std::sync::MutexGuard<'_, [Option<InterruptHandle>; 2]> {
        self.interrupts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(SeqCst)
    }

    /// This index cannot be looked up in: it is to be made anew.
    pub(super) fn tell_damage(&self, generation: u64) {
        if self.generation() == Some(generation) {
            self.damaged.store(true, SeqCst);
            self.wake();
        }
    }

    /// Whether that was told since it was asked last.
    pub(super) fn take_damage(&self) -> bool {
        self.damaged.swap(false, SeqCst)
    }

    /// There is another index than before. What was told of that one is settled.
    pub(super) fn renewed(&self) {
        self.damaged.store(false, SeqCst);
        self.generation.fetch_add(1, SeqCst);
    }

    /// Which index there is; none before the first.
    pub(super) fn generation(&self) -> Option<u64> {
        Some(self.generation.load(SeqCst)).filter(|generation| *generation > 0)
    }

    fn wake(&self) {
        if let Some(indexer) = self.indexer.get() {
            indexer.unpark();
        }
    }
}
