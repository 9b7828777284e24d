//! Messages by their shape, as Erlang matches them.

use rhai::Dynamic;

use super::{Said, Word};
use crate::address::Address;
use crate::turn::{Spoken, Turn};

pub(super) const WORDS: &[Word] = &[
    ("like", &[2], like),
    ("any", &[0], |_, _| Ok(Dynamic::from(Hole::Any))),
    ("int", &[0], |_, _| Ok(Dynamic::from(Hole::Int))),
    ("number", &[0], |_, _| Ok(Dynamic::from(Hole::Number))),
    ("text", &[0], |_, _| Ok(Dynamic::from(Hole::Text))),
    ("pid", &[0], |_, _| Ok(Dynamic::from(Hole::Pid))),
];

/// What a shape leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hole {
    Any,
    Int,
    Number,
    Text,
    /// An address, or the text of one.
    Pid,
}

/// `like(message, shape)`: lists of as many items, each like its own; maps with at least those fields; `any()`,
/// `int()`, `number()`, `text()`, `pid()`; all else is equal or not.
fn like(_: &mut Turn, said: &Said<'_>) -> Spoken {
    Ok(is_like(&said.args[0], &said.args[1]).into())
}

/// No deeper than either is nested, and no longer than the shape.
pub(super) fn is_like(value: &Dynamic, shape: &Dynamic) -> bool {
    if let Some(hole) = shape.read_lock::<Hole>() {
        return match *hole {
            Hole::Any => true,
            Hole::Int => value.is_int(),
            Hole::Number => value.is_int() || value.is_float(),
            Hole::Text => value.is_string(),
            Hole::Pid => {
                value.is::<Address>() || text_is(value, |text| text.parse::<shared::process::Address>().is_ok())
            }
        };
    }
    if let Ok(shapes) = shape.as_array_ref() {
        return value.as_array_ref().is_ok_and(|items| {
            items.len() == shapes.len() && items.iter().zip(shapes.iter()).all(|(item, shape)| is_like(item, shape))
        });
    }
    if let Ok(shapes) = shape.as_map_ref() {
        return value.as_map_ref().is_ok_and(|fields| {
            shapes.iter().all(|(name, shape)| fields.get(name).is_some_and(|field| is_like(field, shape)))
        });
    }
    if let Ok(text) = shape.as_immutable_string_ref() {
        return text_is(value, |other| other == text.as_str()) || address_is(value, &text);
    }
    if let Some(address) = shape.read_lock::<Address>() {
        return address_is(value, &address.to_string()) || text_is(value, |text| text == address.to_string());
    }
    match (shape.as_int(), shape.as_float(), shape.as_bool()) {
        (Ok(shape), ..) => value.as_int() == Ok(shape),
        (_, Ok(shape), _) => value.as_float() == Ok(shape),
        (_, _, Ok(shape)) => value.as_bool() == Ok(shape),
        _ => shape.is_unit() && value.is_unit(),
    }
}

fn text_is(value: &Dynamic, is: impl Fn(&str) -> bool) -> bool {
    value.as_immutable_string_ref().is_ok_and(|text| is(&text))
}

fn address_is(value: &Dynamic, text: &str) -> bool {
    value.read_lock::<Address>().is_some_and(|address| address.to_string() == text)
}
