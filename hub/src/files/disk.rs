//! Where files lie, and how they are written so that a power cut leaves each of them whole or not there.
//!
//! ```text
//! files/ab/ab12…             the bytes, named by their hash
//! files/ab/ab12….thumbnail   of a picture
//! files/ab/ab12….json        its record; what has none is a leftover
//! files/uploads/ID           what has arrived of an upload
//! files/uploads/ID.json      its record
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::hash::FileHash;

/// The folder's name in the data directory.
pub(super) const FOLDER: &str = "files";

const UPLOADS: &str = "uploads";

/// The endings of what lies beside a file's bytes.
const RECORD: &str = "json";
const THUMBNAIL: &str = "thumbnail";

/// The ending of what is being written.
const UNFINISHED: &str = "new";

/// Of a file that is read at once, in bytes.
const PIECE: usize = 64 * 1024;

/// A record is hardly 300 bytes; what is longer is none.
pub(super) const LONGEST_RECORD: u64 = 4096;

/// The places of everything below one folder.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
}

impl Disk {
    /// Makes the folders where they are missing, for their owner alone.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        let disk = Self { root };
        make_folder(&disk.root)?;
        make_folder(&disk.uploads())?;
        Ok(disk)
    }

    /// Where everything would lie, be it there or not.
    pub(super) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn uploads(&self) -> PathBuf {
        self.root.join(UPLOADS)
    }

    pub(super) fn upload(&self, id: &str) -> PathBuf {
        self.uploads().join(id)
    }

    pub(super) fn upload_record(&self, id: &str) -> PathBuf {
        self.upload(id).with_extension(RECORD)
    }

    /// The folder that a file lies in.
    pub(super) fn shelf(&self, hash: FileHash) -> PathBuf {
        self.root.join(&hash.to_string()[..2])
    }

    pub(super) fn file(&self, hash: FileHash) -> PathBuf {
        self.shelf(hash).join(hash.to_string())
    }

    pub(super) fn thumbnail(&self, hash: FileHash) -> PathBuf {
        self.file(hash).with_extension(THUMBNAIL)
    }

    pub(super) fn record(&self, hash: FileHash) -> PathBuf {
        self.file(hash).with_extension(RECORD)
    }

    /// Takes a file away. Its record goes first: what is left without one, after a power cut, is no file.
    pub(super) fn remove(&self, hash: FileHash) -> io::Result<()> {
        remove(&self.record(hash))?;
        remove(&self.thumbnail(hash))?;
        remove(&self.file(hash))
    }

    /// Takes an upload away.
    pub(super) fn remove_upload(&self, id: &str) -> io::Result<()> {
        remove(&self.upload_record(id))?;
        remove(&self.upload(id))
    }

    /// All files that have a record, with it. Leftovers of writes that were cut short are taken away.
    pub(super) fn files<R: DeserializeOwned>(&self) -> io::Result<Vec<(FileHash, R)>> {
        let mut found = Vec::new();
        for shelf in fs::read_dir(&self.root)? {
            let shelf = shelf?.path();
            if file_name(&shelf).len() == 2 && shelf.is_dir() {
                found.extend(records(&shelf)?.into_iter().filter_map(|(name, record)| {
                    let hash = FileHash::parse(&name)?;
                    self.file(hash).is_file().then_some((hash, record))
                }));
            }
        }
        Ok(found)
    }

    /// Whether this holds for any file's record that can be read. Takes nothing away.
    pub(super) fn any<R: DeserializeOwned>(&self, holds: impl Fn(&R) -> bool) -> io::Result<bool> {
        for shelf in fs::read_dir(&self.root)? {
            let shelf = shelf?.path();
            if file_name(&shelf).len() != 2 || !shelf.is_dir() {
                continue;
            }
            for entry in fs::read_dir(shelf)? {
                let path = entry?.path();
                let is_record = path.extension().is_some_and(|ending| ending == RECORD);
                if is_record && read_record(&path).is_ok_and(|record| holds(&record)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// All uploads that have a record, with it; leftovers likewise.
    pub(super) fn begun<R: DeserializeOwned>(&self) -> io::Result<Vec<(String, R)>> {
        records(&self.uploads())
    }
}

/// The records in a folder by the names of what they are about.
fn records<R: DeserializeOwned>(folder: &Path) -> io::Result<Vec<(String, R)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending == Some(RECORD) {
            match read_record(&path) {
                Ok(record) => found.push((file_name(&path.with_extension("")).to_owned(), record)),
                // It is left alone: somebody may be able to mend it.
                Err(error) => tracing::warn!(path = %path.display(), %error, "a file's record cannot be read"),
            }
        } else if ending == Some(UNFINISHED) || !path.with_extension(RECORD).is_file() {
            tracing::debug!(path = %path.display(), "a leftover of a write that was cut short");
            remove(&path)?;
        }
    }
    Ok(found)
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn read_record<R: DeserializeOwned>(path: &Path) -> io::Result<R> {
    let mut text = Vec::new();
    File::open(path)?.take(LONGEST_RECORD).read_to_end(&mut text)?;
    serde_json::from_slice(&text).map_err(io::Error::from)
}

/// Writes a record, whole or not at all. The folder is not synced.
pub(super) fn write_record(path: &Path, record: &impl Serialize) -> io::Result<()> {
    write_whole(path, &serde_json::to_vec(record)?)
}

/// Writes a file, whole or not at all. The folder is not synced.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension(UNFINISHED);
    let written = create(&unfinished).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&unfinished); // it is of no use, and on a full disk in the way
    }
    written
}

/// An empty file that nobody else may read, in the place of what was there.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes a piece of a file that is there, from this position on.
pub(super) fn write_at(path: &Path, position: u64, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start(position))?;
    file.write_all(bytes)
}

/// Brings what was written of a file to the disk.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.sync_data()
}

/// Makes the names in a folder survive a power cut.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Of a file from this position on, at most so many bytes and at most [`PIECE`].
pub(crate) fn read_at(path: &Path, position: u64, most: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(position))?;
    let most = most.min(PIECE as u64);
    let mut bytes = Vec::with_capacity(usize::try_from(most).unwrap_or(PIECE));
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The hash of a file's bytes.
pub(super) fn hash(path: &Path) -> io::Result<FileHash> {
    let mut file = File::open(path)?;
    let (mut digest, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(FileHash::new(digest.finalize().into())),
            read => digest.update(&piece[..read]),
        }
    }
}

/// Makes a folder that nobody else may look into, with what leads to it.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_power_cut_left_half_done_is_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path().join(FOLDER)).unwrap();
        let (kept, half) = (FileHash::new([1; 32]), FileHash::new([2; 32]));
        for hash in [kept, half] {
            make_folder(&disk.shelf(hash)).unwrap();
            write_whole(&disk.file(hash), b"bytes").unwrap();
            write_whole(&disk.thumbnail(hash), b"small").unwrap();
        }
        write_record(&disk.record(kept), &"record").unwrap();
        fs::write(disk.file(kept).with_extension(UNFINISHED), "half a rec").unwrap();
        fs::write(disk.upload("nobodys"), "bytes").unwrap();

        assert_eq!(disk.files::<String>().unwrap(), [(kept, "record".to_owned())]);
        assert!(disk.begun::<String>().unwrap().is_empty());
        assert!(disk.thumbnail(kept).exists() && !disk.file(half).exists() && !disk.thumbnail(half).exists());
        assert!(!disk.upload("nobodys").exists() && !disk.file(kept).with_extension(UNFINISHED).exists());
    }

    #[test]
    fn a_record_that_cannot_be_read_costs_nothing_but_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path().join(FOLDER)).unwrap();
        let hash = FileHash::new([1; 32]);
        make_folder(&disk.shelf(hash)).unwrap();
        write_whole(&disk.file(hash), b"bytes").unwrap();
        fs::write(disk.record(hash), "{\"size\":").unwrap();
        assert!(disk.files::<String>().unwrap().is_empty());
        assert!(disk.file(hash).exists(), "what may be mended is left alone");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_what_lies_there() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path().join("new").join(FOLDER)).unwrap();
        write_whole(&disk.upload("an-id"), b"bytes").unwrap();
        for (path, expected) in
            [(disk.root().to_owned(), 0o700), (disk.uploads(), 0o700), (disk.upload("an-id"), 0o600)]
        {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, expected, "{}", path.display());
        }
    }
}
