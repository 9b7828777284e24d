//! What a person is told.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;

use crate::checker::{Counts, Verdict, Violation};
use crate::record::History;
use crate::run::Ran;

/// Violations that are named; the rest is in a file.
const NAMED: usize = 20;

/// What was done and what was found.
pub(crate) fn of(ran: &Ran, verdict: &Verdict) -> String {
    let Counts {
        acknowledged,
        asked_again,
        logged,
        whispered,
        heard,
        changes,
        looks,
        resumes,
        exact,
        resumed_entries,
        cut_short,
        caught_up,
        restarts,
        put,
        put_late,
        counted,
        copies,
    } = verdict.counts;
    let seconds = ran.took.as_secs_f64();
    let clients = ran.history.lives.len();
    let rate = acknowledged as f64 / seconds;
    let mut text = format!(
        "\n{}, in {seconds:.0} s\n\
         {}\n\
         {clients} clients: {acknowledged} lines acknowledged ({rate:.0} a second), {asked_again} asked for again\n\
         the log: {logged} entries, {whispered} of them private; heard {heard} times\n\
         changes of lines: {changes}; changed lines looked at as clients see them: {looks}\n\
         returns: {resumes}, {exact} of them exact, with {resumed_entries} entries that had been missed; \
         {cut_short} more cut off before they were through\n\
         behind for over a second, and caught up: {caught_up} times; began anew: {restarts} times\n\
         the store: {put} puts and removals acknowledged, {put_late} too late for their condition; \
         counted up {counted} times; {copies} copies\n",
        ran.ends, ran.weather.struck
    );
    for violation in verdict.violations.iter().take(NAMED) {
        _ = writeln!(text, "{violation}"); // to a string: cannot fail
    }
    if verdict.violations.len() > NAMED {
        _ = writeln!(text, "… and {} more", verdict.violations.len() - NAMED);
    }
    _ = match verdict.violations.len() {
        0 => writeln!(text, "0 lost, 0 twice, 0 out of order, 0 stores apart"),
        count => writeln!(text, "{count} VIOLATIONS"),
    };
    text
}

/// Writes down all there is: the violations, what each client lived through, and the log.
pub(crate) fn keep(folder: &Path, history: &History, violations: &[Violation]) -> Result<()> {
    let folder = folder.join("records");
    fs::create_dir_all(&folder)?;
    let write = |name: &str, lines: &mut dyn Iterator<Item = String>| -> Result<()> {
        let mut file = BufWriter::new(File::create(folder.join(name))?);
        for line in lines {
            writeln!(file, "{line}")?;
        }
        Ok(file.flush()?)
    };
    write("violations.txt", &mut violations.iter().map(Violation::to_string))?;
    write("log.txt", &mut history.log.iter().map(|spoken| format!("{spoken:?}")))?;
    write("asked_again.txt", &mut history.asked_again.iter().map(|(line, seq)| format!("#{seq} {line}")))?;
    for (client, life) in history.lives.iter().enumerate() {
        write(&format!("client{client}.txt"), &mut life.events.iter().map(|event| format!("{event:?}")))?;
    }
    Ok(())
}
