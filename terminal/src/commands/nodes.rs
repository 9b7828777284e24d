//! `hubbub nodes`: who is connected.

use super::{End, asked, json, leave, output::Output};
use crate::arguments::{Nodes, Who};
use crate::chat::words;
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
    let mut list = list?;
    list.retain(|node| node.node != welcome.node);
    let lines: Vec<String> = if nodes.json {
        list.iter().map(json::line).collect()
    } else {
        // `tab-7f3a@den.local  tab  ana  2026-11-22 04:00:12`
        words::node_lines(&list, |node| moment::local(node.since))
    };
    for line in lines {
        output.line(clean::line(&line).into_owned(), stop).await?;
    }
    Ok(Code::Done)
}
