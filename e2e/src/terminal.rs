//! Someone at a terminal: the `hubbub` program, beside the browsers and on the same hub.

use std::path::Path;

use pty::{Size, Terminal};

use crate::{Hub, programs};

/// How the program shows the chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Full,
    Lines,
}

impl Hub {
    /// The program at a terminal, on this hub. What it remembers lies in `home`, which need not be there. The link is in its
    /// environment, and all else it is told stands in `arguments`.
    ///
    /// # Panics
    /// If it does not start.
    pub fn terminal(&self, home: &Path, view: View, size: Size, arguments: &[&str]) -> Terminal {
        let folder = |name: &str| home.join(name).display().to_string();
        let environment = [
            ("HOME", folder("")),
            ("XDG_CONFIG_HOME", folder("config")),
            ("HUBBUB_CONFIG", folder("hubbub")),
            ("HUBBUB_SERVER", self.link().to_owned()),
            ("TERM", "xterm-256color".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
        ];
        std::fs::create_dir_all(home).expect("a folder for the program's home");
        let view: &[&str] = if view == View::Lines { &["--plain"] } else { &[] };
        let started = Terminal::start(&programs::terminal(), [view, arguments].concat(), environment, size);
        started.expect("the program starts at a pseudo-terminal")
    }
}
