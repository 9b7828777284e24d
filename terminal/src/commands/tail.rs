//! `hubbub tail`: what is said in a room, followed over whatever happens to the connection.

mod reading;
mod shown;

use node::{Answer, Client, Deliveries, HubAddress};
use shared::entry::Entry;
use shared::message::{Connected, Page, Refusal, ToHub, Welcome};
use shared::room::LOBBY;
use shared::session::{Delivery, Phase, Response};
use shared::transcript::Place;
use shared::wire::MAX_PAGE;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use self::reading::Reading;
use super::output::Output;
use super::{AGAIN, BACK, End, LOST, PATIENCE, asked, beside_the_lobby, is_for_now, join, json, leave, shut_out, warn};
use crate::arguments::{Tail, Who};
use crate::exit::Code;
use crate::joining::{self, Memory, Opened};
use crate::stopping::Stop;

pub(super) async fn run(tail: Tail, who: &Who, stop: &mut Stop, output: &mut Output) -> Result<Code, End> {
    let Opened { client, mut deliveries, welcome, connected, memory, warning, hub, .. } =
        joining::speak(who, stop).await?;
    if let Some(warning) = warning {
        warn(&warning);
    }
    output.watch();
    let room = match beside_the_lobby(tail.room.as_deref()) {
        None => Ok(connected.room),
        Some(room) => asked((&client, &hub), stop, enter(&client, &mut deliveries, room)).await,
    };
    let end = match room {
        Ok(room) => {
            Follower::new((&client, &hub), memory, room, &tail, &welcome).run(&mut deliveries, stop, output).await
        }
        Err(end) => end,
    };
    drop(deliveries);
    leave(&client).await;
    Err(end)
}

/// Into that room, and out of the one that comes with a nick. What is heard meanwhile is in the first page as well.
async fn enter(client: &Client, deliveries: &mut Deliveries, room: &str) -> Result<String, End> {
    let passed_over = async {
        while deliveries.next().await.is_some() {}
        std::future::pending().await
    };
    let joined = tokio::select! {
        joined = join(client, room, Instant::now() + PATIENCE) => joined?,
        never = passed_over => never,
    };
    drop(client.leave(LOBBY)); // nothing depends on when
    Ok(joined.room)
}

/// Follows one room.
struct Follower<'a> {
    client: &'a Client,
    hub: &'a HubAddress,
    memory: Memory,
    phase: watch::Receiver<Phase>,
    place: Place,
    json: bool,
    /// All that there is of the log is wanted, or only what comes.
    after: Option<u64>,
    /// The log that `reading` counts in.
    epoch: String,
    reading: Reading,
    /// The page under way.
    page: Option<Answer<Page>>,
    /// No page is asked for before.
    not_before: Instant,
    /// That the connection is lost was said.
    is_lost: bool,
}

impl<'a> Follower<'a> {
    fn new(
        (client, hub): (&'a Client, &'a HubAddress),
        memory: Memory,
        room: String,
        tail: &Tail,
        welcome: &Welcome,
    ) -> Self {
        let mut follower = Self {
            client,
            hub,
            memory,
            phase: client.phase(),
            place: Place::Room(room),
            json: tail.json,
            after: tail.after,
            epoch: welcome.epoch.clone(),
            reading: Reading::new(tail.after.unwrap_or(welcome.seq)),
            page: None,
            not_before: Instant::now(),
            is_lost: false,
        };
        if let Some(after) = tail.after.filter(|after| *after > welcome.seq) {
            warn(&format!("The hub's log ends at {}, so it is not the one that had an entry {after}.", welcome.seq));
            follower.enter_log(welcome);
        }
        follower
    }

    /// Until it ends, and why.
    async fn run(mut self, deliveries: &mut Deliveries, stop: &mut Stop, output: &mut Output) -> End {
        loop {
            if let Err(end) = self.step(deliveries, stop, output).await {
                return end;
            }
        }
    }

    async fn step(&mut self, deliveries: &mut Deliveries, stop: &mut Stop, output: &mut Output) -> Result<(), End> {
        self.ask();
        let wants_page = self.page.is_none() && self.reading.page_after().is_some();
        let waits = wants_page && Instant::now() < self.not_before;
        let client = self.client;
        let page = async {
            match &mut self.page {
                Some(page) => page.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            code = stop.asked() => Err(End::Stopped(code)),
            () = output.gone() => Err(End::Gone),
            failure = shut_out(client, self.hub) => Err(failure.into()),
            page = page => {
                self.page = None;
                self.read(page, stop, output).await
            }
            () = sleep_until(self.not_before), if waits => Ok(()),
            Ok(()) = self.phase.changed() => Ok(()),
            delivery = deliveries.next() => match delivery {
                Some(delivery) => self.take(delivery, stop, output).await,
                None => Err(End::failed(Code::NoHub, "The connection to the hub has ended.")),
            },
        }
    }

    /// Asks for the page that is wanted, if one can be had now.
    fn ask(&mut self) {
        let Some(after) = self.reading.page_after() else { return };
        let may = self.page.is_none() && Instant::now() >= self.not_before;
        // A page of another log than the one that is known here would be counted wrongly.
        if may && *self.phase.borrow() == Phase::Online && self.client.position().epoch == self.epoch {
            self.reading.asked();
            self.page = Some(self.client.history(&self.place, None, Some(after), MAX_PAGE));
        }
    }

    async fn read(&mut self, page: Result<Page, Refusal>, stop: &mut Stop, output: &mut Output) -> Result<(), End> {
        match page {
            Ok(Page { entries, more }) => {
                for entry in self.reading.read(entries, more) {
                    self.show(&entry, stop, output).await?;
                }
                Ok(())
            }
            Err(refusal) if is_for_now(&refusal) => {
                self.not_before = Instant::now() + AGAIN;
                Ok(())
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    async fn take(&mut self, delivery: Delivery, stop: &mut Stop, output: &mut Output) -> Result<(), End> {
        match delivery {
            Delivery::Heard(entry) if self.is_here(&entry) && self.reading.hear(entry.seq()) => {
                self.show(&entry, stop, output).await?;
            }
            Delivery::Lost if !self.is_lost => {
                self.is_lost = true;
                warn(LOST);
            }
            Delivery::Welcomed { welcome, .. } => {
                if std::mem::take(&mut self.is_lost) {
                    warn(BACK);
                }
                if welcome.epoch == self.epoch {
                    self.reading.catch_up();
                } else {
                    self.enter_log(&welcome);
                }
            }
            // A hub with another log has given us the nick anew.
            Delivery::Answered { answer: Ok(Response::Connected(Connected { nick, token, .. })), .. } => {
                if let Some(warning) = self.memory.keep_nick(&nick, &token) {
                    warn(&warning);
                }
            }
            // What the session asked for by itself after a return, and cannot have any more.
            Delivery::Answered { request: ToHub::Connect { .. } | ToHub::Join { .. }, answer: Err(refusal) }
                if !is_for_now(&refusal) =>
            {
                return Err(refusal.into());
            }
            _ => {}
        }
        Ok(())
    }

    /// The hub has another log than before.
    fn enter_log(&mut self, welcome: &Welcome) {
        let (after, words) = match self.after {
            Some(_) => (0, "What follows is of another log, from its beginning."),
            None => (welcome.seq, "What follows is of another log than before, from now on."),
        };
        warn(words);
        self.epoch.clone_from(&welcome.epoch);
        self.reading = Reading::new(after);
    }

    fn is_here(&self, entry: &Entry) -> bool {
        let room = match entry {
            Entry::Said(said) => Some(&said.room),
            Entry::Topic(topic) => Some(&topic.room),
            Entry::Changed(changed) => changed.room.as_ref(),
            Entry::Whispered(_) | Entry::Put(_) | Entry::Removed(_) => None,
        };
        // After a new log it may be spelled otherwise.
        room.is_some_and(|room| room.to_lowercase() == self.place.name().to_lowercase())
    }

    async fn show(&self, entry: &Entry, stop: &mut Stop, output: &mut Output) -> Result<(), End> {
        let text = if self.json { json::line(entry) } else { shown::plain(entry) };
        output.line(text, stop).await
    }
}
