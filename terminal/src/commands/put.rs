//! `hubbub put`: a value under a key of the replicated store, for all nodes.

use shared::message::{Json, ToHub};
use shared::session::Response;
use tokio::time::timeout;

use super::input::{self, STDIN};
use super::{End, PATIENCE, asked, json, leave, output::Output};
use crate::arguments::{Put, Who};
use crate::exit::Code;
use crate::joining::{self, Opened};
use crate::stopping::Stop;

pub(super) async fn run(put: Put, who: &Who, stop: &mut Stop, output: &mut Output) -> Result<Code, End> {
    let Put { key, value, version } = put;
    // First of all, so that nobody is seen to come while somebody still types.
    let value = match value {
        Some(value) if value != STDIN => value,
        _ => piped(&input::read(stop, "put").await?)?,
    };
    let Opened { client, deliveries, warning, hub, .. } = joining::speak(who, stop).await?;
    drop(deliveries);
    if let Some(warning) = warning {
        super::warn(&warning);
    }
    // Kept and sent again by the client, with the same id, like a line.
    let value = Json::of(&json::typed(value));
    let answer = client.ask(|id| ToHub::Put { id, key, value, version });
    let put = asked((&client, &hub), stop, async {
        match timeout(PATIENCE, answer).await {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                let words = format!("The hub did not answer within {} s: it may have been put.", PATIENCE.as_secs());
                Err(End::failed(Code::NoHub, words))
            }
        }
    })
    .await;
    leave(&client).await;
    match put {
        Ok(Response::Sent(sent)) => {
            output.line(sent.seq.to_string(), stop).await?;
            Ok(Code::Done)
        }
        Ok(_) => Err(End::failed(Code::Failed, "The hub's answer is not of this version.")),
        Err(End::Stopped(code)) => Err(End::failed(code, "Stopped before the hub answered: it may have been put.")),
        Err(end) => Err(end),
    }
}

/// What a pipe brings, as a shell takes it for an argument: without the line breaks at its end.
fn piped(text: &str) -> Result<String, End> {
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        let words = "There is nothing to put: standard input is empty. An empty text is put as \"\".";
        return Err(End::failed(Code::Failed, words));
    }
    Ok(text.to_owned())
}
