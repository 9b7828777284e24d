//! Asks again for lines that were acknowledged long since, as a further node of their author's nick: the
//! answer must stay what it was, over every kill.

use std::sync::Arc;
use std::time::Duration;

use node::{Error, Node, Options, Talk};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use shared::message::ToHub;

use crate::cast::{self, Way};
use crate::line::{Line, nick_name};
use crate::stage::{Acknowledged, Stage};

/// Lines asked for again over one connection.
const LINES: usize = 20;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Again {
    pub(crate) answers: Vec<(Line, u64)>,
    pub(crate) refused: Vec<String>,
}

/// Until it is over.
pub(crate) async fn ask_again(stage: Arc<Stage>) -> Again {
    let mut random = StdRng::seed_from_u64(stage.seed ^ 0xA6A1);
    let mut again = Again::default();
    while !stage.over_within(Duration::from_millis(random.random_range(50..800))).await {
        let lines = stage.take_acknowledged(LINES);
        let Some(first) = lines.first() else { continue };
        let nick = cast::nick(first.line.author);
        match once(&stage, nick, &lines, &mut again).await {
            Ok(()) | Err(Error::Unreachable { .. } | Error::NotAHub { .. } | Error::Closed(_) | Error::Timeout) => {}
            Err(other) => again.refused.push(format!("{} could not ask again: {other}", nick_name(nick))),
        }
    }
    again
}

/// Over one connection, which may break off at any moment.
async fn once(stage: &Stage, nick: u16, lines: &[Acknowledged], again: &mut Again) -> Result<(), Error> {
    let options = Options { kind: Some("again".to_owned()), ..Options::default() };
    let (node, arrivals) = Node::connect(&stage.link(Way::Direct), options).await?;
    drop(arrivals);
    node.connect_nick(&nick_name(nick), stage.token(nick).as_deref()).await?;
    for Acknowledged { line, request } in lines {
        let sent = match request {
            ToHub::Say { id, room, text, .. } => node.say_as(id, room, text).await?,
            ToHub::PrivateMessage { id, to, text, .. } => node.private_message_as(id, to, text).await?,
            ToHub::Edit { id, room: Some(room), of, text, .. } => node.edit_as(id, Talk::Room(room), *of, text).await?,
            ToHub::Edit { id, with: Some(nick), of, text, .. } => node.edit_as(id, Talk::With(nick), *of, text).await?,
            _ => continue,
        };
        again.answers.push((*line, sent.seq));
    }
    // Not merely gone: nobody need wait for this node to come back.
    node.disconnect().await?;
    node.close().await;
    Ok(())
}
