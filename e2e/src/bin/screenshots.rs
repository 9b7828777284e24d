//! Takes pictures of the browser client, with a talk in it as people have it:
//!
//! ```sh
//! cargo run -p e2e --bin screenshots -- OUTDIR
//! cp OUTDIR/lobby-wide-light.png docs/lobby.png
//! cp OUTDIR/palette-wide-dark.png docs/palette-dark.png
//! cp OUTDIR/lobby-phone-light.png docs/phone.png
//! cp OUTDIR/emoji-phone-dark.png docs/phone-dark.png
//! ```
//!
//! It needs the release hub with its client (`cargo xtask build`), Chromium and ChromeDriver, and fonts for all that
//! is said: without one for Japanese (on Debian `fonts-ipafont-gothic`) some of it is boxes.

#![forbid(unsafe_code)]
#![allow(clippy::expect_used, reason = "whatever is missing here ends it")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use e2e::browser::{PHONE, Scheme, WIDE};
use e2e::keys::{CONTROL, ESCAPE};
use e2e::{Hub, Person, Role, play_with};
use node::{Node, Talk};
use serde_json::json;

/// Who is in the lobby, and says something there.
const PEOPLE: [&str; 6] = ["mira", "jonas", "tariq", "由紀", "noa", "Zoë"];

/// What is said in the lobby, in this order; ana says hers at the browser.
const LOBBY: [(&str, &str); 22] = [
    ("mira", "Morning! The new switch is in the rack. I moved the printers over and nothing caught fire."),
    ("jonas", "the label printer is offline for me"),
    ("mira", "Which address does it show? It should have 192.168.1.40 now."),
    ("jonas", "still says .31"),
    ("mira", "Hold the feed button for five seconds, then it asks again."),
    ("jonas", "that did it, thanks!"),
    ("tariq", "While we are at it: the build box runs the nightly tests twice since Tuesday. This is what cron has:"),
    ("tariq", "$ crontab -l\n15 2 * * *   /srv/build/nightly.sh\n15 2 * * *   /srv/build/nightly.sh --quiet"),
    ("tariq", "One of you added the second line 😄"),
    ("Zoë", "Guilty. I wanted the quiet one and forgot to take the other out. Done now."),
    ("由紀", "おはようございます。午後の見学は何時からですか？"),
    ("mira", "由紀: half past two, eight people. I put the agenda on the wiki: http://wiki.den.local/visits/2026-11"),
    ("由紀", "ありがとう！お茶を用意しておきます 🍵"),
    ("noa", "אני מביאה עוגה. יש אלרגיות?"),
    ("jonas", "noa: none that I know of, but leave the nuts on the side"),
    (
        "Zoë",
        "For the visitors I would like to show the whole way of a part: the drawing, the toolpath, the mill, and the \
         measuring arm at the end. That takes about forty minutes if nobody asks anything, and people always ask \
         something at the mill, so let us say an hour and skip the store room.",
    ),
    ("ana", "Sounds good. I can take the second half so that you are free for the call at three."),
    ("Zoë", "You are a star."),
    ("tariq", "The projector in the big room needs the long cable, it hangs behind the door."),
    ("ana", "Got it."),
    ("jonas", "lunch at the usual place?"),
    ("mira", "In ten minutes. Whoever comes first takes the table by the window."),
];

/// What ana and mira say to each other alone.
const WHISPERS: [(&str, &str); 6] = [
    ("mira", "Can you keep a secret until Friday?"),
    ("ana", "Depends. Is it good?"),
    ("mira", "Jonas turns forty. I thought of a cake in the shape of that label printer."),
    ("ana", "He will either laugh or cry. I am in."),
    ("ana", "I know someone who does sugar paste. Shall I ask what it would cost?"),
    ("mira", "Please! And not a word in the lobby 🤫"),
];

/// What happens elsewhere while ana looks at the lobby.
const ASIDE: [(&str, &str); 3] = [
    ("tariq", "The stepper drivers came, all twelve."),
    ("tariq", "I leave them on the bench beside the scope."),
    ("noa", "👍"),
];

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: cargo run -p e2e --bin screenshots -- OUTDIR");
        return ExitCode::from(2);
    };
    fs::create_dir_all(&folder).expect("a folder for the pictures");
    play_with(&["--rate-limit", "off"], async |stage| {
        let people = gather(stage.hub()).await;
        let guest = stage.person("guest").await;
        guest.opens(stage.hub().link()).await;
        guest.is_told("answers").await;
        take(&guest, &folder, "join").await;

        let ana = stage.guest("ana").await;
        talk(&ana, &people).await;
        take(&ana, &folder, "lobby").await;
        ana.browser.resize(WIDE).await;
        over_the_talk(&ana, &folder).await;
        ana.goes_to("mira").await;
        ana.sees("mira", WHISPERS[5].1).await;
        take(&ana, &folder, "private").await;
        ana.browser.resize(WIDE).await;
        ana.says("/join roof-terrace").await;
        ana.is_in("roof-terrace").await;
        take(&ana, &folder, "empty").await;

        ana.browser.resize(WIDE).await;
        ana.goes_to("lobby").await;
        ana.says("/pm nemo are you there?").await;
        ana.is_warned("Not sent").await;
        take(&ana, &folder, "refused").await;
        ana.browser.resize(WIDE).await;
        ana.goes_to("lobby").await;
        for person in [&ana, &guest] {
            person.browser.expect_error("WebSocket connection to");
        }
        stage.hub_mut().stop();
        ana.is_told("The connection to the hub is lost").await;
        ana.says("Did the lights just go out?").await;
        ana.reads("1 line waits").await;
        take(&ana, &folder, "away").await;
    });
    ExitCode::SUCCESS
}

async fn gather(hub: &Hub) -> HashMap<&'static str, Node> {
    let mut people = HashMap::new();
    for nick in PEOPLE {
        let node = hub.native(nick).await;
        node.join("workshop").await.expect("a room");
        people.insert(nick, node);
    }
    people
}

async fn talk(ana: &Person, people: &HashMap<&str, Node>) {
    for room in ["kitchen", "workshop"] {
        ana.says(&format!("/join {room}")).await;
        ana.is_in(room).await;
    }
    ana.goes_to("lobby").await;
    for (nick, text) in LOBBY {
        match people.get(nick) {
            Some(node) => drop(node.say("lobby", text).await.expect("a line said")),
            None => ana.says(text).await,
        }
        ana.sees(nick, text).await;
    }
    for (nick, text) in WHISPERS {
        match people.get(nick) {
            Some(node) => {
                node.private_message("ana", text).await.expect("a line said");
            }
            None => ana.says(&format!("/pm mira {text}")).await,
        }
        ana.goes_to("mira").await;
        ana.sees(nick, text).await;
    }
    ana.goes_to("lobby").await;
    adorn(people).await;
    ana.reads("(edited").await;
    for (nick, text) in ASIDE {
        people[nick].say("workshop", text).await.expect("a line said");
    }
    ana.has_unread("workshop", 3).await;
}

/// What people do to lines: an answer, code, reactions, an edit, a topic.
async fn adorn(people: &HashMap<&str, Node>) {
    let lobby = Talk::Room("lobby");
    let [tariq, zoe, mira, jonas] = ["tariq", "Zoë", "mira", "jonas"].map(|nick| &people[nick]);
    mira.topic("lobby", "Visitors on Thursday at half past two").await.expect("a topic");
    let code = "@ana **one** line is enough, this is what I have now:\n```sh\n# m h  dom mon dow\n15 2 * * *  /srv/build/nightly.sh --quiet\n```";
    let said = tariq.say("lobby", code).await.expect("a line said").seq;
    for (node, emoji) in [(zoe, "👍"), (jonas, "👍"), (mira, "🎉")] {
        node.react(lobby, said, emoji, true).await.expect("a reaction");
    }
    let answer = zoe.say_with(lobby, "Perfect, thank yu", Some(said), Vec::new()).await.expect("an answer").seq;
    zoe.edit(lobby, answer, "Perfect, thank you!").await.expect("an edit");
}

/// What is asked and told over the talk.
async fn over_the_talk(ana: &Person, folder: &Path) {
    ana.browser.press(&[CONTROL, 'k']).await;
    ana.browser.the(Role::Dialog, "Go to").await;
    take(ana, folder, "palette").await;
    ana.browser.press(&[ESCAPE]).await;
    ana.browser.resize(WIDE).await;
    for (button, name) in [("Settings", "settings"), ("All rooms", "rooms"), ("Invite someone", "invitation")] {
        ana.browser.click(Role::Button, button).await;
        ana.browser.the(Role::Button, "Close").await;
        take(ana, folder, name).await;
        ana.browser.click(Role::Button, "Close").await;
        ana.browser.resize(WIDE).await;
    }
    ana.says("/search printer").await;
    ana.reads("result").await;
    take(ana, folder, "search").await;
    ana.browser.press(&[ESCAPE]).await;
    ana.browser.resize(WIDE).await;
    ana.browser.click(Role::Button, "Emoji").await;
    ana.browser.the(Role::Searchbox, "Search emoji").await;
    take(ana, folder, "emoji").await;
    ana.browser.press(&[ESCAPE]).await;
    ana.browser.resize(WIDE).await;
}

/// Wide and narrow, light and dark.
async fn take(person: &Person, folder: &Path, what: &str) {
    for (window, size) in [("wide", WIDE), ("phone", PHONE)] {
        person.browser.resize(size).await;
        // A telephone shows none.
        let bars = json!({ "hidden": window == "phone" });
        person.browser.devtools("Emulation.setScrollbarsHidden", bars).await;
        for (colours, scheme) in [("light", Scheme::Light), ("dark", Scheme::Dark)] {
            person.browser.prefer(scheme).await;
            let picture = person.browser.picture().await.expect("a picture");
            let file = folder.join(format!("{what}-{window}-{colours}.png"));
            println!("{} ({} KB)", file.display(), picture.len().div_ceil(1_000));
            fs::write(file, picture).expect("a place for the picture");
        }
    }
}
