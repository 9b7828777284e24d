//! A crowd that the hub knows by name.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use shared::message::{Connected, Hello, Outcome, Page, Reply, ToHub, ToNode, Welcome};
use shared::room::LOBBY;
use shared::wire;

use crate::crowd::Crowd;
use crate::hub::Hub;
use crate::socket::{Socket, add_frame};

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

/// So many more come into the lobby.
pub(crate) fn welcome_more(hub: &Hub, crowd: &mut Crowd, count: usize) -> Result<()> {
    let first = crowd.len();
    for _ in 0..count {
        crowd.add(Socket::open(hub.address(), &hub.authority())?)?;
    }
    greet_on(crowd, first..first + count, &hello())?;
    take_nicks_from(crowd, first)
}

/// The hello of one whom the hub does not know.
pub(crate) fn hello() -> Vec<u8> {
    let hello = Hello { version: wire::VERSION, kind: Some("bench".to_owned()), ..Hello::default() };
    let mut frame = Vec::new();
    add_frame(wire::encode(&ToHub::Hello(hello)), &mut frame);
    frame
}

/// The hello of one who was away since this entry.
pub(crate) fn hello_again(session: &str, after: u64) -> Vec<u8> {
    let session = Some(session.to_owned());
    let hello = Hello { version: wire::VERSION, session, after: Some(after), ..Hello::default() };
    let mut frame = Vec::new();
    add_frame(wire::encode(&ToHub::Hello(hello)), &mut frame);
    frame
}

/// Says hello on each; what the hub said to it.
pub(crate) fn say_hello(crowd: &mut Crowd) -> Result<Vec<Welcome>> {
    greet(crowd, &hello())
}

/// The same with a hello of one's own making, as a frame.
pub(crate) fn greet(crowd: &mut Crowd, hello: &[u8]) -> Result<Vec<Welcome>> {
    let everyone = 0..crowd.len();
    greet_on(crowd, everyone, hello)
}

fn greet_on(crowd: &mut Crowd, indexes: Range<usize>, hello: &[u8]) -> Result<Vec<Welcome>> {
    let first = indexes.start;
    let mut welcomes: Vec<Option<Welcome>> = vec![None; indexes.len()];
    for some in indexes.collect::<Vec<usize>>().chunks(AT_ONCE) {
        for index in some {
            crowd.send(*index, hello)?;
        }
        let mut state = (0, &mut welcomes);
        let taken = crowd.serve(
            &mut state,
            |(welcomed, welcomes), index, text| match decode(text)? {
                ToNode::Welcome(welcome) => {
                    let place = index.checked_sub(first).and_then(|place| welcomes.get_mut(place));
                    *place.context("a welcome to one who said no hello")? = Some(welcome);
                    *welcomed += 1;
                    Ok(())
                }
                ToNode::Presence(_) if index < first => Ok(()),
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
    take_nicks_from(crowd, 0)
}

/// The same of those who have come since there were `first`.
fn take_nicks_from(crowd: &mut Crowd, first: usize) -> Result<()> {
    let newcomers: Vec<usize> = (first..crowd.len()).collect();
    let Some((last, others)) = newcomers.split_last() else { return Ok(()) };
    for some in others.chunks(AT_ONCE) {
        connect(crowd, some, |taking| taking.answers == some.len()).context("taking nicks")?;
    }
    // Rooms tell their news in order: who has heard of the last one has heard of all.
    let told = |taking: &Taking| taking.answers == 1 && (0..*last).all(|index| taking.has_told(index));
    connect(crowd, &[*last], told).with_context(|| format!("waiting until everyone has heard of {}", nick(*last)))
}

/// Each takes a nick and goes from the lobby to a room of its own or others. Few at a time, as everyone in the lobby
/// is told of everyone there.
pub(crate) fn move_in(crowd: &mut Crowd, room_of: impl Fn(usize) -> String) -> Result<()> {
    let everyone: Vec<usize> = (0..crowd.len()).collect();
    for some in everyone.chunks(AT_ONCE) {
        let requests = |index| {
            [
                ToHub::Connect { id: "connect".to_owned(), nick: nick(index), token: None },
                ToHub::Join { id: "join".to_owned(), room: room_of(index) },
                ToHub::Leave { id: "leave".to_owned(), room: LOBBY.to_owned() },
            ]
        };
        ask_for(crowd, some, requests).context("moving into rooms")?;
    }
    Ok(())
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
    ask_for(crowd, indexes, |index| [request_of(index)])
}

/// The same with several requests, each of which does not wait for the answer to the one before it.
fn ask_for<const N: usize>(
    crowd: &mut Crowd,
    indexes: &[usize],
    requests_of: impl Fn(usize) -> [ToHub; N],
) -> Result<()> {
    let count = indexes.len() * N;
    for index in indexes {
        for one in requests_of(*index) {
            request(crowd, *index, &one)?;
        }
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

/// Makes a request on one socket.
pub(crate) fn request(crowd: &mut Crowd, index: usize, request: &ToHub) -> Result<()> {
    let mut frame = Vec::new();
    add_frame(wire::encode(request), &mut frame);
    crowd.send(index, &frame)
}

/// Asks on the first socket for a page, and waits for it for so long; how long it took from asking to having it.
pub(crate) fn page(crowd: &mut Crowd, asked: &ToHub, patience: Duration) -> Result<(Page, Duration)> {
    let begun = Instant::now();
    request(crowd, 0, asked)?;
    let mut answer = None;
    while answer.is_none() {
        let wait = patience.checked_sub(begun.elapsed()).context("no page came")?;
        crowd.turn(wait, &mut |_, text| {
            let at = Instant::now();
            if let ToNode::Reply(reply) = decode(text)? {
                answer = Some((at, reply.outcome));
            }
            Ok(())
        })?;
    }
    let Some((at, Outcome::Ok(page))) = answer else { bail!("the hub refused: {answer:?}") };
    Ok((serde_json::from_value(page)?, at.duration_since(begun)))
}

/// A frame, whole.
pub(crate) fn decode(text: &[u8]) -> Result<ToNode> {
    let message = wire::decode_to_node(std::str::from_utf8(text)?)?;
    if let ToNode::Error(refusal) = message {
        bail!("the hub did not understand: {}", refusal.message);
    }
    Ok(message)
}
