//! The window of someone who is in: rooms, the talk, people.

use leptos::ev::keydown;
use leptos::html::{Aside, Button, Nav};
use leptos::prelude::*;
use shared::transcript::Place;

use super::composer::Composer;
use super::notice::Notices;
use super::people::People;
use super::room_picker::RoomPicker;
use super::rooms::Rooms;
use super::transcript::Transcript;
use crate::node::Node;

/// On a narrow screen the lists at the sides are drawers; at most one is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawer {
    Rooms,
    People,
}

impl Drawer {
    fn name(self) -> &'static str {
        match self {
            Self::Rooms => "rooms",
            Self::People => "people",
        }
    }
}

/// Which drawer is open, for those inside it.
#[derive(Clone, Copy)]
pub(super) struct Drawers {
    open: RwSignal<Option<Drawer>>,
}

impl Drawers {
    pub(super) fn shut(self) {
        if self.open.get_untracked().is_some() {
            self.open.set(None);
        }
    }
}

#[component]
pub(super) fn Chat() -> impl IntoView {
    let node = Node::here();
    let open = RwSignal::new(None);
    let drawers = Drawers { open };
    provide_context(drawers);

    let rooms_ref = NodeRef::<Nav>::new();
    let people_ref = NodeRef::<Aside>::new();
    let rooms_button = NodeRef::<Button>::new();
    let people_button = NodeRef::<Button>::new();

    // The keyboard goes into a drawer that opens, and back to its button when it shuts.
    Effect::new(move |before: Option<Option<Drawer>>| {
        let now = open.get();
        // A part that is not there, or cannot be focused, leaves the focus where it is.
        let _ = match (before.flatten(), now) {
            (_, Some(Drawer::Rooms)) => rooms_ref.get_untracked().map(|drawer| drawer.focus()),
            (_, Some(Drawer::People)) => people_ref.get_untracked().map(|drawer| drawer.focus()),
            (Some(Drawer::Rooms), None) => rooms_button.get_untracked().map(|button| button.focus()),
            (Some(Drawer::People), None) => people_button.get_untracked().map(|button| button.focus()),
            (None, None) => None,
        };
        now
    });
    let escape = window_event_listener(keydown, move |event| {
        if event.key() == "Escape" {
            drawers.shut();
        }
    });
    on_cleanup(move || escape.remove());
    // Going somewhere is what a drawer was opened for.
    Effect::new(move |_| {
        node.here.track();
        drawers.shut();
    });

    let unread_elsewhere = move || {
        let here = node.here.get();
        node.places.get().iter().filter(|listed| listed.place != here).any(|listed| listed.unread.get() > 0)
    };
    let expanded = move |drawer| (open.get() == Some(drawer)).to_string();

    view! {
        <div class="chat" data-drawer=move || open.get().map(Drawer::name)>
            <nav class="side rooms" id="rooms" tabindex="-1" aria-label="Rooms and conversations" node_ref=rooms_ref>
                <Rooms/>
            </nav>
            <main class="talk" inert=move || open.get().is_some()>
                <header class="talk-head">
                    <button
                        class="drawer-button for-rooms quiet"
                        type="button"
                        aria-controls="rooms"
                        aria-expanded=move || expanded(Drawer::Rooms)
                        node_ref=rooms_button
                        on:click=move |_| open.set(Some(Drawer::Rooms))
                    >
                        "Rooms"
                        <Show when=unread_elsewhere>
                            <span class="unread-dot"><span class="unseen">", unread lines"</span></span>
                        </Show>
                    </button>
                    <Title/>
                    <button
                        class="drawer-button for-people quiet"
                        type="button"
                        aria-controls="people"
                        aria-expanded=move || expanded(Drawer::People)
                        node_ref=people_button
                        on:click=move |_| open.set(Some(Drawer::People))
                    >
                        "People " <span class="count">{node.talk.count}</span>
                    </button>
                </header>
                <div class="talk-body">
                    <Transcript/>
                    <Notices/>
                </div>
                <Composer/>
            </main>
            <aside class="side people" id="people" tabindex="-1" aria-label="Who is here" node_ref=people_ref>
                <People/>
            </aside>
            <button class="scrim" type="button" tabindex="-1" aria-hidden="true" on:click=move |_| drawers.shut()></button>
            <RoomPicker/>
        </div>
    }
}

/// Where one is.
#[component]
fn Title() -> impl IntoView {
    let node = Node::here();
    let topic = move || match node.here.get() {
        Place::Room(_) if !node.talk.joined.get() => Some("You have left this room.".to_owned()),
        Place::Room(_) => node.talk.topic.get(),
        Place::With(nick) => Some(format!("Only you and {nick} see this.")),
    };
    view! {
        <div class="title">
            <h1><bdi>{move || node.here.get().name().to_owned()}</bdi></h1>
            {move || topic().map(|words| view! { <p class="topic" title=words.clone()><bdi>{words.clone()}</bdi></p> })}
        </div>
    }
}
