//! The browser client: Trunk builds it, and `dist/` holds it whole for the hub to embed.

pub(crate) mod chunks;
mod engine;
mod page;
mod shell;
mod slim;
mod wasm;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use crate::arguments::Profile;
use crate::steps::{Failure, Outcome, Step, quoted, root, say};
use crate::tools;
use crate::turn::Turn;

// Relative to the top of the checkout.
const DIST: &str = "dist";
const PAGE: &str = "index.html";
const FRESH: &str = "target/client";
/// `trunk serve` adds a script to the page that reloads it; that must never get into `dist/`.
const SERVED: &str = "target/client-served";

/// As old as the sources of the optimised client that stands in `dist/`; the hub's build script looks at it.
const MADE: &str = "target/client.made";

/// Cargo's profile for a client that every visitor downloads. It must not strip symbols as the hub's does:
/// with them goes the section from which wasm-opt learns what the wasm may use, and it then refuses the file.
const PROFILE: &str = "wasm-release";

/// Compiler flags for the client alone.
const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// The flag by which the linker leaves in the wasm what it is cut by.
const RELOCATIONS: &str = "-Clink-args=--emit-relocs";

/// By these a panic ends the client at once, without words: no page shows them, and what writes them is a tenth of the
/// download. The compiler has them for its own nightly builds alone, and only a standard library that is built with
/// them can be without the words, hence [`FOR_SMALLEST`].
const WORDLESS: &str = "-Zunstable-options -Cpanic=immediate-abort";

/// Settings for Cargo and rustc by which the standard library is built along with the client, and as small as it can be.
const FOR_SMALLEST: [(&str, &str); 3] = [
    ("RUSTC_BOOTSTRAP", "1"),
    ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
    ("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size"),
];

/// File names, relative to the folder, with `/` between their parts, and what the files hold.
type Files = BTreeMap<String, Vec<u8>>;

/// Builds the client into `dist/`. Where nothing came out different, `dist/` is left untouched, so that the
/// hub is not built again either.
pub(crate) fn build(profile: Profile) -> Outcome {
    let tools = tools::ensure()?;
    let _turn = Turn::take("client")?;
    fetch_crates()?;
    // What is edited from now on is not surely in it.
    let begun = SystemTime::now();

    // Cargo takes the caller's flags in the place of ours, not beside them.
    let build = |trunk: Step| {
        let trunk = trunk.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        trunk.words("build --offline --dist").arg(FRESH)
    };
    match profile {
        // What every visitor downloads: small, and in chunks.
        Profile::Release => {
            tools::rust_source()?;
            let fetch = Step::cargo().words("fetch --target").arg(tools::WASM);
            for_smallest(fetch).run("fetching the crates of the standard library")?;
            let flags = [&remapped_paths(), RELOCATIONS, WORDLESS].join(" ");
            for_smallest(build(tools.trunk(Some(chunks::stand_in()?))))
                .words("--release --features chunks --cargo-profile")
                .arg(PROFILE)
                .env(FLAGS, flags)
                .run("building the browser client (release)")?;
        }
        Profile::Dev => {
            build(tools.trunk(None)).env(FLAGS, remapped_paths()).run("building the browser client (unoptimised)")?;
        }
    }

    let fresh = read(FRESH)?;
    let missing = missing(&fresh);
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(Failure::new(format!("the browser client came out incomplete: {FRESH} lacks {missing}")));
    }
    let not_as_known = |why| Failure::new(format!("the browser client is not as it is known: in {FRESH} {why}"));
    let mut fresh = match profile {
        Profile::Release => slim::slim(fresh, chunks::others(&tools)?).map_err(not_as_known)?,
        Profile::Dev => fresh,
    };
    fresh.extend(engine::build(&tools, profile)?);
    let fresh = shell::complete(fresh).map_err(not_as_known)?;
    if read(DIST).is_ok_and(|standing| standing == fresh) {
        return made(begun, profile);
    }
    write(FRESH, &fresh)?;
    replace(DIST, FRESH)?;
    made(begun, profile)
}

/// Leaves word that `dist/` holds the client as its sources were then; none of one that nobody should be given.
fn made(when: SystemTime, profile: Profile) -> Outcome {
    let path = root().join(MADE);
    let left = match profile {
        Profile::Release => File::create(path).and_then(|file| file.set_modified(when)),
        Profile::Dev => match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
    };
    left.map_err(|error| Failure::new(format!("could not leave word of the client at {MADE}: {error}")))
}

fn for_smallest(step: Step) -> Step {
    FOR_SMALLEST.into_iter().fold(step, |step, (name, value)| step.env_shown(name, value, &quoted(value)))
}

/// The flags that cut the checkout and Cargo's home off the source paths: panics would tell every visitor where on whose
/// machine the client was built.
fn remapped_paths() -> String {
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let folders = cargo_home.into_iter().chain([root()]);
    // A folder with a space in its name cannot be told to Cargo this way, and stays as it is.
    let flags =
        folders.map(|folder| folder.display().to_string()).filter(|folder| !folder.contains(char::is_whitespace));
    flags.map(|folder| format!("--remap-path-prefix={folder}=.")).collect::<Vec<_>>().join(" ")
}

/// Runs `trunk serve` until it is stopped.
pub(crate) fn serve(flags: &[OsString]) -> Outcome<ExitCode> {
    let tools = tools::ensure()?;
    fetch_crates()?;
    say("the hub beside it: cargo run -p hub -- --listen 127.0.0.1:4000 --open --ephemeral \
         --allow-host 127.0.0.1:8080");
    tools
        .trunk(None)
        .words("serve --offline --dist")
        .arg(SERVED)
        .args(flags)
        .become_it("serving the browser client on http://127.0.0.1:8080/")
}

/// Trunk runs offline, so that it never fetches a tool of its own choice; the crates must be there then.
fn fetch_crates() -> Outcome {
    Step::cargo().arg("fetch").run("fetching the crates")
}

/// What a page needs and `files` lack: the page, a script, the wasm, and whatever the page refers to.
fn missing(files: &Files) -> Vec<String> {
    let Some(page) = files.get(PAGE) else {
        return vec![PAGE.to_owned()];
    };
    let page = String::from_utf8_lossy(page);
    let mut missing: Vec<String> = [".js", ".wasm"]
        .into_iter()
        .filter(|end| !files.keys().any(|name| name.ends_with(end)))
        .map(|end| format!("any {end} file"))
        .collect();
    let named = own_files(&page).filter(|name| files.get(*name).is_none_or(Vec::is_empty));
    missing.extend(named.map(str::to_owned));
    missing.sort();
    missing.dedup();
    missing
}

/// The files of this site that a page names, in attributes and inline scripts alike: what stands in quotes and
/// begins with `/` or `./`, as Trunk writes it, and has an extension.
fn own_files(page: &str) -> impl Iterator<Item = &str> {
    page.split(['"', '\''])
        .filter_map(|text| text.strip_prefix("./").or_else(|| text.strip_prefix('/')))
        .filter_map(|name| name.split(['?', '#']).next())
        .filter(|name| !name.starts_with('/') && !name.contains(char::is_whitespace))
        .filter(|name| {
            let last = name.rsplit('/').next().unwrap_or(name);
            last.contains('.') && !last.ends_with('.')
        })
}

fn read(folder: &str) -> Outcome<Files> {
    let mut files = Files::new();
    read_into(&mut files, &root().join(folder), "")
        .map_err(|error| Failure::new(format!("could not read {folder}: {error}")))?;
    Ok(files)
}

fn read_into(files: &mut Files, folder: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_into(files, &entry.path(), &format!("{name}/"))?;
        } else {
            files.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Makes `folder` hold these files and no others.
fn write(folder: &str, files: &Files) -> Outcome {
    let folder = root().join(folder);
    let written = || {
        fs::remove_dir_all(&folder)?;
        for (name, content) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap_or(&folder))?;
            fs::write(path, content)?;
        }
        Ok(())
    };
    written().map_err(|error: io::Error| Failure::new(format!("could not write {}: {error}", folder.display())))
}

/// Puts `new` in the place of `old`.
fn replace(old: &str, new: &str) -> Outcome {
    let failed = |error: io::Error| Failure::new(format!("could not move {new} to {old}: {error}"));
    let (old, new) = (root().join(old), root().join(new));
    match fs::remove_dir_all(&old) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    fs::rename(new, &old).map_err(failed)?;
    // A hub built elsewhere meanwhile is younger than these files and yet does not hold them; Cargo, which goes
    // by the youngest file, must see that.
    let page = File::options().append(true).open(old.join(PAGE));
    page.and_then(|page| page.set_modified(SystemTime::now())).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = r#"<!DOCTYPE html><html lang="en"><head>
<link rel="stylesheet" href="/style-12ab.css" integrity="sha384-a/b.c+d">
<link rel="icon" href="./icons/icon.svg?v=1">
<link rel="modulepreload" href="/web-34cd.js">
<link rel="preload" href="/web-34cd_bg.wasm" as="fetch" type="application/wasm">
<a href="/">start</a> <a href="https://example.org/x.html">x</a> <a href="//cdn.example/x.js">y</a>
<script type="module">
import init from '/web-34cd.js';
init({ module_or_path: '/web-34cd_bg.wasm' });
</script></head></html>"#;

    fn files(names: &[&str]) -> Files {
        let filled = |name: &&str| ((*name).to_owned(), b"x".to_vec());
        let mut files: Files = names.iter().map(filled).collect();
        files.insert(PAGE.to_owned(), HTML.as_bytes().to_vec());
        files
    }

    #[test]
    fn a_whole_client_lacks_nothing() {
        let files = files(&["icons/icon.svg", "style-12ab.css", "web-34cd.js", "web-34cd_bg.wasm"]);
        assert_eq!(missing(&files), [""; 0]);
    }

    #[test]
    fn what_the_page_names_must_be_there_and_not_empty() {
        let mut files = files(&["style-12ab.css", "web-34cd.js", "other.wasm"]);
        files.insert("web-34cd.js".to_owned(), Vec::new());
        assert_eq!(missing(&files), ["icons/icon.svg", "web-34cd.js", "web-34cd_bg.wasm"]);
    }

    #[test]
    fn without_a_page_a_script_or_wasm_there_is_no_client() {
        assert_eq!(missing(&Files::new()), ["index.html"]);
        let page = (PAGE.to_owned(), b"<html></html>".to_vec());
        assert_eq!(missing(&Files::from([page])), ["any .js file", "any .wasm file"]);
    }
}
