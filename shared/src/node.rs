//! Node names, `name@host`, and addresses of processes, `{process, node}`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The local part of a node's name, in characters: it stands in lists and prompts.
pub const MAX_LOCAL: usize = 32;

/// The host part, in bytes (RFC 1035, section 2.3.4).
pub const MAX_HOST: usize = 253;

/// A process's registered name, in characters, as for nodes.
pub const MAX_PROCESS: usize = 64;

/// The hub's own local name.
pub const HUB: &str = "hub";

/// The full name of a node. The host part names the hub that holds its socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeName {
    local: String,
    host: String,
}

/// Why something is no node name or address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    #[error("A node's name is written name@host.")]
    NoHost,
    #[error("The name before the @ has 1 to 32 letters, digits, - or _.")]
    Local,
    #[error("The host after the @ has 1 to 253 letters, digits, dots, - or colons.")]
    Host,
    #[error("A process's name has 1 to 64 letters, digits, - or _.")]
    Process,
}

/// Whether this may be the local part of a node's name: 1 to 32 of `A-Z a-z 0-9 - _`.
pub fn is_local(name: &str) -> bool {
    is_word(name, MAX_LOCAL)
}

fn is_word(word: &str, longest: usize) -> bool {
    (1..=longest).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn is_host(host: &str) -> bool {
    (1..=MAX_HOST).contains(&host.len())
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':' | b'[' | b']'))
}

impl NodeName {
    /// # Errors
    /// If either part has other characters or another length than names have.
    pub fn new(local: &str, host: &str) -> Result<Self, NodeError> {
        if !is_local(local) {
            Err(NodeError::Local)
        } else if !is_host(host) {
            Err(NodeError::Host)
        } else {
            Ok(Self { local: local.to_owned(), host: host.to_owned() })
        }
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// What stands after the `@`.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.host)
    }
}

impl FromStr for NodeName {
    type Err = NodeError;

    fn from_str(name: &str) -> Result<Self, NodeError> {
        let (local, host) = name.split_once('@').ok_or(NodeError::NoHost)?;
        Self::new(local, host)
    }
}

impl TryFrom<String> for NodeName {
    type Error = NodeError;

    fn try_from(name: String) -> Result<Self, NodeError> {
        name.parse()
    }
}

impl From<NodeName> for String {
    fn from(name: NodeName) -> Self {
        name.to_string()
    }
}

/// A process by its registered name, on a node: where a message can be sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address {
    process: String,
    node: NodeName,
}

impl Address {
    /// # Errors
    /// If the process's name has other characters or another length than names have.
    pub fn new(process: &str, node: NodeName) -> Result<Self, NodeError> {
        if is_word(process, MAX_PROCESS) {
            Ok(Self { process: process.to_owned(), node })
        } else {
            Err(NodeError::Process)
        }
    }

    /// The registered name of the process.
    pub fn process(&self) -> &str {
        &self.process
    }

    /// The node it runs on.
    pub fn node(&self) -> &NodeName {
        &self.node
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}, {}}}", self.process, self.node)
    }
}
