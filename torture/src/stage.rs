//! What all clients of a run share: the ways to the hub, who holds which nick, and when it is over.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::message::ToHub;
use tokio::sync::watch;

use crate::asked::Asked;
use crate::cast::Way;
use crate::hub::COOKIE;
use crate::line::Line;

/// Acknowledged lines of which some are asked for again: as many as are said in some seconds.
const ACKNOWLEDGED: usize = 512;

/// An acknowledged line.
#[derive(Clone)]
pub(crate) struct Acknowledged {
    pub(crate) line: Line,
    pub(crate) request: ToHub,
}

pub(crate) struct Stage {
    pub(crate) clients: u16,
    pub(crate) direct: SocketAddr,
    pub(crate) faulty: SocketAddr,
    pub(crate) narrow: SocketAddr,
    /// Between two lines of one client, on average.
    pub(crate) pace: Duration,
    pub(crate) seed: u64,
    /// How many lines were acknowledged so far.
    pub(crate) acknowledged: AtomicU64,
    tokens: Mutex<HashMap<u16, String>>,
    recent: Mutex<VecDeque<Acknowledged>>,
    pub(crate) asked: Arc<Asked>,
    over: watch::Sender<bool>,
}

impl Stage {
    pub(crate) fn new(clients: u16, [direct, faulty, narrow]: [SocketAddr; 3], pace: Duration, seed: u64) -> Self {
        Self {
            clients,
            direct,
            faulty,
            narrow,
            pace,
            seed,
            acknowledged: AtomicU64::new(0),
            tokens: Mutex::default(),
            recent: Mutex::default(),
            asked: Arc::default(),
            over: watch::Sender::new(false),
        }
    }

    /// The link by which a client comes.
    pub(crate) fn link(&self, way: Way) -> String {
        let address = match way {
            Way::Direct => self.direct,
            Way::Faulty => self.faulty,
            Way::Narrow => self.narrow,
        };
        format!("http://{address}/#cookie={COOKIE}")
    }

    /// Keeps what proves that a nick is ours.
    pub(crate) fn keep_token(&self, nick: u16, token: String) {
        lock(&self.tokens).insert(nick, token);
    }

    pub(crate) fn token(&self, nick: u16) -> Option<String> {
        lock(&self.tokens).get(&nick).cloned()
    }

    /// Counts an acknowledged line, and remembers some of them.
    pub(crate) fn line_acknowledged(&self, line: Line, request: &ToHub) {
        let count = self.acknowledged.fetch_add(1, Ordering::Relaxed);
        if count.is_multiple_of(8) {
            let mut recent = lock(&self.recent);
            if recent.len() == ACKNOWLEDGED {
                recent.pop_front();
            }
            recent.push_back(Acknowledged { line, request: request.clone() });
        }
    }

    /// Some acknowledged lines of one nick, oldest first.
    pub(crate) fn take_acknowledged(&self, most: usize) -> Vec<Acknowledged> {
        let mut recent = lock(&self.recent);
        let Some(author) = recent.front().map(|first| first.line.author) else { return Vec::new() };
        let mut taken = Vec::new();
        recent.retain(|acknowledged| {
            let take = acknowledged.line.author == author && taken.len() < most;
            if take {
                taken.push(acknowledged.clone());
            }
            !take
        });
        taken
    }

    /// Nobody begins anything new.
    pub(crate) fn end(&self) {
        self.over.send_replace(true);
    }

    pub(crate) fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Waits until it is over, at most so long; whether it is.
    pub(crate) async fn over_within(&self, time: Duration) -> bool {
        let mut over = self.over.subscribe();
        tokio::time::timeout(time, over.wait_for(|over| *over)).await.is_ok()
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked while it was locked has ended the run.
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
