//! A crowd that the hub knows by name.

use anyhow::{Context, Result, bail, ensure};
use shared::message::{Connected, Hello, Outcome, Reply, ToHub, ToNode, Welcome};
use shared::wire;

use crate::crowd::Crowd;
use crate::hub::Hub;
use crate::socket::add_frame;

/// Requests sent before waiting for their answers: fewer than the hub's queues hold.
const AT_ONCE: usize = 500;

/// The nick of the guest on this socket.
pub(crate) fn nick(index: usize) -> String {
    format!("guest-{index:05}")
}

/// Opens so many sockets and says hello on each. Also gives the newest `seq` of the log.
pub(crate) fn welcome(hub: &Hub, count: usize) -> Result<(Crowd, u64)> {
    let mut crowd = Crowd::open(hub.address(), &hub.authority(), count)?;
    let mut head = 0;
    for welcome in say_hello(&mut crowd)? {
        head = welcome.seq;
    }
    Ok((crowd, head))
}

/// Says hello on each; what the hub said to it.
pub(crate) fn say_hello(crowd: &mut Crowd) -> Result<Vec<Welcome>> {
    let count = crowd.len();
    let hello = Hello { version: wire::VERSION, kind: Some("bench".to_owned()), ..Hello::default() };
    let mut frame = Vec::new();
    add_frame(wire::encode(&ToHub::Hello(hello)), &mut frame);

    let mut welcomes: Vec<Option<Welcome>> = vec![None; count];
    let everyone: Vec<usize> = (0..count).collect();
    for some in everyone.chunks(AT_ONCE) {
        for index in some {
            crowd.send(*index, &frame)?;
        }
        let mut state = (0, &mut welcomes);
        let taken = crowd.serve(
            &mut state,
            |(welcomed, welcomes), index, text| match decode(text)? {
                ToNode::Welcome(welcome) => {
                    *welcomed += 1;
                    welcomes[index] = Some(welcome);
                    Ok(())
                }
                other => bail!("not a welcome: {other:?}"),
            },
            |(welcomed, _)| *welcomed == some.len(),
        );
        taken.context("waiting for welcomes")?;
    }
    Ok(welcomes.into_iter().flatten().collect())
}

/// Each takes a nick and is then in the lobby. Returns once all have heard of all.
pub(crate) fn take_nicks(crowd: &mut Crowd) -> Result<()> {
    let everyone: Vec<usize> = (0..crowd.len()).collect();
    let Some((last, others)) = everyone.split_last() else { return Ok(()) };
    for some in others.chunks(AT_ONCE) {
        connect(crowd, some, |taking| taking.answers == some.len()).context("taking nicks")?;
    }
    // Rooms tell their news in order: who has heard of the last one has heard of all.
    let told = |taking: &Taking| taking.answers == 1 && others.iter().all(|index| taking.has_told(*index));
    connect(crowd, &[*last], told).with_context(|| format!("waiting until everyone has heard of {}", nick(*last)))
}

/// Nicks that are being taken, and what the crowd hears of it.
struct Taking {
    answers: usize,
    /// How many people there are by the last answer.
    people: u32,
    /// The nick that is to be heard of.
    nick: String,
    /// Who has heard of it by name.
    named: Vec<bool>,
    /// How many people each was told there are; 0 of none.
    counts: Vec<u32>,
}

impl Taking {
    fn has_told(&self, index: usize) -> bool {
        self.named[index] || self.counts[index] == self.people
    }

    fn hear(&mut self, index: usize, message: ToNode) -> Result<()> {
        match message {
            ToNode::Reply(Reply { outcome: Outcome::Ok(ok), .. }) => {
                let connected: Connected = serde_json::from_value(ok)?;
                self.people = connected.count;
                self.answers += 1;
            }
            ToNode::Reply(reply) => bail!("the hub refused a nick: {reply:?}"),
            ToNode::Presence(presence) => {
                self.named[index] |= presence.joined.contains(&self.nick);
                self.counts[index] = presence.count.unwrap_or_default();
            }
            _ => {}
        }
        Ok(())
    }
}

/// Takes nicks on these sockets, the last of which is to be heard of, until `done`.
fn connect(crowd: &mut Crowd, indexes: &[usize], done: impl Fn(&Taking) -> bool) -> Result<()> {
    for index in indexes {
        request(crowd, *index, &ToHub::Connect { id: "connect".to_owned(), nick: nick(*index), token: None })?;
    }
    let mut taking = Taking {
        answers: 0,
        people: 0,
        nick: indexes.last().map_or_else(String::new, |index| nick(*index)),
        named: vec![false; crowd.len()],
        counts: vec![0; crowd.len()],
    };
    let served = crowd.serve(&mut taking, |taking, index, text| taking.hear(index, decode(text)?), done);
    let told = (0..taking.counts.len()).filter(|index| taking.has_told(*index)).count();
    served.with_context(|| {
        format!("{} answers of {}, {told} have heard of {}", taking.answers, indexes.len(), taking.nick)
    })
}

/// Each of the crowd makes a request of its own; waits until all were done.
pub(crate) fn ask_all(crowd: &mut Crowd, request_of: impl Fn(usize) -> ToHub) -> Result<()> {
    let everyone: Vec<usize> = (0..crowd.len()).collect();
    ask(crowd, &everyone, request_of)
}

/// The same of some of the crowd.
pub(crate) fn ask(crowd: &mut Crowd, indexes: &[usize], request_of: impl Fn(usize) -> ToHub) -> Result<()> {
    let count = indexes.len();
    for index in indexes {
        request(crowd, *index, &request_of(*index))?;
    }
    let mut answered = 0;
    crowd.serve(
        &mut answered,
        |answered, _, text| {
            if let ToNode::Reply(reply) = decode(text)? {
                ensure!(matches!(reply.outcome, Outcome::Ok(_)), "the hub refused: {reply:?}");
                *answered += 1;
            }
            Ok(())
        },
        |answered| *answered == count,
    )
}

fn request(crowd: &mut Crowd, index: usize, request: &ToHub) -> Result<()> {
    let mut frame = Vec::new();
    add_frame(wire::encode(request), &mut frame);
    crowd.send(index, &frame)
}

fn decode(text: &[u8]) -> Result<ToNode> {
    let message = wire::decode_to_node(std::str::from_utf8(text)?)?;
    if let ToNode::Error(refusal) = message {
        bail!("the hub did not understand: {}", refusal.message);
    }
    Ok(message)
}
