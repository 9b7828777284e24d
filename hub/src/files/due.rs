//! When a file is let go of. Pure: the time is passed in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a file that no line names is kept: longer than anyone leaves a line half written, and over a night.
pub const UNSAID: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the bytes of a file stay after its last line was deleted. Nobody is given it any more; but a line that
/// names it again may be on its way to the log at that moment.
pub const DELETED: Duration = Duration::from_secs(60);

/// How long a file is safe after it was asked for by a line that is to be said: until that is in the log.
pub const ASKED: Duration = Duration::from_secs(10 * 60);

/// How long an upload is kept after its last byte came.
pub const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an upload may stand still before it makes room for others, where there are as many as there may be: long
/// enough for a lift, a meeting's bad corner, or a hub that is restarted.
pub const IDLE: Duration = Duration::from_secs(10 * 60);

/// What befell a file. Times are in milliseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// When it was last uploaded.
    pub uploaded: u64,
    /// When it was last said in a line that still stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<u64>,
    /// When the last line that named it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<u64>,
    /// When somebody last asked for it who was about to say it. A hub that starts has nobody of the kind.
    #[serde(skip)]
    pub asked: u64,
}

/// Whether a file is to go. `retention` counts from when it was last said; none keeps what was said for ever.
pub fn due(now: u64, life: &Life, retention: Option<Duration>) -> bool {
    let since = |then: u64| Duration::from_millis(now.saturating_sub(then));
    if since(life.asked) < ASKED {
        return false;
    }
    match (life.deleted, life.said) {
        (Some(deleted), _) => since(deleted) >= DELETED,
        // One that was uploaded once more is about to be said again.
        (None, Some(said)) => {
            since(life.uploaded) >= UNSAID && retention.is_some_and(|retention| since(said) >= retention)
        }
        (None, None) => since(life.uploaded) >= UNSAID,
    }
}

/// Whether an upload is to go whose last byte came at the time `touched`, in milliseconds since 1970 UTC.
pub fn abandoned(now: u64, touched: u64) -> bool {
    Duration::from_millis(now.saturating_sub(touched)) >= ABANDONED
}

/// Whether an upload whose last byte came at the time `touched` may make room for others.
pub fn idle(now: u64, touched: u64) -> bool {
    Duration::from_millis(now.saturating_sub(touched)) >= IDLE
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    const START: u64 = 20_000 * DAY;
    const WEEK: Option<Duration> = Some(Duration::from_secs(7 * 24 * 60 * 60));

    fn uploaded() -> Life {
        Life { uploaded: START, ..Life::default() }
    }

    #[test]
    fn what_nobody_says_goes_after_a_day() {
        assert!(!due(START, &uploaded(), None));
        assert!(!due(START + DAY - 1, &uploaded(), None));
        assert!(due(START + DAY, &uploaded(), None));
    }

    #[test]
    fn what_was_said_stays_for_ever_unless_a_time_is_set() {
        let said = Life { said: Some(START + HOUR), ..uploaded() };
        assert!(!due(START + 100_000 * DAY, &said, None));
        assert!(!due(START + HOUR + 7 * DAY - 1, &said, WEEK));
        assert!(due(START + HOUR + 7 * DAY, &said, WEEK));
    }

    #[test]
    fn saying_it_again_begins_the_time_anew() {
        let again = Life { said: Some(START + 6 * DAY), ..uploaded() };
        assert!(!due(START + 12 * DAY, &again, WEEK));
    }

    #[test]
    fn a_time_shorter_than_a_day_does_not_hurry_what_is_still_to_be_said() {
        let minute = Some(Duration::from_secs(60));
        assert!(!due(START + HOUR, &uploaded(), minute));
    }

    #[test]
    fn what_was_deleted_goes_a_minute_later() {
        let deleted = Life { deleted: Some(START + HOUR), ..uploaded() };
        assert!(!due(START + HOUR + MINUTE - 1, &deleted, None));
        assert!(due(START + HOUR + MINUTE, &deleted, None));
    }

    #[test]
    fn what_somebody_is_about_to_say_stays_until_it_is_said() {
        let asked = START + 2 * DAY;
        let life = Life { asked, ..uploaded() };
        assert!(!due(asked + 10 * MINUTE - 1, &life, None));
        assert!(due(asked + 10 * MINUTE, &life, None));
    }

    #[test]
    fn a_clock_that_was_set_back_lets_nothing_go() {
        assert!(!due(START - DAY, &uploaded(), WEEK));
        assert!(!abandoned(START - DAY, START));
    }

    #[test]
    fn an_upload_is_abandoned_a_day_after_its_last_byte() {
        assert!(!abandoned(START + DAY - 1, START));
        assert!(abandoned(START + DAY, START));
    }
}
