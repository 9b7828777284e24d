//! One run, from an empty log to the last reading.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::asking_again::ask_again;
use crate::cast::{self, Role};
use crate::client::{Actor, CALM_WITHIN};
use crate::hub::Recipe;
use crate::killing::{Ends, kill_and_start};
use crate::line::Place;
use crate::options::Options;
use crate::proxy::{Proxy, Weather};
use crate::record::{Event, History, Life};
use crate::stage::Stage;
use crate::storing::{Come, Done};
use crate::{reading, report};

/// What a run gave.
pub(crate) struct Ran {
    pub(crate) history: History,
    pub(crate) ends: Ends,
    pub(crate) weather: Arc<Weather>,
    /// How long the hub was under load.
    pub(crate) took: Duration,
}

/// Runs it with the hub's data in this folder.
///
/// # Errors
/// If the run could not be carried out to its end; what it had shown until then is not looked at.
pub(crate) async fn run(options: &Options, program: &Path, folder: &Path, seed: u64) -> Result<Ran> {
    let mut recipe = Recipe::new(program, folder, seed as u16)?;
    let weather = Arc::new(Weather::default());
    let faulty = Proxy::open(recipe.address(), seed, false, &weather)?;
    let narrow = Proxy::open(recipe.address(), !seed, true, &weather)?;
    recipe.allow(faulty.address());
    recipe.allow(narrow.address());
    let pace = Duration::from_secs(1) * u32::from(options.clients) / options.rate;
    let ways = [recipe.address(), faulty.address(), narrow.address()];
    let stage = Arc::new(Stage::new(options.clients, ways, pace, seed));

    let mut hub = recipe.spawn()?;
    hub.listening().await?;
    let actors = enter(&stage).await?;
    weather.storm();
    let begun = Instant::now();
    let mut playing: JoinSet<Result<Actor>> = actors.into_iter().map(Actor::play).collect();
    let asking_again = tokio::spawn(ask_again(Arc::clone(&stage)));
    let (hub, ends) = kill_and_start(&recipe, hub, options, &stage).await?;
    let took = begun.elapsed();

    weather.calm_down();
    stage.end();
    let mut actors = Vec::new();
    while let Some(actor) = playing.join_next().await {
        actors.push(actor??);
    }
    actors.sort_by_key(Actor::number);
    let again = asking_again.await?;
    let (mut lives, copies) = epilogue(actors).await;
    if let Some(first) = lives.first_mut() {
        first.events.extend(again.refused.into_iter().map(Event::Strange));
    }
    let mut history = History { lives, asked_again: again.answers, copies, ..History::default() };
    match reading::whole_log(&stage).await {
        Ok((log, sights)) => (history.log, history.sights) = (log, sights),
        Err(error) => {
            report::keep(folder, &history, &[])?;
            return Err(error.context("reading the whole log at the end"));
        }
    }
    history.store = Some(reading::whole_store(&stage).await?);
    hub.kill().await?;
    Ok(Ran { history, ends, weather, took })
}

/// All come in, those first who take a nick of their own.
async fn enter(stage: &Arc<Stage>) -> Result<Vec<Actor>> {
    let mut actors = Vec::new();
    for second in [false, true] {
        let numbers = (0..stage.clients).filter(|number| (cast::role(*number).0 == Role::Second) == second);
        let mut entering: JoinSet<Result<Actor>> =
            numbers.map(|number| Actor::enter(number, Arc::clone(stage))).collect();
        while let Some(actor) = entering.join_next().await {
            actors.push(actor??);
        }
    }
    Ok(actors)
}

/// A last line everywhere; when everybody has heard those, everybody should have heard everything.
async fn epilogue(mut actors: Vec<Actor>) -> (Vec<Life>, Vec<(usize, (Done, Come))>) {
    let deadline = Instant::now() + CALM_WITHIN;
    let mut last: Vec<(Place, u64)> = Vec::new();
    for actor in &mut actors {
        last.extend(actor.last_lines(deadline).await);
    }
    let deadline = Instant::now() + CALM_WITHIN;
    for actor in &actors {
        actor.hears_out(&last, deadline).await;
    }
    let (mut lives, mut copies) = (Vec::with_capacity(actors.len()), Vec::new());
    for actor in actors {
        let (number, nick) = (actor.number(), cast::nick(actor.number()));
        let (events, copy) = actor.leave().await;
        lives.push(Life { nick, events });
        copies.extend(copy.map(|copy| (usize::from(number), copy)));
    }
    (lives, copies)
}
