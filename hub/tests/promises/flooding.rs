//! Who signals too fast is read from more slowly, and nobody else waits for it.

use std::time::{Duration, Instant};

use crate::support::{Heard, Peer, TestHub};
use serde_json::json;
use shared::wire::encode_signal;

/// What one node may signal at once, and then within a second.
const AT_ONCE: u32 = 10_000;
const A_SECOND: u32 = 5_000;

/// An answer to somebody who does nothing wrong: on a busy machine, without optimisation.
const SOON: Duration = Duration::from_secs(2);

/// Signals that reach nobody, as fast as the hub takes them; gives how long it took until the hub had read them all.
async fn floods(flooder: &mut Peer, count: u32) -> Duration {
    let begun = Instant::now();
    let frame = encode_signal("nobody", false, r#"{"type":"send"}"#);
    for _ in 0..count {
        flooder.socket().text(&frame).await;
    }
    assert_eq!(flooder.heard_by_now().await, []);
    begun.elapsed()
}

#[tokio::test]
async fn a_flood_is_read_slowly_and_others_are_answered_meanwhile() {
    let hub = TestHub::start().await;
    let mut flooder = hub.peer("flooder").await;
    let (mut ana, mut bob) = (hub.peer("ana").await, hub.peer("bob").await);
    let over = A_SECOND;
    let flood = tokio::spawn(async move { floods(&mut flooder, AT_ONCE + over).await });
    let mut count = 0;
    let mut slowest = Duration::ZERO;
    while !flood.is_finished() {
        let (asked, payload) = (Instant::now(), json!(count));
        match count {
            0 => ana.begins("bob", &payload).await,
            _ => ana.goes_on("bob", &payload).await,
        }
        assert_eq!(bob.hears().await, Heard::signal(&ana, &payload));
        slowest = slowest.max(asked.elapsed());
        count += 1;
    }
    let took = flood.await.unwrap();
    let least = Duration::from_secs(1) * over / A_SECOND;
    assert!(took >= least, "{took:?} for {over} signals over the limit");
    assert!(count > 10 && slowest < SOON, "{count} signals of others, the slowest within {slowest:?}");
}

/// It is a limit of the node's own: its next connection begins anew, and nothing else of it is counted.
#[tokio::test]
async fn who_keeps_to_it_never_rests() {
    let hub = TestHub::start().await;
    let mut steady = hub.peer("steady").await;
    floods(&mut steady, AT_ONCE - 1).await;
    let begun = Instant::now();
    for _ in 0..100 {
        assert_eq!(steady.heard_by_now().await, [], "requests are not signals");
    }
    assert!(begun.elapsed() < SOON);
}
