//! Who gets in: the cookie, the throttle that makes guessing it hopeless, and the check of
//! `Host` and `Origin` that keeps other sites' pages away from a visitor's hub.

pub mod cookie_file;
pub mod file_key;
pub mod host;
pub mod throttle;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::secret;
use file_key::FileKey;
use throttle::Throttle;

/// Wrong keys that are remembered. A browser shows one that is out of date with every picture of a page.
const STALE_KEYS: usize = 64;

/// The hub's shared secret, or that there is none.
pub struct Cookies {
    required: Option<Required>,
}

struct Required {
    /// The cookie itself is not kept: digests have one length, so comparing them tells nothing
    /// about the cookie's.
    digest: [u8; 32],
    /// The same of the key to files that is made of it.
    key_digest: [u8; 32],
    /// Keys that were wrong, the newest last.
    stale_keys: Mutex<VecDeque<[u8; 32]>>,
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
        // The port is of no account for the key itself.
        let key = FileKey::new(cookie, 0);
        Self {
            required: Some(Required {
                digest: secret::hash(cookie),
                key_digest: secret::hash(key.key()),
                stale_keys: Mutex::default(),
                throttle: Mutex::new(Throttle::default()),
            }),
        }
    }

    /// Judges what a node `from` this address offered at the time `now`.
    ///
    /// No cookie at all is wrong, but no guess: it costs the address nothing. A tab opened by a
    /// link without one asks its visitor and comes again.
    pub fn check(&self, offered: Option<&str>, from: IpAddr, now: Instant) -> Verdict {
        self.required.as_ref().map_or(Verdict::Right, |required| {
            let offered = offered.filter(|offered| !offered.is_empty()).map(secret::hash);
            required.judge(offered, &required.digest, from, now, |_| true)
        })
    }

    /// The same for the key to files ([`FileKey`]). One that was wrong before is no new guess: the pictures of a page
    /// all show the same, and should it be that of an earlier cookie, they must not lock out who opens the new link.
    pub fn check_key(&self, shown: &str, from: IpAddr, now: Instant) -> Verdict {
        self.required.as_ref().map_or(Verdict::Right, |required| {
            required.judge(Some(secret::hash(shown)), &required.key_digest, from, now, |wrong| required.is_new(wrong))
        })
    }

    /// Whether everyone is let in.
    pub fn is_open(&self) -> bool {
        self.required.is_none()
    }
}

impl Required {
    /// Compares the digest of what was offered with that of what is right. `counts` says of a wrong one whether it is
    /// a guess.
    fn judge(
        &self,
        offered: Option<[u8; 32]>,
        right: &[u8; 32],
        from: IpAddr,
        now: Instant,
        counts: impl FnOnce([u8; 32]) -> bool,
    ) -> Verdict {
        // A panic elsewhere while it was held leaves the map usable.
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        if !throttle.allows(from, now) {
            return Verdict::TooMany;
        }
        match offered {
            Some(offered) if secret::equal(&offered, right) => return Verdict::Right,
            Some(offered) if counts(offered) => throttle.wrong(from, now),
            Some(_) | None => {}
        }
        Verdict::Wrong
    }

    /// Whether this wrong key was not shown before, and remembers it.
    fn is_new(&self, wrong: [u8; 32]) -> bool {
        let mut stale = self.stale_keys.lock().unwrap_or_else(PoisonError::into_inner);
        if stale.contains(&wrong) {
            return false;
        }
        if stale.len() >= STALE_KEYS {
            stale.pop_front();
        }
        stale.push_back(wrong);
        true
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

    #[test]
    fn the_key_to_files_opens_nothing_else_and_nothing_else_is_it() {
        let cookies = Cookies::required("sesame");
        let key = FileKey::new("sesame", 4000);
        let now = Instant::now();
        assert_eq!(cookies.check_key(key.key(), ANA, now), Verdict::Right);
        assert_eq!(cookies.check(Some(key.key()), ANA, now), Verdict::Wrong);
        assert_eq!(cookies.check_key("sesame", ANA, now), Verdict::Wrong);
    }

    #[test]
    fn guessing_the_key_is_as_hopeless_as_guessing_the_cookie() {
        let cookies = Cookies::required("sesame");
        let now = Instant::now();
        for guess in 0..10 {
            assert_eq!(cookies.check_key(&guess.to_string(), ANA, now), Verdict::Wrong);
        }
        assert_eq!(cookies.check_key(FileKey::new("sesame", 4000).key(), ANA, now), Verdict::TooMany);
        assert_eq!(cookies.check(Some("sesame"), ANA, now), Verdict::TooMany);
    }

    #[test]
    fn a_page_of_pictures_with_an_old_key_locks_nobody_out() {
        let cookies = Cookies::required("sesame");
        let now = Instant::now();
        for _ in 0..100 {
            assert_eq!(cookies.check_key("of an earlier cookie", ANA, now), Verdict::Wrong);
        }
        assert_eq!(cookies.check(Some("sesame"), ANA, now), Verdict::Right);
    }
}
