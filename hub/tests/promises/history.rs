//! What was said can be read again, page by page, by those whom it was for.

use std::sync::Arc;

use crate::support::{TestHub, TestNode, refused};
use node::{Span, Talk};
use serde_json::json;
use shared::entry::Entry;
use shared::message::{ErrorCode, Page};

const LOBBY: Talk<'_> = Talk::Room("lobby");

fn seqs(page: &Page) -> Vec<u64> {
    page.entries.iter().map(Entry::seq).collect()
}

async fn page(node: &TestNode, talk: Talk<'_>, span: Span, limit: u32) -> Page {
    node.history(talk, span, limit).await.unwrap_or_else(|error| panic!("{talk:?} {span:?}: {error:?}"))
}

#[tokio::test]
async fn pages_go_both_ways() {
    let hub = TestHub::start_unlimited().await;
    let ana = hub.guest("ana").await;
    let mut all = Vec::new();
    for n in 0..10 {
        all.push(ana.says("lobby", &format!("line {n}")).await);
        ana.whispers("ana", "between the lines").await; // so that the numbers have gaps
    }

    let newest = page(&ana, LOBBY, Span::Newest, 4).await;
    assert_eq!((seqs(&newest), newest.more), (all[6..].to_vec(), true));
    let before = page(&ana, LOBBY, Span::Before(all[6]), 4).await;
    assert_eq!((seqs(&before), before.more), (all[2..6].to_vec(), true));
    let first = page(&ana, LOBBY, Span::Before(all[2]), 4).await;
    assert_eq!((seqs(&first), first.more), (all[..2].to_vec(), false));
    let none = page(&ana, LOBBY, Span::Before(all[0]), 4).await;
    assert_eq!((seqs(&none), none.more), (vec![], false));

    let from_the_start = page(&ana, LOBBY, Span::After(0), 4).await;
    assert_eq!((seqs(&from_the_start), from_the_start.more), (all[..4].to_vec(), true));
    let after = page(&ana, LOBBY, Span::After(all[3]), 6).await;
    assert_eq!((seqs(&after), after.more), (all[4..].to_vec(), false), "exactly as many as there are");
    let none = page(&ana, LOBBY, Span::After(all[9]), 6).await;
    assert_eq!((seqs(&none), none.more), (vec![], false));

    let far = page(&ana, LOBBY, Span::Before(u64::MAX), 3).await;
    assert_eq!(seqs(&far), all[7..]);
    let far = page(&ana, LOBBY, Span::After(u64::MAX), 3).await;
    assert_eq!((seqs(&far), far.more), (vec![], false));
}

#[tokio::test]
async fn an_entry_read_is_the_entry_heard() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    ana.says("lobby", "hello").await;
    let seq = ana.whispers("bob", "psst").await.seq;
    bob.hears_seq(seq).await;
    let mut read = page(&bob, LOBBY, Span::Newest, 10).await.entries;
    read.extend(page(&bob, Talk::With("ana"), Span::Newest, 10).await.entries);
    assert_eq!(read, bob.entries());
}

#[tokio::test]
async fn a_page_has_its_limits() {
    let hub = TestHub::start_unlimited().await;
    let ana = Arc::new(hub.guest("ana").await);
    let talk = |n: usize| {
        let ana = Arc::clone(&ana);
        tokio::spawn(async move { ana.says("lobby", &format!("{n}")).await })
    };
    let talks: Vec<_> = (0..210).map(talk).collect();
    for talk in talks {
        talk.await.unwrap();
    }
    for (limit, length) in [(1, 1), (200, 200), (201, 200), (u32::MAX, 200), (0, 1)] {
        let page = page(&ana, LOBBY, Span::Newest, limit).await;
        assert_eq!((page.entries.len(), page.more), (length, true), "limit {limit}");
    }

    let mut raw = hub.raw_guest("raw").await;
    raw.json(&json!({"type": "history", "id": "1", "room": "lobby"})).await;
    assert_eq!(raw.ok("1").await["entries"].as_array().unwrap().len(), 50, "where no limit is named");
    for (id, request) in [
        ("neither", json!({"type": "history", "id": "neither"})),
        ("both", json!({"type": "history", "id": "both", "room": "lobby", "with": "ana"})),
        ("negative", json!({"type": "history", "id": "negative", "room": "lobby", "limit": -1})),
        ("text", json!({"type": "history", "id": "text", "room": "lobby", "before": "now"})),
    ] {
        raw.json(&request).await;
        assert_eq!(raw.refused(id).await.code, ErrorCode::BadMessage, "{id}");
    }
}

#[tokio::test]
async fn it_survives_the_hub() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    ana.joins("garden").await;
    for n in 0..5 {
        ana.says("garden", &format!("line {n}")).await;
    }
    ana.whispers("bob", "psst").await;
    let said = ana.whole_history(Talk::Room("garden")).await;
    let whispered = bob.whole_history(Talk::With("ana")).await;
    assert_eq!((said.len(), whispered.len()), (5, 1));
    let token = bob.token().to_owned();

    let hub = hub.restart().await;
    let mut bob = hub.node().await;
    bob.takes("bob", Some(&token)).await;
    bob.joins("garden").await;
    assert_eq!(bob.whole_history(Talk::Room("garden")).await, said);
    assert_eq!(bob.whole_history(Talk::With("ana")).await, whispered);
    let next = bob.says("garden", "after the restart").await;
    assert!(next > whispered[0].seq(), "the numbers go on");
}

#[tokio::test]
async fn a_room_is_read_from_inside() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let eve = hub.guest("eve").await;
    ana.joins("garden").await;
    ana.says("garden", "for those in the garden").await;
    for room in ["garden", "GARDEN", "nowhere", ""] {
        assert_eq!(refused(eve.history(Talk::Room(room), Span::Newest, 10).await), ErrorCode::NotInRoom, "{room}");
    }
    eve.joins("garden").await;
    assert_eq!(
        page(&eve, Talk::Room("garden"), Span::Newest, 10).await.entries.len(),
        1,
        "what was said before one came"
    );
    eve.leave("garden").await.unwrap();
    assert_eq!(refused(eve.history(Talk::Room("garden"), Span::Newest, 10).await), ErrorCode::NotInRoom);

    let nameless = hub.node().await;
    let code = refused(nameless.history(LOBBY, Span::Newest, 10).await);
    assert!(matches!(code, ErrorCode::NotInRoom | ErrorCode::NotConnected), "{code:?}");
}

#[tokio::test]
async fn a_conversation_is_read_by_its_two() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    let eve = hub.guest("eve").await;
    let one = ana.whispers("bob", "one").await.seq;
    let of_eve = ana.whispers("eve", "for eve").await.seq;
    let two = bob.whispers("ana", "two").await.seq;
    ana.says("lobby", "not private").await;

    assert_eq!(seqs(&page(&ana, Talk::With("bob"), Span::Newest, 10).await), [one, two]);
    assert_eq!(seqs(&page(&bob, Talk::With("ana"), Span::Newest, 10).await), [one, two]);
    assert_eq!(seqs(&page(&eve, Talk::With("ana"), Span::Newest, 10).await), [of_eve]);
    assert_eq!(seqs(&page(&bob, Talk::With("ana"), Span::Before(two), 10).await), [one]);
    assert_eq!(seqs(&page(&bob, Talk::With("ana"), Span::After(one), 10).await), [two]);
    // Asking for one's own side of other people's talk finds nothing.
    let eves = eve.history(Talk::With("bob"), Span::Newest, 10).await;
    assert!(eves.is_err() || eves.unwrap().entries.is_empty());
}

#[tokio::test]
async fn whoever_comes_in_the_middle_misses_nothing() {
    const LINES: usize = 300;
    let hub = TestHub::start_unlimited().await;
    let ana = hub.guest("ana").await;
    let talk = tokio::spawn(async move {
        for n in 0..LINES {
            ana.says("lobby", &format!("{n}")).await;
        }
        ana
    });

    let mut comers = Vec::new();
    for n in 0..10 {
        let comer = hub.guest(&format!("comer{n}")).await;
        let read = comer.whole_history(LOBBY).await;
        comers.push((comer, read));
    }
    let ana = talk.await.unwrap();
    let last = ana.says("lobby", "over").await;
    for (comer, read) in comers {
        comer.hears_seq(last).await;
        let heard = comer.entries();
        assert!(heard.is_sorted_by(|a, b| a.seq() < b.seq()));
        // What was read and what was heard overlap or touch: together they are all.
        let mut all: Vec<u64> = read.iter().chain(&heard).map(Entry::seq).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), LINES + 1, "{} read {} and heard {}", comer.nick(), read.len(), heard.len());
    }
}
