//! What a running hub leaves in its data directory, so that others on this machine learn where it listens: `hub invite`
//! makes links of it. It counts only while the directory is locked; whoever locks it next removes what a killed hub left.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// The file's name in the data directory.
const NAME: &str = "hub.json";

/// The file, in bytes: several times what a hub writes, with the longest cookie and name.
const LONGEST: u64 = 4 * 1024;

/// Where a hub listens and how one gets in. It has no `Debug`: it holds the cookie.
#[derive(Serialize, Deserialize)]
pub(crate) struct Record {
    /// With the real port.
    pub(crate) address: SocketAddr,
    /// The hub's node name.
    pub(crate) name: String,
    /// None for an open hub.
    pub(crate) cookie: Option<String>,
    /// The process.
    pub(crate) pid: u32,
    /// When it began to listen, in milliseconds since 1970 UTC.
    pub(crate) since: u64,
}

impl Record {
    /// Writes it, for the directory's owner alone, and whole or not at all.
    pub(super) fn write(&self, data: &Path) -> io::Result<()> {
        // Nobody else may read it at any moment: that is how temporary files are made.
        let mut file = NamedTempFile::new_in(data)?;
        serde_json::to_writer(&mut file, self)?;
        file.write_all(b"\n")?;
        file.persist(data.join(NAME))?;
        Ok(())
    }

    /// What stands in this data directory; none where there is no such file.
    ///
    /// # Errors
    /// If it cannot be read, or is not what a hub of this version writes.
    pub(crate) fn read(data: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(data.join(NAME)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        // Without what the parser says of it, in which the cookie might stand.
        let damaged = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not what a hub of this version writes");
        serde_json::from_reader(file.take(LONGEST)).map(Some).map_err(damaged)
    }
}

/// Removes it where it is.
pub(super) fn remove(data: &Path) {
    match fs::remove_file(data.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "{NAME} could not be removed from the data directory");
        }
        Ok(()) | Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(cookie: Option<&str>) -> Record {
        Record {
            address: "0.0.0.0:4000".parse().unwrap(),
            name: "hub@den.local".to_owned(),
            cookie: cookie.map(str::to_owned),
            pid: 7,
            since: 1_700_000_000_000,
        }
    }

    #[test]
    fn what_is_written_is_read_until_it_is_removed() {
        let data = tempfile::tempdir().unwrap();
        assert!(Record::read(data.path()).unwrap().is_none());
        for cookie in [Some("sesame"), None] {
            record(cookie).write(data.path()).unwrap();
            let read = Record::read(data.path()).unwrap().unwrap();
            assert_eq!((read.address.port(), read.name.as_str()), (4000, "hub@den.local"));
            assert_eq!(read.cookie.as_deref(), cookie);
        }
        remove(data.path());
        assert!(Record::read(data.path()).unwrap().is_none());
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0, "nothing else is left behind");
    }

    #[test]
    fn the_longest_there_is_can_be_read() {
        let data = tempfile::tempdir().unwrap();
        let long = Record { name: format!("hub@{}", "d".repeat(253)), ..record(Some(&"\\".repeat(256))) };
        long.write(data.path()).unwrap();
        assert!(Record::read(data.path()).unwrap().is_some());
    }

    #[test]
    fn what_is_damaged_is_said_without_the_cookie() {
        let data = tempfile::tempdir().unwrap();
        for content in [r#"{"cookie":"sesame"}"#, r#"{"cookie":sesame"#, ""] {
            fs::write(data.path().join(NAME), content).unwrap();
            let error = Record::read(data.path()).err().unwrap().to_string();
            assert!(!error.contains("sesame"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;

        let data = tempfile::tempdir().unwrap();
        record(Some("sesame")).write(data.path()).unwrap();
        let mode = fs::metadata(data.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
