use proptest::prelude::*;
use shared::message::ErrorCode;

use super::rooms::MAX_ROOMS_OF_NODE;
use super::*;

const ANA: OwnerId = OwnerId(1);
const BOB: OwnerId = OwnerId(2);

fn registry() -> Registry {
    Registry::new("den.local".to_owned(), 1_000, 0)
}

/// A node that holds a nick.
fn connected(registry: &mut Registry, owner: OwnerId, nick: &str) -> NodeKey {
    let node = registry.add_node(None, "tab".to_owned(), 2_000, true);
    registry.bind(node, owner, nick, &[]);
    node
}

fn user(nick: &str, state: State, nodes: u32) -> User {
    User { nick: nick.to_owned(), state, nodes }
}

fn heard_by(registry: &mut Registry, route: &Route) -> Vec<NodeKey> {
    let mut nodes = Vec::new();
    registry.route(1, route, |node| nodes.push(node));
    nodes.sort();
    nodes
}

#[test]
fn a_wished_name_that_is_taken_gets_a_number() {
    let mut registry = registry();
    let mut name = |wished| {
        let node = registry.add_node(wished, "tab".to_owned(), 0, true);
        registry.node_name(node).unwrap()
    };
    assert_eq!(name(Some("laptop")), "laptop@den.local");
    let second = name(Some("laptop"));
    assert!(second.starts_with("laptop-") && second.ends_with("@den.local"), "{second}");
    for not_a_name in [None, Some(""), Some("a b"), Some("hub"), Some("x@y"), Some("ü"), Some(&*"x".repeat(33))] {
        let made_up: shared::node::NodeName = name(not_a_name).parse().unwrap();
        assert_ne!(made_up.local(), "hub");
    }
}

#[test]
fn a_node_is_found_by_its_full_name_or_its_local_one_on_this_hub_only() {
    let mut registry = registry();
    let node = registry.add_node(Some("laptop"), "tab".to_owned(), 0, true);
    assert_eq!(registry.find_node("laptop"), Some(node));
    assert_eq!(registry.find_node("laptop@den.local"), Some(node));
    assert_eq!(registry.find_node("laptop@DEN.local"), Some(node));
    assert_eq!(registry.find_node("laptop@elsewhere"), None);
    assert!(registry.is_hub("hub") && registry.is_hub("hub@den.local") && !registry.is_hub("hub@elsewhere"));
    registry.remove_node(node);
    assert_eq!(registry.find_node("laptop"), None);
}

#[test]
fn the_list_of_nodes_begins_with_the_hub() {
    let mut registry = registry();
    connected(&mut registry, ANA, "ana");
    let nodes = registry.list_nodes();
    assert_eq!((nodes[0].node.as_str(), nodes[0].kind.as_str(), nodes[0].since), ("hub@den.local", "hub", 1_000));
    assert_eq!((nodes[1].nick.as_deref(), nodes[1].kind.as_str(), nodes[1].since), (Some("ana"), "tab", 2_000));
}

#[test]
fn a_nick_is_present_until_its_last_node_leaves() {
    let mut registry = registry();
    let (laptop, phone) = (connected(&mut registry, ANA, "ana"), connected(&mut registry, ANA, "ana"));
    assert_eq!(registry.list_users(laptop, None), [user("ana", State::Online, 2)]);
    assert_eq!(registry.remove_node(laptop), Departed { last_of: None });
    assert_eq!(registry.remove_node(phone), Departed { last_of: Some(ANA) });
    assert_eq!(registry.list_users(phone, None), []);
    assert_eq!(registry.find_owner("ANA"), Some((ANA, "ana")), "whispers can still be left for her");
}

#[test]
fn a_vanished_node_keeps_name_nick_and_rooms_and_counts_as_reconnecting() {
    let mut registry = registry();
    let (ana, bob) = (connected(&mut registry, ANA, "ana"), connected(&mut registry, BOB, "bob"));
    registry.join(ana, "den").unwrap();
    let name = registry.node_name(ana);
    registry.turn(ana, State::Reconnecting);
    assert_eq!(registry.list_users(bob, Some("den")), [user("ana", State::Reconnecting, 0)]);
    assert_eq!(registry.list_nodes().len(), 2, "the hub and bob's");
    assert_eq!((registry.count_connected(), registry.count_connected_of(ANA)), (1, 0));
    registry.turn(ana, State::Online);
    assert_eq!(registry.list_users(bob, Some("den")), [user("ana", State::Online, 1)]);
    assert_eq!((registry.node_name(ana), registry.count_connected()), (name, 2));
}

#[test]
fn who_is_away_everywhere_is_away_and_who_is_gone_was_seen() {
    let mut registry = registry();
    registry.add_owner(BOB, "bob".to_owned(), Some(5));
    let (laptop, phone) = (connected(&mut registry, ANA, "ana"), connected(&mut registry, ANA, "ana"));
    registry.turn(laptop, State::Away);
    let ana = registry.who("ANA").unwrap();
    assert_eq!((ana.nick.as_str(), ana.state, ana.seen, ana.nodes.len()), ("ana", State::Online, None, 2));
    registry.turn(phone, State::Away);
    assert_eq!(registry.list_users(laptop, None), [user("ana", State::Away, 2)]);
    registry.saw(phone, 7);
    registry.turn(phone, State::Reconnecting);
    assert_eq!(registry.who("ana").unwrap().seen, None, "she is seen on the laptop");
    registry.turn(laptop, State::Reconnecting);
    let ana = registry.who("ana").unwrap();
    assert_eq!((ana.state, ana.seen, ana.nodes), (State::Reconnecting, Some(7), vec![]));
    let bob = registry.who("bob").unwrap();
    assert_eq!((bob.state, bob.seen), (State::Offline, Some(5)));
    assert_eq!(registry.who("nobody"), None);
}

#[test]
fn a_node_that_takes_another_nick_leaves_the_rooms_of_the_first() {
    let mut registry = registry();
    let node = connected(&mut registry, ANA, "ana");
    registry.join(node, "den").unwrap();
    assert_eq!(registry.bind(node, BOB, "bob", &[]), Departed { last_of: Some(ANA) });
    assert_eq!(registry.owner_of(node), Some((BOB, "bob")));
    assert_eq!(registry.room_of(node, "den").unwrap_err().code, ErrorCode::NotInRoom);
    assert_eq!(registry.list_users(node, None), [user("bob", State::Online, 1)]);
}

#[test]
fn who_lost_a_nick_is_not_found_under_it() {
    let mut registry = registry();
    registry.add_owner(ANA, "аna".to_owned(), None); // Cyrillic а
    let node = registry.add_node(None, "tab".to_owned(), 0, true);
    registry.bind(node, BOB, "ana", &[ANA]);
    assert_eq!(registry.find_owner("аna"), None);
    assert_eq!(registry.find_owner("ana"), Some((BOB, "ana")));
}

#[test]
fn a_line_reaches_the_members_of_its_room_and_nobody_else() {
    let mut registry = registry();
    let (ana, bob) = (connected(&mut registry, ANA, "ana"), connected(&mut registry, BOB, "bob"));
    registry.join(ana, "den").unwrap();
    assert_eq!(heard_by(&mut registry, &Route::Room("den".to_owned())), [ana]);
    registry.join(bob, "#DEN").unwrap();
    assert_eq!(heard_by(&mut registry, &Route::Room("den".to_owned())), [ana, bob]);
    registry.leave(ana, "Den").unwrap();
    assert_eq!(heard_by(&mut registry, &Route::Room("den".to_owned())), [bob]);
    assert_eq!(heard_by(&mut registry, &Route::Room("nowhere".to_owned())), []);
}

#[test]
fn a_private_message_reaches_all_nodes_of_both_once() {
    let mut registry = registry();
    let nodes = [(ANA, "ana"), (ANA, "ana"), (BOB, "bob"), (OwnerId(3), "eve")]
        .map(|(owner, nick)| connected(&mut registry, owner, nick));
    assert_eq!(heard_by(&mut registry, &Route::Owners(ANA, BOB)), nodes[..3]);
    assert_eq!(heard_by(&mut registry, &Route::Owners(ANA, ANA)), nodes[..2]);
}

#[test]
fn what_becomes_of_the_store_reaches_those_who_keep_a_copy_with_or_without_a_nick() {
    let mut registry = registry();
    let ana = connected(&mut registry, ANA, "ana");
    let nameless = registry.add_node(None, "tab".to_owned(), 0, true);
    assert_eq!(heard_by(&mut registry, &Route::Everyone), []);
    for _twice in 0..2 {
        registry.set_store(ana, true);
        registry.set_store(nameless, true);
    }
    assert_eq!(heard_by(&mut registry, &Route::Everyone), [ana, nameless]);
    assert!(registry.hears(ana, &Route::Everyone) && registry.audience(&Route::Everyone) == 2);
    registry.set_store(ana, false);
    registry.remove_node(nameless);
    registry.set_store(nameless, true);
    assert_eq!(heard_by(&mut registry, &Route::Everyone), [], "who has gone keeps nothing");
    assert!(!registry.hears(ana, &Route::Everyone));
}

#[test]
fn rooms_that_look_alike_cannot_both_exist() {
    let mut registry = registry();
    let node = connected(&mut registry, ANA, "ana");
    registry.join(node, "burn").unwrap();
    for alike in ["bum", "lоbby" /* Cyrillic о */, "1obby"] {
        let refusal = registry.join(node, alike).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::RoomInvalid, "{alike}");
    }
    assert_eq!(registry.join(node, "LOBBY").unwrap(), "lobby");
}

#[test]
fn a_room_in_which_nothing_was_said_ends_with_its_last_visitor() {
    let mut registry = registry();
    let node = connected(&mut registry, ANA, "ana");
    registry.join(node, "den").unwrap();
    registry.join(node, "attic").unwrap();
    registry.route(1, &Route::Room("attic".to_owned()), |_| {});
    registry.leave(node, "den").unwrap();
    registry.leave(node, "attic").unwrap();
    let rooms: Vec<String> = registry.list_rooms().into_iter().map(|room| room.room).collect();
    assert_eq!(rooms, ["attic", "lobby"]);
    registry.join(node, "dеn").expect("its look-alike can be had now"); // Cyrillic е
}

#[test]
fn without_a_nick_there_is_nothing_to_join() {
    let mut registry = registry();
    let node = registry.add_node(None, "tab".to_owned(), 0, true);
    assert_eq!(registry.join(node, "lobby").unwrap_err().code, ErrorCode::NotConnected);
    assert_eq!(registry.leave(node, "lobby").unwrap_err().code, ErrorCode::NotConnected);
}

#[test]
fn one_node_cannot_fill_the_hub_with_rooms() {
    let mut registry = registry();
    let node = connected(&mut registry, ANA, "ana");
    for number in 0..MAX_ROOMS_OF_NODE {
        registry.join(node, &format!("x{number}x")).unwrap();
    }
    assert_eq!(registry.join(node, "one-more").unwrap_err().code, ErrorCode::RoomInvalid);
    registry.join(node, "x7x").expect("it is in that one");
    assert!(!registry.list_rooms().iter().any(|room| room.room == "one-more"), "no empty room is left behind");
}

/// What nodes do.
#[derive(Clone, Debug)]
enum Act {
    Enter,
    Bind(usize, u8),
    Unbind(usize),
    Join(usize, u8),
    Leave(usize, u8),
    Turn(usize, State),
    Gone(usize),
    Told,
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![Just(State::Online), Just(State::Away), Just(State::Reconnecting)]
}

fn act() -> impl Strategy<Value = Act> {
    let node = 0..8_usize;
    prop_oneof![
        Just(Act::Enter),
        (node.clone(), 0..3_u8).prop_map(|(node, owner)| Act::Bind(node, owner)),
        node.clone().prop_map(Act::Unbind),
        (node.clone(), 0..3_u8).prop_map(|(node, room)| Act::Join(node, room)),
        (node.clone(), 0..3_u8).prop_map(|(node, room)| Act::Leave(node, room)),
        (node.clone(), state()).prop_map(|(node, state)| Act::Turn(node, state)),
        node.prop_map(Act::Gone),
        Just(Act::Told),
    ]
}

proptest! {
    /// Whatever nodes do, what each found when it entered and was told since adds up to who is
    /// there, and no room, name or nick is left behind.
    #[test]
    fn presence_adds_up(acts in prop::collection::vec(act(), 0..200)) {
        let mut registry = registry();
        let mut nodes: Vec<NodeKey> = Vec::new();
        let mut views: BTreeMap<(String, NodeKey), BTreeMap<String, State>> = BTreeMap::new();
        for act in acts.into_iter().chain([Act::Told]) {
            let pick = |number: usize| nodes.get(number % nodes.len().max(1)).copied();
            match act {
                Act::Enter => nodes.push(registry.add_node(Some("n"), "tab".to_owned(), 0, true)),
                Act::Bind(node, owner) => {
                    if let Some(node) = pick(node) {
                        registry.bind(node, OwnerId(owner.into()), &format!("nick{owner}"), &[]);
                    }
                }
                Act::Unbind(node) => {
                    if let Some(node) = pick(node) {
                        registry.unbind(node);
                    }
                }
                Act::Join(node, room) => {
                    // Who has no connection asks for nothing.
                    if let Some(node) = pick(node).filter(|node| registry.is_connected(*node)) {
                        let name = format!("room{room}");
                        let joined = registry.join(node, &name).is_ok();
                        prop_assert_eq!(joined, registry.owner_of(node).is_some());
                        if joined {
                            let (found, count) = registry.roster(node, &name);
                            prop_assert_eq!(found.len(), count as usize);
                            views.insert((name, node), found.into_iter().map(|user| (user.nick, user.state)).collect());
                        }
                    }
                }
                Act::Leave(node, room) => {
                    if let Some(node) = pick(node) {
                        let _ = registry.leave(node, &format!("room{room}"));
                    }
                }
                Act::Turn(node, state) => {
                    if let Some(node) = pick(node) {
                        registry.turn(node, state);
                    }
                }
                Act::Gone(node) => {
                    if let Some(node) = pick(node) {
                        registry.remove_node(node);
                        nodes.retain(|other| *other != node);
                    }
                }
                Act::Told => {
                    for news in registry.take_news() {
                        let told = registry.take_presence(&news);
                        let room = news.room_key.clone();
                        let Some((presence, members)) = told.map(|(presence, members)| (presence, members.collect::<Vec<_>>()))
                        else {
                            continue;
                        };
                        for member in members {
                            let view = views.get_mut(&(room.clone(), member)).expect("a member has entered");
                            view.extend(presence.joined.iter().map(|nick| (nick.clone(), State::Online)));
                            for (nick, state) in &presence.states {
                                prop_assert!(view.insert(nick.clone(), *state).is_some(), "a state of one not here");
                            }
                            presence.left.iter().for_each(|nick| {
                                view.remove(nick);
                            });
                        }
                    }
                    for ((room, _), view) in &views {
                        let here: BTreeMap<String, State> = registry
                            .users_in(&registry.rooms[room], usize::MAX)
                            .into_iter()
                            .map(|user| (user.nick, user.state))
                            .collect();
                        prop_assert_eq!(view, &here);
                    }
                }
            }
            views.retain(|(room, node), _| registry.room_of(*node, room).is_ok());
            for node in &nodes {
                let state = &registry.nodes[*node];
                prop_assert_eq!(registry.names.get(&state.name), Some(node));
                for room in state.rooms.iter() {
                    prop_assert!(registry.rooms[room].has(*node));
                }
            }
            let memberships: usize = registry.rooms.values().map(|room| room.members().len()).sum();
            let joined: usize = nodes.iter().map(|node| registry.nodes[*node].rooms.len()).sum();
            prop_assert_eq!(memberships, joined, "no member is left behind");
            prop_assert!(registry.rooms.values().all(|room| room.is_kept() || !room.is_empty()));
            prop_assert_eq!(registry.names.len(), nodes.len());
            let connected = nodes.iter().filter(|node| registry.is_connected(**node)).count();
            prop_assert_eq!(registry.count_connected(), connected);
        }
    }
}
