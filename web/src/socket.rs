//! The WebSocket to the hub. It knows nothing of the protocol, and ends with its [`Socket`].

use crate::page::window;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CloseEvent, Event, MessageEvent, WebSocket};

/// Closed on purpose.
const NORMAL: u16 = 1000;

/// What a socket reports.
pub(crate) enum Happening {
    Opened,
    /// A text frame.
    Received(String),
    Closed {
        code: u16,
        reason: String,
    },
}

/// An open or opening WebSocket; dropped, it closes and reports nothing more.
pub(crate) struct Socket {
    socket: WebSocket,
    _opened: Closure<dyn Fn(Event)>,
    _received: Closure<dyn Fn(MessageEvent)>,
    _closed: Closure<dyn Fn(CloseEvent)>,
}

impl Socket {
    /// Begins to open one to the hub that this page came from. None if the browser will not even try.
    pub(crate) fn open(report: impl Fn(Happening) + Clone + 'static) -> Option<Self> {
        // It names no subprotocol: the hub then speaks version 1, and `hello` names the version. Trunk's
        // development proxy drops the answer's choice, which a browser that named one would not accept.
        let socket = WebSocket::new(&address()?).ok()?;

        let opened = Closure::<dyn Fn(Event)>::new({
            let report = report.clone();
            move |_| report(Happening::Opened)
        });
        let received = Closure::<dyn Fn(MessageEvent)>::new({
            let report = report.clone();
            move |event: MessageEvent| {
                // The protocol has text frames only.
                if let Some(frame) = event.data().as_string() {
                    report(Happening::Received(frame));
                }
            }
        });
        let closed = Closure::<dyn Fn(CloseEvent)>::new(move |event: CloseEvent| {
            report(Happening::Closed { code: event.code(), reason: event.reason() });
        });
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(received.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        Some(Self { socket, _opened: opened, _received: received, _closed: closed })
    }

    /// Sends a text frame. A socket that is no longer open drops it, and reports that it closed.
    pub(crate) fn send(&self, frame: &str) {
        // Asked here, since a browser complains of each frame for a socket that the hub has just closed.
        if self.socket.ready_state() == WebSocket::OPEN {
            let _ = self.socket.send_with_str(frame);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Fails only for codes and reasons that may not be given, which these may.
        let _ = self.socket.close_with_code(NORMAL);
    }
}

fn address() -> Option<String> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    Some(format!("{scheme}://{}/ws", location.host().ok()?))
}
