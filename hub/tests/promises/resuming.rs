//! Who comes back with its session is who it was: name, nick and rooms, at once, however long it was away.

use std::time::Duration;

use crate::support::{HubProcess, Memory, Tab, TestHub};
use shared::message::{ErrorCode, Sent, ToNode};
use shared::transcript::Place;

#[tokio::test]
async fn name_nick_and_rooms_are_back_at_once() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.named_tab(Some("tab-7f3a")).await;
    ana.takes("ana", None).await;
    assert_eq!(ana.joins("#Garden").await.room, "Garden");
    let before = ana.welcome().clone();

    let mut ana = ana.cut().resume().await;
    let welcome = ana.welcome();
    assert_eq!((&welcome.node, &welcome.hub, &welcome.epoch), (&before.node, &before.hub, &before.epoch));
    assert_eq!(welcome.nick.as_deref(), Some("ana"));
    assert_eq!(ana.rooms_resumed(), ["Garden", "lobby"]);

    let seq = ana.says("garden", "back again").await; // without a `connect`, without a `join`
    ana.hears_seq(seq).await;
    let seq = bob.says("lobby", "so I see").await;
    ana.hears_seq(seq).await;
    let sent = bob.whispers("ana", "psst").await;
    assert_eq!(sent.delivered, Some(1));
    ana.hears_seq(sent.seq).await;
}

#[tokio::test]
async fn a_room_that_was_left_is_not_come_back_to() {
    let hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    for room in ["garden", "attic"] {
        ana.joins(room).await;
    }
    let mut ana = ana.cut().resume().await;
    for room in ["garden", "lobby"] {
        ana.leaves(room).await;
    }
    let mut ana = ana.cut().resume().await;
    assert_eq!(ana.rooms_resumed(), ["attic"]);
    assert_eq!(say(&mut ana, "garden").await, Err(ErrorCode::NotInRoom));

    ana.leaves("attic").await;
    let mut ana = ana.cut().resume().await;
    assert_eq!((ana.rooms_resumed(), ana.welcome().nick.as_deref()), (vec![], Some("ana")));
    ana.joins("lobby").await;
    assert_eq!(ana.cut().resume().await.rooms_resumed(), ["lobby"]);
}

async fn say(tab: &mut Tab, room: &str) -> Result<Sent, ErrorCode> {
    let said = tab.ask(|id| Place::Room(room.to_owned()).say(id, "hi".to_owned())).await;
    said.map_err(|refusal| refusal.code)
}

#[tokio::test]
async fn who_let_go_of_its_nick_has_none_when_it_is_back() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.tab_of("ana").await;
    ana.joins("garden").await;
    let token = ana.token();
    ana.disconnects().await;
    let memory = ana.cut();
    bob.whispers("ana", "not for just anyone").await;

    let nameless = async |memory: &Memory| {
        let mut tab = memory.try_resume(Some(0)).await.unwrap();
        assert_eq!((tab.rooms_resumed(), tab.welcome().nick.as_deref()), (vec![], None));
        assert_eq!(say(&mut tab, "lobby").await, Err(ErrorCode::NotConnected));
        assert_eq!(tab.entries(), []);
        tab
    };
    let mut tab = nameless(&memory).await;
    assert_eq!(tab.takes("ana", Some(&token)).await.nick, "ana");
    tab.disconnects().await;
    let memory = tab.cut();
    let hub = hub.restart().await;
    nameless(&memory).await;
    drop(hub);
}

#[tokio::test]
async fn who_took_another_nick_comes_back_as_that_one() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.tab_of("ana").await;
    ana.joins("garden").await;
    ana.takes("anabel", None).await;
    let memory = ana.cut();
    bob.whispers("ana", "for the one she was").await;
    let missed = bob.whispers("anabel", "for the one she is").await.seq;

    let hub = hub.restart().await;
    let mut anabel = memory.resume().await;
    anabel.synced().await;
    assert_eq!((anabel.welcome().nick.as_deref(), anabel.rooms_resumed()), (Some("anabel"), vec!["lobby".to_owned()]));
    assert_eq!(anabel.seqs(), [missed]);
    drop(hub);
}

/// As a tab does after a reload: it is resumed, and connects and joins all the same to see who is there.
#[tokio::test]
async fn connecting_and_joining_again_takes_nothing_away() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    bob.joins("garden").await;
    let mut ana = hub.tab_of("ana").await;
    ana.joins("garden").await;
    bob.hears_joined("garden", "ana").await;
    let token = ana.token();
    let mut ana = ana.cut().resume().await;
    let again = ana.takes("ana", Some(&token)).await;
    assert_eq!((again.nick.as_str(), again.token.as_str(), again.count), ("ana", token.as_str(), 2));
    let seq = ana.says("garden", "still here").await;
    ana.hears_seq(seq).await;
    assert_eq!(ana.joins("garden").await.count, 2);
    assert_eq!(bob.comings_and_goings("garden", "ana"), (1, 0));

    let hub = hub.restart().await;
    let mut ana = ana.cut().resume().await;
    assert_eq!(ana.rooms_resumed(), ["garden", "lobby"]);
    ana.leaves("lobby").await;
    ana.takes("ana", Some(&token)).await; // which joins the lobby
    assert_eq!(ana.cut().resume().await.rooms_resumed(), ["garden", "lobby"]);
    drop(hub);
}

#[tokio::test]
async fn it_holds_long_after_the_lease() {
    let hub = TestHub::start_with(|config| config.lease = Duration::from_millis(300)).await;
    let bob = hub.guest("bob").await;
    bob.joins("garden").await;
    let mut ana = hub.tab_of("ana").await;
    ana.joins("garden").await;
    bob.hears_joined("garden", "ana").await;
    let memory = ana.cut();
    bob.hears_left("garden", "ana").await;
    let missed = [bob.says("garden", "where is she?").await, bob.whispers("ana", "where are you?").await.seq];

    let heard_before = bob.heard().len();
    let mut ana = memory.resume().await;
    assert_eq!((ana.welcome().nick.as_deref(), ana.rooms_resumed().len()), (Some("ana"), 2));
    ana.synced().await;
    assert_eq!(ana.seqs(), missed);
    bob.hears("ana joining anew", |heard| {
        let joined = |message: &ToNode| {
            matches!(message, ToNode::Presence(presence) if presence.room == "garden" && presence.joined == ["ana"])
        };
        heard[heard_before..].iter().any(joined).then_some(())
    })
    .await;
    ana.says("garden", "here").await;
}

#[tokio::test]
async fn it_holds_over_restarts() {
    let mut hub = TestHub::start().await;
    let mut ana = hub.named_tab(Some("laptop")).await;
    ana.takes("ana", None).await;
    ana.joins("garden").await;
    let first = ana.welcome().clone();
    for _ in 0..3 {
        let (restarted, code) = tokio::join!(hub.restart(), ana.close_code());
        assert_eq!(code, 4001);
        hub = restarted;
        let quicker = hub.named_tab(Some("laptop")).await;
        assert_ne!(quicker.welcome().node, first.node, "a name is kept for the node that will be back");

        ana = ana.cut().resume().await;
        let welcome = ana.welcome();
        assert_eq!((&welcome.node, &welcome.epoch, welcome.nick.as_deref()), (&first.node, &first.epoch, Some("ana")));
        assert_eq!(ana.rooms_resumed(), ["garden", "lobby"]);
        let seq = ana.says("garden", "still here").await;
        ana.hears_seq(seq).await;
    }
}

#[tokio::test]
async fn it_holds_when_the_hub_was_killed() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let (mut ana, mut bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    let (anas, bobs) = (ana.welcome().node.clone(), bob.welcome().node.clone());
    ana.joins("garden").await;
    bob.leaves("lobby").await; // nothing is done in between: what was answered is on the disk
    hub.kill().await;

    let hub = HubProcess::start(data.path()).await;
    let back = async |tab: Tab| Memory { way: hub.way(), ..tab.cut() }.resume().await;
    let (ana, bob) = (back(ana).await, back(bob).await);
    assert_eq!(
        (ana.welcome().nick.as_deref(), ana.rooms_resumed().join(" ")),
        (Some("ana"), "garden lobby".to_owned())
    );
    assert_eq!((bob.welcome().nick.as_deref(), bob.rooms_resumed()), (Some("bob"), vec![]));
    assert_eq!((&ana.welcome().node, &bob.welcome().node), (&anas, &bobs));
    hub.kill().await;
}
