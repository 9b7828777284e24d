//! One row of a transcript.

use std::sync::Arc;

use leptos::prelude::*;
use shared::entry::Entry;
use shared::transcript::{Item, Notice, Pending, PendingState, local_day};

use super::text::said;
use crate::node::Node;
use crate::rows::Row;
use crate::{calendar, clock, hue};

#[component]
pub(super) fn RowView(row: Row) -> impl IntoView {
    let seq = row.seq().map(|seq| seq.to_string());
    let day = row.day.map(|day| {
        let today = clock::now();
        let words = calendar::day(day, local_day(today, clock::minutes_east(today)));
        view! { <h2 class="day"><span>{words}</span></h2> }
    });
    let head = row.head;
    view! {
        <div class="line" data-seq=seq>
            {day}
            {match row.item {
                Item::Line(entry) => line(&entry, head).into_any(),
                Item::Pending(pending) => waiting(pending, head).into_any(),
                Item::Notice(notice) => remark(&notice).into_any(),
                Item::Hole { after } => hole(after).into_any(),
            }}
        </div>
    }
}

fn block(head: bool) -> &'static str {
    if head { "row first" } else { "row next" }
}

/// The sender's name: seen at the head of a block, heard with every line.
fn who(nick: &str, head: bool) -> impl IntoView + use<> {
    let class = if head { hue::classes(nick) } else { "unseen" };
    view! { <p class="who"><bdi class=class>{nick.to_owned()}</bdi><span class="unseen">": "</span></p> }
}

fn when(at: u64) -> impl IntoView {
    let east = clock::minutes_east(at);
    view! {
        <time class="when" datetime=calendar::machine(at) title=calendar::full(at, east)>{calendar::time(at, east)}</time>
    }
}

fn line(entry: &Entry, head: bool) -> impl IntoView + use<> {
    view! {
        <div class=block(head)>
            {who(entry.from(), head)}
            <div class="said"><bdi class="text">{said(entry.text())}</bdi></div>
            {when(entry.at())}
        </div>
    }
}

/// A line of one's own that is not in the log yet.
fn waiting(pending: Arc<Pending>, head: bool) -> impl IntoView {
    let node = Node::here();
    let nick = node.nick.get_untracked();
    let (state, fate) = match &pending.state {
        PendingState::Waiting => ("waiting", None),
        PendingState::Sent { .. } => ("sent", None),
        PendingState::Failed(refusal) => ("refused", Some(refusal.message.clone())),
    };
    let is_waiting = pending.state == PendingState::Waiting;
    let Pending { id, text, at, .. } = Arc::unwrap_or_clone(pending);
    let fate = fate.map(|why| {
        let again = id.clone();
        view! {
            <div class="fate">
                <p role="alert">"Not sent. "{why}</p>
                <button type="button" on:click=move |_| node.again(&again)>"Send again"</button>
                <button type="button" class="quiet" on:click=move |_| { node.dismiss(&id); }>"Discard"</button>
            </div>
        }
    });
    view! {
        <div class=format!("{} {state}", block(head))>
            {who(&nick, head)}
            <div class="said"><bdi class="text">{said(&text)}</bdi>{fate}</div>
            {if is_waiting {
                view! { <span class="when">"waiting"</span> }.into_any()
            } else {
                when(at).into_any()
            }}
        </div>
    }
}

/// Who came and went; what only this person is told.
fn remark(notice: &Notice) -> impl IntoView + use<> {
    view! {
        <div class="row remark">
            <p class="who"></p>
            <p class="said"><bdi>{notice.words()}</bdi></p>
            {when(notice.at)}
        </div>
    }
}

/// Where lines may be missing.
fn hole(after: u64) -> impl IntoView {
    let node = Node::here();
    view! {
        <div class="row hole">
            <p class="who"></p>
            <p class="said">
                "Lines may be missing here. "
                <button type="button" on:click=move |_| node.fill(after)>"Load them"</button>
            </p>
        </div>
    }
}
