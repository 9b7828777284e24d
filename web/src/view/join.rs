//! The way in: a nick, and the cookie where the link had none.

use leptos::html::Input;
use leptos::prelude::*;

use super::connection::{Standing, standing};
use crate::node::Node;

/// For a returning visitor: nothing to ask, only to wait.
#[component]
pub(super) fn Opening() -> impl IntoView {
    view! {
        <main class="join">
            <div class="join-sheet">
                <h1 class="wordmark">"Hubbub"</h1>
                <Reaching/>
            </div>
        </main>
    }
}

#[component]
pub(super) fn Join() -> impl IntoView {
    let node = Node::here();
    let form = node.join;
    let nick_field = NodeRef::<Input>::new();
    let cookie_field = NodeRef::<Input>::new();

    // What is wrong is where one goes next.
    Effect::new(move |_| {
        let (wrong_nick, cookie_wanted) = (form.nick_error.get().is_some(), form.cookie_wanted.get());
        let wrong_cookie = form.cookie_error.get().is_some();
        let (Some(nick), cookie) = (nick_field.get(), cookie_field.get()) else { return };
        let to_cookie = !wrong_nick && (wrong_cookie || (cookie_wanted && !form.nick.get_untracked().is_empty()));
        // A field that cannot be focused is no reason to stop.
        let _ = match cookie {
            Some(cookie) if to_cookie => cookie.focus(),
            _ => nick.focus(),
        };
    });

    view! {
        <main class="join">
            <div class="join-sheet">
                <h1 class="wordmark">"Hubbub"</h1>
                <p class="lead">"A chat for this network. What is said here stays here."</p>
                <div role="status">
                    {move || form.farewell.get().map(|words| view! { <p class="farewell">{words}</p> })}
                </div>
                <form
                    novalidate
                    on:submit=move |event| {
                        event.prevent_default();
                        node.join();
                    }
                >
                    <div class="field">
                        <label for="nick">"Nick"</label>
                        <input
                            id="nick"
                            node_ref=nick_field
                            name="nick"
                            type="text"
                            autocomplete="nickname"
                            autocapitalize="none"
                            spellcheck="false"
                            enterkeyhint="go"
                            aria-describedby="nick-below"
                            aria-invalid=move || form.nick_error.get().is_some().to_string()
                            prop:value=form.nick
                            on:input=move |event| form.nick.set(event_target_value(&event))
                        />
                        <BelowField
                            id="nick-below"
                            error=form.nick_error
                            hint="How others see you. It becomes yours: this browser keeps the key to it."
                        />
                    </div>
                    <Show when=move || form.cookie_wanted.get()>
                        <div class="field">
                            <label for="cookie">"Cookie"</label>
                            <input
                                id="cookie"
                                node_ref=cookie_field
                                name="cookie"
                                type="text"
                                autocomplete="off"
                                autocapitalize="none"
                                spellcheck="false"
                                enterkeyhint="go"
                                aria-describedby="cookie-below"
                                aria-invalid=move || form.cookie_error.get().is_some().to_string()
                                prop:value=form.cookie
                                on:input=move |event| form.cookie.set(event_target_value(&event))
                            />
                            <BelowField
                                id="cookie-below"
                                error=form.cookie_error
                                hint="This hub lets in who knows its cookie. It stands at the end of the invitation link; the whole link will do."
                            />
                        </div>
                    </Show>
                    <button class="primary" type="submit" aria-busy=move || form.busy.get().to_string()>
                        "Join"
                    </button>
                </form>
            </div>
            <div class="join-foot">
                <Reaching/>
            </div>
        </main>
    }
}

/// What to know of a field, or what is wrong with it.
#[component]
fn BelowField(id: &'static str, error: RwSignal<Option<String>>, hint: &'static str) -> impl IntoView {
    view! {
        <div class="below-field" id=id>
            {move || match error.get() {
                Some(words) => view! { <p class="field-error" role="alert">{words}</p> }.into_any(),
                None => view! { <p class="hint">{hint}</p> }.into_any(),
            }}
        </div>
    }
}

/// How far the hub is from here.
#[component]
fn Reaching() -> impl IntoView {
    let node = Node::here();
    let told = standing(node);
    view! {
        <div role="status">
            {move || match told.get() {
                Standing::Well => node.welcome.get().map(|welcome| {
                    let host = welcome.hub.split_once('@').map_or(welcome.hub.as_str(), |(_, host)| host).to_owned();
                    view! {
                        <p>
                            "The hub " <span class="machine">{host}</span> " answers."
                            {welcome.ephemeral.then_some(" It keeps nothing: the log ends with it.")}
                        </p>
                    }
                    .into_any()
                }).unwrap_or_else(|| ().into_any()),
                Standing::Idle => ().into_any(),
                Standing::Under(words) => view! { <p>{words}</p> }.into_any(),
                Standing::Trouble(words) => view! { <p>{words}</p> }.into_any(),
                Standing::Lost(words) => view! { <p class="field-error" role="alert">{words}</p> }.into_any(),
            }}
        </div>
        <Show when=move || matches!(told.get(), Standing::Trouble(_) | Standing::Lost(_))>
            <button type="button" on:click=move |_| node.session(shared::session::Session::retry)>"Try now"</button>
        </Show>
    }
}
