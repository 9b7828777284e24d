//! The processes of a [`Client`](crate::Client), as its handles and its driver share them: the table, and who waits for
//! what was asked of it.

mod doing;
mod own;
mod running;
mod storing;

use std::collections::HashMap;

use serde_json::Value;
use shared::message::{ErrorCode, NodeInfo};
use shared::node::NodeName;
use shared::process::table::{Ask, Bounds, MAP_SERVER, MESSAGE_HANDLER, RESERVED, Table};
use shared::process::{Address, CallRef, Creation, Fault, Letter, Pid, Reason, Stepped};
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use self::doing::{Purpose, fault};
use self::running::Running;
pub use self::running::{Program, Programs, Rule};
use self::storing::Copy;

/// What a node is called before the hub has given it a name, where none was wished for.
const NAMELESS: &str = "node";

/// Messages that one handler is given at a time: the table keeps the others, and bounds them.
const AT_ONCE: u32 = 1;

/// Texts that wait for whoever reads the output of a program; what is over is counted.
const OUTPUT: usize = 1_024;

pub(crate) struct Processes {
    pub(crate) table: Table,
    asks: HashMap<u64, Asking>,
    /// The mailboxes of handlers.
    hosts: HashMap<Pid, mpsc::Sender<Letter>>,
    map_server: Option<Pid>,
    /// The number of this node's nick's owner, as the hub has it.
    owner: Option<u64>,
    pub(crate) copy: Copy,
    pub(crate) running: Running,
    /// None until somebody follows the list of nodes.
    nodes: Option<watch::Sender<Vec<NodeInfo>>>,
    /// The list is to be asked for as soon as the hub takes requests.
    nodes_due: bool,
    ended: bool,
}

/// Who waits for what the table was asked.
enum Asking {
    Answer(oneshot::Sender<Result<Value, Fault>>),
    End(oneshot::Sender<Reason>),
    Program {
        answer: Option<oneshot::Sender<Result<Value, Fault>>>,
        end: Option<oneshot::Sender<Reason>>,
        output: Printing,
    },
}

/// The writing end of a program's output.
struct Printing {
    lines: mpsc::Sender<Printed>,
    /// Texts that found no room since the last one that did.
    left_out: u64,
}

impl Printing {
    fn print(&mut self, from: Address, text: String) {
        if self.left_out > 0 {
            let text = format!("… {} lines more", self.left_out);
            match self.lines.try_send(Printed { from: from.clone(), text }) {
                Ok(()) => self.left_out = 0,
                Err(_) => return self.left_out += 1,
            }
        }
        self.left_out += u64::from(self.lines.try_send(Printed { from, text }).is_err());
    }
}

/// A text that a program printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Printed {
    /// The process that printed it.
    pub from: Address,
    pub text: String,
}

/// A program that was asked for.
pub(crate) struct Asked {
    pub(crate) ask: u64,
    pub(crate) answer: oneshot::Receiver<Result<Value, Fault>>,
    pub(crate) end: oneshot::Receiver<Reason>,
    pub(crate) output: mpsc::Receiver<Printed>,
}

impl Processes {
    pub(crate) fn new(wished: Option<&str>) -> Self {
        let name = wished.and_then(|name| NodeName::wished(name).ok());
        #[expect(clippy::expect_used, reason = "the name for the nameless is one")]
        let name = name.unwrap_or_else(|| NodeName::wished(NAMELESS).expect("a valid name"));
        let mut table = Table::new(name, Creation::new(rand::random()), Bounds::NATIVE);
        table.chance(rand::random);
        // Valid names, which nobody has.
        let _ = table.host(0, MESSAGE_HANDLER, MESSAGE_HANDLER, AT_ONCE);
        let map_server = table.host(0, MAP_SERVER, MAP_SERVER, AT_ONCE).ok();
        Self {
            table,
            asks: HashMap::new(),
            hosts: HashMap::new(),
            map_server,
            owner: None,
            copy: Copy::default(),
            running: Running::default(),
            nodes: None,
            nodes_due: false,
            ended: false,
        }
    }

    /// Who this node's person is, as the hub says.
    fn identified(&mut self, nick: Option<String>, owner: Option<u64>) {
        self.owner = owner;
        self.table.identified(nick, owner);
    }

    /// What an ask has ended with.
    fn answered(&mut self, ask: u64, result: Result<Value, Fault>) {
        match self.asks.remove(&ask) {
            Some(Asking::Answer(answer)) => _ = answer.send(result), // who waits no more needs none
            Some(Asking::Program { answer: Some(answer), end, output }) => {
                let begun = result.is_ok();
                let wanted = answer.send(result).is_ok();
                if begun && wanted {
                    self.asks.insert(ask, Asking::Program { answer: None, end, output });
                }
            }
            Some(other) => _ = self.asks.insert(ask, other),
            None => {}
        }
    }

    /// What an ask watches has ended.
    fn ended(&mut self, ask: u64, reason: Reason) {
        match self.asks.remove(&ask) {
            Some(Asking::End(end)) => _ = end.send(reason),
            Some(Asking::Program { answer, end, output }) => {
                if let Some(end) = end {
                    _ = end.send(reason);
                }
                // What others print for it is still to come.
                self.asks.insert(ask, Asking::Program { answer, end: None, output });
            }
            Some(other) => _ = self.asks.insert(ask, other),
            None => {}
        }
    }

    /// The answer comes by what is given back; its end says that the client was stopped.
    pub(crate) fn ask(&mut self, now: u64, by: Option<Pid>, ask: Ask) -> oneshot::Receiver<Result<Value, Fault>> {
        let (answer, answered) = oneshot::channel();
        if !self.ended {
            let number = self.table.ask(now, by, ask);
            self.asks.insert(number, Asking::Answer(answer));
        }
        answered
    }

    /// Asks to be told of an end, once.
    pub(crate) fn watch(&mut self, now: u64, ask: Ask) -> (u64, oneshot::Receiver<Reason>) {
        let (end, ended) = oneshot::channel();
        let number = if self.ended { 0 } else { self.table.ask(now, None, ask) };
        if !self.ended {
            self.asks.insert(number, Asking::End(end));
        }
        (number, ended)
    }

    /// Asks for a program that prints here.
    pub(crate) fn begin(&mut self, now: u64, ask: Ask) -> Asked {
        let ((answer, answered), (end, ended)) = (oneshot::channel(), oneshot::channel());
        let (lines, output) = mpsc::channel(OUTPUT);
        let number = if self.ended { 0 } else { self.table.ask(now, None, ask) };
        if !self.ended {
            let output = Printing { lines, left_out: 0 };
            self.asks.insert(number, Asking::Program { answer: Some(answer), end: Some(end), output });
        }
        Asked { ask: number, answer: answered, end: ended, output }
    }

    /// Something that nobody answers.
    pub(crate) fn tell(&mut self, now: u64, ask: Ask) {
        if !self.ended {
            self.table.ask(now, None, ask);
        }
    }

    /// Whoever asked wants to hear no more of it.
    pub(crate) fn close(&mut self, now: u64, ask: u64) {
        if self.asks.remove(&ask).is_some() {
            self.table.close(now, ask);
        }
    }

    /// A process for a handler, and where its messages come.
    pub(crate) fn register(&mut self, now: u64, name: &str) -> Result<(Pid, mpsc::Receiver<Letter>), Fault> {
        if self.ended {
            return Err(stopped());
        }
        if RESERVED.contains(&name) {
            return Err(Fault::new(ErrorCode::NotAllowed, format!("No process of one's own may be called {name}.")));
        }
        let pid = self.table.host(now, name, name, AT_ONCE)?;
        let (letters, mailbox) = mpsc::channel(AT_ONCE as usize);
        self.hosts.insert(pid, letters);
        Ok((pid, mailbox))
    }

    /// The handler is done with a message.
    pub(crate) fn done(&mut self, now: u64, pid: Pid) {
        self.table.stepped(now, pid, Stepped::of(Vec::new()));
    }

    pub(crate) fn end_process(&mut self, now: u64, pid: Pid, reason: &Reason) {
        self.table.end(now, pid, reason);
    }

    pub(crate) fn answer(&mut self, now: u64, call: CallRef, result: Result<Value, Fault>) {
        self.table.answer(now, call, result);
    }

    /// The list of nodes, which is to be asked for when it is first wanted.
    pub(crate) fn follow_nodes(&mut self) -> watch::Receiver<Vec<NodeInfo>> {
        self.nodes_due |= self.nodes.is_none() && !self.ended;
        let nodes = self.nodes.get_or_insert_with(|| watch::Sender::new(Vec::new())).subscribe();
        if self.ended {
            self.nodes = None;
        }
        nodes
    }

    /// The client has stopped: whoever waits is told by the end of what they wait on.
    pub(crate) fn end(&mut self) {
        self.ended = true;
        self.asks.clear();
        self.hosts.clear();
        self.nodes = None;
        self.copy.end();
        self.running.end();
    }
}

/// What asks of a client that has stopped end with.
pub(crate) fn stopped() -> Fault {
    Fault::new(ErrorCode::NodeDown, "This node was stopped.")
}
