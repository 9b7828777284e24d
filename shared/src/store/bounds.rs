//! What the store takes, and how much.

use serde_json::Value;

use crate::message::{ErrorCode, Refusal};
use crate::wire;

/// A key, in bytes of UTF-8: a path of some names.
pub const MAX_KEY: usize = 200;

/// A value, in bytes of JSON: what fits a page of the store several times over.
pub const MAX_VALUE: usize = 16 * 1024;

/// How deep a value may be nested: a message of a page of values, which adds four, is far from what JSON readers take
/// (128), and so is a program's copy.
pub const MAX_DEPTH: usize = 32;

/// Keys of the store: every tab holds them all.
pub const MAX_KEYS: usize = 10_000;

/// Bytes of all keys and values (as JSON): a copy is in every tab, and is kept there as one record. What takes more than
/// [`SPREAD`] times that in memory counts for more ([`charge`]).
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// How much more memory than its JSON a value may take before that counts: texts take about as much, small lists of
/// numbers some ten times, and small objects a hundred times.
const SPREAD: usize = 4;

/// A value by itself, in bytes of memory.
const ITEM: usize = 32;
/// What an allocation takes beside what it holds.
const ALLOCATION: usize = 16;
/// A node of an object's tree, in bytes, and fields of one that is as empty as may be.
const BRANCH: usize = 640;
const FIELDS_OF_BRANCH: usize = 5;

/// Removals that are remembered: twice as many as there may be keys. Whoever was away for longer than these tell of asks
/// for the whole.
pub const MAX_REMOVED: usize = 2 * MAX_KEYS;

/// Why the store does not take something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("A key has 1 to {MAX_KEY} bytes and no control characters.")]
    Key,
    #[error("The value is {0} bytes of JSON; at most {MAX_VALUE} fit.")]
    TooLong(usize),
    #[error("The value is nested more than {MAX_DEPTH} deep.")]
    TooDeep,
    #[error("The key's version is {0} now, and not the one you named. Look at it again.")]
    Conflict(u64),
    #[error("The key is not there now (its version is 0), and you named a version. Look again.")]
    Missing,
    #[error("The store is full: it holds at most {MAX_KEYS} keys, and {MAX_BYTES} bytes in all. Remove some first.")]
    Full,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let code = match refused {
            Refused::Key => ErrorCode::KeyInvalid,
            Refused::TooLong(_) | Refused::TooDeep => ErrorCode::ValueTooLong,
            Refused::Conflict(_) | Refused::Missing => ErrorCode::VersionConflict,
            Refused::Full => ErrorCode::StoreFull,
        };
        Self::new(code, refused.to_string())
    }
}

/// Whether this may be a key: 1 to [`MAX_KEY`] bytes, no control characters.
///
/// # Errors
/// [`Refused::Key`].
pub fn check_key(key: &str) -> Result<(), Refused> {
    let fits = (1..=MAX_KEY).contains(&key.len()) && !key.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(Refused::Key) }
}

/// Whether this may be a value, and how it is written: without spaces, the keys of objects by their bytes.
///
/// # Errors
/// [`Refused::TooLong`] or [`Refused::TooDeep`].
pub fn check_value(value: &Value) -> Result<String, Refused> {
    if !is_flat(value, MAX_DEPTH) {
        return Err(Refused::TooDeep);
    }
    let json = wire::encode(value);
    if json.len() <= MAX_VALUE { Ok(json) } else { Err(Refused::TooLong(json.len())) }
}

/// What a pair takes of [`MAX_BYTES`], where its value is so many bytes of JSON.
pub fn charge(key: &str, value: &Value, json: usize) -> usize {
    key.len() + json.max(memory(value) / SPREAD)
}

/// About how many bytes of memory a value takes, at most.
fn memory(value: &Value) -> usize {
    let within = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => ALLOCATION + text.len(),
        Value::Array(items) => ALLOCATION + items.iter().map(memory).sum::<usize>(),
        // The fields themselves are in the branches.
        Value::Object(fields) => {
            let of = |(name, field): (&String, &Value)| ALLOCATION + name.len() + memory(field) - ITEM;
            fields.len().div_ceil(FIELDS_OF_BRANCH) * BRANCH + fields.iter().map(of).sum::<usize>()
        }
    };
    ITEM + within
}

/// Whether a value has at most so many levels of lists and objects.
fn is_flat(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|item| is_flat(item, levels - 1)),
        Value::Object(fields) => levels > 0 && fields.values().all(|field| is_flat(field, levels - 1)),
        _ => true,
    }
}

/// How much is in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    pub keys: usize,
    /// Of keys and values.
    pub bytes: usize,
}

impl Load {
    /// What it becomes when a key that took `before` bytes, if it was there, takes `after`, if it is to be there.
    ///
    /// # Errors
    /// [`Refused::Full`] where it would grow past what the store holds.
    pub fn with(self, before: Option<usize>, after: Option<usize>) -> Result<Self, Refused> {
        let keys = (self.keys + usize::from(after.is_some())).saturating_sub(usize::from(before.is_some()));
        let bytes = (self.bytes + after.unwrap_or(0)).saturating_sub(before.unwrap_or(0));
        let is_more = keys > self.keys && keys > MAX_KEYS || bytes > self.bytes && bytes > MAX_BYTES;
        if is_more { Err(Refused::Full) } else { Ok(Self { keys, bytes }) }
    }
}
