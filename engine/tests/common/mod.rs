//! One engine, whose world is played by the test.

#![allow(dead_code, reason = "each test uses some of it")]

use std::time::Instant;

use engine::Engine;
use engine::message::ToEngine;
use serde_json::Value;
use shared::node::NodeName;
use shared::process::{
    Act, Address, Brought, CallRef, Creation, Letter, Pid, Reason, Scene, Spawn, Step, Stepped, Then,
};

/// When all of it happens, in milliseconds since 1970 UTC.
pub(crate) const NOW: u64 = 1_795_176_000_000;

pub(crate) struct World {
    pub(crate) engine: Engine,
    next: u64,
}

pub(crate) fn clock() -> u64 {
    thread_local!(static BEGAN: Instant = Instant::now());
    BEGAN.with(|began| began.elapsed().as_micros() as u64)
}

pub(crate) fn node(name: &str) -> NodeName {
    name.parse().expect("a node's name")
}

pub(crate) fn here() -> NodeName {
    node("tab-1@den.local")
}

pub(crate) fn pid(number: u64) -> Pid {
    Pid::new(Creation::new(7), number)
}

/// A process of another node.
pub(crate) fn bob() -> Address {
    Address::of(pid(3), node("tab-2@den.local"))
}

pub(crate) fn scene(pid: Pid) -> Scene {
    Scene { pid, node: here(), now: NOW, seed: 17, own: true }
}

pub(crate) fn program(source: &str, args: Vec<Value>) -> Spawn {
    Spawn { program: "test".to_owned(), source: source.into(), args, ..Spawn::default() }
}

impl World {
    pub(crate) fn new() -> Self {
        Self { engine: Engine::new(clock), next: 0 }
    }

    /// Begins a process.
    pub(crate) fn begins(&mut self, source: &str, args: Vec<Value>) -> (Pid, Stepped) {
        self.next += 1;
        let pid = pid(self.next);
        (pid, self.engine.step(pid, scene(pid), Step::Init(program(source, args))))
    }

    /// A message for it.
    pub(crate) fn sends(&mut self, pid: Pid, message: Value) -> Stepped {
        self.handles(pid, None, message)
    }

    /// A call of it.
    pub(crate) fn calls(&mut self, pid: Pid, call: u64, message: Value) -> Stepped {
        self.handles(pid, Some(CallRef(call)), message)
    }

    fn handles(&mut self, pid: Pid, call: Option<CallRef>, message: Value) -> Stepped {
        let letter = Letter { from: bob(), nick: None, owner: None, call, message };
        self.engine.step(pid, scene(pid), Step::Handle(letter))
    }

    /// What it waited for is here, `ms` after [`NOW`].
    pub(crate) fn brings(&mut self, pid: Pid, ms: u64, with: Brought) -> Stepped {
        self.engine.step(pid, scene(pid), Step::Resume { now: NOW + ms, with })
    }

    /// What `main` of this body returns, which waits for nothing.
    pub(crate) fn value(&mut self, body: &str) -> Value {
        match self.main(body).then {
            Then::Return(value) => value,
            other => panic!("{body}: {other:?}"),
        }
    }

    /// Why `main` of this body ends.
    pub(crate) fn end(&mut self, body: &str) -> Reason {
        match self.main(body).then {
            Then::Exit(reason) => reason,
            other => panic!("{body}: {other:?}"),
        }
    }

    pub(crate) fn main(&mut self, body: &str) -> Stepped {
        self.begins(&format!("fn main(args) {{\n{body}\n}}"), Vec::new()).1
    }

    /// A line of the prompt.
    pub(crate) fn line(&mut self, line: &str) -> (Pid, Stepped) {
        let next = pid(self.next + 1);
        assert_eq!(self.engine.take(ToEngine::Prompt { pid: next }), None);
        self.begins(line, Vec::new())
    }
}

/// What was printed, a line each.
pub(crate) fn printed(stepped: &Stepped) -> Vec<&str> {
    let lines =
        stepped.acts.iter().filter_map(|act| if let Act::Print { text } = act { Some(text.as_str()) } else { None });
    lines.collect()
}
