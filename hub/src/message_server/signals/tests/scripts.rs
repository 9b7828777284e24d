//! Whatever nodes do, and whenever they read of what others did: between two of them nothing is missing that no notice
//! tells of.

use proptest::prelude::*;
use shared::message::Hello;
use tokio::runtime::Builder;

use super::super::super::stage::{Actor, Heard, Stage};

const NODES: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Deed {
    /// One sends another a signal, with `first` where it has to.
    Send(usize, usize),
    /// It reads so much of what has come.
    Read(usize, usize),
    /// A newer connection of it takes over.
    Return(usize),
    /// It begins anew with another by itself.
    GiveUp(usize, usize),
    /// The server has done all that was asked so far.
    Settle,
}

fn deed() -> impl Strategy<Value = Deed> {
    let node = 0..NODES;
    prop_oneof![
        8 => (node.clone(), node.clone()).prop_map(|(from, to)| Deed::Send(from, to)),
        5 => (node.clone(), 1..4_usize).prop_map(|(node, count)| Deed::Read(node, count)),
        1 => node.clone().prop_map(Deed::Return),
        1 => (node.clone(), node).prop_map(|(from, to)| Deed::GiveUp(from, to)),
        2 => Just(Deed::Settle),
    ]
}

/// What a node knows of another.
#[derive(Clone, Copy, Default)]
struct Known {
    /// It has sent its first.
    begun: bool,
    /// How often it has begun, on all its connections, and how many signals it has sent since.
    times: u32,
    sent: u32,
    /// The last signal that came of it since the last notice: of which beginning, and which of it.
    last: Option<(u32, u32)>,
}

struct Node {
    actor: Actor,
    known: [Known; NODES],
}

fn name(node: usize) -> String {
    format!("n{node}")
}

fn number(name: &str) -> usize {
    name.trim_start_matches('n').trim_end_matches("@test").parse().unwrap()
}

impl Node {
    fn send(&mut self, to: usize) {
        let known = &mut self.known[to];
        if !known.begun {
            known.times += 1;
            known.sent = 0;
        }
        let words = format!("{} {}", known.times, known.sent);
        self.actor.sends(&name(to), !known.begun, &words);
        known.begun = true;
        known.sent += 1;
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Signal(from, words) => {
                let (times, count) = words.split_once(' ').unwrap();
                let (times, count): (u32, u32) = (times.parse().unwrap(), count.parse().unwrap());
                let known = &mut self.known[number(&from)];
                match known.last {
                    Some(last) => assert_eq!((times, count), (last.0, last.1 + 1), "from {from}"),
                    None => assert_eq!(count, 0, "of beginning {times} from {from}"),
                }
                known.last = Some((times, count));
            }
            Heard::Down(node, _) | Heard::Unreachable(node, _) => {
                let known = &mut self.known[number(&node)];
                (known.begun, known.last) = (false, None);
            }
        }
    }
}

async fn play(script: Vec<Deed>) {
    let stage = Stage::set();
    let mut nodes = Vec::new();
    for node in 0..NODES {
        nodes.push(Node { actor: stage.actor(&name(node)).await, known: [Known::default(); NODES] });
    }
    for deed in script {
        match deed {
            Deed::Send(from, to) => nodes[from].send(to),
            Deed::Read(node, count) => {
                for heard in nodes[node].actor.heard_already(count) {
                    nodes[node].hear(heard);
                }
            }
            Deed::Return(node) => {
                let session = Some(nodes[node].actor.session.clone());
                let hello = Hello { session, processes: true, ..Hello::default() };
                nodes[node].actor = stage.enter(hello).await;
                for known in &mut nodes[node].known {
                    (known.begun, known.last) = (false, None);
                }
            }
            // What comes of the other belongs to what was before, until the notice.
            Deed::GiveUp(from, to) => nodes[from].known[to].begun = false,
            Deed::Settle => stage.settled().await,
        }
    }
    for node in &mut nodes {
        for heard in node.actor.heard_by_now().await {
            node.hear(heard);
        }
    }
    for from in 0..NODES {
        for to in 0..NODES {
            let Known { begun, times, sent, .. } = nodes[from].known[to];
            if begun {
                assert_eq!(nodes[to].known[from].last, Some((times, sent - 1)), "all that {from} has sent {to}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_missing_that_no_notice_tells_of(script in proptest::collection::vec(deed(), 1..80)) {
        Builder::new_current_thread().enable_all().build().unwrap().block_on(play(script));
    }
}
