//! `hubbub ping`: whether a node is alive.

use std::time::Instant;

use shared::message::{Answer, ToHub};
use shared::session::Response;

use super::{End, asked, leave, output::Output};
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
    leave(&client).await;
    let is_alive = matches!(pinged?, Response::Pinged(pinged) if pinged.answer == Answer::Pong);
    let (text, code) = if is_alive {
        (format!("pong {:.1} ms", took.as_secs_f64() * 1000.0), Code::Done)
    } else {
        ("pang".to_owned(), Code::Failed)
    };
    output.line(text, stop).await?;
    Ok(code)
}
