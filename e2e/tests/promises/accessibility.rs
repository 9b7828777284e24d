//! Nothing bars anyone: axe-core reports nothing on any screen, light or dark, wide or on a telephone; all of it can be
//! made larger; and what is pointed at is large enough.

use e2e::browser::{PHONE, WIDE};
use e2e::elsewhere::Elsewhere;
use e2e::keys::ENTER;
use e2e::{Person, Role, play};

/// Where the people are in a drawer and the rooms are not.
const MIDDLING: (u32, u32) = (800, 700);

/// Nobody answers at the hub's address.
const NO_HUB: &str = "WebSocket connection to";

/// Shown in all ways, and larger.
async fn bars_nobody(person: &Person, screen: &str) {
    person.meets_no_barrier_anywhere(screen).await;
    person.can_make_it_larger(screen).await;
}

/// Four things that bar people: a picture without words, words one can hardly read, a button for a needle, and a box that
/// holds its words only as long as they stand close together.
const BARRING: &str = "<!doctype html><html lang=en><title>barring</title><main><h1>Barriers</h1>
    <img src='data:image/svg+xml,<svg xmlns=%22http://www.w3.org/2000/svg%22/>'>
    <p style='color: #aaa; background: #fff'>pale words</p>
    <button style='width: 12px; height: 12px; padding: 0'>x</button>
    <p style='width: max-content; overflow: hidden; font: 16px/1.2 monospace; white-space: nowrap'>
        <span style='display: block; width: 12ch'>twelve chars</span></p>
    <p style='width: 4000px'>far out</p></main>";

/// What is said can hardly be read any more.
const PALE: &str = "
    const pale = new CSSStyleSheet();
    pale.replaceSync('[role=log] [data-seq] * { color: #c8c8c8 !important }');
    document.adoptedStyleSheets.push(pale);";

#[test]
fn what_bars_people_is_noticed() {
    play(async |stage| {
        let page = Elsewhere::serve(BARRING.to_owned()).await;
        let ana = stage.person("ana").await;
        ana.opens(&page.page()).await;
        let barriers = ana.barriers().await.join("\n");
        for rule in ["image-alt", "color-contrast"] {
            assert!(barriers.contains(&format!("  {rule}: ")), "{rule} in {barriers}");
        }
        assert_eq!(ana.small_targets().await, ["x, 12 × 12"]);
        let lost = ana.lost_when_spaced_out().await.join("\n");
        assert!(lost.contains("“twelve chars”"), "{lost}");

        // In the talk as well, whose text has a gradient behind it.
        let bob = stage.guest("bob").await;
        bob.says("can you read this?").await;
        bob.sees("bob", "can you read this?").await;
        assert_eq!(bob.barriers().await, [""; 0]);
        bob.browser.eval::<()>(PALE, Vec::new()).await;
        let barriers = bob.barriers().await.join("\n");
        assert!(barriers.contains("can you read this?"), "{barriers}");
    });
}

#[test]
fn the_way_in_bars_nobody() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.opens(stage.hub().link()).await;
        ana.is_told("answers").await;
        bars_nobody(&ana, "the way in").await;
        ana.asks_for("a/b").await;
        ana.is_warned("/").await;
        bars_nobody(&ana, "a nick that is none").await;

        let bob = stage.person("bob").await;
        bob.opens(&stage.hub().page()).await;
        bob.browser.the(Role::Textbox, "Cookie").await;
        bars_nobody(&bob, "the way in without a cookie").await;
        bob.fills_in("Cookie", "swordfish").await;
        bob.asks_for("bob").await;
        bob.is_warned("cookie").await;
        bars_nobody(&bob, "a wrong cookie").await;
    });
}

#[test]
fn a_talk_bars_nobody() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        let mira = stage.hub().native("mira").await;
        let ana = stage.guest("ana").await;
        bars_nobody(&ana, "an empty room").await;

        for (node, text) in [(&bob, "hello"), (&bob, "is anyone there?"), (&mira, "https://example.org/a/long/way")] {
            node.say("lobby", text).await.expect("a line said");
        }
        ana.says("I am, and this is what cron has:\n$ crontab -l").await;
        ana.sees("mira", "https://example.org/a/long/way").await;
        ana.sees_mark("Reached").await;
        mira.private_message("ana", "psst").await.expect("a line said");
        bob.disconnect().await.expect("a way out");
        ana.misses("bob").await;
        ana.has_unread("mira", 1).await;
        bars_nobody(&ana, "a talk").await;

        ana.goes_to("mira").await;
        ana.sees("mira", "psst").await;
        bars_nobody(&ana, "a private conversation").await;
        ana.says("/pm nemo are you there?").await;
        ana.is_warned("Not sent").await;
        bars_nobody(&ana, "a line that was refused").await;
    });
}

#[test]
fn what_lies_over_the_talk_bars_nobody() {
    play(async |stage| {
        let _bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        ana.says("hello").await;
        ana.sees("ana", "hello").await;
        ana.says("/join workshop").await;
        ana.is_in("workshop").await;
        for command in ["/help", "/nodes", "/users", "/nonsense"] {
            ana.fills_in("Message", command).await;
            ana.browser.press(&[ENTER]).await;
            ana.browser.the(Role::Button, "Close").await;
            bars_nobody(&ana, command).await;
        }
        ana.browser.click(Role::Button, "Close").await;

        ana.browser.click(Role::Button, "Invite someone").await;
        ana.browser.the(Role::Textbox, "Invitation link").await;
        bars_nobody(&ana, "the invitation").await;
        ana.browser.click(Role::Button, "Close").await;

        ana.browser.click(Role::Button, "All rooms").await;
        ana.browser.the(Role::Button, "lobby joined, 2 people").await;
        bars_nobody(&ana, "all rooms").await;
        ana.browser.click(Role::Button, "Enter room").await;
        ana.is_warned("Type a room’s name").await;
        bars_nobody(&ana, "a room without a name").await;
    });
}

#[test]
fn drawers_bar_nobody() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        ana.says("/join workshop").await;
        ana.is_in("workshop").await;
        bob.say("lobby", "hello").await.expect("a line said");
        ana.has_unread("lobby", 1).await;
        ana.browser.resize(PHONE).await;
        ana.browser.click(Role::Button, "Rooms , unread lines").await;
        ana.browser.the(Role::List, "Rooms").await;
        ana.meets_no_barrier_in_any_light("the drawer with the rooms").await;
        ana.goes_to("lobby").await;
        for size in [PHONE, MIDDLING] {
            ana.browser.resize(size).await;
            ana.browser.click(Role::Button, "People 2").await;
            ana.browser.the(Role::List, "People").await;
            ana.meets_no_barrier_in_any_light("the drawer with the people").await;
            ana.browser.within(Role::Complementary, "Who is here").click(Role::Button, "Close").await;
            ana.browser.none(Role::List, "People").await;
        }
        ana.browser.resize(WIDE).await;
    });
}

#[test]
fn a_hub_that_is_away_bars_nobody() {
    play(async |stage| {
        let guest = stage.person("guest").await;
        guest.opens(stage.hub().link()).await;
        guest.is_told("answers").await;
        let ana = stage.guest("ana").await;
        ana.says("before").await;
        ana.sees("ana", "before").await;
        for person in [&ana, &guest] {
            person.browser.expect_error(NO_HUB);
        }
        stage.hub_mut().stop();
        ana.is_told("The connection to the hub is lost").await;
        ana.says("what was that?").await;
        ana.reads("1 line waits").await;
        bars_nobody(&ana, "a talk without a hub").await;
        guest.is_told("No connection").await;
        bars_nobody(&guest, "the way in without a hub").await;
    });
}
