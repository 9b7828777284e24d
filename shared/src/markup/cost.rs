//! What reading a text costs, in bytes looked at: counted in tests alone, which show that it grows with the
//! text and not with its square.

/// So many bytes are looked at beyond the one that is read.
#[cfg(not(test))]
pub(super) fn looked_at(_bytes: usize) {}

#[cfg(test)]
pub(super) use counting::{looked_at, of};

#[cfg(test)]
mod counting {
    use std::cell::Cell;

    thread_local! {
        static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
    }

    pub(in crate::markup) fn looked_at(bytes: usize) {
        LOOKED_AT.set(LOOKED_AT.get() + bytes);
    }

    /// What this work costs.
    pub(in crate::markup) fn of<T>(work: impl FnOnce() -> T) -> usize {
        LOOKED_AT.set(0);
        work();
        LOOKED_AT.get()
    }
}
