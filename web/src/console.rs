//! The console, where one sees the nodes and talks to their processes: what its views show, as signals.
//!
//! | module | what it holds |
//! |---|---|
//! | [`facts`] | pure: what is known of nodes, and whom to ask next |
//! | [`layout`] | pure: where they stand in the picture |
//! | [`output`] | pure: what stands above the prompt |
//! | [`prompt`] | pure: the lines of before; what Tab makes of one |

pub(crate) mod facts;
pub(crate) mod layout;
pub(crate) mod output;
pub(crate) mod prompt;

use std::rc::Rc;

use shared::message::{NodeInfo, NodesChanged};

use self::facts::{Fact, Facts};
use self::layout::{Frame, Guest, Seats, Spot};
use self::output::{Output, Voice};
use self::prompt::History;
use crate::state::*;
use crate::{clock, storage};

/// Up to so many nodes have their names beside them in two lines, with the round trip at the line to the hub.
const FEW: usize = 16;

/// Up to so many have their names beside them.
const SOME: usize = 40;

/// What a narrow screen shows of it; a wide one has the prompt beside each of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Prompt,
    Nodes,
    Programs,
}

impl Part {
    /// As an attribute, for console.css.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Nodes => "nodes",
            Self::Programs => "programs",
        }
    }
}

/// A node as it is drawn: in the picture and in the table.
pub(crate) struct Shown {
    pub(crate) node: String,
    pub(crate) fact: Watched<Rc<Fact>>,
    /// None where there is no seat for it.
    pub(crate) spot: Watched<Option<Spot>>,
}

/// What is shown, and what is behind it.
pub(crate) struct Console {
    pub(crate) part: Signal<Part>,
    pub(crate) shown: Signal<Vec<Rc<Shown>>>,
    /// All nodes in a sentence.
    pub(crate) sentence: Signal<String>,
    /// How many names the picture has room for, for console.css.
    pub(crate) density: Signal<&'static str>,
    /// The picture's size.
    pub(crate) frame: Signal<Frame>,
    /// The node whose details are shown.
    pub(crate) selected: Signal<Option<String>>,
    pub(crate) output: Signal<Output>,
    /// Lines of the prompt that run.
    pub(crate) running: Signal<usize>,
    /// Told what is to be put into the prompt.
    pub(crate) inserted: Signal<String>,
    pub(crate) history: Signal<History>,
    facts: Signal<Facts>,
    seats: Signal<Seats>,
}

impl Console {
    pub(crate) fn new() -> Self {
        Self {
            part: Signal::new(Part::Nodes),
            shown: Signal::new(Vec::new()),
            sentence: Signal::new(String::new()),
            density: Signal::new("few"),
            frame: Signal::new(Frame { width: 480, height: 320, margin: (100, 40) }),
            selected: Signal::new(None),
            output: Signal::new(Output::default()),
            running: Signal::new(0),
            inserted: Signal::new(String::new()),
            history: Signal::new(History::read(&storage::history())),
            facts: Signal::new(Facts::default()),
            seats: Signal::new(Seats::default()),
        }
    }

    pub(crate) fn say(&self, voice: Voice, from: Option<String>, text: &str) {
        self.output.update(|output| output.say(voice, from, text));
    }

    /// A line was run: it is among those one can go back to, at the next visit as well.
    pub(crate) fn ran(&self, line: &str) {
        self.say(Voice::Ran, None, line);
        let written = self.history.quietly(|history| {
            history.ran(line);
            history.written()
        });
        storage::keep_history(&written);
    }

    /// The whole list of nodes has come.
    pub(crate) fn listed(&self, nodes: Vec<NodeInfo>) {
        self.facts.quietly(|facts| facts.replace(nodes));
        self.show_all();
    }

    /// It has changed.
    pub(crate) fn changed(&self, changed: NodesChanged) {
        self.facts.quietly(|facts| facts.change(changed));
        self.show_all();
    }

    /// What is known of the nodes.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Facts) -> T) -> T {
        self.facts.quietly(look)
    }

    /// More is known of a node than before.
    pub(crate) fn learn(&self, node: &str, learn: impl FnOnce(&mut Fact)) {
        let silent = |fact: &Fact| fact.silent();
        let learnt = self.facts.quietly(|facts| {
            let fact = facts.get_mut(node)?;
            let before = silent(fact);
            learn(fact);
            Some((fact.clone(), before != silent(fact)))
        });
        let Some((fact, turned)) = learnt else { return };
        if let Some(shown) = self.shown.with_untracked(|shown| shown.iter().find(|shown| shown.node == node).cloned()) {
            shown.fact.change(Rc::new(fact));
        }
        if turned {
            self.sentence.change(self.facts.with_untracked(Facts::sentence));
        }
    }

    /// The picture has another size.
    pub(crate) fn resize(&self, width: i32, height: i32) {
        let frame = self.frame.get_untracked();
        if (frame.width, frame.height) != (width, height) {
            self.frame.set(Frame { width, height, ..frame });
            self.show_all();
        }
    }

    /// When a seat that is only kept falls free, in milliseconds since 1970 UTC.
    pub(crate) fn wake_at(&self) -> Option<u64> {
        self.seats.with_untracked(Seats::wake_at)
    }

    /// Draws all nodes anew that are otherwise than before.
    pub(crate) fn show_all(&self) {
        let facts: Vec<Fact> = self.facts.with_untracked(|facts| facts.all().to_vec());
        let seated: Vec<Guest> = facts
            .iter()
            .filter(|fact| fact.kind() != facts::Kind::Hub)
            .map(|fact| Guest { name: fact.info.node.clone(), group: fact.info.nick.clone().unwrap_or_default() })
            .collect();
        let count = seated.len();
        self.density.change(if count <= FEW {
            "few"
        } else if count <= SOME {
            "some"
        } else {
            "many"
        });
        // Names stand at the sides; where there are too many for that nothing does.
        let width = self.frame.get_untracked().width;
        let margin = if count <= FEW {
            (width / 6 + 16, 60)
        } else if count <= SOME {
            (width / 8 + 16, 36)
        } else {
            (16, 16)
        };
        let frame = Frame { margin, ..self.frame.get_untracked() };
        self.seats.quietly(|seats| seats.seat(clock::now(), &seated));
        let middle = Spot { x: frame.width / 2, y: frame.height / 2, side: layout::Side::Below };
        let spot = |fact: &Fact| {
            if fact.kind() == facts::Kind::Hub {
                return Some(middle);
            }
            self.seats.with_untracked(|seats| seats.of(&fact.info.node).map(|seat| seats.spot(seat, frame)))
        };
        let before = self.shown.get_untracked();
        let same =
            before.len() == facts.len() && before.iter().zip(&facts).all(|(shown, fact)| shown.node == fact.info.node);
        let mut shown = Vec::with_capacity(facts.len());
        for fact in facts {
            let spot = spot(&fact);
            let known = before.iter().find(|shown| shown.node == fact.info.node);
            shown.push(match known {
                Some(known) => {
                    known.spot.change(spot);
                    known.fact.change(Rc::new(fact));
                    Rc::clone(known)
                }
                None => Rc::new(Shown {
                    node: fact.info.node.clone(),
                    spot: Watched::new(spot),
                    fact: Watched::new(Rc::new(fact)),
                }),
            });
        }
        if !same {
            let gone = |node: &Option<String>| {
                node.as_ref().is_some_and(|node| !shown.iter().any(|shown| shown.node == *node))
            };
            if self.selected.with_untracked(gone) {
                self.selected.set(None);
            }
            self.shown.set(shown);
        }
        self.sentence.change(self.facts.with_untracked(Facts::sentence));
    }
}
