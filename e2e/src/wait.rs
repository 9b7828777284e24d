//! Waiting for a state, with a deadline: never for a time.

use std::fmt::Display;
use std::time::Duration;

use fantoccini::error::CmdError;
use tokio::time::{Instant, sleep};

/// How long to wait for what must come before saying that it did not: a browser, its page and the hub share
/// two cores with another test, and on a machine like that with whatever else is being built.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Between two looks: a few frames of a page.
const PAUSE: Duration = Duration::from_millis(30);

/// Looks until there is something to be seen.
///
/// A look that fails is repeated as well: what it looked at may have been drawn anew meanwhile.
///
/// # Panics
/// After [`DEADLINE`], with `what` was not to be seen.
pub async fn eventually<T>(what: impl Display, mut look: impl AsyncFnMut() -> Result<Option<T>, CmdError>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let trouble = match look().await {
            Ok(Some(found)) => return found,
            Ok(None) => String::new(),
            Err(error) => format!(" ({error})"),
        };
        if Instant::now() >= deadline {
            panic!("waited {} s in vain: {what}{trouble}", DEADLINE.as_secs());
        }
        sleep(PAUSE).await;
    }
}
