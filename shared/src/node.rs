//! Node names, `name@host`.

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

/// The full name of a node. The host part names the hub that holds its socket; it is empty in a [wish](Self::wished)
/// alone.
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
    #[error("A process's name has 1 to 64 letters, digits, - or _; its pid is like k3fq.7.")]
    Process,
    #[error("A process's address is written process@@node.")]
    Address,
}

/// Whether this may be the local part of a node's name: 1 to 32 of `A-Z a-z 0-9 - _`.
pub fn is_local(name: &str) -> bool {
    is_word(name, MAX_LOCAL)
}

/// Whether this may be a process's registered name: 1 to 64 of the same characters.
pub fn is_process(name: &str) -> bool {
    is_word(name, MAX_PROCESS)
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
            // As everywhere, hosts are the same however they are spelled.
            Ok(Self { local: local.to_owned(), host: host.to_ascii_lowercase() })
        }
    }

    /// As people write it: where only the local part is given, the host is empty until whoever asks puts in their own.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn wished(name: &str) -> Result<Self, NodeError> {
        match name.split_once('@') {
            Some((local, host)) => Self::new(local, host),
            None if is_local(name) => Ok(Self { local: name.to_owned(), host: String::new() }),
            None => Err(NodeError::Local),
        }
    }

    /// The same node, on that host where none was given.
    #[must_use]
    pub fn on(mut self, host: &str) -> Self {
        if self.host.is_empty() {
            host.clone_into(&mut self.host);
        }
        self
    }

    /// The hub that holds this node's socket.
    #[must_use]
    pub fn hub(&self) -> Self {
        Self { local: HUB.to_owned(), host: self.host.clone() }
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
        f.write_str(&self.local)?;
        if self.host.is_empty() { Ok(()) } else { write!(f, "@{}", self.host) }
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
        Self::wished(&name)
    }
}

impl From<NodeName> for String {
    fn from(name: NodeName) -> Self {
        name.to_string()
    }
}
