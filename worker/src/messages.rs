//! Messages in and out.

use engine::{Engine, FromEngine, ToEngine};
use js_sys::{Function, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// Listens from now on, and says so.
pub(crate) fn begin() {
    let mut engine = Engine::new(clock);
    let heard = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        let text = Reflect::get(&event, &"data".into()).ok().and_then(|data| data.as_string());
        let messages = text.map(|text| serde_json::from_str::<Vec<ToEngine>>(&text));
        // The page is of the same version, and writes nothing else.
        let Some(Ok(messages)) = messages else { return };
        // Each by itself: to whoever waits for the first, the others are no reason to be patient.
        messages.into_iter().filter_map(|message| engine.take(message)).for_each(|said| say(&said));
    });
    // What a Worker's global object lacks nobody can do anything about.
    let _ = Reflect::set(&js_sys::global(), &"onmessage".into(), heard.as_ref());
    heard.forget();
    say(&FromEngine::ready());
}

fn say(message: &FromEngine) {
    // Made of texts and JSON, so this cannot fail.
    let text = serde_json::to_string(&[message]).unwrap_or_default();
    let post = Reflect::get(&js_sys::global(), &"postMessage".into());
    if let Some(post) = post.ok().and_then(|post| post.dyn_into::<Function>().ok()) {
        let _ = post.call1(&JsValue::UNDEFINED, &text.into());
    }
}

/// Microseconds, as exactly as browsers tell the time of day.
fn clock() -> u64 {
    (js_sys::Date::now() * 1_000.0) as u64
}
