//! The nodes as a table, and what is known of the one that is selected.

use std::rc::Rc;

use super::console::focus_prompt;
use super::dialog::roving;
use crate::console::facts::{Fact, ProcessFact, milliseconds};
use crate::console::{Console, Shown};
use crate::dom::{El, each, el, show, switch};
use crate::processes::host::Host;
use crate::state::*;
use crate::{calendar, clock, hue};

/// By what the rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Name,
    Ping,
    Processes,
    Mailbox,
    Restarts,
}

const COLUMNS: [(Sort, &str); 5] = [
    (Sort::Name, "Node"),
    (Sort::Ping, "Round trip"),
    (Sort::Processes, "Processes"),
    (Sort::Mailbox, "Mailbox"),
    (Sort::Restarts, "Restarts"),
];

pub(super) fn nodes(host: &'static Host) -> El {
    let console = &host.console;
    let sort = Signal::new(Sort::Name);
    let heads = COLUMNS.map(|(by, words)| {
        let button =
            el("button").class("quiet").attr("type", "button").text(words).on("click", move |_| sort.change(by));
        el("th")
            .attr("scope", "col")
            // Names rise, figures fall: what is large is what one looks for.
            .attr_from("aria-sort", move || {
                (sort.get() == by).then_some(if by == Sort::Name { "ascending" } else { "descending" })
            })
            .child(button)
    });
    let rows = each(move || sorted(console, sort.get()), |shown| shown.node.clone(), move |shown| row(host, shown));
    let table = el("table")
        .class("nodes")
        .attr("aria-label", "Nodes")
        .child(el("thead").child(el("tr").child(heads)))
        .child(el("tbody").child(rows));
    let details =
        switch(move || console.selected.get(), move |node| node.as_deref().and_then(|node| details(host, node)));
    let hint = show(
        move || console.selected.with(Option::is_none),
        || el("p").class("hint").text("Choose a node to see what runs there."),
    );
    el("div").class("nodes-and-details").child(roving(el("div").child(table), ".pick")).child((details, hint))
}

fn sorted(console: &'static Console, by: Sort) -> Vec<Rc<Shown>> {
    let mut rows = console.shown.get();
    if by == Sort::Name {
        return rows;
    }
    let figure = |shown: &Rc<Shown>| {
        let fact = shown.fact.get();
        let stats = |figure: fn(&crate::console::facts::Stats) -> u64| fact.stats.as_ref().map_or(0, figure);
        match by {
            Sort::Name => 0,
            Sort::Ping => fact.ping.map_or(0, |ping| ping.map_or(u64::MAX, u64::from)),
            Sort::Processes => stats(|stats| stats.count),
            Sort::Mailbox => stats(|stats| stats.mailbox),
            Sort::Restarts => stats(|stats| stats.restarts),
        }
    };
    let mut falling: Vec<(u64, Rc<Shown>)> = Vec::with_capacity(rows.len());
    for shown in rows.drain(..) {
        let figure = figure(&shown);
        // Put in one by one: a sort would be several KB more to download.
        let place = falling.partition_point(|(other, _)| *other >= figure);
        falling.insert(place, (figure, shown));
    }
    falling.into_iter().map(|(_, shown)| shown).collect()
}

fn row(host: &'static Host, shown: &Rc<Shown>) -> El {
    let selected = host.console.selected;
    let name = shown.node.clone();
    let is_selected = {
        let name = name.clone();
        move || selected.with(|selected| selected.as_deref() == Some(&*name))
    };
    let own = host.is_own(&name);
    let [nick, hue, ping, count, mailbox, restarts] = [(); 6].map(|()| Rc::clone(shown));
    let fact = shown.fact.get();
    let pick = el("button")
        .class("pick")
        .attr("type", "button")
        .attr_from("aria-pressed", is_selected)
        .child(el("bdi").class("machine").text(fact.local()))
        .text(" ")
        .child(
            el("bdi")
                .attr_from("class", move || hue.fact.get().info.nick.as_deref().map_or("told", hue::classes))
                .text_from(move || {
                    let fact = nick.fact.get();
                    fact.info.nick.clone().unwrap_or_else(|| fact.info.kind.clone())
                }),
        )
        .on("click", {
            let name = name.clone();
            move |_| {
                let now = selected.get_untracked();
                selected.set((now.as_deref() != Some(&*name)).then(|| name.clone()));
            }
        });
    let figure = |shown: Rc<Shown>, figure: fn(&Fact) -> Option<u64>| {
        el("td").text_from(move || figure(&shown.fact.get()).map(|figure| figure.to_string()))
    };
    el("tr").child(el("th").attr("scope", "row").child(pick)).child([
        el("td").text_from(move || told_ping(&ping.fact.get(), own)),
        figure(count, |fact| fact.stats.as_ref().map(|stats| stats.count)),
        figure(mailbox, |fact| fact.stats.as_ref().map(|stats| stats.mailbox)),
        figure(restarts, |fact| fact.stats.as_ref().map(|stats| stats.restarts)),
    ])
}

fn told_ping(fact: &Fact, own: bool) -> Option<String> {
    if own {
        return Some("this tab".to_owned());
    }
    if !fact.info.processes {
        return Some("no processes".to_owned());
    }
    Some(match fact.ping? {
        Some(micros) => milliseconds(micros),
        None => "no answer".to_owned(),
    })
}

/// What is known of a node.
fn details(host: &'static Host, node: &str) -> Option<El> {
    let console = &host.console;
    let shown = console.shown.with_untracked(|shown| shown.iter().find(|shown| shown.node == node).cloned())?;
    let fact = shown.fact.get();
    let name = fact.info.node.clone();
    let since = fact.info.since;
    let (kind, processes) = (fact.info.kind.clone(), fact.info.processes);
    let who = {
        let shown = Rc::clone(&shown);
        move || {
            let nick = shown.fact.get().info.nick.clone();
            nick.map_or_else(|| kind.clone(), |nick| [&kind, " of ", &nick].concat())
        }
    };
    let age = {
        let shown = Rc::clone(&shown);
        move || {
            let fact = shown.fact.get();
            let asked = fact.looked_at;
            if fact.stats.is_none() || asked == 0 {
                return None;
            }
            let age = clock::now().saturating_sub(asked);
            (age > 5_000).then(|| ["As of ", &calendar::span(age), " ago. "].concat())
        }
    };
    let deed = |words: &str, name: &str, act: fn(&'static Host, &str)| {
        let name = name.to_owned();
        el("button").attr("type", "button").text(words).on("click", move |_| act(host, &name))
    };
    let list = each(
        move || shown.fact.get().stats.as_ref().map(|stats| stats.processes.clone()).unwrap_or_default(),
        Clone::clone,
        {
            let name = name.clone();
            move |process: &ProcessFact| process_row(host, &name, process)
        },
    );
    let table =
        el("table")
            .class("processes")
            .attr("aria-label", "Processes")
            .child(el("thead").child(
                el("tr").child(
                    ["Process", "Program", "Mailbox", ""].map(|words| {
                        if words.is_empty() { el("td") } else { el("th").attr("scope", "col").text(words) }
                    }),
                ),
            ))
            .child(el("tbody").child(list));
    let deeds = processes.then(|| {
        el("div").class("buttons").child([
            deed("Ping", &name, |host, node| host.run(&["ping(\"", node, "\")"].concat())),
            deed("Monitor", &name, Host::monitor_node),
            deed("Spawn here…", &name, |host, node| {
                host.console.inserted.set(["spawn(\"", node, "\", || print(\"hello from \" + node()))"].concat());
                focus_prompt();
            }),
        ])
    });
    let told = el("p")
        .class("hint")
        .text_from(who)
        .text(", here since ")
        .text(&calendar::stamp(since, clock::now(), clock::minutes_east(since)))
        .text(". ")
        .text_from(age);
    let body =
        if processes { table } else { el("p").class("hint").text("This node has no processes that could be sent to.") };
    Some(
        el("section")
            .class("details")
            .attr("aria-label", &name)
            .child(el("h2").child(el("bdi").class("machine").text(&name)))
            .child(told)
            .child(deeds)
            .child(body),
    )
}

fn process_row(host: &'static Host, node: &str, process: &ProcessFact) -> El {
    let ProcessFact { pid, name, program, leader, mailbox, restarts } = process;
    let address = [pid, "@@", node].concat();
    let end = host.may_end(node, process).then(|| {
        el("button")
            .class("quiet")
            .attr("type", "button")
            .attr("aria-label", &["End ", pid].concat())
            .text("End")
            .on("click", move |_| host.end(&address))
    });
    let from = leader.as_deref().filter(|leader| *leader != node).map(|leader| {
        el("span").class("told").text(" for ").child(el("bdi").text(crate::console::facts::local(leader)))
    });
    let told = match restarts {
        0 => None,
        1 => Some(", 1 restart".to_owned()),
        many => Some([", ", &many.to_string(), " restarts"].concat()),
    };
    el("tr")
        .child(el("th").attr("scope", "row").child(el("bdi").class("machine").text(name.as_deref().unwrap_or(pid))))
        .child(el("td").child(el("bdi").text(program)).text(&told.unwrap_or_default()).child(from))
        .child(el("td").text(&mailbox.to_string()))
        .child(el("td").child(end))
}
