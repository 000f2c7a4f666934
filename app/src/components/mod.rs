//! What pages are made of. Components draw; they decide nothing.

mod badge;
mod callout;
mod card;
mod copy;
mod debounce;
mod dialog;
mod diff;
mod event_list;
mod first;
mod gauge;
mod icon;
mod sparkline;
mod table;
mod time;
mod toast;
mod typed_name;

pub use badge::{BreakerLegend, Legend, SeverityBadge, breaker_badge, standing_badge, state_badge};
pub use callout::{Callout, Empty, ErrorPanel, SourceNote, Tone};
pub use card::Card;
pub use copy::CopyButton;
pub(crate) use debounce::Debounce;
pub use dialog::Modal;
pub use diff::{Diff, DiffWords};
pub use event_list::EventList;
pub use first::first_paint;
pub use gauge::gauge;
pub use icon::{Icon, icon};
pub use sparkline::{SparkWindow, Sparkline};
pub use table::{DataTable, Head, SortHead, TextFilter};
pub use time::Moment;
pub use toast::{Toast, ToastRegion, Toasts};
pub use typed_name::TypedName;
