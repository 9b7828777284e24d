//! A nick is freed before its time by whoever runs the hub: beside a running one, and while it is stopped.

use std::path::Path;
use std::process::Output;

use crate::support::{HubProcess, Tab};
use hub::backplane::Local;
use shared::message::{Connected, ErrorCode, Page, ToHub};

/// Runs `hub nicks free NICK` on a data directory.
async fn free(data: &Path, nick: &str) -> Output {
    let hub = tokio::process::Command::new(env!("CARGO_BIN_EXE_hub"))
        .env_clear()
        .args(["nicks", "free", nick, "--data"])
        .arg(data)
        .output();
    hub.await.unwrap_or_else(|error| panic!("the hub's binary does not start: {error}"))
}

#[track_caller]
fn refused(output: &Output, why: &str) {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("hub: ") && said.lines().count() == 1 && said.contains(why), "{said}");
    assert!(output.stdout.is_empty(), "{output:?}");
}

#[track_caller]
fn freed(output: &Output, nick: &str) {
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains(nick), "{output:?}");
}

async fn tries(tab: &mut Tab, nick: &str) -> Result<Connected, ErrorCode> {
    let nick = nick.to_owned();
    tab.ask(|id| ToHub::Connect { id, nick, token: None }).await.map_err(|refusal| refusal.code)
}

async fn talk_with(tab: &mut Tab, nick: &str) -> Page {
    let (room, with, limit) = (None, Some(nick.to_owned()), None);
    let page = tab.ask(|id| ToHub::History { id, room, with, before: None, after: None, limit }).await;
    page.unwrap_or_else(|refusal| panic!("refused: {refusal:?}"))
}

#[tokio::test]
async fn a_nick_is_freed_beside_a_running_hub_and_takes_nothing_along() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let mut eve = hub.tab_of("eve").await;
    let mut ana = hub.tab_of("Ana").await;
    eve.whispers("ana", "for the first ana alone").await;
    let own = ana.whispers("eve", "by the first ana").await;
    ana.says("lobby", "in the lobby").await;
    let token = ana.token();
    ana.disconnects().await;

    let mut other = hub.nameless_tab().await;
    assert_eq!(tries(&mut other, "ana").await.err(), Some(ErrorCode::NickInUse));
    freed(&free(data.path(), "ANA").await, "Ana");
    let connected = tries(&mut other, "ana").await.expect("it is free");
    assert_eq!((connected.nick.as_str(), connected.conversations.len()), ("ana", 0));
    assert!(talk_with(&mut other, "eve").await.entries.is_empty());
    let edit = other
        .ask::<serde_json::Value>(|id| ToHub::Delete { id, room: None, with: Some("eve".to_owned()), of: own.seq })
        .await;
    assert_eq!(edit.map_err(|refusal| refusal.code), Err(ErrorCode::NoSuchEntry));

    let nick = "ana".to_owned();
    let late = ana.ask::<Connected>(|id| ToHub::Connect { id, nick, token: Some(token) }).await;
    assert_eq!(late.map_err(|refusal| refusal.code).err(), Some(ErrorCode::NickInUse), "it is the other's now");
    eve.whispers("ana", "for the second").await;
    assert_eq!(talk_with(&mut other, "eve").await.entries.len(), 1);
}

#[tokio::test]
async fn until_somebody_takes_it_its_owner_can_come_back_and_has_it_for_themselves_again() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let mut ana = hub.tab_of("ana").await;
    let token = ana.token();
    ana.disconnects().await;
    freed(&free(data.path(), "ana").await, "ana");
    freed(&free(data.path(), "ana").await, "ana");
    ana.takes("ana", Some(&token)).await;
    ana.disconnects().await;
    let mut other = hub.nameless_tab().await;
    assert_eq!(tries(&mut other, "ana").await.err(), Some(ErrorCode::NickInUse));
}

#[tokio::test]
async fn the_nick_of_somebody_who_is_here_is_not_freed_under_their_hands() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let mut ana = hub.tab_of("ana").await;
    refused(&free(data.path(), "ana").await, "“ana” is here");
    ana.says("lobby", "as ever").await;
    let mut other = hub.nameless_tab().await;
    assert_eq!(tries(&mut other, "ana").await.err(), Some(ErrorCode::NickInUse));
}

#[tokio::test]
async fn a_nick_is_freed_while_the_hub_is_stopped_also_of_one_who_was_here_when_it_ended() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let ana = hub.tab_of("ana").await;
    hub.kill().await;
    freed(&free(data.path(), "ana").await, "ana");
    let hub = HubProcess::start(data.path()).await;
    let mut other = hub.nameless_tab().await;
    tries(&mut other, "ana").await.expect("it is free");
    drop(ana);
}

#[tokio::test]
async fn a_nick_that_nobody_has_is_told() {
    let data = tempfile::tempdir().unwrap();
    refused(&free(data.path(), "ana").await, "no log");
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "nothing is made");

    let hub = HubProcess::start(data.path()).await;
    let mut ana = hub.tab_of("ana").await;
    ana.disconnects().await;
    for nick in ["bob", "", "\u{7}", "admin", &"x".repeat(99)] {
        refused(&free(data.path(), nick).await, "nobody has the nick");
    }
    refused(&free(data.path(), "\u{430}na").await, "“ana” looks like it");
    hub.kill().await;
    refused(&free(data.path(), "bob").await, "nobody has the nick “bob”");
    assert!(Local::is_in(data.path()));
}
