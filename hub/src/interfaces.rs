//! The addresses of this machine.

use std::io;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the addresses once listed are taken for the present ones: a laptop that changes its
/// network is served again after so long, and nobody can make the hub list them at every request.
const FRESH: Duration = Duration::from_secs(5);

/// An address, and the interface that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) ip: IpAddr,
}

/// The interfaces of this machine, in the operating system's order.
pub(crate) fn list() -> io::Result<Vec<Interface>> {
    let interfaces = if_addrs::get_if_addrs()?;
    Ok(interfaces.into_iter().map(|it| Interface { ip: it.ip(), name: it.name }).collect())
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
}
