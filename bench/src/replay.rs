//! What those who come back hear: the exact rest, and then that it was all.

use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::heard::{Heard, understand};

/// Nodes that come back, all of which were away for the same entries.
pub(crate) struct Replay<'a> {
    /// What they may see of the log, in its order.
    log: &'a [u64],
    /// How much of it each has.
    heard: Vec<usize>,
    /// When each was told that it had all.
    synced: Vec<Option<Instant>>,
    /// How many were.
    done: usize,
}

impl<'a> Replay<'a> {
    /// So many nodes, which have the first `heard` of these entries.
    pub(crate) fn new(log: &'a [u64], nodes: usize, heard: usize) -> Self {
        Self { log, heard: vec![heard; nodes], synced: vec![None; nodes], done: 0 }
    }

    /// Something came to one of them.
    ///
    /// # Errors
    /// If it is not what is due.
    pub(crate) fn hear(&mut self, node: usize, text: &[u8]) -> Result<()> {
        let heard = self.heard.get_mut(node).context("something came to a node that is none of them")?;
        match understand(text)? {
            Heard::Line { seq } => {
                let due = self.log.get(*heard).copied();
                ensure!(due == Some(seq), "entry {seq} came to node {node} when {due:?} was due");
                *heard += 1;
            }
            Heard::Welcome { resumed, .. } => ensure!(resumed, "the hub does not know the session of node {node}"),
            Heard::Synced => {
                ensure!(
                    *heard == self.log.len(),
                    "node {node} was synced before entry {:?} came",
                    self.log.get(*heard)
                );
                ensure!(self.synced[node].is_none(), "node {node} was synced twice");
                self.synced[node] = Some(Instant::now());
                self.done += 1;
            }
            Heard::Done { .. } | Heard::Other => {}
        }
        Ok(())
    }

    /// Whether all of them have all.
    pub(crate) fn is_done(&self) -> bool {
        self.done == self.heard.len()
    }

    /// When each had all, the first one first.
    pub(crate) fn times(&self) -> Vec<Instant> {
        let mut times: Vec<Instant> = self.synced.iter().flatten().copied().collect();
        times.sort_unstable();
        times
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use shared::entry::{Entry, Said};
    use shared::message::ToNode;
    use shared::wire;
    use tungstenite::protocol::frame::Frame;
    use tungstenite::protocol::frame::coding::{Data, OpCode};

    use crate::socket::write_frame;
    use crate::storm::{Door, storm};

    use super::*;

    fn said(seq: u64) -> String {
        let [room, from, id, text] = ["lobby", "ana", "1", "hi"].map(str::to_owned);
        wire::encode(&ToNode::Entry(Entry::Said(Said { seq, at: 5, room, from, id, text, details: None })))
    }

    fn synced() -> String {
        wire::encode(&ToNode::Synced { seq: 130 })
    }

    #[test]
    fn what_comes_back_is_the_exact_rest() {
        let log = [10, 20, 30];
        let fresh = || Replay::new(&log, 1, 1);
        let mut whole = fresh();
        for text in [said(20), said(30), synced()] {
            whole.hear(0, text.as_bytes()).expect("due");
        }
        assert!(whole.is_done());
        assert!(whole.hear(0, said(30).as_bytes()).is_err(), "twice");
        assert!(whole.hear(0, synced().as_bytes()).is_err(), "synced twice");
        assert!(fresh().hear(0, said(30).as_bytes()).is_err(), "20 is missing");
        assert!(fresh().hear(0, said(25).as_bytes()).is_err(), "not for it");
        assert!(fresh().hear(0, synced().as_bytes()).is_err(), "too soon");
        let stranger = br#"{"type":"welcome","session":"s","epoch":"e","seq":7,"resumed":false}"#;
        assert!(fresh().hear(0, stranger).is_err(), "not resumed");
    }

    /// Those who return below, each to this log.
    const NODES: usize = 10;
    const LOG: std::ops::Range<u64> = 100..200;

    /// Entries that a hub sends for one that is due.
    type Deal = fn(node: usize, seq: u64) -> &'static [i64];

    /// All return to a hub that deals so.
    fn come_back(deal: Deal) -> Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let door = Door { address: listener.local_addr().expect("its address"), host: "localhost:1".to_owned() };
        let hub = thread::spawn(move || {
            let mut kept = Vec::new();
            for node in 0..NODES {
                let (mut stream, _) = listener.accept().expect("a socket");
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if stream.read_exact(&mut byte).is_err() {
                        return kept; // broken off
                    }
                    request.extend_from_slice(&byte);
                }
                let mut bytes = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n".to_vec();
                let _ = stream.write_all(&bytes);
                // The upgrade is read alone: a hub is silent until hello.
                if stream.read_exact(&mut [0; HELLO.len()]).is_err() {
                    return kept;
                }
                bytes.clear();
                let mut say = |text: String| {
                    write_frame(Frame::message(text, OpCode::Data(Data::Text), true), &mut bytes);
                };
                say(r#"{"type":"welcome","session":"s","epoch":"e","seq":200,"resumed":true}"#.to_owned());
                for seq in LOG {
                    for from_due in deal(node, seq) {
                        say(said(seq.checked_add_signed(*from_due).expect("an entry")));
                    }
                }
                say(synced());
                let _ = stream.write_all(&bytes);
                kept.push(stream);
            }
            kept // open until all have been read
        });
        let log: Vec<u64> = LOG.collect();
        let mut replay = Replay::new(&log, NODES, 0);
        let came = storm(&door, NODES, |_| HELLO.to_vec(), &mut replay, Replay::hear, Replay::is_done);
        let came = came.map(drop);
        drop(hub.join().expect("the hub ends"));
        came
    }

    const HELLO: &[u8] = b"hello";

    fn is_found_out(deal: Deal, said: &str) {
        let error = format!("{:#}", come_back(deal).expect_err("it is wrong"));
        assert!(error.contains(said), "{error}");
    }

    #[test]
    fn a_hub_that_gives_everyone_the_rest_is_believed() {
        come_back(|_, _| &[0]).expect("all come back");
    }

    #[test]
    fn a_hub_that_leaves_out_one_entry_in_a_thousand_is_found_out() {
        is_found_out(|node, seq| if (node, seq) == (7, 150) { &[] } else { &[0] }, "entry 151 came to node 7");
        is_found_out(|node, seq| if (node, seq) == (7, 199) { &[] } else { &[0] }, "synced before entry Some(199)");
    }

    #[test]
    fn a_hub_that_gives_an_entry_twice_or_out_of_order_is_found_out() {
        is_found_out(|node, seq| if (node, seq) == (7, 150) { &[0, 0] } else { &[0] }, "entry 150 came to node 7");
        is_found_out(|node, seq| if (node, seq) == (7, 150) { &[1, 0] } else { &[0] }, "when Some(150) was due");
    }
}
