//! Messages: sent, called, answered and received.

use rhai::Dynamic;
use shared::message::ErrorCode;
use shared::process::{Act, Brought, Event, Fault, Want};

use super::shapes::is_like;
use super::{Said, Word, no, shown, to_dynamic, value_of};
use crate::address::Address;
use crate::events::told;
use crate::tokens::CALL;
use crate::turn::{Kept, Spoken, Turn};
use crate::value::from_json;
use crate::wording::{fault_value, thrown};

pub(super) const WORDS: &[Word] = &[
    ("address", &[1, 2], address),
    ("send", &[2], send),
    (CALL, &[2, 3], call),
    ("try_call", &[2, 3], try_call),
    ("request", &[2, 3, 4], request),
    ("reply", &[2], reply),
    ("fail", &[2], fail),
    ("receive", &[0, 1], receive),
    ("receive_like", &[1, 2], receive_like),
    ("sender", &[0], sender),
];

/// `address("pong", "tab-2@den")`, `address("pong@@tab-2@den")`.
fn address(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let mut address = said.process(turn, 0)?;
    if said.count() == 2 {
        address.node = said.node(turn, 1)?;
    }
    Ok(to_dynamic(address))
}

/// `send(to, message)`.
fn send(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let (to, message) = (said.process(turn, 0)?, said.message(1)?);
    turn.act(Act::Send { to, message })?;
    Ok(Dynamic::UNIT)
}

/// `call(to, message[, ms])`: the answer; a fault is thrown.
fn call(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    called(turn, said).and_then(value_of)
}

/// `try_call(to, message[, ms])`: `#{ok: …}` or `#{error: …}`.
fn try_call(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let (name, value) = match called(turn, said)? {
        Brought::Fault(fault) => ("error", fault_value(&fault)),
        brought => ("ok", value_of(brought)?),
    };
    Ok(rhai::Map::from([(name.into(), value)]).into())
}

fn called(turn: &mut Turn, said: &Said<'_>) -> Spoken<Brought> {
    let (to, message, within) = (said.process(turn, 0)?, said.message(1)?, said.within(2)?);
    turn.wait(Want::Call { to, message, within })
}

/// `request(to, message[, then][, ms])`: a reference at once, and the answer as a message, or for the function `then`.
fn request(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let (to, message) = (said.process(turn, 0)?, said.message(1)?);
    let then = said.args.get(2).filter(|then| !then.is_int());
    let within = said.within(if then.is_some() { 3 } else { 2 })?;
    let r#ref = turn.reference();
    if let Some(then) = then {
        let name = match (then.read_lock::<rhai::FnPtr>(), then.as_immutable_string_ref()) {
            (Some(function), _) => function.fn_name().to_owned(),
            (None, Ok(name)) => name.to_string(),
            (None, Err(_)) => {
                return no(format!("What an answer is for is a function or its name, not {}.", shown(then)));
            }
        };
        turn.refs.push((r#ref, Kept::Then(name)));
    }
    turn.act(Act::Request { r#ref, to, message, within })?;
    Ok(reference(r#ref))
}

pub(super) fn reference(r#ref: u64) -> Dynamic {
    // Counted up from 1, which takes longer than any process lives.
    i64::try_from(r#ref).unwrap_or(i64::MAX).into()
}

/// `reply(from, value)`, where `from` called.
fn reply(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let result = Ok(said.message(1)?);
    answer(turn, &said.args[0], result)
}

/// `fail(from, words)`: the caller's call ends with an error.
fn fail(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let result = Err(said.text(1, "Why a call fails")?);
    answer(turn, &said.args[0], result)
}

fn answer(turn: &mut Turn, to: &Dynamic, result: Result<serde_json::Value, String>) -> Spoken {
    let Some(to) = to.read_lock::<Address>().map(|to| to.clone()) else {
        return no(format!("Answers go to the “from” of a call, not to {}.", shown(to)));
    };
    match (to.call, result) {
        (Some(call), result) => turn.act(Act::Reply { call, result })?,
        // It was sent and not called, so nobody waits; but who sent it can be told.
        (None, Ok(message)) => turn.act(Act::Send { to: to.to, message })?,
        (None, Err(_)) => {}
    }
    Ok(Dynamic::UNIT)
}

/// `receive([ms])`: the next message; in `main` and at the prompt. A time-out is thrown.
fn receive(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let until = until(turn, said, 0)?;
    if !turn.aside.is_empty() {
        let (from, message) = turn.aside.remove(0);
        turn.sender = from;
        return Ok(message);
    }
    next(turn, until)
}

/// `receive_like(shape[, ms])`: the next message of that shape. Others stay for later.
fn receive_like(turn: &mut Turn, said: &Said<'_>) -> Spoken {
    let until = until(turn, said, 1)?;
    let shape = &said.args[0];
    if let Some(at) = turn.aside.iter().position(|(_, message)| is_like(message, shape)) {
        let (from, message) = turn.aside.remove(at);
        turn.sender = from;
        return Ok(message);
    }
    loop {
        let message = next(turn, until)?;
        if is_like(&message, shape) {
            return Ok(message);
        }
        let from = turn.sender.take();
        turn.aside.push((from, message));
    }
}

fn until(turn: &Turn, said: &Said<'_>, at: usize) -> Spoken<Option<u64>> {
    if !turn.receives {
        return no("A program with handle(state, from, message) is given its messages; main(args) receives them.");
    }
    if at >= said.count() {
        return Ok(None);
    }
    Ok(Some(turn.now() + said.number(at, "A time-out")?))
}

fn next(turn: &mut Turn, until: Option<u64>) -> Spoken {
    Ok(match turn.wait(Want::Receive { until })? {
        Brought::Letter(letter) => {
            turn.sender = Some(Address { to: letter.from, call: letter.call });
            from_json(&letter.message)
        }
        Brought::Event(event) => heard(turn, event),
        Brought::Value(value) => from_json(&value),
        Brought::Nothing => return Err(thrown(&Fault::new(ErrorCode::Timeout, "No message came in time."))),
        Brought::Fault(fault) => return Err(thrown(&fault)),
    })
}

fn heard(turn: &mut Turn, event: Event) -> Dynamic {
    let told = told(&mut turn.refs, &turn.scene, event);
    turn.sender = told.from;
    told.message
}

/// `sender()`: who sent the message that was received last.
fn sender(turn: &mut Turn, _: &Said<'_>) -> Spoken {
    Ok(turn.sender.clone().map_or(Dynamic::UNIT, Dynamic::from))
}
