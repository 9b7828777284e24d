//! What a node tells of itself.

use serde_json::{Value, json};

use super::Table;
use super::peers::Peer;
use super::process::{Leader, Process, Runner};
use crate::node::NodeName;
use crate::process::limits::{MAX_LISTED, MAX_MESSAGE, measure};

/// What stands beside the list of processes in the answer to `stats`, in bytes: some numbers.
const BESIDE: usize = 1024;

impl Table {
    /// As the process `node` answers to `stats`: the processes with the longest mailboxes, as many as fit, and how many of what there are.
    pub fn stats(&self) -> Value {
        let listed = |process: &&Process| !matches!(process.runner, Runner::Node | Runner::Lead(_));
        let mut processes: Vec<(&u64, &Process)> =
            self.processes.iter().filter(|(_, process)| listed(process)).collect();
        let count = processes.len();
        let mailbox: usize = processes.iter().map(|(_, process)| process.mailbox.len()).sum();
        let all: u64 = self.restarts + processes.iter().map(|(_, process)| restarts(process)).sum::<u64>();
        processes.sort_by_key(|(number, process)| (std::cmp::Reverse(process.mailbox.len()), **number));
        processes.truncate(MAX_LISTED);
        let mut processes: Vec<Value> = processes
            .into_iter()
            .map(|(number, process)| {
                let leader = match &process.leader {
                    Some(Leader::There(leader)) => Some(leader.node.to_string()),
                    Some(Leader::Here(_)) => Some(self.name.to_string()),
                    None => None,
                };
                json!({
                    "pid": self.pid(*number).to_string(),
                    "name": process.name,
                    "program": process.program,
                    "leader": leader,
                    "mailbox": process.mailbox.len(),
                    "restarts": restarts(process),
                    "links": process.links.len(),
                    "since": process.since,
                })
            })
            .collect();
        let mut room = MAX_MESSAGE - BESIDE;
        let fit = processes.iter().take_while(|process| {
            let bytes = measure(process, usize::MAX).unwrap_or_default() + 1;
            let left = room.checked_sub(bytes);
            room = left.unwrap_or_default();
            left.is_some()
        });
        let fit = fit.count();
        processes.truncate(fit);
        json!({
            "creation": self.creation.to_string(),
            "processes": processes,
            "count": count,
            "mailbox": mailbox,
            "restarts": all,
            "calls": self.calls.len(),
            "odd": self.odd,
        })
    }

    /// Processes here, without the node's own and the app's leaders.
    pub fn processes(&self) -> usize {
        self.processes.values().filter(|process| !matches!(process.runner, Runner::Node | Runner::Lead(_))).count()
    }
}

fn restarts(process: &Process) -> u64 {
    match &process.runner {
        Runner::Supervisor(supervising) => u64::from(supervising.supervisor.restarts()),
        Runner::Node | Runner::Program | Runner::Host { .. } | Runner::Lead(_) => 0,
    }
}

/// What a table holds at the moment, for gauges, and for tests of its bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// All of them, with the node's own and the app's leaders.
    pub processes: usize,
    pub names: usize,
    /// Calls that this node waits for, and those that it has to answer.
    pub calls: usize,
    pub unanswered: usize,
    pub monitors: usize,
    pub links: usize,
    pub consents: usize,
    pub timers: usize,
    /// The longest mailbox, in messages and in bytes.
    pub mailbox: usize,
    pub mailbox_bytes: usize,
    /// What waits behind the window of the node for which most does.
    pub outgoing: usize,
    pub outgoing_bytes: usize,
    /// Of each node: sent and not given back; received and neither taken nor given back; monitors of its.
    pub peers: Vec<(NodeName, u32, u32, usize)>,
}

impl Table {
    /// What it holds. Looks at every process.
    pub fn load(&self) -> Load {
        let all = || self.processes.values();
        Load {
            processes: self.processes.len(),
            names: self.names.len(),
            calls: self.calls.len(),
            unanswered: self.unanswered.len(),
            monitors: self.monitors.len(),
            links: all().map(|process| process.links.len()).sum(),
            consents: self.consents.len(),
            timers: self.timers.len(),
            mailbox: all().map(|process| process.mailbox.len()).max().unwrap_or_default(),
            mailbox_bytes: all().map(|process| process.mailbox.bytes()).max().unwrap_or_default(),
            outgoing: self.peers.iter().map(Peer::outgoing).max().unwrap_or_default(),
            outgoing_bytes: self.peers.iter().map(Peer::outgoing_bytes).max().unwrap_or_default(),
            peers: self
                .peers
                .iter()
                .map(|peer| (peer.name.clone(), peer.window.sent(), peer.window.untaken(), peer.watching.len()))
                .collect(),
        }
    }
}
