//! Charts: measured series become options in pure Rust, and `ECharts` draws them.
//!
//! ```text
//!  api::series ─► values (fetched, then the stream's tail) ─► rolling ─┬─► kind.chart(input) ─► charming::Chart ─► echart ─► app/js/charts.ts
//!                                                                      └─► align ─► table, csv        summary
//! ```
//!
//! Everything but `panel`, `values`, `overview` (views) and `echart`, `download` (the browser) is a pure function. A chart is a picture
//! for those who see it; the table under it is the same data for everybody else, and for pages without scripts. No value is invented:
//! what was not measured is a gap.

mod align;
mod base;
mod csv;
mod download;
mod echart;
mod kind;
mod lines;
mod overview;
mod palette;
mod panel;
mod replicas;
mod rolling;
pub mod spark;
mod stack;
pub mod steps;
mod summary;
mod table;
#[cfg(test)]
mod testing;
mod traffic;
mod values;
mod window;

pub use base::Span;
pub(crate) use download::download;
pub use kind::{Input, Kind};
pub(crate) use overview::TrafficChart;
pub use palette::Theme;
pub(crate) use panel::ChartPanel;
pub use window::Window;
