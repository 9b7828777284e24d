//! The way to a hub, and what a node remembers of itself to come back there.

use std::net::SocketAddr;

use shared::message::Hello;

use super::{RawSocket, Tab};

/// Where a hub is, and what it wants to see.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    pub(crate) cookie: String,
}

/// What a node remembers of itself while it has no connection.
#[derive(Clone)]
pub(crate) struct Memory {
    pub(crate) way: Way,
    pub(crate) session: String,
    /// The last `seq` it has heard, or been told.
    pub(crate) seen: u64,
}

impl Way {
    /// A node behind a small window: what it does not read soon waits on the hub's side.
    pub(crate) async fn narrow_tab(&self) -> Tab {
        let socket = RawSocket::open_narrow(self.address).await;
        Tab::open_on(socket, self, Hello::default()).await.unwrap_or_else(|code| panic!("closed with {code}"))
    }

    /// The same with a nick, in the lobby.
    pub(crate) async fn narrow_tab_of(&self, nick: &str) -> Tab {
        let mut tab = self.narrow_tab().await;
        tab.takes(nick, None).await;
        tab
    }
}

impl Memory {
    /// Comes back for all that was missed.
    pub(crate) async fn resume(&self) -> Tab {
        self.resume_after(Some(self.seen)).await
    }

    /// Comes back for what follows `after`, or only for what comes from now on.
    pub(crate) async fn resume_after(&self, after: Option<u64>) -> Tab {
        let tab = self.try_resume(after).await.unwrap_or_else(|code| panic!("closed with {code}"));
        assert!(tab.welcome().resumed, "the session is known: {:?}", tab.welcome());
        assert_eq!(tab.welcome().session, self.session, "it stays the same session");
        tab
    }

    /// The same where the session may be unknown, or the hub may close: the code.
    pub(crate) async fn try_resume(&self, after: Option<u64>) -> Result<Tab, u16> {
        let socket = RawSocket::open(self.way.address).await;
        self.try_resume_on(socket, after).await
    }

    /// The same on a socket of the test's making.
    pub(crate) async fn try_resume_on(&self, socket: RawSocket, after: Option<u64>) -> Result<Tab, u16> {
        let hello = Hello { session: Some(self.session.clone()), after, ..Hello::default() };
        Tab::open_on(socket, &self.way, hello).await
    }
}
