//! The power fails under a hub in the middle of everything: what it did not sync is gone, and yet all that
//! anybody was told is there.
//!
//! The hub is the real one, with a library loaded into it that keeps, at every sync, what the disk surely
//! holds from then on. The hub is killed at some moment, and the next one starts on that image instead of on
//! its files.

#![cfg(target_os = "linux")]
mod checker;
mod disk;
use std::sync::Arc;

use crate::support::{HubProcess, Memory, TestNode};
use checker::{Acknowledged, Record, faults};
use disk::Disk;
use node::{Error, Talk};
use rand::Rng;
use shared::entry::Entry;
use tokio::task::JoinHandle;

const SENDERS: usize = 8;

/// Bytes of the longest text: enough of them to fill the write-ahead log to its checkpoint again and again.
const LONGEST: usize = 6_000;

/// Someone who was told that it is connected, and that it is in a room beside the lobby.
struct Known {
    memory: Memory,
    nick: String,
    room: Option<String>,
}

/// Says lines in the lobby, one after the other, until the hub is gone.
fn talk(sender: Arc<TestNode>) -> JoinHandle<Vec<Acknowledged>> {
    tokio::spawn(async move {
        let mut acknowledged = Vec::new();
        for number in 0.. {
            let id = format!("{}-{number}", sender.nick());
            let length = rand::rng().random_range(1..LONGEST);
            let text: String = id.bytes().cycle().take(length).map(char::from).collect();
            match sender.say_as(&id, "lobby", &text).await {
                Ok(sent) => {
                    let from = sender.nick().to_owned();
                    acknowledged.push(Acknowledged { seq: sent.seq, from, id, text });
                }
                Err(Error::Closed(_)) => break,
                Err(other) => panic!("{other:?}"),
            }
        }
        acknowledged
    })
}

/// Talks until a listener has heard so many lines, and pulls the plug. Returns what was told to whom.
async fn storm(hub: HubProcess, round: u32, lines: usize) -> (Record, Vec<Known>) {
    let listener = hub.guest(&format!("listener{round}")).await;
    let (mut senders, mut known) = (Vec::new(), Vec::new());
    for number in 0..SENDERS {
        let sender = hub.guest(&format!("sender{round}-{number}")).await;
        let room = format!("den{number}");
        sender.joins(&room).await;
        known.push((Arc::new(sender), Some(room)));
    }
    senders.extend(known.iter().map(|(sender, _)| Arc::clone(sender)));
    let talks: Vec<_> = senders.into_iter().map(talk).collect();
    listener.hears("much talk", |heard| (heard.len() >= lines).then_some(())).await;
    // Whoever came last was told so last.
    known.push((Arc::new(hub.guest(&format!("late{round}")).await), None));
    let way = hub.way();
    hub.kill().await;

    let mut record = Record::default();
    for talk in talks {
        record.acknowledged.extend(talk.await.unwrap());
    }
    listener.closed().await;
    record.heard.push(listener.entries());
    let mut memories = Vec::new();
    for (node, room) in known {
        node.closed().await;
        let heard = node.entries();
        let seen = heard.last().map_or(node.welcome().seq, Entry::seq);
        record.heard.push(heard);
        let memory = Memory { way: way.clone(), session: node.welcome().session.clone(), seen };
        memories.push(Known { memory, nick: node.nick().to_owned(), room });
    }
    (record, memories)
}

/// All that was ever said in the lobby.
async fn read(hub: &HubProcess, nick: &str) -> Vec<Entry> {
    hub.guest(nick).await.whole_history(Talk::Room("lobby")).await
}

#[tokio::test]
async fn nothing_acknowledged_and_nothing_heard_is_lost_with_the_power() {
    let mut disk = Disk::honest();
    let mut told = Vec::new();
    let (mut first_size, mut last_size) = (None, 0);
    for round in 0..5 {
        let hub = disk.starts_hub().await;
        let lines = if round == 0 { 10 } else { rand::rng().random_range(200..700) };
        let (record, known) = storm(hub, round, lines).await;
        last_size = disk.loses_power();
        first_size.get_or_insert(last_size);
        told.push(record);

        let hub = disk.starts_hub().await;
        let log = read(&hub, &format!("reader{round}")).await;
        for record in &told {
            let faults = faults(record, &log);
            let few: Vec<&String> = faults.iter().take(5).collect();
            assert!(faults.is_empty(), "{} faults after {lines} lines of round {round}, as {few:#?}", faults.len());
        }
        for person in &known {
            is_back(&hub, person, &log).await;
        }
        hub.kill().await;
        disk.loses_power(); // with nobody talking
    }
    assert!(first_size < Some(last_size), "no checkpoint happened: the log's main file never grew");
}

/// Whoever was told that it is connected has its nick and rooms back, and all that it has not heard.
async fn is_back(hub: &HubProcess, person: &Known, log: &[Entry]) {
    let memory = Memory { way: hub.way(), ..person.memory.clone() };
    let mut tab = memory.resume().await;
    assert_eq!(tab.welcome().nick.as_ref(), Some(&person.nick));
    let rooms: Vec<String> = person.room.iter().cloned().chain(["lobby".to_owned()]).collect();
    assert_eq!(tab.rooms_resumed(), rooms, "{}", person.nick);
    tab.synced().await;
    let missed: Vec<Entry> = log.iter().filter(|entry| entry.seq() > memory.seen).cloned().collect();
    assert!(tab.entries() == missed, "{} missed {} lines and got {}", person.nick, missed.len(), tab.entries().len());
}

/// The same on a disk that says it has synced and has not: shows that the test above would find it out.
#[tokio::test]
async fn what_a_lying_disk_loses_is_found_missing() {
    // Most of them are spent on the start, the nicks and the rooms, and a commit holds one line of each sender
    // at most. The kill comes before the first checkpoint, which such a disk turns into a broken log.
    const HEEDED: u32 = 25;
    const LINES: usize = 120;
    let mut disk = Disk::that_lies_after(HEEDED);
    let (record, _) = storm(disk.starts_hub().await, 0, LINES).await;
    disk.loses_power();

    let log = read(&disk.starts_hub().await, "reader").await;
    assert!(log.len() < record.acknowledged.len(), "{} lines are left", log.len());
    let faults = faults(&record, &log);
    let lost = |fault: &&String| fault.contains("was acknowledged as") && fault.ends_with("there is None");
    assert!(faults.iter().filter(lost).count() > 0, "{faults:#?}");
}
