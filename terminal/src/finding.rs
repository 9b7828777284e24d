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

/// Why hubs cannot be looked for, as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Hubs cannot be looked for on this network ({0}).")]
pub struct NoMulticast(String);

impl Found {
    /// Where it is reached first, `host:port`.
    pub fn address(&self) -> String {
        self.hosts.first().map(|host| format!("{host}:{}", self.port)).unwrap_or_default()
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

/// Looks for hubs for so long; each is told as soon as it is found, and all are given in the end, in that order.
///
/// # Errors
/// Where nothing was found and multicast does not work.
pub async fn find(within: Duration, found: impl FnMut(&Found)) -> Result<Vec<Found>, NoMulticast> {
    find_at(MDNS_PORT, within, found).await
}

/// The same at another UDP port, where a test is alone with its hubs.
///
/// # Errors
/// As [`find`].
pub async fn find_at(port: u16, within: Duration, mut found: impl FnMut(&Found)) -> Result<Vec<Found>, NoMulticast> {
    let failed = |error: mdns_sd::Error| NoMulticast(error.to_string());
    let daemon = ServiceDaemon::new_with_port(port).map_err(failed)?;
    let faults = daemon.monitor().map_err(failed)?;
    let records = daemon.browse(SERVICE).map_err(failed)?;
    let until = Instant::now() + within;
    // By the record's own name, which is unique: what a hub says anew takes the place of what it said.
    let mut known: Vec<(String, Found)> = Vec::new();
    loop {
        let event = tokio::select! {
            () = sleep_until(until) => break,
            event = records.recv_async() => event,
        };
        match event {
            Ok(ServiceEvent::ServiceResolved(record)) => {
                let Some(hub) = Found::read(&record) else { continue };
                if let Some((_, before)) = known.iter_mut().find(|(name, _)| *name == record.fullname) {
                    *before = hub;
                } else if known.len() < MAX_FOUND {
                    found(&hub);
                    known.push((record.fullname.clone(), hub));
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
        Some(error) if known.is_empty() => Err(failed(error)),
        _ => Ok(known.into_iter().map(|(_, hub)| hub).collect()),
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
