//! The names of emoji that the hub serves: every client completes them from this file.

use std::io::Read;
use std::time::Duration;

use hub::Config;
use shared::emoji::{BASIC, MAX_NAMES, Table, valid_reaction};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Nothing here takes so long unless it hangs.
const DEADLINE: Duration = Duration::from_secs(20);

/// What the file may take of a LAN's time, in bytes, compressed for browsers over plain HTTP.
const BUDGET: usize = 30_000;

/// The head and the body of the answer to a request with this header.
async fn ask(header: &str) -> (String, Vec<u8>) {
    let data = tempfile::tempdir().unwrap();
    let hub = hub::start(Config::for_tests(data.path())).await.unwrap();
    let mut socket = TcpStream::connect(hub.address()).await.unwrap();
    let request =
        format!("GET /emoji.txt HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{header}\r\n\r\n", hub.address());
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(DEADLINE, socket.read_to_end(&mut answer)).await.expect("the hub did not close").unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
    (String::from_utf8(answer[..end].to_vec()).unwrap().to_ascii_lowercase(), answer[end + 4..].to_vec())
}

#[tokio::test]
async fn it_is_sent_compressed_and_asked_for_again_by_its_tag() {
    let (head, body) = ask("Accept-Encoding: gzip").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    for header in ["content-encoding: gzip", "content-type: text/plain; charset=utf-8", "cache-control: no-cache"] {
        assert!(head.contains(header), "{header} is missing in {head}");
    }
    assert!(body.len() <= BUDGET, "{} bytes", body.len());
    let mut text = String::new();
    flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text.as_bytes(), ask("Accept-Encoding: identity").await.1);

    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag");
    assert!(tag.starts_with('"') && tag.ends_with("-gzip\""), "{tag}");
}

#[tokio::test]
async fn every_emoji_in_it_has_its_names_and_may_be_a_reaction() {
    let text = String::from_utf8(ask("Accept-Encoding: identity").await.1).unwrap();
    let table = Table::parse(&text);
    let mut names = 0;
    for line in text.lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [emoji, of_it, group] = parts[..] else { panic!("{line:?} has no three parts") };
        assert!(valid_reaction(emoji), "{line}");
        assert!(!group.is_empty());
        for name in of_it.split(' ') {
            names += 1;
            assert!(table.get(name).is_some(), "{name} is not found");
            let colons = format!(":{name}:");
            let shared::markup::Block::Paragraph(pieces) = &shared::markup::parse(&colons)[0] else { panic!("{name}") };
            assert_eq!(pieces[..], [shared::markup::Inline::Shortcode(name)]);
        }
        let first = of_it.split(' ').next().unwrap();
        assert_eq!(table.get(first), Some(emoji), "the first name of each is its own");
    }
    assert!((1_500..MAX_NAMES).contains(&names), "{names} names");
    assert_eq!(table.groups().len(), 9, "each group stands together");
    for (name, emoji) in BASIC {
        assert_eq!(table.get(name), Some(emoji), "{name}");
    }
}
