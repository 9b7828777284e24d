//! `hubbub generate`: what is made is taken by the programs that it is made for, where they are.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Stdio;

use clap::CommandFactory as _;
use terminal::arguments::Arguments;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::place::{Place, ended};
use super::support::PROGRAM;

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

/// Runs what is told to somebody who has installed the program, in a home in which nothing is yet.
async fn follows(shell: &str, advice: &[&str]) {
    let place = Place::new().await;
    let folder = Path::new(PROGRAM).parent().unwrap().display();
    let mut command = Command::new(shell);
    command.args(["-e", "-c", &advice.join("\n")]).env_clear().env("HOME", place.config.path());
    command.env("PATH", format!("{folder}:/usr/bin:/bin")).current_dir(place.config.path());
    ended(command).await.fine();
    for made in [".local/share/bash-completion/completions/hubbub", ".config/fish/completions/hubbub.fish"] {
        assert!(place.config.path().join(made).metadata().unwrap().len() > 0, "{made}");
    }
}

#[tokio::test]
async fn what_help_and_docs_say_of_completions_works_in_a_fresh_home() {
    let help = Place::new().await.run(&["generate", "--help"]).await.fine();
    let examples = help.split_once("Examples:\n").unwrap().1.split("\n\n").next().unwrap();
    follows("sh", &examples.lines().collect::<Vec<_>>()).await;
    let docs = include_str!("../../../docs/installing.md");
    let block = docs.split("```sh\n").find(|block| block.contains("hubbub generate bash")).unwrap();
    follows("bash", &block.split("```").next().unwrap().lines().collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn a_shell_offers_no_files_where_a_name_is_wanted() {
    let script = made("bash").await;
    for (typed, offered) in [
        (&["hubbub", "say", "-r", ""][..], ""),
        (&["hubbub", "say", "--to", ""], ""),
        (&["hubbub", "nodes", "-s", ""], ""),
        (&["hubbub", "--nick", ""], ""),
        (&["hubbub", "wat"], "watch"),
    ] {
        let words = typed.join("' '");
        let [before, word] = typed.last_chunk().unwrap();
        let asked = format!(
            "compopt() {{ :; }}\n{script}\nCOMP_WORDS=('{words}'); COMP_CWORD={}\n\
             _hubbub hubbub '{word}' '{before}'\necho \"${{COMPREPLY[*]}}\"",
            typed.len() - 1
        );
        let Some((done, shown, complaints)) = checked("bash", &[], &asked).await else { return };
        assert!(done && complaints.is_empty(), "{complaints}");
        assert_eq!(shown.trim(), offered, "{typed:?}");
    }
}
