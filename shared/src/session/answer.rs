//! What a reply says, by the request it answers.

use serde_json::Value;

use super::Response;
use crate::message::{self, ErrorCode, FromTree, Outcome, Refusal, ToHub};

/// Reads the outcome of a request.
pub(super) fn read(request: &ToHub, outcome: Outcome) -> Result<Response, Refusal> {
    let value = match outcome {
        Outcome::Ok(value) => value,
        Outcome::Error(refusal) => return Err(refusal),
    };
    match request {
        ToHub::Connect { .. } => parse(value).map(Response::Connected),
        ToHub::Join { .. } => parse(value).map(Response::Joined),
        ToHub::Hello(_)
        | ToHub::Ack { .. }
        | ToHub::Typing { .. }
        | ToHub::State { .. }
        | ToHub::Signal(_)
        | ToHub::Disconnect { .. }
        | ToHub::Leave { .. }
        | ToHub::Read { .. } => Ok(Response::Done),
        ToHub::Who { .. } => parse(value).map(Response::Person),
        ToHub::Cursors { .. } => parse(value).map(Response::Cursors),
        ToHub::Say { .. }
        | ToHub::PrivateMessage { .. }
        | ToHub::Edit { .. }
        | ToHub::Delete { .. }
        | ToHub::React { .. }
        | ToHub::Topic { .. }
        | ToHub::Put { .. }
        | ToHub::Remove { .. } => parse(value).map(Response::Sent),
        ToHub::ListUsers { .. } => parse(value).map(Response::Users),
        ToHub::ListRooms { .. } => parse(value).map(Response::Rooms),
        ToHub::ListNodes { .. } => parse(value).map(Response::Nodes),
        ToHub::Store { .. } => parse(value).map(Response::Pairs),
        ToHub::Ping { .. } => parse(value).map(Response::Pinged),
        ToHub::History { .. } | ToHub::Search { .. } => parse(value).map(Response::Page),
    }
}

fn parse<T: FromTree>(value: Value) -> Result<T, Refusal> {
    message::read(value).map_err(|error| {
        let words = format!("The hub's answer cannot be read ({error}). Are hub and client of one version?");
        Refusal::new(ErrorCode::BadMessage, words)
    })
}
