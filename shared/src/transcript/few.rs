//! A map of few: some hundred pairs, found by halving. In the browser client each further kind of `BTreeMap`
//! is 5 KB to download; this is less than one.

/// Pairs in the order of their keys.
#[derive(Clone, Debug)]
pub(super) struct Few<K, V> {
    pairs: Vec<(K, V)>,
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self { pairs: Vec::new() }
    }
}

impl<K: Ord, V> Few<K, V> {
    /// Where a key is, or where it would have to be put.
    fn find(&self, key: &K) -> Result<usize, usize> {
        self.pairs.binary_search_by(|(other, _)| other.cmp(key))
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.find(key).ok().map(|at| &self.pairs[at].1)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.find(key).ok().map(|at| &mut self.pairs[at].1)
    }

    pub(super) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let at = match self.find(&key) {
            Ok(at) => at,
            Err(at) => {
                self.pairs.insert(at, (key, make()));
                at
            }
        };
        &mut self.pairs[at].1
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.find(key).ok().map(|at| self.pairs.remove(at).1)
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> + Clone {
        self.pairs.iter().map(|(key, value)| (key, value))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.pairs.iter().map(|(_, value)| value)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.pairs.iter_mut().map(|(_, value)| value)
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.pairs.retain(|(key, _)| keep(key));
    }

    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    pub(super) fn clear(&mut self) {
        self.pairs.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_map_holds(steps in prop::collection::vec((0..9_u8, any::<u8>(), any::<bool>()), 0..60)) {
            let (mut few, mut map) = (Few::default(), BTreeMap::new());
            for (key, value, goes) in steps {
                if goes {
                    prop_assert_eq!(few.remove(&key), map.remove(&key));
                } else {
                    let known = *map.entry(key).or_insert(value);
                    prop_assert_eq!(*few.get_or_insert_with(key, || value), known);
                }
                prop_assert_eq!(few.get(&key), map.get(&key));
                prop_assert_eq!(few.len(), map.len());
                prop_assert!(few.iter().eq(map.iter()));
            }
        }
    }
}
