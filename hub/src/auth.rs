//! Who gets in: the cookie, the throttle that makes guessing it hopeless, and the check of
//! `Host` and `Origin` that keeps other sites' pages away from a visitor's hub.

pub mod cookie_file;
pub mod host;
pub mod throttle;

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::secret;
use throttle::Throttle;

/// The hub's shared secret, or that there is none.
pub struct Cookies {
    required: Option<Required>,
}

struct Required {
    /// The cookie itself is not kept: digests have one length, so comparing them tells nothing
    /// about the cookie's.
    digest: [u8; 32],
    /// A std mutex, because it is held for a look-up and never over an await.
    throttle: Mutex<Throttle>,
}

/// Whether an offered cookie opens the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the hub's, or the hub asks for none.
    Right,
    /// It is missing or another.
    Wrong,
    /// Its address has offered too many wrong ones. A right one is refused as well until the
    /// address has waited: otherwise guesses would cost nothing.
    TooMany,
}

impl Cookies {
    /// Asks nobody for a cookie (`--open`).
    pub fn open() -> Self {
        Self { required: None }
    }

    /// Asks everyone for this one.
    pub fn required(cookie: &str) -> Self {
        Self { required: Some(Required { digest: secret::hash(cookie), throttle: Mutex::new(Throttle::default()) }) }
    }

    /// Judges what a node `from` this address offered at the time `now`.
    ///
    /// No cookie at all is wrong, but no guess: it costs the address nothing. A tab opened by a
    /// link without one asks its visitor and comes again.
    pub fn check(&self, offered: Option<&str>, from: IpAddr, now: Instant) -> Verdict {
        let Some(required) = &self.required else {
            return Verdict::Right;
        };
        // A panic elsewhere while it was held leaves the map usable.
        let mut throttle = required.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        if !throttle.allows(from, now) {
            return Verdict::TooMany;
        }
        let Some(offered) = offered.filter(|offered| !offered.is_empty()) else {
            return Verdict::Wrong;
        };
        if secret::equal(&secret::hash(offered), &required.digest) {
            Verdict::Right
        } else {
            throttle.wrong(from, now);
            Verdict::Wrong
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    const ANA: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20));
    const BOB: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 21));

    #[test]
    fn an_open_hub_asks_for_nothing() {
        let cookies = Cookies::open();
        for offered in [None, Some(""), Some("anything")] {
            assert_eq!(cookies.check(offered, ANA, Instant::now()), Verdict::Right);
        }
    }

    #[test]
    fn only_the_exact_cookie_is_right() {
        let cookies = Cookies::required("sesame");
        let now = Instant::now();
        assert_eq!(cookies.check(Some("sesame"), ANA, now), Verdict::Right);
        for offered in [None, Some(""), Some("sesam"), Some("sesame "), Some("Sesame"), Some("sesamesesame")] {
            assert_eq!(cookies.check(offered, ANA, now), Verdict::Wrong, "{offered:?}");
        }
    }

    #[test]
    fn after_ten_wrong_ones_even_the_right_one_waits_its_six_seconds() {
        let cookies = Cookies::required("sesame");
        let start = Instant::now();
        for guess in 0..10 {
            assert_eq!(cookies.check(Some(&guess.to_string()), ANA, start), Verdict::Wrong);
        }
        assert_eq!(cookies.check(Some("sesame"), ANA, start), Verdict::TooMany);
        assert_eq!(cookies.check(Some("sesame"), BOB, start), Verdict::Right, "others are not held up");

        let almost = start + throttle::ONE_BACK_EVERY - Duration::from_millis(1);
        assert_eq!(cookies.check(Some("sesame"), ANA, almost), Verdict::TooMany);
        assert_eq!(cookies.check(Some("sesame"), ANA, start + throttle::ONE_BACK_EVERY), Verdict::Right);
    }

    #[test]
    fn a_missing_cookie_is_not_counted_as_a_guess() {
        let cookies = Cookies::required("sesame");
        let now = Instant::now();
        for _ in 0..100 {
            assert_eq!(cookies.check(None, ANA, now), Verdict::Wrong);
        }
        assert_eq!(cookies.check(Some("sesame"), ANA, now), Verdict::Right);
    }
}
