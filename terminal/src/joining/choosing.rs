//! Which hub.

use std::time::Duration;

use node::HubAddress;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Asks;
use crate::arguments::Who;
use crate::asking::{ask, tell};
use crate::clean;
use crate::exit::{Code, Failure};
use crate::finding::{self, Found};
use crate::profile::{Profile, Remembered};
use crate::stopping::Stop;

/// How long the hub of last time has to answer before others are looked for: on a LAN it takes a millisecond, and on
/// Wi-Fi that sleeps some hundred.
const KNOCK: Duration = Duration::from_secs(1);

/// How often a person may mistype a number.
const TRIES: usize = 3;

/// A hub to go to.
pub(super) struct Target {
    pub(super) address: HubAddress,
    pub(super) profile: Profile,
    pub(super) remembered: Remembered,
}

/// # Errors
/// Where no hub is named, remembered and found, or the person chooses none.
pub(super) async fn choose(who: &Who, hub: Option<&str>, asks: Asks, stop: &mut Stop) -> Result<Target, Failure> {
    let profile = Profile::find();
    let remembered = profile.read()?;
    let address = match hub.or(who.server.as_deref()) {
        Some(named) => address(named)?,
        None => {
            let known = tokio::select! {
                code = stop.asked() => return Err(Failure::new(code, "")),
                known = known(&remembered) => known,
            };
            match (known, remembered.last()) {
                (Some(known), _) => known,
                // What is to be said to one hub is not told to whichever other is there.
                (None, Some(last)) if asks == Asks::Nobody => {
                    let words = format!("The hub of last time, {last}, does not answer. Name one with -s.");
                    return Err(Failure::new(Code::NoHub, words));
                }
                (None, _) => found(&remembered, asks, stop).await?,
            }
        }
    };
    Ok(Target { address, profile, remembered })
}

pub(super) fn address(named: &str) -> Result<HubAddress, Failure> {
    named.parse().map_err(|error: node::address::AddressError| Failure::new(Code::NoHub, error.to_string()))
}

/// The hub of last time, if it is there.
async fn known(remembered: &Remembered) -> Option<HubAddress> {
    let address: HubAddress = remembered.last()?.parse().ok()?;
    answers(&address.to_string()).await.then_some(address)
}

async fn answers(address: &str) -> bool {
    matches!(timeout(KNOCK, TcpStream::connect(address)).await, Ok(Ok(_)))
}

async fn found(remembered: &Remembered, asks: Asks, stop: &mut Stop) -> Result<HubAddress, Failure> {
    let person = asks == Asks::Person;
    if person {
        if let Some(last) = remembered.last() {
            tell(&clean::line(&format!("The hub of last time, {last}, does not answer.")), "\n");
        }
        tell("Looking for hubs on this network…", "\n");
    }
    let mut number = 0;
    let looking = finding::find(finding::WITHIN, |found| {
        number += 1;
        if person {
            tell(&format!("{number}. {}", described(found)), "\n");
        }
    });
    let found = tokio::select! {
        code = stop.asked() => return Err(Failure::new(code, "")),
        found = looking => found.map_err(|error| nobody(remembered, &error.to_string()))?,
    };
    let more = found.more();
    if let Some(more) = more.as_deref().filter(|_| person) {
        tell(more, "\n");
    }
    let chosen = match found.hubs.as_slice() {
        [] => return Err(nobody(remembered, "No hub was found on this network.")),
        // Nothing is expected there, so any hub will do.
        [only] if remembered.last().is_none() => only,
        several if person => pick(several, stop).await?,
        several => {
            let list: Vec<String> = several.iter().map(described).collect();
            let more = more.map(|more| format!(". {more}")).unwrap_or_default();
            let words = format!("Several hubs were found; name one with -s: {}{more}", list.join("; "));
            return Err(Failure::new(Code::NoHub, words));
        }
    };
    for host in &chosen.hosts {
        let there = format!("{host}:{}", chosen.port);
        if answers(&there).await {
            return address(&there);
        }
    }
    let words = format!("{} announces itself on this network, but does not answer there.", described(chosen));
    Err(Failure::new(Code::NoHub, words))
}

async fn pick<'a>(several: &'a [Found], stop: &mut Stop) -> Result<&'a Found, Failure> {
    for _ in 0..TRIES {
        let Some(answer) = ask("Which one? (Enter for none) ", stop).await?.filter(|answer| !answer.is_empty()) else {
            break;
        };
        let chosen = answer.parse().ok().and_then(|number: usize| several.get(number.checked_sub(1)?));
        match chosen {
            Some(chosen) => return Ok(chosen),
            None => tell("Its number in the list, please.", "\n"),
        }
    }
    Err(Failure::new(Code::NoHub, "No hub was chosen."))
}

/// One hub on one line: two of one name are told apart by where they are.
fn described(found: &Found) -> String {
    clean::line(&format!("{} at {}", found.name, found.address())).into_owned()
}

fn nobody(remembered: &Remembered, why: &str) -> Failure {
    let last =
        remembered.last().map(|last| format!("The hub of last time, {last}, does not answer. ")).unwrap_or_default();
    let words = format!("{last}{why} Name one with -s: its link, http://192.168.1.5:4000/#cookie=…, or its address.");
    Failure::new(Code::NoHub, words)
}
