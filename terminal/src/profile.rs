//! What is remembered of hubs, in `hubs.json` in the platform's folder for configuration: by address, because a cookie or
//! a token given for one address goes to no other, whatever a hub there calls itself.
//!
//! The file holds secrets, so it is ours alone or it is not used; and it is never overwritten unless it was understood.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use shared::letters::fold;
use shared::message::ToHub;
use shared::session::Line;

use crate::exit::{Code, Failure};

/// Names the folder, where it is not to be the platform's: for tests, and for several identities on one account.
pub const FOLDER: &str = "HUBBUB_CONFIG";

const FILE: &str = "hubs.json";

/// Held while the file is read, changed and written, so that two terminals at once lose nothing of each other's.
const LOCK: &str = "hubs.lock";

/// How long another may hold it. It takes them some milliseconds, and a slow disk some hundred; all else stands still
/// meanwhile, keys and signals too.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two looks whether it is free.
const LOOK: Duration = Duration::from_millis(5);

/// Links from one to the next, beyond which they lead round in a circle: as many as the system follows.
const MAX_LINKS: usize = 40;

/// What this program writes; a greater number is of a later one.
const VERSION: u32 = 1;

/// Hubs remembered: all that a person visits in years. The one used longest ago goes first.
const MAX_HUBS: usize = 50;

/// Nicks remembered of each hub, with what proves that they are ours.
const MAX_NICKS: usize = 10;

/// Lines kept of each nick that could not be said: what is typed within minutes without a hub.
const MAX_LINES: usize = 100;

/// What the lines kept of one nick may take in the file, in bytes: the longest line fits, each byte of it escaped.
const MAX_KEPT: usize = 100 * 1024;

/// What stands round a line in the file, in bytes: names of fields, and the spaces before them.
const ROUND_A_LINE: usize = 512;

/// Rooms remembered of each hub: more than a person follows.
const MAX_ROOMS: usize = 100;

/// The longest name, token or cookie that is remembered, in bytes: several times what a hub gives or takes. What is longer
/// comes from something else, and is not to fill the file.
const MAX_WORD: usize = 512;

/// The longest file that is read and written, in bytes: the most of all of the above takes somewhat less.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// Where it is remembered.
#[derive(Clone, Debug)]
pub struct Profile {
    /// None where the platform names no such folder, as without a home: then nothing is remembered.
    folder: Option<PathBuf>,
}

/// All that is remembered. Not `Debug`: it holds cookies and tokens.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    version: u32,
    /// Where the chat was last; none in a file of before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<String>,
    /// By `host:port`.
    #[serde(default)]
    hubs: BTreeMap<String, Hub>,
}

/// One hub.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hub {
    /// What it last let us in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// What it calls itself, `hub@den.local`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The one that the chat was last as comes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Identity>,
    /// Rooms to be in beside the lobby.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<String>,
    /// When it last let us in, in milliseconds since 1970 UTC.
    #[serde(default)]
    pub used: u64,
}

/// A nick of ours at a hub.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub nick: String,
    /// What proves that it is ours.
    pub token: String,
    /// What could not be said, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<Kept>,
}

/// A line that waits for its hub.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    request: ToHub,
    at: u64,
    #[serde(default)]
    epoch: String,
}

impl Profile {
    /// In the folder that [`FOLDER`] names, or in the platform's.
    pub fn find() -> Self {
        let named = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let folder = named.or_else(|| {
            directories::ProjectDirs::from("", "", "hubbub").map(|folders| folders.config_dir().to_owned())
        });
        Self { folder }
    }

    /// In this folder.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()) }
    }

    /// What is remembered; nothing where there is no file yet.
    ///
    /// # Errors
    /// [`Code::Remembered`] if the file is damaged, of a later version, or others can read it.
    pub fn read(&self) -> Result<Remembered, Failure> {
        let Some(path) = self.folder.as_ref().map(|folder| folder.join(FILE)) else {
            return Ok(Remembered::default());
        };
        let file = match at_once(OpenOptions::new()).read(true).open(&path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(Remembered::default());
            }
            Err(error) => return Err(unusable(&path, &format!("cannot be read: {error}"), "Look at its permissions.")),
        };
        is_ours(&path, &file)?;
        let mut text = String::new();
        let damaged = |what: &str| {
            let advice = "Mend it, or move it away: what it remembers is then asked for again.";
            unusable(&path, what, advice)
        };
        match file.take(MAX_FILE).read_to_string(&mut text) {
            Ok(_) => {}
            Err(error) => return Err(damaged(&format!("cannot be read: {error}"))),
        }
        // Neither position nor words of the parser's: it would quote what it stumbled over.
        let Ok(Versioned { version }) = serde_json::from_str(&text) else { return Err(damaged("is damaged")) };
        if version > VERSION {
            let advice = "Use that program, or name another folder in HUBBUB_CONFIG.";
            return Err(unusable(&path, "was written by a later version of this program", advice));
        }
        serde_json::from_str(&text).map_err(|_| damaged("is damaged"))
    }

    /// Changes what is remembered, as it is now in the file.
    ///
    /// # Errors
    /// As [`Profile::read`]; or if the file cannot be written. Then all is as it was.
    pub fn change(&self, change: impl FnOnce(&mut Remembered)) -> Result<(), Failure> {
        let Some(folder) = &self.folder else {
            let words = "Nothing can be remembered here: there is no home folder. HUBBUB_CONFIG may name one.";
            return Err(Failure::new(Code::Remembered, words));
        };
        let cannot = |error: io::Error| {
            unusable(&folder.join(FILE), &format!("cannot be written: {error}"), "Nothing new is remembered.")
        };
        make_folder(folder).map_err(cannot)?;
        let path = folder.join(LOCK);
        let lock = at_once(private()).create(true).truncate(false).write(true).open(&path).map_err(cannot)?;
        hold(&lock, &path)?;
        let before = self.read()?;
        let mut remembered = before.clone();
        change(&mut remembered);
        remembered.keep_within_bounds();
        remembered.version = VERSION;
        if remembered == before {
            return Ok(());
        }
        write(folder, &remembered).map_err(cannot)
    }
}

/// What every version of the file says.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Remembered {
    /// What is remembered of the hub at `host:port`.
    pub fn hub(&self, address: &str) -> Option<&Hub> {
        self.hubs.get(address)
    }

    /// The same, to be changed; remembered from now on.
    pub fn hub_mut(&mut self, address: &str) -> &mut Hub {
        self.hubs.entry(address.to_owned()).or_default()
    }

    /// The address of the hub to go to where none is named.
    pub fn last(&self) -> Option<&str> {
        self.last.as_deref().filter(|last| self.hubs.contains_key(*last)).or(self.newest())
    }

    /// The chat is at this hub now.
    pub fn is_at(&mut self, address: &str) {
        self.last = Some(address.to_owned());
        self.use_now(address);
    }

    /// A command is at this hub now. That leads nobody there who was somewhere else.
    pub fn looks_in_at(&mut self, address: &str) {
        self.last = Some(self.last().unwrap_or(address).to_owned());
        self.use_now(address);
    }

    /// The one used last is not written anew each time.
    fn use_now(&mut self, address: &str) {
        if self.newest() != Some(address) {
            self.hub_mut(address).used = now();
        }
    }

    fn newest(&self) -> Option<&str> {
        self.hubs.iter().max_by_key(|(_, hub)| hub.used).map(|(address, _)| address.as_str())
    }

    fn keep_within_bounds(&mut self) {
        let last = self.last().map(str::to_owned);
        while self.hubs.len() > MAX_HUBS {
            let others = self.hubs.iter().filter(|(address, _)| Some(*address) != last.as_ref());
            let oldest = others.min_by_key(|(_, hub)| hub.used).map(|(address, _)| address.clone());
            oldest.map(|address| self.hubs.remove(&address));
        }
        for hub in self.hubs.values_mut() {
            hub.cookie.take_if(|cookie| cookie.len() > MAX_WORD);
            hub.name.take_if(|name| name.len() > MAX_WORD);
            hub.rooms.retain(|room| room.len() <= MAX_WORD);
            hub.rooms.truncate(MAX_ROOMS);
            hub.identities.truncate(MAX_NICKS);
        }
    }
}

impl Hub {
    /// The nick to speak as where none is named.
    pub fn nick(&self) -> Option<&str> {
        self.identities.first().map(|identity| identity.nick.as_str())
    }

    /// What proves that a nick is ours, however it is spelled.
    pub fn token(&self, nick: &str) -> Option<&str> {
        let known = self.identities.iter().find(|identity| fold(&identity.nick) == fold(nick));
        known.map(|identity| identity.token.as_str())
    }

    /// A nick is ours, and the one to speak as from now on; one that no hub would give is not remembered.
    pub fn is_ours(&mut self, nick: &str, token: &str) {
        self.keep_nick(nick, token, 0);
    }

    /// A nick is ours, too: whoever names none goes on as the one they were. It is the second, so that of many it is not
    /// the next to be forgotten.
    pub fn is_ours_too(&mut self, nick: &str, token: &str) {
        let is_first = self.nick().is_none_or(|first| fold(first) == fold(nick));
        self.keep_nick(nick, token, usize::from(!is_first));
    }

    fn keep_nick(&mut self, nick: &str, token: &str, place: usize) {
        if nick.len().max(token.len()) > MAX_WORD {
            return;
        }
        let known = self.identities.iter().position(|identity| fold(&identity.nick) == fold(nick));
        let lines = known.map(|at| self.identities.remove(at).lines).unwrap_or_default();
        self.identities.insert(place, Identity { nick: nick.to_owned(), token: token.to_owned(), lines });
    }

    /// What a nick could not say, in order.
    pub fn lines(&self, nick: &str) -> Vec<Line> {
        let known = self.identities.iter().find(|identity| fold(&identity.nick) == fold(nick));
        let lines = known.map(|identity| identity.lines.clone()).unwrap_or_default();
        lines.into_iter().map(|Kept { request, at, epoch }| Line { request, at, epoch }).collect()
    }

    /// Keeps what a nick could not say, behind what is kept of it already; the same line is kept once. Whether all of it
    /// is: not where the nick is not remembered, or they are too many or too long.
    pub fn keep_lines(&mut self, nick: &str, lines: &[Line]) -> bool {
        let Some(identity) = self.identities.iter_mut().find(|identity| fold(&identity.nick) == fold(nick)) else {
            return false;
        };
        let is_kept = |line: &&Line| identity.lines.iter().any(|kept| kept.request.id() == line.request.id());
        let new = lines.iter().filter(|line| !is_kept(line)).cloned();
        let mut all = identity.lines.clone();
        all.extend(new.map(|Line { request, at, epoch }| Kept { request, at, epoch }));
        let fits = all.len() <= MAX_LINES && all.iter().map(Kept::length).sum::<usize>() <= MAX_KEPT;
        if fits {
            identity.lines = all;
        }
        fits
    }

    /// These lines of a nick were said, or never will be.
    pub fn forget_lines(&mut self, nick: &str, ids: &[String]) {
        if let Some(identity) = self.identities.iter_mut().find(|identity| fold(&identity.nick) == fold(nick)) {
            identity.lines.retain(|kept| kept.request.id().is_none_or(|id| !ids.iter().any(|gone| gone == id)));
        }
    }
}

impl Kept {
    /// In the file, in bytes.
    fn length(&self) -> usize {
        // What cannot be written is as good as too long.
        serde_json::to_vec(self).map_or(MAX_KEPT, |text| text.len()) + ROUND_A_LINE
    }
}

/// Milliseconds since 1970 UTC.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn unusable(path: &Path, what: &str, advice: &str) -> Failure {
    Failure::new(Code::Remembered, format!("{} {what}. {advice}", path.display()))
}

/// Holds the lock until it is closed.
///
/// # Errors
/// If somebody else holds it, and goes on.
fn hold(lock: &File, path: &Path) -> Result<(), Failure> {
    let until = Instant::now() + PATIENCE;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(LOOK),
            Err(TryLockError::WouldBlock) => {
                return Err(unusable(path, "is held by another program", "Nothing new is remembered."));
            }
            Err(TryLockError::Error(error)) => {
                return Err(unusable(path, &format!("cannot be locked: {error}"), "Nothing new is remembered."));
            }
        }
    }
}

/// Whether nobody else can read the file, or could have written it.
#[cfg(unix)]
fn is_ours(path: &Path, file: &File) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;

    let about = file
        .metadata()
        .map_err(|error| unusable(path, &format!("cannot be read: {error}"), "Look at its permissions."))?;
    if !about.is_file() {
        return Err(unusable(path, "is no file", "Move it away."));
    }
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err(unusable(
            path,
            "belongs to another user",
            "Move it away, or name another folder in HUBBUB_CONFIG.",
        ));
    }
    if about.mode() & 0o077 != 0 {
        let advice = format!("It holds cookies: chmod 600 {}", path.display());
        return Err(unusable(path, "can be read or changed by others", &advice));
    }
    Ok(())
}

#[cfg(not(unix))]
fn is_ours(_path: &Path, _file: &File) -> Result<(), Failure> {
    Ok(()) // the platform's folder is the user's own
}

/// How files are opened that nobody else may read.
fn private() -> OpenOptions {
    #[allow(unused_mut, reason = "there are no modes to set on other platforms")]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The same of files that are there or not, but are not waited for: what stands in their place may be a pipe.
#[allow(unused_mut, reason = "there are no flags to set on other platforms")]
fn at_once(mut options: OpenOptions) -> OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    options
}

fn make_folder(folder: &Path) -> io::Result<()> {
    #[allow(unused_mut, reason = "there are no modes to set on other platforms")]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Where the file is: where a link stands in its place, what that leads to, there or not.
fn behind_links(mut path: PathBuf) -> io::Result<PathBuf> {
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(to) => path = path.parent().map_or_else(|| to.clone(), |folder| folder.join(&to)),
            Err(_) => return Ok(path), // no link, or what the next step fails with
        }
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "its links lead round in a circle"))
}

/// Written beside and renamed: whoever reads has the whole of one or of the other. What could not be read again is not
/// written.
fn write(folder: &Path, remembered: &Remembered) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(remembered)?;
    text.push(b'\n');
    if text.len() as u64 > MAX_FILE {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("it would be longer than {} MiB", MAX_FILE >> 20)));
    }
    let path = behind_links(folder.join(FILE))?;
    let mut beside = path.clone().into_os_string();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {} // what a crash may have left; the lock is ours
    }
    let mut file = private().create_new(true).write(true).open(&beside)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: usize) -> Line {
        let request = ToHub::Say {
            id: id.to_string(),
            room: "lobby".to_owned(),
            text: "hi".to_owned(),
            reply_to: None,
            files: Vec::new(),
        };
        Line { request, at: 1, epoch: "e".to_owned() }
    }

    #[test]
    fn what_is_remembered_is_there_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::at(folder.path().join("deep").join("down"));
        assert!(profile.read().unwrap() == Remembered::default());
        profile.change(|all| all.hub_mut("den:4000").is_ours("Ana", "t")).unwrap();
        profile.change(|all| assert!(all.hub_mut("den:4000").keep_lines("ana", &[line(1)]))).unwrap();
        let all = profile.read().unwrap();
        let hub = all.hub("den:4000").unwrap();
        assert_eq!((hub.nick(), hub.token("ANA")), (Some("Ana"), Some("t")));
        assert_eq!(hub.lines("ana"), [line(1)]);
        profile.change(|all| all.hub_mut("den:4000").forget_lines("ana", &["1".to_owned()])).unwrap();
        assert_eq!(profile.read().unwrap().hub("den:4000").unwrap().lines("ana"), []);
    }

    #[test]
    fn the_nick_of_last_time_comes_first_and_keeps_its_lines() {
        let mut hub = Hub::default();
        hub.is_ours("ana", "t1");
        assert!(hub.keep_lines("ana", &[line(1)]));
        hub.is_ours("bob", "t2");
        assert_eq!(hub.nick(), Some("bob"));
        hub.is_ours("ana", "t3");
        assert_eq!((hub.nick(), hub.token("ana"), hub.token("bob")), (Some("ana"), Some("t3"), Some("t2")));
        assert_eq!(hub.lines("ana"), [line(1)]);
    }

    #[test]
    fn while_another_holds_it_nothing_is_written_and_that_is_said_soon() {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::at(folder.path());
        profile.change(|all| all.hub_mut("den:4000").is_ours("ana", "t")).unwrap();
        let other = File::open(folder.path().join(LOCK)).unwrap();
        other.lock().unwrap();
        let (told, ended) = std::sync::mpsc::channel();
        let here = profile.clone();
        thread::spawn(move || told.send(here.change(|all| all.hub_mut("den:4000").is_ours("bob", "t"))).unwrap());
        let refused = ended.recv_timeout(20 * PATIENCE).expect("an end to the wait").unwrap_err().to_string();
        assert!(refused.contains("is held by another program. Nothing new"), "{refused}");
        assert_eq!(profile.read().unwrap().hub("den:4000").unwrap().nick(), Some("ana"));
        other.unlock().unwrap();
        profile.change(|all| all.hub_mut("den:4000").is_ours("bob", "t")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one_and_what_it_leads_to_is_written() {
        use std::os::unix::fs::symlink;

        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (link, file) = (folder.path().join(FILE), elsewhere.path().join("kept.json"));
        symlink("there.json", &link).unwrap();
        symlink(&file, folder.path().join("there.json")).unwrap();
        let profile = Profile::at(folder.path());
        for nick in ["ana", "bob"] {
            profile.change(|all| all.hub_mut("den:4000").is_ours(nick, "t")).unwrap();
            assert!(link.is_symlink());
            assert_eq!(Profile::at(folder.path()).read().unwrap().hub("den:4000").unwrap().nick(), Some(nick));
        }
        assert!(file.metadata().unwrap().is_file());
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1, "nothing is left beside it");
        // One that leads to itself is neither followed for ever nor replaced.
        fs::remove_file(&link).unwrap();
        symlink(FILE, &link).unwrap();
        assert!(profile.change(|all| all.hub_mut("den:4000").is_ours("ana", "t")).is_err());
        assert!(link.is_symlink());
    }

    #[test]
    fn a_nick_of_a_command_alone_comes_behind_the_one_of_last_time() {
        let mut hub = Hub::default();
        hub.is_ours_too("bot", "t1");
        assert_eq!(hub.nick(), Some("bot"), "there is no other");
        hub.is_ours("ana", "t2");
        hub.is_ours_too("cron", "t3");
        hub.is_ours_too("Bot", "t4");
        hub.is_ours_too("ANA", "t5");
        let nicks: Vec<&str> = hub.identities.iter().map(|identity| identity.nick.as_str()).collect();
        assert_eq!(nicks, ["ANA", "Bot", "cron"]);
        assert_eq!((hub.token("ana"), hub.token("bot"), hub.token("cron")), (Some("t5"), Some("t4"), Some("t3")));
    }

    #[test]
    fn a_command_leads_nobody_to_another_hub() {
        let mut all = Remembered::default();
        all.looks_in_at("first:4000");
        assert_eq!(all.last(), Some("first:4000"), "there is no other");
        all.hub_mut("first:4000").used = 1;
        all.looks_in_at("den:4000");
        assert_eq!(all.last(), Some("first:4000"));
        all.is_at("den:4000");
        all.looks_in_at("first:4000");
        assert_eq!(all.last(), Some("den:4000"));
        // However many others it was at.
        all.hub_mut("den:4000").used = 1;
        for number in 0..=MAX_HUBS {
            all.looks_in_at(&format!("{number}:4000"));
        }
        all.keep_within_bounds();
        assert_eq!((all.last(), all.hubs.len()), (Some("den:4000"), MAX_HUBS));
    }

    #[test]
    fn in_a_file_that_does_not_say_where_one_was_last_it_is_the_hub_used_last() {
        let text = r#"{"version":1,"hubs":{"attic:4000":{"used":1},"den:4000":{"used":3},"loft:4000":{"used":2}}}"#;
        let mut all: Remembered = serde_json::from_str(text).unwrap();
        assert_eq!(all.last(), Some("den:4000"));
        all.looks_in_at("loft:4000");
        assert_eq!(all.last(), Some("den:4000"));
    }

    #[test]
    fn lines_are_kept_once_and_all_or_none() {
        let mut hub = Hub::default();
        assert!(!hub.keep_lines("ana", &[line(1)]), "nobody is remembered who could say it");
        hub.is_ours("ana", "t");
        let many: Vec<Line> = (0..MAX_LINES).map(line).collect();
        assert!(hub.keep_lines("ana", &many) && hub.keep_lines("ana", &many));
        assert!(!hub.keep_lines("ana", &[line(MAX_LINES)]));
        assert_eq!(hub.lines("ana"), many);
    }

    fn long_line(id: usize, text: String) -> Line {
        let request =
            ToHub::Say { id: id.to_string(), room: "lobby".to_owned(), text, reply_to: None, files: Vec::new() };
        Line { request, at: 1, epoch: "e".to_owned() }
    }

    #[test]
    fn lines_are_kept_up_to_their_bytes_in_the_file() {
        let longest = "\u{1}".repeat(shared::wire::MAX_TEXT);
        let mut hub = Hub::default();
        hub.is_ours("ana", "t");
        assert!(hub.keep_lines("ana", &[long_line(0, longest.clone())]), "any line can be kept");
        assert!(!hub.keep_lines("ana", &[long_line(1, longest)]));
        assert_eq!(hub.lines("ana").len(), 1);
    }

    #[test]
    fn what_no_hub_gives_is_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::at(folder.path());
        let endless = "x".repeat(MAX_WORD + 1);
        profile.change(|all| all.hub_mut("den:4000").is_ours("ana", "t")).unwrap();
        profile
            .change(|all| {
                let hub = all.hub_mut("den:4000");
                hub.is_ours("ana", &endless);
                hub.is_ours(&endless, "t");
                hub.name = Some(endless.clone());
                hub.cookie = Some(endless.clone());
                hub.rooms = [endless.clone(), "dev".to_owned()].into();
                hub.rooms.extend((0..MAX_ROOMS).map(|room| room.to_string()));
            })
            .unwrap();
        let all = profile.read().unwrap();
        let hub = all.hub("den:4000").unwrap();
        assert_eq!((hub.token("ana"), hub.identities.len()), (Some("t"), 1));
        assert_eq!((&hub.name, &hub.cookie), (&None, &None));
        assert_eq!((hub.rooms[0].as_str(), hub.rooms.len()), ("dev", MAX_ROOMS));
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::at(folder.path());
        profile.change(|all| all.hub_mut("den:4000").is_ours("ana", "t")).unwrap();
        let before = fs::read(folder.path().join(FILE)).unwrap();
        let endless = "x".repeat(usize::try_from(MAX_FILE).unwrap());
        let failure = profile.change(|all| all.hub_mut(&endless).used = 1).unwrap_err();
        assert_eq!(failure.code, Code::Remembered);
        assert!(failure.words.contains("64 MiB. Nothing new is remembered."), "{failure}");
        assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), before);
    }

    #[test]
    fn the_most_that_is_remembered_can_be_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::at(folder.path());
        let text = "\u{1}".repeat(shared::wire::MAX_TEXT);
        profile
            .change(|all| {
                for hub in 0..MAX_HUBS {
                    let hub = all.hub_mut(&format!("den{hub}:4000"));
                    for nick in 0..MAX_NICKS {
                        hub.is_ours(&nick.to_string(), &"\u{1}".repeat(MAX_WORD));
                        assert!(hub.keep_lines(&nick.to_string(), &[long_line(0, text.clone())]));
                    }
                    hub.rooms = vec!["\u{1}".repeat(MAX_WORD); MAX_ROOMS];
                }
            })
            .unwrap();
        assert_eq!(profile.read().unwrap().hubs.len(), MAX_HUBS);
    }

    #[test]
    fn the_oldest_hubs_and_nicks_go() {
        let mut all = Remembered::default();
        for number in 0..=MAX_HUBS {
            let hub = all.hub_mut(&format!("den{number}:4000"));
            hub.used = 1 + number as u64;
            (0..=MAX_NICKS).for_each(|nick| hub.is_ours(&format!("nick{nick}"), "t"));
        }
        all.keep_within_bounds();
        assert_eq!(all.hubs.len(), MAX_HUBS);
        assert!(all.hub("den0:4000").is_none());
        assert_eq!(all.last(), Some(format!("den{MAX_HUBS}:4000").as_str()));
        let hub = all.hub("den1:4000").unwrap();
        assert_eq!((hub.identities.len(), hub.token("nick0")), (MAX_NICKS, None));
    }
}
