//! What the clients have heard.

use std::collections::HashMap;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use shared::entry::Entry;
use shared::message::ToHub;
use shared::session::{Delivery, Response};

use crate::statistics::Latencies;

/// What the clients know.
pub(super) struct Ledger {
    /// The newest entry that each has heard.
    pub(super) heard: Vec<u64>,
    /// When each was last told welcome to a session of its own that was taken up.
    pub(super) resumed: Vec<Option<Instant>>,
    /// When each was last told that it had heard everything.
    pub(super) synced: Vec<Option<Instant>>,
    pub(super) online: Vec<bool>,
    /// Welcomes to nodes that the hub did not know.
    pub(super) forgotten: usize,
    /// When each line that was said was given to its session, by its id.
    pub(super) said: HashMap<String, Instant>,
    /// The newest line that was answered.
    pub(super) newest: u64,
    /// Lines that were not answered yet.
    pub(super) unanswered: usize,
    pub(super) latencies: Latencies,
    /// Why connections ended or did not come about, and how often.
    pub(super) ends: HashMap<String, usize>,
}

impl Ledger {
    /// Nobody has heard anything.
    pub(super) fn new(count: usize) -> Self {
        Self {
            heard: vec![0; count],
            resumed: vec![None; count],
            synced: vec![None; count],
            online: vec![false; count],
            forgotten: 0,
            said: HashMap::new(),
            newest: 0,
            unanswered: 0,
            latencies: Latencies::default(),
            ends: HashMap::new(),
        }
    }

    /// # Errors
    /// If a line is missing, or came twice, or the hub refused what it should not.
    pub(super) fn deliver(&mut self, index: usize, delivery: Delivery) -> Result<()> {
        let now = Instant::now();
        match delivery {
            Delivery::Welcomed { welcome, .. } if welcome.resumed => self.resumed[index] = Some(now),
            Delivery::Welcomed { welcome, .. } => {
                self.forgotten += 1;
                self.heard[index] = welcome.seq;
            }
            Delivery::Synced { .. } => self.synced[index] = Some(now),
            Delivery::Heard(Entry::Said(said)) => {
                let last = self.heard[index];
                ensure!(said.seq == last + 1, "client {index} heard line {} after {last}", said.seq);
                self.heard[index] = said.seq;
                if let Some(at) = self.said.get(&said.id) {
                    self.latencies.add(now.saturating_duration_since(*at));
                }
            }
            Delivery::Answered { request: ToHub::Say { .. }, answer } => {
                let answer = answer.map_err(|refusal| anyhow::anyhow!("a line was refused: {}", refusal.message))?;
                let Response::Sent(sent) = answer else { bail!("an odd answer: {answer:?}") };
                self.newest = self.newest.max(sent.seq);
                self.unanswered -= 1;
            }
            Delivery::Answered { request, answer: Err(refusal) } => {
                bail!("client {index} was refused {}: {}", request.id().unwrap_or_default(), refusal.message);
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use shared::entry::Said;

    use super::*;

    fn hear(ledger: &mut Ledger, seq: u64) -> Result<()> {
        let [room, from, id, text] = ["lobby", "ana", "1", "hi"].map(str::to_owned);
        ledger.deliver(0, Delivery::Heard(Entry::Said(Said { seq, at: 5, room, from, id, text, details: None })))
    }

    #[test]
    fn a_line_that_is_missing_or_comes_twice_is_found_out() {
        let mut ledger = Ledger::new(1);
        hear(&mut ledger, 1).expect("due");
        assert!(hear(&mut ledger, 1).is_err());
        assert!(hear(&mut ledger, 3).is_err());
        hear(&mut ledger, 2).expect("due");
    }
}
