//! A node that does not read costs bounded memory and delays nobody. It is not thrown out for it: when it reads
//! again, it gets everything, in order, and `synced`.

use std::time::{Duration, Instant};

use crate::support::{HubProcess, TestHub, eventually, passes};
use shared::message::{Page, State, ToHub, ToNode};
use shared::transcript::Place;

/// A line to somebody who listens, while others do not: on a busy machine, without optimisation.
const SOON: Duration = Duration::from_secs(2);

/// Who is behind for longer is told when it has caught up.
const A_WHILE: Duration = Duration::from_millis(1_100);

/// Long enough a text that some hundreds of it are more than the systems on both sides hold.
fn long(n: usize) -> String {
    format!("{n} {}", "x".repeat(8_000))
}

#[tokio::test]
async fn who_reads_again_gets_everything_and_nobody_waited() {
    const LONG: usize = 800;
    const SHORT: usize = 2_000; // many times what may wait in an outbox
    let hub = TestHub::start_unlimited().await;
    let mut deaf = hub.way().narrow_tab_of("deaf").await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    let mut talker = hub.tab_of("talker").await;
    let mut sent = Vec::new();
    for n in 0..LONG {
        let started = Instant::now();
        sent.push(ana.says("lobby", &long(n)).await);
        if n % 100 == 0 {
            sent.push(ana.whispers("deaf", "psst").await.seq);
            bob.hears_seq(sent[sent.len() - 2]).await;
        }
        assert!(started.elapsed() < SOON, "line {n} took {:?}", started.elapsed());
    }
    sent.extend(talker.says_all("lobby", (0..SHORT).map(|n| format!("{n}"))).await);
    bob.hears_seq(sent[sent.len() - 1]).await;
    assert_eq!(bob.lines().len(), LONG + SHORT);

    passes(A_WHILE).await;
    for _ in 0..10 {
        deaf.next().await;
    }
    let last = ana.says("lobby", "while it catches up").await;
    sent.push(last);
    deaf.hears_seq(last).await;
    assert_eq!(deaf.seqs(), sent);
    if deaf.times_synced() == 0 {
        deaf.synced().await;
    }
    let live = ana.says("lobby", "live again").await;
    deaf.hears_seq(live).await;
    let marker = hub.guest("marker").await; // and signals come again
    deaf.hears_presence(|presence| presence.joined.iter().any(|nick| nick == marker.nick())).await;
}

#[tokio::test]
async fn it_may_fall_behind_again_and_again() {
    let hub = TestHub::start_unlimited().await;
    let mut deaf = hub.way().narrow_tab_of("deaf").await;
    let mut talker = hub.tab_of("talker").await;
    let mut sent = Vec::new();
    for round in 1..=4 {
        sent.extend(talker.says_all("lobby", (0..700).map(long)).await);
        passes(A_WHILE).await;
        deaf.hears_seq(sent[sent.len() - 1]).await;
        assert_eq!(deaf.seqs(), sent);
        while deaf.times_synced() < round {
            deaf.synced().await;
        }
    }
}

/// It can be heard, though it does not hear; and the rooms that it enters and leaves are entered and left.
#[tokio::test]
async fn what_it_asks_is_done_all_the_same() {
    let hub = TestHub::start_unlimited().await;
    let mut deaf = hub.way().narrow_tab_of("deaf").await;
    let mut talker = hub.tab_of("talker").await;
    let bob = hub.guest("bob").await;
    bob.joins("garden").await;
    let mut sent = talker.says_all("lobby", (0..700).map(long)).await;

    let asked = Instant::now();
    deaf.send(|id| Place::Room("lobby".to_owned()).say(id, "can you hear me?".to_owned())).await;
    sent.push(bob.hears_text("can you hear me?").await.seq);
    deaf.send(|id| ToHub::Join { id, room: "garden".to_owned() }).await;
    bob.hears_joined("garden", "deaf").await;
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    sent.push(bob.says("garden", "in the garden").await);
    sent.push(bob.whispers("deaf", "psst").await.seq);
    deaf.hears_seq(sent[sent.len() - 1]).await;
    assert_eq!(deaf.seqs(), sent);

    talker.says_all("lobby", (0..700).map(long)).await;
    deaf.send(|id| ToHub::Leave { id, room: "lobby".to_owned() }).await;
    bob.hears_left("lobby", "deaf").await;
    let unheard = bob.says("lobby", "is it gone?").await;
    let last = bob.says("garden", "no").await;
    deaf.hears_seq(last).await;
    assert!(!deaf.seqs().contains(&unheard), "who has left hears no more");
}

#[tokio::test]
async fn cut_off_while_it_is_behind_it_misses_nothing() {
    let hub = TestHub::start_unlimited().await;
    let mut deaf = hub.way().narrow_tab_of("deaf").await;
    let mut talker = hub.tab_of("talker").await;
    let sent = talker.says_all("lobby", (0..700).map(long)).await;
    for _ in 0..50 {
        deaf.next().await;
    }
    let mut heard = deaf.seqs();
    let mut back = deaf.cut().resume().await;
    back.hears_seq(sent[sent.len() - 1]).await;
    heard.extend(back.seqs());
    assert_eq!(heard, sent);
}

/// Else it would go on showing what has long changed. Here answers fill the way to it, and no entry does.
#[tokio::test]
async fn a_signal_that_it_missed_is_never_missed_in_silence() {
    const PAGES: usize = 60; // of 128 KiB: more than the systems on both sides hold
    let hub = TestHub::start_unlimited().await;
    let mut laptop = hub.tab_of("ana").await;
    let mut talker = hub.tab_of("talker").await;
    let lines = talker.says_all("lobby", (0..400).map(|n| format!("{n}"))).await;
    talker.says_all("lobby", (0..40).map(long)).await;
    let mut phone = hub.way().narrow_tab().await;
    phone.takes("ana", Some(&laptop.token())).await;
    let mut asked = Vec::new();
    for _ in 0..PAGES {
        let (room, limit) = (Some("lobby".to_owned()), Some(200));
        let page = |id| ToHub::History { id, room, with: None, before: None, after: None, limit };
        asked.push(phone.send(page).await);
    }
    for seq in &lines {
        laptop.reads_room("lobby", *seq).await;
    }
    for id in asked {
        let _: Page = phone.outcome(&id).await.unwrap();
    }
    let fence = talker.says("lobby", "fence").await;
    phone.hears_seq(fence).await;
    let told = phone.heard().iter().filter(|message| matches!(message, ToNode::Read { .. })).count();
    assert!(told == lines.len() || phone.times_synced() > 0, "{told} of {}, and no word of the rest", lines.len());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hundred_cost_bounded_memory_and_no_time() {
    const DEAF: u64 = 100;
    const LINES: usize = 1_500; // of 16 KB: 24 MB, and 2.4 GB if each of the deaf had a copy
    const MOST: u64 = DEAF * 512 * 1024;
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let ana = hub.guest("ana").await;
    let text = "x".repeat(16_000);
    for _ in 0..100 {
        ana.says("lobby", &text).await; // first what any line costs: caches, the log's own pages
    }
    let mut deaf = Vec::new();
    for n in 0..DEAF {
        deaf.push(hub.way().narrow_tab_of(&format!("deaf{n}")).await);
    }
    let before = hub.resident();
    let mut sent = Vec::new();
    for n in 0..LINES {
        let started = Instant::now();
        sent.push(ana.says("lobby", &text).await);
        assert!(started.elapsed() < SOON, "line {n} took {:?}", started.elapsed());
    }
    ana.hears_seq(sent[LINES - 1]).await;
    let (grown, unsent) = (hub.resident().saturating_sub(before), hub.unsent());
    let each = format!("{} KiB and {} KiB in the system for each", grown / 1024 / DEAF, unsent / 1024 / DEAF);
    println!("{each}");
    assert!(grown + unsent < MOST, "{each}");

    let mut one = deaf.swap_remove(40);
    one.hears_seq(sent[LINES - 1]).await;
    assert_eq!(one.seqs(), sent);
    hub.kill().await;
}

/// Slow is not dead: whoever takes a little now and then is still there, however long it lasts.
#[tokio::test]
async fn who_reads_a_little_now_and_then_is_not_thrown_out() {
    let hub = TestHub::start_unlimited().await;
    let mut slow = hub.way().narrow_tab_of("slow").await;
    let mut talker = hub.tab_of("talker").await;
    let sent = talker.says_all("lobby", (0..700).map(long)).await;
    let watcher = hub.guest("watcher").await;
    for minute in 1..=4 {
        // 320 KB: more than the systems on both sides hold, so that the hub has had something to write.
        for _ in 0..40 {
            slow.next().await;
        }
        passes(Duration::from_secs(50)).await;
        let state = watcher.sees("lobby", "slow").await.map(|user| user.state);
        assert_eq!(state, Some(State::Online), "after {minute} times 50 s");
        talker.reads_what_waits().await;
    }
    slow.hears_seq(sent[sent.len() - 1]).await;
    assert_eq!(slow.seqs(), sent);
}

#[tokio::test]
async fn who_never_reads_again_is_dead_in_the_end_and_may_come_back_for_all_of_it() {
    let hub = TestHub::start_unlimited().await;
    let deaf = hub.way().narrow_tab_of("deaf").await;
    let mut talker = hub.tab_of("talker").await;
    let sent = talker.says_all("lobby", (0..700).map(long)).await;
    let watcher = hub.guest("watcher").await;
    for _ in 0..2 {
        passes(Duration::from_secs(31)).await;
        talker.reads_what_waits().await;
    }
    eventually("a dead node", async || {
        (watcher.sees("lobby", "deaf").await?.state == State::Reconnecting).then_some(())
    })
    .await;
    let mut back = deaf.cut().resume().await;
    back.hears_seq(sent[sent.len() - 1]).await;
    assert_eq!(back.seqs(), sent);
}

/// A connection without any sign of life is dead after 60 s. Whoever gives one, of whatever kind, is not.
#[tokio::test]
async fn a_half_open_connection_is_found_within_a_minute() {
    let hub = TestHub::start().await;
    let watcher = hub.guest("watcher").await;
    let (mut quiet, mut talker) = (hub.tab_of("quiet").await, hub.tab_of("talker").await);
    let (mut mute, lost) = (hub.tab_of("mute").await, hub.tab_of("lost").await);
    let state = async |nick: &str| watcher.sees("lobby", nick).await.map(|user| user.state);
    for _ in 0..2 {
        passes(Duration::from_secs(20)).await;
        quiet.pinged(true).await; // answers
        talker.pinged(false).await; // does not, but says something
        talker.reads_what_waits().await;
        mute.pinged(false).await; // does neither; and `lost` does not even read
        for nick in ["quiet", "talker", "mute", "lost"] {
            assert_eq!(state(nick).await, Some(State::Online), "{nick}");
        }
    }
    passes(Duration::from_secs(21)).await;
    for nick in ["mute", "lost"] {
        eventually("the dead are found", async || (state(nick).await == Some(State::Reconnecting)).then_some(())).await;
    }
    for nick in ["quiet", "talker", "watcher"] {
        assert_eq!(state(nick).await, Some(State::Online), "{nick}");
    }
    assert_eq!(lost.cut().resume().await.welcome().nick.as_deref(), Some("lost"));
    quiet.says("lobby", "that was a long minute").await;
}
