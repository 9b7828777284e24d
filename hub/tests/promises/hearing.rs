//! Whoever joins and leaves whenever: every node hears exactly the lines of the rooms it is in, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::support::{TestHub, TestNode};
use proptest::prelude::*;
use shared::message::ToNode;

const ROOMS: [&str; 4] = ["lobby", "garden", "attic", "cellar"];

/// One thing that one node does.
#[derive(Clone, Debug)]
enum Act {
    Join(usize),
    Leave(usize),
    Say(usize),
    /// Goes, and comes back as a new node of its nick.
    Reconnect,
}

fn act() -> impl Strategy<Value = Act> {
    let room = 0..ROOMS.len();
    prop_oneof![
        3 => room.clone().prop_map(Act::Join),
        2 => room.clone().prop_map(Act::Leave),
        8 => room.prop_map(Act::Say),
        1 => Just(Act::Reconnect),
    ]
}

fn on_a_runtime<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 50, failure_persistence: None, ..ProptestConfig::default() })]

    /// One after the other, so that it is certain who hears what.
    #[test]
    fn each_hears_exactly_the_lines_of_its_rooms(script in proptest::collection::vec((0..4usize, act()), 1..60)) {
        on_a_runtime(play(&script));
    }
}

async fn play(script: &[(usize, Act)]) {
    let hub = TestHub::start_unlimited().await;
    let mut nodes = Vec::new();
    for n in 0..4 {
        nodes.push(Expecting::new(hub.guest(&format!("node{n}")).await));
    }
    for (n, act) in script {
        match act {
            Act::Join(room) => {
                nodes[*n].node.joins(ROOMS[*room]).await;
                nodes[*n].rooms.insert(*room);
            }
            Act::Leave(room) => {
                let left = nodes[*n].node.leave(ROOMS[*room]).await;
                assert_eq!(left.is_ok(), nodes[*n].rooms.remove(room), "{left:?}");
            }
            Act::Say(room) => match nodes[*n].node.say(ROOMS[*room], "a line").await {
                Ok(sent) => nodes
                    .iter_mut()
                    .filter(|node| node.rooms.contains(room))
                    .for_each(|node| node.expected.push(sent.seq)),
                Err(_) => assert!(!nodes[*n].rooms.contains(room)),
            },
            Act::Reconnect => {
                let mut node = hub.node().await;
                let old = &nodes[*n].node;
                old.close().await;
                node.takes(old.nick(), Some(old.token())).await;
                nodes[*n] = Expecting::new(node);
            }
        }
    }
    for node in &mut nodes {
        node.node.joins("lobby").await;
    }
    let fence = nodes[0].node.says("lobby", "fence").await;
    for node in &mut nodes {
        node.node.hears_seq(fence).await;
        node.expected.push(fence);
        let heard: Vec<u64> = node.node.entries().iter().map(shared::entry::Entry::seq).collect();
        assert_eq!(heard, node.expected, "{}", node.node.nick());
    }
}

/// A node, the rooms it is in, and what it must have heard.
struct Expecting {
    node: TestNode,
    rooms: BTreeSet<usize>,
    expected: Vec<u64>,
}

impl Expecting {
    fn new(node: TestNode) -> Self {
        Self { node, rooms: BTreeSet::from([0]), expected: Vec::new() }
    }
}

/// When something was begun and when it was answered, by one counter for all: what was answered
/// before another was begun happened before it.
#[derive(Clone, Copy, Debug)]
struct Span {
    begun: u64,
    answered: u64,
}

/// All at once: then it is certain only of lines said well within a stay, and of those said well outside any.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_at_once_it_holds_too() {
    const NODES: usize = 12;
    const ACTS: u64 = 120;
    let seed: u64 = rand::random();
    println!("seed {seed}"); // shown if it fails
    let hub = TestHub::start_unlimited().await;
    let clock = Arc::new(AtomicU64::new(0));
    let mut nodes = Vec::new();
    for n in 0..NODES {
        nodes.push(Arc::new(hub.guest(&format!("node{n}")).await));
    }
    let mut lives = Vec::new();
    for (n, node) in nodes.iter().enumerate() {
        lives.push(tokio::spawn(live(Arc::clone(node), Arc::clone(&clock), seed ^ n as u64, ACTS)));
    }
    let mut said: BTreeMap<u64, (usize, Span)> = BTreeMap::new();
    let mut stays = Vec::new();
    for life in lives {
        let (lines, stay) = life.await.unwrap();
        said.extend(lines);
        stays.push(stay);
    }
    for node in &nodes {
        node.joins("lobby").await;
    }
    let fence = nodes[0].says("lobby", "fence").await;

    for (node, stays) in nodes.iter().zip(&stays) {
        node.hears_seq(fence).await;
        let unasked = |message: &ToNode| {
            matches!(message, ToNode::Entry(_) | ToNode::Presence(_) | ToNode::Synced { .. }) // on a busy machine
        };
        assert!(node.heard().iter().all(unasked));
        let lines = node.lines();
        assert!(lines.is_sorted_by(|a, b| a.seq < b.seq), "{} hears in order, each once", node.nick());
        let heard: BTreeSet<u64> = lines.iter().map(|line| line.seq).collect();
        for (seq, (room, line)) in &said {
            let stays = stays.iter().filter(|(stayed_in, _, _)| stayed_in == room);
            let (mut within, mut touching) = (false, false);
            for (_, joined, left) in stays {
                within |= joined.answered < line.begun && line.answered < left.begun;
                touching |= joined.begun < line.answered && line.begun < left.answered;
            }
            if within {
                assert!(heard.contains(seq), "{} was in {} and missed {seq}", node.nick(), ROOMS[*room]);
            } else if !touching {
                assert!(!heard.contains(seq), "{} was not in {} and heard {seq}", node.nick(), ROOMS[*room]);
            }
        }
    }
}

type Lines = Vec<(u64, (usize, Span))>;
type Stays = Vec<(usize, Span, Span)>;

/// Joins, leaves and talks at random; returns the lines it said and its stays in rooms.
async fn live(node: Arc<TestNode>, clock: Arc<AtomicU64>, seed: u64, acts: u64) -> (Lines, Stays) {
    const FOREVER: Span = Span { begun: u64::MAX, answered: u64::MAX };
    let tick = || clock.fetch_add(1, Ordering::SeqCst);
    let mut random = SplitMix(seed);
    let mut inside = BTreeMap::from([(0, Span { begun: 0, answered: 0 })]); // the lobby, since before it began
    let (mut lines, mut stays) = (Vec::new(), Vec::new());
    for _ in 0..acts {
        let room = random.below(ROOMS.len());
        let begun = tick();
        match random.below(4) {
            0 if !inside.contains_key(&room) => {
                node.joins(ROOMS[room]).await;
                inside.insert(room, Span { begun, answered: tick() });
            }
            1 if inside.contains_key(&room) => {
                node.leave(ROOMS[room]).await.unwrap();
                let joined = inside.remove(&room).unwrap();
                stays.push((room, joined, Span { begun, answered: tick() }));
            }
            _ if inside.contains_key(&room) => {
                let seq = node.says(ROOMS[room], "a line").await;
                lines.push((seq, (room, Span { begun, answered: tick() })));
            }
            _ => {}
        }
    }
    stays.extend(inside.into_iter().map(|(room, joined)| (room, joined, FOREVER)));
    (lines, stays)
}

/// A small random generator (Steele, Lea and Flood 2014) that repeats itself from a seed.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}
