//! A restore that is killed, at whatever moment: either all is as it was, or all is as in the backup, or no program touches
//! what is there, and the same restore once more goes on.

use super::*;

/// The library that kills, and tells what was done.
const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/promises/backing_up/steps.c");

/// What says that a restore is under way.
const MARKER: &str = "restore.json";

/// A backup, and what a hub that was killed left, of which copies are restored to.
struct Scene {
    desk: Desk,
    old: TempDir,
    old_ids: Vec<String>,
    new_ids: Vec<String>,
    number: usize,
}

impl Scene {
    async fn new() -> Self {
        let desk = a_backup().await;
        let made = std::process::Command::new("cc")
            .args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", LIBRARY, "-ldl", "-o"])
            .arg(desk.0.path().join("steps.so"))
            .status()
            .expect("a C compiler, as the README asks for");
        assert!(made.success(), "{LIBRARY} cannot be compiled");
        desk.restores().await;
        let new_ids = ids(&desk.data()).await;

        let old = tempfile::tempdir().unwrap();
        let hub = HubProcess::start(old.path()).await;
        let bob = hub.guest("bob").await;
        for n in 0..3 {
            bob.say_as(&format!("bob-{n}"), "lobby", "what was there before").await.unwrap();
        }
        hub.kill().await;
        // As a file of a line is.
        let hash = "ab".repeat(32);
        let shelf = old.path().join("files/ab");
        fs::create_dir_all(&shelf).unwrap();
        fs::write(shelf.join(hash), "what bob sent").unwrap();
        let old_ids = (0..3).map(|n| format!("bob-{n}")).collect();
        Self { desk, old, old_ids, new_ids, number: 0 }
    }

    /// A copy of what was there before.
    fn data(&mut self) -> PathBuf {
        self.number += 1;
        let data = self.desk.0.path().join(format!("data-{}", self.number));
        copy(self.old.path(), &data);
        data
    }

    /// Restores, killed at that step; what was done. None where it came to its end.
    async fn killed(&self, data: &Path, at: usize) -> Option<Vec<String>> {
        let trace = self.desk.0.path().join(format!("trace-{at}-{}", self.number));
        let (file, at) = (self.desk.file(), at.to_string());
        let mut restore = Errand::command(data, ["restore".as_ref(), file.as_os_str(), "--replace".as_ref()]);
        restore.env("LD_PRELOAD", self.desk.0.path().join("steps.so")).env("STEPS_TRACE", &trace);
        let ended = timeout(DEADLINE, restore.env("STEPS_KILL_AT", at).output()).await.unwrap().unwrap();
        assert!(ended.status.code().is_none_or(|code| code == 0), "{}", String::from_utf8_lossy(&ended.stderr));
        let done = fs::read_to_string(trace).unwrap_or_default();
        ended.status.code().is_none().then(|| done.lines().map(str::to_owned).collect())
    }

    /// Restores to its end; what was done.
    async fn followed(&mut self) -> (PathBuf, Vec<String>) {
        let data = self.data();
        assert!(self.killed(&data, 0).await.is_none());
        let trace = fs::read_to_string(self.desk.0.path().join(format!("trace-0-{}", self.number))).unwrap();
        (data, trace.lines().map(str::to_owned).collect())
    }

    /// The step behind that which put the marker there, and so many more.
    async fn behind_the_marker(&mut self, more: usize) -> usize {
        let (_, trace) = self.followed().await;
        let mut steps = trace.iter().filter(|line| !line.starts_with("fsync"));
        steps.position(|line| line.ends_with(MARKER)).unwrap() + 2 + more
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(drop).unwrap() }
    }
}

fn befores(data: &Path) -> Vec<PathBuf> {
    names(data).iter().filter(|name| name.starts_with("before-restore-")).map(|name| data.join(name)).collect()
}

/// That whatever there is to do with a directory in which a restore was cut off is refused, with one sentence.
async fn nothing_touches(data: &Path, elsewhere: &Path) {
    let before = names(data);
    let backup = elsewhere.join("nightly.tar").into_os_string().into_string().unwrap();
    let listen = ["--listen", "127.0.0.1:0"];
    for words in
        [&["--no-announce", listen[0], listen[1]][..], &["export"], &["backup", &backup], &["nicks", "free", "bob"]]
    {
        let done = Errand::run(data, words).await;
        assert!(done.refused().contains("is not finished; unless it still goes on"), "{}", done.stderr);
    }
    let doctor = Errand::run(data, ["doctor", listen[0], listen[1]]).await;
    let said = String::from_utf8(doctor.stdout).unwrap();
    let errors: Vec<_> = said.lines().filter(|line| line.starts_with("error")).collect();
    assert!(doctor.code == Some(1) && errors.len() == 1 && errors[0].contains("same `hub restore`"), "{said}");
    assert!(!elsewhere.join("nightly.tar").exists());
    assert_eq!(names(data), before);
}

#[tokio::test]
async fn killed_at_whatever_step_a_restore_loses_nothing() {
    let mut scene = Scene::new().await;
    let first = scene.behind_the_marker(0).await;
    let (mut marked, mut at) = (0, first.saturating_sub(4));
    loop {
        at += 1;
        let data = scene.data();
        if scene.killed(&data, at).await.is_none() {
            break;
        }
        let is_marked = data.join(MARKER).exists();
        let state = if is_marked { Vec::new() } else { ids(&data).await };
        if is_marked {
            marked += 1;
            if marked % 4 == 1 {
                nothing_touches(&data, scene.old.path()).await;
            } else {
                assert!(Errand::run(&data, ["export"]).await.refused().contains("is not finished"));
            }
        } else {
            assert!(state == scene.old_ids || state == scene.new_ids, "at {at}: {state:?}");
        }
        let told = restores(&data, &scene.desk.file(), &["--replace"]).await;
        assert_eq!(told.contains("went on from there"), is_marked, "{told}");
        assert!(told.starts_with("Restored: 1 entries, 1 files"), "{told}");
        assert_eq!(ids(&data).await, scene.new_ids, "at {at}");
        let there = names(&data);
        assert!(!there.iter().any(|name| name.starts_with("restor")), "at {at}: {there:?}");
        let befores = befores(&data);
        assert_eq!(befores.len(), if state == scene.new_ids { 2 } else { 1 }, "at {at}: in one piece");
        assert_eq!(ids(&befores[0]).await, scene.old_ids, "at {at}");
        assert!(befores[0].join("files/ab").exists() && befores[0].join("cookie").exists(), "at {at}");
        assert!(!data.join("files/ab").exists(), "at {at}");
        fs::remove_dir_all(data).unwrap();
    }
    assert!(marked >= 8, "{marked}");
}

/// A power cut may forget whatever was not synced, and that something is gone as well.
#[tokio::test]
async fn the_marker_is_on_the_disk_before_the_first_move_and_goes_behind_the_last() {
    let (data, trace) = Scene::new().await.followed().await;
    let (data, marker) = (data.display().to_string(), data.join(MARKER).display().to_string());
    let position = |what: &dyn Fn(&str) -> bool| trace.iter().position(|line| what(line)).unwrap();
    let last = |what: &dyn Fn(&str) -> bool| trace.iter().rposition(|line| what(line)).unwrap();
    let put = position(&|line| line.starts_with("rename") && line.ends_with(&marker));
    let gone = position(&|line| line == format!("unlink {marker}"));
    let plan = trace[put].split(' ').nth(1).unwrap();
    let unpacked = plan.strip_suffix("/plan").unwrap();
    let synced = |path: &str, between: std::ops::Range<usize>| trace[between].contains(&format!("fsync {path}"));
    assert!(synced(plan, 0..put), "what it says");
    assert!(synced(unpacked, position(&|line| line == format!("fsync {plan}"))..put), "what it speaks of");
    let is_move = |line: &str| line.starts_with("rename") && !line.ends_with(&marker);
    let first = put + 1 + trace[put + 1..].iter().position(|line| is_move(line)).unwrap();
    assert!(synced(&data, put..first), "before anything is moved: {trace:#?}");
    let done = last(&|line| is_move(line));
    let out = last(&|line| is_move(line) && line.contains("/before-restore-"));
    assert!(first < out && out < done && done < gone, "{trace:#?}");
    assert!(synced(&data, out..out + 4), "what went out before what comes in");
    assert!(synced(&data, done..gone), "all, before it goes");
    assert!(synced(&data, gone..trace.len()), "and that it is gone");
}

#[tokio::test]
async fn with_whatever_backup_a_restore_that_was_cut_off_is_finished_first() {
    let mut scene = Scene::new().await;
    let at = scene.behind_the_marker(3).await;
    let other = a_backup().await;
    let cut_off = async |scene: &mut Scene| {
        let data = scene.data();
        scene.killed(&data, at).await.expect("it is killed");
        assert!(data.join(MARKER).exists());
        data
    };

    let data = cut_off(&mut scene).await;
    restores(&data, &other.file(), &["--replace"]).await;
    assert_ne!(ids(&data).await, scene.new_ids);
    let mut before = Vec::new();
    for folder in befores(&data) {
        before.push(ids(&folder).await);
    }
    assert!(before.len() == 2 && before.contains(&scene.old_ids) && before.contains(&scene.new_ids), "{before:?}");

    for (file, said) in [(other.file(), "in use already"), ("/no/such/file".into(), "/no/such/file cannot be opened")] {
        let data = cut_off(&mut scene).await;
        let done = Errand::run(&data, ["restore".as_ref(), file.as_os_str()]).await;
        assert!(done.refused().contains(said) && done.stderr.contains("is finished now"), "{}", done.stderr);
        assert_eq!(ids(&data).await, scene.new_ids);
    }

    let data = cut_off(&mut scene).await;
    let unpacked = names(&data).into_iter().find(|name| name.starts_with("restoring-")).unwrap();
    fs::remove_dir_all(data.join(unpacked)).unwrap();
    let done = Errand::run(&data, ["restore".as_ref(), scene.desk.file().as_os_str()]).await;
    assert!(done.refused().contains("cannot go on") && done.stderr.contains("not there any more"), "{}", done.stderr);
    assert!(data.join(MARKER).exists());
}
