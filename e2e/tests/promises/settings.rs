//! It looks as the person wants it, now and at the next visit.

use e2e::browser::Scheme;
use e2e::{Person, Role, play};

/// The colour of the page's paper, and the size of its letters.
const LOOK: &str = "
    const style = getComputedStyle(document.body);
    return [style.backgroundColor, style.fontSize];";

async fn look(person: &Person) -> (String, String) {
    person.browser.eval(LOOK, Vec::new()).await
}

#[test]
fn the_theme_is_the_devices_until_another_is_chosen() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser.prefer(Scheme::Light).await;
        let light = look(&ana).await;
        ana.browser.prefer(Scheme::Dark).await;
        let dark = look(&ana).await;
        assert_ne!(light.0, dark.0);

        ana.browser.click(Role::Button, "Settings").await;
        ana.browser.click(Role::Radio, "Light").await;
        assert_eq!(look(&ana).await, light, "whatever the device asks for");
        ana.browser.click(Role::Radio, "High contrast").await;
        let contrast = look(&ana).await;
        assert_ne!(contrast.0, dark.0);
        ana.browser.click(Role::Radio, "Compact").await;
        let compact = look(&ana).await;
        assert_ne!(compact.1, dark.1, "smaller letters");

        ana.browser.reload().await;
        ana.is_in("lobby").await;
        assert_eq!(look(&ana).await, compact, "at the next visit as well");
    });
}

#[test]
fn the_settings_bar_nobody_in_any_theme() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("**hello** `there` https://example.org").await;
        for theme in ["Light", "Dark", "High contrast"] {
            ana.browser.click(Role::Button, "Settings").await;
            ana.browser.click(Role::Radio, theme).await;
            ana.meets_no_barrier(&format!("the settings, {theme}")).await;
            ana.browser.click(Role::Button, "Close").await;
            ana.browser.none(Role::Dialog, "Settings").await;
            ana.meets_no_barrier(&format!("the talk, {theme}")).await;
        }
    });
}
