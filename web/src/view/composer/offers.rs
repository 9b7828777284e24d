//! Nicks and emoji offered while one writes, above the field.

use shared::letters::fold;
use shared::transcript::{Conversation, Place};

use super::Writing;
use crate::dom::{Child, El, el, switch};
use crate::node::Node;
use crate::state::*;
use crate::suggesting::{Kind, MAX_OFFERS, Wanted, chosen, nicks};
use crate::tab_completion::candidates;

/// The list's id.
pub(super) const ID: &str = "offers";

/// Ids of the offers, so that none needs to be written together.
const IDS: [&str; MAX_OFFERS] =
    ["offer-0", "offer-1", "offer-2", "offer-3", "offer-4", "offer-5", "offer-6", "offer-7"];

/// What is offered, and which of it is chosen.
#[derive(Clone, Copy)]
pub(super) struct Offers {
    list: Signal<Vec<Offer>>,
    active: Signal<Option<usize>>,
}

/// One name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// What is put in place of what was typed.
    pub(super) text: String,
    /// What it is called, where that is something else.
    name: Option<String>,
}

impl Offers {
    pub(super) fn new() -> Self {
        Self { list: Signal::new(Vec::new()), active: Signal::new(None) }
    }

    /// Whether there is anything; followed.
    pub(super) fn shown(self) -> bool {
        self.list.with(|list| !list.is_empty())
    }

    /// The id of the one that is chosen; followed.
    pub(super) fn active_id(self) -> Option<&'static str> {
        self.active.get().and_then(|at| IDS.get(at).copied())
    }

    pub(super) fn is_open(self) -> bool {
        self.list.with_untracked(|list| !list.is_empty())
    }

    pub(super) fn hide(self) {
        if self.is_open() {
            self.offer(Vec::new(), None);
        }
    }

    fn offer(self, list: Vec<Offer>, active: Option<usize>) {
        self.list.change(list);
        self.active.change(active);
    }

    /// Chooses the next, or the one before, round and round.
    pub(super) fn step(self, down: bool) {
        let last = self.list.with_untracked(Vec::len).saturating_sub(1);
        let next = match (self.active.get_untracked(), down) {
            (Some(at), true) if at < last => at + 1,
            (Some(at), false) if at > 0 => at - 1,
            (_, true) => 0,
            (_, false) => last,
        };
        self.active.set(Some(next));
    }

    /// What is chosen.
    pub(super) fn taken(self) -> Option<String> {
        let at = self.active.get_untracked()?;
        self.list.with_untracked(|list| list.get(at).map(|offer| offer.text.clone()))
    }

    /// Offers what fits what one has begun to write.
    pub(super) fn follow(self, node: Node, wanted: Option<Wanted<'_>>) {
        let Some(Wanted { kind, typed, .. }) = wanted else { return self.hide() };
        match kind {
            Kind::Nick => {
                let fitting = nicks(typed, &known(node));
                let active = chosen(typed, &fitting);
                let offer = |nick: String| Offer { text: ["@", &nick, " "].concat(), name: None };
                self.offer(fitting.into_iter().map(offer).collect(), active);
            }
            Kind::Emoji => {
                node.fetch_emoji();
                let offer = |emoji: shared::emoji::Emoji<'_>| Offer {
                    text: emoji.emoji.to_owned(),
                    name: Some([" :", emoji.name, ":"].concat()),
                };
                let fitting = node.emoji.table.with_untracked(|table| {
                    table.complete(typed, MAX_OFFERS).into_iter().map(offer).collect::<Vec<_>>()
                });
                let active = (!fitting.is_empty()).then_some(0);
                self.offer(fitting, active);
            }
        }
    }
}

/// All nicks that are known: who is here, those first who spoke last, and then who is elsewhere.
fn known(node: Node) -> Vec<String> {
    let here = node.here.get_untracked();
    let (mut known, gone) = node.talk.people.with_untracked(|people| {
        let is_here = |nick: &String| people.iter().any(|person| person.nick == *nick);
        candidates(node).nicks.into_iter().partition::<Vec<_>, _>(is_here)
    });
    known.extend(gone);
    let mut add = |nick: &str| {
        if !known.iter().any(|other| fold(other) == fold(nick)) {
            known.push(nick.to_owned());
        }
    };
    let me = fold(&node.nick.get_untracked());
    node.with_core(|core| {
        for place in core.transcript.places().iter().filter(|place| **place != here) {
            match place {
                Place::With(nick) => add(nick),
                Place::Room(_) => {
                    let people = core.transcript.get(place).into_iter().flat_map(Conversation::people);
                    people.filter(|user| fold(&user.nick) != me).for_each(|user| add(&user.nick));
                }
            }
        }
    });
    known
}

pub(super) fn offers(writing: Writing) -> impl Child {
    let offers = writing.offers;
    switch(
        move || offers.list.get(),
        move |list| {
            if list.is_empty() {
                return None;
            }
            let name = if list.iter().any(|offer| offer.name.is_some()) { "Emoji" } else { "People" };
            let shown = el("ul").class("offers").attr("id", ID).attr("role", "listbox").attr("aria-label", name);
            Some(
                list.iter()
                    .zip(IDS)
                    .enumerate()
                    .fold(shown, |shown, (at, (offer, id))| shown.child(option(&writing, offer, at, id))),
            )
        },
    )
}

fn option(writing: &Writing, offer: &Offer, at: usize, id: &'static str) -> El {
    let (writing, text) = (writing.clone(), offer.text.clone());
    let active = writing.offers.active;
    let words = offer.text.trim();
    el("li")
        .attr("id", id)
        .attr("role", "option")
        .attr_from("aria-selected", move || active.get() == Some(at))
        .child(el("bdi").text(words))
        .child(offer.name.as_deref().map(|name| el("span").class("told").text(name)))
        // Before the field loses the focus.
        .on("mousedown", move |event| {
            event.prevent_default();
            writing.take(&text);
        })
}
