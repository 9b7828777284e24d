//! The bar's buttons, and what two of them open below it.

use shared::transcript::Place;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{Bar, Facts, Panel, focus};
use crate::changing::Picking;
use crate::copying::copy;
use crate::dom::{El, el, switch};
use crate::emoji::at_hand;
use crate::node::Node;
use crate::page::{Timeout, before_next_paint, has_keyboard, window};
use crate::{route, storage};

/// Emoji to react with at a click.
const QUICK: usize = 6;

/// So long it is said that something was copied, in milliseconds.
const SAID: i32 = 2_000;

impl Bar {
    pub(super) fn view(&self, Facts { seq, own, deleted }: Facts) -> El {
        let mut bar = el("div").class("bar").attr("role", "toolbar").attr("aria-label", "Actions on this line");
        if !deleted {
            bar = bar.child(self.opens("React", "icon icon-react", Panel::React));
            bar = bar.child(self.does(icon("Reply", "icon icon-reply"), move |node| node.begin_reply(seq)));
            if own {
                bar = bar.child(self.does(icon("Edit", "icon icon-edit"), move |node| node.begin_edit(seq)));
            }
        }
        bar = bar.child(self.opens("More", "icon icon-more", Panel::More));
        let (panel, this) = (self.panel, self.clone());
        let below = switch(
            move || panel.get(),
            move |panel| match panel {
                Panel::Shut => None,
                Panel::React => Some(this.react(seq)),
                Panel::More => Some(this.more(seq, own && !deleted, deleted)),
            },
        );
        el("div").class("column").child(bar).child(below)
    }

    /// A button that does something and is done. The keyboard is at the line then, where what is done leads nowhere else.
    fn does(&self, button: El, act: impl Fn(Node) + 'static) -> El {
        let bar = self.clone();
        button.on("click", move |_| {
            let line = bar.at.get_untracked().filter(|_| bar.has_focus()).and_then(|seq| bar.element(seq));
            bar.leave();
            bar.stay_at(line.as_ref());
            if !has_keyboard() {
                // Where nobody goes on by keys it has brought up the bar for nothing.
                bar.leave();
            }
            act(bar.node);
        })
    }

    fn opens(&self, name: &'static str, class: &str, which: Panel) -> El {
        let (bar, panel) = (self.clone(), self.panel);
        icon(name, class).attr_from("aria-expanded", move || panel.get() == which).on("click", move |_| {
            let open = panel.get_untracked() == which;
            panel.set(if open { Panel::Shut } else { which });
            if !open {
                let bar = bar.clone();
                before_next_paint(move || focus(&bar.first_in_panel()));
            }
        })
    }

    fn first_in_panel(&self) -> Option<HtmlElement> {
        self.bar.query_selector(".panel button").ok()??.dyn_into().ok()
    }

    /// The emoji at hand, and the way to all others.
    fn react(&self, seq: u64) -> El {
        let panel = el("div").class("panel quick").attr("role", "group").attr("aria-label", "React with");
        let panel = at_hand(&storage::emoji(), QUICK).into_iter().fold(panel, |panel, emoji| {
            let button = el("button").class("emoji").attr("type", "button").text(&emoji);
            panel.child(self.does(button, move |node| node.react_or_not(seq, &emoji)))
        });
        let all = self.does(icon("More emoji", "icon icon-add"), move |node| {
            node.changing.picking.set(Some(Picking::Line(seq)));
        });
        panel.child(all)
    }

    fn more(&self, seq: u64, own: bool, deleted: bool) -> El {
        let mut panel = el("div").class("panel line-menu").attr("role", "group").attr("aria-label", "More");
        if !deleted {
            panel = panel.child(self.copies("Copy text", move |node, _| {
                node.line(seq).map(|line| line.text().to_owned()).unwrap_or_default()
            }));
        }
        panel = panel.child(self.copies("Copy link", move |_, here| link(here, seq)));
        if own {
            panel = panel
                .child(self.does(item("Delete").class("danger"), move |node| node.changing.deleting.set(Some(seq))));
        }
        panel
    }

    fn copies(&self, name: &'static str, what: impl Fn(Node, &Place) -> String + 'static) -> El {
        let bar = self.clone();
        item(name).on("click", move |_| {
            let text = what(bar.node, &bar.node.here.get_untracked());
            let copied = copy(&text, &bar.bar);
            bar.panel.set(Panel::Shut);
            focus(&bar.buttons().into_iter().next());
            bar.told.set(if copied { "Copied." } else { "This browser does not let pages copy." });
            let told = bar.told;
            bar.hush.set(Some(Timeout::new(SAID, move || told.set(""))));
        })
    }
}

fn icon(name: &'static str, class: &str) -> El {
    el("button").class(class).attr("type", "button").attr("aria-label", name)
}

fn item(name: &'static str) -> El {
    el("button").attr("type", "button").text(name)
}

/// The address of a line, for whoever is let in here.
fn link(place: &Place, seq: u64) -> String {
    let origin = window().location().origin().unwrap_or_default();
    [origin, route::to(place, Some(seq))].concat()
}
