//! Just enough of HTTP/1.1 to load the page as a browser does, counting every byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// How long a hub on this machine may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Header lines of an answer; the hub sends about ten.
const MAX_HEADERS: usize = 64;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `Content-Encoding`; empty where the body is as it is.
    pub(crate) encoding: String,
    pub(crate) body: Vec<u8>,
    /// All of it on the wire: head and body.
    pub(crate) bytes: usize,
}

/// Asks for a path. `accept` is what stands in `Accept-Encoding`.
pub(crate) fn get(address: SocketAddr, host: &str, path: &str, accept: Option<&str>) -> Result<Answer> {
    let mut stream = TcpStream::connect(address).with_context(|| format!("connecting to {address}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let accept = accept.map_or_else(String::new, |accept| format!("Accept-Encoding: {accept}\r\n"));
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{accept}\r\n").as_bytes())?;
    read(&mut stream).with_context(|| format!("the answer to GET {path}"))
}

/// Reads one answer with a `Content-Length`.
fn read(stream: &mut impl Read) -> Result<Answer> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let count = stream.read(&mut piece)?;
        ensure!(count > 0, "it broke off after {} bytes", bytes.len());
        bytes.extend_from_slice(&piece[..count]);
        if let Some(head) = head(&bytes)? {
            let whole = head.bytes + head.body;
            ensure!(bytes.len() <= whole, "it is longer than its Content-Length");
            if bytes.len() == whole {
                let body = bytes.split_off(head.bytes);
                return Ok(Answer { status: head.status, encoding: head.encoding, body, bytes: whole });
            }
        }
    }
}

struct Head {
    status: u16,
    encoding: String,
    /// Its length.
    bytes: usize,
    /// The length of what follows it.
    body: usize,
}

/// The head, once it is complete.
fn head(bytes: &[u8]) -> Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(bytes)? else { return Ok(None) };
    let value = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok()
    };
    let body = value("content-length").and_then(|length| length.trim().parse().ok());
    Ok(Some(Head {
        status: response.code.context("it has no status")?,
        encoding: value("content-encoding").unwrap_or_default().to_owned(),
        bytes: length,
        body: body.context("it has no Content-Length")?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slowly<'a>(&'a [u8]);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(1);
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\ncontent-length: 5\r\n\r\nhello";

    #[test]
    fn an_answer_is_read_to_its_end_and_counted_whole() {
        let answer = read(&mut Slowly(ANSWER)).expect("an answer");
        assert_eq!((answer.status, answer.encoding.as_str()), (200, "br"));
        assert_eq!((answer.body.as_slice(), answer.bytes), (&b"hello"[..], ANSWER.len()));
    }

    #[test]
    fn an_answer_cut_off_too_long_or_of_unknown_length_is_none() {
        assert!(read(&mut Slowly(&ANSWER[..ANSWER.len() - 1])).is_err());
        assert!(read(&mut [ANSWER, b"!"].concat().as_slice()).is_err());
        assert!(read(&mut &b"HTTP/1.1 200 OK\r\n\r\n"[..]).is_err());
    }
}
