//! How a request can end other than well, for programs to branch on and for people to read.

use std::fmt;
use std::io;

use shared::message::Refusal;
use shared::wire::close;

use crate::address::AddressError;

/// Why something asked of a hub was not done, as far as this node knows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Nobody answered at the address.
    #[error("No hub can be reached at {address}: {source}. Is it running, and on this network?")]
    Unreachable { address: String, source: io::Error },
    /// Somebody answered, but not with a WebSocket that speaks our protocol.
    #[error("{address} does not let this node in as a hub would: {reason}.")]
    NotAHub { address: String, reason: String },
    /// A hub answered, but speaks no version of the protocol that this node does.
    #[error("The hub at {address} speaks another version of the protocol: {words}")]
    Version { address: String, words: String },
    /// The hub refused; nothing was changed.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// The connection ended before the answer came. The request may have been done: sent again
    /// with the same id, it is never done twice.
    #[error("{0}")]
    Closed(Closed),
    /// No answer in time ([`crate::Options::timeout`]). The same as with `Closed` holds.
    #[error("The hub did not answer in time.")]
    Timeout,
    /// The hub's answer is none of this protocol's version.
    #[error("The hub's answer cannot be read: {0}.")]
    Unreadable(#[from] serde_json::Error),
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The WebSocket close code: see [`shared::wire::close`]; 1006 if the connection just broke off.
    pub code: u16,
    /// What the hub, or this node's own system, says about it; may be empty.
    pub reason: String,
}

impl Closed {
    /// The connection ended without a word.
    pub(crate) fn broken(reason: impl Into<String>) -> Self {
        Self { code: 1006, reason: reason.into() }
    }

    /// Whether the hub may be asked again.
    pub fn may_return(&self) -> bool {
        close::may_return(self.code)
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The connection to the hub has ended ({}", self.code)?;
        if !self.reason.is_empty() {
            write!(f, ": {}", self.reason)?;
        }
        f.write_str(").")
    }
}
