//! A link as a QR code (ISO/IEC 18004) for a terminal, two modules a character, for the camera of whoever sits beside.

use std::ffi::OsStr;
use std::fmt::Write;
use std::io::{self, IsTerminal};

use qrcodegen::{QrCode, QrCodeEcc};

/// What stands around the code, in modules (section 9.1).
const QUIET: i32 = 4;

/// Black on white, in the colours that no theme changes.
const INK: &str = "\x1b[38;5;16;48;5;231m";
const PLAIN: &str = "\x1b[0m";

/// The terminal that something is printed on.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// In characters.
    pub columns: u16,
    /// In lines.
    pub rows: u16,
    /// Whether it may be coloured.
    pub colours: bool,
}

impl Screen {
    /// What standard output is; none if it is no terminal, or one that does not say how large it is.
    pub fn of_stdout() -> Option<Self> {
        let stdout = io::stdout();
        if !stdout.is_terminal() {
            return None;
        }
        let (terminal_size::Width(columns), terminal_size::Height(rows)) = terminal_size::terminal_size_of(&stdout)?;
        Some(Self { columns, rows, colours: Self::takes_colours() })
    }

    /// Whether what a terminal shows may be coloured: somebody may not want it, and some terminals cannot.
    pub fn takes_colours() -> bool {
        coloured(std::env::var_os("NO_COLOR").as_deref(), std::env::var_os("TERM").as_deref())
    }
}

/// See no-color.org.
fn coloured(no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    no_color.is_none_or(OsStr::is_empty) && term.is_none_or(|term| term != "dumb")
}

/// The code as lines; none where the screen has no room for all of it, or the link is longer than any code.
///
/// Without colours it is drawn for a dark background, with blocks where it is light: most readers take it on a light
/// one as well, inverted.
pub(super) fn drawn(link: &str, screen: Screen) -> Option<String> {
    // The weakest way to correct errors that its size has room for: nobody scratches a screen.
    let code = QrCode::encode_text(link, QrCodeEcc::Low).ok()?;
    let lines = -QUIET..code.size() + QUIET;
    if lines.len() > usize::from(screen.columns) || lines.len().div_ceil(2) >= usize::from(screen.rows) {
        return None;
    }
    let (before, after) = if screen.colours { (INK, PLAIN) } else { ("", "") };
    let inked = |x, y| code.get_module(x, y) == screen.colours;
    let mut text = String::new();
    for y in lines.clone().step_by(2) {
        text.push_str(before);
        for x in lines.clone() {
            text.push(match (inked(x, y), inked(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        let _ = writeln!(text, "{after}"); // into a string it cannot fail
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use rqrr::PreparedImage;

    use super::*;

    const LINK: &str = "http://192.168.1.20:4000/#cookie=PGC0vJ4r9tOkHc2mW1xuqA";
    const WIDE: Screen = Screen { columns: 80, rows: 24, colours: true };

    #[test]
    fn nothing_is_coloured_where_nobody_wants_it_or_the_terminal_cannot() {
        for (no_color, term, expected) in [
            (None, Some("xterm"), true),
            (Some(""), None, true),
            (Some("1"), Some("xterm"), false),
            (None, Some("dumb"), false),
        ] {
            assert_eq!(coloured(no_color.map(OsStr::new), term.map(OsStr::new)), expected, "{no_color:?} {term:?}");
        }
    }

    /// Pixels of a module, enough for a reader.
    const SCALE: usize = 4;

    /// What a camera reads of a screen whose background is dark or light.
    fn read(text: &str, dark_screen: bool) -> Option<String> {
        let lines: Vec<&str> = text.lines().collect();
        let coloured = lines[0].starts_with(INK);
        let cells: Vec<Vec<char>> =
            lines.iter().map(|line| line.trim_start_matches(INK).trim_end_matches(PLAIN).chars().collect()).collect();
        let width = cells[0].len();
        assert!(cells.iter().all(|line| line.len() == width), "{text}");
        let bright = move |x: usize, y: usize| {
            let filled = match cells[y / 2][x] {
                '█' => true,
                '▀' => y.is_multiple_of(2),
                '▄' => !y.is_multiple_of(2),
                _ => false,
            };
            // Ink is black where it is coloured, and as the screen's letters are where it is not.
            if coloured { !filled } else { filled == dark_screen }
        };
        let mut image = PreparedImage::prepare_from_greyscale(width * SCALE, lines.len() * 2 * SCALE, |x, y| {
            if bright(x / SCALE, y / SCALE) { 255 } else { 0 }
        });
        let grids = image.detect_grids();
        grids.first().map(|grid| grid.decode().unwrap().1)
    }

    #[test]
    fn a_camera_reads_the_link() {
        for dark in [true, false] {
            assert_eq!(read(&drawn(LINK, WIDE).unwrap(), dark).as_deref(), Some(LINK));
        }
        let plain = drawn(LINK, Screen { colours: false, ..WIDE }).unwrap();
        assert!(!plain.contains('\x1b'), "no colours were wanted");
        assert_eq!(read(&plain, true).as_deref(), Some(LINK));
    }

    #[test]
    fn every_line_gives_the_colours_back() {
        for line in drawn(LINK, WIDE).unwrap().lines() {
            assert!(line.starts_with(INK) && line.ends_with(PLAIN), "{line:?}");
        }
    }

    #[test]
    fn a_screen_without_room_for_it_has_none() {
        let side = drawn(LINK, WIDE).unwrap().lines().next().unwrap().chars().filter(|c| "█▀▄ ".contains(*c)).count();
        let fits = |columns, rows| drawn(LINK, Screen { columns, rows, colours: true }).is_some();
        let (columns, rows) = (u16::try_from(side).unwrap(), u16::try_from(side.div_ceil(2)).unwrap());
        assert!(fits(columns, rows + 1));
        assert!(!fits(columns - 1, rows + 1));
        assert!(!fits(columns, rows), "a line for the prompt below it");
    }

    #[test]
    fn what_is_longer_than_any_code_has_none() {
        assert!(drawn(&"x".repeat(3_000), Screen { columns: 500, rows: 500, colours: true }).is_none());
    }
}
