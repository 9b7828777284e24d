//! The time of day, for what is kept and shown. What is waited for uses tokio's clock.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Milliseconds since 1970 UTC; 0 on a clock set before that.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The same as it was when this was first asked, and going on as time does: also where the clock is set back.
pub(crate) fn steady() -> u64 {
    static BEGAN: OnceLock<(u64, Instant)> = OnceLock::new();
    let (since, began) = BEGAN.get_or_init(|| (now(), Instant::now()));
    since.saturating_add(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX))
}
