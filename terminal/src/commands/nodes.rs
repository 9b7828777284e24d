//! `hubbub nodes`: who is connected.

use shared::message::NodeInfo;

use super::{End, asked, json, leave, output::Output};
use crate::arguments::{Nodes, Who};
use crate::clean;
use crate::exit::Code;
use crate::joining::{self, Reached};
use crate::moment;
use crate::stopping::Stop;

pub(super) async fn run(nodes: &Nodes, who: &Who, stop: &mut Stop, output: &mut Output) -> Result<Code, End> {
    let Reached { client, deliveries, welcome, hub, .. } = joining::reach(who, stop).await?;
    drop(deliveries);
    let list = asked((&client, &hub), stop, async { Ok(client.nodes().await?) }).await;
    leave(&client).await;
    for node in list?.iter().filter(|node| node.node != welcome.node) {
        let text = if nodes.json { json::line(node) } else { plain(node) };
        output.line(text, stop).await?;
    }
    Ok(Code::Done)
}

/// `tab-7f3a@den.local  tab  ana  2026-11-22 04:00:12`; a node without a nick has a `-`.
fn plain(node: &NodeInfo) -> String {
    let NodeInfo { node, nick, kind, since, .. } = node;
    let nick = nick.as_deref().unwrap_or("-");
    [clean::line(node), clean::line(kind), clean::line(nick), moment::local(*since).into()].join("  ")
}
