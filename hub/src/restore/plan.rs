//! What a restore moves, in order, written down before the first of it is moved: so that one that is cut off goes on from
//! wherever it was.
//!
//! Each step is one rename, which a disk does whole or not at all, and one sees by what lies where whether it was done.
//! First what was there goes out of the way, the log last of it, then what was in the backup comes in, the log last of it:
//! so files are nowhere alone with a log that does not name them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{owner, sync_folder};
use crate::backup::archive::Manifest;

/// What is to be moved in a data directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// What the backup says of itself.
    pub(super) manifest: Manifest,
    /// How many files are in it.
    pub(super) files: u64,
    /// The folder in which the backup is unpacked.
    unpacked: String,
    /// The folder for what was there before; none where nothing was.
    before: Option<String>,
    /// What goes out of the way, by its names.
    out: Vec<String>,
    /// What comes in, by its names.
    into: Vec<String>,
}

/// One rename.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    way: Way,
    from: PathBuf,
    to: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Out,
    In,
}

impl Plan {
    /// To move `out` into the folder `before` and `into` out of the folder `unpacked`, all right in one data directory. Each
    /// in its order, the log first: what is moved is moved the other way round.
    pub(super) fn new(
        manifest: Manifest,
        files: u64,
        unpacked: &Path,
        before: &Path,
        out: &[PathBuf],
        into: &[PathBuf],
    ) -> Self {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let names = |paths: &[PathBuf]| paths.iter().rev().map(|path| name(path)).collect::<Vec<_>>();
        let before = (!out.is_empty()).then(|| name(before));
        Self { manifest, files, unpacked: name(unpacked), before, out: names(out), into: names(into) }
    }

    /// Whether every name is one right in its folder, wherever this was read from.
    pub(super) fn is_of_names(&self) -> bool {
        let is_name = |name: &String| Path::new(name).file_name().is_some_and(|of| of == name.as_str());
        [&self.out, &self.into].into_iter().flatten().chain(&self.before).chain([&self.unpacked]).all(is_name)
    }

    pub(super) fn unpacked(&self, data: &Path) -> PathBuf {
        data.join(&self.unpacked)
    }

    pub(super) fn before(&self, data: &Path) -> Option<PathBuf> {
        self.before.as_ref().map(|before| data.join(before))
    }

    /// Every step, in order.
    fn steps(&self, data: &Path) -> Vec<Step> {
        let (unpacked, before) = (self.unpacked(data), self.before(data));
        let out = before.iter().flat_map(|before| {
            self.out.iter().map(|name| Step { way: Way::Out, from: data.join(name), to: before.join(name) })
        });
        let into = self.into.iter().map(|name| Step { way: Way::In, from: unpacked.join(name), to: data.join(name) });
        out.chain(into).collect()
    }

    /// Does what is still to be done of it, and brings it to the disk.
    ///
    /// # Errors
    /// Where a step cannot be done; then those before it are done, and none behind it.
    pub(super) fn carry_out(&self, data: &Path) -> io::Result<()> {
        let (out, into): (Vec<_>, Vec<_>) = self.steps(data).into_iter().partition(|step| step.way == Way::Out);
        if let Some(before) = self.before(data) {
            make_private(&before, data)?;
            out.iter().try_for_each(Step::take)?;
            sync_folder(&before)?;
            // What comes in may not reach the disk before this: then one thing would be there twice, or not at all.
            sync_folder(data)?;
        }
        into.iter().try_for_each(Step::take)?;
        sync_folder(&self.unpacked(data))?;
        sync_folder(data)
    }

    /// Takes back what is done of it.
    ///
    /// # Errors
    /// Where a step cannot be taken back: then those before it stay done, so that it can go on either way.
    pub(super) fn take_back(&self, data: &Path) -> io::Result<()> {
        self.steps(data).iter().rev().try_for_each(Step::take_back)?;
        if let Some(before) = self.before(data) {
            let _ = fs::remove_dir(before); // it may not have come to that
        }
        sync_folder(data)
    }
}

impl Step {
    /// Whether it was done. What goes out has a folder in which nothing else ever was, and what comes in has left one into
    /// which nothing else ever comes.
    fn is_done(&self) -> io::Result<bool> {
        let (from, to) = (is_there(&self.from)?, is_there(&self.to)?);
        match (self.way, from, to) {
            (Way::Out, _, true) | (Way::In, false, true) => Ok(true),
            (_, true, false) => Ok(false),
            (_, false, false) => Err(missing(&self.from)),
            (Way::In, true, true) => Err(in_the_way(&self.to)),
        }
    }

    fn take(&self) -> io::Result<()> {
        if self.is_done()? { Ok(()) } else { fs::rename(&self.from, &self.to) }
    }

    /// Steps behind it are not done. Where it was not done itself, what is in its place may be what was there before.
    fn take_back(&self) -> io::Result<()> {
        let done = match self.way {
            Way::Out => is_there(&self.to)?,
            Way::In => !is_there(&self.from)?,
        };
        match done {
            true if is_there(&self.from)? => Err(in_the_way(&self.from)),
            true => fs::rename(&self.to, &self.from),
            false => Ok(()),
        }
    }
}

fn missing(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{} is not there any more", path.display()))
}

fn in_the_way(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, format!("{} is in its way", path.display()))
}

fn is_there(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A folder into which nobody else may look, its data directory's owner's. It may be there already.
fn make_private(path: &Path, data: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => owner::give(data, &[path]),
    }
}

#[cfg(test)]
mod tests;
