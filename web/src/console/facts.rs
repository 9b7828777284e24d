//! What is known of nodes: the list that follows by itself, how far each is, what runs there. Pure.

use serde_json::Value;
use shared::message::{NodeInfo, NodesChanged};

/// Between two pings of one node, and two looks at what runs there, in milliseconds, where there are few nodes.
const ROUND: u64 = 2_000;

/// Between two looks at the node that is selected, in milliseconds.
const ROUND_SELECTED: u64 = 1_000;

/// One process, as its node tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ProcessFact {
    pub(crate) pid: String,
    pub(crate) name: Option<String>,
    pub(crate) program: String,
    /// The node where what it prints appears.
    pub(crate) leader: Option<String>,
    pub(crate) mailbox: u64,
    pub(crate) restarts: u64,
}

/// What a node tells of its processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Stats {
    /// Of all, the longest mailboxes first.
    pub(crate) processes: Vec<ProcessFact>,
    pub(crate) count: u64,
    pub(crate) mailbox: u64,
    pub(crate) restarts: u64,
}

impl Stats {
    /// As `stats` of the process `node` answers; what is missing is nothing.
    pub(crate) fn read(value: &Value) -> Self {
        let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let processes = value.get("processes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self {
            processes: processes
                .iter()
                .map(|process| ProcessFact {
                    pid: text(process, "pid").unwrap_or_default(),
                    name: text(process, "name"),
                    program: text(process, "program").unwrap_or_default(),
                    leader: text(process, "leader"),
                    mailbox: number(process, "mailbox"),
                    restarts: number(process, "restarts"),
                })
                .collect(),
            count: number(value, "count"),
            mailbox: number(value, "mailbox"),
            restarts: number(value, "restarts"),
        }
    }
}

/// One node, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) info: NodeInfo,
    /// The last ping: how long it took, in microseconds, or none where nothing answered. Nothing before the first.
    pub(crate) ping: Option<Option<u32>>,
    pub(crate) stats: Option<Stats>,
    /// When it was last pinged and looked at, in milliseconds since 1970 UTC.
    pub(crate) pinged_at: u64,
    pub(crate) looked_at: u64,
}

impl Fact {
    fn of(info: NodeInfo) -> Self {
        Self { info, ping: None, stats: None, pinged_at: 0, looked_at: 0 }
    }

    pub(crate) fn silent(&self) -> bool {
        self.ping == Some(None)
    }

    pub(crate) fn kind(&self) -> Kind {
        match &*self.info.kind {
            "hub" => Kind::Hub,
            "tab" => Kind::Tab,
            "terminal" => Kind::Terminal,
            _ => Kind::Other,
        }
    }

    /// The name before the `@`.
    pub(crate) fn local(&self) -> &str {
        local(&self.info.node)
    }
}

/// The name before the `@`.
pub(crate) fn local(node: &str) -> &str {
    node.split('@').next().unwrap_or(node)
}

/// What a node is, in the picture a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Hub,
    Tab,
    Terminal,
    Other,
}

/// All nodes, by their persons and names, the hub first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    all: Vec<Fact>,
    /// Where they are too many to be named: how many there are.
    pub(crate) count: Option<u32>,
}

impl Facts {
    pub(crate) fn all(&self) -> &[Fact] {
        &self.all
    }

    pub(crate) fn get_mut(&mut self, node: &str) -> Option<&mut Fact> {
        self.all.iter_mut().find(|fact| fact.info.node == node)
    }

    /// The whole list has come: those that are not in it are gone.
    pub(crate) fn replace(&mut self, nodes: Vec<NodeInfo>) {
        self.count = None;
        self.all.retain(|fact| nodes.iter().any(|info| info.node == fact.info.node));
        for info in nodes {
            self.put(info);
        }
    }

    /// It has changed.
    pub(crate) fn change(&mut self, changed: NodesChanged) {
        self.count = changed.count;
        self.all.retain(|fact| !changed.gone.contains(&fact.info.node));
        for info in changed.here {
            self.put(info);
        }
    }

    fn put(&mut self, info: NodeInfo) {
        let mut fact = Fact::of(info);
        if let Some(at) = self.all.iter().position(|known| known.info.node == fact.info.node) {
            let known = self.all.remove(at);
            // One that came anew under its name is another life: nothing of before holds.
            if known.info.since == fact.info.since {
                fact = Fact { info: fact.info, ..known };
            }
        }
        // Put in one by one: a sort would be several KB more to download.
        let place = self.all.partition_point(|other| order(other) <= order(&fact));
        self.all.insert(place, fact);
    }

    /// Who is to be pinged now; it counts as pinged from then on.
    pub(crate) fn next_ping(&mut self, now: u64, own: &str) -> Option<String> {
        let fact = (self.all.iter_mut())
            .filter(|fact| fact.info.processes && fact.info.node != own && fact.pinged_at + ROUND <= now)
            .min_by_key(|fact| fact.pinged_at)?;
        fact.pinged_at = now;
        Some(fact.info.node.clone())
    }

    /// Whom to ask now what runs there: the one that is selected each second, the others in turn.
    pub(crate) fn next_look(&mut self, now: u64, selected: Option<&str>) -> Option<String> {
        let due = |fact: &Fact| {
            let round = if Some(&*fact.info.node) == selected { ROUND_SELECTED } else { ROUND };
            fact.info.processes && fact.looked_at + round <= now
        };
        let turn = |fact: &Fact| (Some(&*fact.info.node) != selected, fact.looked_at);
        let fact = self.all.iter_mut().filter(|fact| due(fact)).min_by_key(|fact| turn(fact))?;
        fact.looked_at = now;
        Some(fact.info.node.clone())
    }

    /// All of it in a sentence: `14 nodes: the hub, 9 tabs, 3 terminals, 1 other. 2 do not answer.`
    pub(crate) fn sentence(&self) -> String {
        if let Some(count) = self.count {
            return format!("{count} nodes: too many to be drawn.");
        }
        let of = |kind: Kind| self.all.iter().filter(|fact| fact.kind() == kind).count();
        let mut parts = Vec::new();
        if of(Kind::Hub) > 0 {
            parts.push("the hub".to_owned());
        }
        for (kind, one, more) in
            [(Kind::Tab, "tab", "tabs"), (Kind::Terminal, "terminal", "terminals"), (Kind::Other, "other", "others")]
        {
            match of(kind) {
                0 => {}
                1 => parts.push(["1 ", one].concat()),
                count => parts.push(format!("{count} {more}")),
            }
        }
        let nodes = if self.all.len() == 1 { "node" } else { "nodes" };
        let mut sentence = format!("{} {nodes}: {}.", self.all.len(), parts.join(", "));
        match self.all.iter().filter(|fact| fact.silent()).count() {
            0 => {}
            1 => sentence.push_str(" 1 does not answer."),
            silent => sentence.push_str(&format!(" {silent} do not answer.")),
        }
        sentence
    }
}

fn order(fact: &Fact) -> (bool, bool, &str, &str) {
    let nick = fact.info.nick.as_deref();
    (fact.kind() != Kind::Hub, nick.is_none(), nick.unwrap_or_default(), &fact.info.node)
}

/// `0.8 ms`, `12 ms`.
pub(crate) fn milliseconds(micros: u32) -> String {
    let tenths = (u64::from(micros) + 50) / 100;
    if tenths < 100 { format!("{}.{} ms", tenths / 10, tenths % 10) } else { format!("{} ms", (tenths + 5) / 10) }
}

/// How far a node is, in four steps: within a millisecond, ten, a hundred, or farther.
pub(crate) fn step(micros: u32) -> u8 {
    match micros {
        0..1_000 => 1,
        1_000..10_000 => 2,
        10_000..100_000 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn info(node: &str, nick: &str, kind: &str) -> NodeInfo {
        let nick = (!nick.is_empty()).then(|| nick.to_owned());
        NodeInfo { node: format!("{node}@den"), nick, kind: kind.to_owned(), since: 1, processes: true }
    }

    fn facts() -> Facts {
        let mut facts = Facts::default();
        facts.replace(vec![
            info("tab-2", "bob", "tab"),
            info("bot", "", "bot"),
            info("hub", "", "hub"),
            info("tab-1", "ana", "tab"),
            info("term", "bob", "terminal"),
        ]);
        facts
    }

    fn names(facts: &Facts) -> Vec<&str> {
        facts.all().iter().map(Fact::local).collect()
    }

    #[test]
    fn a_persons_nodes_stand_together_behind_the_hub() {
        assert_eq!(names(&facts()), ["hub", "tab-1", "tab-2", "term", "bot"]);
        assert_eq!(facts().sentence(), "5 nodes: the hub, 2 tabs, 1 terminal, 1 other.");
    }

    #[test]
    fn the_list_follows_and_keeps_what_is_known_of_those_who_stay() {
        let mut facts = facts();
        facts.get_mut("tab-1@den").expect("it").ping = Some(Some(800));
        facts.get_mut("tab-2@den").expect("it").ping = Some(None);
        assert_eq!(facts.sentence(), "5 nodes: the hub, 2 tabs, 1 terminal, 1 other. 1 does not answer.");
        let renamed = NodeInfo { nick: Some("zoe".to_owned()), ..info("tab-1", "", "tab") };
        let reborn = NodeInfo { since: 2, ..info("tab-2", "bob", "tab") };
        facts.change(NodesChanged { here: vec![renamed, reborn], gone: vec!["bot@den".to_owned()], count: None });
        assert_eq!(names(&facts), ["hub", "tab-2", "term", "tab-1"]);
        assert_eq!(facts.get_mut("tab-1@den").expect("it").ping, Some(Some(800)));
        assert_eq!(facts.get_mut("tab-2@den").expect("it").ping, None, "another life");
    }

    #[test]
    fn each_is_pinged_in_turn_and_oneself_never() {
        let mut facts = facts();
        let mut pinged: Vec<String> = Vec::new();
        while let Some(node) = facts.next_ping(10_000, "tab-1@den") {
            pinged.push(node);
        }
        assert_eq!(pinged, ["hub@den", "tab-2@den", "term@den", "bot@den"]);
        assert_eq!(facts.next_ping(11_000, "tab-1@den"), None);
        assert_eq!(facts.next_ping(12_000, "tab-1@den").as_deref(), Some("hub@den"));
    }

    #[test]
    fn the_one_that_is_selected_is_looked_at_each_second() {
        let mut facts = facts();
        let selected = Some("term@den");
        assert_eq!(facts.next_look(10_000, selected).as_deref(), selected);
        for _ in 0..4 {
            assert_ne!(facts.next_look(10_000, selected).as_deref(), selected);
        }
        assert_eq!(facts.next_look(10_900, selected), None);
        assert_eq!(facts.next_look(11_000, selected).as_deref(), selected);
    }

    #[test]
    fn what_a_node_tells_is_read_and_what_it_leaves_out_is_nothing() {
        let stats = Stats::read(&json!({
            "creation": "k3f9", "count": 2, "mailbox": 7,
            "processes": [{ "pid": "k3f9.7", "name": "pong", "program": "pong", "leader": "tab-1@den", "mailbox": 7 }, {}],
        }));
        assert_eq!((stats.count, stats.mailbox, stats.restarts, stats.processes.len()), (2, 7, 0, 2));
        assert_eq!(stats.processes[0].name.as_deref(), Some("pong"));
        assert_eq!(Stats::read(&json!("no stats")), Stats::default());
    }

    #[test]
    fn round_trips_are_told_as_people_read_them() {
        let told = [0, 49, 50, 840, 1_000, 9_949, 9_951, 12_400, 150_000].map(milliseconds);
        assert_eq!(told, ["0.0 ms", "0.0 ms", "0.1 ms", "0.8 ms", "1.0 ms", "9.9 ms", "10 ms", "12 ms", "150 ms"]);
        assert_eq!([999, 1_000, 10_000, 100_000].map(step), [1, 2, 3, 4]);
    }
}
