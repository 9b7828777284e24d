//! Pairs of nodes whose processes talk to each other: the sockets 2n and 2n + 1.

use std::time::Instant;

use anyhow::{Result, ensure};
use shared::message::{Hello, Incoming, ToHub, ToNode};
use shared::wire;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::crowd::{Crowd, Patience};
use crate::guests;
use crate::hub::Hub;
use crate::limit::Limit;
use crate::socket::{add_frame, write_frame};
use crate::statistics::Latencies;

/// A short message of a program.
const CAST: &str = r#"{"type":"send","from":"k3f9.7","to":"pong","message":["ping",1]}"#;

/// Signals that one node has sent and the other has not taken yet: what nodes keep to.
const WINDOW: usize = shared::process::limits::WINDOW as usize;

/// The other says that it took so many.
const TAKEN: usize = 64;

const TOOK: &str = r#"{"type":"took","count":64,"bytes":4224}"#;

/// They, and what each sends as finished frames.
pub(crate) struct Pairs {
    crowd: Crowd,
    casts: Vec<Vec<u8>>,
    tooks: Vec<Vec<u8>>,
}

/// How far a pair has got.
#[derive(Clone, Copy, Default)]
struct Progress {
    sent: usize,
    heard: usize,
    /// Of those heard, so many were said to be taken, and so many of these words came.
    told: usize,
    taken: usize,
}

impl Pairs {
    /// So many on a hub. Each node has heard the other when this returns.
    pub(crate) fn meet(hub: &Hub, count: usize) -> Result<Self> {
        let mut crowd = Crowd::open(hub.address(), &hub.authority(), 2 * count)?;
        let hello = Hello { version: wire::VERSION, kind: Some("bench".to_owned()), ..Hello::default() };
        let mut frame = Vec::new();
        add_frame(wire::encode(&ToHub::Hello(Hello { processes: true, ..hello })), &mut frame);
        let names: Vec<String> = guests::greet(&mut crowd, &frame)?.into_iter().map(|welcome| welcome.node).collect();
        let frames = |first: bool, payload: &str| -> Vec<Vec<u8>> {
            let frame = |index: usize| {
                let mut bytes = Vec::new();
                add_frame(wire::encode_signal(&names[index ^ 1], first, payload), &mut bytes);
                bytes
            };
            (0..names.len()).map(frame).collect()
        };
        for (index, first) in frames(true, CAST).iter().enumerate() {
            crowd.send(index, first)?;
        }
        let mut heard = 0;
        let all = 2 * count;
        crowd.serve(&mut heard, |heard, _, text| signal(text).map(|()| *heard += 1), |heard| *heard == all)?;
        Ok(Self { crowd, casts: frames(false, CAST), tooks: frames(false, TOOK) })
    }

    /// So many over a relay that passes on bytes: what is sent is what the hub would give out.
    pub(crate) fn over_a_relay(count: usize) -> Result<(Limit, Self)> {
        let (limit, crowd) = Limit::relay(count)?;
        let frames = |payload: &str| -> Result<Vec<Vec<u8>>> {
            let frame = |index: usize| {
                let signal = serde_json::from_str(payload)?;
                let from = format!("node-{index}@localhost");
                let text = wire::encode(&ToNode::Signal(Incoming { from, nick: None, owner: None, signal }));
                let mut bytes = Vec::new();
                write_frame(Frame::message(text, OpCode::Data(Data::Text), true), &mut bytes);
                Ok(bytes)
            };
            (0..2 * count).map(frame).collect()
        };
        Ok((limit, Self { crowd, casts: frames(CAST)?, tooks: frames(TOOK)? }))
    }

    /// One of each pair sends a signal, and the other answers it: so many times, each as soon as the one before is back.
    pub(crate) fn call(&mut self, times: usize) -> Result<Latencies> {
        let Self { crowd, casts, .. } = self;
        let mut latencies = Latencies::default();
        let mut asked = vec![Instant::now(); casts.len() / 2];
        let mut left = vec![times; casts.len() / 2];
        for (pair, asked) in asked.iter_mut().enumerate() {
            *asked = Instant::now();
            crowd.send(2 * pair, &casts[2 * pair])?;
        }
        let mut under_way = left.len();
        let mut patience = Patience::new();
        let mut heard = Vec::new();
        while under_way > 0 {
            let texts = crowd.turn(patience.left()?, &mut |index, text| {
                heard.push((index, Instant::now()));
                signal(text)
            })?;
            patience.spend(texts);
            for (index, at) in heard.drain(..) {
                let pair = index / 2;
                if index % 2 == 0 {
                    latencies.add(at - asked[pair]);
                    left[pair] -= 1;
                    if left[pair] == 0 {
                        under_way -= 1;
                        continue;
                    }
                    asked[pair] = Instant::now();
                }
                crowd.send(index, &casts[index])?;
            }
        }
        Ok(latencies)
    }

    /// One of each pair sends so many signals, as fast as the other takes them.
    ///
    /// # Errors
    /// If one is lost, or comes twice.
    pub(crate) fn cast(&mut self, times: usize) -> Result<()> {
        ensure!(times.is_multiple_of(TAKEN), "what is told to be taken comes to as much as was sent");
        let Self { crowd, casts, tooks } = self;
        let mut pairs = vec![Progress::default(); casts.len() / 2];
        let mut bytes = Vec::new();
        let mut patience = Patience::new();
        loop {
            for (pair, progress) in pairs.iter_mut().enumerate() {
                let more = (WINDOW - (progress.sent - progress.taken)).min(times - progress.sent);
                if more > 0 {
                    bytes.clear();
                    (0..more).for_each(|_| bytes.extend_from_slice(&casts[2 * pair]));
                    crowd.send(2 * pair, &bytes)?;
                    progress.sent += more;
                }
                bytes.clear();
                while progress.heard - progress.told >= TAKEN {
                    bytes.extend_from_slice(&tooks[2 * pair + 1]);
                    progress.told += TAKEN;
                }
                if !bytes.is_empty() {
                    crowd.send(2 * pair + 1, &bytes)?;
                }
            }
            if pairs.iter().all(|progress| progress.taken == times) {
                return Ok(());
            }
            let texts = crowd.turn(patience.left()?, &mut |index, text| {
                let progress = &mut pairs[index / 2];
                match index % 2 {
                    0 => progress.taken += TAKEN,
                    _ => progress.heard += 1,
                }
                ensure!(progress.taken <= progress.sent && progress.heard <= progress.sent, "one signal came twice");
                signal(text)
            })?;
            patience.spend(texts);
        }
    }
}

/// # Errors
/// If it is none.
fn signal(text: &[u8]) -> Result<()> {
    let is_one = text.starts_with(br#"{"type":"signal""#);
    ensure!(is_one, "not a signal: {}", String::from_utf8_lossy(text));
    Ok(())
}
