//! The engine: the Web Worker that runs programs, a bundle of its own, which is fetched when somebody first runs one.
//!
//! Trunk would send it through what cuts the client into chunks, which knows one script and one wasm. So it is built
//! beside it: `engine.js`, under a name that the page knows, and the wasm that the script fetches.

use std::fs;

use crate::arguments::Profile;
use crate::steps::{Failure, Outcome, Step, quoted, root};
use crate::tools::{ClientTools, WASM};

use super::slim::fingerprint;
use super::{FLAGS, Files, PROFILE, WORDLESS, for_smallest, remapped_paths};

/// Browsers find it under this name.
pub(super) const SCRIPT: &str = "engine.js";

/// What the names of its files begin with.
const STEM: &str = "engine";

/// A folder of its own, because its flags are others and the client's crates would be compiled anew with each turn.
const TARGET: &str = "target/engine";

/// Where wasm-bindgen puts what it makes of it.
const BOUND: &str = "target/engine/bound";

/// Four times what Rust gives by default, for programs within programs; and no more memory than a phone has to spare.
const MEMORY: &str = "-Clink-arg=-zstack-size=4194304 -Clink-arg=--max-memory=134217728";

/// Hashes begin with chance that is drawn when they are compiled; without this each build would be another.
const SEED: (&str, &str) = ("CONST_RANDOM_SEED", "hubbub");

/// What Rust's wasm may use: wasm-opt is to go by nothing else.
const OPTIMISED: &str = "--enable-bulk-memory --enable-bulk-memory-opt --enable-call-indirect-overlong \
                         --enable-multivalue --enable-mutable-globals --enable-nontrapping-float-to-int \
                         --enable-reference-types --enable-sign-ext -Oz --strip-debug --strip-producers";

/// Starts the wasm. What comes before it has started waits; that it could not be had is an error of the Worker's.
const STARTS: &str = "const early = [];
onmessage = event => early.push(event);
wasm_bindgen({ module_or_path: \"/WASM\" }).then(
  () => early.forEach(event => onmessage(event)),
  error => setTimeout(() => { throw error; }),
);
";

/// Its two files.
///
/// # Errors
/// If it does not compile, or one of the tools cannot do its part.
pub(super) fn build(tools: &ClientTools, profile: Profile) -> Outcome<Files> {
    let cargo = Step::cargo()
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_shown(SEED.0, SEED.1, SEED.1)
        .words("build --offline -p worker --target")
        .arg(WASM)
        .words("--target-dir")
        .arg(TARGET);
    let flags = |own: &[&str]| [&[&remapped_paths(), MEMORY], own].concat().join(" ");
    let folder = match profile {
        Profile::Release => {
            let flags = flags(&[WORDLESS]);
            let cargo = for_smallest(cargo).env_shown(FLAGS, &flags, &quoted(&flags));
            cargo.words("--profile").arg(PROFILE).run("building the engine (release)")?;
            PROFILE
        }
        Profile::Dev => {
            // Its names would be twenty megabytes to every tab.
            let cargo = cargo.env("CARGO_PROFILE_DEV_DEBUG", "0");
            cargo.env(FLAGS, flags(&["-Cstrip=debuginfo"])).run("building the engine (unoptimised)")?;
            "debug"
        }
    };
    tools
        .wasm_bindgen()
        .words("--target no-modules --no-typescript --out-name")
        .arg(STEM)
        .words("--out-dir")
        .arg(BOUND)
        .arg(format!("{TARGET}/{WASM}/{folder}/worker.wasm"))
        .run("binding the engine")?;
    let bound = format!("{BOUND}/{STEM}_bg.wasm");
    if let Profile::Release = profile {
        tools.wasm_opt().words(OPTIMISED).arg(&bound).arg("-o").arg(&bound).run("optimising the engine")?;
    }
    let read = |name: &str| {
        let path = root().join(name);
        fs::read(&path).map_err(|error| Failure::new(format!("could not read {}: {error}", path.display())))
    };
    let (script, wasm) = (read(&format!("{BOUND}/{SCRIPT}"))?, read(&bound)?);
    let name = match profile {
        // By what is in it: browsers keep it for ever.
        Profile::Release => format!("{STEM}-{:016x}_bg.wasm", fingerprint(&[&wasm])),
        // `trunk serve` asks the hub for it, and has to know the name.
        Profile::Dev => format!("{STEM}_bg.wasm"),
    };
    Ok(files(&String::from_utf8_lossy(&script), name, wasm))
}

/// The script that wasm-bindgen wrote, and starts the wasm.
fn files(script: &str, name: String, wasm: Vec<u8>) -> Files {
    let script = [script, &STARTS.replace("WASM", &name)].concat();
    Files::from([(SCRIPT.to_owned(), script.into_bytes()), (name, wasm)])
}

/// Whether this is one of its files.
pub(super) fn is_engine(name: &str) -> bool {
    let hash = |rest: &str| rest.is_empty() || rest.starts_with('-');
    name == SCRIPT || name.strip_prefix(STEM).and_then(|rest| rest.strip_suffix("_bg.wasm")).is_some_and(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_starts_the_wasm_that_is_there() {
        let files = files("let wasm_bindgen;\n", "engine-12ab_bg.wasm".to_owned(), b"\0asm".to_vec());
        let names: Vec<&String> = files.keys().collect();
        let [wasm, script] = names[..] else { panic!("{names:?}") };
        assert!(script == SCRIPT && is_engine(script) && is_engine(wasm) && wasm.starts_with("engine-"), "{names:?}");
        let text = String::from_utf8_lossy(&files[SCRIPT]);
        assert!(text.starts_with("let wasm_bindgen;\n") && text.contains(&format!("\"/{wasm}\"")), "{text}");
    }

    #[test]
    fn nothing_else_is_taken_for_the_engine() {
        for name in ["web-12ab_bg.wasm", "worker.js", "index.html", "engine.css", "engines_bg.wasm"] {
            assert!(!is_engine(name), "{name}");
        }
    }
}
