//! The invitation link, `http://host:4000/#cookie=…`: the hub's secret stands in the fragment, which
//! a browser sends to no server.

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::XmlHttpRequest;

use crate::node::Node;
use crate::page::window;

/// Where the hub tells its own machine under which addresses others reach it, one a line.
const ADDRESSES: &str = "/addresses";

const MARK: &str = "cookie=";

/// Takes the cookie out of this page's address, so that it is not shown, bookmarked or shared by accident.
pub(crate) fn take_cookie() -> Option<String> {
    let location = window().location();
    let fragment = location.hash().ok()?;
    let cookie = fragment.trim_start_matches('#').strip_prefix(MARK)?;
    let cookie = js_sys::decode_uri_component(cookie).ok().map(String::from)?;
    let path = location.pathname().ok()?;
    if let Ok(history) = window().history() {
        // Where it fails the cookie stays in sight, and works all the same.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
    }
    Some(cookie).filter(|cookie| !cookie.is_empty())
}

/// What a person pasted as the cookie: it, or the whole link.
pub(crate) fn cookie_in(pasted: &str) -> &str {
    pasted.split_once("#cookie=").map_or(pasted, |(_, cookie)| cookie)
}

/// The link to the hub at this address (`http://host:4000/`) that lets others in, as far as this tab knows it.
pub(crate) fn link(address: &str, cookie: Option<&str>) -> String {
    match cookie {
        Some(cookie) => [address, "#", MARK, &String::from(js_sys::encode_uri_component(cookie))].concat(),
        None => address.to_owned(),
    }
}

/// The addresses by which others reach the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// The one this page came from.
    Own(String),
    /// The page came by an address that leads to the hub on this device alone. The hub was asked for others.
    Asked,
    /// Those that the hub knows, the best first; none if it listens on this device alone.
    Told(Vec<String>),
    /// It did not answer.
    Unknown,
}

impl Addresses {
    pub(crate) fn new() -> Self {
        if is_local_only() { Self::Asked } else { Self::Own(own_address()) }
    }
}

/// Where this page came from.
pub(crate) fn own_address() -> String {
    [&window().location().origin().unwrap_or_default(), "/"].concat()
}

impl Node {
    /// Asks for the addresses that others can use, unless they are known.
    pub(crate) fn ask_addresses(self) {
        if matches!(self.addresses.get_untracked(), Addresses::Own(_) | Addresses::Told(_)) {
            return;
        }
        let Ok(request) = XmlHttpRequest::new() else { return };
        let ended = Closure::once_into_js({
            let request = request.clone();
            move || {
                let text = request.response_text().ok().flatten().filter(|_| request.status() == Ok(200));
                self.addresses.change(match text {
                    Some(text) => Addresses::Told(text.lines().map(str::to_owned).collect()),
                    None => Addresses::Unknown,
                });
            }
        });
        request.set_onloadend(Some(ended.unchecked_ref()));
        if request.open("GET", ADDRESSES).and_then(|()| request.send()).is_err() {
            self.addresses.change(Addresses::Unknown);
        }
    }
}

/// Whether this page's address leads to the hub on this device alone.
pub(crate) fn is_local_only() -> bool {
    let host = window().location().hostname().unwrap_or_default();
    host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::cookie_in;

    #[test]
    fn a_cookie_or_the_whole_link_may_be_pasted() {
        assert_eq!(cookie_in("s3cret"), "s3cret");
        assert_eq!(cookie_in("http://den.local:4000/#cookie=s3cret"), "s3cret");
    }
}
