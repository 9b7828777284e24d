//! Elements, written from the outside in: `el("button").class("send").text("Send").on("click", …)`.

use std::borrow::Cow;

use crate::page::document;
use wasm_bindgen::{JsCast, throw_str};
use web_sys::{Element, Event, HtmlInputElement, KeyboardEvent};

use super::owned::{follow, listen};

/// An element under construction. What it follows and listens to belongs to the owner it is built under.
pub(crate) struct El {
    element: Element,
}

/// A new element.
pub(crate) fn el(tag: &'static str) -> El {
    // Fails only for what is not the name of an element.
    let element = document().create_element(tag).unwrap_or_else(|_| throw_str(tag));
    El { element }
}

/// A new element of a drawing, in an `svg` or that itself.
pub(crate) fn svg(tag: &'static str) -> El {
    let element = document().create_element_ns(Some("http://www.w3.org/2000/svg"), tag);
    El { element: element.unwrap_or_else(|_| throw_str(tag)) }
}

impl El {
    pub(crate) fn class(self, classes: &str) -> Self {
        self.attr("class", classes)
    }

    pub(crate) fn attr(self, name: &'static str, value: &str) -> Self {
        set(&self.element, name, Some(value));
        self
    }

    /// An attribute that follows signals; none takes it away.
    pub(crate) fn attr_from<W: Words>(self, name: &'static str, value: impl Fn() -> W + 'static) -> Self {
        let element = self.element.clone();
        follow_words(Box::new(move || value().words()), Box::new(move |value| set(&element, name, value)));
        self
    }

    /// A text that follows signals.
    pub(crate) fn text_from<W: Words>(self, words: impl Fn() -> W + 'static) -> Self {
        let node = document().create_text_node("");
        append(&self.element, &node);
        follow_words(
            Box::new(move || words().words()),
            Box::new(move |words| node.set_data(words.unwrap_or_default())),
        );
        self
    }

    /// What stands in an `input`, following signals.
    pub(crate) fn value_from<W: Words>(self, value: impl Fn() -> W + 'static) -> Self {
        let input: HtmlInputElement = self.handle();
        follow(Box::new(move || {
            // Compared with what stands there, which the person changes as well.
            let value = value().words().unwrap_or_default();
            if input.value() != *value {
                input.set_value(&value);
            }
        }));
        self
    }

    pub(crate) fn text(self, words: &str) -> Self {
        words.put_into(&self.element);
        self
    }

    pub(crate) fn child(self, child: impl Child) -> Self {
        child.put_into(&self.element);
        self
    }

    pub(crate) fn on(self, event: &'static str, heard: impl Fn(Event) + 'static) -> Self {
        listen(&self.element, event, Box::new(heard));
        self
    }

    pub(crate) fn on_key(self, heard: impl Fn(KeyboardEvent) + 'static) -> Self {
        self.on("keydown", move |event| heard(event.unchecked_into()))
    }

    /// The element itself, as what its tag makes it.
    pub(crate) fn handle<T: JsCast>(&self) -> T {
        self.element.clone().unchecked_into()
    }

    pub(super) fn into_element(self) -> Element {
        self.element
    }
}

/// What can stand in an element.
pub(crate) trait Child {
    fn put_into(self, parent: &Element);
}

impl Child for El {
    fn put_into(self, parent: &Element) {
        append(parent, &self.element);
    }
}

impl Child for &str {
    fn put_into(self, parent: &Element) {
        append(parent, &document().create_text_node(self));
    }
}

impl<C: Child> Child for Option<C> {
    fn put_into(self, parent: &Element) {
        if let Some(child) = self {
            child.put_into(parent);
        }
    }
}

impl<C: Child> Child for Vec<C> {
    fn put_into(self, parent: &Element) {
        for child in self {
            child.put_into(parent);
        }
    }
}

impl<C: Child, const N: usize> Child for [C; N] {
    fn put_into(self, parent: &Element) {
        Vec::from(self).put_into(parent);
    }
}

impl<A: Child, B: Child> Child for (A, B) {
    fn put_into(self, parent: &Element) {
        self.0.put_into(parent);
        self.1.put_into(parent);
    }
}

/// What an attribute or a text can be made from. A truth is written as `true` or `false`, as ARIA wants it.
pub(crate) trait Words {
    fn words(self) -> Option<Cow<'static, str>>;
}

impl Words for &'static str {
    fn words(self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(self))
    }
}

impl Words for String {
    fn words(self) -> Option<Cow<'static, str>> {
        Some(Cow::Owned(self))
    }
}

impl Words for bool {
    fn words(self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(if self { "true" } else { "false" }))
    }
}

impl Words for usize {
    fn words(self) -> Option<Cow<'static, str>> {
        self.to_string().words()
    }
}

impl<W: Words> Words for Option<W> {
    fn words(self) -> Option<Cow<'static, str>> {
        self.and_then(Words::words)
    }
}

type Read = Box<dyn Fn() -> Option<Cow<'static, str>>>;
type Write = Box<dyn Fn(Option<&str>)>;

fn follow_words(read: Read, write: Write) {
    let mut written = None;
    follow(Box::new(move || {
        let words = read();
        if words != written {
            write(words.as_deref());
            written = words;
        }
    }));
}

fn set(element: &Element, name: &'static str, value: Option<&str>) {
    // Fails only for what is not the name of an attribute.
    let _ = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

pub(super) fn append(parent: &Element, child: &web_sys::Node) {
    // Fails only where the parent lies within the child.
    let _ = parent.append_child(child);
}
