//! Who sends, as far as an address tells: what limits for one address count by. Pure.

use std::net::{IpAddr, Ipv6Addr};

/// Whoever has one IPv6 address has its whole /64 (RFC 6177), so that is what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
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
