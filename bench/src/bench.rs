//! What all scenarios share: the binaries, folders on the real disk, files to open.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::hub::Hub;
use crate::options::Options;

/// Names the hub's binary; `cargo xtask bench` sets it.
const HUB: &str = "HUBBUB_HUB";

/// Names the binary of the client for a terminal; `cargo xtask bench` sets it.
const TERMINAL: &str = "HUBBUB_TERMINAL";

/// Sockets and files for two crowds of 8,000, and some to spare. For 1,000 rooms of 10 all there are are used.
const FILES: u64 = 16_100;

/// One run of the benches.
pub(crate) struct Bench {
    hub: PathBuf,
    terminal: PathBuf,
    folder: PathBuf,
    files: u64,
    pub(crate) quick: bool,
}

impl Bench {
    pub(crate) fn new(options: &Options) -> Result<Self> {
        let target = target_folder()?;
        let hub = match env::var_os(HUB) {
            Some(hub) => PathBuf::from(hub),
            None => target.join("release/hub"),
        };
        if !hub.is_file() {
            bail!("there is no hub at {}; `cargo xtask bench` builds it and starts the benches", hub.display());
        }
        let terminal = env::var_os(TERMINAL).map_or_else(|| target.join("release/hubbub"), PathBuf::from);
        // In the target folder, which is on a disk where /tmp may be in memory.
        let folder = target.join("bench");
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let files = rlimit::increase_nofile_limit(u64::MAX).context("raising the limit on open files")?;
        ensure!(
            files >= FILES,
            "this process may open {files} files and needs {FILES}; raise the limit with `ulimit -Hn`"
        );
        Ok(Self { hub, terminal, folder, files, quick: options.quick })
    }

    /// Where results go.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The hub that is measured.
    pub(crate) fn hub(&self) -> &Path {
        &self.hub
    }

    /// The client for a terminal that is measured.
    ///
    /// # Errors
    /// If it is not there.
    pub(crate) fn terminal(&self) -> Result<&Path> {
        let terminal = &self.terminal;
        ensure!(
            terminal.is_file(),
            "there is no client for terminals at {}; `cargo xtask bench` builds it",
            terminal.display()
        );
        Ok(terminal)
    }

    /// How often something is done, or how large it is: the second with `--quick`.
    pub(crate) fn pick<T>(&self, whole: T, quick: T) -> T {
        if self.quick { quick } else { whole }
    }

    /// An empty data directory.
    pub(crate) fn data(&self) -> Result<TempDir> {
        let made = tempfile::Builder::new().prefix("data-").tempdir_in(&self.folder);
        made.with_context(|| format!("making a data directory in {}", self.folder.display()))
    }

    /// Starts a hub on a data directory.
    pub(crate) fn start(&self, data: &Path) -> Result<Hub> {
        Hub::start(&self.hub, data, &self.hub_log(), 0)
    }

    /// The file for what hubs log.
    pub(crate) fn hub_log(&self) -> PathBuf {
        self.folder.join("hub.log")
    }

    /// How many files and sockets this process may open.
    pub(crate) fn files(&self) -> usize {
        usize::try_from(self.files).unwrap_or(usize::MAX)
    }
}

/// Cargo's target folder: this program lies in `target/release/`.
fn target_folder() -> Result<PathBuf> {
    let program = env::current_exe().context("finding this program")?;
    let target = program.parent().and_then(Path::parent);
    target.map(Path::to_owned).with_context(|| format!("{} is in no target folder", program.display()))
}
