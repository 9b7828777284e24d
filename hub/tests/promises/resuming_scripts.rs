//! Whoever comes, goes, is cut off and comes back whenever, over restarts of the hub too: on each connection a
//! node hears exactly what it missed and what is said while it is there, and is in exactly the rooms it joined.

use std::collections::BTreeSet;

use crate::support::{Memory, Tab, TestHub};
use proptest::prelude::*;
use shared::message::{Done, Refusal, Sent, ToHub};
use shared::transcript::Place;

const NODES: usize = 4;
const ROOMS: [&str; 3] = ["lobby", "garden", "attic"];

/// One thing that one node does, or the hub.
#[derive(Clone, Debug)]
enum Act {
    Join(usize),
    Leave(usize),
    Say(usize),
    Whisper(usize),
    /// The connection breaks.
    Cut,
    /// It comes back, whether or not it was cut off: for all it missed or for none of it. It reads that at
    /// once, or leaves it waiting.
    Return {
        all: bool,
        reads: bool,
    },
    RestartHub,
}

fn act() -> impl Strategy<Value = Act> {
    let room = 0..ROOMS.len();
    prop_oneof![
        6 => room.clone().prop_map(Act::Join),
        3 => room.clone().prop_map(Act::Leave),
        16 => room.prop_map(Act::Say),
        6 => (0..NODES).prop_map(Act::Whisper),
        6 => Just(Act::Cut),
        5 => (prop::bool::weighted(0.8), any::<bool>()).prop_map(|(all, reads)| Act::Return { all, reads }),
        1 => Just(Act::RestartHub),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 50, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_connection_hears_exactly_what_it_should(script in prop::collection::vec((0..NODES, act()), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(&script));
    }
}

/// Whom an entry is for.
enum Audience {
    Room(usize),
    /// Two nodes, each with a nick of its own.
    Pair(usize, usize),
}

struct World {
    hub: TestHub,
    nodes: Vec<Player>,
    log: Vec<(u64, Audience)>,
}

struct Player {
    nick: String,
    link: Link,
    rooms: BTreeSet<usize>,
    /// What must come on its present connection.
    expected: Vec<u64>,
}

enum Link {
    Up(Box<Tab>),
    Down(Memory),
}

async fn play(script: &[(usize, Act)]) {
    let hub = TestHub::start_unlimited().await;
    let mut nodes = Vec::new();
    for n in 0..NODES {
        let nick = format!("node{n}");
        let link = Link::Up(Box::new(hub.tab_of(&nick).await));
        nodes.push(Player { nick, link, rooms: BTreeSet::from([0]), expected: Vec::new() });
    }
    let mut world = World { hub, nodes, log: Vec::new() };
    for (n, act) in script {
        world = world.plays(*n, act).await;
    }
    for n in 0..NODES {
        world = world.plays(n, &Act::Join(0)).await;
    }
    world = world.plays(0, &Act::Say(0)).await;
    let fence = world.log.last().unwrap().0;
    for player in &mut world.nodes {
        let Link::Up(tab) = &mut player.link else { panic!("all have joined the lobby") };
        tab.hears_seq(fence).await;
        assert_eq!(tab.seqs(), player.expected, "{}", player.nick);
    }
}

impl World {
    async fn plays(mut self, n: usize, act: &Act) -> Self {
        match act {
            Act::RestartHub => {
                (0..NODES).for_each(|n| self.cut(n));
                self.hub = self.hub.restart().await;
            }
            Act::Cut => self.cut(n),
            Act::Return { all, reads } => self.returns(n, *all, *reads).await,
            Act::Join(room) => {
                self.tab(n).await.joins(ROOMS[*room]).await;
                self.nodes[n].rooms.insert(*room);
            }
            Act::Leave(room) => {
                let leave = |id| ToHub::Leave { id, room: ROOMS[*room].to_owned() };
                let left: Result<Done, Refusal> = self.tab(n).await.ask(leave).await;
                let was_there = self.nodes[n].rooms.remove(room);
                assert_eq!(left.is_ok(), was_there, "{left:?}");
            }
            Act::Say(room) => {
                let say = |id| Place::Room(ROOMS[*room].to_owned()).say(id, "a line".to_owned());
                let said: Result<Sent, Refusal> = self.tab(n).await.ask(say).await;
                assert_eq!(said.is_ok(), self.nodes[n].rooms.contains(room), "{said:?}");
                if let Ok(sent) = said {
                    self.is_in_the_log(sent.seq, Audience::Room(*room));
                }
            }
            Act::Whisper(to) => {
                let nick = self.nodes[*to].nick.clone();
                let sent = self.tab(n).await.whispers(&nick, "psst").await;
                self.is_in_the_log(sent.seq, Audience::Pair(n, *to));
            }
        }
        self
    }

    /// The node's connection, after a return if it has none.
    async fn tab(&mut self, n: usize) -> &mut Tab {
        if matches!(self.nodes[n].link, Link::Down(_)) {
            self.returns(n, true, false).await;
        }
        match &mut self.nodes[n].link {
            Link::Up(tab) => tab,
            Link::Down(_) => unreachable!("it has returned"),
        }
    }

    async fn returns(&mut self, n: usize, all: bool, reads: bool) {
        let memory = match &self.nodes[n].link {
            Link::Up(tab) => tab.memory(),
            Link::Down(memory) => memory.clone(),
        };
        let mut tab = memory.resume_after(all.then_some(memory.seen)).await;
        self.cut(n); // what it was replaced by is there already
        let missed = self.log.iter().filter(|(seq, to)| all && *seq > memory.seen && self.nodes[n].may_see(n, to));
        let missed: Vec<u64> = missed.map(|(seq, _)| *seq).collect();
        if all && reads {
            let synced = tab.synced().await;
            assert_eq!(tab.seqs(), missed, "{}", self.nodes[n].nick);
            assert_eq!(synced, self.log.last().map_or(0, |(seq, _)| *seq));
        }
        let player = &mut self.nodes[n];
        let rooms: BTreeSet<&str> = tab.welcome().rooms.iter().map(String::as_str).collect();
        assert_eq!(rooms, player.rooms.iter().map(|room| ROOMS[*room]).collect());
        assert_eq!(tab.welcome().nick.as_deref(), Some(&*player.nick));
        (player.link, player.expected) = (Link::Up(Box::new(tab)), missed);
    }

    /// Ends the node's connection, if it has one: what came on it is the beginning of what should have.
    fn cut(&mut self, n: usize) {
        let player = &mut self.nodes[n];
        if let Link::Up(tab) = &player.link {
            assert!(player.expected.starts_with(&tab.seqs()), "{:?}, not {:?}", tab.seqs(), player.expected);
            player.link = Link::Down(tab.memory());
        }
    }

    fn is_in_the_log(&mut self, seq: u64, to: Audience) {
        for (n, player) in self.nodes.iter_mut().enumerate() {
            if matches!(player.link, Link::Up(_)) && player.may_see(n, &to) {
                player.expected.push(seq);
            }
        }
        self.log.push((seq, to));
    }
}

impl Player {
    /// Whether this is for it, the `n`th, where it is now.
    fn may_see(&self, n: usize, to: &Audience) -> bool {
        match to {
            Audience::Room(room) => self.rooms.contains(room),
            Audience::Pair(one, other) => [*one, *other].contains(&n),
        }
    }
}
