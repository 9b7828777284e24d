//! When the hub is away people are told, and what they write is not lost.

use e2e::{Person, Role, Stage, play, play_with};
use futures_util::future::join;

/// What Chromium's console says of a socket to a hub that is not there.
const NO_HUB: &str = "WebSocket connection to";

const LOST: &str = "The connection to the hub is lost";

async fn two_who_talk(stage: &mut Stage) -> (Person, Person) {
    let ana = stage.guest("ana").await;
    let bob = stage.guest("bob").await;
    for person in [&ana, &bob] {
        person.browser.expect_error(NO_HUB);
    }
    ana.says("before").await;
    bob.sees("ana", "before").await;
    ana.sees("ana", "before").await;
    (ana, bob)
}

async fn read_the_same(ana: &Person, bob: &Person, texts: &[&str]) {
    for text in texts {
        bob.sees("ana", text).await;
        ana.sees("ana", text).await;
    }
    bob.says("I have it all").await;
    ana.sees("bob", "I have it all").await;
    bob.sees("bob", "I have it all").await;
    let lines = ana.lines().await;
    assert_eq!(lines, bob.lines().await);
    let said: Vec<&str> = lines.iter().filter(|line| line.from == "ana").map(|line| &*line.text).collect();
    assert_eq!(said, texts, "each once, in the order in which they were typed");
}

#[test]
fn what_is_written_meanwhile_arrives_once_when_the_hub_is_back() {
    play(async |stage| {
        let (ana, bob) = two_who_talk(stage).await;
        stage.hub_mut().stop();
        for person in [&ana, &bob] {
            person.is_told(LOST).await;
            person.reads("Reconnecting in").await;
        }
        ana.says("are you still there?").await;
        ana.says("I write on").await;
        assert_eq!(ana.has_written("Message").await, "");
        ana.reads("2 lines wait").await;
        ana.browser
            .until(
                "and stand in the talk",
                "
            const talk = document.querySelector('[role=log]').innerText;
            return talk.includes('are you still there?') && talk.includes('I write on')",
            )
            .await;

        // Which does not help yet.
        ana.browser.click(Role::Button, "Now").await;
        stage.hub_mut().start_again();
        ana.is_connected().await;
        bob.is_connected().await;
        read_the_same(&ana, &bob, &["before", "are you still there?", "I write on"]).await;
        ana.sees_person("bob", "online").await;
        bob.sees_person("ana", "online").await;
        assert_eq!(ana.people().await.len(), 2);
    });
}

#[test]
fn both_sides_type_on_and_read_the_same_talk_in_the_end() {
    play(async |stage| {
        let (ana, bob) = two_who_talk(stage).await;
        bob.says("so far so good").await;
        ana.sees("bob", "so far so good").await;
        // In the middle of a talk: some of it is on its way.
        join(ana.says("ana’s number 0"), bob.says("bob’s number 0")).await;
        stage.hub_mut().kill();
        let type_on = async |person: &Person| {
            for number in 1..=4 {
                person.says(&format!("{}’s number {number}", person.name)).await;
            }
        };
        join(type_on(&ana), type_on(&bob)).await;
        stage.hub_mut().start_again();
        for person in [&ana, &bob] {
            person.sees("ana", "ana’s number 4").await;
            person.sees("bob", "bob’s number 4").await;
        }
        let lines = ana.lines().await;
        assert_eq!(lines, bob.lines().await, "both read the same, in the same order");
        assert_eq!(lines.len(), 12, "each line once: {lines:?}");
        for nick in ["ana", "bob"] {
            let said: Vec<&str> = lines.iter().filter(|line| line.from == nick).map(|line| &*line.text).collect();
            let typed: Vec<String> = (0..=4).map(|number| format!("{nick}’s number {number}")).collect();
            assert_eq!(said[1..], typed, "in the order in which {nick} typed them");
        }
        assert!(!ana.has_on_page("may be missing").await, "nothing is missing, and nothing says so");
    });
}

#[test]
fn the_state_of_the_connection_is_told_in_words() {
    play(async |stage| {
        let (ana, _bob) = two_who_talk(stage).await;
        ana.browser.click(Role::Button, "Connected").await;
        let newest = ana.lines().await.last().expect("a line").seq;
        ana.reads(&format!("Synced to #{newest}")).await;

        stage.hub_mut().stop();
        ana.is_told(LOST).await;
        ana.reads("Reconnecting in").await;
        ana.browser.click(Role::Button, "Now").await;
        stage.hub_mut().start_again();
        ana.is_told("Connected again").await;
        ana.reads(&format!("Synced to #{newest}")).await;
    });
}

#[test]
fn a_hub_that_was_killed_has_lost_nothing() {
    play(async |stage| {
        let (ana, bob) = two_who_talk(stage).await;
        stage.hub_mut().kill();
        ana.is_told(LOST).await;
        ana.says("what was that?").await;
        stage.hub_mut().start_again();
        // By itself, without anybody's doing.
        ana.is_connected().await;
        bob.is_connected().await;
        read_the_same(&ana, &bob, &["before", "what was that?"]).await;
    });
}

#[test]
fn a_hub_that_has_forgotten_everything_is_no_trouble_and_said_so() {
    // With a cookie of its own it would ask for another one after its return.
    play_with(&["--ephemeral", "--cookie", "correct horse battery staple"], async |stage| {
        let (ana, bob) = two_who_talk(stage).await;
        stage.hub_mut().stop();
        ana.is_told(LOST).await;
        ana.says("and after").await;
        stage.hub_mut().start_again();
        for person in [&ana, &bob] {
            person.is_told("new log").await;
        }
        bob.sees("ana", "and after").await;
        bob.says("it has forgotten us").await;
        ana.sees("bob", "it has forgotten us").await;
        bob.sees("bob", "it has forgotten us").await;
        assert_eq!(ana.lines().await, bob.lines().await, "what was before is of another log");
        assert_eq!(ana.talk().await.len(), 2);
    });
}

#[test]
fn who_has_not_joined_yet_is_told_too() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.browser.expect_error(NO_HUB);
        ana.opens(stage.hub().link()).await;
        ana.is_told("answers").await;
        stage.hub_mut().stop();
        ana.is_told("No connection").await;
        ana.asks_for("ana").await;
        stage.hub_mut().start_again();
        ana.is_in("lobby").await;
    });
}

#[test]
fn what_was_said_while_one_slept_is_there_on_waking() {
    play(async |stage| {
        let (ana, bob) = two_who_talk(stage).await;
        ana.says("/pm bob and this for you").await;
        bob.has_unread("ana", 1).await;
        ana.goes_to("lobby").await;
        let offline = |yes: bool| serde_json::json!({ "offline": yes, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        bob.browser.devtools("Network.enable", serde_json::json!({})).await;
        // A socket that is open outlives Chromium’s pretence of having no network, so this one ends with the page.
        bob.opens("about:blank").await;
        ana.says("you missed this").await;
        ana.says("/pm bob and missed that").await;
        ana.sees("ana", "and missed that").await;
        bob.opens(&stage.hub().page()).await;
        bob.is_in("lobby").await;
        bob.sees("ana", "you missed this").await;
        bob.has_news_in("ana").await;
        bob.browser.devtools("Network.emulateNetworkConditions", offline(true)).await;
        bob.is_told(LOST).await;
        bob.browser.devtools("Network.emulateNetworkConditions", offline(false)).await;
        bob.is_connected().await;
    });
}
