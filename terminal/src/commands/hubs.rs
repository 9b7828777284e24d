//! `hubbub hubs`: who announces itself on the network.

use serde::Serialize;

use super::{End, json, output::Output, warn};
use crate::arguments::Hubs;
use crate::exit::Code;
use crate::finding::{self, Found};
use crate::stopping::Stop;

/// A hub as a line of JSON.
#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    /// `host:port`, the likeliest first.
    addresses: Vec<String>,
    version: &'a str,
    protocol: u32,
    /// Whether it asks for a cookie.
    cookie: bool,
}

pub(super) async fn run(hubs: &Hubs, stop: &mut Stop, output: &mut Output) -> Result<Code, End> {
    let found = tokio::select! {
        code = stop.asked() => return Err(End::Stopped(code)),
        found = finding::find(finding::WITHIN, |_| {}) => found,
    };
    let found = found.map_err(|error| End::failed(Code::NoHub, error.to_string()))?;
    for hub in &found.hubs {
        let text = if hubs.json { json::line(&shown(hub)) } else { plain(hub) };
        output.line(text, stop).await?;
    }
    if let Some(more) = found.more() {
        warn(&more);
    }
    if found.hubs.is_empty() {
        let words = "No hub was found on this network. One that does not announce itself, or is behind a router or a \
                     firewall, is reached by its link: hubbub -s LINK.";
        return Err(End::failed(Code::NoHub, words));
    }
    Ok(Code::Done)
}

fn addresses(found: &Found) -> Vec<String> {
    found.hosts.iter().map(|host| format!("{host}:{}", found.port)).collect()
}

fn shown(found: &Found) -> Shown<'_> {
    let Found { name, version, protocol, wants_cookie, .. } = found;
    Shown { name, addresses: addresses(found), version, protocol: *protocol, cookie: *wants_cookie }
}

/// `hub@den.local  192.168.1.5:4000 [fe80::1]:4000  0.1.0  cookie`.
fn plain(found: &Found) -> String {
    let cookie = if found.wants_cookie { "cookie" } else { "open" };
    format!("{}  {}  {}  {cookie}", found.name, addresses(found).join(" "), found.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_is_told_with_where_it_is_and_what_it_wants() {
        let found = Found {
            name: "hub@den.local".to_owned(),
            hosts: vec!["192.168.1.5".to_owned(), "[fe80::1]".to_owned()],
            port: 4000,
            version: "0.1.0".to_owned(),
            protocol: 1,
            wants_cookie: true,
        };
        assert_eq!(plain(&found), "hub@den.local  192.168.1.5:4000 [fe80::1]:4000  0.1.0  cookie");
        let json = r#"{"name":"hub@den.local","addresses":["192.168.1.5:4000","[fe80::1]:4000"],"version":"0.1.0","protocol":1,"cookie":true}"#;
        assert_eq!(json::line(&shown(&found)), json);
    }
}
