//! What waits for one node, and what its connection is to do.

use std::sync::Arc;
use std::task::{Context, Waker};

use smallvec::SmallVec;

use super::Ending;
use super::courier::Lane;
use super::mail::{MAX_MAIL, MAX_MAIL_WEIGHT, Mail};
use super::parcel::{Parcel, Shared};

/// Entries that may wait for one node: what one commit brings. Beyond it the log itself is the queue. Those that go
/// together are added whole, so that the last of them may pass this bound and the next.
pub(super) const MAX_ENTRIES: usize = 256;

/// Bytes (about) that may wait for one node before entries and signals are no longer queued.
pub(super) const MAX_WEIGHT: usize = 256 * 1024;

/// Parcels that wait in the outbox itself. More are a place elsewhere in memory, given back when they are taken: ten
/// thousand idle nodes should not hold what one burst took, and a lone line should find what it needs in one place.
pub(super) const SLOTS: usize = 2;

/// Looked at and changed under the lock of its outbox.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) parcels: SmallVec<[Parcel; SLOTS]>,
    /// How many messages the parcels carry, without signals between nodes.
    pub(super) count: usize,
    /// Sum of the weights of entries and signals.
    pub(super) weight: usize,
    /// Sum of the weights of all else, which is answers above all.
    pub(super) pile: usize,
    /// How many signals of other nodes are among them, and the sum of their weights: a budget of their own, so that
    /// neither they nor entries find no room because of the others.
    pub(super) mail: usize,
    pub(super) mail_weight: usize,
    /// The newest entry that was put in.
    pub(super) last: u64,
    /// There is more to tell the node once it has taken all this, and its connection is to say so then.
    pub(super) behind: bool,
    /// It has taken all but signals, which came again meanwhile: its connection is to say that before it writes on.
    pub(super) drained: bool,
    /// Signals were left out.
    pub(super) lossy: bool,
    pub(super) ending: Option<Ending>,
    /// The ending does not wait until what is queued was sent.
    pub(super) at_once: bool,
    /// The connection's task writes, no courier.
    pub(super) owned: bool,
    /// A courier has taken what waited, and is writing it: nobody may overtake it.
    pub(super) writing: bool,
    /// There is more to write when that is done, in this lane.
    pub(super) again: Option<Lane>,
    /// It waits for a courier in that lane.
    pub(super) quick: bool,
    pub(super) bulk: bool,
    /// The node acknowledges entries by itself.
    pub(super) acknowledges: bool,
    /// It is to be asked for a sign of what has arrived, or was.
    pub(super) confirming: bool,
    /// The connection's task waits until fewer answers are piled up.
    pub(super) crowded: bool,
    /// The connection's task, while it waits to be called.
    pub(super) task: Option<Waker>,
}

impl Waiting {
    /// Whether it waits for a courier in a lane.
    pub(super) fn pickup(&mut self, lane: Lane) -> &mut bool {
        match lane {
            Lane::Quick => &mut self.quick,
            Lane::Bulk => &mut self.bulk,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= MAX_ENTRIES || self.weight >= MAX_WEIGHT
    }

    pub(super) fn add(&mut self, parcel: Parcel) {
        self.count += parcel.count();
        self.parcels.push(parcel);
    }

    pub(super) fn add_entries(&mut self, entries: Arc<Shared>) {
        self.weight += entries.weight();
        self.last = entries.last_seq().unwrap_or(self.last);
        self.add(Parcel::Shared(entries));
    }

    /// False if there is no room for it.
    pub(super) fn add_mail(&mut self, mail: Box<Mail>) -> bool {
        if self.mail >= MAX_MAIL || self.mail_weight >= MAX_MAIL_WEIGHT {
            return false;
        }
        self.mail += 1;
        self.mail_weight += mail.weight();
        self.add(Parcel::Mail(mail));
        true
    }

    pub(super) fn take(&mut self) -> SmallVec<[Parcel; SLOTS]> {
        (self.count, self.weight, self.pile) = (0, 0, 0);
        (self.mail, self.mail_weight) = (0, 0);
        std::mem::take(&mut self.parcels)
    }

    pub(super) fn clear(&mut self) {
        drop(self.take());
    }

    pub(super) fn end_at_once(&mut self, ending: Ending) {
        self.clear();
        self.at_once = true;
        self.ending = Some(ending);
    }

    pub(super) fn call_later(&mut self, context: &Context<'_>) {
        if self.task.as_ref().is_none_or(|task| !task.will_wake(context.waker())) {
            self.task = Some(context.waker().clone());
        }
    }

    pub(super) fn call_task(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }
}
