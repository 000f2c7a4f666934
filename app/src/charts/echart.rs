//! The drawing half, which only a browser has: loads the charts bundle when the first chart is there, and keeps one instance per panel.
//!
//! The bundle is a module of our own host, so the page's policy allows it; nothing is evaluated from text.

use leptos::logging;
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{CustomEvent, Element};

use super::palette::Theme;

#[wasm_bindgen]
extern "C" {
    /// The language's own `import()`.
    #[wasm_bindgen(js_name = import, catch)]
    async fn import_module(url: &str) -> Result<JsValue, JsValue>;

    /// What `app/js/charts.ts` exports.
    #[derive(Clone)]
    pub(super) type Module;
    #[wasm_bindgen(method, catch)]
    fn mount(this: &Module, element: &Element, option: &str, theme: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn update(this: &Module, handle: &JsValue, option: &str, theme: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn visible(this: &Module, handle: &JsValue) -> bool;
    #[wasm_bindgen(method)]
    fn dispose(this: &Module, handle: &JsValue);
    /// The colours the page has now: `light` or `dark`, whatever they were chosen by.
    #[wasm_bindgen(method)]
    fn theme(this: &Module) -> String;
}

/// What the chart reports back.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Report {
    /// A stretch of time was dragged over, Unix ms.
    Zoom { from_ms: i64, to_ms: i64 },
    /// Back to the whole range.
    Unzoom,
    /// An event marker was clicked.
    Marker { at_ms: i64 },
    /// The colours of the page changed, or the chart came into view again: draw anew.
    Stale,
}

/// Loads the bundle; from the second time on the browser has it already.
pub(super) async fn load(url: &str) -> Result<Module, String> {
    match import_module(url).await {
        Ok(module) => Ok(module.unchecked_into()),
        Err(error) => Err(format!("{error:?}")),
    }
}

impl Module {
    pub(super) fn page_theme(&self) -> Theme {
        if self.theme() == Theme::Dark.id() {
            Theme::Dark
        } else {
            Theme::Light
        }
    }
}

/// A chart on the page; disposed of when dropped.
pub(super) struct Mounted {
    module: Module,
    handle: JsValue,
    element: Element,
    listener: Closure<dyn FnMut(CustomEvent)>,
}

const REPORTS: [&str; 3] = ["evenkeel:zoom", "evenkeel:marker", "evenkeel:stale"];

impl Mounted {
    /// None when the browser cannot draw; it has said why in its console.
    pub(super) fn new(module: Module, element: Element, option: &str, report: impl Fn(Report) + 'static) -> Option<Self> {
        let handle = module.mount(&element, option, module.page_theme().id()).map_err(complain).ok()?;
        let listener = Closure::<dyn FnMut(CustomEvent)>::new(move |event: CustomEvent| {
            if let Some(what) = read(&event) {
                report(what);
            }
        });
        for name in REPORTS {
            // Fails for no name that is a string.
            let _ = element.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        }
        Some(Self {
            module,
            handle,
            element,
            listener,
        })
    }

    /// Whether anybody could see an update. If not, [`Report::Stale`] comes when somebody can.
    pub(super) fn visible(&self) -> bool {
        self.module.visible(&self.handle)
    }

    pub(super) fn theme(&self) -> Theme {
        self.module.page_theme()
    }

    pub(super) fn update(&self, option: &str) {
        if let Err(error) = self.module.update(&self.handle, option, self.theme().id()) {
            complain(error);
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        for name in REPORTS {
            let _ = self
                .element
                .remove_event_listener_with_callback(name, self.listener.as_ref().unchecked_ref());
        }
        self.module.dispose(&self.handle);
    }
}

fn complain(error: JsValue) {
    logging::error!("a chart could not be drawn: {error:?}");
}

fn read(event: &CustomEvent) -> Option<Report> {
    let detail = event.detail();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "Unix ms of any century fit, and saturating is right for the rest"
    )]
    let moment = |key: &str| js_sys::Reflect::get(&detail, &key.into()).ok()?.as_f64().map(|ms| ms as i64);
    match event.type_().as_str() {
        "evenkeel:zoom" => match moment("from").zip(moment("to")) {
            Some((from_ms, to_ms)) => Some(Report::Zoom { from_ms, to_ms }),
            None => Some(Report::Unzoom),
        },
        "evenkeel:marker" => moment("at").map(|at_ms| Report::Marker { at_ms }),
        "evenkeel:stale" => Some(Report::Stale),
        _ => None,
    }
}
