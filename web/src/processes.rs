//! This tab's processes, as every visit has them: a ping is answered here, everything else by the chunk that holds the
//! table of processes, the copy of the store and the console. It is fetched when somebody first wants any of it, and what
//! comes meanwhile waits.
//!
//! | module | what it holds |
//! |---|---|
//! | [`host`] | the table of this tab's processes, and what carries out what it wants |
//! | [`answering`] | what processes ask of this tab: the store, the chat, its person's leave |
//! | [`asking`] | what the person asks at the console |
//! | [`engine_worker`] | the Worker in which programs run |
//! | [`store_kept`] | the copy of the store, kept by the browser |
//! | [`consent`], [`own`] | pure: who may run programs here; the person's own |

pub(crate) mod answering;
pub(crate) mod asking;
pub(crate) mod consent;
pub(crate) mod engine_worker;
pub(crate) mod host;
pub(crate) mod own;
pub(crate) mod store_kept;

use serde_json::Value;
use shared::session::{Delivery, Response};

use self::host::Host;
use crate::clock;
use crate::node::Node;
use crate::state::*;

/// What waits for the chunk: as much as one node sends without being told that anything was taken.
const MAX_WAITING: usize = 256;

/// What there is of processes before they are here.
pub(crate) struct Processes {
    /// The console is in the place of the talk.
    pub(crate) open: Signal<bool>,
    pub(crate) host: Signal<Option<&'static Host>>,
    /// Whose this tab is, by the number that the log gives to nobody else.
    pub(crate) owner: Signal<Option<u64>>,
    waiting: Signal<Vec<Delivery>>,
    /// Nodes that were answered on this connection before there was a table, which would open the way to them once more.
    /// No more than there are ties.
    opened: Signal<Vec<String>>,
    /// What lives as long as the page belongs to it, whoever is the first to want it.
    root: Option<Owner>,
}

impl Processes {
    pub(crate) fn new() -> Self {
        Self {
            open: Signal::new(false),
            host: Signal::new(None),
            owner: Signal::new(None),
            waiting: Signal::new(Vec::new()),
            opened: Signal::new(Vec::new()),
            root: Owner::current(),
        }
    }

    /// No tie is left.
    pub(crate) fn cut_off(&self) {
        self.opened.quietly(Vec::clear);
        self.take_waiting();
    }

    /// The way to that node is not open any more, or its opening is somebody else's from now on; whether it was.
    pub(crate) fn closes(&self, node: &str) -> bool {
        self.opened.quietly(|opened| {
            let at = opened.iter().position(|known| known == node);
            at.map(|at| opened.swap_remove(at)).is_some()
        })
    }

    /// What has come before there was somebody to take it.
    pub(crate) fn take_waiting(&self) -> Vec<Delivery> {
        self.waiting.quietly(std::mem::take)
    }
}

impl Node {
    /// Gives back what is for others than processes.
    pub(crate) fn signalled(self, delivery: Delivery) -> Option<Delivery> {
        if let Some(processes) = self.processes_at_hand() {
            return (processes.delivered)(self, delivery);
        }
        match &delivery {
            Delivery::Signal(signal) => {
                let text = |name| signal.signal.get(name);
                if text("type").and_then(Value::as_str) == Some("ping") {
                    let number = text("ref").and_then(Value::as_u64).unwrap_or_default();
                    let pong = ["{\"type\":\"pong\",\"ref\":", &number.to_string(), "}"].concat();
                    let first = !self.processes.closes(&signal.from);
                    self.processes.opened.quietly(|opened| opened.push(signal.from.clone()));
                    // Where there is no connection any more nobody waits for it.
                    self.session(|session, _| {
                        let _ = session.signal(&signal.from, first, &pong);
                    });
                    return None;
                }
            }
            Delivery::Unreachable(_) => {}
            Delivery::Down(down) => {
                self.processes.closes(&down.node);
            }
            Delivery::Lost => {
                self.processes.cut_off();
                return Some(delivery);
            }
            Delivery::Welcomed { welcome, .. } => {
                self.processes.owner.set(welcome.owner);
                return Some(delivery);
            }
            Delivery::Answered { answer: Ok(Response::Connected(connected)), .. } => {
                self.processes.owner.set(Some(connected.owner));
                return Some(delivery);
            }
            _ => return Some(delivery),
        }
        let full = self.processes.waiting.quietly(|waiting| {
            waiting.push(delivery);
            waiting.len() > MAX_WAITING
        });
        if full {
            // Whoever sends learns of it by the end of the connection, and nothing is lost in the middle.
            self.session(|session, _| session.offline(clock::now()));
            self.session(|session, _| session.online(clock::now()));
        }
        self.fetch_processes();
        None
    }

    /// Shows the console, in the place of the talk.
    pub(crate) fn open_console(self) {
        self.leave_trace();
        self.processes.open.change(true);
        self.tell_address(None, false);
    }
}
