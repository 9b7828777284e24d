//! What can happen to a few nodes and their processes, drawn at random.

use proptest::prelude::*;
use serde_json::json;
use shared::message::Why;
use shared::process::table::Ask;
use shared::process::{Act, Address, Reason, Spawn, Want};

use crate::world::{Order, World, name};

pub(crate) const NODES: usize = 3;

/// One thing that happens. Processes are named by a number, taken modulo how many there have been.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happening {
    Send { from: usize, to: usize, count: usize },
    Request { from: usize, to: usize, how: usize, within: u32 },
    Call { from: usize, to: usize, how: usize, within: u32 },
    Monitor { from: usize, to: usize, twice: bool },
    MonitorNode { from: usize, node: usize },
    Demonitor { from: usize, which: usize },
    Link { from: usize, to: usize },
    Exit { from: usize, to: usize },
    Trap { from: usize },
    After { from: usize, ms: u64 },
    End { process: usize, normal: bool },
    Spawn { from: usize, node: usize, link: bool, monitor: bool },
    Asks { node: usize, to: usize, what: usize },
    Receive { from: usize, ms: u64 },
    Carry { node: usize, count: usize },
    Deliver { node: usize, count: usize },
    Run { node: usize, count: usize },
    Pass { ms: u64 },
    Cut { node: usize },
    ComeBack { node: usize },
    Break { a: usize, b: usize },
    Restart { node: usize },
}

pub(crate) fn happening() -> impl Strategy<Value = Happening> {
    use Happening::{
        After, Asks, Break, Call, Carry, ComeBack, Cut, Deliver, Demonitor, End, Exit, Link, Monitor, MonitorNode,
        Pass, Receive, Request, Restart, Run, Send, Spawn, Trap,
    };
    let p = 0..12_usize;
    let n = 0..NODES;
    let many = 1..12_usize;
    prop_oneof![
        8 => (p.clone(), p.clone(), 1..40_usize).prop_map(|(from, to, count)| Send { from, to, count }),
        4 => (p.clone(), p.clone(), 0..4_usize, 1..9_000_u32)
            .prop_map(|(from, to, how, within)| Request { from, to, how, within }),
        3 => (p.clone(), p.clone(), 0..4_usize, 1..9_000_u32).prop_map(|(from, to, how, within)| Call { from, to, how, within }),
        3 => (p.clone(), p.clone(), any::<bool>()).prop_map(|(from, to, twice)| Monitor { from, to, twice }),
        2 => (p.clone(), n.clone()).prop_map(|(from, node)| MonitorNode { from, node }),
        1 => (p.clone(), p.clone()).prop_map(|(from, which)| Demonitor { from, which }),
        2 => (p.clone(), p.clone()).prop_map(|(from, to)| Link { from, to }),
        1 => (p.clone(), p.clone()).prop_map(|(from, to)| Exit { from, to }),
        1 => p.clone().prop_map(|from| Trap { from }),
        1 => (p.clone(), 1..9_000_u64).prop_map(|(from, ms)| After { from, ms }),
        1 => (p.clone(), any::<bool>()).prop_map(|(process, normal)| End { process, normal }),
        2 => (p.clone(), n.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(from, node, link, monitor)| Spawn { from, node, link, monitor }),
        3 => (n.clone(), p.clone(), 0..6_usize).prop_map(|(node, to, what)| Asks { node, to, what }),
        1 => (p.clone(), 1..9_000_u64).prop_map(|(from, ms)| Receive { from, ms }),
        9 => (n.clone(), many.clone()).prop_map(|(node, count)| Carry { node, count }),
        9 => (n.clone(), many.clone()).prop_map(|(node, count)| Deliver { node, count }),
        9 => (n.clone(), many).prop_map(|(node, count)| Run { node, count }),
        2 => (1..6_000_u64).prop_map(|ms| Pass { ms }),
        1 => n.clone().prop_map(|node| Cut { node }),
        2 => n.clone().prop_map(|node| ComeBack { node }),
        2 => (n.clone(), n.clone()).prop_map(|(a, b)| Break { a, b }),
        1 => n.prop_map(|node| Restart { node }),
    ]
}

/// A world with two processes on each node.
pub(crate) fn begin() -> World {
    let mut world = World::new(NODES, true);
    for node in 0..NODES {
        world.start(node, "a");
        world.start(node, "b");
    }
    world
}

fn pick(world: &World, which: usize) -> Address {
    world.known[which % world.known.len()].clone()
}

pub(crate) fn happen(world: &mut World, happening: Happening) {
    const HOW: [&str; 4] = ["now", "never", "twice", "crash"];
    let acts = |world: &mut World, who: &Address, acts: Vec<Act>| world.tell(who, Order::Acts(acts));
    match happening {
        Happening::Send { from, to, count } => {
            let (from, to) = (pick(world, from), pick(world, to));
            let sends = (0..count).map(|_| world.send(&from, &to)).collect();
            acts(world, &from, sends);
        }
        Happening::Request { from, to, how, within } => {
            let (from, to) = (pick(world, from), pick(world, to));
            let message = json!({ "answer": HOW[how] });
            let request = Act::Request { r#ref: world.fresh(), to, message, within };
            acts(world, &from, vec![request]);
        }
        Happening::Call { from, to, how, within } => {
            let (from, to) = (pick(world, from), pick(world, to));
            let message = json!({ "answer": HOW[how] });
            world.tell(&from, Order::Block(Want::Call { to, message, within }));
        }
        Happening::Monitor { from, to, twice } => {
            let (from, of) = (pick(world, from), pick(world, to));
            for _ in 0..=usize::from(twice) {
                let monitor = Act::Monitor { r#ref: world.fresh(), of: of.clone() };
                acts(world, &from, vec![monitor]);
            }
        }
        Happening::MonitorNode { from, node } => {
            let from = pick(world, from);
            let monitor = Act::MonitorNode { r#ref: world.fresh(), node: name(node) };
            acts(world, &from, vec![monitor]);
        }
        Happening::Demonitor { from, which } => {
            let from = pick(world, from);
            let own = world.monitors.keys().filter(|(pid, _)| Some(*pid) == from.pid()).map(|(_, own)| *own);
            let own: Vec<u64> = own.collect();
            if let Some(own) = own.get(which % own.len().max(1)) {
                acts(world, &from, vec![Act::Demonitor { r#ref: *own }]);
            }
        }
        Happening::Link { from, to } => {
            let (from, to) = (pick(world, from), pick(world, to));
            acts(world, &from, vec![Act::Link { to }]);
        }
        Happening::Exit { from, to } => {
            let (from, to) = (pick(world, from), pick(world, to));
            acts(world, &from, vec![Act::Exit { to, reason: Reason::said("go") }]);
        }
        Happening::Trap { from } => {
            let from = pick(world, from);
            acts(world, &from, vec![Act::Trap { on: true }]);
        }
        Happening::After { from, ms } => {
            let from = pick(world, from);
            let after = Act::After { r#ref: world.fresh(), ms, message: json!("later") };
            acts(world, &from, vec![after]);
        }
        Happening::End { process, normal } => {
            let process = pick(world, process);
            let reason = if normal { Reason::Normal } else { Reason::error("as it was told") };
            world.tell(&process, Order::Exit(reason));
        }
        Happening::Spawn { from, node, link, monitor } => {
            let from = pick(world, from);
            let monitor = monitor.then(|| world.fresh());
            let spawn = Spawn { program: "c".to_owned(), source: "told".into(), link, monitor, ..Spawn::default() };
            world.tell(&from, Order::Block(Want::Spawn { node: name(node), spawn }));
        }
        Happening::Asks { node, to, what } => {
            let to = pick(world, to);
            let spawn = Spawn { program: "d".to_owned(), source: "told".into(), monitor: Some(0), ..Spawn::default() };
            let ask = match what {
                0 => Ask::Ping { node: to.node },
                1 => Ask::Call { to, message: json!({ "answer": "never" }), within: 3_000 },
                2 => Ask::Monitor { of: to },
                3 => Ask::MonitorNode { node: to.node },
                4 => Ask::Spawn { node: to.node, spawn },
                _ => Ask::Send { to, message: json!("hello") },
            };
            world.ask(node, ask);
        }
        Happening::Receive { from, ms } => {
            let from = pick(world, from);
            let until = Some(world.now + ms);
            world.tell(&from, Order::Block(Want::Receive { until }));
        }
        Happening::Carry { node, count } => (0..count).for_each(|_| {
            world.carry(node);
        }),
        Happening::Deliver { node, count } => (0..count).for_each(|_| {
            world.deliver(node);
        }),
        Happening::Run { node, count } => (0..count).for_each(|_| {
            world.run(node);
        }),
        Happening::Pass { ms } => world.pass(ms),
        Happening::Cut { node } => world.cut(node),
        Happening::ComeBack { node } => world.come_back(node),
        Happening::Break { a, b } => world.hub.untie(a, b, Why::Full),
        Happening::Restart { node } => world.restart(node),
    }
}
