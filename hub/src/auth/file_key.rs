//! What a browser shows instead of the cookie where it can send no header of its own, as for a picture in the page: a
//! key made of the cookie, in a cookie of HTTP's. Pure.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{self, HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

/// What the key is hashed with, so that it opens nothing but files. HTTP's cookies know no ports: a browser sends it to
/// every server of this host, and none of them can make the hub's cookie of it.
const LABEL: &[u8] = b"hubbub: the key to files, 1\n";

/// The key to the files of a hub, under the name that browsers keep it by.
pub struct FileKey {
    name: String,
    key: String,
}

impl FileKey {
    /// For the hub with this cookie on this port.
    pub fn new(cookie: &str, port: u16) -> Self {
        let key = Sha256::new().chain_update(LABEL).chain_update(cookie.as_bytes()).finalize();
        // Several hubs may run on one host.
        Self { name: format!("hubbub-{port}"), key: URL_SAFE_NO_PAD.encode(key) }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Gives the key to a browser, until that is closed. No script can read it, and no other site's page sends it.
    pub fn set_cookie(&self) -> HeaderValue {
        let Self { name, key } = self;
        // Digits and letters: nothing that cannot stand in a header.
        HeaderValue::try_from(format!("{name}={key}; HttpOnly; SameSite=Strict; Path=/files"))
            .unwrap_or(HeaderValue::from_static(""))
    }

    /// What these headers show in its place, as often as they do. Nothing that was not text can be it.
    pub fn shown<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        cookies
            .flat_map(|value| value.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .filter(|(name, _)| *name == self.name)
            .map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(cookies: &[&'static str]) -> Vec<String> {
        let headers: HeaderMap =
            cookies.iter().map(|value| (header::COOKIE, HeaderValue::from_static(value))).collect();
        FileKey::new("sesame", 4000).shown(&headers).map(str::to_owned).collect()
    }

    #[test]
    fn the_key_is_found_among_other_cookies() {
        assert_eq!(shown(&["a=b; hubbub-4000=key; c=d"]), ["key"]);
        assert_eq!(shown(&["a=b", "hubbub-4000=key"]), ["key"]);
        assert_eq!(shown(&["hubbub-4000=one; a=b", "hubbub-4000=other"]), ["one", "other"]);
        for cookies in [&[][..], &["hubbub-4001=key"], &["hubbub-4000"], &["xhubbub-4000=key"]] {
            assert!(shown(cookies).is_empty(), "{cookies:?}");
        }
    }

    #[test]
    fn the_key_does_not_tell_the_cookie_and_each_cookie_has_its_own() {
        let key = FileKey::new("sesame", 4000);
        assert!(!key.key().contains("sesame"));
        assert_eq!(key.key(), FileKey::new("sesame", 5000).key());
        assert_ne!(key.key(), FileKey::new("sesamf", 4000).key());
        let header = key.set_cookie();
        let header = header.to_str().unwrap();
        assert!(header.starts_with("hubbub-4000=") && header.contains(key.key()), "{header}");
        for attribute in ["; HttpOnly", "; SameSite=Strict", "; Path=/files"] {
            assert!(header.contains(attribute), "{header}");
        }
    }
}
