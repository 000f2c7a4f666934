//! The browser's entry: makes the page that the server rendered come alive. Everything else is in `app`.

// A page is one type, nested as deep as its elements.
#![recursion_limit = "512"]

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
