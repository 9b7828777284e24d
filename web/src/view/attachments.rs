//! The files of a line: pictures as such, everything else to be downloaded.

use std::cell::Cell;
use std::rc::Rc;

use shared::entry::File;
use shared::message::FileRef;
use web_sys::{Element, Event, HtmlElement};

use crate::dom::{El, effect, el, switch};
use crate::files::{Found, Key, address, thumbnail};
use crate::node::Node;
use crate::state::*;
use crate::uploading::{kind, short, shown, size};

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Picture,
    Card,
    Gone,
}

/// The files of the line at `seq`.
pub(super) fn attachments(node: Node, seq: u64, files: &[File]) -> El {
    node.want_key();
    let several = files.iter().filter(|file| file.width.is_some()).count() > 1;
    let mut pictures = el("div").class(if several { "pictures several" } else { "pictures" });
    let mut others = el("div").class("others");
    for (at, file) in files.iter().enumerate() {
        if file.width.is_some() {
            pictures = pictures.child(attachment(node, (seq, at), file, several));
        } else {
            others = others.child(attachment(node, (seq, at), file, several));
        }
    }
    el("div").class("files").child(pictures).child(others)
}

/// The files of a line that is not in the log yet, by their names.
pub(super) fn announced(files: &[FileRef]) -> Option<El> {
    (!files.is_empty()).then(|| {
        files.iter().fold(el("div").class("files others"), |all, file| {
            all.child(el("p").class("file").child(badge(&file.name)).child(name(&file.name)))
        })
    })
}

fn attachment(node: Node, at: (u64, usize), file: &File, several: bool) -> El {
    // It is told what became of it after its row may have gone.
    let how = Rc::new(Watched::new(if file.width.is_some() { Shown::Picture } else { Shown::Card }));
    let (file, told) = (file.clone(), Rc::clone(&how));
    let part = switch(
        move || told.get(),
        move |shown| match shown {
            Shown::Picture => picture(node, at, &file, several, &how),
            Shown::Card => card(node, &file, &how),
            Shown::Gone => el("p").class("file").child(badge(&file.name)).child(
                el("span")
                    .class("about")
                    .child(name(&file.name))
                    .child(el("span").class("told").text("This file is no longer kept.")),
            ),
        },
    );
    el("div").child(part)
}

/// Its box is as large before the picture has come.
fn picture(node: Node, at: (u64, usize), file: &File, several: bool, how: &Rc<Watched<Shown>>) -> El {
    let mut picture = el("img").attr("alt", &file.name).attr("loading", "lazy");
    if !several {
        let (width, height) = shown(file.width.unwrap_or_default(), file.height.unwrap_or_default());
        picture = picture.attr("width", &width.to_string()).attr("height", &height.to_string());
    }
    let address = thumbnail(file);
    let (shown, awaited, again) = (picture.handle::<Element>(), Rc::new(Cell::new(true)), Cell::new(false));
    effect({
        let (address, awaited) = (address.clone(), Rc::clone(&awaited));
        move || {
            if node.files.key.get() == Key::Held && awaited.take() {
                // Fails for no attribute.
                let _ = shown.set_attribute("src", &address);
            }
        }
    });
    let how = Rc::clone(how);
    let failed = move |_: Event| {
        let (how, awaited, tried) = (Rc::clone(&how), Rc::clone(&awaited), again.replace(true));
        node.look_for(&address, move |found| match found {
            Found::Gone => how.set(Shown::Gone),
            Found::There if tried => how.set(Shown::Card),
            Found::There => {
                awaited.set(true);
                node.files.key.notify();
            }
            // It is asked for again with the next connection.
            Found::Unknown => awaited.set(true),
        });
    };
    let open = move |event: Event| {
        event.stop_propagation();
        node.files.viewed.set(Some(at));
    };
    el("button").class("picture").attr("type", "button").child(picture.on("error", failed)).on("click", open)
}

/// To be downloaded, and nothing else: the hub has browsers save it and not open it.
fn card(node: Node, file: &File, how: &Rc<Watched<Shown>>) -> El {
    let to = address(file);
    let link = el("a").class("file").attr("href", &to).attr("download", &file.name);
    let (this, how, sure) = (link.handle::<HtmlElement>(), Rc::clone(how), Rc::new(Cell::new(false)));
    let clicked = move |event: Event| {
        // A browser would save whatever it is told in place of a file that is gone. So it is looked for first.
        if !sure.take() {
            event.prevent_default();
            let (this, how, sure) = (this.clone(), Rc::clone(&how), Rc::clone(&sure));
            node.look_for(&to, move |found| {
                if found == Found::Gone {
                    how.set(Shown::Gone);
                } else {
                    sure.set(true);
                    this.click();
                }
            });
        }
    };
    let told = [&size(file.size), ", download"].concat();
    link.child(badge(&file.name))
        .child(el("span").class("about").child(name(&file.name)).child(el("span").class("told").text(&told)))
        .on("click", clicked)
}

/// The kind of a file, by its name.
fn badge(name: &str) -> El {
    el("span").class("kind").attr("aria-hidden", "true").text(&kind(name))
}

/// What it is called: as much of it as fits is seen, and all of it heard.
pub(super) fn name(name: &str) -> El {
    let shown = short(name);
    let bdi = el("bdi").class("name");
    if shown == name {
        return bdi.text(name);
    }
    bdi.attr("title", name)
        .child(el("span").attr("aria-hidden", "true").text(&shown))
        .child(el("span").class("unseen").text(name))
}
