//! What programs can say. A table of words, each a plain function over the [`Turn`] that runs.
//!
//! | module | words |
//! |---|---|
//! | `sending` | `send`, `call`, `request`, `reply`, `receive` … |
//! | `beginning` | `spawn`, `rpc`, `supervise` |
//! | `living` | `self`, `node`, `register`, `monitor`, `link`, `exit`, `after` … |
//! | `storing` | `put`, `get`, `delete`, `list`, `watch` |
//! | `shapes` | `like` and what stands in shapes |

mod beginning;
mod living;
mod sending;
mod shapes;
mod storing;

use std::any::TypeId;
use std::rc::Rc;

use rhai::{Dynamic, Engine, EvalAltResult, FLOAT, INT, Position, is_valid_identifier};
use shared::process::limits::{MAX_MESSAGE, MAX_WITHIN, MIN_WITHIN, WITHIN};
use shared::process::{self, Brought};

use crate::address::{self, Address};
use crate::examples::EXAMPLES;
use crate::limits::MAX_NAMED_ARGS;
use crate::tokens::CALL;
use crate::turn::{Meter, Running, Spoken, Turn};
use crate::value::{Unfit, from_json, kind, to_json};
use crate::wording::thrown;

/// A word: what it is called, how many arguments it may have, and what it does.
type Word = (&'static str, &'static [usize], fn(&mut Turn, &Said<'_>) -> Spoken);

/// How a word was said.
struct Said<'a> {
    args: &'a [Dynamic],
    /// Where its name stands.
    at: Position,
}

const WORDS: [&[Word]; 5] = [sending::WORDS, beginning::WORDS, living::WORDS, storing::WORDS, shapes::WORDS];

/// The names of all words, as people write them.
pub fn names() -> impl Iterator<Item = &'static str> {
    let words = WORDS.into_iter().flatten().map(|(name, ..)| if *name == CALL { "call" } else { *name });
    words.chain(["print"])
}

/// Teaches the engine all words.
pub(crate) fn teach(engine: &mut Engine, running: &Running, meter: &Rc<Meter>) {
    for (name, arities, word) in WORDS.into_iter().flatten() {
        for arity in *arities {
            teach_word(engine, running, meter, name, *arity, *word);
        }
    }
    for example in EXAMPLES {
        teach_name(engine, running, meter, example.name);
    }
    // A neighbour's thread would stand still, and a Worker has no such thing.
    engine.register_fn("sleep", |_: INT| sleep());
    engine.register_fn("sleep", |_: FLOAT| sleep());
    // What is shown goes to the leader.
    let (to, ends) = (Rc::clone(running), Rc::clone(meter));
    engine.on_print(move |text| show(&to, &ends, text));
    let (to, ends) = (Rc::clone(running), Rc::clone(meter));
    engine.on_debug(move |text, _, _| show(&to, &ends, text));
    address_as_value(engine);
}

fn teach_word(
    engine: &mut Engine,
    running: &Running,
    meter: &Rc<Meter>,
    name: &str,
    arity: usize,
    word: impl Fn(&mut Turn, &Said<'_>) -> Spoken + 'static,
) {
    let (running, meter, types) = (Rc::clone(running), Rc::clone(meter), vec![TypeId::of::<Dynamic>(); arity]);
    engine.register_raw_fn(name, types, move |context, args| {
        let args: Vec<Dynamic> = args.iter().map(|arg| (**arg).clone()).collect();
        let mut running = running.borrow_mut();
        let turn = running.as_mut().ok_or("No program is running.")?;
        let spoken = word(turn, &Said { args: &args, at: context.call_position() });
        if turn.end.is_some() {
            meter.halt();
        }
        spoken
    });
}

/// Teaches the engine a program's name, which begins it at the prompt; not where that is a word.
pub(crate) fn teach_name(engine: &mut Engine, running: &Running, meter: &Rc<Meter>, name: &str) {
    if names().any(|word| word == name) || !is_valid_identifier(name) {
        return;
    }
    for arity in 0..=MAX_NAMED_ARGS {
        let program = name.to_owned();
        teach_word(engine, running, meter, name, arity, move |turn, said| beginning::by_name(turn, &program, said));
    }
}

fn show(running: &Running, meter: &Meter, text: &str) {
    if let Some(turn) = running.borrow_mut().as_mut()
        && turn.print(text).is_err()
    {
        // These two of Rhai's cannot fail, so the run ends with what comes next.
        meter.halt();
    }
}

fn sleep() -> Spoken {
    no("There is no sleeping, which would hold up the neighbours: use after(ms, message).")
}

fn address_as_value(engine: &mut Engine) {
    engine
        .register_type_with_name::<Address>("address")
        .register_fn("to_string", |address: &mut Address| address.to_string())
        .register_fn("to_debug", |address: &mut Address| address.to_string())
        .register_get("node", |address: &mut Address| address.to.node.to_string())
        .register_get("process", |address: &mut Address| address.to.target.to_string())
        // Whoever called twice is the same one.
        .register_fn("==", |one: Address, other: Address| one.to == other.to)
        .register_fn("!=", |one: Address, other: Address| one.to != other.to)
        .register_fn("==", |one: Address, other: &str| one.to_string() == other)
        .register_fn("!=", |one: Address, other: &str| one.to_string() != other)
        .register_fn("==", |one: &str, other: Address| one == other.to_string())
        .register_fn("!=", |one: &str, other: Address| one != other.to_string());
}

/// Ends the run with a sentence that says what is wrong, which a program can catch.
fn no<T>(why: impl Into<String>) -> Spoken<T> {
    let why: String = why.into();
    Err(Box::new(EvalAltResult::ErrorRuntime(why.into(), Position::NONE)))
}

impl Said<'_> {
    fn count(&self) -> usize {
        self.args.len()
    }

    /// The last arguments, where the first may be left out.
    fn last<const N: usize>(&self) -> Spoken<&[Dynamic; N]> {
        self.args.last_chunk().map_or_else(|| no("There are arguments missing."), Ok)
    }

    fn process(&self, turn: &Turn, at: usize) -> Spoken<process::Address> {
        address::process_of(&self.args[at], &turn.scene).or_else(no)
    }

    fn node(&self, turn: &Turn, at: usize) -> Spoken<shared::node::NodeName> {
        address::node_of(&self.args[at], &turn.scene).or_else(no)
    }

    fn text(&self, at: usize, what: &str) -> Spoken<String> {
        text(&self.args[at], what)
    }

    fn number(&self, at: usize, what: &str) -> Spoken<u64> {
        match self.args[at].as_int().ok().and_then(|number| u64::try_from(number).ok()) {
            Some(number) => Ok(number),
            None => no(format!("{what} is a whole number, 0 or more, not {}.", shown(&self.args[at]))),
        }
    }

    fn message(&self, at: usize) -> Spoken<serde_json::Value> {
        json(&self.args[at])
    }

    /// The time-out that stands there, or the usual one, in milliseconds.
    fn within(&self, at: usize) -> Spoken<u32> {
        if at >= self.count() {
            return Ok(WITHIN);
        }
        let within = u32::try_from(self.number(at, "A time-out")?).unwrap_or(u32::MAX);
        if (MIN_WITHIN..=MAX_WITHIN).contains(&within) {
            return Ok(within);
        }
        no(format!("A time-out has {MIN_WITHIN} to {MAX_WITHIN} milliseconds."))
    }
}

fn text(value: &Dynamic, what: &str) -> Spoken<String> {
    match value.as_immutable_string_ref() {
        Ok(text) => Ok(text.to_string()),
        Err(_) => no(format!("{what} is a text, not {}.", shown(value))),
    }
}

fn json(value: &Dynamic) -> Spoken<serde_json::Value> {
    to_json(value, MAX_MESSAGE).or_else(|Unfit(why)| no(why))
}

/// Short enough for a sentence.
fn shown(value: &Dynamic) -> String {
    match () {
        () if value.is_unit() => "nothing".to_owned(),
        () if value.is_int() || value.is_float() || value.is_bool() => value.to_string(),
        () => format!("a {}", kind(value)),
    }
}

/// What was brought, as a value; a fault is thrown.
fn value_of(brought: Brought) -> Spoken {
    match brought {
        Brought::Value(value) => Ok(from_json(&value)),
        Brought::Fault(fault) => Err(thrown(&fault)),
        // Nobody brings these but to who receives.
        Brought::Letter(_) | Brought::Event(_) | Brought::Nothing => Ok(Dynamic::UNIT),
    }
}

fn to_dynamic(address: process::Address) -> Dynamic {
    Dynamic::from(Address::from(address))
}

/// An address that came as a text.
fn address_of(brought: Brought) -> Spoken {
    let value = value_of(brought)?;
    let address = value.as_immutable_string_ref().ok().and_then(|text| text.parse().ok()).map(to_dynamic);
    Ok(address.unwrap_or(value))
}
