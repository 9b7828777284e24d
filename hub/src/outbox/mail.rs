//! Signals between nodes on their way through the hub, which passes them on unread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use shared::message::Json;
use shared::process::Origin;

/// Signals that may wait for one node: four full windows ([`shared::process::limits::WINDOW`]), so that one sender who
/// keeps to its window never meets this bound.
pub(super) const MAX_MAIL: usize = 1_024;

/// Bytes of their payloads: four full windows too. Nothing is held for a node that nobody signals to.
pub(super) const MAX_MAIL_WEIGHT: usize = 512 * 1024;

/// One signal, and who it is from.
#[derive(Clone, Debug)]
pub struct Mail {
    pub sender: Arc<Sender>,
    pub payload: Json,
}

impl Mail {
    /// The bytes of its payload.
    pub fn weight(&self) -> usize {
        self.payload.as_str().len()
    }
}

/// A node that sends signals, as the hub vouches for it. What is said of it on the wire is encoded once, for all that
/// it sends.
#[derive(Debug)]
pub struct Sender {
    pub origin: Origin,
    head: OnceLock<Bytes>,
    /// What of it waits for the hub's own processes.
    pub load: Load,
}

/// How many signals wait, and the bytes of their payloads.
#[derive(Debug, Default)]
pub struct Load {
    mail: AtomicUsize,
    weight: AtomicUsize,
}

impl Load {
    pub fn is_over(&self, mail: usize, weight: usize) -> bool {
        self.mail.load(Ordering::Relaxed) >= mail || self.weight.load(Ordering::Relaxed) >= weight
    }

    pub fn more(&self, weight: usize) {
        self.mail.fetch_add(1, Ordering::Relaxed);
        self.weight.fetch_add(weight, Ordering::Relaxed);
    }

    pub fn less(&self, weight: usize) {
        self.mail.fetch_sub(1, Ordering::Relaxed);
        self.weight.fetch_sub(weight, Ordering::Relaxed);
    }
}

impl Sender {
    pub fn new(origin: Origin) -> Self {
        Self { origin, head: OnceLock::new(), load: Load::default() }
    }

    /// What comes before a payload of it, encoded by the first connection that sends one. All are of one kind so far.
    pub fn head(&self, encode: impl FnOnce(&Origin) -> Bytes) -> &[u8] {
        self.head.get_or_init(|| encode(&self.origin))
    }
}
