//! Whoever searches finds what they may read, as soon as it was said, also behind a kill.

use std::time::Duration;

use crate::support::{HubProcess, Memory, Tab, TestHub};
use serde_json::json;
use shared::entry::Entry;
use shared::message::{Done, ErrorCode, Joined, Page, Refusal, Sent, ToHub};
use shared::transcript::Place;
use shared::wire::MAX_QUERY;

/// A search of all that one may see.
fn search(query: &str) -> ToHub {
    ToHub::Search {
        id: String::new(),
        query: query.to_owned(),
        room: None,
        with: None,
        from: None,
        since: None,
        until: None,
        before: None,
        limit: None,
    }
}

/// In which one of its optional fields is another.
macro_rules! searching {
    ($query:expr $(, $field:ident: $value:expr)*) => {{
        let mut search = search($query);
        let ToHub::Search { $($field,)* .. } = &mut search else { unreachable!() };
        $(*$field = Some($value.to_owned());)*
        search
    }};
}

fn with_id(mut search: ToHub, new: String) -> ToHub {
    if let ToHub::Search { id, .. } = &mut search {
        *id = new;
    }
    search
}

async fn ask(tab: &mut Tab, search: ToHub) -> Result<Page, Refusal> {
    tab.ask(|id| with_id(search, id)).await
}

async fn finds(tab: &mut Tab, search: ToHub) -> Vec<u64> {
    let page = ask(tab, search).await.unwrap();
    assert!(!page.more);
    page.entries.iter().map(Entry::seq).collect()
}

async fn refused(tab: &mut Tab, search: ToHub) -> ErrorCode {
    let refusal = ask(tab, search).await.unwrap_err();
    assert!(refusal.message.len() > 10, "a refusal is a sentence: {refusal:?}");
    refusal.code
}

async fn says(tab: &mut Tab, place: Place, text: &str) -> u64 {
    tab.ask::<Sent>(|id| place.say(id, text.to_owned())).await.unwrap().seq
}

fn room(name: &str) -> Place {
    Place::Room(name.to_owned())
}

fn with(nick: &str) -> Place {
    Place::With(nick.to_owned())
}

#[tokio::test]
async fn one_finds_what_was_said_where_one_is_and_what_one_whispered() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob, mut eve) = (hub.tab_of("ana").await, hub.tab_of("bob").await, hub.tab_of("eve").await);
    ana.ask::<Joined>(|id| ToHub::Join { id, room: "garden".to_owned() }).await.unwrap();
    let lobby = says(&mut ana, room("lobby"), "a needle in the lobby").await;
    let garden = says(&mut ana, room("garden"), "a needle in the garden").await;
    let psst = says(&mut ana, with("bob"), "a needle for bob").await;

    assert_eq!(finds(&mut ana, search("needle")).await, [psst, garden, lobby]);
    assert_eq!(finds(&mut bob, search("needle")).await, [psst, lobby]);
    assert_eq!(finds(&mut eve, search("needle")).await, [lobby]);
    eve.ask::<Joined>(|id| ToHub::Join { id, room: "garden".to_owned() }).await.unwrap();
    assert_eq!(finds(&mut eve, search("needle")).await, [garden, lobby], "what was said before one came");
    eve.ask::<Done>(|id| ToHub::Leave { id, room: "garden".to_owned() }).await.unwrap();
    assert_eq!(finds(&mut eve, search("needle")).await, [lobby]);

    assert_eq!(finds(&mut ana, searching!("needle", room: "Garden")).await, [garden]);
    assert_eq!(refused(&mut eve, searching!("needle", room: "garden")).await, ErrorCode::NotInRoom);
    assert_eq!(finds(&mut ana, searching!("needle", with: "bob")).await, [psst]);
    assert_eq!(finds(&mut bob, searching!("needle", with: "ANA")).await, [psst]);
    assert_eq!(finds(&mut eve, searching!("needle", with: "bob")).await, [0_u64; 0]);
    assert_eq!(refused(&mut ana, searching!("needle", with: "nobody")).await, ErrorCode::NoSuchNick);
    assert_eq!(refused(&mut ana, searching!("needle", room: "lobby", with: "bob")).await, ErrorCode::BadMessage);

    assert_eq!(finds(&mut bob, searching!("needle", from: "ana")).await, [psst, lobby]);
    assert_eq!(finds(&mut ana, searching!("needle", from: "bob")).await, [0_u64; 0]);
    assert_eq!(finds(&mut ana, searching!("needle", from: "nobody")).await, [0_u64; 0]);
    assert_eq!(finds(&mut ana, searching!("needle", room: "lobby", from: "nobody")).await, [0_u64; 0]);

    let mut nameless = hub.tab().await;
    assert_eq!(refused(&mut nameless, search("needle")).await, ErrorCode::NotConnected);
}

#[tokio::test]
async fn what_is_found_is_the_entry_that_was_heard() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    says(&mut ana, room("lobby"), "a needle").await;
    let last = says(&mut ana, with("bob"), "another needle").await;
    bob.hears_seq(last).await;
    let mut found = ask(&mut bob, search("needle")).await.unwrap().entries;
    found.reverse();
    assert_eq!(found, bob.entries());
}

#[tokio::test]
async fn pages_go_back_to_the_first_line_and_through_days() {
    let hub = TestHub::start_unlimited().await;
    let mut ana = hub.tab_of("ana").await;
    let mut said = Vec::new();
    for number in 0..7 {
        said.push(says(&mut ana, room("lobby"), &format!("needle {number}")).await);
        says(&mut ana, room("lobby"), "hay").await;
    }
    let seqs = |page: &Page| page.entries.iter().map(Entry::seq).collect::<Vec<_>>();
    let newest = ask(&mut ana, searching!("needle", limit: 4_u32)).await.unwrap();
    assert_eq!((seqs(&newest), newest.more), (said[3..].iter().rev().copied().collect(), true));
    let oldest = ask(&mut ana, searching!("needle", limit: 3_u32, before: said[3])).await.unwrap();
    assert_eq!((seqs(&oldest), oldest.more), (said[..3].iter().rev().copied().collect(), false));
    let all = ask(&mut ana, searching!("needle", limit: u32::MAX)).await.unwrap();
    assert_eq!((all.entries.len(), all.more), (7, false));
    let one = ask(&mut ana, searching!("needle", limit: 0_u32)).await.unwrap();
    assert_eq!((one.entries.len(), one.more), (1, true), "a page holds one at least");

    let at = all.entries[2].at();
    let younger = finds(&mut ana, searching!("needle", since: at)).await;
    let older = finds(&mut ana, searching!("needle", until: at)).await;
    assert_eq!([younger.clone(), older].concat(), seqs(&all));
    assert!(younger.contains(&all.entries[2].seq()));
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_refused_with_a_reason() {
    let hub = TestHub::start_unlimited().await;
    let mut ana = hub.tab_of("ana").await;
    for nothing in ["", "  ", "\"\"", "\" \"", "“”", "\u{301}\u{200b}"] {
        assert_eq!(refused(&mut ana, search(nothing)).await, ErrorCode::QueryEmpty, "{nothing:?}");
    }
    assert_eq!(refused(&mut ana, search(&"x".repeat(MAX_QUERY + 1))).await, ErrorCode::BadMessage);
    assert_eq!(finds(&mut ana, search(&"語".repeat(MAX_QUERY))).await, [0_u64; 0]);

    let mut raw = hub.raw_guest("raw").await;
    for (id, request) in [
        ("none", json!({"type": "search", "id": "none"})),
        ("number", json!({"type": "search", "id": "number", "query": 5})),
        ("before", json!({"type": "search", "id": "before", "query": "x", "before": -1})),
        ("since", json!({"type": "search", "id": "since", "query": "x", "since": "yesterday"})),
        ("room", json!({"type": "search", "id": "room", "query": "x", "room": ["lobby"]})),
    ] {
        raw.json(&request).await;
        assert_eq!(raw.refused(id).await.code, ErrorCode::BadMessage, "{id}");
    }
}

#[tokio::test]
async fn what_means_something_elsewhere_is_only_looked_for() {
    let hub = TestHub::start_unlimited().await;
    let mut ana = hub.tab_of("ana").await;
    let hostile = [
        "<script>alert(1)</script>",
        "javascript:alert(1)",
        "' OR 1=1; DROP TABLE entries; --",
        "a AND NOT b NEAR/2 c*",
        "{line} : ^x + y",
        "\u{202e}gnirts",
        "%_\\%",
        "nul\u{0}inside",
        "((((((((((",
    ];
    for text in hostile {
        let seq = says(&mut ana, room("lobby"), text).await;
        assert_eq!(finds(&mut ana, search(text)).await, [seq], "{text:?}");
    }
    for query in ["\"", "\"a", "AND", "NEAR(", "*", "-", "line:", "{", "^", "a\"b\"c\"", "🎉🎉🎉"] {
        let _ = ask(&mut ana, search(query)).await; // whatever is found, the hub lives
    }
    assert_eq!(finds(&mut ana, search("gnirts")).await.len(), 1);
}

#[tokio::test]
async fn who_types_fast_gets_all_answers_and_others_wait_no_longer() {
    let hub = TestHub::start_unlimited().await;
    let (mut ana, mut bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    let seq = says(&mut ana, room("lobby"), "a needle in a haystack").await;
    let mut asked = Vec::new();
    for length in 1..=10 {
        asked.push(ana.send(|id| with_id(search(&"a needle in"[..length]), id)).await);
    }
    assert_eq!(finds(&mut bob, search("haystack")).await, [seq]);
    for id in asked {
        let page: Page = ana.outcome(&id).await.unwrap();
        assert_eq!(page.entries.iter().map(Entry::seq).collect::<Vec<_>>(), [seq]);
    }
}

#[tokio::test]
async fn a_log_in_memory_is_searched_as_well() {
    let hub = TestHub::start_with(|config| {
        config.ephemeral = true;
        config.rate_limit = None;
    })
    .await;
    let mut ana = hub.tab_of("ana").await;
    let seq = says(&mut ana, room("lobby"), "a needle").await;
    for _ in 0..20 {
        says(&mut ana, room("lobby"), "hay").await;
    }
    assert_eq!(finds(&mut ana, search("eedl")).await, [seq]);
}

/// Lines said before each kill: the index is under way.
const LINES: usize = 4_000;

#[tokio::test]
async fn all_that_was_acknowledged_is_found_after_a_kill_in_the_middle_of_indexing() {
    let data = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::start(data.path()).await;
    let mut ana = hub.tab_of("ana").await;
    let mut needles = Vec::new();
    for round in 0..3 {
        let mut ids = Vec::new();
        for number in 0..LINES {
            let text = if number % 500 == 0 { format!("needle {round}-{number}") } else { format!("hay {number}") };
            ids.push(ana.send(|id| room("lobby").say(id, text)).await);
            // Not more at a time than a queue holds.
            if ids.len() == 250 {
                for (place, id) in ids.drain(..).enumerate() {
                    let sent: Sent = ana.outcome(&id).await.unwrap();
                    if (number + 1 - 250 + place).is_multiple_of(500) {
                        needles.push(sent.seq);
                    }
                }
            }
        }
        hub.kill().await;
        hub = HubProcess::start(data.path()).await;
        let memory = Memory { way: hub.way(), ..ana.cut() };
        ana = memory.resume().await;
        let found = finds(&mut ana, search("needle")).await;
        assert_eq!(found, needles.iter().rev().copied().collect::<Vec<_>>(), "round {round}");
    }
    // And once the index is whole.
    crate::support::eventually("the index", async || {
        let index = rusqlite::Connection::open(data.path().join("search.db")).ok()?;
        let reached: i64 = index.query_row("SELECT reached FROM state", [], |row| row.get(0)).ok()?;
        (reached as usize + 1_024 > 3 * LINES).then_some(())
    })
    .await;
    assert_eq!(finds(&mut ana, search("needle")).await.len(), needles.len());
    tokio::time::timeout(Duration::from_secs(10), hub.kill()).await.unwrap();
}
