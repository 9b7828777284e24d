//! What happens around the session: to sockets, frames, time, the network, the hub and the page.

use shared::message::ToNode;
use shared::session::{Phase, Session, Settings};
use shared::store::{Store, Whole};
use shared::transcript::Transcript;
use shared::wire;

use super::World;
use super::hub::{Connection, Down};

impl World {
    /// The socket that is being opened opens.
    pub(crate) fn open(&mut self) -> bool {
        let Some(socket) = self.opening.take() else { return false };
        self.open = Some(socket);
        let number = self.number(socket);
        self.hub.connections.push(Connection::new(number));
        self.session.opened(self.now, socket);
        self.drive();
        true
    }

    /// The socket, open or opening, is gone with all that was under way on it, at both ends.
    pub(crate) fn cut(&mut self, code: u16) -> bool {
        if let Some(connection) = self.connection() {
            connection.alive = false;
        }
        self.cut_here(code)
    }

    /// The same, but the hub does not know it yet, and still reads what was sent.
    pub(crate) fn cut_here(&mut self, code: u16) -> bool {
        let Some(socket) = self.opening.take().or(self.open.take()) else { return false };
        self.session.closed(self.now, socket, code, "");
        self.drive();
        true
    }

    /// The hub has let go of all connections, and they do not know it.
    pub(crate) fn fall_silent(&mut self) {
        for connection in &mut self.hub.connections {
            connection.alive = false;
        }
    }

    /// The hub reads so many frames.
    pub(crate) fn hub_reads(&mut self, frames: usize) -> bool {
        let Some(socket) = self.open else { return false };
        let number = self.number(socket);
        (0..frames).filter(|_| self.hub.read_frame(number, self.now)).count() > 0
    }

    /// The hub reads a frame of every connection that the node has given up.
    pub(crate) fn hub_reads_on(&mut self) {
        let current = self.open.map(|socket| self.number(socket));
        let numbers: Vec<u32> = self.hub.connections.iter().map(|connection| connection.socket).collect();
        for number in numbers.into_iter().filter(|number| Some(*number) != current) {
            self.hub.read_frame(number, self.now);
        }
    }

    /// The node reads so many frames.
    pub(crate) fn node_reads(&mut self, frames: usize) -> bool {
        let mut read = false;
        for _ in 0..frames {
            let Some(socket) = self.open else { break };
            let Some(down) = self.connection().and_then(|connection| connection.to_node.pop_front()) else { break };
            read = true;
            match down {
                Down::Frame(frame) => self.receive(socket, &frame),
                Down::Close(code) => drop(self.cut_here(code)),
            }
        }
        read
    }

    /// Takes the next frame away that the node would read.
    pub(crate) fn take_down(&mut self) -> String {
        match self.connection().and_then(|connection| connection.to_node.pop_front()) {
            Some(Down::Frame(frame)) => frame,
            other => panic!("{other:?} is no frame"),
        }
    }

    /// What was on its way on sockets that the session has given up still comes: it changes nothing.
    pub(crate) fn late(&mut self) {
        let (first, current) = (self.number(0), self.open.map(|socket| self.number(socket)));
        let mut late = Vec::new();
        for connection in &mut self.hub.connections {
            if connection.socket > first && Some(connection.socket) != current {
                late.extend(connection.to_node.drain(..).map(|down| (connection.socket - first, down)));
            }
        }
        for (socket, down) in late {
            match down {
                Down::Frame(frame) => self.session.received(self.now, socket, &frame),
                Down::Close(code) => self.session.closed(self.now, socket, code, "late"),
            }
            self.session.closed(self.now, socket, 4401, "once more");
            assert!(self.session.effect().is_none(), "what an old socket brings has an effect");
        }
    }

    /// The node reads this frame, wherever it came from.
    pub(crate) fn receive(&mut self, socket: u32, frame: &str) {
        if let Some(connection) = self.connection() {
            match wire::decode_to_node(frame) {
                Ok(ToNode::Welcome(_)) => {
                    connection.welcomed = true;
                    connection.moved = true;
                    connection.fresh = true;
                }
                Ok(ToNode::Entry(_) | ToNode::Synced { .. }) => {
                    connection.moved = true;
                    connection.fresh = false;
                }
                Ok(ToNode::Reply(reply)) => drop(connection.connects.remove(&reply.id)),
                _ => {}
            }
        }
        self.session.received(self.now, socket, frame);
        self.drive();
    }

    /// The number of the open socket.
    pub(crate) fn socket(&self) -> Option<u32> {
        self.open
    }

    /// Time passes; the session is called when it wants to be, if `punctual`, and at the end.
    pub(crate) fn wait(&mut self, ms: u64, punctual: bool) {
        let end = self.now + ms;
        while let Some(at) = self.session.wake_at().filter(|at| punctual && *at <= end) {
            self.now = self.now.max(at);
            self.tick();
        }
        self.now = end;
        self.tick();
    }

    pub(crate) fn tick(&mut self) {
        self.session.tick(self.now);
        self.drive();
        if let Some(at) = self.session.wake_at() {
            assert!(at > self.now, "wants to be called at once after having been called");
        }
    }

    /// The device says whether it has a network.
    pub(crate) fn network(&mut self, there: bool) {
        self.network = there;
        if there {
            self.session.online(self.now);
        } else {
            self.session.offline(self.now);
        }
        self.drive();
    }

    /// Everything under way arrives.
    pub(crate) fn flow(&mut self) {
        while self.open() || self.hub_reads(1) || self.hub.commit(true) || self.node_reads(1) {}
    }

    /// All hindrances fall away: the session comes online and gets all through.
    pub(crate) fn settle(&mut self) {
        self.hub.lags = false;
        self.network(true);
        let mut calm_since = None;
        for _ in 0..4_000 {
            self.flow();
            if matches!(self.session.phase(), Phase::Refused { .. } | Phase::CookieWanted { .. }) {
                self.session.retry(self.now);
                self.drive();
                continue;
            }
            let calm = self.session.phase() == Phase::Online && self.session.unsent() == 0;
            let since = *calm_since.get_or_insert(self.now);
            if !calm {
                calm_since = None;
            } else if self.now - since > 120_000 {
                return; // long enough for every pause, and to find a dead connection
            }
            self.now = self.session.wake_at().unwrap_or(self.now).max(self.now);
            self.tick();
        }
        panic!("does not come to rest: {:?}, {} unsent", self.session.phase(), self.session.unsent());
    }

    /// The hub is another, with an empty log.
    pub(crate) fn new_log(&mut self) {
        self.record.end_log(&self.hub);
        self.hub.begin_another_log();
    }

    /// The page is loaded anew: another session, that gets from the last what an app would have kept. Its secret
    /// is not among it where the tab was closed; the hub is then quick to see that.
    pub(crate) fn reload(&mut self, with_secret: bool) {
        self.session.stop(self.now);
        self.drive();
        if !with_secret {
            self.fall_silent();
        }
        self.sessions += 1;
        let kept = Settings {
            cookie: self.session.cookie().map(str::to_owned),
            nick: self.session.nick().map(str::to_owned),
            token: self.session.token().map(str::to_owned),
            rooms: self.session.rooms().filter(|room| *room != "lobby").map(str::to_owned).collect(),
            session: with_secret.then(|| self.session.position().session.clone()),
            lines: self.session.unsent_lines().cloned().collect(),
            random: [7 + u8::try_from(self.sessions).expect("reloads are few"); 16],
            ..Settings::default()
        };
        self.session = Session::new(kept);
        if !self.network {
            self.session.offline(self.now);
        }
        self.transcript = Transcript::new();
        // As it was kept.
        self.store.0 = Store::from_text(&self.store.0.to_text()).expect("was written so");
        self.whole = Whole::default();
        self.whole.taken_up();
        self.began_at = None;
        self.record.begin_anew();
        self.opening = None;
        self.open = None;
        self.typed = None;
        // Only lines outlive the page.
        let lines: Vec<String> = self.session.unsent_lines().map(|line| line.id().to_owned()).collect();
        let answered: Vec<String> = self.record.ended.keys().cloned().collect();
        self.asked.retain(|id| lines.contains(id) || answered.contains(id));
        self.session.start(self.now);
        self.drive();
    }
}
