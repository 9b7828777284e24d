//! How this browser's person wants it: the look, and what may call them. Kept by the browser, the same for all its tabs.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlMetaElement};

use crate::node::Node;
use crate::page::{document, window};
use crate::storage;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the device has it.
    #[default]
    System,
    Light,
    Dark,
    Contrast,
}

/// A person's choices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) theme: Theme,
    /// More lines on the screen.
    pub(crate) compact: bool,
    /// A tone when someone calls.
    pub(crate) sound: bool,
    /// The device's own notification when someone calls.
    pub(crate) notify: bool,
    /// No key does anything alone: who speaks to the device, or hits keys by chance, sets off nothing (WCAG 2.1.4).
    pub(crate) no_single_keys: bool,
}

impl Theme {
    pub(crate) const ALL: [Self; 4] = [Self::System, Self::Light, Self::Dark, Self::Contrast];

    /// As it is kept, and as the styles know it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Contrast => "contrast",
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::System => "As this device",
            Self::Light => "Light",
            Self::Dark => "Dark",
            Self::Contrast => "High contrast",
        }
    }
}

const COMPACT: &str = "compact";
const SOUND: &str = "sound";
const NOTIFY: &str = "notify";
const NO_SINGLE_KEYS: &str = "no-single-keys";

impl Settings {
    /// Words, a space between them; those that are not known are passed over.
    fn parse(kept: &str) -> Self {
        let mut settings = Self::default();
        for word in kept.split(' ') {
            match word {
                COMPACT => settings.compact = true,
                SOUND => settings.sound = true,
                NOTIFY => settings.notify = true,
                NO_SINGLE_KEYS => settings.no_single_keys = true,
                _ => {
                    let theme = Theme::ALL.into_iter().find(|theme| theme.name() == word);
                    settings.theme = theme.unwrap_or(settings.theme);
                }
            }
        }
        settings
    }

    fn written(self) -> String {
        let mut words = self.theme.name().to_owned();
        let Self { compact, sound, notify, no_single_keys, .. } = self;
        for (chosen, word) in [(compact, COMPACT), (sound, SOUND), (notify, NOTIFY), (no_single_keys, NO_SINGLE_KEYS)] {
            if chosen {
                words.push(' ');
                words.push_str(word);
            }
        }
        words
    }

    /// Those of the last visit.
    pub(crate) fn kept() -> Self {
        Self::parse(&storage::settings().unwrap_or_default())
    }

    /// Gives the page its look.
    pub(crate) fn apply(self) {
        let Some(root) = document().document_element() else { return };
        let more_contrast = self.theme == Theme::System && matches("(prefers-contrast: more)");
        let theme = if more_contrast { Theme::Contrast } else { self.theme };
        put(&root, "data-theme", (theme != Theme::System).then(|| theme.name()));
        put(&root, "data-density", self.compact.then_some(COMPACT));
        colour_frame(theme);
    }
}

/// The browser's own frame round the page, in index.html's order: on a light device, on a dark one.
fn colour_frame(theme: Theme) {
    const LIGHT: &str = "#f1eee6";
    const DARK: &str = "#1f1e1b";
    let colours = match theme {
        Theme::System => [LIGHT, DARK],
        Theme::Light => [LIGHT, LIGHT],
        Theme::Dark => [DARK, DARK],
        Theme::Contrast => ["#ffffff", "#000000"],
    };
    let metas = document().get_elements_by_name("theme-color");
    for (at, colour) in (0..).zip(colours) {
        if let Some(meta) = metas.item(at).and_then(|meta| meta.dyn_into::<HtmlMetaElement>().ok()) {
            meta.set_content(colour);
        }
    }
}

/// Whether a media query holds.
pub(crate) fn matches(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|query| query.matches())
}

fn put(root: &Element, name: &str, value: Option<&str>) {
    // Fails only for what is not the name of an attribute.
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

impl Node {
    /// Another choice: it holds at once, and at the next visit.
    pub(crate) fn choose(self, settings: Settings) {
        self.settings.set(settings);
        settings.apply();
        storage::keep_settings(&settings.written());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_there_at_the_next_visit() {
        for theme in Theme::ALL {
            for bits in 0..16 {
                let [compact, sound, notify, no_single_keys] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
                let settings = Settings { theme, compact, sound, notify, no_single_keys };
                assert_eq!(Settings::parse(&settings.written()), settings);
            }
        }
    }

    #[test]
    fn what_is_not_known_is_passed_over() {
        assert_eq!(Settings::parse(""), Settings::default());
        assert_eq!(Settings::parse("sepia \u{0} sound"), Settings { sound: true, ..Settings::default() });
    }
}
