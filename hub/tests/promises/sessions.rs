//! What a session is worth, to whom, and when it ends.

use std::path::Path;
use std::time::Duration;

use crate::support::{HubProcess, Memory, Tab, TestHub, eventually};
use shared::message::Hello;

#[tokio::test]
async fn who_is_unknown_is_somebody_new() {
    let hub = TestHub::start().await;
    let mut bob = hub.tab_of("bob").await;
    bob.says("lobby", "not for strangers").await;
    let ana = hub.tab_of("ana").await;
    let memory = ana.cut();
    let secret = &memory.session;
    let mut last_changed = secret.clone();
    let last = last_changed.pop();
    last_changed.push(if last == Some('A') { 'B' } else { 'A' });
    let mut guesses = vec![
        String::new(),
        " ".to_owned(),
        "0".to_owned(),
        "\0".to_owned(),
        "ana".to_owned(),
        "' OR 1 = 1 --".to_owned(),
        "сессия 🗝".to_owned(),
        "x".repeat(60_000),
        format!("{secret} "),
        format!("{secret}A"),
        secret[1..].to_owned(),
        secret[..secret.len() - 1].to_owned(),
        last_changed,
    ];
    guesses.extend([secret.to_uppercase(), secret.to_lowercase()].into_iter().filter(|other| other != secret));
    for (n, guess) in guesses.iter().enumerate() {
        let stranger = Memory { session: guess.clone(), ..memory.clone() };
        let mut tab = stranger.try_resume(Some(0)).await.unwrap();
        let welcome = tab.welcome();
        assert_eq!((welcome.resumed, &welcome.nick, &welcome.rooms), (false, &None, &vec![]), "{guess:?}");
        assert!(welcome.session != *guess && welcome.session != *secret, "{guess:?}");

        tab.takes(&format!("stranger{n}"), None).await;
        let seq = bob.says("lobby", "hello, stranger").await;
        tab.hears_seq(seq).await;
        assert_eq!((tab.seqs(), tab.times_synced()), (vec![seq], 0), "{guess:?}");
    }
    memory.resume().await; // all of this did it no harm

    let mut newcomer = Tab::open(&hub.way(), Hello { after: Some(0), ..Hello::default() }).await.unwrap();
    newcomer.takes("newcomer", None).await;
    let seq = bob.says("lobby", "hello, newcomer").await;
    newcomer.hears_seq(seq).await;
    assert_eq!((newcomer.seqs(), newcomer.times_synced()), (vec![seq], 0), "there is nothing to go on from");
}

#[tokio::test]
async fn a_session_opens_no_door_without_the_cookie() {
    let hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    let hello = |cookie: &str| Hello {
        session: Some(ana.welcome().session.clone()),
        cookie: Some(cookie.to_owned()),
        after: Some(0),
        ..Hello::default()
    };
    let (wrong, none) = (hello("wrong"), hello(""));
    for hello in [wrong, none] {
        assert_eq!(Tab::open(&hub.way(), hello).await.err(), Some(4401));
    }
    let seq = ana.says("lobby", "I have noticed nothing").await;
    ana.hears_seq(seq).await;
}

#[tokio::test]
async fn the_secret_is_long_and_is_nowhere_on_the_disk() {
    let hub = TestHub::start().await;
    let ana = hub.tab_of("ana").await;
    let secret = ana.welcome().session.clone();
    assert!(secret.len() >= 22, "128 bits are 22 letters of base64: {}", secret.len());
    let absent = |data: &Path| {
        let files: Vec<_> = std::fs::read_dir(data).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() > 1, "{files:?}");
        for file in files.iter().filter(|file| file.is_file()) {
            let bytes = std::fs::read(file).unwrap();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{file:?}");
        }
    };
    absent(hub.data());
    let data = hub.stop().await;
    absent(data.path());
}

/// Else whoever had a nick once could read, for ever, what is written to those who have it later.
#[tokio::test]
async fn it_ends_when_the_nick_is_anothers() {
    let times = |config: &mut hub::Config| {
        config.nick_ttl = Duration::from_millis(200);
        config.lease = Duration::ZERO;
    };
    let hub = TestHub::start_with(times).await;
    let bob = hub.guest("bob").await;
    let mut old = hub.tab_of("ana").await;
    old.joins("garden").await;
    let memories = [old.cut(), hub.tab_of("cid").await.cut()];
    let mut heirs = Vec::new();
    for nick in ["ana", "cid"] {
        let heir = hub.node().await;
        eventually("the nick falls free", async || heir.connect_nick(nick, None).await.ok()).await;
        bob.whispers(nick, "for the new one").await;
        heirs.push(heir);
    }
    let [of_ana, of_cid] = &memories;
    let strange = async |memory: &Memory| {
        let mut tab = memory.try_resume(Some(0)).await.unwrap();
        assert_eq!((&tab.welcome().nick, tab.rooms_resumed()), (&None, vec![]));
        let seq = bob.whispers("ana", "for the new one").await.seq;
        assert_eq!(bob.hears_seq(seq).await.seq(), seq);
        tab.reads_what_waits().await;
        assert_eq!(tab.entries(), []);
    };
    strange(of_ana).await;
    let hub = hub.restart().await;
    let mut tab = of_cid.try_resume(Some(0)).await.unwrap();
    assert_eq!((&tab.welcome().nick, tab.rooms_resumed()), (&None, vec![]));
    tab.reads_what_waits().await;
    assert_eq!(tab.entries(), []);
    drop(hub);
}

/// A room without a word ended while its visitor was away, and is another's now, who writes it in another way.
#[tokio::test]
async fn its_rooms_are_there_again_even_where_they_had_ended() {
    let hub = TestHub::start_with(|config| config.lease = Duration::from_millis(100)).await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.tab_of("ana").await;
    for room in ["garden", "attic"] {
        ana.joins(room).await;
    }
    bob.hears_joined("lobby", "ana").await;
    let memory = ana.cut();
    bob.hears_left("lobby", "ana").await;
    assert_eq!(bob.list_rooms().await.unwrap().rooms.len(), 1);
    assert_eq!(bob.joins("GARDEN").await.room, "GARDEN");
    let mut ana = memory.resume().await;
    assert_eq!(ana.rooms_resumed(), ["GARDEN", "attic", "lobby"]);
    bob.joins("attic").await;
    for room in ["garden", "attic"] {
        let seq = bob.says(room, "welcome back").await;
        ana.hears_seq(seq).await;
    }
}

#[tokio::test]
async fn a_node_without_a_nick_keeps_its_name_for_its_lease() {
    let hub = TestHub::start().await;
    let tab = hub.named_tab(Some("quiet")).await;
    let name = tab.welcome().node.clone();
    let memory = tab.cut();
    assert_ne!(hub.named_tab(Some("quiet")).await.welcome().node, name);
    let mut tab = memory.resume().await;
    assert_eq!((&tab.welcome().node, &tab.welcome().nick, tab.rooms_resumed()), (&name, &None, vec![]));
    tab.synced().await;
    assert_eq!(tab.entries(), []);
    let memory = tab.cut();
    let hub = hub.restart().await;
    assert!(!memory.try_resume(None).await.unwrap().welcome().resumed, "it ends with the hub");
    drop(hub);

    let hub = TestHub::start_with(|config| config.lease = Duration::from_millis(100)).await;
    let watcher = hub.guest("watcher").await;
    let memory = hub.tab().await.cut();
    let marker = hub.tab_of("marker").await;
    watcher.hears_joined("lobby", "marker").await; // who goes before that is not told of
    marker.cut();
    watcher.hears_left("lobby", "marker").await; // who vanished before is gone, too
    assert!(!memory.try_resume(None).await.unwrap().welcome().resumed, "it ends with its lease");
}

#[tokio::test]
async fn of_one_owner_the_newest_hundred_are_kept() {
    const KEPT: usize = 100;
    let hub = TestHub::start_with(|config| config.lease = Duration::ZERO).await;
    let ana = hub.guest("ana").await;
    let mut memories = Vec::new();
    for _ in 0..KEPT + 3 {
        memories.push(hub.further_tab_of("ana", Some(ana.token())).await.close().await);
    }
    let mut known = Vec::new();
    for memory in &memories {
        known.push(memory.try_resume(None).await.unwrap().close().await.session == memory.session);
    }
    assert!(!known[0] && !known[1], "{known:?}"); // and perhaps a third, since the guest has one as well
    assert!(known[4..].iter().all(|known| *known), "{known:?}");
    ana.says("lobby", "who is here is never forgotten").await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn coming_back_a_thousand_times_leaves_nothing_behind() {
    const MOST: u64 = 4 * 1024 * 1024;
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let watcher = hub.guest("watcher").await;
    let mut memory = hub.tab_of("ana").await.cut();
    let mut before = 0;
    for n in 0..1_200 {
        let tab = memory.resume().await;
        memory = if n % 3 == 0 { tab.close().await } else { tab.cut() };
        if n == 200 {
            before = hub.resident(); // first what any coming back costs: threads, caches
        }
    }
    let grown = hub.resident().saturating_sub(before);
    assert!(grown < MOST, "{} KiB more", grown / 1024);
    let _ana = memory.resume().await;
    assert_eq!(watcher.list_nodes().await.unwrap().nodes.len(), 3, "the hub, the watcher and ana");
    hub.kill().await;
}
