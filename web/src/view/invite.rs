//! The link that lets others in, and a button that copies it on plain HTTP as well.

use leptos::html::Input;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::invitation;
use crate::node::Node;

#[component]
pub(super) fn InviteLink() -> impl IntoView {
    let node = Node::here();
    let field = NodeRef::<Input>::new();
    let told = RwSignal::new("");
    let copy = move |_| {
        if let Some(field) = field.get() {
            field.select();
            // The asynchronous clipboard needs HTTPS, which a LAN has not; this old way does not.
            let copied = document()
                .dyn_into::<web_sys::HtmlDocument>()
                .is_ok_and(|document| document.exec_command("copy").unwrap_or(false));
            told.set(if copied { "Copied." } else { "Selected: copy it with Ctrl+C." });
        }
    };
    view! {
        <div class="invite">
            <input
                type="text"
                readonly
                aria-label="Invitation link"
                node_ref=field
                prop:value=node.invitation()
                on:focus=move |_| { field.get().inspect(|field| field.select()); }
            />
            <button type="button" on:click=copy>"Copy"</button>
        </div>
        <p class="hint" role="status">{told}</p>
        {invitation::is_local_only().then(|| view! {
            <p class="hint">
                "This address leads to the hub from this device alone. Others need one of those that the hub printed when it started."
            </p>
        })}
    }
}
