//! From the command line to a hub that knows this node, and away again in good order.
//!
//! One attempt decides: what is wrong is said with its reason, and the program ends. Once it was there, the client comes
//! back by itself, however long that takes.

mod choosing;
mod reaching;

use std::io::{IsTerminal, stdin};
use std::time::Duration;

use node::{Client, Deliveries, HubAddress};
use shared::message::{Connected, ToHub, Welcome};
use shared::session::{Delivery, Line};
use tokio::time::{Instant, timeout_at};

use crate::arguments::Who;
use crate::exit::Failure;
use crate::profile::{Hub, Profile};
use crate::stopping::Stop;

/// From the first packet to the hub's answer: on a LAN it takes milliseconds, and a person waits for it.
pub const ATTEMPT: Duration = Duration::from_secs(5);

/// How long leaving may take: who closes a terminal does not wait longer, and nor does a machine that shuts down.
pub const LEAVING: Duration = Duration::from_secs(2);

/// Whether a person can be asked for what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Somebody is at the terminal.
    Person,
    /// What is missing is a failure.
    Nobody,
}

/// A hub that let this node in, without a nick.
pub struct Reached {
    pub client: Client,
    /// What comes from now on. Take it all the time, also while waiting for answers: see [`Deliveries`].
    pub deliveries: Deliveries,
    /// What came until now, in order; the welcome is the first.
    pub early: Vec<Delivery>,
    pub hub: HubAddress,
    pub welcome: Welcome,
    pub memory: Memory,
}

/// A hub at which a nick is ours; its rooms are being joined.
pub struct Opened {
    pub client: Client,
    /// As that of [`Reached`].
    pub deliveries: Deliveries,
    /// As that of [`Reached`]; the last is the answer that gave the nick.
    pub early: Vec<Delivery>,
    pub hub: HubAddress,
    pub welcome: Welcome,
    /// The nick as it is shown, who is in the lobby, what is unread.
    pub connected: Connected,
    pub memory: Memory,
    /// What a person should know, in a sentence: that nothing can be remembered.
    pub warning: Option<String>,
}

/// What somebody is at a hub for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visit {
    /// To be there: with the rooms of last time and what was left unsaid, and this is last time from now on.
    Chat,
    /// To do one thing. It changes nothing for those who name neither hub nor nick.
    Command,
}

pub(crate) use reaching::shut_out;

impl Asks {
    /// Whether somebody is at the terminal.
    pub fn here() -> Self {
        if stdin().is_terminal() { Self::Person } else { Self::Nobody }
    }
}

/// Opens the chat: which hub (named, else that of last time, else one found on the network), with which cookie, as whom.
/// Where somebody is there they are asked for what is missing. Rooms of last time are joined again, and lines that could
/// not be said then are.
///
/// # Errors
/// Why there is no chat, with the code for it.
pub async fn open(who: &Who, hub: Option<&str>, asks: Asks, stop: &mut Stop) -> Result<Opened, Failure> {
    let target = choosing::choose(who, hub, asks, stop).await?;
    reaching::open(target, who, asks, Visit::Chat, stop).await
}

/// The same for a command: only the lobby is joined, and nothing is said that was left unsaid. Hub and nick hold for this
/// command alone, unless there was none before. Where somebody is at the terminal they are asked for what is missing.
///
/// # Errors
/// As [`open`].
pub async fn speak(who: &Who, stop: &mut Stop) -> Result<Opened, Failure> {
    let target = choosing::choose(who, None, Asks::here(), stop).await?;
    reaching::open(target, who, Asks::here(), Visit::Command, stop).await
}

/// The same without a nick: for whoever only asks nodes.
///
/// # Errors
/// As [`open`].
pub async fn reach(who: &Who, stop: &mut Stop) -> Result<Reached, Failure> {
    let target = choosing::choose(who, None, Asks::here(), stop).await?;
    reaching::reach(target, Asks::here(), stop).await
}

/// Leaves in good order, within [`LEAVING`]: all others hear that the nick has left. Lines that wait are given up, so look
/// for them first ([`Client::unsent_lines`]).
pub async fn leave(client: &Client, deliveries: &mut Deliveries) {
    leave_by(client, deliveries, Instant::now() + LEAVING).await;
}

/// The same by that time.
pub(crate) async fn leave_by(client: &Client, deliveries: &mut Deliveries, until: Instant) {
    let left = async {
        if client.nick().is_some() {
            drop(client.ask(|id| ToHub::Disconnect { id }).await); // gone, or the hub is
        }
        client.stop().await;
    };
    let drained = async {
        while deliveries.next().await.is_some() {}
        std::future::pending::<()>().await;
    };
    _ = timeout_at(until, async {
        tokio::select! {
            () = left => {}
            () = drained => {}
        }
    })
    .await;
}

/// What is remembered of the hub that one is at.
#[derive(Clone, Debug)]
pub struct Memory {
    profile: Profile,
    /// `host:port`.
    address: String,
    visit: Visit,
    /// It could not be written once, and that was said.
    warned: bool,
}

impl Memory {
    fn new(profile: Profile, address: &HubAddress, visit: Visit) -> Self {
        Self { profile, address: address.to_string(), visit, warned: false }
    }

    /// What is remembered; nothing where it cannot be read.
    pub fn hub(&self) -> Hub {
        self.profile.read().ok().and_then(|remembered| remembered.hub(&self.address).cloned()).unwrap_or_default()
    }

    /// Remembers something. The first time that it cannot: a sentence for the person; all goes on.
    pub fn keep(&mut self, change: impl FnOnce(&mut Hub)) -> Option<String> {
        let kept = self.profile.change(|remembered| change(remembered.hub_mut(&self.address)));
        self.warn(kept)
    }

    /// The same of a nick that the hub has given us.
    pub fn keep_nick(&mut self, nick: &str, token: &str) -> Option<String> {
        let visit = self.visit;
        self.keep(|hub| match visit {
            Visit::Chat => hub.is_ours(nick, token),
            Visit::Command => hub.is_ours_too(nick, token),
        })
    }

    fn warn(&mut self, kept: Result<(), Failure>) -> Option<String> {
        let failure = kept.err()?;
        (!std::mem::replace(&mut self.warned, true)).then(|| failure.to_string())
    }

    /// The hub has let us in with this cookie. Where all of that is known it is not written anew.
    fn let_in(&mut self, cookie: Option<&str>, welcome: &Welcome) -> Option<String> {
        let Self { profile, address, visit, .. } = self;
        let kept = profile.change(|remembered| {
            match visit {
                Visit::Chat => remembered.is_at(address),
                Visit::Command => remembered.looks_in_at(address),
            }
            let hub = remembered.hub_mut(address);
            hub.cookie = cookie.map(str::to_owned);
            hub.name = Some(welcome.hub.clone());
        });
        self.warn(kept)
    }

    /// Keeps lines that could not be said. Whether all of them are.
    pub fn keep_lines(&mut self, nick: &str, lines: &[Line]) -> bool {
        let mut kept = false;
        let written =
            self.profile.change(|remembered| kept = remembered.hub_mut(&self.address).keep_lines(nick, lines));
        written.is_ok() && kept
    }
}
