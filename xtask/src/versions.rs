//! Which version of each tool, and reading versions out of what says them.

/// Trunk builds and bundles the browser client. The newest that the minimum Rust version compiles:
/// 0.22 wants rustc 1.96.
pub(crate) const TRUNK: &str = "0.21.14";

/// The crate `wasm_split_cli_support`, whose program cuts the client into chunks. It goes with the `wasm_split_helpers`
/// of web/Cargo.toml: the two agree on the names of what is cut.
pub(crate) const WASM_SPLIT: &str = "0.2.4";

/// The npm package that holds `wasm-opt`. Trunk.toml names the same one. Debian's `binaryen` (108) is
/// no substitute: what it writes fails in the browser with `WebAssembly.Table.set(): function-typed
/// object must be null`.
pub(crate) const BINARYEN: &str = "132.0.0";

/// The npm package that looks for what bars people from a page: the browser tests run it on every screen.
pub(crate) const AXE: &str = "4.14.1";

/// The version at which `Cargo.lock` holds `package`; `None` unless it is there exactly once.
///
/// wasm-bindgen's command and library speak a private format that changes with every version, so the
/// command's version is never written down a second time.
pub(crate) fn locked<'a>(lock_file: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut found = lock_file
        .split("[[package]]")
        .filter(|block| block.lines().any(|line| line.trim() == name))
        .filter_map(|block| block.lines().find_map(|line| line.trim().strip_prefix("version = \""))?.strip_suffix('"'));
    match (found.next(), found.next()) {
        (only, None) => only,
        _ => None,
    }
}

/// The version in what a tool answers to `--version`: its first word that begins with a digit.
pub(crate) fn reported(answer: &str) -> Option<&str> {
    answer.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
}

/// What stands before the first dot: `wasm-opt` and Chromium's driver agree with their counterparts
/// in this number only.
pub(crate) fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
source = "somewhere"
dependencies = [
 "cfg-if",
 "wasm-bindgen-macro",
]

[[package]]
name = "wasm-bindgen-macro"
version = "0.2.131"

[[package]]
name = "rand"
version = "0.8.5"

[[package]]
name = "rand"
version = "0.9.1"
"#;

    #[test]
    fn a_locked_version_is_that_of_the_very_package() {
        assert_eq!(locked(LOCK, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked(LOCK, "wasm-bindgen-macro"), Some("0.2.131"));
        assert_eq!(locked(LOCK, "wasm"), None);
    }

    #[test]
    fn a_package_locked_twice_has_no_one_version() {
        assert_eq!(locked(LOCK, "rand"), None);
    }

    #[test]
    fn a_lock_file_with_windows_line_ends_reads_the_same() {
        let lock = LOCK.replace('\n', "\r\n");
        assert_eq!(locked(&lock, "wasm-bindgen"), Some("0.2.130"));
    }

    #[test]
    fn each_tool_reports_its_version_in_its_own_words() {
        for (answer, version) in [
            ("trunk 0.21.14\n", "0.21.14"),
            ("wasm-bindgen 0.2.130", "0.2.130"),
            ("wasm-opt version 132 (version_132)", "132"),
            ("Chromium 156.0.8078.79 built on Debian", "156.0.8078.79"),
            ("Google Chrome 156.0.8078.79 ", "156.0.8078.79"),
            ("ChromeDriver 156.0.8078.79 (2ab1f-refs/heads)", "156.0.8078.79"),
        ] {
            assert_eq!(reported(answer), Some(version));
        }
        assert_eq!(reported("trunk: not found"), None);
    }

    #[test]
    fn majors_compare_across_lengths() {
        assert_eq!(major("132"), major(BINARYEN));
        assert_ne!(major("1320"), major(BINARYEN));
        assert_ne!(major("156.0.8078.79"), major("155.0.8078.79"));
    }

    #[test]
    fn trunk_is_told_the_wasm_opt_that_is_fetched() {
        let trunk = include_str!("../../Trunk.toml");
        let line = format!("wasm_opt = \"version_{}\"", major(BINARYEN));
        assert!(trunk.lines().any(|l| l == line), "Trunk.toml lacks {line}");
    }
}
