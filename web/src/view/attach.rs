//! What goes with the next line: chosen, pasted or dropped, and on its way above the field.

use std::rc::Rc;

use shared::session::Phase;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, DataTransfer, DragEvent, Event, File, FileList, HtmlInputElement};

use super::attachments::name;
use crate::attaching::{Stage, Upload};
use crate::chunks::later;
use crate::dom::{Child, El, each, effect, el, on_window, show};
use crate::node::Node;
use crate::page::{document, has_keyboard};
use crate::state::*;
use crate::uploading::{kind, size};

/// The button that chooses files, and the field behind it.
pub(super) fn attach_button(node: Node) -> El {
    let field = el("input").attr("type", "file").attr("multiple", "").attr("hidden", "");
    let chosen: HtmlInputElement = field.handle();
    let field = field.on("change", {
        let chosen = chosen.clone();
        move |_| {
            if let Some(files) = chosen.files() {
                attach(node, &files);
            }
            // So that the same file can be chosen once more.
            chosen.set_value("");
        }
    });
    let button = el("button")
        .class("tool quiet icon icon-attach")
        .attr("type", "button")
        .attr("aria-label", "Attach files")
        .attr_from("title", move || limit(node))
        .on("click", move |_| chosen.click());
    el("span").class("attach").child(button).child(field)
}

/// How large a file may be, as the hub has said.
fn limit(node: Node) -> Option<String> {
    let most = node.welcome.with(|welcome| welcome.as_ref()?.max_upload)?;
    Some(["Up to ", &size(most), " a file"].concat())
}

/// What goes with the next line here.
pub(super) fn tray(node: Node) -> impl Child {
    listen(node);
    later(node, move || node.has_files().then_some(()), move |more, ()| (more.tray)(node))
}

/// The same, where there is something.
pub(super) fn files(node: Node) -> El {
    let files = el("ul").attr("aria-label", "Files to send").child(each(
        move || node.attached(),
        |upload| upload.number,
        move |upload| chip(node, upload),
    ));
    let waiting = show(
        move || node.waits_for_files(),
        move || {
            let not_yet =
                el("button").attr("type", "button").text("Do not send yet").on("click", move |_| node.hold_back());
            el("div").class("waits").child(el("span").text("Sending when the upload is done.")).child(not_yet)
        },
    );
    el("div").class("tray").child(files).child(el("div").attr("role", "status").child(waiting))
}

/// What the window hears of files, wherever they are dropped or pasted.
fn listen(node: Node) {
    node.attach_nothing();
    effect(move || {
        if node.phase.get() == Phase::Online {
            untrack(|| node.files_go_on());
        }
    });
    on_window("paste", move |event| {
        let given = event.unchecked_ref::<ClipboardEvent>().clipboard_data();
        // A table comes as text as well, and is meant as such; a picture out of a page only as that and its address.
        if let Some(files) =
            given.filter(|given| !(has(given, "text/plain") && has(given, "text/html"))).as_ref().and_then(files_of)
            && takes(&event)
        {
            event.prevent_default();
            attach(node, &files);
        }
    });
    on_window("dragover", move |event| {
        if brings_files(&event) {
            // Else the browser would open it, and leave the page.
            event.prevent_default();
            node.files.dragged.change(!is_covered());
        }
    });
    on_window("dragleave", move |event| {
        if event.unchecked_ref::<DragEvent>().related_target().is_none() {
            node.files.dragged.change(false);
        }
    });
    on_window("drop", move |event| {
        if brings_files(&event) {
            event.prevent_default();
            node.files.dragged.change(false);
            if let Some(files) = event.unchecked_ref::<DragEvent>().data_transfer().as_ref().and_then(files_of)
                && !is_covered()
            {
                attach(node, &files);
            }
        }
    });
    on_window("beforeunload", move |event| {
        // A page that is loaded again has no files any more; the browser asks first.
        if node.has_attached() {
            event.prevent_default();
        }
    });
}

fn attach(node: Node, files: &FileList) {
    // The browser takes the list back.
    let files: Vec<File> = (0..files.length()).filter_map(|at| files.get(at)).collect();
    let place = node.here.get_untracked();
    node.with_more(move |more| {
        (more.attach)(node, &place, files);
        focus_message();
    });
}

/// Where files that are being dragged would go.
pub(super) fn drop_target(node: Node) -> impl Child {
    show(
        move || node.files.dragged.get(),
        move || {
            let words = ["Drop files here to send them in ", node.here.get_untracked().name()].concat();
            let words = el("p").text(&words).child(el("br")).text_from(move || limit(node));
            el("div").class("drop-target").child(words)
        },
    )
}

fn brings_files(event: &Event) -> bool {
    event.unchecked_ref::<DragEvent>().data_transfer().is_some_and(|given| has(&given, "Files"))
}

fn has(given: &DataTransfer, kind: &str) -> bool {
    given.types().includes(&kind.into(), 0)
}

fn files_of(given: &DataTransfer) -> Option<FileList> {
    given.files().filter(|files| files.length() > 0)
}

/// Whether something lies over the talk.
fn is_covered() -> bool {
    matches!(document().query_selector("dialog[open]"), Ok(Some(_)))
}

/// Whether a paste is for the talk: not for another field, in which one is writing.
fn takes(event: &Event) -> bool {
    !is_covered() && event.target().is_none_or(|target| !target.has_type::<HtmlInputElement>())
}

fn chip(node: Node, upload: &Rc<Upload>) -> El {
    let remove = {
        let upload = Rc::clone(upload);
        el("button")
            .class("quiet icon icon-close")
            .attr("type", "button")
            .attr("aria-label", &["Remove ", &upload.name].concat())
            .on("click", move |_| {
                node.detach(&upload);
                focus_message();
            })
    };
    let [told_of, refused_of, hidden_of, sent_of] = [(); 4].map(|()| Rc::clone(upload));
    let told = el("span").class("told").text_from(move || told(&told_of));
    // It is there before there is anything to be heard.
    let refused = el("span").class("refused").attr("role", "alert").text_from(move || refused(&refused_of));
    let progress = el("progress")
        .attr("aria-label", &["Uploading ", &upload.name].concat())
        .attr("max", &upload.size.max(1).to_string())
        .attr_from("hidden", move || arrived(&hidden_of).is_none().then_some(""))
        .attr_from("value", move || arrived(&sent_of).map(|bytes| bytes.to_string()));
    el("li")
        .class("chip")
        .child(small_picture(upload))
        .child(el("div").class("about").child(name(&upload.name)).child(told).child(refused).child(progress))
        .child(remove)
}

/// What it looks like, or what kind it is.
fn small_picture(upload: &Upload) -> El {
    let kind = el("span").class("kind").attr("aria-hidden", "true").text(&kind(&upload.name));
    match &upload.preview {
        None => kind,
        // It lies over the kind, and leaves that to be seen where it is no picture.
        Some(preview) => {
            let picture = el("img").attr("alt", "").attr("src", preview);
            let shown: web_sys::Element = picture.handle();
            kind.child(picture.on("error", move |_| shown.remove()))
        }
    }
}

/// What is to be said of it.
fn told(upload: &Upload) -> String {
    let also = match upload.stage.get() {
        Stage::Sending(_) => "",
        Stage::Cut(_) => ", waiting for the hub",
        Stage::Done(_) => ", uploaded",
        Stage::Refused(_) => ", not sent",
    };
    [&*size(upload.size), also].concat()
}

/// Why the hub would not have it.
fn refused(upload: &Upload) -> Option<String> {
    match upload.stage.get() {
        Stage::Refused(words) => Some(words),
        _ => None,
    }
}

/// How many bytes have arrived, while that changes.
fn arrived(upload: &Upload) -> Option<u64> {
    match upload.stage.get() {
        Stage::Sending(arrived) | Stage::Cut(arrived) => Some(arrived),
        Stage::Done(_) | Stage::Refused(_) => None,
    }
}

/// One goes on writing; the button that took a file away has gone with it.
fn focus_message() {
    if !has_keyboard() {
        return;
    }
    let field = document().get_element_by_id("message").and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(field) = field {
        // A field that cannot be focused is no reason to stop.
        let _ = field.focus();
    }
}
