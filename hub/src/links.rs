//! The invitation: the links that lead to this hub, and what else whoever starts it should know.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use shared::node::HUB;

use crate::auth::host::Host;
use crate::interfaces::Interface;

/// What is escaped in a fragment: more than RFC 3986, section 3.5 asks for, so that chat programs
/// and terminals, which guess where a link ends, guess right.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The port that `http://` means where a link names none.
const HTTP: u16 = 80;

/// How interfaces are called that lead to containers and virtual machines on this host. Their
/// addresses work from there, but are not what one sends to a colleague.
const BRIDGES: [&str; 5] = ["docker", "br-", "veth", "virbr", "podman"];

/// What is printed once the hub listens. Displays as a few lines for people, in which every link
/// has a line to itself.
#[derive(Debug)]
pub struct Invitation<'a> {
    /// The host part of node names here.
    pub host: &'a str,
    pub links: Vec<String>,
    pub reach: Reach<'a>,
    /// Where the log lies; none if it is in memory.
    pub data: Option<&'a Path>,
    /// Whether the hub asks for a cookie.
    pub cookie: bool,
    /// Whether the browser client was built into it.
    pub client: bool,
}

/// How far the links reach.
#[derive(Debug)]
pub enum Reach<'a> {
    /// Other machines have a link.
    Network,
    /// The hub listens on loopback, as it was told.
    LoopbackOnly,
    /// This machine is in no network.
    NoNetwork,
    /// It could not be found out which addresses there are.
    Unknown(&'a io::Error),
}

/// Links to a hub that listens on this address of a machine with these interfaces, those for
/// other machines first; the cookie is in their fragment, which no server sees.
pub(crate) fn links(address: SocketAddr, interfaces: &[Interface], cookie: Option<&str>) -> Vec<String> {
    let port = if address.port() == HTTP { String::new() } else { format!(":{}", address.port()) };
    let fragment =
        cookie.map_or_else(String::new, |cookie| format!("#cookie={}", utf8_percent_encode(cookie, ESCAPED)));
    hosts(address, interfaces).iter().map(|host| format!("http://{host}{port}/{fragment}")).collect()
}

/// How far those links reach.
pub(crate) fn reach<'a>(address: SocketAddr, interfaces: Result<&[Interface], &'a io::Error>) -> Reach<'a> {
    if !address.ip().is_unspecified() {
        return if address.ip().to_canonical().is_loopback() { Reach::LoopbackOnly } else { Reach::Network };
    }
    match interfaces {
        Err(error) => Reach::Unknown(error),
        Ok(interfaces) if network_addresses(address, interfaces).is_empty() => Reach::NoNetwork,
        Ok(_) => Reach::Network,
    }
}

fn hosts(address: SocketAddr, interfaces: &[Interface]) -> Vec<Host> {
    let localhost = Host::Name("localhost".to_owned());
    let ip = address.ip().to_canonical();
    if address.ip().is_unspecified() {
        let network = network_addresses(address, interfaces).into_iter().map(Host::Ip);
        // Browsers count localhost, but no address of the LAN, as secure: notifications work there.
        network.chain([localhost]).collect()
    } else if [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])].contains(&ip) {
        vec![localhost]
    } else {
        vec![Host::Ip(ip)]
    }
}

/// The addresses under which other machines find a hub that listens on all of them: IPv4 first,
/// as it is shorter to read out; IPv6 only where the hub listens there.
fn network_addresses(address: SocketAddr, interfaces: &[Interface]) -> Vec<IpAddr> {
    let is_bridge = |interface: &Interface| BRIDGES.iter().any(|bridge| interface.name.starts_with(bridge));
    let mut found: Vec<_> = interfaces
        .iter()
        .filter(|interface| leads_here(interface.ip) && (interface.ip.is_ipv4() || address.is_ipv6()))
        .map(|interface| (interface.ip.is_ipv6(), is_bridge(interface), interface.ip))
        .collect();
    found.sort_by_key(|(is_ipv6, is_bridge, _)| (*is_ipv6, *is_bridge));
    let mut addresses: Vec<IpAddr> = Vec::new();
    for (_, _, ip) in found {
        if !addresses.contains(&ip) {
            addresses.push(ip);
        }
    }
    addresses
}

/// Whether an address can stand in a link that works elsewhere: link-local ones of IPv6 need the
/// name of the reader's own interface, and those of IPv4 are what a machine gives itself when
/// nobody else does.
fn leads_here(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local() && !ip.is_unspecified(),
    }
}

impl fmt::Display for Invitation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Hubbub {}, {HUB}@{}\n", env!("CARGO_PKG_VERSION"), self.host)?;
        if self.cookie {
            writeln!(f, "Open a link in a browser. Whoever has one can join.\n")?;
        } else {
            writeln!(f, "Open a link in a browser. Whoever reaches this machine can join: no cookie is asked for.\n")?;
        }
        for link in &self.links {
            writeln!(f, "{link}")?;
        }
        writeln!(f)?;
        match &self.reach {
            Reach::Network => {}
            Reach::LoopbackOnly => {
                writeln!(f, "Only this machine can open it: the hub listens on loopback (--listen).\n")?;
            }
            Reach::NoNetwork => writeln!(f, "Only this machine can open it: it is in no network at the moment.\n")?,
            Reach::Unknown(error) => {
                writeln!(f, "The addresses of this machine could not be listed ({error}).")?;
                writeln!(f, "On other machines, put its name or address in place of localhost.\n")?;
            }
        }
        if !self.client {
            writeln!(f, "There is no page to open yet: this hub was built without the browser client.")?;
            writeln!(f, "Run `cargo xtask build`, and start the hub it makes.\n")?;
        }
        match self.data {
            Some(data) => writeln!(f, "Data  {}", data.display())?,
            None => writeln!(f, "Data  in memory only; it is gone when the hub stops (--ephemeral)")?,
        }
        writeln!(f, "Stop  Ctrl-C")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(interfaces: &[(&str, &str)]) -> Vec<Interface> {
        interfaces.iter().map(|(name, ip)| Interface { name: (*name).to_owned(), ip: ip.parse().unwrap() }).collect()
    }

    fn office() -> Vec<Interface> {
        machine(&[
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

    fn open_links(listen: &str, interfaces: &[Interface]) -> Vec<String> {
        links(listen.parse().unwrap(), interfaces, None)
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
                "http://172.17.0.1/",
                "http://[2001:db8::20]/",
                "http://[fd00::20]/",
                "http://localhost/"
            ]
        );
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
    fn the_cookie_stands_in_the_fragment_escaped() {
        let listen = "127.0.0.1:4000".parse().unwrap();
        assert_eq!(links(listen, &[], Some("a-B_9")), ["http://localhost:4000/#cookie=a-B_9"]);
        assert_eq!(links(listen, &[], Some("ö &#+%")), ["http://localhost:4000/#cookie=%C3%B6%20%26%23%2B%25"]);
    }

    #[test]
    fn how_far_the_links_reach_is_known() {
        let everywhere = "0.0.0.0:4000".parse().unwrap();
        let alone = machine(&[("lo", "127.0.0.1"), ("eth0", "fd00::20")]);
        assert!(matches!(reach(everywhere, Ok(&office())), Reach::Network));
        assert!(matches!(reach(everywhere, Ok(&alone)), Reach::NoNetwork), "the hub does not listen on IPv6");
        assert!(matches!(reach(everywhere, Err(&io::Error::other("no"))), Reach::Unknown(_)));
        assert!(matches!(reach("127.0.0.1:4000".parse().unwrap(), Ok(&office())), Reach::LoopbackOnly));
    }

    #[test]
    fn every_link_of_the_invitation_has_a_line_to_itself() {
        let links = links("0.0.0.0:4000".parse().unwrap(), &office(), Some("sesame"));
        let invitation = Invitation {
            host: "den",
            links: links.clone(),
            reach: Reach::Network,
            data: Some(Path::new("/srv/hubbub")),
            cookie: true,
            client: true,
        };
        let text = invitation.to_string();
        assert!(text.lines().filter(|line| line.starts_with("http://")).eq(&links), "{text}");
        assert!(text.contains("hub@den") && text.contains("/srv/hubbub") && text.contains("Ctrl-C"), "{text}");
    }

    #[test]
    fn what_is_out_of_the_ordinary_is_said() {
        let error = io::Error::other("no netlink");
        let mut invitation = Invitation {
            host: "den",
            links: Vec::new(),
            reach: Reach::Unknown(&error),
            data: None,
            cookie: false,
            client: false,
        };
        let text = invitation.to_string();
        assert!(text.contains("no cookie") && text.contains("in memory") && text.contains("no netlink"), "{text}");
        assert!(text.contains("cargo xtask build"), "{text}");
        invitation.reach = Reach::NoNetwork;
        assert!(invitation.to_string().contains("no network"));
    }
}
