//! Where the hashed files of this build are, as the server read them from the site's manifest.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::browser;

/// Absolute paths on this host. Empty ones were not built: the page then works without them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Assets {
    pub app_js: String,
    pub app_wasm: String,
    pub app_css: String,
    pub charts_js: String,
    pub favicon: String,
}

/// The `<meta>` that carries the one path the browser needs later.
pub(crate) const CHARTS_META: &str = "evenkeel-charts";

impl Assets {
    /// On the server as provided; in the browser what the document's head tells.
    pub fn current() -> Self {
        use_context().unwrap_or_else(|| Self {
            charts_js: browser::meta(CHARTS_META).unwrap_or_default(),
            ..Self::default()
        })
    }

    pub(crate) fn provide() {
        if use_context::<Self>().is_none() {
            provide_context(Self::current());
        }
    }
}
