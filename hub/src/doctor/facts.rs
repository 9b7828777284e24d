//! What is looked at. Each fact is as it is found; what it means is judged elsewhere.

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::auth::cookie_file;
use crate::backplane::{Contents, CopyError, Local};
use crate::clock;
use crate::config::{self, Config};
use crate::interfaces::Machine;
use crate::links::{self, Reach};
use crate::restore::{self, Left};
use crate::server::data::DataDirectory;
use crate::server::lost;
use crate::server::record::Record;

use super::machine;

/// How long whoever holds the port may take for the whole answer: a hub does in a millisecond.
const ANSWERS: Duration = Duration::from_secs(2);

/// Of an answer from the port that is read, in bytes: a hub's is shorter.
const LONGEST_ANSWER: usize = 4096;

/// Environment variables of ours begin with this.
const PREFIX: &str = "HUBBUB_";

/// Those of other programs of ours.
const OF_OTHERS: [&str; 1] = ["HUBBUB_CONFIG"];

/// All that is looked at.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) kernel: Option<String>,
    /// None where the hub keeps everything in memory, or the platform has no place for data.
    pub(super) data: Option<Data>,
    pub(super) log: Log,
    pub(super) cookie: Cookie,
    /// Where the hub that runs listens; where none does, one is to listen.
    pub(super) listen: SocketAddr,
    pub(super) port: Port,
    /// The links that lead here, without the cookie.
    pub(super) links: Vec<String>,
    pub(super) reach: Reach,
    /// Firewalls that seem to be on.
    pub(super) firewalls: Vec<Firewall>,
    /// None where the hub is not to announce itself.
    pub(super) mdns: Option<Mdns>,
    /// In milliseconds since 1970 UTC.
    pub(super) now: u64,
    /// When this program was put where it is.
    pub(super) installed: Option<u64>,
    /// Whether the clock is kept right; none if nobody knows.
    pub(super) synchronised: Option<bool>,
    /// The most files that a process may have open; none if it cannot be told.
    pub(super) open_files: Option<u64>,
    /// The most connections that this hub takes.
    pub(super) most_connections: u64,
    /// Environment variables that look like ours, and are not.
    pub(super) unknown: Vec<String>,
}

/// The data directory.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) path: PathBuf,
    pub(super) state: DataState,
}

#[derive(Debug)]
pub(super) enum DataState {
    /// It would be made. The nearest directory above it that is there, and whether that could be written.
    Missing {
        above: PathBuf,
        writable: bool,
    },
    NoDirectory,
    Unreadable(String),
    There(There),
}

/// A data directory that is there.
#[derive(Clone, Debug)]
pub(super) struct There {
    pub(super) writable: bool,
    /// Whether it is another user's.
    pub(super) of_another: bool,
    /// Its permission bits.
    pub(super) mode: Option<u32>,
    /// Room on its disk, in bytes.
    pub(super) free: Option<u64>,
    /// The kind of file system, if its disk is another machine's.
    pub(super) remote: Option<&'static str>,
    /// Whether a hub runs on it.
    pub(super) in_use: bool,
    /// What restores left there.
    pub(super) left: Vec<Left>,
}

#[derive(Debug)]
pub(super) enum Log {
    /// There is none yet, or none is kept.
    None,
    Sound(Contents),
    /// Why it is not looked at, and what to do, in one sentence.
    Refused(String),
    Older(String),
    Damaged(String),
    Unusable(String),
}

#[derive(Debug)]
pub(super) enum Cookie {
    /// None is asked for.
    Open,
    /// By flag or environment.
    Given,
    /// None is kept yet: the first start makes one.
    NotYet,
    Kept,
    /// What is wrong with it and what to do, in one sentence.
    Unusable(String),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Port {
    /// The operating system chooses one.
    Any,
    Free,
    /// A hub answers, of this version, and says so.
    Hub {
        version: String,
        healthy: bool,
    },
    /// Something else has it.
    Taken,
    NotAllowed,
    /// This machine has no such address.
    NoAddress,
    Failed(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Firewall {
    Ufw,
    Firewalld,
    Nftables,
    Iptables,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mdns {
    /// Others may answer there too, which is usual.
    Free,
    Failed(String),
}

impl Facts {
    pub(super) fn gather(config: &Config) -> Self {
        let data = config.data.as_deref().map(|path| Data { path: path.to_owned(), state: directory(path) });
        let listen = config.data.as_deref().and_then(running).unwrap_or(config.listen);
        let machine = Machine::now();
        let (links, reach) = match &machine {
            Ok(machine) => (links::links(listen, machine, None), links::reach(listen, machine)),
            Err(error) => (Vec::new(), Reach::Unknown(error.to_string())),
        };
        Self {
            kernel: machine::kernel(),
            log: config.data.as_deref().map_or(Log::None, log),
            cookie: cookie(config),
            data,
            listen,
            port: port(listen),
            links,
            reach,
            firewalls: machine::firewalls(),
            mdns: config.announce.then(|| mdns(config.mdns_port)),
            now: clock::now(),
            installed: env::current_exe()
                .and_then(fs::metadata)
                .and_then(|there| there.modified())
                .ok()
                .and_then(since_1970),
            synchronised: machine::synchronised(),
            open_files: rlimit::Resource::NOFILE.get_hard().ok(),
            most_connections: config.limits.connections as u64,
            unknown: unknown_variables(env::vars_os().filter_map(|(name, _)| name.into_string().ok())),
        }
    }
}

fn since_1970(time: std::time::SystemTime) -> Option<u64> {
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}

fn directory(path: &Path) -> DataState {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            let above = whole.ancestors().skip(1).find(|above| above.exists()).unwrap_or(Path::new("/")).to_owned();
            DataState::Missing { writable: machine::is_writable(&above), above }
        }
        Err(error) => DataState::Unreadable(error.to_string()),
        Ok(there) if !there.is_dir() => DataState::NoDirectory,
        Ok(there) => DataState::There(There {
            writable: machine::is_writable(path),
            of_another: machine::is_of_another(&there),
            mode: machine::mode(&there),
            free: machine::free(path),
            remote: machine::remote(path),
            in_use: in_use(path),
            left: restore::left(path),
        }),
    }
}

/// Whether a hub runs on it, as far as can be told.
fn in_use(data: &Path) -> bool {
    DataDirectory::is_locked(data).unwrap_or(false)
}

/// Where the hub listens that runs on it, as it says itself.
fn running(data: &Path) -> Option<SocketAddr> {
    in_use(data).then(|| Record::read(data).ok().flatten()).flatten().map(|record| record.address)
}

fn log(data: &Path) -> Log {
    if let Err(error) = DataDirectory::check(data) {
        return Log::Refused(error.to_string());
    }
    let examined = Local::examine(data);
    let lost = match &examined {
        Ok(contents) if contents.entries == 0 && !in_use(data) => lost::check_without_entries(data),
        Err(CopyError::NoLog(_) | CopyError::Empty(_)) => lost::check_without_log(data),
        _ => Ok(()),
    };
    if let Err(error) = lost {
        return Log::Refused(error.to_string());
    }
    match examined {
        Ok(contents) => Log::Sound(contents),
        // One that is empty was about to be made.
        Err(CopyError::NoLog(_) | CopyError::Empty(_)) => Log::None,
        Err(error @ CopyError::Unwritable(_)) => Log::Refused(error.to_string()),
        Err(error @ CopyError::Damaged(..)) => Log::Damaged(error.to_string()),
        Err(error @ CopyError::Older(_)) => Log::Older(error.to_string()),
        Err(error) => Log::Unusable(error.to_string()),
    }
}

fn cookie(config: &Config) -> Cookie {
    match (config.open, &config.cookie, &config.data) {
        (true, ..) => Cookie::Open,
        (false, Some(_), _) => Cookie::Given,
        (false, None, None) => Cookie::NotYet,
        (false, None, Some(data)) => match cookie_file::kept(data) {
            Ok(Some(_)) => Cookie::Kept,
            Ok(None) => Cookie::NotYet,
            Err(error) => Cookie::Unusable(error.to_string()),
        },
    }
}

/// Who has the port. One that is free is held for a moment.
fn port(listen: SocketAddr) -> Port {
    if listen.port() == 0 {
        return Port::Any;
    }
    match TcpListener::bind(listen) {
        Ok(_) => Port::Free,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            asked_for_health(listen).ok().as_deref().and_then(as_a_hub_answers).unwrap_or(Port::Taken)
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Port::NotAllowed,
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => Port::NoAddress,
        Err(error) => Port::Failed(error.to_string()),
    }
}

/// What whoever has the port answers to a question that every hub answers, without a cookie, on this machine.
fn asked_for_health(listen: SocketAddr) -> io::Result<String> {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let address = SocketAddr::new(ip, listen.port());
    let deadline = Instant::now() + ANSWERS;
    let mut connection = TcpStream::connect_timeout(&address, ANSWERS)?;
    connection.set_write_timeout(Some(ANSWERS))?;
    write!(connection, "GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = [0; LONGEST_ANSWER];
    let mut length = 0;
    loop {
        // One deadline for all of it: whoever sends byte by byte is no hub.
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        connection.set_read_timeout(Some(left))?;
        match connection.read(&mut answer[length..]) {
            Ok(read @ 1..) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Full, or at its end, however that came about: what there is tells who it is.
            Ok(0) | Err(_) => break,
        }
    }
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}

/// What a hub says of itself.
fn as_a_hub_answers(answer: &str) -> Option<Port> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let said: serde_json::Value = serde_json::from_str(body).ok()?;
    let version = said.get("version")?.as_str()?.to_owned();
    said.get("status")?;
    Some(Port::Hub { version, healthy: head.starts_with("HTTP/1.1 200 ") })
}

/// Whether the port by which hubs are found can be had, together with all who let others have it too.
fn mdns(port: u16) -> Mdns {
    match bound_as_when_announcing(port) {
        Ok(_) => Mdns::Free,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Mdns::Failed(format!("another program keeps UDP port {port} to itself"))
        }
        Err(error) => Mdns::Failed(error.to_string()),
    }
}

/// As `mdns-sd` binds it.
fn bound_as_when_announcing(port: u16) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    let _ = socket.set_reuse_port(true); // where there is none, it is not asked for either
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    Ok(socket)
}

fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let known = config::variables();
    let mut unknown: Vec<String> = names
        .filter(|name| name.starts_with(PREFIX) && !known.contains(name) && !OF_OTHERS.contains(&&**name))
        .collect();
    unknown.sort();
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hub_answers_as_a_hub() {
        let hub = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\"status\":\"ok\",\"version\":\"0.1.0\"}";
        assert_eq!(as_a_hub_answers(hub), Some(Port::Hub { version: "0.1.0".to_owned(), healthy: true }));
        let ill = "HTTP/1.1 503 No\r\n\r\n{\"status\":\"stopped\",\"version\":\"0.1.0\"}";
        assert!(matches!(as_a_hub_answers(ill), Some(Port::Hub { healthy: false, .. })));
        for other in
            ["", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\n\r\n<html>", "HTTP/1.1 200 OK\r\n\r\n{\"status\":1}"]
        {
            assert_eq!(as_a_hub_answers(other), None, "{other}");
        }
    }

    #[test]
    fn a_variable_that_is_misspelt_is_told_from_ours_and_from_all_others() {
        let names =
            ["HUBBUB_LISTEN", "HUBBUB_LISEN", "HUBBUB_COOKIE", "HUBBUB_CONFIG", "PATH", "HUBBUB_COKIE", "hubbub_x"];
        assert_eq!(unknown_variables(names.map(str::to_owned).into_iter()), ["HUBBUB_COKIE", "HUBBUB_LISEN"]);
    }

    #[test]
    fn nobody_is_announced_on_a_port_that_another_keeps_to_itself() {
        let alone = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        let port = alone.local_addr().unwrap().port();
        assert!(matches!(mdns(port), Mdns::Failed(why) if why.contains(&port.to_string())));
        drop(alone);
        let shared = bound_as_when_announcing(0).unwrap();
        let port = shared.local_addr().unwrap().as_socket().unwrap().port();
        assert_eq!(mdns(port), Mdns::Free);
    }

    #[test]
    fn a_directory_that_is_not_there_yet_is_looked_for_above() {
        let root = tempfile::tempdir().unwrap();
        let missing = root.path().join("a/b/c");
        let DataState::Missing { above, writable } = directory(&missing) else { panic!("it is there") };
        assert_eq!((above.as_path(), writable), (root.path(), true));
        fs::write(root.path().join("a"), "").unwrap();
        assert!(matches!(directory(&root.path().join("a")), DataState::NoDirectory));
        assert!(fs::read_dir(root.path()).unwrap().count() == 1, "nothing is made");
    }
}
