//! The store under torture: what clients want of it, and what their copies come to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::json;
use shared::entry::Entry;
use shared::message::{ErrorCode, Json, ToHub};
use shared::session::{Delivery, Response};
use shared::store::Store;

/// Keys that everybody puts and removes.
const KEYS: u32 = 50;

/// The key that is only ever put by who has seen its latest value, which then becomes one more.
const COUNTER: &str = "counter";

/// The copy of one client, over all of its lives.
#[derive(Debug, Default)]
pub(crate) struct Copy {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    store: Store,
    /// All of it was asked for, and has come.
    whole: bool,
    done: Done,
}

/// What a client did, as far as it was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Puts and removals that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Those that came too late: the key had another version by then.
    pub(crate) late: u64,
    /// How often it added one to the counter.
    pub(crate) counted: u64,
}

/// What a copy has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Come {
    pub(crate) digest: u64,
    /// How many keys it has.
    pub(crate) keys: usize,
    pub(crate) counter: u64,
}

impl Copy {
    /// Takes in what the session told. Whether it was of the store, and so of no concern to the diary; with what is
    /// wrong about it, if anything.
    pub(crate) fn told(&self, delivery: &Delivery) -> Option<Result<(), String>> {
        let mut kept = lock(&self.kept);
        kept.store.deliver(delivery);
        match delivery {
            Delivery::Heard(Entry::Put(_) | Entry::Removed(_)) => Some(Ok(())),
            Delivery::Answered { request: ToHub::Store { .. }, answer: Ok(Response::Pairs(page)) } => {
                kept.whole = !page.more;
                None
            }
            Delivery::Answered { request: request @ (ToHub::Put { .. } | ToHub::Remove { .. }), answer } => {
                Some(match answer {
                    Ok(_) => {
                        kept.done.acknowledged += 1;
                        kept.done.counted += u64::from(matches!(request, ToHub::Put { key, .. } if key == COUNTER));
                        Ok(())
                    }
                    Err(refusal) if refusal.code == ErrorCode::VersionConflict => {
                        kept.done.late += 1;
                        Ok(())
                    }
                    Err(refusal) => Err(format!("the store refused something: {}", refusal.message)),
                })
            }
            _ => None,
        }
    }

    /// Something to be asked for.
    pub(crate) fn wish(&self, random: &mut StdRng) -> impl FnOnce(String) -> ToHub + use<> {
        let kept = lock(&self.kept);
        let what = random.random_range(0..100);
        let (key, value) = if what < 20 {
            (COUNTER.to_owned(), Some(json!(kept.counter() + 1)))
        } else {
            let padding =
                "x".repeat(if what < 22 { random.random_range(0..12_000) } else { random.random_range(0..200) });
            let (number, fraction): (u32, f64) = random.random();
            let value = json!([number, fraction, padding]);
            (format!("keys/{}", random.random_range(0..KEYS)), Some(value).filter(|_| what % 4 != 0))
        };
        let version = (what < 40).then(|| kept.store.version(&key));
        move |id| match value {
            Some(value) => ToHub::Put { id, key, value: Json::of(&value), version },
            None => ToHub::Remove { id, key, version },
        }
    }

    pub(crate) fn is_whole(&self) -> bool {
        lock(&self.kept).whole
    }

    pub(crate) fn done(&self) -> Done {
        lock(&self.kept).done
    }

    pub(crate) fn come(&self) -> Come {
        let kept = lock(&self.kept);
        Come { digest: kept.store.digest(), keys: kept.store.list("").len(), counter: kept.counter() }
    }
}

impl Kept {
    fn counter(&self) -> u64 {
        self.store.get(COUNTER).and_then(|pair| pair.value.as_u64()).unwrap_or(0)
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
