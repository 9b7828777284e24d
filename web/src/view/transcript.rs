//! What was said here.

use leptos::html::Div;
use leptos::prelude::*;
use shared::transcript::Place;

use super::invite::InviteLink;
use super::row::RowView;
use super::scroll::{Scroll, Stand};
use crate::node::Node;

#[component]
pub(super) fn Transcript() -> impl IntoView {
    let node = Node::here();
    let talk = node.talk;
    let view_ref = NodeRef::<Div>::new();
    let lines_ref = NodeRef::<Div>::new();

    let settle = move |stand: Stand| {
        node.looks(stand.at_end, stand.top);
        if stand.near_top && talk.more.get_untracked() {
            node.load_older();
        }
    };
    let scroll = Scroll::keep(view_ref, lines_ref, settle);
    Effect::new(move |_| {
        talk.to_end.track();
        scroll.to_end();
    });

    let name = move || node.here.get().name().to_owned();
    let below = move || match node.places.get().iter().find(|listed| listed.place == node.here.get()) {
        Some(listed) => match listed.unread.get() {
            0 => "To the newest line".to_owned(),
            many => format!("{many} new below"),
        },
        None => String::new(),
    };

    view! {
        <div
            class="transcript"
            role="log"
            aria-live="polite"
            aria-label=name
            // A page that is loaded is not news to be read out.
            aria-busy=move || talk.loading.get().to_string()
            tabindex="0"
            node_ref=view_ref
            on:scroll=move |_| {
                if let Some(stand) = scroll.scrolled() {
                    settle(stand);
                }
            }
        >
            <div class="lines" node_ref=lines_ref>
                <Top/>
                <For each=move || talk.rows.get() key=|row| row.key() children=move |row| view! { <RowView row/> }/>
            </div>
        </div>
        <Show when=move || !talk.at_end.get()>
            <button
                class="below"
                type="button"
                on:click=move |_| {
                    talk.to_end.notify();
                    focus_message();
                }
            >
                {below}
            </button>
        </Show>
    }
}

/// The button goes away with the click; one who typed goes on typing.
fn focus_message() {
    use wasm_bindgen::JsCast;
    let field = document().get_element_by_id("message").and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(field) = field {
        // A field that cannot be focused is no reason to stop.
        let _ = field.focus();
    }
}

/// What stands above the oldest line.
#[component]
fn Top() -> impl IntoView {
    let node = Node::here();
    let talk = node.talk;
    let empty = Memo::new(move |_| talk.rows.with(|rows| rows.iter().all(|row| row.seq().is_none())));
    let top = Memo::new(move |_| match (talk.more.get(), empty.get()) {
        (true, _) => Above::More,
        (false, true) => Above::Nothing,
        (false, false) => Above::Beginning,
    });
    let title = move || match node.here.get() {
        Place::Room(room) => format!("Nothing has been said in {room} yet"),
        Place::With(nick) => format!("You and {nick}"),
    };
    view! {
        {move || match top.get() {
            Above::More => view! {
                <p class="older">{move || talk.loading.get().then_some("Loading older lines…")}</p>
            }.into_any(),
            Above::Beginning => view! {
                <div class="beginning">
                    <div>
                        <p>{move || match node.here.get() {
                            Place::Room(room) => format!("This is where {room} begins."),
                            Place::With(nick) => format!("Here begins what you and {nick} say to each other."),
                        }}</p>
                    </div>
                </div>
            }.into_any(),
            Above::Nothing => view! {
                <div class="beginning alone">
                    <div>
                        <h2>{title}</h2>
                        {move || match node.here.get() {
                            Place::Room(_) => view! { <Empty/> }.into_any(),
                            Place::With(nick) => view! {
                                <p>"Nothing has been said yet. What you write here only "<bdi>{nick.clone()}</bdi>
                                    " can read, now or on coming back."</p>
                            }.into_any(),
                        }}
                    </div>
                </div>
            }.into_any(),
        }}
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Above {
    /// There may be older lines.
    More,
    /// The first line of the place stands below.
    Beginning,
    /// There is no line at all.
    Nothing,
}

/// What to do in a room where nobody has said anything.
#[component]
fn Empty() -> impl IntoView {
    view! {
        <p>
            "Write the first line below: everyone who comes later will find it here."
        </p>
        <p>"To bring others in, send them this link."</p>
        <InviteLink/>
    }
}
