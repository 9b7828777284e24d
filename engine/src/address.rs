//! Addresses as values of programs.

use std::fmt;

use rhai::Dynamic;
use shared::node::NodeName;
use shared::process::{self, CallRef, Scene, Target};

use crate::value::kind;

/// A process somewhere; where it is the sender of a call, also which call waits for an answer. As a text, and in
/// messages, it is the process alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub to: process::Address,
    pub call: Option<CallRef>,
}

impl From<process::Address> for Address {
    fn from(to: process::Address) -> Self {
        Self { to, call: None }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to.fmt(f)
    }
}

/// Whom a program means: an address, its text, the name or pid of a neighbour, or a list of process and node.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(crate) fn process_of(value: &Dynamic, scene: &Scene) -> Result<process::Address, String> {
    if let Some(address) = value.read_lock::<Address>() {
        return Ok(address.to.clone());
    }
    if let Ok(pair) = value.as_array_ref()
        && let [target, node] = &pair[..]
        && let (Ok(target), Ok(_)) = (target.as_immutable_string_ref(), node.as_immutable_string_ref())
    {
        return Ok(process::Address { target: target_of(&target)?, node: node_of(node, scene)? });
    }
    let Ok(text) = value.as_immutable_string_ref() else {
        return Err(format!("A process is named by its address or name, not by a {}.", kind(value)));
    };
    if !text.contains('@') && !text.starts_with('{') {
        return Ok(process::Address { target: target_of(&text)?, node: scene.node.clone() });
    }
    let address: process::Address = text.parse().map_err(|why| format!("“{}” is no address: {why}", text.as_str()))?;
    Ok(process::Address { node: address.node.on(scene.node.host()), ..address })
}

fn target_of(text: &str) -> Result<Target, String> {
    text.parse().map_err(|why| format!("“{text}” is no process: {why}"))
}

/// Which node a program means: its name, or its local part where it is on this hub; that of an address.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(crate) fn node_of(value: &Dynamic, scene: &Scene) -> Result<NodeName, String> {
    if let Some(address) = value.read_lock::<Address>() {
        return Ok(address.to.node.clone());
    }
    let Ok(text) = value.as_immutable_string_ref() else {
        return Err(format!("A node is named by a text, not by a {}.", kind(value)));
    };
    let node = NodeName::wished(&text).map_err(|why| format!("“{}” is no node: {why}", text.as_str()))?;
    Ok(node.on(scene.node.host()))
}
