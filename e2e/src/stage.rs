//! One test's hub and browsers: started for it, gone after it however it ends, and what a failed one looked like
//! kept.

use std::fs;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures_util::FutureExt;
use node::Node;
use tempfile::TempDir;
use tokio::runtime;
use tokio::time::timeout;

use crate::driver::Driver;
use crate::turn::Turn;
use crate::{Browser, Hub, Person, programs};

/// How long a test may take. Every wait has a deadline of its own; this is for a program that answers no more.
const LONGEST: Duration = Duration::from_secs(240);

/// A hub, and whoever came to it.
pub struct Stage {
    // Dropped in this order: the driver ends the browsers, and then their profiles can go.
    hub: Hub,
    people: Vec<Person>,
    driver: Driver,
    folder: TempDir,
}

/// Runs a test with a hub of its own, then makes sure that nothing went wrong behind the scenes either: a page
/// that threw, a file that was not there, something the content security policy forbade.
///
/// # Panics
/// If the test does; or if a console holds an error that the test did not announce.
pub fn play(test: impl AsyncFnOnce(&mut Stage)) {
    play_with(&[], test);
}

/// The same with flags for the hub.
///
/// # Panics
/// As [`play`].
pub fn play_with(flags: &[&str], test: impl AsyncFnOnce(&mut Stage)) {
    let _turn = Turn::take();
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut stage = Stage::set(flags).await;
        let played = AssertUnwindSafe(timeout(LONGEST, test(&mut stage))).catch_unwind().await;
        let errors = if matches!(played, Ok(Ok(()))) { stage.errors().await } else { Vec::new() };
        if matches!(played, Ok(Ok(()))) && errors.is_empty() {
            return;
        }
        stage.keep_evidence().await;
        match played {
            Err(panic) => resume_unwind(panic),
            Ok(Err(_)) => panic!("the test took longer than {} s", LONGEST.as_secs()),
            Ok(Ok(())) => panic!("all went well, but for what stands in the consoles:\n{}", errors.join("\n")),
        }
    });
}

impl Stage {
    async fn set(flags: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("hubbub-e2e-").tempdir().expect("a temporary directory");
        let hub = Hub::start(folder.path(), flags).await;
        Self { hub, people: Vec::new(), driver: Driver::start(), folder }
    }

    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The hub, to be stopped and started.
    pub fn hub_mut(&mut self) -> &mut Hub {
        &mut self.hub
    }

    /// Someone with a browser of their own, in which nothing is opened yet.
    pub async fn person(&mut self, name: &str) -> Person {
        let profile = self.folder.path().join(format!("browser-{}", self.people.len()));
        let browser = Browser::start(&mut self.driver, &profile).await;
        let person = Person::new(name, Arc::new(browser));
        self.people.push(person.clone());
        person
    }

    /// Someone who came by the invitation link and joined under this nick.
    pub async fn guest(&mut self, nick: &str) -> Person {
        let guest = self.person(nick).await;
        guest.opens(self.hub.link()).await;
        guest.joins_as(nick).await;
        guest
    }

    /// A native node that has said so many lines in the lobby, quickly: `line 1` and so on; and their positions in
    /// the log. The hub must have `--rate-limit off` among its flags.
    pub async fn flooded(&self, nick: &str, lines: usize) -> (Node, Vec<u64>) {
        let node = self.hub.native(nick).await;
        let texts: Vec<String> = (1..=lines).map(|number| format!("line {number}")).collect();
        let said = self.hub.flood(&node, "lobby", &texts).await;
        (node, said)
    }

    /// A place for files of the test's own, which goes with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    async fn errors(&self) -> Vec<String> {
        let mut errors = Vec::new();
        for person in &self.people {
            let theirs = person.browser.errors().await.expect("the page's console");
            errors.extend(theirs.into_iter().map(|error| format!("{}: {error}", person.name)));
        }
        errors
    }

    /// Keeps what everyone sees at this moment, and what the hub logged.
    async fn keep_evidence(&self) {
        let folder = evidence_folder();
        // A failure here must not hide the one that led here.
        let _ = fs::remove_dir_all(&folder);
        if fs::create_dir_all(&folder).is_err() {
            return;
        }
        for person in &self.people {
            let file = |ending: &str| folder.join(format!("{}.{ending}", person.name));
            if let Ok(picture) = person.browser.picture().await {
                let _ = fs::write(file("png"), picture);
            }
            if let Ok(source) = person.browser.page().source().await {
                let _ = fs::write(file("html"), source);
            }
            // Empty where it was its errors that failed the test.
            for error in person.browser.errors().await.unwrap_or_default() {
                eprintln!("in the console of {}: {error}", person.name);
            }
        }
        let _ = fs::copy(self.hub.log(), folder.join("hub.log"));
        eprintln!("what everyone saw at the end: {}", folder.display());
    }
}

/// `target/e2e/` and the test's name, which is that of its thread.
fn evidence_folder() -> PathBuf {
    let test = thread::current().name().unwrap_or("unnamed").replace("::", "-");
    programs::target().join("e2e").join(test)
}
