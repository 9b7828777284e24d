//! A row for each item of a list.

use std::hash::{DefaultHasher, Hash, Hasher};

use web_sys::{Comment, Element, Node};

use super::keyed::{reuse, staying};
use super::owned::{Shown, follow};
use super::part::{place, put_before};
use super::{Child, El};
use crate::state::Owner;

/// Rows, by key.
pub(crate) struct List {
    update: Box<dyn FnMut(&mut Rows)>,
}

/// A row for each of `items`, in their order. One whose key was there before keeps its row as it is, so
/// the key has to hold whatever of the item is drawn and does not follow signals itself.
pub(crate) fn each<T: 'static, K: Eq + Hash + 'static>(
    items: impl Fn() -> Vec<T> + 'static,
    key: impl Fn(&T) -> K + 'static,
    row: impl Fn(&T) -> El + 'static,
) -> List {
    let mut before: Vec<K> = Vec::new();
    let mut hashes_before: Vec<u64> = Vec::new();
    let update = move |rows: &mut Rows| {
        let items = items();
        let keys: Vec<K> = items.iter().map(&key).collect();
        let hashes: Vec<u64> = keys.iter().map(hash).collect();
        let same = |old: usize, new: usize| before.get(old) == keys.get(new);
        rows.arrange(&reuse(&hashes_before, &hashes, &same), &mut |index| items.get(index).map(&row));
        before = keys;
        hashes_before = hashes;
    };
    List { update: Box::new(update) }
}

impl Child for List {
    fn put_into(mut self, parent: &Element) {
        let Some(owner) = Owner::current() else { return };
        let mut rows = Rows { end: place(parent), owner, shown: Vec::new() };
        follow(Box::new(move || (self.update)(&mut rows)));
    }
}

struct Rows {
    /// Stands behind the last row.
    end: Comment,
    owner: Owner,
    /// In their order on the page.
    shown: Vec<Option<Shown>>,
}

impl Rows {
    /// Makes the rows those that `reuse` names: for each the index it had, or none for one to be built.
    fn arrange(&mut self, reuse: &[Option<usize>], build: &mut dyn FnMut(usize) -> Option<El>) {
        let mut old = std::mem::take(&mut self.shown);
        let mut rows: Vec<Option<Shown>> =
            reuse.iter().map(|from| from.and_then(|from| old.get_mut(from)).and_then(Option::take)).collect();
        // Those that nobody took leave the page.
        drop(old);
        let stays = staying(reuse);
        let mut next: Node = self.end.clone().into();
        for (index, row) in rows.iter_mut().enumerate().rev() {
            let in_place = row.is_some() && stays.get(index) == Some(&true);
            if row.is_none() {
                *row = Shown::build(&self.owner, &mut || build(index));
            }
            if let Some(row) = row {
                if !in_place {
                    put_before(&next, &row.element);
                }
                next = row.element.clone().into();
            }
        }
        self.shown = rows;
    }
}

fn hash(key: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
