//! Every place and every line has an address, which leads there and back.

use e2e::{Person, Role, Stage, eventually, play, play_with};
use serde_json::json;

/// Said faster than a person may.
const UNLIMITED: [&str; 2] = ["--rate-limit", "off"];

/// Several pages of history.
const MANY: usize = 600;

/// Whether a line stands whole in the log's view, pointed out.
const IS_MEANT: &str = "
    const line = document.querySelector(`[data-seq='${arguments[0]}']`);
    if (!line) return false;
    const [view, box] = [document.querySelector('[role=log]'), line].map(part => part.getBoundingClientRect());
    return line.classList.contains('meant') && box.top >= view.top && box.bottom <= view.bottom;";

/// Whether a hole is in the log's view.
const HOLE: &str = "
    const view = document.querySelector('[role=log]').getBoundingClientRect();
    return [...document.querySelectorAll('[role=log] [data-after]')].some(hole => {
        const { top, bottom } = hole.getBoundingClientRect();
        return bottom > view.top && top < view.bottom;
    });";

async fn is_led_to(person: &Person, seq: u64) {
    eventually(format_args!("{} is led to the line #{seq}", person.name), async || {
        Ok(person.browser.try_eval::<bool>(IS_MEANT, vec![json!(seq)]).await?.then_some(()))
    })
    .await;
}

async fn has_address(person: &Person, ending: &str) {
    eventually(format_args!("{} has an address that ends with {ending}", person.name), async || {
        Ok(person.browser.address().await.ends_with(ending).then_some(()))
    })
    .await;
}

async fn goes_back(person: &Person) {
    person.browser.eval::<()>("history.back()", Vec::new()).await;
}

#[test]
fn the_address_follows_and_the_way_back_leads_back() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        has_address(&ana, "/#/room/lobby").await;
        ana.says("/join Räume").await;
        ana.is_in("Räume").await;
        has_address(&ana, "/#/room/R%C3%A4ume").await;
        goes_back(&ana).await;
        ana.is_in("lobby").await;
        ana.browser.eval::<()>("history.forward()", Vec::new()).await;
        ana.is_in("Räume").await;
    });
}

#[test]
fn the_way_back_does_not_lead_into_a_room_that_was_left() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        for room in ["cellar", "attic", "cellar"] {
            ana.says(&format!("/join {room}")).await;
            ana.is_in(room).await;
            has_address(&ana, &format!("/#/room/{room}")).await;
        }
        bob.says("/join cellar").await;
        bob.sees_person("ana", "online").await;
        ana.says("/leave").await;
        ana.is_told("You have left cellar").await;
        bob.misses("ana").await;
        ana.is_in("lobby").await;
        // One step back is the room before; one more the one that was left, which is no way any more.
        goes_back(&ana).await;
        ana.is_in("attic").await;
        goes_back(&ana).await;
        has_address(&ana, "/#/room/attic").await;
        ana.is_in("attic").await;
        goes_back(&ana).await;
        ana.is_in("lobby").await;
        bob.says("is she back?").await;
        assert_eq!(bob.people().await.len(), 1, "she is not");
        ana.has_places(&["lobby", "attic"]).await;
        // Whoever opens its address wants to be there.
        ana.browser.goto_fragment("/room/cellar").await;
        ana.is_in("cellar").await;
        ana.sees("bob", "is she back?").await;
    });
}

/// A long talk, a line in the middle of it, and one who has just opened the address of that.
async fn led(stage: &mut Stage) -> (Person, Vec<u64>) {
    let (_bob, said) = stage.flooded("bob", MANY).await;
    let ana = stage.guest("ana").await;
    ana.sees("bob", &format!("line {MANY}")).await;
    ana.browser.goto_fragment(&format!("/room/lobby/{}", said[100])).await;
    is_led_to(&ana, said[100]).await;
    (ana, said)
}

#[test]
fn an_address_leads_to_a_line_with_those_round_it() {
    play_with(&UNLIMITED, async |stage| {
        let (ana, said) = led(stage).await;
        let lines: Vec<u64> = ana.lines().await.into_iter().map(|line| line.seq).collect();
        for near in [95, 99, 100, 101, 105] {
            assert!(lines.contains(&said[near]), "line {near} is there as well");
        }
        goes_back(&ana).await;
        ana.sees("bob", &format!("line {MANY}")).await;
        has_address(&ana, "/#/room/lobby").await;
    });
}

#[test]
fn what_lies_between_comes_by_itself_as_one_reads_on() {
    play_with(&UNLIMITED, async |stage| {
        let (ana, said) = led(stage).await;
        let log = ana.browser.the(Role::Log, "lobby").await;
        let mut last = said[100];
        eventually("the newest line, with none left out on the way", async || {
            let lines: Vec<u64> =
                ana.lines().await.into_iter().map(|line| line.seq).filter(|seq| *seq >= last).collect();
            // Up to the first hole, if there is one, each line follows on the one before it.
            let place = said.iter().position(|seq| *seq == last).expect("a line of the talk");
            let following = lines.iter().zip(&said[place..]).take_while(|(one, other)| one == other).count();
            if let Some(reached) = said[place..].get(following.saturating_sub(1)) {
                last = *reached;
            }
            // Who gets there faster than the hub answers sees that something is missing, and waits.
            if !ana.browser.try_eval::<bool>(HOLE, Vec::new()).await? {
                ana.browser.wheel(&log, 600).await;
            }
            Ok((Some(&last) == said.last()).then_some(()))
        })
        .await;
    });
}

#[test]
fn a_new_visitor_is_led_there_too() {
    play_with(&UNLIMITED, async |stage| {
        let (_bob, said) = stage.flooded("bob", MANY).await;
        let ana = stage.guest("ana").await;
        ana.opens(&format!("{}#/room/lobby/{}", stage.hub().page(), said[50])).await;
        ana.browser.reload().await;
        is_led_to(&ana, said[50]).await;
    });
}

#[test]
fn an_address_leads_into_a_room_one_is_not_in() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        bob.join("den").await.expect("a room joined");
        let said = bob.say("den", "tea at four").await.expect("a line said").seq;
        let ana = stage.guest("ana").await;
        ana.browser.goto_fragment(&format!("/room/den/{said}")).await;
        ana.is_in("den").await;
        is_led_to(&ana, said).await;
    });
}

#[test]
fn a_line_that_is_not_there_is_said_to_be_missing() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("hi").await;
        ana.browser.goto_fragment("/room/lobby/999999").await;
        ana.is_warned("That line is not here").await;
        ana.sees("ana", "hi").await;
    });
}
