//! Processes that a program begins.

use std::sync::Arc;

use rhai::{Dynamic, FnPtr, Map};
use shared::node::NodeName;
use shared::process::limits::{MAX_ARGS, MAX_SOURCE};
use shared::process::supervisor::{Child, Plan, Restart, Strategy};
use shared::process::{Spawn, Want};

use super::{Said, Word, address_of, no, shown, text, value_of};
use crate::examples::has_main;
use crate::program::of_closure;
use crate::turn::{Spoken, Turn};
use crate::value::{Unfit, to_json};

pub(super) const WORDS: &[Word] = &[
    ("spawn", &[1, 2, 3], spawn),
    ("spawn_link", &[1, 2, 3], spawn_link),
    ("rpc", &[2, 3], rpc),
    ("supervise", &[1], supervise),
];

/// What lists call a function that was sent by its text.
const CLOSURE: &str = "function";

/// Where a strategy or restart is none of those that there are.
const STRATEGIES: &str = "“one_for_one”, “one_for_all” or “rest_for_one”";
const RESTARTS: &str = "“permanent”, “transient” or “temporary”";

/// `spawn([node,] program[, args])`: the new process.
fn spawn(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let (node, spawn) = wanted(turn, said)?;
    turn.wait(Want::Spawn { node, spawn }).and_then(address_of)
}

/// The same, linked before its first step.
fn spawn_link(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let (node, spawn) = wanted(turn, said)?;
    turn.wait(Want::Spawn { node, spawn: Spawn { link: true, ..spawn } }).and_then(address_of)
}

/// `rpc(node, program[, args])`: what it returns.
fn rpc(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let (node, spawn) = wanted(turn, said)?;
    turn.wait(Want::Rpc { node, spawn: Spawn { rpc: true, ..spawn } }).and_then(value_of)
}

/// `start("tab-2")` at the prompt: here, with these arguments; what it returns, or the process that it is.
pub(super) fn by_name(turn: &mut Turn, name: &str, said: &Said<'_>) -> Spoken {
    if !turn.prompts {
        return no(format!("“{name}” is a program, which is begun by its name at the prompt alone: use spawn or rpc."));
    }
    let args = args(Some(&said.args.to_vec().into()))?;
    let spawn = fit(Spawn { source: named(turn, name)?, program: name.to_owned(), args, ..Spawn::default() })?;
    let node = turn.scene.node.clone();
    if has_main(&spawn.source) {
        turn.wait(Want::Rpc { node, spawn: Spawn { rpc: true, ..spawn } }).and_then(value_of)
    } else {
        turn.wait(Want::Spawn { node, spawn }).and_then(address_of)
    }
}

/// The last arguments are the program, and a list of its own.
fn wanted(turn: &Turn, said: &Said<'_>) -> Spoken<(NodeName, Spawn)> {
    let has_args = said.args.last().is_some_and(Dynamic::is_array);
    let program = said.count() - 1 - usize::from(has_args && said.count() > 1);
    let node = match program {
        0 => turn.scene.node.clone(),
        1 => said.node(turn, 0)?,
        _ => return no("What is spawned is given as a node, a program, and a list of its arguments."),
    };
    let args = if has_args { args(said.args.last())? } else { Vec::new() };
    Ok((node, begun(turn, said, &said.args[program], args)?))
}

fn args(args: Option<&Dynamic>) -> Spoken<Vec<serde_json::Value>> {
    match args.map(|args| to_json(args, MAX_ARGS)) {
        None => Ok(Vec::new()),
        Some(Ok(serde_json::Value::Array(args))) => Ok(args),
        Some(Ok(_)) => no("A program's arguments are a list."),
        Some(Err(Unfit(why))) => no(why),
    }
}

/// A program by its name or as a function.
fn begun(turn: &Turn, said: &Said<'_>, program: &Dynamic, args: Vec<serde_json::Value>) -> Spoken<Spawn> {
    if program.is::<FnPtr>() {
        let Some(closure) = turn.program.closure(said.at) else {
            return no("A function goes elsewhere as its text: write it where it is spawned, as |x| … .");
        };
        if closure.params != args.len() {
            return no(format!("The function takes {} arguments, and {} are given.", closure.params, args.len()));
        }
        return fit(Spawn {
            program: CLOSURE.to_owned(),
            source: of_closure(closure).into(),
            args,
            ..Spawn::default()
        });
    }
    let name = text(program, "A program's name")?;
    fit(Spawn { source: named(turn, &name)?, program: name, args, ..Spawn::default() })
}

fn fit(spawn: Spawn) -> Spoken<Spawn> {
    if spawn.source.len() > MAX_SOURCE {
        return no(format!("A program has at most {MAX_SOURCE} bytes."));
    }
    Ok(spawn)
}

fn named(turn: &Turn, name: &str) -> Spoken<Arc<str>> {
    match turn.library.find(name, turn.trusted) {
        Some(source) => Ok(source),
        None => no(format!("There is no program “{name}”.")),
    }
}

/// `supervise(#{strategy: …, children: [#{id: …, program: …}]})`: the supervisor, once all its children have started.
fn supervise(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let plan = plan(turn, said)?;
    turn.wait(Want::Supervise { plan }).and_then(address_of)
}

fn plan(turn: &Turn, said: &Said<'_>) -> Spoken<Plan> {
    let Some(plan) = said.args[0].read_lock::<Map>() else {
        return no(format!("A supervisor's plan is a map, not {}.", shown(&said.args[0])));
    };
    only(&plan, &["strategy", "max_restarts", "within", "children"])?;
    let strategy = match plan.get("strategy") {
        None => Strategy::OneForOne,
        Some(name) => match text(name, "A strategy")?.as_str() {
            "one_for_one" => Strategy::OneForOne,
            "one_for_all" => Strategy::OneForAll,
            "rest_for_one" => Strategy::RestForOne,
            other => return no(format!("“{other}” is no strategy: there are {STRATEGIES}.")),
        },
    };
    let Some(children) = plan.get("children").and_then(|children| children.as_array_ref().ok()) else {
        return no("A supervisor's plan has a list of children.");
    };
    let children = children.iter().map(|planned| child(turn, said, planned)).collect::<Spoken<Vec<_>>>()?;
    let max_restarts = number(&plan, "max_restarts", 3)?;
    let within = number(&plan, "within", 5_000)?;
    Ok(Plan { strategy, max_restarts, within, children })
}

fn child(turn: &Turn, said: &Said<'_>, planned: &Dynamic) -> Spoken<Child> {
    let Some(planned) = planned.read_lock::<Map>() else {
        return no(format!("A supervisor's child is a map, not {}.", shown(planned)));
    };
    only(&planned, &["id", "program", "args", "name", "restart", "shutdown"])?;
    let field = |name: &str| planned.get(name).cloned().unwrap_or_default();
    let restart = match planned.get("restart") {
        None => Restart::Permanent,
        Some(name) => match text(name, "A child's restart")?.as_str() {
            "permanent" => Restart::Permanent,
            "transient" => Restart::Transient,
            "temporary" => Restart::Temporary,
            other => return no(format!("“{other}” is no restart: there are {RESTARTS}.")),
        },
    };
    let name = planned.get("name").map(|name| text(name, "A process's name")).transpose()?;
    let spawn = begun(turn, said, &field("program"), args(planned.get("args"))?)?;
    Ok(Child {
        id: text(&field("id"), "A child's id")?,
        spawn: Spawn { name, ..spawn },
        restart,
        shutdown: number(&planned, "shutdown", 5_000)?,
    })
}

/// A field that is misspelt would be passed over without a word.
fn only(map: &Map, known: &[&str]) -> Spoken<()> {
    match map.keys().find(|field| !known.contains(&field.as_str())) {
        Some(field) => no(format!("A supervisor's plan knows no “{field}”.")),
        None => Ok(()),
    }
}

fn number(map: &Map, name: &str, otherwise: u32) -> Spoken<u32> {
    let Some(value) = map.get(name) else { return Ok(otherwise) };
    match value.as_int().ok().and_then(|number| u32::try_from(number).ok()) {
        Some(number) => Ok(number),
        None => no(format!("“{name}” is a whole number, 0 or more, not {}.", shown(value))),
    }
}
