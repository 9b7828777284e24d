//! The addresses of this machine, and which of them others reach.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the addresses once listed are taken for the present ones: a laptop that changes its
/// network is served again after so long, and nobody can make the hub list them at every request.
const FRESH: Duration = Duration::from_secs(5);

/// How interfaces are called that lead to containers and virtual machines on this host. Their
/// addresses work from there, but are not what one sends to a colleague.
const BRIDGES: [&str; 7] = ["docker", "br-", "veth", "virbr", "podman", "cni", "vEthernet"];

/// How interfaces are called that lead into a network of few: those of it can use the address, the others in the room
/// cannot. Most are also told by being point to point; those that behave like Ethernet are not.
const TUNNELS: [&str; 8] = ["tun", "tap", "wg", "tailscale", "utun", "zt", "ppp", "ipsec"];

/// Where nobody is: addresses for documentation (RFC 5737, RFC 3849), to which the way leads by the default route.
const FAR_V4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
const FAR_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// An address, and the interface that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) ip: IpAddr,
    /// Whether something is at the other end of the cable, or the radio is in a network.
    pub(crate) running: bool,
    pub(crate) point_to_point: bool,
}

/// Whom an interface leads to, those first with whom a link is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LeadsTo {
    /// The network around.
    Lan,
    /// Those who share a tunnel.
    Tunnel,
    /// Containers and virtual machines of this host.
    Bridge,
}

impl Interface {
    pub(crate) fn leads_to(&self) -> LeadsTo {
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| self.name.starts_with(prefix));
        if begins(&BRIDGES) {
            LeadsTo::Bridge
        } else if self.point_to_point || begins(&TUNNELS) {
            LeadsTo::Tunnel
        } else {
            LeadsTo::Lan
        }
    }
}

impl From<if_addrs::Interface> for Interface {
    fn from(it: if_addrs::Interface) -> Self {
        Self { ip: it.ip(), running: it.is_oper_up(), point_to_point: it.is_p2p(), name: it.name }
    }
}

/// The interfaces of this machine, in the operating system's order.
pub(crate) fn list() -> io::Result<Vec<Interface>> {
    Ok(if_addrs::get_if_addrs()?.into_iter().map(Interface::from).collect())
}

/// What is known of this machine when a link is wanted.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) interfaces: Vec<Interface>,
    /// See [`outgoing`].
    pub(crate) outgoing: Vec<IpAddr>,
}

impl Machine {
    pub(crate) fn now() -> io::Result<Self> {
        Ok(Self { interfaces: list()?, outgoing: outgoing() })
    }

    /// One without a default route, for tests.
    #[cfg(test)]
    #[allow(clippy::unwrap_used, reason = "tests know how addresses are written")]
    pub(crate) fn made_up(interfaces: &[(&str, &str)]) -> Self {
        let interface = |(name, ip): &(&str, &str)| Interface {
            name: (*name).to_owned(),
            ip: ip.parse().unwrap(),
            running: true,
            point_to_point: false,
        };
        Self { interfaces: interfaces.iter().map(interface).collect(), outgoing: Vec::new() }
    }
}

/// The addresses from which this machine speaks to the world, one of each kind at most: those of the interface that the
/// default route names. Asking sends nothing.
fn outgoing() -> Vec<IpAddr> {
    let from = |own: IpAddr, far: IpAddr| -> io::Result<IpAddr> {
        let socket = UdpSocket::bind((own, 0))?;
        // Any port will do.
        socket.connect(SocketAddr::new(far, 9))?;
        Ok(socket.local_addr()?.ip())
    };
    let ways = [from(Ipv4Addr::UNSPECIFIED.into(), FAR_V4.into()), from(Ipv6Addr::UNSPECIFIED.into(), FAR_V6.into())];
    // An error says that there is no way: the machine has no default route, or no IPv6.
    ways.into_iter().flatten().filter(|ip| !ip.is_unspecified()).collect()
}

/// The machine's addresses, listed anew from time to time.
#[derive(Default)]
pub(crate) struct Addresses {
    /// A std mutex, because it is never held over an await.
    known: Mutex<Option<(Instant, Vec<IpAddr>)>>,
}

impl Addresses {
    /// The addresses now, or as they were a moment ago; none if they cannot be listed.
    pub(crate) fn get(&self) -> Vec<IpAddr> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((listed, addresses)) = &*known
            && listed.elapsed() < FRESH
        {
            return addresses.clone();
        }
        let addresses: Vec<IpAddr> = match list() {
            Ok(interfaces) => interfaces.into_iter().map(|it| it.ip.to_canonical()).collect(),
            Err(error) => {
                tracing::warn!(%error, "the addresses of this machine could not be listed");
                Vec::new()
            }
        };
        *known = Some((Instant::now(), addresses.clone()));
        addresses
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_machine_has_loopback_at_least() {
        let loopback = IpAddr::from(Ipv4Addr::LOCALHOST);
        assert!(list().unwrap().iter().any(|interface| interface.ip == loopback));
        assert!(Addresses::default().get().contains(&loopback));
    }

    #[test]
    fn what_the_machine_speaks_from_is_an_address_of_its_own() {
        let own: Vec<_> = list().unwrap().into_iter().map(|interface| interface.ip).collect();
        for ip in outgoing() {
            assert!(own.contains(&ip), "{ip} is none of {own:?}");
        }
    }

    #[test]
    fn whom_an_interface_leads_to_is_told_by_its_name_and_kind() {
        let leads = |name: &str, point_to_point| {
            Interface { name: name.to_owned(), ip: Ipv4Addr::LOCALHOST.into(), running: true, point_to_point }
                .leads_to()
        };
        for name in ["eth0", "enp3s0", "wlan0", "en0", "Wi-Fi", "bond0", "br0"] {
            assert_eq!(leads(name, false), LeadsTo::Lan, "{name}");
        }
        for name in ["tun0", "wg0", "tailscale0", "zt5u4y6ejv", "tap0"] {
            assert_eq!(leads(name, false), LeadsTo::Tunnel, "{name}");
        }
        for name in ["docker0", "br-5f1d2c", "veth12ab", "virbr0", "podman1"] {
            assert_eq!(leads(name, false), LeadsTo::Bridge, "{name}");
        }
        assert_eq!(leads("corp", true), LeadsTo::Tunnel);
    }
}
