//! Embeds the browser client: reads what Trunk left in `dist/`, compresses each file, and writes
//! the table that `src/assets.rs` includes. A release of the hub has the client built first where need be;
//! otherwise, without a client, it embeds a page that says so.

mod build_client;
mod build_emoji;

use std::error::Error;
use std::fs;
use std::io;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::{env, panic, process, thread};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Where Trunk puts the client, from the root of the workspace.
const DIST: &str = "dist";

/// The page without which there is no client.
const INDEX: &str = "index.html";

/// What is served in its place, from this crate's root.
const UNBUILT: &str = "src/assets/unbuilt.html";

/// The names of emoji, which a client asks for when somebody looks for one.
const EMOJI: &str = "emoji.txt";

/// Bytes of SHA-256 that name a version of a file: 96 bits, far from any two being the same by chance.
const DIGEST: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let workspace = root.parent().ok_or("this crate stands in no workspace")?;
    let dist = workspace.join(DIST);
    if let Err(why) = build_client::ensure(workspace) {
        println!("cargo::error={why}");
        process::exit(1);
    }

    // Cargo takes a missing path for changed, each time; an empty directory it can watch. Where the
    // checkout may not be written the script only runs more often than it must.
    let _ = fs::create_dir(&dist);
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed={}", root.join(UNBUILT).display());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build_client.rs");
    println!("cargo::rerun-if-changed=build_emoji.rs");

    let built = dist.join(INDEX).is_file();
    let mut files = Vec::new();
    if built {
        collect(&dist, "", &mut files)?;
        files.sort();
    } else {
        files.push((INDEX.to_owned(), root.join(UNBUILT)));
    }
    fs::write(out.join(EMOJI), build_emoji::table())?;
    files.push((EMOJI.to_owned(), out.join(EMOJI)));

    let rows = thread::scope(|scope| {
        // Brotli takes its time; one thread a file makes that the time of the largest.
        let out = &out;
        let work: Vec<_> = files
            .iter()
            .enumerate()
            .map(|(number, (name, path))| scope.spawn(move || embed(out, number, name, path)))
            .collect();
        let rows = work.into_iter().map(|work| work.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        rows.collect::<io::Result<Vec<_>>>()
    })?;

    let table = format!("pub const BUILT: bool = {built};\n\nstatic FILES: &[File] = &[\n{}];\n", rows.concat());
    fs::write(out.join("files.rs"), table)?;
    Ok(())
}

/// All files below a directory, with the path under which a browser asks for them.
fn collect(directory: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| format!("{name:?} is no name for a URL"))?;
        if name.starts_with('.') {
            continue; // where Trunk works on the next build
        }
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            println!("cargo::rerun-if-changed={}", entry.path().display());
            files.push((path, entry.path()));
        }
    }
    Ok(())
}

/// How often Zopfli tries again for fewer bytes. More than this saves one in four thousand.
const ZOPFLI_ROUNDS: NonZeroU64 = NonZeroU64::new(5).unwrap();

/// A larger file, in bytes, is of an unoptimised client, which goes no further than its maker's own machine: pressing it
/// would take minutes.
const MOST_PRESSED: usize = 2 * 1024 * 1024;

/// Puts a file and its compressed forms beside the table, and gives its row.
///
/// Browsers offer brotli on HTTPS and localhost only; on a LAN over plain HTTP it is gzip that
/// they take. A form that saves nothing is left out.
fn embed(out: &Path, number: usize, name: &str, path: &Path) -> io::Result<String> {
    let plain = fs::read(path)?;
    let digest = URL_SAFE_NO_PAD.encode(&Sha256::digest(&plain)[..DIGEST]);
    let pressed = plain.len() <= MOST_PRESSED;
    let (gzip, brotli) = if pressed { (gzip(&plain)?, brotli(&plain)?) } else { (plain.clone(), plain.clone()) };

    // Copied, so that a client built anew meanwhile is not half of it.
    let stored = |form: &str, bytes: &[u8]| -> io::Result<String> {
        let file = out.join(format!("{number}.{form}"));
        fs::write(&file, bytes)?;
        Ok(format!("include_bytes!({:?})", file.display().to_string()))
    };
    let smaller = |form: &str, bytes: &[u8]| -> io::Result<String> {
        if bytes.len() < plain.len() { Ok(format!("Some({})", stored(form, bytes)?)) } else { Ok("None".to_owned()) }
    };
    let (plain_form, gzip, brotli) = (stored("plain", &plain)?, smaller("gz", &gzip)?, smaller("br", &brotli)?);
    Ok(format!(
        "    File {{ path: {name:?}, digest: {digest:?}, plain: {plain_form}, gzip: {gzip}, brotli: {brotli} }},\n"
    ))
}

/// By Zopfli, which takes a thousand times as long as others for 6 % fewer bytes; browsers unpack them as any others.
fn gzip(plain: &[u8]) -> io::Result<Vec<u8>> {
    let settings = zopfli::Options { iteration_count: ZOPFLI_ROUNDS, ..Default::default() };
    let mut gzip = Vec::new();
    zopfli::compress(settings, zopfli::Format::Gzip, plain, &mut gzip)?;
    Ok(gzip)
}

fn brotli(plain: &[u8]) -> io::Result<Vec<u8>> {
    let settings = brotli::enc::BrotliEncoderParams { quality: 11, size_hint: plain.len(), ..Default::default() };
    let mut brotli = Vec::new();
    brotli::BrotliCompress(&mut &plain[..], &mut brotli, &settings)?;
    Ok(brotli)
}
