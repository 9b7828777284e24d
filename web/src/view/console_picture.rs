//! The picture of the nodes: the hub in the middle, a line to each node, drawn by what it is and how far away.
//!
//! What it shows the table beside it says as well: to a screen reader it is one picture.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver};

use crate::console::facts::{Fact, Kind, milliseconds, step};
use crate::console::layout::{Side, Spot};
use crate::console::{Console, Shown};
use crate::dom::{El, each, effect, el, keep, svg};
use crate::hue;
use crate::processes::host::Host;
use crate::state::Signal;

/// A longer name is cut in the picture, in letters; the table has it whole.
const LONGEST: usize = 16;

pub(super) fn picture(host: &'static Host) -> El {
    let console = &host.console;
    let rows = |class: &'static str, row: fn(&'static Host, &Rc<Shown>) -> El| {
        svg("g").class(class).child(each(
            move || console.shown.get(),
            |shown| shown.node.clone(),
            move |shown| row(host, shown),
        ))
    };
    let drawing = svg("svg")
        .attr("role", "img")
        .attr("aria-label", "Nodes")
        .attr("aria-describedby", "console-told")
        .attr_from("class", move || ["map ", console.density.get()].concat())
        .attr_from("viewBox", move || {
            let frame = console.frame.get();
            ["0 0 ", &frame.width.to_string(), " ", &frame.height.to_string()].concat()
        })
        .child((rows("ways", way), spawned(host)))
        .child(rows("nodes", node));
    let around = el("div").class("map-frame").child(drawing);
    follow_size(console, around.handle());
    around
}

/// Keeps the drawing as large as the room it has.
fn follow_size(console: &'static Console, frame: Element) {
    let observed = frame.clone();
    let sized = Closure::<dyn Fn(Array)>::new(move |_| {
        let (width, height) = (frame.client_width(), frame.client_height());
        if width > 0 && height > 0 {
            console.resize(width, height);
        }
    });
    // A browser without it draws the picture in one size.
    if let Ok(observer) = ResizeObserver::new(sized.as_ref().unchecked_ref()) {
        observer.observe(&observed);
        keep(Observing { observer, _sized: sized });
    }
}

struct Observing {
    observer: ResizeObserver,
    _sized: Closure<dyn Fn(Array)>,
}

impl Drop for Observing {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// The line from the hub to a node, with how long there and back takes.
fn way(host: &'static Host, shown: &Rc<Shown>) -> El {
    let console = &host.console;
    let hub = move || {
        let frame = console.frame.get();
        (frame.width / 2, frame.height / 2)
    };
    let [class, end, at, told] = [(); 4].map(|()| Rc::clone(shown));
    let spot = |shown: &Shown| shown.spot.get();
    let line = svg("path").attr_from("d", move || {
        let (x, y) = hub();
        spot(&end).map(|end| {
            ["M", &x.to_string(), " ", &y.to_string(), "L", &end.x.to_string(), " ", &end.y.to_string()].concat()
        })
    });
    let words = svg("text")
        .attr_from("transform", move || {
            // Nearer to the node, where lines are farther apart.
            let (x, y) = hub();
            spot(&at).map(|spot| translate(x + (spot.x - x) * 5 / 9, y + (spot.y - y) * 5 / 9 - 4))
        })
        .text_from(move || told.fact.get().ping.flatten().map(milliseconds));
    svg("g")
        .attr_from("class", move || {
            let fact = class.fact.get();
            if fact.kind() == Kind::Hub || spot(&class).is_none() {
                return "gone";
            }
            match fact.ping {
                None => "way unknown",
                Some(None) => "way silent",
                Some(Some(micros)) => match step(micros) {
                    1 => "way step-1",
                    2 => "way step-2",
                    3 => "way step-3",
                    _ => "way step-4",
                },
            }
        })
        .child((line, words))
}

/// Whose output the processes of the selected node are: a curve to each of those nodes.
fn spawned(host: &'static Host) -> El {
    let console = &host.console;
    let drawn = svg("path").class("spawned");
    let element: Element = drawn.handle();
    let before = RefCell::new(String::new());
    effect(move || {
        let path = curves(console);
        if *before.borrow() != path {
            // Fails for nothing that is given here.
            let _ = element.set_attribute("d", &path);
            before.replace(path);
        }
    });
    drawn
}

fn curves(console: &Console) -> String {
    let shown = console.shown.get();
    let selected = console.selected.get();
    let find = |node: &str| shown.iter().find(|shown| shown.node == node);
    let Some(from) = selected.as_deref().and_then(find) else { return String::new() };
    let (fact, Some(start)) = (from.fact.get(), from.spot.get()) else { return String::new() };
    let mut leaders: Vec<&str> = Vec::new();
    for process in fact.stats.iter().flat_map(|stats| &stats.processes) {
        if let Some(leader) = process.leader.as_deref().filter(|leader| *leader != from.node)
            && !leaders.contains(&leader)
        {
            leaders.push(leader);
        }
    }
    let frame = console.frame.get();
    let mut path = String::new();
    for end in leaders.into_iter().filter_map(find).filter_map(|shown| shown.spot.get()) {
        // Bent away from the hub, whose lines it would lie on.
        let bend = |from: i32, to: i32, middle: i32| (from + to) / 2 + ((from + to) / 2 - middle) / 3;
        let (x, y) = (bend(start.x, end.x, frame.width / 2), bend(start.y, end.y, frame.height / 2));
        for (sign, x, y) in [("M", start.x, start.y), ("Q", x, y), (" ", end.x, end.y)] {
            path.push_str(&[sign, &x.to_string(), " ", &y.to_string()].concat());
        }
    }
    path
}

/// A node: its shape, what it is called, and below that what is to be said of it.
fn node(host: &'static Host, shown: &Rc<Shown>) -> El {
    let console = &host.console;
    let name = shown.node.clone();
    let [place, class, count, title, second, third] = [(); 6].map(|()| Rc::clone(shown));
    let fact = shown.fact.get();
    let (shape, hub) = (shape(fact.kind()), fact.kind() == Kind::Hub);
    let selected = console.selected;
    let own = host.is_own(&name);
    let on = {
        let name = name.clone();
        move || selected.with(|selected| selected.as_deref() == Some(&*name))
    };
    let side = {
        let shown = Rc::clone(shown);
        move || shown.spot.get().map_or(Side::Below, |spot| spot.side)
    };
    let label = svg("g")
        .attr_from("class", move || match side() {
            Side::Left => "label left",
            Side::Right => "label right",
            Side::Above => "label at-head",
            Side::Below => "label at-foot",
        })
        .child([
            svg("text")
                .class("nick")
                .text_from(move || short(title.fact.get().info.nick.as_deref().unwrap_or(title.fact.get().local()))),
            svg("text").class("machine").text_from(move || {
                let fact = second.fact.get();
                fact.info.nick.as_ref().map(|_| short(fact.local()))
            }),
            svg("text").class("load").text_from(move || load(&third.fact.get())),
        ]);
    let number = svg("text").class("count").text_from(move || {
        if hub {
            return Some("hub".to_owned());
        }
        count.fact.get().stats.as_ref().map(|stats| stats.count.to_string())
    });
    svg("g")
        .attr_from("class", move || {
            let fact = class.fact.get();
            let hue = fact.info.nick.as_deref().map_or("nick hue-none", hue::classes);
            let kind = match fact.kind() {
                Kind::Hub => " is-hub",
                Kind::Tab => " is-tab",
                Kind::Terminal => " is-terminal",
                Kind::Other => " is-other",
            };
            [
                "node ",
                hue,
                kind,
                if own { " own" } else { "" },
                if fact.silent() { " silent" } else { "" },
                if on() { " selected" } else { "" },
                if class.spot.get().is_none() { " gone" } else { "" },
            ]
            .concat()
        })
        .attr_from("transform", move || place.spot.get().map(|Spot { x, y, .. }| translate(x, y)))
        .child((svg("circle").class("halo").attr("r", "20"), shape))
        .child((number, label))
        .on("click", move |_| choose(selected, &name))
}

fn choose(selected: Signal<Option<String>>, name: &str) {
    let now = selected.get_untracked();
    selected.set((now.as_deref() != Some(name)).then(|| name.to_owned()));
}

/// What a node is, so that it need not be told by its colour.
fn shape(kind: Kind) -> El {
    match kind {
        Kind::Hub => {
            svg("rect").attr("x", "-24").attr("y", "-14").attr("width", "48").attr("height", "28").attr("rx", "6")
        }
        Kind::Tab => svg("circle").attr("r", "12"),
        Kind::Terminal => {
            svg("rect").attr("x", "-11").attr("y", "-11").attr("width", "22").attr("height", "22").attr("rx", "2")
        }
        Kind::Other => svg("path").attr("d", "M0 -14L14 0L0 14L-14 0Z"),
    }
    .class("shape")
}

/// Messages that wait, and restarts: what there is to be seen of trouble.
fn load(fact: &Fact) -> Option<String> {
    let stats = fact.stats.as_ref()?;
    let mut words = Vec::new();
    if stats.mailbox > 0 {
        words.push(["✉ ", &stats.mailbox.to_string()].concat());
    }
    if stats.restarts > 0 {
        words.push(["↻ ", &stats.restarts.to_string()].concat());
    }
    (!words.is_empty()).then(|| words.join("  "))
}

fn short(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        Some((at, _)) => [&name[..at], "…"].concat(),
        None => name.to_owned(),
    }
}

fn translate(x: i32, y: i32) -> String {
    ["translate(", &x.to_string(), " ", &y.to_string(), ")"].concat()
}
