//! What the program says when it cannot even begin. That it finds what is wrong with a hub that runs, the
//! checker's own tests show.

#![allow(clippy::unwrap_used, reason = "a test that finds what it did not expect stops there")]

use std::process::{Command, Output};

fn torture(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_torture")).args(args).env_remove("HUBBUB_HUB").output().unwrap()
}

#[test]
fn flags_that_make_no_sense_are_named() {
    let output = torture(&["--kills", "many"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--kills"));
}

#[test]
fn a_hub_that_is_not_there_is_named() {
    let output = torture(&["--hub", "/nowhere/hub"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/hub"));
}

#[test]
fn a_hub_that_does_not_start_fails_the_run() {
    // Any program that ends by itself, and listens to nothing.
    let output = torture(&["--hub", env!("CARGO_BIN_EXE_torture"), "--seed", "7"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the hub ended while it started") && said.contains("--seed 7"), "{said}");
    let kept = said.split("kept in ").nth(1).and_then(|rest| rest.split(':').next()).unwrap();
    std::fs::remove_dir_all(kept).unwrap();
}
