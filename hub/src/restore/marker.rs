//! The file that says that a restore is under way in a data directory, and what is still to be moved. While it is there, no
//! hub starts on the directory, and no errand takes it for a hub's.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::plan::Plan;
use super::{owner, sync_folder};
use crate::server::data::DataDirectory;

/// What it is called in the folder in which it is written.
const UNFINISHED: &str = "plan";

/// The longest, in bytes: many times what is written.
const LONGEST: u64 = 64 * 1024;

/// Puts it into a data directory, whole and on the disk, by way of the folder of what is unpacked.
///
/// # Errors
/// If it cannot be written; then it may be there all the same.
pub(super) fn put(plan: &Plan, unpacked: &Path, data: &Path) -> io::Result<()> {
    let unfinished = unpacked.join(UNFINISHED);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(&serde_json::to_vec_pretty(plan)?)?;
    file.sync_all()?;
    owner::give(data, &[&unfinished])?;
    // What it names is on the disk before it.
    sync_folder(unpacked)?;
    fs::rename(&unfinished, DataDirectory::restoring(data))?;
    sync_folder(data)
}

/// What it says, if there is one.
///
/// # Errors
/// If it cannot be read, or is none.
pub(super) fn read(data: &Path) -> io::Result<Option<Plan>> {
    let file = match File::open(DataDirectory::restoring(data)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text)?;
    let plan: Plan = serde_json::from_slice(&text)?;
    if plan.is_of_names() { Ok(Some(plan)) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Takes it away for good. It may be gone already.
///
/// # Errors
/// If it may come back.
pub(super) fn remove(data: &Path) -> io::Result<()> {
    match fs::remove_file(DataDirectory::restoring(data)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => sync_folder(data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::archive::Manifest;

    #[test]
    fn it_says_what_was_written_until_it_is_taken_away() {
        let data = tempfile::tempdir().unwrap();
        let unpacked = data.path().join("restoring-x1y2z3");
        fs::create_dir(&unpacked).unwrap();
        let names = ["hubbub.db", "files"].map(|name| data.path().join(name));
        let plan = Plan::new(Manifest::made_up(), 3, &unpacked, &data.path().join("before"), &names, &names);
        assert_eq!(read(data.path()).unwrap(), None);
        put(&plan, &unpacked, data.path()).unwrap();
        assert_eq!(read(data.path()).unwrap(), Some(plan));
        for _ in 0..2 {
            remove(data.path()).unwrap();
            assert_eq!(read(data.path()).unwrap(), None);
        }
        fs::write(DataDirectory::restoring(data.path()), "{}").unwrap();
        assert!(read(data.path()).is_err());
    }
}
