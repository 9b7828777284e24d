//! The last reading: the whole log, room by room and pair by pair, by a hub that has been through everything.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use node::{Client, Node, Options, Settings, Span, Talk};
use shared::wire::MAX_PAGE;
use tokio::time::timeout;

use crate::asked::Asked;
use crate::cast::{self, Way};
use crate::client::CALM_WITHIN;
use crate::line::{Spoken, nick_name, room_name};
use crate::look::Sight;
use crate::stage::Stage;
use crate::storing::{Come, Copy};

/// Reads all there is.
///
/// # Errors
/// If a page cannot be had, or has something that nobody said.
pub(crate) async fn whole_log(stage: &Stage) -> Result<(Vec<Spoken>, Vec<Sight>)> {
    let mut log = Reading { asked: Arc::clone(&stage.asked), log: Vec::new(), sights: Vec::new() };
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
    Ok((log.log, log.sights))
}

/// The store as the hub has it, by a client that asks for the whole.
///
/// # Errors
/// If it does not come in time.
pub(crate) async fn whole_store(stage: &Stage) -> Result<Come> {
    let settings = Settings { store: true, ..Settings::default() };
    let (client, mut deliveries) = Client::start(&stage.link(Way::Direct), settings)?;
    let copy = Copy::default();
    let read = async {
        while !copy.is_whole()
            && let Some(delivery) = deliveries.next().await
        {
            copy.told(&delivery);
        }
    };
    timeout(CALM_WITHIN, read).await.context("reading the whole store at the end")?;
    ensure!(copy.is_whole(), "the whole store could not be read at the end");
    client.stop().await;
    Ok(copy.come())
}

/// What was read so far.
struct Reading {
    asked: Arc<Asked>,
    log: Vec<Spoken>,
    sights: Vec<Sight>,
}

async fn node(stage: &Stage, nick: &str, token: Option<String>) -> Result<Node> {
    let (node, arrivals) = Node::connect(&stage.link(Way::Direct), Options::default()).await?;
    drop(arrivals);
    node.connect_nick(nick, token.as_deref()).await?;
    Ok(node)
}

async fn read(node: &Node, talk: Talk<'_>, log: &mut Reading) -> Result<()> {
    let mut seen = 0;
    loop {
        let page =
            node.history(talk, Span::After(seen), MAX_PAGE).await.with_context(|| format!("reading {talk:?}"))?;
        for entry in &page.entries {
            ensure!(entry.seq() > seen, "{talk:?}: #{} comes after #{seen}", entry.seq());
            seen = entry.seq();
            let spoken = Spoken::of(entry, &log.asked);
            log.log.push(spoken.with_context(|| format!("{talk:?}: nobody ever said #{seen} like that"))?);
            log.sights.extend(Sight::of(entry));
        }
        if !page.more {
            return Ok(());
        }
        ensure!(!page.entries.is_empty(), "{talk:?}: there is more after #{seen}, and yet nothing came");
    }
}
