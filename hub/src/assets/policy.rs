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
const REST: &str = "; font-src 'self'; manifest-src 'self'; worker-src 'self'; \
                    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

impl Policy {
    /// For the page whose text this is: of scripts and styles written into it, exactly these count.
    pub fn for_page(html: &str) -> Self {
        let hashes = |element| -> String {
            inline(html, element).iter().map(|text| format!(" 'sha256-{}'", hash(text))).collect()
        };
        let (scripts, styles) = (hashes("script"), hashes("style"));
        let before_socket = format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; \
             img-src 'self' blob: data:; connect-src 'self'"
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

fn hash(text: &str) -> String {
    // Browsers hash what their parser made of it, in which a line ends with LF.
    STANDARD.encode(Sha256::digest(text.replace("\r\n", "\n")))
}

/// The texts of the scripts or styles that are in the page itself, as Trunk writes them.
/// Enough of HTML for pages we build; what it misses would not count, rather than count unbidden.
fn inline<'a>(html: &'a str, element: &str) -> Vec<&'a str> {
    let lower = html.to_ascii_lowercase();
    let (opening, closing) = (format!("<{element}"), format!("</{element}"));
    let mut texts = Vec::new();
    let mut at = 0;
    while let Some(tag) = lower[at..].find(&opening).map(|found| at + found) {
        let Some(start) = lower[tag..].find('>').map(|found| tag + found + 1) else { break };
        let Some(end) = lower[start..].find(&closing).map(|found| start + found) else { break };
        let attributes = &lower[tag + opening.len()..start - 1];
        let has_source = attributes.split_ascii_whitespace().any(|it| it == "src" || it.starts_with("src="));
        if !has_source {
            texts.push(&html[start..end]);
        }
        at = end;
    }
    texts
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
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; \
             connect-src 'self' ws://den.local:4000; font-src 'self'; manifest-src 'self'; worker-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
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
    fn the_styles_of_the_page_itself_count_by_their_hash() {
        let html = "<style>a{}</style><script>one()</script><style type=\"text/css\">b{}</style>";
        let styles = format!("style-src 'self' 'sha256-{}' 'sha256-{}';", hash("a{}"), hash("b{}"));
        assert!(header(html, "den").contains(&styles));
        assert!(header(html, "den").contains(&format!("'wasm-unsafe-eval' 'sha256-{}';", hash("one()"))));
    }

    #[test]
    fn only_scripts_without_a_source_are_in_the_page() {
        for html in ["", "<script", "<script>", "<script src>x</script>", "<script defer\nsrc=a.js>x</script>"] {
            assert_eq!(inline(html, "script"), [""; 0], "{html}");
        }
        assert_eq!(inline("<script data-src='x'>y</script>", "script"), ["y"]);
    }

    #[test]
    fn the_socket_is_named_where_the_grammar_can() {
        assert!(header("", "192.168.1.20:4000").contains("connect-src 'self' ws://192.168.1.20:4000;"));
        assert!(header("", "[fd00::5]:4000").contains("connect-src 'self';"));
        assert!(header("", "").contains("connect-src 'self';"), "a refused host is not repeated");
    }
}
