//! The hub as a node among others: its processes, what it answers out of the store, and the programs that its operator
//! lets people run on it.
//!
//! One task holds the table. To the message server it is a node like any other; what it says goes through its inbox,
//! what it hears comes by a queue of its own.

mod engine;
mod store;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use shared::map_server::Waiting;
use shared::message::{ErrorCode, Json, Outgoing, Why};
use shared::node::{HUB, NodeError, NodeName};
use shared::process::table::{Ask, Bounds, Effect, MAP_SERVER, MESSAGE_SERVER, Table};
use shared::process::{Creation, Fault, Look, Pid, Spawn, Step, Stepped};
use tokio::time::{Instant, sleep, sleep_until};

use self::engine::Engine;
use crate::clock;
use crate::config::Programs;
use crate::message_server::{Ear, Handle, Heard, Stored, Voice};

/// Messages that [`MAP_SERVER`] and [`MESSAGE_SERVER`] have at a time: they are done with each at once.
const AT_ONCE: u32 = 1;

/// Programs that look at the nodes again and again cost the message server a list so often: nobody sees the difference.
const NODES_EVERY: Duration = Duration::from_millis(250);

/// How soon a thread that was full is tried again, where nothing else happens before.
const GIVE_AGAIN: Duration = Duration::from_millis(10);

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
    /// The names of all nodes, and when the message server told them.
    names: Option<(Instant, Value)>,
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
    let mut table = Table::new(name.clone(), Creation::new(rand::random()), Bounds::HUB);
    let now = clock::steady();
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
        names: None,
    };
    tokio::spawn(node.run(ear));
    Ok(())
}

impl Node {
    async fn run(mut self, mut ear: Ear) {
        let stored = self.stored.clone();
        loop {
            self.settle().await;
            let (alarm, gives_again) = (self.alarm(), self.engine.gives_again());
            tokio::select! {
                heard = ear.hear() => match heard {
                    Some(heard) => self.hear(heard),
                    None => return,
                },
                said = self.engine.said() => {
                    if let Some(said) = said {
                        Engine::take(clock::steady(), &mut self.table, said);
                    }
                }
                changed = stored.changed() => self.store_changed(changed),
                // What the threads had no room for is tried again as the loop goes round.
                () = sleep(GIVE_AGAIN), if gives_again => {}
                () = sleep_until(alarm.unwrap_or_else(Instant::now)), if alarm.is_some() => self.table.tick(clock::steady()),
            }
        }
    }

    /// The names of all nodes, as of a moment ago.
    async fn nodes(&mut self) -> Value {
        if let Some((asked, names)) = &self.names
            && asked.elapsed() < NODES_EVERY
        {
            return names.clone();
        }
        let names = Value::from(self.voice.nodes().await);
        self.names = Some((Instant::now(), names.clone()));
        names
    }

    fn alarm(&self) -> Option<Instant> {
        let until = self.table.wake_at()?.saturating_sub(clock::steady());
        Some(Instant::now() + Duration::from_millis(until))
    }

    fn hear(&mut self, heard: Heard) {
        let now = clock::steady();
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
            self.table.down(clock::steady(), &node, why);
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
                        // Too much is under way here: that says nothing about the other.
                        let busy = result.as_ref().is_err_and(|fault| fault.code == ErrorCode::Busy);
                        self.voice.pinged(token, (!busy).then_some(result.is_ok())).await;
                    }
                }
                Effect::Look { pid, look: Look::Nodes } => {
                    let names = self.nodes().await;
                    self.table.looked(clock::steady(), pid, names);
                }
                effect => self.carry_out(effect),
            }
        }
        self.engine.give();
    }

    fn carry_out(&mut self, effect: Effect) {
        let now = clock::steady();
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
