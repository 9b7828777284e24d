//! Files that are with the hub: where they are, the key by which a browser may show them, and whether they are still
//! there.

use std::rc::Rc;

use js_sys::encode_uri_component;
use shared::entry::{Entry, File};
use shared::markup;
use shared::transcript::Place;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Blob, XmlHttpRequest};

use crate::attaching::Upload;
use crate::node::Node;
use crate::state::*;

/// How long one piece may take, in milliseconds: so slow is no network that a chat works on, and what arrived is kept.
const PATIENCE: u32 = 60_000;

/// All that has to do with files.
#[derive(Clone, Copy)]
pub(crate) struct Files {
    /// What goes with the next lines, in all places.
    pub(crate) attached: Signal<Vec<Rc<Upload>>>,
    /// Lines that go as soon as what goes with them has arrived.
    pub(crate) waiting: Signal<Vec<Waiting>>,
    /// Where such a line has gone: its text leaves the field.
    pub(crate) gone: Signal<Option<Place>>,
    /// Files are being dragged over the page.
    pub(crate) dragged: Signal<bool>,
    pub(crate) key: Signal<Key>,
    /// The picture that fills the window.
    pub(crate) viewed: Signal<Option<Viewed>>,
}

/// A line that goes as soon as what goes with it has arrived.
pub(crate) struct Waiting {
    pub(crate) place: Place,
    pub(crate) text: String,
    /// The line that it answered when the person sent it, whatever they began since.
    pub(crate) reply_to: Option<u64>,
}

/// Whether the browser may be given addresses of files: it then shows the hub a key by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Unwanted,
    Wanted,
    Held,
}

/// What is told of an answer: its status, 0 where there was none, and its text.
type Answered = Box<dyn FnOnce(u16, &str)>;

/// A picture: of the line at this `seq`, and which of its files.
pub(crate) type Viewed = (u64, usize);

/// Whether a file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    There,
    Gone,
    /// The hub did not answer.
    Unknown,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self {
            attached: Signal::new(Vec::new()),
            waiting: Signal::new(Vec::new()),
            gone: Signal::new(None),
            dragged: Signal::new(false),
            key: Signal::new(Key::Unwanted),
            viewed: Signal::new(None),
        }
    }
}

/// What a line says, in no more than so many characters; where there are no words, what its file is called.
pub(crate) fn in_words(line: &Entry, most: usize) -> String {
    let words = markup::plain(line.text(), most);
    let file = line.details().and_then(|details| details.files.first());
    file.filter(|_| words.is_empty()).map_or(words, |file| file.name.clone())
}

/// Where the hub has a file.
pub(crate) fn address(file: &File) -> String {
    // The hub has the small picture under this name.
    let name = if file.name == "thumbnail" { "file" } else { &file.name };
    ["/files/", &file.hash, "/", &String::from(encode_uri_component(name))].concat()
}

/// Where the hub has a small picture of one.
pub(crate) fn thumbnail(file: &File) -> String {
    ["/files/", &file.hash, "/thumbnail"].concat()
}

impl Node {
    /// Whether anything goes with the next line at the place in view; followed.
    pub(crate) fn has_files(self) -> bool {
        let here = self.here.get();
        self.files.attached.with(|all| all.iter().any(|upload| upload.place == here))
    }

    /// Whether anything is attached anywhere: it would be lost with the page.
    pub(crate) fn has_attached(self) -> bool {
        self.files.attached.with_untracked(|all| !all.is_empty())
    }

    /// Says it at the place in view, with what is attached there. False where it stays in the field.
    pub(crate) fn say_here(self, text: &str) -> bool {
        if untrack(|| self.has_files()) {
            // Who has attached something has what sends it.
            return self.more_at_hand().is_some_and(|more| (more.say_with_files)(self, text));
        }
        text.is_empty() || self.say(&self.here.get_untracked(), text, Vec::new())
    }

    /// Such a line does not go by itself: the person has something else in mind.
    pub(crate) fn hold_back(self) {
        self.hold_back_at(&self.here.get_untracked());
    }

    /// What waited at this place, if anything did.
    pub(crate) fn hold_back_at(self, place: &Place) -> Option<Waiting> {
        let at = self.files.waiting.with_untracked(|all| all.iter().position(|line| line.place == *place))?;
        let mut line = None;
        self.files.waiting.update(|all| line = Some(all.remove(at)));
        line
    }

    /// What waits at a place answers that line no more; where none is named, nothing that waits answers any.
    pub(crate) fn wait_without(self, answered: Option<(&Place, u64)>) {
        self.files.waiting.quietly(|all| {
            for line in all {
                if answered.is_none_or(|(place, of)| line.place == *place && line.reply_to == Some(of)) {
                    line.reply_to = None;
                }
            }
        });
    }

    /// A visit begins with nothing attached.
    pub(crate) fn attach_nothing(self) {
        match self.more_at_hand() {
            Some(more) => (more.detach_all)(self),
            None => drop(self.does_without()),
        }
    }

    /// The connection is there again: what was cut goes on, and what could not be had is asked for.
    pub(crate) fn files_go_on(self) {
        if let Some(more) = self.more_at_hand() {
            (more.uploads_go_on)(self);
        }
        match self.files.key.get_untracked() {
            Key::Unwanted => {}
            Key::Wanted => self.fetch_key(),
            Key::Held => self.files.key.notify(),
        }
    }

    /// Has the browser be given the key, for as long as it runs: whatever is drawn now needs it.
    pub(crate) fn want_key(self) {
        if self.files.key.get_untracked() == Key::Unwanted {
            self.files.key.quietly(|key| *key = Key::Wanted);
            self.fetch_key();
        }
    }

    pub(crate) fn fetch_key(self) {
        let answered = move |status, _: &str| {
            if status == 204 {
                self.files.key.set(Key::Held);
            }
        };
        self.ask_files("POST", "/files/key", None, true, Box::new(answered));
    }

    /// Whether the browser gets a file that it has been given the address of; a new key, where it lost the one it had.
    pub(crate) fn look_for(self, address: &str, told: impl FnOnce(Found) + 'static) {
        let answered = move |status, _: &str| match status {
            401 => {
                let keyed = move |status, _: &str| told(if status == 204 { Found::There } else { Found::Unknown });
                self.ask_files("POST", "/files/key", None, true, Box::new(keyed));
            }
            404 => told(Found::Gone),
            200 | 304 => told(Found::There),
            _ => told(Found::Unknown),
        };
        self.ask_files("HEAD", address, None, false, Box::new(answered));
    }

    /// Asks the hub something about files, as who has the cookie (`bearer`) or as the browser itself would. A piece goes
    /// with the number of its first byte.
    pub(crate) fn ask_files(
        self,
        method: &str,
        address: &str,
        piece: Option<&(u64, Blob)>,
        bearer: bool,
        answered: Answered,
    ) -> Option<XmlHttpRequest> {
        let request = XmlHttpRequest::new().ok()?;
        // Fails for no method and address that is written here.
        let _ = request.open(method, address);
        request.set_timeout(PATIENCE);
        if bearer && let Some(cookie) = self.with_core(|core| core.cookie.clone()) {
            // What a page sets is sent as one byte a letter, and the hub wants UTF-8.
            let bytes: String = cookie.bytes().map(char::from).collect();
            // One that cannot stand in a header is refused, and the hub says so.
            let _ = request.set_request_header("Authorization", &["Bearer ", &bytes].concat());
        }
        if let Some((from, _)) = piece {
            let _ = request.set_request_header("Upload-Offset", &from.to_string());
        }
        let ended = Closure::once_into_js({
            let request = request.clone();
            move || {
                let text = request.response_text().ok().flatten().unwrap_or_default();
                answered(request.status().unwrap_or_default(), &text);
            }
        });
        request.set_onloadend(Some(ended.unchecked_ref()));
        // What goes wrong is told when it has ended.
        let _ = request.send_with_opt_blob(piece.map(|(_, piece)| piece));
        Some(request)
    }

    /// All pictures held of the place in view, in the order in which they were said.
    pub(crate) fn pictures(self) -> Vec<Viewed> {
        let here = self.here.get_untracked();
        let mut all = Vec::new();
        self.with_core(|core| {
            let Some(known) = core.transcript.get(&here) else { return };
            for line in known.lines() {
                let Some(details) = line.details() else { continue };
                for (at, file) in details.files.iter().enumerate() {
                    if file.width.is_some() {
                        all.push((line.seq(), at));
                    }
                }
            }
        });
        all
    }
}
