//! What this client has to say to its person, over the lower end of the transcript.

use leptos::ev::keydown;
use leptos::prelude::*;
use shared::command::COMMANDS;
use shared::message::{NodeInfo, State, User};

use super::invite::InviteLink;
use super::people::word;
use crate::hue;
use crate::node::Node;
use crate::notice::Notice;
use crate::{calendar, clock};

#[component]
pub(super) fn Notices() -> impl IntoView {
    let node = Node::here();
    let escape = window_event_listener(keydown, move |event| {
        if event.key() == "Escape" && node.notice.with_untracked(Option::is_some) {
            node.notice.set(None);
        }
    });
    on_cleanup(move || escape.remove());
    let shown = move |error: bool| {
        node.notice.get().filter(|notice| notice.is_error() == error).map(|notice| view! { <NoticeView notice/> })
    };
    view! {
        <div class="notices">
            <div role="status">{move || shown(false)}</div>
            <div role="alert">{move || shown(true)}</div>
        </div>
    }
}

#[component]
fn NoticeView(notice: Notice) -> impl IntoView {
    let node = Node::here();
    let class = if notice.is_error() { "notice error" } else { "notice" };
    view! {
        <div class=class>
            <div class="words">
                {match notice {
                    Notice::Error(words) | Notice::Words(words) => view! { <p>{words}</p> }.into_any(),
                    Notice::Help => help().into_any(),
                    Notice::Users { place, users } => people(&place, users).into_any(),
                    Notice::Nodes(nodes) => node_list(nodes).into_any(),
                    Notice::Invitation => view! {
                        <h2>"Invite someone"</h2>
                        <p>"Whoever opens this link on your network is let in. Give it to nobody else."</p>
                        <InviteLink/>
                    }
                    .into_any(),
                }}
            </div>
            <button class="close quiet" type="button" aria-label="Close" on:click=move |_| node.notice.set(None)>
                "×"
            </button>
        </div>
    }
}

fn help() -> impl IntoView {
    view! {
        <h2>"Commands"</h2>
        <dl>
            {COMMANDS.iter().map(|spec| view! {
                <dt>"/"{spec.name}" "{spec.arguments}</dt>
                <dd>{spec.help}</dd>
            }).collect_view()}
        </dl>
        <p class="foot">
            "Anything else is said to all who are here. Tab completes commands and nicks. To leave the field with Tab, press Escape first."
        </p>
    }
}

fn people(place: &str, users: Vec<User>) -> impl IntoView + use<> {
    let heading = match users.len() {
        0 => format!("Nobody is in {place}"),
        1 => format!("One person in {place}"),
        many => format!("{many} people in {place}"),
    };
    view! {
        <h2>{heading}</h2>
        <ul class="names">
            {users.into_iter().map(|User { nick, state, .. }| {
                let state = (state != State::Online).then(|| format!(" ({})", word(state)));
                view! { <li><bdi class=hue::classes(&nick)>{nick.clone()}</bdi>{state}</li> }
            }).collect_view()}
        </ul>
    }
}

fn node_list(nodes: Vec<NodeInfo>) -> impl IntoView {
    view! {
        <h2>"Nodes"</h2>
        <dl>
            {nodes.into_iter().map(|NodeInfo { node, nick, kind, since }| view! {
                <dt>{node}</dt>
                <dd>
                    {kind}
                    {nick.map(|nick| view! { " of "<bdi>{nick}</bdi> })}
                    ", since "{calendar::time(since, clock::minutes_east(since))}
                </dd>
            }).collect_view()}
        </dl>
    }
}
