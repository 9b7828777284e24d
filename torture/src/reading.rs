//! The last reading: the whole log, room by room and pair by pair, by a hub that has been through everything.

use anyhow::{Context, Result, ensure};
use node::{Node, Options, Span, Talk};
use shared::wire::MAX_PAGE;

use crate::cast::{self, Way};
use crate::line::{Spoken, nick_name, room_name};
use crate::stage::Stage;

/// Reads all there is.
///
/// # Errors
/// If a page cannot be had, or has something that nobody said.
pub(crate) async fn whole_log(stage: &Stage) -> Result<Vec<Spoken>> {
    let mut log = Vec::new();
    let node = node(stage, "reader", None).await?;
    for room in cast::all_rooms() {
        let room = room_name(room);
        node.join(&room).await?;
        read(&node, Talk::Room(&room), &mut log).await?;
    }
    node.close().await;
    for (one, other) in cast::pairs(stage.clients) {
        let node = self::node(stage, &nick_name(one), stage.token(one)).await?;
        read(&node, Talk::With(&nick_name(other)), &mut log).await?;
        node.close().await;
    }
    Ok(log)
}

async fn node(stage: &Stage, nick: &str, token: Option<String>) -> Result<Node> {
    let (node, arrivals) = Node::connect(&stage.link(Way::Direct), Options::default()).await?;
    drop(arrivals);
    node.connect_nick(nick, token.as_deref()).await?;
    Ok(node)
}

async fn read(node: &Node, talk: Talk<'_>, log: &mut Vec<Spoken>) -> Result<()> {
    let mut seen = 0;
    loop {
        let page =
            node.history(talk, Span::After(seen), MAX_PAGE).await.with_context(|| format!("reading {talk:?}"))?;
        for entry in &page.entries {
            ensure!(entry.seq() > seen, "{talk:?}: #{} comes after #{seen}", entry.seq());
            seen = entry.seq();
            log.push(Spoken::of(entry).with_context(|| format!("{talk:?}: nobody ever said #{seen} like that"))?);
        }
        if !page.more {
            return Ok(());
        }
        ensure!(!page.entries.is_empty(), "{talk:?}: there is more after #{seen}, and yet nothing came");
    }
}
