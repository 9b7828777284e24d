//! Who a process is: the pid that nobody else ever has, the name that it may take, and where it runs.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::node::{NodeError, NodeName, is_process};

/// What a [`Creation`] is drawn from, five bits a letter: none looks like another. Read are all small letters and digits.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Four random letters that a node draws when it starts: what was sent to its processes of an earlier life,
/// such as a page before it was reloaded, finds nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Creation([u8; 4]);

impl Creation {
    /// Of 20 random bits; the others are passed over.
    pub fn new(random: u32) -> Self {
        let letter = |place: u32| LETTERS[(random >> (place * 5)) as usize & 31];
        Self([letter(0), letter(1), letter(2), letter(3)])
    }

    fn as_str(&self) -> &str {
        // Of ASCII alone, by either constructor.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Creation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Creation {
    type Err = NodeError;

    fn from_str(text: &str) -> Result<Self, NodeError> {
        match <[u8; 4]>::try_from(text.as_bytes()) {
            Ok(letters) if letters.iter().all(|letter| matches!(letter, b'a'..=b'z' | b'0'..=b'9')) => {
                Ok(Self(letters))
            }
            _ => Err(NodeError::Process),
        }
    }
}

/// A process of one life of one node, shown and sent as `k3fq.7`. Never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid {
    creation: Creation,
    number: u64,
}

impl Pid {
    pub fn new(creation: Creation, number: u64) -> Self {
        Self { creation, number }
    }

    /// The life of the node that it is of.
    pub fn creation(self) -> Creation {
        self.creation
    }

    /// Counted up by its node; an engine may share processes out among threads by it.
    pub fn number(self) -> u64 {
        self.number
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.creation, self.number)
    }
}

impl FromStr for Pid {
    type Err = NodeError;

    fn from_str(text: &str) -> Result<Self, NodeError> {
        let (creation, number) = text.split_once('.').ok_or(NodeError::Process)?;
        // Written in one way only, so that equal texts are equal pids: no sign, no zero in front.
        let plain = number.bytes().all(|digit| digit.is_ascii_digit()) && (number == "0" || !number.starts_with('0'));
        match number.parse() {
            Ok(number) if plain => Ok(Self { creation: creation.parse()?, number }),
            _ => Err(NodeError::Process),
        }
    }
}

/// A process within a node: by its registered name, or by its pid. A name holds no dot, so that one text says which.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    Name(String),
    Pid(Pid),
}

impl Target {
    /// # Errors
    /// If the name has other characters or another length than names of processes have.
    pub fn name(name: &str) -> Result<Self, NodeError> {
        if is_process(name) { Ok(Self::Name(name.to_owned())) } else { Err(NodeError::Process) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Pid(pid) => pid.fmt(f),
        }
    }
}

impl FromStr for Target {
    type Err = NodeError;

    fn from_str(text: &str) -> Result<Self, NodeError> {
        if text.contains('.') { text.parse().map(Self::Pid) } else { Self::name(text) }
    }
}

impl From<Pid> for Target {
    fn from(pid: Pid) -> Self {
        Self::Pid(pid)
    }
}

/// A process on a node: where a message can be sent. Written `pong@@tab-2@den.local`; read from that, from
/// `pong@@tab-2`, which is on the hub of whoever asks, and from `{pong, tab-2@den.local}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    pub target: Target,
    pub node: NodeName,
}

impl Address {
    /// The process of that registered name.
    ///
    /// # Errors
    /// If the name has other characters or another length than names of processes have.
    pub fn new(process: &str, node: NodeName) -> Result<Self, NodeError> {
        Ok(Self { target: Target::name(process)?, node })
    }

    pub fn of(pid: Pid, node: NodeName) -> Self {
        Self { target: Target::Pid(pid), node }
    }

    /// The pid, where it is one.
    pub fn pid(&self) -> Option<Pid> {
        match self.target {
            Target::Pid(pid) => Some(pid),
            Target::Name(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@@{}", self.target, self.node)
    }
}

impl FromStr for Address {
    type Err = NodeError;

    fn from_str(text: &str) -> Result<Self, NodeError> {
        let braced = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let (target, node) = match braced {
            Some(pair) => pair.split_once(',').map(|(target, node)| (target.trim(), node.trim())),
            None => text.split_once("@@"),
        }
        .ok_or(NodeError::Address)?;
        Ok(Self { target: target.parse()?, node: NodeName::wished(node)? })
    }
}

/// Written as they are shown, read as they are parsed.
macro_rules! as_text {
    ($($name:ident)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

as_text! { Creation Pid Target Address }
