//! Whose it is what was restored. Root restores what a hub is to read that runs as somebody else.

use std::io;
use std::path::Path;

/// Gives these, and all that is in them, to the owner of a data directory, where that is somebody else than whoever asks.
///
/// # Errors
/// If whoever asks may not: then the hub could not read it either.
#[cfg(unix)]
pub(super) fn give(to_owner_of: &Path, these: &[&Path]) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let directory = std::fs::metadata(to_owner_of)?;
    if directory.uid() == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    these.iter().try_for_each(|one| chown(one, directory.uid(), directory.gid()))
}

#[cfg(unix)]
fn chown(path: &Path, user: u32, group: u32) -> io::Result<()> {
    // Links are not followed, wherever they lead: there are none among what is unpacked.
    std::os::unix::fs::lchown(path, Some(user), Some(group))?;
    if path.symlink_metadata()?.is_dir() {
        for entry in std::fs::read_dir(path)? {
            chown(&entry?.path(), user, group)?;
        }
    }
    Ok(())
}

/// Elsewhere what lies in a directory is its owner's by itself.
#[cfg(not(unix))]
pub(super) fn give(_: &Path, _: &[&Path]) -> io::Result<()> {
    Ok(())
}
