//! The rooms one is in, one's private conversations, and oneself.

use leptos::prelude::*;
use shared::transcript::Place;

use super::chat::Drawers;
use super::people::StateSign;
use crate::hue;
use crate::node::{Listed, Node};
use crate::notice::Notice;

#[component]
pub(super) fn Rooms() -> impl IntoView {
    let node = Node::here();
    let drawers: Drawers = expect_context();
    let hub = move || node.welcome.with(|welcome| welcome.as_ref().map(|welcome| welcome.node.clone()));
    let ephemeral = move || node.welcome.with(|welcome| welcome.as_ref().is_some_and(|welcome| welcome.ephemeral));

    view! {
        <div class="rooms-head">
            <p class="wordmark">"Hubbub"</p>
            <button class="drawer-close quiet" type="button" on:click=move |_| drawers.shut()>"Close"</button>
        </div>
        <div class="side-scroll">
            <Show when=ephemeral>
                <p class="ephemeral">"This hub keeps nothing: the log ends with it."</p>
            </Show>
            <h2 id="rooms-title">"Rooms"</h2>
            <ul aria-labelledby="rooms-title">
                <For
                    each=move || node.places.get()
                    key=|listed| listed.place.clone()
                    children=move |listed| view! { <RoomItem listed/> }
                />
            </ul>
            <button class="item other" type="button" on:click=move |_| node.pick_room()>
                <span class="sign" aria-hidden="true">"+"</span>
                <span class="name">"Other rooms"</span>
            </button>
            <button class="item other" type="button" on:click=move |_| {
                drawers.shut();
                node.notice.set(Some(Notice::Invitation));
            }>
                <span class="sign" aria-hidden="true">"↗"</span>
                <span class="name">"Invite someone"</span>
            </button>
        </div>
        <div class="self">
            <div>
                <bdi class=move || hue::classes(&node.nick.get())>{node.nick}</bdi>
                <p class="machine" title=hub>{hub}</p>
            </div>
            <button class="quiet" type="button" on:click=move |_| node.quit()>"Quit"</button>
        </div>
    }
}

#[component]
fn RoomItem(listed: Listed) -> impl IntoView {
    let node = Node::here();
    let Listed { place, unread } = listed;
    let is_here = {
        let place = place.clone();
        Memo::new(move |_| node.here.get() == place)
    };
    let name = place.name().to_owned();
    let private = matches!(place, Place::With(_));
    let state = {
        let nick = name.clone();
        Memo::new(move |_| {
            node.states.track();
            node.with_core(|core| core.transcript.state_of(&nick))
        })
    };
    let class = {
        let unread = unread.clone();
        move || if unread.get() > 0 { "item has-unread" } else { "item" }
    };
    view! {
        <li class=private.then_some("with")>
            <button
                class=class
                type="button"
                aria-current=move || is_here.get().then_some("true")
                on:click=move |_| node.go(place.clone())
            >
                {if private {
                    view! { <StateSign state/> }.into_any()
                } else {
                    view! { <span class="sign" aria-hidden="true">"#"</span> }.into_any()
                }}
                <bdi class="name">{name}</bdi>
                {move || match unread.get() {
                    0 => None,
                    many => Some(view! {
                        <span class="unread">{many}<span class="unseen">" unread"</span></span>
                    }),
                }}
            </button>
        </li>
    }
}
