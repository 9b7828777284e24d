//! The invitation: what is printed where a hub starts, and by `hub invite` for one that runs: the links that lead to it,
//! and what else whoever starts it should know.

mod code;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::assets::BUILT;
use crate::config::PrintLink;
use crate::interfaces::Machine;
use crate::links::{self, Reach};
use crate::server::data::DataDirectory;
use crate::server::record::Record;

pub use code::Screen;

/// How others get to a hub. Displays as a few lines for people, in which every link has a line to itself. It has no
/// `Debug`: it holds the cookie.
pub struct Invitation {
    /// The hub's node name.
    name: String,
    /// Where it listens.
    address: SocketAddr,
    /// None for an open hub.
    cookie: Option<String>,
    /// The best first.
    links: Vec<String>,
    reach: Reach,
    /// Where the log lies; none if it is in memory.
    data: Option<PathBuf>,
}

/// Why there is no invitation. Displays as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    #[error("a hub that keeps everything in memory is found nowhere: its links are what it printed when it started")]
    NoData,
    #[error("no hub runs on {}; start it with `hub`, or name another data directory with --data", path.display())]
    NotRunning { path: PathBuf },
    #[error(
        "what a hub may have left in {} cannot be read: {source}; ask as the user who runs the hub",
        path.display()
    )]
    Unreadable { path: PathBuf, source: io::Error },
}

/// As `docs/protocol.md` has it under “The invitation as JSON”.
#[derive(Serialize)]
struct Json<'a> {
    name: &'a str,
    link: Option<&'a String>,
    links: &'a [String],
    address: SocketAddr,
    cookie: Option<&'a str>,
    reach: &'static str,
    data: Option<String>,
}

impl Invitation {
    /// To a hub that listens on this address of this machine, as its interfaces are now.
    pub(crate) fn now(name: String, address: SocketAddr, cookie: Option<String>, data: Option<&Path>) -> Self {
        Self::on(Machine::now().as_ref(), name, address, cookie, data)
    }

    fn on(
        machine: Result<&Machine, &io::Error>,
        name: String,
        address: SocketAddr,
        cookie: Option<String>,
        data: Option<&Path>,
    ) -> Self {
        let nothing = Machine { interfaces: Vec::new(), outgoing: Vec::new() };
        let known = machine.unwrap_or(&nothing);
        let links = links::links(address, known, cookie.as_deref());
        let reach = match (links::reach(address, known), machine) {
            (Reach::NoNetwork, Err(error)) => Reach::Unknown(error.to_string()),
            (told, _) => told,
        };
        Self { name, address, cookie, links, reach, data: data.map(Path::to_owned) }
    }

    /// To the hub that runs on this data directory.
    ///
    /// # Errors
    /// If none runs there, or what it left cannot be read.
    pub fn to_running(data: Option<&Path>) -> Result<Self, InviteError> {
        let path = data.ok_or(InviteError::NoData)?;
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let unreadable = |source| InviteError::Unreadable { path: path.clone(), source };
        match Record::read(&path).map_err(unreadable)? {
            Some(record) if DataDirectory::is_locked(&path).map_err(unreadable)? => {
                Ok(Self::now(record.name, record.address, record.cookie, Some(&path)))
            }
            _ => Err(InviteError::NotRunning { path }),
        }
    }

    /// All the links that lead to the hub, the best first.
    pub fn links(&self) -> &[String] {
        &self.links
    }

    /// What is printed: nothing, one line of JSON, or lines for people, with a QR code where the screen has room for it.
    /// At the hub's start they are told more. The code comes first: where all of it together is higher than the screen,
    /// the links are what stays there.
    pub fn print(&self, how: PrintLink, screen: Option<Screen>, at_start: bool) -> String {
        match how {
            PrintLink::None => String::new(),
            PrintLink::Json => format!("{}\n", self.json()),
            PrintLink::Text => {
                let code = screen.zip(self.to_share()).and_then(|(screen, link)| code::drawn(link, screen));
                let code = code.unwrap_or_default();
                let (unbuilt, stop) = if at_start { (unbuilt(), "Stop  Ctrl-C\n") } else { ("", "") };
                let data = match &self.data {
                    Some(data) => format!("Data  {}\n", data.display()),
                    None => "Data  in memory only; it is gone when the hub stops (--ephemeral)\n".to_owned(),
                };
                format!("{code}{self}{unbuilt}{data}{stop}")
            }
        }
    }

    /// The link to hand out; none where other machines have none.
    fn to_share(&self) -> Option<&str> {
        (self.reach == Reach::Network).then(|| self.links.first().map(String::as_str)).flatten()
    }

    fn json(&self) -> String {
        let json = Json {
            name: &self.name,
            link: self.links.first(),
            links: &self.links,
            address: self.address,
            cookie: self.cookie.as_deref(),
            reach: match &self.reach {
                Reach::Network => "network",
                Reach::LoopbackOnly => "loopback",
                Reach::NoNetwork => "no_network",
                Reach::LinkLocal | Reach::Unknown(_) => "unknown",
            },
            data: self.data.as_ref().map(|data| data.display().to_string()),
        };
        #[expect(clippy::expect_used, reason = "strings and an address are always JSON")]
        serde_json::to_string(&json).expect("JSON")
    }
}

/// What is said where the page is missing.
fn unbuilt() -> &'static str {
    if BUILT {
        ""
    } else {
        "There is no page to open yet: this hub was built without the browser client.\n\
         Run `cargo xtask build`, and start the hub it makes.\n\n"
    }
}

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Hubbub {}, {}\n", env!("CARGO_PKG_VERSION"), self.name)?;
        if !self.links.is_empty() {
            let who = match (&self.cookie, &self.reach) {
                (Some(_), _) => ". Whoever has one can join.",
                (None, Reach::LoopbackOnly | Reach::NoNetwork) => ": no cookie is asked for.",
                (None, _) => ". Whoever reaches this machine can join: no cookie is asked for.",
            };
            writeln!(f, "Open a link in a browser{who}\n")?;
            for link in &self.links {
                writeln!(f, "{link}")?;
            }
            writeln!(f)?;
        }
        match &self.reach {
            Reach::Network => Ok(()),
            Reach::LoopbackOnly => {
                writeln!(f, "Only this machine can open it: the hub listens on loopback (--listen).\n")
            }
            Reach::NoNetwork => writeln!(f, "Only this machine can open it: it is in no network at the moment.\n"),
            Reach::LinkLocal => {
                writeln!(f, "No link can name {}, a link-local address of IPv6.", self.address.ip())?;
                writeln!(f, "Have the hub listen on another with --listen, or on [::]:4000 for all.\n")
            }
            Reach::Unknown(error) => {
                writeln!(f, "The addresses of this machine could not be listed ({error}).")?;
                writeln!(f, "On other machines, put its name or address in place of localhost.\n")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation(listen: &str, machine: &io::Result<Machine>, cookie: Option<&str>, data: Option<&str>) -> Invitation {
        let name = "hub@den.local".to_owned();
        Invitation::on(machine.as_ref(), name, listen.parse().unwrap(), cookie.map(str::to_owned), data.map(Path::new))
    }

    fn office() -> io::Result<Machine> {
        Ok(Machine::made_up(&[("lo", "127.0.0.1"), ("eth0", "192.168.1.20"), ("docker0", "172.17.0.1")]))
    }

    fn nowhere() -> io::Result<Machine> {
        Ok(Machine::made_up(&[("lo", "127.0.0.1")]))
    }

    fn text(invitation: &Invitation) -> String {
        invitation.print(PrintLink::Text, None, true)
    }

    const WIDE: Screen = Screen { columns: 120, rows: 50, colours: true };

    #[test]
    fn every_link_of_the_invitation_has_a_line_to_itself() {
        let invitation = invitation("0.0.0.0:4000", &office(), Some("sesame"), Some("/srv/hubbub"));
        let text = text(&invitation);
        assert!(text.lines().filter(|line| line.starts_with("http://")).eq(invitation.links()), "{text}");
        assert!(text.contains("hub@den.local") && text.contains("/srv/hubbub") && text.contains("Ctrl-C"), "{text}");
    }

    #[test]
    fn what_is_out_of_the_ordinary_is_said() {
        let lost = invitation("0.0.0.0:4000", &Err(io::Error::other("no netlink")), None, None);
        let said = text(&lost);
        assert!(said.contains("no cookie") && said.contains("in memory") && said.contains("no netlink"), "{said}");
        assert!(said.contains("http://localhost:4000/"), "{said}");
        assert!(text(&invitation("0.0.0.0:4000", &nowhere(), None, None)).contains("no network"));
        assert!(text(&invitation("127.0.0.1:4000", &office(), None, None)).contains("loopback"));
        let linked = text(&invitation("[fe80::1%2]:4000", &office(), None, None));
        assert!(linked.contains("fe80::1") && !linked.contains("http://"), "{linked}");
        for told in ["127.0.0.1:4000", "192.168.1.20:4000"] {
            let said = text(&invitation(told, &Err(io::Error::other("no netlink")), None, None));
            assert!(!said.contains("no netlink"), "the address was told: {said}");
        }
    }

    #[test]
    fn the_code_is_of_the_link_that_other_machines_can_reach_and_of_no_other() {
        let drawn = |listen: &str, machine: &io::Result<Machine>, screen| {
            invitation(listen, machine, Some("sesame"), None).print(PrintLink::Text, screen, true).contains('▀')
        };
        assert!(drawn("0.0.0.0:4000", &office(), Some(WIDE)));
        assert!(!drawn("0.0.0.0:4000", &office(), None), "it is no terminal");
        assert!(!drawn("0.0.0.0:4000", &office(), Some(Screen { columns: 20, ..WIDE })));
        assert!(!drawn("0.0.0.0:4000", &nowhere(), Some(WIDE)));
        assert!(!drawn("0.0.0.0:4000", &Err(io::Error::other("no netlink")), Some(WIDE)));
        assert!(!drawn("127.0.0.1:4000", &office(), Some(WIDE)));
    }

    #[test]
    fn on_a_small_screen_the_links_are_what_stays_in_view() {
        let screen = Screen { columns: 80, rows: 24, colours: true };
        let invitation = invitation("0.0.0.0:4000", &office(), Some("PGC0vJ4r9tOkHc2mW1xuqA"), Some("/srv/hubbub"));
        for at_start in [true, false] {
            let text = invitation.print(PrintLink::Text, Some(screen), at_start);
            assert!(text.contains('▀'), "the code is there as well: {text}");
            // The cursor stands on the last row.
            let in_view: Vec<&str> = text.lines().rev().take(usize::from(screen.rows) - 1).collect();
            for link in invitation.links() {
                assert!(in_view.contains(&link.as_str()), "{link} has scrolled off: {text}");
            }
        }
    }

    #[test]
    fn nobody_is_said_to_be_let_in_who_cannot_come() {
        for (listen, machine) in [("127.0.0.1:4000", office()), ("0.0.0.0:4000", nowhere())] {
            let told = text(&invitation(listen, &machine, None, None));
            assert!(told.contains("browser: no cookie is asked for.") && told.contains("Only this machine"), "{told}");
            assert!(!told.contains("Whoever"), "{told}");
        }
        assert!(text(&invitation("0.0.0.0:4000", &office(), None, None)).contains("Whoever reaches this machine"));
    }

    #[test]
    fn scripts_get_one_line_of_json() {
        let json = |invitation: Invitation| {
            let line = invitation.print(PrintLink::Json, Some(WIDE), true);
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(line.ends_with('\n'), "{line}");
            line.trim_end().to_owned()
        };
        assert_eq!(
            json(invitation("0.0.0.0:4000", &office(), Some("se same"), Some("/srv/chat"))),
            r##"{"name":"hub@den.local","link":"http://192.168.1.20:4000/#cookie=se%20same","links":["http://192.168.1.20:4000/#cookie=se%20same","http://172.17.0.1:4000/#cookie=se%20same","http://localhost:4000/#cookie=se%20same"],"address":"0.0.0.0:4000","cookie":"se same","reach":"network","data":"/srv/chat"}"##
        );
        assert_eq!(
            json(invitation("127.0.0.1:4000", &office(), None, None)),
            r##"{"name":"hub@den.local","link":"http://localhost:4000/","links":["http://localhost:4000/"],"address":"127.0.0.1:4000","cookie":null,"reach":"loopback","data":null}"##
        );
        assert!(json(invitation("0.0.0.0:80", &nowhere(), None, None)).contains(r#""reach":"no_network""#));
        let lost = invitation("0.0.0.0:80", &Err(io::Error::other("no")), None, None);
        assert!(json(lost).contains(r#""reach":"unknown""#));
        let unlinked = json(invitation("[fe80::1]:80", &office(), None, None));
        assert!(unlinked.contains(r#""link":null,"links":[]"#) && unlinked.contains(r#""reach":"unknown""#));
    }

    #[test]
    fn nothing_is_printed_where_nothing_is_wanted() {
        let invitation = invitation("0.0.0.0:4000", &office(), None, None);
        assert_eq!(invitation.print(PrintLink::None, Some(WIDE), true), "");
    }

    #[test]
    fn how_to_stop_it_is_said_at_its_start_alone() {
        let invitation = invitation("0.0.0.0:4000", &office(), None, None);
        assert!(text(&invitation).ends_with("Stop  Ctrl-C\n"));
        assert!(!invitation.print(PrintLink::Text, None, false).contains("Ctrl-C"));
    }

    #[test]
    fn a_hub_is_believed_to_run_only_while_it_holds_its_directory() {
        let data = tempfile::tempdir().unwrap();
        let missing = data.path().join("missing");
        assert!(matches!(Invitation::to_running(None), Err(InviteError::NoData)));
        assert!(matches!(Invitation::to_running(Some(&missing)), Err(InviteError::NotRunning { .. })));
        assert!(!missing.exists(), "asking makes nothing");
        // As a hub that was killed leaves it.
        let record = r#"{"address":"127.0.0.1:4000","name":"hub@den","cookie":null,"pid":7,"since":0}"#;
        std::fs::write(data.path().join("hub.json"), record).unwrap();
        assert!(matches!(Invitation::to_running(Some(data.path())), Err(InviteError::NotRunning { .. })));
        std::fs::write(data.path().join("hub.json"), "{").unwrap();
        assert!(matches!(Invitation::to_running(Some(data.path())), Err(InviteError::Unreadable { .. })));
    }
}
