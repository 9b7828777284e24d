//! The store as a session has it: puts in a lane of their own, and a copy that is asked for and then heard of.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod model;

use model::{World, settings};
use shared::entry::Entry;
use shared::message::{ErrorCode, Json, Refusal, ToHub};
use shared::session::{Delivery, Line, MAX_UNSENT, Response, Settings};
use shared::wire::MAX_FRAME;

/// One that keeps a copy, of a hub with five keys.
fn with_a_copy() -> World {
    let mut world = World::new(Settings { store: true, ..settings() });
    for key in ["a", "b", "c", "d", "e"] {
        world.other_puts(key, Some(1));
    }
    world.flow();
    assert!(world.session.has_store());
    assert_agrees(&world);
    world
}

#[track_caller]
fn assert_agrees(world: &World) {
    assert_eq!(world.store.0.digest(), world.hub.store().digest());
}

/// The requests for the store that the hub has read, as (follow, after).
fn pages(world: &World) -> Vec<(Option<bool>, Option<&str>)> {
    let page = |request: &'_ ToHub| matches!(request, ToHub::Store { .. });
    let pages = world.hub.requests.iter().filter(|request| page(request)).map(|request| match request {
        ToHub::Store { follow, after, .. } => (*follow, after.as_deref()),
        other => panic!("{other:?}"),
    });
    pages.collect()
}

fn puts(world: &World) -> usize {
    world.requests(|request| matches!(request, ToHub::Put { .. }))
}

#[test]
fn a_copy_is_asked_for_in_pages_and_then_heard_of() {
    let mut world = with_a_copy();
    assert!(world.hub.hellos[0].store);
    assert_eq!(pages(&world), [(None, None), (None, Some("b")), (None, Some("d"))]);
    world.other_puts("f", Some(2));
    world.other_puts("a", None);
    world.flow();
    assert_eq!((world.store.0.version("a"), pages(&world).len()), (0, 3));
    assert_agrees(&world);
}

#[test]
fn who_keeps_no_copy_hears_of_none_until_it_does() {
    let mut world = World::online(settings());
    world.other_puts("a", Some(1));
    world.flow();
    assert!(!world.hub.hellos[0].store && pages(&world).is_empty() && !world.session.has_store());
    world.keep_store();
    world.keep_store();
    world.flow();
    assert_eq!(pages(&world), [(Some(true), None)], "the hello had not said so");
    world.other_puts("b", Some(2));
    world.flow();
    assert_agrees(&world);
    world.cut(1006);
    world.settle();
    assert!(world.hub.hellos[1].store);
    assert_eq!(pages(&world).len(), 1, "the hub goes on where it was");
}

#[test]
fn a_copy_is_kept_without_a_nick_too() {
    let mut world = World::new(Settings { store: true, nick: None, ..settings() });
    world.other_puts("a", Some(1));
    world.flow();
    assert!(world.session.has_store());
    world.other_puts("a", Some(2));
    world.flow();
    assert_agrees(&world);
}

#[test]
fn after_a_return_what_became_of_the_store_comes_by_itself() {
    let mut world = with_a_copy();
    world.cut(1006);
    world.other_puts("a", Some(3));
    world.other_puts("b", None);
    world.other_puts("a", Some(4));
    let heard = world.deliveries.len();
    world.settle();
    assert_eq!(pages(&world).len(), 3, "none was asked for again");
    let entries = world.deliveries[heard..].iter().filter(|told| matches!(told, Delivery::Heard(_))).count();
    assert_eq!(entries, 2, "of each key the latest");
    assert_agrees(&world);
}

#[test]
fn where_removals_are_forgotten_or_nobody_is_remembered_all_is_asked_for_again() {
    let mut world = with_a_copy();
    world.cut(1006);
    world.other_puts("b", None);
    world.hub.store_since = world.hub.head();
    world.settle();
    assert_eq!(pages(&world)[3..], [(None, None), (None, Some("c"))]);
    assert_agrees(&world);

    world.cut(1006);
    world.other_puts("c", None);
    world.hub.forget();
    world.settle();
    assert_eq!(pages(&world)[5..], [(None, None), (None, Some("d"))]);
    assert_agrees(&world);
}

#[test]
fn a_copy_that_was_half_asked_for_is_asked_for_on() {
    let mut world = World::new(Settings { store: true, ..settings() });
    for key in ["a", "b", "c", "d", "e"] {
        world.other_puts(key, Some(1));
    }
    while pages(&world).len() < 2 {
        assert!(world.open() || world.hub_reads(1) || world.node_reads(1));
    }
    world.cut(1006);
    world.other_puts("a", Some(2));
    world.settle();
    assert_eq!(pages(&world), [(None, None), (None, Some("b")), (None, Some("b")), (None, Some("d"))]);
    assert_agrees(&world);
}

#[test]
fn of_another_log_nothing_of_the_copy_holds() {
    let mut world = with_a_copy();
    world.new_log();
    world.other_puts("z", Some(1));
    world.settle();
    assert_eq!(world.store.0.list("").len(), 1);
    assert_agrees(&world);
}

#[test]
fn all_is_asked_for_again_even_of_a_hub_that_goes_on_with_another_log() {
    let mut world = with_a_copy();
    world.honest = false;
    world.cut(1006);
    world.hub.epoch.push('+');
    world.settle();
    let heard = world.deliveries.iter().rfind(|told| matches!(told, Delivery::Welcomed { .. }));
    assert!(matches!(heard, Some(Delivery::Welcomed { welcome, new_log: true }) if welcome.resumed));
    assert_agrees(&world);
}

#[test]
fn a_hub_that_has_no_store_is_asked_once() {
    let mut world = World::new(Settings { store: true, ..settings() });
    world.open();
    world.hub_reads(1);
    while !world.hub.requests.iter().any(|request| matches!(request, ToHub::Join { .. } | ToHub::Connect { .. })) {
        assert!(world.node_reads(1) || world.hub_reads(1));
    }
    world.hub.refusals.push_back(Refusal::new(ErrorCode::BadMessage, "What is that?"));
    world.flow();
    world.cut(1006);
    world.settle();
    assert_eq!(pages(&world).len(), 1);
    assert!(!world.session.has_store() && !world.hub.hellos[1].store);
}

#[test]
fn puts_and_lines_do_not_hold_each_other_up() {
    let mut world = World::online(settings());
    world.hub.refusals.push_back(Refusal::until(ErrorCode::RateLimited, "Too fast.", world.now + 5_000));
    let first = world.put("a", 1, None).unwrap();
    let second = world.put("a", 2, None).unwrap();
    world.hub_reads(1);
    let line = world.say("lobby", "hi").unwrap();
    world.flow();
    assert!(world.answer(&line).is_ok() && world.answers(&first).is_empty(), "the line has overtaken them");
    world.wait(2_000, true); // what came is acknowledged
    assert_eq!(world.session.wake_at(), Some(world.now + 3_000), "it wants to be called when they may go on");
    world.hub.refusals.push_back(Refusal::until(ErrorCode::RateLimited, "Too fast.", world.now + 60_000));
    let late = world.say("lobby", "ho").unwrap();
    world.flow();
    world.wait(3_000, true);
    world.flow();
    assert!(world.answer(&first).is_ok() && world.answer(&second).is_ok(), "and they the line");
    assert!(world.answers(&late).is_empty());
    assert_eq!((puts(&world), world.hub.store().get("a").unwrap().value.as_u64()), (3, Some(2)));
}

#[test]
fn a_put_whose_reply_was_lost_is_sent_again_with_the_same_id() {
    let mut world = World::online(settings());
    let id = world.put("a", 1, Some(0)).unwrap();
    world.hub_reads(1);
    world.cut(1006);
    world.settle();
    assert_eq!(puts(&world), 2);
    let logged: Vec<u64> = world.hub.log.iter().filter(|entry| entry.id() == id).map(Entry::seq).collect();
    assert!(matches!(world.answer(&id), Ok(Response::Sent(sent)) if [sent.seq] == logged[..]), "in the log once");
}

#[test]
fn a_conflict_of_versions_is_told_to_who_asked() {
    let mut world = with_a_copy();
    let version = world.store.0.version("a");
    world.other_puts("a", Some(7));
    let conflict = world.put("a", 8, Some(version)).unwrap();
    let fine = world.put("b", 8, Some(world.store.0.version("b"))).unwrap();
    world.flow();
    assert_eq!(world.refused(&conflict), ErrorCode::VersionConflict);
    assert!(world.answer(&fine).is_ok());
    assert_agrees(&world);
}

#[test]
fn puts_wait_for_the_hub_and_outlive_the_page() {
    let mut world = World::online(settings());
    world.cut(1006);
    let first = world.put("a", 1, None).unwrap();
    let line = world.say("lobby", "hi").unwrap();
    let second = world.remove("a", None).unwrap();
    let waiting: Vec<&str> = world.session.unsent_lines().map(Line::id).collect();
    assert_eq!(waiting, [&line, &first, &second]);
    world.reload(false);
    world.settle();
    assert!([&first, &second, &line].iter().all(|id| world.answer(id).is_ok()));
    assert_eq!(world.hub.store().list("").len(), 0, "in their order");
}

#[test]
fn what_was_to_have_a_version_of_another_log_is_refused_and_the_rest_is_put() {
    let mut world = World::online(settings());
    world.put("a", 1, None).unwrap();
    world.flow();
    let version = world.hub.store().version("a");
    world.cut(1006);
    let of_that = world.put("a", 2, Some(version)).unwrap();
    let removal = world.remove("a", Some(version)).unwrap();
    let new = world.put("b", 2, Some(0)).unwrap();
    let any = world.put("a", 3, None).unwrap();
    world.new_log();
    world.other_puts("a", Some(9));
    assert_eq!(world.hub.store().version("a"), version, "as it happens");
    world.settle();
    assert_eq!(world.refused(&of_that), ErrorCode::VersionConflict);
    assert_eq!(world.refused(&removal), ErrorCode::VersionConflict);
    assert!(world.answer(&new).is_ok() && world.answer(&any).is_ok());
}

#[test]
fn who_has_no_nick_puts_nothing_and_no_more_wait_than_may() {
    let mut world = World::online(Settings { nick: None, ..settings() });
    assert_eq!(world.put("a", 1, None).unwrap_err().code, ErrorCode::NotConnected);

    let mut world = World::online(settings());
    let long = format!("\"{}\"", "x".repeat(MAX_FRAME));
    let refusal = world.ask(|id| ToHub::Put { id, key: "a".to_owned(), value: Json::raw(&long), version: None });
    assert_eq!(refusal.unwrap_err().code, ErrorCode::ValueTooLong);
    world.cut(1006);
    for number in 0..MAX_UNSENT as u64 {
        world.put("a", number, None).unwrap();
    }
    assert_eq!(world.put("a", 0, None).unwrap_err().code, ErrorCode::Unavailable);
    world.say("lobby", "though a line still finds room").unwrap();
    assert_eq!(world.session.unsent(), MAX_UNSENT + 1);
}
