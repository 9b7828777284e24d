//! The format of a backup: a tar, so that any system can look into it, of these members in this order and no others.
//!
//! | member | what it is |
//! |---|---|
//! | `manifest.json` | what it is a backup of, and when it was made |
//! | `log` | the log, as the backplane copies it |
//! | `cookie` | the cookie, where the hub keeps one |
//! | `files/HASH`, `files/HASH.thumbnail`, `files/HASH.json` | of each file its bytes, a small picture of it, its record |
//! | `SHA256SUMS` | the hashes of all these, as `sha256sum --check` reads them |
//!
//! The last says that it is whole. What is read is not trusted: a member is known by its name, which leads to where it
//! goes, and is no path.

use std::cell::Cell;
use std::fmt::Write as _;
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tar::{Archive, Builder, EntryType, Header};

use crate::auth::cookie_file;
use crate::files::copying::Piece;
use crate::files::hash::FileHash;
use crate::signals::Stop;

/// The version of this format.
const FORMAT: u32 = 1;

/// The longest manifest, in bytes: many times what is written.
const LONGEST_MANIFEST: u64 = 4096;

/// The longest list of hashes, in bytes: of three members for each of as many files as a hub keeps.
const LONGEST_SUMS: u64 = 3 * 200_000 * 160;

/// The latest time that can be told, in milliseconds since 1970 UTC: the end of the year 9999.
const LATEST: u64 = 253_402_300_800_000 - 1;

/// What a backup is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The version of the format.
    hubbub_backup: u32,
    /// The version of the program that made it.
    program: String,
    /// The format of the log.
    log_format: i64,
    /// When it was made, in milliseconds since 1970 UTC.
    pub(crate) at: u64,
    /// The log's name.
    pub(crate) epoch: String,
    /// Entries of the log; also the `seq` of the last.
    pub(crate) entries: u64,
}

impl Manifest {
    pub(super) fn new(log_format: i64, at: u64, epoch: String, entries: u64) -> Self {
        let program = env!("CARGO_PKG_VERSION").to_owned();
        Self { hubbub_backup: FORMAT, program, log_format, at, epoch, entries }
    }

    /// Of no backup that there is.
    #[cfg(test)]
    pub(crate) fn made_up() -> Self {
        Self::new(1, 0, "3p0ch".to_owned(), 57)
    }
}

/// A member, in the order in which they follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Member {
    Manifest,
    Log,
    Cookie,
    File(FileHash, Piece),
    Sums,
}

/// The endings of what there is of a file.
const ENDINGS: [(Piece, &str); 3] = [(Piece::Record, ".json"), (Piece::Thumbnail, ".thumbnail"), (Piece::Bytes, "")];

impl Member {
    fn name(self) -> String {
        match self {
            Self::Manifest => "manifest.json".to_owned(),
            Self::Log => "log".to_owned(),
            Self::Cookie => "cookie".to_owned(),
            Self::File(hash, piece) => {
                let ending = ENDINGS.iter().find(|(of, _)| *of == piece).map_or("", |(_, ending)| ending);
                format!("files/{hash}{ending}")
            }
            Self::Sums => "SHA256SUMS".to_owned(),
        }
    }

    /// The member of exactly this name.
    fn named(name: &str) -> Option<Self> {
        if let Some(file) = name.strip_prefix("files/") {
            let of = |(piece, ending): (Piece, &str)| Some((FileHash::parse(file.strip_suffix(ending)?)?, piece));
            return ENDINGS.into_iter().find_map(of).map(|(hash, piece)| Self::File(hash, piece));
        }
        [Self::Manifest, Self::Log, Self::Cookie, Self::Sums].into_iter().find(|member| member.name() == name)
    }

    /// In bytes; none where only the disk sets a limit.
    fn longest(self) -> Option<u64> {
        match self {
            Self::Manifest => Some(LONGEST_MANIFEST),
            Self::Cookie => Some(cookie_file::LONGEST as u64 + 2),
            Self::Sums => Some(LONGEST_SUMS),
            Self::Log | Self::File(..) => None,
        }
    }
}

/// Why something is not read as a backup. To be said behind its name.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("is not a backup of a hub: `hub backup` writes what can be restored")]
    Foreign,
    #[error("was written by a newer version of hub ({0}); use that version")]
    Newer(String),
    #[error("is not whole: it ends too early. Copy it once more from where it was made, or take an older one")]
    Truncated,
    #[error("is damaged ({0}). Copy it once more from where it was made, or take an older one")]
    Damaged(String),
    #[error("cannot be read: {0}")]
    Read(io::Error),
    #[error("could not be read to its end, as it was stopped")]
    Stopped,
}

/// A backup that is being written.
pub(super) struct Writing<'a, W: Write> {
    tar: Builder<W>,
    /// The time of all members, in seconds since 1970 UTC.
    at: u64,
    sums: String,
    stop: &'a Stop,
}

impl<'a, W: Write> Writing<'a, W> {
    /// Begins one with its manifest.
    pub(super) fn begin(to: W, manifest: &Manifest, stop: &'a Stop) -> io::Result<Self> {
        let mut writing = Self { tar: Builder::new(to), at: manifest.at / 1_000, sums: String::new(), stop };
        let mut text = serde_json::to_vec_pretty(manifest)?;
        text.push(b'\n');
        writing.put(Member::Manifest, text.len() as u64, &mut &*text).map(|()| writing)
    }

    /// Adds a member of this many bytes. They are to come in their order.
    pub(super) fn put(&mut self, member: Member, size: u64, content: &mut dyn Read) -> io::Result<()> {
        let mut header = Header::new_ustar();
        header.set_path(member.name())?;
        header.set_entry_type(EntryType::Regular);
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.at);
        header.set_cksum();
        let mut content = Hashing::of(content.take(size), self.stop);
        self.tar.append(&header, &mut content)?;
        let (read, hash) = content.done();
        if read != size {
            return Err(io::Error::other(format!("{} became shorter while it was read", member.name())));
        }
        let _ = writeln!(self.sums, "{hash}  {}", member.name()); // a String takes all
        Ok(())
    }

    /// Ends it with the hashes of what it holds.
    pub(super) fn finish(mut self) -> io::Result<W> {
        let sums = std::mem::take(&mut self.sums);
        self.put(Member::Sums, sums.len() as u64, &mut sums.as_bytes())?;
        self.tar.into_inner()
    }
}

/// Reads a backup from its beginning to its end; `take` is given each member behind the manifest, and reads what it wants
/// of it. Only where all this gives back its manifest, what was taken is what was written.
///
/// # Errors
/// See [`ArchiveError`]; those of `take` are passed on.
pub(crate) fn read<E: From<ArchiveError>>(
    from: impl Read,
    newest_log: i64,
    stop: &Stop,
    mut take: impl FnMut(&Manifest, Member, &mut dyn Read) -> Result<(), E>,
) -> Result<Manifest, E> {
    let ended = Cell::new(false);
    let mut archive = Archive::new(Watched { from, ended: &ended });
    let entries = archive.entries().map_err(|_| ArchiveError::Foreign)?.raw(true);
    let (mut manifest, mut last) = (None::<Manifest>, None);
    let mut sums = String::new();
    for entry in entries {
        let unreadable = |error: io::Error| match &manifest {
            _ if is_of_the_disk(&error) => ArchiveError::Read(error),
            None => ArchiveError::Foreign,
            Some(_) if ended.get() => ArchiveError::Truncated,
            Some(_) => ArchiveError::Damaged("a part of it has no proper head".to_owned()),
        };
        let mut entry = entry.map_err(unreadable)?;
        let (member, size) = recognised(&entry, last).map_err(|what| match &manifest {
            None => ArchiveError::Foreign,
            Some(_) => ArchiveError::Damaged(what),
        })?;
        last = Some(member);
        let mut content = Hashing::of(&mut entry, stop);
        let mut own = Vec::new();
        let taken = match (member, &manifest) {
            (Member::Manifest | Member::Sums, _) | (_, None) => {
                content.read_to_end(&mut own).map_err(ArchiveError::Read)?;
                Ok(())
            }
            (_, Some(manifest)) => take(manifest, member, &mut content),
        };
        let rest = io::copy(&mut content, &mut io::sink());
        if stop.is_asked() {
            return Err(ArchiveError::Stopped.into());
        }
        let (read, hash) = content.done();
        // Where it ends too early, that is why it could not be taken.
        if read == size {
            taken?;
        }
        rest.map_err(ArchiveError::Read)?;
        if read != size {
            return Err(ArchiveError::Truncated.into());
        }
        match member {
            Member::Manifest => manifest = Some(understood(&own, newest_log)?),
            Member::Sums if own != sums.as_bytes() => {
                return Err(ArchiveError::Damaged("it does not hold what was written".to_owned()).into());
            }
            Member::File(of, Piece::Bytes) if of != hash => {
                return Err(ArchiveError::Damaged(format!("the file {of} is another")).into());
            }
            _ => {}
        }
        let _ = writeln!(sums, "{hash}  {}", member.name()); // a String takes all
    }
    match (manifest, last) {
        (Some(manifest), Some(Member::Sums)) => Ok(manifest),
        (Some(_), _) => Err(ArchiveError::Truncated.into()),
        (None, _) => Err(ArchiveError::Foreign.into()),
    }
}

/// Whether an error is of the disk, and not of what stands there.
fn is_of_the_disk(error: &io::Error) -> bool {
    error.raw_os_error().is_some()
}

/// The member that comes, and its size; what is wrong with it otherwise.
fn recognised<R: Read>(entry: &tar::Entry<'_, R>, last: Option<Member>) -> Result<(Member, u64), String> {
    let name = entry.path_bytes();
    let member = std::str::from_utf8(&name).ok().and_then(Member::named);
    let member = member.filter(|_| entry.header().entry_type() == EntryType::Regular);
    let Some(member) = member else { return Err("it holds something else".to_owned()) };
    let size = entry.header().entry_size().map_err(|_| format!("{} has no size", member.name()))?;
    let expected = match last {
        None => member == Member::Manifest,
        Some(Member::Manifest) => member == Member::Log,
        Some(last) => last < member,
    };
    if !expected {
        Err(format!("{} is not where it should be", member.name()))
    } else if member.longest().is_some_and(|longest| size > longest) {
        Err(format!("{} is too long", member.name()))
    } else {
        Ok((member, size))
    }
}

fn understood(text: &[u8], newest_log: i64) -> Result<Manifest, ArchiveError> {
    #[derive(Deserialize)]
    struct Version {
        hubbub_backup: u32,
        program: String,
    }
    // First what every version has.
    let version: Version = serde_json::from_slice(text).map_err(|_| ArchiveError::Foreign)?;
    if version.hubbub_backup > FORMAT {
        return Err(ArchiveError::Newer(version.program));
    }
    let manifest: Manifest =
        serde_json::from_slice(text).map_err(|_| ArchiveError::Damaged("its manifest says too little".to_owned()))?;
    if manifest.log_format > newest_log {
        Err(ArchiveError::Newer(manifest.program))
    } else if manifest.at > LATEST {
        Err(ArchiveError::Damaged("its manifest tells no time".to_owned()))
    } else {
        Ok(manifest)
    }
}

/// Tells whether the end was read.
struct Watched<'a, R> {
    from: R,
    ended: &'a Cell<bool>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.ended.set(read == 0 && !buffer.is_empty());
        Ok(read)
    }
}

/// Hashes what is read through it, and ends where it is to stop.
struct Hashing<'a, R> {
    content: R,
    digest: Sha256,
    /// In bytes.
    read: u64,
    stop: &'a Stop,
}

impl<'a, R: Read> Hashing<'a, R> {
    fn of(content: R, stop: &'a Stop) -> Self {
        Self { content, digest: Sha256::new(), read: 0, stop }
    }

    /// How many bytes were read, and their hash.
    fn done(self) -> (u64, FileHash) {
        (self.read, FileHash::new(self.digest.finalize().into()))
    }
}

impl<R: Read> Read for Hashing<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_asked() {
            return Err(io::Error::other("stopped"));
        }
        let read = self.content.read(buffer)?;
        self.digest.update(&buffer[..read]);
        self.read += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
