//! Which rows of a transcript are in the page: a window that follows who reads, of at most so many rows, however many
//! the transcript holds. Pure; each step costs the rows of the window.

use shared::transcript::{Conversation, Item, Window};

/// The rows in the page, from one position of the log to another, both in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) first: u64,
    /// [`Extent::END`] where all that comes at the end is drawn.
    pub(crate) last: u64,
}

impl Default for Extent {
    fn default() -> Self {
        Self { first: 0, last: Self::END }
    }
}

/// How the window is to move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wish {
    /// It stays, and what it holds is drawn anew.
    #[default]
    Stay,
    /// To the newest rows.
    End,
    /// So many rows further up.
    Up(usize),
    /// So many rows further down.
    Down(usize),
    /// Round a row.
    At(u64),
}

impl Extent {
    /// Behind every position.
    pub(crate) const END: u64 = u64::MAX;

    /// Whether rows that are held, or come, at the end are not drawn.
    pub(crate) fn is_cut(self) -> bool {
        self.last != Self::END
    }

    /// The window after `wish`, of at most `most` rows. Who follows the end has `fewest`.
    pub(crate) fn moved(self, known: &Conversation, wish: Wish, fewest: usize, most: usize) -> Self {
        match wish {
            Wish::End => Self::newest(known, fewest),
            Wish::Stay => {
                let window = known.items_between(self.first, self.last);
                match rows(&window.items).count() {
                    0 => Self::newest(known, fewest),
                    // More has come at the end than the page is to hold; it is drawn when one gets there.
                    many if many > most => self.cut_behind(known, self.first, most),
                    _ => self,
                }
            }
            Wish::Up(more) => {
                let first = first(&known.items_before(self.first, more)).unwrap_or(self.first);
                Self { first, ..self }.cut_behind(known, first, most)
            }
            Wish::Down(more) if self.is_cut() => {
                let below = known.items_from(self.last.saturating_add(1), more);
                let last = last(&below).filter(|_| below.below).unwrap_or(Self::END);
                let kept = if last == Self::END {
                    known.items_newest(most)
                } else {
                    known.items_before(last.saturating_add(1), most)
                };
                Self { first: first(&kept).map_or(self.first, |first| first.max(self.first)), last }
            }
            Wish::Down(_) => self,
            Wish::At(seq) => {
                let (above, below) = (known.items_before(seq, most / 2), known.items_from(seq, most / 2));
                Self {
                    first: first(&above).or(first(&below)).unwrap_or(seq),
                    last: last(&below).filter(|_| below.below).unwrap_or(Self::END),
                }
            }
        }
    }

    fn newest(known: &Conversation, count: usize) -> Self {
        Self { first: first(&known.items_newest(count)).unwrap_or_default(), last: Self::END }
    }

    /// From a row on, with `most` rows, and no further than it reached.
    fn cut_behind(self, known: &Conversation, from: u64, most: usize) -> Self {
        let window = known.items_from(from, most);
        let last = last(&window).filter(|_| window.below).map_or(self.last, |last| last.min(self.last));
        Self { first: from, last }
    }
}

fn rows(items: &[Item]) -> impl DoubleEndedIterator<Item = u64> {
    items.iter().filter_map(crate::rows::seq)
}

fn first(window: &Window) -> Option<u64> {
    rows(&window.items).next()
}

fn last(window: &Window) -> Option<u64> {
    rows(&window.items).next_back()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "the place was opened")]
mod tests {
    use shared::entry::{Entry, Said};
    use shared::message::Page;
    use shared::transcript::{Place, Transcript};

    use super::*;

    const FEWEST: usize = 20;
    const MOST: usize = 50;

    /// Lines `from` to `to` of the lobby.
    fn lobby(from: u64, to: u64) -> (Transcript, Place) {
        let place = Place::Room("lobby".to_owned());
        let mut transcript = Transcript::new();
        transcript.open(&place);
        add(&mut transcript, &place, from, to);
        (transcript, place)
    }

    fn add(transcript: &mut Transcript, place: &Place, from: u64, to: u64) {
        let line = |seq: u64| {
            let (room, who, id) = ("lobby".to_owned(), "ana".to_owned(), seq.to_string());
            Entry::Said(Said { seq, at: seq, room, from: who, id, text: "hi".to_owned(), details: None })
        };
        transcript.apply_page(place, None, None, &Page { entries: (from..=to).map(line).collect(), more: false });
    }

    fn drawn(known: &Conversation, extent: Extent) -> Vec<u64> {
        rows(&known.items_between(extent.first, extent.last).items).collect()
    }

    #[test]
    fn who_follows_the_end_has_the_newest_rows() {
        let (transcript, place) = lobby(1, 1_000);
        let known = transcript.get(&place).unwrap();
        let extent = Extent::default().moved(known, Wish::End, FEWEST, MOST);
        assert_eq!(drawn(known, extent), (981..=1_000).collect::<Vec<_>>());
        assert!(!extent.is_cut());
    }

    #[test]
    fn all_the_way_up_and_down_again_every_row_is_drawn_and_never_too_many() {
        let (transcript, place) = lobby(1, 1_000);
        let known = transcript.get(&place).unwrap();
        let mut extent = Extent::default().moved(known, Wish::End, FEWEST, MOST);
        let mut seen = std::collections::BTreeSet::new();
        let mut steps = 0;
        while extent.first > 1 {
            let before = extent;
            extent = extent.moved(known, Wish::Up(10), FEWEST, MOST);
            assert!(extent.first < before.first);
            let drawn = drawn(known, extent);
            assert!(drawn.len() <= MOST && drawn.contains(&before.first), "what one reads stays");
            seen.extend(drawn);
            steps += 1;
        }
        assert_eq!(seen, (1..=1_000).collect());
        while extent.is_cut() {
            let before = extent;
            extent = extent.moved(known, Wish::Down(10), FEWEST, MOST);
            let drawn = drawn(known, extent);
            assert!(drawn.len() <= MOST && drawn.contains(&before.last), "what one reads stays");
            steps += 1;
            assert!(steps < 1_000, "it ends");
        }
        assert_eq!(drawn(known, extent).last(), Some(&1_000));
    }

    #[test]
    fn who_reads_further_up_keeps_what_is_drawn_whatever_comes() {
        let (mut transcript, place) = lobby(1, 100);
        let extent = Extent { first: 60, last: Extent::END };
        add(&mut transcript, &place, 101, 400);
        let known = transcript.get(&place).unwrap();
        let after = extent.moved(known, Wish::Stay, FEWEST, MOST);
        assert_eq!(drawn(known, after), (60..60 + MOST as u64).collect::<Vec<_>>());
        assert!(after.is_cut());
        assert_eq!(after.moved(known, Wish::Stay, FEWEST, MOST), after);
    }

    #[test]
    fn round_a_row_there_are_rows_on_both_sides() {
        let (transcript, place) = lobby(1, 1_000);
        let known = transcript.get(&place).unwrap();
        let extent = Extent::default().moved(known, Wish::At(500), FEWEST, MOST);
        assert_eq!(drawn(known, extent), (475..525).collect::<Vec<_>>());
        let at_the_end = Extent::default().moved(known, Wish::At(1_000), FEWEST, MOST);
        assert!(!at_the_end.is_cut());
        assert_eq!(Extent::default().moved(known, Wish::At(1), FEWEST, MOST).first, 1);
    }

    #[test]
    fn where_all_that_was_drawn_is_gone_the_newest_is() {
        let (transcript, place) = lobby(901, 1_000);
        let known = transcript.get(&place).unwrap();
        let extent = Extent { first: 10, last: 60 }.moved(known, Wish::Stay, FEWEST, MOST);
        assert_eq!(drawn(known, extent), (981..=1_000).collect::<Vec<_>>());
    }

    #[test]
    fn an_empty_place_has_no_rows() {
        let (transcript, place) = lobby(1, 0);
        let known = transcript.get(&place).unwrap();
        for wish in [Wish::Stay, Wish::End, Wish::Up(10), Wish::Down(10), Wish::At(7)] {
            assert_eq!(drawn(known, Extent::default().moved(known, wish, FEWEST, MOST)), [0; 0]);
        }
    }
}
