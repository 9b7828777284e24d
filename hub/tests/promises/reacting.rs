//! Reactions: put once by each person, taken away again, bounded however many there are.

use crate::support::{TestHub, TestNode, refused};
use node::{Span, Talk};
use shared::entry::{Change, Details, Entry, Reaction};
use shared::message::ErrorCode;
use shared::transcript::Place;
use shared::wire::{self, MAX_REACTIONS};

const LOBBY: Talk<'static> = Talk::Room("lobby");

async fn details(node: &TestNode, seq: u64) -> Details {
    let entries = node.history(LOBBY, Span::After(seq - 1), 1).await.unwrap().entries;
    assert_eq!(entries[0].seq(), seq);
    entries[0].details().cloned().unwrap_or_default()
}

fn reaction(emoji: &str, nicks: &[&str]) -> Reaction {
    let count = u32::try_from(nicks.len()).unwrap();
    Reaction { emoji: emoji.to_owned(), nicks: nicks.iter().map(|&nick| nick.to_owned()).collect(), count }
}

#[tokio::test]
async fn a_reaction_is_heard_by_all_and_read_with_its_line() {
    let hub = TestHub::start().await;
    let (ana, bob) = (hub.guest("ana").await, hub.guest("bob").await);
    let said = ana.says("lobby", "tea?").await;
    let put = bob.react(LOBBY, said, "👍", true).await.unwrap().seq;
    let Entry::Changed(changed) = ana.hears_seq(put).await else { panic!() };
    assert_eq!((changed.of, changed.from.as_str()), (said, "bob"));
    assert_eq!(changed.change, Change::Reacted { emoji: "👍".to_owned(), on: true });
    ana.react(LOBBY, said, "🫖", true).await.unwrap();
    let last = ana.react(LOBBY, said, "👍", true).await.unwrap().seq;
    let reactions = vec![reaction("👍", &["bob", "ana"]), reaction("🫖", &["ana"])];
    assert_eq!(details(&ana, said).await, Details { changed: Some(last), reactions, ..Details::default() });
    let last = bob.react(LOBBY, said, "👍", false).await.unwrap().seq;
    let reactions = vec![reaction("👍", &["ana"]), reaction("🫖", &["ana"])];
    assert_eq!(details(&bob, said).await, Details { changed: Some(last), reactions, ..Details::default() });
}

#[tokio::test]
async fn what_changes_nothing_makes_no_entry_on_whichever_node() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let phone = hub.second_node_of(&ana).await;
    let said = ana.says("lobby", "tea?").await;
    assert_eq!(ana.react(LOBBY, said, "👍", false).await.unwrap().seq, said);
    let put = ana.react(LOBBY, said, "👍", true).await.unwrap().seq;
    assert_eq!(phone.react(LOBBY, said, "👍", true).await.unwrap().seq, said);
    assert_eq!(ana.history(LOBBY, Span::Newest, 50).await.unwrap().entries.last().unwrap().seq(), put);
    assert_eq!(details(&ana, said).await.reactions, [reaction("👍", &["ana"])]);
}

#[tokio::test]
async fn a_reaction_is_one_emoji_to_a_line_that_is_there() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let said = ana.says("lobby", "tea?").await;
    let long = "👨‍👩‍👧‍👦".repeat(10);
    for emoji in ["", " ", "x", "👍👍", "<b>", "👍 ", "javascript:", "1", &long] {
        assert_eq!(refused(ana.react(LOBBY, said, emoji, true).await), ErrorCode::ReactionInvalid, "{emoji:?}");
    }
    for of in [0, said + 1, u64::MAX] {
        assert_eq!(refused(ana.react(LOBBY, of, "👍", true).await), ErrorCode::NoSuchEntry);
    }
    ana.react(LOBBY, said, "👩🏽‍🚀", true).await.unwrap();
}

/// Ten thousand reactions to one line, by people who put them and take them away all the time.
#[tokio::test]
async fn ten_thousand_reactions_to_a_line_are_heard_once_each_and_read_in_a_few() {
    const EMOJI: [&str; MAX_REACTIONS] = [
        "😀", "😁", "😂", "😃", "😄", "😅", "😆", "😇", "😈", "😉", "😊", "😋", "😌", "😍", "😎", "😏", "😐", "😑",
        "😒", "😓",
    ];
    const PEOPLE: usize = 5;
    const EACH: usize = 2_000;
    let hub = TestHub::start_unlimited().await;
    let ana = hub.guest("ana").await;
    let said = ana.says("lobby", "what do you think?").await;
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        people.push(hub.tab_of(&format!("p{n}")).await);
    }
    let talks = people.into_iter().map(|mut tab| {
        tokio::spawn(async move {
            let mut seqs = Vec::new();
            for first in (0..EACH).step_by(50) {
                let mut ids = Vec::new();
                for n in first..first + 50 {
                    // Each puts all twenty, then takes all away, and so on.
                    let (emoji, on) = (EMOJI[n % MAX_REACTIONS].to_owned(), (n / MAX_REACTIONS).is_multiple_of(2));
                    ids.push(tab.send(|id| Place::Room("lobby".to_owned()).react(id, said, emoji, on)).await);
                }
                for id in ids {
                    let sent: shared::message::Sent = tab.outcome(&id).await.unwrap();
                    seqs.push(sent.seq);
                }
            }
            (tab, seqs)
        })
    });
    let (mut tabs, mut asked) = (Vec::new(), Vec::new());
    for talk in talks.collect::<Vec<_>>() {
        let (tab, seqs) = talk.await.unwrap();
        tabs.push(tab);
        asked.extend(seqs);
    }
    asked.sort_unstable();
    assert_eq!(asked, (said + 1..=said + (PEOPLE * EACH) as u64).collect::<Vec<_>>(), "every one is an entry");
    let last = *asked.last().unwrap();
    ana.hears_seq(last).await;
    let heard: Vec<u64> = ana.entries().iter().map(Entry::seq).collect();
    assert_eq!(heard, (said..=last).collect::<Vec<_>>(), "each once and in order");

    // All have been put and taken away equally often, so that nothing remains; then each puts one more.
    assert_eq!(details(&ana, said).await, Details { changed: Some(last), ..Details::default() });
    for (tab, emoji) in tabs.iter_mut().zip(EMOJI) {
        let react = |id| Place::Room("lobby".to_owned()).react(id, said, emoji.to_owned(), true);
        tab.ask::<shared::message::Sent>(react).await.unwrap();
    }
    let page = ana.history(LOBBY, Span::After(said - 1), 1).await.unwrap();
    assert_eq!(page.entries[0].details().unwrap().reactions.len(), PEOPLE);
    assert!(wire::encode(&page).len() < 1_000, "{}", wire::encode(&page));
    let mut ana = hub.further_tab_of("ana", Some(ana.token())).await;
    let refusal = ana
        .ask::<shared::message::Sent>(|id| Place::Room("lobby".to_owned()).react(id, said, "🫖".to_owned(), true))
        .await;
    assert!(refusal.is_ok(), "there is room for more kinds again");
}

#[tokio::test]
async fn a_line_takes_twenty_kinds() {
    let hub = TestHub::start_unlimited().await;
    let (ana, bob) = (hub.guest("ana").await, hub.guest("bob").await);
    let said = ana.says("lobby", "what do you think?").await;
    let kinds: Vec<String> =
        (0..MAX_REACTIONS as u32).map(|n| char::from_u32(0x1F600 + n).unwrap().to_string()).collect();
    for emoji in &kinds {
        ana.react(LOBBY, said, emoji, true).await.unwrap();
    }
    assert_eq!(refused(bob.react(LOBBY, said, "🫖", true).await), ErrorCode::ReactionInvalid);
    bob.react(LOBBY, said, &kinds[3], true).await.unwrap();
    ana.react(LOBBY, said, &kinds[5], false).await.unwrap();
    bob.react(LOBBY, said, "🫖", true).await.unwrap();
}
