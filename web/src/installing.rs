//! This client as an app of its own: installed, opened while the hub is away, and renewed. The service worker
//! (web/static/worker.js) does the work; browsers run it where the context is secure.

use js_sys::{Function, Promise, Reflect};
use shared::session::Phase;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, ServiceWorkerContainer};

use crate::dom::{effect, keep, on_window};
use crate::node::{Node, Screen};
use crate::page::{Timeout, document, window};
use crate::settings::matches;
use crate::state::*;

/// Served under this name whatever is in it.
const WORKER: &str = "/worker.js";

/// So long after the hub has let someone in the worker begins to load what it keeps, in milliseconds: nobody is to wait for that.
const SETTLED: i32 = 2_000;

#[derive(Clone, Copy)]
pub(crate) struct Installing {
    /// Another version of this client is kept than the one that runs.
    pub(crate) renewed: Signal<bool>,
    /// The browser's own question whether to install, as long as it may be asked.
    pub(crate) offer: Signal<Option<JsValue>>,
}

impl Installing {
    pub(crate) fn new() -> Self {
        Self { renewed: Signal::new(false), offer: Signal::new(None) }
    }
}

/// What is to be said of installing: in this browser, over this connection.
pub(crate) fn words() -> &'static str {
    if matches("(display-mode: standalone)") {
        "Hubbub runs as an app of its own here."
    } else if workers().is_some() {
        "This browser keeps the client and opens it while the hub is away. Its menu can also install Hubbub as an app, \
         or put it on the home screen."
    } else if window().is_secure_context() {
        "This browser keeps no app. A bookmark leads back here."
    } else {
        "This page came over plain HTTP, and so browsers neither install it as an app nor open it while the hub is \
         away. A bookmark, or a link on the home screen, leads back here."
    }
}

/// None where the browser has no workers for this page: the context is not secure, or it is a private window.
fn workers() -> Option<ServiceWorkerContainer> {
    let workers = window().navigator().service_worker();
    (window().is_secure_context() && !workers.is_undefined()).then_some(workers)
}

impl Node {
    /// Listens for as long as the page lives, and has the worker started once someone is in.
    pub(crate) fn watch_installing(self) {
        let Installing { renewed, offer } = self.installing;
        on_window("beforeinstallprompt", move |event| {
            // It is asked by a button of ours, and not in the middle of a talk.
            event.prevent_default();
            offer.set(Some(event.into()));
        });
        on_window("appinstalled", move |_| offer.set(None));

        let Some(workers) = workers() else { return };
        let told = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            // A worker that takes over names the script of its version.
            let script = event.data().as_string().unwrap_or_default();
            if document().query_selector(&["[href='", &script, "']"].concat()).is_ok_and(|found| found.is_none()) {
                renewed.set(true);
            }
        });
        workers.set_onmessage(Some(told.as_ref().unchecked_ref()));
        // It lives as long as the page.
        told.forget();

        effect({
            let workers = workers.clone();
            move || {
                // Of a hub that is away there is nothing to keep.
                if self.screen.get() == Screen::Chat && self.phase.get() == Phase::Online {
                    let workers = workers.clone();
                    keep(Timeout::new(SETTLED, move || carelessly(&workers.register(WORKER))));
                }
            }
        });
        effect(move || {
            // With every connection, because the hub may be another one.
            if self.welcome.with(Option::is_some)
                && let Some(worker) = workers.controller()
            {
                // Whatever it is told, it looks for a newer version of itself.
                let _ = worker.post_message(&JsValue::NULL);
            }
        });
    }

    /// Has the browser ask whether to install; it may be asked once.
    pub(crate) fn install(self) {
        let Some(offer) = self.installing.offer.quietly(Option::take) else { return };
        if let Ok(prompt) = Reflect::get(&offer, &"prompt".into())
            && let Ok(asked) = prompt.unchecked_into::<Function>().call0(&offer)
        {
            carelessly(&Promise::resolve(&asked));
        }
        self.installing.offer.notify();
    }
}

/// Lets something happen, or not: what fails without a hub is tried again with the next page.
fn carelessly(promise: &Promise) {
    let missed = Closure::new(|_: JsValue| ());
    let _ = promise.catch(&missed);
    // It is called later, if at all.
    missed.forget();
}
