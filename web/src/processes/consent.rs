//! Who may run programs on this tab, as its person has decided. Pure; the browser keeps it.
//!
//! Decided for an owner of a nick within one log, by the number that the hub vouches for: a nick may change hands.

/// Decisions that are kept: the latest. More people than one decides about.
const MAX_DECIDED: usize = 100;

/// What holds for one owner from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Decision {
    Always,
    Never,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Decided {
    /// Which log gave the number.
    pub(crate) epoch: String,
    pub(crate) owner: u64,
    /// As the owner was called then: for people to read.
    pub(crate) nick: String,
    pub(crate) decision: Decision,
}

/// All of them, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decisions {
    all: Vec<Decided>,
}

impl Decisions {
    /// A line each; those of another version are passed over.
    pub(crate) fn read(kept: &str) -> Self {
        let decided = |line: &str| {
            let mut parts = line.splitn(4, ' ');
            let decision = match parts.next()? {
                "always" => Decision::Always,
                "never" => Decision::Never,
                _ => return None,
            };
            let (epoch, owner) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
            Some(Decided { epoch, owner, nick: parts.next()?.to_owned(), decision })
        };
        Self { all: kept.split('\n').filter_map(decided).take(MAX_DECIDED).collect() }
    }

    pub(crate) fn written(&self) -> String {
        let lines = self.all.iter().map(|decided| {
            let decision = if decided.decision == Decision::Always { "always" } else { "never" };
            format!("{decision} {} {} {}", decided.epoch, decided.owner, decided.nick.replace('\n', " "))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn all(&self) -> &[Decided] {
        &self.all
    }

    /// What was decided about an owner of this log.
    pub(crate) fn about(&self, epoch: &str, owner: Option<u64>) -> Option<Decision> {
        let same = |decided: &&Decided| decided.epoch == epoch && Some(decided.owner) == owner;
        self.all.iter().find(same).map(|decided| decided.decision)
    }

    /// It is decided so, whatever was before.
    pub(crate) fn decide(&mut self, decided: Decided) {
        self.take_back(&decided.epoch, decided.owner);
        self.all.push(decided);
        if self.all.len() > MAX_DECIDED {
            self.all.remove(0);
        }
    }

    /// The person will be asked again.
    pub(crate) fn take_back(&mut self, epoch: &str, owner: u64) {
        self.all.retain(|known| known.epoch != epoch || known.owner != owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(epoch: &str, owner: u64, decision: Decision) -> Decided {
        Decided { epoch: epoch.to_owned(), owner, nick: format!("nick {owner}"), decision }
    }

    #[test]
    fn what_was_decided_holds_for_one_owner_of_one_log() {
        let mut decisions = Decisions::default();
        decisions.decide(decided("e1", 7, Decision::Always));
        decisions.decide(decided("e1", 8, Decision::Never));
        assert_eq!(decisions.about("e1", Some(7)), Some(Decision::Always));
        assert_eq!(decisions.about("e1", Some(8)), Some(Decision::Never));
        assert_eq!(decisions.about("e2", Some(7)), None, "another log, another owner");
        assert_eq!(decisions.about("e1", None), None, "who has no nick is asked about each time");
        decisions.decide(decided("e1", 7, Decision::Never));
        assert_eq!(decisions.about("e1", Some(7)), Some(Decision::Never));
        decisions.take_back("e1", 7);
        assert_eq!(decisions.about("e1", Some(7)), None);
    }

    #[test]
    fn it_is_kept_as_it_was_and_what_is_not_known_is_passed_over() {
        let mut decisions = Decisions::default();
        decisions.decide(decided("e1", 7, Decision::Always));
        decisions.decide(decided("e2", u64::MAX, Decision::Never));
        assert_eq!(Decisions::read(&decisions.written()), decisions);
        assert_eq!(Decisions::read("perhaps e1 7 bob\nalways\nalways e1 x bob\n\n"), Decisions::default());
    }

    #[test]
    fn the_oldest_decision_goes_first() {
        let mut decisions = Decisions::default();
        for owner in 0..MAX_DECIDED as u64 + 1 {
            decisions.decide(decided("e1", owner, Decision::Always));
        }
        assert_eq!((decisions.all().len(), decisions.about("e1", Some(0))), (MAX_DECIDED, None));
    }
}
