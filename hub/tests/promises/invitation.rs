//! The links to a hub: what scripts read of them at its start, and what `hub invite` says of one that runs, and of one
//! that does not.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::support::{Errand, HubProcess, eventually};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::Child;
use tokio::time::timeout;

/// A hub of its own on loopback, with further flags.
fn hub(data: &Path, flags: &[&str]) -> Child {
    let flags = ["--listen=127.0.0.1:0", "--name=den.local", "--no-announce"].iter().chain(flags);
    let mut command = Errand::command(data, flags);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

async fn invite(data: &Path) -> Errand {
    Errand::run(data, ["invite"]).await
}

/// Asks for an invitation, again and again, until there is one: as a script does that has started a hub.
async fn invited(data: &Path) -> Value {
    let line = eventually("an invitation", async || {
        let asked = Errand::run(data, ["invite", "--print-link", "json"]).await;
        (asked.code == Some(0)).then(|| asked.done().to_owned())
    });
    json(&line.await)
}

#[track_caller]
fn json(line: &str) -> Value {
    assert_eq!(line.matches('\n').count(), 1, "one line: {line}");
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// Ends a hub in good order; all that it printed.
async fn stop(mut hub: Child) -> (String, String) {
    let (mut stdout, mut stderr) = (String::new(), String::new());
    terminate(&hub);
    hub.stdout.take().expect("its output").read_to_string(&mut stdout).await.expect("text");
    hub.stderr.take().expect("its log").read_to_string(&mut stderr).await.expect("text");
    let ended = timeout(crate::support::DEADLINE, hub.wait()).await.expect("it ends").expect("its end");
    assert!(ended.success(), "{stderr}");
    (stdout, stderr)
}

fn terminate(hub: &Child) {
    let id = hub.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(id.expect("it runs"), rustix::process::Signal::TERM).expect("it can be told");
}

#[tokio::test]
async fn scripts_read_the_same_at_its_start_and_of_a_running_hub() {
    let data = tempfile::tempdir().unwrap();
    let hub = hub(data.path(), &["--print-link", "json", "--log=trace"]);
    let running = invited(data.path()).await;
    let (stdout, stderr) = stop(hub).await;

    assert_eq!(json(&stdout), running, "and nothing else is printed");
    let cookie = fs::read_to_string(data.path().join("cookie")).unwrap();
    let cookie = cookie.trim_end();
    let address = running["address"].as_str().unwrap();
    let port = address.strip_prefix("127.0.0.1:").unwrap();
    let link = format!("http://localhost:{port}/#cookie={cookie}");
    assert_eq!(
        running,
        serde_json::json!({
            "name": "hub@den.local", "link": link, "links": [link], "address": address, "cookie": cookie,
            "reach": "loopback", "data": data.path(),
        })
    );
    assert!(!stderr.contains(cookie), "no cookie in the log");
}

#[tokio::test]
async fn the_links_of_an_invitation_lead_in() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let invitation = invite(data.path()).await;
    let links: Vec<&str> = invitation.done().lines().filter(|line| line.starts_with("http://")).collect();
    assert_eq!(links, [hub.link()]);
    assert!(!invitation.done().contains("Ctrl-C"), "that would stop nothing");
    assert!(!invitation.done().contains('▀'), "no code where there is no terminal");
    hub.guest("ana").await;
    hub.kill().await;
}

#[tokio::test]
async fn an_open_hub_has_no_cookie_to_tell() {
    let data = tempfile::tempdir().unwrap();
    let hub = hub(data.path(), &["--open", "--print-link=none"]);
    let running = invited(data.path()).await;
    assert_eq!(running["cookie"], Value::Null);
    assert!(!running["link"].as_str().unwrap().contains('#'));
    assert!(invite(data.path()).await.done().contains("no cookie"));
    assert_eq!(stop(hub).await.0, "", "nothing was to be printed");
}

#[tokio::test]
async fn an_environment_by_which_the_hub_prints_no_link_hides_none_from_who_asks() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let asked = Errand::run_in(data.path(), ["invite"], &[("HUBBUB_PRINT_LINK", "none")]).await;
    assert!(asked.done().lines().any(|line| line == hub.link()), "{}", asked.done());
    hub.kill().await;
}

#[tokio::test]
async fn where_no_hub_runs_that_is_said_and_no_dead_link() {
    let data = tempfile::tempdir().unwrap();
    let missing = data.path().join("missing");
    for path in [data.path(), &missing] {
        let asked = invite(path).await;
        let line = asked.refused();
        assert!(line.contains("no hub runs") && line.contains(&path.display().to_string()), "{line}");
    }
    assert!(!missing.exists(), "asking makes nothing");

    let stopped = hub(data.path(), &[]);
    invited(data.path()).await;
    stop(stopped).await;
    assert!(invite(data.path()).await.refused().contains("no hub runs"));
    assert!(!data.path().join("hub.json").exists());

    let hub = HubProcess::start(data.path()).await;
    hub.kill().await;
    assert!(data.path().join("hub.json").exists(), "it had no chance to tidy up");
    assert!(invite(data.path()).await.refused().contains("no hub runs"));
}

#[tokio::test]
async fn what_a_killed_hub_left_does_not_hinder_the_next() {
    let data = tempfile::tempdir().unwrap();
    let killed = HubProcess::start(data.path()).await;
    let gone = killed.address().port();
    killed.kill().await;
    let next = HubProcess::start(data.path()).await;
    let address = invited(data.path()).await["address"].clone();
    assert_eq!(address, next.address().to_string());
    assert_ne!(next.address().port(), gone);
    next.kill().await;
}

#[tokio::test]
async fn asking_while_it_starts_keeps_no_hub_from_starting() {
    let data = tempfile::tempdir().unwrap();
    HubProcess::start(data.path()).await.kill().await;
    // What the killed one left has everyone who asks look at the lock.
    let asking = async {
        for _ in 0..20 {
            invite(data.path()).await;
        }
    };
    let (next, ()) = tokio::join!(HubProcess::start(data.path()), asking);
    next.kill().await;
}

#[tokio::test]
async fn a_hub_in_memory_is_found_by_what_it_printed_alone() {
    let data = tempfile::tempdir().unwrap();
    let asked = Errand::run(data.path(), ["--ephemeral", "invite"]).await;
    assert!(asked.refused().contains("printed when it started"), "{}", asked.refused());
}

#[tokio::test]
async fn what_cannot_be_read_is_one_line_without_the_cookie() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("hub.json"), r#"{"address":"nowhere","cookie":"sesame"}"#).unwrap();
    let asked = invite(data.path()).await;
    assert!(asked.refused().contains("cannot be read") && !asked.refused().contains("sesame"), "{}", asked.refused());
}

#[tokio::test]
async fn a_form_that_is_none_is_exit_code_2() {
    let data = tempfile::tempdir().unwrap();
    let asked = Errand::run(data.path(), ["invite", "--print-link", "picture"]).await;
    assert_eq!(asked.code, Some(2));
    assert!(asked.stderr.contains("--print-link") && asked.stderr.contains("json"), "{}", asked.stderr);
    let asked = Errand::run(data.path(), ["invite", "ana"]).await;
    assert_eq!(asked.code, Some(2));
}

#[tokio::test]
async fn a_pipe_closed_early_ends_it_quietly() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    hub.tab_of("ana").await.disconnects().await;
    for words in [&["invite"][..], &["nicks", "free", "ana"], &["generate", "man"], &["generate", "bash"], &["export"]]
    {
        Errand::run_unread(data.path(), words).await.done();
    }
    hub.kill().await;
}
