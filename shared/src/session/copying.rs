//! The copy of the store that an app keeps: asked for in pages where it cannot be brought up to date otherwise.

use super::{Ids, Session};
use crate::message::{Pairs, ToHub, Welcome};

/// How far the store was asked for.
pub(super) struct Copying {
    /// A copy is kept here.
    pub(super) wanted: bool,
    /// The hub was told so on this connection: what becomes of the store is heard.
    told: bool,
    /// All of it was asked for.
    whole: bool,
    /// Up to this key it was.
    behind: Option<String>,
}

impl Copying {
    pub(super) fn new(wanted: bool) -> Self {
        Self { wanted, told: false, whole: false, behind: None }
    }

    /// What the hello says of it.
    pub(super) fn tell(&mut self) -> bool {
        self.told = self.wanted;
        self.told
    }

    /// Whether what came meanwhile follows by itself, behind the position that the hello told.
    pub(super) fn welcomed(&mut self, follows: bool, after: u64, welcome: &Welcome) {
        if !follows || !welcome.resumed || after < welcome.store_since {
            self.begin();
        }
    }

    fn begin(&mut self) {
        (self.whole, self.behind) = (false, None);
    }

    /// The request for the next page, if there is one to be had.
    pub(super) fn next_page(&self, ids: &mut Ids) -> Option<ToHub> {
        if !self.wanted || self.whole {
            return None;
        }
        let follow = (!self.told).then_some(true);
        Some(ToHub::Store { id: ids.next(), follow, after: self.behind.clone(), prefix: None })
    }

    /// The page came.
    pub(super) fn came(&mut self, page: &Pairs) {
        self.told = true;
        let last = page.pairs.last().map(|pair| pair.key.clone());
        // A page that leads nowhere ends it: a faulty hub must not be asked for ever.
        self.whole = !page.more || last <= self.behind;
        self.behind = last;
    }

    /// This hub has no store.
    pub(super) fn give_up(&mut self) {
        self.wanted = false;
    }
}

impl Session {
    /// A copy of the store is kept here from now on. All of it is asked for, in pages, as
    /// [`super::Delivery::Answered`] tells of requests by the session; what becomes of it is
    /// [`super::Delivery::Heard`]. Both go into [`crate::store::Store::deliver`].
    pub fn keep_store(&mut self, now: u64) {
        if !self.copying.wanted {
            self.copying.wanted = true;
            self.copying.begin();
        }
        self.settle(now);
    }

    /// Whether all of the store was asked for and has come, but for what is heard of it after that.
    pub fn has_store(&self) -> bool {
        self.copying.wanted && self.copying.whole
    }
}
