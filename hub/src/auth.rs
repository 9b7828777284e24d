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

/// Keys of one request that are looked at: several servers of one host, each with its own path.
const KEYS: usize = 4;

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
    /// Of keys. Browsers show what lies about under their name, by itself and unasked: that must not lock out who comes
    /// with the cookie.
    key_throttle: Mutex<Throttle>,
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
                throttle: Mutex::new(Throttle::new(throttle::ONE_BACK_EVERY)),
                key_throttle: Mutex::new(Throttle::new(throttle::KEY_BACK_EVERY)),
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
            let offered: Vec<_> = offered.into_iter().collect();
            judge(&required.throttle, &offered, &required.digest, from, now, |_| true)
        })
    }

    /// The same for the key to files ([`FileKey`]), which has a count of its own. A browser may show several under one
    /// name, as another server of the host or another path gave them: any right one of the first [`KEYS`] will do.
    /// One that was wrong before is no new guess: the pictures of a page all show the same.
    pub fn check_keys<'a>(&self, shown: impl Iterator<Item = &'a str>, from: IpAddr, now: Instant) -> Verdict {
        self.required.as_ref().map_or(Verdict::Right, |required| {
            let shown: Vec<_> = shown.take(KEYS).map(secret::hash).collect();
            judge(&required.key_throttle, &shown, &required.key_digest, from, now, |wrong| required.is_new(wrong))
        })
    }

    /// Whether everyone is let in.
    pub fn is_open(&self) -> bool {
        self.required.is_none()
    }
}

impl Required {
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

/// Compares the digests of what was offered with that of what is right. `counts` says of a wrong one whether it is a
/// guess.
fn judge(
    throttle: &Mutex<Throttle>,
    offered: &[[u8; 32]],
    right: &[u8; 32],
    from: IpAddr,
    now: Instant,
    counts: impl Fn([u8; 32]) -> bool,
) -> Verdict {
    // A panic elsewhere while it was held leaves the map usable.
    let mut throttle = throttle.lock().unwrap_or_else(PoisonError::into_inner);
    if !throttle.allows(from, now) {
        return Verdict::TooMany;
    }
    if offered.iter().any(|offered| secret::equal(offered, right)) {
        return Verdict::Right;
    }
    for _guess in offered.iter().filter(|offered| counts(**offered)) {
        throttle.wrong(from, now);
    }
    Verdict::Wrong
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
        assert_eq!(show(&cookies, &[key.key()], now), Verdict::Right);
        assert_eq!(cookies.check(Some(key.key()), ANA, now), Verdict::Wrong);
        assert_eq!(show(&cookies, &["sesame"], now), Verdict::Wrong);
    }

    #[test]
    fn guessing_the_key_is_half_as_quick_as_guessing_the_cookie_and_counted_apart() {
        let cookies = Cookies::required("sesame");
        let now = Instant::now();
        for guess in 0..10 {
            assert_eq!(show(&cookies, &[&guess.to_string()], now), Verdict::Wrong);
        }
        assert_eq!(show(&cookies, &[FileKey::new("sesame", 4000).key()], now), Verdict::TooMany);
        assert_eq!(
            cookies.check(Some("sesame"), ANA, now),
            Verdict::Right,
            "what a browser shows by itself counts apart"
        );
        let key = FileKey::new("sesame", 4000);
        assert_eq!(show(&cookies, &[key.key()], now + throttle::ONE_BACK_EVERY), Verdict::TooMany);
        assert_eq!(show(&cookies, &[key.key()], now + 2 * throttle::ONE_BACK_EVERY), Verdict::Right);
    }

    #[test]
    fn any_right_key_of_several_will_do_and_wrong_ones_beside_it_are_no_guesses() {
        let cookies = Cookies::required("sesame");
        let (key, now) = (FileKey::new("sesame", 4000), Instant::now());
        for stale in 0..100 {
            let stale = stale.to_string();
            assert_eq!(show(&cookies, &[&stale, key.key()], now), Verdict::Right);
            assert_eq!(show(&cookies, &[key.key(), &stale], now), Verdict::Right);
        }
    }

    #[test]
    fn many_guesses_in_one_request_are_many_guesses() {
        let cookies = Cookies::required("sesame");
        let (key, now) = (FileKey::new("sesame", 4000), Instant::now());
        assert_eq!(show(&cookies, &["1", "2", "3", "4", key.key()], now), Verdict::Wrong, "no more are looked at");
        assert_eq!(show(&cookies, &["5", "6", "7", "8"], now), Verdict::Wrong);
        assert_eq!(show(&cookies, &["9", "10"], now), Verdict::Wrong);
        assert_eq!(show(&cookies, &[key.key()], now), Verdict::TooMany);
    }

    #[test]
    fn a_page_of_pictures_with_an_old_key_locks_nobody_out() {
        let cookies = Cookies::required("sesame");
        let now = Instant::now();
        for _ in 0..100 {
            assert_eq!(show(&cookies, &["of an earlier cookie"], now), Verdict::Wrong);
        }
        assert_eq!(show(&cookies, &[FileKey::new("sesame", 4000).key()], now), Verdict::Right);
        assert_eq!(cookies.check(Some("sesame"), ANA, now), Verdict::Right);
    }

    fn show(cookies: &Cookies, keys: &[&str], now: Instant) -> Verdict {
        cookies.check_keys(keys.iter().copied(), ANA, now)
    }
}
