//! Files given to the page, and got from it.

use std::fs;
use std::path::Path;

use fantoccini::Locator;
use fantoccini::elements::Element;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Browser;
use crate::eventually;

/// A file that a page is given without its ever having been on a disk.
#[derive(Clone, Debug, Serialize)]
pub struct Given {
    pub name: String,
    /// Its media type.
    pub kind: String,
    pub bytes: Vec<u8>,
}

impl Given {
    pub fn new(name: &str, kind: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.to_owned(), kind: kind.to_owned(), bytes: bytes.into() }
    }
}

/// What came of an address that the page itself asked for.
#[derive(Clone, Debug, Deserialize)]
pub struct Fetched {
    pub status: u16,
    /// As far as a page may read them, by their names in lower case.
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Fetched {
    /// The header of that name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Hands files over with events as a person's doing makes them; whether the page took them.
const GIVE: &str = "
    const [place, files, kinds] = arguments;
    const held = new DataTransfer();
    for (const { name, kind, bytes } of files) held.items.add(new File([new Uint8Array(bytes)], name, { type: kind }));
    const common = { bubbles: true, cancelable: true, composed: true };
    const box = place.getBoundingClientRect();
    const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
    let taken = false;
    for (const kind of kinds) {
        const event = kind === 'paste'
            ? new ClipboardEvent(kind, { ...common, clipboardData: held })
            : new DragEvent(kind, { ...common, ...at, dataTransfer: held });
        taken = !place.dispatchEvent(event);
    }
    return taken;";

const FETCH: &str = "
    return fetch(arguments[0]).then(async answer => ({
        status: answer.status,
        headers: [...answer.headers],
        body: [...new Uint8Array(await answer.arrayBuffer())],
    }));";

impl Browser {
    /// Pastes files into an element; whether the page took them.
    pub async fn paste(&self, into: &Element, files: &[Given]) -> bool {
        self.eval(GIVE, vec![json!(into), json!(files), json!(["paste"])]).await
    }

    /// Drags files over an element and lets go of them there; whether the page took them.
    pub async fn drop_onto(&self, onto: &Element, files: &[Given]) -> bool {
        self.eval(GIVE, vec![json!(onto), json!(files), json!(["dragenter", "dragover", "drop"])]).await
    }

    /// Drags files over an element and holds them there; whether the page would take them.
    pub async fn drag_over(&self, over: &Element, files: &[Given]) -> bool {
        self.eval(GIVE, vec![json!(over), json!(files), json!(["dragenter", "dragover"])]).await
    }

    /// Chooses files from the disk in the page's field for files, once there is one, hidden or not.
    ///
    /// # Panics
    /// If there never is.
    pub async fn choose(&self, files: &[&Path]) {
        let paths: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        eventually("a field for files", async || {
            let Some(field) = self.page.find_all(Locator::Css("input[type=file]")).await?.into_iter().next() else {
                return Ok(None);
            };
            field.send_keys(&paths.join("\n")).await.map(Some)
        })
        .await;
    }

    /// Puts what is downloaded from now on into a folder.
    pub async fn downloads_into(&self, folder: &Path) {
        let way = json!({ "behavior": "allow", "downloadPath": folder });
        self.devtools("Browser.setDownloadBehavior", way).await;
    }

    /// Waits until a file has been downloaded into that folder; what it holds, which is not nothing. Chromium gives it its
    /// name when it is whole, but may hold the name's place with an empty file until then.
    ///
    /// # Panics
    /// If it never is.
    pub async fn downloaded(&self, folder: &Path, name: &str) -> Vec<u8> {
        eventually(format_args!("{name} in {}", folder.display()), async || {
            Ok(fs::read(folder.join(name)).ok().filter(|bytes| !bytes.is_empty()))
        })
        .await
    }

    /// What the page gets that asks for an address, with its own cookies and under its own policy.
    ///
    /// # Panics
    /// If it gets no answer at all.
    pub async fn fetch(&self, address: &str) -> Fetched {
        self.eval(FETCH, vec![json!(address)]).await
    }
}
