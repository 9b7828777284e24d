//! Lines on their way to the log: kept until they are there, in order, each once, whatever becomes of
//! connection, hub and page.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod model;

use model::{START, World, lobby, settings};
use shared::message::{ErrorCode, FileRef, Refusal, State, ToHub};
use shared::session::{BACKOFF_MAX, Delivery, Line, MAX_ASKED, MAX_ROOMS, MAX_UNSENT, Phase, Response, Settings};
use shared::transcript::Place;
use shared::wire;

fn line(id: &str, text: &str) -> Line {
    left(lobby().say(id.to_owned(), text.to_owned()), "log-1")
}

/// What an earlier session left, of that log.
fn left(request: ToHub, epoch: &str) -> Line {
    Line { request, at: START - 60_000, epoch: epoch.to_owned() }
}

/// The ids of lines delivered as waiting, in order.
fn sending(world: &World) -> Vec<&str> {
    let sending = world.deliveries.iter().filter_map(|told| match told {
        Delivery::Sending { request } => request.id(),
        _ => None,
    });
    sending.collect()
}

#[test]
fn lines_typed_without_a_connection_arrive_in_order_once() {
    let mut world = World::online(settings());
    world.cut(1006);
    let ids: Vec<String> = (0..5).map(|n| world.say("lobby", &n.to_string()).unwrap()).collect();
    assert_eq!(world.session.unsent(), 5);
    world.settle();
    assert_eq!(world.said(), ["0", "1", "2", "3", "4"]);
    for id in ids {
        assert!(matches!(world.answer(&id), Ok(Response::Sent(_))));
    }
}

#[test]
fn a_line_whose_reply_was_lost_is_sent_again_with_the_same_id() {
    let mut world = World::online(settings());
    let id = world.say("lobby", "hi").unwrap();
    world.hub_reads(1);
    world.cut(1006);
    world.settle();
    assert_eq!(world.said(), ["hi"], "in the log once");
    let sent = world.hub.requests.iter().filter(|request| request.id() == Some(&id)).count();
    assert_eq!(sent, 2);
    assert!(matches!(world.answer(&id), Ok(Response::Sent(sent)) if sent.seq == world.hub.log[0].seq()));
}

#[test]
fn a_pause_for_speed_keeps_the_order() {
    let mut world = World::online(settings());
    world.hub.refusals.push_back(Refusal::until(ErrorCode::RateLimited, "Too fast.", world.now + 1_000));
    for text in ["a", "b", "c"] {
        world.say("lobby", text).unwrap();
    }
    world.flow();
    assert!(world.said().is_empty());
    world.wait(1_000, true);
    world.flow();
    assert_eq!(world.said(), ["a", "b", "c"]);
}

#[test]
fn a_refusal_comes_back_with_its_request() {
    let mut world = World::online(settings());
    let bad = world.say("attic", "hi").unwrap();
    let good = world.say("lobby", "ho").unwrap();
    world.flow();
    assert_eq!(world.refused(&bad), ErrorCode::NotInRoom);
    assert!(world.answer(&good).is_ok());
}

#[test]
fn what_cannot_be_said_is_refused_at_once() {
    let mut world = World::online(settings());
    assert_eq!(world.say("lobby", " \n ").unwrap_err().code, ErrorCode::TextEmpty);
    assert_eq!(world.say("lobby", &"x".repeat(wire::MAX_TEXT + 1)).unwrap_err().code, ErrorCode::TextTooLong);
    // Each of these takes six bytes of a frame, and a frame too long would end the connection.
    assert_eq!(world.say("lobby", &format!("a{}b", "\u{1}".repeat(16_000))).unwrap_err().code, ErrorCode::TextTooLong);
    assert!(world.say("lobby", &"x".repeat(wire::MAX_TEXT)).is_ok());
    assert_eq!(
        world.ask(|id| ToHub::Join { id, room: "x".repeat(wire::MAX_FRAME) }).unwrap_err().code,
        ErrorCode::BadMessage
    );
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
}

#[test]
fn queues_have_an_end() {
    let mut world = World::online(settings());
    for n in 0..MAX_ASKED {
        assert!(world.ask(|id| ToHub::ListRooms { id }).is_ok(), "request {n}");
    }
    assert_eq!(world.ask(|id| ToHub::ListRooms { id }).unwrap_err().code, ErrorCode::Unavailable);
    world.cut(1006);
    for n in 0..MAX_UNSENT {
        assert!(world.say("lobby", &n.to_string()).is_ok());
    }
    let refusal = world.say("lobby", "one more").unwrap_err();
    assert_eq!((refusal.code, world.session.unsent()), (ErrorCode::Unavailable, MAX_UNSENT));
    assert!(refusal.message.contains("1000 messages"));
    world.settle();
    assert_eq!(world.hub.log.len(), MAX_UNSENT);

    for n in 1..MAX_ROOMS {
        world.ask(|id| ToHub::Join { id, room: format!("room{n}") }).unwrap();
        world.flow();
    }
    let refusal = world.ask(|id| ToHub::Join { id, room: "attic".to_owned() }).unwrap_err();
    assert!(refusal.message.contains("100 rooms"), "{}", refusal.message);
}

#[test]
fn ids_are_never_used_twice_and_fit() {
    let world = || World::online(settings());
    let (mut one, mut two) = (world(), World::online(Settings { random: [8; 16], ..settings() }));
    let mut ids: Vec<String> = (0..50).map(|_| one.say("lobby", "x").unwrap()).collect();
    ids.extend((0..50).map(|_| two.say("lobby", "x").unwrap()));
    one.settle();
    two.settle();
    let sent = one.hub.requests.iter().chain(&two.hub.requests);
    let mut used: Vec<&str> = sent.filter_map(ToHub::id).collect();
    let all = used.len();
    used.sort_unstable();
    used.dedup();
    assert_eq!(used.len(), all);
    assert!(ids.iter().all(|id| (1..=wire::MAX_ID).contains(&id.len())), "{}", ids[0]);
    let longest = format!("{}-{}", "f".repeat(24), u64::MAX);
    assert!(longest.len() <= wire::MAX_ID);
}

// --- a hub that cannot take them ---

#[test]
fn a_line_the_hub_cannot_take_now_is_tried_for_as_long_as_it_takes() {
    let mut world = World::online(settings());
    let first = world.say("lobby", "a").unwrap();
    world.say("lobby", "b").unwrap();
    let full = || Refusal::new(ErrorCode::Unavailable, "The disk is full.");
    let mut waits = Vec::new();
    for _ in 0..30 {
        world.hub.refusals.push_back(full());
        world.flow();
        let from = world.now;
        let before = world.requests(|request| matches!(request, ToHub::Say { .. }));
        while world.requests(|request| matches!(request, ToHub::Say { .. })) == before {
            assert!(world.now <= from + 2 * BACKOFF_MAX, "it has given the line up");
            world.hub.refusals.truncate(0);
            world.hub.refusals.push_back(full());
            let at = world.session.wake_at().unwrap();
            world.wait(at.saturating_sub(world.now).max(1), true);
            world.flow();
        }
        waits.push(world.now - from);
    }
    assert!(world.answers(&first).is_empty(), "it is not refused");
    assert!(waits[0] <= 500 && waits.iter().all(|wait| *wait <= BACKOFF_MAX), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait > 8_000), "it leaves the hub alone for longer each time: {waits:?}");
    world.hub.refusals.clear();
    world.settle();
    assert_eq!(world.said(), ["a", "b"]);
    assert!(world.answer(&first).is_ok());

    world.say("lobby", "c").unwrap();
    world.hub.refusals.push_back(full());
    world.flow();
    world.wait(500, true);
    world.flow();
    assert_eq!(world.said().len(), 3, "what was taken in between makes the next wait short again");
}

// --- lines that outlive the page ---

#[test]
fn lines_of_an_earlier_session_go_first_in_order_with_their_ids() {
    let lines = vec![line("old-1", "a"), line("old-2", "b")];
    let mut world = World::new(Settings { lines, ..settings() });
    assert_eq!(sending(&world), ["old-1", "old-2"], "shown as waiting before there is a connection");
    let new = world.say("lobby", "c").unwrap();
    assert_eq!(world.session.unsent_lines().map(Line::id).collect::<Vec<_>>(), ["old-1", "old-2", &new]);
    let typed: Vec<u64> = world.session.unsent_lines().map(|line| line.at).collect();
    assert_eq!(typed, [START - 60_000, START - 60_000, START]);
    world.flow();
    assert_eq!(world.said(), ["a", "b", "c"]);
    assert_eq!(world.hub.log[0].id(), "old-1");
    assert!(world.answer("old-2").is_ok());
    assert_eq!(world.session.unsent_lines().count(), 0);
}

#[test]
fn a_line_whose_answer_the_last_page_did_not_live_to_see_is_said_once() {
    let mut world = World::online(settings());
    let id = world.say("lobby", "hi").unwrap();
    world.hub_reads(1);
    world.reload(true);
    world.settle();
    assert_eq!(world.said(), ["hi"]);
    assert!(matches!(world.answer(&id), Ok(Response::Sent(sent)) if sent.seq == world.hub.log[0].seq()));
}

// --- changes of lines ---

#[test]
fn changes_go_the_way_of_lines_and_in_their_order() {
    let mut world = World::online(settings());
    let seq = world.other_says(Some("lobby"), "hi");
    world.flow();
    world.cut(1006);
    let ids = [
        world.say("lobby", "a").unwrap(),
        world.ask(|id| lobby().react(id, seq, "👍".to_owned(), true)).unwrap(),
        world.say("lobby", "b").unwrap(),
        world.ask(|id| lobby().edit(id, seq, "c".to_owned())).unwrap(),
        world.ask(|id| ToHub::Topic { id, room: "lobby".to_owned(), topic: "d".to_owned() }).unwrap(),
        world.ask(|id| lobby().delete(id, seq)).unwrap(),
    ];
    assert_eq!(world.session.unsent(), 6);
    assert_eq!(sending(&world), ids.iter().map(String::as_str).collect::<Vec<_>>());
    // The first answer is lost; it is sent again, and made once.
    world.wait(BACKOFF_MAX, true);
    world.open();
    for _ in 0..50 {
        if world.hub.log.len() < 2 {
            world.node_reads(1);
            world.hub_reads(1);
        }
    }
    assert_eq!(world.hub.log.len(), 2);
    world.cut(1006);
    world.settle();
    assert_eq!(world.hub.log[1..].iter().map(|entry| entry.id().to_owned()).collect::<Vec<_>>(), ids);
    assert_eq!(world.said(), ["hi", "a", "", "b", "c", "d", ""]);
    for id in &ids {
        assert!(matches!(world.answer(id), Ok(Response::Sent(_))));
    }
}

#[test]
fn what_cannot_be_changed_so_is_refused_at_once() {
    let mut world = World::online(settings());
    let edit = |text: String| move |id| lobby().edit(id, 5, text);
    assert_eq!(world.ask(edit(" ".to_owned())).unwrap_err().code, ErrorCode::TextEmpty);
    assert_eq!(world.ask(edit("x".repeat(wire::MAX_TEXT + 1))).unwrap_err().code, ErrorCode::TextTooLong);
    assert_eq!(world.ask(edit(format!("a{}b", "\u{1}".repeat(16_000)))).unwrap_err().code, ErrorCode::TextTooLong);
    let topic = |topic: String| move |id| ToHub::Topic { id, room: "lobby".to_owned(), topic };
    assert_eq!(world.ask(topic("x".repeat(wire::MAX_TOPIC + 1))).unwrap_err().code, ErrorCode::TextTooLong);
    assert!(world.ask(topic(String::new())).is_ok(), "about nothing");
    let file = FileRef { hash: "h".to_owned(), name: "a.png".to_owned() };
    assert!(world.ask(|id| lobby().say_with(id, String::new(), None, vec![file])).is_ok(), "a file says enough");
    assert!(
        matches!(world.ask(|_| ToHub::State { state: State::Away }), Err(refusal) if refusal.code == ErrorCode::BadMessage)
    );
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
}

#[test]
fn changes_of_a_log_that_is_no_more_are_given_up() {
    let mut world = World::online(settings());
    world.cut(1006);
    let reply = world.ask(|id| lobby().say_with(id, "yes".to_owned(), Some(5), Vec::new())).unwrap();
    let edit = world.ask(|id| lobby().edit(id, 5, "b".to_owned())).unwrap();
    let react = world.ask(|id| lobby().react(id, 5, "👍".to_owned(), true)).unwrap();
    world.new_log();
    world.settle();
    assert_eq!((world.refused(&edit), world.refused(&react)), (ErrorCode::NoSuchEntry, ErrorCode::NoSuchEntry));
    assert_eq!(world.said(), ["yes"], "what was only said is said, in answer to nothing");
    assert!(world.answer(&reply).is_ok());
    let sent = world.hub.requests.iter().find(|request| request.makes_entry());
    assert!(matches!(sent, Some(ToHub::Say { reply_to: None, .. })), "{sent:?}");
}

#[test]
fn changes_that_an_earlier_session_left_are_made_once_in_the_log_they_speak_of() {
    let mut world = World::online(settings());
    let seq = world.other_says(Some("lobby"), "hi");
    world.flow();
    world.cut(1006);
    let react = world.ask(|id| lobby().react(id, seq, "👍".to_owned(), true)).unwrap();
    let edit = world.ask(|id| lobby().edit(id, seq, "ho".to_owned())).unwrap();
    world.reload(true);
    world.settle();
    let made: Vec<&str> = world.hub.log[1..].iter().map(shared::entry::Entry::id).collect();
    assert_eq!(made, [&react, &edit]);
    assert!(world.answer(&react).is_ok() && world.answer(&edit).is_ok());
}

#[test]
fn changes_that_an_earlier_session_left_of_another_log_are_given_up_before_anything_is_sent() {
    let id = |id: &str| id.to_owned();
    let of_another = || {
        vec![
            left(lobby().edit(id("edit"), 5, "b".to_owned()), "log-0"),
            left(lobby().delete(id("delete"), 5), "log-0"),
            left(lobby().react(id("react"), 5, "👍".to_owned(), true), "log-0"),
            left(lobby().say_with(id("reply"), "yes".to_owned(), Some(5), Vec::new()), "log-0"),
        ]
    };
    // Before the first welcome, when nobody knows which log it will be; and after it, as from another tab.
    let mut early = World::new(Settings { lines: of_another(), ..settings() });
    early.settle();
    let mut late = World::online(settings());
    late.adopt(of_another());
    late.settle();
    for world in [early, late] {
        for given_up in ["edit", "delete", "react"] {
            assert_eq!(world.refused(given_up), ErrorCode::NoSuchEntry);
        }
        let sent: Vec<&ToHub> = world.hub.requests.iter().filter(|request| request.makes_entry()).collect();
        assert!(matches!(sent[..], [ToHub::Say { reply_to: None, .. }]), "{sent:?}");
    }
}

#[test]
fn changes_of_a_log_that_this_tab_has_not_met_yet_wait_for_it() {
    let mut world = World::online(settings());
    world.cut(1006);
    world.new_log();
    let seq = world.other_says(Some("lobby"), "hi");
    // Another tab was online in between, and was closed.
    let epoch = world.hub.epoch.clone();
    world.adopt(vec![left(lobby().react("left-1".to_owned(), seq, "👍".to_owned(), true), &epoch)]);
    assert_eq!(world.session.unsent(), 1);
    world.settle();
    assert!(world.answer("left-1").is_ok());
    assert_eq!(world.hub.log.last().map(shared::entry::Entry::id), Some("left-1"));
}

#[test]
fn what_another_tab_left_is_taken_up_once() {
    let mut world = World::online(settings());
    world.cut(1006);
    let own = world.say("lobby", "own").unwrap();
    let left = left(Place::With("bob".to_owned()).say("left-1".to_owned(), "psst".to_owned()), "log-1");
    world.adopt(vec![left.clone(), left.clone(), line(&own, "own")]);
    world.adopt(vec![left]);
    assert_eq!(world.session.unsent(), 2);
    assert_eq!(sending(&world), [own.as_str(), "left-1"]);
    world.settle();
    assert_eq!(world.said(), ["own", "psst"]);
}

#[test]
fn a_line_that_another_tab_gets_through_first_is_answered_as_said() {
    let mut world = World::online(settings());
    world.say_elsewhere(&line("left-1", "hi"));
    world.adopt(vec![line("left-1", "hi")]);
    world.settle();
    assert_eq!(world.said(), ["hi"]);
    assert!(matches!(world.answer("left-1"), Ok(Response::Sent(sent)) if sent.seq == world.hub.log[0].seq()));
}

#[test]
fn lines_that_were_not_kept_well_fail_and_hold_up_no_other() {
    let long = "x".repeat(wire::MAX_ID + 1);
    let lines = vec![
        line("", "no id"),
        line(&long, "no id of a request"),
        line("empty", " "),
        line("long", &"x".repeat(wire::MAX_TEXT + 1)),
        line("huge", &format!("a{}b", "\u{1}".repeat(16_000))),
        line("good", "hi"),
    ];
    let mut world = World::new(Settings { lines, ..settings() });
    assert_eq!(sending(&world).len(), 6);
    world.flow();
    assert_eq!(world.refused(""), ErrorCode::BadMessage);
    assert_eq!(world.refused(&long), ErrorCode::BadMessage);
    assert_eq!(world.refused("empty"), ErrorCode::TextEmpty);
    assert_eq!(world.refused("long"), ErrorCode::TextTooLong);
    assert_eq!(world.refused("huge"), ErrorCode::TextTooLong);
    assert_eq!((world.said(), world.session.phase()), (vec!["hi"], Phase::Online));
}

#[test]
fn lines_beyond_the_bound_may_be_taken_up_later() {
    let lines: Vec<Line> = (0..MAX_UNSENT + 5).map(|n| line(&format!("old-{n}"), "x")).collect();
    let mut world = World::new(Settings { lines: lines.clone(), ..settings() });
    assert_eq!((world.session.unsent(), sending(&world).len()), (MAX_UNSENT, MAX_UNSENT));
    world.settle();
    world.adopt(lines[MAX_UNSENT..].to_vec());
    world.settle();
    assert_eq!(world.hub.log.len(), MAX_UNSENT + 5);
}

#[test]
fn without_a_nick_nobodys_lines_are_said() {
    let mut world = World::new(Settings { nick: None, lines: vec![line("old-1", "a")], ..settings() });
    world.adopt(vec![line("old-2", "b")]);
    assert_eq!((world.session.unsent(), sending(&world).len()), (0, 0));
}

#[test]
fn what_is_typed_before_the_nick_is_ours_again_waits_for_it() {
    let mut world = World::new(settings());
    world.cut(1006);
    let id = world.say("lobby", "typed while the hub was down").unwrap();
    assert_eq!(sending(&world), [id.as_str()]);
    world.settle();
    assert!(world.answer(&id).is_ok());
}
