//! Others see who has left their device alone.

use e2e::keys::SHIFT;
use e2e::play;

/// Lets the page believe that so many milliseconds have passed.
const LATER: &str = "const now = Date.now; Date.now = () => now() + 6 * 60 * 1000;";

#[test]
fn who_leaves_the_device_alone_is_away_until_they_touch_it() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        bob.sees_person("ana", "online").await;
        ana.browser.eval::<()>(LATER, Vec::new()).await;
        bob.sees_person("ana", "away").await;
        ana.browser.press(&[SHIFT]).await;
        bob.sees_person("ana", "online").await;
    });
}
