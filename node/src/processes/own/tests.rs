#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

use serde_json::{Value, json};
use shared::message::ErrorCode;
use shared::process::table::Ask;
use shared::process::{Address, Fault, Letter, Pid, Reason};
use shared::session::{Effect, Session, Settings};
use tokio::sync::{mpsc, oneshot};

use crate::client::Core;
use crate::processes::Processes;

/// A node without a hub: the test is that.
struct World {
    core: Core,
    now: u64,
    socket: u32,
    /// Ids of the pages of the store that were asked for.
    pages: Vec<String>,
    /// What was said to other nodes.
    signals: Vec<Value>,
}

type Answer = oneshot::Receiver<Result<Value, Fault>>;

impl World {
    fn new() -> Self {
        let session = Session::new(Settings { processes: true, ..Settings::default() });
        let core = Core::new(session, Processes::new(Some("ana")));
        let mut world = Self { core, now: 1_000_000, socket: 0, pages: Vec::new(), signals: Vec::new() };
        world.core.session.start(world.now);
        world.drive();
        world
    }

    fn drive(&mut self) {
        while let Some(effect) = self.core.session.effect() {
            match effect {
                Effect::Open { socket } => self.socket = socket,
                Effect::Send { frame, .. } => {
                    let frame: Value = serde_json::from_str(&frame).unwrap();
                    match frame["type"].as_str().unwrap() {
                        "store" => self.pages.push(frame["id"].as_str().unwrap().to_owned()),
                        "signal" => self.signals.push(frame["signal"].clone()),
                        _ => {}
                    }
                }
                Effect::Deliver(delivery) => {
                    self.core.deliver(self.now, delivery);
                    self.core.settle(self.now);
                }
                Effect::Close { .. } | Effect::Phase(_) => {}
            }
        }
    }

    fn hears(&mut self, frame: &Value) {
        self.core.session.received(self.now, self.socket, &frame.to_string());
        self.drive();
    }

    /// Comes in, or back; `seq` is the end of the hub's log.
    fn is_welcome(&mut self, resumed: bool, seq: u64) {
        self.core.session.opened(self.now, self.socket);
        self.hears(&json!({
            "type": "welcome", "version": 1, "hub": "hub@den", "node": "ana@den", "session": "s", "epoch": "e",
            "seq": seq, "resumed": resumed,
        }));
    }

    fn loses_the_hub(&mut self) {
        self.core.session.closed(self.now, self.socket, 1006, "");
        self.drive();
    }

    fn comes_back(&mut self, seq: u64) {
        self.now = self.core.session.wake_at().unwrap();
        self.core.session.tick(self.now);
        self.drive();
        self.is_welcome(true, seq);
    }

    /// The page that was asked for last: one key.
    fn gets_a_page(&mut self, key: &str, version: u64, more: bool) {
        let pairs = json!([{ "key": key, "value": version, "version": version }]);
        let id = self.pages.last().expect("one was asked for").clone();
        self.hears(&json!({ "type": "reply", "id": id, "ok": { "seq": 9, "pairs": pairs, "more": more } }));
    }

    /// A process of this node asks its `map_server`.
    fn asks(&mut self, message: Value) -> Answer {
        let to: Address = format!("map_server@@{}", self.core.processes.table.name()).parse().unwrap();
        let answer = self.core.processes.ask(self.now, None, Ask::Call { to, message, within: 60_000 });
        self.settles();
        answer
    }

    fn settles(&mut self) {
        self.core.settle(self.now);
        self.drive();
    }
}

fn answer(answer: &mut Answer) -> Option<Value> {
    answer.try_recv().ok().map(|answer| answer.expect("it is no fault"))
}

#[test]
fn a_part_of_the_store_is_not_read_as_the_whole_when_the_hub_is_lost() {
    let mut world = World::new();
    world.is_welcome(false, 9);
    let mut asked = world.asks(json!({ "get": "z" }));
    let mut waits = world.asks(json!({ "wait": "z", "version": 8 }));
    world.gets_a_page("a", 7, true);
    assert_eq!((answer(&mut asked), answer(&mut waits)), (None, None));
    world.loses_the_hub();
    assert_eq!((answer(&mut asked), answer(&mut waits)), (None, None), "as if there were none");
    world.comes_back(9);
    world.hears(&json!({ "type": "synced", "seq": 9 }));
    assert_eq!(answer(&mut asked), None);
    world.gets_a_page("z", 8, false);
    assert_eq!(answer(&mut asked), Some(json!({ "value": 8, "version": 8 })));
    assert_eq!(answer(&mut waits), Some(json!({ "version": 8 })));
}

#[test]
fn who_comes_back_reads_nothing_of_before_once_the_hub_is_there() {
    let mut world = World::new();
    world.is_welcome(false, 9);
    let mut first = world.asks(json!({ "get": "z" }));
    world.gets_a_page("a", 7, false);
    assert_eq!(answer(&mut first), Some(json!({ "version": 0 })));
    world.loses_the_hub();
    let mut away = world.asks(json!({ "get": "a" }));
    assert_eq!(answer(&mut away), Some(json!({ "value": 7, "version": 7 })), "it is read without a hub");
    world.comes_back(12);
    let mut asked = world.asks(json!({ "get": "z" }));
    assert_eq!(answer(&mut asked), None, "it was put meanwhile, and is on its way");
    world.hears(&json!({ "type": "put", "seq": 12, "at": 1, "from": "bob", "id": "b", "key": "z", "value": 5 }));
    world.hears(&json!({ "type": "synced", "seq": 12 }));
    assert_eq!(answer(&mut asked), Some(json!({ "value": 5, "version": 12 })));
}

/// A mailbox, linked to a process of another node; and what it is told of that process's end.
fn linked() -> (World, Mailbox, Address, Value) {
    let mut world = World::new();
    world.is_welcome(false, 9);
    let (pid, letters) = world.core.processes.register(world.now, "calc").unwrap();
    let other: Address = "aaab.7@@bob@den".parse().unwrap();
    let mut linked = world.core.processes.ask(world.now, Some(pid), Ask::Link { to: other.clone() });
    world.settles();
    assert_eq!(linked.try_recv().unwrap(), Ok(Value::Null));
    let signal = json!({ "type": "exit", "from": "aaab.7", "to": pid.to_string(), "reason": { "code": "error", "message": "x" } });
    let exit = json!({ "type": "signal", "from": "bob@den", "nick": null, "owner": null, "signal": signal });
    (world, Mailbox { pid, letters }, other, exit)
}

struct Mailbox {
    pid: Pid,
    letters: mpsc::Receiver<Letter>,
}

#[test]
fn a_mailbox_ends_with_whom_it_is_linked_to() {
    let (mut world, mut mailbox, other, exit) = linked();
    let link = json!({ "type": "link", "from": mailbox.pid.to_string(), "to": other.pid().unwrap().to_string() });
    assert_eq!(world.signals, [link]);
    world.hears(&exit);
    assert_eq!(mailbox.letters.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
}

#[test]
fn and_the_other_with_it_unless_that_was_taken_back() {
    let (mut world, mailbox, ..) = linked();
    world.core.processes.end_process(world.now, mailbox.pid, &Reason::error("The handler panicked."));
    world.settles();
    assert_eq!(world.signals.last().unwrap()["type"], "exit");

    let (mut world, mut mailbox, other, exit) = linked();
    let unlinked = world.core.processes.ask(world.now, Some(mailbox.pid), Ask::Unlink { to: other });
    world.settles();
    drop(unlinked);
    world.hears(&exit);
    assert_eq!(mailbox.letters.try_recv(), Err(mpsc::error::TryRecvError::Empty));
}

#[test]
fn a_link_goes_to_a_pid() {
    let (mut world, mailbox, ..) = linked();
    let to: Address = "pong@@bob@den".parse().unwrap();
    let mut linked = world.core.processes.ask(world.now, Some(mailbox.pid), Ask::Link { to });
    world.settles();
    assert_eq!(linked.try_recv().unwrap().unwrap_err().code, ErrorCode::BadMessage);
}
