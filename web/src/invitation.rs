//! The invitation link, `http://host:4000/#cookie=…`: the hub's secret stands in the fragment, which
//! a browser sends to no server.

use crate::page::window;
use wasm_bindgen::JsValue;

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

/// The link that lets others in, as far as this tab knows it.
pub(crate) fn link(cookie: Option<&str>) -> String {
    let origin = window().location().origin().unwrap_or_default();
    match cookie {
        Some(cookie) => format!("{origin}/#{MARK}{}", String::from(js_sys::encode_uri_component(cookie))),
        None => format!("{origin}/"),
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
