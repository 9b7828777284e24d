//! The copy of the store as this browser keeps it, so that it can be read before the hub is there. In IndexedDB, which
//! every page has, also one that came over plain HTTP, and which takes more than the storage that lines are kept in.

use shared::session::Session;
use shared::store::Store;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbTransactionMode};

use super::host::Host;
use crate::dom::on_window;
use crate::page::{Timeout, window};

/// The database, what of it is used, and the one record there.
const DATABASE: &str = "hubbub";
const RECORDS: &str = "store";
const RECORD: &str = "copy";

/// Written no more often than this, in milliseconds: it is written whole.
const PAUSE: i32 = 5_000;

const UNKEPT: &str = "This browser keeps no copy of the store: a page that is loaded while the hub is away will know \
                      nothing of it.";

/// How the copy is kept.
#[derive(Default)]
pub(super) struct Keeping {
    database: Option<IdbDatabase>,
    /// It is to be written when this rings.
    due: Option<Timeout>,
}

/// Takes up what is kept, and then asks the hub for the store as it is now.
pub(super) fn begin(host: &'static Host) {
    on_window("pagehide", move |_| write(host));
    let opened = window().indexed_db().ok().flatten().and_then(|all| all.open_with_u32(DATABASE, 1).ok());
    let Some(opening) = opened else { return taken_up(host, None) };
    let request: IdbOpenDbRequest = opening.clone();
    once(&opening, "upgradeneeded", {
        let request = request.clone();
        move || {
            if let Some(database) = database(&request) {
                // Fails only where it is there already.
                let _ = database.create_object_store(RECORDS);
            }
        }
    });
    once(&opening, "error", move || taken_up(host, None));
    once(&opening, "success", move || {
        let database = database(&request);
        host.kept.borrow_mut().database.clone_from(&database);
        let record = database
            .and_then(|database| records(&database, IdbTransactionMode::Readonly))
            .and_then(|records| records.get(&JsValue::from_str(RECORD)).ok());
        let Some(record) = record else { return taken_up(host, None) };
        let result = record.clone();
        once(&record, "error", move || taken_up(host, None));
        once(&record, "success", move || {
            let text = result.result().ok().and_then(|record| record.as_string());
            taken_up(host, Some(&text.unwrap_or_default()));
        });
    });
}

/// The copy has changed: it is written in a while.
pub(super) fn changed(host: &'static Host) {
    let due = &mut host.kept.borrow_mut().due;
    due.get_or_insert_with(|| Timeout::new(PAUSE, move || write(host)));
}

/// What was kept has been read, or cannot be.
fn taken_up(host: &'static Host, kept: Option<&str>) {
    match kept {
        None => host.trouble.set(Some(UNKEPT.to_owned())),
        Some(kept) => {
            let known = host.epoch();
            if let Some((epoch, text)) = kept.split_once('\n')
                && (known.is_empty() || epoch == known)
                && let Some(store) = Store::from_text(text)
            {
                let core = &mut *host.core.borrow_mut();
                core.epoch = epoch.to_owned();
                core.store = store;
                core.whole.taken_up();
            }
        }
    }
    host.waits_over();
    host.look_on();
    host.node.session(Session::keep_store);
}

/// Writes it, if it is to be written.
fn write(host: &'static Host) {
    let keeping = &mut *host.kept.borrow_mut();
    if keeping.due.take().is_none() {
        return;
    }
    let core = host.core.borrow();
    if !core.whole.is_here() {
        // A part would be taken for the whole.
        return;
    }
    let text = [core.epoch.as_str(), "\n", &core.store.to_text()].concat();
    let records = keeping.database.as_ref().and_then(|database| records(database, IdbTransactionMode::Readwrite));
    if let Some(records) = records {
        // Where there is no room for it, the one of before stays, which is true of its own time.
        let _ = records.put_with_key(&JsValue::from_str(&text), &JsValue::from_str(RECORD));
    }
}

fn database(request: &IdbOpenDbRequest) -> Option<IdbDatabase> {
    request.result().ok()?.dyn_into().ok()
}

fn records(database: &IdbDatabase, mode: IdbTransactionMode) -> Option<IdbObjectStore> {
    database.transaction_with_str_and_mode(RECORDS, mode).ok()?.object_store(RECORDS).ok()
}

/// Hears one event of a request, which has no more than one.
fn once(request: &EventTarget, event: &str, heard: impl FnOnce() + 'static) {
    let heard = Closure::once_into_js(heard);
    // Fails for nothing that is given here.
    let _ = request.add_event_listener_with_callback(event, heard.unchecked_ref());
}
