//! The reactive core of Leptos: signals, what follows them, and who owns what. Nothing else of Leptos is used:
//! its views the kit in [`crate::dom`] replaces, and the rest is for servers.

pub(crate) use reactive_graph::effect::{Effect, RenderEffect};
pub(crate) use reactive_graph::graph::untrack;
pub(crate) use reactive_graph::owner::{LocalStorage, Owner, StoredValue, expect_context, provide_context};
pub(crate) use reactive_graph::prelude::*;
pub(crate) use reactive_graph::signal::{ArcRwSignal, RwSignal, Trigger};
