//! What is used of Leptos: what follows what, and who owns what. The kit in [`crate::dom`] takes the place of
//! its views, and [`Signal`] that of its signals: those are some 1.5 KB of wasm for each type of value, here
//! each is a hundred bytes round one `Trigger`.

use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use leptos::reactive::owner::LocalStorage;
use leptos::reactive::signal::ArcTrigger;
use leptos::reactive::traits::{GetValue, Notify, Track};
use wasm_bindgen::UnwrapThrowExt;

pub(crate) use leptos::reactive::effect::{Effect, RenderEffect};
pub(crate) use leptos::reactive::graph::untrack;
pub(crate) use leptos::reactive::owner::{Owner, StoredValue, expect_context, provide_context};

/// A value that can be followed: whatever reads it with [`Watched::get`] runs again when it was set.
pub(crate) struct Watched<T> {
    value: RefCell<T>,
    told: ArcTrigger,
}

impl<T> Watched<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: RefCell::new(value), told: ArcTrigger::new() }
    }

    pub(crate) fn set(&self, value: T) {
        self.value.replace(value);
        self.told.notify();
    }
}

impl<T: PartialEq> Watched<T> {
    /// Sets it unless it is that already.
    pub(crate) fn change(&self, value: T) {
        if *self.value.borrow() != value {
            self.set(value);
        }
    }
}

impl<T: Clone> Watched<T> {
    pub(crate) fn get(&self) -> T {
        self.told.track();
        self.value.borrow().clone()
    }
}

/// A handle of one, which is there for as long as the part of the page that it was made in.
pub(crate) struct Signal<T> {
    held: Held<dyn Any>,
    of: PhantomData<fn() -> T>,
}

/// Something of whoever is the owner at the time.
type Held<T> = StoredValue<Rc<T>, LocalStorage>;

impl<T> Clone for Signal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Signal<T> {}

impl<T: 'static> Signal<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { held: hold(Rc::new(Watched::new(value))), of: PhantomData }
    }

    fn watched(self) -> Rc<Watched<T>> {
        // It holds what `new` put there.
        find(self.held).downcast().ok().unwrap_throw()
    }

    pub(crate) fn set(self, value: T) {
        self.watched().set(value);
    }

    /// What `look` makes of the value, which is followed from now on.
    pub(crate) fn with<R>(self, look: impl FnOnce(&T) -> R) -> R {
        let watched = self.watched();
        watched.told.track();
        look(&watched.value.borrow())
    }

    /// The same without following it.
    pub(crate) fn with_untracked<R>(self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.watched().value.borrow())
    }

    pub(crate) fn update(self, change: impl FnOnce(&mut T)) {
        let watched = self.watched();
        change(&mut watched.value.borrow_mut());
        watched.told.notify();
    }

    /// Changes it without a word to those who follow it.
    pub(crate) fn quietly<R>(self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.watched().value.borrow_mut())
    }

    /// Follows it, whatever it is.
    pub(crate) fn track(self) {
        self.watched().told.track();
    }

    /// Has those who follow it run again.
    pub(crate) fn notify(self) {
        self.watched().told.notify();
    }
}

impl<T: Clone + 'static> Signal<T> {
    pub(crate) fn get(self) -> T {
        self.watched().get()
    }

    pub(crate) fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }
}

impl<T: PartialEq + 'static> Signal<T> {
    /// Sets it unless it is that already.
    pub(crate) fn change(self, value: T) {
        self.watched().change(value);
    }
}

fn hold(thing: Rc<dyn Any>) -> Held<dyn Any> {
    StoredValue::new_local(thing)
}

fn find(held: Held<dyn Any>) -> Rc<dyn Any> {
    held.get_value()
}
