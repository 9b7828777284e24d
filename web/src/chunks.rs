//! What of the client is fetched only when somebody first wants it, so that a first visit downloads little.
//!
//! `cargo xtask build` cuts the wasm into chunks (the feature `chunks`): one that every visit loads, and one for each
//! function below that is marked `wasm_split`, with all that is reached through it alone. What a chunk offers is a table
//! of functions; who wants one of them waits for the table. An unoptimised client is in one piece, and its tables are at
//! hand.

use std::mem;

use leptos::task::spawn_local;
use shared::message::Refusal;
use shared::session::{Delivery, Phase, Response};
use shared::transcript::Place;
use web_sys::File;

use crate::changing::Picking;
use crate::dialog::Dialog;
use crate::dom::{El, Part, effect, switch};
use crate::node::Node;
use crate::notice::Notice;
use crate::page::Timeout;
use crate::processes::host::Host;
use crate::state::*;
use crate::view::{INVITE, MORE, PROCESSES, wear_more, wear_processes};

/// So long after one has come in the chunks are fetched that nobody has wanted yet, and the names of all emoji, in
/// milliseconds: by then the page is in use, and they are here when the hub is not.
const AHEAD: i32 = 10_000;

/// Deeds that wait for a chunk: what a person begins in the moment it takes, and more than that.
const MAX_DEEDS: usize = 16;

const MISSING: &str = "The hub did not give out a part of this page that is needed for that. Try again when the hub is \
                       back, or load the page again.";

/// What stands over the talk or beside it, and only at times.
pub(crate) struct More {
    pub(crate) dialog: fn(Node, &Dialog) -> El,
    pub(crate) search: fn() -> El,
    pub(crate) search_answered: fn(Node, &str, Option<u64>, Result<Response, Refusal>),
    pub(crate) emoji_picker: fn(Node, Picking) -> El,
    pub(crate) deleting: fn(Node, u64) -> El,
    pub(crate) viewer: fn(Node) -> El,
    /// Code of a language, in colours.
    pub(crate) fenced: fn(&str, &str) -> El,
    /// Adds what a notice lists to its words.
    pub(crate) listed: fn(El, &Notice) -> El,
    pub(crate) sound: fn(),
    pub(crate) tray: fn(Node) -> El,
    pub(crate) attach: fn(Node, &Place, Vec<File>),
    pub(crate) detach_all: fn(Node),
    pub(crate) uploads_go_on: fn(Node),
    pub(crate) say_with_files: fn(Node, &str) -> bool,
}

/// The link that lets others in, with its code to scan: what a hub nobody has written on shows at once.
pub(crate) struct Invite {
    /// The address of the hub, the others it has, and what is to be said against it.
    pub(crate) link: fn(Node, &str, &[String], Option<&str>) -> El,
}

/// This tab's processes: their table, the copy of the store, the console.
pub(crate) struct Processes {
    pub(crate) host: fn(Node) -> &'static Host,
    /// Gives back what is for others.
    pub(crate) delivered: fn(Node, Delivery) -> Option<Delivery>,
    pub(crate) console: fn(Node) -> El,
    /// The question of somebody who wants to run a program here, while there is one.
    pub(crate) consent: fn(Node) -> El,
    /// Who may do so without being asked about.
    pub(crate) consented: fn(Node) -> El,
}

/// A chunk that could not be fetched: the hub is away, or it is another one by now, with a client of another version.
#[derive(Debug)]
pub(crate) struct Missing;

#[cfg(feature = "chunks")]
impl From<wasm_split_helpers::SplitLoaderError> for Missing {
    fn from(_: wasm_split_helpers::SplitLoaderError) -> Self {
        Self
    }
}

#[cfg(feature = "chunks")]
#[wasm_split_helpers::wasm_split(more, fallible)]
fn more() -> Result<&'static More, Missing> {
    wear_more();
    Ok(&MORE)
}

#[cfg(feature = "chunks")]
#[wasm_split_helpers::wasm_split(invite, fallible)]
fn invite() -> Result<&'static Invite, Missing> {
    Ok(&INVITE)
}

#[cfg(feature = "chunks")]
#[wasm_split_helpers::wasm_split(processes, fallible)]
fn processes() -> Result<&'static Processes, Missing> {
    wear_processes();
    Ok(&PROCESSES)
}

#[cfg(not(feature = "chunks"))]
async fn more() -> Result<&'static More, Missing> {
    wear_more();
    Ok(&MORE)
}

#[cfg(not(feature = "chunks"))]
async fn invite() -> Result<&'static Invite, Missing> {
    Ok(&INVITE)
}

#[cfg(not(feature = "chunks"))]
async fn processes() -> Result<&'static Processes, Missing> {
    wear_processes();
    Ok(&PROCESSES)
}

/// The chunks, as far as they are here.
pub(crate) struct Chunks {
    more: Chunk<More>,
    invite: Chunk<Invite>,
    processes: Chunk<Processes>,
    /// What is done when the first of them is here.
    deeds: Signal<Vec<Deed>>,
    ahead: Signal<Option<Timeout>>,
}

type Deed = Box<dyn FnOnce(&'static More)>;

struct Chunk<T: 'static> {
    here: Signal<Option<&'static T>>,
    asked: Signal<bool>,
    /// Somebody waits for it.
    wanted: Signal<bool>,
}

impl<T> Chunk<T> {
    fn new() -> Self {
        Self { here: Signal::new(None), asked: Signal::new(false), wanted: Signal::new(false) }
    }

    /// Has it fetched, unless it is here or on its way; `missing` is told when it does not come, and whether
    /// somebody waits.
    fn fetch(
        &'static self,
        fetched: impl Future<Output = Result<&'static T, Missing>> + 'static,
        missing: impl Fn(bool) + 'static,
    ) {
        if self.here.with_untracked(Option::is_some) || self.asked.quietly(|asked| mem::replace(asked, true)) {
            return;
        }
        spawn_local(async move {
            let fetched = fetched.await;
            self.asked.quietly(|asked| *asked = false);
            let wanted = self.wanted.quietly(mem::take);
            match fetched {
                Ok(table) => self.here.set(Some(table)),
                Err(Missing) => missing(wanted),
            }
        });
    }
}

impl Chunks {
    pub(crate) fn new() -> Self {
        Self {
            more: Chunk::new(),
            invite: Chunk::new(),
            processes: Chunk::new(),
            deeds: Signal::new(Vec::new()),
            ahead: Signal::new(None),
        }
    }
}

impl Node {
    /// Followed; wanted from now on.
    pub(crate) fn more(self) -> Option<&'static More> {
        self.chunks.more.wanted.quietly(|wanted| *wanted = true);
        self.fetch_more();
        self.chunks.more.here.get()
    }

    /// Followed; fetched from now on, but nobody waits for it.
    pub(crate) fn more_by_the_way(self) -> Option<&'static More> {
        self.fetch_more();
        self.chunks.more.here.get()
    }

    /// Neither followed nor wanted.
    pub(crate) fn more_at_hand(self) -> Option<&'static More> {
        self.chunks.more.here.get_untracked()
    }

    /// Done when it is here, or not at all; somebody waits for it.
    pub(crate) fn with_more(self, deed: impl FnOnce(&'static More) + 'static) {
        self.with_more_by_the_way(deed);
        untrack(|| self.more());
    }

    /// The same where nobody waits for it.
    pub(crate) fn with_more_by_the_way(self, deed: impl FnOnce(&'static More) + 'static) {
        match self.more_at_hand() {
            Some(more) => deed(more),
            None => {
                self.chunks.deeds.quietly(|deeds| {
                    if deeds.len() < MAX_DEEDS {
                        deeds.push(Box::new(deed));
                    }
                });
                self.fetch_more();
            }
        }
    }

    /// Followed; fetched from now on, and again when the hub is back.
    pub(crate) fn invite(self) -> Option<&'static Invite> {
        let here = self.chunks.invite.here.get();
        if here.is_none() {
            self.phase.track();
            self.fetch_invite();
        }
        here
    }

    /// Followed; wanted from now on where `wanted` says so.
    pub(crate) fn processes_here(self, wanted: bool) -> Option<&'static Processes> {
        if wanted {
            self.chunks.processes.wanted.quietly(|wanted| *wanted = true);
            self.fetch_processes();
        }
        self.chunks.processes.here.get()
    }

    /// Neither followed nor wanted.
    pub(crate) fn processes_at_hand(self) -> Option<&'static Processes> {
        self.chunks.processes.here.get_untracked()
    }

    pub(crate) fn fetch_processes(self) {
        self.signals().chunks.processes.fetch(processes(), move |wanted| {
            if !wanted {
                return;
            }
            if self.processes.open.get_untracked() {
                self.go(self.here.get_untracked());
            }
            self.notice.set(Some(Notice::Error(MISSING.to_owned())));
        });
    }

    fn fetch_more(self) {
        self.signals().chunks.more.fetch(more(), move |wanted| {
            // Also what was to be done by the way: later it would be a surprise.
            self.does_without();
            if !wanted {
                return;
            }
            self.notice.set(Some(Notice::Error(MISSING.to_owned())));
        });
    }

    fn fetch_invite(self) {
        // Where it would stand there is nothing yet, and nobody has asked for it.
        self.signals().chunks.invite.fetch(invite(), |_| ());
    }

    /// Nothing is waited for any more; whether anything was.
    pub(crate) fn does_without(self) -> bool {
        if self.more_at_hand().is_some() {
            return false;
        }
        let waited = self.dialog.with_untracked(Option::is_some)
            || self.searching.stage.with_untracked(Option::is_some)
            || self.changing.picking.with_untracked(Option::is_some)
            || self.changing.deleting.with_untracked(Option::is_some)
            || self.files.viewed.with_untracked(Option::is_some)
            || self.chunks.deeds.with_untracked(|deeds| !deeds.is_empty());
        if waited {
            self.chunks.more.wanted.quietly(|wanted| *wanted = false);
            self.chunks.deeds.quietly(Vec::clear);
            self.shut_dialog();
            self.end_search();
            self.changing.picking.change(None);
            self.changing.deleting.change(None);
            self.files.viewed.set(None);
        }
        waited
    }

    /// Has the chunks fetched some time after one has come in, and does what waits for them.
    pub(crate) fn follow_chunks(self) {
        effect(move || {
            let Some(more) = self.chunks.more.here.get() else { return };
            for deed in self.chunks.deeds.quietly(mem::take) {
                untrack(|| deed(more));
            }
        });
        effect(move || {
            if let Some(processes) = self.chunks.processes.here.get() {
                untrack(|| (processes.host)(self));
            }
        });
        // What was asked for elsewhere is not asked for here.
        effect(move || {
            self.here.track();
            untrack(|| self.does_without());
        });
        effect(move || {
            let online = self.phase.get() == Phase::Online;
            let later = move || {
                self.fetch_more();
                self.fetch_invite();
                self.fetch_processes();
                self.fetch_emoji();
            };
            self.chunks.ahead.quietly(|ahead| *ahead = online.then(|| Timeout::new(AHEAD, later)));
        });
    }
}

/// What `part` makes of `key`, as [`switch`] does it, with what [`More`] has: nothing until that is here.
pub(crate) fn later<K: PartialEq + 'static>(
    node: Node,
    key: impl Fn() -> Option<K> + 'static,
    part: impl Fn(&'static More, &K) -> El + 'static,
) -> Part {
    switch(
        move || key().filter(|_| node.more().is_some()),
        move |key| {
            let more = node.more_at_hand()?;
            key.as_ref().map(|key| part(more, key))
        },
    )
}
