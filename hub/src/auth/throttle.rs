//! How many wrong cookies one address may offer. Pure: the clock is passed in.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Wrong cookies an address may offer at once: a person who mistypes gives up sooner.
pub const BURST: u32 = 10;

/// How long until an address that used them up may try once more. At 14,400 a day, a guess at
/// 128 bits is not a plan, nor at a word somebody chose unless it is a common one.
pub const ONE_BACK_EVERY: Duration = Duration::from_secs(6);

/// Addresses remembered at a time, some 40 bytes each: more than a LAN has, and a bound on what
/// someone with a whole network of addresses can make the hub hold.
pub const MAX_ADDRESSES: usize = 4096;

/// A bucket of [`BURST`] tokens for each address, filled by one every [`ONE_BACK_EVERY`].
///
/// Each is kept as the one moment when it will be full again; the tokens missing now are the
/// time until then in units of [`ONE_BACK_EVERY`].
#[derive(Debug, Default)]
pub struct Throttle {
    full_at: HashMap<Source, Instant>,
}

/// Whoever has one IPv6 address has its whole /64 (RFC 6177), so that is what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Source {
    V4(u32),
    V6Net(u64),
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6Net(net(address)),
        }
    }
}

fn net(address: Ipv6Addr) -> u64 {
    let [a, b, c, d, ..] = address.segments();
    [a, b, c, d].into_iter().fold(0, |net, segment| net << 16 | u64::from(segment))
}

impl Throttle {
    /// Whether this address may try a cookie now.
    pub fn allows(&self, from: IpAddr, now: Instant) -> bool {
        let until_full =
            self.full_at.get(&from.into()).map_or(Duration::ZERO, |full_at| full_at.saturating_duration_since(now));
        until_full <= ONE_BACK_EVERY * (BURST - 1)
    }

    /// Takes note of a wrong one.
    pub fn wrong(&mut self, from: IpAddr, now: Instant) {
        let source = Source::from(from);
        if !self.full_at.contains_key(&source) && self.full_at.len() >= MAX_ADDRESSES {
            self.make_room(now);
        }
        let full_at = self.full_at.entry(source).or_insert(now);
        *full_at = (*full_at).max(now) + ONE_BACK_EVERY;
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
        let mut throttle = Throttle::default();
        for guess in 0..BURST {
            throttle.wrong(format!("fd00:0:0:1::{guess:x}").parse().unwrap(), now);
        }
        assert!(!throttle.allows("fd00:0:0:1:ffff::1".parse().unwrap(), now));
        assert!(throttle.allows("fd00:0:0:2::1".parse().unwrap(), now));
    }

    #[test]
    fn an_ipv4_address_is_the_same_in_the_guise_of_ipv6() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        for _ in 0..BURST {
            throttle.wrong("::ffff:10.0.0.1".parse().unwrap(), now);
        }
        assert!(!throttle.allows(v4(1), now));
        assert!(throttle.allows(v4(2), now));
    }

    #[test]
    fn many_addresses_cannot_make_it_forget_one_that_is_locked_out() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
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
        let mut throttle = Throttle::default();
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
            let mut throttle = Throttle::default();
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
