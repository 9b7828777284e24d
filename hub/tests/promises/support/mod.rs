//! What the tests of promises share: a real hub on a port of its own, nodes that remember all they
//! hear, a socket that may say anything, and waiting for a state with a deadline instead of sleeping.

mod errand;
mod hub;
mod memory;
mod node;
mod peer;
mod process;
mod raw;
mod tab;

use std::fmt::Debug;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use shared::message::{ErrorCode, Refusal};
use tokio::net::TcpStream;
use tokio::time::{Instant, advance, pause, resume, sleep};

pub(crate) use errand::Errand;
pub(crate) use hub::{TestHub, start};
pub(crate) use memory::{Memory, Way};
pub(crate) use node::TestNode;
pub(crate) use peer::{Heard, Peer};
pub(crate) use process::HubProcess;
#[cfg(target_os = "linux")]
pub(crate) use process::ignores_hangup;
pub(crate) use raw::{BINARY, CONTINUATION, Frame, RawSocket, TEXT};
pub(crate) use tab::Tab;

/// How long a test waits for what must come, before it says that it did not: also on a machine that is busy with much
/// else.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Waits until `look` finds something; panics with `what` when the deadline has passed.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until nobody listens on a port any more. A program that another test starts at this moment holds copies of this
/// process's sockets until it has become that program.
pub(crate) async fn nobody_listens(address: SocketAddr) {
    eventually("the end of who listens", async || TcpStream::connect(address).await.is_err().then_some(())).await;
}

/// The clock goes on by so much at once, and everyone in this process does what is due. Only on a runtime of one
/// thread, and while nothing is on its way to a disk or a socket that somebody counts the time of.
pub(crate) async fn passes(time: Duration) {
    pause();
    advance(time).await;
    resume();
}

/// The refusal that a request must have ended with.
#[track_caller]
pub(crate) fn refusal<T: Debug>(result: Result<T, ::node::Error>) -> Refusal {
    match result {
        Err(::node::Error::Refused(refusal)) => {
            assert!(refusal.message.len() > 10, "a refusal is a sentence, not {:?}", refusal.message);
            refusal
        }
        other => panic!("expected a refusal, not {other:?}"),
    }
}

/// The code of the refusal that a request must have ended with.
#[track_caller]
pub(crate) fn refused<T: Debug>(result: Result<T, ::node::Error>) -> ErrorCode {
    refusal(result).code
}

/// The code that the hub must have closed the connection with, in answer to a request or a hello.
#[track_caller]
pub(crate) fn closed<T>(result: Result<T, ::node::Error>) -> u16 {
    match result {
        Err(::node::Error::Closed(closed)) => closed.code,
        Err(other) => panic!("expected a close code, not {other}"),
        Ok(_) => panic!("expected a close code, not success"),
    }
}

/// Milliseconds since 1970 UTC, as the wire tells time.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970");
    u64::try_from(since.as_millis()).expect("the year is before 500 million")
}
