//! When a copy may be read as the whole: a key that is not in it is not there.

use crate::message::ToHub;
use crate::session::{Delivery, Response};

/// Whether a copy may be read as the whole. On a connection: once it has all that was put before that connection began.
/// Without one: if it ever was the whole; then it is as of that time, and nobody here knows better.
///
/// Told of what the session delivers, behind [`super::Store::deliver`].
#[derive(Clone, Debug, Default)]
pub struct Whole {
    /// All of this log's store was here once.
    once: bool,
    connected: bool,
    /// Of this connection: all was asked for and came, but for what is heard.
    come: bool,
    /// It was asked for from its beginning, so that nothing of before is left to be heard;
    anew: bool,
    /// or that was heard.
    synced: bool,
}

impl Whole {
    /// Whether the copy may be read so.
    pub fn is_here(&self) -> bool {
        if self.connected { self.come && (self.anew || self.synced) } else { self.once }
    }

    /// `has_store` is what the session says of it ([`crate::session::Session::has_store`]).
    pub fn deliver(&mut self, delivery: &Delivery, has_store: bool) {
        match delivery {
            Delivery::Welcomed { new_log, .. } => {
                let once = self.once && !new_log;
                *self = Self { once, connected: true, come: has_store, ..Self::default() };
            }
            Delivery::Lost => self.connected = false,
            Delivery::Synced { .. } => self.synced = true,
            Delivery::Answered { request: ToHub::Store { after, .. }, answer: Ok(Response::Pairs(_)) } => {
                self.anew |= after.is_none();
                self.come = has_store;
            }
            _ => return,
        }
        self.once |= self.connected && self.is_here();
    }

    /// There was a welcome before this was told of anything.
    pub fn connected(&mut self) {
        self.connected = true;
    }

    /// The copy is one that was kept since it was the whole.
    pub fn taken_up(&mut self) {
        self.once = true;
    }
}
