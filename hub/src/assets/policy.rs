//! The content security policy: what a page of this hub may do, which is little. Pure.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use sha2::{Digest, Sha256};

use crate::auth::host::{Authority, Host};

/// The policy for one client.
#[derive(Clone, Debug)]
pub struct Policy {
    before_socket: String,
}

/// After the sources that may be connected to.
const REST: &str =
    "; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

impl Policy {
    /// For the page whose text this is: of the scripts written into it, exactly these may run.
    pub fn for_page(html: &str) -> Self {
        let hashes: String = inline_scripts(html).iter().map(|script| format!(" 'sha256-{}'", hash(script))).collect();
        let before_socket = format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; \
             img-src 'self' data:; connect-src 'self'"
        );
        Self { before_socket }
    }

    /// The header's value on an answer to a request for this host, or to one that named none of ours.
    ///
    /// Browsers that follow CSP level 3 count the page's own WebSocket as `'self'`; Safari before
    /// 15.4 wants it named. The grammar has no IPv6 addresses.
    pub fn header(&self, host: Option<&Authority>) -> HeaderValue {
        let socket = match host {
            Some(Authority { host: Host::Ip(IpAddr::V6(_)), .. }) | None => String::new(),
            Some(host) => format!(" ws://{host}"),
        };
        // Hashes, and a host that was parsed: nothing that cannot stand in a header. Should that
        // ever change, a page that may do nothing is the safe way to fail.
        HeaderValue::try_from(format!("{}{socket}{REST}", self.before_socket))
            .unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }
}

fn hash(script: &str) -> String {
    // Browsers hash what their parser made of it, in which a line ends with LF.
    STANDARD.encode(Sha256::digest(script.replace("\r\n", "\n")))
}

/// The texts of the scripts that are in the page itself, as Trunk writes one to start the client.
/// Enough of HTML for pages we build; what it misses would not run, rather than run unbidden.
fn inline_scripts(html: &str) -> Vec<&str> {
    let lower = html.to_ascii_lowercase();
    let mut scripts = Vec::new();
    let mut at = 0;
    while let Some(tag) = lower[at..].find("<script").map(|found| at + found) {
        let Some(start) = lower[tag..].find('>').map(|found| tag + found + 1) else { break };
        let Some(end) = lower[start..].find("</script").map(|found| start + found) else { break };
        let attributes = &lower[tag + "<script".len()..start - 1];
        let has_source = attributes.split_ascii_whitespace().any(|it| it == "src" || it.starts_with("src="));
        if !has_source {
            scripts.push(&html[start..end]);
        }
        at = end;
    }
    scripts
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn header(html: &str, host: &str) -> String {
        let host = host.parse().ok();
        Policy::for_page(html).header(host.as_ref()).to_str().unwrap().to_owned()
    }

    #[test]
    fn nothing_is_allowed_but_what_the_client_needs() {
        assert_eq!(
            header("<p>no script</p>", "den.local:4000"),
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
             connect-src 'self' ws://den.local:4000; font-src 'self'; manifest-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'"
        );
    }

    #[test]
    fn the_scripts_of_the_page_itself_may_run_by_their_hash() {
        // The digest of nothing is well known (FIPS 180-4 test vectors).
        assert!(header("<script></script>", "den").contains(&format!("'wasm-unsafe-eval' 'sha256-{EMPTY}';")));
        let both = "<script src=\"/a.js\"></script><SCRIPT type=module>one\r\n()</Script ><script>two()</script>";
        let hashes = format!("'sha256-{}' 'sha256-{}';", hash("one\n()"), hash("two()"));
        assert!(header(both, "den").contains(&hashes));
    }

    #[test]
    fn only_scripts_without_a_source_are_in_the_page() {
        for html in ["", "<script", "<script>", "<script src>x</script>", "<script defer\nsrc=a.js>x</script>"] {
            assert_eq!(inline_scripts(html), [""; 0], "{html}");
        }
        assert_eq!(inline_scripts("<script data-src='x'>y</script>"), ["y"]);
    }

    #[test]
    fn the_socket_is_named_where_the_grammar_can() {
        assert!(header("", "192.168.1.20:4000").contains("connect-src 'self' ws://192.168.1.20:4000;"));
        assert!(header("", "[fd00::5]:4000").contains("connect-src 'self';"));
        assert!(header("", "").contains("connect-src 'self';"), "a refused host is not repeated");
    }
}
