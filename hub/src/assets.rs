//! The browser client's files, embedded by `build.rs`, and how they are answered. Pure.

pub mod encoding;
pub mod policy;

use axum::body::Body;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};

use encoding::Encoding;
use policy::Policy;

// `static FILES: &[File]`, and `BUILT`: whether they are the client, or a page that says it is missing.
include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Files whose name holds a hash of what is in them never change.
/// The policy of what is neither a page nor a worker: should a browser show it as a page, it may do nothing. A page's own
/// is half a kilobyte.
const FOR_NO_PAGE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// All others are asked for again each time, which costs an answer of a few bytes while they are the same.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Digits of the hashes that Trunk puts into names. It writes 64 bits without leading zeros; a
/// shorter one than this comes up once in four thousand million builds.
const NAME_HASH: std::ops::RangeInclusive<usize> = 9..=16;

/// What `/` stands for.
const INDEX: &str = "index.html";

/// One file in all the forms it is sent in.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// As in a URL, without the first slash.
    pub path: &'static str,
    /// Names what is in it.
    pub digest: &'static str,
    pub plain: &'static [u8],
    /// Where it is smaller.
    pub gzip: Option<&'static [u8]>,
    /// Where it is smaller.
    pub brotli: Option<&'static [u8]>,
}

/// The client a hub serves.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    files: &'static [File],
}

impl Client {
    /// The one inside this program.
    pub fn embedded() -> Self {
        Self { files: FILES }
    }

    /// The policy its page is under.
    pub fn policy(&self) -> Policy {
        let page = self.find("/").map_or(&[][..], |file| file.plain);
        Policy::for_page(&String::from_utf8_lossy(page))
    }

    /// The answer to a request for the file at this path of a URL; none if there is no such file.
    pub fn answer(&self, path: &str, asked: &HeaderMap) -> Option<Response<Body>> {
        self.find(path).map(|file| file.answer(asked))
    }

    fn find(&self, path: &str) -> Option<&'static File> {
        let path = path.strip_prefix('/')?;
        let path = if path.is_empty() { INDEX } else { path };
        self.files.iter().find(|file| file.path == path)
    }
}

impl File {
    fn answer(&self, asked: &HeaderMap) -> Response<Body> {
        let forms =
            [self.brotli.map(|_| Encoding::Brotli), self.gzip.map(|_| Encoding::Gzip), Some(Encoding::Identity)];
        let encoding = encoding::choose(asked, forms.into_iter().flatten());
        let bytes = match encoding {
            Encoding::Brotli => self.brotli,
            Encoding::Gzip => self.gzip,
            Encoding::Identity => None,
        };
        let tag = self.tag(encoding);

        let known = is_known(asked, &tag);
        let mut response =
            Response::new(if known { Body::empty() } else { Bytes::from_static(bytes.unwrap_or(self.plain)).into() });
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::CACHE_CONTROL, if self.is_hashed() { FOR_EVER } else { ASK_AGAIN });
        if let Ok(tag) = tag.try_into() {
            headers.insert(header::ETAG, tag);
        }
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        if self.is_hashed() {
            headers.insert(header::CONTENT_SECURITY_POLICY, FOR_NO_PAGE);
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type()));
        if let Some(encoding) = encoding.name() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }

    /// A strong tag: it names the bytes that are sent, so each form has its own.
    fn tag(&self, encoding: Encoding) -> String {
        let digest = self.digest;
        match encoding.name() {
            Some(encoding) => format!("\"{digest}-{encoding}\""),
            None => format!("\"{digest}\""),
        }
    }

    /// Whether Trunk named it by what is in it: `web-0123456789abcdef.js`, and with `_bg` before the ending.
    fn is_hashed(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or(self.path);
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        let stem = stem.strip_suffix("_bg").unwrap_or(stem);
        stem.rsplit_once('-').is_some_and(|(_, hash)| {
            NAME_HASH.contains(&hash.len()) && hash.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
        })
    }

    fn content_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "html" => "text/html; charset=utf-8",
            "js" | "mjs" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "wasm" => "application/wasm",
            "json" | "map" => "application/json",
            "webmanifest" => "application/manifest+json",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "ico" => "image/x-icon",
            "webp" => "image/webp",
            "woff2" => "font/woff2",
            "txt" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }
}

/// Whether who asks holds these bytes already (RFC 9110, section 13.1.2, where tags are compared weakly).
pub(crate) fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let held = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    held.flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: File = File {
        path: "index.html",
        digest: "d1",
        plain: b"<script>start()</script>",
        gzip: Some(b"gzip of the page"),
        brotli: Some(b"brotli of it"),
    };
    const WASM: File = File { path: "web-0123456789abcdef_bg.wasm", digest: "d2", gzip: None, brotli: None, ..PAGE };
    const CLIENT: Client = Client { files: &[PAGE, WASM] };

    fn ask(path: &str, headers: &[(header::HeaderName, &str)]) -> Response<Body> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        CLIENT.answer(path, &headers).unwrap()
    }

    fn header(response: &Response<Body>, name: header::HeaderName) -> Option<&str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    async fn body(response: Response<Body>) -> Bytes {
        axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap()
    }

    #[tokio::test]
    async fn a_file_is_sent_in_the_best_form_that_is_taken() {
        for (accept, encoding, bytes) in [
            ("gzip, br", Some("br"), PAGE.brotli.unwrap()),
            ("gzip", Some("gzip"), PAGE.gzip.unwrap()),
            ("identity", None, PAGE.plain),
        ] {
            let response = ask("/", &[(header::ACCEPT_ENCODING, accept)]);
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(header(&response, header::CONTENT_ENCODING), encoding);
            assert_eq!(header(&response, header::CONTENT_TYPE), Some("text/html; charset=utf-8"));
            assert_eq!(header(&response, header::VARY), Some("accept-encoding"));
            assert_eq!(body(response).await, bytes);
        }
        let response = ask("/web-0123456789abcdef_bg.wasm", &[(header::ACCEPT_ENCODING, "br")]);
        assert_eq!(header(&response, header::CONTENT_ENCODING), None, "there is no smaller form");
        assert_eq!(header(&response, header::CONTENT_TYPE), Some("application/wasm"));
    }

    #[test]
    fn what_is_no_page_may_do_nothing() {
        let policy = |path| ask(path, &[]).headers().get(header::CONTENT_SECURITY_POLICY).cloned();
        assert_eq!(policy("/web-0123456789abcdef_bg.wasm"), Some(FOR_NO_PAGE));
        // The page has the one that stands before all answers.
        assert_eq!(policy("/"), None);
    }

    #[test]
    fn only_what_is_named_by_its_contents_is_kept_for_ever() {
        let hashed = |path| File { path, ..PAGE }.is_hashed();
        for path in [
            "web-0123456789abcdef.js",
            "web-0123456789abcdef_bg.wasm",
            "web-123456789abcdef.js",
            "style/base-fedcba9876543210.css",
            "two-parts-fedcba9876543210.min.css",
        ] {
            assert!(hashed(path), "{path}");
        }
        for path in [
            "index.html",
            "web.js",
            "two-parts.css",
            "web-ABCDEF0123456789.js",
            "snippets/leptos-0123456789abcdef/inline0.js",
        ] {
            assert!(!hashed(path), "{path}");
        }
        let index = ask("/index.html", &[]);
        assert_eq!(header(&index, header::CACHE_CONTROL), Some("no-cache"));
        let wasm = ask("/web-0123456789abcdef_bg.wasm", &[]);
        assert_eq!(header(&wasm, header::CACHE_CONTROL), Some("public, max-age=31536000, immutable"));
    }

    #[tokio::test]
    async fn who_holds_the_same_bytes_is_not_sent_them_again() {
        let accept = (header::ACCEPT_ENCODING, "gzip");
        let tag = header(&ask("/", std::slice::from_ref(&accept)), header::ETAG).unwrap().to_owned();
        for held in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let response = ask("/", &[accept.clone(), (header::IF_NONE_MATCH, &held)]);
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{held}");
            assert_eq!(header(&response, header::ETAG), Some(tag.as_str()));
            assert_eq!(header(&response, header::CACHE_CONTROL), Some("no-cache"));
            assert_eq!(header(&response, header::VARY), Some("accept-encoding"));
            assert_eq!(header(&response, header::CONTENT_ENCODING), None);
            assert!(body(response).await.is_empty());
        }
    }

    #[test]
    fn other_bytes_have_another_tag() {
        let tags = ["br", "gzip", "identity"].map(|accept| {
            let response = ask("/", &[(header::ACCEPT_ENCODING, accept)]);
            header(&response, header::ETAG).unwrap().to_owned()
        });
        assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "{tags:?}");
        let response = ask("/", &[(header::IF_NONE_MATCH, &tags[0])]);
        assert_eq!(response.status(), StatusCode::OK, "the tag held is that of another form");
    }

    #[test]
    fn what_is_not_there_is_not_answered() {
        for path in ["", "index.html", "/none", "//index.html", "/index.html/", "/../Cargo.toml", "/%69ndex.html"] {
            assert!(CLIENT.answer(path, &HeaderMap::new()).is_none(), "{path}");
        }
    }

    #[test]
    fn the_policy_is_that_of_the_page() {
        let policy = CLIENT.policy().header(None);
        assert_eq!(policy.to_str().unwrap().matches("'sha256-").count(), 1);
    }

    #[test]
    fn whichever_page_is_embedded_there_is_one() {
        let response = Client::embedded().answer("/", &HeaderMap::new()).unwrap();
        assert_eq!(header(&response, header::CONTENT_TYPE), Some("text/html; charset=utf-8"));
        for file in FILES {
            assert_ne!(file.content_type(), "application/octet-stream", "{} has no type", file.path);
            for smaller in file.gzip.iter().chain(&file.brotli) {
                assert!(smaller.len() < file.plain.len(), "{}", file.path);
            }
        }
    }
}
