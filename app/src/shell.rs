//! The HTML document around the application. Works with scripts off; with scripts on, one module hydrates it.

use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::{App, Assets, api::context, assets};

/// What the server hands to every page; `cargo leptos watch` reloads through it.
pub type ShellOptions = leptos::config::LeptosOptions;

/// The whole document. Reads [`Assets`] from context and sets the page's Content-Security-Policy.
///
/// The type is erased here, so that its depth is this crate's own business.
pub fn shell(options: ShellOptions) -> AnyView {
    let files = use_context::<Assets>().unwrap_or_default();
    let page = context::open_page();
    let start = (!files.app_js.is_empty()).then(|| {
        // Without its program (a connection that broke, a page left meanwhile) the page stays as the server made it, and says so.
        let script = format!(
            "import init, {{ hydrate }} from {:?}; await init({{ module_or_path: {:?} }}).then(hydrate, function (why) {{ console.info(\"not live:\", why) }});",
            files.app_js, files.app_wasm
        );
        view! {
            <link rel="modulepreload" href=files.app_js.clone() />
            <link rel="preload" href=files.app_wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin="" />
            <script type="module" nonce=page.nonce.clone()>
                {script}
            </script>
        }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=page.theme.id() data-nav=page.nav>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="description" content="Operations console for load-balanced services" />
                <meta name="robots" content="noindex" />
                <meta name="color-scheme" content="light dark" />
                <meta name=assets::CHARTS_META content=files.charts_js.clone() />
                <link rel="icon" type="image/svg+xml" href=favicon(&files) />
                {(!files.app_css.is_empty()).then(|| view! { <link rel="stylesheet" href=files.app_css.clone() /> })}
                {start}
                <AutoReload options=options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
    .into_any()
}

fn favicon(files: &Assets) -> String {
    if files.favicon.is_empty() {
        "/favicon.svg".to_owned()
    } else {
        files.favicon.clone()
    }
}
