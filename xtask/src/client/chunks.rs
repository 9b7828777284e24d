//! The client in chunks: cut before wasm-bindgen sees it, and put together after Trunk.
//!
//! What cuts has to work on what rustc's linker has made, with its relocations; Trunk passes that straight on to
//! `wasm-bindgen`. So Trunk finds xtask itself under that name, which cuts, and has the real one do the rest with
//! the chunk that every visit loads. The others are left beside it, in [`CUT`].

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::steps::{Failure, Outcome, root};
use crate::tools::ClientTools;

use super::Files;

/// Where the chunks are, relative to the top of the checkout.
pub(super) const CUT: &str = "target/client-chunks";

/// The script that loads them, as `wasm-split-cli` writes it.
pub(super) const LOADER: &str = "__wasm_split.js";

const WASM_BINDGEN: &str = "wasm-bindgen";

/// As the page has it in its `data-wasm-opt-params`, and what Rust's wasm may use: chunks do not say it of themselves.
const OPTIMISED: &str = "--enable-bulk-memory --enable-bulk-memory-opt --enable-call-indirect-overlong \
                         --enable-multivalue --enable-mutable-globals --enable-nontrapping-float-to-int \
                         --enable-reference-types --enable-sign-ext \
                         --low-memory-unused --flatten --rereloop -Oz -Oz --strip-debug";

/// Where xtask lies under the name of wasm-bindgen, relative to the top of the checkout.
const STAND_IN: &str = "target/tools/chunks";

/// Puts this program where Trunk takes it for wasm-bindgen; the folder.
///
/// # Errors
/// If it cannot be copied.
pub(super) fn stand_in() -> Outcome<&'static str> {
    let folder = root().join(STAND_IN);
    let copied = || {
        fs::create_dir_all(&folder)?;
        fs::copy(env::current_exe()?, folder.join(format!("{WASM_BINDGEN}{}", env::consts::EXE_SUFFIX)))
    };
    match copied() {
        Ok(_) => Ok(STAND_IN),
        Err(error) => Err(Failure::new(format!("could not put xtask into {}: {error}", folder.display()))),
    }
}

/// Whether this program was started under wasm-bindgen's name.
pub(crate) fn stands_in() -> bool {
    let name = env::args_os().next().map(PathBuf::from);
    name.as_deref().and_then(Path::file_stem).is_some_and(|name| name == WASM_BINDGEN)
}

/// Does wasm-bindgen's work, on the first chunk of what it was given.
pub(crate) fn run_in_its_place() -> ExitCode {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    match in_its_place(&args) {
        Ok(code) => code,
        Err(why) => {
            eprintln!("error: cutting the client into chunks: {why}");
            ExitCode::FAILURE
        }
    }
}

fn in_its_place(args: &[OsString]) -> Result<ExitCode, String> {
    let tools = root().join("target/tools/bin");
    let tool = |name: &str| tools.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    let mut passed_on = args.to_vec();
    if let Some(wasm) = passed_on.iter_mut().find(|arg| Path::new(arg).extension().is_some_and(|end| end == "wasm")) {
        let name = name(args).ok_or("wasm-bindgen was not told a name for what it writes")?;
        let cut = root().join(CUT);
        // What another client was cut into.
        if cut.exists() {
            fs::remove_dir_all(&cut).map_err(|error| format!("{}: {error}", cut.display()))?;
        }
        let mut cutting = Command::new(tool("wasm-split-cli"));
        cutting.args(["--target", "web", "--out-name", &name]).arg(&*wasm).arg(&cut);
        run(&mut cutting)?;
        *wasm = cut.join(format!("{name}.wasm")).into();
        // Among them the table of functions, by which chunks call each other.
        passed_on.push("--keep-lld-exports".into());
    }
    run(Command::new(tool(WASM_BINDGEN)).args(&passed_on)).map(|()| ExitCode::SUCCESS)
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// What wasm-bindgen was told to call what it writes.
fn name(args: &[OsString]) -> Option<String> {
    let mut args = args.iter().filter_map(|arg| arg.to_str());
    let arg = args.find(|arg| *arg == "--out-name" || arg.starts_with("--out-name="))?;
    let told = match arg.split_once('=') {
        Some((_, name)) => name,
        None => args.next()?,
    };
    Some(told.to_owned())
}

/// The script that loads the chunks that only some visits want, and those chunks, optimised.
///
/// # Errors
/// If they are not there, or wasm-opt cannot do it.
pub(super) fn others(tools: &ClientTools) -> Outcome<Files> {
    let mut files = super::read(CUT)?;
    // The first has gone through wasm-bindgen and Trunk.
    files.retain(|name, _| name == LOADER || is_chunk(name));
    for name in files.keys().filter(|name| is_chunk(name)) {
        let path = root().join(CUT).join(name);
        tools.wasm_opt().words(OPTIMISED).arg(&path).arg("-o").arg(&path).run(&format!("optimising {name}"))?;
    }
    for (name, content) in &mut files {
        let path = root().join(CUT).join(name);
        *content =
            fs::read(&path).map_err(|error| Failure::new(format!("could not read {}: {error}", path.display())))?;
    }
    Ok(files)
}

/// As wasm-split-cli names what only some visits want: `split_more.wasm`, or `chunk_3.wasm` for what two of them share.
pub(super) fn is_chunk(name: &str) -> bool {
    (name.starts_with("split_") || name.starts_with("chunk_")) && name.ends_with(".wasm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_read_as_wasm_bindgen_reads_it() {
        let name_of = |line: &str| name(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(name_of("--target=web --out-name=web in.wasm").as_deref(), Some("web"));
        assert_eq!(name_of("--out-name web in.wasm").as_deref(), Some("web"));
        assert_eq!(name_of("--version"), None);
    }
}
