//! Who one is, whom one watches, and how one ends.

use rhai::Dynamic;
use shared::process::{self, Act, Brought, Look, Reason, Want};

use super::sending::reference;
use super::{Said, Word, address_of, no, to_dynamic, value_of};
use crate::turn::{Kept, Spoken, Turn};

pub(super) const WORDS: &[Word] = &[
    ("self", &[0], this),
    ("node", &[0], node),
    ("hub", &[0], hub),
    ("nodes", &[0], nodes),
    ("now", &[0], now),
    ("random", &[0, 1], random),
    ("ping", &[1], ping),
    ("register", &[1], register),
    ("whereis", &[1], whereis),
    ("monitor", &[1], monitor),
    ("demonitor", &[1], demonitor),
    ("link", &[1], link),
    ("unlink", &[1], unlink),
    ("trap", &[1], trap),
    ("exit", &[0, 1, 2], exit),
    ("after", &[2], after),
    ("cancel", &[1], cancel),
];

/// `self()`: this process.
fn this(turn: &mut Turn, _: &Said<'_>) -> Spoken {
    Ok(to_dynamic(me(turn)))
}

fn me(turn: &Turn) -> process::Address {
    process::Address::of(turn.scene.pid, turn.scene.node.clone())
}

/// `node()`: the node that runs this.
fn node(turn: &mut Turn, _: &Said<'_>) -> Spoken {
    Ok(turn.scene.node.to_string().into())
}

/// `hub()`: the hub that this node is at.
fn hub(turn: &mut Turn, _: &Said<'_>) -> Spoken {
    Ok(turn.scene.node.hub().to_string().into())
}

/// `nodes()`: all nodes, by name.
fn nodes(turn: &mut Turn, _: &Said<'_>) -> Spoken {
    turn.wait(Want::Look(Look::Nodes)).and_then(value_of)
}

/// `now()`: milliseconds since 1970, when this step was begun or what it waited for came.
fn now(turn: &mut Turn, _: &Said<'_>) -> Spoken {
    Ok(reference(turn.now()))
}

/// `random()`: from 0 up to but not 1. `random(6)`: one of 0 to 5.
fn random(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    if said.count() == 0 {
        // The 53 bits that a float holds.
        return Ok(((turn.random() >> 11) as f64 / (1_u64 << 53) as f64).into());
    }
    match said.number(0, "How many there are to choose from")? {
        0 => no("There is nothing to choose from."),
        many => Ok(reference(turn.random() % many)),
    }
}

/// `ping(node)`: “pong, 2 ms”, or “pang: node_down”.
fn ping(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let node = said.node(turn, 0)?;
    Ok(match turn.wait(Want::Ping { node })? {
        // The node's clock counts whole milliseconds.
        Brought::Value(took) => match took.as_u64().unwrap_or_default() {
            0 => "pong, under 1 ms".to_owned(),
            took => format!("pong, {took} ms"),
        },
        Brought::Fault(fault) => format!("pang: {}", code(&fault)),
        Brought::Letter(_) | Brought::Event(_) | Brought::Nothing => "pang".to_owned(),
    }
    .into())
}

/// As on the wire.
fn code(fault: &process::Fault) -> String {
    let code = serde_json::to_value(fault.code).unwrap_or_default();
    code.as_str().unwrap_or_default().to_owned()
}

/// `register(name)`.
fn register(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let name = said.text(0, "A process's name")?;
    turn.act(Act::Register { name })?;
    Ok(Dynamic::UNIT)
}

/// `whereis(name)`: the process of this node, or `()`.
fn whereis(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let name = said.text(0, "A process's name")?;
    turn.wait(Want::Look(Look::Whereis { name })).and_then(address_of)
}

/// `monitor(to)`, a process or a node: a reference; `#{down: ref, of: …, reason: …}` comes once.
fn monitor(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let r#ref = turn.reference();
    let name = said.args[0].as_immutable_string_ref().map(|name| name.to_string()).unwrap_or_default();
    let is_node = name.contains('@') && !name.contains("@@") && !name.starts_with('{');
    let (of, act) = if is_node {
        let node = said.node(turn, 0)?;
        (node.to_string(), Act::MonitorNode { r#ref, node })
    } else {
        let of = said.process(turn, 0)?;
        (of.to_string(), Act::Monitor { r#ref, of })
    };
    turn.refs.push((r#ref, Kept::Monitored(of)));
    turn.act(act)?;
    Ok(reference(r#ref))
}

/// `demonitor(ref)`.
fn demonitor(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let r#ref = said.number(0, "A reference")?;
    turn.refs.retain(|(known, _)| *known != r#ref);
    turn.act(Act::Demonitor { r#ref })?;
    Ok(Dynamic::UNIT)
}

/// `link(to)`.
fn link(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let to = said.process(turn, 0)?;
    turn.act(Act::Link { to })?;
    Ok(Dynamic::UNIT)
}

/// `unlink(to)`.
fn unlink(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let to = said.process(turn, 0)?;
    turn.act(Act::Unlink { to })?;
    Ok(Dynamic::UNIT)
}

/// `trap(true)`: exits come as `#{exit: from, reason: …}`.
fn trap(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let Ok(on) = said.args[0].as_bool() else { return no("Whether exits are trapped is true or false.") };
    turn.act(Act::Trap { on })?;
    Ok(Dynamic::UNIT)
}

/// `exit()`, `exit(reason)`: ends this process. `exit(to, reason)`: asks another one to end.
fn exit(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let reason = match said.args.last() {
        None => Reason::Normal,
        Some(_) => Reason::said(&said.text(said.count() - 1, "A reason")?),
    };
    if said.count() < 2 {
        return Err(turn.ends(reason));
    }
    let to = said.process(turn, 0)?;
    turn.act(Act::Exit { to, reason })?;
    Ok(Dynamic::UNIT)
}

/// `after(ms, message)`: a message to oneself; a reference.
fn after(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let (ms, message) = (said.number(0, "A time")?, said.message(1)?);
    let r#ref = turn.reference();
    turn.act(Act::After { r#ref, ms, message })?;
    Ok(reference(r#ref))
}

/// `cancel(ref)`.
fn cancel(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let r#ref = said.number(0, "A reference")?;
    turn.act(Act::Cancel { r#ref })?;
    Ok(Dynamic::UNIT)
}
