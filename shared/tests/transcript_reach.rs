//! However lines, acknowledgements, and the answers that tell of them follow on each other: what is said to have
//! reached a node has, and what has reached it is said so once the answers have come.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod fold;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fold::{Fold, answered, connected_as, page, resumed, room, said, text, welcome};
use proptest::prelude::*;
use shared::entry::Entry;
use shared::message::{Behind, Cursors, State};
use shared::session::{Delivery, Response};
use shared::transcript::Transcript;

#[derive(Clone, Debug)]
enum Step {
    /// Something is said in the lobby, by us or by another.
    Said(bool),
    /// A node acknowledges all there is.
    Acknowledged(usize),
    Came(usize),
    Went(usize),
    /// We ask how far our lines have got.
    Asked,
    /// So many of the frames under way to us arrive.
    Arrive(usize),
    /// The newest page comes, and overtakes them.
    Page,
    /// The connection is lost, and the hub goes on where it was.
    Resumed,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<bool>().prop_map(Step::Said),
        5 => (0..NODES).prop_map(Step::Acknowledged),
        1 => (0..NODES).prop_map(Step::Came),
        1 => (0..NODES).prop_map(Step::Went),
        4 => Just(Step::Asked),
        6 => (1..4usize).prop_map(Step::Arrive),
        1 => Just(Step::Page),
        1 => Just(Step::Resumed),
    ]
}

const NODES: usize = 3;

/// A hub with the lobby alone, and those in it beside us.
struct Lobby {
    log: Vec<bool>,
    /// What each node has acknowledged.
    nodes: BTreeMap<usize, u64>,
    queue: VecDeque<Delivery>,
    fold: Fold,
    /// The nodes that the latest answer is about, and those that were said to be without each line.
    asked_of: VecDeque<BTreeSet<usize>>,
    told_of: BTreeSet<usize>,
    waiting: BTreeMap<u64, BTreeSet<usize>>,
}

impl Lobby {
    fn new() -> Self {
        let mut fold = Fold(Transcript::new());
        fold.take(&welcome(0, false));
        fold.take(&connected_as("dr00", &[]));
        let nodes = (0..NODES).map(|node| (node, 0)).collect();
        Self {
            log: Vec::new(),
            nodes,
            queue: VecDeque::new(),
            fold,
            asked_of: VecDeque::new(),
            told_of: BTreeSet::new(),
            waiting: BTreeMap::new(),
        }
    }

    fn newest(&self) -> u64 {
        self.log.len() as u64
    }

    fn entry(&self, seq: u64) -> Entry {
        said(seq, if self.log[seq as usize - 1] { "dr00" } else { "bob" }, &seq.to_string())
    }

    fn take(&mut self, step: &Step) {
        let newest = self.newest();
        match step {
            Step::Said(mine) => {
                self.log.push(*mine);
                self.queue.push_back(Delivery::Heard(self.entry(newest + 1)));
            }
            Step::Acknowledged(node) => {
                self.nodes.entry(*node).and_modify(|seq| *seq = newest);
            }
            Step::Came(node) => {
                self.nodes.entry(*node).or_insert(newest);
            }
            Step::Went(node) => {
                self.nodes.remove(node);
            }
            Step::Asked => {
                let behind = |(node, seq): (&usize, &u64)| Behind {
                    node: format!("{node}@den"),
                    nick: node.to_string(),
                    seq: *seq,
                    state: State::Online,
                    since: 0,
                };
                let mut behind: Vec<Behind> = self.nodes.iter().filter(|(_, seq)| **seq < newest).map(behind).collect();
                behind.sort_by_key(|node| node.seq);
                let cursors = Cursors { nodes: self.nodes.len() as u32 + 1, behind };
                self.queue.push_back(answered(room("lobby").cursors(text("c")), Response::Cursors(cursors)));
                self.asked_of.push_back(self.nodes.keys().copied().collect());
            }
            Step::Arrive(frames) => {
                for delivery in self.queue.drain(..self.queue.len().min(*frames)) {
                    self.fold.take(&delivery);
                    if !matches!(delivery, Delivery::Heard(_)) {
                        self.told_of = self.asked_of.pop_front().unwrap();
                    }
                }
            }
            Step::Page => {
                let entries: Vec<Entry> =
                    (newest.saturating_sub(2).max(1)..=newest).map(|seq| self.entry(seq)).collect();
                self.fold.take(&page(&room("lobby"), None, None, entries, newest > 3));
            }
            Step::Resumed => {
                self.fold.take(&Delivery::Lost);
                self.fold.take(&resumed(newest, &["lobby"]));
                self.queue.retain(|delivery| matches!(delivery, Delivery::Heard(_)));
                self.queue.push_back(Delivery::Synced { seq: newest });
                self.asked_of.clear();
                self.asked_of.push_back(self.told_of.clone());
            }
        }
    }

    /// Own lines that came.
    fn mine(&self) -> Vec<u64> {
        self.fold.lobby().lines().filter(|line| line.from() == "dr00").map(|line| line.seq()).collect()
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        for seq in self.mine() {
            let Some(reach) = self.fold.lobby().reach(seq) else {
                prop_assert!(!self.waiting.contains_key(&seq), "of {} more was known before", seq);
                continue;
            };
            prop_assert_eq!(reach.reached as usize + reach.waiting.len(), reach.nodes as usize);
            let waiting: BTreeSet<usize> = reach.waiting.iter().map(|node| node.nick.parse().unwrap()).collect();
            for node in &self.told_of {
                let has = self.nodes.get(node).is_none_or(|acknowledged| *acknowledged >= seq);
                prop_assert!(has || waiting.contains(node), "{} has not reached {}", seq, node);
            }
            if let Some(before) = self.waiting.insert(seq, waiting.clone()) {
                prop_assert!(waiting.is_subset(&before), "{} of {:?} has lost {:?}", seq, before, waiting);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_to_have_reached_a_node_has(steps in prop::collection::vec(step(), 0..80)) {
        let mut lobby = Lobby::new();
        for step in &steps {
            lobby.take(step);
            lobby.check()?;
        }
        // Once all has come, the answer to one more question tells all.
        lobby.take(&Step::Arrive(usize::MAX));
        lobby.take(&Step::Asked);
        lobby.take(&Step::Arrive(usize::MAX));
        lobby.check()?;
        let nodes = lobby.nodes.len() as u32 + 1;
        for seq in lobby.mine() {
            let without: Vec<String> =
                lobby.nodes.iter().filter(|(_, acknowledged)| **acknowledged < seq).map(|(node, _)| node.to_string()).collect();
            let reach = lobby.fold.lobby().reach(seq).unwrap();
            let mut waiting: Vec<&str> = reach.waiting.iter().map(|node| node.nick.as_str()).collect();
            waiting.sort_unstable();
            prop_assert_eq!(&waiting, &without);
            prop_assert!(reach.all() || reach.nodes == nodes);
        }
        let newest = lobby.mine().last().copied();
        let reached_all = newest.is_none_or(|seq| lobby.nodes.values().all(|acknowledged| *acknowledged >= seq));
        prop_assert_eq!(lobby.fold.lobby().unreached(), newest.filter(|_| !reached_all));
    }
}
