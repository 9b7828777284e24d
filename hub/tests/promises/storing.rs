//! The replicated store: a put is durable, then heard by everyone who keeps a copy, and all copies agree.

use std::sync::Arc;

use crate::support::{HubProcess, Memory, RawSocket, Tab, TestHub, Way, eventually};
use node::Client;
use serde_json::{Value, json};
use shared::entry::Entry;
use shared::message::{ErrorCode, Hello, Json, Pairs, Refusal, Sent, ToHub};
use shared::session::{Delivery, Phase, Response, Settings};
use shared::store::{MAX_DEPTH, MAX_KEY, MAX_PAGE, MAX_VALUE, Store};
use shared::wire;
use tokio::sync::watch;

fn put(key: &str, value: &Value, version: Option<u64>) -> impl FnOnce(String) -> ToHub {
    let (key, value) = (key.to_owned(), Json::of(value));
    move |id| ToHub::Put { id, key, value, version }
}

fn remove(key: &str, version: Option<u64>) -> impl FnOnce(String) -> ToHub {
    let key = key.to_owned();
    move |id| ToHub::Remove { id, key, version }
}

/// A node that keeps a copy, and comes back as such.
async fn keeper(way: &Way) -> Tab {
    keeper_again(way, None, None).await
}

async fn keeper_again(way: &Way, session: Option<String>, after: Option<u64>) -> Tab {
    let hello = Hello { session, after, store: true, ..Hello::default() };
    Tab::open(way, hello).await.unwrap_or_else(|code| panic!("closed with {code}"))
}

async fn resume(memory: &Memory) -> Tab {
    let tab = keeper_again(&memory.way, Some(memory.session.clone()), Some(memory.seen)).await;
    assert!(tab.welcome().resumed);
    tab
}

impl Tab {
    /// Puts a key, which must succeed; returns its version.
    async fn puts(&mut self, key: &str, value: &Value) -> u64 {
        let sent: Sent = self.does(put(key, value, None)).await;
        sent.seq
    }

    async fn removes(&mut self, key: &str) -> u64 {
        let sent: Sent = self.does(remove(key, None)).await;
        sent.seq
    }

    async fn refusal_of(&mut self, request: impl FnOnce(String) -> ToHub) -> Refusal {
        self.ask::<Sent>(request).await.unwrap_err()
    }

    /// The whole store, page by page.
    async fn reads_the_store(&mut self, follow: Option<bool>) -> Store {
        let (mut store, mut after) = (Store::default(), None);
        loop {
            let behind: Option<String> = after.clone();
            let page: Pairs = self.does(|id| ToHub::Store { id, follow, after: behind, prefix: None }).await;
            assert!(page.pairs.len() <= MAX_PAGE);
            let (more, last) = (page.more, page.pairs.last().map(|pair| pair.key.clone()));
            store.take_page(after.as_deref(), "", page);
            if !more {
                return store;
            }
            after = last;
        }
    }

    /// What came of the store on this connection.
    fn heard_of_the_store(&self) -> Vec<Entry> {
        let entries = self.entries().into_iter();
        entries.filter(|entry| matches!(entry, Entry::Put(_) | Entry::Removed(_))).collect()
    }

    fn folds_into(&self, store: &mut Store) {
        for entry in self.entries() {
            store.fold(&entry);
        }
    }
}

fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(Entry::seq).collect()
}

#[tokio::test]
async fn a_put_is_heard_by_those_who_keep_a_copy_and_by_nobody_else() {
    let hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    let mut keeper = keeper(&hub.way()).await;
    let version = ana.puts("users/ana", &json!({ "tea": true })).await;
    keeper.hears_seq(version).await;
    let [Entry::Put(put)] = &keeper.entries()[..] else { panic!("{:?}", keeper.entries()) };
    assert_eq!((put.seq, put.from.as_str(), put.key.as_str()), (version, "ana", "users/ana"));
    assert_eq!(put.value, json!({ "tea": true }));

    let mut later = hub.tab().await;
    let store = later.reads_the_store(Some(true)).await;
    assert_eq!((store.get("users/ana").unwrap().version, store.seq()), (version, version));
    let removed = ana.removes("users/ana").await;
    for tab in [&mut keeper, &mut later] {
        tab.hears_seq(removed).await;
        assert!(matches!(tab.entries().last(), Some(Entry::Removed(removed)) if removed.key == "users/ana"));
    }
    later.reads_the_store(Some(false)).await;
    ana.puts("b", &json!(1)).await;
    let fence = ana.says("lobby", "fence").await;
    ana.hears_seq(fence).await;
    assert_eq!(seqs(&ana.entries()), [fence], "who puts does not hear of it who keeps no copy");
    later.reads_what_waits().await;
    assert_eq!(seqs(&later.entries()), [removed]);
    assert_eq!(hub.node().await.welcome().store_since, 0);
}

#[tokio::test]
async fn of_many_who_put_what_they_have_seen_one_does_and_the_others_are_told() {
    let hub = TestHub::start_unlimited().await;
    let mut tabs = Vec::new();
    for number in 0..8 {
        tabs.push(hub.tab_of(&format!("guest{number}")).await);
    }
    let first = tabs[0].puts("counter", &json!(0)).await;
    let mut asked = Vec::new();
    for tab in &mut tabs {
        asked.push(tab.send(put("counter", &json!(1), Some(first))).await);
    }
    let (mut won, mut lost) = (Vec::new(), Vec::new());
    for (tab, id) in tabs.iter_mut().zip(asked) {
        match tab.outcome::<Sent>(&id).await {
            Ok(sent) => won.push(sent.seq),
            Err(refusal) => lost.push(refusal),
        }
    }
    assert_eq!((won.len(), lost.len()), (1, 7));
    for refusal in lost {
        assert_eq!(refusal.code, ErrorCode::VersionConflict);
        assert!(refusal.message.contains(&won[0].to_string()), "it names the version: {}", refusal.message);
    }
    let refusal = tabs[0].refusal_of(put("counter", &json!(2), Some(0))).await;
    assert_eq!(refusal.code, ErrorCode::VersionConflict, "0 says that it is not there");
    let refusal = tabs[0].refusal_of(remove("nothing", Some(first))).await;
    assert_eq!(refusal.code, ErrorCode::VersionConflict);
}

#[tokio::test]
async fn what_the_store_does_not_take_is_refused_by_name_and_nothing_is_written() {
    let hub = TestHub::start_unlimited().await;
    let mut nameless = hub.tab().await;
    assert_eq!(nameless.refusal_of(put("a", &json!(1), None)).await.code, ErrorCode::NotConnected);
    let mut ana = hub.tab_of("ana").await;
    let head = ana.says("lobby", "before").await;
    for key in ["", "a\nb", &"k".repeat(MAX_KEY + 1)] {
        assert_eq!(ana.refusal_of(put(key, &json!(1), None)).await.code, ErrorCode::KeyInvalid, "{key:?}");
        assert_eq!(ana.refusal_of(remove(key, None)).await.code, ErrorCode::KeyInvalid, "{key:?}");
    }
    let deep = (0..=MAX_DEPTH).fold(json!(1), |inner, _| json!([inner]));
    for value in [json!("x".repeat(MAX_VALUE)), deep] {
        assert_eq!(ana.refusal_of(put("a", &value, None)).await.code, ErrorCode::ValueTooLong);
    }
    // As long as may be, and each level and letter that may be.
    let longest = json!("x".repeat(MAX_VALUE - 2));
    let deepest = (0..MAX_DEPTH).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(ana.puts(&"k".repeat(MAX_KEY), &longest).await, head + 1);
    assert_eq!(ana.puts("deep", &deepest).await, head + 2);
    let store = nameless.reads_the_store(None).await;
    assert_eq!((store.list("").len(), &store.get("deep").unwrap().value), (2, &deepest));
}

#[tokio::test]
async fn puts_that_come_too_fast_are_refused_for_now_and_lines_are_not() {
    let hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    // Many at once: however long the disk takes over each of them, that is too fast.
    let mut refusal = None;
    while refusal.is_none() {
        let mut asked = Vec::new();
        for _ in 0..200 {
            asked.push(ana.send(put("a", &json!(1), None)).await);
        }
        for id in asked {
            refusal = ana.outcome::<Sent>(&id).await.err().or(refusal);
        }
    }
    let refusal = refusal.unwrap();
    assert_eq!(refusal.code, ErrorCode::RateLimited);
    assert!(refusal.until.is_some());
    ana.says("lobby", "what a program does is not held against its person").await;
}

#[tokio::test]
async fn a_put_sent_again_is_made_once_though_its_condition_holds_no_more() {
    let hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    let request = |version| wire::encode(&put("a", &json!(1), version)("same".to_owned()));
    ana.socket().text(&request(Some(0))).await;
    let first: Sent = ana.outcome("same").await.unwrap();
    let later = ana.puts("a", &json!(2)).await;
    for version in [Some(0), None, Some(99)] {
        ana.socket().text(&request(version)).await;
        assert_eq!(ana.outcome::<Sent>("same").await.unwrap(), first);
    }
    let (token, hub) = (ana.token(), hub.restart().await);
    let mut ana = hub.further_tab_of("ana", Some(&token)).await;
    ana.socket().text(&request(Some(0))).await;
    assert_eq!(ana.outcome::<Sent>("same").await.unwrap(), first);
    assert_eq!(ana.reads_the_store(None).await.version("a"), later);
}

#[tokio::test]
async fn who_comes_back_gets_of_each_key_the_latest_in_order_with_what_was_said() {
    let mut hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    let mut bob = keeper(&hub.way()).await;
    bob.takes("bob", None).await;
    let gone = ana.puts("gone", &json!(1)).await;
    ana.puts("a", &json!(1)).await;
    bob.hears_seq(gone).await;
    let mut copy = Store::default();
    bob.folds_into(&mut copy);
    for restart in [false, true] {
        let memory = bob.cut();
        for value in 2..5 {
            ana.puts("a", &json!(value)).await;
        }
        let said = ana.says("lobby", "between").await;
        let removed = ana.removes(if restart { "other" } else { "gone" }).await;
        let last = ana.puts("other", &json!(restart)).await;
        if restart {
            let token = ana.token();
            hub = hub.restart().await;
            ana = hub.further_tab_of("ana", Some(&token)).await;
        }
        bob = resume(&memory).await;
        bob.synced().await;
        bob.folds_into(&mut copy);
        let heard = bob.seqs();
        assert!(heard.is_sorted() && heard.contains(&said) && heard.contains(&last));
        if restart {
            // Read from the disk: what is overtaken is not there any more.
            assert_eq!(heard, [said - 1, said, last]);
        } else {
            assert!(heard.contains(&removed));
        }
        assert_eq!(copy.digest(), ana.reads_the_store(None).await.digest());
    }
    let without = Memory { seen: 0, ..bob.cut() };
    let mut bob = without.resume().await;
    bob.synced().await;
    assert_eq!(bob.heard_of_the_store(), [], "whose hello does not ask for it");
}

#[tokio::test]
async fn the_whole_comes_in_pages_and_is_the_same_after_a_restart() {
    let hub = TestHub::start_unlimited().await;
    let mut ana = hub.tab_of("ana").await;
    for number in 0..2 * MAX_PAGE + 50 {
        ana.puts(&format!("n/{number:04}"), &json!({ "number": number, "half": 0.5, "third": 1.0 / 3.0 })).await;
    }
    let long = json!("x".repeat(10_000));
    for number in 0..40 {
        ana.puts(&format!("w/{number}"), &long).await;
    }
    let before = ana.reads_the_store(None).await;
    assert_eq!(before.list("").len(), 2 * MAX_PAGE + 90);
    let some: Pairs = ana
        .does(|id| ToHub::Store {
            id,
            follow: None,
            after: Some("n/0007".to_owned()),
            prefix: Some("n/000".to_owned()),
        })
        .await;
    let keys: Vec<&str> = some.pairs.iter().map(|pair| pair.key.as_str()).collect();
    assert_eq!((keys, some.more), (vec!["n/0008", "n/0009"], false));

    let hub = hub.restart().await;
    let after = hub.tab().await.reads_the_store(None).await;
    assert_eq!((after.digest(), after.seq()), (before.digest(), before.seq()), "to the last digit");
}

#[tokio::test]
async fn a_node_that_does_not_read_is_brought_up_to_date_when_it_does() {
    let hub = TestHub::start_unlimited().await;
    let mut ana = hub.tab_of("ana").await;
    let socket = RawSocket::open_narrow(hub.address()).await;
    let hello = Hello { store: true, ..Hello::default() };
    let mut slow = Tab::open_on(socket, &hub.way(), hello).await.unwrap();
    let long = "x".repeat(8 * 1024);
    let puts = 1_500;
    for number in 0..puts {
        ana.puts(&format!("k{}", number % 40), &json!([number, long])).await;
    }
    for number in 0..10 {
        ana.removes(&format!("k{number}")).await;
    }
    slow.synced().await;
    let mut copy = Store::default();
    slow.folds_into(&mut copy);
    let heard = slow.seqs();
    assert!(heard.is_sorted() && heard.len() < puts, "{} of {puts}: it was behind", heard.len());
    assert_eq!(copy.digest(), ana.reads_the_store(None).await.digest());
}

#[tokio::test]
async fn what_was_acknowledged_is_there_when_the_hub_is_killed() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let mut ana = hub.tab_of("ana").await;
    let mut bob = keeper(&hub.way()).await;
    bob.takes("bob", None).await;
    let mut acknowledged = 0;
    for value in 0..50 {
        acknowledged = ana.puts("a", &json!(value)).await;
    }
    let unanswered = ana.send(put("a", &json!("under way"), Some(acknowledged))).await;
    hub.kill().await;
    let memory = bob.cut();

    let hub = HubProcess::start(data.path()).await;
    let mut bob = resume(&Memory { way: hub.way(), ..memory }).await;
    bob.synced().await;
    let store = bob.reads_the_store(None).await;
    let pair = store.get("a").unwrap();
    assert!(pair.version >= acknowledged, "{unanswered} may have been made or not");
    assert!(pair.value == json!(49) || pair.value == json!("under way"));
    hub.kill().await;
}

/// A node that comes back by itself, with its copy.
struct Node {
    client: Client,
    copy: watch::Receiver<Store>,
}

impl Node {
    fn start(hub: &TestHub, nick: &str) -> Self {
        let settings =
            Settings { nick: Some(nick.to_owned()), cookie: Some(hub.cookie()), store: true, ..Settings::default() };
        let (client, mut deliveries) = Client::start(&hub.address().to_string(), settings).unwrap();
        let (copies, copy) = watch::channel(Store::default());
        tokio::spawn(async move {
            let mut store = Store::default();
            while let Some(delivery) = deliveries.next().await {
                let is_of_it = !store.deliver(&delivery).is_empty() || matches!(delivery, Delivery::Answered { .. });
                if is_of_it {
                    copies.send_replace(store.clone());
                }
            }
        });
        Self { client, copy }
    }

    async fn asks(&self, request: impl FnOnce(String) -> ToHub) -> Result<u64, Refusal> {
        match self.client.ask(request).await? {
            Response::Sent(sent) => Ok(sent.seq),
            other => panic!("{other:?}"),
        }
    }

    /// Adds one to a counter, however often another is faster.
    async fn counts(&self) {
        loop {
            let (value, version) = {
                let copy = self.copy.borrow();
                let pair = copy.get("counter");
                (pair.map_or(0, |pair| pair.value.as_u64().unwrap()), pair.map_or(0, |pair| pair.version))
            };
            match self.asks(put("counter", &json!(value + 1), Some(version))).await {
                Ok(_) => return,
                Err(refusal) => assert_eq!(refusal.code, ErrorCode::VersionConflict, "{}", refusal.message),
            }
            // Another's came first: it is here in a moment, unless it is already.
            let mut copy = self.copy.clone();
            copy.wait_for(|copy| copy.version("counter") > version).await.unwrap();
        }
    }
}

#[tokio::test]
async fn three_nodes_agree_though_the_hub_is_started_anew_between() {
    const ROUNDS: u64 = 30;
    let mut hub = TestHub::start_unlimited().await;
    let nodes: Vec<Arc<Node>> =
        ["ana", "bob", "eve"].into_iter().map(|nick| Arc::new(Node::start(&hub, nick))).collect();
    let work: Vec<_> = nodes
        .iter()
        .enumerate()
        .map(|(number, node)| {
            let node = Arc::clone(node);
            tokio::spawn(async move {
                assert!(node.client.online().await);
                for round in 0..ROUNDS {
                    let key = format!("shared/{}", round % 5);
                    node.asks(put(&key, &json!([number, round]), None)).await.unwrap();
                    if round % 7 == 0 {
                        node.asks(remove(&key, None)).await.unwrap();
                    }
                    node.counts().await;
                }
            })
        })
        .collect();
    for counted in [10, 40] {
        let mut copy = nodes[0].copy.clone();
        let is_there = |copy: &Store| copy.get("counter").is_some_and(|pair| pair.value.as_u64() >= Some(counted));
        copy.wait_for(is_there).await.unwrap();
        hub = hub.restart().await;
    }
    for work in work {
        work.await.unwrap();
    }
    let whole = hub.tab().await.reads_the_store(None).await;
    assert_eq!(whole.get("counter").unwrap().value, json!(3 * ROUNDS), "each acknowledged once");
    for node in &nodes {
        eventually("a copy like the hub's", async || (node.copy.borrow().digest() == whole.digest()).then_some(()))
            .await;
        assert_eq!(*node.client.phase().borrow(), Phase::Online);
    }
    // One that starts now has it too.
    let late = Node::start(&hub, "late");
    let mut copy = late.copy.clone();
    copy.wait_for(|copy| copy.digest() == whole.digest()).await.unwrap();
}
