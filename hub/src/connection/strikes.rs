//! Frames that are no messages: each is answered, too many end the connection.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::farewell::End;

/// More bad frames than this within [`WINDOW`] are no accident.
const MAX_STRIKES: usize = 20;

const WINDOW: Duration = Duration::from_secs(60);

/// The times of the latest bad frames of one connection, at most [`MAX_STRIKES`].
#[derive(Debug, Default)]
pub(super) struct Strikes {
    times: VecDeque<Instant>,
}

impl Strikes {
    /// Counts a bad frame; one more than the limit is the end.
    pub(super) fn count(&mut self, now: Instant) -> Result<(), End> {
        while self.times.front().is_some_and(|time| now.duration_since(*time) >= WINDOW) {
            self.times.pop_front();
        }
        if self.times.len() >= MAX_STRIKES {
            return Err(End::Close(CloseCode::Policy.into(), "more than 20 bad frames within a minute".into()));
        }
        self.times.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_in_a_minute_are_forgiven_and_the_next_is_not() {
        let start = Instant::now();
        let mut strikes = Strikes::default();
        for second in 0..20 {
            assert!(strikes.count(start + Duration::from_secs(second)).is_ok());
        }
        assert!(strikes.count(start + Duration::from_secs(59)).is_err());
        assert!(strikes.count(start + Duration::from_secs(60)).is_ok(), "the first is forgotten by then");
    }
}
