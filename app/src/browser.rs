//! The browser itself: everything that touches the document, the cookie jar or the network directly. Compiles everywhere; on the server
//! nothing of it runs, because effects and event handlers do not, and what a view may call answers with nothing there.

use std::{cell::RefCell, rc::Rc};

use leptos::{prelude::is_browser, task::spawn_local};
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, Event, EventSource, HtmlDialogElement, HtmlDocument, HtmlElement, HtmlFormElement, HtmlInputElement, MessageEvent};

use crate::theme::{self, Theme, nav};

fn window() -> Option<web_sys::Window> {
    is_browser().then(web_sys::window).flatten()
}

fn document() -> Option<web_sys::Document> {
    window()?.document()
}

fn query(selector: &str) -> Option<HtmlElement> {
    document()?.query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// The content of a `<meta>` of the document.
pub fn meta(name: &str) -> Option<String> {
    query(&format!("meta[name={name}]"))?.get_attribute("content")
}

/// How the page was reached: scheme, host and port.
pub fn origin() -> Option<String> {
    window()?.location().origin().ok()
}

/// Time that only rises, ms; 0 on the server.
pub fn monotonic_ms() -> f64 {
    window().and_then(|w| w.performance()).map_or(0.0, |p| p.now())
}

/// The colours the page has now.
pub fn theme() -> Theme {
    let root = document().and_then(|d| d.document_element());
    root.and_then(|r| r.get_attribute("data-theme"))
        .and_then(|id| id.parse().ok())
        .unwrap_or_default()
}

/// Colours the page and remembers it for a year.
pub fn set_theme(theme: Theme) {
    let Some(root) = document().and_then(|d| d.document_element()) else {
        return;
    };
    // Fails for an invalid attribute name only.
    let _ = root.set_attribute("data-theme", theme.id());
    set_cookie(theme::COOKIE, theme.id());
}

/// Makes the navigation narrow or wide, and remembers it for a year.
pub fn toggle_nav() {
    let Some(root) = document().and_then(|d| d.document_element()) else {
        return;
    };
    let narrow = root.get_attribute("data-nav").as_deref() != Some(nav::NARROW);
    let value = if narrow { nav::NARROW } else { nav::WIDE };
    // Fails for an invalid attribute name only.
    let _ = root.set_attribute("data-nav", value);
    set_cookie(nav::COOKIE, value);
}

fn set_cookie(name: &str, value: &str) {
    const YEAR_S: u32 = 365 * 24 * 3600;
    if let Some(document) = document().and_then(|d| d.dyn_into::<HtmlDocument>().ok()) {
        // Refused where cookies are switched off: the choice then lasts as long as the page.
        let _ = document.set_cookie(&format!("{name}={value}; Path=/; Max-Age={YEAR_S}; SameSite=Lax"));
    }
}

/// Whether the person is writing, so that a letter is a letter.
pub fn is_typing(event: &Event) -> bool {
    let Some(target) = event.target().and_then(|t| t.dyn_into::<Element>().ok()) else {
        return false;
    };
    let types = match target.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => !matches!(
            target.get_attribute("type").as_deref(),
            Some("checkbox" | "radio" | "button" | "submit")
        ),
        _ => false,
    };
    types || target.closest("[contenteditable]").ok().flatten().is_some()
}

pub fn focus(selector: &str) {
    if let Some(element) = query(selector) {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
        if let Ok(input) = element.dyn_into::<HtmlInputElement>() {
            input.select();
        }
    }
}

pub fn blur() {
    if let Some(active) = active() {
        let _ = active.blur();
    }
}

fn active() -> Option<HtmlElement> {
    document()?.active_element()?.dyn_into().ok()
}

/// Moves the focus by `step` among the elements that match, from the one that has it (or holds it).
pub fn move_focus(selector: &str, step: i32) {
    let Some(list) = document().and_then(|d| d.query_selector_all(selector).ok()) else {
        return;
    };
    let rows: Vec<HtmlElement> = (0..list.length()).filter_map(|i| list.get(i)?.dyn_into().ok()).collect();
    let Ok(count) = i32::try_from(rows.len()) else { return };
    if count == 0 {
        return;
    }
    let active = active();
    let at = rows.iter().position(|row| active.as_ref().is_some_and(|a| row.contains(Some(a))));
    let next = match at.and_then(|at| i32::try_from(at).ok()) {
        Some(at) => (at + step).clamp(0, count - 1),
        None if step > 0 => 0,
        None => count - 1,
    };
    if let Some(row) = usize::try_from(next).ok().and_then(|i| rows.get(i)) {
        let _ = row.focus();
    }
}

/// Follows the main link of the row that has the focus.
pub fn open_focused_row(selector: &str) {
    let link = active()
        .filter(|a| a.matches(selector).unwrap_or(false))
        .and_then(|row| row.query_selector("a[href]").ok().flatten());
    if let Some(link) = link.and_then(|l| l.dyn_into::<HtmlElement>().ok()) {
        link.click();
    }
}

/// Submits the form around the field that an event came from, as its button would.
pub fn submit_form_of(event: &Event) {
    let field = event.target().and_then(|t| t.dyn_into::<Element>().ok());
    let form = field
        .and_then(|f| f.closest("form").ok().flatten())
        .and_then(|f| f.dyn_into::<HtmlFormElement>().ok());
    if let Some(form) = form {
        // Refused when a field is invalid; the browser then says so beside it.
        let _ = form.request_submit();
    }
}

pub fn open_dialog(dialog: &HtmlDialogElement) {
    if !dialog.open() {
        // Fails only when the dialog has left the document meanwhile.
        let _ = dialog.show_modal();
    }
}

pub fn close_dialog(dialog: &HtmlDialogElement) {
    if dialog.open() {
        dialog.close();
    }
}

/// Hides an open popover by its id.
pub fn hide_popover(id: &str) {
    let element = document()
        .and_then(|d| d.get_element_by_id(id))
        .and_then(|e| e.dyn_into::<HtmlElement>().ok());
    if let Some(element) = element {
        // Fails where it is hidden already.
        let _ = element.hide_popover();
    }
}

pub fn any_dialog_open() -> bool {
    query("dialog[open]").is_some()
}

/// Puts text into the clipboard; browsers allow it after a click on a page from a trusted origin.
pub fn copy(text: &str) {
    if let Some(window) = window()
        && window.is_secure_context()
    {
        // The promise's outcome is not waited for: there is nothing to do about a refusal.
        let _ = window.navigator().clipboard().write_text(text);
    }
}

/// Reads the text file that was chosen in a field. Tells why it cannot be: too large, or not readable.
pub fn read_file(event: &Event, max_bytes: usize, report: impl FnOnce(Result<String, String>) + 'static) {
    let field = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok());
    let Some(file) = field.and_then(|f| f.files()).and_then(|files| files.get(0)) else {
        return;
    };
    let name = file.name();
    if file.size() > max_bytes as f64 {
        report(Err(format!("{name} has {} bytes; at most {max_bytes} are read", file.size())));
        return;
    }
    spawn_local(async move {
        let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
        report(text.ok_or_else(|| format!("{name} could not be read")));
    });
}

/// What a stream of server-sent events reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    Open,
    Message(String),
    /// Broken; the browser connects again by itself.
    Lost,
    /// Refused by the server; the browser has given up.
    Refused,
}

/// One `EventSource`; closed when dropped.
struct Stream {
    source: EventSource,
    // Kept alive as long as the source may call them.
    _handlers: [Closure<dyn FnMut(Event)>; 3],
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.set_onopen(None);
        self.source.set_onmessage(None);
        self.source.set_onerror(None);
        self.source.close();
    }
}

thread_local! {
    /// The one stream of this document. Not in a signal: what belongs to one thread may not live in a view that the server draws on many.
    static STREAM: RefCell<Option<Stream>> = const { RefCell::new(None) };
}

/// Opens `url` in place of the stream that was open before: at most one connection at any time.
pub fn open_stream(url: &str, report: impl FnMut(StreamEvent) + 'static) {
    if window().is_none() {
        return;
    }
    let before = STREAM.take();
    drop(before);
    // Fails only for an address that is none.
    let Ok(source) = EventSource::new(url) else { return };
    let report = Rc::new(RefCell::new(report));
    let on = |make: fn(&EventSource, &Event) -> StreamEvent| {
        let (report, source) = (Rc::clone(&report), source.clone());
        Closure::<dyn FnMut(Event)>::new(move |event: Event| (report.borrow_mut())(make(&source, &event)))
    };
    let open = on(|_, _| StreamEvent::Open);
    let message = on(|_, event| {
        let data = event.dyn_ref::<MessageEvent>().and_then(|m| m.data().as_string());
        StreamEvent::Message(data.unwrap_or_default())
    });
    let error = on(|source, _| {
        if source.ready_state() == EventSource::CLOSED {
            StreamEvent::Refused
        } else {
            StreamEvent::Lost
        }
    });
    source.set_onopen(Some(open.as_ref().unchecked_ref()));
    source.set_onmessage(Some(message.as_ref().unchecked_ref()));
    source.set_onerror(Some(error.as_ref().unchecked_ref()));
    STREAM.set(Some(Stream {
        source,
        _handlers: [open, message, error],
    }));
}
