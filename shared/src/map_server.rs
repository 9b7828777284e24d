//! What `map_server`, a process of every node, makes of a message: it answers out of the node's own copy of the store.
//!
//! | call | answer |
//! |---|---|
//! | `{"get":"a"}` | `{"value":5,"version":62}`, or `{"version":0}` where it is not there |
//! | `{"list":"users/"}` | `[{"key":"users/ana","value":5,"version":62}]`, all that begin so |
//! | `{"wait":"a","version":63}` | `{"version":63}` once the copy has that version of the key, or a later one |
//! | `{"put":"a","value":5,"if":62}`, `{"delete":"a"}` | `{"version":63}`; for those whose node it is alone |

use serde_json::{Value, json};

use crate::message::{ErrorCode, Json, ToHub};
use crate::node::NodeName;
use crate::process::limits::{MAX_CALLS_OF_PROCESS, MAX_DEPTH, MAX_MESSAGE, MAX_WITHIN, measure};
use crate::process::{CallRef, Fault, Wish};
use crate::store::{Pair, Store};

/// Calls that wait for the copy at a time: as many as one node may have under way.
pub const MAX_WAITING: usize = 1_024;
/// Those of one node: as many as one process may have under way.
pub const MAX_WAITING_OF_NODE: usize = MAX_CALLS_OF_PROCESS;

/// Pairs that a step that looks is given: more than its program can hold, so that it ends with that and does not take a
/// part for the whole.
pub const MAX_LOOKED: usize = 4_096;

/// What is to be done about a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// This is the answer.
    Answer(Result<Value, Fault>),
    /// `{"version":…}` ([`version`]) is the answer once [`has`] says so.
    Wait { key: String, version: u64 },
    /// A change of the store as this node's own, where the caller may; its new version ([`version`]) is the answer.
    Change(Wish),
}

/// The request that makes a change.
pub fn request(wish: Wish, id: String) -> ToHub {
    let Wish { key, value, version } = wish;
    match value {
        Some(value) => ToHub::Put { id, key, value: Json::of(&value), version },
        None => ToHub::Remove { id, key, version },
    }
}

/// Looks at a message. Where it is answered at once, that is out of this copy.
pub fn asked(store: &Store, message: &Value) -> Asked {
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    let number = |name: &str| message.get(name).and_then(Value::as_u64);
    if let Some(key) = text("get") {
        Asked::Answer(Ok(get(store, key)))
    } else if let Some(prefix) = text("list") {
        Asked::Answer(list(store, prefix))
    } else if let (Some(key), Some(version)) = (text("wait"), number("version")) {
        Asked::Wait { key: key.to_owned(), version }
    } else if let (Some(key), Some(value)) = (text("put"), message.get("value")) {
        Asked::Change(Wish { key: key.to_owned(), value: Some(value.clone()), version: number("if") })
    } else if let Some(key) = text("delete") {
        Asked::Change(Wish { key: key.to_owned(), value: None, version: number("if") })
    } else {
        let words =
            "`map_server` understands `get`, `list`, `wait` with a `version`, `put` with a `value`, and `delete`.";
        Asked::Answer(Err(Fault::new(ErrorCode::BadMessage, words)))
    }
}

/// The value of a key and its version, or `{"version":0}`.
pub fn get(store: &Store, key: &str) -> Value {
    match store.get(key) {
        Some(Pair { value, version, .. }) => json!({ "value": value, "version": version }),
        None => version(0),
    }
}

/// The keys that begin so, with values and versions.
///
/// # Errors
/// `value_too_long` where they are more than one message holds.
pub fn list(store: &Store, prefix: &str) -> Result<Value, Fault> {
    let mut list = Vec::new();
    // Measured on the way: of a store of megabytes no more is copied than a message holds.
    let mut bytes = 2;
    for one in store.list(prefix).iter().map(told) {
        match measure(&one, MAX_DEPTH - 1) {
            Some(more) if bytes + more < MAX_MESSAGE => bytes += more + 1,
            _ => {
                let words = format!(
                    "What begins with “{prefix}” is more than the {MAX_MESSAGE} bytes of a message: name a longer prefix."
                );
                return Err(Fault::new(ErrorCode::ValueTooLong, words));
            }
        }
        list.push(one);
    }
    Ok(Value::Array(list))
}

/// At most so many of the keys that begin so, with values and versions: what a program looks at, which has bounds of its
/// own.
pub fn pairs(store: &Store, prefix: &str, most: usize) -> Value {
    store.list(prefix).iter().take(most).map(told).collect()
}

fn told(pair: &Pair) -> Value {
    json!({ "key": pair.key, "value": pair.value, "version": pair.version })
}

/// Whether the copy has that version of a key, or a later one: also of one that is not there any more.
pub fn has(store: &Store, key: &str, version: u64) -> bool {
    store.version(key) >= version || store.seq() >= version
}

/// The answer that names a version.
pub fn version(version: u64) -> Value {
    json!({ "version": version })
}

/// The answer to who may not put or remove through somebody else's `map_server`.
pub fn not_allowed() -> Fault {
    let words = "Nobody puts or removes in another's name: put it yourself, and `wait` here for its version.";
    Fault::new(ErrorCode::NotAllowed, words)
}

/// Calls that wait until the copy has got somewhere.
#[derive(Debug, Default)]
pub struct Waiting {
    calls: Vec<Wait>,
}

#[derive(Debug)]
struct Wait {
    /// Where the caller is.
    node: NodeName,
    call: CallRef,
    key: String,
    version: u64,
    /// The time after which its caller waits no more.
    until: u64,
}

impl Waiting {
    /// # Errors
    /// `busy` where [`MAX_WAITING`] wait, or [`MAX_WAITING_OF_NODE`] of that node.
    pub fn push(&mut self, now: u64, node: &NodeName, call: CallRef, key: String, version: u64) -> Result<(), Fault> {
        self.calls.retain(|wait| now < wait.until);
        let of_node = self.calls.iter().filter(|wait| wait.node == *node).count();
        if self.calls.len() >= MAX_WAITING || of_node >= MAX_WAITING_OF_NODE {
            return Err(Fault::new(ErrorCode::Busy, "Too many wait for the store here. Try again in a moment."));
        }
        let until = now + u64::from(MAX_WITHIN);
        self.calls.push(Wait { node: node.clone(), call, key, version, until });
        Ok(())
    }

    /// Those whose version is there, to be answered with it ([`version`]).
    pub fn take(&mut self, store: &Store) -> Vec<(CallRef, u64)> {
        let mut done = Vec::new();
        self.calls.retain(|wait| {
            let there = has(store, &wait.key, wait.version);
            if there {
                done.push((wait.call, wait.version));
            }
            !there
        });
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        let mut store = Store::default();
        store.put(62, "a", json!(5));
        store.put(63, "users/ana", json!({ "tea": true }));
        store
    }

    fn node(number: usize) -> NodeName {
        NodeName::new(&format!("tab-{number}"), "den").unwrap()
    }

    fn answer(message: &Value) -> Result<Value, Fault> {
        match asked(&store(), message) {
            Asked::Answer(answer) => answer,
            other => panic!("{message}: {other:?}"),
        }
    }

    #[test]
    fn what_is_there_is_told_with_its_version_and_what_is_not_has_none() {
        assert_eq!(answer(&json!({ "get": "a" })), Ok(json!({ "value": 5, "version": 62 })));
        assert_eq!(answer(&json!({ "get": "b" })), Ok(json!({ "version": 0 })));
        let listed = json!([{ "key": "users/ana", "value": { "tea": true }, "version": 63 }]);
        assert_eq!(answer(&json!({ "list": "users/" })), Ok(listed));
        assert_eq!(answer(&json!({ "list": "x" })), Ok(json!([])));
    }

    #[test]
    fn a_list_that_no_message_holds_is_refused() {
        let mut store = Store::default();
        for number in 1..=100 {
            store.put(number, &format!("long/{number}"), json!("x".repeat(1_000)));
        }
        assert_eq!(list(&store, "long/").unwrap_err().code, ErrorCode::ValueTooLong);
        assert!(list(&store, "long/1").is_ok());
    }

    #[test]
    fn changes_and_waits_are_read_as_what_they_are() {
        let change = |message: &Value| match asked(&store(), message) {
            Asked::Change(change) => change,
            other => panic!("{message}: {other:?}"),
        };
        let put = Wish { key: "a".into(), value: Some(json!(null)), version: Some(62) };
        assert_eq!(change(&json!({ "put": "a", "value": null, "if": 62 })), put);
        assert_eq!(change(&json!({ "delete": "a" })), Wish { key: "a".into(), value: None, version: None });
        let wait = asked(&store(), &json!({ "wait": "a", "version": 63 }));
        assert_eq!(wait, Asked::Wait { key: "a".into(), version: 63 });
    }

    #[test]
    fn a_version_is_there_when_the_log_was_read_so_far() {
        assert!(has(&store(), "a", 62) && has(&store(), "gone", 63));
        assert!(!has(&store(), "a", 64));
    }

    #[test]
    fn whoever_waits_is_told_when_the_version_is_there_and_not_before() {
        let (mut store, mut waiting) = (store(), Waiting::default());
        for (call, version) in [(1, 63), (2, 64), (3, 65)] {
            waiting.push(0, &node(1), CallRef(call), "a".into(), version).unwrap();
        }
        assert_eq!(waiting.take(&store), [(CallRef(1), 63)]);
        store.remove(64, "a");
        assert_eq!(waiting.take(&store), [(CallRef(2), 64)]);
        assert_eq!(waiting.take(&store), []);
    }

    #[test]
    fn only_so_many_wait_and_those_whose_caller_has_gone_make_room() {
        let mut waiting = Waiting::default();
        let mut wait = |now, from| waiting.push(now, &node(from), CallRef(0), "a".into(), 1).map_err(|busy| busy.code);
        let nodes = MAX_WAITING / MAX_WAITING_OF_NODE;
        for from in 0..nodes {
            for _ in 0..MAX_WAITING_OF_NODE {
                wait(0, from).unwrap();
            }
            assert_eq!(wait(0, from), Err(ErrorCode::Busy), "the others have room");
        }
        assert_eq!(wait(1, nodes), Err(ErrorCode::Busy));
        wait(u64::from(MAX_WITHIN), 0).unwrap();
    }

    #[test]
    fn anything_else_is_a_bad_message() {
        for message in [json!(null), json!("get"), json!({ "get": 5 }), json!({ "put": "a" }), json!({ "wait": "a" })] {
            assert_eq!(answer(&message).unwrap_err().code, ErrorCode::BadMessage);
        }
    }
}
