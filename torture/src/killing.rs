//! The hub's many ends.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::sleep;

use crate::hub::{Hub, Recipe};
use crate::options::Options;
use crate::stage::Stage;

/// How often it is said how far things are.
const NEWS: Duration = Duration::from_secs(15);

/// How often the hub ended in which way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ends {
    /// SIGKILL while it served.
    serving: u32,
    /// SIGKILL while it started.
    starting: u32,
    /// SIGKILL while it stopped in good order.
    stopping: u32,
    /// SIGTERM, and it stopped in good order.
    stopped: u32,
}

impl Ends {
    fn kills(self) -> u32 {
        self.serving + self.starting + self.stopping
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { serving, starting, stopping, stopped } = self;
        write!(
            f,
            "{} kills ({serving} while serving, {starting} while starting, {stopping} while stopping), \
             {stopped} stops in good order",
            self.kills()
        )
    }
}

/// Ends the hub and starts it again, as often as asked for; gives back one that runs.
///
/// # Errors
/// If it ends by itself, or does not start.
pub(crate) async fn kill_and_start(
    recipe: &Recipe,
    mut hub: Hub,
    options: &Options,
    stage: &Stage,
) -> Result<(Hub, Ends)> {
    let mut random = StdRng::seed_from_u64(stage.seed ^ 0x5160_1311);
    let mut ends = Ends::default();
    let begun = Instant::now();
    let mut told = Instant::now();
    while ends.kills() < options.kills {
        // As radioactive atoms decay: at any moment as likely as at any other. Now and then there is time for
        // a slow client to fall far behind, and to catch up.
        let quiet = if random.random_bool(0.1) { 4.0 } else { 2.0 / 3.0 };
        let wait = -options.seconds_between * quiet * random.random_range(0.001_f64..1.0).ln();
        sleep(Duration::from_secs_f64(wait)).await;
        if let Some(status) = hub.ended()? {
            bail!("the hub ended by itself ({status}); see {}", recipe.log_file().display());
        }
        match random.random_range(0..100) {
            0..84 => {
                hub.kill().await?;
                ends.serving += 1;
            }
            84..92 => {
                hub.kill().await?;
                ends.serving += 1;
                // Once or twice more before it listens, or shortly after.
                while ends.kills() < options.kills {
                    let hub = recipe.spawn()?;
                    sleep(Duration::from_millis(random.random_range(0..40))).await;
                    hub.kill().await?;
                    ends.starting += 1;
                    if random.random_bool(0.5) {
                        break;
                    }
                }
            }
            92..97 => {
                hub.ask_to_stop()?;
                sleep(Duration::from_millis(random.random_range(0..200))).await;
                hub.kill().await?;
                ends.stopping += 1;
            }
            _ => {
                hub.ask_to_stop()?;
                hub.stopped().await?;
                ends.stopped += 1;
            }
        }
        hub = recipe.spawn()?;
        hub.listening().await?;
        if told.elapsed() >= NEWS {
            told = Instant::now();
            let (kills, lines) = (ends.kills(), stage.acknowledged.load(Ordering::Relaxed));
            println!("{kills} kills, {lines} lines acknowledged after {} s", begun.elapsed().as_secs());
        }
    }
    Ok((hub, ends))
}
