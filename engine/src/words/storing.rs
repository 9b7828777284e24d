//! The replicated store: each word also with a node first, whose copy is then asked or waited for.

use rhai::{Array, Dynamic};
use serde_json::{Value, json};
use shared::node::NodeName;
use shared::process::limits::WITHIN;
use shared::process::{self, Act, Brought, Look, Target, Want};

use super::{Said, Word, json as message, no, text, value_of};
use crate::turn::{Spoken, Turn};

pub(super) const WORDS: &[Word] = &[
    ("put", &[2, 3], put),
    ("put_if", &[3, 4], put_if),
    ("get", &[1, 2], get),
    ("version", &[1, 2], version),
    ("delete", &[1, 2], delete),
    ("delete_if", &[2, 3], delete_if),
    ("list", &[0, 1, 2], list),
    ("watch", &[1], watch),
];

/// The process that answers for a node's copy.
const MAP_SERVER: &str = "map_server";

/// `put([node,] key, value)`: the key's new version, once it is durable, and known to that node.
fn put(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let [key, value] = said.last()?;
    let want = Want::Put { key: text(key, KEY)?, value: message(value)?, version: None };
    changed(turn, said, 2, want)
}

/// `put_if([node,] key, value, version)`: only if that is the key's version now; 0: if there is none.
fn put_if(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let [key, value, _] = said.last()?;
    let version = Some(said.number(said.count() - 1, "A version")?);
    let want = Want::Put { key: text(key, KEY)?, value: message(value)?, version };
    changed(turn, said, 3, want)
}

/// `delete([node,] key)`: the version of its end.
fn delete(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let [key] = said.last()?;
    let want = Want::Remove { key: text(key, KEY)?, version: None };
    changed(turn, said, 1, want)
}

/// `delete_if([node,] key, version)`.
fn delete_if(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let [key, _] = said.last()?;
    let version = Some(said.number(said.count() - 1, "A version")?);
    let want = Want::Remove { key: text(key, KEY)?, version };
    changed(turn, said, 2, want)
}

const KEY: &str = "A key";

/// Changes the store, and waits until the node that stands before the other arguments knows.
fn changed(turn: &mut Turn, said: &Said<'_>, others: usize, want: Want) -> Spoken {
    let node = if said.count() > others { Some(said.node(turn, 0)?) } else { None };
    let key = said.text(said.count() - others, KEY)?;
    let version = value_of(turn.wait(want)?)?;
    if let Some(node) = node {
        let told = json!({ "wait": key, "version": version.as_int().unwrap_or_default() });
        // Only whether it has it is of interest, which a fault tells.
        let _known = value_of(asked(turn, node, told)?)?;
    }
    Ok(version)
}

/// Asks a node's `map_server`.
fn asked(turn: &mut Turn, node: NodeName, message: Value) -> Spoken<Brought> {
    let to = process::Address { target: Target::Name(MAP_SERVER.to_owned()), node };
    turn.wait(Want::Call { to, message, within: WITHIN })
}

/// `get([node,] key)`: its value, or `()`.
fn get(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    pair(turn, said, "value")
}

/// `version([node,] key)`: 0 where there is none.
fn version(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    pair(turn, said, "version")
}

fn pair(turn: &mut Turn, said: &Said<'_>, field: &str) -> Spoken {
    let key = said.text(said.count() - 1, KEY)?;
    let pair = if said.count() == 1 {
        turn.wait(Want::Look(Look::Get { key }))
    } else {
        let node = said.node(turn, 0)?;
        asked(turn, node, json!({ "get": key }))
    };
    let pair = value_of(pair?)?;
    Ok(field_of(&pair, field))
}

/// `list([[node,] prefix])`: the keys, in order.
fn list(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let prefix = if said.count() == 0 { String::new() } else { said.text(said.count() - 1, "A prefix")? };
    let pairs = if said.count() < 2 {
        turn.wait(Want::Look(Look::List { prefix }))
    } else {
        let node = said.node(turn, 0)?;
        asked(turn, node, json!({ "list": prefix }))
    };
    let pairs = value_of(pairs?)?;
    let Ok(pairs) = pairs.as_array_ref() else { return no("That node does not list its keys.") };
    Ok(pairs.iter().map(|pair| field_of(pair, "key")).collect::<Array>().into())
}

fn field_of(map: &Dynamic, name: &str) -> Dynamic {
    map.as_map_ref().ok().and_then(|map| map.get(name).cloned()).unwrap_or_default()
}

/// `watch(prefix)`: changes come as `#{put: key, value: …, version: …}` and `#{removed: key, version: …}`.
fn watch(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let prefix = said.text(0, "A prefix")?;
    turn.act(Act::Watch { prefix })?;
    Ok(Dynamic::UNIT)
}
