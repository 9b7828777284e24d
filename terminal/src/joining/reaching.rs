//! To a hub, in, and to a nick.

use node::{Client, Deliveries, Error, HubAddress, Settings};
use shared::message::{Connected, ErrorCode, Refusal, ToHub, Welcome};
use shared::nick::Nick;
use shared::session::{Delivery, Phase, Response};
use shared::wire::close;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::choosing::{Target, address};
use super::{ATTEMPT, Asks, Memory, Opened, Reached, Visit};
use crate::arguments::Who;
use crate::asking::{ask, ask_hidden, tell};
use crate::chat::words;
use crate::clean;
use crate::exit::{Code, Failure};
use crate::profile::Hub;
use crate::stopping::Stop;

/// The kind of node this is, and its name where the nick is none for a node.
const KIND: &str = "terminal";

/// How often a person may give a cookie: more, and the hub shuts this address out for a while.
const COOKIES: usize = 3;

/// What may be delivered before the nick is ours: where one is refused, what becomes of all lines and rooms kept for it,
/// and that is a few hundred. A hub that tells more is none.
const MAX_EARLY: usize = 1_024;

/// How often a person may name another nick.
const NICKS: usize = 10;

/// The chat at that hub.
///
/// # Errors
/// As [`super::open`].
pub(super) async fn open(
    target: Target,
    who: &Who,
    asks: Asks,
    visit: Visit,
    stop: &mut Stop,
) -> Result<Opened, Failure> {
    let remembered = target.remembered.hub(&target.address.to_string()).and_then(Hub::nick);
    let named = who.nick.as_deref().filter(|named| asks == Asks::Nobody || may_be(named));
    let nick = match named.or(remembered.filter(|_| who.nick.is_none())) {
        Some(nick) => nick.to_owned(),
        None => ask_for_nick(asks, stop).await?,
    };
    let (attempt, way) = way_in(target, Some(&nick), visit, asks, stop).await?;
    attempt.named(way, asks, stop).await
}

/// That hub, without a nick.
///
/// # Errors
/// As [`super::reach`].
pub(super) async fn reach(target: Target, asks: Asks, stop: &mut Stop) -> Result<Reached, Failure> {
    let (attempt, way) = way_in(target, None, Visit::Command, asks, stop).await?;
    let Way { welcome, address, memory, .. } = way;
    let Attempt { client, deliveries, early, .. } = attempt;
    Ok(Reached { client, deliveries, early, hub: address, welcome, memory })
}

/// What is known once the hub has said welcome.
struct Way {
    welcome: Welcome,
    address: HubAddress,
    memory: Memory,
    warning: Option<String>,
    known: Hub,
}

/// Attempts until the hub says welcome: another for each cookie that a person gives.
async fn way_in(
    target: Target,
    nick: Option<&str>,
    visit: Visit,
    asks: Asks,
    stop: &mut Stop,
) -> Result<(Attempt, Way), Failure> {
    let Target { mut address, profile, remembered } = target;
    let known = |address: &HubAddress| remembered.hub(&address.to_string()).cloned().unwrap_or_default();
    let mut cookie = address.cookie().map(str::to_owned).or(known(&address).cookie);
    for left in (0..=COOKIES).rev() {
        let known = known(&address);
        let mut attempt = Attempt::begin(&address, settings(&known, cookie.clone(), nick, visit))?;
        match attempt.welcomed(&address, stop).await? {
            Ok(welcome) => {
                let mut memory = Memory::new(profile, &address, visit);
                let warning = memory.let_in(cookie.as_deref(), &welcome);
                return Ok((attempt, Way { welcome, address, memory, warning, known }));
            }
            Err(why) => {
                attempt.client.stop().await;
                if left == 0 {
                    break; // what is asked for is tried
                }
                (address, cookie) = ask_for_cookie(&address, &why, asks, stop).await?;
            }
        }
    }
    let words = "That was not the hub's cookie either. It stands in the invitation link; whoever runs the hub has it.";
    Err(Failure::new(Code::Cookie, words))
}

fn settings(known: &Hub, cookie: Option<String>, nick: Option<&str>, visit: Visit) -> Settings {
    let is_node_name = |nick: &&str| nick.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let is_chat = visit == Visit::Chat;
    Settings {
        cookie,
        node: Some(nick.filter(is_node_name).unwrap_or(KIND).to_owned()),
        kind: Some(KIND.to_owned()),
        nick: nick.map(str::to_owned),
        token: nick.and_then(|nick| known.token(nick)).map(str::to_owned),
        rooms: if is_chat { known.rooms.clone() } else { Vec::new() },
        lines: nick.filter(|_| is_chat).map(|nick| known.lines(nick)).unwrap_or_default(),
        ..Settings::default()
    }
}

/// The one attempt that decides.
struct Attempt {
    client: Client,
    deliveries: Deliveries,
    early: Vec<Delivery>,
    phase: watch::Receiver<Phase>,
    until: Instant,
}

/// What the attempt came to, so far.
#[expect(clippy::large_enum_variant, reason = "it lives only from the wait to what is made of it")]
enum Step {
    Delivered(Delivery),
    Phase(Phase),
}

impl Attempt {
    fn begin(address: &HubAddress, settings: Settings) -> Result<Self, Failure> {
        let started = Client::start(&address.to_string(), settings);
        let (client, deliveries) = started.map_err(|error| Failure::new(Code::NoHub, error.to_string()))?;
        let phase = client.phase();
        Ok(Self { client, deliveries, early: Vec::new(), phase, until: Instant::now() + ATTEMPT })
    }

    async fn step(&mut self, address: &HubAddress, stop: &mut Stop) -> Result<Step, Failure> {
        let slow = || {
            Failure::new(Code::NoHub, format!("{address} did not answer within {} s. Is it a hub?", ATTEMPT.as_secs()))
        };
        // Not only below: whoever delivers without a pause is not waited for longer.
        if Instant::now() >= self.until {
            return Err(slow());
        }
        if self.early.len() >= MAX_EARLY {
            let words = format!("{address} tells much and does not let this node in as a hub would.");
            return Err(Failure::new(Code::NoHub, words));
        }
        tokio::select! {
            biased;
            code = stop.asked() => Err(Failure::new(code, "")),
            // What was delivered says more than what became of the connection.
            delivery = self.deliveries.next() => delivery.map(Step::Delivered).ok_or_else(slow),
            changed = self.phase.changed() => match changed {
                Ok(()) => Ok(Step::Phase(self.phase.borrow_and_update().clone())),
                Err(_) => Err(slow()),
            },
            () = sleep_until(self.until) => Err(slow()),
        }
    }

    /// The hub's welcome; or why it wants a cookie, in words.
    async fn welcomed(&mut self, address: &HubAddress, stop: &mut Stop) -> Result<Result<Welcome, String>, Failure> {
        loop {
            match self.step(address, stop).await? {
                Step::Delivered(delivery) => {
                    let welcome = match &delivery {
                        Delivery::Welcomed { welcome, .. } => Some(welcome.clone()),
                        _ => None,
                    };
                    self.early.push(delivery);
                    if let Some(welcome) = welcome {
                        return Ok(Ok(welcome));
                    }
                }
                Step::Phase(Phase::CookieWanted { why }) => return Ok(Err(why)),
                Step::Phase(phase) => self.still(&phase, address)?,
            }
        }
    }

    /// An attempt that has failed is the last.
    fn still(&self, phase: &Phase, address: &HubAddress) -> Result<(), Failure> {
        if let Some(failure) = shut_out(phase, &self.client, address) {
            return Err(failure);
        }
        match (phase, self.client.failure().as_deref()) {
            (
                Phase::Idle | Phase::Connecting | Phase::Online | Phase::Refused { .. } | Phase::CookieWanted { .. },
                _,
            ) => Ok(()),
            (_, Some(Error::Version { .. })) => Err(another_version(address)),
            (_, Some(error)) => Err(Failure::new(Code::NoHub, error.to_string())),
            (_, None) => {
                let words = format!("The connection to {address} was lost before it was there.");
                Err(Failure::new(Code::NoHub, words))
            }
        }
    }

    /// The hub has said welcome; the nick is still to be had.
    async fn named(mut self, way: Way, asks: Asks, stop: &mut Stop) -> Result<Opened, Failure> {
        let Way { welcome, address, mut memory, warning, known } = way;
        let mut refused = 0;
        let connected = loop {
            match self.step(&address, stop).await? {
                Step::Phase(phase) => self.still(&phase, &address)?,
                Step::Delivered(delivery) => {
                    let answer = match &delivery {
                        Delivery::Answered { request: ToHub::Connect { .. }, answer } => Some(answer.clone()),
                        _ => None,
                    };
                    self.early.push(delivery);
                    match answer {
                        Some(Ok(Response::Connected(connected))) => break connected,
                        Some(Err(refusal)) => {
                            refused += 1;
                            let asks = if refused < NICKS { asks } else { Asks::Nobody };
                            self.another_nick(&refusal, &known, asks, stop).await?;
                        }
                        _ => {}
                    }
                }
            }
        };
        let Connected { nick, token, .. } = &connected;
        let warning = warning.or(memory.keep_nick(nick, token));
        let Self { client, deliveries, early, .. } = self;
        Ok(Opened { client, deliveries, early, hub: address, welcome, connected, memory, warning })
    }

    /// The nick was refused: asks for another, and the hub for that.
    async fn another_nick(
        &mut self,
        refusal: &Refusal,
        known: &Hub,
        asks: Asks,
        stop: &mut Stop,
    ) -> Result<(), Failure> {
        let code = match refusal.code {
            ErrorCode::Unavailable | ErrorCode::RateLimited => Code::NoHub,
            _ => Code::Nick,
        };
        let failure = Failure::new(code, words::refusal(refusal));
        if asks == Asks::Nobody || code != Code::Nick {
            return Err(failure);
        }
        tell(&failure.to_string(), "\n");
        let nick = ask_for_nick(asks, stop).await?;
        let token = known.token(&nick).map(str::to_owned);
        drop(self.client.ask(|id| ToHub::Connect { id, nick, token }));
        self.until = Instant::now() + ATTEMPT; // the time that a person takes does not count
        Ok(())
    }
}

/// Why the hub does not let this node in, or in any more, if that is how it is.
pub(crate) fn shut_out(phase: &Phase, client: &Client, address: &HubAddress) -> Option<Failure> {
    let why = match phase {
        Phase::CookieWanted { why } => return Some(Failure::new(Code::Cookie, why.clone())),
        Phase::Refused { why } => why.clone(),
        Phase::Idle | Phase::Connecting | Phase::Online | Phase::Waiting { .. } | Phase::Offline => return None,
    };
    Some(match client.failure().as_deref() {
        Some(Error::Version { .. }) => another_version(address),
        Some(Error::Closed(closed)) if closed.code == close::VERSION => another_version(address),
        Some(Error::Closed(closed)) if closed.code == close::TOO_MANY_COOKIES => Failure::new(Code::Cookie, why),
        _ => Failure::new(Code::NoHub, why),
    })
}

fn another_version(address: &HubAddress) -> Failure {
    let words = format!(
        "The hub at {address} speaks another version of the protocol than this program, which speaks version {}. Bring both to one version.",
        shared::wire::VERSION
    );
    Failure::new(Code::Version, words)
}

async fn ask_for_nick(asks: Asks, stop: &mut Stop) -> Result<String, Failure> {
    let none = || Failure::new(Code::Nick, "A nick is needed for this: give one with -n.");
    if asks == Asks::Nobody {
        return Err(none());
    }
    loop {
        match ask("Nick: ", stop).await? {
            None => return Err(none()),
            Some(nick) if nick.is_empty() => {}
            Some(nick) if may_be(&nick) => return Ok(nick),
            Some(_) => {}
        }
    }
}

/// Whether a nick can be had at all, by the hub's own rule. Who has typed one that cannot hears why at once: not only once
/// they have found the cookie.
fn may_be(nick: &str) -> bool {
    let wrong = Nick::parse(nick).err();
    if let Some(error) = &wrong {
        tell(&clean::line(&error.to_string()), "\n");
    }
    wrong.is_none()
}

/// The cookie, or the link that holds it; and where that leads, as it is a cookie of that hub alone.
async fn ask_for_cookie(
    hub: &HubAddress,
    why: &str,
    asks: Asks,
    stop: &mut Stop,
) -> Result<(HubAddress, Option<String>), Failure> {
    let none = || Failure::new(Code::Cookie, why);
    if asks == Asks::Nobody {
        return Err(none());
    }
    tell(&clean::line(why), "\n");
    // Who types a cookie must see to whom it goes.
    let question = format!("Cookie or link for {hub}: ");
    loop {
        match ask_hidden(&clean::line(&question), stop).await? {
            None => return Err(none()),
            Some(answer) if answer.is_empty() => {}
            Some(link) if link.contains("://") || link.contains("#cookie=") => {
                let hub = address(&link)?;
                let cookie = hub.cookie().map(str::to_owned);
                return Ok((hub, cookie));
            }
            Some(cookie) => return Ok((hub.clone(), Some(cookie))),
        }
    }
}
