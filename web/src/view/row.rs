//! One row of a transcript.

use shared::entry::{Details, Entry};
use shared::markup::mentions_nick;
use shared::transcript::{Item, Notice, Pending, PendingState, local_day};

use super::attachments::{announced, attachments};
use super::mark::mark;
use super::quote::quote;
use super::reactions::reactions;
use super::text::said;
use crate::dom::{El, el};
use crate::node::Node;
use crate::rows::Row;
use crate::{calendar, clock, hue};

pub(super) fn row_view(node: Node, row: &Row) -> El {
    let mut class = if row.marked { "line marked" } else { "line" }.to_owned();
    if let Item::Line(entry) = &row.item
        && !row.own
        && mentions_nick(entry.text(), &node.nick.get_untracked())
    {
        class.push_str(" mentions-me");
    }
    let mut line_box = el("div").class(&class);
    if let Some(seq) = row.seq() {
        line_box = line_box.attr("data-seq", &seq.to_string());
    }
    if let Some(day) = row.day {
        let today = clock::now();
        let words = calendar::day(day, local_day(today, clock::minutes_east(today)));
        line_box = line_box.child(el("h2").class("day").child(el("span").text(&words)));
    }
    if row.new {
        line_box = line_box.child(el("p").class("new").child(el("span").text("New")));
    }
    line_box.child(match &row.item {
        Item::Line(entry) if !entry.is_line() => topic(entry),
        Item::Line(entry) => line(node, entry, row),
        Item::Pending(pending) => waiting(node, pending, row.head),
        Item::Notice(notice) => remark(notice),
        Item::Hole { after } => hole(node, *after),
    })
}

fn block(head: bool) -> &'static str {
    if head { "row first" } else { "row next" }
}

/// The sender's name: seen at the head of a block, heard with every line.
fn who(nick: &str, head: bool) -> El {
    let class = if head { hue::classes(nick) } else { "unseen" };
    el("p").class("who").child(el("bdi").class(class).text(nick)).child(el("span").class("unseen").text(": "))
}

fn when(at: u64) -> El {
    let east = clock::minutes_east(at);
    el("time")
        .class("when")
        .attr("datetime", &calendar::machine(at))
        .attr("title", &calendar::full(at, east))
        .text(&calendar::time(at, east))
}

fn line(node: Node, entry: &Entry, row: &Row) -> El {
    let mut class = block(row.head).to_owned();
    if row.own {
        class.push_str(" own");
    }
    let here = node.here.get_untracked();
    if node
        .with_core(|core| core.transcript.get(&here).is_some_and(|known| known.pending_change(entry.seq()).is_some()))
    {
        class.push_str(" changing");
    }
    let none = Details::default();
    let details = entry.details().unwrap_or(&none);
    let body = el("div").class("said");
    let body = if details.deleted {
        body.child(el("p").class("gone").text("This line was deleted."))
    } else {
        body.child(details.reply_to.map(|of| quote(node, of)))
            .child((!entry.text().is_empty()).then(|| said(node, entry.text(), details.edited, row.seq())))
            .child((!details.files.is_empty()).then(|| attachments(node, entry.seq(), &details.files)))
            .child(reactions(node, entry.seq(), &details.reactions))
    };
    el("div")
        .class(&class)
        .child(who(entry.from(), row.head))
        .child(body)
        .child(when(entry.at()))
        .child(row.marked.then(|| mark(node, entry.seq())))
}

/// What the room is about from here on.
fn topic(entry: &Entry) -> El {
    let words = el("p").class("said").child(el("bdi").text(entry.from()));
    let words = match entry.text() {
        "" => words.text(" took the topic away"),
        topic => words.text(" set the topic: ").child(el("bdi").text(topic)),
    };
    el("div").class("row remark").child(el("p").class("who")).child(words).child(when(entry.at()))
}

/// A line of one's own that is not in the log yet.
fn waiting(node: Node, pending: &Pending, head: bool) -> El {
    let Pending { id, text, at, .. } = pending;
    let (state, refusal) = match &pending.state {
        PendingState::Waiting => ("waiting", None),
        PendingState::Sent { .. } => ("sent", None),
        PendingState::Failed(refusal) => ("refused", Some(refusal)),
    };
    let fate = refusal.map(|refusal| fate(node, id, &refusal.message));
    el("div")
        .class(&format!("{} {state}", block(head)))
        .child(who(&node.nick.get_untracked(), head))
        .child(
            el("div")
                .class("said")
                .child(pending.reply_to.map(|of| quote(node, of)))
                .child((!text.is_empty()).then(|| said(node, text, None, None)))
                .child(announced(&pending.files))
                .child(fate),
        )
        .child(match pending.state {
            PendingState::Waiting => el("span").class("when").text("waiting"),
            PendingState::Sent { .. } | PendingState::Failed(_) => when(*at),
        })
}

/// Why a line was refused, and what can be done with it.
fn fate(node: Node, id: &str, why: &str) -> El {
    let button = |name: &str| el("button").attr("type", "button").text(name);
    let (again, dismissed) = (id.to_owned(), id.to_owned());
    el("div")
        .class("fate")
        .child(el("p").attr("role", "alert").text("Not sent. ").text(why))
        .child(button("Try again").on("click", move |_| node.again(&again)))
        .child(button("Remove").class("quiet").on("click", move |_| {
            node.dismiss(&dismissed);
        }))
}

/// Who came and went; what only this person is told.
fn remark(notice: &Notice) -> El {
    el("div")
        .class("row remark")
        .child(el("p").class("who"))
        .child(el("p").class("said").child(el("bdi").text(&notice.words())))
        .child(when(notice.at))
}

/// Where lines may be missing.
fn hole(node: Node, after: u64) -> El {
    let load = el("button").attr("type", "button").text("Load").on("click", move |_| node.fill(after));
    el("div")
        .class("row hole")
        .attr("data-after", &after.to_string())
        .child(el("p").class("who"))
        .child(el("p").class("said").text("Lines may be missing here. ").child(load))
}
