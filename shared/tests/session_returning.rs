//! Coming back to a hub that remembers the session: it goes on where it was.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod model;

use model::{World, at_home, settings, since};
use shared::message::{ErrorCode, Refusal, ToHub};
use shared::session::{Delivery, Phase, Response, Settings};
use shared::transcript::Place;

#[test]
fn a_resumed_session_is_ready_at_once_and_hears_what_it_missed_in_order() {
    let mut world = at_home();
    let (seq, secret) = (world.session.position().seq, world.session.position().session.clone());
    let asked = world.hub.requests.len();
    world.cut(1006);
    world.other_says(Some("den"), "one");
    world.other_says(None, "two");
    world.other_says(Some("lobby"), "three");
    let typed = world.say("lobby", "typed while away").unwrap();
    let told = world.deliveries.len();
    world.wait(15_000, true);
    world.open();
    world.hub_reads(1);
    world.node_reads(1);
    assert_eq!(world.session.phase(), Phase::Online, "with the welcome");
    world.flow();
    let hello = world.hub.hellos.last().unwrap();
    assert_eq!((hello.session.as_deref(), hello.after), (Some(secret.as_str()), Some(seq)));
    assert_eq!(world.heard()[3..], ["one", "two", "three", "typed while away"]);
    assert_eq!(since(&world, asked), ["say", "join", "connect"], "the line first; no page; then how it is there");
    assert!(world.answer(&typed).is_ok());
    let order: Vec<&str> = world.deliveries[told..]
        .iter()
        .filter_map(|told| match told {
            Delivery::Welcomed { welcome, new_log: false } if welcome.resumed => Some("welcomed"),
            Delivery::Heard(_) => Some("heard"),
            Delivery::Synced { .. } => Some("synced"),
            Delivery::Answered { answer: Ok(Response::Joined(_)), .. } => Some("joined"),
            Delivery::Answered { answer: Ok(Response::Connected(_)), .. } => Some("connected"),
            Delivery::Answered { answer: Ok(Response::Sent(_)), .. } => None,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(order, ["welcomed", "heard", "heard", "heard", "synced", "heard", "joined", "connected"]);
    assert_eq!(world.session.position().seq, world.hub.head());
    assert!(world.session.position().session == secret, "the secret stays the same");
}

#[test]
fn a_replay_that_is_cut_off_goes_on_behind_the_last_entry() {
    let mut world = at_home();
    world.cut(1006);
    let texts: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    for text in &texts {
        world.other_says(Some("lobby"), text);
    }
    for cut in 0..4 {
        world.wait(15_000, true);
        world.open();
        world.hub_reads(1);
        world.node_reads(1 + 3 * cut);
        world.cut(1006);
    }
    world.settle();
    assert_eq!(world.heard()[3..], texts);
    world.record.check(&world.hub);
}

#[test]
fn after_falling_behind_it_learns_again_who_is_there_and_what_is_unread() {
    let mut world = at_home();
    let asked = world.hub.requests.len();
    world.hub.comes("lobby", "ana");
    world.hub.fall_behind();
    world.hub.refusals.push_back(Refusal::new(ErrorCode::RateLimited, "Too fast."));
    world.flow();
    assert_eq!(since(&world, asked), ["join"]);
    assert_eq!(world.session.phase(), Phase::Online, "it can be used meanwhile");
    world.wait(1_000, true);
    world.flow();
    assert_eq!(since(&world, asked), ["join", "join", "connect"], "each room, until it is told");
    let told = world.deliveries.iter().filter(|told| matches!(told, Delivery::Answered { answer: Err(_), .. }));
    assert_eq!(told.count(), 0);
}

#[test]
fn a_hub_restart_is_a_resume_too() {
    let mut world = at_home();
    let asked = world.hub.requests.len();
    world.say("lobby", "not yet on disk").unwrap();
    world.hub.lags = true;
    world.hub_reads(1);
    world.hub.restart(true);
    world.settle();
    assert_eq!(since(&world, asked), ["say", "say", "join", "connect"]);
    assert_eq!(world.said().last(), Some(&"not yet on disk"));
}

#[test]
fn the_lobby_left_stays_left() {
    let mut world = at_home();
    world.ask(|id| ToHub::Leave { id, room: "lobby".to_owned() }).unwrap();
    world.flow();
    let asked = world.hub.requests.len();
    world.cut(1006);
    world.settle();
    assert_eq!(world.session.rooms().collect::<Vec<_>>(), ["den"]);
    assert_eq!(since(&world, asked), ["join"], "of the den alone");
}

#[test]
fn a_room_whose_leaving_was_not_answered_is_entered_again_and_caught_up_with() {
    let mut world = at_home();
    let leave = world.ask(|id| ToHub::Leave { id, room: "den".to_owned() }).unwrap();
    world.hub_reads(1);
    world.cut(1006);
    assert_eq!(world.refused(&leave), ErrorCode::Unavailable);
    world.other_says(Some("den"), "missed");
    let typed = world.ask(|id| Place::Room("den".to_owned()).say(id, "typed".to_owned())).unwrap();
    let asked = world.hub.requests.len();
    world.settle();
    assert_eq!(since(&world, asked)[..3], ["join", "history", "say"]);
    assert!(world.answer(&typed).is_ok(), "nothing is said before the room is ours");
    world.record.check(&world.hub);
    assert_eq!(world.hub.acked, world.hub.head());
}

#[test]
fn a_room_whose_entering_was_not_answered_is_left_again() {
    let mut world = at_home();
    let join = world.ask(|id| ToHub::Join { id, room: "attic".to_owned() }).unwrap();
    world.hub_reads(1);
    world.cut(1006);
    assert_eq!(world.refused(&join), ErrorCode::Unavailable);
    let asked = world.hub.requests.len();
    world.settle();
    assert_eq!(since(&world, asked)[0], "leave");
    assert!(!world.session.rooms().any(|room| room == "attic"));
    world.other_says(Some("attic"), "not for us");
    world.flow();
    assert!(!world.heard().contains(&"not for us"));
}

#[test]
fn a_room_whose_entering_is_not_answered_in_time_is_left_again() {
    let mut world = at_home();
    let join = world.ask(|id| ToHub::Join { id, room: "attic".to_owned() }).unwrap();
    world.hub_reads(1);
    let (socket, late) = (world.socket().unwrap(), world.take_down());
    for _ in 0..6 {
        // The hub lives, but the answer does not come.
        world.hub.comes("lobby", "ana");
        world.node_reads(1);
        world.wait(10_000, true);
    }
    assert_eq!(world.refused(&join), ErrorCode::Unavailable);
    world.session.received(world.now, socket, &late);
    world.settle();
    let rooms = world.hub.rooms(&world.session.position().session);
    assert_eq!(rooms.into_iter().collect::<Vec<_>>(), ["den", "lobby"]);
}

#[test]
fn a_nick_whose_taking_was_not_answered_is_asked_for_again() {
    let mut world = World::online(Settings { nick: None, ..settings() });
    let id = world.ask(|id| ToHub::Connect { id, nick: "eve".to_owned(), token: None }).unwrap();
    world.hub_reads(1);
    world.cut(1006);
    world.settle();
    assert!(matches!(world.answer(&id), Ok(Response::Connected(connected)) if connected.token == "token-eve"));
    assert_eq!((world.session.token(), world.session.rooms().collect()), (Some("token-eve"), vec!["lobby"]));

    // The same where the session asked by itself: the lobby, in which it is, is not taken for one to leave.
    let mut world = World::new(Settings { token: Some("token-dr00".to_owned()), ..settings() });
    world.open();
    world.hub_reads(1);
    world.node_reads(1);
    world.hub_reads(1);
    world.cut(1006);
    world.settle();
    assert_eq!(world.session.rooms().collect::<Vec<_>>(), ["lobby"]);
    assert_eq!(world.requests(|request| matches!(request, ToHub::Leave { .. })), 0);
    assert!(
        world
            .deliveries
            .iter()
            .any(|told| matches!(told, Delivery::Answered { answer: Ok(Response::Connected(_)), .. }))
    );
}

#[test]
fn a_nick_taken_away_meanwhile_is_asked_for_again_with_its_token() {
    let mut world = at_home();
    world.cut(1006);
    world.hub.take_nick_away();
    world.other_says(Some("den"), "missed");
    world.other_says(None, "missed, too");
    world.settle();
    assert!(matches!(
        world.hub.requests.iter().rfind(|request| matches!(request, ToHub::Connect { .. })),
        Some(ToHub::Connect { token: Some(token), .. }) if token == "token-dr00"
    ));
    world.record.check(&world.hub);
}

#[test]
fn who_left_when_no_one_could_hear_it_is_gone_once_the_hub_is_back() {
    let mut world = at_home();
    world.cut(1006);
    world.ask(|id| ToHub::Disconnect { id }).unwrap();
    let (asked, told) = (world.hub.requests.len(), world.deliveries.len());
    let position = world.session.position().clone();
    world.settle();
    assert_eq!(since(&world, asked)[0], "disconnect");
    assert_eq!((world.session.nick(), world.session.rooms().count()), (None, 0));
    let answers = world.deliveries[told..].iter().filter(|told| matches!(told, Delivery::Answered { .. }));
    assert_eq!(answers.count(), 0, "it was told then");
    assert!(world.session.position().session == position.session, "the session itself goes on");
}

#[test]
fn pages_still_missing_are_asked_for_after_a_resume_as_well() {
    let mut world = at_home();
    world.cut(1006);
    world.hub.forget();
    for n in 0..9 {
        world.other_says(Some("den"), &n.to_string());
        world.other_says(None, &n.to_string());
    }
    world.wait(15_000, true);
    world.open();
    // Welcome, connect, join; then a line is heard live, and the connection breaks.
    for _ in 0..3 {
        world.hub_reads(1);
        world.node_reads(1);
    }
    world.other_says(Some("den"), "live");
    world.node_reads(1);
    world.cut(1006);
    let acks = world.acks.len();
    world.other_says(Some("den"), "after");
    world.settle();
    assert!(world.hub.hellos.last().unwrap().session.is_some() && world.session.welcome().unwrap().resumed);
    world.record.check(&world.hub);
    assert!(world.acks.len() > acks, "and then says so");
}

#[test]
fn conversations_not_yet_told_of_are_asked_for_after_a_resume_as_well() {
    let mut world = at_home();
    world.cut(1006);
    world.hub.forget();
    world.other_says(None, "psst");
    world.wait(15_000, true);
    world.open();
    world.hub_reads(1);
    world.node_reads(1);
    world.hub_reads(1); // the connect, whose answer is lost
    world.cut(1006);
    world.settle();
    assert!(world.session.welcome().unwrap().resumed);
    world.record.check(&world.hub);
    assert_eq!(world.hub.acked, world.hub.head());
}

#[test]
fn what_an_old_socket_still_brings_changes_nothing() {
    let mut world = at_home();
    world.other_says(Some("lobby"), "on its way");
    world.hub.close_all(4409);
    world.cut_here(1006);
    world.wait(15_000, true);
    world.flow();
    world.late();
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
    assert_eq!(world.heard().iter().filter(|text| **text == "on its way").count(), 1);
}
