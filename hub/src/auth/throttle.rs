//! How many wrong cookies one address may offer. Pure: the clock is passed in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::source::Source;

/// Wrong cookies an address may offer at once: a person who mistypes gives up sooner.
pub const BURST: u32 = 10;

/// How long until an address that used them up may try once more. With the keys to files, which are made of the cookie
/// and counted apart, that is 21,600 a day: a guess at 128 bits is not a plan, nor at a word somebody chose unless it is
/// a common one.
pub const ONE_BACK_EVERY: Duration = Duration::from_secs(6);

/// The same for the key to files. A request may show several keys, so that at once there may be three more than
/// [`BURST`].
pub const KEY_BACK_EVERY: Duration = Duration::from_secs(12);

/// Addresses remembered at a time, some 40 bytes each: more than a LAN has, and a bound on what
/// someone with a whole network of addresses can make the hub hold.
pub const MAX_ADDRESSES: usize = 4096;

/// A bucket of [`BURST`] tokens for each address, filled by one in a certain time.
///
/// Each is kept as the one moment when it will be full again; the tokens missing now are the
/// time until then in units of that one.
#[derive(Debug)]
pub struct Throttle {
    one_back_every: Duration,
    full_at: HashMap<Source, Instant>,
}

impl Throttle {
    /// Nobody has tried anything yet.
    pub fn new(one_back_every: Duration) -> Self {
        Self { one_back_every, full_at: HashMap::new() }
    }

    /// Whether this address may try a cookie now.
    pub fn allows(&self, from: IpAddr, now: Instant) -> bool {
        let until_full =
            self.full_at.get(&from.into()).map_or(Duration::ZERO, |full_at| full_at.saturating_duration_since(now));
        until_full <= self.one_back_every * (BURST - 1)
    }

    /// Takes note of a wrong one.
    pub fn wrong(&mut self, from: IpAddr, now: Instant) {
        let source = Source::from(from);
        if !self.full_at.contains_key(&source) && self.full_at.len() >= MAX_ADDRESSES {
            self.make_room(now);
        }
        let full_at = self.full_at.entry(source).or_insert(now);
        *full_at = (*full_at).max(now) + self.one_back_every;
    }

    /// Forgets whoever has waited long enough; failing that, whoever has to wait the least.
    fn make_room(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() >= MAX_ADDRESSES {
            let least = self.full_at.iter().min_by_key(|(_, full_at)| **full_at).map(|(source, _)| *source);
            if let Some(source) = least {
                self.full_at.remove(&source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn v4(last: u8) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, last).into()
    }

    #[test]
    fn an_address_of_ipv6_counts_with_its_whole_net() {
        let now = Instant::now();
        let mut throttle = Throttle::new(ONE_BACK_EVERY);
        for guess in 0..BURST {
            throttle.wrong(format!("fd00:0:0:1::{guess:x}").parse().unwrap(), now);
        }
        assert!(!throttle.allows("fd00:0:0:1:ffff::1".parse().unwrap(), now));
        assert!(throttle.allows("fd00:0:0:2::1".parse().unwrap(), now));
    }

    #[test]
    fn an_ipv4_address_is_the_same_in_the_guise_of_ipv6() {
        let now = Instant::now();
        let mut throttle = Throttle::new(ONE_BACK_EVERY);
        for _ in 0..BURST {
            throttle.wrong("::ffff:10.0.0.1".parse().unwrap(), now);
        }
        assert!(!throttle.allows(v4(1), now));
        assert!(throttle.allows(v4(2), now));
    }

    #[test]
    fn many_addresses_cannot_make_it_forget_one_that_is_locked_out() {
        let now = Instant::now();
        let mut throttle = Throttle::new(ONE_BACK_EVERY);
        for _ in 0..BURST {
            throttle.wrong(v4(1), now);
        }
        for other in 0..2 * MAX_ADDRESSES as u32 {
            throttle.wrong(Ipv4Addr::from(0x0b00_0000 + other).into(), now);
        }
        assert_eq!(throttle.full_at.len(), MAX_ADDRESSES);
        assert!(!throttle.allows(v4(1), now));
    }

    #[test]
    fn addresses_that_have_waited_make_room_for_new_ones() {
        let now = Instant::now();
        let mut throttle = Throttle::new(ONE_BACK_EVERY);
        for other in 0..MAX_ADDRESSES as u32 {
            throttle.wrong(Ipv4Addr::from(0x0b00_0000 + other).into(), now);
        }
        throttle.wrong(v4(1), now + ONE_BACK_EVERY);
        assert_eq!(throttle.full_at.len(), 1);
    }

    proptest! {
        /// Whatever the timing: no more guesses come through than the bucket holds, and waiting
        /// always helps.
        #[test]
        fn never_more_guesses_than_tokens(waits in prop::collection::vec(0u64..20_000, 1..200)) {
            let start = Instant::now();
            let mut now = start;
            let mut throttle = Throttle::new(ONE_BACK_EVERY);
            let mut guesses: u32 = 0;
            for wait in waits {
                now += Duration::from_millis(wait);
                if throttle.allows(v4(1), now) {
                    throttle.wrong(v4(1), now);
                    guesses += 1;
                }
                let earned = (now - start).as_secs_f64() / ONE_BACK_EVERY.as_secs_f64();
                prop_assert!(f64::from(guesses) <= f64::from(BURST) + earned + 1e-9);
                prop_assert!(throttle.allows(v4(1), now + ONE_BACK_EVERY));
            }
        }
    }
}
