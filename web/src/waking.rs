//! The device's network and screen, and this page's coming and going, as the session wants to know of them.

use shared::session::Session;
use wasm_bindgen::JsCast;
use web_sys::{Document, StorageEvent};

use crate::dom::{on_document, on_window};
use crate::node::{Node, Screen};
use crate::page::document;
use crate::storage;

impl Node {
    /// Listens for as long as the page lives.
    pub(crate) fn listen(self) {
        on_window("online", move |_| self.session(Session::online));
        on_window("offline", move |_| self.session(Session::offline));
        // A page that is left may be kept for a way back, with its socket open and answering: a ghost.
        on_window("pagehide", move |_| self.leave_page());
        on_window("pageshow", move |_| {
            // This page goes on with its session; a copy of the tab must not find it.
            storage::take_session();
            self.session(|session, now| {
                session.start(now);
                session.visible(now);
            });
        });
        on_window("hashchange", move |_| self.link_opened());
        // The person goes back or forward, or has typed another address.
        on_window("popstate", move |_| {
            // It comes before the one above, and an invitation link leads to no place.
            self.link_opened();
            if self.screen.get_untracked() == Screen::Chat {
                self.go_back_or_forward();
            }
        });
        // It is told to the document, and from there to the window.
        on_window("visibilitychange", move |_| self.wake());
        // A browser may stop a page that nobody looks at, and let it go on still unseen.
        on_document("resume", move |_| self.wake());
        on_window("storage", move |event| {
            let event: StorageEvent = event.unchecked_into();
            if let Some(id) = event.key().as_deref().and_then(storage::line_id) {
                self.line_stored_elsewhere(id, event.old_value().as_deref(), event.new_value().is_some());
            }
            self.muting.reload();
        });
    }

    fn wake(self) {
        self.session(Session::visible);
        self.draw();
        if Document::hidden(&document()) {
            self.put_news_away();
        } else {
            self.hush();
            self.mark_read();
            self.ask_reach_anew();
        }
    }

    /// Leaves the session to the page that comes next in this tab, so that a reload is no news to others.
    fn leave_page(self) {
        if self.screen.get_untracked() == Screen::Chat {
            let secret = self.with_core(|core| core.session.position().session.clone());
            if !secret.is_empty() {
                storage::leave_session(&secret);
            }
        }
        self.session(Session::stop);
    }
}
