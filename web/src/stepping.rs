//! From place to place by the keyboard, and what is read without being looked at.

use shared::transcript::Place;

use crate::node::Node;

impl Node {
    /// Looks at the next place of the list, or the one before; of those with something unread, if only they are wanted.
    pub(crate) fn step(self, forward: bool, unread: bool) {
        let here = self.here.get_untracked();
        let next = self.places.with_untracked(|places| {
            let at = places.iter().position(|listed| listed.place == here);
            let wanted = |at: usize| !unread || self.told_unread(&places[at]).count > 0;
            next(places.len(), at, forward, &wanted).map(|next| places[next].place.clone())
        });
        if let Some(next) = next {
            self.go(next);
        }
    }

    /// All that was said at a place counts as read.
    pub(crate) fn mark_place_read(self, place: &Place) {
        // All that this node may see lies up to here, held or not.
        let newest = self.with_core(|core| core.session.position().seq);
        let changes = self.with_core(|core| core.transcript.read(place, newest));
        self.session(|session, now| session.read(now, place, newest));
        self.show(&changes);
    }

    /// The same everywhere.
    pub(crate) fn mark_all_read(self) {
        let places = self.with_core(|core| core.transcript.places());
        let unread =
            |place: &Place| self.with_core(|core| core.transcript.get(place).is_some_and(|it| it.unread() > 0));
        for place in places.iter().filter(|place| unread(place)) {
            self.mark_place_read(place);
        }
    }
}

/// The nearest of `count` places behind `at`, or before it, that is wanted; round the end. None where only `at` is.
fn next(count: usize, at: Option<usize>, forward: bool, wanted: &dyn Fn(usize) -> bool) -> Option<usize> {
    let from = at.unwrap_or(if forward { count.saturating_sub(1) } else { 0 });
    let step = |by: usize| if forward { (from + by) % count } else { (from + count - by) % count };
    (1..=count).map(step).find(|next| Some(*next) != at && wanted(*next))
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn places_are_gone_through_round_the_end() {
        let all = |_| true;
        assert_eq!(next(3, Some(0), true, &all), Some(1));
        assert_eq!(next(3, Some(2), true, &all), Some(0));
        assert_eq!(next(3, Some(0), false, &all), Some(2));
        assert_eq!(next(3, None, true, &all), Some(0));
        assert_eq!(next(1, Some(0), true, &all), None);
        assert_eq!(next(0, None, false, &all), None);
    }

    #[test]
    fn those_that_are_not_wanted_are_passed_over() {
        let odd = |at: usize| at % 2 == 1;
        assert_eq!(next(5, Some(1), true, &odd), Some(3));
        assert_eq!(next(5, Some(3), true, &odd), Some(1));
        assert_eq!(next(5, Some(1), false, &odd), Some(3));
        assert_eq!(next(2, Some(1), true, &odd), None);
    }
}
