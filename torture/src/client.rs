//! One client: talks, listens, and lives as its role wants.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use node::{Answer, Client, Deliveries, Settings};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use shared::entry::Change;
use shared::message::{ErrorCode, ToHub};
use shared::session::{Delivery, Line as Left, Phase, Response};
use shared::transcript;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::cast::{self, Role};
use crate::diary::Diary;
use crate::line::{Id, Line, Place, nick_name, room_name};
use crate::record::Event;
use crate::stage::Stage;
use crate::storing::{Come, Copy, Done};

/// Deliveries that wait in a client before it reads no further.
const QUEUE: usize = 64;

/// How often a line is followed by a change of one.
const CHANGES: f64 = 0.1;

/// How often one is followed by a put or a removal.
const PUTS: f64 = 0.2;

/// Changed lines of which a client knows so: more than there are among its latest.
const REMEMBERED: usize = 256;

/// Lines a client has asked for and that are not acknowledged: typed ahead while the hub is away.
const TYPED_AHEAD: usize = 40;

/// How long each part of the end may take, and coming in at the beginning, with a hub that is left alone and a good
/// network: the longest backoff, the last drips of the proxy, and a busy machine.
pub(crate) const CALM_WITHIN: Duration = Duration::from_secs(60);

/// One of the clients of a run.
pub(crate) struct Actor {
    number: u16,
    role: Role,
    stage: Arc<Stage>,
    diary: Arc<Diary>,
    random: StdRng,
    /// Lines said so far.
    said: u32,
    /// Its own lines that it took back, and lines that it has put its reaction to.
    taken_back: VecDeque<u64>,
    reacted: VecDeque<u64>,
    /// Its copy of the store, where it keeps one.
    copy: Option<Arc<Copy>>,
    /// The room visited by a [`Role::Wanderer`] while it is in.
    visiting: Option<u8>,
    live: Live,
    settings: Settings,
}

/// A client with the tasks around it.
struct Live {
    client: Client,
    listening: JoinHandle<()>,
    looking: JoinHandle<()>,
}

impl Actor {
    /// Comes to the hub, takes its nick and joins its rooms.
    ///
    /// # Errors
    /// If that cannot be done, with a good network and a hub that runs.
    pub(crate) async fn enter(number: u16, stage: Arc<Stage>) -> Result<Self> {
        let (role, _) = cast::role(number);
        let nick = cast::nick(number);
        let settings = Settings {
            nick: Some(nick_name(nick)),
            token: stage.token(nick),
            kind: Some("torture".to_owned()),
            rooms: cast::rooms(number).into_iter().map(room_name).collect(),
            store: cast::keeps_store(number),
            ..Settings::default()
        };
        let copy = settings.store.then(Arc::default);
        let diary = Arc::new(Diary::new(Arc::clone(&stage.asked)));
        let random = StdRng::seed_from_u64(stage.seed ^ u64::from(number) << 48);
        let live = Live::begin(number, &stage, &diary, copy.as_ref(), settings.clone())?;
        let online = timeout(CALM_WITHIN, live.client.online()).await;
        ensure!(online.unwrap_or(false), "client {number} cannot come in");
        let (_, token) = live.client.nick().with_context(|| format!("client {number} has no nick"))?;
        stage.keep_token(nick, token);
        Ok(Self {
            number,
            role,
            stage,
            diary,
            random,
            said: 0,
            taken_back: VecDeque::new(),
            reacted: VecDeque::new(),
            copy,
            visiting: None,
            live,
            settings,
        })
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// Lives until it is over; then waits until all it said is acknowledged, as far as that comes about.
    pub(crate) async fn play(mut self) -> Result<Self> {
        while !self.stage.is_over() {
            let burst = self.random.random_range(1..=30);
            self.talk(burst);
            let pause = self.stage.pace * burst * self.random.random_range(0..=200) / 100;
            if self.stage.over_within(pause).await {
                break;
            }
            match self.role {
                Role::Wanderer if self.random.random_bool(0.2) => self.wander().await,
                Role::Restarter if self.random.random_bool(0.05) => self.restart().await?,
                _ => {}
            }
        }
        let deadline = Instant::now() + CALM_WITHIN;
        while self.live.client.unsent() > 0 && Instant::now() < deadline {
            sleep(Duration::from_millis(20)).await;
        }
        Ok(self)
    }

    /// Says a last line wherever it is; gives back where each stands that is acknowledged in time.
    pub(crate) async fn last_lines(&mut self, deadline: Instant) -> Vec<(Place, u64)> {
        let mut places: Vec<Place> = cast::rooms(self.number).into_iter().chain([0]).map(Place::Room).collect();
        places.extend(self.whisper());
        let answers: Vec<_> = places.into_iter().map(|place| (place, self.say(place))).collect();
        let mut last = Vec::new();
        for (place, answer) in answers {
            if let Ok(Some(seq)) = timeout_at(deadline, answer).await {
                last.push((place, seq));
            }
        }
        last
    }

    /// Waits until it has heard all of the last lines that it may see, as far as that comes about.
    pub(crate) async fn hears_out(&self, last: &[(Place, u64)], deadline: Instant) {
        let rooms = cast::rooms(self.number);
        let nick = cast::nick(self.number);
        let may_see = |place: &Place| match place {
            Place::Room(room) => *room == 0 || rooms.contains(room),
            Place::Whisper { from, to } => nick == *from || nick == *to,
        };
        let seq = last.iter().filter(|(place, _)| may_see(place)).map(|(_, seq)| *seq).max().unwrap_or(0);
        // What is missing then, the checker names.
        let is_whole = || self.copy.as_ref().is_none_or(|copy| copy.is_whole());
        while (self.diary.heard() < seq || !is_whole()) && Instant::now() < deadline {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Goes; gives back what it lived through, and what became of its copy of the store.
    pub(crate) async fn leave(self) -> (Vec<Event>, Option<(Done, Come)>) {
        self.live.end().await;
        (self.diary.take(), self.copy.map(|copy| (copy.done(), copy.come())))
    }

    fn talk(&mut self, lines: u32) {
        for _ in 0..lines {
            if self.live.client.unsent() >= TYPED_AHEAD {
                return;
            }
            let place = self.somewhere();
            drop(self.say(place));
            if self.random.random_bool(CHANGES) {
                self.change();
            }
            if let Some(copy) = &self.copy
                && self.random.random_bool(PUTS)
            {
                drop(self.live.client.ask(copy.wish(&mut self.random)));
            }
        }
    }

    /// Changes a line: one of its own, or, by a reaction, any that it has heard.
    fn change(&mut self) {
        let [own, others] = self.diary.latest();
        let what = self.random.random_range(0..10);
        let lines = if what < 5 { own } else { others };
        // Where it only visits, it may be gone before it is answered.
        let rooms = cast::rooms(self.number);
        let stays = |place: &Place| !matches!(place, Place::Room(room) if *room != 0 && !rooms.contains(room));
        let lines: Vec<_> =
            lines.into_iter().filter(|(place, of)| stays(place) && !self.taken_back.contains(of)).collect();
        if lines.is_empty() {
            return;
        }
        let (place, of) = lines[self.random.random_range(0..lines.len())];
        let (author, emoji) =
            (self.number, format!("{}", char::from_u32(0x1F600 + u32::from(self.number % 40)).unwrap_or('👍')));
        self.said += 1;
        let line = Line { author, number: self.said };
        let change = match what {
            0 => {
                self.taken_back.push_back(of);
                Change::Deleted
            }
            1..5 => Change::Edited { text: line.text() },
            _ => {
                let on = !self.reacted.iter().any(|line| *line == of);
                if on {
                    self.reacted.push_back(of);
                } else {
                    self.reacted.retain(|line| *line != of);
                }
                Change::Reacted { emoji, on }
            }
        };
        for list in [&mut self.taken_back, &mut self.reacted] {
            if list.len() > REMEMBERED {
                list.pop_front();
            }
        }
        let nick = cast::nick(self.number);
        let (target, place) = match place {
            Place::Room(room) => (transcript::Place::Room(room_name(room)), place),
            Place::Whisper { from, to } => {
                let other = if from == nick { to } else { from };
                (transcript::Place::With(nick_name(other)), Place::Whisper { from: nick, to: other })
            }
        };
        drop(self.ask(line, place, |id| match change {
            Change::Edited { text } => target.edit(id, of, text),
            Change::Deleted => target.delete(id, of),
            Change::Reacted { emoji, on } => target.react(id, of, emoji, on),
        }));
    }

    /// Asks for an entry, and writes that down before.
    fn ask(&self, line: Line, place: Place, request: impl FnOnce(String) -> ToHub) -> Answer<Response> {
        self.live.client.ask(|id| {
            self.stage.asked.remember(Id::of(&id), line, place);
            self.diary.write(Event::Asked { line, place, id: Id::of(&id) });
            request(id)
        })
    }

    fn somewhere(&mut self) -> Place {
        let rooms = cast::rooms(self.number);
        match self.random.random_range(0..100) {
            0..5 => Place::Room(0),
            5..30 => self.whisper().unwrap_or(Place::Room(0)),
            30..50 => Place::Room(self.visiting.unwrap_or(rooms[1])),
            _ => Place::Room(rooms[self.random.random_range(0..rooms.len())]),
        }
    }

    fn whisper(&self) -> Option<Place> {
        let to = cast::partner(self.number, self.stage.clients)?;
        Some(Place::Whisper { from: cast::nick(self.number), to })
    }

    /// Gives back where the line stands, once that is known; none if it was refused.
    fn say(&mut self, place: Place) -> impl Future<Output = Option<u64>> + use<> {
        self.said += 1;
        let line = Line { author: self.number, number: self.said };
        let text = line.text();
        let asked = self.ask(line, place, |id| match place {
            Place::Room(room) => transcript::Place::Room(room_name(room)).say(id, text),
            Place::Whisper { to, .. } => transcript::Place::With(nick_name(to)).say(id, text),
        });
        async move {
            match asked.await {
                Ok(Response::Sent(sent)) => Some(sent.seq),
                _ => None,
            }
        }
    }

    /// Goes into the room it visits, or out of it.
    async fn wander(&mut self) {
        let room = cast::visited(self.number);
        let client = self.live.client.clone();
        if self.visiting.take().is_none() {
            self.diary.write(Event::Joining(room));
            match client.join(&room_name(room)).await {
                Ok(_) => self.visiting = Some(room),
                Err(_) => self.diary.write(Event::NotJoined(room)),
            }
            return;
        }
        // Its lines of this visit are answered before it goes, or they would be refused.
        while client.unsent() > 0 {
            if self.stage.over_within(Duration::from_millis(20)).await {
                return;
            }
        }
        self.diary.write(Event::Leaving(room));
        while let Err(refusal) = client.leave(&room_name(room)).await
            && refusal.code != ErrorCode::NotInRoom
        {
            if self.stage.over_within(Duration::from_millis(50)).await {
                return;
            }
        }
    }

    /// Begins anew with what it would have kept: the session's secret, and the lines left over.
    async fn restart(&mut self) -> Result<()> {
        self.live.end_gently().await;
        let client = &self.live.client;
        self.settings.session = Some(client.position().session);
        self.settings.lines = client.unsent_lines();
        self.settings.token = self.stage.token(cast::nick(self.number));
        self.diary.write(Event::Restarted);
        let is_of_store = |left: &&Left| matches!(left.request, ToHub::Put { .. } | ToHub::Remove { .. });
        for left in self.settings.lines.iter().filter(|left| !is_of_store(left)) {
            let id = Id::of(left.id());
            match self.stage.asked.get(id) {
                Some((line, place)) => self.diary.write(Event::Asked { line, place, id }),
                None => self.diary.strange("a line was left over that nobody said".to_owned()),
            }
        }
        let copy = self.copy.as_ref();
        self.live = Live::begin(self.number, &self.stage, &self.diary, copy, self.settings.clone())?;
        Ok(())
    }
}

impl Live {
    fn begin(
        number: u16,
        stage: &Arc<Stage>,
        diary: &Arc<Diary>,
        copy: Option<&Arc<Copy>>,
        settings: Settings,
    ) -> Result<Self> {
        let (role, way) = cast::role(number);
        let (client, deliveries) = Client::start_with_queue(&stage.link(way), settings, QUEUE)?;
        let random = StdRng::seed_from_u64(stage.seed ^ u64::from(number) << 32);
        let naps = (role == Role::Slow).then(|| random.clone());
        let listening = listen(deliveries, Arc::clone(stage), (Arc::clone(diary), copy.cloned()), naps);
        let looking = look(client.clone(), Arc::clone(diary), random);
        Ok(Self { client, listening: tokio::spawn(listening), looking: tokio::spawn(looking) })
    }

    async fn end_gently(&mut self) {
        self.looking.abort();
        self.client.stop().await;
        // It ends with its deliveries; a panic in it is one of ours, and ends the run elsewhere.
        _ = (&mut self.listening).await;
    }

    async fn end(mut self) {
        self.end_gently().await;
    }
}

/// Writes down all that is told; with randomness of its own, it naps now and then.
async fn listen(
    mut deliveries: Deliveries,
    stage: Arc<Stage>,
    (diary, copy): (Arc<Diary>, Option<Arc<Copy>>),
    mut naps: Option<StdRng>,
) {
    let mut awake_until = Instant::now();
    while let Some(delivery) = deliveries.next().await {
        match copy.as_ref().and_then(|copy| copy.told(&delivery)) {
            None => diary.told(&delivery),
            Some(Ok(())) => {}
            Some(Err(what)) => diary.strange(what),
        }
        if let Delivery::Answered { request, answer: Ok(_) } = &delivery
            && request.makes_entry()
            && let Some((line, _)) = request.id().and_then(|id| stage.asked.get(Id::of(id)))
        {
            stage.line_acknowledged(line, request);
        }
        if let Some(random) = &mut naps
            && Instant::now() > awake_until
            && !stage.over_within(Duration::from_millis(random.random_range(100..600))).await
        {
            awake_until = Instant::now() + Duration::from_millis(random.random_range(500..3_000));
        }
    }
}

/// Plays the person who looks, soon after the connection was lost: nobody waits out a backoff of 15 s here.
async fn look(client: Client, diary: Arc<Diary>, mut random: StdRng) {
    let mut phase = client.phase();
    loop {
        let shown = phase.wait_for(|phase| {
            matches!(phase, Phase::Waiting { .. } | Phase::Refused { .. } | Phase::CookieWanted { .. })
        });
        let Ok(shown) = shown.await.map(|phase| phase.clone()) else { return };
        if !matches!(shown, Phase::Waiting { .. }) {
            diary.strange(format!("the hub does not want this client: {shown:?}"));
        }
        sleep(Duration::from_millis(random.random_range(5..200))).await;
        client.retry();
    }
}
