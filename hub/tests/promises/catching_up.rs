//! Who comes back gets exactly what it missed, in order, then `synced`, and then what is said from now on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::{RawSocket, TestHub, TestNode};
use node::Talk;
use shared::entry::Entry;
use shared::message::ToNode;
use shared::transcript::Place;

/// A line to somebody who listens, while another catches up: on a busy machine, without optimisation.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn what_was_missed_is_what_it_may_see_of_rooms_and_private_messages() {
    let hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    ana.joins("garden").await;
    let phone = hub.node().await;
    phone.connect_nick("ana", Some(&ana.token())).await.unwrap();
    let (bob, cid) = (hub.guest("bob").await, hub.guest("cid").await);
    for room in ["garden", "attic"] {
        bob.joins(room).await;
        phone.joins(room).await;
    }
    let heard = bob.says("lobby", "heard").await;
    ana.hears_seq(heard).await;
    let memory = ana.cut();

    let mut missed = vec![bob.says("lobby", "in the lobby").await, bob.says("garden", "in the garden").await];
    bob.says("attic", "where only her phone is").await;
    missed.push(bob.whispers("ana", "to her").await.seq);
    cid.whispers("bob", "not to her").await;
    missed.push(phone.whispers("cid", "from her").await.seq);
    missed.push(phone.whispers("ana", "to herself").await.seq);
    phone.says("attic", "where only her phone is").await;
    missed.push(phone.says("garden", "her own line").await);
    missed.push(cid.says("lobby", "the last").await);

    let mut ana = memory.resume().await;
    let synced = ana.synced().await;
    assert_eq!(ana.seqs(), missed);
    assert_eq!((synced, ana.welcome().seq), (missed[6], missed[6]));
    let live = bob.says("garden", "live").await;
    ana.hears_seq(live).await;
    assert_eq!((ana.seqs().len(), ana.times_synced()), (8, 1), "each once");

    // And an entry missed is the entry that others heard.
    let mut heard: BTreeMap<u64, Entry> = BTreeMap::new();
    phone.hears_seq(live).await;
    heard.extend(phone.entries().into_iter().map(|entry| (entry.seq(), entry)));
    for entry in ana.entries() {
        assert_eq!(heard.get(&entry.seq()), Some(&entry));
    }
}

#[tokio::test]
async fn from_the_beginning_is_all_there_ever_was() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    bob.joins("garden").await;
    let mut all = vec![bob.says("lobby", "before she came").await, bob.says("garden", "before she came").await];
    let mut ana = hub.tab_of("ana").await;
    all.push(bob.says("lobby", "while she was there").await);
    ana.joins("garden").await;
    let mut ana = ana.cut().resume_after(Some(0)).await;
    ana.synced().await;
    assert_eq!(ana.seqs(), all);
}

/// Each room is a cursor of its own in the log: they come together in one order.
#[tokio::test]
async fn of_many_rooms_all_comes_in_one_order() {
    const ROOMS: usize = 120;
    let hub = TestHub::start_unlimited().await;
    let (mut ana, bob) = (hub.tab_of("ana").await, hub.guest("bob").await);
    let room = |n: usize| format!("room{}", n % ROOMS);
    for n in 0..ROOMS {
        ana.joins(&room(n)).await;
        bob.joins(&room(n)).await;
    }
    let memory = ana.cut();
    let mut missed = Vec::new();
    for n in 0..3 * ROOMS {
        missed.push(bob.says(&room(n * 7), &format!("{n} {}", "x".repeat(n % 3 * 5_000))).await);
        if n % 10 == 0 {
            missed.push(bob.whispers("ana", "psst").await.seq);
        }
    }
    let hub = hub.restart().await;
    let mut ana = memory.resume().await;
    assert_eq!(ana.rooms_resumed().len(), ROOMS + 1);
    ana.synced().await;
    assert_eq!(ana.seqs(), missed);
    drop(hub);
}

#[tokio::test]
async fn without_after_only_what_comes_is_told() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let memory = hub.tab_of("ana").await.cut();
    bob.says("lobby", "missed").await;
    bob.whispers("ana", "missed").await;
    let mut ana = memory.resume_after(None).await;
    let live = bob.says("lobby", "live").await;
    ana.hears_seq(live).await;
    assert_eq!((ana.seqs(), ana.times_synced()), (vec![live], 0));
}

#[tokio::test]
async fn who_missed_nothing_is_synced_at_once() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.tab_of("ana").await;
    let seq = bob.says("lobby", "hello").await;
    ana.hears_seq(seq).await;
    bob.whispers("bob", "something that she may not see").await;
    for _ in 0..3 {
        ana = ana.cut().resume().await;
        let synced = ana.synced().await;
        assert_eq!((ana.entries(), synced), (vec![], ana.welcome().seq));
    }
}

#[tokio::test]
async fn who_claims_to_have_seen_the_future_still_hears_what_comes() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut memory = hub.tab_of("ana").await.cut();
    for after in [bob.welcome().seq + 1_000, 1 << 53, u64::MAX - 1, u64::MAX] {
        bob.says("lobby", "in the past").await;
        let mut ana = memory.resume_after(Some(after)).await;
        let synced = ana.synced().await;
        assert_eq!((ana.entries(), synced), (vec![], ana.welcome().seq), "after {after}");
        let live = bob.says("lobby", "live").await;
        ana.hears_seq(live).await;
        memory = ana.cut();
    }
}

/// Thousands of lines, some of them long, over a connection that is read in small steps while others talk on.
#[tokio::test]
async fn thousands_are_read_at_the_readers_pace() {
    const LINES: usize = 4_000;
    let hub = TestHub::start_unlimited().await;
    let mut bob = hub.tab_of("bob").await;
    let cid = hub.guest("cid").await;
    let memory = hub.tab_of("ana").await.cut();
    let text = |n: usize| format!("{n} {}", "x".repeat(if n.is_multiple_of(10) { 8_000 } else { 20 }));
    let mut said = bob.says_all("lobby", (0..LINES).map(text)).await;

    let narrow = RawSocket::open_narrow(hub.address()).await;
    let mut ana = memory.try_resume_on(narrow, Some(memory.seen)).await.unwrap();
    let mut most = 0;
    while most < LINES {
        for _ in 0..200 {
            if let ToNode::Entry(entry) = ana.next().await {
                assert!(entry.text().starts_with(&format!("{most} ")), "{most} is {}", entry.seq());
                most += 1;
                if most == LINES {
                    break;
                }
            }
        }
        let begun = Instant::now();
        let seq = cid.says("lobby", "live").await;
        cid.hears_seq(seq).await;
        assert!(begun.elapsed() < SOON, "the others wait for nobody: {:?}", begun.elapsed());
        said.push(seq);
    }
    ana.hears_seq(said[said.len() - 1]).await;
    assert_eq!(ana.seqs(), said);
    if ana.times_synced() == 0 {
        ana.synced().await;
    }
}

/// Cut again and again before it has caught up, it goes on from where it was.
#[tokio::test]
async fn who_is_cut_while_catching_up_goes_on_from_there() {
    const STEP: usize = 37;
    let mut hub = TestHub::start_unlimited().await;
    let mut bob = hub.tab_of("bob").await;
    let mut memory = hub.tab_of("ana").await.cut();
    let said = bob.says_all("lobby", (0..600).map(|n| format!("{n} {}", "x".repeat(2_000)))).await;
    let mut heard = Vec::new();
    while heard.len() < said.len() {
        let mut ana = memory.resume().await;
        while ana.seqs().len() < STEP.min(said.len() - heard.len()) {
            ana.next().await;
        }
        heard.extend(ana.seqs());
        memory = ana.cut();
        if heard.len() == 4 * STEP {
            hub = hub.restart().await;
        }
    }
    assert_eq!(heard, said);
    assert_eq!(memory.resume().await.synced().await, said[said.len() - 1]);
    drop(hub);
}

/// While three talk without a pause, one comes and is cut again at any moment. What it hears on all its
/// connections, one after the other, is all that was said: no gap where one ends, and nothing twice.
#[tokio::test]
async fn the_pieces_of_many_connections_are_the_whole() {
    const ROUNDS: usize = 30;
    let hub = TestHub::start_unlimited().await;
    let mut ana = hub.tab_of("ana").await;
    let over = Arc::new(AtomicBool::new(false));
    let mut talks = Vec::new();
    for n in 0..3 {
        let talker = hub.guest(&format!("talker{n}")).await;
        talks.push(tokio::spawn(talk(talker, Arc::clone(&over))));
    }
    let mut heard = Vec::new();
    for _ in 0..ROUNDS {
        for _ in 0..rand::random_range(0..120) {
            ana.next().await;
        }
        heard.extend(ana.seqs());
        ana = ana.cut().resume().await;
    }
    over.store(true, Ordering::Relaxed);
    let mut said = Vec::new();
    for talk in talks {
        said.extend(talk.await.unwrap());
    }
    said.sort_unstable();
    ana.hears_seq(said[said.len() - 1]).await;
    heard.extend(ana.seqs());
    assert_eq!(heard, said);
}

/// Talks until it is over; returns what was acknowledged.
async fn talk(talker: TestNode, over: Arc<AtomicBool>) -> Vec<u64> {
    let mut said = Vec::new();
    while !over.load(Ordering::Relaxed) {
        said.push(talker.says("lobby", "blah").await);
    }
    said
}

/// A line whose answer was lost with the connection comes with the rest, and sent again it is not said again.
#[tokio::test]
async fn ones_own_line_is_among_what_was_missed() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.tab_of("ana").await;
    let id = ana.send(|id| Place::Room("lobby".to_owned()).say(id, "was it said?".to_owned())).await;
    let seq = bob.hears_text("was it said?").await.seq;
    let mut ana = ana.cut().resume().await;
    ana.synced().await;
    assert_eq!(ana.entries().iter().map(|entry| (entry.seq(), entry.id())).collect::<Vec<_>>(), [(seq, &*id)]);
    assert_eq!(ana.says_as(&id, "lobby", "was it said?").await.seq, seq);
    assert_eq!(bob.whole_history(Talk::Room("lobby")).await.len(), 1);
}
