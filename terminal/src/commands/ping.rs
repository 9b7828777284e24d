//! `hubbub ping`: whether a node is alive.

use std::time::Instant;

use shared::letters::fold;
use shared::message::{Answer, NodeInfo, ToHub};
use shared::session::Response;

use super::{End, asked, leave, output::Output, warn};
use crate::arguments::{Ping, Who};
use crate::exit::Code;
use crate::joining::{self, Reached};
use crate::stopping::Stop;

pub(super) async fn run(ping: &Ping, who: &Who, stop: &mut Stop, output: &mut Output) -> Result<Code, End> {
    let Reached { client, deliveries, hub, .. } = joining::reach(who, stop).await?;
    drop(deliveries);
    // The hub asks the node's socket: that way a node without processes answers, too.
    let since = Instant::now();
    let pinged =
        asked((&client, &hub), stop, async { Ok(client.ask(|id| ToHub::Ping { id, node: ping.node.clone() }).await?) })
            .await;
    let took = since.elapsed();
    let is_alive = pinged.map(|pinged| matches!(pinged, Response::Pinged(pinged) if pinged.answer == Answer::Pong));
    if matches!(is_alive, Ok(false)) {
        match asked((&client, &hub), stop, async { Ok(client.nodes().await?) }).await {
            Ok(nodes) => {
                if let Some(words) = is_a_nick(&ping.node, &nodes) {
                    warn(&words);
                }
            }
            Err(End::Stopped(code)) => {
                leave(&client).await;
                return Err(End::Stopped(code));
            }
            Err(_) => {} // it is a pang all the same
        }
    }
    leave(&client).await;
    let is_alive = is_alive?;
    let (text, code) = if is_alive {
        (format!("pong {:.1} ms", took.as_secs_f64() * 1000.0), Code::Done)
    } else {
        ("pang".to_owned(), Code::Failed)
    };
    output.line(text, stop).await?;
    Ok(code)
}

/// Where somebody is whose nick was given in place of a node's name.
fn is_a_nick(name: &str, nodes: &[NodeInfo]) -> Option<String> {
    let mut theirs = nodes.iter().filter(|node| node.nick.as_deref().is_some_and(|nick| fold(nick) == fold(name)));
    let first = theirs.next()?;
    let more = match theirs.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("{name} is a nick, at the node {}{more}: name that.", first.node))
}
