//! The files of a data directory, one by one, for a backup of them: read beside the hub that may be giving them out, and
//! put where no hub is yet.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::disk::{self, Disk, FOLDER, LONGEST_RECORD};
use super::hash::FileHash;
use super::record::Record;

/// What there is of a file, in the order in which it is copied: a record says that the rest is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Piece {
    Bytes,
    Thumbnail,
    Record,
}

/// A piece that is open: whatever the hub does meanwhile, it can be read to its end.
pub(crate) struct Open {
    pub(crate) piece: Piece,
    pub(crate) content: File,
    /// In bytes.
    pub(crate) size: u64,
}

/// The files below one data directory.
pub(crate) struct Shelves {
    disk: Disk,
}

impl Shelves {
    /// Where the files of a data directory are, if there are any.
    pub(crate) fn folder(data: &Path) -> PathBuf {
        data.join(FOLDER)
    }

    /// Those of a data directory, to be read.
    pub(crate) fn of(data: &Path) -> Self {
        Self { disk: Disk::at(Self::folder(data)) }
    }

    /// Those of a data directory that has none yet, to be filled.
    ///
    /// # Errors
    /// If the folders cannot be made.
    pub(crate) fn make(data: &Path) -> io::Result<Self> {
        Disk::open(Self::folder(data)).map(|disk| Self { disk })
    }

    /// The pieces of a file. None if it is not there, or not any more, or is not what its name says.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(crate) fn open(&self, hash: FileHash) -> io::Result<Option<Vec<Open>>> {
        let open = |piece| open(piece, &self.path(hash, piece));
        // The record first: it is the first to go.
        let (record, bytes) = (open(Piece::Record)?, open(Piece::Bytes)?);
        let (Some(record), Some(bytes)) = (record, bytes) else { return Ok(None) };
        if disk::hash(&self.path(hash, Piece::Bytes)).ok() != Some(hash) {
            return Ok(None);
        }
        Ok(Some([Some(bytes), open(Piece::Thumbnail)?, Some(record)].into_iter().flatten().collect()))
    }

    /// Whether lines named any of them, as far as that was written down.
    ///
    /// # Errors
    /// If they cannot be listed; also if there are none at all ([`io::ErrorKind::NotFound`]).
    pub(crate) fn any_said(&self) -> io::Result<bool> {
        self.disk.any(|record: &Record| record.life.said.is_some())
    }

    /// Puts a piece in its place, and on the disk; of one file they come in their order. That bytes are what their name
    /// says is for the caller to look after.
    ///
    /// # Errors
    /// If it cannot be written or read, or is a record ([`io::ErrorKind::InvalidData`]) of something else.
    pub(crate) fn put(&self, hash: FileHash, piece: Piece, content: &mut dyn Read) -> io::Result<()> {
        let path = self.path(hash, piece);
        disk::make_folder(&self.disk.shelf(hash))?;
        if piece == Piece::Record {
            let mut text = Vec::new();
            content.take(LONGEST_RECORD).read_to_end(&mut text)?;
            let none = |error| io::Error::new(io::ErrorKind::InvalidData, error);
            let record: Record = serde_json::from_slice(&text).map_err(none)?;
            let there = fs::metadata(self.path(hash, Piece::Bytes)).map(|there| there.len());
            if there.ok() != Some(record.size) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a record that is not of its file"));
            }
            disk::write_record(&path, &record)?;
            return disk::sync_folder(&self.disk.shelf(hash));
        }
        let mut file = disk::create(&path)?;
        io::copy(content, &mut file)?;
        file.sync_all()
    }

    /// Brings to the disk which shelves there are: then all that was put survives a power cut.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn sync(&self) -> io::Result<()> {
        disk::sync_folder(self.disk.root())
    }

    fn path(&self, hash: FileHash, piece: Piece) -> PathBuf {
        match piece {
            Piece::Bytes => self.disk.file(hash),
            Piece::Thumbnail => self.disk.thumbnail(hash),
            Piece::Record => self.disk.record(hash),
        }
    }
}

fn open(piece: Piece, path: &Path) -> io::Result<Option<Open>> {
    match File::open(path) {
        Ok(content) => Ok(Some(Open { piece, size: content.metadata()?.len(), content })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::due::Life;
    use super::super::record::Kind;
    use super::*;

    const TEXT: &[u8] = b"what somebody sent";

    fn hash() -> FileHash {
        FileHash::new(sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix(TEXT)).into())
    }

    fn record(size: u64) -> Vec<u8> {
        serde_json::to_vec(&Record { size, kind: Kind::Other, picture: None, life: Life::default() }).unwrap()
    }

    #[test]
    fn a_file_is_read_as_it_was_put() {
        let data = tempfile::tempdir().unwrap();
        let shelves = Shelves::make(data.path()).unwrap();
        shelves.put(hash(), Piece::Bytes, &mut &*TEXT).unwrap();
        assert!(shelves.open(hash()).unwrap().is_none(), "without its record it is no file");
        shelves.put(hash(), Piece::Record, &mut &*record(TEXT.len() as u64)).unwrap();
        let pieces = Shelves::of(data.path()).open(hash()).unwrap().unwrap();
        assert!(pieces.iter().map(|open| open.piece).eq([Piece::Bytes, Piece::Record]));
        assert_eq!(pieces[0].size, TEXT.len() as u64);
    }

    #[test]
    fn a_file_that_is_not_what_its_name_says_is_none() {
        let data = tempfile::tempdir().unwrap();
        let shelves = Shelves::make(data.path()).unwrap();
        shelves.put(hash(), Piece::Bytes, &mut &b"something else!!!!"[..]).unwrap();
        shelves.put(hash(), Piece::Record, &mut &*record(18)).unwrap();
        assert!(shelves.open(hash()).unwrap().is_none());
    }

    #[test]
    fn a_record_of_something_else_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let shelves = Shelves::make(data.path()).unwrap();
        shelves.put(hash(), Piece::Bytes, &mut &*TEXT).unwrap();
        for record in [record(1), b"{}".to_vec(), b"\xff".to_vec(), b"{\"size\":3".to_vec(), Vec::new()] {
            let error = shelves.put(hash(), Piece::Record, &mut &*record).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }
}
