//! What the browser says of time and chance.

use crate::page::window;
use js_sys::Date;

/// Milliseconds since 1970 UTC.
pub(crate) fn now() -> u64 {
    // Whole, positive and far below 2^53 for any date a device shows.
    Date::now() as u64
}

/// Minutes that local time is ahead of UTC at that moment (summer time counts).
pub(crate) fn minutes_east(at: u64) -> i32 {
    -(Date::new(&(at as f64).into()).get_timezone_offset() as i32)
}

/// Random bytes of the browser's own generator.
pub(crate) fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    if window().crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes)).is_err() {
        // Every browser that runs wasm has it. Should one not: ids need to be new, not secret.
        for byte in &mut bytes {
            *byte = (js_sys::Math::random() * 256.0) as u8;
        }
    }
    bytes
}
