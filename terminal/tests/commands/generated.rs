//! `hubbub generate`: what is made is taken by the programs that it is made for, where they are.

use std::io::ErrorKind;
use std::process::Stdio;

use clap::CommandFactory as _;
use terminal::arguments::Arguments;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::place::Place;

async fn made(what: &str) -> String {
    let place = Place::new().await;
    place.run(&["generate", what]).await.fine()
}

/// What a program says of a text that is given to it; none where there is no such program.
async fn checked(program: &str, arguments: &[&str], text: &str) -> Option<(bool, String, String)> {
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C.UTF-8").env("MANPAGER", "cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => panic!("{program}: {error}"),
    };
    let mut stdin = child.stdin.take().unwrap();
    let text = text.to_owned();
    let given = tokio::spawn(async move { stdin.write_all(text.as_bytes()).await });
    let output = child.wait_with_output().await.unwrap();
    given.await.unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some((output.status.success(), text(&output.stdout), text(&output.stderr)))
}

#[tokio::test]
async fn the_man_page_is_rendered_without_a_warning() {
    let page = made("man").await;
    if let Some((done, shown, complaints)) = checked("man", &["--warnings", "-E", "UTF-8", "-l", "-"], &page).await {
        assert!(done && complaints.is_empty(), "{complaints}");
        assert!(shown.contains("hubbub say"), "{shown}");
    }
}

#[tokio::test]
async fn the_man_page_has_each_command_each_option_and_each_code_once() {
    let page = made("man").await;
    let plain = page.replace('\\', "");
    for command in Arguments::command().get_subcommands() {
        assert_eq!(plain.matches(&format!(".SS \"hubbub {}\"\n", command.get_name())).count(), 1, "{plain}");
        for option in command.get_arguments().filter_map(clap::Arg::get_long) {
            assert!(plain.contains(&format!("--{option}")), "--{option}");
        }
    }
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "FILES"] {
        let titles =
            plain.lines().filter(|line| line.strip_prefix(".SH ").is_some_and(|t| t.trim_matches('"') == section));
        assert_eq!(titles.count(), 1, "{section}");
    }
    assert_eq!(plain.matches("stopped by SIGTERM").count(), 1);
    assert!(plain.contains("hubs.json") && plain.contains("HUBBUB_CONFIG") && plain.contains("NO_COLOR"));
}

#[tokio::test]
async fn completions_are_scripts_that_their_shells_can_read() {
    for (shell, arguments) in [("bash", &["-n"][..]), ("zsh", &["-n"]), ("fish", &["--no-execute"])] {
        let script = made(shell).await;
        assert!(script.contains("hubbub") && script.contains("tail"), "{shell}");
        if let Some((done, _, complaints)) = checked(shell, arguments, &script).await {
            assert!(done && complaints.is_empty(), "{shell}: {complaints}");
        }
    }
}
