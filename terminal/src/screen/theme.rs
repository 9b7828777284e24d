//! How things look: by the first sixteen colours of those that terminals have, as foregrounds that can be read on dark and
//! on light, on the terminal's own background; by none where a terminal does not know the codes they are written with. Structure is bold, dim, underlined and reversed. What a colour tells is told by a
//! sign or a word as well, so nothing is lost without them (<https://no-color.org>).

use std::env;

use ratatui::style::{Color, Modifier, Style};

/// What can be read on black and on white: neither white nor black, nor the yellows, and of the blues and reds the
/// light ones as well.
const NICKS: [Color; 7] =
    [Color::Red, Color::Green, Color::Magenta, Color::Cyan, Color::LightBlue, Color::LightRed, Color::LightMagenta];

/// The styles of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Theme {
    colours: bool,
}

impl Theme {
    /// As this terminal, and whoever sits in front of it, have it.
    pub(super) fn from_environment() -> Self {
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let unable = env::var("TERM").is_ok_and(|term| !has_colours(&term));
        Self { colours: !unwanted && !unable }
    }

    #[cfg(test)]
    pub(super) fn with_colours(colours: bool) -> Self {
        Self { colours }
    }

    fn coloured(self, colour: Color) -> Style {
        if self.colours { Style::new().fg(colour) } else { Style::new() }
    }

    /// Text as it is said.
    pub(super) fn text(self) -> Style {
        Style::new()
    }

    /// What is beside the talk: times, notices, marks.
    pub(super) fn aside(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What stands out of its surroundings.
    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The same nick has the same colour, whatever its case.
    pub(super) fn nick(self, nick: &str) -> Style {
        // FNV-1a, with its bits mixed once more: short names differ in few.
        let hash = nick
            .to_lowercase()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let colour = NICKS[mixed as usize % NICKS.len()];
        self.coloured(colour).add_modifier(Modifier::BOLD)
    }

    /// Someone mentioned in a line.
    pub(super) fn mention(self, nick: &str) -> Style {
        self.nick(nick)
    }

    /// This person, mentioned by somebody.
    pub(super) fn called(self) -> Style {
        self.coloured(Color::LightMagenta).add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    pub(super) fn code(self) -> Style {
        self.coloured(Color::LightBlue)
    }

    /// Whether signs have to tell what colours do elsewhere.
    pub(super) fn by_signs(self) -> bool {
        !self.colours
    }

    pub(super) fn link(self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    /// What was quoted.
    pub(super) fn quote(self) -> Style {
        Style::new().add_modifier(Modifier::DIM | Modifier::ITALIC)
    }

    /// What went wrong.
    pub(super) fn wrong(self) -> Style {
        self.coloured(Color::LightRed).add_modifier(Modifier::BOLD)
    }

    /// What is new.
    pub(super) fn news(self) -> Style {
        self.coloured(Color::LightRed).add_modifier(Modifier::BOLD)
    }

    /// Where one is, in a list.
    pub(super) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The bars at the edges.
    pub(super) fn bar(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The line above what is said.
    pub(super) fn head(self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    /// A line that one has jumped to, or chosen.
    pub(super) fn sought(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}

/// Whether a terminal of that kind has colours by their numbers, `38;5`, as all of them are written here. The oldest
/// know none, or just eight by other codes, and some of those would take `5` for blinking.
fn has_colours(term: &str) -> bool {
    const OLD: [&str; 10] = ["vt1", "vt2", "vt3", "vt4", "vt5", "ansi", "pcansi", "cons", "sun", "wy"];
    !term.ends_with("-mono") && !term.ends_with("-m") && !OLD.iter().any(|old| term.starts_with(old))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nick_keeps_its_colour() {
        let theme = Theme::with_colours(true);
        assert_eq!(theme.nick("Ana"), theme.nick("ana"));
        let colours: std::collections::HashSet<_> =
            ["ana", "bob", "carl", "dora", "eve", "frank", "gina", "hugo", "ida", "jo"]
                .map(|nick| theme.nick(nick).fg)
                .into();
        assert!(colours.len() >= 4, "{colours:?}");
    }

    #[test]
    fn a_terminal_that_does_not_know_the_codes_has_no_colours() {
        for old in ["ansi", "ansi-m", "cons25", "cons25r", "pcansi", "vt100", "vt220", "sun", "xterm-mono"] {
            assert!(!has_colours(old), "{old}");
        }
        for new in ["xterm", "xterm-256color", "linux", "screen", "tmux-256color", "vte-256color", "rxvt", "alacritty"]
        {
            assert!(has_colours(new), "{new}");
        }
    }

    #[test]
    fn without_colours_there_are_none() {
        let theme = Theme::with_colours(false);
        let styles = [theme.nick("ana"), theme.called(), theme.code(), theme.wrong(), theme.news(), theme.chosen()];
        assert!(styles.iter().all(|style| style.fg.is_none() && style.bg.is_none()));
    }
}
