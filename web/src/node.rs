//! This tab's node, as the views know it: what they show are its signals. What a person wants of it are its
//! methods, in [`crate::visit`] and [`crate::wishes`]. Given to all views as a context.

use std::ops::Deref;
use std::rc::Rc;

use crate::state::*;
use shared::message::{NodeInfo, State, Welcome};
use shared::room::LOBBY;
use shared::session::Phase;
use shared::transcript::Place;

use crate::changing::Changing;
use crate::chunks::Chunks;
use crate::dialog::Dialog;
use crate::directory::Directory;
use crate::driver::Core;
use crate::emoji::EmojiNames;
use crate::files::Files;
use crate::installing::Installing;
use crate::invitation::Addresses;
use crate::muting::Muting;
use crate::notice::Notice;
use crate::processes::Processes;
use crate::rows::Row;
use crate::searching::Searching;
use crate::settings::Settings;
use crate::{clock, storage};

/// What fills the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    Join,
    Chat,
}

/// A place in the list of rooms.
#[derive(Clone)]
pub(crate) struct Listed {
    pub(crate) place: Place,
    pub(crate) unread: Rc<Watched<Unread>>,
}

/// Lines of others that are unread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) count: usize,
    /// There may be more.
    pub(crate) more: bool,
    /// How many of them call the person: mentions, and all that is private.
    pub(crate) mentions: usize,
}

impl Unread {
    /// `12`, or `1000+`
    pub(crate) fn words(self) -> String {
        format!("{}{}", self.count, if self.more { "+" } else { "" })
    }
}

/// Someone at the place one looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) nick: String,
    /// None where no room one is in tells.
    pub(crate) state: Option<State>,
}

/// The place one looks at.
#[derive(Clone, Copy)]
pub(crate) struct Talk {
    pub(crate) rows: Signal<Vec<Row>>,
    pub(crate) people: Signal<Vec<Person>>,
    /// How many people are here.
    pub(crate) count: Signal<usize>,
    /// When the connection was lost, while it is: who is here is known as of then.
    pub(crate) as_of: Signal<Option<u64>>,
    /// There are too many people for the hub to name them.
    pub(crate) only_counted: Signal<bool>,
    pub(crate) topic: Signal<Option<String>>,
    pub(crate) joined: Signal<bool>,
    /// Whether there may be older lines.
    pub(crate) more: Signal<bool>,
    /// A page of older lines is on its way.
    pub(crate) loading: Signal<bool>,
    /// Rows come, or have just come, that are no news.
    pub(crate) quiet: Signal<bool>,
    /// Whether the newest line is in view; new ones then are read at once.
    pub(crate) at_end: Signal<bool>,
    /// Told when the view must go to the end: one's own line, another place.
    pub(crate) to_end: Signal<()>,
    /// Told when the view must go to the line of this position.
    pub(crate) to_line: Signal<Option<u64>>,
    /// Rows at the end are not in the page.
    pub(crate) cut: Signal<bool>,
    /// New lines begin further up, and were not in view yet.
    pub(crate) new_above: Signal<bool>,
    /// Who is writing.
    pub(crate) typing: Signal<Vec<String>>,
    /// Told when more is known of how far own lines have got.
    pub(crate) reach: Signal<()>,
}

/// The way in.
#[derive(Clone, Copy)]
pub(crate) struct JoinForm {
    pub(crate) nick: Signal<String>,
    pub(crate) cookie: Signal<String>,
    pub(crate) nick_error: Signal<Option<String>>,
    pub(crate) cookie_error: Signal<Option<String>>,
    pub(crate) cookie_wanted: Signal<bool>,
    /// Asked, and not answered yet.
    pub(crate) busy: Signal<bool>,
    /// Said to whoever has just left.
    pub(crate) farewell: Signal<Option<String>>,
}

/// This tab's node: copied as what it is, a pointer.
#[derive(Clone, Copy)]
pub(crate) struct Node {
    signals: &'static Signals,
}

impl Deref for Node {
    type Target = Signals;

    fn deref(&self) -> &Signals {
        self.signals
    }
}

/// What the views show and follow.
pub(crate) struct Signals {
    pub(crate) screen: Signal<Screen>,
    pub(crate) phase: Signal<Phase>,
    pub(crate) welcome: Signal<Option<Welcome>>,
    /// The nick one speaks as.
    pub(crate) nick: Signal<String>,
    pub(crate) join: JoinForm,
    pub(crate) places: Signal<Vec<Listed>>,
    pub(crate) here: Signal<Place>,
    pub(crate) talk: Talk,
    pub(crate) notice: Signal<Option<Notice>>,
    /// What stands over the page.
    pub(crate) dialog: Signal<Option<Dialog>>,
    pub(crate) directory: Directory,
    pub(crate) muting: Muting,
    pub(crate) searching: Searching,
    pub(crate) changing: Changing,
    pub(crate) emoji: EmojiNames,
    pub(crate) files: Files,
    /// Lines that wait for the hub.
    pub(crate) unsent: Signal<usize>,
    /// Up to which entry of the log this node knows all it may see.
    pub(crate) seq: Signal<u64>,
    /// As far as they were asked for; names to complete.
    pub(crate) nodes: Signal<Vec<NodeInfo>>,
    /// Told when someone's state changed, anywhere.
    pub(crate) states: Signal<()>,
    /// By which others reach the hub.
    pub(crate) addresses: Signal<Addresses>,
    pub(crate) installing: Installing,
    pub(crate) settings: Signal<Settings>,
    pub(crate) chunks: Chunks,
    pub(crate) processes: Processes,
    pub(super) core: Signal<Core>,
}

impl Node {
    /// Made once, at the start, and put into the context of all views.
    pub(crate) fn new() -> Self {
        let signals = Signals {
            screen: Signal::new(Screen::Join),
            phase: Signal::new(Phase::Idle),
            welcome: Signal::new(None),
            nick: Signal::new(String::new()),
            join: JoinForm {
                nick: Signal::new(String::new()),
                cookie: Signal::new(String::new()),
                nick_error: Signal::new(None),
                cookie_error: Signal::new(None),
                cookie_wanted: Signal::new(false),
                busy: Signal::new(false),
                farewell: Signal::new(None),
            },
            places: Signal::new(Vec::new()),
            here: Signal::new(lobby()),
            talk: Talk {
                rows: Signal::new(Vec::new()),
                people: Signal::new(Vec::new()),
                count: Signal::new(0),
                as_of: Signal::new(None),
                only_counted: Signal::new(false),
                topic: Signal::new(None),
                joined: Signal::new(true),
                more: Signal::new(true),
                loading: Signal::new(false),
                quiet: Signal::new(false),
                at_end: Signal::new(true),
                to_end: Signal::new(()),
                to_line: Signal::new(None),
                cut: Signal::new(false),
                new_above: Signal::new(false),
                typing: Signal::new(Vec::new()),
                reach: Signal::new(()),
            },
            notice: Signal::new(None),
            dialog: Signal::new(None),
            directory: Directory::new(),
            muting: Muting::new(),
            searching: Searching::new(),
            changing: Changing::new(),
            emoji: EmojiNames::new(),
            files: Files::new(),
            unsent: Signal::new(0),
            seq: Signal::new(0),
            nodes: Signal::new(Vec::new()),
            states: Signal::new(()),
            addresses: Signal::new(Addresses::new()),
            installing: Installing::new(),
            settings: Signal::new(Settings::kept()),
            chunks: Chunks::new(),
            processes: Processes::new(),
            core: Signal::new(Core::new(node_name())),
        };
        // It lives as long as the page.
        Self { signals: Box::leak(Box::new(signals)) }
    }

    /// The same, for as long as the page lives.
    pub(crate) fn signals(self) -> &'static Signals {
        self.signals
    }

    /// The node of this tab.
    pub(crate) fn here() -> Self {
        expect_context()
    }
}

pub(crate) fn lobby() -> Place {
    Place::Room(LOBBY.to_owned())
}

/// `tab-7f3a`; a reload keeps it.
fn node_name() -> String {
    storage::node().unwrap_or_else(|| {
        let [a, b, ..] = clock::random();
        let name = format!("tab-{a:02x}{b:02x}");
        storage::keep_node(&name);
        name
    })
}
