//! Fetching the tools that build the browser client and one that tests it, each in one version, into `target/tools`.
//!
//! A tool that is there in the right version is not fetched again, and one whose fetching was cut off is
//! fetched anew: what counts is what the tool itself answers to `--version`.

use std::env;
use std::ffi::OsString;
use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};

use crate::apt;
use crate::steps::{Failure, Outcome, Step, root, target_dir};
use crate::turn::Turn;
use crate::versions::{self, AXE, BINARYEN, TRUNK, WASM_SPLIT, major, reported};

/// Rust's name for the browser.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

// Relative to the top of the checkout, as the commands shown for typing have them.
const TOOLS: &str = "target/tools";
const NPM: &str = "target/tools/npm";
/// In a folder of its own: npm takes out of one what it is not told to install.
const AXE_FOLDER: &str = "target/tools/axe";
/// Where the tools are compiled; a gigabyte that is of no use afterwards.
const SCRATCH: &str = "target/tools/build";

/// The tools, all there and in the right versions.
pub(crate) struct ClientTools {
    wasm_bindgen: String,
}

impl ClientTools {
    /// Trunk, with the other tools where it looks for them: first in `before`, a folder below the top of the checkout.
    pub(crate) fn trunk(&self, before: Option<&str>) -> Step {
        let before: Vec<String> = before.map(str::to_owned).into_iter().collect();
        let typed = before.iter().map(|folder| format!("$PWD/{folder}:")).collect::<String>();
        let typed = format!(r#""{typed}$PWD/target/tools/npm/node_modules/.bin:$PWD/target/tools/bin:$PATH""#);
        let step = Step::new(tool("trunk"))
            .env_shown("PATH", path(before.iter().map(|folder| root().join(folder))), &typed)
            // Trunk would read it as its own setting, and stay silent about its steps.
            .env_remove("RUST_LOG");
        // Trunk takes nothing but `true` or `false` for what by convention may hold anything.
        match env::var_os("NO_COLOR") {
            Some(value) if !value.is_empty() => step.env("NO_COLOR", "true"),
            _ => step.env_remove("NO_COLOR"),
        }
    }
}

impl ClientTools {
    pub(crate) fn wasm_opt(&self) -> Step {
        Step::new(wasm_opt_folder().join("wasm-opt"))
    }

    pub(crate) fn wasm_bindgen(&self) -> Step {
        Step::new(tool("wasm-bindgen"))
    }
}

impl Display for ClientTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "trunk         {TRUNK}")?;
        writeln!(f, "wasm-bindgen  {}", self.wasm_bindgen)?;
        writeln!(f, "wasm-split    {WASM_SPLIT}")?;
        write!(f, "wasm-opt      {}", major(BINARYEN))
    }
}

/// rustfmt and clippy, which rustup's minimal profile leaves out, and the wasm target.
pub(crate) fn rust_components() -> Outcome {
    let _turn = Turn::take("tools")?;
    for (component, command) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        let there = Step::cargo().arg(command).arg("--version").answer();
        if there.is_none() {
            Step::new("rustup").words("component add").arg(component).run(&format!("fetching {component}"))?;
        }
    }
    wasm_target()
}

/// All that the browser client is built with.
///
/// # Errors
/// The first that could not be had, with the command to type.
pub(crate) fn ensure() -> Outcome<ClientTools> {
    let _turn = Turn::take("tools")?;
    // Those that take seconds come first: if one cannot be had, that is said before minutes of compiling.
    wasm_target()?;
    wasm_opt()?;
    let wasm_bindgen = wasm_bindgen()?;
    wasm_split()?;
    trunk()?;
    // Kept until now, so that a run cut off half-way goes on where it stopped.
    remove(Path::new(SCRATCH))?;
    Ok(ClientTools { wasm_bindgen })
}

fn wasm_target() -> Outcome {
    let library = Step::new("rustc").words("--print target-libdir --target").arg(WASM).answer();
    if library.is_some_and(|folder| Path::new(folder.trim()).is_dir()) {
        return Ok(());
    }
    Step::new("rustup").words("target add").arg(WASM).run(&format!("fetching Rust's {WASM} target"))
}

/// The source of the standard library, which a release of the client builds for itself.
pub(crate) fn rust_source() -> Outcome {
    let library = Step::new("rustc").words("--print sysroot").answer();
    let library = library.map(|sysroot| Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.lock"));
    if library.is_some_and(|lock_file| lock_file.is_file()) {
        return Ok(());
    }
    Step::new("rustup").words("component add rust-src").run("fetching the source of Rust's standard library")
}

fn trunk() -> Outcome {
    if version_of(&tool("trunk")).as_deref() == Some(TRUNK) {
        return Ok(());
    }
    // Without its default features it has no TLS and no look for a newer Trunk. Both serve what we do not
    // want: everything it could fetch is fetched here.
    cargo_install("trunk", TRUNK, "--locked --no-default-features", "about four minutes")?;
    check("trunk", &tool("trunk"), TRUNK)
}

fn wasm_bindgen() -> Outcome<String> {
    let lock_file = root().join("Cargo.lock");
    let locked = fs::read_to_string(&lock_file)
        .ok()
        .and_then(|lock_file| versions::locked(&lock_file, "wasm-bindgen").map(str::to_owned))
        .ok_or_else(|| {
            Failure::new(
                "Cargo.lock does not name one version of wasm-bindgen; by hand: cargo tree --duplicates --target all",
            )
        })?;
    if version_of(&tool("wasm-bindgen")).as_deref() != Some(&locked) {
        // Not --locked: its lock file can name a version that the registry does not have (yet).
        cargo_install("wasm-bindgen-cli", &locked, "", "about two minutes")?;
        check("wasm-bindgen", &tool("wasm-bindgen"), &locked)?;
    }
    Ok(locked)
}

/// It says no version; Cargo's own list of what it has installed does.
fn wasm_split() -> Outcome {
    const PACKAGE: &str = "wasm_split_cli_support";
    let list = target_dir().join("tools/.crates.toml");
    let installed = || {
        let listed = fs::read_to_string(&list).is_ok_and(|list| list.contains(&format!("\"{PACKAGE} {WASM_SPLIT} ")));
        listed && Step::new(tool("wasm-split-cli")).arg("--help").answer().is_some()
    };
    if installed() {
        return Ok(());
    }
    cargo_install(PACKAGE, WASM_SPLIT, "--locked --features build-binary", "about a minute")?;
    if installed() {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "wasm-split-cli {WASM_SPLIT} was fetched, but does not run or is not in {}",
            list.display()
        )))
    }
}

fn wasm_opt() -> Outcome {
    let wasm_opt = wasm_opt_folder().join("wasm-opt");
    node(|| wasm_opt_folder().is_dir())?;
    if version_of(&wasm_opt).is_some_and(|version| version == major(BINARYEN)) {
        return Ok(());
    }
    npm_install(NPM, &format!("binaryen@{BINARYEN}"), &format!("wasm-opt (binaryen {BINARYEN})"))?;
    check("wasm-opt", &wasm_opt, major(BINARYEN))
}

/// axe-core, which the browser tests put into a page; its file.
///
/// # Errors
/// If it could not be had: a line with the command to type.
pub(crate) fn axe() -> Outcome<PathBuf> {
    let _turn = Turn::take("tools")?;
    let axe = target_dir().join("tools/axe/node_modules/axe-core/axe.min.js");
    // It is no program: what counts is that all of it can be read, and says the right version.
    let says = || Step::new("node").words("--print require(process.argv[1]).version").arg(&axe).answer();
    let is_there = || says().is_some_and(|version| version.trim() == AXE);
    node(is_there)?;
    if is_there() {
        return Ok(axe);
    }
    npm_install(AXE_FOLDER, &format!("axe-core@{AXE}"), &format!("axe-core {AXE}"))?;
    if is_there() {
        Ok(axe)
    } else {
        Err(Failure::new(format!("axe-core {AXE} was fetched, but is not at {}", axe.display())))
    }
}

/// Puts an npm package into a folder, and nothing else.
fn npm_install(folder: &str, package: &str, what: &str) -> Outcome {
    remove(Path::new(folder))?;
    Step::new("npm")
        .words("install --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --prefix")
        .arg(folder)
        .arg(package)
        .run(&format!("fetching {what}"))
}

/// Node.js runs wasm-opt and axe-core, and its npm fetches them, where that is not done.
fn node(fetched: impl Fn() -> bool) -> Outcome {
    const OTHERWISE: &str = "install it and put it on PATH";

    let there = || {
        let runs = |program| Step::new(program).arg("--version").answer().is_some();
        runs("node") && (runs("npm") || fetched())
    };
    if there() {
        return Ok(());
    }
    let what = "Node.js with npm (for wasm-opt and axe-core)";
    apt::install(what, "nodejs npm", OTHERWISE)?;
    if there() {
        return Ok(());
    }
    Err(Failure::new(format!("{what} is still missing; {OTHERWISE}")))
}

fn cargo_install(package: &str, version: &str, flags: &str, duration: &str) -> Outcome {
    Step::cargo()
        .words("install --force")
        .arg(package)
        .arg("--version")
        .arg(version)
        .words(flags)
        .words("--root")
        .arg(TOOLS)
        .arg("--target-dir")
        .arg(SCRATCH)
        // Else it advises to put the folder there.
        .env("PATH", path([]))
        // Built once and run for seconds: how long it takes to compile is what counts. Trunk's own
        // profile takes half as long again.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .run(&format!("compiling {package} {version} ({duration}, once)"))
}

/// That what was just fetched runs, and is what was asked for.
fn check(name: &str, program: &Path, wanted: &str) -> Outcome {
    match version_of(program) {
        Some(version) if version == wanted => Ok(()),
        found => {
            let program = program.display();
            let found = found.unwrap_or_else(|| "nothing".to_owned());
            Err(Failure::new(format!("{name} {wanted} was fetched, but `{program} --version` answers {found}")))
        }
    }
}

fn version_of(program: &Path) -> Option<String> {
    let answer = Step::new(program).arg("--version").answer()?;
    reported(&answer).map(str::to_owned)
}

/// PATH with our tools first: Trunk takes the first wasm-opt it finds.
fn path(before: impl IntoIterator<Item = PathBuf>) -> OsString {
    let ours = [wasm_opt_folder(), tool_folder()];
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = before.into_iter().chain(ours).chain(env::split_paths(&path));
    // Only a checkout whose own path holds the separator cannot be joined; nothing is found there then.
    env::join_paths(folders).unwrap_or(path)
}

fn tool_folder() -> PathBuf {
    target_dir().join("tools/bin")
}

fn tool(name: &str) -> PathBuf {
    tool_folder().join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

fn wasm_opt_folder() -> PathBuf {
    target_dir().join("tools/npm/node_modules/.bin")
}

fn remove(folder: &Path) -> Outcome {
    let folder = root().join(folder);
    if !folder.exists() {
        return Ok(());
    }
    fs::remove_dir_all(&folder).map_err(|error| {
        let folder = folder.display();
        Failure::new(format!("could not remove {folder}: {error}"))
    })
}
