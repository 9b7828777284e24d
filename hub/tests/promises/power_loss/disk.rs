//! A disk that keeps what was synced, and nothing else, when the power fails.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::HubProcess;

/// The library that keeps the image; it says what the image holds.
const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/promises/power_loss/durable.c");

pub(crate) struct Disk {
    folder: TempDir,
    /// How often the power has failed.
    failures: u32,
    /// How many syncs of the write-ahead log it heeds in the life of one hub; an honest disk heeds all.
    heeds: Option<u32>,
}

impl Disk {
    pub(crate) fn honest() -> Self {
        Self::new(None)
    }

    /// One that, after so many commits, says that it has synced and has not: as if the hub did not ask for it.
    pub(crate) fn that_lies_after(commits: u32) -> Self {
        Self::new(Some(commits))
    }

    fn new(heeds: Option<u32>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let disk = Self { folder, failures: 0, heeds };
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", LIBRARY, "-ldl", "-o"])
            .arg(disk.library())
            .status()
            .expect("a C compiler, as the README asks for");
        assert!(made.success(), "{LIBRARY} cannot be compiled");
        fs::create_dir(disk.data()).unwrap();
        disk
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("durable.so")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join(format!("data-{}", self.failures))
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join(format!("image-{}", self.failures))
    }

    /// A hub on this disk; one at a time.
    pub(crate) async fn starts_hub(&self) -> HubProcess {
        let (data, image, library) = (self.data(), self.image(), self.library());
        _ = fs::remove_dir_all(&image); // of the hub before, if that ended with the power on
        fs::create_dir(&image).unwrap();
        let heeds = self.heeds.map(|syncs| syncs.to_string());
        let mut environment = vec![
            ("LD_PRELOAD", library.as_os_str()),
            ("DURABLE_DATA", data.as_os_str()),
            ("DURABLE_IMAGE", image.as_os_str()),
        ];
        environment.extend(heeds.iter().map(|syncs| ("DURABLE_WAL_SYNCS", OsStr::new(syncs))));
        HubProcess::start_in(&data, &[], &environment).await
    }

    /// The power fails under a hub that has just been killed: all that was not synced is lost. Returns the
    /// size of the log's main file, in bytes.
    pub(crate) fn loses_power(&mut self) -> u64 {
        let image = self.image();
        self.failures += 1;
        let data = self.data();
        fs::create_dir(&data).unwrap();
        let names = fs::read_to_string(image.join("names")).expect("an image of what is sure");
        for line in names.lines() {
            let (content, name) = line.split_once(' ').expect("a content and its name");
            put(&image.join(content), &data.join(name));
        }
        fs::metadata(data.join("hubbub.db")).expect("the log is there").len()
    }
}

/// A file of which the name is sure and no content ever was is there and empty.
fn put(content: &Path, file: &Path) {
    if content.exists() {
        fs::copy(content, file).unwrap();
    } else {
        fs::write(file, []).unwrap();
    }
}
