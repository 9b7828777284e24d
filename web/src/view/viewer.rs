//! One picture, as large as the window.

use shared::entry::{Entry, File};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDialogElement, HtmlElement, KeyboardEvent};

use crate::chunks::later;
use crate::dom::{Child, El, effect, el, on_window, show, switch};
use crate::files::{Found, Viewed, address};
use crate::node::Node;
use crate::state::*;
use crate::uploading::{kind, size};
use crate::{calendar, clock};

/// How large a picture can be made, in hundredths of its size when it fits into the window.
const ZOOMS: [u32; 6] = [100, 150, 200, 300, 400, 800];

/// What a click makes of one that fits.
const CLICKED: usize = 2;

pub(super) fn viewer(node: Node) -> impl Child {
    later(
        node,
        move || node.files.viewed.with(|viewed| viewed.as_ref().map(|_| ())),
        move |more, ()| (more.viewer)(node),
    )
}

pub(super) fn window(node: Node) -> El {
    let zoom = Signal::new(0);
    let dialog = el("dialog").class("viewer").attr("aria-labelledby", "viewer-title");
    let this: HtmlDialogElement = dialog.handle();
    effect({
        let this = this.clone();
        move || {
            // Fails only for one that is open already.
            let _ = this.show_modal();
        }
    });
    let (place, shut) = (node.here.get_untracked(), this.clone());
    effect(move || {
        if node.here.get() != place {
            shut.close();
        }
    });
    let step = move |forward| {
        if let Some(next) = beside(node, forward) {
            zoom.set(0);
            node.files.viewed.set(Some(next));
        }
    };
    let nearer = move |nearer: bool| {
        let now = zoom.get_untracked();
        zoom.change(if nearer { (now + 1).min(ZOOMS.len() - 1) } else { now.saturating_sub(1) });
    };
    let keys = move |event: KeyboardEvent| {
        // They are for this window, and nothing behind it.
        event.stop_propagation();
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let fits = zoom.get_untracked() == 0;
        match event.key().as_str() {
            "ArrowLeft" if fits => step(false),
            "ArrowRight" if fits => step(true),
            "+" | "=" => nearer(true),
            "-" => nearer(false),
            "0" => zoom.change(0),
            _ => return,
        }
        event.prevent_default();
    };
    let button = |name: &'static str, class: &'static str| {
        el("button").class(class).attr("type", "button").attr("aria-label", name)
    };
    let end = move |forward| {
        move || {
            node.files.viewed.track();
            beside(node, forward).is_none()
        }
    };
    let tools = el("div")
        .class("tools")
        .child(
            button("Previous picture", "quiet icon icon-previous")
                .attr_from("aria-disabled", end(false))
                .on("click", move |_| step(false)),
        )
        .child(
            button("Next picture", "quiet icon icon-next")
                .attr_from("aria-disabled", end(true))
                .on("click", move |_| step(true)),
        )
        .child(
            button("Smaller", "quiet icon icon-less")
                .attr_from("aria-disabled", move || zoom.get() == 0)
                .on("click", move |_| nearer(false)),
        )
        .child(
            button("Larger", "quiet icon icon-add")
                .attr_from("aria-disabled", move || zoom.get() == ZOOMS.len() - 1)
                .on("click", move |_| nearer(true)),
        )
        .child(
            el("a")
                .class("button")
                .attr_from("href", move || facts(node).map(|facts| facts.address))
                .attr_from("download", move || facts(node).map(|facts| facts.name))
                .text("Download"),
        );
    let shut = {
        let this = this.clone();
        el("button").attr("type", "button").text("Close").on("click", move |_| this.close())
    };
    let about = el("div")
        .attr("role", "status")
        .child(
            el("h2").attr("id", "viewer-title").child(el("bdi").text_from(move || facts(node).map(|facts| facts.name))),
        )
        .child(
            el("p")
                .text_from(move || facts(node).map(|facts| facts.size))
                .child(el("bdi").text_from(move || facts(node).map(|facts| facts.from)))
                .text_from(move || facts(node).map(|facts| facts.when)),
        );
    let head = el("div").class("viewer-head").child(about).child(tools).child(shut);
    let picture = switch(
        move || node.files.viewed.get(),
        move |viewed| match file(node, *viewed) {
            Some((_, file)) => picture(node, &file, zoom),
            None => el("p").text("This file is no longer kept."),
        },
    );
    let stage = el("div")
        .class("stage")
        .attr("role", "group")
        .attr("aria-label", "Picture")
        .attr("tabindex", "0")
        .attr("autofocus", "")
        .child(picture);
    dialog.on_key(keys).on("close", move |_| node.files.viewed.set(None)).child(head).child(stage)
}

/// The picture before or behind the one that is shown.
fn beside(node: Node, forward: bool) -> Option<Viewed> {
    let shown = node.files.viewed.get_untracked()?;
    let all = node.pictures();
    if forward {
        all.get(all.partition_point(|other| *other <= shown)).copied()
    } else {
        all.get(all.partition_point(|other| *other < shown).checked_sub(1)?).copied()
    }
}

/// The line and the file that is shown, if both are still held.
fn file(node: Node, viewed: Option<Viewed>) -> Option<(std::sync::Arc<Entry>, File)> {
    let (seq, at) = viewed?;
    let line = node.line(seq)?;
    let file = line.details()?.files.get(at)?.clone();
    Some((line, file))
}

/// What is told of a picture.
struct Facts {
    address: String,
    name: String,
    size: String,
    from: String,
    when: String,
}

/// What is told of the one that is shown; followed.
fn facts(node: Node) -> Option<Facts> {
    let (line, file) = file(node, node.files.viewed.get())?;
    let mut told = kind(&file.name);
    if !told.is_empty() {
        told.push_str(", ");
    }
    told.push_str(&size(file.size));
    if let (Some(width), Some(height)) = (file.width, file.height) {
        told.push_str(&[", ", &width.to_string(), " × ", &height.to_string()].concat());
    }
    told.push_str(", from ");
    let when = [", ", &calendar::full(line.at(), clock::minutes_east(line.at()))].concat();
    Some(Facts { address: address(&file), name: file.name, size: told, from: line.from().to_owned(), when })
}

fn picture(node: Node, file: &File, zoom: Signal<usize>) -> El {
    let address = address(file);
    let whole = [f64::from(file.width.unwrap_or(1)), f64::from(file.height.unwrap_or(1))];
    let gone = std::rc::Rc::new(Watched::new(false));
    let (is_gone, told) = (std::rc::Rc::clone(&gone), address.clone());
    let failed = move |_: Event| {
        let gone = std::rc::Rc::clone(&gone);
        node.look_for(&told, move |found| {
            if found != Found::Unknown {
                gone.set(true);
            }
        });
    };
    let image = el("img")
        .attr("alt", &file.name)
        .attr("src", &address)
        .attr_from("class", move || (zoom.get() > 0).then_some("large"))
        .attr_from("hidden", {
            let gone = std::rc::Rc::clone(&is_gone);
            move || gone.get().then_some("")
        })
        .on("error", failed)
        .on("click", move |_| zoom.set(if zoom.get_untracked() == 0 { CLICKED } else { 0 }));
    let shown: HtmlElement = image.handle();
    let fit = move || fit(&shown, whole, ZOOMS[zoom.get()]);
    on_window("resize", {
        let fit = fit.clone();
        move |_| fit()
    });
    effect(fit);
    el("div")
        .class("frame")
        .child(image)
        .child(show(move || is_gone.get(), || el("p").text("This file is no longer kept.")))
}

/// Makes it as large as is wanted, and shows its middle.
fn fit(image: &HtmlElement, [width, height]: [f64; 2], percent: u32) {
    let style = image.style();
    let Some(stage) = image.closest(".stage").ok().flatten() else { return };
    if percent == ZOOMS[0] {
        // Its style fits it into the window.
        let _ = style.remove_property("width");
        return;
    }
    let room = f64::from(stage.client_width()) / width;
    let room = room.min(f64::from(stage.client_height()) / height).min(1.0);
    let pixels = (width * room * f64::from(percent) / 100.0) as u32;
    let _ = style.set_property("width", &[&pixels.to_string(), "px"].concat());
    centre(stage.unchecked_ref());
}

fn centre(stage: &Element) {
    stage.set_scroll_left((stage.scroll_width() - stage.client_width()) / 2);
    stage.set_scroll_top((stage.scroll_height() - stage.client_height()) / 2);
}
