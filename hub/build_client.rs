//! Makes the browser client where a release of the hub would be without one, or get an older one than its sources:
//! `cargo install --path hub` from a fresh clone gives a whole hub.

use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime};

/// Leaves `dist/` as it is, when set to [`AS_IT_IS`].
const CHOICE: &str = "HUBBUB_CLIENT";
const AS_IT_IS: &str = "none";

/// As old as the sources of the optimised client that stands in `dist/`; xtask puts it there. From the root of the
/// workspace.
const MADE: &str = "target/client.made";

/// What the client is made of and by, from the root of the workspace.
const SOURCES: [&str; 14] = [
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "engine",
    "index.html",
    "programs",
    "shared/Cargo.toml",
    "shared/src",
    "web",
    "worker",
    "xtask/src/client",
    "xtask/src/client.rs",
    "xtask/src/versions.rs",
];

/// A folder of its own for xtask: whoever compiles the hub holds a lock on theirs.
const TARGET: &str = "target/client-for-hub";

/// What Cargo tells build scripts, and what is meant for the hub alone: the client would be built for the hub's machine,
/// with its flags.
const THE_HUBS: [&str; 20] = [
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_MAKEFLAGS",
    "CLIPPY_ARGS",
    "DEBUG",
    "HOST",
    "MAKEFLAGS",
    "MFLAGS",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC",
    "RUSTC_LINKER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
    "TARGET",
];

/// Sees to it that `dist/` holds the client as its sources have it, where that is wanted.
///
/// # Errors
/// What a person is told whose hub would be without it.
pub(crate) fn ensure(root: &Path) -> Result<(), String> {
    // Who tests the hub has other things to wait for.
    if env::var_os("PROFILE").is_none_or(|profile| profile != "release") {
        return Ok(());
    }
    println!("cargo::rerun-if-env-changed={CHOICE}");
    match env::var(CHOICE) {
        Ok(choice) if choice == AS_IT_IS => return Ok(()),
        Ok(choice) if !choice.is_empty() => {
            return Err(format!("{CHOICE} may be `{AS_IT_IS}` or not set, and is {choice:?}"));
        }
        _ => {}
    }
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    if is_fresh(root).unwrap_or(false) {
        return Ok(());
    }
    let started = Instant::now();
    build(root).map_err(|why| {
        format!(
            "the browser client could not be built ({why}; what it said is below). Mend that, or leave the client out \
             with {CHOICE}={AS_IT_IS}"
        )
    })?;
    // Cargo shows it when the script has ended.
    println!(
        "cargo::warning=the browser client was built too, from its sources and, the first time, with its tools: that \
         took {} s. {CHOICE}={AS_IT_IS} leaves it out",
        started.elapsed().as_secs()
    );
    Ok(())
}

/// Whether the client is there, optimised, and no younger source.
fn is_fresh(root: &Path) -> io::Result<bool> {
    let page = root.join(super::DIST).join(super::INDEX);
    let made = fs::metadata(root.join(MADE))?.modified()?;
    let youngest = SOURCES.iter().map(|source| youngest(&root.join(source))).collect::<io::Result<Vec<_>>>()?;
    Ok(page.is_file() && youngest.iter().all(|source| *source <= made))
}

/// When the file was last changed, or the last of those below a folder.
fn youngest(path: &Path) -> io::Result<SystemTime> {
    let mut found = fs::metadata(path)?.modified()?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            found = found.max(youngest(&entry?.path())?);
        }
    }
    Ok(found)
}

/// Has xtask build it, with what the person who builds the hub has set, and nothing that is meant for the hub.
fn build(root: &Path) -> Result<(), String> {
    let mut xtask = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        let told = ["CARGO_CFG_", "CARGO_FEATURE_", "CARGO_MANIFEST_", "CARGO_PKG_", "DEP_"];
        if THE_HUBS.contains(&name) || told.iter().any(|begin| name.starts_with(begin)) {
            xtask.env_remove(name);
        }
    }
    xtask.current_dir(root).args(["run", "--quiet", "--package", "xtask", "--target-dir", TARGET, "--", "client"]);
    // Standard output is where Cargo reads what build scripts tell it.
    let status = xtask.stdin(Stdio::null()).stdout(io::stderr()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`cargo xtask client` ended with {status}")),
        Err(error) => Err(format!("`cargo xtask client` did not start: {error}")),
    }
}
