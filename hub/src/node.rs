//! The hub as a node among others: its processes, what it answers out of the store, and the programs that its operator
//! lets people run on it.
//!
//! One task holds the table. To the message server it is a node like any other; what it says goes through its inbox,
//! what it hears comes by a queue of its own.

mod engine;
mod store;

use std::collections::HashMap;

use shared::map_server::Waiting;
use shared::message::{ErrorCode, Json, Outgoing, Why};
use shared::node::{HUB, NodeError, NodeName};
use shared::process::table::{Ask, Bounds, Effect, MAP_SERVER, MESSAGE_SERVER, Table};
use shared::process::{Creation, Fault, Look, Pid, Spawn, Step, Stepped};
use tokio::time::{Instant, sleep_until};

use self::engine::Engine;
use crate::clock;
use crate::config::Programs;
use crate::message_server::{Ear, Handle, Heard, Stored, Voice};

/// Messages that [`MAP_SERVER`] and [`MESSAGE_SERVER`] have at a time: they are done with each at once.
const AT_ONCE: u32 = 1;

/// The processes of the hub.
struct Node {
    table: Table,
    voice: Voice,
    stored: Stored,
    programs: Programs,
    engine: Engine,
    map_server: Option<Pid>,
    /// Calls that wait for a version of a key.
    waiting: Waiting,
    /// What the table was asked about nodes that somebody pings, with the message server's number of it.
    pings: HashMap<u64, u64>,
}

/// Makes the hub a node with processes, for as long as the message server runs. `host` stands behind the `@` of its name.
///
/// # Errors
/// If that is none.
pub(crate) async fn start(server: &Handle, host: &str, programs: Programs) -> Result<(), NodeError> {
    let name = NodeName::new(HUB, host)?;
    if programs == Programs::All {
        tracing::warn!("whoever knows the cookie may run programs here, within their bounds (--programs all)");
    }
    let mut table = Table::new(name.clone(), Creation::new(rand::random()), Bounds::NATIVE);
    let now = clock::now();
    table.connected(now, name);
    // Valid names, which nobody has. The requests that `message_server` takes come by another way: here it is listed,
    // found and watched.
    let _ = table.host(now, MESSAGE_SERVER, MESSAGE_SERVER, AT_ONCE);
    let map_server = table.host(now, MAP_SERVER, MAP_SERVER, AT_ONCE).ok();
    let (voice, ear) = server.hub_node().await;
    let node = Node {
        table,
        voice,
        stored: server.stored().clone(),
        programs,
        engine: Engine::default(),
        map_server,
        waiting: Waiting::default(),
        pings: HashMap::new(),
    };
    tokio::spawn(node.run(ear));
    Ok(())
}

impl Node {
    async fn run(mut self, mut ear: Ear) {
        let mut changes = self.stored.changes();
        loop {
            self.settle().await;
            let alarm = self.alarm();
            tokio::select! {
                heard = ear.hear() => match heard {
                    Some(heard) => self.hear(heard),
                    None => return,
                },
                said = self.engine.said() => {
                    if let Some(said) = said {
                        Engine::take(clock::now(), &mut self.table, said);
                    }
                }
                changed = changes.recv() => self.store_changed(changed),
                () = sleep_until(alarm.unwrap_or_else(Instant::now)), if alarm.is_some() => self.table.tick(clock::now()),
            }
        }
    }

    fn alarm(&self) -> Option<Instant> {
        let until = self.table.wake_at()?.saturating_sub(clock::now());
        Some(Instant::now() + std::time::Duration::from_millis(until))
    }

    fn hear(&mut self, heard: Heard) {
        let now = clock::now();
        match heard {
            Heard::Signal(mail) => self.table.heard(now, &mail.sender.origin, mail.payload.value()),
            Heard::Unreachable(unreachable) => self.lost(&unreachable.node, unreachable.why),
            Heard::Down(down) => self.lost(&down.node, down.why),
            Heard::Ping { token, node } => {
                let ask = self.table.ask(now, None, Ask::Ping { node });
                self.pings.insert(ask, token);
            }
        }
    }

    fn lost(&mut self, node: &str, why: Why) {
        if let Ok(node) = NodeName::wished(node) {
            self.table.down(clock::now(), &node, why);
        }
    }

    /// Does what the table wants done, until there is nothing left.
    async fn settle(&mut self) {
        while let Some(effect) = self.table.effect() {
            match effect {
                Effect::Signal { to, first, signal } => {
                    let signal = Json::raw(&signal.to_text());
                    self.voice.signal(Outgoing { to: to.to_string(), first, signal }).await;
                }
                Effect::Answered { ask, result } => {
                    // Nothing else was asked.
                    if let Some(token) = self.pings.remove(&ask) {
                        self.voice.pinged(token, result.is_ok()).await;
                    }
                }
                Effect::Look { pid, look: Look::Nodes } => {
                    let names = self.voice.nodes().await.into();
                    self.table.looked(clock::now(), pid, names);
                }
                effect => self.carry_out(effect),
            }
        }
        self.engine.give();
    }

    fn carry_out(&mut self, effect: Effect) {
        let now = clock::now();
        match effect {
            Effect::Step { pid, scene, step } => {
                if let Err(reason) = self.engine.step(pid, scene, step) {
                    self.table.crashed(now, &[pid], &reason);
                }
            }
            Effect::Forget { pid } => self.engine.forget(pid),
            Effect::Host { pid, step } => {
                if let Step::Handle(letter) = step {
                    if self.map_server == Some(pid) {
                        self.ask_map_server(&letter);
                    } else if let Some(call) = letter.call {
                        let words = "Say it as a request of its own `type`.";
                        self.table.answer(now, call, Err(Fault::new(ErrorCode::BadMessage, words)));
                    }
                }
                self.table.stepped(now, pid, Stepped::of(Vec::new()));
            }
            Effect::Look { pid, look } => {
                let value = self.look(&look);
                self.table.looked(now, pid, value);
            }
            Effect::Consent { ask, spawn, .. } => {
                let given = self.may_run(&spawn);
                self.table.consent(now, ask, given);
            }
            // Every program here is somebody else's, and the hub has nothing to say or to write for itself.
            Effect::Request { r#ref, .. } | Effect::Store { r#ref, .. } => {
                let words = "The hub says and writes nothing for a program.";
                self.table.answered(now, r#ref, Err(Fault::new(ErrorCode::NotAllowed, words)));
            }
            // Those were carried out before, the questions were answered at once, and the hub watches nobody.
            Effect::Signal { .. }
            | Effect::Answered { .. }
            | Effect::Printed { .. }
            | Effect::Ended { .. }
            | Effect::Withdrawn { .. } => {}
        }
    }

    /// Whether the operator lets this run.
    fn may_run(&self, spawn: &Spawn) -> Result<(), Fault> {
        let what = match self.programs {
            Programs::All => return Ok(()),
            Programs::Examples if ::engine::examples::is_example(&spawn.source) => return Ok(()),
            Programs::Examples => "only the programs that come with it",
            Programs::None => "no programs",
        };
        let words = format!("This hub runs {what}: whoever started it can change that (--programs).");
        Err(Fault::new(ErrorCode::NotAllowed, words))
    }
}
