//! Whether someone is at this device. Whoever has not touched it for a while is away, as far as others see.

use shared::message::State;

use crate::clock;
use crate::dom::{keep, on_window};
use crate::node::Node;
use crate::page::Interval;

/// Untouched for so many milliseconds means away.
const AWAY_AFTER: u64 = 5 * 60 * 1000;

/// How often that is looked at, in milliseconds.
const LOOK_EVERY: i32 = 5_000;

/// What tells that someone is there.
const SIGNS: [&str; 5] = ["pointermove", "pointerdown", "keydown", "wheel", "focus"];

/// When this device was last touched.
#[derive(Default)]
pub(crate) struct Idle {
    /// In milliseconds since 1970 UTC; 0 before the first.
    touched: u64,
    away: bool,
}

impl Idle {
    pub(crate) fn is_away(&self) -> bool {
        self.away
    }

    /// Someone is there. Whether that is news.
    fn touch(&mut self, now: u64) -> bool {
        self.touched = now;
        std::mem::take(&mut self.away)
    }

    /// Whether it is news that nobody is there.
    fn look(&mut self, now: u64) -> bool {
        if self.touched == 0 {
            self.touched = now;
        }
        // A clock that was set back counts from then on.
        self.touched = self.touched.min(now);
        !self.away && now - self.touched >= AWAY_AFTER && !std::mem::replace(&mut self.away, true)
    }
}

impl Node {
    /// Watches for as long as the page lives.
    pub(crate) fn watch_idle(self) {
        for sign in SIGNS {
            on_window(sign, move |_| {
                if self.with_core(|core| core.idle.touch(clock::now())) {
                    self.session(|session, now| session.state(now, State::Online));
                    self.mark_read();
                }
            });
        }
        keep(Interval::new(LOOK_EVERY, move || {
            if self.with_core(|core| core.idle.look(clock::now())) {
                self.session(|session, now| session.state(now, State::Away));
                self.put_news_away();
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn away_after_five_minutes_and_back_at_the_first_sign() {
        let mut idle = Idle::default();
        assert!(!idle.look(1_000));
        assert!(!idle.touch(2_000), "nobody was away");
        assert!(!idle.look(2_000 + AWAY_AFTER - 1));
        assert!(idle.look(2_000 + AWAY_AFTER));
        assert!(!idle.look(3_000 + AWAY_AFTER), "told once");
        assert!(idle.is_away());
        assert!(idle.touch(4_000 + AWAY_AFTER));
        assert!(!idle.is_away());
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_away() {
        let mut idle = Idle::default();
        idle.touch(1_000_000_000);
        assert!(!idle.look(5_000));
        assert!(!idle.look(5_000 + AWAY_AFTER - 1));
        assert!(idle.look(5_000 + AWAY_AFTER));
    }
}
