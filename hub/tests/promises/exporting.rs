//! `hub export` prints what nodes heard, as they heard it.

use std::process::Stdio;

use crate::support::{DEADLINE, Errand, TestHub};
use shared::message::ToNode;
use shared::wire;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::timeout;

#[tokio::test]
async fn it_prints_what_nodes_heard_private_messages_too() {
    let hub = TestHub::start().await;
    let (ana, bob) = (hub.guest("ana").await, hub.guest("bob").await);
    for text in ["one", "two\nlines", "“quoted” \u{1f980}"] {
        ana.says("lobby", text).await;
    }
    bob.topic("lobby", "what it is about").await.unwrap();
    let last = ana.whispers("bob", "psst").await.seq;
    bob.hears_seq(last).await;
    let heard: Vec<String> = bob.entries().into_iter().map(|entry| wire::encode(&ToNode::Entry(entry))).collect();
    assert_eq!(heard.len(), 5);

    for words in [&["export"][..], &["export", "--json"]] {
        let exported = Errand::run(hub.data(), words).await;
        assert!(exported.done().lines().eq(&heard), "{}", exported.done());
        assert!(exported.done().ends_with('\n'));
    }
    let rest = Errand::run(hub.data(), ["export", "--after", "3"]).await;
    assert!(rest.done().lines().eq(&heard[3..]));
    let nothing = Errand::run(hub.data(), ["export", "--after", "18446744073709551615"]).await;
    assert_eq!(nothing.done(), "");

    let data = hub.stop().await;
    let stopped = Errand::run(data.path(), ["export"]).await;
    assert!(stopped.done().lines().eq(&heard), "also when no hub runs");
}

#[tokio::test]
async fn a_terminal_obeys_nothing_that_somebody_said() {
    const SAID: &str = "\u{9b}2J\u{7f}\u{1b}[31m \u{202e}evil";
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    ana.says("lobby", SAID).await;
    let exported = Errand::run(hub.data(), ["export"]).await;
    let line = exported.done().trim_end();
    assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
    let read: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(read["text"], SAID, "and for whoever reads JSON it is what was said");
    hub.stop().await;
}

#[tokio::test]
async fn lines_are_as_they_are_now() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let (edited, deleted) = (ana.says("lobby", "a herring").await, ana.says("lobby", "a swordfish").await);
    ana.edit(node::Talk::Room("lobby"), edited, "a cod").await.unwrap();
    ana.delete(node::Talk::Room("lobby"), deleted).await.unwrap();
    let exported = Errand::run(hub.data(), ["export"]).await;
    assert_eq!(exported.done().lines().count(), 4);
    assert!(exported.done().contains("a cod") && !exported.done().contains("swordfish"), "{}", exported.done());
    hub.stop().await;
}

#[tokio::test]
async fn whoever_reads_only_the_beginning_ends_it_quietly() {
    let hub = TestHub::start_unlimited().await;
    let ana = hub.guest("ana").await;
    for _ in 0..100 {
        ana.says("lobby", &"x".repeat(10_000)).await; // more than a pipe holds
    }
    let mut export = Errand::command(hub.data(), ["export"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(export.stdout.take().unwrap()).lines();
    let first = timeout(DEADLINE, lines.next_line()).await.unwrap().unwrap().unwrap();
    assert!(first.contains("\"seq\":1,"));
    drop(lines);
    let ended = timeout(DEADLINE, export.wait_with_output()).await.unwrap().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.len()), (Some(0), 0));
    hub.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_cannot_be_written_is_said() {
    let hub = TestHub::start().await;
    hub.guest("ana").await.says("lobby", "hi").await;
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let done =
        Errand::command(hub.data(), ["export"]).stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output();
    let done = timeout(DEADLINE, done).await.unwrap().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("standard output") && said.lines().count() == 1, "{said}");
    hub.stop().await;
}

#[tokio::test]
async fn without_a_log_there_is_nothing_to_print() {
    let folder = tempfile::tempdir().unwrap();
    let done = Errand::run(&folder.path().join("none"), ["export"]).await;
    assert!(done.refused().contains("--data"), "{}", done.stderr);
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is made");
    std::fs::write(folder.path().join("hubbub.db"), "these are no tables, however long one looks at them").unwrap();
    let done = Errand::run(folder.path(), ["export"]).await;
    assert!(done.refused().contains("hubbub.db"), "{}", done.stderr);
}
