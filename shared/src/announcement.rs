//! What a hub says of itself by multicast DNS (RFC 6762, RFC 6763), so that it is found on the LAN without anybody typing
//! an address. Anyone on the LAN hears it, and anyone may say it: it holds no secret, and what it says is proved by nothing.

use crate::node::{HUB, NodeName};

/// The service type that hubs announce and clients browse for.
pub const SERVICE: &str = "_hubbub._tcp.local.";

/// One `key=value` of a TXT record, in bytes (RFC 6763, section 6.1).
pub const MAX_PAIR: usize = 255;

/// A version as it is announced, in characters: `12.34.56-beta.7+linux`, and as much again.
const MAX_VERSION: usize = 40;

/// The keys of the TXT record.
pub mod key {
    /// The hub's node name, `hub@den.local`.
    pub const NAME: &str = "name";
    /// The program's version, `0.1.0`.
    pub const VERSION: &str = "version";
    /// The wire's version, a whole number.
    pub const PROTOCOL: &str = "protocol";
    /// Whether a cookie is asked for: `required` or `none`.
    pub const COOKIE: &str = "cookie";
}

const REQUIRED: &str = "required";
const NONE: &str = "none";

/// What stands in the TXT record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The hub's node name.
    pub name: NodeName,
    /// The program's version; for people to read.
    pub version: String,
    /// The version of the wire, see [`crate::wire::VERSION`].
    pub protocol: u32,
    /// Whether the hub asks for a cookie.
    pub cookie: bool,
}

/// Why a record does not announce a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnnouncementError {
    #[error("The record names no hub.")]
    Name,
    #[error("The record does not say which version the hub is of.")]
    Version,
    #[error("The record does not say whether a cookie is asked for.")]
    Cookie,
}

impl Announcement {
    /// The pairs of the TXT record.
    ///
    /// # Errors
    /// [`AnnouncementError::Name`] if the name is too long for a pair: one of more than 240 letters.
    pub fn to_txt(&self) -> Result<[(&'static str, String); 4], AnnouncementError> {
        let name = self.name.to_string();
        if key::NAME.len() + "=".len() + name.len() > MAX_PAIR {
            return Err(AnnouncementError::Name);
        }
        let cookie = if self.cookie { REQUIRED } else { NONE };
        Ok([
            (key::NAME, name),
            (key::VERSION, self.version.clone()),
            (key::PROTOCOL, self.protocol.to_string()),
            (key::COOKIE, cookie.to_owned()),
        ])
    }

    /// Reads a record, of which `value` gives the values by their keys. Keys it does not know are of a later version.
    ///
    /// # Errors
    /// If it names no hub, or lacks what every hub says. A record may come from anyone: what is taken from it is safe to print.
    pub fn from_txt<'a>(value: impl Fn(&str) -> Option<&'a str>) -> Result<Self, AnnouncementError> {
        let name = value(key::NAME).and_then(|name| name.parse().ok());
        let name = name.filter(|name: &NodeName| name.local() == HUB).ok_or(AnnouncementError::Name)?;
        let version = value(key::VERSION).filter(|version| is_version(version)).ok_or(AnnouncementError::Version)?;
        let protocol = value(key::PROTOCOL).and_then(|number| number.parse().ok()).ok_or(AnnouncementError::Version)?;
        let cookie = match value(key::COOKIE) {
            Some(REQUIRED) => true,
            Some(NONE) => false,
            _ => return Err(AnnouncementError::Cookie),
        };
        Ok(Self { name, version: version.to_owned(), protocol, cookie })
    }
}

fn is_version(version: &str) -> bool {
    (1..=MAX_VERSION).contains(&version.len()) && version.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn den() -> Announcement {
        Announcement {
            name: NodeName::new(HUB, "den.local").unwrap(),
            version: "0.1.0".to_owned(),
            protocol: 1,
            cookie: true,
        }
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Announcement, AnnouncementError> {
        Announcement::from_txt(|key| pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| *value))
    }

    #[test]
    fn what_is_written_is_read() {
        for cookie in [true, false] {
            let said = Announcement { cookie, ..den() };
            let pairs = said.to_txt().unwrap();
            let pairs: Vec<_> = pairs.iter().map(|(key, value)| (*key, value.as_str())).collect();
            assert_eq!(read(&pairs), Ok(said));
        }
    }

    #[test]
    fn the_record_is_as_documented() {
        let pairs = den().to_txt().unwrap().map(|(key, value)| format!("{key}={value}"));
        assert_eq!(pairs, ["name=hub@den.local", "version=0.1.0", "protocol=1", "cookie=required"]);
    }

    #[test]
    fn a_name_too_long_for_a_pair_is_not_cut() {
        let long = |letters| Announcement { name: NodeName::new(HUB, &"d".repeat(letters)).unwrap(), ..den() };
        assert!(long(246).to_txt().is_ok());
        assert_eq!(long(247).to_txt(), Err(AnnouncementError::Name));
    }

    #[test]
    fn a_record_of_something_else_is_refused() {
        let pairs = [("name", "hub@den"), ("version", "0.1.0"), ("protocol", "1"), ("cookie", "none")];
        assert!(read(&pairs).is_ok());
        for (wrong, value, error) in [
            (0, "den", AnnouncementError::Name),
            (0, "ana@den", AnnouncementError::Name),
            (0, "hub@\x1b[2J", AnnouncementError::Name),
            (1, "", AnnouncementError::Version),
            (1, "0.1\x1b[2J", AnnouncementError::Version),
            (1, "0.1.0 of the den", AnnouncementError::Version),
            (2, "one", AnnouncementError::Version),
            (2, "-1", AnnouncementError::Version),
            (3, "sesame", AnnouncementError::Cookie),
        ] {
            let mut pairs = pairs;
            pairs[wrong].1 = value;
            assert_eq!(read(&pairs), Err(error), "{value:?}");
            pairs[wrong].0 = "another";
            assert_eq!(read(&pairs), Err(error), "without {value:?}");
        }
    }

    #[test]
    fn later_versions_may_say_more() {
        let pairs =
            [("name", "hub@den"), ("version", "9.0.0"), ("protocol", "7"), ("cookie", "none"), ("mood", "good")];
        assert_eq!(read(&pairs).unwrap().protocol, 7);
    }
}
