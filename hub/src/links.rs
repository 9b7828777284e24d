//! Which links lead to this hub, the best first, and how far they reach. Pure.

use std::net::{IpAddr, SocketAddr};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::auth::host::Host;
use crate::interfaces::{Interface, LeadsTo, Machine};

/// What is escaped in a fragment: more than RFC 3986, section 3.5 asks for, so that chat programs
/// and terminals, which guess where a link ends, guess right.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The port that `http://` means where a link names none.
const HTTP: u16 = 80;

/// How far the links reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Other machines have a link.
    Network,
    /// The hub listens on loopback, as it was told.
    LoopbackOnly,
    /// This machine is in no network, but for those of its own containers.
    NoNetwork,
    /// The hub listens on a link-local address of IPv6, as it was told: without the name of an interface it means
    /// nothing, that name is another on each machine, and browsers take no link with one.
    LinkLocal,
    /// It could not be found out which addresses there are.
    Unknown(String),
}

/// Links to a hub that listens on this address of this machine, those for other machines first; the cookie is in their
/// fragment, which no server sees.
pub(crate) fn links(address: SocketAddr, machine: &Machine, cookie: Option<&str>) -> Vec<String> {
    let port = if address.port() == HTTP { String::new() } else { format!(":{}", address.port()) };
    let fragment =
        cookie.map_or_else(String::new, |cookie| format!("#cookie={}", utf8_percent_encode(cookie, ESCAPED)));
    hosts(address, machine).iter().map(|host| format!("http://{host}{port}/{fragment}")).collect()
}

/// How far those links reach.
pub(crate) fn reach(address: SocketAddr, machine: &Machine) -> Reach {
    let ip = address.ip().to_canonical();
    if ip.is_unspecified() {
        let leads_out = |interface: &&Interface| interface.leads_to() != LeadsTo::Bridge;
        if own(address, machine).any(|interface| leads_out(&interface)) { Reach::Network } else { Reach::NoNetwork }
    } else if ip.is_loopback() {
        Reach::LoopbackOnly
    } else if is_link_local(ip) {
        Reach::LinkLocal
    } else {
        Reach::Network
    }
}

fn hosts(address: SocketAddr, machine: &Machine) -> Vec<Host> {
    let localhost = Host::Name("localhost".to_owned());
    let ip = address.ip().to_canonical();
    if ip.is_unspecified() {
        let network = network_addresses(address, machine).into_iter().map(Host::Ip);
        // Browsers count localhost, but no address of the LAN, as secure: notifications work there.
        network.chain([localhost]).collect()
    } else if [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])].contains(&ip) {
        vec![localhost]
    } else if is_link_local(ip) {
        Vec::new()
    } else {
        vec![Host::Ip(ip)]
    }
}

/// The addresses under which other machines find a hub that listens on all of them. Those of the network around come
/// before those of tunnels and of bridges to containers, which few reach; then IPv4 before IPv6, as it is shorter to read
/// out; then what the default route leads through, as that is the network that people mean.
fn network_addresses(address: SocketAddr, machine: &Machine) -> Vec<IpAddr> {
    let mut found: Vec<_> = own(address, machine)
        .map(|interface| {
            let ip = interface.ip;
            (interface.leads_to(), ip.is_ipv6(), !machine.outgoing.contains(&ip), ip)
        })
        .collect();
    found.sort_by_key(|(leads_to, is_ipv6, is_aside, _)| (*leads_to, *is_ipv6, *is_aside));
    let mut addresses: Vec<IpAddr> = Vec::new();
    for (.., ip) in found {
        if !addresses.contains(&ip) {
            addresses.push(ip);
        }
    }
    addresses
}

/// The interfaces through which this hub is reached, with an address that can stand in a link; those of IPv6 only where
/// the hub listens there.
fn own(address: SocketAddr, machine: &Machine) -> impl Iterator<Item = &Interface> {
    let served = move |ip: IpAddr| ip.is_ipv4() || address.is_ipv6();
    machine.interfaces.iter().filter(move |it| it.running && leads_here(it.ip) && served(it.ip))
}

/// Whether an address can stand in a link that works elsewhere: link-local ones of IPv6 need the
/// name of the reader's own interface, and those of IPv4 are what a machine gives itself when
/// nobody else does.
fn leads_here(ip: IpAddr) -> bool {
    !ip.is_loopback()
        && !ip.is_unspecified()
        && !is_link_local(ip)
        && !matches!(ip, IpAddr::V4(ip) if ip.is_link_local())
}

fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> Machine {
        Machine::made_up(&[
            ("lo", "127.0.0.1"),
            ("docker0", "172.17.0.1"),
            ("eth0", "fe80::1"),
            ("eth0", "2001:db8::20"),
            ("eth0", "192.168.1.20"),
            ("wlan0", "10.8.0.3"),
            ("wlan0", "169.254.7.7"),
            ("wlan0", "fd00::20"),
            ("lo", "::1"),
        ])
    }

    fn open_links(listen: &str, machine: &Machine) -> Vec<String> {
        links(listen.parse().unwrap(), machine, None)
    }

    #[test]
    fn each_address_of_the_lan_gets_a_link_and_localhost_the_last() {
        assert_eq!(
            open_links("0.0.0.0:4000", &office()),
            ["http://192.168.1.20:4000/", "http://10.8.0.3:4000/", "http://172.17.0.1:4000/", "http://localhost:4000/"]
        );
    }

    #[test]
    fn ipv6_is_served_where_it_is_listened_to() {
        assert_eq!(
            open_links("[::]:80", &office()),
            [
                "http://192.168.1.20/",
                "http://10.8.0.3/",
                "http://[2001:db8::20]/",
                "http://[fd00::20]/",
                "http://172.17.0.1/",
                "http://localhost/"
            ]
        );
    }

    #[test]
    fn the_address_that_leads_out_comes_first_among_its_like() {
        let mut machine = office();
        machine.outgoing = vec!["10.8.0.3".parse().unwrap(), "fd00::20".parse().unwrap()];
        assert_eq!(
            open_links("[::]:80", &machine),
            [
                "http://10.8.0.3/",
                "http://192.168.1.20/",
                "http://[fd00::20]/",
                "http://[2001:db8::20]/",
                "http://172.17.0.1/",
                "http://localhost/"
            ]
        );
    }

    #[test]
    fn a_tunnel_that_all_traffic_takes_does_not_come_before_the_network_around() {
        let mut machine =
            Machine::made_up(&[("wg0", "10.66.0.2"), ("docker0", "172.17.0.1"), ("eth0", "192.168.1.20")]);
        machine.outgoing = vec!["10.66.0.2".parse().unwrap()];
        assert_eq!(
            open_links("0.0.0.0:80", &machine),
            ["http://192.168.1.20/", "http://10.66.0.2/", "http://172.17.0.1/", "http://localhost/"]
        );
    }

    #[test]
    fn where_only_containers_have_ipv4_the_best_link_is_of_ipv6() {
        let machine = Machine::made_up(&[("docker0", "172.17.0.1"), ("eth0", "fd00::20")]);
        assert_eq!(open_links("[::]:80", &machine)[0], "http://[fd00::20]/");
        assert_eq!(reach("[::]:80".parse().unwrap(), &machine), Reach::Network);
        assert_eq!(reach("0.0.0.0:80".parse().unwrap(), &machine), Reach::NoNetwork);
    }

    #[test]
    fn an_interface_without_a_cable_has_no_link() {
        let mut machine = Machine::made_up(&[("lo", "127.0.0.1"), ("eth0", "192.168.1.20")]);
        machine.interfaces[1].running = false;
        assert_eq!(open_links("0.0.0.0:4000", &machine), ["http://localhost:4000/"]);
        assert_eq!(reach("0.0.0.0:4000".parse().unwrap(), &machine), Reach::NoNetwork);
    }

    #[test]
    fn a_hub_on_one_address_has_one_link() {
        assert_eq!(open_links("192.168.1.20:4000", &office()), ["http://192.168.1.20:4000/"]);
        assert_eq!(open_links("[fd00::20]:4000", &office()), ["http://[fd00::20]:4000/"]);
        assert_eq!(open_links("127.0.0.1:4000", &office()), ["http://localhost:4000/"]);
        assert_eq!(open_links("[::1]:4000", &office()), ["http://localhost:4000/"]);
        assert_eq!(open_links("127.0.0.5:4000", &office()), ["http://127.0.0.5:4000/"]);
    }

    #[test]
    fn a_link_local_address_of_ipv6_can_be_in_no_link() {
        let listen = "[fe80::1%2]:4000".parse().unwrap();
        assert_eq!(links(listen, &office(), None), Vec::<String>::new());
        assert_eq!(reach(listen, &office()), Reach::LinkLocal);
    }

    #[test]
    fn the_cookie_stands_in_the_fragment_escaped() {
        let link = |cookie| links("127.0.0.1:4000".parse().unwrap(), &office(), Some(cookie));
        assert_eq!(link("a-B_9"), ["http://localhost:4000/#cookie=a-B_9"]);
        assert_eq!(link("ö &#+%"), ["http://localhost:4000/#cookie=%C3%B6%20%26%23%2B%25"]);
    }

    #[test]
    fn how_far_the_links_reach_is_known() {
        let reached = |listen: &str, machine: &Machine| reach(listen.parse().unwrap(), machine);
        let alone = Machine::made_up(&[("lo", "127.0.0.1"), ("eth0", "fd00::20")]);
        assert_eq!(reached("0.0.0.0:4000", &office()), Reach::Network);
        assert_eq!(reached("0.0.0.0:4000", &alone), Reach::NoNetwork, "the hub does not listen on IPv6");
        assert_eq!(reached("127.0.0.1:4000", &office()), Reach::LoopbackOnly);
        assert_eq!(reached("[::1]:4000", &office()), Reach::LoopbackOnly);
        assert_eq!(reached("192.168.1.20:4000", &office()), Reach::Network);
    }
}
