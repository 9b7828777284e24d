//! What is used of Leptos: signals, what follows them, and who owns what. The kit in [`crate::dom`]
//! takes the place of its views.

pub(crate) use leptos::reactive::effect::{Effect, RenderEffect};
pub(crate) use leptos::reactive::graph::untrack;
pub(crate) use leptos::reactive::owner::{LocalStorage, Owner, StoredValue, expect_context, provide_context};
pub(crate) use leptos::reactive::prelude::*;
pub(crate) use leptos::reactive::signal::{ArcRwSignal, RwSignal, Trigger};
