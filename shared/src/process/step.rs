//! A process is a step function: what an engine is asked to run, and what it gives back.
//!
//! These values cross to a thread as they are, and to a Web Worker as JSON. Nothing in them blocks: a step that needs
//! what is not there ends as [`Then::Blocked`], and is run again with what it wanted ([`Step::Resume`]).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pid::{Address, Pid};
use super::reason::{Fault, Reason};
use super::supervisor::Plan;
use crate::node::NodeName;

/// What a program asks about itself and its world: the same in every run of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scene {
    /// This process.
    pub pid: Pid,
    /// The node that runs it, and by its host the hub ([`NodeName::hub`]).
    pub node: NodeName,
    /// In milliseconds since 1970 UTC.
    pub now: u64,
    /// Another one for each step: what a program draws its random numbers from. Not secret.
    pub seed: u64,
    /// The process is this node's own person's, and not one that somebody else has running here. What does not say so is
    /// not.
    #[serde(default)]
    pub own: bool,
}

/// What is to be run of a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", content = "with", rename_all = "snake_case")]
pub enum Step {
    /// The process begins: `init`, or `main`, whose value ends it.
    Init(Spawn),
    /// A message of another process.
    Handle(Letter),
    /// News, as a message.
    Event(Event),
    /// What the step that is blocked wanted is here: run it again, with this behind all it was brought before.
    Resume {
        /// In milliseconds since 1970 UTC: [`Scene::now`] stays that of the first run.
        now: u64,
        with: Brought,
    },
}

/// A message as it reaches a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// Who sent it, always by its pid and full node name.
    pub from: Address,
    /// The nick of the node that sent it, and the number of that nick's owner, as the hub vouches for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nick: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<u64>,
    /// Where an answer is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallRef>,
    pub message: Value,
}

/// A call that waits for its answer: of this node's choice, never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallRef(pub u64);

/// What a process is told about what it asked for. Each `ref` is the process's own, given in the [`Act`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// What an [`Act::Request`] ended with.
    Answer { r#ref: u64, result: Result<Value, Fault> },
    /// What an [`Act::Monitor`] was to tell: once.
    Ended { r#ref: u64, reason: Reason },
    /// The other end of a link ended, or somebody who may wants this process to: where exits are trapped.
    Exit { from: Address, reason: Reason },
    /// The time of an [`Act::After`] has come.
    Timer { r#ref: u64, message: Value },
    /// A key of the store below a watched prefix has another value, or (`None`) is there no longer.
    Stored { key: String, value: Option<Value>, version: u64 },
}

/// What a step that was blocked is brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "brought", content = "it", rename_all = "snake_case")]
pub enum Brought {
    /// What a call, spawn, put or look ended with.
    Value(Value),
    Fault(Fault),
    /// To [`Want::Receive`]: the next message.
    Letter(Letter),
    Event(Event),
    /// To [`Want::Receive`]: none came in time.
    Nothing,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stepped {
    /// In order, at most [`super::limits::MAX_ACTS`]. Of a step that was run again, those it had not done before.
    pub acts: Vec<Act>,
    pub then: Then,
    #[serde(default)]
    pub cost: Cost,
}

impl Stepped {
    /// Done, with these acts.
    pub fn of(acts: Vec<Act>) -> Self {
        Self { acts, then: Then::Wait, cost: Cost::default() }
    }
}

/// What a step took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// The engine's own count.
    pub operations: u64,
    pub micros: u64,
}

/// How it goes on with a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "then", content = "with", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "there is one for each step that is out, and it is taken apart at once")]
pub enum Then {
    /// For the next message.
    Wait,
    /// The step needs something that is not there yet.
    Blocked(Want),
    /// `main` is done: the process ends `normal`, and whoever asked for its value has it.
    Return(Value),
    Exit(Reason),
}

/// What a step can wait for. Each wait ends; [`Step::Resume`] brings what came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "want", rename_all = "snake_case")]
pub enum Want {
    /// The callee's value, or a fault. `within` in milliseconds, 1 to 60,000.
    Call { to: Address, message: Value, within: u32 },
    /// How many milliseconds there and back, as a number, or a fault.
    Ping { node: NodeName },
    /// The address of the new process, as a text, once its first step is done or blocked; or a fault: `exited`, where
    /// it crashed in it.
    Spawn { node: NodeName, spawn: Spawn },
    /// The value that the program's `main` returned, or a fault.
    Rpc { node: NodeName, spawn: Spawn },
    /// The address of the supervisor, as a text, once all its children have started; or a fault.
    Supervise { plan: Plan },
    /// The key's new version, as a number; or a fault.
    Put {
        key: String,
        value: Value,
        /// The version that the key must have.
        #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
        version: Option<u64>,
    },
    /// As `put`.
    Remove {
        key: String,
        #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
        version: Option<u64>,
    },
    /// The next message, or [`Brought::Nothing`] when this time comes (in milliseconds since 1970 UTC).
    Receive {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<u64>,
    },
    /// Something of this node, which is brought in the same turn.
    Look(Look),
}

/// What lies ready on the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "look", rename_all = "snake_case")]
pub enum Look {
    /// `{"value":5,"version":62}`, or `{"version":0}`: as `map_server` answers.
    Get { key: String },
    /// `[{"key":"a","value":5,"version":62}]`.
    List { prefix: String },
    /// The address of the process of this node that is registered so, as a text, or null.
    Whereis { name: String },
    /// Full names of the nodes, the hub first.
    Nodes,
}

/// What a process does. An address whose node is this one is a neighbour's; nothing is done twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    Send {
        to: Address,
        message: Value,
    },
    /// A call whose end comes as [`Event::Answer`].
    Request {
        r#ref: u64,
        to: Address,
        message: Value,
        within: u32,
    },
    /// To a call that one has; a second answer is passed over, and the leader is told.
    Reply {
        call: CallRef,
        result: Result<Value, String>,
    },
    /// Ends the process with an error where the name is taken or not allowed.
    Register {
        name: String,
    },
    /// Its end comes as [`Event::Ended`], once.
    Monitor {
        r#ref: u64,
        of: Address,
    },
    /// That of a node comes with `node_down`.
    MonitorNode {
        r#ref: u64,
        node: NodeName,
    },
    Demonitor {
        r#ref: u64,
    },
    Link {
        to: Address,
    },
    Unlink {
        to: Address,
    },
    /// Asks a process to end; it does where one may.
    Exit {
        to: Address,
        reason: Reason,
    },
    /// Whether exits come as [`Event::Exit`] in place of ending this process.
    Trap {
        on: bool,
    },
    /// A line for the leader.
    Print {
        text: String,
    },
    /// A message to oneself after so many milliseconds.
    After {
        r#ref: u64,
        ms: u64,
        message: Value,
    },
    Cancel {
        r#ref: u64,
    },
    /// Tells of every change below that prefix by [`Event::Stored`].
    Watch {
        prefix: String,
    },
}

/// A process that is to be begun.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spawn {
    /// What lists call it.
    pub program: String,
    /// At most [`super::limits::MAX_SOURCE`] bytes.
    #[serde(with = "shared_text")]
    pub source: Arc<str>,
    #[serde(default)]
    pub args: Vec<Value>,
    /// Registered before its first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Linked to whoever spawns it, before its first step.
    #[serde(default)]
    pub link: bool,
    /// Monitored by whoever spawns it, under this `ref` of theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<u64>,
    /// Where what it prints appears; that of whoever spawns it where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<Address>,
    /// Its value is what is wanted of it.
    #[serde(default)]
    pub rpc: bool,
}

/// A text that many hold, as any other text in JSON.
mod shared_text {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(deserializer).map(Arc::from)
    }
}
