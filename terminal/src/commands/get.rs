//! `hubbub get`: what a key of the replicated store holds.

use node::{Address, Client};
use serde_json::{Value, json};
use shared::message::ToHub;
use shared::node::NodeName;
use shared::session::Response;

use super::{End, asked, json, leave, output::Output};
use crate::arguments::{Get, Who};
use crate::clean;
use crate::exit::Code;
use crate::joining::{self, Reached};
use crate::stopping::Stop;

pub(super) async fn run(get: Get, who: &Who, stop: &mut Stop, output: &mut Output) -> Result<Code, End> {
    let Get { key, node, json } = get;
    let from = node.as_deref().map(map_server_of).transpose()?;
    let Reached { client, deliveries, hub, .. } = joining::reach(who, stop).await?;
    drop(deliveries);
    let value = asked((&client, &hub), stop, async {
        match &from {
            Some(map_server) => there(&client, map_server, &key).await,
            None => at_the_hub(&client, &key).await,
        }
    })
    .await;
    leave(&client).await;
    match value? {
        Some(value) => {
            output.line(if json { json::line(&value) } else { json::plain(&value) }, stop).await?;
            Ok(Code::Done)
        }
        None => Err(End::failed(Code::Failed, format!("There is nothing under the key “{}”.", clean::line(&key)))),
    }
}

/// The first page of all keys that begin so: the key itself, if it is there, comes first. For one key nobody fetches the
/// whole store.
async fn at_the_hub(client: &Client, key: &str) -> Result<Option<Value>, End> {
    let store = |id| ToHub::Store { id, follow: None, after: None, prefix: Some(key.to_owned()) };
    let Response::Pairs(page) = client.ask(store).await? else { return Ok(None) };
    Ok(page.pairs.into_iter().find(|pair| pair.key == key).map(|pair| pair.value))
}

/// Another node's copy.
async fn there(client: &Client, map_server: &Address, key: &str) -> Result<Option<Value>, End> {
    let mut answer = client.call(map_server, json!({ "get": key })).await?;
    let is_there = answer.get("version").and_then(Value::as_u64).is_some_and(|version| version > 0);
    Ok(is_there.then(|| answer["value"].take()))
}

fn map_server_of(node: &str) -> Result<Address, End> {
    let node = NodeName::wished(node).and_then(|node| Address::new("map_server", node));
    node.map_err(|error| End::failed(Code::Usage, error.to_string()))
}
