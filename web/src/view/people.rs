//! Who is here, and how they are.

use leptos::prelude::*;
use shared::message::State;
use shared::transcript::Place;

use super::chat::Drawers;
use crate::hue;
use crate::node::Node;

#[component]
pub(super) fn People() -> impl IntoView {
    let node = Node::here();
    let drawers: Drawers = expect_context();
    let talk = node.talk;
    view! {
        <div class="people-head">
            <h2 id="people-title">"People"</h2>
            <span class="count">{talk.count}</span>
            <button class="drawer-close quiet" type="button" on:click=move |_| drawers.shut()>"Close"</button>
        </div>
        <div class="side-scroll">
            <ul aria-labelledby="people-title">
                <For
                    each=move || talk.people.get()
                    key=|user| user.nick.clone()
                    children=move |user| view! { <PersonItem nick=user.nick/> }
                />
            </ul>
            <Show when=move || talk.only_counted.get()>
                <p class="note">{talk.count}" people are here, too many to follow each."</p>
                <button type="button" on:click=move |_| node.list_people()>"List them"</button>
            </Show>
        </div>
    }
}

#[component]
fn PersonItem(nick: String) -> impl IntoView {
    let node = Node::here();
    let state = {
        let nick = nick.clone();
        Memo::new(move |_| {
            node.talk.people.with(|people| people.iter().find(|user| user.nick == nick).and_then(|user| user.state))
        })
    };
    let mine = node.nick.get_untracked() == nick;
    let class = format!("name {}", hue::classes(&nick));
    let words = view! {
        <StateSign state/>
        <bdi class=class>{nick.clone()}</bdi>
        {mine.then(|| view! { <span class="you">"you"</span> })}
    };
    view! {
        <li>
            {if mine {
                view! { <div class="item">{words}</div> }.into_any()
            } else {
                let title = format!("Write to {nick} alone");
                view! {
                    <button class="item" type="button" title=title on:click=move |_| node.go(Place::With(nick.clone()))>
                        {words}
                    </button>
                }
                .into_any()
            }}
        </li>
    }
}

/// A state as a shape with a colour, and as a word for those who hear it.
#[component]
pub(super) fn StateSign(state: Memo<Option<State>>) -> impl IntoView {
    move || match state.get() {
        // As little as is known.
        None => view! { <span class="sign" aria-hidden="true">"@"</span> }.into_any(),
        Some(state) => {
            let word = word(state);
            view! {
                <span class=format!("state {word}") title=word><span class="unseen">{word}": "</span></span>
            }
            .into_any()
        }
    }
}

/// A state, for people, and as a class in people.css.
pub(super) fn word(state: State) -> &'static str {
    match state {
        State::Online => "online",
        State::Away => "away",
        State::Reconnecting => "reconnecting",
        State::Offline => "offline",
    }
}
