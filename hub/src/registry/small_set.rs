//! A set of few things: what a node or an owner has one of, mostly.

use std::borrow::Borrow;

/// A sorted vector without spare room. The least node of a `BTreeSet` holds eleven, which ten thousand nodes with one
/// room each pay for.
#[derive(Debug)]
pub(super) struct SmallSet<T>(Vec<T>);

impl<T> Default for SmallSet<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> SmallSet<T> {
    pub(super) fn insert(&mut self, value: T) {
        if let Err(place) = self.0.binary_search(&value) {
            self.0.reserve_exact(1);
            self.0.insert(place, value);
        }
    }

    /// Whether it was there.
    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        let found = self.find(value);
        if let Some(place) = found {
            self.0.remove(place);
            self.0.shrink_to_fit();
        }
        found.is_some()
    }

    pub(super) fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.find(value).is_some()
    }

    fn find<Q: Ord + ?Sized>(&self, value: &Q) -> Option<usize>
    where
        T: Borrow<Q>,
    {
        self.0.binary_search_by(|own| own.borrow().cmp(value)).ok()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<T> IntoIterator for SmallSet<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(acts in prop::collection::vec((any::<bool>(), "[a-e]{1,2}"), 0..60)) {
            let (mut small, mut set) = (SmallSet::default(), BTreeSet::new());
            for (insert, value) in acts {
                if insert {
                    small.insert(value.clone());
                    set.insert(value);
                } else {
                    prop_assert_eq!(small.remove(value.as_str()), set.remove(&value));
                }
                prop_assert!(small.iter().eq(&set) && small.len() == set.len() && small.is_empty() == set.is_empty());
                prop_assert!(["a", "bb", "e"].iter().all(|value| small.contains(*value) == set.contains(*value)));
            }
        }
    }
}
