//! The picture of the nodes draws itself, also where they are many, and says the same to everyone.

use e2e::{Person, Role, eventually, play};
use node::{Node, Options};

/// Waits until the table has so many nodes.
async fn has_nodes(person: &Person, count: usize) {
    let script = "return document.querySelectorAll('table.nodes tbody tr').length === arguments[0]";
    eventually(format_args!("{} sees {count} nodes", person.name), async || {
        Ok(person.browser.try_eval::<bool>(script, vec![serde_json::json!(count)]).await?.then_some(()))
    })
    .await;
}

/// Nodes that are drawn.
const DRAWN: &str = "return document.querySelectorAll('.map .node:not(.gone)').length";

#[test]
fn nodes_come_and_go_by_themselves_and_are_chosen_by_keyboard() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.goes_to_the_console().await;
        ana.browser.the(Role::Image, "Nodes").await;
        ana.browser.the(Role::Table, "Nodes").await;
        has_nodes(&ana, 2).await;
        let bob = stage.hub().native("bob").await;
        has_nodes(&ana, 3).await;
        ana.reads("3 nodes: the hub, 1 tab, 1 terminal.").await;
        drop(bob);

        let own = ana.node().await;
        let local = own.split('@').next().unwrap_or_default().to_owned();
        ana.browser.eval::<()>("document.querySelector('.pick').focus()", Vec::new()).await;
        ana.browser.press(&[e2e::keys::DOWN]).await;
        assert_eq!(ana.browser.focused().await.1, format!("{local} ana"));
        ana.browser.press(&[e2e::keys::ENTER]).await;
        let details = ana.browser.within(Role::Region, &own);
        details.the(Role::Table, "Processes").await;
        details.the(Role::Button, "Ping").await;
        ana.meets_no_barrier_anywhere("the console with a node").await;
    });
}

#[test]
fn two_hundred_nodes_are_drawn_and_nothing_sticks_out() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.goes_to_the_console().await;
        let mut nodes = Vec::new();
        for _ in 0..200 {
            let (node, _) = Node::connect(stage.hub().link(), Options::default()).await.expect("a welcome");
            nodes.push(node);
        }
        has_nodes(&ana, 202).await;
        assert_eq!(ana.browser.eval::<usize>(DRAWN, Vec::new()).await, 202);
        ana.meets_no_barrier("the console with 200 nodes").await;
        ana.browser.resize((320, 640)).await;
        ana.sees_all_of("the console with 200 nodes on a narrow screen").await;
        drop(nodes);
    });
}
