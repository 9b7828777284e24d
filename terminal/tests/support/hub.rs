//! A real hub inside the test, on a port and in a directory of its own, and nodes of others at it.

use std::net::SocketAddr;

use hub::server::BindError;
use hub::{Config, RunningHub, StartError};
use node::{Client, Deliveries, Settings};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use super::{LOOK, Nobody, WITHIN};

/// On loopback, and announced to nobody. Its address, cookie and link stay the same when it is stopped and started.
pub(crate) struct TestHub {
    /// None while it is stopped.
    running: Option<RunningHub>,
    /// Keeps its port meanwhile.
    stopped: Option<Nobody>,
    config: Config,
    data: TempDir,
    link: String,
}

impl TestHub {
    /// A hub as [`Config::for_tests`] makes it.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with its configuration changed.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::for_tests(data.path());
        change(&mut config);
        let running = hub::start(config.clone()).await.unwrap();
        config.listen = running.address();
        config.cookie = running.cookie().map(str::to_owned);
        let link = format!("http://{}/#cookie={}", config.listen, running.cookie().unwrap_or_default());
        Self { running: Some(running), stopped: None, config, data, link }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.config.listen
    }

    pub(crate) fn cookie(&self) -> &str {
        self.config.cookie.as_deref().expect("a hub that is not open to all")
    }

    pub(crate) fn link(&self) -> &str {
        &self.link
    }

    pub(crate) async fn stop(&mut self) {
        self.running.take().expect("it runs").stop().await;
        self.stopped = Some(Nobody::at(self.address()).await);
    }

    /// With the log that it had.
    pub(crate) async fn start(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        self.stopped = None;
        let deadline = Instant::now() + WITHIN;
        let started = loop {
            match hub::start(self.config.clone()).await {
                // As of its port, a program that is being started may hold a copy of the lock on its data.
                Err(StartError::Data(_) | StartError::Bind(BindError::InUse { .. })) if Instant::now() < deadline => {
                    sleep(LOOK).await;
                }
                started => break started.unwrap(),
            }
        };
        self.running = Some(started);
    }

    /// With another cookie, which its link has from now on.
    pub(crate) async fn start_with_cookie(&mut self, cookie: &str) {
        self.config.cookie = Some(cookie.to_owned());
        let said = cookie.replace(' ', "%20");
        self.link = format!("http://{}/#cookie={said}", self.config.listen);
        self.start().await;
    }

    /// With a log that is empty.
    pub(crate) async fn start_anew(&mut self) {
        self.data = tempfile::tempdir().unwrap();
        self.config.data = Some(self.data.path().to_owned());
        self.start().await;
    }

    /// Somebody else at this hub.
    pub(crate) async fn guest(&self, nick: &str) -> (Client, Deliveries) {
        self.node(Settings { nick: Some(nick.to_owned()), ..Settings::default() }).await
    }

    /// The same with settings of its own.
    pub(crate) async fn node(&self, settings: Settings) -> (Client, Deliveries) {
        let (client, deliveries) = Client::start(&self.link, settings).unwrap();
        assert!(timeout(WITHIN, client.online()).await.expect("an answer in time"), "it gets in");
        (client, deliveries)
    }
}
