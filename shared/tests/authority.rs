//! Who may do what to whose process: the table, row by row.

#![allow(clippy::unwrap_used, reason = "a test stops where it is surprised")]

use shared::node::NodeName;
use shared::process::authority::{Deed, Owner, is_own, may};

const ANA: Option<u64> = Some(1);

fn node(name: &str) -> Owner {
    Owner::Node(name.parse::<NodeName>().unwrap())
}

#[test]
fn each_row_of_the_table_holds() {
    let bob = || Owner::Of(2);
    let ana = || Owner::Of(1);
    let guest = || node("tab-9@den");
    // On a node of ana's: who, to whose process, whether it may be ended.
    for (who, whose, end, why) in [
        (Owner::Here, Owner::Here, true, "the person of the node, to what is its own"),
        (Owner::Here, bob(), true, "the person of the node, to a guest"),
        (Owner::Here, guest(), true, "the person of the node, to a guest without nick"),
        (ana(), Owner::Here, true, "another node of the same person"),
        (ana(), bob(), true, "another node of the same person, to a guest"),
        (bob(), bob(), true, "who spawned it, from whichever node"),
        (bob(), Owner::Here, false, "another, to what is the node's own"),
        (bob(), Owner::Of(3), false, "another, to a third one's"),
        (bob(), guest(), false, "another, to a guest without nick"),
        (guest(), guest(), true, "a node without nick, to what it spawned"),
        (guest(), node("tab-8@den"), false, "a node without nick, to another's"),
        (guest(), Owner::Here, false, "a node without nick, to the node's own"),
    ] {
        assert_eq!(may(Deed::End, &who, &whose, ANA), end, "{why}");
        // Running something unasked, and speaking as the person, is the person's alone.
        for deed in [Deed::Spawn, Deed::Speak] {
            assert_eq!(may(deed, &who, &whose, ANA), is_own(&who, ANA), "{deed:?}: {why}");
        }
    }
}

#[test]
fn without_a_nick_nobody_from_elsewhere_is_the_nodes_own() {
    assert!(is_own(&Owner::Here, None));
    for other in [Owner::Of(0), Owner::Of(1), node("tab-9@den")] {
        assert!(!is_own(&other, None), "{other:?}");
    }
}
