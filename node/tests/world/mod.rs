//! A real hub, and native nodes on it.

#![allow(dead_code, reason = "each file of tests uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "a test that finds what it did not expect stops there")]

use std::net::SocketAddr;
use std::time::Duration;

use hub::{Config, RunningHub};
use node::{Client, Settings};
use shared::process::Address;
use tempfile::TempDir;
use tokio::time::timeout;

/// How long a test waits for what must come.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) hub: RunningHub,
    data: TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::for_tests(data.path());
        config.rate_limit = None;
        change(&mut config);
        Self { hub: hub::start(config).await.unwrap(), data }
    }

    pub(crate) fn link(&self) -> String {
        format!("http://{}/#cookie={}", self.hub.address(), self.hub.cookie().unwrap_or_default())
    }

    /// A node of that name, online and without a nick.
    pub(crate) async fn node(&self, name: &str) -> Client {
        self.client(Settings { node: Some(name.to_owned()), ..Settings::default() }).await
    }

    /// A node of that name with a nick.
    pub(crate) async fn guest(&self, name: &str, nick: &str) -> Client {
        self.client(Settings { node: Some(name.to_owned()), nick: Some(nick.to_owned()), ..Settings::default() }).await
    }

    /// A further node of somebody.
    pub(crate) async fn further(&self, name: &str, of: &Client) -> Client {
        let (nick, token) = of.nick().unwrap();
        let settings =
            Settings { node: Some(name.to_owned()), nick: Some(nick), token: Some(token), ..Settings::default() };
        self.client(settings).await
    }

    pub(crate) async fn client(&self, settings: Settings) -> Client {
        let (client, _) = Client::start(&self.link(), settings).unwrap();
        assert!(in_time(client.online()).await, "it gets online");
        client
    }

    /// Stops the hub.
    pub(crate) async fn stop(self) -> Down {
        let address = self.hub.address();
        self.hub.stop().await;
        Down { address, data: self.data }
    }

    /// Stops the hub and starts another one on its log and port.
    pub(crate) async fn restart(self) -> Self {
        self.stop().await.start().await
    }
}

/// A hub that was stopped.
pub(crate) struct Down {
    address: SocketAddr,
    data: TempDir,
}

impl Down {
    /// Starts another one on its log and port.
    pub(crate) async fn start(self) -> World {
        let mut config = Config::for_tests(self.data.path());
        config.rate_limit = None;
        config.listen = self.address;
        World { hub: hub::start(config).await.unwrap(), data: self.data }
    }
}

/// The process of that address.
pub(crate) fn at(address: &str) -> Address {
    address.parse().unwrap()
}

/// What must come within [`DEADLINE`].
pub(crate) async fn in_time<F: Future>(future: F) -> F::Output {
    timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("waited in vain"))
}
