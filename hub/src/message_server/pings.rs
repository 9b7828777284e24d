//! Pings, and those that wait for the sockets they were sent to.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use shared::message::{Answer as Sign, Pinged};
use tokio::time::Instant;

use super::MessageServer;
use super::hub_node::Heard;
use crate::outbox::{Answer, Parcel};
use crate::registry::NodeKey;

/// How long a node has to answer before it is `pang`. A phone's radio wakes within two.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pings under way at a time; more are `pang` at once.
const MAX_PINGS: usize = 1_024;

/// A ping under way.
#[derive(Debug)]
pub(super) struct Ping {
    pub(super) asker: NodeKey,
    /// The asker's request.
    pub(super) id: String,
    target: NodeKey,
    pub(super) started: Instant,
}

/// Pings by their token; tokens grow, so the oldest come first.
#[derive(Debug, Default)]
pub(super) struct Pings {
    under_way: BTreeMap<u64, Ping>,
    last: u64,
}

impl Pings {
    /// The token to send, or none when too many are under way.
    pub(super) fn start(&mut self, asker: NodeKey, id: String, target: NodeKey, now: Instant) -> Option<u64> {
        if self.under_way.len() >= MAX_PINGS {
            return None;
        }
        self.last += 1;
        self.under_way.insert(self.last, Ping { asker, id, target, started: now });
        Some(self.last)
    }

    /// Who is asked with that token.
    fn target(&self, token: u64) -> Option<NodeKey> {
        self.under_way.get(&token).map(|ping| ping.target)
    }

    /// The ping of that token, whoever answered.
    fn take_any(&mut self, token: u64) -> Option<Ping> {
        self.under_way.remove(&token)
    }

    /// The ping that a node answered; a token that was not sent to it finds none.
    pub(super) fn take(&mut self, token: u64, node: NodeKey) -> Option<Ping> {
        self.under_way.get(&token).filter(|ping| ping.target == node)?;
        self.under_way.remove(&token)
    }

    /// When the oldest runs out.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.under_way.values().next().map(|ping| ping.started + PATIENCE)
    }

    /// Those that ran out.
    pub(super) fn take_expired(&mut self, now: Instant) -> Vec<Ping> {
        let mut expired = Vec::new();
        while let Some(oldest) = self.under_way.first_entry()
            && oldest.get().started + PATIENCE <= now
        {
            expired.push(oldest.remove());
        }
        expired
    }

    /// Those that a node will not answer any more.
    pub(super) fn take_of(&mut self, node: NodeKey) -> Vec<Ping> {
        let tokens: Vec<u64> =
            self.under_way.iter().filter(|(_, ping)| ping.target == node).map(|(token, _)| *token).collect();
        tokens.into_iter().filter_map(|token| self.under_way.remove(&token)).collect()
    }
}

impl MessageServer {
    /// What is known at once; otherwise the node itself is asked. Where it has processes they answer, as far as the hub's
    /// own do: a browser's socket answers also while its page hangs.
    pub(super) fn ping(&mut self, asker: NodeKey, id: &str, target: &str) -> Option<Pinged> {
        if self.registry.is_hub(target) {
            return Some(Pinged { answer: Sign::Pong, ms: 0 });
        }
        let connected = |target: &NodeKey| self.registry.is_connected(*target);
        let probe = self.registry.find_node(target).filter(connected).and_then(|target| {
            let token = self.pings.start(asker, id.to_owned(), target, Instant::now())?;
            Some((target, token))
        });
        match probe {
            Some((node, token)) => {
                self.probe(node, token);
                None
            }
            None => Some(Pinged { answer: Sign::Pang, ms: 0 }),
        }
    }

    fn probe(&self, node: NodeKey, token: u64) {
        let own = self.registry.has_processes(node).then(|| self.hub.line()).flatten();
        let name = self.registry.node_name(node).and_then(|name| name.parse().ok());
        if let (Some(line), Some(node)) = (own, name) {
            line.push(Heard::Ping { token, node });
        } else {
            self.probe_socket(node, token);
        }
    }

    fn probe_socket(&self, node: NodeKey, token: u64) {
        if let Some(desk) = self.desks.get(node) {
            desk.push(Parcel::Probe(token));
        }
    }

    /// The hub's own node has asked, and knows; where it could not ask, the socket says what it can.
    pub(super) fn pinged(&mut self, token: u64, alive: Option<bool>) {
        let Some(alive) = alive else {
            if let Some(target) = self.pings.target(token) {
                self.probe_socket(target, token);
            }
            return;
        };
        if let Some(ping) = self.pings.take_any(token) {
            self.answer_ping(ping, if alive { Sign::Pong } else { Sign::Pang }, Instant::now());
        }
    }

    pub(super) fn alive(&mut self, node: NodeKey, token: u64) {
        let now = Instant::now();
        if let Some(ping) = self.pings.take(token, node) {
            self.answer_ping(ping, Sign::Pong, now);
        }
    }

    pub(super) fn answer_ping(&self, ping: Ping, answer: Sign, now: Instant) {
        let ms = u64::try_from(now.duration_since(ping.started).as_millis()).unwrap_or(u64::MAX);
        self.reply(ping.asker, ping.id, Ok(Answer::Pinged(Pinged { answer, ms })));
    }
}
