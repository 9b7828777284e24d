//! The file that keeps the hub's cookie from one start to the next.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::secret;

/// The file's name in the data directory.
const NAME: &str = "cookie";

/// A cookie somebody chose, in bytes: it stands in a link, and a link should fit in a chat line.
pub const LONGEST: usize = 256;

/// Why there is no cookie to ask for.
#[derive(Debug, thiserror::Error)]
pub enum CookieError {
    #[error("the cookie file {} cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the cookie file {} cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error(
        "the cookie file {path} may be read by others (mode {mode:03o}). Change that with `chmod 600 {path}`, \
         or delete the file and the hub makes a new cookie",
        path = path.display()
    )]
    ReadByOthers { path: PathBuf, mode: u32 },
    #[error("the cookie file {} holds no cookie: {reason}; delete it and the hub makes a new one", path.display())]
    Unusable { path: PathBuf, reason: NotACookie },
}

/// Why a text is no cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotACookie {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    #[error("it is not plain text on one line, without spaces at its ends")]
    NotOneLine,
}

/// The text as a cookie: one line that can be read out, typed and copied.
///
/// # Errors
/// If it is empty, too long, or has control characters or blank ends.
pub fn checked(cookie: &str) -> Result<String, NotACookie> {
    if cookie.is_empty() {
        Err(NotACookie::Empty)
    } else if cookie.len() > LONGEST {
        Err(NotACookie::TooLong)
    } else if cookie.chars().any(char::is_control) || cookie.trim() != cookie {
        Err(NotACookie::NotOneLine)
    } else {
        Ok(cookie.to_owned())
    }
}

/// The cookie kept in this data directory, made now if there is none yet. The caller holds the
/// directory's lock: nobody else makes one meanwhile.
///
/// # Errors
/// If the file cannot be read or written, may be read by others, or holds no cookie.
pub fn read_or_make(data: &Path) -> Result<String, CookieError> {
    match kept(data)? {
        Some(cookie) => Ok(cookie),
        None => {
            let cookie = secret::fresh();
            put(data, &cookie)?;
            Ok(cookie)
        }
    }
}

/// Where the cookie of this data directory is kept, if it is.
pub(crate) fn place(data: &Path) -> PathBuf {
    data.join(NAME)
}

/// The cookie kept in this data directory, if there is one.
///
/// # Errors
/// If the file cannot be read, may be read by others, or holds no cookie.
pub(crate) fn kept(data: &Path) -> Result<Option<String>, CookieError> {
    let path = place(data);
    match File::open(&path) {
        Ok(file) => read(&file, path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CookieError::Read { path, source }),
    }
}

/// Keeps a cookie in this data directory, which the caller holds.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn put(data: &Path, cookie: &str) -> Result<(), CookieError> {
    let path = place(data);
    write(&path, cookie).map_err(|source| CookieError::Write { path, source })
}

fn read(file: &File, path: PathBuf) -> Result<String, CookieError> {
    let mut text = String::new();
    let read = others_may_read(file).and_then(|others| {
        // One byte more than fits tells a file that is too long; a line's end is not counted.
        let read = file.take(LONGEST as u64 + 3).read_to_string(&mut text);
        read.map(|_| others)
    });
    match read {
        Ok(Some(mode)) => Err(CookieError::ReadByOthers { path, mode }),
        Ok(None) => checked(text.trim_ascii_end()).map_err(|reason| CookieError::Unusable { path, reason }),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(CookieError::Unusable { path, reason: NotACookie::NotOneLine })
        }
        Err(source) => Err(CookieError::Read { path, source }),
    }
}

/// The file's mode, where it lets its group or anyone read or change it.
#[cfg(unix)]
fn others_may_read(file: &File) -> io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt;

    let mode = file.metadata()?.permissions().mode() & 0o777;
    Ok((mode & 0o077 != 0).then_some(mode))
}

/// Elsewhere the data directory's own protection has to do.
#[cfg(not(unix))]
fn others_may_read(_: &File) -> io::Result<Option<u32>> {
    Ok(None)
}

/// Writes it whole or not at all: a start cut short leaves no empty cookie behind.
fn write(path: &Path, cookie: &str) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = create_private(&unfinished)?;
    file.write_all(format!("{cookie}\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    sync_parent(path)
}

/// Makes the new name survive a power cut: links that were handed out depend on it.
fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) if cfg!(unix) => File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

/// Creates a file that nobody else may read, at no moment.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_made_once_and_kept() {
        let data = tempfile::tempdir().unwrap();
        let made = read_or_make(data.path()).unwrap();
        assert_eq!(checked(&made), Ok(made.clone()));
        assert_eq!(read_or_make(data.path()).unwrap(), made);

        let files: Vec<_> = fs::read_dir(data.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, [NAME], "nothing else is left behind");
    }

    #[test]
    fn a_start_cut_short_does_not_hinder_the_next() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("cookie.new"), "").unwrap();
        let made = read_or_make(data.path()).unwrap();
        assert_eq!(read_or_make(data.path()).unwrap(), made);
    }

    #[cfg(unix)]
    mod on_unix {
        use std::os::unix::fs::PermissionsExt;

        use super::*;

        fn with_file(content: &[u8], mode: u32) -> (tempfile::TempDir, Result<String, CookieError>) {
            let data = tempfile::tempdir().unwrap();
            let path = data.path().join(NAME);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let read = read_or_make(data.path());
            (data, read)
        }

        #[test]
        fn only_its_owner_may_read_a_new_cookie() {
            let data = tempfile::tempdir().unwrap();
            read_or_make(data.path()).unwrap();
            let mode = fs::metadata(data.path().join(NAME)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }

        #[test]
        fn a_cookie_that_somebody_wrote_is_taken_as_it_is() {
            for (content, cookie) in [("sesame", "sesame"), ("open sesame\n", "open sesame"), ("sésame\r\n", "sésame")]
            {
                for mode in [0o600, 0o400] {
                    assert_eq!(with_file(content.as_bytes(), mode).1.unwrap(), cookie);
                }
            }
        }

        #[test]
        fn a_cookie_that_others_may_read_is_refused_with_what_to_do() {
            for mode in [0o644, 0o640, 0o604, 0o660] {
                let error = with_file(b"sesame\n", mode).1.unwrap_err();
                assert!(matches!(error, CookieError::ReadByOthers { mode: found, .. } if found == mode));
                assert!(error.to_string().contains("chmod 600"), "{error}");
                assert!(!error.to_string().contains("sesame"), "{error}");
            }
        }

        #[test]
        fn a_file_that_holds_no_cookie_is_refused() {
            let long = "x".repeat(LONGEST + 1);
            for (content, reason) in [
                (&b""[..], NotACookie::Empty),
                (b"\n", NotACookie::Empty),
                (b"two\nlines\n", NotACookie::NotOneLine),
                (b"\xff\xfe\n", NotACookie::NotOneLine),
                (long.as_bytes(), NotACookie::TooLong),
            ] {
                let error = with_file(content, 0o600).1.unwrap_err();
                assert!(matches!(error, CookieError::Unusable { reason: found, .. } if found == reason), "{error}");
            }
        }
    }
}
