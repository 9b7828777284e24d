//! What is kept of a hub from one time to the next, and for whose eyes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use shared::message::ToHub;
use shared::session::Response;
use tokio::time::{sleep, timeout};

use crate::place::{Place, Program, heard, mode};
use crate::support::WITHIN;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

#[tokio::test]
async fn what_is_remembered_is_for_its_owner_alone() {
    let place = Place::new().await;
    place.says("ana", b"").await.fine();
    let folder = place.folder("ana");
    assert_eq!(mode(&folder), 0o700);
    for file in fs::read_dir(&folder).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
    let hub = &place.remembered("ana")["hubs"][&place.address()];
    assert_eq!((&hub["cookie"], &hub["name"]), (&place.hub.cookie().into(), &"hub@test".into()));
    assert_eq!(hub["identities"][0]["nick"], "ana");
}

#[tokio::test]
async fn a_file_that_others_can_read_is_7_and_left_alone() {
    let place = Place::new().await;
    place.says("ana", b"").await.fine();
    let file = place.folder("ana").join("hubs.json");
    let before = fs::read(&file).unwrap();
    for open in [0o644, 0o640, 0o620] {
        fs::set_permissions(&file, Permissions::from_mode(open)).unwrap();
        let ran = place.begin("ana", &["--plain", "-n", "ana", place.hub.link()]).ends().await;
        ran.failed(7, &format!("chmod 600 {}", file.display()));
    }
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_damaged_file_is_7_and_left_alone() {
    let place = Place::new().await;
    let folder = place.folder("ana");
    let file = folder.join("hubs.json");
    fs::create_dir(&folder).unwrap();
    for (text, part) in [
        ("", "is damaged"),
        ("{\"version\":1,\"hubs\":", "is damaged"),
        ("{\"version\":1,\"hubs\":{\"den:4000\":7}}", "is damaged"),
        ("{\"version\":9}", "later version"),
    ] {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        place.begin("ana", &["--plain", "-n", "ana", place.hub.link()]).ends().await.failed(7, part);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    fs::write(&file, b"\xff").unwrap();
    place.begin("ana", &["--plain", "-n", "ana", place.hub.link()]).ends().await.failed(7, "hubs.json");
}

#[tokio::test]
async fn where_nothing_can_be_written_all_goes_on_with_a_warning() {
    let place = Place::new().await;
    // A file stands where the folder is to be.
    fs::write(place.folder("ana"), "").unwrap();
    let ran = place.begin("ana", &["--plain", "-n", "ana", place.hub.link()]).says_and_ends(b"hi\n").await;
    assert_eq!((ran.code, ran.out.len()), (0, 4), "{ran:?}");
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(ran.err.contains("Nothing new is remembered."), "{}", ran.err);
}

#[tokio::test]
async fn while_another_holds_what_is_remembered_all_goes_on_with_a_warning() {
    let place = Place::new().await;
    place.says("ana", b"").await.fine();
    let lock = place.folder("ana").join("hubs.lock");
    let other = fs::File::open(&lock).unwrap();
    other.lock().unwrap();
    let warned = async |nick: &str, what: &str| {
        let ran = place.begin("ana", &["--plain", "-n", nick, place.hub.link()]).says_and_ends(b"hi\n").await;
        assert_eq!((ran.code, ran.err.lines().count()), (0, 1), "{ran:?}");
        assert!(ran.err.contains(what) && ran.err.contains("Nothing new is remembered."), "{}", ran.err);
    };
    warned("bob", "is held by another program").await;
    drop(other);
    // Nor is a pipe waited for that nobody reads from.
    fs::remove_file(&lock).unwrap();
    pipe(&lock);
    warned("eve", "cannot be written").await;
}

#[tokio::test]
async fn a_pipe_in_the_place_of_the_file_is_7_and_not_waited_for() {
    let place = Place::new().await;
    fs::create_dir(place.folder("ana")).unwrap();
    pipe(&place.folder("ana").join("hubs.json"));
    place.begin("ana", &["--plain", "-n", "ana", place.hub.link()]).ends().await.failed(7, "is no file");
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(path).status().unwrap().success());
}

#[tokio::test]
async fn a_nick_is_its_owners_the_next_time() {
    let place = Place::new().await;
    place.says("ana", b"").await.fine();
    // Somebody else cannot be ana, and she can.
    place.begin("eve", &["--plain", "-n", "ana", place.hub.link()]).ends().await.failed(5, "It is kept for");
    place.says("ana", b"").await.fine();
}

#[tokio::test]
async fn a_command_changes_neither_who_one_is_nor_where() {
    let (place, other) = (Place::new().await, Place::new().await);
    let (here, there) = (place.hub.link(), other.hub.link());
    let (_bob, mut deliveries) = place.hub.guest("bob").await;
    place.says("ana", b"").await.fine();
    place.begin("ana", &["say", "-n", "buildbot", "green"]).ends().await.fine();
    let mut put = place.command("ana", &["put", "z", "1"]);
    put.env("HUBBUB_NICK", "cronny");
    Program::of(put).ends().await.fine();
    place.begin("ana", &["-s", there, "nodes"]).ends().await.fine();
    place.begin("ana", &["-s", there, "say", "-n", "eve", "elsewhere"]).ends().await.fine();
    place.begin("ana", &["say", "still me"]).ends().await.fine();
    place.begin("ana", &["--plain"]).says_and_ends(b"and here\n").await.fine();
    assert_eq!(heard(&mut deliveries, 3).await, ["buildbot: green", "ana: still me", "ana: and here"]);
    // What it has learnt is kept all the same: its nick is its own the next time.
    place.begin("ana", &["say", "-n", "buildbot", "green again"]).ends().await.fine();
    // And the chat is what changes it.
    place.begin("ana", &["--plain", "-n", "buildbot", here]).says_and_ends(b"").await.fine();
    place.begin("ana", &["say", "I am it now"]).ends().await.fine();
    assert_eq!(heard(&mut deliveries, 2).await, ["buildbot: green again", "buildbot: I am it now"]);
}

#[tokio::test]
async fn rooms_are_joined_again() {
    let place = Place::new().await;
    let (bob, _deliveries) = place.hub.guest("bob").await;
    bob.join("dev").await.unwrap();
    place.says("ana", b"/join dev\n").await.fine();
    let mut again = place.chat("ana").await;
    // Once she is there it is heard.
    let there = async {
        loop {
            let answer = bob.ask(|id| ToHub::ListUsers { id, room: Some("dev".to_owned()) }).await;
            let Ok(Response::Users(users)) = answer else { panic!("{answer:?}") };
            if users.users.len() == 2 {
                return;
            }
            sleep(LOOK).await;
        }
    };
    timeout(WITHIN, there).await.expect("she is there in time");
    bob.say("dev", "welcome back").await.unwrap();
    again.expects("server #dev> bob: welcome back").await;
    again.says_and_ends(b"").await.fine();
}

#[tokio::test]
async fn two_at_once_keep_what_each_learnt() {
    let place = Place::new().await;
    let other = Place::new().await;
    let (here, there) = (place.hub.link(), other.hub.link());
    let one = place.begin("both", &["--plain", "-n", "ana", here]);
    let two = place.begin("both", &["--plain", "-n", "ana", there]);
    let (one, two) = tokio::join!(one.says_and_ends(b"/join dev\n"), two.says_and_ends(b"/join dev\n"));
    one.fine();
    two.fine();
    let hubs = place.remembered("both");
    for address in [&place.address(), &other.address()] {
        assert_eq!(hubs["hubs"][address]["identities"][0]["nick"], "ana");
        assert_eq!(hubs["hubs"][address]["rooms"][0], "dev");
    }
}

#[tokio::test]
async fn lines_that_could_not_be_said_are_said_the_next_time() {
    let mut place = Place::new().await;
    let mut ana = place.chat("ana").await;
    place.hub.stop().await;
    ana.expects("* Connection lost, trying again *").await;
    let ran = ana.says_and_ends(b"better late\n/quit\n").await;
    ran.failed(3, "1 line was on its disk. It is kept, and said the next time you join the hub.");
    assert_eq!(
        place.remembered("ana")["hubs"][&place.address()]["identities"][0]["lines"].as_array().unwrap().len(),
        1
    );

    place.hub.start().await;
    let (_bob, mut deliveries) = place.hub.guest("bob").await;
    place.says("ana", b"than never\n").await.fine();
    assert_eq!(heard(&mut deliveries, 2).await, ["ana: better late", "ana: than never"]);
    assert!(place.remembered("ana")["hubs"][&place.address()]["identities"][0]["lines"].is_null());
}
