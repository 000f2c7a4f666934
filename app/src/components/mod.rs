//! What pages are made of. Components draw; they decide nothing.

mod badge;
mod callout;
mod card;
mod code;
mod copy;
mod debounce;
mod dialog;
mod diff;
mod event_list;
mod filter;
mod finding;
mod first;
mod form_fields;
mod gauge;
mod icon;
mod minutes;
mod pager;
mod plain_form;
mod slots;
mod sparkline;
mod table;
mod table_panel;
mod tabs;
mod time;
mod toast;
mod typed_name;
mod versions;

pub use badge::{
    BreakerLegend, Legend, ObjectLegend, ScalingLegend, SeverityBadge, breaker_badge, object_badge, scaling_badge, standing_badge,
    state_badge,
};
pub use callout::{Callout, Empty, ErrorPanel, SourceNote, Tone};
pub use card::Card;
pub use code::CodeBlock;
pub use copy::CopyButton;
pub(crate) use debounce::Debounce;
pub use dialog::Modal;
pub use diff::{Diff, DiffWords, Preview};
pub use event_list::EventList;
pub use filter::{FilterSelect, FilterSince, KeptRange};
pub use finding::{Findings, FixView, certainty_badge};
pub use first::first_paint;
pub use form_fields::FormFields;
pub use gauge::gauge;
pub use icon::{Icon, icon};
pub use minutes::Minutes;
pub use pager::Pager;
pub use plain_form::PlainFormAnswer;
#[cfg(test)]
pub use slots::Begin;
pub use slots::slot_list;
pub use sparkline::{SparkWindow, Sparkline};
pub use table::{DataTable, Head, SortHead, TextFilter};
pub use table_panel::TablePanel;
pub use tabs::{PageTab, Tabs};
pub use time::Moment;
pub use toast::{Toast, ToastRegion, Toasts};
pub use typed_name::TypedName;
pub use versions::{TwoVersions, Versions};
