//! Which rows of a list stay, move or come when it changes. Pure.

/// For each new key the index of the old row that serves it, each old row at most once; none where one has to
/// be built. Keys are given as hashes, so that this is compiled once for keys of all kinds, and `same(old,
/// new)` compares the keys themselves. Where two different keys have one hash, a row may be built that need not.
pub(super) fn reuse(old: &[u64], new: &[u64], same: &dyn Fn(usize, usize) -> bool) -> Vec<Option<usize>> {
    let mut reused = vec![None; new.len()];
    let both = old.len().min(new.len());
    // Mostly only one end of a list changes.
    let head = (0..both).take_while(|&at| old[at] == new[at] && same(at, at)).count();
    let from_end = |at: usize| (old.len() - 1 - at, new.len() - 1 - at);
    let tail = (0..both - head)
        .take_while(|&at| {
            let (old_at, new_at) = from_end(at);
            old[old_at] == new[new_at] && same(old_at, new_at)
        })
        .count();
    for (at, place) in reused.iter_mut().enumerate().take(head) {
        *place = Some(at);
    }
    for at in 0..tail {
        let (old_at, new_at) = from_end(at);
        reused[new_at] = Some(old_at);
    }
    if head + tail < old.len() {
        let mut left = Table::of(&old[head..old.len() - tail]);
        for at in head..new.len() - tail {
            reused[at] = left.take(new[at]).map(|old_at| head + old_at).filter(|&old_at| same(old_at, at));
        }
    }
    reused
}

/// Where each hash stands in a list: a table with open addressing. Each kind of map of the standard library
/// is several KB to download, and this is some hundred bytes.
struct Table<'a> {
    hashes: &'a [u64],
    /// Places in `hashes`, at or behind the slot that the hash names; at least half of the slots are free.
    slots: Vec<Option<u32>>,
    /// Those that were taken.
    taken: Vec<bool>,
}

impl<'a> Table<'a> {
    fn of(hashes: &'a [u64]) -> Self {
        let mut table = Self { hashes, slots: Vec::new(), taken: vec![false; hashes.len()] };
        table.slots.resize((hashes.len() * 2).next_power_of_two(), None);
        for (at, &hash) in (0..).zip(hashes) {
            let mut slot = table.slot(hash);
            while table.slots[slot].is_some() {
                slot = table.next(slot);
            }
            table.slots[slot] = Some(at);
        }
        table
    }

    /// The place of a hash, given out once for each that has it.
    fn take(&mut self, hash: u64) -> Option<usize> {
        let mut slot = self.slot(hash);
        while let Some(at) = self.slots[slot] {
            let at = at as usize;
            if self.hashes[at] == hash && !std::mem::replace(&mut self.taken[at], true) {
                return Some(at);
            }
            slot = self.next(slot);
        }
        None
    }

    fn slot(&self, hash: u64) -> usize {
        // There are no more than fit into a u32, and no more of the hash is needed.
        hash as usize & (self.slots.len() - 1)
    }

    fn next(&self, slot: usize) -> usize {
        (slot + 1) & (self.slots.len() - 1)
    }
}

/// Which of the reused rows can stay where they are while the others move around them: as many as can,
/// which is a longest rising run of old indices (patience sorting).
pub(super) fn staying(reused: &[Option<usize>]) -> Vec<bool> {
    // Of all rising runs of one length, the row that ends the one with the lowest end.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; reused.len()];
    for (at, old) in reused.iter().enumerate().filter(|(_, old)| old.is_some()) {
        let length = ends.partition_point(|&end| reused[end] < *old);
        before[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut stays = vec![false; reused.len()];
    let mut last = ends.last().copied();
    while let Some(at) = last {
        stays[at] = true;
        last = before[at];
    }
    stays
}

#[cfg(all(test, not(target_family = "wasm")))]
#[allow(clippy::unwrap_used, reason = "a row that stays stands in the page, or the test has found a fault")]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn by_key(old: &[u64], new: &[u64]) -> Vec<Option<usize>> {
        reuse(old, new, &|at, new_at| old[at] == new[new_at])
    }

    /// What the page does: takes away, then goes from the end to the beginning and puts each row that does
    /// not stay before the one behind it.
    fn page(old: &[u64], new: &[u64]) -> Vec<u64> {
        let reused = by_key(old, new);
        let stays = staying(&reused);
        let kept: HashSet<usize> = reused.iter().flatten().copied().collect();
        let mut page: Vec<(bool, usize)> = (0..old.len()).filter(|at| kept.contains(at)).map(|at| (true, at)).collect();
        let mut next = page.len();
        for (at, from) in reused.iter().enumerate().rev() {
            let row = from.map_or((false, at), |from| (true, from));
            if stays[at] {
                next = page.iter().position(|standing| *standing == row).unwrap();
            } else {
                if let Some(was) = page.iter().position(|standing| *standing == row) {
                    page.remove(was);
                    next -= usize::from(was < next);
                }
                page.insert(next, row);
            }
        }
        page.into_iter().map(|(is_old, at)| if is_old { old[at] } else { new[at] }).collect()
    }

    /// The longest rising run, by trying all.
    fn longest(reused: &[Option<usize>]) -> usize {
        let mut best = vec![0; reused.len()];
        for at in 0..reused.len() {
            if reused[at].is_some() {
                let before = (0..at).filter(|&b| reused[b].is_some() && reused[b] < reused[at]);
                best[at] = 1 + before.map(|b| best[b]).max().unwrap_or(0);
            }
        }
        best.into_iter().max().unwrap_or(0)
    }

    fn keys() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::hash_set(0..24_u64, 0..20).prop_map(|keys| keys.into_iter().collect()).prop_shuffle()
    }

    proptest! {
        #[test]
        fn the_page_ends_up_in_the_new_order(old in keys(), new in keys()) {
            prop_assert_eq!(page(&old, &new), new);
        }

        #[test]
        fn every_key_that_was_there_keeps_its_row(old in keys(), new in keys()) {
            let expected: Vec<_> = new.iter().map(|key| old.iter().position(|other| other == key)).collect();
            prop_assert_eq!(by_key(&old, &new), expected);
        }

        #[test]
        fn as_many_as_can_stay_where_they_are(old in keys(), new in keys()) {
            let reused = by_key(&old, &new);
            let stays = staying(&reused);
            let standing: Vec<_> = (0..new.len()).filter(|&at| stays[at]).map(|at| reused[at]).collect();
            prop_assert!(standing.iter().all(Option::is_some) && standing.is_sorted());
            prop_assert_eq!(standing.len(), longest(&reused));
        }

        #[test]
        fn a_key_that_comes_twice_has_two_rows(old in prop::collection::vec(0..4_u64, 0..9), new in prop::collection::vec(0..4_u64, 0..9)) {
            prop_assert_eq!(page(&old, &new), new.clone());
            let reused: Vec<_> = by_key(&old, &new).into_iter().flatten().collect();
            prop_assert_eq!(reused.iter().collect::<HashSet<_>>().len(), reused.len());
        }

        #[test]
        fn keys_of_one_hash_are_told_apart(old in keys(), new in keys()) {
            let (few_old, few_new): (Vec<_>, Vec<_>) = (old.iter().map(|key| key % 3).collect(), new.iter().map(|key| key % 3).collect());
            for (at, from) in reuse(&few_old, &few_new, &|at, new_at| old[at] == new[new_at]).into_iter().enumerate() {
                prop_assert!(from.is_none_or(|from| old[from] == new[at]));
            }
        }
    }

    #[test]
    fn nothing_is_touched_where_lines_only_come() {
        let reused = by_key(&[5, 6, 7], &[3, 4, 5, 6, 7, 8]);
        assert_eq!(reused, [None, None, Some(0), Some(1), Some(2), None]);
        assert_eq!(staying(&reused), [false, false, true, true, true, false]);
    }
}
