//! What the table keeps of one process.

use std::collections::VecDeque;

use super::timing::Key;
use crate::message::Why;
use crate::node::NodeName;
use crate::process::authority::Owner;
use crate::process::bucket::Bucket;
use crate::process::limits::{LEADER_OUTPUT, OUTPUT, OUTPUT_LINES};
use crate::process::mailbox::Mailbox;
use crate::process::pid::{Address, Pid};
use crate::process::reason::Reason;
use crate::process::signal::Signal;
use crate::process::step::{Act, Then};
use crate::process::supervisor::Supervisor;

/// A process here (no node) or elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Far {
    pub(super) node: Option<NodeName>,
    pub(super) pid: Pid,
}

/// What the table has for itself to do.
#[derive(Debug)]
pub(super) enum Inner {
    /// From a process of this node, of that owner, to another or the same.
    Signal {
        owner: Owner,
        signal: Signal,
    },
    Lost(NodeName, Why),
    /// This node has no patience left with that one.
    GiveUp(NodeName),
    /// It may be able to go on.
    Advance(u64),
    ChildStarted {
        supervisor: u64,
        child: usize,
    },
    ChildEnded {
        supervisor: u64,
        child: usize,
        reason: Reason,
    },
}

/// What runs a process.
#[derive(Debug)]
pub(super) enum Runner {
    /// The node's own process.
    Node,
    Program,
    /// A handler of the app's; `out` of its messages are with it.
    Host {
        at_once: u32,
        out: u32,
    },
    Supervisor(Box<Supervising>),
    /// An ask of the app that leads, and so has a pid.
    Lead(Lead),
}

#[derive(Debug)]
pub(super) struct Supervising {
    pub(super) supervisor: Supervisor,
    /// The child's process, by its place.
    pub(super) children: Vec<Option<u64>>,
    pub(super) timer: Option<Key>,
}

#[derive(Debug)]
pub(super) struct Lead {
    pub(super) ask: u64,
    /// It is there until its ask is answered, or (false) until it is closed.
    pub(super) for_answer: bool,
    pub(super) shown: Bucket,
    /// Lines that were too many, and the time at which that is said.
    pub(super) left_out: u64,
    pub(super) timer: Option<Key>,
}

impl Lead {
    pub(super) fn new(ask: u64, for_answer: bool, now: u64) -> Self {
        Self { ask, for_answer, shown: Bucket::new(LEADER_OUTPUT, 1000, now), left_out: 0, timer: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// A program before its first step, which is out; or one that waits for a message.
    Idle,
    /// A step of it is out.
    Out,
    /// Its step waits for something other than a message.
    Blocked,
    /// Its step waits for the app's look.
    Looking,
    /// Its step waits for the next message.
    Receiving,
}

/// What a process waits for before its next act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    No,
    /// A neighbour's mailbox is more than half full.
    Mailbox,
    /// The window to a node is closed.
    Window,
}

/// Who is to be told how the first step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Born {
    /// The caller of `spawn`, by the call's number here.
    Spawn { call: u64, link: bool, monitor: Option<u64> },
    /// The caller of `rpc`, who waits for the value.
    Rpc { call: u64 },
    /// Its supervisor.
    Child,
    /// The process or ask that waits for a supervisor's children.
    Supervise { call: u64 },
}

#[derive(Debug)]
pub(super) struct Process {
    pub(super) runner: Runner,
    pub(super) name: Option<String>,
    /// What lists call it.
    pub(super) program: String,
    pub(super) owner: Owner,
    pub(super) leader: Option<Leader>,
    pub(super) parent: Option<Far>,
    pub(super) mailbox: Mailbox,
    pub(super) phase: Phase,
    /// Acts of its last step that are still to be done, and how it goes on then.
    pub(super) todo: VecDeque<Act>,
    pub(super) then: Option<Box<Then>>,
    /// Whether the next of them has room where it is to go.
    pub(super) rests: Rest,
    /// Processes that rest until this one has caught up.
    pub(super) resting: Vec<u64>,
    pub(super) trap: bool,
    pub(super) links: Vec<Far>,
    /// Who watches it: node and `ref`.
    pub(super) watchers: Vec<(Option<NodeName>, u64)>,
    /// What it watches: its own number and the table's.
    pub(super) monitors: Vec<(u64, u64)>,
    /// Calls that it waits for, and those that it has to answer.
    pub(super) calls: Vec<u64>,
    pub(super) unanswered: Vec<u64>,
    pub(super) timers: Vec<(u64, Key)>,
    pub(super) watches: Vec<String>,
    pub(super) born: Option<Born>,
    pub(super) child_of: Option<(u64, usize)>,
    pub(super) printed: Bucket,
    pub(super) lines: Bucket,
    pub(super) since: u64,
    pub(super) lifetime: Option<Key>,
    /// When it must have caught up, and until when it waits for a message.
    pub(super) patience: Option<Key>,
    pub(super) receiving: Option<Key>,
}

/// Where output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Leader {
    Here(Pid),
    There(Address),
}

impl Process {
    pub(super) fn new(runner: Runner, program: &str, now: u64) -> Self {
        Self {
            runner,
            name: None,
            program: program.to_owned(),
            owner: Owner::Here,
            leader: None,
            parent: None,
            mailbox: Mailbox::default(),
            phase: Phase::Idle,
            todo: VecDeque::new(),
            then: None,
            rests: Rest::No,
            resting: Vec::new(),
            trap: false,
            links: Vec::new(),
            watchers: Vec::new(),
            monitors: Vec::new(),
            calls: Vec::new(),
            unanswered: Vec::new(),
            timers: Vec::new(),
            watches: Vec::new(),
            born: None,
            child_of: None,
            printed: Bucket::new(OUTPUT, 1000, now),
            lines: Bucket::new(OUTPUT_LINES, 60_000, now),
            since: now,
            lifetime: None,
            patience: None,
            receiving: None,
        }
    }
}

/// Ten thousand idle processes take ten mebibytes at most, without what their engine keeps of them.
const _: () = assert!(size_of::<Process>() <= 1024);
