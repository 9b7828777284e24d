use shared::message::{Hello, ToHub};
use shared::wire::MAX_FOLLOWED;

use super::super::stage::{Actor, Came, Stage};
use super::*;
use crate::outbox::Answer;

async fn told(follower: &mut Actor) -> NodesChanged {
    loop {
        if let Came::Shared(messages) = follower.next().await
            && let [ToNode::Nodes(changed)] = &messages[..]
        {
            return changed.clone();
        }
    }
}

/// Beyond a thousand each one's coming told to each would grow with the square of them.
#[tokio::test]
async fn in_a_crowd_the_list_is_a_count() {
    let stage = Stage::set();
    let mut follower = stage.actor("follower").await;
    let follow = ToHub::ListNodes { id: "1".to_owned(), follow: Some(true) };
    assert!(matches!(follower.asks(follow).await, Answer::Nodes(_)));
    let mut crowd = Vec::new();
    for _ in 0..MAX_FOLLOWED {
        crowd.push(stage.enter(Hello::default()).await);
    }
    let count = loop {
        let changed = told(&mut follower).await;
        assert!(changed.here.len() <= MAX_FOLLOWED);
        if let Some(count) = changed.count {
            assert!(changed.here.is_empty() && changed.gone.is_empty());
            break count;
        }
    };
    assert_eq!(count as usize, MAX_FOLLOWED + 2, "they, the hub and who follows");

    crowd.truncate(10);
    let changed = loop {
        let changed = told(&mut follower).await;
        if changed.count.is_none() {
            break changed;
        }
    };
    assert!(changed.here.is_empty() && !changed.gone.is_empty(), "names again");
}
