//! The live path in the browser: the one `EventSource`, one signal of the newest frame, and how fresh it is.
//!
//! ```text
//!  /api/live?view=… ─► Stream ─► Gate (paused? a dialog open?) ─► frame ─► Memo per widget
//!                         └────► Link + seconds of silence ─────► status
//! ```
//!
//! The browser reconnects by itself and sends `Last-Event-ID`; where it gave up because the server refused, we ask why.

use std::{sync::Arc, time::Duration};

use leptos::{leptos_dom::helpers::IntervalHandle, prelude::*, task::spawn_local};
use model::{ApiError, Frame, FrameId, ViewData, ViewKey};

use crate::{api, browser, url};

/// A frame is due every second; this much silence is called stale.
const STALE_AFTER_S: u32 = 3;
/// How long to wait before asking a server again that has refused the stream.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// How fresh the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveStatus {
    /// Nothing has come yet.
    Connecting,
    Live,
    /// The last frame is this old.
    Stale {
        seconds: u32,
    },
    /// Frozen by the person in front of it.
    Paused,
    /// The session has ended.
    SignedOut,
    /// The console was updated under the page; it cannot read its frames any more.
    Outdated,
}

/// What the connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Connecting,
    Open,
    SignedOut,
    Outdated,
}

const fn status(link: Link, paused: bool, silent_s: u32) -> LiveStatus {
    match link {
        Link::SignedOut => LiveStatus::SignedOut,
        Link::Outdated => LiveStatus::Outdated,
        _ if paused => LiveStatus::Paused,
        _ if silent_s > STALE_AFTER_S => LiveStatus::Stale { seconds: silent_s },
        Link::Connecting => LiveStatus::Connecting,
        Link::Open => LiveStatus::Live,
    }
}

/// Holds frames back while the screen is frozen, and lets the newest out afterwards.
#[derive(Debug, Default)]
struct Gate {
    held: Option<Frame>,
}

impl Gate {
    /// What to show now. A frame that replaces a held one says that seconds are missing from its tail.
    fn pass(&mut self, mut frame: Frame, frozen: bool) -> Option<Frame> {
        frame.tail.reset |= self.held.is_some();
        if frozen {
            self.held = Some(frame);
            return None;
        }
        self.held = None;
        Some(frame)
    }

    fn release(&mut self) -> Option<Frame> {
        self.held.take()
    }
}

/// Whether a frame answers the question that was asked.
fn belongs(frame: &Frame, key: &ViewKey) -> bool {
    match (&frame.view, key) {
        (ViewData::Pool(view), ViewKey::Pool(id)) => view.pool.id == *id,
        (ViewData::Workload(view), ViewKey::Workload(id)) => view.row.workload == *id,
        (ViewData::Clusters(view), ViewKey::Clusters(query)) => view.query == *query,
        (ViewData::Object(view), ViewKey::Object(object)) => view.row.object == *object,
        (ViewData::Overview(_), ViewKey::Overview)
        | (ViewData::Pools(_), ViewKey::Pools)
        | (ViewData::Scaling(_), ViewKey::Scaling)
        | (ViewData::Breakers(_), ViewKey::Breakers)
        | (ViewData::Events(_), ViewKey::Events)
        | (ViewData::Gone, ViewKey::Pool(_) | ViewKey::Workload(_) | ViewKey::Object(_)) => true,
        _ => false,
    }
}

/// The handle that pages, charts and the top bar share; from context.
#[derive(Clone, Copy)]
pub struct Live {
    /// The newest frame of the view listened to; none before the first has come.
    pub frame: Signal<Option<Arc<Frame>>>,
    pub status: Signal<LiveStatus>,
    newest: RwSignal<Option<Arc<Frame>>>,
    link: RwSignal<Link>,
    silent_s: RwSignal<u32>,
    paused: RwSignal<bool>,
    /// How many dialogs want the screen to stand still.
    frozen: RwSignal<u32>,
    gate: StoredValue<Gate>,
    view: StoredValue<Option<ViewKey>>,
    last: StoredValue<Option<FrameId>>,
    heard_at_ms: StoredValue<f64>,
    ticking: StoredValue<Option<IntervalHandle>>,
}

impl Live {
    pub(crate) fn provide() {
        let newest = RwSignal::new(None);
        let (link, silent_s, paused) = (RwSignal::new(Link::Connecting), RwSignal::new(0), RwSignal::new(false));
        provide_context(Self {
            frame: newest.into(),
            status: Memo::new(move |_| status(link.get(), paused.get(), silent_s.get())).into(),
            newest,
            link,
            silent_s,
            paused,
            frozen: RwSignal::new(0),
            gate: StoredValue::new(Gate::default()),
            view: StoredValue::new(None),
            last: StoredValue::new(None),
            heard_at_ms: StoredValue::new(0.0),
            ticking: StoredValue::new(None),
        });
    }

    pub fn expect() -> Self {
        use_context().expect("App provides Live before any page")
    }

    /// Listens to a view, and to no other. Called from effects, so never on the server.
    pub fn listen(self, key: ViewKey) {
        if self.view.with_value(|view| view.as_ref() == Some(&key)) {
            return;
        }
        self.newest.set(None);
        self.gate.update_value(|gate| gate.held = None);
        self.last.set_value(None);
        self.view.set_value(Some(key));
        self.tick();
        self.connect();
    }

    /// The first frame of a page, and whatever follows it live.
    pub fn from_first(self, first: Frame) -> Signal<Arc<Frame>> {
        let key = view_key(&first.view);
        let first = Arc::new(first);
        Signal::derive(move || {
            let newest = self.newest.get();
            newest
                .filter(|f| key.as_ref().is_none_or(|k| belongs(f, k)))
                .unwrap_or_else(|| Arc::clone(&first))
        })
    }

    pub fn is_paused(self) -> bool {
        self.paused.get()
    }

    pub fn pause(self) {
        self.paused.set(true);
    }

    pub fn resume(self) {
        self.paused.set(false);
        self.thaw();
    }

    pub fn toggle_pause(self) {
        if self.paused.get_untracked() {
            self.resume();
        } else {
            self.pause();
        }
    }

    /// A dialog opens: the screen stands still until [`Live::unfreeze`].
    pub fn freeze(self) {
        self.frozen.update(|n| *n += 1);
    }

    pub fn unfreeze(self) {
        self.frozen.update(|n| *n = n.saturating_sub(1));
        self.thaw();
    }

    fn stands_still(self) -> bool {
        self.paused.get_untracked() || self.frozen.get_untracked() > 0
    }

    fn thaw(self) {
        if !self.stands_still()
            && let Some(frame) = self.gate.try_update_value(Gate::release).flatten()
        {
            self.newest.set(Some(Arc::new(frame)));
        }
    }

    fn connect(self) {
        let Some(key) = self.view.get_value() else { return };
        let after = self.last.get_value().map(|id| format!("&after={id}")).unwrap_or_default();
        self.link.set(Link::Connecting);
        // A key may hold what separates the parts of a query.
        let view = url::encode(&key.to_string());
        browser::open_stream(&format!("/api/live?view={view}{after}"), move |event| self.hear(event));
    }

    fn hear(self, event: browser::StreamEvent) {
        use browser::StreamEvent;
        match event {
            StreamEvent::Open => self.link.set(Link::Open),
            StreamEvent::Lost => self.link.set(Link::Connecting),
            StreamEvent::Refused => self.ask_why(),
            StreamEvent::Message(json) => match serde_json::from_str::<Frame>(&json) {
                Ok(frame) => self.take(frame),
                Err(error) => {
                    leptos::logging::warn!("a frame could not be read: {error}");
                    self.link.set(Link::Outdated);
                }
            },
        }
    }

    fn take(self, frame: Frame) {
        self.heard_at_ms.set_value(browser::monotonic_ms());
        self.silent_s.set(0);
        self.link.set(Link::Open);
        self.last.set_value(Some(frame.id));
        let frozen = self.stands_still();
        if let Some(frame) = self.gate.try_update_value(|gate| gate.pass(frame, frozen)).flatten() {
            self.newest.set(Some(Arc::new(frame)));
        }
    }

    /// An `EventSource` does not tell why it was refused; a server function does.
    fn ask_why(self) {
        self.link.set(Link::Connecting);
        spawn_local(async move {
            match api::me().await {
                Err(api::Problem(ApiError::SignedOut)) => self.link.set(Link::SignedOut),
                _ => set_timeout(move || self.connect(), RETRY_AFTER),
            }
        });
    }

    /// Counts the seconds of silence.
    fn tick(self) {
        if self.ticking.with_value(Option::is_some) {
            return;
        }
        self.heard_at_ms.set_value(browser::monotonic_ms());
        let count = move || {
            let silent_ms = (browser::monotonic_ms() - self.heard_at_ms.get_value()).max(0.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "not negative, and saturating is right"
            )]
            let seconds = (silent_ms / 1000.0) as u32;
            if self.silent_s.get_untracked() != seconds {
                self.silent_s.set(seconds);
            }
        };
        self.ticking.set_value(set_interval_with_handle(count, Duration::from_secs(1)).ok());
    }
}

fn view_key(view: &ViewData) -> Option<ViewKey> {
    match view {
        ViewData::Overview(_) => Some(ViewKey::Overview),
        ViewData::Pools(_) => Some(ViewKey::Pools),
        ViewData::Pool(pool) => Some(ViewKey::Pool(pool.pool.id.clone())),
        ViewData::Scaling(_) => Some(ViewKey::Scaling),
        ViewData::Workload(view) => Some(ViewKey::Workload(view.row.workload.clone())),
        ViewData::Clusters(view) => Some(ViewKey::Clusters(view.query.clone())),
        ViewData::Object(view) => Some(ViewKey::Object(view.row.object.clone())),
        ViewData::Breakers(_) => Some(ViewKey::Breakers),
        ViewData::Events(_) => Some(ViewKey::Events),
        ViewData::Gone => None,
    }
}

#[cfg(test)]
mod tests {
    use model::{EventsView, Tail};

    use super::*;

    fn frame(seq: u64) -> Frame {
        Frame {
            id: FrameId { boot: 1, seq },
            at_ms: 0,
            view: ViewData::Events(EventsView { events: vec![] }),
            tail: Tail::default(),
        }
    }

    #[test]
    fn silence_is_stale_and_pausing_is_not_silence() {
        assert_eq!(status(Link::Connecting, false, 0), LiveStatus::Connecting);
        assert_eq!(status(Link::Open, false, 3), LiveStatus::Live);
        assert_eq!(status(Link::Open, false, 4), LiveStatus::Stale { seconds: 4 });
        assert_eq!(status(Link::Connecting, false, 14), LiveStatus::Stale { seconds: 14 });
        assert_eq!(status(Link::Open, true, 14), LiveStatus::Paused);
        assert_eq!(status(Link::SignedOut, true, 14), LiveStatus::SignedOut);
    }

    #[test]
    fn a_frozen_screen_gets_the_newest_frame_afterwards_and_knows_that_some_are_missing() {
        let mut gate = Gate::default();
        assert!(gate.pass(frame(1), true).is_none());
        assert!(gate.pass(frame(2), true).is_none());
        let newest = gate.release().unwrap();
        assert_eq!((newest.id.seq, newest.tail.reset), (2, true));
        assert!(gate.release().is_none());
        let next = gate.pass(frame(3), false).unwrap();
        assert_eq!((next.id.seq, next.tail.reset), (3, false));
    }

    #[test]
    fn a_frame_of_another_view_is_not_shown() {
        assert!(belongs(&frame(1), &ViewKey::Events));
        assert!(!belongs(&frame(1), &ViewKey::Overview));
        let gone = Frame {
            view: ViewData::Gone,
            ..frame(1)
        };
        assert!(belongs(&gone, &ViewKey::Pool("web".parse().unwrap())));
    }
}
