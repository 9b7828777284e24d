//! The log, and what the hub said of it when lines were acknowledged.

use std::collections::HashMap;

use super::{Verdict, Violation};
use crate::line::{Id, Line, Place, Spoken};
use crate::record::{Event, History};

/// All entries, in the order of their positions.
pub(super) struct Log {
    entries: Vec<Spoken>,
}

impl Log {
    /// Puts the log in order, and checks it against what was asked for and acknowledged.
    pub(super) fn of(history: &History, verdict: &mut Verdict) -> Self {
        let mut entries = history.log.clone();
        entries.sort_by_key(|spoken| spoken.seq);
        let log = Self { entries };
        let violations = &mut verdict.violations;
        let asked = asked(history, violations);
        let by_line = log.by_line(violations);
        log.check_asked(&asked, violations);
        log.check_order(violations);
        let answers = answers(history, violations);
        for (line, seq) in &answers {
            match (log.at(*seq), by_line.get(line)) {
                (Some(at), _) if log.entries[at].line == *line => {}
                (_, Some(elsewhere)) => {
                    violations.push(Violation::AnswerChanged { line: *line, seqs: [*seq, *elsewhere] });
                }
                (_, None) => violations.push(Violation::Lost { line: *line, seq: *seq }),
            }
        }
        let counts = &mut verdict.counts;
        counts.acknowledged += answers.len() as u64;
        counts.asked_again += history.asked_again.len() as u64;
        counts.logged += log.entries.len() as u64;
        counts.whispered +=
            log.entries.iter().filter(|spoken| matches!(spoken.place, Place::Whisper { .. })).count() as u64;
        log
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Where the entry with this `seq` stands.
    pub(super) fn at(&self, seq: u64) -> Option<usize> {
        self.entries.binary_search_by_key(&seq, |spoken| spoken.seq).ok()
    }

    pub(super) fn get(&self, at: usize) -> &Spoken {
        &self.entries[at]
    }

    /// Entries behind `after` up to `upto`, with where they stand.
    pub(super) fn between(&self, after: u64, upto: u64) -> impl Iterator<Item = (usize, &Spoken)> {
        let begin = self.entries.partition_point(|spoken| spoken.seq <= after);
        self.entries.iter().enumerate().skip(begin).take_while(move |(_, spoken)| spoken.seq <= upto)
    }

    /// The position of each line, which has one only; and no position has two entries.
    fn by_line(&self, violations: &mut Vec<Violation>) -> HashMap<Line, u64> {
        let mut by_line = HashMap::with_capacity(self.entries.len());
        for spoken in &self.entries {
            if let Some(earlier) = by_line.insert(spoken.line, spoken.seq) {
                violations.push(Violation::TwiceInLog { line: spoken.line, seqs: [earlier, spoken.seq] });
            }
        }
        by_line
    }

    fn check_asked(&self, asked: &HashMap<Line, (Place, Id)>, violations: &mut Vec<Violation>) {
        for spoken in &self.entries {
            if asked.get(&spoken.line) != Some(&(spoken.place, spoken.id)) {
                violations.push(Violation::NeverAsked { spoken: *spoken });
            }
        }
    }

    fn check_order(&self, violations: &mut Vec<Violation>) {
        let mut last: HashMap<(u16, Place), Spoken> = HashMap::new();
        for spoken in &self.entries {
            if let Some(before) = last.insert((spoken.line.author, spoken.place), *spoken)
                && before.line.number > spoken.line.number
            {
                violations.push(Violation::Reordered { earlier: *spoken, later: before });
            }
        }
    }
}

/// Every line that was asked of a session: where, and with which id.
fn asked(history: &History, violations: &mut Vec<Violation>) -> HashMap<Line, (Place, Id)> {
    let mut asked = HashMap::new();
    for (client, life) in history.lives.iter().enumerate() {
        for event in &life.events {
            if let Event::Asked { line, place, id } = event
                && let Some(before) = asked.insert(*line, (*place, *id))
                && before != (*place, *id)
            {
                let what = format!("{line} was kept over a restart, and then asked for in another way");
                violations.push(Violation::Strange { client, what });
            }
        }
    }
    asked
}

/// Every answer that said where a line is.
fn answers(history: &History, violations: &mut Vec<Violation>) -> HashMap<Line, u64> {
    let of_lives = history.lives.iter().flat_map(|life| &life.events).filter_map(|event| match event {
        Event::Acknowledged { line, seq } => Some((*line, *seq)),
        _ => None,
    });
    let mut answers = HashMap::new();
    for (line, seq) in of_lives.chain(history.asked_again.iter().copied()) {
        if let Some(before) = answers.insert(line, seq)
            && before != seq
        {
            violations.push(Violation::AnswerChanged { line, seqs: [before, seq] });
        }
    }
    answers
}
