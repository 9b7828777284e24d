//! One sees that somebody is writing.

use e2e::play;

#[test]
fn who_writes_is_named_until_the_line_has_come() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        bob.sees_person("ana", "online").await;
        ana.browser.type_keys("he").await;
        bob.reads("ana is writing…").await;
        assert!(!ana.has_on_page("ana is writing…").await, "nobody is told of themselves");
        ana.says("llo").await;
        bob.sees("ana", "hello").await;
        bob.reads_no_more("ana is writing…").await;
    });
}

#[test]
fn a_whisper_being_written_is_for_one_alone() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        let carl = stage.guest("carl").await;
        ana.says("/pm bob psst").await;
        bob.has_unread("ana", 1).await;
        bob.goes_to("ana").await;
        ana.is_in("bob").await;
        ana.browser.type_keys("more").await;
        bob.reads("ana is writing…").await;
        assert!(!carl.has_on_page("ana is writing…").await);
    });
}
