//! The hubs that announce themselves on the network, by multicast DNS. What they say is proved by nothing, and is anyone's.

use std::net::IpAddr;
use std::time::Duration;

use mdns_sd::{DaemonEvent, MDNS_PORT, ResolvedService, ServiceDaemon, ServiceEvent};
use shared::announcement::{Announcement, SERVICE};
use tokio::time::{Instant, sleep_until};

/// How long hubs have to answer: on a LAN the first do within some milliseconds, those on Wi-Fi that sleep in a second.
pub const WITHIN: Duration = Duration::from_secs(2);

/// Hubs told of: more than a person chooses from. Anyone can announce as many as they like.
const MAX_FOUND: usize = 50;

/// Addresses tried of one hub.
const MAX_HOSTS: usize = 8;

/// A hub that announces itself. Everything in it is safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its node name, `hub@den.local`: two may have the same.
    pub name: String,
    /// Where it is reached, the likeliest first: addresses, those of IPv6 in brackets. Never empty.
    pub hosts: Vec<String>,
    pub port: u16,
    /// The program's version.
    pub version: String,
    /// The wire's version.
    pub protocol: u32,
    /// Whether it asks for a cookie.
    pub wants_cookie: bool,
}

/// The hubs that were found, in the order in which they were told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hubs {
    pub hubs: Vec<Found>,
    /// There are more than are told of.
    pub more: bool,
}

impl Hubs {
    /// That there are more, as a sentence for people, if there are.
    pub fn more(&self) -> Option<String> {
        self.more.then(|| format!("More than {MAX_FOUND} hubs announce themselves; the others are left out."))
    }
}

/// Why hubs cannot be looked for, as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Hubs cannot be looked for on this network ({0}).")]
pub struct NoMulticast(String);

impl Found {
    /// Where it is reached first, `host:port`.
    pub fn address(&self) -> String {
        self.hosts.first().map(|host| format!("{host}:{}", self.port)).unwrap_or_default()
    }

    /// The same hub says more of itself. What may have been shown of it stays, and is what is gone to: anyone can say this in
    /// its name. Further ways to the same place are only tried behind it.
    fn says(&mut self, later: Self) {
        if later.port != self.port {
            return;
        }
        for host in later.hosts {
            if !self.hosts.contains(&host) && self.hosts.len() < MAX_HOSTS {
                self.hosts.push(host);
            }
        }
    }

    /// What a record says, if it is of a hub that can be reached.
    fn read(record: &ResolvedService) -> Option<Self> {
        let said = Announcement::from_txt(|key| {
            let value = record.get_property_val(key)??;
            std::str::from_utf8(value).ok()
        });
        let said = said.ok()?;
        let hosts = hosts(record.addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr));
        (!hosts.is_empty() && record.port != 0).then(|| Self {
            name: said.name.to_string(),
            hosts,
            port: record.port,
            version: said.version,
            protocol: said.protocol,
            wants_cookie: said.cookie,
        })
    }
}

/// Addresses as hosts, the likeliest first. Loopback only where there is nothing else: on this machine it leads elsewhere.
fn hosts(addresses: impl Iterator<Item = IpAddr>) -> Vec<String> {
    let rank = |address: &IpAddr| match address {
        _ if address.is_loopback() => 3,
        IpAddr::V4(address) if address.is_link_local() => 2,
        IpAddr::V4(_) => 0,
        IpAddr::V6(_) => 1,
    };
    // A link-local IPv6 address means nothing without the interface, which a hub's address cannot name.
    let usable = |address: &IpAddr| match address {
        IpAddr::V4(address) => !address.is_unspecified() && !address.is_multicast(),
        IpAddr::V6(address) => !address.is_unicast_link_local() && !address.is_unspecified() && !address.is_multicast(),
    };
    let mut addresses: Vec<IpAddr> = addresses.filter(usable).collect();
    addresses.sort_by_key(|address| (rank(address), *address));
    addresses.dedup();
    if addresses.iter().any(|address| !address.is_loopback()) {
        addresses.retain(|address| !address.is_loopback());
    }
    addresses.truncate(MAX_HOSTS);
    let host = |address: IpAddr| match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    addresses.into_iter().map(host).collect()
}

/// Hubs by their records' own names, which are unique, in the order in which they came.
#[derive(Default)]
struct Known {
    hubs: Vec<(String, Found)>,
    more: bool,
}

impl Known {
    /// A record of that name says this; the hub, if it is to be told of now.
    fn hears(&mut self, record: &str, hub: Found) -> Option<&Found> {
        if let Some((_, before)) = self.hubs.iter_mut().find(|(name, _)| name == record) {
            before.says(hub);
            return None;
        }
        if self.hubs.len() >= MAX_FOUND {
            self.more = true;
            return None;
        }
        self.hubs.push((record.to_owned(), hub));
        self.hubs.last().map(|(_, hub)| hub)
    }
}

/// Looks for hubs for so long; each is told as soon as it is found, and all are given in the end, in that order.
///
/// # Errors
/// Where nothing was found and multicast does not work.
pub async fn find(within: Duration, found: impl FnMut(&Found)) -> Result<Hubs, NoMulticast> {
    find_at(MDNS_PORT, within, found).await
}

/// The same at another UDP port, where a test is alone with its hubs.
///
/// # Errors
/// As [`find`].
pub async fn find_at(port: u16, within: Duration, mut found: impl FnMut(&Found)) -> Result<Hubs, NoMulticast> {
    let failed = |error: mdns_sd::Error| NoMulticast(error.to_string());
    let daemon = ServiceDaemon::new_with_port(port).map_err(failed)?;
    let faults = daemon.monitor().map_err(failed)?;
    let records = daemon.browse(SERVICE).map_err(failed)?;
    let until = Instant::now() + within;
    let mut known = Known::default();
    loop {
        let event = tokio::select! {
            () = sleep_until(until) => break,
            event = records.recv_async() => event,
        };
        match event {
            Ok(ServiceEvent::ServiceResolved(record)) => {
                let Some(hub) = Found::read(&record) else { continue };
                if let Some(hub) = known.hears(&record.fullname, hub) {
                    found(hub);
                }
            }
            Ok(ServiceEvent::ServiceRemoved(_, _)) => {} // it may well be on its way back, and a list keeps its numbers
            Ok(_) => {}
            Err(_) => break, // the daemon has ended; its faults say why
        }
    }
    let fault = faults.try_iter().find_map(|event| match event {
        DaemonEvent::Error(error) => Some(error),
        _ => None,
    });
    daemon.shutdown().ok(); // else its thread ends with the program
    match fault {
        Some(error) if known.hubs.is_empty() => Err(failed(error)),
        _ => Ok(Hubs { hubs: known.hubs.into_iter().map(|(_, hub)| hub).collect(), more: known.more }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(addresses: &str, properties: &[(&str, &str)]) -> Option<Found> {
        let record = mdns_sd::ServiceInfo::new(SERVICE, "den", "den.local.", addresses, 4711, properties).unwrap();
        Found::read(&record.as_resolved_service())
    }

    const DEN: [(&str, &str); 4] =
        [("name", "hub@den.local"), ("version", "0.1.0"), ("protocol", "1"), ("cookie", "required")];

    #[test]
    fn a_record_of_a_hub_is_a_place_to_go_to() {
        let found = read("127.0.0.1,169.254.3.4,192.168.1.5", &DEN).unwrap();
        assert_eq!((found.name.as_str(), found.protocol, found.wants_cookie), ("hub@den.local", 1, true));
        assert_eq!(found.hosts, ["192.168.1.5", "169.254.3.4"]);
        assert_eq!(found.address(), "192.168.1.5:4711");
    }

    fn den(addresses: &str, port: u16) -> Found {
        let record = mdns_sd::ServiceInfo::new(SERVICE, "den", "den.local.", addresses, port, &DEN[..]).unwrap();
        Found::read(&record.as_resolved_service()).unwrap()
    }

    #[test]
    fn what_was_shown_of_a_hub_is_where_it_is_gone_to() {
        let mut known = Known::default();
        assert_eq!(
            known.hears("den", den("192.168.1.5", 4701)).map(Found::address).as_deref(),
            Some("192.168.1.5:4701")
        );
        // Anyone can say so.
        assert_eq!(known.hears("den", den("192.168.1.66", 4799)), None);
        assert_eq!(known.hubs, [("den".to_owned(), den("192.168.1.5", 4701))]);
        assert_eq!(known.hears("den", den("10.0.0.5,192.168.1.5", 4701)), None);
        let [(_, hub)] = known.hubs.as_slice() else { panic!("one hub") };
        assert_eq!((hub.address().as_str(), hub.hosts.len()), ("192.168.1.5:4701", 2));
    }

    #[test]
    fn of_hubs_without_end_some_are_told_of_and_that_there_are_more() {
        let mut known = Known::default();
        let told =
            |known: &mut Known, number: usize| known.hears(&number.to_string(), den("192.168.1.5", 4701)).is_some();
        assert!((0..MAX_FOUND).all(|number| told(&mut known, number)));
        assert!(!told(&mut known, 0) && !known.more, "it is one of them");
        assert!(!told(&mut known, MAX_FOUND) && known.more);
        assert_eq!(known.hubs.len(), MAX_FOUND);
        let words = Hubs { hubs: Vec::new(), more: true }.more().unwrap();
        assert_eq!(words, "More than 50 hubs announce themselves; the others are left out.");
        assert_eq!(Hubs::default().more(), None);
    }

    #[test]
    fn a_hub_of_this_machine_alone_is_found_on_loopback() {
        assert_eq!(read("127.0.0.1", &DEN).unwrap().address(), "127.0.0.1:4711");
    }

    #[test]
    fn addresses_that_lead_nowhere_are_left_out() {
        assert_eq!(read("fe80::1,2001:db8::5", &DEN).unwrap().hosts, ["[2001:db8::5]"]);
        assert_eq!(read("fe80::1", &DEN), None);
    }

    #[test]
    fn what_is_no_hub_is_not_found() {
        let mut pairs = DEN;
        pairs[0] = ("name", "hub@\u{1b}[2J");
        assert_eq!(read("192.168.1.5", &pairs), None);
        assert_eq!(read("192.168.1.5", &[("name", "printer")]), None);
    }
}
