//! Standard input, where a text stands there and not on the command line.

use std::io::{self, Read};
use std::thread;

use tokio::sync::oneshot;

use super::End;
use crate::exit::Code;
use crate::stopping::Stop;

/// What stands for it.
pub(super) const STDIN: &str = "-";

/// As much is read of a text that is too long, in bytes, so that its length can be told: an endless one has to end
/// somewhere.
const MAX_READ: u64 = 16 * 1024 * 1024;

/// All of it. A thread reads, which a signal need not wait for.
///
/// # Errors
/// If it cannot be read, is no text or has no end; `done` is what was then not done with it, as in “was put”.
pub(super) async fn read(stop: &mut Stop, done: &str) -> Result<String, End> {
    let (told, read) = oneshot::channel();
    let reader = thread::Builder::new().name("input".to_owned()).spawn(move || {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().take(MAX_READ).read_to_end(&mut bytes);
        drop(told.send(read.map(|_| bytes)));
    });
    let cannot = |error: io::Error| End::failed(Code::Input, format!("Standard input cannot be read: {error}."));
    reader.map_err(cannot)?;
    let bytes = tokio::select! {
        code = stop.asked() => return Err(End::Stopped(code)),
        read = read => read.unwrap_or_else(|_| Err(io::ErrorKind::UnexpectedEof.into())).map_err(cannot)?,
    };
    if bytes.len() as u64 >= MAX_READ {
        let words = format!("Standard input is longer than {} MiB. Nothing was {done}.", MAX_READ >> 20);
        return Err(End::failed(Code::Failed, words));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() + 1;
        let words =
            format!("Standard input is not UTF-8 text: byte {at} is no part of any character. Nothing was {done}.");
        End::failed(Code::Input, words)
    })
}
